//! Approximate search: centroids, and the building of lists.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use kernels::Error;
use kernels::codes::Transform;
use kernels::ivf::{self, ListBuilder, Quantizer, Training};
use kernels::rowset::MAX_ID;
use kernels::scan::{Cancel, Dtype};
use napi::Env;
use napi::bindgen_prelude::{Object, Uint8Array, Uint32Array};
use napi_derive::napi;

use crate::arguments::{fail, integer, size};
use crate::codes::CodeTransform;
use crate::scan::{dtype_of, forced_tier};
use crate::spawn::{pool, spawn, spawn_parts};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Centroids as they are stored.
#[napi(object)]
#[derive(Default)]
pub struct Centroids {
    /// float32, little endian: of each centroid the step of its numbers.
    pub scales: Option<Uint8Array>,
    /// int8, row by row.
    pub steps: Option<Uint8Array>,
}

#[napi]
pub struct IvfQuantizer(pub(crate) Arc<Quantizer>);

#[napi(catch_unwind, js_name = "createIvfQuantizer")]
pub fn create_ivf_quantizer<'env>(
    env: &'env Env,
    transform: &CodeTransform,
    centroids: Centroids,
) -> napi::Result<Object<'env>> {
    let transform = Arc::clone(&transform.0);
    spawn(env, centroids, move |centroids| {
        let (scales, rest) = centroids.scales.as_deref().unwrap_or_default().as_chunks();
        let scales: Vec<f32> = scales.iter().map(|&scale| f32::from_le_bytes(scale)).collect();
        let steps = centroids.steps.as_deref().unwrap_or_default().iter().map(|&step| step as i8).collect();
        if !rest.is_empty() {
            return Err(Error::corrupt("the steps of centroids are whole float32"));
        }
        Ok(IvfQuantizer(Arc::new(Quantizer::new(Arc::clone(&transform), scales, steps)?)))
    })
}

#[napi]
impl IvfQuantizer {
    /// How many lists there are.
    #[napi(catch_unwind)]
    pub fn lists(&self) -> f64 {
        self.0.lists() as f64
    }
}

#[napi(object, object_to_js = false)]
pub struct IvfTraining {
    pub dtype: String,
    pub lists: f64,
    pub seed: f64,
}

#[napi]
pub struct IvfTrainer {
    trainer: Arc<RwLock<ivf::Trainer>>,
    /// That of the trainer, which a turn holds.
    cancel: Arc<Cancel>,
}

/// Begins with rows of the sample, which is whole rows as they are stored.
#[napi(catch_unwind, js_name = "createIvfTrainer")]
pub fn create_ivf_trainer<'env>(
    env: &'env Env,
    transform: &CodeTransform,
    training: IvfTraining,
    sample: Uint8Array,
) -> napi::Result<Object<'env>> {
    let dtype = dtype_of(&training.dtype).map_err(fail)?;
    let lists = size("lists", training.lists).map_err(fail)?;
    let seed = integer("seed", training.seed, MAX_ID).map_err(fail)?;
    let transform: Arc<Transform> = Arc::clone(&transform.0);
    spawn(env, sample, move |sample| {
        let trainer = ivf::Trainer::new(Arc::clone(&transform), Training { dtype, lists, seed }, sample)?;
        let cancel = Arc::clone(trainer.cancel());
        Ok(IvfTrainer { trainer: Arc::new(RwLock::new(trainer)), cancel })
    })
}

