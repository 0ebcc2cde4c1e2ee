//! Approximate search of lists that lie in memory with rows beside them: all of it in one call.

use std::sync::Arc;

use kernels::ivf;
use kernels::{Error, Result};
use napi::Env;
use napi::bindgen_prelude::{Float64Array, Object, Uint8Array};
use napi_derive::napi;

use crate::arguments::{fail, numbers, size};
use crate::ivf_build::IvfQuantizer;
use crate::ivf_search::{IvfSearch, IvfSegment, ListMarks};
use crate::scan::{Found, ScanOptions, create_scan, found};
use crate::search::RowParts;
use crate::spawn::{pool, spawn_parts};

struct Part {
    segment: IvfSegment,
    bytes: Uint8Array,
    marks: ListMarks,
}

/// Segments in memory that many searches are given.
#[napi]
#[derive(Clone)]
pub struct IvfParts(Arc<Vec<Part>>);

#[napi(catch_unwind, js_name = "createIvfParts")]
pub fn create_ivf_parts(
    segments: Vec<&IvfSegment>,
    bytes: Vec<Uint8Array>,
    marks: Vec<&ListMarks>,
) -> napi::Result<IvfParts> {
    if [bytes.len(), marks.len()] != [segments.len(); 2] {
        return Err(fail(Error::invalid("segments, their bytes and their marks are as many")));
    }
    let part = |((segment, bytes), marks): ((&IvfSegment, Uint8Array), &ListMarks)| {
        let is_whole = bytes.len() >= segment.directory.segment_bytes();
        if is_whole && marks.0.len() == segment.directory.entries.len() {
            return Ok(Part { segment: segment.clone(), bytes, marks: marks.clone() });
        }
        Err(fail(Error::corrupt("a segment is shorter than its lists")))
    };
    let parts = segments.into_iter().zip(bytes).zip(marks).map(part);
    Ok(IvfParts(Arc::new(parts.collect::<napi::Result<Vec<_>>>()?)))
}

/// How many rows of a query are scored in the first round, and at most in any.
#[napi(object, object_to_js = false)]
pub struct IvfRounds {
    pub first: f64,
    pub most: f64,
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

struct Inputs {
    search: Arc<ivf::IvfSearch>,
    parts: IvfParts,
    rows: RowParts,
    first: usize,
    most: usize,
}

/// The ids of the rows that were read, and how many were looked at by their codes.
#[derive(Default)]
struct Searched {
    read: Vec<u64>,
    coded: usize,
    /// How many lists were looked into, where that is not all.
    lists: usize,
}

#[derive(Clone, Copy)]
struct Reach {
    first: usize,
    least: usize,
}

impl Inputs {
    fn new(
        search: &Arc<ivf::IvfSearch>,
        parts: &IvfParts,
        rows: &RowParts,
        rounds: &IvfRounds,
    ) -> Result<Self> {
        let lists = search.quantizer().lists();
        if !parts.0.iter().all(|part| part.segment.directory.entries.len() == lists) {
            return Err(Error::invalid("segments are of the lists of the search"));
        }
        let (first, most) = (size("first", rounds.first)?, size("most", rounds.most)?);
        Ok(Self { search: Arc::clone(search), parts: parts.clone(), rows: rows.clone(), first, most })
    }

    /// How many rows were looked at by their codes; none when these cannot stand for them.
    fn scan(&self, query: usize, list: u32) -> Result<Option<usize>> {
        let mut coded = 0;
        for Part { segment, bytes, marks } in &*self.parts.0 {
            let entry = segment.directory.entries[list as usize];
            let range = bytes.get(entry.start..entry.end);
            let bytes = range.ok_or_else(|| Error::corrupt("a segment is shorter than its lists"))?;
            let mark = marks.0.get(list as usize);
            if !segment.scan_list(&self.search, query, list, bytes, mark)? {
                return Ok(None);
            }
            coded += entry.rows;
        }
        Ok(Some(coded))
    }

    /// None when codes cannot stand for the rows.
    fn search(&self, queries: impl Iterator<Item = usize>) -> Result<Option<Searched>> {
        let rows = self.rows.of(self.search.row_bytes())?;
        let mut searched = Searched::default();
        for query in queries {
            for &list in self.search.probes(query) {
                let Some(coded) = self.scan(query, list)? else { return Ok(None) };
                searched.coded += coded;
            }
            searched.read.extend(self.search.refine(query, &rows, self.first, self.most)?);
        }
        Ok(Some(searched))
    }

