//! Lower bounds on kl and js by sums of float32, so that the defined arithmetic runs for few rows only.
//!
//! kl is the sum of q ln q, which is the query's alone, less the sum of q ln x. A term of js is a quarter of
//! u z g(z), where u = q + x, d = q - x, z = (d / u)^2, and g(z) = 1 + z/6 + z^2/15 + ..., the sum of
//! z^n / ((n + 1) (2 n + 1)); a polynomial that is nowhere above g on [0, 1] takes its place.
//!
//! There are two bounds: a rough one that takes half the instructions, for every row, and a close one for the
//! rows that it leaves.

use std::f64::consts::LN_2;

use super::Metric;
use super::log::{Scaled, ln_ratio};
use crate::arch::{AHEAD, LANES, RECIPROCAL_ERROR, Singles, Stream};
use crate::mutants::{Mutant, other, small_error};

/// log2 of numbers from 1 to 2 (Remez's method), off by less than `LOG_ERROR`, roundings of float32 included.
const LOG: [f32; 5] = [-2.512_854_6, 4.070_091, -2.120_675, 0.645_142_4, -0.081_615_81];
const LOG_ERROR: f64 = 9.5e-5;
/// What log2 m is above m - 1 at most, for m from 1 to 2.
const LOG_ABOVE_LINE: f64 = 0.086_072;
/// Of the bits of a float32: one of its exponent.
const EXPONENT: f64 = (1u32 << 23) as f64;
/// What `reciprocal_above` is above the inverse at most.
const RECIPROCAL_ABOVE: f64 = 1.125;
/// g on [0, 1], less a part of at most 0.017: what Remez's method gives for the relative error, less so much
/// that it is nowhere above g.
const SERIES: [f32; 4] = [0.9834569, 0.3575503, -0.5889347, 0.6112883];
/// How far numbers of a row are from one, and how far those of a query that are not zero.
const ORDINARY: std::ops::Range<f64> = 1e-25..1e25;
/// Stands for a zero of the query in sums: small beside any other number, and its inverse is a float32.
const TINY: f32 = f32::from_bits((127 - 90) << 23);

/// A query of kl or js over rows of float32.
pub struct Estimate {
    dimensions: usize,
    js: bool,
    /// With zeros behind, up to whole lanes.
    values: Vec<f32>,
    /// The same, with `TINY` in the place of zeros.
    addends: Vec<f32>,
    /// Greater bits are of numbers that the bounds do not hold for: negative, infinite, NaN, and huge for js.
    limit: u32,
    rough: Line,
    close: Line,
}

/// A bound is `own` less `factor` times the sum.
#[derive(Clone, Copy)]
struct Line {
    own: f64,
    factor: f64,
}

/// Sums that are added to in turn, so that one need not wait for the other.
const CHAINS: usize = 2;
/// Numbers that are taken by a loop that is written out.
const SPAN: usize = 8 * LANES;

/// How near a bound is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    Rough,
    Close,
}

