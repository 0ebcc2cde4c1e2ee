//! The scan over codes against the plain one: the same ids and scores, to the last bit.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::tests::{METRICS, noise};
use super::{Cascade, Codes, Dtype, ExactScan, Metric, Options, Partition, Results};
use crate::arch::{CodeKernels, Tier};
use crate::codes::testing::norms_of;
use crate::codes::{CHUNK_ROWS, Norms, Transform, encode, train};
use crate::rowset::RowSet;
use crate::testing::{self, bytes_of, numbers};
use crate::{Code, Result};
use proptest::prelude::*;

const ROWS: usize = 2500;
const K: usize = 7;

/// Random rows by codes and without: the same ids and scores, whatever the metric and the number of queries.
#[test]
fn codes_change_no_answer() {
    const DIMENSIONS: usize = 40;
    let mut next = noise(11);
    let mut number = move || ((next() + next() + next() - 1.5) * 2.0) as f32;
    let rows: Vec<u8> = (0..ROWS * DIMENSIONS).flat_map(|_| (number() + 0.25).to_le_bytes()).collect();
    let queries: Vec<f64> = (0..11 * DIMENSIONS).map(|_| number().into()).collect();
    let transform = Arc::new(Transform::new(3, vec![0.25; DIMENSIONS], None).unwrap());
    check_many(&rows, &queries, DIMENSIONS, &transform);
}

/// Rows near a few directions, by codes of the coordinates along those.
#[test]
fn codes_with_a_basis_change_no_answer() {
    const DIMENSIONS: usize = 96;
    let mut next = noise(12);
    let mut number = move || next() + next() + next() - 1.5;
    let directions: Vec<f64> = (0..8 * DIMENSIONS).map(|_| number()).collect();
    let mut row = || {
        let weights: [f64; 8] = std::array::from_fn(|_| 4.0 * number());
        let along = |i: usize| -> f64 { (0..8).map(|r| weights[r] * directions[r * DIMENSIONS + i]).sum() };
        (0..DIMENSIONS).map(|i| (along(i) + 0.5 * number() + 0.25) as f32).collect::<Vec<f32>>()
    };
    let queries: Vec<f64> = (0..11).flat_map(|_| row()).map(f64::from).collect();
    let rows: Vec<u8> = (0..ROWS).flat_map(|_| row()).flat_map(f32::to_le_bytes).collect();
    let transform = Arc::new(train(Dtype::Float32, DIMENSIONS, &rows, 3, None).unwrap());
    assert_eq!(transform.layout.coordinates, 32);
    check_many(&rows, &queries, DIMENSIONS, &transform);
}

/// Rows of float32 and 11 queries.
fn check_many(rows: &[u8], queries: &[f64], dimensions: usize, transform: &Arc<Transform>) {
    for tier in Tier::available() {
        let chunks = rows.chunks(CHUNK_ROWS * dimensions * 4);
        let codes: Vec<u8> = chunks
            .flat_map(|chunk| encode(transform, Dtype::Float32, chunk, Some(tier.name())).unwrap())
            .collect();
        for (metric, count) in METRICS.into_iter().flat_map(|metric| [(metric, 1), (metric, 3), (metric, 11)])
        {
            let scan = || {
                let options = Options {
                    metric,
                    dtype: Dtype::Float32,
                    dimensions,
                    k: K,
                    queries: &queries[..count * dimensions],
                    tier: Some(tier.name()),
                };
                Arc::new(ExactScan::new(options).unwrap())
            };
            let plain = scan();
            let partition = Partition { rows, first_id: 0, ids: None, dead: None };
            plain.scan(&partition, 0..ROWS).unwrap();
            let coded = scan();
            let cascade = Cascade::new(Arc::clone(&coded), Arc::clone(transform)).unwrap().unwrap();
            let list =
                Codes { bytes: &codes, rows: ROWS, first_id: 0, ids: None, dead: None, norms: Norms::ANY };
            cascade.scan(&[list], &(0..Cascade::chunks(ROWS)).into()).unwrap();
            assert!(cascade.left() < ROWS * count / 4, "bounds prune");
            score_all(&cascade, |id| &rows[id as usize * dimensions * 4..][..dimensions * 4]).unwrap();
            let (plain, coded) = (plain.results(), coded.results());
            assert_eq!(coded.ids, plain.ids, "{metric:?} with {tier:?}, {count} queries");
            assert_eq!(coded.scores, plain.scores, "{metric:?} with {tier:?}, {count} queries");
        }
    }
}

