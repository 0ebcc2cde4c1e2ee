//! Bits of rows from sets, without sets in between: what a set says is looked at where it is used.

use std::ops::Range;

use super::{CONTAINER_ROWS, MOST_LISTED};
use crate::{Error, Result};

/// First words of a set: without containers of runs, and with some.
const NO_RUNS: u32 = 12_346;
const WITH_RUNS: u32 = 12_347;
/// Sets that may have runs say where their containers are only from so many on.
const PLACED: usize = 4;

/// Sets in pieces of bytes, each of which has whole ones, one after the other.
pub struct Sets<'a> {
    /// Length of each set, and how many members it has.
    pub lengths: &'a [u32],
    pub counts: &'a [u32],
    /// Rows that there are: no set has another.
    pub rows: u64,
}

/// Sets the bits of those rows of `window` that one of the sets has, or clears them. Bit i is row
/// `window.start` + i, the least significant of a byte first; behind the last row all bits are zero after.
/// `Corrupt` for a set that is none, has rows beyond the last or others than its count; what is not of the
/// window is not looked at.
pub fn fill<'a>(
    sets: &Sets<'_>,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    window: Range<u64>,
    to: bool,
    bits: &mut [u8],
) -> Result<()> {
    let is_within = window.start <= window.end && window.end <= sets.rows;
    let count = window.end.saturating_sub(window.start);
    if !is_within || bits.len() as u64 != count.div_ceil(8) || sets.lengths.len() != sets.counts.len() {
        let message = format!("rows {window:?} of {} do not go into {} bytes", sets.rows, bits.len());
        return Err(Error::invalid(message));
    }
    let mut each = sets.lengths.iter().zip(sets.counts);
    for mut piece in pieces {
        while !piece.is_empty() {
            let (&length, &count) = each.next().ok_or_else(|| damaged("more sets than there are values"))?;
            let (set, rest) = piece
                .split_at_checked(length as usize)
                .ok_or_else(|| damaged("a set ends past its piece"))?;
            if length == 0 {
                return Err(damaged("a set without bytes"));
            }
            one(set, count, sets.rows, Target { window: window.clone(), to, bits })?;
            piece = rest;
        }
    }
    if each.next().is_some() {
        return Err(damaged("fewer sets than there are values"));
    }
    if let (1.., Some(byte)) = (count % 8, bits.last_mut()) {
        *byte &= (1 << (count % 8)) - 1;
    }
    Ok(())
}

fn damaged(why: impl std::fmt::Display) -> Error {
    Error::corrupt(format!("a set of rows: {why}"))
}

/// Bytes that are read one after the other.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (some, rest) = self.0.split_at_checked(count).ok_or_else(|| damaged("it ends early"))?;
        self.0 = rest;
        Ok(some)
    }

    fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.take(4)?.try_into().expect("four bytes")))
    }

    fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.take(2)?.try_into().expect("two bytes")))
    }
}

fn one(set: &[u8], count: u32, rows: u64, mut target: Target<'_>) -> Result<()> {
    let mut bytes = Bytes(set);
    let cookie = bytes.u32()?;
    let (containers, runs) = match (cookie, cookie & 0xffff) {
        (NO_RUNS, _) => (bytes.u32()? as usize, &[][..]),
        (_, WITH_RUNS) => {
            let containers = (cookie >> 16) as usize + 1;
            (containers, bytes.take(containers.div_ceil(8))?)
        }
        _ => return Err(damaged(format_args!("it begins with {cookie}"))),
    };
    if containers > CONTAINER_ROWS {
        return Err(damaged(format_args!("{containers} containers")));
    }
    let headers = bytes.take(4 * containers)?.as_chunks::<4>().0;
    if runs.is_empty() || containers >= PLACED {
        // They follow each other, as their headers say.
        bytes.take(4 * containers)?;
    }
    let (mut members, mut least_key) = (0u64, 0u32);
    for (i, &[a, b, c, d]) in headers.iter().enumerate() {
        let key = u32::from(u16::from_le_bytes([a, b]));
        let cardinality = usize::from(u16::from_le_bytes([c, d])) + 1;
        let first = u64::from(key) << 16;
        if key < least_key || first >= rows {
            return Err(damaged(format_args!("rows from {first} on, of {rows}")));
        }
        (least_key, members) = (key + 1, members + cardinality as u64);
        let end = rows.min(first + CONTAINER_ROWS as u64);
        let is_wanted = target.window.start < end && first < target.window.end;
        let room = (end - first) as usize;
        if runs.get(i / 8).is_some_and(|byte| byte >> (i % 8) & 1 == 1) {
            let count = usize::from(bytes.u16()?);
            let runs = bytes.take(4 * count)?.as_chunks::<4>().0;
            if is_wanted {
                target.runs(first, runs, cardinality, room)?;
            }
        } else if cardinality <= MOST_LISTED {
            let members = bytes.take(2 * cardinality)?.as_chunks::<2>().0;
            if is_wanted {
                target.listed(first, members, room)?;
            }
        } else {
            let words = bytes.take(CONTAINER_ROWS / 8)?.as_chunks::<8>().0;
            if is_wanted {
                target.words(first, words, cardinality, room)?;
            }
        }
    }
    if !bytes.0.is_empty() {
        return Err(damaged(format_args!("{} bytes follow it", bytes.0.len())));
    }
    if members != u64::from(count) {
        return Err(damaged(format_args!("{members} members, {count} are told")));
    }
    Ok(())
}

