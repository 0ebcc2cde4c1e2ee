//! One lane of everything: the reference, and what runs where no other tier does.
#![allow(unsafe_op_in_unsafe_fn, reason = "every function has the contract that `Simd` states")]

use super::Simd;
use super::dots::Dots;
use crate::mutants::{self, Mutant};

pub struct Scalar;

impl Simd for Scalar {
    const FLOATS: usize = 1;
    const SHORTS: usize = 1;
    type Floats = f64;
    type Shorts = i16;
    type Sums = i32;

    #[inline(always)]
    unsafe fn zero() -> f64 {
        0.0
    }

    #[inline(always)]
    unsafe fn load(from: *const f64) -> f64 {
        from.read()
    }

    #[inline(always)]
    unsafe fn load_f32(from: *const u8) -> f64 {
        f32::from_le_bytes(from.cast::<[u8; 4]>().read()).into()
    }

    #[inline(always)]
    unsafe fn load_f64(from: *const u8) -> f64 {
        f64::from_le_bytes(from.cast::<[u8; 8]>().read())
    }

    #[inline(always)]
    unsafe fn store(a: f64, into: *mut f64) {
        into.write(a);
    }

    #[inline(always)]
    unsafe fn add(a: f64, b: f64) -> f64 {
        a + b
    }

    #[inline(always)]
    unsafe fn subtract(a: f64, b: f64) -> f64 {
        a - b
    }

    #[inline(always)]
    unsafe fn multiply(a: f64, b: f64) -> f64 {
        a * b
    }

    #[inline(always)]
    unsafe fn multiply_add(a: f64, b: f64, c: f64) -> f64 {
        a * b + c
    }

    #[inline(always)]
    unsafe fn multiply_subtract(a: f64, b: f64, c: f64) -> f64 {
        a.mul_add(b, -c)
    }

    #[inline(always)]
    unsafe fn magnitude(a: f64) -> f64 {
        a.abs()
    }

    #[inline(always)]
    unsafe fn sum(a: f64) -> f64 {
        a
    }

    #[inline(always)]
    unsafe fn zero_sums() -> i32 {
        0
    }

    #[inline(always)]
    unsafe fn load_shorts(from: *const i16) -> i16 {
        from.read()
    }

    #[inline(always)]
    unsafe fn load_u8(from: *const u8) -> i16 {
        from.read().into()
    }

    #[inline(always)]
    unsafe fn multiply_add_shorts(a: i16, b: i16, c: i32) -> i32 {
        i32::from(a) * i32::from(b) + c
    }

    #[inline(always)]
    unsafe fn sum_sums(a: i32) -> i64 {
        a.into()
    }
}

impl Dots for Scalar {
    const SUMS: usize = 1;
    const WHOLE_BYTES: bool = true;
    type Bytes = [u8; 4];
    type Sums = i32;
    type Singles = f32;

    #[inline(always)]
    unsafe fn load(from: *const u8) -> [u8; 4] {
        from.cast::<[u8; 4]>().read()
    }

    #[inline(always)]
    unsafe fn repeat(from: *const i8) -> [u8; 4] {
        from.cast::<[u8; 4]>().read()
    }

    #[inline(always)]
    unsafe fn low_nibbles(a: [u8; 4]) -> [u8; 4] {
        a.map(|byte| byte & 0xf)
    }

    #[inline(always)]
    unsafe fn high_nibbles(a: [u8; 4]) -> [u8; 4] {
        a.map(|byte| byte >> 4)
    }

    #[inline(always)]
    unsafe fn zero() -> i32 {
        0
    }

    #[inline(always)]
    unsafe fn add_products(sums: i32, nibbles: [u8; 4], bytes: [u8; 4]) -> i32 {
        let products = std::array::from_fn(|i| i32::from(nibbles[i]) * i32::from(bytes[i] as i8));
        sums + mutants::sum_of_four(Mutant::Saturation, products)
    }

    #[inline(always)]
    unsafe fn join(high: [u8; 4], low: [u8; 4]) -> [[u8; 4]; 2] {
        let [first, second] = [
            std::array::from_fn(|i| high[i] << 4 | low[i] & 0xf),
            std::array::from_fn(|i| high[i] & 0xf0 | low[i] >> 4),
        ];
        [first, second]
    }

    #[inline(always)]
    unsafe fn save(bytes: [u8; 4], into: *mut u8) {
        into.cast::<[u8; 4]>().write(bytes);
    }

    #[inline(always)]
    unsafe fn add(a: i32, b: i32) -> i32 {
        a + b
    }

    #[inline(always)]
    unsafe fn total(sums: i32) -> i32 {
        sums
    }

    #[inline(always)]
    unsafe fn store(sums: i32, into: *mut i32) {
        into.write(sums);
    }

    #[inline(always)]
    unsafe fn load_singles(from: *const f32) -> f32 {
        from.read()
    }

    #[inline(always)]
    unsafe fn all(value: f32) -> f32 {
        value
    }

    #[inline(always)]
    unsafe fn add_singles(a: f32, b: f32) -> f32 {
        a + b
    }

    #[inline(always)]
    unsafe fn subtract_singles(a: f32, b: f32) -> f32 {
        a - b
    }

    #[inline(always)]
    unsafe fn multiply_singles(a: f32, b: f32) -> f32 {
        a * b
    }

    #[inline(always)]
    unsafe fn centred(sums: i32, total: i32) -> f32 {
        (2 * sums - total) as f32
    }

    #[inline(always)]
    #[allow(clippy::neg_cmp_op_on_partial_ord, reason = "what is not a number is not less")]
    unsafe fn not_less(value: f32, limit: f32) -> u32 {
        u32::from(!(value < limit || mutants::drops_tie(Mutant::KernelLeaves, value, limit)))
    }

    #[inline(always)]
    unsafe fn store_singles(value: f32, into: *mut f32) {
        into.write(value);
    }
}
