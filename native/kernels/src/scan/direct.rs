//! A pass by a metric that is not of products. The kernels give the distances of all rows of a tile: the
//! scores themselves, but for jaccard of numbers, and kl and js of float32, where they give bounds, and
//! scores are worked out for the rows that might be among the best.

use std::ops::Range;

use super::pass::TILE_BYTES;
use super::{Dtype, Error, ExactScan, Metric, Partition, Result, Wide};
use crate::arch::{BIT_QUERIES, Stream};
use crate::distance::bits::BitBlocks;
use crate::distance::{BitQuery, Bound, Estimate, NumberQuery, jaccard};
use crate::mutants::{Mutant, drops_tie};
use crate::topk::{Hit, TopK};

/// A query as the kernels of its metric read it.
pub enum Operand {
    Bits(BitQuery),
    Numbers(NumberQuery),
    /// Distances are estimated, and bounded by that.
    Jaccard(NumberQuery),
    Divergence(NumberQuery, Estimate),
}

impl Operand {
    pub fn new(values: &[f64], metric: Metric, dtype: Dtype) -> Result<Self> {
        let largest = match (metric, dtype) {
            (Metric::Hamming | Metric::Jaccard, Dtype::Bool) => 1,
            (Metric::Hamming | Metric::Jaccard, Dtype::Uint8) => u8::MAX,
            _ => return Ok(Self::of_numbers(NumberQuery::new(values, metric), dtype)),
        };
        BitQuery::new(values, metric, largest).map(Self::Bits).map_err(|value| {
            let (name, metric) = (dtype.name(), format!("{metric:?}").to_lowercase());
            Error::invalid(format!(
                "{metric} compares the bits of {name} rows, so that a query has whole numbers from 0 to \
                 {largest}, got {value}"
            ))
        })
    }

    fn of_numbers(query: NumberQuery, dtype: Dtype) -> Self {
        match query.metric {
            Metric::Jaccard => Self::Jaccard(query),
            Metric::KullbackLeibler | Metric::JensenShannon if dtype.wide() == Wide::Float32 => {
                match Estimate::new(query.values(), query.metric) {
                    Some(estimate) => Self::Divergence(query, estimate),
                    None => Self::Numbers(query),
                }
            }
            _ => Self::Numbers(query),
        }
    }

    fn bits(&self) -> Option<&BitQuery> {
        if let Self::Bits(query) = self { Some(query) } else { None }
    }

    /// What the scores of the rows of a tile are not below; close or rough, where there are both.
    fn bounds(&self, scan: &ExactScan, tile: &[u8], bound: Bound, into: &mut [f64]) {
        match self {
            Self::Bits(query) => scan.kernels.bits(tile, query, into),
            Self::Numbers(query) => scan.kernels.numbers(scan.wide, tile, query, into),
            Self::Jaccard(query) => {
                scan.kernels.numbers(scan.wide, tile, query, into);
                into.iter_mut().for_each(|distance| *distance = jaccard::bound(*distance, scan.dimensions));
            }
            Self::Divergence(_, estimate) => scan.kernels.divergence_bounds(tile, estimate, bound, into),
        }
    }

    /// What the score of a row is not below, of which `bound` is the rough bound.
    fn close_bound(&self, scan: &ExactScan, row: &[u8], bound: f64) -> f64 {
        let Self::Divergence(_, estimate) = self else { return bound };
        let mut close = [0.0];
        scan.kernels.divergence_bounds(row, estimate, Bound::Close, &mut close);
        close[0]
    }

    /// The score of the row of which `bound` is the bound.
    fn score(&self, scan: &ExactScan, row: &[u8], bound: f64) -> f64 {
        match self {
            Self::Bits(_) | Self::Numbers(_) => bound,
            Self::Jaccard(query) => jaccard::score(&scan.kernels, scan.wide, row, query),
            Self::Divergence(query, _) => {
                let mut score = [0.0];
                scan.kernels.numbers(scan.wide, row, query, &mut score);
                score[0]
            }
        }
    }
}

/// Rows of which some must be left for any to be looked at.
const CHUNK: usize = 64;
/// Where rough bounds leave more than one in so many rows of a tile, so many tiles get close ones at once.
const ROUGH_LEAVES: usize = 8;
const CLOSE_TILES: usize = 8;
/// From so many queries on, the rows of bits are turned into blocks for them.
const BLOCKED: usize = 8;

