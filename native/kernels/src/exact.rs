//! Exact sums of products of float64 numbers, and their correctly rounded values and roots.
//!
//! `Accumulator` is a fixed-point number wide enough for every product of two float64 (Kulisch and
//! Miranker, "The Arithmetic of the Digital Computer", 1986); a sum leaves it as a `Dyadic`, an integer
//! times a power of two, on which rounding is integer arithmetic. This is the last resort of the scan: it
//! is slow and never wrong.

use std::cmp::Ordering;

/// Digit i of the accumulator weighs 2^(32 i - OFFSET); the smallest product is 2^-2148.
const OFFSET: i32 = 2176;
/// The largest product has its top bit below 2^2049, so that 2^60 of them fit.
const DIGITS: usize = 136;
/// Additions before the digits, each growing by less than 2^33 an addition, must pass on their carries.
const ROOM: u32 = 1 << 28;

#[derive(Clone)]
pub struct Accumulator {
    digits: [i64; DIGITS],
    room: u32,
}

impl Default for Accumulator {
    fn default() -> Self {
        Self { digits: [0; DIGITS], room: ROOM }
    }
}

impl Accumulator {
    /// Adds `a * b`; both are finite.
    pub fn add(&mut self, a: f64, b: f64) {
        self.add_scaled(a, b, 0);
    }

    /// Adds `(a - b)^2`; both are finite.
    pub fn add_squared_difference(&mut self, a: f64, b: f64) {
        self.add_scaled(a, a, 0);
        self.add_scaled(-a, b, 1);
        self.add_scaled(b, b, 0);
    }

    /// Adds `a * b * 2^exponent`.
    fn add_scaled(&mut self, a: f64, b: f64, exponent: i32) {
        let ((a_mantissa, a_exponent), (b_mantissa, b_exponent)) = (decompose(a), decompose(b));
        let product = u128::from(a_mantissa) * u128::from(b_mantissa);
        let negative = a.is_sign_negative() != b.is_sign_negative();
        let position = (a_exponent + b_exponent + exponent + OFFSET) as usize;
        let (digit, shift) = (position / 32, position % 32);
        self.add_digits(digit, u128::from(product as u64) << shift, negative);
        self.add_digits(digit + 2, (product >> 64) << shift, negative);
        self.room -= 1;
        if self.room == 0 {
            self.carry();
        }
    }

    fn add_digits(&mut self, digit: usize, value: u128, negative: bool) {
        for (i, sum) in self.digits[digit..digit + 3].iter_mut().enumerate() {
            let part = i64::from((value >> (32 * i)) as u32);
            *sum += if negative { -part } else { part };
        }
    }

    /// Brings all digits but the last, which holds the sign, into `[0, 2^32)`.
    fn carry(&mut self) {
        let mut carry = 0;
        let (last, digits) = self.digits.split_last_mut().expect("there are digits");
        for digit in digits {
            let sum = *digit + carry;
            *digit = sum & 0xffff_ffff;
            carry = sum >> 32;
        }
        *last += carry;
        self.room = ROOM;
    }

    pub fn finish(mut self) -> Dyadic {
        self.carry();
        let negative = self.digits[DIGITS - 1] < 0;
        if negative {
            self.digits.iter_mut().for_each(|digit| *digit = -*digit);
            self.carry();
        }
        Dyadic::new(negative, self.digits.iter().map(|&digit| digit as u32).collect(), -OFFSET)
    }
}

/// `value` as an integer below 2^53 and a power of two, without its sign.
fn decompose(value: f64) -> (u64, i32) {
    let (fraction, biased) = (value.to_bits() & ((1 << 52) - 1), (value.to_bits() >> 52) as i32 & 0x7ff);
    match biased {
        0 => (fraction, -1074),
        _ => (fraction | (1 << 52), biased - 1075),
    }
}

/// An integer times a power of two.
#[derive(Clone, Debug)]
pub struct Dyadic {
    pub negative: bool,
    magnitude: Natural,
    exponent: i32,
}

