//! Approximate search by lists: centroids, the building of lists, and queries over them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use kernels::codes::Transform;
use kernels::ivf::{self, Directory, ListBuilder, Quantizer, Training};
use kernels::rowset::{MAX_ID, RowSet};
use kernels::scan::{Dtype, MappedRows};
use kernels::{Error, Result};
use napi::Env;
use napi::bindgen_prelude::{Float64Array, Object, Uint8Array, Uint32Array};
use napi_derive::napi;

use crate::arguments::{self, fail, ids, integer, numbers, size};
use crate::codes::CodeTransform;
use crate::scan::{ExactScan, dtype_of, forced_tier};
use crate::search::RowsInMemory;
use crate::spawn::{Held, pool, spawn, spawn_parts};

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
pub struct IvfQuantizer(Arc<Quantizer>);

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
pub struct IvfTrainer(Arc<RwLock<ivf::Trainer>>);

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
        Ok(IvfTrainer(Arc::new(RwLock::new(trainer))))
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
            (Arc::clone(&self.0), sample),
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
    pub fn finish<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        spawn(env, Arc::clone(&self.0), |trainer| {
            let quantizer = trainer.read().unwrap_or_else(PoisonError::into_inner).ordered()?;
            let scales: Vec<u8> = quantizer.scales.iter().flat_map(|scale| scale.to_le_bytes()).collect();
            let steps: Vec<u8> = quantizer.steps.iter().map(|&step| step as u8).collect();
            Ok(Centroids { scales: Some(scales.into()), steps: Some(steps.into()) })
        })
    }
}

#[napi]
pub struct IvfBuilder(Arc<Building>);

struct Building {
    quantizer: Arc<Quantizer>,
    dtype: Dtype,
    builders: Vec<Mutex<ListBuilder>>,
}

#[napi(catch_unwind, js_name = "createIvfBuilder")]
pub fn create_ivf_builder(quantizer: &IvfQuantizer, dtype: String) -> napi::Result<IvfBuilder> {
    let dtype = dtype_of(&dtype).map_err(fail)?;
    let (quantizer, parts) = (Arc::clone(&quantizer.0), pool().map_err(fail)?.threads);
    let builders = (0..parts).map(|part| ListBuilder::new(&quantizer, dtype, part, parts));
    let builders = builders.map(Mutex::new).collect();
    Ok(IvfBuilder(Arc::new(Building { quantizer, dtype, builders })))
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
                let Building { quantizer, dtype, .. } = &**building;
                let lists = ListBuilder::assign(quantizer, *dtype, some, tier.as_deref())?;
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
                let mut builder = lock(&building.builders[part]);
                builder.add(&building.quantizer, rows, lists, first as u32, tier.as_deref())
            },
            |(), ()| (),
        )
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
                let built = ListBuilder::segment(&building.quantizer, &builders);
                let head_crc = kernels::crc::crc32c(&built.bytes[..built.head]);
                let (head_bytes, rows) = (built.head as f64, built.rows as f64);
                Ok(BuiltLists { bytes: Some(built.bytes.into()), head_bytes, head_crc, rows })
            },
            |one, other| if one.bytes.is_some() { one } else { other },
        )
    }
}

/// A segment that is searched: where its lists lie, and which of its rows are dead.
#[napi]
#[derive(Clone)]
pub struct IvfSegment {
    directory: Arc<Directory>,
    first_id: u64,
    rows: usize,
    dead: Option<Arc<RowSet>>,
}

#[napi(catch_unwind, js_name = "openIvfSegment")]
pub fn open_ivf_segment(
    quantizer: &IvfQuantizer,
    directory: Uint8Array,
    first_row_id: f64,
    rows: f64,
) -> napi::Result<IvfSegment> {
    let open = || {
        let first_id = integer("firstRowId", first_row_id, MAX_ID)?;
        let rows = size("rows", rows)?;
        let layout = quantizer.0.transform.layout;
        let directory = Directory::new(&directory, quantizer.0.lists(), rows, layout)?;
        Ok(IvfSegment { directory: Arc::new(directory), first_id, rows, dead: None })
    };
    open().map_err(fail)
}

