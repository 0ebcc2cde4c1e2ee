//! One query over codes: high nibbles first, low ones for the rows that are left.

use std::ops::Range;

use super::cascade::{Cascade, Codes, Keeper};
use crate::Result;
use crate::codes::query::{Columns, Factors, rows_of_block};
use crate::codes::{CHUNK_ROWS, LANES};
use crate::topk::Candidates;

/// Rows that wait at most.
const WAITING: usize = 1 << 16;
/// So far ahead of its use a row of low nibbles is fetched.
const AHEAD: usize = 16;

/// A row that its high nibbles left. It waits for its low ones until the threshold is as low as it gets,
/// unless it may itself lower it.
struct Waiting {
    query: u32,
    /// In the list.
    row: u32,
    value: f32,
    /// The sums of its high nibbles.
    sums: [i32; 2],
    factors: Factors,
}

pub struct CoarsePass<'a> {
    cascade: &'a Cascade,
    codes: &'a Codes<'a>,
    keeper: Keeper<'a>,
    waiting: Vec<Waiting>,
}

impl<'a> CoarsePass<'a> {
    pub fn new(cascade: &'a Cascade, codes: &'a Codes<'a>) -> Self {
        let keeper = Keeper::new(cascade, codes);
        Self { cascade, codes, keeper, waiting: Vec::new() }
    }

    pub fn run(mut self, chunks: Range<usize>) -> Result<Vec<Candidates>> {
        for index in chunks {
            self.cascade.check()?;
            self.scan_chunk(index)?;
            if self.waiting.len() >= WAITING {
                self.settle()?;
            }
        }
        self.settle()?;
        Ok(self.keeper.candidates)
    }

    fn scan_chunk(&mut self, index: usize) -> Result<()> {
        let chunk = self.codes.chunk(self.cascade, index)?;
        let columns = Columns::of(chunk, self.cascade.metric());
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
                    let waiting = Waiting { query, row: in_list, value, sums, factors: columns.row(row) };
                    if self.keeper.rule(q).is_near(&columns, row, value) {
                        self.keep(&waiting)?;
                    } else {
                        self.waiting.push(waiting);
                    }
                }
            }
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        let mut waiting = std::mem::take(&mut self.waiting);
        let keeper = &self.keeper;
        waiting.retain(|row| keeper.rule(row.query as usize).leaves(row.value));
        for (i, row) in waiting.iter().enumerate() {
            if let Some(next) = waiting.get(i + AHEAD) {
                let row = next.row as usize;
                self.codes.chunk(self.cascade, row / CHUNK_ROWS)?.record(row % CHUNK_ROWS).prefetch();
            }
            if self.keeper.rule(row.query as usize).leaves(row.value) {
                self.keep(row)?;
            }
        }
        waiting.clear();
        self.waiting = waiting;
        Ok(())
    }

    fn keep(&mut self, waiting: &Waiting) -> Result<()> {
        let (q, row) = (waiting.query as usize, waiting.row as usize);
        let record = self.codes.chunk(self.cascade, row / CHUNK_ROWS)?.record(row % CHUNK_ROWS);
        let limbs = self.cascade.queries[q].halves();
        let low = self.cascade.kernels.row(record.low_nibbles(), limbs);
        let sum = |i: usize| 16 * i64::from(waiting.sums[i]) + i64::from(low[i]);
        self.keeper.keep(q, record, row, &waiting.factors, [sum(0), sum(1)]);
        Ok(())
    }
}