impl Dyadic {
    fn new(negative: bool, digits: Vec<u32>, exponent: i32) -> Self {
        let zeros = digits.iter().take_while(|&&digit| digit == 0).count();
        if zeros == digits.len() {
            return Self { negative: false, magnitude: Natural(Vec::new()), exponent: 0 };
        }
        let magnitude = Natural::new(digits[zeros..].to_vec());
        Self { negative, magnitude, exponent: exponent + 32 * zeros as i32 }
    }

    pub fn one() -> Self {
        Self::new(false, vec![1], 0)
    }

    pub fn is_zero(&self) -> bool {
        self.magnitude.0.is_empty()
    }

    pub fn multiply(&self, other: &Self) -> Self {
        Self {
            negative: self.negative != other.negative,
            magnitude: self.magnitude.multiply(&other.magnitude),
            exponent: self.exponent + other.exponent,
        }
    }

    /// The nearest float64, ties to even; zero has no sign.
    pub fn round(&self) -> f64 {
        if self.is_zero() {
            return 0.0;
        }
        let bits = self.magnitude.bits();
        let top = bits - 1 + i64::from(self.exponent);
        // Weight of the last bit that the result keeps: 53 bits, fewer below the normal range.
        let last = (top - 52).max(-1074);
        let value = if top > 1023 {
            f64::INFINITY
        } else {
            let dropped = last - i64::from(self.exponent);
            let kept = self.magnitude.shift_right(dropped);
            let half = dropped > 0 && self.magnitude.bit(dropped - 1);
            let rest = dropped > 1 && self.magnitude.any_below(dropped - 1);
            let up = half && (rest || kept & 1 == 1);
            compose(kept + u64::from(up), last as i32)
        };
        if self.negative { 0.0 - value } else { value }
    }

    /// The value to 64 bits and the power of two that it is short of.
    fn leading(&self) -> (f64, i64) {
        let excess = self.magnitude.bits() - 64;
        (self.magnitude.shift_right(excess) as f64, excess + i64::from(self.exponent))
    }
}

/// `mantissa * 2^exponent`, which is a float64: the mantissa is at most 2^53, and below 2^52 only if the
/// exponent is -1074. Too large a value becomes infinity.
fn compose(mantissa: u64, exponent: i32) -> f64 {
    match mantissa.checked_sub(1 << 52) {
        Some(fraction) => f64::from_bits((((exponent + 1075) as u64) << 52) + fraction),
        None => f64::from_bits(mantissa),
    }
}

/// The float64 nearest to `sqrt(numerator / denominator)`, ties to even; neither is negative, the
/// denominator not zero.
pub fn root_of_ratio(numerator: &Dyadic, denominator: &Dyadic) -> f64 {
    if numerator.is_zero() {
        return 0.0;
    }
    let ((above, above_exponent), (below, below_exponent)) = (numerator.leading(), denominator.leading());
    let exponent = above_exponent - below_exponent;
    let odd = exponent.rem_euclid(2);
    let near = (above / below * (1 + odd) as f64).sqrt();
    // Within a few units in the last place; comparing with the points halfway to its neighbours settles it.
    let mut root = scale(near, (exponent - odd) / 2);
    loop {
        let odd_root = root.to_bits() & 1 == 1;
        let beyond = |order: Ordering, side: Ordering| order == side || (order.is_eq() && odd_root);
        if root.is_finite()
            && beyond(compare(numerator, midpoint_above(root), denominator), Ordering::Greater)
        {
            root = root.next_up();
        } else if root > 0.0
            && beyond(compare(numerator, midpoint_above(root.next_down()), denominator), Ordering::Less)
        {
            root = root.next_down();
        } else {
            return root;
        }
    }
}

/// `value * 2^exponent` to within a unit in the last place.
fn scale(mut value: f64, mut exponent: i64) -> f64 {
    while exponent != 0 {
        let step = exponent.clamp(-1000, 1000);
        value *= f64::from_bits(((step + 1023) as u64) << 52);
        exponent -= step;
    }
    value
}

/// The number halfway between `value` and the next float64, as a mantissa and a power of two.
fn midpoint_above(value: f64) -> (u64, i32) {
    let (mantissa, exponent) = decompose(value);
    (2 * mantissa + 1, exponent - 1)
}

