//! One query over codes: high nibbles first, low ones for the rows that are left.

use std::ops::Range;

use super::cascade::{Cascade, Codes, Keeper};
use crate::Result;
use crate::codes::layout::Record;
use crate::codes::query::{Columns, Factors, rows_of_block};
use crate::codes::{CHUNK_ROWS, LANES};
use crate::topk::Candidates;

/// Rows that wait at most.
const WAITING: usize = 1 << 16;
/// So far ahead of its use a row of low nibbles is fetched.
const AHEAD: usize = 16;

/// A row that its high nibbles left. It waits for its low ones until the threshold is as low as it gets,
/// unless it may itself lower it.
struct Waiting<'a> {
    codes: &'a Codes<'a>,
    query: u32,
    /// In the list, and where its record is.
    row: u32,
    record: usize,
    value: f32,
    /// The sums of its high nibbles.
    sums: [i32; 2],
    factors: Factors,
}

pub struct CoarsePass<'a> {
    cascade: &'a Cascade,
    keeper: Keeper<'a>,
    waiting: Vec<Waiting<'a>>,
}

impl<'a> CoarsePass<'a> {
    pub fn new(cascade: &'a Cascade) -> Self {
        Self { cascade, keeper: Keeper::new(cascade), waiting: Vec::new() }
    }

    /// Scans some chunks of each of the lists.
    pub fn run(mut self, lists: Vec<(&'a Codes<'a>, Range<usize>)>) -> Result<Vec<Candidates>> {
        for (codes, chunks) in lists {
            for index in chunks {
                self.cascade.check()?;
                self.scan_chunk(codes, index)?;
                if self.waiting.len() >= WAITING {
                    self.settle();
                }
            }
        }
        self.settle();
        Ok(self.keeper.candidates)
    }

    fn scan_chunk(&mut self, codes: &'a Codes<'a>, index: usize) -> Result<()> {
        let chunk = codes.chunk(self.cascade, index)?;
        let columns = Columns::of(chunk, self.cascade.metric());
        let (records, stride) = (codes.records_at(self.cascade, index), chunk.layout.record_bytes());
        let kernels = &self.cascade.kernels;
        for block in 0..chunk.rows.div_ceil(LANES) {
            let high = chunk.high_block(block);
            for (q, limbs) in self.cascade.vectors.iter().enumerate() {
                let found = kernels.coarse(self.keeper.rule(q), &columns, block, high, limbs);
                let mut left = found.rows & rows_of_block(chunk.rows, block);
                while left != 0 {
                    let lane = left.trailing_zeros() as usize;
                    left &= left - 1;
                    let (row, value) = (block * LANES + lane, found.values[lane]);
                    let (query, in_list) = (q as u32, (index * CHUNK_ROWS + row) as u32);
                    let sums = found.sums.map(|sums| sums[lane]);
                    let (record, factors) = (records + row * stride, columns.row(row));
                    let waiting = Waiting { codes, query, row: in_list, record, value, sums, factors };
                    if self.keeper.rule(q).is_near(value, columns.error[row], &factors) {
                        self.keep(&waiting);
                    } else {
                        self.waiting.push(waiting);
                    }
                }
            }
        }
        Ok(())
    }

    fn settle(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        let keeper = &self.keeper;
        waiting.retain(|row| keeper.rule(row.query as usize).leaves(row.value, &row.factors));
        for (i, row) in waiting.iter().enumerate() {
            if let Some(next) = waiting.get(i + AHEAD) {
                self.record(next).prefetch();
            }
            if self.keeper.rule(row.query as usize).leaves(row.value, &row.factors) {
                self.keep(row);
            }
        }
        waiting.clear();
        self.waiting = waiting;
    }

    fn record(&self, waiting: &Waiting<'a>) -> Record<'a> {
        let bytes = self.cascade.transform.layout.record_bytes();
        Record(&waiting.codes.bytes[waiting.record..waiting.record + bytes])
    }

    fn keep(&mut self, waiting: &Waiting<'a>) {
        let (q, record) = (waiting.query as usize, self.record(waiting));
        let limbs = self.cascade.queries[q].halves();
        let low = self.cascade.kernels.row(record.low_nibbles(), limbs);
        let sum = |i: usize| 16 * i64::from(waiting.sums[i]) + i64::from(low[i]);
        let sums = [sum(0), sum(1)];
        // Rules most of them out by a tenth of the arithmetic of their bounds.
        if self.keeper.rule(q).leaves_whole(sums, record.fine_error(), &waiting.factors) {
            let place = (waiting.codes, waiting.row as usize);
            self.keeper.keep(q, place, record, &waiting.factors, sums);
        }
    }
}
