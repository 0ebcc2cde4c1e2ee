//! The work of a scan that several passes share.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::cascade::{Cascade, Codes};
use crate::{Error, Result};

/// Chunks that a pass takes at a time: for many queries a fifth of a millisecond.
const STEP: usize = 2;

/// A range of the chunks of lists, which are counted through. Passes take a few at a time, so that one whose
/// thread starts late, or is slow, takes fewer.
pub struct Share {
    next: AtomicUsize,
    end: usize,
    step: usize,
}

impl Share {
    /// For so many passes.
    pub fn among(passes: usize, chunks: Range<usize>) -> Self {
        if passes == 1 { chunks.into() } else { Self::new(chunks, STEP) }
    }

    /// `step` chunks at a time, at least one.
    fn new(chunks: Range<usize>, step: usize) -> Self {
        Self { next: AtomicUsize::new(chunks.start), end: chunks.end, step: step.max(1) }
    }

    fn take(&self) -> Range<usize> {
        let start = self.next.fetch_add(self.step, Ordering::Relaxed).min(self.end);
        start..start.saturating_add(self.step).min(self.end)
    }
}

/// All of them for one pass.
impl From<Range<usize>> for Share {
    fn from(chunks: Range<usize>) -> Self {
        let step = chunks.len();
        Self::new(chunks, step)
    }
}

/// The chunks that a pass takes: the list of each, and its index in it.
pub struct Places<'a> {
    share: &'a Share,
    taken: Range<usize>,
    /// How many chunks there are up to the end of each list.
    ends: Vec<usize>,
}

impl<'a> Places<'a> {
    /// Of lists that have the bytes that so many rows take.
    pub fn new(lists: &[Codes<'_>], share: &'a Share, bytes_of: impl Fn(usize) -> usize) -> Result<Self> {
        let (mut ends, mut chunks) = (Vec::with_capacity(lists.len()), 0);
        for codes in lists {
            codes.check(&bytes_of)?;
            chunks += Cascade::chunks(codes.rows);
            ends.push(chunks);
        }
        if share.end > chunks {
            return Err(Error::invalid(format!("chunks up to {} of lists of {chunks}", share.end)));
        }
        Ok(Self { share, taken: 0..0, ends })
    }
}

impl Iterator for Places<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        if self.taken.is_empty() {
            self.taken = self.share.take();
        }
        let chunk = self.taken.next()?;
        let list = self.ends.partition_point(|&end| end <= chunk);
        Some((list, chunk - if list == 0 { 0 } else { self.ends[list - 1] }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Norms;

    fn list(rows: usize) -> Codes<'static> {
        Codes { bytes: &[], rows, first_id: 0, ids: None, dead: None, norms: Norms::ANY }
    }

    #[test]
    fn passes_take_each_chunk_once() {
        let lists = [list(3000), list(0), list(1), list(2048)];
        for (chunks, step) in [(0..6, 1), (0..6, 4), (1..5, 2), (0..6, 100), (3..3, 1)] {
            let share = Share::new(chunks.clone(), step);
            let [mut one, mut other] = [(); 2].map(|()| Places::new(&lists, &share, |_| 0).unwrap());
            let mut taken = Vec::new();
            loop {
                let before = taken.len();
                taken.extend(one.by_ref().take(1));
                taken.extend(other.by_ref().take(3));
                if taken.len() == before {
                    break;
                }
            }
            taken.sort_unstable();
            let all = [(0, 0), (0, 1), (0, 2), (2, 0), (3, 0), (3, 1)];
            assert_eq!(taken, all[chunks], "{step} at a time");
            assert_eq!(one.next(), None);
        }
        let whole = Share::from(0..6);
        assert_eq!(Places::new(&lists, &whole, |_| 0).unwrap().count(), 6);
        assert!(Places::new(&lists, &Share::from(5..7), |_| 0).is_err());
    }
}
