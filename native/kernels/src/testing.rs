//! The oracle of the tests: rational numbers in arbitrary precision, rounded by bisection over all float64.
//! It shares no code and no method with what it judges.

use std::collections::HashMap;
use std::sync::LazyLock;

use num_bigint::BigInt;
use proptest::prelude::*;

use crate::distance::Dtype;

/// `above / below`, or the square root of that; `below` is positive.
#[derive(Clone, Debug)]
pub struct BigRatio {
    above: BigInt,
    below: BigInt,
    root: bool,
}

impl BigRatio {
    pub fn zero() -> Self {
        Self { above: BigInt::ZERO, below: BigInt::from(1), root: false }
    }

    /// The value of a finite float64.
    pub fn of(value: f64) -> Self {
        let exponent = (value.to_bits() >> 52) & 0x7ff;
        let fraction = value.to_bits() & ((1 << 52) - 1);
        let mantissa = if exponent == 0 { fraction } else { fraction | (1 << 52) };
        let magnitude = BigInt::from(mantissa) << (exponent.max(1) - 1);
        let above = if value < 0.0 { -magnitude } else { magnitude };
        Self { above, below: BigInt::from(1) << 1074, root: false }
    }

    pub fn add(&self, other: &Self) -> Self {
        if self.is_zero() {
            return other.clone();
        }
        // Sums of products of float64 all have one denominator, which then stays.
        if self.below == other.below {
            return Self { above: &self.above + &other.above, ..self.clone() };
        }
        let above = &self.above * &other.below + &other.above * &self.below;
        Self { above, below: &self.below * &other.below, root: false }
    }

    pub fn multiply(&self, other: &Self) -> Self {
        Self { above: &self.above * &other.above, below: &self.below * &other.below, root: false }
    }

    /// By a positive number.
    pub fn divide(&self, other: &Self) -> Self {
        Self { above: &self.above * &other.below, below: &self.below * &other.above, root: false }
    }

    pub fn root(self) -> Self {
        Self { root: true, ..self }
    }

    pub fn is_negative(&self) -> bool {
        self.above < BigInt::ZERO
    }

    pub fn is_zero(&self) -> bool {
        self.above == BigInt::ZERO
    }

    /// The nearest float64, ties to even, zero without a sign.
    pub fn round(&self) -> f64 {
        let magnitude = Self { above: self.above.magnitude().clone().into(), ..self.clone() };
        // The greatest float64 that is not above it; patterns of positive numbers ascend with their values.
        let (mut low, mut high) = (0u64, f64::INFINITY.to_bits());
        while high - low > 1 {
            let middle = (low + high) / 2;
            if magnitude.compare(&Self::of(f64::from_bits(middle))).is_lt() {
                high = middle;
            } else {
                low = middle;
            }
        }
        let step = BigInt::from(1) << ((low >> 52).max(1) - 1);
        let half = Self { above: step, below: BigInt::from(1) << 1075, root: false };
        let middle = Self::of(f64::from_bits(low)).add(&half);
        let up = magnitude.compare(&middle).then(if low % 2 == 1 {
            std::cmp::Ordering::Greater
        } else {
            std::cmp::Ordering::Less
        });
        let value = f64::from_bits(if up.is_gt() { low + 1 } else { low });
        if self.is_negative() && value != 0.0 { -value } else { value }
    }

    /// Compares with a number that is not a root and not negative.
    fn compare(&self, other: &Self) -> std::cmp::Ordering {
        let other = if self.root { other.multiply(other) } else { other.clone() };
        (&self.above * &other.below).cmp(&(&other.above * &self.below))
    }
}

/// A number in twice the precision of float64 (Dekker, "A Floating-Point Technique for Extending the
/// Available Precision", 1971), good to some 100 bits.
#[derive(Clone, Copy, Debug)]
pub struct Double {
    pub high: f64,
    pub low: f64,
}

impl Double {
    pub fn new(a: f64, b: f64) -> Self {
        let high = a + b;
        let of_b = high - a;
        Self { high, low: (a - (high - of_b)) + (b - of_b) }
    }

    pub fn add(self, other: Self) -> Self {
        let sum = Self::new(self.high, other.high);
        Self::new(sum.high, sum.low + (self.low + other.low))
    }

    pub fn multiply(self, other: Self) -> Self {
        let product = self.high * other.high;
        let rest = self.high.mul_add(other.high, -product);
        Self::new(product, rest + (self.high * other.low + self.low * other.high))
    }

    pub fn divide(self, other: Self) -> Self {
        let digit = |rest: Self| Self::new(rest.high / other.high, 0.0);
        let less = |rest: Self, digit: Self| rest.add(other.multiply(Self::new(-digit.high, 0.0)));
        let first = digit(self);
        let rest = less(self, first);
        let second = digit(rest);
        first.add(second).add(digit(less(rest, second)))
    }

