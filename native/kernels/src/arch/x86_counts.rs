//! Counts of bits by AVX2 and AVX-512: by a table of nibbles, or by the instruction for that.
#![allow(unsafe_op_in_unsafe_fn, reason = "every function has the contract that `BitCounts` states")]

use super::avx2::Avx2;
use super::avx512::Avx512;
use super::counts::{BIT_QUERIES, BitCounts, COUNTED_ROWS};
use crate::distance::BitQuery;
use crate::distance::bits::{self, BitBlocks};
use std::arch::x86_64::*;

/// 2^52: with an integer below it as the fraction, the sum of both.
const SHIFTED: f64 = (1u64 << 52) as f64;

impl BitCounts for Avx2 {
    const BYTES: usize = 32;
    type Bytes = __m256i;
    type Counts = __m256i;

    #[inline(always)]
    unsafe fn load(from: *const u8) -> __m256i {
        _mm256_loadu_si256(from.cast())
    }

    #[inline(always)]
    unsafe fn load_part(from: *const u8, count: usize) -> __m256i {
        let mut bytes = [0u8; 32];
        std::ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), count);
        Self::load(bytes.as_ptr())
    }

    #[inline(always)]
    unsafe fn flags(a: __m256i) -> __m256i {
        _mm256_min_epu8(a, _mm256_set1_epi8(1))
    }

    #[inline(always)]
    unsafe fn different(a: __m256i, b: __m256i) -> __m256i {
        _mm256_xor_si256(a, b)
    }

    #[inline(always)]
    unsafe fn either(a: __m256i, b: __m256i) -> __m256i {
        _mm256_or_si256(a, b)
    }

    #[inline(always)]
    unsafe fn zero() -> __m256i {
        _mm256_setzero_si256()
    }

    #[inline(always)]
    unsafe fn add(counts: __m256i, bytes: __m256i) -> __m256i {
        let table =
            _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
        let nibble = _mm256_set1_epi8(0xf);
        let low = _mm256_shuffle_epi8(table, _mm256_and_si256(bytes, nibble));
        let high = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble));
        let sums = _mm256_sad_epu8(_mm256_add_epi8(low, high), _mm256_setzero_si256());
        _mm256_add_epi64(counts, sums)
    }

    #[inline(always)]
    unsafe fn sums([a, b, c, d, e, f, g, h]: [__m256i; COUNTED_ROWS]) -> [u64; COUNTED_ROWS] {
        let mut sums = [0; COUNTED_ROWS];
        _mm256_storeu_si256(sums.as_mut_ptr().cast(), four(a, b, c, d));
        _mm256_storeu_si256(sums[4..].as_mut_ptr().cast(), four(e, f, g, h));
        sums
    }

    #[inline(always)]
    unsafe fn repeat(word: u64) -> __m256i {
        _mm256_set1_epi64x(word as i64)
    }

    #[inline(always)]
    unsafe fn store(counts: __m256i, into: *mut f64) {
        let above = _mm256_or_si256(counts, _mm256_castpd_si256(_mm256_set1_pd(SHIFTED)));
        _mm256_storeu_pd(into, _mm256_sub_pd(_mm256_castsi256_pd(above), _mm256_set1_pd(SHIFTED)));
    }
}

