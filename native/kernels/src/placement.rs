//! On which processors threads that share work begin.
//!
//! Linux often queues a thread on the processor of the one that wakes it, though another one is idle: how
//! far it looks goes by the load that it last measured, and where two processors were busy a while ago, it
//! does not look. There the thread waits for the next balancing, some 4 ms. So who wakes it keeps it away
//! from its own processor, and the first that the thread does is to take that back.

#[cfg(target_os = "linux")]
pub use linux::Place;
#[cfg(not(target_os = "linux"))]
pub use other::Place;

#[cfg(target_os = "linux")]
mod linux {
    use std::mem::zeroed;
    use std::sync::{Mutex, PoisonError};

    use libc::{CPU_CLR, CPU_COUNT, cpu_set_t, gettid, pid_t};
    use libc::{sched_getaffinity, sched_getcpu, sched_setaffinity};

    /// Where one thread may run.
    pub struct Place {
        thread: pid_t,
        /// What it was allowed before it was kept away from a processor.
        allowed: Mutex<Option<cpu_set_t>>,
    }

    impl Place {
        pub fn of_this_thread() -> Self {
            // SAFETY: it takes nothing and always succeeds.
            Self { thread: unsafe { gettid() }, allowed: Mutex::new(None) }
        }

        /// Keeps the thread, which is not this one, away from the processor that this one runs on, unless it
        /// may run nowhere else. A refusal changes nothing.
        pub fn keep_away(&self) {
            let mut before = self.allowed.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(allowed) = before.or_else(|| affinity(self.thread)) else { return };
            // SAFETY: it takes nothing.
            let Ok(processor) = usize::try_from(unsafe { sched_getcpu() }) else { return };
            let mut others = allowed;
            if processor >= 8 * size_of::<cpu_set_t>() {
                return;
            }
            // SAFETY: the set has a bit for this processor.
            unsafe { CPU_CLR(processor, &mut others) };
            // SAFETY: it only reads the set.
            if unsafe { CPU_COUNT(&others) } > 0 && set_affinity(self.thread, &others) {
                *before = Some(allowed);
            }
        }

        /// Lets this thread, which the place is of, run where it was allowed to.
        pub fn release(&self) {
            let before = self.allowed.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(allowed) = before {
                set_affinity(self.thread, &allowed);
            }
        }
    }

    /// None where there are more processors than the set has room for.
    fn affinity(thread: pid_t) -> Option<cpu_set_t> {
        // SAFETY: a set of no processors.
        let mut set: cpu_set_t = unsafe { zeroed() };
        // SAFETY: the set is as large as is said.
        (unsafe { sched_getaffinity(thread, size_of::<cpu_set_t>(), &mut set) } == 0).then_some(set)
    }

    fn set_affinity(thread: pid_t, set: &cpu_set_t) -> bool {
        // SAFETY: the set is as large as is said, and only read.
        unsafe { sched_setaffinity(thread, size_of::<cpu_set_t>(), set) == 0 }
    }

    #[cfg(test)]
    mod tests {
        use std::sync::Arc;
        use std::sync::mpsc::channel;

        use super::*;

        #[test]
        fn a_thread_is_kept_away_and_released() {
            // SAFETY: it only reads the set.
            let count = |set: Option<cpu_set_t>| unsafe { CPU_COUNT(&set.unwrap()) };
            let (tell, place) = channel();
            let (go, going) = channel::<()>();
            std::thread::scope(|scope| {
                let thread = scope.spawn(move || {
                    let place = Arc::new(Place::of_this_thread());
                    tell.send(Arc::clone(&place)).unwrap();
                    going.recv().unwrap();
                    let kept_away = count(affinity(0));
                    place.release();
                    (kept_away, count(affinity(0)))
                });
                let place = place.recv().unwrap();
                let all = count(affinity(0));
                place.keep_away();
                place.keep_away();
                go.send(()).unwrap();
                let (kept_away, released) = thread.join().unwrap();
                assert_eq!(kept_away, (all - 1).max(1));
                assert_eq!(released, all);
            });
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    /// Where one thread may run: left to the system.
    pub struct Place;

    impl Place {
        pub fn of_this_thread() -> Self {
            Self
        }

        pub fn keep_away(&self) {}

        pub fn release(&self) {}
    }
}