#[napi]
impl IvfTrainer {
    /// One turn of Lloyd's iteration over the sample; gives how many lists there are then.
    #[napi(catch_unwind)]
    pub fn turn<'env>(&self, env: &'env Env, sample: Uint8Array, split: bool) -> napi::Result<Object<'env>> {
        let parts = pool().map_err(fail)?.threads;
        let (waiting, tier) = (AtomicUsize::new(parts), forced_tier());
        spawn_parts(
            env,
            (Arc::clone(&self.trainer), sample),
            parts,
            |_| Ok(()),
            move |(trainer, sample), (), part| {
                let read = || trainer.read().unwrap_or_else(PoisonError::into_inner);
                let added = read().add_part(sample, part, parts, tier.as_deref());
                // Who is the last moves the centroids, unless something went wrong.
                let is_last = waiting.fetch_sub(1, Ordering::AcqRel) == 1;
                added?;
                if !is_last {
                    return Ok(0.0);
                }
                let mut trainer = trainer.write().unwrap_or_else(PoisonError::into_inner);
                trainer.turn(sample, split)?;
                Ok(trainer.quantizer().lists() as f64)
            },
            f64::max,
        )
    }

    /// The centroids, in the order that their lists have.
    #[napi(catch_unwind)]
    pub fn finish<'env>(&self, env: &'env Env, by_direction: bool) -> napi::Result<Object<'env>> {
        spawn(env, Arc::clone(&self.trainer), move |trainer| {
            let quantizer = trainer.read().unwrap_or_else(PoisonError::into_inner).ordered(by_direction)?;
            let scales: Vec<u8> = quantizer.scales.iter().flat_map(|scale| scale.to_le_bytes()).collect();
            let steps: Vec<u8> = quantizer.steps.iter().map(|&step| step as u8).collect();
            Ok(Centroids { scales: Some(scales.into()), steps: Some(steps.into()) })
        })
    }

    /// What is under way, and what comes, ends as `Aborted`.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.cancel.set();
    }
}

#[napi]
pub struct IvfBuilder(Arc<Building>);

struct Building {
    quantizer: Arc<Quantizer>,
    dtype: Dtype,
    builders: Vec<Mutex<ListBuilder>>,
    by_direction: bool,
    cancel: Cancel,
}

/// Rows as float32, each as long as the others are on average, for centroids of directions.
#[napi(catch_unwind, js_name = "directionsOf")]
pub fn directions_of<'env>(
    env: &'env Env,
    dtype: String,
    dimensions: f64,
    rows: Uint8Array,
) -> napi::Result<Object<'env>> {
    let dtype = dtype_of(&dtype).map_err(fail)?;
    let dimensions = size("dimensions", dimensions).map_err(fail)?;
    if dimensions == 0 {
        return Err(fail(Error::invalid("rows have at least one number")));
    }
    spawn(env, rows, move |rows| {
        let length = ivf::typical_length(dtype, rows, dimensions);
        let mut directions = Vec::new();
        ivf::push_directions(dtype, rows, dimensions, length, &mut directions);
        Ok(Uint8Array::from(directions))
    })
}

#[napi(catch_unwind, js_name = "createIvfBuilder")]
pub fn create_ivf_builder(
    quantizer: &IvfQuantizer,
    dtype: String,
    by_direction: bool,
) -> napi::Result<IvfBuilder> {
    let dtype = dtype_of(&dtype).map_err(fail)?;
    let (quantizer, parts) = (Arc::clone(&quantizer.0), pool().map_err(fail)?.threads);
    let builders = (0..parts).map(|part| ListBuilder::new(&quantizer, dtype, part, parts));
    let builders = builders.map(Mutex::new).collect();
    Ok(IvfBuilder(Arc::new(Building { quantizer, dtype, builders, by_direction, cancel: Cancel::default() })))
}

/// A segment of lists.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct BuiltLists {
    pub bytes: Option<Uint8Array>,
    /// How many of the bytes are the directory, and its CRC32C.
    pub head_bytes: f64,
    pub head_crc: u32,
    pub rows: f64,
}

impl From<ivf::Built> for BuiltLists {
    fn from(built: ivf::Built) -> Self {
        let head_crc = kernels::crc::crc32c(&built.bytes[..built.head]);
        let (head_bytes, rows) = (built.head as f64, built.rows as f64);
        Self { bytes: Some(built.bytes.into()), head_bytes, head_crc, rows }
    }
}

