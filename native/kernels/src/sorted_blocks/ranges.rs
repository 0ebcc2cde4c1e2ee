//! Ranges of values that are asked for.

use std::cmp::Ordering;
use std::ops::Bound::{self, Excluded, Included, Unbounded};

use super::{Key, Kind};
use crate::{Error, Result};

/// Ranges as they come: in any order, some of them within others or empty.
pub struct Asked<'a> {
    /// The values that bound them, one after the other, as blocks have them.
    pub values: &'a [u8],
    /// Of each range where the value of its low end ends in the bytes, and where that of its high end does.
    pub ends: &'a [u32],
    /// Of each range, as bits: 1 there is a low end, 2 it is included, 4 there is a high end, 8 that is, too.
    pub flags: &'a [u8],
    /// Whether all values are asked for but those in a range.
    pub inverted: bool,
}

/// Ascending, none touches another, none is empty by its ends.
#[derive(Debug, PartialEq)]
pub(super) struct Ranges<K>(pub Vec<(Bound<K>, Bound<K>)>);

impl Asked<'_> {
    pub(super) fn numbers(&self, kind: Kind) -> Result<Ranges<i64>> {
        self.ranges(|bytes| {
            let number = bytes.try_into().ok().and_then(|bytes| kind.key(bytes));
            number.ok_or_else(|| Error::invalid("a bound that is no number, or NaN"))
        })
    }

    pub(super) fn texts(&self) -> Result<Ranges<&[u8]>> {
        self.ranges(Ok)
    }

    fn ranges<'a, K: Key>(&'a self, key: impl Fn(&'a [u8]) -> Result<K>) -> Result<Ranges<K>> {
        let (ends, rest) = self.ends.as_chunks::<2>();
        if ends.len() != self.flags.len() || !rest.is_empty() {
            return Err(Error::invalid("ranges without ends"));
        }
        let mut at = 0;
        let mut next = |end: u32, is_there: bool, is_included: bool| {
            let bytes = self.values.get(at..end as usize);
            at = end as usize;
            let bytes = bytes.ok_or_else(|| Error::invalid("bounds that do not ascend"))?;
            Ok(match (is_there, is_included) {
                (false, _) => Unbounded,
                (true, true) => Included(key(bytes)?),
                (true, false) => Excluded(key(bytes)?),
            })
        };
        let mut ranges = Vec::with_capacity(ends.len());
        for (&[low, high], flags) in ends.iter().zip(self.flags) {
            let low = next(low, flags & 1 != 0, flags & 2 != 0)?;
            let high = next(high, flags & 4 != 0, flags & 8 != 0)?;
            if reaches(&high, &low, |a, b| a && b) {
                ranges.push((low, high));
            }
        }
        let ranges = joined(ranges);
        Ok(Ranges(if self.inverted { gaps(ranges) } else { ranges }))
    }
}

/// Whether what ends here comes up to what begins there; where both are of one value, as `is_met` says of
/// whether each includes it.
fn reaches<K: Key>(end: &Bound<K>, start: &Bound<K>, is_met: impl Fn(bool, bool) -> bool) -> bool {
    let (Included(high) | Excluded(high), Included(low) | Excluded(low)) = (end, start) else { return true };
    match high.cmp(low) {
        Ordering::Greater => true,
        Ordering::Equal => is_met(matches!(end, Included(_)), matches!(start, Included(_))),
        Ordering::Less => false,
    }
}

fn joined<K: Key>(mut ranges: Vec<(Bound<K>, Bound<K>)>) -> Vec<(Bound<K>, Bound<K>)> {
    // A range that includes its low end begins before one that does not.
    let place = |bound: &Bound<K>| match *bound {
        Unbounded => (None, false),
        Included(key) => (Some(key), false),
        Excluded(key) => (Some(key), true),
    };
    ranges.sort_unstable_by_key(|(low, _)| place(low));
    let mut joined: Vec<(Bound<K>, Bound<K>)> = Vec::with_capacity(ranges.len());
    for (low, high) in ranges {
        match joined.last_mut() {
            Some((_, last)) if reaches(last, &low, |a, b| a || b) => {
                // Where the last one comes up to the end of this one, too, that is within it.
                if !reaches(last, &high, |a, b| a || !b) || high == Unbounded {
                    *last = high;
                }
            }
            _ => joined.push((low, high)),
        }
    }
    joined
}

/// What lies between, before and behind.
fn gaps<K: Key>(ranges: Vec<(Bound<K>, Bound<K>)>) -> Vec<(Bound<K>, Bound<K>)> {
    let turned = |bound| match bound {
        Included(key) => Excluded(key),
        Excluded(key) => Included(key),
        Unbounded => Unbounded,
    };
    let mut gaps = Vec::with_capacity(ranges.len() + 1);
    let mut low = Some(Unbounded);
    for (start, end) in ranges {
        if let (Some(low), false) = (low, start == Unbounded) {
            gaps.push((low, turned(start)));
        }
        low = (end != Unbounded).then(|| turned(end));
    }
    gaps.extend(low.map(|low| (low, Unbounded)));
    gaps
}
