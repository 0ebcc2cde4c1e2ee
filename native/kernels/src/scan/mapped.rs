//! Rows that lie in memory beside their codes: what codes leave is read at once, and tightens the threshold
//! for the rest.

use std::sync::PoisonError;

use super::cascade::{Cascade, check_row, prefetch_row};
use super::keeper::Keeper;
use super::pass::Bounds;
use super::{ExactScan, Partition};
use crate::topk::{Candidate, Hit};
use crate::{Error, Result};

/// Rows by their ids. None of their bytes is believed: each row is compared with the checksum that its code
/// has of it.
pub struct MappedRows<'a> {
    row_bytes: usize,
    /// The id of the first row and the bytes of all, ascending by id.
    parts: Vec<(u64, &'a [u8])>,
}

/// Chunks of a pass after which its best rows are read first; then whenever there are four times as many.
const FIRST_BOUNDED: usize = 8;

impl<'a> MappedRows<'a> {
    /// Parts ascend by their ids and do not overlap.
    pub fn new(row_bytes: usize, parts: Vec<(u64, &'a [u8])>) -> Result<Self> {
        let mut end = 0;
        for &(first_id, rows) in &parts {
            if !rows.len().is_multiple_of(row_bytes) || first_id < end {
                return Err(Error::invalid("rows in memory are whole rows, and their ids ascend"));
            }
            end = first_id.saturating_add((rows.len() / row_bytes) as u64);
        }
        Ok(Self { row_bytes, parts })
    }

    fn find(&self, id: u64) -> Option<&'a [u8]> {
        let after = self.parts.partition_point(|&(first_id, _)| first_id <= id);
        let (first_id, rows) = self.parts.get(after.checked_sub(1)?)?;
        let start = usize::try_from(id - first_id).ok()?.checked_mul(self.row_bytes)?;
        rows.get(start..start.checked_add(self.row_bytes)?)
    }

    /// `Corrupt` for an id that no row has.
    fn row(&self, id: u64) -> Result<&'a [u8]> {
        self.find(id).ok_or_else(|| Error::corrupt(format!("codes name row {id}, which is not there")))
    }
}

/// Reads the best rows of a pass now and then while it goes on, where rows are at hand: the thresholds are
/// then as tight as scores.
pub struct Ahead<'a> {
    rows: Option<&'a MappedRows<'a>>,
    /// The ids of the rows that were read.
    pub read: Vec<u64>,
    scanned: usize,
    bound_at: usize,
}

impl<'a> Ahead<'a> {
    pub fn new(rows: Option<&'a MappedRows<'a>>) -> Self {
        Self { rows, read: Vec::new(), scanned: 0, bound_at: FIRST_BOUNDED }
    }

    /// One more chunk was scanned.
    pub fn chunk_scanned(&mut self, keeper: &mut Keeper<'_>) -> Result<()> {
        self.scanned += 1;
        if self.scanned < self.bound_at {
            return Ok(());
        }
        self.bound_at *= 4;
        self.bound(keeper)
    }

    pub fn bound(&mut self, keeper: &mut Keeper<'_>) -> Result<()> {
        if let Some(rows) = self.rows {
            for q in 0..keeper.candidates.len() {
                self.read.extend(keeper.bound_best(q, rows)?);
            }
        }
        Ok(())
    }
}

/// Rows that are copied side by side to be scanned: they fit the second cache of a core.
const COPIED_BYTES: usize = 128 << 10;

impl ExactScan {
    /// Scans the rows of some ids, which ascend. `InvalidArgument` for an id of no row.
    pub fn scan_some(&self, rows: &MappedRows<'_>, ids: &[u64]) -> Result<()> {
        let row_bytes = self.row_bytes();
        let mut copied = Vec::with_capacity(COPIED_BYTES.max(row_bytes));
        for some in ids.chunks((COPIED_BYTES / row_bytes).max(1)) {
            copied.clear();
            for &id in some {
                let row = rows.find(id).ok_or_else(|| Error::invalid(format!("no row has the id {id}")))?;
                copied.extend_from_slice(row);
            }
            let part = Partition { rows: &copied, first_id: 0, ids: Some(some), dead: None };
            self.scan(&part, 0..some.len())?;
        }
        Ok(())
    }
}

impl Cascade {
    /// Scores the rows that the bounds left, of each query `first` in the first round and then four times as
    /// many each, `most` at most. Gives the ids of the rows that were read here first.
    pub fn refine(&self, rows: &MappedRows<'_>, first: usize, most: usize) -> Result<Vec<u64>> {
        let (mut count, mut read) = (first, Vec::new());
        loop {
            if self.next(count.min(most).max(1)).is_empty() {
                return Ok(read);
            }
            read.extend(self.unread());
            self.score_mapped(rows, 0, 1)?;
            count = count.saturating_mul(4);
        }
    }

    /// Scores what `next` asked for, the part of this number of `of`.
    pub fn score_mapped(&self, rows: &MappedRows<'_>, part: usize, of: usize) -> Result<()> {
        self.score_asked(&self.asked(part..part + 1, of), |id| rows.row(id))
    }

    /// Bounds rows of one query by themselves, those that were not yet. The k-th least of their upper bounds
    /// is one of the k-th key, as a score would be, but takes no exact arithmetic. Gives the ids of what was
    /// read.
    pub(super) fn bound_ahead(
        &self,
        q: usize,
        candidates: &mut [Candidate],
        rows: &MappedRows<'_>,
    ) -> Result<Vec<u64>> {
        let bounds = Bounds::new(&self.scan);
        let mut read = Vec::with_capacity(candidates.len());
        let (mut found, mut widened) = (Vec::with_capacity(candidates.len()), Vec::new());
        for candidate in candidates.iter().filter(|candidate| !candidate.is_read) {
            prefetch_row(rows.row(candidate.id)?);
        }
        for candidate in candidates.iter_mut().filter(|candidate| !candidate.is_read) {
            let (id, row) = (candidate.id, rows.row(candidate.id)?);
            check_row(candidate, row)?;
            let (low, high) = bounds.of_row(self.first + q, row, &mut widened);
            *candidate = Candidate {
                low: low.max(candidate.low),
                high: high.min(candidate.high),
                is_read: true,
                ..*candidate
            };
            if candidate.high < f64::INFINITY {
                found.push(Hit { key: candidate.high, score: candidate.high, id, estimated: false });
            }
            read.push(id);
        }
        // The lock is not held while rows are read: a thread that waits for it goes to sleep, and where it
        // wakes is up to the system.
        let mut highs = self.highs[q].lock().unwrap_or_else(PoisonError::into_inner);
        found.into_iter().for_each(|hit| highs.push(hit));
        self.best(q).lower(highs.threshold());
        Ok(read)
    }
}
