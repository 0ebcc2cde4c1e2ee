//! 16 float32 in two vectors of AVX2, or in one of AVX-512.
#![allow(unsafe_op_in_unsafe_fn, reason = "every function has the contract that `Singles` states")]

use super::avx2::Avx2;
use super::avx512::Avx512;
use super::singles::{Singles, TWICE_ONE};
use std::arch::x86_64::*;

type Pair = [__m256; 2];

impl Singles for Avx2 {
    type Numbers = Pair;
    type Words = [__m256i; 2];

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Pair {
        [_mm256_loadu_ps(from.cast()), _mm256_loadu_ps(from.add(32).cast())]
    }

    #[inline(always)]
    unsafe fn load_part(from: *const u8, count: usize) -> Pair {
        let (places, count) = (_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32(count as i32));
        let rest = _mm256_sub_epi32(count, _mm256_set1_epi32(8));
        // The masks keep what is not there from being read.
        let low = _mm256_maskload_ps(from.cast(), _mm256_cmpgt_epi32(count, places));
        let high = from.wrapping_add(32).cast();
        [low, _mm256_maskload_ps(high, _mm256_cmpgt_epi32(rest, places))]
    }

    #[inline(always)]
    unsafe fn all(value: f32) -> Pair {
        [_mm256_set1_ps(value); 2]
    }

    #[inline(always)]
    unsafe fn add(a: Pair, b: Pair) -> Pair {
        [_mm256_add_ps(a[0], b[0]), _mm256_add_ps(a[1], b[1])]
    }

    #[inline(always)]
    unsafe fn subtract(a: Pair, b: Pair) -> Pair {
        [_mm256_sub_ps(a[0], b[0]), _mm256_sub_ps(a[1], b[1])]
    }

    #[inline(always)]
    unsafe fn multiply(a: Pair, b: Pair) -> Pair {
        [_mm256_mul_ps(a[0], b[0]), _mm256_mul_ps(a[1], b[1])]
    }

    #[inline(always)]
    unsafe fn multiply_add(a: Pair, b: Pair, c: Pair) -> Pair {
        [_mm256_fmadd_ps(a[0], b[0], c[0]), _mm256_fmadd_ps(a[1], b[1], c[1])]
    }

    #[inline(always)]
    unsafe fn reciprocal(a: Pair) -> Pair {
        [_mm256_rcp_ps(a[0]), _mm256_rcp_ps(a[1])]
    }

    #[inline(always)]
    unsafe fn reciprocal_above(a: Pair) -> Pair {
        let twice_one = _mm256_set1_epi32(TWICE_ONE as i32);
        let low = _mm256_sub_epi32(twice_one, _mm256_castps_si256(a[0]));
        let high = _mm256_sub_epi32(twice_one, _mm256_castps_si256(a[1]));
        [_mm256_castsi256_ps(low), _mm256_castsi256_ps(high)]
    }

    #[inline(always)]
    unsafe fn bits(a: Pair) -> Pair {
        [_mm256_cvtepi32_ps(_mm256_castps_si256(a[0])), _mm256_cvtepi32_ps(_mm256_castps_si256(a[1]))]
    }

    #[inline(always)]
    unsafe fn at_least(a: Pair, least: f32) -> Pair {
        let least = _mm256_set1_epi32(least.to_bits() as i32);
        [max(a[0], least), max(a[1], least)]
    }

    #[inline(always)]
    unsafe fn parts(a: Pair) -> (Pair, Pair) {
        ([exponent(a[0]), exponent(a[1])], [scaled(a[0]), scaled(a[1])])
    }

    #[inline(always)]
    unsafe fn sum(a: Pair) -> f32 {
        let eight = _mm256_add_ps(a[0], a[1]);
        let four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
    }

    #[inline(always)]
    unsafe fn no_words() -> [__m256i; 2] {
        [_mm256_setzero_si256(); 2]
    }

    #[inline(always)]
    unsafe fn greatest(words: [__m256i; 2], numbers: Pair) -> [__m256i; 2] {
        let [low, high] = numbers;
        let low = _mm256_max_epu32(words[0], _mm256_castps_si256(low));
        [low, _mm256_max_epu32(words[1], _mm256_castps_si256(high))]
    }

