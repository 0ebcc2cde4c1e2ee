//! Sums of a query's small numbers over the bits of rows, compiled for each tier.
//!
//! The query has `PLANES` bits a number, as two's complement has them: a sum is the count of the bits that a
//! row has in common with each plane, times 1, 2, 4 and -8. Of 16,384 coordinates it fits 18 bits.

use super::Tier;
use super::scalar::Scalar;
#[cfg(target_arch = "x86_64")]
use super::x86_signs;
use crate::codes::LANES;
use crate::codes::signs::{SignChunk, SignQuery};

/// Bits of a query's number; the last one counts -8.
pub const PLANES: usize = 4;
/// Bytes that hold a word of each row of a block.
const LINE: usize = 4 * LANES;

/// # Safety
/// Every function needs the CPU features of its tier; `load` reads a word of `ROWS` rows from `from`, and
/// `store` writes as many sums, at any alignment.
pub trait SignSums {
    /// Rows that a vector has a word of; they divide a block.
    const ROWS: usize;
    type Words: Copy;
    type Sums: Copy;

    unsafe fn load(from: *const u8) -> Self::Words;
    unsafe fn zero() -> Self::Sums;
    /// Adds what 32 coordinates of each row give.
    unsafe fn add(sums: Self::Sums, words: Self::Words, planes: &[u32; PLANES]) -> Self::Sums;
    unsafe fn store(sums: Self::Sums, into: *mut i32);
}

impl SignSums for Scalar {
    const ROWS: usize = 1;
    type Words = u32;
    type Sums = i32;

    #[inline(always)]
    unsafe fn load(from: *const u8) -> u32 {
        // SAFETY: as the trait says.
        u32::from_le_bytes(unsafe { from.cast::<[u8; 4]>().read() })
    }

    #[inline(always)]
    unsafe fn zero() -> i32 {
        0
    }

    #[inline(always)]
    unsafe fn add(sum: i32, word: u32, planes: &[u32; PLANES]) -> i32 {
        let [a, b, c, d] = planes.map(|plane| (word & plane).count_ones() as i32);
        sum + a + 2 * b + 4 * c - 8 * d
    }

    #[inline(always)]
    unsafe fn store(sum: i32, into: *mut i32) {
        // SAFETY: as the trait says.
        unsafe { into.write(sum) };
    }
}

/// The sums of the rows of a block.
///
/// # Safety
/// The CPU has the features of `S`.
#[inline(always)]
unsafe fn sums<S: SignSums>(signs: &[u8], planes: &[[u32; PLANES]]) -> [i32; LANES] {
    assert!(signs.len() == planes.len() * LINE, "signs and planes have one length");
    let mut all = [0; LANES];
    for first in (0..LANES).step_by(S::ROWS) {
        // SAFETY: the features are the caller's; line `i` of the signs ends at `(i + 1) * LINE`, and `ROWS`
        // divides the rows of a line.
        unsafe {
            let mut sums = S::zero();
            for (i, planes) in planes.iter().enumerate() {
                sums = S::add(sums, S::load(signs.as_ptr().add(i * LINE + 4 * first)), planes);
            }
            S::store(sums, all[first..first + S::ROWS].as_mut_ptr());
        }
    }
    all
}