/// Compares `numerator` with `root^2 * denominator`.
fn compare(numerator: &Dyadic, root: (u64, i32), denominator: &Dyadic) -> Ordering {
    let square = u128::from(root.0) * u128::from(root.0);
    let square = Natural::new((0..4).map(|i| (square >> (32 * i)) as u32).collect());
    let right = square.multiply(&denominator.magnitude);
    let (left_exponent, right_exponent) = (numerator.exponent, denominator.exponent + 2 * root.1);
    let top = |natural: &Natural, exponent: i32| natural.bits() + i64::from(exponent);
    let tops = top(&numerator.magnitude, left_exponent).cmp(&top(&right, right_exponent));
    tops.then_with(|| {
        let lowest = left_exponent.min(right_exponent);
        let left = numerator.magnitude.shift_left((left_exponent - lowest) as usize);
        left.compare(&right.shift_left((right_exponent - lowest) as usize))
    })
}

/// A whole number in 32-bit digits, the lowest first, the highest not zero.
#[derive(Clone, Debug)]
struct Natural(Vec<u32>);

impl Natural {
    fn new(mut digits: Vec<u32>) -> Self {
        digits.truncate(digits.iter().rposition(|&digit| digit != 0).map_or(0, |last| last + 1));
        Self(digits)
    }

    fn bits(&self) -> i64 {
        self.0.last().map_or(0, |last| 32 * self.0.len() as i64 - i64::from(last.leading_zeros()))
    }

    fn bit(&self, index: i64) -> bool {
        let digit = self.0.get(index as usize / 32);
        digit.is_some_and(|digit| (digit >> (index % 32)) & 1 == 1)
    }

    /// Whether a bit below `index` is set.
    fn any_below(&self, index: i64) -> bool {
        let whole = (index as usize / 32).min(self.0.len());
        self.0[..whole].iter().any(|&digit| digit != 0)
            || self.0.get(whole).is_some_and(|&digit| digit & ((1u32 << (index % 32)) - 1) != 0)
    }

    /// The number divided by 2^places without its fraction, which must be below 2^64. A negative shift goes
    /// left.
    fn shift_right(&self, places: i64) -> u64 {
        if places < 0 {
            return self.shift_right(0) << -places;
        }
        let (digit, shift) = (places as usize / 32, places % 32);
        let window = (0..3).fold(0, |window, i| {
            window | u128::from(self.0.get(digit + i).copied().unwrap_or(0)) << (32 * i)
        });
        (window >> shift) as u64
    }

    fn shift_left(&self, places: usize) -> Self {
        let mut digits = vec![0; places / 32];
        let mut carry = 0u64;
        for &digit in &self.0 {
            carry |= u64::from(digit) << (places % 32);
            digits.push(carry as u32);
            carry >>= 32;
        }
        digits.push(carry as u32);
        Self::new(digits)
    }

    fn multiply(&self, other: &Self) -> Self {
        let mut digits = vec![0u32; self.0.len() + other.0.len()];
        for (i, &a) in self.0.iter().enumerate() {
            let mut carry = 0u64;
            for (j, &b) in other.0.iter().enumerate() {
                carry += u64::from(a) * u64::from(b) + u64::from(digits[i + j]);
                digits[i + j] = carry as u32;
                carry >>= 32;
            }
            digits[i + other.0.len()] = carry as u32;
        }
        Self::new(digits)
    }

