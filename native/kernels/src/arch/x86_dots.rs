//! Vectors of 16, 32 and 64 bytes, with and without the instruction for dot products (VNNI).
#![allow(unsafe_op_in_unsafe_fn, reason = "every function has the contract that `Dots` states")]

use super::dots::Dots;
use std::arch::x86_64::*;

/// `$products` adds four products of each int32, from `sums`, `nibbles` and `bytes`.
macro_rules! dots {
    ($name:ident, $vector:ty, $sums:literal, $load:ident, $store:ident, $zero:ident, $set:ident,
     $set_bytes:ident,
     $and:ident, $or:ident, $shift:ident, $left:ident, $add:ident, $whole:literal,
     $singles:ty, $load_singles:ident, $store_singles:ident, $all:ident, $add_singles:ident, $subtract:ident,
     $multiply:ident, $subtract_sums:ident, $convert:ident, $compare:expr,
     $total:expr, $products:expr $(, $turn:item)?) => {
        pub struct $name;

        impl Dots for $name {
            const SUMS: usize = $sums;
            const WHOLE_BYTES: bool = $whole;
            type Bytes = $vector;
            type Sums = $vector;
            type Singles = $singles;

            #[inline(always)]
            unsafe fn load(from: *const u8) -> $vector {
                $load(from.cast())
            }

            #[inline(always)]
            unsafe fn repeat(from: *const i8) -> $vector {
                $set(from.cast::<i32>().read_unaligned())
            }

            #[inline(always)]
            unsafe fn low_nibbles(a: $vector) -> $vector {
                $and(a, $set_bytes(0xf))
            }

            #[inline(always)]
            unsafe fn high_nibbles(a: $vector) -> $vector {
                $and($shift::<4>(a), $set_bytes(0xf))
            }

            #[inline(always)]
            unsafe fn zero() -> $vector {
                $zero()
            }

            #[inline(always)]
            unsafe fn add_products(sums: $vector, nibbles: $vector, bytes: $vector) -> $vector {
                $products(sums, nibbles, bytes)
            }

            #[inline(always)]
            unsafe fn join(high: $vector, low: $vector) -> [$vector; 2] {
                let first = $or($left::<4>(Self::low_nibbles(high)), Self::low_nibbles(low));
                let second = $or($left::<4>(Self::high_nibbles(high)), Self::high_nibbles(low));
                [first, second]
            }

            #[inline(always)]
            unsafe fn save(bytes: $vector, into: *mut u8) {
                $store(into.cast(), bytes);
            }

            #[inline(always)]
            unsafe fn add(a: $vector, b: $vector) -> $vector {
                $add(a, b)
            }

            #[inline(always)]
            unsafe fn total(sums: $vector) -> i32 {
                $total(sums)
            }

            #[inline(always)]
            unsafe fn store(sums: $vector, into: *mut i32) {
                $store(into.cast(), sums);
            }

            #[inline(always)]
            unsafe fn load_singles(from: *const f32) -> $singles {
                $load_singles(from)
            }

            #[inline(always)]
            unsafe fn all(value: f32) -> $singles {
                $all(value)
            }

            #[inline(always)]
            unsafe fn add_singles(a: $singles, b: $singles) -> $singles {
                $add_singles(a, b)
            }

            #[inline(always)]
            unsafe fn subtract_singles(a: $singles, b: $singles) -> $singles {
                $subtract(a, b)
            }

            #[inline(always)]
            unsafe fn multiply_singles(a: $singles, b: $singles) -> $singles {
                $multiply(a, b)
            }

            #[inline(always)]
            unsafe fn centred(sums: $vector, total: i32) -> $singles {
                $convert($subtract_sums($add(sums, sums), $set(total)))
            }

            #[inline(always)]
            unsafe fn not_less(values: $singles, limit: $singles) -> u32 {
                $compare(values, limit)
            }

            #[inline(always)]
            unsafe fn store_singles(values: $singles, into: *mut f32) {
                $store_singles(into, values);
            }

            $($turn)?
        }
    };
}

macro_rules! dots_128 {
    ($name:ident, $whole:literal, $products:expr) => {
        dots!(
            $name,
            __m128i,
            4,
            _mm_loadu_si128,
            _mm_storeu_si128,
            _mm_setzero_si128,
            _mm_set1_epi32,
            _mm_set1_epi8,
            _mm_and_si128,
            _mm_or_si128,
            _mm_srli_epi16,
            _mm_slli_epi16,
            _mm_add_epi32,
            $whole,
            __m128,
            _mm_loadu_ps,
            _mm_storeu_ps,
            _mm_set1_ps,
            _mm_add_ps,
            _mm_sub_ps,
            _mm_mul_ps,
            _mm_sub_epi32,
            _mm_cvtepi32_ps,
            |values, limit| _mm_movemask_ps(_mm_cmpnlt_ps(values, limit)) as u32,
            |sums| total_of_four(sums),
            $products
        );
    };
}

