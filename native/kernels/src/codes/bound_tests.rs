//! Bounds from codes against the exact keys.

use super::query::{CodeQuery, Columns, Limbs, Rule, rows_of_block};
use super::testing::{Epoch, Setup, Stored, difference, length, noise, norms_of, setup};
use super::{Chunk, LANES, Norms, Transform, encode};
use crate::arch::{CODE_QUERIES, CodeKernels, Kernels, Left, Tier};
use crate::distance::{Dtype, Metric, Query, score::score};
use crate::testing::bytes_of;
use proptest::prelude::*;

const METRICS: [Metric; 4] = [Metric::L2, Metric::L2Squared, Metric::Cosine, Metric::Dot];

/// Every tier, AVX-512 also without its instruction for dot products.
fn every_kernel() -> Vec<CodeKernels> {
    let plain = Tier::available().map(|tier| tier.code_kernels_with(false));
    Tier::available().map(Tier::code_kernels).chain(plain).collect()
}

/// Codes with what a test needs to judge them.
struct Coded {
    epoch: Epoch,
    chunk: Vec<u8>,
    stored: Vec<Stored>,
    norms: Norms,
}

impl Coded {
    fn new(epoch: Epoch) -> Self {
        let chunk = encode(&epoch.transform, epoch.dtype, &epoch.bytes, None).unwrap();
        let rows = epoch.rows.len();
        let stored = (0..rows).map(|row| Stored::of(&epoch.transform, &chunk, rows, row)).collect();
        let norms = norms_of(epoch.transform.layout, rows, &chunk);
        Self { epoch, chunk, stored, norms }
    }

    fn chunk(&self) -> Chunk<'_> {
        Chunk::new(self.epoch.transform.layout, self.stored.len(), &self.chunk).unwrap()
    }

    fn keys(&self, metric: Metric, query: &[f64]) -> Vec<f64> {
        let dtype = self.epoch.dtype;
        let query = Query::new(query, metric, dtype);
        let kernels = Tier::Scalar.kernels();
        let rows = self.epoch.bytes.chunks(self.epoch.mean.len() * dtype.bytes());
        rows.map(|row| score(&kernels, metric, dtype.wide(), dtype.widen(row, &mut Vec::new()), &query).key)
            .collect()
    }

    /// Rows, the mean, what lies near and far, and along the error of a row's code.
    fn queries(&self, seed: u64) -> Vec<Vec<f64>> {
        let mut next = noise(seed);
        let (rows, mean) = (&self.epoch.rows, &self.epoch.mean);
        let row =
            |next: &mut dyn FnMut() -> f64| ((next() + 1.0) * 0.5 * rows.len() as f64) as usize % rows.len();
        let chosen = row(&mut next);
        let size = rows.iter().map(|row| length(&difference(row, mean))).fold(0.0, f64::max);
        let around = |center: &[f64], size: f64, next: &mut dyn FnMut() -> f64| -> Vec<f64> {
            center.iter().map(|c| c + size * next()).collect()
        };
        let mut queries = vec![
            rows[chosen].clone(),
            mean.clone(),
            vec![0.0; mean.len()],
            around(mean, size, &mut next),
            around(mean, 1e-6 * size, &mut next),
            around(&rows[chosen], 1e-9 * size, &mut next),
            around(mean, 1e5 * size, &mut next),
        ];
        for (codes, alpha) in [(self.stored[chosen].fine(), 100.0), (self.stored[chosen].coarse(), -5.0)] {
            let missed = difference(&self.epoch.turn(&rows[chosen]), &codes);
            let back = self.epoch.turn_back(&missed);
            queries.push(mean.iter().zip(back).map(|(c, x)| c + alpha * x).collect());
        }
        // What the transform misses of a row.
        let kept = self.epoch.turn_back(&self.epoch.turn(&rows[chosen]));
        let tail = difference(&difference(&rows[chosen], mean), &kept);
        queries.push(mean.iter().zip(tail).map(|(c, x)| c + x).collect());
        queries
    }
}

/// The limbs in the order of the coordinates.
fn in_order(halves: &[i8]) -> Vec<i64> {
    let (first, second) = halves.split_at(halves.len() / 2);
    let groups = first.chunks(4).zip(second.chunks(4));
    groups.flat_map(|(first, second)| first.iter().chain(second)).map(|&x| x.into()).collect()
}

fn check_bounds(coded: &Coded, metric: Metric, query: &[f64], keys: &[f64]) {
    for limbs in [Limbs::One, Limbs::Two] {
        let Some(code_query) = CodeQuery::new(&coded.epoch.transform, &turning(), metric, query, limbs)
        else {
            continue;
        };
        let vectors = code_query.halves().map(in_order);
        for (i, stored) in coded.stored.iter().enumerate() {
            let sums = vectors
                .each_ref()
                .map(|limb| limb.iter().zip(&stored.codes).map(|(&x, &code)| x * i64::from(code)).sum());
            let (low, high) = bounds_of(coded, &code_query, metric, i, sums);
            let key = keys[i];
            assert!(low <= key && key <= high, "{metric:?} {limbs:?}: {low:e} {key:e} {high:e} {stored:?}");
        }
    }
}