    fn compare(&self, other: &Self) -> Ordering {
        let longer = self.0.len().cmp(&other.0.len());
        longer.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{BigRatio, any_finite};
    use proptest::prelude::*;

    fn sum(products: &[(f64, f64)]) -> Dyadic {
        let mut accumulator = Accumulator::default();
        products.iter().for_each(|&(a, b)| accumulator.add(a, b));
        accumulator.finish()
    }

    fn same(a: f64, b: f64) -> bool {
        a.to_bits() == b.to_bits()
    }

    proptest! {
        #[test]
        fn sums_of_products_round_like_the_rational_number(
            products in proptest::collection::vec((any_finite(), any_finite()), 0..6),
        ) {
            let oracle = products.iter().fold(BigRatio::zero(), |sum, &(a, b)| {
                sum.add(&BigRatio::of(a).multiply(&BigRatio::of(b)))
            });
            prop_assert!(same(sum(&products).round(), oracle.round()));
        }

        #[test]
        fn squared_differences_and_their_roots_round_like_the_rational_number(
            pairs in proptest::collection::vec((any_finite(), any_finite()), 1..5),
        ) {
            let mut accumulator = Accumulator::default();
            let mut oracle = BigRatio::zero();
            for &(a, b) in &pairs {
                accumulator.add_squared_difference(a, b);
                let difference = BigRatio::of(a).add(&BigRatio::of(-b));
                oracle = oracle.add(&difference.multiply(&difference));
            }
            let exact = accumulator.finish();
            prop_assert!(same(exact.round(), oracle.round()));
            prop_assert!(same(root_of_ratio(&exact, &Dyadic::one()), oracle.root().round()));
        }

        #[test]
        fn roots_of_ratios_round_like_the_rational_number(
            above in proptest::collection::vec((any_finite(), any_finite()), 1..3),
            below in any_finite().prop_filter("not zero", |value| *value != 0.0),
        ) {
            let numerator = sum(&above);
            let square = numerator.multiply(&numerator);
            let oracle = above.iter().fold(BigRatio::zero(), |sum, &(a, b)| {
                sum.add(&BigRatio::of(a).multiply(&BigRatio::of(b)))
            });
            let denominator = BigRatio::of(below).multiply(&BigRatio::of(below));
            let oracle = oracle.multiply(&oracle).divide(&denominator).root().round();
            prop_assert!(same(root_of_ratio(&square, &sum(&[(below, below)])), oracle));
        }

        #[test]
        fn a_root_that_is_a_midpoint_goes_to_even(
            mantissa in (1u64 << 52)..(1 << 53),
            exponent in -1000i32..900,
        ) {
            // (2m + 1)^2 is what lies exactly between two float64 roots; it needs 108 bits, so two products.
            let value = compose(mantissa, exponent);
            let half = compose(1 << 52, exponent - 53);
            let exact = sum(&[(value, value), (value, 2.0 * half), (half, half)]);
            let even = if mantissa % 2 == 0 { value } else { value.next_up() };
            prop_assert!(same(root_of_ratio(&exact, &Dyadic::one()), even));
        }
    }

    #[test]
    fn ranges_end_where_ieee_says() {
        let tiny = f64::from_bits(1);
        assert!(same(sum(&[(tiny, 0.5)]).round(), 0.0), "half of the least number goes to even");
        assert!(same(sum(&[(-tiny, 0.25)]).round(), 0.0), "a zero has no sign");
        assert!(same(sum(&[(tiny, 0.75)]).round(), tiny));
        assert!(same(sum(&[(tiny, 1.5)]).round(), 2.0 * tiny));
        assert!(same(sum(&[(f64::MAX, 1.0), (2f64.powi(970), 1.0)]).round(), f64::INFINITY));
        assert!(same(sum(&[(f64::MAX, 1.0), (2f64.powi(969), 1.0)]).round(), f64::MAX));
        assert!(same(sum(&[(f64::MAX, -2.0)]).round(), f64::NEG_INFINITY));
        let root = |products: &[(f64, f64)]| root_of_ratio(&sum(products), &Dyadic::one());
        assert!(same(root(&[(tiny, tiny)]), tiny));
        assert!(same(root(&[(f64::MAX, f64::MAX)]), f64::MAX));
        assert!(same(root(&[(f64::MAX, f64::MAX), (f64::MAX, f64::MAX)]), f64::INFINITY));
    }

    #[test]
    fn cancellation_leaves_what_is_left() {
        assert!(same(sum(&[(1e308, 1e308), (3e-320, 1.0), (-1e308, 1e308)]).round(), 3e-320));
    }

    #[test]
    fn carries_are_passed_on_before_a_digit_is_full() {
        let mut accumulator = Accumulator { room: 3, ..Accumulator::default() };
        for _ in 0..10 {
            accumulator.add(-f64::MAX, f64::MAX);
            accumulator.add(f64::MAX, f64::MAX);
            accumulator.add(1.5, -1.0);
        }
        assert!(same(accumulator.finish().round(), -15.0));
    }
}
