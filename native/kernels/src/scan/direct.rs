//! A pass by a metric that is not of products. The kernels give the distances of all rows of a tile: the
//! scores themselves, but for jaccard of numbers, which is worked out again where it might be among the best.

use std::ops::Range;

use super::pass::TILE_BYTES;
use super::{Dtype, Error, ExactScan, Metric, Partition, Result};
use crate::distance::{BitQuery, NumberQuery, jaccard};
use crate::topk::{Hit, TopK};

/// A query as the kernels of its metric read it.
pub enum Operand {
    Bits(BitQuery),
    Numbers(NumberQuery),
}

impl Operand {
    pub fn new(values: &[f64], metric: Metric, dtype: Dtype) -> Result<Self> {
        let largest = match (metric, dtype) {
            (Metric::Hamming | Metric::Jaccard, Dtype::Bool) => 1,
            (Metric::Hamming | Metric::Jaccard, Dtype::Uint8) => u8::MAX,
            _ => return Ok(Self::Numbers(NumberQuery::new(values, metric))),
        };
        BitQuery::new(values, metric, largest).map(Self::Bits).map_err(|value| {
            let (name, metric) = (dtype.name(), format!("{metric:?}").to_lowercase());
            Error::invalid(format!(
                "{metric} compares the bits of {name} rows, so that a query has whole numbers from 0 to \
                 {largest}, got {value}"
            ))
        })
    }
}

pub fn run(scan: &ExactScan, partition: &Partition<'_>, range: Range<usize>) {
    // Of this pass alone, so that rows that are alike do not queue for a lock.
    let mut tops: Vec<_> = scan.operands.iter().map(|_| TopK::new(scan.k)).collect();
    let tile_rows = (TILE_BYTES / (scan.wide.bytes() * scan.dimensions)).clamp(1, 1024);
    let (mut distances, mut widened) = (vec![0.0; tile_rows], Vec::new());
    for start in range.clone().step_by(tile_rows) {
        let rows = start..range.end.min(start + tile_rows);
        let bytes = &partition.rows[rows.start * scan.row_bytes()..rows.end * scan.row_bytes()];
        let tile = match scan.operands.first() {
            Some(Operand::Numbers(_)) => scan.dtype.widen(bytes, &mut widened),
            _ => bytes,
        };
        let distances = &mut distances[..rows.len()];
        for (q, top) in tops.iter_mut().enumerate() {
            match &scan.operands[q] {
                Operand::Bits(query) => scan.kernels.bits(tile, query, distances),
                Operand::Numbers(query) => scan.kernels.numbers(scan.wide, tile, query, distances),
            }
            offer(scan, partition, rows.start, tile, (q, top), distances);
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
    distances: &[f64],
) {
    let estimated = match &scan.operands[q] {
        Operand::Numbers(query) if scan.metric == Metric::Jaccard => Some(query),
        _ => None,
    };
    let row_bytes = tile.len() / distances.len();
    let mut threshold = scan.best[q].threshold().min(top.threshold());
    for (i, &distance) in distances.iter().enumerate() {
        let low = if estimated.is_some() { jaccard::bound(distance, scan.dimensions) } else { distance };
        if low > threshold {
            continue;
        }
        let index = start + i;
        let id = partition.ids.map_or(partition.first_id + index as u64, |ids| ids[index]);
        if partition.dead.is_some_and(|dead| dead.contains(id)) {
            continue;
        }
        let key = estimated.map_or(distance, |query| {
            let row = &tile[i * row_bytes..][..row_bytes];
            jaccard::score(&scan.kernels, scan.wide, row, query)
        });
        top.push(Hit { key, score: key, id });
        threshold = threshold.min(top.threshold());
    }
}
