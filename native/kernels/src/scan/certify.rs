//! What a certificate of an answer rests on: a pass over codes by thresholds that stay as they are, so that
//! what it counts depends on no order; and the same checked row by row.

use std::ops::Range;
use std::sync::Arc;

use super::cascade::Codes;
use super::pass::score;
use super::{ExactScan, Options, Partition};
use crate::arch::{CodeKernels, DefaultFloatState, Tier};
use crate::codes::check::Checker;
use crate::codes::query::{CodeQuery, Columns, Limbs, Rule, rows_of_block};
use crate::codes::{CHUNK_ROWS, Chunk, LANES, Transform};
use crate::topk::Hit;
use crate::{Error, Result};

/// Rows of which every score is kept at once, where only a scan of their metric gives scores.
const SCORED_ROWS: usize = 1024;

pub struct Certifier {
    scan: Arc<ExactScan>,
    transform: Arc<Transform>,
    kernels: CodeKernels,
    queries: Vec<Fixed>,
}

/// A query with the key that a row must be bounded beyond to be dropped.
struct Fixed {
    query: CodeQuery,
    limbs: Vec<i8>,
    /// Leaves every row: the kernels give the sums of those that are left.
    rule: Rule,
    threshold: f64,
}

/// What a pass found in a part of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Rows that are not dead.
    pub live: u64,
    /// Of each query, how many of them its threshold rules out, and the least of their bounds, which is
    /// infinite without any.
    pub pruned: Vec<u64>,
    pub bounds: Vec<f64>,
    /// Ids of rows that at least one query does not rule out, ascending.
    pub left: Vec<u64>,
}

/// What is not true of codes and their rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    pub count: u64,
    /// The first row that has one, with what it is.
    pub first: Option<(u64, String)>,
}

impl Certifier {
    /// None when codes cannot bound all of the queries. A threshold that is not a number rules nothing out.
    ///
    /// Queries are prepared by scalar code, so that bounds are the same whatever the tier of the scan; its
    /// kernels give sums that are exact.
    pub fn new(scan: Arc<ExactScan>, transform: Arc<Transform>, thresholds: &[f64]) -> Result<Option<Self>> {
        if transform.dimensions != scan.dimensions || thresholds.len() != scan.queries() {
            let (ours, theirs) = (scan.dimensions, transform.dimensions);
            return Err(Error::invalid(format!(
                "codes of {theirs} dimensions and {} thresholds for {} queries of {ours}",
                thresholds.len(),
                scan.queries()
            )));
        }
        if !scan.metric.is_of_products() {
            return Ok(None);
        }
        let _state = DefaultFloatState::new();
        let scalar = Tier::Scalar.kernels();
        let queries = scan.queries.iter().zip(thresholds).map(|(query, &threshold)| {
            let values = query.values.values();
            let query = CodeQuery::new(&transform, &scalar, scan.metric, values, Limbs::Two)?;
            let threshold = if threshold.is_nan() { f64::INFINITY } else { threshold };
            Some(Fixed {
                limbs: query.interleaved_limbs(),
                rule: query.rule(f64::INFINITY),
                query,
                threshold,
            })
        });
        let Some(queries) = queries.collect::<Option<Vec<_>>>() else { return Ok(None) };
        let kernels = scan.tier.code_kernels();
        Ok(Some(Self { scan, transform, kernels, queries }))
    }

    /// Bytes of a row as it is stored.
    pub fn row_bytes(&self) -> usize {
        self.scan.row_bytes()
    }

    /// Bounds every live row of some chunks. Passes may overlap.
    pub fn scan(&self, codes: &Codes<'_>, chunks: Range<usize>) -> Result<Found> {
        codes.check(|rows| self.transform.layout.list_bytes(rows))?;
        let _state = DefaultFloatState::new();
        let count = self.queries.len();
        let mut found =
            Found { pruned: vec![0; count], bounds: vec![f64::INFINITY; count], ..Found::default() };
        for index in chunks {
            self.scan_chunk(codes, index, &mut found)?;
        }
        Ok(found)
    }

    fn scan_chunk(&self, codes: &Codes<'_>, index: usize, found: &mut Found) -> Result<()> {
        let chunk = self.chunk(codes, index)?;
        let columns = Columns::of(chunk, self.scan.metric);
        for block in 0..chunk.blocks() {
            let first_id = codes.first_id + (index * CHUNK_ROWS + block * LANES) as u64;
            let is_live =
                |lane: &u32| codes.dead.is_none_or(|dead| !dead.contains(first_id + u64::from(*lane)));
            let rows = rows_of_block(chunk.rows, block);
            let live = lanes(rows).filter(is_live).fold(0, |live, lane| live | 1 << lane);
            let mut left = 0;
            for (q, fixed) in self.queries.iter().enumerate() {
                for (lane, (least, _)) in self.bounds(chunk, &columns, block, fixed, live) {
                    // What cannot be compared is left.
                    if least > fixed.threshold {
                        found.pruned[q] += 1;
                        found.bounds[q] = found.bounds[q].min(least);
                    } else {
                        left |= 1 << lane;
                    }
                }
            }
            found.live += u64::from(live.count_ones());
            found.left.extend(lanes(left).map(|lane| first_id + u64::from(lane)));
        }
        Ok(())
    }

