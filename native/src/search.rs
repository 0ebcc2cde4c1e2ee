//! The search over codes where their rows lie in memory, too: scanned and scored by one call.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kernels::rowset::MAX_ID;
use kernels::scan::{self, MappedRows, Share};
use kernels::{Error, Result};
use napi::Env;
use napi::bindgen_prelude::{Float64Array, Object, Uint8Array};
use napi_derive::napi;

use crate::arguments::{fail, ids, integer, numbers, size};
use crate::codes::{Cascade, CodeList, Listed, scan_parts, scan_share};
use crate::scan::{Found, ScanOptions, create_scan, found};
use crate::spawn::{pool, spawn_parts};

/// Rows of which row i has the id `first_row_id + i`.
#[napi(object, object_to_js = false)]
pub struct RowsInMemory {
    pub rows: Uint8Array,
    pub first_row_id: f64,
}

/// Rows in memory that many searches are given: to hand over each array of them takes half a microsecond.
#[napi]
#[derive(Clone)]
pub struct RowParts(Arc<Vec<(u64, Uint8Array)>>);

#[napi(catch_unwind, js_name = "createRowParts")]
pub fn create_row_parts(parts: Vec<RowsInMemory>) -> napi::Result<RowParts> {
    let part = |RowsInMemory { rows, first_row_id }| Ok((integer("firstRowId", first_row_id, MAX_ID)?, rows));
    let parts = parts.into_iter().map(part).collect::<Result<Vec<_>>>().map_err(fail)?;
    Ok(RowParts(Arc::new(parts)))
}

impl RowParts {
    /// Errors when they are not whole rows, or do not ascend.
    pub(crate) fn of(&self, row_bytes: usize) -> Result<MappedRows<'_>> {
        MappedRows::new(row_bytes, self.0.iter().map(|(first_id, rows)| (*first_id, &**rows)).collect())
    }
}

/// What a search of one query found, best first.
#[napi(object, object_from_js = false)]
pub struct NearestRows {
    pub ids: Float64Array,
    pub scores: Float64Array,
}

/// A scan of one query over the rows of some ids, which ascend, and its results, on the event loop.
#[napi(catch_unwind, js_name = "scoreRowsNow")]
pub fn score_rows_now(
    env: Env,
    options: ScanOptions,
    rows: &RowParts,
    row_ids: Float64Array,
) -> napi::Result<NearestRows> {
    let score = || {
        let scan = create_scan(&options)?;
        if scan.queries() != 1 {
            return Err(Error::invalid("one call searches for one query"));
        }
        scan.scan_some(&rows.of(scan.row_bytes())?, &ids(&row_ids)?)?;
        Ok(scan)
    };
    let Found { ids, scores } = found(&env, &score().map_err(fail)?)?;
    Ok(NearestRows { ids, scores })
}

/// What a search did.
#[napi(object, object_from_js = false)]
pub struct Searched {
    /// The ids of the rows that were read.
    pub read: Float64Array,
    /// Whether what was left is scored.
    pub is_done: bool,
}

/// How the rows that codes leave are scored.
#[napi(object, object_to_js = false)]
pub struct Scoring {
    /// Rows of a query in the first round, and at most in any.
    pub first: f64,
    pub most: f64,
    /// When more rows than this are left, none is scored.
    pub enough: f64,
}

#[derive(Clone, Copy)]
struct Rounds {
    first: usize,
    most: usize,
    enough: usize,
}

impl Rounds {
    fn of(scoring: &Scoring) -> Result<Self> {
        let Scoring { first, most, enough } = scoring;
        Ok(Self {
            first: size("first", *first)?,
            most: size("most", *most)?,
            enough: size("enough", *enough)?,
        })
    }
}

struct Inputs {
    cascade: Arc<scan::Cascade>,
    lists: Vec<CodeList>,
    rows: RowParts,
}

