//! The rounding mode and the treatment of denormals that exact arithmetic needs. A library loaded beside us
//! may have set others for the thread that started ours (`-ffast-math` does), and threads inherit them.

/// Rounds to nearest, with denormals, until dropped.
pub struct DefaultFloatState {
    #[cfg(target_arch = "x86_64")]
    before: u32,
}

#[cfg(target_arch = "x86_64")]
impl DefaultFloatState {
    /// All exceptions masked, round to nearest, no flush to zero, denormals are not zeros.
    const DEFAULT: u32 = 0x1f80;

    #[allow(clippy::new_without_default, reason = "it acts on the thread")]
    pub fn new() -> Self {
        let before = read();
        write(Self::DEFAULT);
        Self { before }
    }
}

#[cfg(target_arch = "x86_64")]
impl Drop for DefaultFloatState {
    fn drop(&mut self) {
        write(self.before);
    }
}

#[cfg(target_arch = "x86_64")]
fn read() -> u32 {
    let mut state = 0u32;
    // SAFETY: writes 4 bytes to `state`.
    unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &raw mut state, options(nostack)) };
    state
}

#[cfg(target_arch = "x86_64")]
fn write(state: u32) {
    // SAFETY: reads 4 bytes; no exception is unmasked, since `state` is the default or what the thread had.
    unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &raw const state, options(nostack)) };
}

#[cfg(not(target_arch = "x86_64"))]
impl DefaultFloatState {
    #[allow(clippy::new_without_default, reason = "it acts on the thread")]
    pub fn new() -> Self {
        Self {}
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    fn denormals_count_although_the_thread_flushes_them() {
        const FLUSH_TO_ZERO: u32 = 1 << 15;
        let least = || black_box(f64::MIN_POSITIVE) * black_box(0.5);
        let before = read();
        write(before | FLUSH_TO_ZERO);
        let flushed = least();
        let counted = {
            let _state = DefaultFloatState::new();
            least()
        };
        let after = read();
        write(before);
        assert_eq!((flushed, counted), (0.0, f64::MIN_POSITIVE / 2.0));
        assert_eq!(after & FLUSH_TO_ZERO, FLUSH_TO_ZERO);
    }
}
