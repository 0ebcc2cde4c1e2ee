//! AVX-512 F and BW: 8 float64, 32 int16.
#![allow(unsafe_op_in_unsafe_fn, reason = "every function has the contract that `Simd` states")]

use super::Simd;
use std::arch::x86_64::*;

pub struct Avx512;

impl Simd for Avx512 {
    const FLOATS: usize = 8;
    const SHORTS: usize = 32;
    type Floats = __m512d;
    type Shorts = __m512i;
    type Sums = __m512i;

    #[inline(always)]
    unsafe fn zero() -> __m512d {
        _mm512_setzero_pd()
    }

    #[inline(always)]
    unsafe fn load(from: *const f64) -> __m512d {
        _mm512_loadu_pd(from)
    }

    #[inline(always)]
    unsafe fn load_f32(from: *const u8) -> __m512d {
        _mm512_cvtps_pd(_mm256_loadu_ps(from.cast()))
    }

    #[inline(always)]
    unsafe fn load_f64(from: *const u8) -> __m512d {
        _mm512_loadu_pd(from.cast())
    }

    #[inline(always)]
    unsafe fn store(a: __m512d, into: *mut f64) {
        _mm512_storeu_pd(into, a);
    }

    #[inline(always)]
    unsafe fn add(a: __m512d, b: __m512d) -> __m512d {
        _mm512_add_pd(a, b)
    }

    #[inline(always)]
    unsafe fn subtract(a: __m512d, b: __m512d) -> __m512d {
        _mm512_sub_pd(a, b)
    }

    #[inline(always)]
    unsafe fn multiply(a: __m512d, b: __m512d) -> __m512d {
        _mm512_mul_pd(a, b)
    }

    #[inline(always)]
    unsafe fn multiply_add(a: __m512d, b: __m512d, c: __m512d) -> __m512d {
        _mm512_fmadd_pd(a, b, c)
    }

    #[inline(always)]
    unsafe fn multiply_subtract(a: __m512d, b: __m512d, c: __m512d) -> __m512d {
        _mm512_fmsub_pd(a, b, c)
    }

    #[inline(always)]
    unsafe fn magnitude(a: __m512d) -> __m512d {
        _mm512_abs_pd(a)
    }

    #[inline(always)]
    unsafe fn sum(a: __m512d) -> f64 {
        _mm512_reduce_add_pd(a)
    }

    #[inline(always)]
    unsafe fn zero_sums() -> __m512i {
        _mm512_setzero_si512()
    }

    #[inline(always)]
    unsafe fn load_shorts(from: *const i16) -> __m512i {
        _mm512_loadu_si512(from.cast())
    }

    #[inline(always)]
    unsafe fn load_u8(from: *const u8) -> __m512i {
        _mm512_cvtepu8_epi16(_mm256_loadu_si256(from.cast()))
    }

    #[inline(always)]
    unsafe fn multiply_add_shorts(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
        _mm512_add_epi32(_mm512_madd_epi16(a, b), c)
    }

    #[inline(always)]
    unsafe fn sum_sums(a: __m512i) -> i64 {
        let low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(a));
        let high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64::<1>(a));
        _mm512_reduce_add_epi64(_mm512_add_epi64(low, high))
    }
}