/// The sum of each.
#[inline(always)]
unsafe fn four(a: __m256i, b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    let ab = _mm256_add_epi64(_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
    let cd = _mm256_add_epi64(_mm256_unpacklo_epi64(c, d), _mm256_unpackhi_epi64(c, d));
    _mm256_add_epi64(_mm256_permute2x128_si256::<0x20>(ab, cd), _mm256_permute2x128_si256::<0x31>(ab, cd))
}

/// Of a CPU that counts the bits of words.
pub struct Avx512Counts;

macro_rules! counts_512 {
    ($name:ident, $count:ident) => {
        impl BitCounts for $name {
            const BYTES: usize = 64;
            type Bytes = __m512i;
            type Counts = __m512i;

            #[inline(always)]
            unsafe fn load(from: *const u8) -> __m512i {
                _mm512_loadu_si512(from.cast())
            }

            #[inline(always)]
            unsafe fn load_part(from: *const u8, count: usize) -> __m512i {
                _mm512_maskz_loadu_epi8((1 << count) - 1, from.cast())
            }

            #[inline(always)]
            unsafe fn flags(a: __m512i) -> __m512i {
                _mm512_min_epu8(a, _mm512_set1_epi8(1))
            }

            #[inline(always)]
            unsafe fn different(a: __m512i, b: __m512i) -> __m512i {
                _mm512_xor_si512(a, b)
            }

            #[inline(always)]
            unsafe fn either(a: __m512i, b: __m512i) -> __m512i {
                _mm512_or_si512(a, b)
            }

            #[inline(always)]
            unsafe fn zero() -> __m512i {
                _mm512_setzero_si512()
            }

            #[inline(always)]
            unsafe fn add(counts: __m512i, bytes: __m512i) -> __m512i {
                _mm512_add_epi64(counts, $count(bytes))
            }

            #[inline(always)]
            unsafe fn sums([a, b, c, d, e, f, g, h]: [__m512i; COUNTED_ROWS]) -> [u64; COUNTED_ROWS] {
                // Each step halves the words of a row, and puts those of two rows into one vector.
                let (ae, bf, cg, dh) = (halves(a, e), halves(b, f), halves(c, g), halves(d, h));
                let (aceg, bdfh) = (quarters(ae, cg), quarters(bf, dh));
                let mut sums = [0; COUNTED_ROWS];
                _mm512_storeu_si512(sums.as_mut_ptr().cast(), eighths(aceg, bdfh));
                sums
            }

            #[inline(always)]
            unsafe fn repeat(word: u64) -> __m512i {
                _mm512_set1_epi64(word as i64)
            }

            #[inline(always)]
            unsafe fn turn(rows: *const u8, stride: usize, into: *mut u64) {
                let row = |r: usize| _mm512_loadu_si512(rows.add(r * stride).cast());
                // Pairs of rows: words 0, 2, 4 and 6 of both, and then the odd ones.
                let pairs: [_; 4] = std::array::from_fn(|i| [row(2 * i), row(2 * i + 1)]);
                let even = pairs.map(|[a, b]| _mm512_unpacklo_epi64(a, b));
                let odd = pairs.map(|[a, b]| _mm512_unpackhi_epi64(a, b));
                for (first, [a, b, c, d]) in [even, odd].into_iter().enumerate() {
                    let (ab, cd) = (_mm512_shuffle_i64x2::<0x44>(a, b), _mm512_shuffle_i64x2::<0x44>(c, d));
                    let (of_ab, of_cd) =
                        (_mm512_shuffle_i64x2::<0xee>(a, b), _mm512_shuffle_i64x2::<0xee>(c, d));
                    let words = [
                        _mm512_shuffle_i64x2::<0x88>(ab, cd),
                        _mm512_shuffle_i64x2::<0xdd>(ab, cd),
                        _mm512_shuffle_i64x2::<0x88>(of_ab, of_cd),
                        _mm512_shuffle_i64x2::<0xdd>(of_ab, of_cd),
                    ];
                    for (i, words) in words.into_iter().enumerate() {
                        _mm512_storeu_si512(into.add(COUNTED_ROWS * (2 * i + first)).cast(), words);
                    }
                }
            }

            #[inline(always)]
            unsafe fn store(counts: __m512i, into: *mut f64) {
                let above = _mm512_or_si512(counts, _mm512_castpd_si512(_mm512_set1_pd(SHIFTED)));
                _mm512_storeu_pd(into, _mm512_sub_pd(_mm512_castsi512_pd(above), _mm512_set1_pd(SHIFTED)));
            }
        }
    };
}

counts_512!(Avx512, count_by_nibbles);
counts_512!(Avx512Counts, _mm512_popcnt_epi64);

#[inline(always)]
unsafe fn count_by_nibbles(bytes: __m512i) -> __m512i {
    let table = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    let nibble = _mm512_set1_epi8(0xf);
    let low = _mm512_shuffle_epi8(table, _mm512_and_si512(bytes, nibble));
    let high = _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), nibble));
    _mm512_sad_epu8(_mm512_add_epi8(low, high), _mm512_setzero_si512())
}

/// Words 0 to 3 of each half of `a`, added, and then those of `b`.
#[inline(always)]
unsafe fn halves(a: __m512i, b: __m512i) -> __m512i {
    let outer = _mm512_mask_blend_epi64(0b1111_0000, a, b);
    _mm512_add_epi64(outer, _mm512_shuffle_i64x2::<0b01_00_11_10>(a, b))
}

/// The same with quarters: of each half, two words of `a` and two of `b`.
#[inline(always)]
unsafe fn quarters(a: __m512i, b: __m512i) -> __m512i {
    let kept = _mm512_mask_blend_epi64(0b1100_1100, a, b);
    let other = _mm512_mask_blend_epi64(0b0011_0011, a, b);
    _mm512_add_epi64(kept, _mm512_permutex_epi64::<0b01_00_11_10>(other))
}

/// The same with eighths: one word of `a` and one of `b` in turn.
#[inline(always)]
unsafe fn eighths(a: __m512i, b: __m512i) -> __m512i {
    _mm512_add_epi64(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b))
}

/// `bits::distances` with the instruction that counts bits, which not every CPU of this tier has.
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512vpopcntdq")]
pub unsafe fn bits(tile: &[u8], query: &BitQuery, into: &mut [f64]) {
    // SAFETY: the caller has checked that the CPU has the features.
    unsafe { bits::distances::<Avx512Counts>(tile, query, into) }
}

/// `bits::block_distances`, likewise.
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512vpopcntdq")]
pub unsafe fn block_distances(blocks: &BitBlocks, queries: [&BitQuery; BIT_QUERIES], into: &mut [f64]) {
    // SAFETY: as above.
    unsafe { bits::block_distances::<Avx512Counts>(blocks, queries, into) }
}