/// Scores what is left, a few rows at a time.
fn score_all<'a>(cascade: &Cascade, row: impl Fn(u64) -> &'a [u8]) -> Result<()> {
    loop {
        let ids = cascade.next(5);
        if ids.is_empty() {
            return Ok(());
        }
        let rows: Vec<u8> = ids.iter().flat_map(|&id| row(id)).copied().collect();
        cascade.score(&ids, &rows)?;
    }
}

/// How lists are scanned: each scored before the next, each by a thread, or all in one pass.
#[derive(Clone, Copy)]
enum How {
    OneByOne,
    Apart,
    Together,
}

/// Rows in lists.
#[derive(Clone)]
struct Case {
    dtype: Dtype,
    k: usize,
    mean: Vec<f32>,
    basis: Option<Vec<f32>>,
    bytes: Vec<u8>,
    ids: Vec<u64>,
    dead: Vec<u64>,
    queries: Vec<f64>,
    /// Rows in each list.
    cut: usize,
}

/// Every tier, AVX-512 also without its instruction for dot products.
fn kernels() -> Vec<(Tier, CodeKernels)> {
    let plain = Tier::available().map(|tier| (tier, tier.code_kernels_with(false)));
    Tier::available().map(|tier| (tier, tier.code_kernels())).chain(plain).collect()
}

fn bits(results: &Results) -> Vec<(Vec<(u64, u64)>, u32)> {
    let k = results.ids.len() / results.counts.len();
    // One pattern for all NaN.
    let hits = |q: usize| {
        let hits = results.ids.iter().zip(&results.scores).skip(q * k).take(results.counts[q] as usize);
        hits.map(|(&id, &score)| (id as u64, testing::bits(score))).collect()
    };
    results.counts.iter().enumerate().map(|(q, &count)| (hits(q), count)).collect()
}

impl Case {
    fn row_bytes(&self) -> usize {
        self.mean.len() * self.dtype.bytes()
    }

    fn open(&self, metric: Metric, tier: Tier) -> Arc<ExactScan> {
        let options = Options {
            metric,
            dtype: self.dtype,
            dimensions: self.mean.len(),
            k: self.k,
            queries: &self.queries,
            tier: Some(tier.name()),
        };
        Arc::new(ExactScan::new(options).unwrap())
    }

    fn transform(&self) -> Arc<Transform> {
        Arc::new(Transform::new(8, self.mean.clone(), self.basis.clone()).unwrap())
    }

    fn dead(&self) -> RowSet {
        let mut dead = self.dead.clone();
        dead.sort_unstable();
        RowSet::from_sorted(dead).unwrap()
    }

    fn plain(&self, metric: Metric) -> Results {
        let scan = self.open(metric, Tier::Scalar);
        let dead = self.dead();
        let partition = Partition { rows: &self.bytes, first_id: 0, ids: Some(&self.ids), dead: Some(&dead) };
        scan.scan(&partition, 0..self.ids.len()).unwrap();
        scan.results()
    }

    fn lists(&self, transform: &Transform) -> Vec<Vec<u8>> {
        let encode = |chunk| encode(transform, self.dtype, chunk, None).unwrap();
        let lists = self.bytes.chunks(self.cut * self.row_bytes());
        lists.map(|rows| rows.chunks(CHUNK_ROWS * self.row_bytes()).flat_map(encode).collect()).collect()
    }

    /// The bytes of a row by its id.
    fn rows(&self) -> HashMap<u64, &[u8]> {
        self.ids.iter().copied().zip(self.bytes.chunks(self.row_bytes())).collect()
    }