    #[inline(always)]
    unsafe fn any_above(words: [__m256i; 2], limit: u32) -> bool {
        let words = _mm256_max_epu32(words[0], words[1]);
        let within = _mm256_min_epu32(words, _mm256_set1_epi32(limit as i32));
        _mm256_movemask_epi8(_mm256_cmpeq_epi32(words, within)) != -1
    }
}

/// Compares the bits, with their signs.
#[inline(always)]
unsafe fn max(a: __m256, b: __m256i) -> __m256 {
    _mm256_castsi256_ps(_mm256_max_epi32(_mm256_castps_si256(a), b))
}

#[inline(always)]
unsafe fn exponent(a: __m256) -> __m256 {
    let biased = _mm256_srli_epi32::<23>(_mm256_castps_si256(a));
    _mm256_cvtepi32_ps(_mm256_sub_epi32(biased, _mm256_set1_epi32(127)))
}

#[inline(always)]
unsafe fn scaled(a: __m256) -> __m256 {
    let fraction = _mm256_castsi256_ps(_mm256_set1_epi32((1 << 23) - 1));
    _mm256_or_ps(_mm256_and_ps(a, fraction), _mm256_set1_ps(1.0))
}

impl Singles for Avx512 {
    type Numbers = __m512;
    type Words = __m512i;

    #[inline(always)]
    unsafe fn load(from: *const u8) -> __m512 {
        _mm512_loadu_ps(from.cast())
    }

    #[inline(always)]
    unsafe fn load_part(from: *const u8, count: usize) -> __m512 {
        _mm512_maskz_loadu_ps(((1u32 << count) - 1) as __mmask16, from.cast())
    }

    #[inline(always)]
    unsafe fn all(value: f32) -> __m512 {
        _mm512_set1_ps(value)
    }

    #[inline(always)]
    unsafe fn add(a: __m512, b: __m512) -> __m512 {
        _mm512_add_ps(a, b)
    }

    #[inline(always)]
    unsafe fn subtract(a: __m512, b: __m512) -> __m512 {
        _mm512_sub_ps(a, b)
    }

    #[inline(always)]
    unsafe fn multiply(a: __m512, b: __m512) -> __m512 {
        _mm512_mul_ps(a, b)
    }

    #[inline(always)]
    unsafe fn multiply_add(a: __m512, b: __m512, c: __m512) -> __m512 {
        _mm512_fmadd_ps(a, b, c)
    }

    #[inline(always)]
    unsafe fn reciprocal(a: __m512) -> __m512 {
        _mm512_rcp14_ps(a)
    }

    #[inline(always)]
    unsafe fn reciprocal_above(a: __m512) -> __m512 {
        let twice_one = _mm512_set1_epi32(TWICE_ONE as i32);
        _mm512_castsi512_ps(_mm512_sub_epi32(twice_one, _mm512_castps_si512(a)))
    }

    #[inline(always)]
    unsafe fn bits(a: __m512) -> __m512 {
        _mm512_cvtepi32_ps(_mm512_castps_si512(a))
    }

    #[inline(always)]
    unsafe fn at_least(a: __m512, least: f32) -> __m512 {
        let least = _mm512_set1_epi32(least.to_bits() as i32);
        _mm512_castsi512_ps(_mm512_max_epi32(_mm512_castps_si512(a), least))
    }

    #[inline(always)]
    unsafe fn parts(a: __m512) -> (__m512, __m512) {
        (_mm512_getexp_ps(a), _mm512_getmant_ps::<_MM_MANT_NORM_1_2, _MM_MANT_SIGN_SRC>(a))
    }

    #[inline(always)]
    unsafe fn sum(a: __m512) -> f32 {
        _mm512_reduce_add_ps(a)
    }

    #[inline(always)]
    unsafe fn no_words() -> __m512i {
        _mm512_setzero_si512()
    }

    #[inline(always)]
    unsafe fn greatest(words: __m512i, numbers: __m512) -> __m512i {
        _mm512_max_epu32(words, _mm512_castps_si512(numbers))
    }

    #[inline(always)]
    unsafe fn any_above(words: __m512i, limit: u32) -> bool {
        _mm512_cmpgt_epu32_mask(words, _mm512_set1_epi32(limit as i32)) != 0
    }
}
