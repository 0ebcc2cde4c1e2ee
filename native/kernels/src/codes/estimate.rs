//! What scores are estimated to be: of a row the product of its residual with that of the query is estimated
//! from codes, and all else that a score is made of is known.

use super::encode::BOUNDED;
use super::product::dot;
use super::transform::Transform;
use crate::arch::Kernels;
use crate::distance::Metric;

/// What the key of a row is made of, beside what is kept of the row.
#[derive(Clone, Copy, Debug)]
pub struct QueryParts {
    pub metric: Metric,
    /// |q - c|^2, <c, q> and |q|.
    pub squared: f64,
    pub along: f64,
    pub norm: f64,
}

impl QueryParts {
    /// The key of a row with `product` for <r, w>; `length` is |r|, `along` <c, r> and `norm` |x|.
    #[inline(always)]
    pub fn key(&self, product: f64, length: f64, along: f64, norm: f64) -> f64 {
        if self.metric.is_l2() {
            let key = length * length + self.squared - 2.0 * product;
            // Not `max`, which would make a number of what is none.
            return if key < 0.0 { 0.0 } else { key };
        }
        let product = product + along + self.along;
        if self.metric == Metric::Dot {
            return -product;
        }
        let norms = norm * self.norm;
        if norms == 0.0 { 0.0 * product } else { (-product / norms).clamp(-1.0, 1.0) }
    }
}

/// The score that an estimated key stands for.
pub fn score_of(metric: Metric, key: f64) -> f64 {
    match metric {
        Metric::L2 => key.sqrt(),
        Metric::Dot | Metric::Cosine => 0.0 - key,
        _ => key,
    }
}

/// A query less the mean, turned as rows are.
pub struct Turned {
    pub parts: QueryParts,
    /// |q - c|.
    pub residual: f64,
    /// At most so far are the coordinates from those of the orthonormal transform.
    pub turned: f64,
    pub coordinates: Vec<f64>,
}

impl Turned {
    /// None for a query whose numbers are out of the range in which rows have codes.
    pub fn new(transform: &Transform, kernels: &Kernels, metric: Metric, query: &[f64]) -> Option<Self> {
        let turn = |residuals: Vec<f64>, residual: f64| {
            (transform.apply_to_one(kernels, &residuals), transform.error() * residual)
        };
        Self::with(transform, metric, query, turn)
    }

    /// The same in float32, for queries of one limb: what is added to the error is small beside what that
    /// misses.
    pub fn roughly(transform: &Transform, kernels: &Kernels, metric: Metric, query: &[f64]) -> Option<Self> {
        let turn = |residuals: Vec<f64>, residual: f64| {
            let error = (transform.error() + transform.rough_error()) * residual;
            (transform.apply_roughly(kernels, &residuals), error)
        };
        Self::with(transform, metric, query, turn)
    }

    /// The query less another mean, that of `centre`, of which `from` are the coordinates less this one.
    pub fn at(&self, centre: &Transform, from: &Self, metric: Metric, query: &[f64]) -> Option<Self> {
        Self::with(centre, metric, query, |_, _| {
            let coordinates = self.coordinates.iter().zip(&from.coordinates).map(|(z, c)| z - c);
            (coordinates.collect(), self.turned + from.turned)
        })
    }

    fn with(
        transform: &Transform,
        metric: Metric,
        query: &[f64],
        turn: impl FnOnce(Vec<f64>, f64) -> (Vec<f64>, f64),
    ) -> Option<Self> {
        let mean: Vec<f64> = transform.mean.iter().map(|&x| f64::from(x)).collect();
        let residuals: Vec<f64> = query.iter().zip(&mean).map(|(q, c)| q - c).collect();
        let (squared, norm) = (dot(&residuals, &residuals), dot(query, query).sqrt());
        let residual = squared.sqrt();
        let bounded = |length: f64| length == 0.0 || BOUNDED.contains(&length);
        if !bounded(residual) || !bounded(norm) {
            return None;
        }
        let along = dot(query, &mean);
        let (coordinates, turned) = turn(residuals, residual);
        Some(Self { parts: QueryParts { metric, squared, along, norm }, residual, turned, coordinates })
    }
}
