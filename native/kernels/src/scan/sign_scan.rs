//! The scan over signs: estimates of scores from one bit a coordinate. No bound is on them; the k best
//! estimates are taken as they are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ExactScan;
use super::cascade::Codes;
use super::share::{Places, Share};
use crate::arch::{DefaultFloatState, SignKernel, Tier};
use crate::codes::estimate::score_of;
use crate::codes::query::rows_of_block;
use crate::codes::signs::{SignChunk, SignQuery, SignSection};
use crate::codes::{CHUNK_ROWS, LANES, SignLayout, Transform};
use crate::topk::{Hit, TopK};
use crate::{Error, Result};

pub struct SignScan {
    scan: Arc<ExactScan>,
    layout: SignLayout,
    kernel: SignKernel,
    queries: Vec<SignQuery>,
    /// Ids of live rows without an estimate.
    unscored: Mutex<Vec<u64>>,
}

impl SignScan {
    /// None when the metric is not of products, or a query is outside of the range in which rows have signs.
    pub fn new(scan: Arc<ExactScan>, transform: &Transform) -> Result<Option<Self>> {
        if transform.dimensions != scan.dimensions {
            let (ours, theirs) = (scan.dimensions, transform.dimensions);
            return Err(Error::invalid(format!("bits of {theirs} dimensions for queries of {ours}")));
        }
        if !scan.metric.is_of_products() {
            return Ok(None);
        }
        let _state = DefaultFloatState::new();
        // So that estimates are the same on every tier.
        let scalar = Tier::Scalar.kernels();
        let queries = scan.queries.iter();
        let queries =
            queries.map(|query| SignQuery::new(transform, &scalar, scan.metric, query.values.values()));
        let Some(queries) = queries.collect::<Option<Vec<_>>>() else { return Ok(None) };
        let (layout, kernel) = (SignLayout::of(transform.layout), scan.tier.sign_kernel());
        Ok(Some(Self { scan, layout, kernel, queries, unscored: Mutex::default() }))
    }

    /// Bytes of the signs of so many rows in one list.
    pub fn list_bytes(&self, rows: usize) -> usize {
        self.layout.list_bytes(rows)
    }

    /// As [`ExactScan::cancel`], of the scan that these signs are for.
    pub fn cancel(&self) {
        self.scan.cancel();
    }

    /// How many rows have no estimate.
    pub fn left(&self) -> usize {
        self.lock().len()
    }

    /// Their ids, ascending: rows to be scored.
    pub fn unscored(&self) -> Vec<u64> {
        let mut ids = self.lock().clone();
        ids.sort_unstable();
        ids
    }

    /// Scans what this pass gets of a share of the lists. Passes may overlap.
    pub fn scan(&self, lists: &[Codes<'_>], share: &Share) -> Result<()> {
        let places = Places::new(lists, share, |rows| self.list_bytes(rows))?;
        let _state = DefaultFloatState::new();
        // Of this pass alone, so that rows that are alike do not queue for a lock.
        let mut tops: Vec<_> = self.queries.iter().map(|_| TopK::new(self.scan.k)).collect();
        let mut unscored = Vec::new();
        for (list, index) in places {
            self.scan_chunk(&lists[list], index, &mut tops, &mut unscored)?;
        }
        for (best, top) in self.scan.best.iter().zip(tops) {
            best.push_all(top.sorted().into_iter());
        }
        self.lock().append(&mut unscored);
        Ok(())
    }

    fn scan_chunk(
        &self,
        codes: &Codes<'_>,
        index: usize,
        tops: &mut [TopK],
        unscored: &mut Vec<u64>,
    ) -> Result<()> {
        let (rows, bytes) = codes.chunk_bytes(index, |rows| self.layout.chunk_bytes(rows));
        let chunk = SignChunk::new(self.layout, rows, bytes)?;
        let is_live = |id| !codes.dead.is_some_and(|dead| dead.contains(id));
        let mut keys = [0.0; LANES];
        for block in 0..chunk.rows.div_ceil(LANES) {
            self.scan.cancel.check()?;
            let id = |lane: usize| codes.id(index * CHUNK_ROWS + block * LANES + lane);
            let mut rows = rows_of_block(chunk.rows, block);
            for (lane, correction) in chunk.factors(SignSection::Correction, block).into_iter().enumerate() {
                if correction.is_finite() || rows >> lane & 1 == 0 {
                    continue;
                }
                rows &= !(1 << lane);
                if is_live(id(lane)) {
                    unscored.push(id(lane));
                }
            }
            for ((query, top), best) in self.queries.iter().zip(&mut *tops).zip(&self.scan.best) {
                let threshold = best.threshold().min(top.threshold());
                let mut left = rows & self.kernel.estimate(query, chunk, block, threshold, &mut keys);
                while left != 0 {
                    let lane = left.trailing_zeros() as usize;
                    left &= left - 1;
                    let (key, id) = (keys[lane], id(lane));
                    // Numbers that no row has, in a list that only its checksum is right about.
                    if !key.is_nan() && is_live(id) {
                        let score = score_of(self.scan.metric, key);
                        top.push(Hit { key, score, id, estimated: true });
                    }
                }
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u64>> {
        self.unscored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