    /// Bounds of the keys of some rows of a block, from whole codes.
    fn bounds<'a>(
        &'a self,
        chunk: Chunk<'a>,
        columns: &'a Columns<'a>,
        block: usize,
        fixed: &'a Fixed,
        rows: u32,
    ) -> impl Iterator<Item = (u32, (f64, f64))> + 'a {
        let planes = [block, (block + 1).min(chunk.blocks() - 1)].map(|block| chunk.high_block(block));
        let high = self.kernels.coarse(&fixed.rule, columns, block, planes, &fixed.limbs).left;
        lanes(rows).map(move |lane| {
            let row = block * LANES + lane as usize;
            let record = chunk.record(row);
            let low = self.kernels.row(record.low_nibbles(), fixed.query.halves());
            let sum = |i: usize| 16 * i64::from(high.sums[i][lane as usize]) + i64::from(low[i]);
            (lane, fixed.query.bounds(&columns.row(row), record.fine_error(), [sum(0), sum(1)]))
        })
    }

    /// Checks some of `rows`, those of the list from `first` on, against their codes: every number of the
    /// codes, and of the live rows that their keys, worked out for every query, are within their bounds. The
    /// scores go to the scan.
    pub fn check(&self, codes: &Codes<'_>, rows: &[u8], first: usize, range: Range<usize>) -> Result<Faults> {
        codes.check(|rows| self.transform.layout.list_bytes(rows))?;
        let row_bytes = self.scan.row_bytes();
        let count = rows.len() / row_bytes;
        if !rows.len().is_multiple_of(row_bytes) || range.end > count || first + count > codes.rows {
            let got = rows.len();
            return Err(Error::invalid(format!(
                "{got} bytes are no rows of {row_bytes} from row {first} on of a list of {}",
                codes.rows
            )));
        }
        let _state = DefaultFloatState::new();
        let mut checker = Checker::new(&self.transform, self.scan.dtype);
        let mut faults = Faults::default();
        let (mut at, end) = (first + range.start, first + range.end);
        while at < end {
            // Rows of one block, which are bounded together.
            let next = end.min((at / LANES + 1) * LANES);
            let bytes = &rows[(at - first) * row_bytes..(next - first) * row_bytes];
            self.check_block(codes, at, bytes, &mut checker, &mut faults)?;
            at = next;
        }
        Ok(faults)
    }

    /// Rows of one block of the list, from `first` on.
    fn check_block(
        &self,
        codes: &Codes<'_>,
        first: usize,
        rows: &[u8],
        checker: &mut Checker<'_>,
        faults: &mut Faults,
    ) -> Result<()> {
        let (chunk, in_chunk) = (self.chunk(codes, first / CHUNK_ROWS)?, first % CHUNK_ROWS);
        let columns = Columns::of(chunk, self.scan.metric);
        let (block, first_lane) = (in_chunk / LANES, in_chunk % LANES);
        let first_id = codes.first_id + first as u64;
        let rows: Vec<&[u8]> = rows.chunks_exact(self.scan.row_bytes()).collect();
        let mut live = 0;
        for (i, row) in rows.iter().enumerate() {
            let id = first_id + i as u64;
            if let Some(what) = checker.fault(chunk, in_chunk + i, row, codes.norms) {
                faults.add(id, what.into());
            }
            if !codes.dead.is_some_and(|dead| dead.contains(id)) {
                live |= 1 << (first_lane + i);
            }
        }
        for (q, fixed) in self.queries.iter().enumerate() {
            for (lane, (least, most)) in self.bounds(chunk, &columns, block, fixed, live) {
                let i = lane as usize - first_lane;
                let (id, key) = (first_id + i as u64, self.score(q, first_id + i as u64, rows[i]));
                let is_within = (least..=most).contains(&key);
                if !is_within && (least, most) != UNBOUNDED {
                    faults.add(id, format!("its key {key} for query {q} is not within {least} and {most}"));
                }
            }
        }
        Ok(())
    }

    /// The key of a row, which is also offered to the best of the scan.
    fn score(&self, q: usize, id: u64, row: &[u8]) -> f64 {
        let found = score(&self.scan, row, &self.scan.queries[q]);
        self.scan.best[q].push(Hit { key: found.key, score: found.score, id, estimated: false });
        found.key
    }

    fn chunk<'a>(&self, codes: &Codes<'a>, index: usize) -> Result<Chunk<'a>> {
        let layout = self.transform.layout;
        let at = index * layout.chunk_bytes(CHUNK_ROWS);
        let rows = codes.rows.saturating_sub(index * CHUNK_ROWS).min(CHUNK_ROWS);
        let bytes = codes.bytes.get(at..at + layout.chunk_bytes(rows));
        let bytes = bytes.ok_or_else(|| Error::invalid(format!("there is no chunk {index} in the list")))?;
        Chunk::new(layout, rows, bytes)
    }
}

