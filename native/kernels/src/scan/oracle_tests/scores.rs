//! Scores by their definitions, in whole numbers of any size. It shares no code and no method with what it
//! judges; a test below compares it with the rational numbers of `testing`.

use num_bigint::{BigInt, BigUint};

use crate::distance::{Dtype, Metric};
use crate::scan::tests::{oracle_not_finite, sequential};

/// What rows rank by, the smallest first, and the score.
pub type Scored = (f64, f64);

/// The numbers of a row as they are stored, by the definition of the dtype.
pub fn decode(dtype: Dtype, bytes: &[u8]) -> Vec<f64> {
    bytes.chunks(dtype.bytes()).map(|bytes| decode_one(dtype, bytes)).collect()
}

fn decode_one(dtype: Dtype, bytes: &[u8]) -> f64 {
    let mut eight = [0; 8];
    eight[..bytes.len()].copy_from_slice(bytes);
    let word = u64::from_le_bytes(eight);
    let signed = || (word as i64) << (64 - 8 * bytes.len()) >> (64 - 8 * bytes.len());
    match dtype {
        Dtype::Bool => f64::from(u8::from(word != 0)),
        Dtype::Uint8 | Dtype::Uint16 | Dtype::Uint32 | Dtype::Uint64 => word as f64,
        Dtype::Int8 | Dtype::Int16 | Dtype::Int32 | Dtype::Int64 => signed() as f64,
        Dtype::Float32 => f32::from_bits(word as u32).into(),
        Dtype::Float64 => f64::from_bits(word),
        Dtype::Float16 => {
            let (exponent, fraction) = ((word >> 10 & 31) as i32, (word & 1023) as f64);
            let magnitude = match exponent {
                31 if fraction == 0.0 => f64::INFINITY,
                31 => f64::NAN,
                0 => fraction * 2f64.powi(-24),
                _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
            };
            if word >> 15 == 1 { -magnitude } else { magnitude }
        }
    }
}

/// A vector as whole numbers times one power of two.
pub struct Vector {
    pub numbers: Vec<f64>,
    finite: bool,
    wholes: Wholes,
    exponent: i64,
    squares: Exact,
}

enum Wholes {
    /// Of so many bits at most.
    Small(Vec<i128>, u32),
    Large(Vec<BigInt>),
}

/// A whole number, and a power of two that it is multiplied by.
#[derive(Clone)]
struct Exact(BigInt, i64);

impl Vector {
    pub fn new(numbers: Vec<f64>) -> Self {
        let finite = numbers.iter().all(|x| x.is_finite());
        let parts: Vec<_> = numbers.iter().map(|&x| parts(if finite { x } else { 0.0 })).collect();
        let used = || parts.iter().filter(|(mantissa, _)| *mantissa != 0);
        let exponent = used().map(|&(_, exponent)| exponent).min().unwrap_or(0);
        let top = |&(mantissa, own): &(i64, i64)| {
            64 - mantissa.unsigned_abs().leading_zeros() + (own - exponent) as u32
        };
        let bits = used().map(top).max().unwrap_or(0);
        let shift = |own: i64| (own - exponent).max(0) as u32;
        let wholes = if bits <= 120 {
            Wholes::Small(
                parts.iter().map(|&(mantissa, own)| i128::from(mantissa) << shift(own)).collect(),
                bits,
            )
        } else {
            Wholes::Large(parts.iter().map(|&(mantissa, own)| BigInt::from(mantissa) << shift(own)).collect())
        };
        let mut vector = Self { numbers, finite, wholes, exponent, squares: Exact(BigInt::ZERO, 0) };
        vector.squares = vector.dot(&vector);
        vector
    }

    fn large(&self) -> Vec<BigInt> {
        match &self.wholes {
            Wholes::Small(wholes, _) => wholes.iter().map(|&whole| whole.into()).collect(),
            Wholes::Large(wholes) => wholes.clone(),
        }
    }

    fn dot(&self, other: &Self) -> Exact {
        let exponent = self.exponent + other.exponent;
        let room = 126 - self.numbers.len().ilog2();
        let sum = match (&self.wholes, &other.wholes) {
            (Wholes::Small(a, bits), Wholes::Small(b, other)) if bits + other < room => {
                a.iter().zip(b).map(|(a, b)| a * b).sum::<i128>().into()
            }
            _ => self.large().iter().zip(&other.large()).map(|(a, b)| a * b).sum(),
        };
        Exact(sum, exponent)
    }