#[napi]
impl IvfSegment {
    /// The same without the rows of a row set.
    #[napi(catch_unwind)]
    pub fn without(&self, dead: Uint8Array) -> napi::Result<Self> {
        let dead = RowSet::decode(&dead).map_err(fail)?;
        let dead = (!dead.is_empty()).then(|| Arc::new(dead));
        Ok(Self { directory: Arc::clone(&self.directory), dead, ..*self })
    }

    /// Bytes of the whole segment.
    #[napi(catch_unwind)]
    pub fn bytes(&self) -> f64 {
        self.directory.segment_bytes() as f64
    }

    /// Of each of these lists where it begins and ends.
    #[napi(catch_unwind)]
    pub fn ranges(&self, lists: Uint32Array) -> napi::Result<Float64Array> {
        let of_list = |&list: &u32| {
            let entry = self.directory.entries.get(list as usize);
            let entry = entry.ok_or_else(|| fail(Error::invalid(format!("list {list}"))))?;
            Ok([entry.start as f64, entry.end as f64])
        };
        let ranges = lists.iter().map(of_list).collect::<napi::Result<Vec<_>>>()?;
        Ok(Float64Array::new(ranges.concat()))
    }

    /// How many rows these lists have.
    #[napi(catch_unwind)]
    pub fn rows_of(&self, lists: Uint32Array) -> f64 {
        let entries = lists.iter().filter_map(|&list| self.directory.entries.get(list as usize));
        entries.map(|entry| entry.rows).sum::<usize>() as f64
    }
}

impl IvfSegment {
    fn scan_list(&self, search: &ivf::IvfSearch, query: usize, list: u32, bytes: &[u8]) -> Result<bool> {
        let ids = (self.first_id, self.rows as u64);
        let (ids, codes) = self.directory.list(list as usize, bytes, ids)?;
        if ids.is_empty() {
            return Ok(true);
        }
        let dead = self.dead.as_deref();
        search.scan_list(query, list as usize, &ivf::ListCodes { codes, ids: &ids, dead })
    }
}

#[napi]
pub struct IvfSearch(Held<ivf::IvfSearch>);

/// Nothing where the metric is not of products, or a query out of the range of codes. With `estimates`, rows
/// are not scored where codes have an estimate.
#[napi(catch_unwind, js_name = "createIvfSearch")]
pub fn create_ivf_search(
    exact: &ExactScan,
    quantizer: &IvfQuantizer,
    probes: f64,
    estimates: bool,
) -> napi::Result<Option<IvfSearch>> {
    let create = || {
        let probes = size("probes", probes)?;
        ivf::IvfSearch::new(Arc::clone(&exact.0), Arc::clone(&quantizer.0), probes, estimates)
    };
    Ok(create().map_err(fail)?.map(|search| IvfSearch(Held::new(search, exact.0.is_large()))))
}

/// Lists of one segment that were read, in the order of their numbers.
struct Pieces {
    search: Arc<ivf::IvfSearch>,
    segment: IvfSegment,
    lists: Uint32Array,
    pieces: Vec<Uint8Array>,
}

