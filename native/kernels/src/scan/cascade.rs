//! The scan over codes: what their bounds leave of the rows, then the true scores of those, best bound first.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::coarse_pass::CoarsePass;
use super::fine_pass::FinePass;
use super::{Best, ExactScan};
use crate::arch::{CODE_QUERIES, CodeKernels, DefaultFloatState};
use crate::codes::query::{CodeQuery, Factors, Limbs, Plane, Rule};
use crate::codes::{CHUNK_ROWS, Chunk, Transform};
use crate::rowset::{MAX_ID, RowSet};
use crate::topk::{Candidate, Candidates};
use crate::{Error, Result};

/// A list of codes: chunks of `CHUNK_ROWS` rows, the last of them with what is left.
#[derive(Clone, Copy)]
pub struct Codes<'a> {
    pub bytes: &'a [u8],
    pub rows: usize,
    /// Row i has the id `first_id + i`, or `ids[i]` when given.
    pub first_id: u64,
    pub ids: Option<&'a [u64]>,
    pub dead: Option<&'a RowSet>,
}

/// So many queries are scanned together, in one limb each; fewer one by one.
const MANY: usize = 4;

pub struct Cascade {
    scan: Arc<ExactScan>,
    pub(super) transform: Arc<Transform>,
    pub(super) kernels: CodeKernels,
    pub(super) queries: Vec<CodeQuery>,
    limbs: Limbs,
    /// Of one query of two limbs each, or of `CODE_QUERIES` queries of one.
    pub(super) vectors: Vec<Vec<i8>>,
    /// Of each query, what the bounds left.
    left: Mutex<Vec<Vec<Candidate>>>,
}

impl Cascade {
    /// None when a query is outside of the range in which codes have bounds.
    pub fn new(scan: Arc<ExactScan>, transform: Arc<Transform>) -> Result<Option<Self>> {
        if transform.dimensions != scan.dimensions {
            let (ours, theirs) = (scan.dimensions, transform.dimensions);
            return Err(Error::invalid(format!("codes of {theirs} dimensions for queries of {ours}")));
        }
        let _state = DefaultFloatState::new();
        let limbs = if scan.queries.len() < MANY { Limbs::Two } else { Limbs::One };
        let queries = scan.queries.iter();
        let query =
            queries.map(|query| CodeQuery::new(&transform, scan.metric, query.values.values(), limbs));
        let Some(queries) = query.collect::<Option<Vec<_>>>() else { return Ok(None) };
        let vectors = match limbs {
            Limbs::Two => queries.iter().map(CodeQuery::interleaved_limbs).collect(),
            Limbs::One => {
                let blocks = queries.chunks(CODE_QUERIES);
                blocks.map(|block| CodeQuery::interleaved(block, CODE_QUERIES)).collect()
            }
        };
        let kernels = scan.tier.code_kernels();
        let left = Mutex::new(vec![Vec::new(); queries.len()]);
        Ok(Some(Self { scan, transform, kernels, limbs, queries, vectors, left }))
    }

    pub fn chunks(rows: usize) -> usize {
        rows.div_ceil(CHUNK_ROWS)
    }

    /// Scans a range of the chunks. Passes may overlap.
    pub fn scan(&self, codes: &Codes<'_>, chunks: Range<usize>) -> Result<()> {
        codes.check()?;
        if chunks.end > Self::chunks(codes.rows) {
            return Err(Error::invalid(format!("chunks {chunks:?} of a list of {} rows", codes.rows)));
        }
        let _state = DefaultFloatState::new();
        let candidates = match self.limbs {
            Limbs::Two => CoarsePass::new(self, codes).run(chunks)?,
            Limbs::One => FinePass::new(self, codes).run(chunks)?,
        };
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        for (left, mut candidates) in left.iter_mut().zip(candidates) {
            left.append(&mut candidates.take());
        }
        Ok(())
    }