macro_rules! dots_512 {
    ($name:ident, $whole:literal, $products:expr) => {
        dots!(
            $name,
            __m512i,
            16,
            _mm512_loadu_si512,
            _mm512_storeu_si512,
            _mm512_setzero_si512,
            _mm512_set1_epi32,
            _mm512_set1_epi8,
            _mm512_and_si512,
            _mm512_or_si512,
            _mm512_srli_epi16,
            _mm512_slli_epi16,
            _mm512_add_epi32,
            $whole,
            __m512,
            _mm512_loadu_ps,
            _mm512_storeu_ps,
            _mm512_set1_ps,
            _mm512_add_ps,
            _mm512_sub_ps,
            _mm512_mul_ps,
            _mm512_sub_epi32,
            _mm512_cvtepi32_ps,
            |values, limit| u32::from(_mm512_cmp_ps_mask::<_CMP_NLT_UQ>(values, limit)),
            |sums| {
                let halves =
                    _mm256_add_epi32(_mm512_castsi512_si256(sums), _mm512_extracti64x4_epi64::<1>(sums));
                total_of_eight(halves)
            },
            $products,
            #[inline(always)]
            unsafe fn turn(from: *const u8, stride: usize, into: *mut u8) {
                turn_lines(from, stride, into);
            }
        );
    };
}

/// # Safety
/// The CPU has SSE2, as every x86-64 has.
#[inline(always)]
unsafe fn total_of_four(sums: __m128i) -> i32 {
    let pairs = _mm_add_epi32(sums, _mm_shuffle_epi32::<0x4e>(sums));
    _mm_cvtsi128_si32(_mm_add_epi32(pairs, _mm_shuffle_epi32::<0xb1>(pairs)))
}

/// # Safety
/// The CPU has AVX2.
#[inline(always)]
unsafe fn total_of_eight(sums: __m256i) -> i32 {
    total_of_four(_mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums)))
}

/// Words of 16 lines become lines of 16 words: pairs of words, then of pairs, then parts of four words.
///
/// # Safety
/// As `Dots::turn`; the CPU has AVX-512.
#[inline(always)]
unsafe fn turn_lines(from: *const u8, stride: usize, into: *mut u8) {
    let mut fours = [_mm512_setzero_si512(); 16];
    for first in (0..16).step_by(4) {
        let from = from.add(first * stride);
        // No closure: it would be compiled without the features.
        let a = _mm512_loadu_si512(from.cast());
        let b = _mm512_loadu_si512(from.add(stride).cast());
        let c = _mm512_loadu_si512(from.add(2 * stride).cast());
        let d = _mm512_loadu_si512(from.add(3 * stride).cast());
        let (low, high) = (_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
        let (low_next, high_next) = (_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
        fours[first] = _mm512_unpacklo_epi64(low, low_next);
        fours[first + 1] = _mm512_unpackhi_epi64(low, low_next);
        fours[first + 2] = _mm512_unpacklo_epi64(high, high_next);
        fours[first + 3] = _mm512_unpackhi_epi64(high, high_next);
    }
    for word in 0..4 {
        let [a, b, c, d] = [fours[word], fours[word + 4], fours[word + 8], fours[word + 12]];
        let (even, odd) = (_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0xdd>(a, b));
        let (even_next, odd_next) = (_mm512_shuffle_i32x4::<0x88>(c, d), _mm512_shuffle_i32x4::<0xdd>(c, d));
        let lines = [
            _mm512_shuffle_i32x4::<0x88>(even, even_next),
            _mm512_shuffle_i32x4::<0x88>(odd, odd_next),
            _mm512_shuffle_i32x4::<0xdd>(even, even_next),
            _mm512_shuffle_i32x4::<0xdd>(odd, odd_next),
        ];
        for (part, line) in lines.into_iter().enumerate() {
            _mm512_storeu_si512(into.add((4 * part + word) * 64).cast(), line);
        }
    }
}

dots_128!(Short, false, |sums, nibbles, bytes| {
    let pairs = _mm_maddubs_epi16(nibbles, bytes);
    _mm_add_epi32(sums, _mm_madd_epi16(pairs, _mm_set1_epi16(1)))
});
dots_128!(ShortVnni, true, _mm_dpbusd_epi32);

dots!(
    Avx2,
    __m256i,
    8,
    _mm256_loadu_si256,
    _mm256_storeu_si256,
    _mm256_setzero_si256,
    _mm256_set1_epi32,
    _mm256_set1_epi8,
    _mm256_and_si256,
    _mm256_or_si256,
    _mm256_srli_epi16,
    _mm256_slli_epi16,
    _mm256_add_epi32,
    false,
    __m256,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_set1_ps,
    _mm256_add_ps,
    _mm256_sub_ps,
    _mm256_mul_ps,
    _mm256_sub_epi32,
    _mm256_cvtepi32_ps,
    |values, limit| _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NLT_UQ>(values, limit)) as u32,
    |sums| total_of_eight(sums),
    |sums, nibbles, bytes| {
        let pairs = _mm256_maddubs_epi16(nibbles, bytes);
        _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
    }
);

dots_512!(Avx512, false, |sums, nibbles, bytes| {
    let pairs = _mm512_maddubs_epi16(nibbles, bytes);
    _mm512_add_epi32(sums, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)))
});
dots_512!(Avx512Vnni, true, _mm512_dpbusd_epi32);