impl Estimate {
    /// `None` for queries that float32 does not hold well.
    pub fn new(query: &[f64], metric: Metric) -> Option<Self> {
        if !query.iter().all(|q| *q == 0.0 || ORDINARY.contains(q)) || query.len() > 1 << 20 {
            return None;
        }
        let mut values: Vec<f32> = query.iter().map(|&q| q as f32).collect();
        let conversion: f64 =
            query.iter().zip(&values).map(|(&q, &value)| (q - f64::from(value)).abs()).sum();
        values.resize(query.len().next_multiple_of(LANES), 0.0);
        let addends = values.iter().map(|&q| if q == 0.0 { TINY } else { q }).collect();
        // A term is rounded twice when it is added, and with its lane: at each step, and in the sum of lanes.
        let roundings = (query.len() / LANES + 10) as f64 * f64::from(f32::EPSILON / 2.0);
        let js = metric == Metric::JensenShannon;
        let (rough, close) = if js {
            // By the mean value theorem, what q is off by changes a term by at most ln(u / (2 q)) / 2 times
            // that, and u / q is below 1e51. A product that underflows is off by less than 2^-149.
            let own = -60.0 * conversion - query.len() as f64 * 2f64.powi(-140);
            // Nothing cancels: errors are parts of the sum. An inverse is off by `RECIPROCAL_ERROR`, and so
            // is d / u; z is by twice that, and the polynomial by at most 3/4 of what z is off by. What is
            // left of thrice that is for second orders, and for what the defined arithmetic is off by.
            let part = |error: f64| -0.25 * (1.0 - error - roundings);
            let rough = part(1e-4) / other(Mutant::RoughDivergence, RECIPROCAL_ABOVE, 1.0);
            (Line { own, factor: rough }, Line { own, factor: part(3.0 * RECIPROCAL_ERROR) })
        } else {
            let own = |&q: &f64| if q == 0.0 { 0.0 } else { q * ln_ratio(Scaled::of(q), Scaled::of(1.0)) };
            let own = query.iter().map(own).sum::<f64>();
            let mass: f64 = query.iter().sum();
            // No binary logarithm is beyond 128, and no natural one beyond 89.
            let error = LN_2 * (LOG_ERROR + 129.0 * roundings) * mass;
            let close = own - small_error(Mutant::Divergence, error + 89.0 * conversion);
            // The bits of 2^e m are those of one of its exponent times e + 127 + (m - 1), at most 256; zeros
            // and subnormal numbers are below that, too.
            let line = LN_2 * (127.0 - small_error(Mutant::RoughDivergence, LOG_ABOVE_LINE)) * mass;
            let rough = own + line - LN_2 * 257.0 * (roundings * mass + conversion);
            (Line { own: rough, factor: LN_2 / EXPONENT }, Line { own: close, factor: LN_2 })
        };
        let limit = if js { ORDINARY.end as f32 } else { f32::MAX }.to_bits();
        let dimensions = query.len();
        Some(Self { dimensions, js, values, addends, limit, rough, close })
    }
}

/// What kl or js of each row of the tile is not below.
///
/// # Safety
/// The CPU has the features of `S`.
#[inline(always)]
pub unsafe fn bounds<S: Singles>(tile: &[u8], query: &Estimate, bound: Bound, into: &mut [f64]) {
    // SAFETY: the caller's.
    unsafe {
        match (query.js, bound) {
            (false, Bound::Rough) => each::<S, false, true>(tile, query, into),
            (false, Bound::Close) => each::<S, false, false>(tile, query, into),
            (true, Bound::Rough) => each::<S, true, true>(tile, query, into),
            (true, Bound::Close) => each::<S, true, false>(tile, query, into),
        }
    }
}

#[inline(always)]
unsafe fn each<S: Singles, const JS: bool, const ROUGH: bool>(
    tile: &[u8],
    query: &Estimate,
    into: &mut [f64],
) {
    let row_bytes = query.dimensions * size_of::<f32>();
    // One by one: rows that are read side by side are no stream to the hardware.
    for (row, bound) in tile.chunks_exact(row_bytes).zip(into) {
        // SAFETY: the caller's.
        *bound = unsafe { of_row::<S, JS, ROUGH>(row, query) };
    }
}

#[inline(always)]
unsafe fn of_row<S: Singles, const JS: bool, const ROUGH: bool>(row: &[u8], query: &Estimate) -> f64 {
    let dimensions = query.dimensions;
    assert!(row.len() == dimensions * size_of::<f32>(), "rows are whole");
    let padded = dimensions.next_multiple_of(LANES);
    assert!(query.values.len() == padded && query.addends.len() == padded, "a query is padded");
    // SAFETY: the features are the caller's; vectors of the query are whole, and of the row as well up to
    // `whole`, from where on `dimensions - whole` numbers are left.
    unsafe {
        let mut chains = [(S::all(0.0), S::no_words()); CHAINS];
        let whole = dimensions / LANES * LANES;
        // Terms of js take so many instructions that it gains nothing.
        let in_spans = if JS { 0 } else { dimensions - dimensions % SPAN };
        let stream = Stream::of_cpu();
        for span in (0..in_spans).step_by(SPAN) {
            // Written out, so that the hardware sees each load as one that goes on by spans.
            for first in (span..span + SPAN).step_by(LANES) {
                let from = row.as_ptr().add(first * size_of::<f32>());
                if first == span || stream == Stream::First {
                    stream.prefetch(from.wrapping_add(AHEAD));
                }
                let chain = &mut chains[first / LANES % CHAINS];
                take::<S, JS, ROUGH>(query, first, S::load(from), chain);
            }
        }
        for first in (in_spans..padded).step_by(LANES) {
            let from = row.as_ptr().add(first * size_of::<f32>());
            stream.prefetch(from.wrapping_add(AHEAD));
            let x = if first < whole { S::load(from) } else { S::load_part(from, dimensions - whole) };
            take::<S, JS, ROUGH>(query, first, x, &mut chains[0]);
        }
        let Line { own, factor } = if ROUGH { query.rough } else { query.close };
        let [(first, of_first), (second, of_second)] = chains;
        if S::any_above(of_first, query.limit) || S::any_above(of_second, query.limit) {
            return f64::NEG_INFINITY;
        }
        own - factor * f64::from(S::sum(S::add(first, second)))
    }
}

