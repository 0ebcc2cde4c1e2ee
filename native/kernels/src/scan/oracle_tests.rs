//! Random cases of every metric, dtype and tier against the definition of the answer: all rows scored in
//! whole numbers of any size, and sorted. And that this catches mistakes which are planted.
//!
//! `NACRE_SEED` repeats a run; the seed of a case that failed makes it the first one.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use super::{Cascade, Codes, ExactScan, MappedRows, Options, Partition, Share};
use crate::arch::{CodeKernels, Tier};
use crate::codes::testing::norms_of;
use crate::codes::{CHUNK_ROWS, encode};
use crate::rowset::RowSet;
use crate::testing::bits;
use cases::Case;
use random::Random;
use scores::{Vector, decode, scored};

mod adverse;
mod cases;
mod even;
mod mutant_tests;
mod random;
mod scores;

const CASES: u64 = 10_000;

/// Of each query, the ids and the bits of the scores, best first.
type Answer = Vec<Vec<(u64, u64)>>;

/// That of `NACRE_SEED`, else another for each run.
fn seed() -> u64 {
    match std::env::var("NACRE_SEED") {
        Ok(seed) => seed.parse().expect("NACRE_SEED is a whole number"),
        Err(_) => RandomState::new().build_hasher().finish() >> 32,
    }
}

/// Past what keeps the output of tests that pass.
fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("there is somewhere to write to");
}

/// Every row scored, and sorted.
fn expected(case: &Case) -> Answer {
    let rows = (0..case.ids.len()).filter(|&row| !case.dead.contains(&case.ids[row]));
    let rows: Vec<_> =
        rows.map(|row| (case.ids[row], Vector::new(decode(case.dtype, case.row(row))))).collect();
    let of_query = |query: &[f64]| {
        let query = Vector::new(query.to_vec());
        let mut hits: Vec<_> =
            rows.iter().map(|(id, row)| (scored(case.metric, case.dtype, row, &query), *id)).collect();
        hits.sort_by(|((a, _), a_id), ((b, _), b_id)| {
            let by_key = a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()));
            by_key.then(a_id.cmp(b_id))
        });
        hits.into_iter().take(case.k).map(|((_, score), id)| (id, bits(score))).collect()
    };
    case.queries.chunks(case.dimensions).map(of_query).collect()
}

/// A part of a pass: rows of a list, or chunks of its codes.
enum Part {
    Rows(usize, Range<usize>),
    /// Whether their rows are at hand.
    Chunks(usize, Arc<Share>, bool),
}

/// One way to search a case.
struct Route<'a> {
    case: &'a Case,
    scan: Arc<ExactScan>,
    dead: RowSet,
    /// The search by codes, with the codes of each list.
    coded: Option<(Cascade, &'a [Vec<u8>])>,
}

impl<'a> Route<'a> {
    fn new(case: &'a Case, tier: Tier) -> Self {
        let options = Options {
            metric: case.metric,
            dtype: case.dtype,
            dimensions: case.dimensions,
            k: case.k,
            queries: &case.queries,
            tier: Some(tier.name()),
        };
        let mut dead = case.dead.clone();
        dead.sort_unstable();
        let dead = RowSet::from_sorted(dead).expect("ids in order");
        Self { case, scan: Arc::new(ExactScan::new(options).expect("a scan")), dead, coded: None }
    }

    /// By codes; none for queries that have no bounds.
    fn coded(case: &'a Case, tier: Tier, kernels: CodeKernels, codes: &'a [Vec<u8>]) -> Option<Self> {
        let route = Self::new(case, tier);
        let mut cascade =
            Cascade::new(Arc::clone(&route.scan), Arc::clone(&case.transform)).expect("a cascade")?;
        cascade.kernels = kernels;
        Some(Self { coded: Some((cascade, codes)), ..route })
    }

    fn ids(&self, list: usize) -> (u64, Option<&[u64]>) {
        let ids = &self.case.ids[self.case.lists[list].clone()];
        if self.case.numbered { (ids[0], None) } else { (0, Some(ids)) }
    }

    /// In no order. Of a search by codes, now and then a list has none.
    fn parts(&self, random: &mut Random) -> Vec<Part> {
        let mut parts = Vec::new();
        for (list, rows) in self.case.lists.iter().enumerate() {
            if self.coded.is_some() && !random.once_in(8) {
                let chunks = Cascade::chunks(rows.len());
                let cut = random.within(0..chunks + 1);
                let shares = if random.once_in(2) {
                    [Arc::new((0..cut).into()), Arc::new((cut..chunks).into())]
                } else {
                    let both = Arc::new(Share::among(2, 0..chunks));
                    [Arc::clone(&both), both]
                };
                parts.extend(shares.map(|share| Part::Chunks(list, share, random.once_in(2))));
            } else {
                let cut = if random.once_in(2) { 0 } else { random.within(0..rows.len() + 1) };
                parts.extend([Part::Rows(list, 0..cut), Part::Rows(list, cut..rows.len())]);
            }
        }
        random.shuffle(&mut parts);
        parts
    }

    fn scan(&self, part: &Part) {
        let (Part::Rows(list, _) | Part::Chunks(list, ..)) = part;
        let (rows, row_bytes) = (&self.case.lists[*list], self.case.row_bytes());
        let ((first_id, ids), dead) = (self.ids(*list), Some(&self.dead));
        match part {
            Part::Rows(_, range) => {
                let bytes = &self.case.bytes[rows.start * row_bytes..rows.end * row_bytes];
                let partition = Partition { rows: bytes, first_id, ids, dead };
                self.scan.scan(&partition, range.clone()).expect("rows are scanned");
            }
            Part::Chunks(_, share, with_rows) => {
                let (cascade, codes) = self.coded.as_ref().expect("codes");
                let (bytes, rows) = (&codes[*list], rows.len());
                let norms = norms_of(self.case.transform.layout, rows, bytes);
                let list = Codes { bytes, rows, first_id, ids, dead, norms };
                let at_hand = with_rows.then(|| self.rows_in_memory(cascade));
                cascade.scan_with(&[list], share, at_hand.as_ref()).expect("codes are scanned");
            }
        }
    }

