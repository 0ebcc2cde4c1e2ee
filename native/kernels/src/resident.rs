//! Whether mapped bytes are in memory.

/// Whether reading the bytes waits for no disk. False where the system cannot tell.
pub fn is_resident(bytes: &[u8]) -> bool {
    #[cfg(target_os = "linux")]
    {
        /// Pages that one call is asked about.
        const PAGES: usize = 4096;
        // SAFETY: sysconf has no preconditions.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) as usize };
        let lead = bytes.as_ptr().addr() % page;
        let length = if bytes.is_empty() { 0 } else { lead + bytes.len() };
        let mut pages = [0u8; PAGES];
        (0..length).step_by(PAGES * page).all(|at| {
            let part = (length - at).min(PAGES * page);
            let start = bytes.as_ptr().wrapping_sub(lead).wrapping_add(at);
            // SAFETY: `start` is the start of a page; the pages of the part are mapped, since each of them
            // has bytes of the slice; there is room for a byte each.
            let asked = unsafe { libc::mincore(start.cast_mut().cast(), part, pages.as_mut_ptr()) };
            asked == 0 && pages[..part.div_ceil(page)].iter().all(|page| page & 1 == 1)
        })
    }
    #[cfg(not(target_os = "linux"))]
    bytes.is_empty()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn bytes_in_use_are_resident_wherever_they_begin_and_end() {
        let bytes = vec![1u8; 100_000];
        for (start, end) in [(0, 100_000), (1, 99_999), (4095, 4097), (5000, 5001), (7, 7)] {
            assert!(is_resident(&bytes[start..end]), "{start}..{end}");
        }
    }

    #[test]
    fn memory_that_nobody_has_touched_is_not() {
        let length = 64 << 20;
        // SAFETY: a new mapping at an address that the kernel picks.
        let start = unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            libc::mmap(std::ptr::null_mut(), length, libc::PROT_READ, flags, -1, 0)
        };
        assert_ne!(start, libc::MAP_FAILED);
        // SAFETY: readable and mapped until the end of the test.
        let bytes = unsafe { std::slice::from_raw_parts(start.cast::<u8>(), length) };
        assert!(!is_resident(bytes));
        // SAFETY: nothing names it any more.
        unsafe { libc::munmap(start, length) };
    }
}