struct Target<'a> {
    window: Range<u64>,
    to: bool,
    bits: &'a mut [u8],
}

impl Target<'_> {
    /// One row of the container that begins at `first`.
    #[inline(always)]
    fn put(&mut self, first: u64, member: u16) {
        let row = first + u64::from(member);
        if self.window.contains(&row) {
            let at = (row - self.window.start) as usize;
            let bit = 1 << (at % 8);
            if self.to {
                self.bits[at / 8] |= bit;
            } else {
                self.bits[at / 8] &= !bit;
            }
        }
    }

    fn listed(&mut self, first: u64, members: &[[u8; 2]], room: usize) -> Result<()> {
        let ascends = members.windows(2).fold(true, |ascends, pair| {
            ascends & (u16::from_le_bytes(pair[0]) < u16::from_le_bytes(pair[1]))
        });
        let last = members.last().map_or(0, |&last| usize::from(u16::from_le_bytes(last)));
        if !ascends || last >= room {
            return Err(damaged("members that do not ascend, or beyond the last row"));
        }
        if first < self.window.start || first + last as u64 >= self.window.end {
            members.iter().for_each(|&member| self.put(first, u16::from_le_bytes(member)));
            return Ok(());
        }
        // All of them are in the window, most of the time: then none is compared with its ends.
        let from = (first - self.window.start) as usize;
        let bits = &mut self.bits[from / 8..];
        let each = members.iter().map(|&member| from % 8 + usize::from(u16::from_le_bytes(member)));
        if self.to {
            each.for_each(|at| bits[at / 8] |= 1 << (at % 8));
        } else {
            each.for_each(|at| bits[at / 8] &= !(1 << (at % 8)));
        }
        Ok(())
    }

    fn words(&mut self, first: u64, words: &[[u8; 8]], cardinality: usize, room: usize) -> Result<()> {
        let ones: usize = words.iter().map(|&word| u64::from_le_bytes(word).count_ones() as usize).sum();
        let bytes = words.as_flattened();
        let beyond = bytes[room.div_ceil(8)..].iter().any(|&byte| byte != 0)
            || (!room.is_multiple_of(8) && bytes[room / 8] >> (room % 8) != 0);
        if ones != cardinality || beyond {
            return Err(damaged(format_args!("{ones} bits of {cardinality}, or some beyond the last row")));
        }
        if self.window.start.is_multiple_of(8) {
            let start = self.window.start.max(first);
            let end = self.window.end.min(first + room as u64);
            let from = &bytes[((start - first) / 8) as usize..((end - first) as usize).div_ceil(8)];
            let at = ((start - self.window.start) / 8) as usize;
            let into = self.bits[at..at + from.len()].iter_mut().zip(from);
            if self.to {
                into.for_each(|(bits, byte)| *bits |= byte);
            } else {
                into.for_each(|(bits, byte)| *bits &= !byte);
            }
            return Ok(());
        }
        for (i, &word) in words.iter().enumerate() {
            let mut word = u64::from_le_bytes(word);
            while word != 0 {
                self.put(first, 64 * i as u16 + word.trailing_zeros() as u16);
                word &= word - 1;
            }
        }
        Ok(())
    }

    fn runs(&mut self, first: u64, runs: &[[u8; 4]], cardinality: usize, room: usize) -> Result<()> {
        let (mut least, mut members) = (0, 0);
        for &[a, b, c, d] in runs {
            let start = usize::from(u16::from_le_bytes([a, b]));
            let end = start + usize::from(u16::from_le_bytes([c, d])) + 1;
            if start < least || end > room {
                return Err(damaged("runs that do not ascend, or lead beyond the last row"));
            }
            (least, members) = (end, members + end - start);
            self.range(first + start as u64..first + end as u64);
        }
        if members != cardinality {
            return Err(damaged(format_args!("{members} members in runs of {cardinality}")));
        }
        Ok(())
    }

    fn range(&mut self, rows: Range<u64>) {
        let start = rows.start.max(self.window.start);
        let end = rows.end.min(self.window.end);
        if start >= end {
            return;
        }
        let (start, end) = ((start - self.window.start) as usize, (end - self.window.start) as usize);
        let (first, last) = (start / 8, (end - 1) / 8);
        let (head, tail) = (0xff << (start % 8), 0xff >> (7 - (end - 1) % 8));
        let mut put = |at: usize, mask: u8| match self.to {
            true => self.bits[at] |= mask,
            false => self.bits[at] &= !mask,
        };
        if first == last {
            return put(first, head & tail);
        }
        put(first, head);
        put(last, tail);
        self.bits[first + 1..last].fill(if self.to { 0xff } else { 0 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;
    use proptest::prelude::*;
    use roaring::RoaringBitmap;

    const ROWS: u32 = 200_000;

    fn encode(rows: &RoaringBitmap) -> Vec<u8> {
        let mut bytes = Vec::new();
        rows.serialize_into(&mut bytes).unwrap();
        bytes
    }

    /// Sets with few members, with many, and with long runs.
    fn a_set() -> impl Strategy<Value = RoaringBitmap> {
        let few = proptest::collection::vec(0..ROWS, 0..50);
        let dense = (0..ROWS, 2u32..30, 0u32..40_000);
        let runs = proptest::collection::vec((0..ROWS, 1u32..30_000), 0..4);
        (few, dense, runs, any::<bool>()).prop_map(|(few, (start, step, count), runs, optimize)| {
            let mut set: RoaringBitmap = few.into_iter().collect();
            set.extend((0..count).map(|i| start + i * step).filter(|&row| row < ROWS));
            for (start, length) in runs {
                set.insert_range(start..ROWS.min(start + length));
            }
            if optimize {
                set.optimize();
            }
            set
        })
    }

    fn filled(sets: &[Vec<u8>], counts: &[u32], window: Range<u64>, to: bool) -> Result<Vec<u8>> {
        let lengths: Vec<_> = sets.iter().map(|set| set.len() as u32).collect();
        let rows = (window.end - window.start) as usize;
        let mut bits = vec![if to { 0 } else { 0xff }; rows.div_ceil(8)];
        let joined = sets.concat();
        let sets = Sets { lengths: &lengths, counts, rows: ROWS.into() };
        fill(&sets, [&joined[..]], window, to, &mut bits)?;
        Ok(bits)
    }

    proptest! {
        #[test]
        fn bits_are_those_of_the_union(
            a in a_set(), b in a_set(),
            start in 0..ROWS, length in 0..ROWS,
            to in any::<bool>(), aligned in any::<bool>(),
        ) {
            let start = if aligned { start & !7 } else { start };
            let end = ROWS.min(start + length);
            let sets = [&a, &b].map(encode);
            let counts = [a.len() as u32, b.len() as u32];
            let bits = filled(&sets, &counts, start.into()..end.into(), to).unwrap();
            let both = a | b;
            for row in start..end {
                let at = (row - start) as usize;
                prop_assert_eq!(bits[at / 8] >> (at % 8) & 1 == 1, both.contains(row) == to);
            }
            for at in (end - start) as usize..8 * bits.len() {
                prop_assert_eq!(bits[at / 8] >> (at % 8) & 1, 0);
            }
        }

        #[test]
        fn any_byte_changed_is_corrupt_or_another_set(
            a in a_set(),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
            cut in any::<prop::sample::Index>(),
        ) {
            let bytes = encode(&a);
            let count = [a.len() as u32];
            let cut = bytes[..cut.index(bytes.len())].to_vec();
            prop_assert_eq!(filled(&[cut], &count, 0..ROWS.into(), true).unwrap_err().code, Code::Corrupt);
            let mut flipped = bytes;
            let at = at.index(flipped.len());
            flipped[at] = byte;
            match filled(&[flipped], &count, 0..ROWS.into(), true) {
                // What is taken has as many rows as it says.
                Ok(bits) => {
                    let ones: u32 = bits.iter().map(|byte| byte.count_ones()).sum();
                    prop_assert_eq!(ones, count[0]);
                }
                Err(error) => prop_assert_eq!(error.code, Code::Corrupt),
            }
        }
    }

    #[test]
    fn rows_beyond_the_last_and_lengths_that_lie_are_corrupt() {
        let beyond: RoaringBitmap = [5, ROWS].into_iter().collect();
        let dense: RoaringBitmap = (ROWS - 10_000..ROWS + 1).collect();
        let mut runs: RoaringBitmap = (ROWS - 10_000..ROWS + 1).collect();
        runs.optimize();
        for set in [beyond, dense, runs] {
            let count = [set.len() as u32];
            let refused = filled(&[encode(&set)], &count, 0..ROWS.into(), true).unwrap_err();
            assert_eq!(refused.code, Code::Corrupt);
        }
        let set = encode(&[1, 2].into_iter().collect());
        for (lengths, counts) in [
            (&[4][..], &[2][..]),
            (&[set.len() as u32], &[3]),
            (&[set.len() as u32 + 1], &[2]),
            (&[0, set.len() as u32], &[0, 2]),
            (&[set.len() as u32, 8], &[2, 0]),
            (&[], &[]),
        ] {
            let sets = Sets { lengths, counts, rows: 8 };
            let refused = fill(&sets, [&set[..]], 0..8, true, &mut [0]).unwrap_err();
            assert_eq!(refused.code, Code::Corrupt, "{lengths:?}");
        }
        let sets = Sets { lengths: &[], counts: &[], rows: 8 };
        assert_eq!(fill(&sets, [], 0..9, true, &mut [0; 2]).unwrap_err().code, Code::InvalidArgument);
        assert_eq!(fill(&sets, [], 0..8, true, &mut [0; 2]).unwrap_err().code, Code::InvalidArgument);
    }
}