    /// Scores what was left, of each query in order of the bounds. `row` gives the bytes of a row by its id.
    pub fn refine<'a>(&self, row: impl Fn(u64) -> Result<&'a [u8]>) -> Result<usize> {
        let _state = DefaultFloatState::new();
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scored = 0;
        for (q, candidates) in left.iter_mut().enumerate() {
            candidates.sort_unstable_by(|a, b| a.low.total_cmp(&b.low));
            for candidate in candidates.drain(..) {
                if candidate.low > self.scan.best[q].threshold() {
                    break;
                }
                let bytes = row(candidate.id)?;
                if bytes.len() != self.scan.row_bytes() {
                    return Err(Error::corrupt(format!("row {} has {} bytes", candidate.id, bytes.len())));
                }
                self.scan.score_row(q, candidate.id, bytes);
                scored += 1;
            }
        }
        Ok(scored)
    }

    pub fn left(&self) -> usize {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).iter().map(Vec::len).sum()
    }
}

impl<'a> Codes<'a> {
    fn check(&self) -> Result<()> {
        // The passes count rows of a list in 32 bits.
        let rows = u32::try_from(self.rows).map_err(|_| Error::invalid("a list has up to 2^32 - 1 rows"))?;
        match self.ids {
            Some(ids) if ids.len() != self.rows => {
                Err(Error::corrupt(format!("{rows} codes have {} row ids", ids.len())))
            }
            None if self.first_id.checked_add(rows.into()).is_none_or(|end| end > MAX_ID + 1) => {
                Err(Error::corrupt(format!("{rows} codes from id {} on pass 2^53 - 1", self.first_id)))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn chunk(&self, cascade: &Cascade, index: usize) -> Result<Chunk<'a>> {
        let layout = cascade.transform.layout;
        let rows = (self.rows - index * CHUNK_ROWS).min(CHUNK_ROWS);
        let at = index * layout.chunk_bytes(CHUNK_ROWS);
        let bytes = self.bytes.get(at..at + layout.chunk_bytes(rows));
        Chunk::new(layout, rows, bytes.ok_or_else(|| Error::corrupt("codes end before their last chunk"))?)
    }

    fn id(&self, row: usize) -> u64 {
        self.ids.map_or(self.first_id + row as u64, |ids| ids[row])
    }
}

/// What the passes share: the rows that the fine codes leave, and the rules that get stricter by them.
pub struct Keeper<'a> {
    cascade: &'a Cascade,
    codes: &'a Codes<'a>,
    plane: Plane,
    /// Of each query.
    pub candidates: Vec<Candidates>,
    /// The threshold of each rule, and the rule.
    rules: Vec<(f64, Rule)>,
}

impl<'a> Keeper<'a> {
    pub fn new(cascade: &'a Cascade, codes: &'a Codes<'a>, plane: Plane) -> Self {
        let candidates = cascade.queries.iter().map(|_| Candidates::new(cascade.scan.k)).collect();
        let best = cascade.scan.best.iter().map(Best::threshold);
        let rules = cascade.queries.iter().zip(best).map(|(query, best)| (best, query.rule(plane, best)));
        Self { cascade, codes, plane, candidates, rules: rules.collect() }
    }

    pub fn rule(&self, q: usize) -> &Rule {
        &self.rules[q].1
    }

    /// Keeps a row that its fine code does not rule out; `row` counts in the list.
    pub fn keep(&mut self, q: usize, chunk: Chunk<'_>, row: usize, sums: [i64; 2]) {
        let best = &self.cascade.scan.best[q];
        let (low, high) = self.cascade.queries[q].bounds(&Factors::of(chunk, row % CHUNK_ROWS), sums);
        if low <= best.threshold() {
            let id = self.codes.id(row);
            if self.codes.dead.is_some_and(|dead| dead.contains(id)) {
                return;
            }
            self.candidates[q].push(Candidate { low, high, id, row });
            best.lower(self.candidates[q].cut());
        }
        let threshold = best.threshold();
        if threshold < self.rules[q].0 {
            self.rules[q] = (threshold, self.cascade.queries[q].rule(self.plane, threshold));
        }
    }
}