    /// None when the queries have no bounds.
    fn coded(&self, metric: Metric, with: &(Tier, CodeKernels), how: How) -> Option<Results> {
        let (scan, transform) = (self.open(metric, with.0), self.transform());
        let mut cascade = Cascade::new(Arc::clone(&scan), Arc::clone(&transform)).unwrap()?;
        cascade.kernels = with.1;
        let (rows, dead, lists) = (self.rows(), self.dead(), self.lists(&transform));
        let refine = || score_all(&cascade, |id| rows[&id]).unwrap();
        let codes = lists.iter().zip(self.ids.chunks(self.cut)).map(|(bytes, ids)| Codes {
            bytes,
            rows: ids.len(),
            first_id: 0,
            ids: Some(ids),
            dead: Some(&dead),
            norms: norms_of(transform.layout, ids.len(), bytes),
        });
        let codes: Vec<_> = codes.collect();
        let scan_lists = |lists: &[Codes<'_>]| {
            let chunks: usize = lists.iter().map(|list| Cascade::chunks(list.rows)).sum();
            cascade.scan(lists, &(chunks / 2..chunks).into()).unwrap();
            cascade.scan(lists, &(0..chunks / 2).into()).unwrap();
        };
        match how {
            How::OneByOne => codes.chunks(1).for_each(|list| {
                scan_lists(list);
                refine();
            }),
            How::Apart => {
                let scan = |list| move || scan_lists(list);
                std::thread::scope(|scope| codes.chunks(1).for_each(|list| _ = scope.spawn(scan(list))));
            }
            How::Together => scan_lists(&codes),
        }
        refine();
        Some(scan.results())
    }

