//! Sums in twice the precision, with a bound on what they miss, and the test whether that leaves one float64.
//!
//! The algorithm is Dot2 (Ogita, Rump and Oishi, "Accurate Sum and Dot Product", 2005): every product and
//! every sum is kept with its own rounding error, and those errors are added up beside. With u = 2^-53, n
//! terms and A the sum of their magnitudes, what is lost is below (n + 4)^2 u^2 A. It holds without
//! underflow and overflow, which `query::is_tame` sees to.

use super::element::Element;
use crate::arch::Simd;

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

/// The sum of what `form` makes of a row and a query of as many numbers. Inlined into a function per tier.
///
/// # Safety
/// The CPU has the features of `S`.
#[inline(always)]
pub unsafe fn sum<S: Simd, E: Element>(form: Form, row: &[u8], query: &[f64]) -> Sum {
    // SAFETY: the features are the caller's.
    unsafe {
        match form {
            Form::Dot => sum_products::<S, E, Products>(row, query),
            Form::SquaredDifferences => sum_products::<S, E, Squares>(row, query),
            Form::Norm => sum_products::<S, E, Norms>(row, query),
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
}

/// What a form multiplies: `a * b + extra` of every number of the row and of the query, of vectors.
///
/// # Safety
/// The CPU has the features of `S`.
trait Term {
    unsafe fn of<S: Simd>(x: S::Floats, q: S::Floats) -> [S::Floats; 3];
}

struct Products;
struct Squares;
struct Norms;

impl Term for Products {
    #[inline(always)]
    unsafe fn of<S: Simd>(x: S::Floats, q: S::Floats) -> [S::Floats; 3] {
        // SAFETY: the caller's.
        [q, x, unsafe { S::zero() }]
    }
}

impl Term for Squares {
    /// The error of the difference, d, adds 2 (q - x) d; its square is below the bound.
    #[inline(always)]
    unsafe fn of<S: Simd>(x: S::Floats, q: S::Floats) -> [S::Floats; 3] {
        // SAFETY: the caller's.
        unsafe {
            let (difference, rest) = two_sums::<S>(q, S::subtract(S::zero(), x));
            [difference, difference, S::multiply(S::add(difference, difference), rest)]
        }
    }
}

impl Term for Norms {
    #[inline(always)]
    unsafe fn of<S: Simd>(x: S::Floats, _: S::Floats) -> [S::Floats; 3] {
        // SAFETY: the caller's.
        [x, x, unsafe { S::zero() }]
    }
}

/// `two_sum` of vectors.
///
/// # Safety
/// The CPU has the features of `S`.
#[inline(always)]
unsafe fn two_sums<S: Simd>(a: S::Floats, b: S::Floats) -> (S::Floats, S::Floats) {
    // SAFETY: the caller's.
    unsafe {
        let sum = S::add(a, b);
        let of_b = S::subtract(sum, a);
        (sum, S::add(S::subtract(a, S::subtract(sum, of_b)), S::subtract(b, of_b)))
    }
}

/// The same sums on every tier, lane by lane: they add what `step` adds. In vectors by hand, since the
/// compiler takes these lanes apart into single numbers, on every tier.
///
/// # Safety
/// The CPU has the features of `S`.
#[inline(always)]
unsafe fn sum_products<S: Simd, E: Element, T: Term>(row: &[u8], query: &[f64]) -> Sum {
    const { assert!(LANES.is_multiple_of(S::FLOATS)) };
    assert!(row.len() == query.len() * E::BYTES, "queries and rows have one length");
    let whole = query.len() - query.len() % LANES;
    let mut lanes = Lanes::default();
    // Zeros add nothing.
    let mut q = [0.0; LANES];
    q[..query.len() - whole].copy_from_slice(&query[whole..]);
    let x = numbers::<E>(&row[whole * E::BYTES..]);
    // SAFETY: the features are the caller's; a vector from `first` on ends within `LANES` numbers, and one
    // from `first` and whole `LANES` below `whole` on ends below `whole`, up to which row and query go.
    unsafe {
        for first in (0..LANES).step_by(S::FLOATS) {
            let [mut high, mut low, mut size] = [S::zero(); 3];
            let mut add = first;
            while add < whole + LANES {
                let (x, q) = if add < whole {
                    (E::load::<S>(row.as_ptr().add(add * E::BYTES)), S::load(query.as_ptr().add(add)))
                } else {
                    (S::load(x.as_ptr().add(first)), S::load(q.as_ptr().add(first)))
                };
                let [a, b, extra] = T::of::<S>(x, q);
                let product = S::multiply(a, b);
                let rest = S::multiply_subtract(a, b, product);
                let (sum, lost) = two_sums::<S>(high, product);
                high = sum;
                low = S::add(low, S::add(lost, S::add(rest, extra)));
                size = S::add(size, S::magnitude(product));
                add += LANES;
            }
            S::store(high, lanes.high.as_mut_ptr().add(first));
            S::store(low, lanes.low.as_mut_ptr().add(first));
            S::store(size, lanes.size.as_mut_ptr().add(first));
        }
    }
    lanes.total(query.len())
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
    lanes.total(query.len())
}

impl Lanes {
    /// Of so many terms.
    #[inline(always)]
    fn total(&self, terms: usize) -> Sum {
        let (mut high, mut low) = (0.0, self.low.iter().sum());
        for &lane in &self.high {
            let (sum, rest) = two_sum(high, lane);
            (high, low) = (sum, low + rest);
        }
        let (high, low) = two_sum(high, low);
        // Twice what is lost, with the additions of the lanes counted among the terms.
        let size: f64 = self.size.iter().sum();
        let terms = (terms + 64) as f64;
        Sum { high, low, error: 2.0 * terms * terms * UNIT_SQUARED * size }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::Tier;
    use crate::codes::rotation::split_mix;
    use crate::distance::Wide;

    #[test]
    fn sums_are_the_same_bits_on_every_tier() {
        let mut state = 11;
        // Of any sign, and from 2^-40 to 2^40 long, so that each addition rounds; zeros among them.
        let mut number = || {
            let bits = split_mix(&mut state);
            let exponent = (bits >> 8) as i32 % 41;
            let size = if bits.is_multiple_of(9) { 0.0 } else { 1.0 + (bits >> 40) as f64 / 1e8 };
            f64::from(if bits & 16 == 0 { size as f32 } else { -size as f32 }) * 2f64.powi(exponent)
        };
        for count in (0..40).chain([384, 1001]) {
            let query: Vec<f64> = (0..count).map(|_| number() / 3.0).collect();
            let row: Vec<f64> = (0..count).map(|_| number()).collect();
            let singles: Vec<u8> = row.iter().flat_map(|&x| (x as f32).to_le_bytes()).collect();
            let doubles: Vec<u8> = row.iter().flat_map(|&x| (x / 7.0).to_le_bytes()).collect();
            let forms = [Form::Dot, Form::SquaredDifferences, Form::Norm, Form::Differences, Form::Maxima];
            for form in forms {
                for (wide, row) in [(Wide::Float32, &singles), (Wide::Float64, &doubles)] {
                    let bits = |tier: Tier| {
                        let Sum { high, low, error } = tier.kernels().compensated(wide, form, row, &query);
                        [high, low, error].map(|x| if x.is_nan() { 0 } else { x.to_bits() })
                    };
                    let expected = bits(Tier::Scalar);
                    for tier in Tier::available() {
                        assert_eq!(bits(tier), expected, "{form:?} of {count} {wide:?}, {tier:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn sums_of_products_are_those_of_integers() {
        let (mut state, most) = (3, 1i64 << 31);
        for count in [1, 7, 8, 9, 100] {
            let mut integers = || -> Vec<i64> {
                (0..count).map(|_| (split_mix(&mut state) % most as u64) as i64 - most / 2).collect()
            };
            let (x, q) = (integers(), integers());
            let row: Vec<u8> = x.iter().flat_map(|&x| (x as f64).to_le_bytes()).collect();
            let query: Vec<f64> = q.iter().map(|&q| q as f64).collect();
            let pairs = || x.iter().zip(&q).map(|(&x, &q)| (i128::from(x), i128::from(q)));
            let expected = [
                (Form::Dot, pairs().map(|(x, q)| x * q).sum::<i128>()),
                (Form::SquaredDifferences, pairs().map(|(x, q)| (x - q) * (x - q)).sum()),
                (Form::Norm, pairs().map(|(x, _)| x * x).sum()),
            ];
            for (tier, (form, expected)) in Tier::available().flat_map(|tier| expected.map(|one| (tier, one)))
            {
                let Sum { high, low, error } = tier.kernels().compensated(Wide::Float64, form, &row, &query);
                let missed = (high as i128 + low as i128 - expected).unsigned_abs() as f64;
                assert!(missed <= error + 1.0, "{form:?} of {count}, {tier:?}: {missed} of {error}");
            }
        }
    }
}
