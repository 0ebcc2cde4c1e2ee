//! Approximate search: queries over lists.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use kernels::ivf::{self, Directory};
use kernels::rowset::{MAX_ID, RowSet};
use kernels::{Error, Result};
use napi::Env;
use napi::bindgen_prelude::{Float64Array, Object, Uint8Array, Uint32Array};
use napi_derive::napi;

use crate::arguments::{self, fail, ids, integer, size};
use crate::ivf_build::IvfQuantizer;
use crate::scan::ExactScan;
use crate::spawn::{Held, pool, spawn, spawn_parts};

/// A segment that is searched: where its lists lie, and which of its rows are dead.
#[napi]
#[derive(Clone)]
pub struct IvfSegment {
    pub(crate) directory: Arc<Directory>,
    pub(crate) first_id: u64,
    pub(crate) rows: usize,
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
        let dead = (!dead.is_empty()).then(|| Arc::new(self.with_bits(dead)));
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

/// Rows of a segment that have bits where some are dead: 256 KiB, and a millisecond to make them.
const ROWS_WITH_BITS: usize = 1 << 21;

impl IvfSegment {
    /// Every row of a list is asked for.
    fn with_bits(&self, dead: RowSet) -> RowSet {
        if self.rows > ROWS_WITH_BITS { dead } else { dead.with_bits(self.first_id, self.rows) }
    }

    pub(crate) fn scan_list(
        &self,
        search: &ivf::IvfSearch,
        query: usize,
        list: u32,
        bytes: &[u8],
        mark: Option<&AtomicBool>,
    ) -> Result<bool> {
        let ids = (self.first_id, self.rows as u64);
        let (ids, codes) = self.directory.list(list as usize, bytes, ids, mark)?;
        if ids.is_empty() {
            return Ok(true);
        }
        let dead = self.dead.as_deref();
        search.scan_list(query, list as usize, &ivf::ListCodes { codes, ids: &ids, dead })
    }
}

/// Which lists of a segment, where it is mapped, were compared with their checksums.
#[napi]
#[derive(Clone)]
pub struct ListMarks(pub(crate) Arc<[AtomicBool]>);

#[napi(catch_unwind, js_name = "createListMarks")]
pub fn create_list_marks(quantizer: &IvfQuantizer) -> ListMarks {
    ListMarks((0..quantizer.0.lists()).map(|_| AtomicBool::new(false)).collect())
}

#[napi]
pub struct IvfSearch(pub(crate) Held<ivf::IvfSearch>);

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
    /// Of each query the lists from one place in their order to another.
    places: Range<usize>,
}

impl Pieces {
    /// False when codes cannot stand for the rows.
    fn scan(&self, query: usize) -> Result<bool> {
        for &list in places_of(self.search.probes(query), &self.places) {
            let Ok(at) = self.lists.binary_search(&list) else { continue };
            let bytes = &self.pieces[at];
            if !self.segment.scan_list(&self.search, query, list, bytes, None)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[napi]
impl IvfSearch {
    /// The lists that at least one query looks into from one place in its order to another, ascending.
    #[napi(catch_unwind)]
    pub fn lists(&self, start: f64, end: f64) -> napi::Result<Uint32Array> {
        let places = range(start, end).map_err(fail)?;
        let of_query = |query| places_of(self.0.probes(query), &places).iter().copied();
        let mut lists: Vec<u32> = (0..self.0.queries()).flat_map(of_query).collect();
        lists.sort_unstable();
        lists.dedup();
        Ok(lists.into())
    }

    /// How many rows that are not dead the query that saw the fewest has seen.
    #[napi(catch_unwind)]
    pub fn seen(&self) -> f64 {
        self.0.seen() as f64
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
        start: f64,
        end: f64,
    ) -> napi::Result<Object<'env>> {
        let places = range(start, end).map_err(fail)?;
        if lists.len() != pieces.len() {
            return Err(fail(Error::invalid("lists and their bytes are as many")));
        }
        let queries = self.0.queries();
        let parts = queries.clamp(1, pool().map_err(fail)?.threads);
        let search = Arc::clone(&self.0);
        let inputs = Pieces { search, segment: segment.clone(), lists, pieces, places };
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

fn range(start: f64, end: f64) -> Result<Range<usize>> {
    Ok(size("start", start)?..size("end", end)?)
}

/// Those of a list that lie within.
fn places_of<'a>(lists: &'a [u32], places: &Range<usize>) -> &'a [u32] {
    let end = places.end.min(lists.len());
    &lists[places.start.min(end)..end]
}