/// The kernels of one tier.
#[derive(Clone, Copy)]
pub struct SignKernel {
    estimate: unsafe fn(&SignQuery, SignChunk<'_>, usize, f64, &mut [f64; LANES]) -> u32,
}

impl SignKernel {
    /// Estimates the keys of the rows of a block: a bit for each that is not above the threshold, or is no
    /// number.
    pub fn estimate(
        &self,
        query: &SignQuery,
        chunk: SignChunk<'_>,
        block: usize,
        threshold: f64,
        keys: &mut [f64; LANES],
    ) -> u32 {
        // SAFETY: `self` comes from `Tier::sign_kernel`, so the CPU has what these were compiled for.
        unsafe { (self.estimate)(query, chunk, block, threshold, keys) }
    }
}

macro_rules! kernel {
    ($sums:ty $(, $features:literal)?) => {{
        $(#[target_feature(enable = $features)])?
        unsafe fn estimate(
            query: &SignQuery,
            chunk: SignChunk<'_>,
            block: usize,
            threshold: f64,
            keys: &mut [f64; LANES],
        ) -> u32 {
            // SAFETY: the caller has checked that the CPU has the features.
            let sums = unsafe { sums::<$sums>(chunk.signs(block), &query.planes) };
            query.keys(chunk, block, &sums, threshold, keys)
        }
        SignKernel { estimate }
    }};
}

impl Tier {
    /// The kernel over signs; with the instruction that counts bits where the CPU has it.
    pub fn sign_kernel(self) -> SignKernel {
        self.sign_kernel_with(Self::counts_bits())
    }

    pub fn sign_kernel_with(self, counts_bits: bool) -> SignKernel {
        assert!(self.is_available(), "this CPU lacks {}", self.name());
        match self {
            Self::Scalar => kernel!(Scalar),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => kernel!(x86_signs::Avx2, "avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 if counts_bits => {
                kernel!(x86_signs::Avx512Counts, "avx2,avx512f,avx512bw,avx512vpopcntdq")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => kernel!(x86_signs::Avx512, "avx2,avx512f,avx512bw"),
            #[cfg(not(target_arch = "x86_64"))]
            _ => unreachable!("only scalar is available"),
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn counts_bits() -> bool {
        is_x86_feature_detected!("avx512vpopcntdq")
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn counts_bits() -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::SignLayout;
    use crate::codes::rotation::split_mix;

    /// The largest, and sizes with all remainders.
    const WORDS: [usize; 6] = [1, 2, 3, 5, 33, 512];

    /// Every tier, AVX-512 also without the instruction that counts bits.
    fn kernels() -> Vec<(Tier, SignKernel)> {
        let plain = Tier::available().map(|tier| (tier, tier.sign_kernel_with(false)));
        Tier::available().map(|tier| (tier, tier.sign_kernel())).chain(plain).collect()
    }

    /// All of one bit, which reaches the ends, and random words.
    fn fills(words: usize) -> Vec<Vec<u32>> {
        let mut state = words as u64;
        let random = (0..words).map(|_| split_mix(&mut state) as u32).collect();
        vec![vec![0; words], vec![u32::MAX; words], vec![0x5555_5555; words], random]
    }

    #[test]
    fn every_tier_gives_the_sums_of_whole_numbers() {
        for words in WORDS {
            let planes = [-8, -7, -1, 0, 1, 7].map(|number: i32| {
                vec![std::array::from_fn(|p| 0u32.wrapping_sub(number as u32 >> p & 1)); words]
            });
            let mut state = 3;
            let random = (0..words).map(|_| std::array::from_fn(|_| split_mix(&mut state) as u32)).collect();
            for planes in planes.into_iter().chain([random]) {
                for fill in fills(words) {
                    // Row r has the words of the fill from the r-th on.
                    let word = |row: usize, at: usize| fill[(at + row) % words];
                    let lines = (0..words).flat_map(|at| (0..LANES).map(move |row| (row, at)));
                    let signs: Vec<u8> = lines.flat_map(|(row, at)| word(row, at).to_le_bytes()).collect();
                    let expected: [i32; LANES] =
                        std::array::from_fn(|row| reference(&planes, |at| word(row, at)));
                    // Of all that is kept of the rows, only corrections of 1: keys are twice the sums.
                    let factors = [1f32, 0.0, 0.0, 0.0].into_iter().flat_map(|x| [x; LANES]);
                    let bytes: Vec<u8> = factors.flat_map(f32::to_le_bytes).chain(signs).collect();
                    let layout = SignLayout { coordinates: 32 * words };
                    let chunk = SignChunk::new(layout, LANES, &bytes).unwrap();
                    let query = SignQuery::of_planes(planes.clone());
                    for (tier, kernel) in kernels() {
                        let mut keys = [0.0; LANES];
                        let threshold = -f64::from(2 * expected[5]);
                        let left = kernel.estimate(&query, chunk, 0, threshold, &mut keys);
                        let doubled = expected.map(|sum| -f64::from(2 * sum));
                        assert_eq!(keys, doubled, "{tier:?}, {words} words");
                        let within = |row: usize| u32::from(doubled[row] <= threshold) << row;
                        assert_eq!(left, (0..LANES).map(within).sum::<u32>(), "{tier:?}");
                    }
                }
            }
        }
    }

    /// Bit by bit, in wide integers.
    fn reference(planes: &[[u32; PLANES]], word: impl Fn(usize) -> u32) -> i32 {
        let mut sum = 0i64;
        for (at, planes) in planes.iter().enumerate() {
            for bit in (0..32).filter(|bit| word(at) >> bit & 1 == 1) {
                let set = |p: usize| i64::from(planes[p] >> bit & 1);
                sum += set(0) + 2 * set(1) + 4 * set(2) - 8 * set(3);
            }
        }
        i32::try_from(sum).unwrap()
    }
}
