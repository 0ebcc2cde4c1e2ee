//! Memory that is asked for before it is used.

use std::sync::atomic::{AtomicU8, Ordering};

/// So far ahead of its use memory is asked for by passes that wait for it: the hardware stops at the end of a
/// page, and a thread that asks gets a quarter more bytes a second than one that does not.
pub const AHEAD: usize = 16 << 10;

/// A first cache of so many bytes keeps what is asked for `AHEAD` of its use. One of 32 KiB loses a part of
/// it to all else that a pass touches: on Zen 4, passes that ask for memory to be in the second cache take
/// three quarters of the time.
const FIRST_KEEPS: usize = 48 << 10;

/// Asks for a line of memory to be in the first cache soon; it may lie anywhere.
#[inline(always)]
pub fn prefetch(line: *const u8) {
    Stream::First.prefetch(line);
}

/// The same for all lines of some bytes.
#[inline(always)]
pub fn prefetch_all(bytes: &[u8]) {
    bytes.chunks(64).for_each(|line| prefetch(line.as_ptr()));
}

/// Into which cache a pass asks for what it reads `AHEAD` later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    First,
    Second,
}

impl Stream {
    #[inline(always)]
    pub fn of_cpu() -> Self {
        /// 0 when it is not known yet.
        static KNOWN: AtomicU8 = AtomicU8::new(0);
        match KNOWN.load(Ordering::Relaxed) {
            1 => Self::First,
            2 => Self::Second,
            _ => {
                let stream = Self::look();
                KNOWN.store(if stream == Self::First { 1 } else { 2 }, Ordering::Relaxed);
                stream
            }
        }
    }

    #[cold]
    fn look() -> Self {
        match first_cache_bytes() {
            Some(bytes) if bytes < FIRST_KEEPS => Self::Second,
            _ => Self::First,
        }
    }

    /// Asks for a line; it may lie anywhere.
    #[inline(always)]
    pub fn prefetch(self, line: *const u8) {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};
            // SAFETY: a hint, which does nothing where there is no memory.
            unsafe {
                match self {
                    Self::First => _mm_prefetch::<_MM_HINT_T0>(line.cast()),
                    Self::Second => _mm_prefetch::<_MM_HINT_T1>(line.cast()),
                }
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = line;
    }
}

/// Bytes of the first cache of data; none where the CPU does not say.
#[cfg(target_arch = "x86_64")]
fn first_cache_bytes() -> Option<usize> {
    use std::arch::x86_64::{__cpuid, __cpuid_count};
    /// Where Intel's and where AMD's say what caches they have, in one form.
    const LEAVES: [u32; 2] = [0x4, 0x8000_001d];
    for leaf in LEAVES {
        if __cpuid(leaf & 0x8000_0000).eax < leaf {
            continue;
        }
        for index in 0..4 {
            let cache = __cpuid_count(leaf, index);
            let (kind, level) = (cache.eax & 0x1f, cache.eax >> 5 & 0x7);
            if kind == 0 {
                break;
            }
            // 1 is of data, 3 of all.
            if level == 1 && kind != 2 {
                let [ways, parts, line] = [cache.ebx >> 22, cache.ebx >> 12 & 0x3ff, cache.ebx & 0xfff];
                return [ways, parts, line, cache.ecx]
                    .into_iter()
                    .try_fold(1usize, |bytes, less| bytes.checked_mul(less as usize + 1));
            }
        }
    }
    None
}

#[cfg(not(target_arch = "x86_64"))]
fn first_cache_bytes() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn a_first_cache_is_of_a_size_that_there_is() {
        if let Some(bytes) = first_cache_bytes() {
            assert!((8 << 10..=512 << 10).contains(&bytes), "{bytes} bytes");
        }
        assert_eq!(Stream::of_cpu(), Stream::of_cpu());
    }
}
