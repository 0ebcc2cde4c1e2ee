//! The two encodings of numbers that the kernels read, little endian.

use crate::arch::Simd;

pub trait Element {
    const BYTES: usize;

    /// The number in `BYTES` bytes.
    fn decode(bytes: &[u8]) -> f64;

    /// Loads a whole vector from `from`.
    ///
    /// # Safety
    /// As for `Simd`.
    unsafe fn load<S: Simd>(from: *const u8) -> S::Floats;
}

impl Element for f32 {
    const BYTES: usize = 4;

    #[inline(always)]
    fn decode(bytes: &[u8]) -> f64 {
        Self::from_le_bytes(bytes.try_into().expect("four bytes")).into()
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(from: *const u8) -> S::Floats {
        // SAFETY: the caller's.
        unsafe { S::load_f32(from) }
    }
}

impl Element for f64 {
    const BYTES: usize = 8;

    #[inline(always)]
    fn decode(bytes: &[u8]) -> f64 {
        Self::from_le_bytes(bytes.try_into().expect("eight bytes"))
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(from: *const u8) -> S::Floats {
        // SAFETY: the caller's.
        unsafe { S::load_f64(from) }
    }
}