fn bounds_of(coded: &Coded, query: &CodeQuery, metric: Metric, row: usize, sums: [i64; 2]) -> (f64, f64) {
    let (chunk, columns) = (coded.chunk(), Columns::of(coded.chunk(), metric));
    query.bounds(&columns.row(row), chunk.record(row).fine_error(), sums)
}

/// The rows that a rule leaves, by the kernels.
fn left(coded: &Coded, kernels: &CodeKernels, limbs: Limbs, query: &CodeQuery, rule: &Rule) -> Vec<bool> {
    let chunk = coded.chunk();
    let mut errors = Vec::new();
    let columns = match limbs {
        Limbs::Two => Columns::of(chunk, rule.metric),
        Limbs::One => Columns::fine(chunk, rule.metric, &mut errors),
    };
    let mut found = Vec::new();
    for block in 0..chunk.blocks() {
        let rows = match limbs {
            Limbs::Two => {
                kernels
                    .coarse(rule, &columns, block, [chunk.high_block(block); 2], &query.interleaved_limbs())
                    .left
                    .rows
            }
            Limbs::One => {
                let mut codes = vec![0; LANES * chunk.layout.coordinates];
                let stride = chunk.layout.record_bytes();
                kernels.join(chunk.high_block(block), chunk.low_block(block), stride, &mut codes);
                let limbs = CodeQuery::interleaved(std::slice::from_ref(query), CODE_QUERIES);
                let mut left = [Left::NONE; CODE_QUERIES];
                kernels.fine(&[*rule; CODE_QUERIES], &columns, block, &codes, &limbs, &mut left);
                left[0].rows
            }
        };
        let count = rows_of_block(chunk.rows, block).count_ones();
        found.extend((0..count).map(|lane| rows >> lane & 1 == 1));
    }
    found
}

fn check_rules(coded: &Coded, metric: Metric, query: &[f64], keys: &[f64], kernels: &[CodeKernels]) {
    let mut kernels = kernels.iter().cycle();
    let turning = turning();
    for limbs in [Limbs::Two, Limbs::One] {
        let Some(code_query) = CodeQuery::new(&coded.epoch.transform, &turning, metric, query, limbs) else {
            continue;
        };
        let near = keys.iter().flat_map(|key| [*key, key.next_up(), key.next_down()]);
        for threshold in near.chain([f64::INFINITY, f64::NEG_INFINITY, 0.0]).filter(|key| !key.is_nan()) {
            let any = code_query.rule(threshold);
            let within = (metric == Metric::Cosine && coded.norms.are_even())
                .then(|| code_query.rule_within(any, threshold, coded.norms));
            for rule in [Some(any), within].into_iter().flatten() {
                let left = left(coded, kernels.next().unwrap(), limbs, &code_query, &rule);
                for (i, &key) in keys.iter().enumerate() {
                    let (stays, stored) = (left[i] || key > threshold, &coded.stored[i]);
                    assert!(stays, "{metric:?} {limbs:?}: {key:e} within {threshold:e}, {rule:?} {stored:?}");
                }
            }
        }
    }
}