/// Adds what a vector of the row, and of the query from `first` on, gives to a sum and to the greatest bits.
#[inline(always)]
unsafe fn take<S: Singles, const JS: bool, const ROUGH: bool>(
    query: &Estimate,
    first: usize,
    x: S::Numbers,
    (sum, greatest): &mut (S::Numbers, S::Words),
) {
    // SAFETY: the caller's.
    unsafe {
        let q = S::load(query.values.as_ptr().add(first).cast());
        *greatest = S::greatest(*greatest, x);
        *sum = match (JS, ROUGH) {
            (false, true) => S::multiply_add(q, S::bits(x), *sum),
            (false, false) => S::multiply_add(q, logarithm::<S>(x), *sum),
            (true, _) => {
                let addend = S::load(query.addends.as_ptr().add(first).cast());
                add_of_js::<S, ROUGH>(q, addend, x, *sum)
            }
        };
    }
}

/// The binary logarithm; of what is below the normal numbers, that of the least of them, which bounds kl from
/// below all the same.
#[inline(always)]
unsafe fn logarithm<S: Singles>(x: S::Numbers) -> S::Numbers {
    // SAFETY: the caller's.
    unsafe {
        let (exponent, m) = S::parts(S::at_least(x, f32::MIN_POSITIVE));
        let mut value = S::all(LOG[LOG.len() - 1]);
        for &coefficient in LOG[..LOG.len() - 1].iter().rev() {
            value = S::multiply_add(value, m, S::all(coefficient));
        }
        S::add(exponent, value)
    }
}

