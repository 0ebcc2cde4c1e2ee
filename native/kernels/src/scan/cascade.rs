//! The scan over codes: what their bounds leave of the rows, then the true scores of those, best bound first.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::coarse_pass::CoarsePass;
use super::fine_pass::FinePass;
use super::mapped::MappedRows;
use super::pass::Pass;
use super::share::{Places, Share};
use super::{Best, ExactScan, Metric, Partition};
use crate::arch::{CODE_QUERIES, CodeKernels, DefaultFloatState, Tier, prefetch_all};
use crate::codes::estimate::score_of;
use crate::codes::layout::Section;
use crate::codes::query::{CodeQuery, Columns, Factors, Limbs};
use crate::codes::{CHUNK_ROWS, Chunk, Norms, Transform};
use crate::crc::crc32c;
use crate::mutants::{Mutant, at_most};
use crate::rowset::{MAX_ID, RowSet};
use crate::topk::{Candidate, Candidates, Hit, TopK};
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
    /// What is claimed of the norms of all its rows.
    pub norms: Norms,
}

/// So many queries are scanned together, in one limb each; fewer one by one.
pub(super) const MANY: usize = 4;

/// Rows that are scored together: enough that one is on its way while another is worked on.
const SCORED: usize = 64;
/// Bytes of a row that are asked for ahead; the hardware goes on from there. With 256 the rows that a walk
/// through a graph of MNIST finds take a third more time.
const FETCHED: usize = 1024;

pub struct Cascade {
    pub(super) scan: Arc<ExactScan>,
    /// Which of the scan's queries the first of these is.
    pub(super) first: usize,
    pub(super) transform: Arc<Transform>,
    pub(super) kernels: CodeKernels,
    pub(super) queries: Vec<CodeQuery>,
    limbs: Limbs,
    /// Rows that have an estimate of their score are not scored.
    pub(super) estimates: bool,
    /// Of one query of two limbs each, or of `CODE_QUERIES` queries of one.
    pub(super) vectors: Vec<Vec<i8>>,
    /// Of each query, the least upper bounds of rows that were read while codes were scanned, each row once.
    pub(super) highs: Arc<Vec<Mutex<TopK>>>,
    left: Mutex<Left>,
}

#[derive(Default)]
struct Left {
    /// Of each query, what the bounds left, the best bounds last.
    waiting: Vec<Vec<Candidate>>,
    /// What `next` handed out and `score` did not get yet: queries and rows.
    asked: Vec<(usize, Candidate)>,
}

impl Cascade {
    /// None when the metric is not of products, or a query is outside of the range in which codes have
    /// bounds.
    pub fn new(scan: Arc<ExactScan>, transform: Arc<Transform>) -> Result<Option<Self>> {
        Self::with(scan, transform, false)
    }

    /// The same for scores that are estimates: see [`Cascade::estimate`].
    pub fn estimating(scan: Arc<ExactScan>, transform: Arc<Transform>) -> Result<Option<Self>> {
        Self::with(scan, transform, true)
    }

    fn with(scan: Arc<ExactScan>, transform: Arc<Transform>, estimates: bool) -> Result<Option<Self>> {
        if transform.dimensions != scan.dimensions {
            let (ours, theirs) = (scan.dimensions, transform.dimensions);
            return Err(Error::invalid(format!("codes of {theirs} dimensions for queries of {ours}")));
        }
        if !scan.metric.is_of_products() {
            return Ok(None);
        }
        let _state = DefaultFloatState::new();
        let limbs = if scan.queries.len() < MANY { Limbs::Two } else { Limbs::One };
        // An estimate is the same on every tier; what is scored in the end is so whatever the query's code.
        let kernels = if estimates { Tier::Scalar.kernels() } else { scan.kernels };
        let query = scan
            .queries
            .iter()
            .map(|query| CodeQuery::new(&transform, &kernels, scan.metric, query.values.values(), limbs));
        let Some(queries) = query.collect::<Option<Vec<_>>>() else { return Ok(None) };
        let highs = Arc::new(queries.iter().map(|_| Mutex::new(TopK::new(scan.k))).collect());
        Ok(Some(Self { estimates, ..Self::of(scan, 0, transform, queries, limbs, highs) }))
    }

