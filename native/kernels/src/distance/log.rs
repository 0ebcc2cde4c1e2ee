//! The natural logarithm of a ratio, in one arithmetic on every tier: additions, multiplications and
//! divisions of float64, each rounded once, and no table. A platform's own `log` differs in the last bits
//! from one to the next.
//!
//! With a = 2^k r b, where r is near 1, ln(a / b) = k ln 2 + 2 atanh(s), s = (r b - b) / (r b + b) (Tang,
//! "Table-Driven Implementation of the Logarithm Function", 1990, names this form). Nothing cancels where a
//! is near b, so that the error is relative there, too.

/// A number that is not negative: the bits of a normal one, and the exponent that these are off by, which is
/// infinite for zero and infinity, and NaN for numbers that have no logarithm.
#[derive(Clone, Copy, Debug)]
pub struct Scaled {
    pub bits: u64,
    pub exponent: f64,
}

impl Scaled {
    #[inline(always)]
    pub fn of(x: f64) -> Self {
        let tiny = x < f64::MIN_POSITIVE;
        let exponent = if tiny { -54.0 } else { 0.0 };
        let exponent = if x == 0.0 { f64::NEG_INFINITY } else { exponent };
        let exponent = if x == f64::INFINITY { f64::INFINITY } else { exponent };
        let exponent = if x >= 0.0 { exponent } else { f64::NAN };
        Self { bits: (if tiny { x * TWO_54 } else { x }).to_bits(), exponent }
    }

    /// Twice the number.
    #[inline(always)]
    pub fn doubled(self) -> Self {
        Self { exponent: self.exponent + 1.0, ..self }
    }
}

const TWO_54: f64 = (1u64 << 54) as f64;
const ONE: u64 = 1.0f64.to_bits();
const EXPONENT: u64 = f64::INFINITY.to_bits();
/// The bits of 2^52: with an integer below 2^52 in the fraction, 2^52 and that integer.
const SHIFTED: u64 = ((1u64 << 52) as f64).to_bits();
/// Where differences of exponents begin, so that none is negative.
const BIAS: u64 = 2048;

/// ln 2 in two parts; the first ends in 32 zeros, so that its product with an exponent is exact.
const LN_2: [f64; 2] = [f64::from_bits(0x3fe6_2e42_fee0_0000), f64::from_bits(0x3dea_39ef_3579_3c76)];

/// (2 atanh(s) / s - 2) / s^2 as a polynomial in s^2, by interpolation at the Chebyshev points of [0,
/// 0.0403]; it is off by less than 0.01 of a rounding of the sum.
const ATANH: [f64; 8] = [
    0.6666666666666666,
    0.4000000000000823,
    0.2857142856714695,
    0.22222223069772148,
    0.18181735949669697,
    0.1538893460259468,
    0.13208398002781363,
    0.13619066042830322,
];

/// ln(a / b), to within 2.5 units in the last place: the sum and the quotient round, by up to a unit of a
/// result that is just below a power of two, and so does the result, by half of one. IEEE 754 decides where
/// a number is zero or infinite.
#[inline(always)]
pub fn ln_ratio(a: Scaled, b: Scaled) -> f64 {
    // The bits of a number are near to its binary logarithm: the difference rounds to a k for which r is
    // between 2/3 and 3/2, all but a little.
    let difference = a.bits.wrapping_sub(b.bits).wrapping_add((BIAS << 52) + (1 << 51));
    let k = f64::from_bits(difference >> 52 | SHIFTED) - ((1u64 << 52) + BIAS) as f64;
    let k = k + (a.exponent - b.exponent);
    let above = a
        .bits
        .wrapping_sub(difference & !((1 << 52) - 1))
        .wrapping_sub(b.bits & EXPONENT)
        .wrapping_add((BIAS << 52) + ONE);
    let below = b.bits & !EXPONENT | ONE;
    let (above, below) = (f64::from_bits(above), f64::from_bits(below));
    // The difference is exact (Sterbenz).
    let s = (above - below) / (above + below);
    let z = s * s;
    let [c0, c1, c2, c3, c4, c5, c6, c7] = ATANH;
    let (z2, z4) = (z * z, (z * z) * (z * z));
    let low = (c0 + c1 * z) + (c2 + c3 * z) * z2;
    let high = (c4 + c5 * z) + (c6 + c7 * z) * z2;
    let rest = s * (z * (low + high * z4));
    k * LN_2[0] + (2.0 * s + (rest + k * LN_2[1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Double;
    use proptest::prelude::*;

    fn ln(x: f64) -> f64 {
        ln_ratio(Scaled::of(x), Scaled::of(1.0))
    }

    /// By how many units in the last place the logarithm is off.
    fn units_off(a: f64, b: f64) -> f64 {
        let (found, exact) = (ln_ratio(Scaled::of(a), Scaled::of(b)), Double::ln_ratio(a, b));
        let unit = exact.high.abs().next_up() - exact.high.abs();
        ((found - exact.high) - exact.low).abs() / unit
    }

    fn positive() -> impl Strategy<Value = f64> {
        prop_oneof![
            2 => 1u64..f64::INFINITY.to_bits(),
            2 => 0.5f64.to_bits()..2.0f64.to_bits(),
            1 => 1u64..1 << 52,
            1 => (0u64..1 << 30).prop_map(|steps| 1.0f64.to_bits() - (1 << 29) + steps),
        ]
        .prop_map(f64::from_bits)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

        #[test]
        fn logarithms_are_within_their_bound(
            a in positive(),
            b in positive(),
            step in -100i64..100,
        ) {
            let near = f64::from_bits(a.to_bits().saturating_add_signed(step).max(1));
            for (a, b) in [(a, 1.0), (1.0, b), (a, b), (a, near)] {
                if a.is_finite() && b.is_finite() {
                    prop_assert!(units_off(a, b) <= 2.5, "ln({a:e} / {b:e}) is {} off", units_off(a, b));
                }
            }
            // The platform's own is right to a unit.
            prop_assert!((ln(a) - a.ln()).abs() <= 3.5 * (a.ln().abs().next_up() - a.ln().abs()));
        }
    }

    #[test]
    fn powers_of_two_are_the_nearest_float64() {
        for k in -1074..1024 {
            let exact = Double::new(std::f64::consts::LN_2, 2.319_046_813_846_299_6e-17)
                .multiply(Double::new(f64::from(k), 0.0));
            let power = if k < -1022 { f64::from_bits(1 << (k + 1074)) } else { 2f64.powi(k) };
            assert_eq!(ln(power), exact.high, "2^{k}");
        }
    }

    #[test]
    fn the_ends_of_the_range_are_those_of_ieee_754() {
        let ratio = |a, b| ln_ratio(Scaled::of(a), Scaled::of(b));
        let infinity = f64::INFINITY;
        assert_eq!([ratio(0.0, 1.0), ratio(1.0, infinity), ratio(-0.0, infinity)], [-infinity; 3]);
        assert_eq!([ratio(1.0, 0.0), ratio(infinity, 1.0), ratio(infinity, -0.0)], [infinity; 3]);
        assert_eq!(ratio(3e-320, 3e-320).to_bits(), 0);
        for (a, b) in [(0.0, 0.0), (infinity, infinity), (-1.0, 1.0), (1.0, -1e-320), (f64::NAN, 1.0)] {
            assert!(ratio(a, b).is_nan() && ratio(b, a).is_nan(), "{a} / {b}");
        }
    }
}
