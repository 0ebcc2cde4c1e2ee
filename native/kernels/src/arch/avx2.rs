//! AVX2 with FMA: 4 float64, 16 int16.
#![allow(unsafe_op_in_unsafe_fn, reason = "every function has the contract that `Simd` states")]

use super::Simd;
use std::arch::x86_64::*;

pub struct Avx2;

impl Simd for Avx2 {
    const FLOATS: usize = 4;
    const SHORTS: usize = 16;
    type Floats = __m256d;
    type Shorts = __m256i;
    type Sums = __m256i;

    #[inline(always)]
    unsafe fn zero() -> __m256d {
        _mm256_setzero_pd()
    }

    #[inline(always)]
    unsafe fn load(from: *const f64) -> __m256d {
        _mm256_loadu_pd(from)
    }

    #[inline(always)]
    unsafe fn load_f32(from: *const u8) -> __m256d {
        _mm256_cvtps_pd(_mm_loadu_ps(from.cast()))
    }

    #[inline(always)]
    unsafe fn load_f64(from: *const u8) -> __m256d {
        _mm256_loadu_pd(from.cast())
    }

    #[inline(always)]
    unsafe fn store(a: __m256d, into: *mut f64) {
        _mm256_storeu_pd(into, a);
    }

    #[inline(always)]
    unsafe fn add(a: __m256d, b: __m256d) -> __m256d {
        _mm256_add_pd(a, b)
    }

    #[inline(always)]
    unsafe fn subtract(a: __m256d, b: __m256d) -> __m256d {
        _mm256_sub_pd(a, b)
    }

    #[inline(always)]
    unsafe fn multiply(a: __m256d, b: __m256d) -> __m256d {
        _mm256_mul_pd(a, b)
    }

    #[inline(always)]
    unsafe fn multiply_add(a: __m256d, b: __m256d, c: __m256d) -> __m256d {
        _mm256_fmadd_pd(a, b, c)
    }

    #[inline(always)]
    unsafe fn multiply_subtract(a: __m256d, b: __m256d, c: __m256d) -> __m256d {
        _mm256_fmsub_pd(a, b, c)
    }

    #[inline(always)]
    unsafe fn magnitude(a: __m256d) -> __m256d {
        _mm256_andnot_pd(_mm256_set1_pd(-0.0), a)
    }

    #[inline(always)]
    unsafe fn sum(a: __m256d) -> f64 {
        let mut lanes = [0.0; 4];
        _mm256_storeu_pd(lanes.as_mut_ptr(), a);
        lanes.iter().sum()
    }

    #[inline(always)]
    unsafe fn zero_sums() -> __m256i {
        _mm256_setzero_si256()
    }

    #[inline(always)]
    unsafe fn load_shorts(from: *const i16) -> __m256i {
        _mm256_loadu_si256(from.cast())
    }

    #[inline(always)]
    unsafe fn load_u8(from: *const u8) -> __m256i {
        _mm256_cvtepu8_epi16(_mm_loadu_si128(from.cast()))
    }

    #[inline(always)]
    unsafe fn multiply_add_shorts(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
        _mm256_add_epi32(_mm256_madd_epi16(a, b), c)
    }

    #[inline(always)]
    unsafe fn sum_sums(a: __m256i) -> i64 {
        let mut lanes = [0i32; 8];
        _mm256_storeu_si256(lanes.as_mut_ptr().cast(), a);
        lanes.into_iter().map(i64::from).sum()
    }
}