    /// Each row on its own, since ids need not follow each other.
    fn rows_in_memory(&self, cascade: &Cascade) -> MappedRows<'a> {
        let mut rows: Vec<_> = self.case.ids.iter().zip(0..).map(|(&id, i)| (id, self.case.row(i))).collect();
        rows.sort_unstable();
        MappedRows::new(cascade.row_bytes(), rows).expect("rows with ids of their own")
    }

    /// Scores what the codes left, a few rows at a time.
    fn refine(&self, random: &mut Random, threads: bool) {
        let Some((cascade, _)) = &self.coded else { return };
        if random.once_in(3) {
            let (first, most) = (random.within(1..40), random.within(1..200));
            cascade.refine(&self.rows_in_memory(cascade), first, most).expect("rows are scored");
            return;
        }
        let places: HashMap<u64, usize> = self.case.ids.iter().copied().zip(0..).collect();
        loop {
            let ids = cascade.next(random.pick(&[1, 3, 20, 300]));
            if ids.is_empty() {
                return;
            }
            let rows: Vec<u8> = ids.iter().flat_map(|id| self.case.row(places[id])).copied().collect();
            let of = random.within(1..4);
            let mut parts: Vec<usize> = (0..of).collect();
            random.shuffle(&mut parts);
            each(&parts, threads, |&part| {
                cascade.score_part(&ids, &rows, part..part + 1, of).expect("rows are scored");
            });
        }
    }

    fn answer(&self, random: &mut Random, threads: bool) -> Answer {
        let parts = self.parts(random);
        if threads {
            each(&parts, true, |part| self.scan(part));
        } else {
            for part in &parts {
                self.scan(part);
                if random.once_in(2) {
                    self.refine(random, false);
                }
            }
        }
        self.refine(random, threads);
        let results = self.scan.results();
        let hits = |q: usize| {
            let range = q * self.case.k..q * self.case.k + results.counts[q] as usize;
            let hits = results.ids[range.clone()].iter().zip(&results.scores[range]);
            hits.map(|(&id, &score)| (id as u64, bits(score))).collect()
        };
        (0..results.counts.len()).map(hits).collect()
    }
}

/// One after the other on this thread, or each on one of its own.
fn each<T: Sync>(list: &[T], threads: bool, work: impl Fn(&T) + Sync) {
    if !threads {
        return list.iter().for_each(work);
    }
    let work = &work;
    std::thread::scope(|scope| list.iter().for_each(|item| _ = scope.spawn(move || work(item))));
}

/// Every tier, AVX-512 also without its instruction for dot products.
fn kernels() -> Vec<(String, Tier, CodeKernels)> {
    let mut kernels: Vec<_> =
        Tier::available().map(|tier| (format!("{tier:?}"), tier, tier.code_kernels())).collect();
    if let Some(tier) = Tier::available().find(|tier| *tier == Tier::Avx512) {
        kernels.push(("Avx512 without VNNI".into(), tier, tier.code_kernels_with(false)));
    }
    kernels
}

/// What is wrong with the answers to a case; with `alone` all of it is done on this thread.
fn mistake(case: &Case, alone: bool) -> Option<String> {
    let mut random = Random::new(!case.seed);
    let expected = expected(case);
    let mut compare = |route: &Route<'_>, name: &str| {
        let threads = !alone && random.once_in(8);
        let found = route.answer(&mut random, threads);
        let q = (0..expected.len()).find(|&q| found[q] != expected[q])?;
        let (found, expected) = (&found[q], &expected[q]);
        let first = found.iter().zip(expected).take_while(|(a, b)| a == b).count();
        let part = |hits: &[(u64, u64)]| -> Vec<(u64, f64)> {
            hits[first..].iter().take(3).map(|&(id, bits)| (id, f64::from_bits(bits))).collect()
        };
        let (got, counts) = ((part(found), part(expected)), (found.len(), expected.len()));
        Some(format!("{name}, query {q}, from hit {first} on {:?} for {:?}, of {counts:?}", got.0, got.1))
    };
    for tier in Tier::available() {
        let found = compare(&Route::new(case, tier), &format!("rows with {tier:?}"));
        if found.is_some() {
            return found;
        }
    }
    if !case.metric.is_of_products() {
        return None;
    }
    let encode = |chunk| encode(&case.transform, case.dtype, chunk, None).expect("codes");
    let list = |rows: &Range<usize>| {
        let rows = &case.bytes[rows.start * case.row_bytes()..rows.end * case.row_bytes()];
        rows.chunks(CHUNK_ROWS * case.row_bytes()).flat_map(encode).collect()
    };
    let codes: Vec<Vec<u8>> = case.lists.iter().map(list).collect();
    kernels().into_iter().find_map(|(name, tier, kernels)| {
        compare(&Route::coded(case, tier, kernels, &codes)?, &format!("codes with {name}"))
    })
}

#[test]
fn ten_thousand_random_cases_are_answered_as_defined() {
    let seed = seed();
    say(&format!("exact search against its oracle: {CASES} cases of NACRE_SEED={seed}"));
    for seed in (0..CASES).map(|i| seed.wrapping_add(i)) {
        let case = Case::new(seed);
        if let Some(mistake) = mistake(&case, false) {
            panic!("NACRE_SEED={seed}: {case}: {mistake}");
        }
    }
}
