//! Sums in twice the precision, with a bound on what they miss, and the test whether that leaves one float64.
//!
//! The algorithm is Dot2 (Ogita, Rump and Oishi, "Accurate Sum and Dot Product", 2005): every product and
//! every sum is kept with its own rounding error, and those errors are added up beside. With u = 2^-53, n
//! terms and A the sum of their magnitudes, what is lost is below (n + 4)^2 u^2 A. It holds without
//! underflow and overflow, which `query::is_tame` sees to.

use super::element::Element;

/// The real number lies within `error` of `high + low`, where `high` is that sum rounded.
#[derive(Clone, Copy, Debug)]
pub struct Sum {
    pub high: f64,
    pub low: f64,
    pub error: f64,
}

/// What is summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Dot,
    SquaredDifferences,
    /// The squared length of the row; the query is not used.
    Norm,
    /// Magnitudes of the differences.
    Differences,
    /// The larger number of each two, or NaN where that of the row is negative.
    Maxima,
}

pub const LANES: usize = 8;

#[derive(Default)]
struct Lanes {
    high: [f64; LANES],
    low: [f64; LANES],
    /// Sums of magnitudes.
    size: [f64; LANES],
}

/// Inlined into a function per tier, so that the compiler makes vectors of the lanes.
#[inline(always)]
pub fn sum<E: Element>(form: Form, row: &[u8], query: &[f64]) -> Sum {
    match form {
        Form::Dot => sum_terms::<E>(row, query, |x, q| (q, x, 0.0)),
        // The error of the difference, d, adds 2 (q - x) d; its square is below the bound.
        Form::SquaredDifferences => sum_terms::<E>(row, query, |x, q| {
            let (difference, rest) = two_sum(q, -x);
            (difference, difference, 2.0 * difference * rest)
        }),
        Form::Norm => sum_terms::<E>(row, query, |x, _| (x, x, 0.0)),
        Form::Differences => sum_terms::<E>(row, query, |x, q| {
            let (difference, rest) = two_sum(q, -x);
            (difference.abs(), 1.0, if difference < 0.0 { -rest } else { rest })
        }),
        Form::Maxima => sum_terms::<E>(row, query, |x, q| {
            let larger = if q > x { q } else { x };
            (if x >= 0.0 { larger } else { f64::NAN }, 1.0, 0.0)
        }),
    }
}

/// Sums `a * b + extra` of every `(a, b, extra)` that `term` makes of a number of the row and one of the
/// query.
#[inline(always)]
fn sum_terms<E: Element>(row: &[u8], query: &[f64], term: impl Fn(f64, f64) -> (f64, f64, f64)) -> Sum {
    let mut lanes = Lanes::default();
    let rows = row.chunks_exact(E::BYTES * LANES);
    let row_rest = rows.remainder();
    let (queries, query_rest) = query.as_chunks::<LANES>();
    for (x, q) in rows.zip(queries) {
        step(&mut lanes, numbers::<E>(x), q, &term);
    }
    // Zeros add nothing.
    let mut q = [0.0; LANES];
    q[..query_rest.len()].copy_from_slice(query_rest);
    step(&mut lanes, numbers::<E>(row_rest), &q, &term);

    let (mut high, mut low) = (0.0, lanes.low.iter().sum());
    for lane in lanes.high {
        let (sum, rest) = two_sum(high, lane);
        (high, low) = (sum, low + rest);
    }
    let (high, low) = two_sum(high, low);
    // Twice what is lost, with the additions of the lanes counted among the terms.
    let size: f64 = lanes.size.iter().sum();
    let terms = (query.len() + 64) as f64;
    Sum { high, low, error: 2.0 * terms * terms * UNIT_SQUARED * size }
}

/// At most as many numbers as there are lanes, and zeros behind them.
#[inline(always)]
pub fn numbers<E: Element>(bytes: &[u8]) -> [f64; LANES] {
    let mut numbers = [0.0; LANES];
    for (number, bytes) in numbers.iter_mut().zip(bytes.chunks_exact(E::BYTES)) {
        *number = E::decode(bytes);
    }
    numbers
}

#[inline(always)]
fn step(lanes: &mut Lanes, x: [f64; LANES], q: &[f64; LANES], term: &impl Fn(f64, f64) -> (f64, f64, f64)) {
    for lane in 0..LANES {
        let (a, b, extra) = term(x[lane], q[lane]);
        let product = a * b;
        let rest = a.mul_add(b, -product);
        let (high, lost) = two_sum(lanes.high[lane], product);
        lanes.high[lane] = high;
        lanes.low[lane] += lost + (rest + extra);
        lanes.size[lane] += product.abs();
    }
}

/// The rounded sum and what rounding took, exactly (Knuth).
#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

impl Sum {
    pub fn of_integer(value: i64) -> Self {
        let high = value as f64;
        // The difference is below 2^11, so neither step rounds.
        Self { high, low: (i128::from(value) - high as i128) as f64, error: 0.0 }
    }

    /// The float64 nearest to the real number, when all that it can be round to the same (Ziv's test).
    pub fn round(self) -> Option<f64> {
        let Self { high, low, error } = self;
        // The additions below round too.
        let error = error + low.abs() * f64::EPSILON;
        let (least, most) = (high + (low - error), high + (low + error));
        // A zero has no sign.
        (least == most).then_some(least + 0.0)
    }

    fn new(high: f64, low: f64, error: f64) -> Self {
        let (high, low) = two_sum(high, low);
        Self { high, low, error }
    }

    /// The square root; this is a sum of squares.
    pub fn root(self) -> Self {
        if self.high == 0.0 {
            return self;
        }
        let high = self.high.sqrt();
        // One step of Newton: what the rounded root misses of the value, exact by FMA. The terms left out
        // and the roundings are below 20 u^2 of the root.
        let low = (high.mul_add(-high, self.high) + self.low) / (2.0 * high);
        Self::new(high, low, self.error / high + 32.0 * UNIT_SQUARED * high)
    }

    /// `self / other`, where neither is near the ends of the range.
    pub fn over(self, other: Self) -> Self {
        // The remainder of a rounded division is exact by FMA; the other roundings are below 30 u^2.
        let high = self.high / other.high;
        let remainder = high.mul_add(-other.high, self.high);
        let low = (remainder + high.mul_add(-other.low, self.low)) / other.high;
        let error = 2.0 * (self.error + high.abs() * other.error) / other.high;
        Self::new(high, low, error + 64.0 * UNIT_SQUARED * high.abs())
    }

    /// `self / sqrt(a * b)`, where `a` and `b` are sums of squares and not zero.
    pub fn over_root_of_product(self, a: Self, b: Self) -> Self {
        // The product of the low parts and the roundings are below 8 u^2 of the product.
        let product = a.high * b.high;
        let rest = a.high.mul_add(b.high, -product) + (a.high * b.low + a.low * b.high);
        let relative = a.error / a.high + b.error / b.high + 16.0 * UNIT_SQUARED;
        self.over(Self::new(product, rest, relative * product).root())
    }
}

/// u^2, the unit of relative error of numbers in twice the precision.
const UNIT_SQUARED: f64 = (f64::EPSILON / 2.0) * (f64::EPSILON / 2.0);
