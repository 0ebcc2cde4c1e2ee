//! Numbers that repeat from a seed.

use std::ops::Range;

use crate::codes::rotation::split_mix;

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        let mut state = seed;
        // Seeds that follow each other give streams that have nothing in common.
        Self(split_mix(&mut state))
    }

    pub fn bits(&mut self) -> u64 {
        split_mix(&mut self.0)
    }

    pub fn within(&mut self, range: Range<usize>) -> usize {
        range.start + (self.bits() >> 11) as usize % range.len()
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.within(0..times) == 0
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.within(0..from.len())]
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            list.swap(i, self.within(0..i + 1));
        }
    }

    /// From 0 to 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / 2f64.powi(53)
    }

    /// From -1 to 1.
    pub fn even(&mut self) -> f64 {
        2.0 * self.unit() - 1.0
    }

    /// Near 0 more often than not.
    pub fn bell(&mut self) -> f64 {
        self.even() + self.even() + self.even()
    }

    pub fn sign(&mut self) -> f64 {
        if self.once_in(2) { 1.0 } else { -1.0 }
    }
}