#[napi]
impl IvfBuilder {
    /// Of each row the list that it belongs to.
    #[napi(catch_unwind)]
    pub fn assign<'env>(&self, env: &'env Env, rows: Uint8Array) -> napi::Result<Object<'env>> {
        let parts = self.0.builders.len();
        let row_bytes = self.0.quantizer.transform.dimensions * self.0.dtype.bytes();
        let (tier, found) = (forced_tier(), Mutex::new(vec![Vec::new(); parts]));
        let waiting = AtomicUsize::new(parts);
        spawn_parts(
            env,
            (Arc::clone(&self.0), rows),
            parts,
            |_| Ok(()),
            move |(building, rows), (), part| {
                let count = rows.len() / row_bytes;
                let range = |part: usize| count * part / parts * row_bytes;
                let some = &rows[range(part)..range(part + 1)];
                let Building { quantizer, dtype, by_direction, cancel, .. } = &**building;
                let lists =
                    ListBuilder::assign(quantizer, *dtype, some, *by_direction, tier.as_deref(), cancel)?;
                lock(&found)[part] = lists;
                let is_last = waiting.fetch_sub(1, Ordering::AcqRel) == 1;
                Ok(is_last.then(|| Uint32Array::new(std::mem::take(&mut *lock(&found)).concat())))
            },
            |one, other| one.or(other),
        )
    }

    /// Takes rows, of which the lists are known; `firstRow` is the id of the first, less the first of the
    /// segment.
    #[napi(catch_unwind)]
    pub fn add<'env>(
        &self,
        env: &'env Env,
        rows: Uint8Array,
        lists: Uint32Array,
        first_row: f64,
    ) -> napi::Result<Object<'env>> {
        let (parts, tier) = (self.0.builders.len(), forced_tier());
        let row_bytes = self.0.quantizer.transform.dimensions * self.0.dtype.bytes();
        let first = integer("firstRow", first_row, u32::MAX.into()).map_err(fail)?;
        let last = first + lists.len() as u64;
        if rows.len() != lists.len() * row_bytes || last > u64::from(u32::MAX) {
            return Err(fail(Error::invalid("rows and their lists are as many, and less than 2^32")));
        }
        spawn_parts(
            env,
            (Arc::clone(&self.0), rows, lists),
            parts,
            |_| Ok(()),
            move |(building, rows, lists), (), part| {
                building.cancel.check()?;
                let mut builder = lock(&building.builders[part]);
                builder.add(&building.quantizer, rows, lists, first as u32, tier.as_deref())
            },
            |(), ()| (),
        )
    }

    /// What finds lists, and what comes, ends as `Aborted`.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.0.cancel.set();
    }

    /// The segment of all rows that came. To be called once.
    #[napi(catch_unwind)]
    pub fn finish<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let (parts, tier) = (self.0.builders.len(), forced_tier());
        let waiting = AtomicUsize::new(parts);
        spawn_parts(
            env,
            Arc::clone(&self.0),
            parts,
            |_| Ok(()),
            move |building, (), part| {
                let finished = lock(&building.builders[part]).finish(&building.quantizer, tier.as_deref());
                let is_last = waiting.fetch_sub(1, Ordering::AcqRel) == 1;
                finished?;
                if !is_last {
                    return Ok(BuiltLists::default());
                }
                let take = |builder: &Mutex<ListBuilder>| {
                    let empty = ListBuilder::new(&building.quantizer, building.dtype, 0, usize::MAX);
                    std::mem::replace(&mut *lock(builder), empty)
                };
                let builders: Vec<_> = building.builders.iter().map(take).collect();
                Ok(ListBuilder::segment(&building.quantizer, &builders).into())
            },
            |one, other| if one.bytes.is_some() { one } else { other },
        )
    }
}