    /// ln(a / b) of positive finite numbers, by the series of the inverse hyperbolic tangent.
    pub fn ln_ratio(a: f64, b: f64) -> Self {
        let ((mut a, mut k), (b, b_exponent)) = (normal(a), normal(b));
        k -= b_exponent;
        while a > 1.4 * b {
            (a, k) = (a / 2.0, k + 1.0);
        }
        while b > 1.4 * a {
            (a, k) = (a * 2.0, k - 1.0);
        }
        let s = Self::new(a, -b).divide(Self::new(a, b));
        let square = s.multiply(s);
        let (mut power, mut sum) = (s, s);
        for n in (3..80).step_by(2) {
            power = power.multiply(square);
            sum = sum.add(power.divide(Self::new(f64::from(n), 0.0)));
        }
        let ln_2 = Self::new(std::f64::consts::LN_2, 2.319_046_813_846_299_6e-17);
        sum.add(sum).add(ln_2.multiply(Self::new(k, 0.0)))
    }
}

/// A number between 1 and 2, and the exponent that makes it `x`.
fn normal(x: f64) -> (f64, f64) {
    let (x, exponent) = if x < f64::MIN_POSITIVE { (x * 2f64.powi(60), -60.0) } else { (x, 0.0) };
    let biased = (x.to_bits() >> 52) as i32;
    let mantissa = f64::from_bits(x.to_bits() & ((1 << 52) - 1) | 1.0f64.to_bits());
    (mantissa, exponent + f64::from(biased - 1023))
}

/// Finite float64 of every kind: ordinary, integers, neighbours, huge, tiny, denormal, both zeros.
pub fn any_finite() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -2.0f64..2.0,
        2 => (-300i32..300).prop_map(f64::from),
        1 => any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |value| value.is_finite()),
        1 => prop::sample::select(vec![
            0.0, -0.0, 1.0, 1.0f64.next_up(), 1.0f64.next_down(), f64::MAX, -f64::MAX, f64::MIN_POSITIVE,
            f64::from_bits(1), -f64::from_bits(1), 2f64.powi(-540), 1e154, 1e4, 1e-160,
        ]),
    ]
}

pub fn numbers(dtype: Dtype, bytes: &[u8]) -> Vec<f64> {
    dtype.wide().numbers(dtype.widen(bytes, &mut Vec::new()))
}

/// The number if the dtype has it, else one near it.
pub fn bytes_of(dtype: Dtype, x: f64) -> Vec<u8> {
    match dtype {
        Dtype::Bool => vec![u8::from(x > 0.5)],
        Dtype::Uint8 => vec![x as u8],
        Dtype::Int8 => (x as i8).to_le_bytes().into(),
        Dtype::Int16 => (x as i16).to_le_bytes().into(),
        Dtype::Int32 => (x as i32).to_le_bytes().into(),
        Dtype::Int64 => (x as i64).to_le_bytes().into(),
        Dtype::Uint16 => (x as u16).to_le_bytes().into(),
        Dtype::Uint32 => (x as u32).to_le_bytes().into(),
        Dtype::Uint64 => (x as u64).to_le_bytes().into(),
        Dtype::Float16 => half_of(x).to_le_bytes().into(),
        Dtype::Float32 => (x as f32).to_le_bytes().into(),
        Dtype::Float64 => x.to_le_bytes().into(),
    }
}

/// The bits of the binary16 that is `x`, or of the one next to it towards 0 from an ordinary number.
fn half_of(x: f64) -> u16 {
    static HALVES: LazyLock<HashMap<u64, u16>> = LazyLock::new(|| {
        let value = |half: u16| numbers(Dtype::Float16, &half.to_le_bytes())[0];
        (0..=u16::MAX).map(|half| (bits(value(half)), half)).collect()
    });
    HALVES.get(&bits(x)).copied().unwrap_or_else(|| truncated_half(x as f32))
}

fn truncated_half(x: f32) -> u16 {
    let (sign, exponent) = ((x.to_bits() >> 16 & 0x8000) as u16, (x.to_bits() >> 23 & 0xff) as i32 - 112);
    let fraction = (x.to_bits() >> 13 & 0x3ff) as u16;
    sign | match exponent {
        ..=0 => 0,
        1..31 => (exponent as u16) << 10 | fraction,
        _ => 0x7bff,
    }
}

/// One pattern for all NaN.
pub fn bits(number: f64) -> u64 {
    if number.is_nan() { f64::NAN.to_bits() } else { number.to_bits() }
}