fn check(setup: &Setup) {
    let coded = Coded::new(Epoch::new(setup));
    let kernels = every_kernel();
    for query in coded.queries(setup.seed) {
        for metric in METRICS {
            let keys = coded.keys(metric, &query);
            check_bounds(&coded, metric, &query, &keys);
            check_rules(&coded, metric, &query, &keys, &kernels);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 220, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn bounds_hold_the_exact_key_and_rules_leave_every_row_within_the_threshold(setup in setup(-14..15)) {
        check(&setup);
    }
}

#[test]
fn bounds_hold_for_float32_rows_far_from_the_origin() {
    for (seed, scale) in [(1, 1.0), (2, 1e-3), (3, 1e10)] {
        let setup = Setup {
            dtype: Dtype::Float32,
            dimensions: 75,
            directions: 0,
            rows: 33,
            scale,
            offset: 1e4,
            stretch: 4e-4,
            seed,
        };
        check(&setup);
        check(&Setup { directions: 64, ..setup });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn rules_within_norms_leave_every_row_within_the_threshold(
        seed in any::<u64>(),
        dimensions in 2usize..100,
        cone in prop::sample::select(vec![1e-5, 1e-3, 0.1, 10.0]),
        spread in prop::sample::select(vec![0.0, 1e-7, 0.0038]),
        size in prop::sample::select(vec![1.0, 1e-6, 1e6]),
    ) {
        let mut next = noise(seed);
        let axis: Vec<f64> = (0..dimensions).map(|_| next()).collect();
        let rows: Vec<Vec<f64>> = (0..37)
            .map(|_| {
                let row: Vec<f64> = axis.iter().map(|x| x + cone * next()).collect();
                let long = size * (1.0 + spread * 0.5 * (1.0 + next())) / length(&row);
                row.iter().map(|x| f64::from((long * x) as f32)).collect()
            })
            .collect();
        let mean: Vec<f32> = axis.iter().map(|x| (size * x / length(&axis)) as f32).collect();
        for mean in [mean, vec![0.0; dimensions]] {
            let coded = coded(&mean, Dtype::Float32, &rows);
            prop_assert!(coded.norms.are_even(), "{:?}", coded.norms);
            for query in coded.queries(seed) {
                let opposite: Vec<f64> = query.iter().map(|q| -q).collect();
                for query in [query, opposite] {
                    let keys = coded.keys(Metric::Cosine, &query);
                    check_rules(&coded, Metric::Cosine, &query, &keys, &every_kernel());
                }
            }
        }
    }
}

#[test]
fn rows_of_zeros_and_rows_without_a_bound_leave_norms_open() {
    let norms = |rows: &[Vec<f64>]| coded(&[0.0; 3], Dtype::Float64, rows).norms;
    let even = [vec![1.0, 0.0, 0.0], vec![0.0, 0.0, -1.0]];
    let Norms { least, most } = norms(&even);
    assert!(norms(&even).are_even() && least < 1.0 && 1.0 < most);
    for odd in [vec![0.0; 3], vec![f64::NAN, 0.0, 0.0], vec![1e200, 0.0, 0.0]] {
        assert_eq!(norms(&[even[0].clone(), odd, even[1].clone()]), Norms::ANY);
    }
    assert!(!norms(&[even[0].clone(), vec![1.01, 0.0, 0.0]]).are_even());
    let claimed =
        [(f32::NAN, 1.0), (1.0, f32::NAN), (0.0, 0.0), (-1.0, -1.0), (1.0, 0.99), (1.0, f32::INFINITY)];
    for (least, most) in claimed {
        assert!(!Norms { least, most }.are_even(), "{least} to {most}");
    }
}

fn coded(mean: &[f32], dtype: Dtype, rows: &[Vec<f64>]) -> Coded {
    let transform = Transform::new(1, mean.to_vec(), None).unwrap();
    let bytes = rows.iter().flatten().flat_map(|&x| bytes_of(dtype, x)).collect();
    let mean = mean.iter().map(|&x| x.into()).collect();
    Coded::new(Epoch { transform, matrix: Vec::new(), dtype, bytes, rows: rows.to_vec(), mean })
}

/// Their squares vanish in float64, but the exact key is a sum of many.
#[test]
fn bounds_hold_where_squares_underflow() {
    let rows = [vec![1e-162; 200], vec![0.0; 200], vec![-1.5e-162; 200], vec![1.0; 200]];
    let coded = coded(&[0.0; 200], Dtype::Float64, &rows);
    for query in [vec![0.0; 200], vec![1e-162; 200], vec![-1e-200; 200], vec![2.0; 200]] {
        for metric in METRICS {
            let keys = coded.keys(metric, &query);
            check_bounds(&coded, metric, &query, &keys);
            check_rules(&coded, metric, &query, &keys, &every_kernel());
        }
    }
}

#[test]
fn bounds_hold_for_rows_and_means_that_are_denormal_in_float32() {
    let tiny = f64::from(f32::from_bits(1));
    let mean = [f32::from_bits(1); 3];
    let rows =
        [vec![tiny; 3], vec![tiny, 0.0, 0.0], vec![1.0, 0.9, 0.8], vec![0.0; 3], vec![1e-13, 0.0, 1e-13]];
    let coded = coded(&mean, Dtype::Float32, &rows);
    for size in [1e-10, 1.0, 1e3, 5e14] {
        for metric in METRICS {
            let query = [size, size, 0.8 * size];
            let keys = coded.keys(metric, &query);
            check_bounds(&coded, metric, &query, &keys);
            check_rules(&coded, metric, &query, &keys, &every_kernel());
        }
    }
}

#[test]
fn a_query_out_of_the_range_of_bounds_is_none() {
    let transform = Transform::new(1, vec![1.0; 3], None).unwrap();
    for number in [f64::NAN, f64::INFINITY, 1e16, 1e200, -1e308, 1.0 + 1e-15] {
        for limbs in [Limbs::One, Limbs::Two] {
            let found = CodeQuery::new(&transform, &turning(), Metric::L2, &[1.0, number, 1.0], limbs);
            assert_eq!(found.is_none(), number != 1.0 + 1e-15, "{number}");
        }
    }
    assert!(CodeQuery::new(&transform, &turning(), Metric::Dot, &[0.0, 1e-17, 0.0], Limbs::Two).is_none());
}

/// What turns queries.
fn turning() -> Kernels {
    Tier::pick(None).unwrap().kernels()
}