    /// The sums of the larger and of the smaller number of each two.
    fn sides(&self, other: &Self) -> [Exact; 2] {
        let exponent = self.exponent.min(other.exponent);
        let aligned = |vector: &Self| -> Vec<BigInt> {
            vector.large().into_iter().map(|whole| whole << (vector.exponent - exponent) as u32).collect()
        };
        let (a, b) = (aligned(self), aligned(other));
        let sum = |choose: fn(BigInt, BigInt) -> BigInt| -> BigInt {
            a.iter().zip(&b).map(|(a, b)| choose(a.clone(), b.clone())).sum()
        };
        [Exact(sum(Ord::max), exponent), Exact(sum(Ord::min), exponent)]
    }
}

/// The number as a whole one that is odd or zero, and a power of two.
fn parts(x: f64) -> (i64, i64) {
    let biased = (x.to_bits() >> 52 & 0x7ff) as i64;
    let fraction = (x.to_bits() & ((1 << 52) - 1)) as i64;
    let (mantissa, exponent) =
        if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
    if mantissa == 0 {
        return (0, 0);
    }
    let zeros = mantissa.trailing_zeros();
    let mantissa = mantissa >> zeros;
    (if x < 0.0 { -mantissa } else { mantissa }, exponent + i64::from(zeros))
}

impl Exact {
    fn plus(&self, other: &Self) -> Self {
        let exponent = self.1.min(other.1);
        let aligned = |exact: &Self| &exact.0 << (exact.1 - exponent) as u32;
        Self(aligned(self) + aligned(other), exponent)
    }

    fn times(&self, factor: i64) -> Self {
        Self(&self.0 * factor, self.1)
    }

    fn is_zero(&self) -> bool {
        self.0.bits() == 0
    }

    fn round(&self) -> f64 {
        let magnitude = round(self.0.magnitude().clone(), self.1, false);
        signed(magnitude, &self.0)
    }

    /// The root of a number that is not negative.
    fn root(&self) -> f64 {
        let whole = self.0.magnitude();
        let mut shift = 120u64.saturating_sub(whole.bits()) as i64;
        shift += (self.1 - shift).rem_euclid(2);
        root(&(whole << shift as u64), self.1 - shift, false)
    }

    /// The whole part of the magnitude of the quotient, to at least 118 bits, its power of two, which is
    /// even, and whether something is left.
    fn over(&self, other: &Self) -> (BigUint, i64, bool) {
        let (above, below) = (self.0.magnitude(), other.0.magnitude());
        let mut shift = (120 + below.bits()).saturating_sub(above.bits()) as i64;
        shift += (self.1 - other.1 - shift).rem_euclid(2);
        let above = above << shift as u64;
        let quotient = &above / below;
        let rest = &quotient * below != above;
        (quotient, self.1 - other.1 - shift, rest)
    }
}

/// A zero has no sign.
fn signed(magnitude: f64, of: &BigInt) -> f64 {
    if *of < BigInt::ZERO && magnitude != 0.0 { -magnitude } else { magnitude }
}

/// The root of `whole * 2^exponent`, or of a little more: the exponent is even, the whole has 118 bits or
/// more.
fn root(whole: &BigUint, exponent: i64, more: bool) -> f64 {
    let root = whole.sqrt();
    let more = more || &root * &root != *whole;
    round(root, exponent / 2, more)
}

/// The float64 nearest to `whole * 2^exponent`, ties to even. With `more` it is above that, by less than one
/// in the last place of the whole, which then has more places than a float64.
fn round(whole: BigUint, exponent: i64, more: bool) -> f64 {
    if whole.bits() == 0 {
        return 0.0;
    }
    let (whole, exponent) = ((whole << 1u32) + u32::from(more), exponent - 1);
    let top = whole.bits() as i64 - 1 + exponent;
    if top > 1023 {
        return f64::INFINITY;
    }
    let last = (top - 52).max(-1074);
    let kept = if last <= exponent {
        assert!(!more, "there are places to round by");
        whole << (exponent - last) as u64
    } else {
        let dropped = (last - exponent) as u64;
        let kept = &whole >> dropped;
        let rest = whole - (&kept << dropped);
        let half = BigUint::from(1u32) << (dropped - 1);
        let up = rest > half || (rest == half && kept.bit(0));
        kept + u32::from(up)
    };
    let kept = u64::try_from(kept).expect("at most 2^53") as f64;
    // Neither the power of two nor the product rounds; 2^1024 is infinite.
    let power = if last < -1022 { f64::from_bits(1 << (last + 1074)) } else { 2f64.powi(last as i32) };
    kept * power
}

