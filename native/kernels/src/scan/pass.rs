//! One pass over a range of the rows of a partition, by a metric of products.

use std::ops::Range;

use super::{Dtype, ExactScan, Metric, Partition, Wide};
use crate::arch::QUERY_BLOCK;
use crate::distance::score::{Score, integer_key, integer_score, score as float_score};
use crate::distance::{Query, float};
use crate::mutants::{self, Mutant, at_most, drops_tie};
use crate::topk::{Candidate, Candidates, Hit};

/// Bytes of rows, as the kernels read them, that a tile holds: half of a small second-level cache.
pub const TILE_BYTES: usize = 128 << 10;
/// Candidates of one query that wait for their scores; when more overlap, those are worked out at once.
const WAITING: usize = 1024;

const UNBOUNDED: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

/// Sums of squares that can be relied on for rows of float64: what underflow took from them, or from products
/// with a tame query, is far below the error that is counted with anyway, and their product with the squared
/// length of such a query stays within float64.
const ORDINARY: Range<f64> = 1e-150..1e150;

pub struct Pass<'a> {
    scan: &'a ExactScan,
    partition: &'a Partition<'a>,
    /// Of each query.
    candidates: Vec<Candidates>,
    bounds: Bounds<'a>,
}

/// A row of the tile.
struct Row {
    index: usize,
    id: u64,
    /// The squared length, where the bounds need it: exact in integers, or computed in float64.
    integer_norm: i64,
    norm: f64,
}

impl<'a> Pass<'a> {
    pub fn new(scan: &'a ExactScan, partition: &'a Partition<'a>) -> Self {
        let candidates = scan.queries.iter().map(|_| Candidates::new(scan.k)).collect();
        Self { scan, partition, candidates, bounds: Bounds::new(scan) }
    }

    pub fn run(mut self, range: Range<usize>) {
        let tile_rows = (TILE_BYTES / (self.scan.wide.bytes() * self.scan.dimensions)).clamp(1, 1024);
        let (mut rows, mut widened) = (Vec::with_capacity(tile_rows), Vec::new());
        for start in range.clone().step_by(tile_rows) {
            if self.scan.cancel.is_set() {
                return;
            }
            let tile = start..range.end.min(start + tile_rows);
            rows.clear();
            rows.extend(tile.clone().filter_map(|index| self.row(index)));
            if !self.scan.integers.is_empty() {
                self.scan_integers(&mut rows);
            }
            if !self.scan.floats.is_empty() {
                let bytes = self.scan.dtype.widen(self.bytes(tile), &mut widened);
                self.scan_floats(start, bytes, &mut rows);
            }
        }
        self.finish();
    }

    /// Scores rows for one query each: pairs of both, by their places.
    pub fn run_pairs(mut self, pairs: impl Iterator<Item = (usize, usize)>) {
        let mut widened = Vec::new();
        for (q, index) in pairs {
            let Some(row) = self.row(index) else { continue };
            let bounds = self.bounds.of_row(q, self.row_bytes(index), &mut widened);
            self.offer(q, &row, bounds);
        }
        self.finish();
    }

    fn finish(mut self) {
        for q in 0..self.candidates.len() {
            self.settle(q);
        }
    }

    /// The row, unless it is dead.
    fn row(&self, index: usize) -> Option<Row> {
        let partition = self.partition;
        let id = partition.ids.map_or(partition.first_id + index as u64, |ids| ids[index]);
        let is_dead = partition.dead.is_some_and(|dead| dead.contains(id));
        (!is_dead).then_some(Row { index, id, integer_norm: 0, norm: 0.0 })
    }

    fn bytes(&self, rows: Range<usize>) -> &'a [u8] {
        let row_bytes = self.scan.row_bytes();
        &self.partition.rows[rows.start * row_bytes..rows.end * row_bytes]
    }

    fn row_bytes(&self, index: usize) -> &'a [u8] {
        self.bytes(index..index + 1)
    }

    fn scan_integers(&mut self, rows: &mut [Row]) {
        let scan = self.scan;
        if scan.metric != Metric::Dot {
            rows.iter_mut()
                .for_each(|row| row.integer_norm = scan.kernels.integer_norm(self.row_bytes(row.index)));
        }
        for block in scan.integers.chunks(QUERY_BLOCK) {
            if scan.cancel.is_set() {
                return;
            }
            let integers: Vec<_> = block.iter().flat_map(|&q| &scan.queries[q].integers).collect();
            let steps = integers.iter().map(|query| query.steps).min().unwrap_or(1);
            let values: Vec<_> = integers.iter().map(|query| &query.values).collect();
            let mut dots = [0; QUERY_BLOCK];
            let dots = &mut dots[..block.len()];
            for row in &*rows {
                scan.kernels.shorts(self.row_bytes(row.index), &values, steps, dots);
                for ((&q, &dot), query) in block.iter().zip(&*dots).zip(&integers) {
                    let bounds = integer_bounds(scan.metric, dot, row.integer_norm, query.norm);
                    self.offer(q, row, bounds);
                }
            }
        }
    }

    /// `tile` holds the rows from `start` on, widened.
    fn scan_floats(&mut self, start: usize, tile: &[u8], rows: &mut [Row]) {
        let (scan, row_bytes) = (self.scan, self.scan.wide.bytes() * self.scan.dimensions);
        let bytes = |row: &Row| &tile[(row.index - start) * row_bytes..][..row_bytes];
        if !scan.metric.is_l2() {
            rows.iter_mut().for_each(|row| row.norm = scan.kernels.norm(scan.wide, bytes(row)));
        }
        for block in scan.floats.chunks(QUERY_BLOCK) {
            if scan.cancel.is_set() {
                return;
            }
            let values: Vec<_> = block.iter().map(|&q| &scan.queries[q].values).collect();
            let mut sums = [0.0; QUERY_BLOCK];
            let sums = &mut sums[..block.len()];
            for row in &*rows {
                scan.kernels.floats(scan.wide, scan.metric.is_l2(), bytes(row), &values, sums);
                for (&q, &sum) in block.iter().zip(&*sums) {
                    let bounds = self.bounds.of_sum(sum, row.norm, &scan.queries[q]);
                    self.offer(q, row, bounds);
                }
            }
        }
    }

    fn offer(&mut self, q: usize, row: &Row, (low, high): (f64, f64)) {
        let threshold = self.scan.best[q].threshold();
        if low > threshold || drops_tie(Mutant::PassOffer, low, threshold) {
            return;
        }
        let (id, row) = (row.id, row.index);
        let (estimate, check, is_read) = (f64::NAN, 0, true);
        self.candidates[q].push(Candidate { low, high, estimate, id, row, check, is_read });
        if self.candidates[q].len() >= WAITING.max(4 * self.scan.k) {
            self.settle(q);
        }
    }

    /// Works out the scores of the candidates that can still be among the best.
    fn settle(&mut self, q: usize) {
        let best = &self.scan.best[q];
        for Candidate { low, id, row, .. } in self.candidates[q].take() {
            if self.scan.cancel.is_set() {
                return;
            }
            if at_most(Mutant::PassSettle, low, best.threshold()) {
                let Score { key, score } = score(self.scan, self.row_bytes(row), &self.scan.queries[q]);
                best.push(Hit { key, score, id, estimated: false });
            }
        }
    }
}