    fn check(&self) {
        for metric in METRICS {
            let plain = bits(&self.plain(metric));
            for (i, with) in kernels().iter().enumerate() {
                let how = [How::OneByOne, How::Apart, How::Together][i % 3];
                if let Some(coded) = self.coded(metric, with, how) {
                    assert!(
                        bits(&coded) == plain,
                        "{metric:?} with {:?}: {:?} {plain:?}",
                        with.0,
                        bits(&coded)
                    );
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Plan {
    dtype: Dtype,
    dimensions: usize,
    has_basis: bool,
    rows: usize,
    queries: usize,
    k: usize,
    cut: usize,
    offset: f64,
    scale: f64,
    /// One row in so many is not of finite numbers.
    wild: usize,
    seed: u64,
}

fn plan() -> impl Strategy<Value = Plan> {
    let dtype = prop_oneof![1 => prop::sample::select(Dtype::ALL.to_vec()), 2 => Just(Dtype::Float32)];
    let rows = prop_oneof![12 => 1usize..150, 1 => 1000usize..2300];
    let queries = prop::sample::select(vec![1usize, 3, 4, 9]);
    let sizes =
        (1usize..50, any::<bool>(), rows, queries, 1usize..25, prop_oneof![1usize..60, 1000usize..1100]);
    let offset = prop::sample::select(vec![0.0, 0.25, 1e4]);
    let scale = prop::sample::select(vec![1.0, 1e-3, 1e-12, 1e12]);
    (dtype, sizes, offset, scale, prop::sample::select(vec![3usize, 20, 1 << 20]), any::<u64>()).prop_map(
        |(dtype, (dimensions, has_basis, rows, queries, k, cut), offset, scale, wild, seed)| Plan {
            dtype,
            dimensions,
            has_basis,
            rows,
            queries,
            k,
            cut: cut.max(rows / 6 + 1),
            offset,
            scale,
            wild,
            seed,
        },
    )
}

impl Plan {
    /// A number that the dtype has next to nothing of: infinite, or so small that its square vanishes.
    fn wild(next: &mut impl FnMut() -> f64) -> f64 {
        let kinds = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, 1e-162, 1e-40, f64::MAX, 1e16];
        kinds[(next() * 8.0) as usize]
    }

    fn case(&self) -> Case {
        let mut next = noise(self.seed);
        let dimensions = self.dimensions;
        let integers = !matches!(self.dtype, Dtype::Float16 | Dtype::Float32 | Dtype::Float64);
        let (scale, offset) = match self.dtype {
            Dtype::Float16 => (1.0, 0.25),
            _ if integers => (if next() < 0.5 { 2.0 } else { 100.0 }, 1.0),
            _ => (self.scale, self.offset * self.scale),
        };
        let number = |next: &mut dyn FnMut() -> f64| offset + scale * (next() + next() - 1.0);
        let mean: Vec<f32> =
            if next() < 0.2 { vec![0.0; dimensions] } else { vec![offset as f32; dimensions] };
        let mut rows: Vec<Vec<f64>> = Vec::new();
        for i in 0..self.rows {
            let copy = (next() * rows.len() as f64) as usize;
            let mut row: Vec<f64> = match (next() * 12.0) as usize {
                0 => vec![0.0; dimensions],
                1 => mean.iter().map(|&x| x.into()).collect(),
                2 if !rows.is_empty() => rows[copy].clone(),
                // A unit in the last place apart.
                3 if !rows.is_empty() => rows[copy].iter().map(|&x| (x as f32).next_up().into()).collect(),
                _ => (0..dimensions).map(|_| number(&mut next)).collect(),
            };
            if i % self.wild == self.wild - 1 {
                let all = next() < 0.3;
                row.iter_mut()
                    .take(if all { dimensions } else { 1 })
                    .for_each(|x| *x = Self::wild(&mut next));
            }
            rows.push(row);
        }
        let bytes: Vec<u8> = rows.iter().flatten().flat_map(|&x| bytes_of(self.dtype, x)).collect();
        let stored = bytes.chunks(dimensions * self.dtype.bytes()).map(|row| numbers(self.dtype, row));
        let stored: Vec<Vec<f64>> = stored.collect();
        let queries = (0..self.queries).flat_map(|_| {
            let row = &stored[(next() * stored.len() as f64) as usize];
            match (next() * 8.0) as usize {
                0 => vec![0.0; dimensions],
                1 => mean.iter().map(|&x| x.into()).collect(),
                2 if row.iter().all(|x| x.abs() < 1e14) => row.clone(),
                3 => mean.iter().map(|&x| f64::from(x) + 1e-9 * scale * next()).collect(),
                _ => (0..dimensions).map(|_| number(&mut next)).collect(),
            }
        });
        let queries = queries.collect();
        // Each id once, in no order.
        let ids: Vec<u64> = (0..self.rows as u64).map(|i| (i + 1) * 7919 % 1_000_003).collect();
        let dead = ids.iter().copied().filter(|_| next() < 0.15).collect();
        // The first directions, in another order.
        let basis = self.has_basis && dimensions >= 32;
        let unit = |i: usize| (0..dimensions).map(move |j| f32::from(u8::from(j == (i + 7) % dimensions)));
        let basis = basis.then(|| (0..32).flat_map(unit).collect());
        Case { dtype: self.dtype, k: self.k, mean, basis, bytes, ids, dead, queries, cut: self.cut }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 220, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn codes_of_hard_rows_change_no_answer(plan in plan()) {
        plan.case().check();
    }
}

fn plain_case(rows: &[Vec<f64>], dtype: Dtype, k: usize, queries: Vec<f64>) -> Case {
    Case {
        dtype,
        k,
        mean: vec![0.0; rows[0].len()],
        basis: None,
        bytes: rows.iter().flatten().flat_map(|&x| bytes_of(dtype, x)).collect(),
        // The best of equal rows comes last.
        ids: (0..rows.len() as u64).rev().collect(),
        dead: vec![],
        queries,
        cut: 40,
    }
}

#[test]
fn of_rows_at_the_threshold_the_smallest_ids_win() {
    for queries in [1, 4] {
        let case = plain_case(&vec![vec![0.0; 5]; 130], Dtype::Float32, 3, vec![0.0; 5 * queries]);
        case.check();
        let results = case.coded(Metric::L2, &kernels()[0], How::OneByOne).unwrap();
        assert_eq!(results.ids[..3], [0.0, 1.0, 2.0]);
    }
    let case = plain_case(&vec![vec![3.0, 1.0, 2.0]; 130], Dtype::Uint8, 3, vec![3.0, 1.0, 2.0]);
    case.check();
    Case { mean: vec![3.0, 1.0, 2.0], ..case }.check();
}

#[test]
fn no_threshold_comes_from_a_dead_row() {
    for queries in [1, 4] {
        let rows: Vec<Vec<f64>> =
            (0..300).map(|i| vec![if i < 200 { 0.001 } else { 5.0 + f64::from(i) }; 7]).collect();
        let mut case = plain_case(&rows, Dtype::Float32, 4, vec![0.0; 7 * queries]);
        case.dead = (100..300).collect();
        for cut in [40, 300] {
            case.cut = cut;
            case.check();
            assert_eq!(
                case.coded(Metric::L2, &kernels()[0], How::Together).unwrap().ids[..4],
                [99.0, 98.0, 97.0, 96.0]
            );
        }
    }
}

#[test]
fn squares_that_underflow_do_not_make_rows_equal() {
    let mut rows = vec![vec![1e-162; 100]; 90];
    rows.insert(0, vec![0.0; 100]);
    let mut case = plain_case(&rows, Dtype::Float64, 1, vec![0.0; 100]);
    // So many candidates of one list are cut down.
    case.cut = 100;
    case.check();
    assert_eq!(case.coded(Metric::L2, &kernels()[0], How::Together).unwrap().ids, [90.0]);
}

#[test]
fn lists_that_are_not_what_they_claim_are_typed_errors() {
    let case = plain_case(&vec![vec![1.0; 3]; 1500], Dtype::Float32, 2, vec![0.5; 3]);
    let transform = case.transform();
    let bytes = Case { cut: 1500, ..case.clone() }.lists(&transform).remove(0);
    let cascade = Cascade::new(case.open(Metric::L2, Tier::Scalar), Arc::clone(&transform)).unwrap().unwrap();
    let list = Codes { bytes: &bytes, rows: 1500, first_id: 0, ids: None, dead: None, norms: Norms::ANY };
    let scan = |list: &Codes<'_>, chunks: Range<usize>| {
        cascade.scan(std::slice::from_ref(list), &chunks.into()).map_err(|error| error.code)
    };
    let corrupt = Err(Code::Corrupt);
    assert_eq!(scan(&Codes { bytes: &bytes[..bytes.len() - 1], ..list }, 0..2), corrupt);
    assert_eq!(scan(&Codes { bytes: &[], ..list }, 0..1), corrupt);
    assert_eq!(scan(&Codes { rows: 2048, ..list }, 0..2), corrupt);
    assert_eq!(scan(&Codes { ids: Some(&[1, 2]), ..list }, 0..2), corrupt);
    assert_eq!(scan(&Codes { first_id: u64::MAX - 5, ..list }, 0..2), corrupt);
    for chunks in [0..3, 2..3, 7..9] {
        assert_eq!(scan(&list, chunks), Err(Code::InvalidArgument));
    }
    assert_eq!(scan(&Codes { rows: 1 << 33, ..list }, 0..2), Err(Code::InvalidArgument));
    assert_eq!(scan(&list, 0..2), Ok(()));
    let ids = cascade.next(3);
    let scored = |bytes| cascade.score(&ids, bytes).map_err(|error| error.code);
    assert_eq!(scored(&[0; 11]), Err(Code::InvalidArgument));
    assert_eq!(scored(&vec![1; ids.len() * 12]), Err(Code::Corrupt));
    let other = Arc::new(Transform::new(1, vec![0.0; 4], None).unwrap());
    let refused = Cascade::new(case.open(Metric::L2, Tier::Scalar), other).err();
    assert_eq!(refused.map(|error| error.code), Some(Code::InvalidArgument));
}
