//! Approximate search by graphs: their building.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kernels::hnsw::{self, Built, Linker, Linking, Rows};
use kernels::rowset::{MAX_ID, RowSet};
use kernels::scan::Metric;
use kernels::{Code, Error, Result};
use napi::Env;
use napi::bindgen_prelude::{Float64Array, Object, Uint8Array};
use napi_derive::napi;

use crate::arguments::{fail, ids, integer, size};
use crate::codes::CodeTransform;
use crate::hnsw_search::HnswSegment;
use crate::scan::{dtype_of, forced_tier};
use crate::spawn::{pool, spawn, spawn_parts};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn decoded(set: Option<&Uint8Array>) -> Result<Option<RowSet>> {
    set.map(|bytes| RowSet::decode(bytes)).transpose()
}

#[napi(object, object_to_js = false)]
pub struct HnswOptions {
    pub dtype: String,
    pub m: f64,
    pub seed: f64,
    /// How many rows will come.
    pub rows: f64,
}

#[napi]
pub struct HnswBuilder(Arc<Building>);

struct Building {
    stage: Mutex<Stage>,
    row_bytes: usize,
    aborted: AtomicBool,
}

enum Stage {
    Rows(Box<Rows>),
    /// They are being put in order.
    Taken,
    Linking(Arc<Linker>),
}

impl Building {
    fn rows<T>(&self, work: impl FnOnce(&mut Rows) -> Result<T>) -> Result<T> {
        if self.aborted.load(Ordering::Relaxed) {
            return Err(Error::new(Code::Aborted, "the building of the graph was cancelled"));
        }
        match &mut *lock(&self.stage) {
            Stage::Rows(rows) => work(rows),
            _ => Err(Error::invalid("no rows come to a graph that is being linked")),
        }
    }

    /// All of them, once.
    fn take(&self) -> Result<Rows> {
        self.rows(|_| Ok(()))?;
        let mut stage = lock(&self.stage);
        match std::mem::replace(&mut *stage, Stage::Taken) {
            Stage::Rows(rows) => Ok(*rows),
            other => {
                *stage = other;
                Err(Error::invalid("a graph is linked once"))
            }
        }
    }
}

/// A segment that was built.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct BuiltGraph {
    pub bytes: Option<Uint8Array>,
    pub rows: f64,
}

/// Bytes of a segment of so many rows, about.
#[napi(catch_unwind, js_name = "hnswBytes")]
pub fn hnsw_bytes(transform: &CodeTransform, m: f64, rows: f64) -> napi::Result<f64> {
    let bytes = || hnsw::segment_bytes(&transform.0, size("m", m)?, size("rows", rows)?);
    bytes().map(|bytes| bytes as f64).map_err(fail)
}

#[napi(catch_unwind, js_name = "createHnswBuilder")]
pub fn create_hnsw_builder(transform: &CodeTransform, options: HnswOptions) -> napi::Result<HnswBuilder> {
    let create = || {
        let dtype = dtype_of(&options.dtype)?;
        let seed = integer("seed", options.seed, MAX_ID)?;
        let (m, room) = (size("m", options.m)?, size("rows", options.rows)?);
        let rows = Box::new(Rows::new(Arc::clone(&transform.0), dtype, m, seed, room)?);
        let row_bytes = rows.row_bytes();
        let stage = Mutex::new(Stage::Rows(rows));
        Ok(HnswBuilder(Arc::new(Building { stage, row_bytes, aborted: AtomicBool::new(false) })))
    };
    create().map_err(fail)
}

/// Rows that come.
struct Coming {
    building: Arc<Building>,
    rows: Uint8Array,
    row_ids: Option<Float64Array>,
    dead: Option<Uint8Array>,
}

