//! Vectors of bytes and the counts of their bits, which `bits` is written in.

use super::scalar::Scalar;

/// Rows whose counts are summed at once.
pub const COUNTED_ROWS: usize = 8;
/// Queries that one call compares blocks of rows with.
pub const BIT_QUERIES: usize = 4;

/// # Safety
/// Every function needs the CPU features of its tier; `load` reads `BYTES` bytes from `from`, and `load_part`
/// `count`, at any alignment.
pub trait BitCounts {
    const BYTES: usize;
    type Bytes: Copy;
    type Counts: Copy;

    unsafe fn load(from: *const u8) -> Self::Bytes;
    /// Fewer than `BYTES`, and zeros behind.
    unsafe fn load_part(from: *const u8, count: usize) -> Self::Bytes;
    /// 1 for every byte that is not 0.
    unsafe fn flags(a: Self::Bytes) -> Self::Bytes;
    unsafe fn different(a: Self::Bytes, b: Self::Bytes) -> Self::Bytes;
    unsafe fn either(a: Self::Bytes, b: Self::Bytes) -> Self::Bytes;
    unsafe fn zero() -> Self::Counts;
    unsafe fn add(counts: Self::Counts, bytes: Self::Bytes) -> Self::Counts;
    unsafe fn sums(counts: [Self::Counts; COUNTED_ROWS]) -> [u64; COUNTED_ROWS];
    /// The same eight bytes, throughout.
    unsafe fn repeat(word: u64) -> Self::Bytes;
    /// Writes the words of eight rows of 64 bytes, `stride` apart: the first of each, then the next.
    #[inline(always)]
    unsafe fn turn(rows: *const u8, stride: usize, into: *mut u64) {
        for r in 0..COUNTED_ROWS {
            for word in 0..8 {
                // SAFETY: as the trait says.
                unsafe {
                    let value = rows.add(r * stride + 8 * word).cast::<u64>().read_unaligned();
                    into.add(word * COUNTED_ROWS + r).write(value);
                }
            }
        }
    }
    /// Writes a count for each eight bytes, which is below 2^52, as a float64.
    unsafe fn store(counts: Self::Counts, into: *mut f64);
}

impl BitCounts for Scalar {
    const BYTES: usize = 64;
    type Bytes = [u64; 8];
    type Counts = [u64; 8];

    #[inline(always)]
    unsafe fn load(from: *const u8) -> [u64; 8] {
        // SAFETY: as the trait says.
        unsafe { from.cast::<[[u8; 8]; 8]>().read() }.map(u64::from_le_bytes)
    }

    #[inline(always)]
    unsafe fn load_part(from: *const u8, count: usize) -> [u64; 8] {
        let mut bytes = [0; 64];
        // SAFETY: as the trait says.
        unsafe { std::ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), count) };
        // SAFETY: these are 64 bytes.
        unsafe { Self::load(bytes.as_ptr()) }
    }

    #[inline(always)]
    unsafe fn flags(a: [u64; 8]) -> [u64; 8] {
        let low = u64::from_ne_bytes([0x7f; 8]);
        // The high bit of a byte is that byte's, or comes from a sum that is at least 0x80.
        a.map(|a| (((a & low) + low) | a) >> 7 & u64::from_ne_bytes([1; 8]))
    }

    #[inline(always)]
    unsafe fn different(a: [u64; 8], b: [u64; 8]) -> [u64; 8] {
        std::array::from_fn(|i| a[i] ^ b[i])
    }

    #[inline(always)]
    unsafe fn either(a: [u64; 8], b: [u64; 8]) -> [u64; 8] {
        std::array::from_fn(|i| a[i] | b[i])
    }

    #[inline(always)]
    unsafe fn zero() -> [u64; 8] {
        [0; 8]
    }

    #[inline(always)]
    unsafe fn add(counts: [u64; 8], bytes: [u64; 8]) -> [u64; 8] {
        std::array::from_fn(|i| counts[i] + u64::from(bytes[i].count_ones()))
    }

    #[inline(always)]
    unsafe fn sums(counts: [[u64; 8]; COUNTED_ROWS]) -> [u64; COUNTED_ROWS] {
        counts.map(|counts| counts.iter().sum())
    }

    #[inline(always)]
    unsafe fn repeat(word: u64) -> [u64; 8] {
        [u64::from_le_bytes(word.to_ne_bytes()); 8]
    }

    #[inline(always)]
    unsafe fn store(counts: [u64; 8], into: *mut f64) {
        // SAFETY: as the trait says.
        unsafe { into.cast::<[f64; 8]>().write_unaligned(counts.map(|count| count as f64)) };
    }
}
