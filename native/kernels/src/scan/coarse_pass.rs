//! One query over codes: high nibbles first, low ones for the rows that are left.

use std::cell::RefCell;

use super::cascade::{Cascade, Codes, MANY};
use super::keeper::Keeper;
use super::mapped::{Ahead, MappedRows};
use super::share::Places;
use crate::Result;
use crate::arch::{AHEAD, CodeKernels, LeftCoarse, RECORDS, prefetch};
use crate::codes::layout::Record;
use crate::codes::query::{Columns, rows_of_block};
use crate::codes::{CHUNK_ROWS, Chunk, LANES, Norms};
use crate::distance::Metric;
use crate::topk::Candidates;

/// Rows that wait at most.
const WAITING: usize = 1 << 16;
/// So far ahead of its use a row of low nibbles is fetched.
const RECORDS_AHEAD: usize = 20;

/// A row that its high nibbles left. It waits for its low ones until the threshold is as low as it gets,
/// unless it may itself lower it. Small, for there are tens of thousands.
struct Waiting {
    /// Of those that the pass scans, and the row in it.
    list: u32,
    row: u32,
    /// Where its record is.
    record: usize,
    value: f32,
    /// The sums of its high nibbles.
    sums: [i32; 2],
    scale: f32,
    rest: f32,
    norm: f32,
}

/// Bytes of a list of waiting rows that is kept for the next pass.
const SPARE_BYTES: usize = 2 << 20;

thread_local! {
    /// Lists of passes of this thread that are over. To ask the system for them anew takes it a fault for
    /// each page, and to give them back a word to all processors: more than a second thread gains.
    static SPARE: RefCell<Vec<Vec<Waiting>>> = const { RefCell::new(Vec::new()) };
}

fn spare() -> Vec<Waiting> {
    SPARE.with_borrow_mut(|spare| spare.pop().unwrap_or_default())
}

fn keep_spare(mut list: Vec<Waiting>) {
    list.clear();
    SPARE.with_borrow_mut(|spare| {
        // As many as a pass has queries.
        if spare.len() < MANY && list.capacity() * size_of::<Waiting>() <= SPARE_BYTES {
            spare.push(list);
        }
    });
}

pub struct CoarsePass<'a> {
    cascade: &'a Cascade,
    keeper: Keeper<'a>,
    /// Of each query.
    waiting: Vec<Vec<Waiting>>,
    /// Those that may lower the threshold: they are looked at as soon as their records are in the cache.
    near: Vec<Vec<Waiting>>,
    lists: &'a [Codes<'a>],
    ahead: Ahead<'a>,
}

