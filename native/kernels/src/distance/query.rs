//! A query with all that is worked out of it once.

use super::Dtype;
use super::compensated::Sum;
use super::integer::steps_before_overflow;
use super::{Metric, Padded};
use crate::exact::Accumulator;

pub struct Query {
    pub values: Padded<f64>,
    /// When its numbers are small integers, so that sums with uint8 rows are exact in integers.
    pub integers: Option<Integers>,
    /// Whether no sum over rows that are tame can underflow or overflow on the way.
    pub is_tame: bool,
    /// The squared length, of a tame query.
    pub norm: Sum,
}

pub struct Integers {
    pub values: Padded<i16>,
    /// See `steps_before_overflow`.
    pub steps: usize,
    pub norm: i64,
}

/// Sums of products of numbers in this range, multiplied by such a sum once more, and with the bits that two
/// roundings leave behind, stay within float64. Every finite float32 is in it; zero is no harm.
const TAME: std::ops::Range<f64> = f64::from_bits((1023 - 200) << 52)..f64::from_bits((1023 + 200) << 52);

/// Whether sums of products with these numbers lose nothing to underflow and overflow.
pub fn is_tame(values: &[f64]) -> bool {
    holds_of_all(values, |value| (value == 0.0) | (value.abs() >= TAME.start) & (value.abs() < TAME.end))
}

/// Looks at some numbers at a time, without a branch between them: compilers make vectors of that.
#[inline(always)]
fn holds_of_all(values: &[f64], holds: impl Fn(f64) -> bool) -> bool {
    const TOGETHER: usize = 64;
    values.chunks(TOGETHER).all(|some| some.iter().fold(true, |all, &value| all & holds(value)))
}

impl Query {
    /// For rows of one dtype: of any but uint8 nobody asks whether the query is of integers.
    pub fn new(values: &[f64], metric: Metric, dtype: Dtype) -> Self {
        let is_tame = is_tame(values);
        let norm = if is_tame && !metric.is_l2() { norm(values) } else { Sum::of_integer(0) };
        let integers = (dtype == Dtype::Uint8).then(|| Integers::of(values)).flatten();
        Self { values: Padded::new(values), integers, is_tame, norm }
    }
}

impl Integers {
    fn of(values: &[f64]) -> Option<Self> {
        // The bits of this end with those of an integer that is added; what is none comes back changed.
        const SHIFT: f64 = ((1u64 << 52) + (1 << 51)) as f64;
        let is_small = |value: f64| (value + SHIFT - SHIFT == value) & (value.abs() <= f64::from(i16::MAX));
        if !holds_of_all(values, is_small) {
            return None;
        }
        let values: Vec<i16> = values.iter().map(|&value| (value + SHIFT).to_bits() as i16).collect();
        let largest = values.iter().map(|value| value.abs()).max().unwrap_or(0);
        let norm = values.iter().map(|&value| i64::from(value) * i64::from(value)).sum();
        Some(Self { steps: steps_before_overflow(largest), norm, values: Padded::new(&values) })
    }
}

/// The squared length to twice the precision: what rounding leaves is rounded once more.
fn norm(values: &[f64]) -> Sum {
    let mut rest = Accumulator::default();
    values.iter().for_each(|&value| rest.add(value, value));
    let high = rest.clone().finish().round();
    rest.add(-high, 1.0);
    let low = rest.finish().round();
    Sum { high, low, error: low.abs() * f64::EPSILON }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_integers_that_fit_are_integers() {
        let integers = |values: &[f64]| {
            Query::new(values, Metric::L2, Dtype::Uint8).integers.map(|found| found.values.values().to_vec())
        };
        assert_eq!(integers(&[0.0, -0.0, 255.0, -32767.0]), Some(vec![0, 0, 255, -32767]));
        for value in [0.5, 32768.0, -32768.0, f64::NAN, f64::INFINITY] {
            assert_eq!(integers(&[1.0, value]), None, "{value}");
        }
    }

    #[test]
    fn tame_queries_are_those_of_ordinary_size() {
        let is_tame = |value: f64| Query::new(&[1.0, value], Metric::Cosine, Dtype::Float64).is_tame;
        assert!(is_tame(0.0) && is_tame(-1e-40) && is_tame(1e40));
        for value in [1e-80, 1e80, f64::MIN_POSITIVE, f64::NAN, f64::NEG_INFINITY] {
            assert!(!is_tame(value), "{value}");
        }
    }

    #[test]
    fn the_norm_is_known_to_twice_the_precision() {
        let norm = Query::new(&[1e10, 1.0, 1e-10], Metric::Cosine, Dtype::Float64).norm;
        assert_eq!((norm.high, norm.low), (1e20, 1.0 + (1e-10f64 * 1e-10)));
    }
}
