//! Sums over the bits of rows by AVX2 and AVX-512: by a table of nibbles, or by the instruction that counts.
#![allow(unsafe_op_in_unsafe_fn, reason = "every function has the contract that `SignSums` states")]

use super::signs::{PLANES, SignSums};
use std::arch::x86_64::*;

pub struct Avx2;
pub struct Avx512;
/// Of a CPU that counts the bits of words.
pub struct Avx512Counts;

/// By a table: counts of the bits of bytes, which are at most 8, are weighted as int8 (from -64 to 56) and
/// then summed over the four bytes of a word.
macro_rules! by_nibbles {
    ($name:ident, $rows:literal, $vector:ty, $load:ident, $store:ident, $zero:ident, $table:expr,
     $words:ident, $bytes:ident, $shorts:ident, $and:ident, $shift:ident, $shuffle:ident,
     $add_bytes:ident, $subtract_bytes:ident, $pairs:ident, $quads:ident, $add:ident) => {
        impl SignSums for $name {
            const ROWS: usize = $rows;
            type Words = $vector;
            type Sums = $vector;

            #[inline(always)]
            unsafe fn load(from: *const u8) -> $vector {
                $load(from.cast())
            }

            #[inline(always)]
            unsafe fn zero() -> $vector {
                $zero()
            }

            #[inline(always)]
            unsafe fn add(sums: $vector, words: $vector, planes: &[u32; PLANES]) -> $vector {
                let table = $table(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
                let mut counts = [$zero(); PLANES];
                for (counts, &plane) in counts.iter_mut().zip(planes) {
                    let bits = $and(words, $words(plane as i32));
                    let low = $shuffle(table, $and(bits, $bytes(0xf)));
                    let high = $shuffle(table, $and($shift::<4>(bits), $bytes(0xf)));
                    *counts = $add_bytes(low, high);
                }
                let [a, b, c, d] = counts;
                let c = $subtract_bytes(c, $add_bytes(d, d));
                let b = $add_bytes(b, $add_bytes(c, c));
                let a = $add_bytes(a, $add_bytes(b, b));
                $add(sums, $quads($pairs($bytes(1), a), $shorts(1)))
            }

            #[inline(always)]
            unsafe fn store(sums: $vector, into: *mut i32) {
                $store(into.cast(), sums);
            }
        }
    };
}

by_nibbles!(
    Avx2,
    8,
    __m256i,
    _mm256_loadu_si256,
    _mm256_storeu_si256,
    _mm256_setzero_si256,
    _mm256_broadcastsi128_si256,
    _mm256_set1_epi32,
    _mm256_set1_epi8,
    _mm256_set1_epi16,
    _mm256_and_si256,
    _mm256_srli_epi16,
    _mm256_shuffle_epi8,
    _mm256_add_epi8,
    _mm256_sub_epi8,
    _mm256_maddubs_epi16,
    _mm256_madd_epi16,
    _mm256_add_epi32
);

by_nibbles!(
    Avx512,
    16,
    __m512i,
    _mm512_loadu_si512,
    _mm512_storeu_si512,
    _mm512_setzero_si512,
    _mm512_broadcast_i32x4,
    _mm512_set1_epi32,
    _mm512_set1_epi8,
    _mm512_set1_epi16,
    _mm512_and_si512,
    _mm512_srli_epi16,
    _mm512_shuffle_epi8,
    _mm512_add_epi8,
    _mm512_sub_epi8,
    _mm512_maddubs_epi16,
    _mm512_madd_epi16,
    _mm512_add_epi32
);

impl SignSums for Avx512Counts {
    const ROWS: usize = 16;
    type Words = __m512i;
    /// Counts of each plane.
    type Sums = [__m512i; PLANES];

    #[inline(always)]
    unsafe fn load(from: *const u8) -> __m512i {
        _mm512_loadu_si512(from.cast())
    }

    #[inline(always)]
    unsafe fn zero() -> [__m512i; PLANES] {
        [_mm512_setzero_si512(); PLANES]
    }

    #[inline(always)]
    unsafe fn add(mut sums: [__m512i; PLANES], words: __m512i, planes: &[u32; PLANES]) -> [__m512i; PLANES] {
        for (sum, &plane) in sums.iter_mut().zip(planes) {
            let bits = _mm512_and_si512(words, _mm512_set1_epi32(plane as i32));
            *sum = _mm512_add_epi32(*sum, _mm512_popcnt_epi32(bits));
        }
        sums
    }

    #[inline(always)]
    unsafe fn store([a, b, c, d]: [__m512i; PLANES], into: *mut i32) {
        let c = _mm512_sub_epi32(c, _mm512_add_epi32(d, d));
        let b = _mm512_add_epi32(b, _mm512_add_epi32(c, c));
        _mm512_storeu_si512(into.cast(), _mm512_add_epi32(a, _mm512_add_epi32(b, b)));
    }
}
