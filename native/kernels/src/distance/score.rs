//! The score of one row by a metric of products, as defined: the correctly rounded float64 of the real result
//! on the stored values and the query as given.
//!
//! What the definition leaves to infinities and NaN: sums of products follow IEEE 754 in whatever order
//! they are taken (NaN when a term is NaN or infinities of both signs meet, else infinite); a cosine is NaN
//! when a number of either vector is not finite, and else 0 when one of them is all zeros. A zero score has
//! no sign.

use super::compensated::{Form, Sum};
use super::query::is_tame;
use super::{Metric, Query, Wide};
use crate::arch::Kernels;
use crate::exact::{Accumulator, Dyadic, root_of_ratio};

/// Smaller keys are nearer. NaN keys come last.
#[derive(Clone, Copy, Debug)]
pub struct Score {
    pub key: f64,
    pub score: f64,
}

impl Score {
    fn of(metric: Metric, value: f64) -> Self {
        let key = if metric.is_l2() { value } else { -value };
        let score = if metric == Metric::L2 { value.sqrt() } else { value };
        Self { key, score }
    }
}

/// The score of a row of floats.
pub fn score(kernels: &Kernels, metric: Metric, wide: Wide, row: &[u8], query: &Query) -> Score {
    fast(kernels, metric, wide, row, query)
        .unwrap_or_else(|| exact(metric, &wide.numbers(row), query.values.values()))
}

/// The score of a row of uint8, of which `dot` is the product with the query's integers and `norm` the
/// squared length.
pub fn integer_score(metric: Metric, row: &[u8], query: &Query, dot: i64, norm: i64) -> Score {
    let query_norm = query.integers.as_ref().map_or(0, |integers| integers.norm);
    let sums = match metric {
        Metric::L2 | Metric::L2Squared => Sums::Value(Sum::of_integer(norm + query_norm - 2 * dot)),
        Metric::Dot => Sums::Value(Sum::of_integer(dot)),
        Metric::Cosine => Sums::Cosine([dot, norm, query_norm].map(Sum::of_integer)),
        _ => unreachable!("{metric:?} is not of products"),
    };
    sums.settle(metric).unwrap_or_else(|| {
        let row: Vec<f64> = row.iter().map(|&x| x.into()).collect();
        exact(metric, &row, query.values.values())
    })
}

/// The key of a row of uint8 when it is a single number, rounded once: any metric but cosine.
pub fn integer_key(metric: Metric, dot: i64, norm: i64, query_norm: i64) -> f64 {
    if metric.is_l2() { (norm + query_norm - 2 * dot) as f64 } else { -(dot as f64) }
}

enum Sums {
    Value(Sum),
    /// The product and the squared lengths.
    Cosine([Sum; 3]),
}

impl Sums {
    /// The score, when the sums are known well enough to round it.
    fn settle(self, metric: Metric) -> Option<Score> {
        let value = match self {
            Self::Value(sum) if metric == Metric::L2 => {
                return Some(Score { key: sum.round()?, score: sum.root().round()? });
            }
            Self::Value(sum) => sum,
            Self::Cosine([_, a, b]) if a.high == 0.0 || b.high == 0.0 => Sum::of_integer(0),
            Self::Cosine([dot, a, b]) => dot.over_root_of_product(a, b),
        };
        value.round().map(|value| Score::of(metric, value))
    }
}

fn fast(kernels: &Kernels, metric: Metric, wide: Wide, row: &[u8], query: &Query) -> Option<Score> {
    if !query.is_tame || (wide == Wide::Float64 && !is_tame(&wide.numbers(row))) {
        return None;
    }
    let sum = |form| {
        Some(kernels.compensated(wide, form, row, query.values.values())).filter(|sum| sum.high.is_finite())
    };
    let sums = match metric {
        Metric::L2 | Metric::L2Squared => Sums::Value(sum(Form::SquaredDifferences)?),
        Metric::Dot => Sums::Value(sum(Form::Dot)?),
        Metric::Cosine => Sums::Cosine([sum(Form::Dot)?, sum(Form::Norm)?, query.norm]),
        _ => unreachable!("{metric:?} is not of products"),
    };
    sums.settle(metric)
}

fn exact(metric: Metric, row: &[f64], query: &[f64]) -> Score {
    let numbers = || query.iter().copied().zip(row.iter().copied());
    if let Some(value) = not_finite(metric, numbers()) {
        return Score::of(metric, value);
    }
    let sum = |add: fn(&mut Accumulator, f64, f64)| {
        let mut sum = Accumulator::default();
        numbers().for_each(|(q, x)| add(&mut sum, q, x));
        sum.finish()
    };
    match metric {
        Metric::L2 | Metric::L2Squared => {
            let squares = sum(Accumulator::add_squared_difference);
            let key = squares.round();
            let score = if metric == Metric::L2 { root_of_ratio(&squares, &Dyadic::one()) } else { key };
            Score { key, score }
        }
        Metric::Dot => Score::of(metric, sum(Accumulator::add).round()),
        Metric::Cosine => {
            let dot = sum(Accumulator::add);
            let norms = sum(|sum, q, _| sum.add(q, q)).multiply(&sum(|sum, _, x| sum.add(x, x)));
            if norms.is_zero() {
                return Score::of(metric, 0.0);
            }
            let magnitude = root_of_ratio(&dot.multiply(&dot), &norms);
            Score::of(metric, if dot.negative { 0.0 - magnitude } else { magnitude })
        }
        _ => unreachable!("{metric:?} is not of products"),
    }
}

/// The result that an infinity or a NaN decides.
fn not_finite(metric: Metric, mut numbers: impl Iterator<Item = (f64, f64)> + Clone) -> Option<f64> {
    if numbers.clone().all(|(q, x)| q.is_finite() && x.is_finite()) {
        return None;
    }
    if metric == Metric::Cosine {
        return Some(f64::NAN);
    }
    let unbounded = numbers.try_fold(None, |found: Option<f64>, (q, x)| {
        if q.is_finite() && x.is_finite() {
            return Some(found);
        }
        let term = if metric.is_l2() { (q - x).abs() } else { q * x };
        let clash = term.is_nan() || found.is_some_and(|found| found != term);
        (!clash).then_some(Some(term))
    });
    Some(unbounded.flatten().unwrap_or(f64::NAN))
}
