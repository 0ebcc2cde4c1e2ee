//! A pass by a metric that is not of products. The kernels give the distances of all rows of a tile: the
//! scores themselves, but for jaccard of numbers, and kl and js of float32, where they give bounds, and
//! scores are worked out for the rows that might be among the best.

use std::ops::Range;

use super::pass::TILE_BYTES;
use super::{Dtype, Error, ExactScan, Metric, Partition, Result, Wide};
use crate::distance::{BitQuery, Estimate, NumberQuery, jaccard};
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

    /// What the scores of the rows of a tile are not below.
    fn bounds(&self, scan: &ExactScan, tile: &[u8], into: &mut [f64]) {
        match self {
            Self::Bits(query) => scan.kernels.bits(tile, query, into),
            Self::Numbers(query) => scan.kernels.numbers(scan.wide, tile, query, into),
            Self::Jaccard(query) => {
                scan.kernels.numbers(scan.wide, tile, query, into);
                into.iter_mut().for_each(|distance| *distance = jaccard::bound(*distance, scan.dimensions));
            }
            Self::Divergence(_, estimate) => scan.kernels.divergence_bounds(tile, estimate, into),
        }
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

pub fn run(scan: &ExactScan, partition: &Partition<'_>, range: Range<usize>) {
    // Of this pass alone, so that rows that are alike do not queue for a lock.
    let mut tops: Vec<_> = scan.operands.iter().map(|_| TopK::new(scan.k)).collect();
    let tile_rows = (TILE_BYTES / (scan.wide.bytes() * scan.dimensions)).clamp(1, 1024);
    let (mut bounds, mut widened) = (vec![0.0; tile_rows], Vec::new());
    for start in range.clone().step_by(tile_rows) {
        let rows = start..range.end.min(start + tile_rows);
        let bytes = &partition.rows[rows.start * scan.row_bytes()..rows.end * scan.row_bytes()];
        let tile = match scan.operands.first() {
            Some(Operand::Bits(_)) | None => bytes,
            Some(_) => scan.dtype.widen(bytes, &mut widened),
        };
        let bounds = &mut bounds[..rows.len()];
        for (q, top) in tops.iter_mut().enumerate() {
            if scan.cancel.is_set() {
                return;
            }
            scan.operands[q].bounds(scan, tile, bounds);
            offer(scan, partition, rows.start, tile, (q, top), bounds);
        }
    }
    for (best, top) in scan.best.iter().zip(tops) {
        top.sorted().into_iter().for_each(|hit| best.push(hit));
    }
}

/// Offers the rows from `start` on, which are in `tile`, to the best of query `q`.
fn offer(
    scan: &ExactScan,
    partition: &Partition<'_>,
    start: usize,
    tile: &[u8],
    (q, top): (usize, &mut TopK),
    bounds: &[f64],
) {
    let row_bytes = tile.len() / bounds.len();
    let mut threshold = scan.best[q].threshold().min(top.threshold());
    for (i, &bound) in bounds.iter().enumerate() {
        if bound > threshold {
            continue;
        }
        let index = start + i;
        let id = partition.ids.map_or(partition.first_id + index as u64, |ids| ids[index]);
        if partition.dead.is_some_and(|dead| dead.contains(id)) {
            continue;
        }
        let key = scan.operands[q].score(scan, &tile[i * row_bytes..][..row_bytes], bound);
        top.push(Hit { key, score: key, id });
        threshold = threshold.min(top.threshold());
    }
}