#[napi]
impl HnswBuilder {
    /// Takes whole rows, but for the dead ones.
    #[napi(catch_unwind)]
    pub fn add<'env>(
        &self,
        env: &'env Env,
        rows: Uint8Array,
        first_row_id: f64,
        row_ids: Option<Float64Array>,
        dead: Option<Uint8Array>,
    ) -> napi::Result<Object<'env>> {
        let first = integer("firstRowId", first_row_id, MAX_ID).map_err(fail)?;
        let row_bytes = self.0.row_bytes;
        let count = rows.len() / row_bytes;
        let ids_fit = row_ids.as_ref().map_or(first + count as u64 <= MAX_ID + 1, |ids| ids.len() == count);
        if !rows.len().is_multiple_of(row_bytes) || !ids_fit {
            return Err(fail(Error::invalid(format!(
                "rows are whole, of {row_bytes} bytes, with an id each"
            ))));
        }
        let parts = pool().map_err(fail)?.threads;
        let (waiting, coded) = (AtomicUsize::new(parts), Mutex::new(vec![Vec::new(); parts]));
        let tier = forced_tier();
        spawn_parts(
            env,
            Coming { building: Arc::clone(&self.0), rows, row_ids, dead },
            parts,
            |coming| {
                let encoder = coming.building.rows(|rows| Ok(rows.encoder()))?;
                Ok((encoder, coming.row_ids.as_deref().map(ids).transpose()?, decoded(coming.dead.as_ref())?))
            },
            move |coming, (encoder, row_ids, dead), part| {
                let start = |part: usize| count * part / parts;
                let some = &coming.rows[start(part) * row_bytes..start(part + 1) * row_bytes];
                let nodes = encoder.encode(some, tier.as_deref());
                let is_last = {
                    let mut coded = lock(&coded);
                    coded[part] = nodes?;
                    waiting.fetch_sub(1, Ordering::AcqRel) == 1
                };
                if !is_last {
                    return Ok(());
                }
                let coded = std::mem::take(&mut *lock(&coded));
                coming.building.rows(|rows| {
                    for (part, nodes) in coded.into_iter().enumerate() {
                        let of = |row: usize| row_ids.as_ref().map_or(first + row as u64, |ids| ids[row]);
                        rows.push_live((start(part)..start(part + 1)).map(of), &nodes, dead.as_ref())?;
                    }
                    Ok(())
                })
            },
            |(), ()| (),
        )
    }

    /// Takes the rows of a segment, but for the dead ones; of the first one with its links.
    #[napi(catch_unwind)]
    pub fn adopt<'env>(
        &self,
        env: &'env Env,
        segment: &HnswSegment,
        bytes: Uint8Array,
        dead: Option<Uint8Array>,
    ) -> napi::Result<Object<'env>> {
        let (building, segment) = (Arc::clone(&self.0), Arc::clone(&segment.segment));
        spawn(env, (bytes, dead), move |(bytes, dead)| {
            let dead = decoded(dead.as_ref())?;
            building.rows(|rows| rows.adopt(&segment, bytes, dead.as_ref()))
        })
    }

    /// Links all rows that came, by all threads. To be called once.
    #[napi(catch_unwind)]
    pub fn link<'env>(
        &self,
        env: &'env Env,
        metric: String,
        ef_construction: f64,
    ) -> napi::Result<Object<'env>> {
        let metric = match &*metric {
            "l2" | "l2sq" => Metric::L2,
            "cosine" => Metric::Cosine,
            "dot" => Metric::Dot,
            other => {
                return Err(fail(Error::invalid(format!("a graph is of l2, cosine or dot, got {other:?}"))));
            }
        };
        let linking = Linking { metric, width: size("efConstruction", ef_construction).map_err(fail)? };
        let parts = pool().map_err(fail)?.threads;
        let (waiting, tier) = (AtomicUsize::new(parts), forced_tier());
        spawn_parts(
            env,
            Arc::clone(&self.0),
            parts,
            move |building| {
                let taken = building.take()?;
                let linker = Arc::new(Linker::new(taken, linking, tier.as_deref())?);
                *lock(&building.stage) = Stage::Linking(Arc::clone(&linker));
                if building.aborted.load(Ordering::Relaxed) {
                    linker.abort();
                }
                Ok(linker)
            },
            move |_, linker, _| {
                let helped = linker.help();
                let is_last = waiting.fetch_sub(1, Ordering::AcqRel) == 1;
                helped?;
                if is_last { linker.finish().map(built) } else { Ok(BuiltGraph::default()) }
            },
            |one, other| if one.bytes.is_some() { one } else { other },
        )
    }

    /// How many rows are linked so far.
    #[napi(catch_unwind)]
    pub fn linked(&self) -> f64 {
        match &*lock(&self.0.stage) {
            Stage::Linking(linker) => linker.linked() as f64,
            _ => 0.0,
        }
    }

    /// What is under way, and what comes, ends as `Aborted`.
    #[napi(catch_unwind)]
    pub fn abort(&self) {
        self.0.aborted.store(true, Ordering::Relaxed);
        if let Stage::Linking(linker) = &*lock(&self.0.stage) {
            linker.abort();
        }
    }
}

fn built(mut built: Built) -> BuiltGraph {
    let (rows, bytes) = (built.rows as f64, built.bytes_mut());
    let (start, length) = (bytes.as_mut_ptr(), bytes.len());
    // SAFETY: so many bytes are there, and nobody else has them; they stay where they are until `built` is
    // dropped, which is when JavaScript gives them back.
    let bytes = unsafe { Uint8Array::with_external_data(start, length, move |_, _| drop(built)) };
    BuiltGraph { bytes: Some(bytes), rows }
}