impl<'a> CoarsePass<'a> {
    pub fn new(
        cascade: &'a Cascade,
        lists: &'a [Codes<'a>],
        norms: Norms,
        rows: Option<&'a MappedRows<'a>>,
    ) -> Self {
        let waiting = cascade.vectors.iter().map(|_| spare()).collect();
        let near = cascade.vectors.iter().map(|_| Vec::new()).collect();
        let keeper = Keeper::new(cascade, norms);
        Self { cascade, keeper, waiting, near, lists, ahead: Ahead::new(rows) }
    }

    /// Scans some chunks of the lists.
    pub fn run(mut self, places: Places<'_>) -> Result<(Vec<Candidates>, Vec<u64>)> {
        let mut places = places.map(|(list, index)| (list as u32, index)).peekable();
        while let Some((list, index)) = places.next() {
            self.cascade.check()?;
            let chunk_of = |(list, index)| self.list(list).chunk(self.cascade, index);
            let (chunk, next) = (chunk_of((list, index))?, places.peek().copied().map(chunk_of).transpose()?);
            self.scan_chunk((list, index), chunk, next);
            self.ahead.chunk_scanned(&mut self.keeper)?;
            if self.waiting.iter().any(|waiting| waiting.len() >= WAITING) {
                self.settle()?;
            }
        }
        self.settle()?;
        self.waiting.into_iter().for_each(keep_spare);
        Ok((self.keeper.candidates, self.ahead.read))
    }

    fn list(&self, list: u32) -> &'a Codes<'a> {
        &self.lists[list as usize]
    }

    /// Scans a chunk, the one of this index of a list; `next` is scanned after it.
    fn scan_chunk(&mut self, (list, index): (u32, usize), chunk: Chunk<'a>, next: Option<Chunk<'a>>) {
        let codes = self.list(list);
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
                if self.near[q].len() >= RECORDS {
                    self.keep_near(q);
                }
                // By reference: it is large, and mostly there is nothing in it.
                let found = &kernels.coarse(self.keeper.rule(q, codes), &columns, block, high, limbs);
                let LeftCoarse { left: found, near, rest } = found;
                let mut left = found.rows & rows_of_block(chunk.rows, block);
                self.waiting[q].reserve(left.count_ones() as usize);
                while left != 0 {
                    let lane = left.trailing_zeros() as usize;
                    left &= left - 1;
                    let row = block * LANES + lane;
                    let waiting = Waiting {
                        list,
                        row: (index * CHUNK_ROWS + row) as u32,
                        record: records + row * stride,
                        value: found.values[lane],
                        sums: [found.sums[0][lane], found.sums[1][lane]],
                        scale: columns.scale[row],
                        rest: rest[lane],
                        // No other metric reads that column, and to miss the cache costs more than all else.
                        norm: if metric == Metric::Cosine { columns.norm[row] } else { 0.0 },
                    };
                    if near & 1 << lane == 0 {
                        self.waiting[q].push(waiting);
                    } else {
                        self.record(&waiting).prefetch();
                        self.near[q].push(waiting);
                    }
                }
            }
        }
        (0..self.near.len()).for_each(|q| self.keep_near(q));
    }

    fn keep_near(&mut self, q: usize) {
        let mut near = std::mem::take(&mut self.near[q]);
        let (groups, rest) = near.as_chunks::<RECORDS>();
        groups.iter().for_each(|group| self.keep_all(q, group.each_ref(), CodeKernels::rows));
        rest.iter().for_each(|row| self.keep_one(q, row));
        near.clear();
        self.near[q] = near;
    }

    /// Looks at the low nibbles of the rows that wait and that the thresholds of now do not rule out.
    fn settle(&mut self) -> Result<()> {
        self.ahead.bound(&mut self.keeper)?;
        for q in 0..self.waiting.len() {
            let mut waiting = std::mem::take(&mut self.waiting[q]);
            // Those that are left move to the front.
            let (mut left, mut done) = (0, 0);
            for at in 0..waiting.len() {
                let row = &waiting[at];
                if !self.keeper.rule(q, self.list(row.list)).leaves(row.value, row.norm) {
                    continue;
                }
                self.record(row).prefetch();
                waiting.swap(left, at);
                left += 1;
                if left == done + RECORDS_AHEAD {
                    self.keep_all(q, std::array::from_fn(|i| &waiting[done + i]), CodeKernels::rows);
                    done += RECORDS;
                }
            }
            let (groups, rest) = waiting[done..left].as_chunks::<RECORDS>();
            for group in groups {
                self.keep_all(q, group.each_ref(), CodeKernels::rows);
            }
            for row in rest {
                self.keep_one(q, row);
            }
            waiting.clear();
            self.waiting[q] = waiting;
        }
        Ok(())
    }

    fn record(&self, row: &Waiting) -> Record<'a> {
        let bytes = self.cascade.transform.layout.record_bytes();
        Record(&self.list(row.list).bytes[row.record..row.record + bytes])
    }

    fn keep_one(&mut self, q: usize, row: &Waiting) {
        self.keep_all(q, [row], |kernels, [row], limbs| [kernels.row(row, limbs)]);
    }

    /// Keeps those of some rows that their whole codes do not rule out.
    fn keep_all<const R: usize>(
        &mut self,
        q: usize,
        rows: [&Waiting; R],
        sums: impl Fn(&CodeKernels, [&[u8]; R], [&[i8]; 2]) -> [[i32; 2]; R],
    ) {
        let records = rows.map(|row| self.record(row));
        let limbs = self.cascade.queries[q].halves();
        let low = sums(&self.cascade.kernels, records.map(Record::low_nibbles), limbs);
        for ((waiting, record), low) in rows.into_iter().zip(records).zip(low) {
            let &Waiting { list, row, sums, scale, rest, norm, .. } = waiting;
            let codes = self.list(list);
            let sum = |i: usize| 16 * i64::from(sums[i]) + i64::from(low[i]);
            let sums = [sum(0), sum(1)];
            // Rules most of them out by a tenth of the arithmetic of their bounds.
            if self.keeper.rule(q, codes).leaves_whole(sums, record.fine_error(), scale, rest, norm) {
                let factors = codes.factors(self.cascade, row as usize);
                self.keeper.keep(q, (codes, row as usize), record, &factors, sums);
            }
        }
    }
}