impl Inputs {
    fn rows(&self) -> Result<MappedRows<'_>> {
        self.rows.of(self.cascade.row_bytes())
    }

    /// One pass over the lists. The ids of the rows that were read.
    fn scan(&self, rows: &MappedRows<'_>, listed: &Listed) -> Result<Vec<u64>> {
        let scan =
            |codes: &[scan::Codes<'_>], share: &Share| self.cascade.scan_with(codes, share, Some(rows));
        scan_share(scan, &self.lists, listed)
    }

    /// Scores what is left, unless that is too much; `read` are the rows that the scan has read.
    fn refine(&self, rows: &MappedRows<'_>, rounds: Rounds, mut read: Vec<u64>) -> Result<Searched> {
        let is_done = self.cascade.left() <= rounds.enough;
        if is_done {
            read.extend(self.cascade.refine(rows, rounds.first, rounds.most)?);
        }
        Ok(Searched { read: numbers(read), is_done })
    }
}

#[napi]
impl Cascade {
    /// Scans the lists, and scores what they leave, unless that is too much.
    #[napi(catch_unwind)]
    pub fn search<'env>(
        &self,
        env: &'env Env,
        lists: Vec<CodeList>,
        rows: &RowParts,
        scoring: Scoring,
    ) -> napi::Result<Object<'env>> {
        let parts = scan_parts(&lists).map_err(fail)?;
        let rounds = Rounds::of(&scoring).map_err(fail)?;
        let inputs = Inputs { cascade: Arc::clone(&self.0), lists, rows: rows.clone() };
        let (waiting, read) = (AtomicUsize::new(parts), Mutex::new(Vec::new()));
        spawn_parts(
            env,
            inputs,
            parts,
            move |inputs| Listed::new(&inputs.lists, parts),
            move |inputs, listed, _| {
                let rows = inputs.rows()?;
                let found = inputs.scan(&rows, listed)?;
                let lock = || read.lock().unwrap_or_else(PoisonError::into_inner);
                lock().extend(found);
                // Who is the last to scan scores: a turn of the pool would take longer.
                if waiting.fetch_sub(1, Ordering::AcqRel) > 1 {
                    return Ok(None);
                }
                let read = std::mem::take(&mut *lock());
                inputs.refine(&rows, rounds, read).map(Some)
            },
            |one, other| one.or(other),
        )
    }

    /// The same on the event loop.
    #[napi(catch_unwind)]
    pub fn search_now(
        &self,
        lists: Vec<CodeList>,
        rows: &RowParts,
        scoring: Scoring,
    ) -> napi::Result<Searched> {
        let search = || {
            let rounds = Rounds::of(&scoring)?;
            let inputs = Inputs { cascade: Arc::clone(&self.0), lists, rows: rows.clone() };
            let rows = inputs.rows()?;
            let read = inputs.scan(&rows, &Listed::new(&inputs.lists, 1)?)?;
            inputs.refine(&rows, rounds, read)
        };
        search().map_err(fail)
    }

    /// Scores of each query the `count` rows with the best bounds, by all threads. The ids of those that were
    /// not read before.
    #[napi(catch_unwind)]
    pub fn score_in_memory<'env>(
        &self,
        env: &'env Env,
        rows: &RowParts,
        count: f64,
    ) -> napi::Result<Object<'env>> {
        let parts = pool().map_err(fail)?.threads;
        let count = size("count", count).map_err(fail)?;
        let inputs = Inputs { cascade: Arc::clone(&self.0), lists: Vec::new(), rows: rows.clone() };
        spawn_parts(
            env,
            inputs,
            parts,
            move |inputs| {
                inputs.cascade.next(count);
                Ok(inputs.cascade.unread())
            },
            move |inputs, unread: &Vec<u64>, part| {
                inputs.cascade.score_mapped(&inputs.rows()?, part, parts)?;
                Ok((part == 0).then(|| numbers(unread.iter().copied())))
            },
            |one, other| one.or(other),
        )
    }
}