/// Bounds on keys by the rows themselves, from sums that are fast and not exact.
pub struct Bounds<'a> {
    scan: &'a ExactScan,
    error_factor: f64,
}

impl<'a> Bounds<'a> {
    pub fn new(scan: &'a ExactScan) -> Self {
        Self { scan, error_factor: float::error_factor(scan.dimensions) }
    }

    /// Those of the key of a row by one query, by the fast sums of the scan.
    pub fn of_row(&self, q: usize, row: &[u8], widened: &mut Vec<u8>) -> (f64, f64) {
        let Self { scan, .. } = self;
        let query = &scan.queries[q];
        if let Some(integers) = query.integers.as_ref().filter(|_| scan.dtype == Dtype::Uint8) {
            let mut dot = [0];
            scan.kernels.shorts(row, &[&integers.values], integers.steps, &mut dot);
            return integer_bounds(scan.metric, dot[0], scan.kernels.integer_norm(row), integers.norm);
        }
        let (row, mut sum) = (scan.dtype.widen(row, widened), [0.0]);
        scan.kernels.floats(scan.wide, scan.metric.is_l2(), row, &[&query.values], &mut sum);
        let norm = if scan.metric.is_l2() { 0.0 } else { scan.kernels.norm(scan.wide, row) };
        self.of_sum(sum[0], norm, query)
    }

    /// Those of the key from a sum that is off by `error_factor` times the sum of the magnitudes of its
    /// terms, which for products is at most the product of the lengths (Cauchy and Schwarz).
    fn of_sum(&self, sum: f64, norm: f64, query: &Query) -> (f64, f64) {
        if !query.is_tame || !sum.is_finite() {
            return UNBOUNDED;
        }
        if self.scan.wide == Wide::Float64 {
            // Squares may have underflowed or overflowed on the way.
            let squares = if self.scan.metric.is_l2() { sum } else { norm };
            if !ORDINARY.contains(&squares) {
                return UNBOUNDED;
            }
        }
        let error = mutants::small_error(Mutant::FloatSum, self.error_factor);
        let lengths = (norm * query.norm.high).sqrt();
        match self.scan.metric {
            Metric::L2 | Metric::L2Squared => (sum * (1.0 - error), sum * (1.0 + error)),
            Metric::Dot => (-sum - error * lengths, -sum + error * lengths),
            Metric::Cosine if lengths == 0.0 => (0.0, 0.0),
            Metric::Cosine => (-sum / lengths - 2.0 * error, -sum / lengths + 2.0 * error),
            metric => unreachable!("{metric:?} is not of products"),
        }
    }
}

/// The score of a row as it is stored.
pub fn score(scan: &ExactScan, row: &[u8], query: &Query) -> Score {
    match &query.integers {
        Some(integers) if scan.dtype == Dtype::Uint8 => {
            let mut dot = [0];
            scan.kernels.shorts(row, &[&integers.values], integers.steps, &mut dot);
            integer_score(scan.metric, row, query, dot[0], scan.kernels.integer_norm(row))
        }
        _ => {
            let mut widened = Vec::new();
            let wide = scan.dtype.widen(row, &mut widened);
            float_score(&scan.kernels, scan.metric, scan.wide, wide, query)
        }
    }
}

fn integer_bounds(metric: Metric, dot: i64, norm: i64, query_norm: i64) -> (f64, f64) {
    if metric != Metric::Cosine {
        let key = integer_key(metric, dot, norm, query_norm);
        return (key, key);
    }
    if norm == 0 || query_norm == 0 {
        return (0.0, 0.0);
    }
    let key = -(dot as f64 / (norm as f64 * query_norm as f64).sqrt());
    // Three conversions, a product, a root, a division and the sums below round, each by half of this at
    // most.
    (key - 8.0 * f64::EPSILON, key + 8.0 * f64::EPSILON)
}
