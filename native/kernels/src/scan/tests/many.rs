//! More rows than a tile has.

use super::*;

/// Numbers that repeat from run to run.
pub fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1u32 << 31)
    }
}

/// More rows than a tile and more candidates than may wait, every tier against scalar and against a full
/// sort.
fn check_many(dtype: Dtype, dimensions: usize, rows: usize, k: usize, value: impl FnMut() -> f64) {
    check_many_by(&METRICS, dtype, dimensions, rows, k, value);
}

pub fn check_many_by(
    metrics: &[Metric],
    dtype: Dtype,
    dimensions: usize,
    rows: usize,
    k: usize,
    mut value: impl FnMut() -> f64,
) {
    let queries: Vec<f64> = (0..6 * dimensions).map(|_| value()).collect();
    let case = Case {
        dtype,
        dimensions,
        k,
        rows: (0..rows * dimensions).map(|_| value()).collect(),
        ids: (0..rows as u64).map(|id| (id * 7919) % 1_000_003).collect(),
        dead: (0..rows as u64).step_by(5).collect(),
        queries,
        cut: rows / 3 + 1,
    };
    for &metric in metrics {
        let reference = case.scan(metric, Tier::Scalar);
        let everything = Case { k: rows, ..case.clone() }.scan(metric, Tier::Scalar);
        for q in 0..6 {
            let range = |k: usize| q * k..q * k + (reference.counts[q] as usize);
            assert_eq!(reference.ids[range(k)], everything.ids[range(rows)], "{metric:?}, query {q}");
        }
        for tier in Tier::available() {
            let results = case.scan(metric, tier);
            assert_eq!(results.ids, reference.ids, "{metric:?} with {tier:?}");
            let same = results.scores.iter().zip(&reference.scores).all(|(a, b)| bits(*a) == bits(*b));
            assert!(same, "{metric:?} with {tier:?}");
        }
    }
}

#[test]
fn many_rows_give_the_same_on_every_tier() {
    let mut next = noise(1);
    check_many(Dtype::Float32, 37, 4000, 9, move || f64::from((next() * 2.0 - 1.0) as f32));
    let mut next = noise(2);
    check_many(Dtype::Uint8, 70, 4000, 9, move || (next() * 256.0).floor());
    let mut next = noise(3);
    check_many(Dtype::Uint8, 33, 4000, 9, move || (next() * 2.0).floor());
    let mut next = noise(5);
    check_many(Dtype::Float64, 19, 4000, 9, move || next() * 2.0 - 1.0);
    let mut next = noise(6);
    check_many(Dtype::Int16, 31, 4000, 9, move || (next() * 65_536.0).floor() - 32_768.0);
    let mut next = noise(7);
    check_many(Dtype::Int64, 9, 4000, 9, move || ((next() - 0.5) * 1e18).floor());
}

#[test]
fn rows_that_are_all_alike_are_told_apart_by_id() {
    check_many(Dtype::Float32, 3, 6000, 5, || 0.1f32.into());
    check_many(Dtype::Uint8, 3, 6000, 5, || 7.0);
}

#[test]
fn rows_that_cannot_be_bounded_are_all_worked_out() {
    let mut next = noise(4);
    check_many(Dtype::Float32, 2, 3000, 4, move || match next() {
        n if n < 0.3 => f64::NAN,
        n if n < 0.6 => f64::INFINITY,
        n => n as f32 as f64,
    });
}
