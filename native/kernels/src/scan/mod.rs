//! The exact scan: the k best rows for each of many queries, over partitions that arrive in any order.
//!
//! A pass goes over tiles of rows that stay in the cache while all queries see them. It computes fast sums
//! with a bound on their error, drops a row only when its bound is strictly worse than the k-th best, and
//! works out the true scores of the rows that are left. So the answer is that of `distance::score` on every
//! row. `direct` has the metrics that are not of products, by kernels of their own.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::arch::{DefaultFloatState, Kernels, Tier};
use crate::distance::score::Score;
pub use crate::distance::{Dtype, Metric};
use crate::distance::{Query, Wide};
use crate::rowset::{MAX_ID, RowSet};
use crate::topk::{Hit, TopK};
use crate::{Code, Error, Result};
pub use cancel::Cancel;
pub use cascade::{Cascade, Codes};
pub use certify::{Certifier, Faults, Found, instruction_set};
use direct::Operand;
pub use mapped::MappedRows;
use pass::Pass;
pub use share::Share;
pub use sign_scan::SignScan;

mod cancel;
#[cfg(test)]
mod cancel_tests;
mod cascade;
#[cfg(test)]
mod cascade_tests;
mod certify;
#[cfg(test)]
mod certify_tests;
mod coarse_pass;
mod direct;
#[cfg(test)]
mod estimate_tests;
mod fine_pass;
mod keeper;
mod mapped;
#[cfg(test)]
mod mapped_tests;
#[cfg(test)]
mod oracle_tests;
mod pass;
mod share;
mod sign_scan;
#[cfg(test)]
mod sign_tests;
#[cfg(test)]
mod tests;

/// Hits that one scan can be asked for, over all its queries.
const MAX_HITS: usize = 1 << 27;

pub struct Options<'a> {
    pub metric: Metric,
    pub dtype: Dtype,
    pub dimensions: usize,
    pub k: usize,
    /// Row-major, `dimensions` numbers each.
    pub queries: &'a [f64],
    /// The instruction set, by name; the best one when not given.
    pub tier: Option<&'a str>,
}

pub struct ExactScan {
    metric: Metric,
    dtype: Dtype,
    /// What the kernels read.
    wide: Wide,
    dimensions: usize,
    k: usize,
    tier: Tier,
    kernels: Kernels,
    queries: Vec<Query>,
    /// Queries whose sums with the rows are exact in integers, and the others.
    integers: Vec<usize>,
    floats: Vec<usize>,
    /// The queries of a metric that is not of products; else there are none.
    operands: Vec<Operand>,
    /// Of each query.
    best: Vec<Best>,
    cancel: Cancel,
}

struct Best {
    top: Mutex<TopK>,
    /// The threshold of `top`, as bits, to be read without the lock; it only ever falls.
    threshold: AtomicU64,
}

/// One partition: its rows and what they are called.
pub struct Partition<'a> {
    pub rows: &'a [u8],
    /// Row i has the id `first_id + i`, or `ids[i]` when given.
    pub first_id: u64,
    pub ids: Option<&'a [u64]>,
    pub dead: Option<&'a RowSet>,
}

/// `counts[q]` hits of query q, from `q * k` on in `ids` and `scores`, best first.
#[derive(Debug)]
pub struct Results {
    pub counts: Vec<u32>,
    pub ids: Vec<f64>,
    pub scores: Vec<f64>,
    /// Whether the score in the same place is an estimate; empty where none is.
    pub estimated: Vec<bool>,
}

impl ExactScan {
    pub fn new(options: Options<'_>) -> Result<Self> {
        let Options { metric, dtype, dimensions, k, queries, tier } = options;
        if dimensions == 0 || k == 0 {
            return Err(Error::invalid(format!("dimensions and k are at least 1, got {dimensions} and {k}")));
        }
        if !queries.len().is_multiple_of(dimensions) {
            let got = queries.len();
            return Err(Error::invalid(format!(
                "{got} numbers are no whole queries of {dimensions} dimensions"
            )));
        }
        let count = queries.len() / dimensions;
        if count.checked_mul(k).is_none_or(|hits| hits > MAX_HITS) {
            let message = format!("{count} queries × k {k} are more than {MAX_HITS} hits");
            return Err(Error::new(Code::ResourceExhausted, message));
        }
        let tier = Tier::pick(tier)?;
        let _state = DefaultFloatState::new();
        let best =
            || Best { top: Mutex::new(TopK::new(k)), threshold: AtomicU64::new(f64::INFINITY.to_bits()) };
        let vectors = queries.chunks(dimensions);
        let (queries, operands) = match metric.is_of_products() {
            true => (vectors.map(|values| Query::new(values, metric, dtype)).collect::<Vec<_>>(), Vec::new()),
            false => (Vec::new(), vectors.map(|q| Operand::new(q, metric, dtype)).collect::<Result<_>>()?),
        };
        let (integers, floats) =
            (0..queries.len()).partition(|&q| dtype == Dtype::Uint8 && queries[q].integers.is_some());
        Ok(Self {
            metric,
            dtype,
            wide: dtype.wide(),
            dimensions,
            k,
            kernels: tier.kernels(),
            tier,
            queries,
            integers,
            floats,
            operands,
            best: std::iter::repeat_with(best).take(count).collect(),
            cancel: Cancel::default(),
        })
    }

