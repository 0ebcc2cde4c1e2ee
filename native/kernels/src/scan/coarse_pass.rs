//! One query over codes: high nibbles first, low ones for the rows that are left.

use std::ops::Range;

use super::cascade::{Cascade, Codes, Keeper};
use super::mapped::{Ahead, MappedRows};
use crate::Result;
use crate::arch::{AHEAD, prefetch};
use crate::codes::layout::Record;
use crate::codes::query::{Columns, Factors, rows_of_block};
use crate::codes::{CHUNK_ROWS, Chunk, LANES, Norms};
use crate::topk::Candidates;

/// Rows that wait at most.
const WAITING: usize = 1 << 16;
/// So far ahead of its use a row of low nibbles is fetched.
const RECORDS_AHEAD: usize = 16;

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
    ahead: Ahead<'a>,
}

impl<'a> CoarsePass<'a> {
    pub fn new(cascade: &'a Cascade, norms: Norms, rows: Option<&'a MappedRows<'a>>) -> Self {
        Self { cascade, keeper: Keeper::new(cascade, norms), waiting: Vec::new(), ahead: Ahead::new(rows) }
    }

    /// Scans some chunks of each of the lists.
    pub fn run(mut self, lists: Vec<(&'a Codes<'a>, Range<usize>)>) -> Result<(Vec<Candidates>, Vec<u64>)> {
        let places = lists.into_iter().flat_map(|(codes, chunks)| chunks.map(move |index| (codes, index)));
        let mut places = places.peekable();
        while let Some((codes, index)) = places.next() {
            self.cascade.check()?;
            let chunk = codes.chunk(self.cascade, index)?;
            let next = places.peek().map(|&(codes, index)| codes.chunk(self.cascade, index)).transpose()?;
            self.scan_chunk((codes, index), chunk, next);
            self.ahead.chunk_scanned(&mut self.keeper)?;
            if self.waiting.len() >= WAITING {
                self.settle()?;
            }
        }
        self.settle()?;
        Ok((self.keeper.candidates, self.ahead.read))
    }

    /// Scans a chunk, the one of this index of a list; `next` is scanned after it.
    fn scan_chunk(
        &mut self,
        (codes, index): (&'a Codes<'a>, usize),
        chunk: Chunk<'a>,
        next: Option<Chunk<'a>>,
    ) {
        let metric = codes.metric(self.cascade);
        let columns = Columns::of(chunk, metric);
        let next_starts = next.map_or(columns, |next| Columns::of(next, metric)).starts();
        let (blocks, block_bytes) = (chunk.blocks(), LANES * chunk.layout.plane_bytes());
        let far = AHEAD.div_ceil(block_bytes);
        let (records, stride) = (codes.records_at(self.cascade, index), chunk.layout.record_bytes());
        let kernels = &self.cascade.kernels;
        for block in 0..blocks {
            // The hardware stops at the end of a page, and of the plane.
            for start in next_starts {
                prefetch(start.wrapping_add(block * LANES).cast());
            }
            let high = chunk.high_block(block);
            let ahead = match ((block + far).checked_sub(blocks), next) {
                (None, _) => chunk.high_block(block + far),
                (Some(block), Some(next)) if block < next.blocks() => next.high_block(block),
                _ => high,
            };
            let high = [high, ahead];
            for (q, limbs) in self.cascade.vectors.iter().enumerate() {
                let found = kernels.coarse(self.keeper.rule(q, codes), &columns, block, high, limbs);
                let mut left = found.rows & rows_of_block(chunk.rows, block);
                while left != 0 {
                    let lane = left.trailing_zeros() as usize;
                    left &= left - 1;
                    let (row, value) = (block * LANES + lane, found.values[lane]);
                    let (query, in_list) = (q as u32, (index * CHUNK_ROWS + row) as u32);
                    let sums = found.sums.map(|sums| sums[lane]);
                    let (record, factors) = (records + row * stride, columns.row(row));
                    let waiting = Waiting { codes, query, row: in_list, record, value, sums, factors };
                    if self.keeper.rule(q, codes).is_near(value, columns.error[row], &factors) {
                        self.keep(&waiting);
                    } else {
                        self.waiting.push(waiting);
                    }
                }
            }
        }
    }

    fn settle(&mut self) -> Result<()> {
        self.ahead.score(&mut self.keeper)?;
        let mut waiting = std::mem::take(&mut self.waiting);
        let keeper = &self.keeper;
        waiting.retain(|row| keeper.rule(row.query as usize, row.codes).leaves(row.value, &row.factors));
        for (i, row) in waiting.iter().enumerate() {
            if let Some(next) = waiting.get(i + RECORDS_AHEAD) {
                self.record(next).prefetch();
            }
            if self.keeper.rule(row.query as usize, row.codes).leaves(row.value, &row.factors) {
                self.keep(row);
            }
        }
        waiting.clear();
        self.waiting = waiting;
        Ok(())
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
        if self.keeper.rule(q, waiting.codes).leaves_whole(sums, record.fine_error(), &waiting.factors) {
            let place = (waiting.codes, waiting.row as usize);
            let factors = waiting.codes.all_factors(self.cascade, place.1, waiting.factors);
            self.keeper.keep(q, place, record, &factors, sums);
        }
    }
}
