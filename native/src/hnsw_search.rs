//! Approximate search by graphs: segments, and queries over them.

use std::sync::Arc;

use kernels::hnsw::{self, Asked, Segment, Selection};
use kernels::{Error, Result};
use napi::Env;
use napi::bindgen_prelude::{Float64Array, Object, Uint8Array};
use napi_derive::napi;

use crate::arguments::{fail, numbers, size};
use crate::codes::CodeTransform;
use crate::hnsw_build::decoded;
use crate::scan::{ExactScan, Found, ScanOptions, create_scan, forced_tier, found};
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
    width: usize,
    first: usize,
    most: usize,
}

impl Inputs {
    fn search(&self, queries: impl Iterator<Item = usize>) -> Result<Searched> {
        let rows = self.rows.of(self.search.row_bytes())?;
        let mut searched = Searched::default();
        for query in queries {
            for (HnswSegment { segment, selection }, bytes) in &self.segments {
                let asked = Asked { width: self.width, selection: selection.as_deref() };
                let looked = self.search.walk(query, segment, bytes, asked)?;
                searched.compared += looked.compared;
                searched.followed += looked.followed;
            }
            searched.read.extend(self.search.settle(query, &rows, self.first, self.most)?);
        }
        Ok(searched)
    }
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

/// What a search of one query found, best first, and what it did.
#[napi(object, object_from_js = false)]
pub struct HnswHits {
    pub ids: Float64Array,
    pub scores: Float64Array,
    /// The ids of the rows that were read.
    pub read: Float64Array,
    pub compared: f64,
    pub followed: f64,
}

/// All of a search for one query on the event loop, in one call: of the 45 µs that it takes with objects
/// for each step, a third is their making. Nothing as `createHnswSearch`, and where a score is an estimate.
#[allow(clippy::too_many_arguments, reason = "an object takes longer to read than arguments")]
#[napi(catch_unwind, js_name = "searchGraphsNow")]
pub fn search_graphs_now(
    env: Env,
    transform: &CodeTransform,
    options: ScanOptions,
    segments: Vec<&HnswSegment>,
    bytes: Vec<Uint8Array>,
    rows: &RowParts,
    asked: HnswAsked,
) -> napi::Result<Option<HnswHits>> {
    let search = || {
        let scan = Arc::new(create_scan(&options)?);
        let transform = Arc::clone(&transform.0);
        if scan.queries() != 1 {
            return Err(Error::invalid("one call searches for one query"));
        }
        let tier = options.tier.clone().or_else(forced_tier);
        let search = hnsw::HnswSearch::new(Arc::clone(&scan), transform, false, tier.as_deref())?;
        let Some(search) = search else { return Ok(None) };
        let search = Arc::new(search);
        let searched = inputs(search, segments, bytes, rows, asked)?.search(0..1)?;
        Ok(Some((searched, scan)))
    };
    let Some((searched, scan)) = search().map_err(fail)? else { return Ok(None) };
    let Found { ids, scores } = found(&env, &scan)?;
    let Searched { read, compared, followed } = searched;
    let (read, compared, followed) = (numbers(read), compared as f64, followed as f64);
    Ok(Some(HnswHits { ids, scores, read, compared, followed }))
}

fn inputs(
    search: Arc<hnsw::HnswSearch>,
    segments: Vec<&HnswSegment>,
    bytes: Vec<Uint8Array>,
    rows: &RowParts,
    asked: HnswAsked,
) -> Result<Inputs> {
    if segments.len() != bytes.len() {
        return Err(Error::invalid("segments and their bytes are as many"));
    }
    Ok(Inputs {
        search,
        segments: segments.into_iter().cloned().zip(bytes).collect(),
        rows: rows.clone(),
        width: size("ef", asked.ef)?,
        first: size("first", asked.first)?,
        most: size("most", asked.most)?,
    })
}