    /// How many queries there are.
    pub fn queries(&self) -> usize {
        self.best.len()
    }

    pub fn metric(&self) -> Metric {
        self.metric
    }

    pub(crate) fn k(&self) -> usize {
        self.k
    }

    /// `Aborted` once it was cancelled.
    pub(crate) fn check(&self) -> Result<()> {
        self.cancel.check()
    }

    pub(crate) fn kernels(&self) -> Kernels {
        self.kernels
    }

    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The numbers of a query of a metric of products.
    pub fn query(&self, query: usize) -> &[f64] {
        self.queries[query].values.values()
    }

    /// Whether giving back its memory, and that of codes for it, takes a good part of a millisecond.
    pub fn is_large(&self) -> bool {
        self.best.len() * (self.dimensions + self.k) > 1 << 16
    }

    /// How many rows the bytes are; an error when they are no whole rows, or when the ids do not match them.
    pub fn count_rows(&self, partition: &Partition<'_>) -> Result<usize> {
        let (bytes, row_bytes) = (partition.rows.len(), self.row_bytes());
        if !bytes.is_multiple_of(row_bytes) {
            return Err(Error::invalid(format!("{bytes} bytes are no whole rows of {row_bytes}")));
        }
        let rows = bytes / row_bytes;
        match partition.ids {
            Some(ids) if ids.len() != rows => {
                Err(Error::invalid(format!("{rows} rows have {} row ids", ids.len())))
            }
            None if partition.first_id.checked_add(rows as u64).is_none_or(|end| end > MAX_ID + 1) => {
                let first = partition.first_id;
                Err(Error::invalid(format!("{rows} rows from id {first} on pass 2^53 - 1")))
            }
            _ => Ok(rows),
        }
    }

    /// Stops all passes within some tiles of rows; they, and later ones, end as `Aborted`.
    pub fn cancel(&self) {
        self.cancel.set();
    }

    /// Scans a range of the rows. Passes may overlap.
    pub fn scan(&self, partition: &Partition<'_>, range: Range<usize>) -> Result<()> {
        let rows = self.count_rows(partition)?;
        assert!(range.end <= rows, "the range {range:?} lies in the {rows} rows");
        let _state = DefaultFloatState::new();
        match self.metric.is_of_products() {
            true => Pass::new(self, partition).run(range),
            false => direct::run(self, partition, range),
        }
        self.cancel.check()
    }

    pub fn results(&self) -> Results {
        let hits = self.best.len() * self.k;
        let (counts, estimated) = (Vec::new(), Vec::new());
        let mut results = Results { counts, ids: vec![0.0; hits], scores: vec![0.0; hits], estimated };
        for (q, best) in self.best.iter().enumerate() {
            let sorted = best.lock().sorted();
            results.counts.push(sorted.len() as u32);
            for (i, hit) in sorted.into_iter().enumerate() {
                results.ids[q * self.k + i] = hit.id as f64;
                results.scores[q * self.k + i] = hit.score;
                if hit.estimated {
                    results.estimated.resize(hits, false);
                    results.estimated[q * self.k + i] = true;
                }
            }
        }
        results
    }

    pub fn row_bytes(&self) -> usize {
        self.dimensions * self.dtype.bytes()
    }

    /// Scores one row for one query of a metric of products.
    fn score_row(&self, q: usize, id: u64, row: &[u8]) {
        let Score { key, score } = pass::score(self, row, &self.queries[q]);
        self.best[q].push(Hit { key, score, id, estimated: false });
    }
}

impl Best {
    fn lock(&self) -> MutexGuard<'_, TopK> {
        self.top.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn threshold(&self) -> f64 {
        f64::from_bits(self.threshold.load(Ordering::Relaxed))
    }

    fn push(&self, hit: Hit) {
        let mut top = self.lock();
        top.push(hit);
        self.lower(top.threshold());
    }

    /// The same for many.
    fn push_all(&self, hits: impl Iterator<Item = Hit>) {
        let mut top = self.lock();
        hits.for_each(|hit| top.push(hit));
        self.lower(top.threshold());
    }

    /// Notes that k rows have no key above `value`.
    fn lower(&self, value: f64) {
        let lower = |bits| (value < f64::from_bits(bits)).then_some(value.to_bits());
        let _ = self.threshold.fetch_update(Ordering::Relaxed, Ordering::Relaxed, lower);
    }
}
