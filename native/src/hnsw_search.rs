//! Approximate search by graphs: segments, and queries over them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kernels::codes::Transform;
use kernels::hnsw::{self, Asked, Segment, Selection};
use kernels::scan::{self, Dtype, MappedRows, Metric};
use kernels::{Error, Result};
use napi::Env;
use napi::bindgen_prelude::{Float64Array, Float64ArraySlice, Object, Uint8Array};
use napi_derive::napi;

use crate::arguments::{fail, numbers, size};
use crate::codes::CodeTransform;
use crate::hnsw_build::decoded;
use crate::scan::{ExactScan, dtype_of, forced_tier, metric_of};
use crate::search::RowParts;
use crate::spawn::{Held, pool, spawn, spawn_parts};

/// A segment that is searched, and which of its rows may be found.
#[napi]
#[derive(Clone)]
pub struct HnswSegment {
    pub(crate) segment: Arc<Segment>,
    selection: Option<Arc<Selection>>,
}

#[napi(catch_unwind, js_name = "openHnswSegment")]
pub fn open_hnsw_segment(transform: &CodeTransform, head: Uint8Array) -> napi::Result<HnswSegment> {
    let segment = Segment::open(&head, transform.0.layout).map_err(fail)?;
    Ok(HnswSegment { segment: Arc::new(segment), selection: None })
}

#[napi]
impl HnswSegment {
    /// Bytes of the whole segment.
    #[napi(catch_unwind)]
    pub fn bytes(&self) -> f64 {
        self.segment.bytes() as f64
    }

    #[napi(catch_unwind)]
    pub fn rows(&self) -> f64 {
        self.segment.rows as f64
    }

    /// How many rows may be found.
    #[napi(catch_unwind)]
    pub fn selected(&self) -> f64 {
        self.selection.as_ref().map_or(self.segment.rows, |selection| selection.count()) as f64
    }

    /// The same, of which only rows of one row set may be found, all without, and none of another one.
    #[napi(catch_unwind)]
    pub fn select<'env>(
        &self,
        env: &'env Env,
        bytes: Uint8Array,
        allowed: Option<Uint8Array>,
        dead: Option<Uint8Array>,
    ) -> napi::Result<Object<'env>> {
        let segment = Arc::clone(&self.segment);
        spawn(env, (bytes, allowed, dead), move |(bytes, allowed, dead)| {
            let (allowed, dead) = (decoded(allowed.as_ref())?, decoded(dead.as_ref())?);
            let selection = Selection::new(&segment, bytes, allowed.as_ref(), dead.as_ref())?;
            Ok(HnswSegment { segment: Arc::clone(&segment), selection: Some(Arc::new(selection)) })
        })
    }

    /// Looks at all of a segment. `Corrupt` where something cannot be.
    #[napi(catch_unwind)]
    pub fn validate<'env>(&self, env: &'env Env, bytes: Uint8Array) -> napi::Result<Object<'env>> {
        let segment = Arc::clone(&self.segment);
        spawn(env, bytes, move |bytes| hnsw::validate(&segment, bytes))
    }
}

#[napi(object, object_to_js = false)]
pub struct HnswAsked {
    pub ef: f64,
    /// Rows of a query that are scored in the first round, and at most in any.
    pub first: f64,
    pub most: f64,
}

/// What a search did, of all queries together.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct HnswSearched {
    /// The ids of the rows that were read.
    pub read: Option<Float64Array>,
    /// How many rows were compared by their codes, and of how many the links were followed.
    pub compared: f64,
    pub followed: f64,
}

#[napi]
pub struct HnswSearch(Held<hnsw::HnswSearch>);

/// Nothing where the metric is not of products, or a query out of the range of codes. With `estimates`, rows
/// are not scored where codes have an estimate.
#[napi(catch_unwind, js_name = "createHnswSearch")]
pub fn create_hnsw_search(
    exact: &ExactScan,
    transform: &CodeTransform,
    estimates: bool,
) -> napi::Result<Option<HnswSearch>> {
    let (scan, transform) = (Arc::clone(&exact.0), Arc::clone(&transform.0));
    let search = hnsw::HnswSearch::new(scan, transform, estimates, forced_tier().as_deref()).map_err(fail)?;
    Ok(search.map(|search| HnswSearch(Held::new(search, exact.0.is_large()))))
}

#[derive(Default)]
struct Searched {
    read: Vec<u64>,
    compared: usize,
    followed: usize,
}