    fn of(
        scan: Arc<ExactScan>,
        first: usize,
        transform: Arc<Transform>,
        queries: Vec<CodeQuery>,
        limbs: Limbs,
        highs: Arc<Vec<Mutex<TopK>>>,
    ) -> Self {
        let vectors = match limbs {
            Limbs::Two => queries.iter().map(CodeQuery::interleaved_limbs).collect(),
            Limbs::One => {
                let blocks = queries.chunks(CODE_QUERIES);
                blocks.map(|block| CodeQuery::interleaved(block, CODE_QUERIES)).collect()
            }
        };
        let kernels = scan.tier.code_kernels();
        let left = Mutex::new(Left { waiting: vec![Vec::new(); highs.len()], asked: Vec::new() });
        Self { scan, first, transform, kernels, limbs, estimates: false, queries, vectors, highs, left }
    }

    /// What gathers the rows that lists with means of their own leave, of one of the scan's queries.
    pub(crate) fn gathering(
        scan: Arc<ExactScan>,
        query: usize,
        transform: Arc<Transform>,
        estimates: bool,
    ) -> Self {
        let highs = Arc::new(vec![Mutex::new(TopK::new(scan.k))]);
        Self { estimates, ..Self::of(scan, query, transform, Vec::new(), Limbs::Two, highs) }
    }

    /// Scans a list with a mean of its own, that of `transform`; `query` is the one less that mean.
    pub(crate) fn scan_list(
        &self,
        transform: Arc<Transform>,
        query: CodeQuery,
        codes: &Codes<'_>,
    ) -> Result<()> {
        let (scan, highs) = (Arc::clone(&self.scan), Arc::clone(&self.highs));
        let list = Self::of(scan, self.first, transform, vec![query], Limbs::Two, highs);
        let list = Self { estimates: self.estimates, ..list };
        list.scan(&[*codes], &Share::from(0..Self::chunks(codes.rows)))?;
        let found = std::mem::take(&mut list.lock().waiting);
        self.lock().waiting.iter_mut().zip(found).for_each(|(waiting, found)| waiting.extend(found));
        Ok(())
    }

    /// Takes rows of its one query that were found otherwise than by a scan, with their bounds.
    pub(crate) fn offer(&self, found: Vec<Candidate>) {
        let mut candidates = Candidates::new(self.scan.k);
        found.into_iter().for_each(|candidate| candidates.push(candidate));
        self.best(0).lower(candidates.cut());
        self.lock().waiting[0].extend(candidates.take());
    }

    /// What is the best so far of one of the queries.
    pub(super) fn best(&self, q: usize) -> &Best {
        &self.scan.best[self.first + q]
    }

    /// The same of all of them.
    pub(super) fn bests(&self) -> &[Best] {
        &self.scan.best[self.first..][..self.highs.len()]
    }

    pub(super) fn metric(&self) -> Metric {
        self.scan.metric
    }

    pub fn row_bytes(&self) -> usize {
        self.scan.row_bytes()
    }

    /// Bytes of the codes of so many rows in one list.
    pub fn list_bytes(&self, rows: usize) -> usize {
        self.transform.layout.list_bytes(rows)
    }

    /// As [`ExactScan::cancel`], of the scan that these codes are for.
    pub fn cancel(&self) {
        self.scan.cancel();
    }

    /// `Aborted` once the scan was cancelled.
    pub(super) fn check(&self) -> Result<()> {
        self.scan.cancel.check()
    }

    pub fn chunks(rows: usize) -> usize {
        rows.div_ceil(CHUNK_ROWS)
    }

