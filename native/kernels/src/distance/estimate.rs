//! Lower bounds on kl and js by sums of float32, so that the defined arithmetic runs for few rows only.
//!
//! kl is the sum of q ln q less the sum of q ln x, of which the first is the query's alone. Twice js is that
//! first sum less the sum of s ln(s / 2) - x ln x, where s = q + x.

use super::Metric;
use super::log::{Scaled, ln_ratio};
use crate::mutants::{Mutant, small_error};

const LANES: usize = 16;
/// Terms that are worked out in one loop, as in `number`.
const BLOCK: usize = 128;
/// Numbers of a query whose products with logarithms, and the sums of these, are normal float32.
const ORDINARY: std::ops::Range<f64> = 1e-25..1e25;
/// The bits of the least normal number, and of the greatest.
const NORMAL: [u32; 2] = [f32::MIN_POSITIVE.to_bits(), f32::MAX.to_bits()];

/// A query of kl or js over rows of float32.
pub struct Estimate {
    dimensions: usize,
    js: bool,
    /// With zeros behind, up to whole lanes.
    values: Vec<f32>,
    /// The sum of q ln q.
    own: f64,
    /// The sum of q.
    mass: f64,
    /// What the sums may be off by, for each unit of mass.
    error: f64,
}

impl Estimate {
    /// `None` for queries that float32 does not hold well.
    pub fn new(query: &[f64], metric: Metric) -> Option<Self> {
        if !query.iter().all(|q| *q == 0.0 || ORDINARY.contains(q)) || query.len() > 1 << 20 {
            return None;
        }
        let own = |&q: &f64| if q == 0.0 { 0.0 } else { q * ln_ratio(Scaled::of(q), Scaled::of(1.0)) };
        let mut values: Vec<f32> = query.iter().map(|&q| q as f32).collect();
        values.resize(query.len().next_multiple_of(LANES), 0.0);
        // No logarithm is beyond 89. It is off by less than 4e-6 and three roundings; numbers, products, and
        // the sums of the lanes and of a lane's terms add theirs. Twice that leaves room for the roundings
        // of float64, here and in the defined arithmetic. js halves terms that have two logarithms.
        let roundings = (query.len() / LANES + LANES + 10) as f64 * f64::from(f32::EPSILON / 2.0);
        Some(Self {
            dimensions: query.len(),
            js: metric == Metric::JensenShannon,
            values,
            own: query.iter().map(own).sum(),
            mass: query.iter().sum(),
            error: small_error(Mutant::Divergence, 2.0 * (4e-6 + 89.0 * roundings)),
        })
    }
}

/// What kl or js of each row of the tile is not below.
#[inline(always)]
pub fn bounds(tile: &[u8], query: &Estimate, into: &mut [f64]) {
    match query.js {
        false => each::<false>(tile, query, into),
        true => each::<true>(tile, query, into),
    }
}

#[inline(always)]
fn each<const JS: bool>(tile: &[u8], query: &Estimate, into: &mut [f64]) {
    let (mut terms, mut numbers) = ([0.0; BLOCK], [0.0; BLOCK]);
    for (row, bound) in tile.chunks_exact(query.dimensions * size_of::<f32>()).zip(into) {
        let (mut lanes, mut mass, mut outside) = ([0.0; LANES], [0.0; LANES], 0);
        for (row, values) in row.as_chunks::<4>().0.chunks(BLOCK).zip(query.values.chunks(BLOCK)) {
            let padded = values.len();
            terms[row.len()..padded].fill(0.0);
            numbers[row.len()..padded].fill(0.0);
            for (((term, number), bytes), q) in terms.iter_mut().zip(&mut numbers).zip(row).zip(values) {
                let bits = u32::from_le_bytes(*bytes);
                let x = f32::from_bits(bits);
                // The sign bit is set of a number that is negative, infinite or NaN.
                outside |= bits | NORMAL[1].wrapping_sub(bits);
                *term = if JS {
                    outside |= if bits.wrapping_sub(1) < NORMAL[0] - 1 { 1 << 31 } else { 0 };
                    let sum = q + x;
                    sum * (ln(sum.to_bits()) - std::f32::consts::LN_2) - x * ln(bits)
                } else {
                    q * ln(bits)
                };
                if JS {
                    *number = x;
                }
            }
            add(&mut lanes, &terms[..padded]);
            if JS {
                add(&mut mass, &numbers[..padded]);
            }
        }
        let [sum, mass] = [lanes, mass].map(|lanes| f64::from(lanes.iter().sum::<f32>()));
        let error = (query.mass + mass) * query.error;
        *bound = match outside >> 31 == 0 && (sum + mass).is_finite() {
            false => f64::NEG_INFINITY,
            true if JS => 0.5 * (query.own - sum) - error,
            true => query.own - sum - error,
        };
    }
}

