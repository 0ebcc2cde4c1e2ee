//! Vectors of 16 float32 on every tier, for the bounds of `estimate`.

use super::scalar::Scalar;

/// # Safety
/// Every function needs the CPU features of its tier; `load` reads a whole vector from `from`, and
/// `load_part` the first `count` numbers of one, at any alignment.
pub trait Singles {
    type Numbers: Copy;
    /// The bits of as many numbers.
    type Words: Copy;

    /// Loads little-endian float32.
    unsafe fn load(from: *const u8) -> Self::Numbers;
    /// Fewer than a vector has, and zeros behind.
    unsafe fn load_part(from: *const u8, count: usize) -> Self::Numbers;
    unsafe fn all(value: f32) -> Self::Numbers;
    unsafe fn add(a: Self::Numbers, b: Self::Numbers) -> Self::Numbers;
    unsafe fn subtract(a: Self::Numbers, b: Self::Numbers) -> Self::Numbers;
    unsafe fn multiply(a: Self::Numbers, b: Self::Numbers) -> Self::Numbers;
    /// `a * b + c`, rounded once or twice.
    unsafe fn multiply_add(a: Self::Numbers, b: Self::Numbers, c: Self::Numbers) -> Self::Numbers;
    /// Off by less than a part of `RECIPROCAL_ERROR`, where number and result are normal.
    unsafe fn reciprocal(a: Self::Numbers) -> Self::Numbers;
    /// From 1 to 1.125 times the inverse, where number and result are normal.
    unsafe fn reciprocal_above(a: Self::Numbers) -> Self::Numbers;
    /// The bits of each number as an integer, rounded.
    unsafe fn bits(a: Self::Numbers) -> Self::Numbers;
    /// Each number, or `least`, which is positive, where the number is less, or a NaN with its sign set.
    unsafe fn at_least(a: Self::Numbers, least: f32) -> Self::Numbers;
    /// The binary exponent, and the number divided by that power of two, from 1 to 2; of numbers that are
    /// positive and normal. Of others it may be anything.
    unsafe fn parts(a: Self::Numbers) -> (Self::Numbers, Self::Numbers);
    /// The sum, in four steps of pairs.
    unsafe fn sum(a: Self::Numbers) -> f32;

    unsafe fn no_words() -> Self::Words;
    /// The greater of each word and the bits of each number, without signs: those of negative numbers and NaN
    /// are above all others.
    unsafe fn greatest(words: Self::Words, numbers: Self::Numbers) -> Self::Words;
    unsafe fn any_above(words: Self::Words, limit: u32) -> bool;
}

/// Of the least precise instruction that is used, AVX's.
pub const RECIPROCAL_ERROR: f64 = 1.5 / 4096.0;
/// Twice the bits of 1: less the bits of a number, they are those of one above its inverse. For 2^e (1 + f)
/// that is 2^-e (1 - f/2), and (1 + f) (1 - f/2) is 1 to 1.125.
pub const TWICE_ONE: u32 = 2 * 1.0f32.to_bits();
/// Numbers of a vector.
pub const LANES: usize = 16;

type Numbers = [f32; LANES];

#[inline(always)]
fn each(a: Numbers, b: Numbers, f: impl Fn(f32, f32) -> f32) -> Numbers {
    std::array::from_fn(|i| f(a[i], b[i]))
}

impl Singles for Scalar {
    type Numbers = Numbers;
    type Words = [u32; LANES];

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Numbers {
        // SAFETY: as the trait says.
        unsafe { from.cast::<[[u8; 4]; LANES]>().read() }.map(f32::from_le_bytes)
    }

    #[inline(always)]
    unsafe fn load_part(from: *const u8, count: usize) -> Numbers {
        // SAFETY: as the trait says.
        let bytes = unsafe { std::slice::from_raw_parts(from, 4 * count) };
        let mut numbers = [0.0; LANES];
        for (number, bytes) in numbers.iter_mut().zip(bytes.as_chunks().0) {
            *number = f32::from_le_bytes(*bytes);
        }
        numbers
    }

    #[inline(always)]
    unsafe fn all(value: f32) -> Numbers {
        [value; LANES]
    }

    #[inline(always)]
    unsafe fn add(a: Numbers, b: Numbers) -> Numbers {
        each(a, b, |a, b| a + b)
    }

    #[inline(always)]
    unsafe fn subtract(a: Numbers, b: Numbers) -> Numbers {
        each(a, b, |a, b| a - b)
    }

    #[inline(always)]
    unsafe fn multiply(a: Numbers, b: Numbers) -> Numbers {
        each(a, b, |a, b| a * b)
    }

    #[inline(always)]
    unsafe fn multiply_add(a: Numbers, b: Numbers, c: Numbers) -> Numbers {
        std::array::from_fn(|i| a[i] * b[i] + c[i])
    }

    #[inline(always)]
    unsafe fn reciprocal(a: Numbers) -> Numbers {
        a.map(|a| 1.0 / a)
    }

    #[inline(always)]
    unsafe fn reciprocal_above(a: Numbers) -> Numbers {
        a.map(|a| f32::from_bits(TWICE_ONE.wrapping_sub(a.to_bits())))
    }

    #[inline(always)]
    unsafe fn bits(a: Numbers) -> Numbers {
        a.map(|a| a.to_bits() as i32 as f32)
    }

    #[inline(always)]
    unsafe fn at_least(a: Numbers, least: f32) -> Numbers {
        a.map(|a| f32::from_bits((a.to_bits() as i32).max(least.to_bits() as i32) as u32))
    }

    #[inline(always)]
    unsafe fn parts(a: Numbers) -> (Numbers, Numbers) {
        let scaled = |a: f32| f32::from_bits(a.to_bits() & ((1 << 23) - 1) | 1.0f32.to_bits());
        (a.map(|a| ((a.to_bits() >> 23) as i32 - 127) as f32), a.map(scaled))
    }

    #[inline(always)]
    unsafe fn sum(a: Numbers) -> f32 {
        let eight: [f32; 8] = std::array::from_fn(|i| a[i] + a[i + 8]);
        let four: [f32; 4] = std::array::from_fn(|i| eight[i] + eight[i + 4]);
        (four[0] + four[2]) + (four[1] + four[3])
    }

    #[inline(always)]
    unsafe fn no_words() -> [u32; LANES] {
        [0; LANES]
    }

    #[inline(always)]
    unsafe fn greatest(words: [u32; LANES], numbers: Numbers) -> [u32; LANES] {
        std::array::from_fn(|i| words[i].max(numbers[i].to_bits()))
    }

    #[inline(always)]
    unsafe fn any_above(words: [u32; LANES], limit: u32) -> bool {
        words.iter().fold(0, |greatest, &word| greatest.max(word)) > limit
    }
}