    /// The same of one query, which does not look into all of its lists where it has seen enough rows. None
    /// also when it has not, and there are others.
    fn search_until(&self, reach: Reach) -> Result<Option<Searched>> {
        let probes = self.search.probes(0);
        let mut searched = Searched::default();
        for (place, &list) in probes.iter().enumerate() {
            if place >= reach.first && self.search.seen() >= reach.least {
                break;
            }
            let Some(coded) = self.scan(0, list)? else { return Ok(None) };
            searched.coded += coded;
            searched.lists += 1;
        }
        if self.search.seen() < reach.least && probes.len() < self.search.quantizer().lists() {
            return Ok(None);
        }
        let rows = self.rows.of(self.search.row_bytes())?;
        searched.read = self.search.refine(0, &rows, self.first, self.most)?;
        Ok(Some(searched))
    }

    fn searched(&self, queries: impl Iterator<Item = usize>) -> Result<IvfSearched> {
        Ok(match self.search(queries)? {
            None => IvfSearched { unbounded: true, ..IvfSearched::default() },
            Some(Searched { read, coded, .. }) => {
                IvfSearched { read: Some(numbers(read)), coded: coded as f64, unbounded: false }
            }
        })
    }
}

fn join(one: IvfSearched, other: IvfSearched) -> IvfSearched {
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
    /// Scans the lists of segments that lie in memory, and scores what they leave by the rows.
    #[napi(catch_unwind)]
    pub fn search<'env>(
        &self,
        env: &'env Env,
        lists: &IvfParts,
        rows: &RowParts,
        rounds: IvfRounds,
    ) -> napi::Result<Object<'env>> {
        let queries = self.0.queries();
        let parts = queries.clamp(1, pool().map_err(fail)?.threads);
        let inputs = Inputs::new(&self.0, lists, rows, &rounds).map_err(fail)?;
        spawn_parts(
            env,
            inputs,
            parts,
            |_| Ok(()),
            move |inputs, (), part| inputs.searched((part..queries).step_by(parts)),
            join,
        )
    }

    /// The same on the event loop.
    #[napi(catch_unwind)]
    pub fn search_now(
        &self,
        lists: &IvfParts,
        rows: &RowParts,
        rounds: IvfRounds,
    ) -> napi::Result<IvfSearched> {
        let inputs = Inputs::new(&self.0, lists, rows, &rounds).map_err(fail)?;
        inputs.searched(0..self.0.queries()).map_err(fail)
    }
}

/// What a search of one query found, best first, and what it did.
#[napi(object, object_from_js = false)]
pub struct IvfHits {
    pub ids: Float64Array,
    pub scores: Float64Array,
    /// The ids of the rows that were read.
    pub read: Float64Array,
    /// How many lists were looked into, and how many rows were by their codes.
    pub lists: f64,
    pub coded: f64,
    /// Of each segment the begin and end of each list that was looked into.
    pub ranges: Vec<Float64Array>,
}

/// The nearest lists, how many of them are looked into in any case, and then until so many rows were seen.
#[napi(object, object_to_js = false)]
pub struct IvfReach {
    pub probes: f64,
    pub first: f64,
    pub least: f64,
}

/// All of a search for one query on the event loop, in one call: of the 100 µs that it takes with objects for
/// each step, a third is their making. Nothing as `createIvfSearch`, and where codes cannot stand for rows.
#[allow(clippy::too_many_arguments, reason = "an object takes longer to read than arguments")]
#[napi(catch_unwind, js_name = "searchListsNow")]
pub fn search_lists_now(
    env: Env,
    quantizer: &IvfQuantizer,
    options: ScanOptions,
    reach: IvfReach,
    lists: &IvfParts,
    rows: &RowParts,
    rounds: IvfRounds,
) -> napi::Result<Option<IvfHits>> {
    let search = || {
        let scan = Arc::new(create_scan(&options)?);
        if scan.queries() != 1 {
            return Err(Error::invalid("one call searches for one query"));
        }
        let (quantizer, probes) = (Arc::clone(&quantizer.0), size("probes", reach.probes)?);
        let reach = Reach { first: size("first", reach.first)?, least: size("least", reach.least)? };
        let search = ivf::IvfSearch::new(Arc::clone(&scan), quantizer, probes, false)?;
        let Some(search) = search.map(Arc::new) else { return Ok(None) };
        let searched = Inputs::new(&search, lists, rows, &rounds)?.search_until(reach)?;
        Ok(searched.map(|searched| (search, searched, scan)))
    };
    let Some((search, Searched { read, coded, lists: looked }, scan)) = search().map_err(fail)? else {
        return Ok(None);
    };
    let Found { ids, scores } = found(&env, &scan)?;
    let ranges_of = |part: &Part| {
        let entry = |&list: &u32| part.segment.directory.entries[list as usize];
        let ranges =
            search.probes(0)[..looked].iter().map(entry).map(|entry| [entry.start as f64, entry.end as f64]);
        Float64Array::new(ranges.collect::<Vec<_>>().concat())
    };
    let ranges = lists.0.iter().map(ranges_of).collect();
    let (read, looked, coded) = (numbers(read), looked as f64, coded as f64);
    Ok(Some(IvfHits { ids, scores, read, lists: looked, coded, ranges }))
}