#[inline(always)]
fn add(lanes: &mut [f32; LANES], terms: &[f32]) {
    for terms in terms.as_chunks::<LANES>().0 {
        for lane in 0..LANES {
            lanes[lane] += terms[lane];
        }
    }
}

/// The logarithm of the normal number that has these bits; of zero and of subnormal numbers, something
/// larger, which bounds kl from below all the same; js does without.
#[inline(always)]
fn ln(bits: u32) -> f32 {
    let exponent = (bits >> 23) as i32 - 127;
    let fraction = f32::from_bits(bits & ((1 << 23) - 1) | 1.0f32.to_bits()) - 1.0;
    // ln(1 + fraction) by interpolation at the Chebyshev points of [0, 1], off by less than 2e-6.
    let [c0, c1, c2, c3, c4, c5, c6] = LN;
    let square = fraction * fraction;
    let low = (c0 + c1 * fraction) + (c2 + c3 * fraction) * square;
    let high = (c4 + c5 * fraction) + c6 * square;
    (low + high * (square * square)) + exponent as f32 * std::f32::consts::LN_2
}

const LN: [f32; 7] =
    [1.693_662_6e-6, 0.999_832_6, -0.497_203_32, 0.315_041_27, -0.189_019_55, 0.081_523_18, -0.017_029_611];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::Tier;
    use crate::testing::Double;
    use proptest::prelude::*;

    #[test]
    fn logarithms_are_as_near_as_the_bound_takes_them_for() {
        for bits in (0x0080_0000..f32::INFINITY.to_bits()).step_by(997) {
            let exact = f64::from(f32::from_bits(bits)).ln();
            let error = (f64::from(ln(bits)) - exact).abs();
            assert!(error < 4e-6 + 3.0 * 89.0 * f64::from(f32::EPSILON / 2.0), "{bits:#x}: {error}");
        }
        for bits in [0, 1, 0x0040_0000, 0x007f_ffff] {
            assert!(f64::from(ln(bits)) >= f64::from(f32::from_bits(bits)).ln() - 4e-6, "{bits:#x}");
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
                for tier in Tier::available() {
                    let mut bound = [0.0];
                    tier.kernels().divergence_bounds(&bytes, &estimate, &mut bound);
                    prop_assert!(bound[0] <= exact, "{metric:?} {tier:?}: {} <= {exact}", bound[0]);
                    let of_row = if metric == Metric::JensenShannon { 1.0 } else { 0.0 };
                    let size = pairs().map(|(q, x)| q + of_row * x);
                    // Zeros and subnormal numbers are left to the defined arithmetic, or bounded loosely.
                    let near = !row.iter().all(|x| (1e-30..1e30).contains(x))
                        || bound[0] >= exact - 2e-3 * size.sum::<f64>() - 1e-9;
                    prop_assert!(near, "{metric:?} {tier:?}: {} is far from {exact}", bound[0]);
                }
            }
        }
    }
}