impl From<Searched> for HnswSearched {
    fn from(Searched { read, compared, followed }: Searched) -> Self {
        let (compared, followed) = (compared as f64, followed as f64);
        Self { read: Some(numbers(read)), compared, followed }
    }
}

struct Inputs {
    search: Arc<hnsw::HnswSearch>,
    segments: Vec<(HnswSegment, Uint8Array)>,
    rows: RowParts,
    rounds: Rounds,
}

#[derive(Clone, Copy)]
struct Rounds {
    width: usize,
    first: usize,
    most: usize,
}

impl Rounds {
    fn of(HnswAsked { ef, first, most }: &HnswAsked) -> Result<Self> {
        Ok(Self { width: size("ef", *ef)?, first: size("first", *first)?, most: size("most", *most)? })
    }
}

impl Inputs {
    fn search(&self, queries: impl Iterator<Item = usize>) -> Result<Searched> {
        let rows = self.rows.of(self.search.row_bytes())?;
        let mut searched = Searched::default();
        for query in queries {
            let Searched { read, compared, followed } =
                search_one(&self.search, query, &self.segments, &rows, self.rounds)?;
            searched.read.extend(read);
            searched.compared += compared;
            searched.followed += followed;
        }
        Ok(searched)
    }
}

fn search_one(
    search: &hnsw::HnswSearch,
    query: usize,
    segments: &[(HnswSegment, Uint8Array)],
    rows: &MappedRows<'_>,
    Rounds { width, first, most }: Rounds,
) -> Result<Searched> {
    let (mut compared, mut followed) = (0, 0);
    for (HnswSegment { segment, selection }, bytes) in segments {
        let asked = Asked { width, selection: selection.as_deref() };
        let looked = search.walk(query, segment, bytes, asked)?;
        compared += looked.compared;
        followed += looked.followed;
    }
    Ok(Searched { read: search.settle(query, rows, first, most)?, compared, followed })
}

fn join(one: HnswSearched, other: HnswSearched) -> HnswSearched {
    let ids = |ids: Option<Float64Array>| ids.map(|ids| ids.to_vec()).unwrap_or_default();
    HnswSearched {
        read: Some(Float64Array::new([ids(one.read), ids(other.read)].concat())),
        compared: one.compared + other.compared,
        followed: one.followed + other.followed,
    }
}

#[napi]
impl HnswSearch {
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Searches segments that lie in memory, and scores what walks find by the rows.
    #[napi(catch_unwind)]
    pub fn search<'env>(
        &self,
        env: &'env Env,
        segments: Vec<&HnswSegment>,
        bytes: Vec<Uint8Array>,
        rows: &RowParts,
        asked: HnswAsked,
    ) -> napi::Result<Object<'env>> {
        let queries = self.0.queries();
        let parts = queries.clamp(1, pool().map_err(fail)?.threads);
        let inputs = inputs(Arc::clone(&self.0), segments, bytes, rows, asked).map_err(fail)?;
        spawn_parts(
            env,
            inputs,
            parts,
            |_| Ok(()),
            move |inputs, (), part| inputs.search((part..queries).step_by(parts)).map(HnswSearched::from),
            join,
        )
    }

    /// The same on the event loop.
    #[napi(catch_unwind)]
    pub fn search_now(
        &self,
        segments: Vec<&HnswSegment>,
        bytes: Vec<Uint8Array>,
        rows: &RowParts,
        asked: HnswAsked,
    ) -> napi::Result<HnswSearched> {
        let inputs = inputs(Arc::clone(&self.0), segments, bytes, rows, asked).map_err(fail)?;
        inputs.search(0..self.0.queries()).map(HnswSearched::from).map_err(fail)
    }
}

/// What is searched, of queries that come one by one.
#[napi(object, object_to_js = false)]
pub struct GraphsOptions {
    pub metric: String,
    pub dtype: String,
    pub dimensions: f64,
    pub tier: Option<String>,
}

/// Graphs and rows that lie in memory, for searches of one query in one call on the event loop. What a call
/// hands over is numbers, and an array for the answer: of the 45 µs that a search takes with objects for each
/// step, half is their making.
#[napi]
pub struct GraphsHere {
    transform: Arc<Transform>,
    metric: Metric,
    dtype: Dtype,
    dimensions: usize,
    tier: Option<String>,
    segments: Vec<(HnswSegment, Uint8Array)>,
    rows: RowParts,
    /// The ids of the rows that the last search read.
    read: Mutex<Vec<u64>>,
}

