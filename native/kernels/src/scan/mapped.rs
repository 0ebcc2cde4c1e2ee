//! Rows that lie in memory beside their codes: what codes leave is scored at once, and its scores tighten the
//! threshold for the rest.

use super::cascade::{Cascade, Keeper};
use crate::topk::Candidate;
use crate::{Error, Result};

/// Rows by their ids. None of their bytes is believed: each row is compared with the checksum that its code
/// has of it.
pub struct MappedRows<'a> {
    row_bytes: usize,
    /// The id of the first row and the bytes of all, ascending by id.
    parts: Vec<(u64, &'a [u8])>,
}

/// Chunks of a pass after which its best rows are scored first; then whenever there are four times as many.
const FIRST_SCORED: usize = 8;

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

    /// `Corrupt` for an id that no row has.
    fn row(&self, id: u64) -> Result<&'a [u8]> {
        let find = || {
            let after = self.parts.partition_point(|&(first_id, _)| first_id <= id);
            let (first_id, rows) = self.parts.get(after.checked_sub(1)?)?;
            let start = usize::try_from(id - first_id).ok()?.checked_mul(self.row_bytes)?;
            rows.get(start..start.checked_add(self.row_bytes)?)
        };
        find().ok_or_else(|| Error::corrupt(format!("codes name row {id}, which is not there")))
    }
}

/// Scores the best rows of a pass now and then while it goes on, where rows are at hand: the thresholds are
/// scores then, and no bounds of them.
pub struct Ahead<'a> {
    rows: Option<&'a MappedRows<'a>>,
    /// The ids of the rows that were read.
    pub read: Vec<u64>,
    scanned: usize,
    score_at: usize,
}

impl<'a> Ahead<'a> {
    pub fn new(rows: Option<&'a MappedRows<'a>>) -> Self {
        Self { rows, read: Vec::new(), scanned: 0, score_at: FIRST_SCORED }
    }

    /// One more chunk was scanned.
    pub fn chunk_scanned(&mut self, keeper: &mut Keeper<'_>) -> Result<()> {
        self.scanned += 1;
        if self.scanned < self.score_at {
            return Ok(());
        }
        self.score_at *= 4;
        self.score(keeper)
    }

    pub fn score(&mut self, keeper: &mut Keeper<'_>) -> Result<()> {
        if let Some(rows) = self.rows {
            for q in 0..keeper.candidates.len() {
                self.read.extend(keeper.score_best(q, rows)?);
            }
        }
        Ok(())
    }
}

impl Cascade {
    /// Rows of the scan, by the id of the first and their bytes; ids ascend.
    pub fn rows_in_memory<'a>(&self, parts: impl Iterator<Item = (u64, &'a [u8])>) -> Result<MappedRows<'a>> {
        MappedRows::new(self.row_bytes(), parts.collect())
    }

    /// Scores the rows that the bounds left, of each query `first` in the first round and then four times as
    /// many each, `most` at most. Gives the ids of the rows that were read.
    pub fn refine(&self, rows: &MappedRows<'_>, first: usize, most: usize) -> Result<Vec<u64>> {
        let (mut count, mut read) = (first, Vec::new());
        loop {
            let ids = self.next(count.min(most).max(1));
            if ids.is_empty() {
                return Ok(read);
            }
            self.score_mapped(rows, 0, 1)?;
            read.extend(ids);
            count = count.saturating_mul(4);
        }
    }

    /// Scores what `next` asked for, the part of this number of `of`.
    pub fn score_mapped(&self, rows: &MappedRows<'_>, part: usize, of: usize) -> Result<()> {
        self.score_asked(&self.asked(part..part + 1, of), |id| rows.row(id))
    }

    /// Scores rows of one query ahead of all others.
    pub(super) fn score_ahead(&self, q: usize, ahead: &[Candidate], rows: &MappedRows<'_>) -> Result<()> {
        let asked: Vec<_> = ahead.iter().map(|&candidate| (q, candidate)).collect();
        self.score_asked(&asked, |id| rows.row(id))
    }
}