/// By the definition of the metric; vectors of bits where rows are such.
pub fn scored(metric: Metric, dtype: Dtype, row: &Vector, query: &Vector) -> Scored {
    let score = match metric {
        Metric::L2 | Metric::L2Squared | Metric::Dot | Metric::Cosine => {
            return of_products(metric, row, query);
        }
        Metric::KullbackLeibler | Metric::JensenShannon => sequential(metric, &row.numbers, &query.numbers),
        _ if matches!(dtype, Dtype::Bool | Dtype::Uint8) => of_bits(metric, row, query),
        Metric::Hamming => row.numbers.iter().zip(&query.numbers).filter(|(x, q)| x != q).count() as f64,
        Metric::Jaccard => of_sides(row, query),
    };
    (score, score)
}

fn of_products(metric: Metric, row: &Vector, query: &Vector) -> Scored {
    if !row.finite || !query.finite {
        let score = oracle_not_finite(metric, &row.numbers, &query.numbers);
        return (if metric.is_l2() { score } else { -score }, score);
    }
    let dot = row.dot(query);
    match metric {
        Metric::L2 | Metric::L2Squared => {
            let squares = row.squares.plus(&query.squares).plus(&dot.times(-2));
            let key = squares.round();
            (key, if metric == Metric::L2 { squares.root() } else { key })
        }
        Metric::Dot => (-dot.round(), dot.round()),
        _ => {
            let norms = Exact(&row.squares.0 * &query.squares.0, row.squares.1 + query.squares.1);
            if norms.is_zero() || dot.is_zero() {
                return (0.0, 0.0);
            }
            let (quotient, exponent, more) = Exact(&dot.0 * &dot.0, 2 * dot.1).over(&norms);
            let magnitude = root(&quotient, exponent, more);
            let score = signed(magnitude, &dot.0);
            (-score, score)
        }
    }
}

fn of_bits(metric: Metric, row: &Vector, query: &Vector) -> f64 {
    let pairs = || row.numbers.iter().zip(&query.numbers).map(|(&x, &q)| (x as u8, q as u8));
    let different: u32 = pairs().map(|(x, q)| (x ^ q).count_ones()).sum();
    let either: u32 = pairs().map(|(x, q)| (x | q).count_ones()).sum();
    match metric {
        Metric::Hamming => different.into(),
        _ if either == 0 => 0.0,
        _ => quotient(&Exact(different.into(), 0), &Exact(either.into(), 0)),
    }
}

/// The jaccard distance of numbers.
fn of_sides(row: &Vector, query: &Vector) -> f64 {
    let pairs = || row.numbers.iter().zip(&query.numbers);
    let is_infinite = |x: &f64| *x == f64::INFINITY;
    if pairs().any(|(x, q)| !(*x >= 0.0 && *q >= 0.0) || is_infinite(x) && is_infinite(q)) {
        return f64::NAN;
    }
    if pairs().any(|(x, q)| is_infinite(x) || is_infinite(q)) {
        return 1.0;
    }
    let [larger, smaller] = row.sides(query);
    let difference = larger.plus(&smaller.times(-1));
    if difference.is_zero() { 0.0 } else { quotient(&difference, &larger) }
}

/// Of positive numbers.
fn quotient(above: &Exact, below: &Exact) -> f64 {
    let (quotient, exponent, more) = above.over(below);
    round(quotient, exponent, more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::tests::{METRICS, oracle_score};
    use crate::testing::{any_finite, bits, numbers};
    use proptest::prelude::*;

    fn vectors() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
        let near = prop::sample::select(vec![1.0, 1.0f64.next_up(), 3.0, -1e4, 1e4 + 1e-3, 0.1]);
        let number = prop_oneof![any_finite(), near];
        proptest::collection::vec((number.clone(), number), 1..9).prop_map(|pairs| pairs.into_iter().unzip())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

        #[test]
        fn scores_of_whole_numbers_are_those_of_rational_numbers((row, query) in vectors()) {
            let vectors = [&row, &query].map(|numbers| Vector::new(numbers.clone()));
            for metric in METRICS {
                let score = scored(metric, Dtype::Float64, &vectors[0], &vectors[1]).1;
                let expected = oracle_score(metric, &row, &query);
                prop_assert_eq!(bits(score), bits(expected), "{:?}", metric);
            }
        }
    }

    #[test]
    fn numbers_are_decoded_as_the_kernels_do() {
        for dtype in Dtype::ALL {
            let bytes: Vec<u8> =
                (0..1u32 << 16).flat_map(|i| [i.to_le_bytes(), (i * 7919).to_le_bytes()].concat()).collect();
            let (ours, theirs) = (decode(dtype, &bytes), numbers(dtype, &bytes));
            assert!(ours.len() == theirs.len());
            assert!(ours.iter().zip(&theirs).all(|(a, b)| bits(*a) == bits(*b)), "{dtype:?}");
        }
    }
}