#[napi(catch_unwind, js_name = "openGraphsHere")]
pub fn open_graphs_here(
    transform: &CodeTransform,
    options: GraphsOptions,
    segments: Vec<&HnswSegment>,
    bytes: Vec<Uint8Array>,
    rows: &RowParts,
) -> napi::Result<GraphsHere> {
    let open = || {
        Ok(GraphsHere {
            transform: Arc::clone(&transform.0),
            metric: metric_of(&options.metric)?,
            dtype: dtype_of(&options.dtype)?,
            dimensions: size("dimensions", options.dimensions)?,
            tier: options.tier.clone().or_else(forced_tier),
            segments: segments_of(segments, bytes)?,
            rows: rows.clone(),
            read: Mutex::default(),
        })
    };
    open().map_err(fail)
}

/// What goes before the ids and the scores in the array for an answer.
const BEFORE_HITS: usize = 2;

#[napi]
impl GraphsHere {
    /// The hits of a query, best first: their number; -1 as `createHnswSearch` gives nothing. Into `found` go
    /// how many rows were compared and followed, then `k` ids, then `k` scores.
    #[napi(catch_unwind)]
    pub fn search(
        &self,
        query: Float64ArraySlice<'_>,
        k: f64,
        ef: f64,
        first: f64,
        most: f64,
        mut found: Float64ArraySlice<'_>,
    ) -> napi::Result<f64> {
        let k = size("k", k).map_err(fail)?;
        if found.len() != BEFORE_HITS + 2 * k {
            return Err(fail(Error::invalid(format!("room for {} numbers of {k} hits", found.len()))));
        }
        let asked = HnswAsked { ef, first, most };
        let Some((scan, searched)) = self.search_for(&query, k, &asked).map_err(fail)? else {
            return Ok(-1.0);
        };
        let results = scan.results();
        // SAFETY: no other thread has it, and the query, of which it may be a part, was looked at before.
        let (before, hits) = unsafe { found.as_mut() }.split_at_mut(BEFORE_HITS);
        before.copy_from_slice(&[searched.compared as f64, searched.followed as f64]);
        hits[..k].copy_from_slice(&results.ids);
        hits[k..].copy_from_slice(&results.scores);
        *lock(&self.read) = searched.read;
        Ok(results.counts[0].into())
    }

    /// How many rows the last search read.
    #[napi(catch_unwind)]
    pub fn read_rows(&self) -> f64 {
        lock(&self.read).len() as f64
    }

    /// The ids of them.
    #[napi(catch_unwind)]
    pub fn read(&self) -> Float64Array {
        numbers(lock(&self.read).iter().copied())
    }
}

impl GraphsHere {
    fn search_for(
        &self,
        query: &[f64],
        k: usize,
        asked: &HnswAsked,
    ) -> Result<Option<(Arc<scan::ExactScan>, Searched)>> {
        let Self { metric, dtype, dimensions, .. } = *self;
        if query.len() != dimensions {
            return Err(Error::invalid(format!("one query has {dimensions} numbers, not {}", query.len())));
        }
        let tier = self.tier.as_deref();
        let options = scan::Options { metric, dtype, dimensions, k, queries: query, tier };
        let scan = Arc::new(scan::ExactScan::new(options)?);
        let search = hnsw::HnswSearch::new(Arc::clone(&scan), Arc::clone(&self.transform), false, tier)?;
        let Some(search) = search else { return Ok(None) };
        let rows = self.rows.of(search.row_bytes())?;
        let searched = search_one(&search, 0, &self.segments, &rows, Rounds::of(asked)?)?;
        Ok(Some((scan, searched)))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn inputs(
    search: Arc<hnsw::HnswSearch>,
    segments: Vec<&HnswSegment>,
    bytes: Vec<Uint8Array>,
    rows: &RowParts,
    asked: HnswAsked,
) -> Result<Inputs> {
    Ok(Inputs {
        search,
        segments: segments_of(segments, bytes)?,
        rows: rows.clone(),
        rounds: Rounds::of(&asked)?,
    })
}

fn segments_of(
    segments: Vec<&HnswSegment>,
    bytes: Vec<Uint8Array>,
) -> Result<Vec<(HnswSegment, Uint8Array)>> {
    if segments.len() != bytes.len() {
        return Err(Error::invalid("segments and their bytes are as many"));
    }
    Ok(segments.into_iter().cloned().zip(bytes).collect())
}