/// The name of the instruction set that scans use, given the one that is asked for.
pub fn instruction_set(asked: Option<&str>) -> Result<&'static str> {
    Tier::pick(asked).map(Tier::name)
}

const UNBOUNDED: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

/// The bits that are set, from the lowest on.
fn lanes(mut bits: u32) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let lane = (bits != 0).then(|| bits.trailing_zeros())?;
        bits &= bits - 1;
        Some(lane)
    })
}

impl Faults {
    fn add(&mut self, row: u64, what: String) {
        self.join(Self { count: 1, first: Some((row, what)) });
    }

    pub fn join(&mut self, other: Self) {
        self.count += other.count;
        let is_before = |a: &(u64, String), b: &(u64, String)| a.0 < b.0;
        match (&self.first, other.first) {
            (Some(ours), Some(theirs)) if !is_before(&theirs, ours) => {}
            (_, Some(theirs)) => self.first = Some(theirs),
            (_, None) => {}
        }
    }
}

impl Found {
    /// Both together; rows of the other come after ours only where the parts did.
    pub fn join(&mut self, other: Self) {
        self.live += other.live;
        if self.pruned.is_empty() {
            (self.pruned, self.bounds) = (other.pruned, other.bounds);
        } else {
            self.pruned.iter_mut().zip(other.pruned).for_each(|(ours, theirs)| *ours += theirs);
            self.bounds.iter_mut().zip(other.bounds).for_each(|(ours, theirs)| *ours = ours.min(theirs));
        }
        self.left.extend(other.left);
        self.left.sort_unstable();
    }
}

impl ExactScan {
    /// What the hits of `results` rank by, smaller ones first: as many, in the same places. Zeros have no
    /// sign.
    pub fn keys(&self) -> Vec<f64> {
        let mut keys = vec![0.0; self.best.len() * self.k];
        for (keys, best) in keys.chunks_mut(self.k).zip(&self.best) {
            for (key, hit) in keys.iter_mut().zip(best.lock().sorted()) {
                *key = hit.key + 0.0;
            }
        }
        keys
    }

    /// Works out the score of every live row of a range, for each of `queries`, which are those of the scan:
    /// no row is dropped for its bound.
    pub fn score_every(&self, queries: &[f64], partition: &Partition<'_>, range: Range<usize>) -> Result<()> {
        let rows = self.count_rows(partition)?;
        if range.end > rows || queries.len() != self.queries() * self.dimensions {
            return Err(Error::invalid(format!("rows {range:?} of {rows}, and the queries of the scan")));
        }
        if !self.metric.is_of_products() {
            return range.clone().step_by(SCORED_ROWS).try_for_each(|start| {
                self.score_block(queries, partition, start..range.end.min(start + SCORED_ROWS))
            });
        }
        let _state = DefaultFloatState::new();
        let row_bytes = self.row_bytes();
        for index in range {
            let id = partition.ids.map_or(partition.first_id + index as u64, |ids| ids[index]);
            if partition.dead.is_some_and(|dead| dead.contains(id)) {
                continue;
            }
            let row = &partition.rows[index * row_bytes..(index + 1) * row_bytes];
            (0..self.queries()).for_each(|q| self.score_row(q, id, row));
        }
        Ok(())
    }

    /// Nothing is dropped before as many rows were seen as are wanted: all of them.
    fn score_block(&self, queries: &[f64], partition: &Partition<'_>, rows: Range<usize>) -> Result<()> {
        let all = Self::new(Options {
            metric: self.metric,
            dtype: self.dtype,
            dimensions: self.dimensions,
            k: rows.len().max(1),
            queries,
            tier: Some(self.tier.name()),
        })?;
        all.scan(partition, rows)?;
        for (ours, theirs) in self.best.iter().zip(&all.best) {
            theirs.lock().sorted().into_iter().for_each(|hit| ours.push(hit));
        }
        Ok(())
    }
}