impl Pieces {
    /// False when codes cannot stand for the rows.
    fn scan(&self, query: usize) -> Result<bool> {
        for &list in self.search.probes(query) {
            let Ok(at) = self.lists.binary_search(&list) else { continue };
            let bytes = &self.pieces[at];
            if !self.segment.scan_list(&self.search, query, list, bytes)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What a search of segments in memory did.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct IvfSearched {
    /// The ids of the rows that were read.
    pub read: Option<Float64Array>,
    /// How many rows were looked at by their codes.
    pub coded: f64,
    /// Whether codes could not stand for the rows: then nothing was found.
    pub unbounded: bool,
}

/// All of a search, where lists and rows lie in memory.
struct Whole {
    search: Arc<ivf::IvfSearch>,
    segments: Vec<(IvfSegment, Uint8Array)>,
    rows: Vec<RowsInMemory>,
    row_bytes: usize,
    first: usize,
    most: usize,
}

impl Whole {
    fn rows(&self) -> Result<MappedRows<'_>> {
        let mut parts: Vec<(u64, &[u8])> = Vec::with_capacity(self.rows.len());
        for part in &self.rows {
            parts.push((integer("firstRowId", part.first_row_id, MAX_ID)?, &part.rows));
        }
        MappedRows::new(self.row_bytes, parts)
    }

    fn search(&self, queries: impl Iterator<Item = usize>) -> Result<IvfSearched> {
        let rows = self.rows()?;
        let (mut read, mut coded) = (Vec::new(), 0);
        for query in queries {
            for &list in self.search.probes(query) {
                for (segment, bytes) in &self.segments {
                    let entry = segment.directory.entries[list as usize];
                    let range = bytes.get(entry.start..entry.end);
                    let bytes = range.ok_or_else(|| Error::corrupt("a segment is shorter than its lists"))?;
                    if !segment.scan_list(&self.search, query, list, bytes)? {
                        return Ok(IvfSearched { unbounded: true, ..IvfSearched::default() });
                    }
                    coded += entry.rows;
                }
            }
            read.extend(self.search.refine(query, &rows, self.first, self.most)?);
        }
        Ok(IvfSearched { read: Some(numbers(read)), coded: coded as f64, unbounded: false })
    }
}

fn join_searched(one: IvfSearched, other: IvfSearched) -> IvfSearched {
    let both = |a: Option<Float64Array>, b: Option<Float64Array>| {
        let ids = |ids: Option<Float64Array>| ids.map(|ids| ids.to_vec()).unwrap_or_default();
        Float64Array::new([ids(a), ids(b)].concat())
    };
    IvfSearched {
        read: Some(both(one.read, other.read)),
        coded: one.coded + other.coded,
        unbounded: one.unbounded || other.unbounded,
    }
}

#[napi]
impl IvfSearch {
    /// The lists that at least one query looks into, ascending.
    #[napi(catch_unwind)]
    pub fn lists(&self) -> Uint32Array {
        let mut lists: Vec<u32> =
            (0..self.0.queries()).flat_map(|query| self.0.probes(query).iter().copied()).collect();
        lists.sort_unstable();
        lists.dedup();
        lists.into()
    }

    /// Those of one query, the nearest first.
    #[napi(catch_unwind)]
    pub fn probes(&self, query: f64) -> napi::Result<Uint32Array> {
        let query = size("query", query).map_err(fail)?;
        if query >= self.0.queries() {
            return Err(fail(Error::invalid(format!("query {query} of {}", self.0.queries()))));
        }
        Ok(self.0.probes(query).to_vec().into())
    }

    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Scans lists of a segment that were read, in the order of their numbers; each is compared with its
    /// checksum. True when codes cannot stand for the rows.
    #[napi(catch_unwind)]
    pub fn scan<'env>(
        &self,
        env: &'env Env,
        segment: &IvfSegment,
        lists: Uint32Array,
        pieces: Vec<Uint8Array>,
    ) -> napi::Result<Object<'env>> {
        if lists.len() != pieces.len() {
            return Err(fail(Error::invalid("lists and their bytes are as many")));
        }
        let queries = self.0.queries();
        let parts = queries.clamp(1, pool().map_err(fail)?.threads);
        let inputs = Pieces { search: Arc::clone(&self.0), segment: segment.clone(), lists, pieces };
        spawn_parts(
            env,
            inputs,
            parts,
            |_| Ok(()),
            move |inputs, (), part| {
                for query in (part..queries).step_by(parts) {
                    if !inputs.scan(query)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            },
            |one, other| one || other,
        )
    }

    /// Scans the lists of segments that lie in memory, and scores what they leave by the rows.
    #[napi(catch_unwind)]
    pub fn search<'env>(
        &self,
        env: &'env Env,
        segments: Vec<&IvfSegment>,
        bytes: Vec<Uint8Array>,
        rows: Vec<RowsInMemory>,
        row_bytes: f64,
        rounds: IvfRounds,
    ) -> napi::Result<Object<'env>> {
        let queries = self.0.queries();
        let parts = queries.clamp(1, pool().map_err(fail)?.threads);
        let inputs = self.whole(segments, bytes, rows, row_bytes, rounds).map_err(fail)?;
        spawn_parts(
            env,
            inputs,
            parts,
            |_| Ok(()),
            move |inputs, (), part| inputs.search((part..queries).step_by(parts)),
            join_searched,
        )
    }

    /// The same on the event loop.
    #[napi(catch_unwind)]
    pub fn search_now(
        &self,
        segments: Vec<&IvfSegment>,
        bytes: Vec<Uint8Array>,
        rows: Vec<RowsInMemory>,
        row_bytes: f64,
        rounds: IvfRounds,
    ) -> napi::Result<IvfSearched> {
        let inputs = self.whole(segments, bytes, rows, row_bytes, rounds).map_err(fail)?;
        inputs.search(0..self.0.queries()).map_err(fail)
    }

    /// How many rows wait for their scores, those of each query counted.
    #[napi(catch_unwind)]
    pub fn left(&self) -> f64 {
        (0..self.0.queries()).map(|query| self.0.left(query).left()).sum::<usize>() as f64
    }

    /// Takes the rows that are left by their estimates; what has none is left.
    #[napi(catch_unwind)]
    pub fn estimate(&self) -> napi::Result<()> {
        (0..self.0.queries()).try_for_each(|query| self.0.left(query).estimate()).map_err(fail)
    }

    /// The same off the event loop, where many rows are left.
    #[napi(catch_unwind)]
    pub fn estimate_later<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        spawn(env, Arc::clone(&self.0), |search| {
            (0..search.queries()).try_for_each(|query| search.left(query).estimate())
        })
    }

    /// The ids of the rows to be scored next, ascending: of each query the `count` with the best bounds.
    #[napi(catch_unwind)]
    pub fn next(&self, count: f64) -> napi::Result<Float64Array> {
        Ok(arguments::numbers(next_of(&self.0, size("count", count).map_err(fail)?)))
    }

    /// The same off the event loop, where many rows are left.
    #[napi(catch_unwind)]
    pub fn next_later<'env>(&self, env: &'env Env, count: f64) -> napi::Result<Object<'env>> {
        let count = size("count", count).map_err(fail)?;
        spawn(env, Arc::clone(&self.0), move |search| Ok(arguments::numbers(next_of(search, count))))
    }

    /// Scores the rows that `next` asked for, on the event loop: for few.
    #[napi(catch_unwind)]
    pub fn score_now(&self, row_ids: Float64Array, rows: Uint8Array) -> napi::Result<()> {
        let score = || {
            let ids = ids(&row_ids)?;
            (0..self.0.queries()).try_for_each(|query| self.0.left(query).score(&ids, &rows))
        };
        score().map_err(fail)
    }

    /// The same off the event loop.
    #[napi(catch_unwind)]
    pub fn score<'env>(
        &self,
        env: &'env Env,
        row_ids: Float64Array,
        rows: Uint8Array,
    ) -> napi::Result<Object<'env>> {
        let queries = self.0.queries();
        let parts = queries.clamp(1, pool().map_err(fail)?.threads);
        spawn_parts(
            env,
            (Arc::clone(&self.0), row_ids, rows),
            parts,
            |(_, row_ids, _)| ids(row_ids),
            move |(search, _, rows), ids, part| {
                (part..queries).step_by(parts).try_for_each(|query| search.left(query).score(ids, rows))
            },
            |(), ()| (),
        )
    }
}

