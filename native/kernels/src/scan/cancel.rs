//! The flag by which a scan, or the making of lists, is stopped: set once, from any thread, and looked at by
//! passes every tile or chunk of rows.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Code, Error, Result};

#[derive(Default)]
pub struct Cancel {
    set: AtomicBool,
    #[cfg(test)]
    test: testing::Looks,
}

impl Cancel {
    pub fn set(&self) {
        self.set.store(true, Ordering::Relaxed);
    }

    /// Whether what is under way is to stop.
    pub fn is_set(&self) -> bool {
        #[cfg(test)]
        self.test.look(self);
        self.set.load(Ordering::Relaxed)
    }

    pub fn check(&self) -> Result<()> {
        match self.is_set() {
            true => Err(Error::new(Code::Aborted, "it was cancelled")),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod testing {
    use super::Cancel;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// How often the flag was looked at, and the look that finds it set; never, when 0.
    #[derive(Default)]
    pub struct Looks {
        seen: AtomicUsize,
        set_at: AtomicUsize,
    }

    impl Looks {
        pub fn look(&self, cancel: &Cancel) {
            if self.seen.fetch_add(1, Ordering::Relaxed) + 1 == self.set_at.load(Ordering::Relaxed) {
                cancel.set();
            }
        }
    }

    impl Cancel {
        /// As if it were set just before it is looked at for the `look`th time.
        pub fn set_at(&self, look: usize) {
            self.test.set_at.store(look, Ordering::Relaxed);
        }

        /// For the next try.
        pub fn reset(&self) {
            self.test.set_at.store(0, Ordering::Relaxed);
            self.set.store(false, Ordering::Relaxed);
        }

        pub fn looks(&self) -> usize {
            self.test.seen.load(Ordering::Relaxed)
        }
    }
}
