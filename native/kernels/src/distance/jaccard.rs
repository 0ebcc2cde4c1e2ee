//! The Jaccard distance of numbers, generalised by Ruzicka: 1 - sum min(q, x) / sum max(q, x), worked out as
//! sum |q - x| / sum max(q, x), which is the same and does not cancel.

use super::Wide;
use super::compensated::{Form, Sum};
use super::float::error_factor;
use super::number::NumberQuery;
use crate::arch::Kernels;
use crate::exact::{Accumulator, root_of_ratio};
use crate::mutants::{Mutant, small_error};

/// Below this, numbers in twice the precision could underflow.
const SMALL: f64 = 1e-200;

/// A lower bound on the distance of which `quotient` is what float64 makes: two sums without cancellation,
/// each off by `error_factor` at most, and a division.
pub fn bound(quotient: f64, dimensions: usize) -> f64 {
    match quotient {
        _ if quotient < SMALL => 0.0,
        _ => quotient * (1.0 - small_error(Mutant::Jaccard, 4.0 * error_factor(dimensions))),
    }
}

/// The correctly rounded distance. NaN where a number is negative or NaN, or both are infinite in one
/// component; else 1 where one is infinite.
pub fn score(kernels: &Kernels, wide: Wide, row: &[u8], query: &NumberQuery) -> f64 {
    if query.invalid {
        return f64::NAN;
    }
    fast(kernels, wide, row, query.values()).unwrap_or_else(|| exact(&wide.numbers(row), query.values()))
}

fn fast(kernels: &Kernels, wide: Wide, row: &[u8], query: &[f64]) -> Option<f64> {
    let [above, below] =
        [Form::Differences, Form::Maxima].map(|form| kernels.compensated(wide, form, row, query));
    let ordinary = |sum: &Sum| sum.high.is_finite() && sum.high > SMALL;
    match ordinary(&below) {
        true if above.high == 0.0 => Some(0.0),
        true if ordinary(&above) => above.over(below).round(),
        _ => None,
    }
}

fn exact(row: &[f64], query: &[f64]) -> f64 {
    if !row.iter().all(|&x| x >= 0.0) {
        return f64::NAN;
    }
    let pairs = || query.iter().copied().zip(row.iter().copied());
    let infinite = |(q, x): (f64, f64)| u8::from(q == f64::INFINITY) + u8::from(x == f64::INFINITY);
    match pairs().map(infinite).max() {
        Some(2) => return f64::NAN,
        Some(1) => return 1.0,
        _ => {}
    }
    let (mut above, mut below) = (Accumulator::default(), Accumulator::default());
    for (q, x) in pairs() {
        let (smaller, larger) = if q < x { (q, x) } else { (x, q) };
        above.add(larger, 1.0);
        above.add(smaller, -1.0);
        below.add(larger, 1.0);
    }
    let [above, below] = [above, below].map(Accumulator::finish);
    match below.is_zero() {
        true => 0.0,
        false => root_of_ratio(&above.multiply(&above), &below.multiply(&below)),
    }
}