    /// Scans what this pass gets of a share of the lists. Passes may overlap. Lists that are scanned together
    /// cost less than one by one: low nibbles are read when the threshold is that of all.
    pub fn scan(&self, lists: &[Codes<'_>], share: &Share) -> Result<()> {
        self.scan_with(lists, share, None).map(drop)
    }

    /// The same where the rows of the lists are at hand. Gives the ids of those that were read.
    pub fn scan_with(
        &self,
        lists: &[Codes<'_>],
        share: &Share,
        rows: Option<&MappedRows<'_>>,
    ) -> Result<Vec<u64>> {
        let (lists, norms) = self.evened(lists);
        let places = Places::new(&lists, share, |rows| self.list_bytes(rows))?;
        let _state = DefaultFloatState::new();
        let (candidates, read) = match self.limbs {
            Limbs::Two => CoarsePass::new(self, &lists, norms, rows).run(places)?,
            Limbs::One => FinePass::new(self, norms, rows).run(&lists, places)?,
        };
        let found = candidates.into_iter().zip(self.bests()).map(|(mut found, best)| {
            let threshold = best.threshold();
            let mut found = found.take();
            found.retain(|candidate| candidate.low <= threshold);
            found
        });
        let found: Vec<_> = found.collect();
        // Passes end together: only one of them at a time is here.
        self.lock().waiting.iter_mut().zip(found).for_each(|(waiting, found)| waiting.extend(found));
        Ok(read)
    }

    /// The lists, those of which the rows are about as long as each other with the norms of all of these,
    /// which are given too; the other ones without. Only cosine has a use for them.
    fn evened<'a>(&self, lists: &[Codes<'a>]) -> (Vec<Codes<'a>>, Norms) {
        let is_even = |codes: &&Codes<'_>| self.metric() == Metric::Cosine && codes.norms.are_even();
        let norms = lists.iter().filter(is_even).fold(Norms::NONE, |all, codes| all.join(codes.norms));
        let evened = |codes: &Codes<'a>| {
            let norms = if is_even(&codes) && norms.are_even() { norms } else { Norms::ANY };
            Codes { norms, ..*codes }
        };
        (lists.iter().map(evened).collect(), norms)
    }

    /// How many rows wait for their scores, those of each query counted.
    pub fn left(&self) -> usize {
        self.lock().waiting.iter().map(Vec::len).sum()
    }

    /// Whether no row that `next` did not ask for can be among the best; to be called after it. Looks at one
    /// row of each query: they are in order then.
    pub fn is_scored(&self) -> bool {
        let left = self.lock();
        let mut queries = left.waiting.iter().zip(self.bests());
        queries.all(|(waiting, best)| waiting.last().is_none_or(|first| first.low > best.threshold()))
    }

    /// Takes the rows that codes left by their estimates, where the cascade is one of estimates. What has
    /// none waits on, to be scored. To be called after the last scan.
    ///
    /// A row that was ruled out is farther than k others whatever its estimate would have been; and one whose
    /// estimate is among the k best has a lower bound that is at most the k-th upper one, so that it is here.
    pub fn estimate(&self) -> Result<()> {
        let metric = self.metric();
        for (waiting, best) in self.lock().waiting.iter_mut().zip(self.bests()) {
            self.check()?;
            let estimated = waiting.extract_if(.., |candidate| !candidate.estimate.is_nan());
            best.push_all(estimated.map(|Candidate { estimate: key, id, .. }| Hit {
                key,
                score: score_of(metric, key),
                id,
                estimated: true,
            }));
        }
        Ok(())
    }

    /// The ids of the rows to be scored next, ascending, of each query the `count` with the best bounds. None
    /// when no row is left that could still be among the best. To be called after the last scan.
    pub fn next(&self, count: usize) -> Vec<u64> {
        let mut left = self.lock();
        let Left { waiting, asked } = &mut *left;
        asked.clear();
        for (q, waiting) in waiting.iter_mut().enumerate() {
            let threshold = self.best(q).threshold();
            waiting.retain(|candidate| at_most(Mutant::Next, candidate.low, threshold));
            waiting.sort_unstable_by(|a, b| b.low.total_cmp(&a.low));
            let rest = waiting.len().saturating_sub(count);
            asked.extend(waiting.drain(rest..).rev().map(|candidate| (q, candidate)));
        }
        ids_of(asked.iter())
    }

    /// Of the rows that `next` asked for, the ids of those that were not read while codes were scanned.
    pub fn unread(&self) -> Vec<u64> {
        ids_of(self.lock().asked.iter().filter(|(_, candidate)| !candidate.is_read))
    }

    /// Scores the rows that `next` asked for, one after the other in the order of its ids. `Corrupt` when one
    /// is not the row that was coded.
    pub fn score(&self, ids: &[u64], rows: &[u8]) -> Result<()> {
        self.score_part(ids, rows, 0..1, 1)
    }

    /// The same for some of `of` parts; each is to be scored once.
    pub fn score_part(&self, ids: &[u64], rows: &[u8], parts: Range<usize>, of: usize) -> Result<()> {
        let row_bytes = self.scan.row_bytes();
        if rows.len() != ids.len() * row_bytes {
            let got = rows.len();
            return Err(Error::invalid(format!("{} rows of {row_bytes} bytes, got {got} bytes", ids.len())));
        }
        self.score_asked(&self.asked(parts, of), |id| {
            let at = ids.binary_search(&id).map_err(|_| Error::invalid(format!("row {id} was asked for")))?;
            Ok(&rows[at * row_bytes..][..row_bytes])
        })
    }

    /// Some of `of` parts of what `next` asked for.
    pub(super) fn asked(&self, parts: Range<usize>, of: usize) -> Vec<(usize, Candidate)> {
        let asked = &self.lock().asked;
        asked[asked.len() * parts.start / of..asked.len() * parts.end / of].to_vec()
    }

    /// Scores rows for one query each, those of the best bounds first.
    pub(super) fn score_asked<'r>(
        &self,
        asked: &[(usize, Candidate)],
        row_of: impl Fn(u64) -> Result<&'r [u8]>,
    ) -> Result<()> {
        let _state = DefaultFloatState::new();
        let (mut rows, mut ids, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
        for asked in asked.chunks(SCORED) {
            for (_, candidate) in asked {
                prefetch_row(row_of(candidate.id)?);
            }
            for (q, candidate) in asked {
                let (q, &Candidate { low, id, .. }) = (*q, candidate);
                self.check()?;
                let row = row_of(id)?;
                check_row(candidate, row)?;
                if at_most(Mutant::Score, low, self.best(q).threshold()) {
                    pairs.push((self.first + q, ids.len()));
                    ids.push(id);
                    rows.extend_from_slice(row);
                }
            }
            // Most rows that codes leave are ruled out by a sum in float, which costs a fiftieth of a score.
            let scored = Partition { rows: &rows, first_id: 0, ids: Some(&ids), dead: None };
            Pass::new(&self.scan, &scored).run_pairs(pairs.drain(..));
            rows.clear();
            ids.clear();
            self.check()?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ascending, each once.
fn ids_of<'a>(asked: impl Iterator<Item = &'a (usize, Candidate)>) -> Vec<u64> {
    let mut ids: Vec<u64> = asked.map(|(_, candidate)| candidate.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Asks for the beginning of a row.
pub(super) fn prefetch_row(row: &[u8]) {
    prefetch_all(&row[..row.len().min(FETCHED)]);
}

/// `Corrupt` for a row that is not the one of which its code was made.
pub(super) fn check_row(&Candidate { id, check, .. }: &Candidate, row: &[u8]) -> Result<()> {
    match crc32c(row) == check {
        true => Ok(()),
        false => Err(Error::corrupt(format!("row {id} is not the one that its code was made of"))),
    }
}

impl<'a> Codes<'a> {
    /// Whether the list has the bytes that so many rows take.
    pub(super) fn check(&self, bytes_of: impl Fn(usize) -> usize) -> Result<()> {
        // The passes count rows of a list in 32 bits.
        let rows = u32::try_from(self.rows).map_err(|_| Error::invalid("a list has up to 2^32 - 1 rows"))?;
        match self.ids {
            _ if self.bytes.len() != bytes_of(self.rows) => {
                Err(Error::corrupt(format!("{} bytes are no codes of {rows} rows", self.bytes.len())))
            }
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
        let (rows, bytes) = self.chunk_bytes(index, |rows| layout.chunk_bytes(rows));
        Chunk::new(layout, rows, bytes)
    }

    /// How many rows a chunk has, and its bytes, where chunks of so many rows have so many.
    pub(super) fn chunk_bytes(&self, index: usize, bytes_of: impl Fn(usize) -> usize) -> (usize, &'a [u8]) {
        let rows = (self.rows - index * CHUNK_ROWS).min(CHUNK_ROWS);
        (rows, &self.bytes[index * bytes_of(CHUNK_ROWS)..][..bytes_of(rows)])
    }

    /// Where the records of a chunk begin.
    pub(super) fn records_at(&self, cascade: &Cascade, index: usize) -> usize {
        let layout = cascade.transform.layout;
        let rows = (self.rows - index * CHUNK_ROWS).min(CHUNK_ROWS);
        index * layout.chunk_bytes(CHUNK_ROWS) + layout.offset(Section::Records, rows)
    }

    /// Whether rules within norms go for its rows; of a list as `Cascade::evened` gives it.
    pub(super) fn is_even(&self) -> bool {
        self.norms.most < f32::INFINITY
    }

    /// The factors that such rules, or the other ones, need of a chunk.
    pub(super) fn metric(&self, cascade: &Cascade) -> Metric {
        if self.is_even() { Metric::L2Squared } else { cascade.metric() }
    }

    /// Those of a row of a chunk that was scanned.
    pub(super) fn factors(&self, cascade: &Cascade, row: usize) -> Factors {
        let chunk = self.chunk(cascade, row / CHUNK_ROWS).expect("it was scanned");
        Columns::of(chunk, cascade.metric()).row(row % CHUNK_ROWS)
    }

    pub(super) fn id(&self, row: usize) -> u64 {
        self.ids.map_or(self.first_id + row as u64, |ids| ids[row])
    }
}