/// Adds d^2 / u g((d / u)^2), or somewhat less; roughly d^2 / u, since g is at least 1, times up to
/// `RECIPROCAL_ABOVE`.
#[inline(always)]
unsafe fn add_of_js<S: Singles, const ROUGH: bool>(
    q: S::Numbers,
    addend: S::Numbers,
    x: S::Numbers,
    sum: S::Numbers,
) -> S::Numbers {
    // SAFETY: the caller's.
    unsafe {
        let (d, u) = (S::subtract(q, x), S::add(addend, x));
        if ROUGH {
            return S::multiply_add(d, S::multiply(d, S::reciprocal_above(u)), sum);
        }
        let t = S::multiply(d, S::reciprocal(u));
        let z = S::multiply(t, t);
        let mut value = S::all(SERIES[SERIES.len() - 1]);
        for &coefficient in SERIES[..SERIES.len() - 1].iter().rev() {
            value = S::multiply_add(value, z, S::all(coefficient));
        }
        S::multiply_add(S::multiply(d, t), value, sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::{Scalar, Tier};
    use crate::testing::Double;
    use proptest::prelude::*;

    const BOTH: [Bound; 2] = [Bound::Rough, Bound::Close];

    #[test]
    fn logarithms_are_as_near_as_the_bound_takes_them_for() {
        let log = |x: f32| {
            // SAFETY: scalar runs anywhere.
            let [log, ..] = unsafe { logarithm::<Scalar>([x; LANES]) };
            f64::from(log)
        };
        for fraction in 0..1 << 23 {
            let x = f32::from_bits(1.0f32.to_bits() | fraction);
            let exact = f64::from(x).log2();
            assert!((log(x) - exact).abs() < LOG_ERROR, "{x}: {} is far from {exact}", log(x));
        }
        for bits in [0, 1, 0x0040_0000, 0x007f_ffff] {
            assert!(log(f32::from_bits(bits)) >= -126.0 - LOG_ERROR, "{bits:#x}");
        }
    }

    #[test]
    fn every_tier_has_the_logarithms_and_takes_no_number_for_another() {
        let estimate = Estimate::new(&[1.0], Metric::KullbackLeibler).unwrap();
        let rows: Vec<f32> = (0..=u32::MAX).step_by(4099).map(f32::from_bits).collect();
        let bytes: Vec<u8> = rows.iter().flat_map(|x| x.to_le_bytes()).collect();
        for tier in Tier::available() {
            let mut bounds = vec![0.0; rows.len()];
            for (how, far) in [(Bound::Close, 3e-4), (Bound::Rough, 0.0603)] {
                tier.kernels().divergence_bounds(&bytes, &estimate, how, &mut bounds);
                for (&x, &bound) in rows.iter().zip(&bounds) {
                    let exact = -f64::from(x).ln();
                    let near = !x.is_normal() || bound > exact - far;
                    match x.is_sign_positive() && x.is_finite() {
                        false => assert_eq!(bound, f64::NEG_INFINITY, "{tier:?} {how:?}: {x:e}"),
                        true => assert!(bound <= exact && near, "{tier:?} {how:?} {x:e}: {bound}, {exact}"),
                    }
                }
            }
        }
    }

    #[test]
    fn the_polynomial_is_below_the_series_and_near_it() {
        let series = |z: f64| match z < 0.01 {
            true => (0..8).map(|n| z.powi(n) / f64::from((n + 1) * (2 * n + 1))).sum(),
            false => {
                let t = z.sqrt();
                let rest = if t < 1.0 { (1.0 - t) * (-t).ln_1p() } else { 0.0 };
                ((1.0 + t) * t.ln_1p() + rest) / z
            }
        };
        let step = 1e-6;
        for i in 0..=1_000_000 {
            let z = f64::from(i) * step;
            let value = SERIES.iter().rev().fold(0.0, |value, &c| value * z + f64::from(c));
            // g ascends, and the polynomial by less than twice the step on the way to the next z.
            assert!(value + 2.0 * step < series(z), "{z}: {value} is above {}", series(z));
            assert!(value > (1.0 - 0.017) * series(z), "{z}: {value} is far below {}", series(z));
        }
    }

    #[test]
    fn a_row_with_a_number_that_no_bound_holds_for_has_none() {
        let odd = [-1.0, -0.0, f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1e-45];
        for dimensions in [1, 5, 16, 17, 31, 33, 150] {
            for (at, x) in (0..dimensions).flat_map(|at| odd.map(|x| (at, x))) {
                // Of five rows, the one in the middle; they begin at an odd address.
                let mut rows = vec![0.25f32; 5 * dimensions];
                rows[2 * dimensions + at] = x;
                let bytes: Vec<u8> =
                    [0].into_iter().chain(rows.iter().flat_map(|x| x.to_le_bytes())).collect();
                for metric in [Metric::KullbackLeibler, Metric::JensenShannon] {
                    let estimate = Estimate::new(&vec![0.5; dimensions], metric).unwrap();
                    for (tier, how) in Tier::available().flat_map(|tier| BOTH.map(|how| (tier, how))) {
                        let mut bounds = [f64::NAN; 5];
                        tier.kernels().divergence_bounds(&bytes[1..], &estimate, how, &mut bounds);
                        let none = bounds.map(|bound| bound == f64::NEG_INFINITY);
                        assert_eq!(none, [false, false, true, false, false], "{metric:?} {tier:?} {x}");
                        assert!(bounds[0] == bounds[1] && bounds[0] == bounds[4] && bounds[0].is_finite());
                    }
                }
            }
        }
    }

    #[test]
    fn zeros_and_their_neighbours_are_bounded_without_loss() {
        let (tiny, least) = (f32::from_bits(1), f32::MIN_POSITIVE);
        let query = [0.0, 0.0, 0.0, 0.5, 0.5, 1e-24, 0.25, 0.0, 1e24];
        let row = [0.0, tiny, 0.5, 0.0, least, 0.0, 0.25, 1e24, 3e24];
        let bytes: Vec<u8> = row.iter().flat_map(|x: &f32| x.to_le_bytes()).collect();
        for dimensions in 1..=row.len() {
            let pairs = || query.iter().zip(row).take(dimensions).map(|(&q, x)| (q, f64::from(x)));
            let half = |q: f64, x: f64| if q == 0.0 { 0.0 } else { 0.5 * q * (2.0 * q / (q + x)).ln() };
            let js: f64 = pairs().map(|(q, x)| half(q, x) + half(x, q)).sum();
            let estimate = Estimate::new(&query[..dimensions], Metric::JensenShannon).unwrap();
            for tier in Tier::available() {
                for (how, part) in [(Bound::Close, 0.97), (Bound::Rough, 0.63)] {
                    let mut bound = [0.0];
                    tier.kernels().divergence_bounds(&bytes[..4 * dimensions], &estimate, how, &mut bound);
                    let near = bound[0] <= js && bound[0] >= part * js - 1e-12;
                    assert!(near, "{tier:?} {how:?}, {dimensions}: {} of {js}", bound[0]);
                }
            }
        }
    }

    fn number() -> impl Strategy<Value = f32> {
        prop_oneof![
            4 => 0.0f32..1.0,
            2 => (1u32..f32::INFINITY.to_bits()).prop_map(f32::from_bits),
            1 => Just(0.0),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn a_bound_is_below_the_divergence_and_near_it(
            pairs in proptest::collection::vec(
                (prop_oneof![9 => 0.0f64..1.0, 1 => Just(0.0)], number()),
                1..300,
            ),
        ) {
            let (query, row): (Vec<f64>, Vec<f32>) = pairs.into_iter().unzip();
            let term = |q: f64, a: f64, b: f64| match (q, b) {
                (0.0, _) => 0.0,
                (_, 0.0) => f64::INFINITY,
                _ => q * Double::ln_ratio(a, b).high,
            };
            let pairs = || query.iter().zip(&row).map(|(&q, &x)| (q, f64::from(x)));
            let kl = pairs().map(|(q, x)| term(q, q, x)).sum::<f64>();
            let half = |q: f64, x: f64| 0.5 * term(q, 2.0 * q, q + x);
            let js = pairs().map(|(q, x)| half(q, x) + half(x, q)).sum::<f64>();
            let bytes: Vec<u8> = row.iter().flat_map(|x| x.to_le_bytes()).collect();
            for (metric, exact) in [(Metric::KullbackLeibler, kl), (Metric::JensenShannon, js)] {
                let estimate = Estimate::new(&query, metric).unwrap();
                for (tier, how) in Tier::available().flat_map(|tier| BOTH.map(|how| (tier, how))) {
                    let mut bound = [0.0];
                    tier.kernels().divergence_bounds(&bytes, &estimate, how, &mut bound);
                    prop_assert!(bound[0] <= exact, "{metric:?} {tier:?} {how:?}: {} <= {exact}", bound[0]);
                    // Huge numbers have no bound for js, and kl is bounded loosely for subnormal ones.
                    let (part, ends) = match (metric == Metric::JensenShannon, how) {
                        (true, Bound::Close) => (0.02 * exact, 0.0..1e25),
                        (true, Bound::Rough) => (0.37 * exact, 0.0..1e25),
                        (false, _) => (0.0, 1e-30..1e30),
                    };
                    let of_mass = if how == Bound::Close { 1e-3 } else { 0.061 };
                    let near = !row.iter().all(|x| ends.contains(x))
                        || bound[0] >= exact - part - of_mass * query.iter().sum::<f64>() - 1e-20;
                    prop_assert!(near, "{metric:?} {tier:?} {how:?}: {} is far from {exact}", bound[0]);
                }
            }
        }
    }
}