pub fn run(scan: &ExactScan, partition: &Partition<'_>, range: Range<usize>) {
    // Of this pass alone, so that rows that are alike do not queue for a lock.
    let mut tops: Vec<_> = scan.operands.iter().map(|_| TopK::new(scan.k)).collect();
    // How many more tiles get close bounds at once, of each query.
    let mut close = vec![0; scan.operands.len()];
    let blocked = scan.operands.len() >= BLOCKED && matches!(scan.operands.first(), Some(Operand::Bits(_)));
    let tile_row_bytes = match scan.operands.first() {
        // Many queries go over a tile again and again, which the first cache then holds.
        Some(Operand::Bits(_)) if !blocked => scan.row_bytes(),
        _ => scan.wide.bytes() * scan.dimensions,
    };
    let tile_rows = (TILE_BYTES / tile_row_bytes).clamp(1, 1024);
    let (mut bounds, mut widened, mut blocks) = (Vec::new(), Vec::new(), BitBlocks::default());
    for start in range.clone().step_by(tile_rows) {
        let rows = start..range.end.min(start + tile_rows);
        let bytes = &partition.rows[rows.start * scan.row_bytes()..rows.end * scan.row_bytes()];
        let tile = match scan.operands.first() {
            Some(Operand::Bits(query)) if blocked => {
                blocks.fill(&scan.kernels, bytes, query);
                // Memory has as long as these rows take with all queries.
                let next = partition.rows[rows.end * scan.row_bytes()..].chunks(64);
                next.take(bytes.len() / 64).for_each(|line| Stream::Second.prefetch(line.as_ptr()));
                bytes
            }
            Some(Operand::Bits(_)) | None => bytes,
            Some(_) => scan.dtype.widen(bytes, &mut widened),
        };
        for (first, operands) in scan.operands.chunks(BIT_QUERIES).enumerate() {
            if scan.cancel.is_set() {
                return;
            }
            let mut each = rows.len();
            if blocked {
                each = blocks.padded_rows();
                bounds.resize(BIT_QUERIES * each, 0.0);
                // The last stands for those that there are not.
                let query = |q: usize| operands[q.min(operands.len() - 1)].bits().expect("all are of bits");
                scan.kernels.block_distances(&blocks, std::array::from_fn(query), &mut bounds);
            } else {
                bounds.resize(operands.len() * each, 0.0);
                for (i, (operand, bounds)) in operands.iter().zip(bounds.chunks_exact_mut(each)).enumerate() {
                    operand.bounds(scan, tile, bound_of(close[first * BIT_QUERIES + i]), bounds);
                }
            }
            for (i, bounds) in bounds.chunks_exact(each).take(operands.len()).enumerate() {
                let q = first * BIT_QUERIES + i;
                let of_query = (q, bound_of(close[q]), &mut tops[q]);
                let left = offer(scan, partition, rows.start, tile, of_query, &bounds[..rows.len()]);
                close[q] = match close[q] {
                    0 if left > rows.len() / ROUGH_LEAVES => CLOSE_TILES,
                    more => more.saturating_sub(1),
                };
            }
        }
    }
    for (best, top) in scan.best.iter().zip(tops) {
        top.sorted().into_iter().for_each(|hit| best.push(hit));
    }
}

/// Which bounds a tile gets where so many more are to get close ones.
fn bound_of(close: usize) -> Bound {
    if close > 0 { Bound::Close } else { Bound::Rough }
}

/// Offers the rows from `start` on, which are in `tile`, to the best of query `q`. Gives how many their
/// bounds left.
fn offer(
    scan: &ExactScan,
    partition: &Partition<'_>,
    start: usize,
    tile: &[u8],
    (q, how, top): (usize, Bound, &mut TopK),
    bounds: &[f64],
) -> usize {
    let mut threshold = scan.best[q].threshold().min(top.threshold());
    if !scan.kernels.any_left(bounds, threshold) {
        return 0;
    }
    let row_bytes = tile.len() / bounds.len();
    let operand = &scan.operands[q];
    let mut left = 0;
    for (chunk, bounds) in bounds.chunks(CHUNK).enumerate() {
        if !scan.kernels.any_left(bounds, threshold) {
            continue;
        }
        for (i, &bound) in bounds.iter().enumerate() {
            let is_ruled_out = |bound| bound > threshold || drops_tie(Mutant::DirectOffer, bound, threshold);
            if is_ruled_out(bound) {
                continue;
            }
            left += 1;
            let row = chunk * CHUNK + i;
            let bytes = &tile[row * row_bytes..][..row_bytes];
            let bound = if how == Bound::Rough { operand.close_bound(scan, bytes, bound) } else { bound };
            if is_ruled_out(bound) {
                continue;
            }
            let index = start + row;
            let id = partition.ids.map_or(partition.first_id + index as u64, |ids| ids[index]);
            if partition.dead.is_some_and(|dead| dead.contains(id)) {
                continue;
            }
            let key = operand.score(scan, bytes, bound);
            top.push(Hit { key, score: key, id, estimated: false });
            threshold = threshold.min(top.threshold());
        }
    }
    left
}