fn next_of(search: &ivf::IvfSearch, count: usize) -> Vec<u64> {
    let mut next: Vec<u64> = (0..search.queries()).flat_map(|query| search.left(query).next(count)).collect();
    next.sort_unstable();
    next.dedup();
    next
}

/// How many rows of a query are scored in the first round, and at most in any.
#[napi(object, object_to_js = false)]
pub struct IvfRounds {
    pub first: f64,
    pub most: f64,
}

impl IvfSearch {
    fn whole(
        &self,
        segments: Vec<&IvfSegment>,
        bytes: Vec<Uint8Array>,
        rows: Vec<RowsInMemory>,
        row_bytes: f64,
        rounds: IvfRounds,
    ) -> Result<Whole> {
        let lists = self.0.quantizer().lists();
        let fits = |segment: &&IvfSegment| segment.directory.entries.len() == lists;
        if segments.len() != bytes.len() || !segments.iter().all(fits) {
            return Err(Error::invalid("segments and their bytes are as many, of the lists of the search"));
        }
        let segments = segments.into_iter().cloned().zip(bytes).collect();
        let (first, most) = (size("first", rounds.first)?, size("most", rounds.most)?);
        let row_bytes = size("rowBytes", row_bytes)?;
        Ok(Whole { search: Arc::clone(&self.0), segments, rows, row_bytes, first, most })
    }
}
