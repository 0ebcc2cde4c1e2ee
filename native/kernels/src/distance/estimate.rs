//! A lower bound on kl by sums of float32, so that the defined arithmetic runs for few rows only.
//!
//! kl is the sum of q ln q less the sum of q ln x, of which the first is the query's alone.

use super::log::{Scaled, ln_ratio};

const LANES: usize = 16;
/// Terms that are worked out in one loop, as in `number`.
const BLOCK: usize = 128;
/// Numbers of a query whose products with logarithms, and the sums of these, are normal float32.
const ORDINARY: std::ops::Range<f64> = 1e-25..1e25;

/// A query of kl over rows of float32.
pub struct KlEstimate {
    dimensions: usize,
    /// With zeros behind, up to whole lanes.
    values: Vec<f32>,
    /// The sum of q ln q, less what the sums of float32 may be off by.
    least: f64,
}

impl KlEstimate {
    /// `None` for queries that float32 does not hold well.
    pub fn new(query: &[f64]) -> Option<Self> {
        if !query.iter().all(|q| *q == 0.0 || ORDINARY.contains(q)) || query.len() > 1 << 20 {
            return None;
        }
        let own = |&q: &f64| if q == 0.0 { 0.0 } else { q * ln_ratio(Scaled::of(q), Scaled::of(1.0)) };
        // No logarithm of the row is beyond 89. It is off by less than 4e-6 and three roundings; the number
        // of the query, the product, and the sums of the lanes and of a lane's terms add theirs.
        let roundings = (query.len() / LANES + LANES + 8) as f64 * f64::from(f32::EPSILON / 2.0);
        let error = query.iter().sum::<f64>() * (4e-6 + 89.0 * roundings);
        let mut values: Vec<f32> = query.iter().map(|&q| q as f32).collect();
        values.resize(query.len().next_multiple_of(LANES), 0.0);
        // Twice that leaves room for the roundings of float64, here and in kl.
        Some(Self {
            dimensions: query.len(),
            values,
            least: query.iter().map(own).sum::<f64>() - 2.0 * error,
        })
    }
}

/// What kl of each row of the tile is not below.
#[inline(always)]
pub fn bounds(tile: &[u8], query: &KlEstimate, into: &mut [f64]) {
    let mut terms = [0.0; BLOCK];
    for (row, bound) in tile.chunks_exact(query.dimensions * size_of::<f32>()).zip(into) {
        let (mut lanes, mut outside) = ([0.0; LANES], 0);
        let (numbers, _) = row.as_chunks::<4>();
        for (numbers, values) in numbers.chunks(BLOCK).zip(query.values.chunks(BLOCK)) {
            let padded = values.len();
            terms[numbers.len()..padded].fill(0.0);
            for ((term, number), q) in terms.iter_mut().zip(numbers).zip(values) {
                let bits = u32::from_le_bytes(*number);
                // The sign bit is set of a number that is negative, infinite or NaN.
                outside |= bits | (f32::INFINITY.to_bits() - 1).wrapping_sub(bits);
                *term = q * ln(bits);
            }
            for terms in terms[..padded].as_chunks::<LANES>().0 {
                for lane in 0..LANES {
                    lanes[lane] += terms[lane];
                }
            }
        }
        let sum: f32 = lanes.iter().sum();
        *bound = if outside >> 31 == 0 { query.least - f64::from(sum) } else { f64::NEG_INFINITY };
    }
}

/// The logarithm of the normal number that has these bits; of zero and of subnormal numbers, something
/// larger, which bounds kl from below all the same.
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
        fn a_bound_is_below_kl_and_near_it(
            pairs in proptest::collection::vec((0.0f64..1.0, number()), 1..300),
        ) {
            let (query, row): (Vec<f64>, Vec<f32>) = pairs.into_iter().unzip();
            let exact = query.iter().zip(&row).fold(0.0, |sum, (&q, &x)| match (q, x) {
                (0.0, _) => sum,
                (_, 0.0) => f64::INFINITY,
                _ => sum + q * Double::ln_ratio(q, x.into()).high,
            });
            let estimate = KlEstimate::new(&query).unwrap();
            let bytes: Vec<u8> = row.iter().flat_map(|x| x.to_le_bytes()).collect();
            let ordinary = row.iter().all(|x| x.is_normal());
            for tier in Tier::available() {
                let mut bound = [0.0];
                tier.kernels().kl_bounds(&bytes, &estimate, &mut bound);
                prop_assert!(bound[0] <= exact, "{tier:?}: {} <= {exact}", bound[0]);
                let size: f64 = query.iter().sum();
                prop_assert!(!ordinary || bound[0] >= exact - 2e-3 * size - 1e-9);
            }
        }
    }
}
