//! One lane of everything: the reference, and what runs where no other tier does.
#![allow(unsafe_op_in_unsafe_fn, reason = "every function has the contract that `Simd` states")]

use super::Simd;

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
    unsafe fn subtract(a: f64, b: f64) -> f64 {
        a - b
    }

    #[inline(always)]
    unsafe fn multiply_add(a: f64, b: f64, c: f64) -> f64 {
        a * b + c
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
