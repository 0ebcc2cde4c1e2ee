//! What a directory says of blocks, and the rows of ranges from the blocks that they touch.

use std::ops::Bound::{self, Excluded, Included, Unbounded};
use std::ops::Range;

use roaring::RoaringBitmap;

use super::ranges::{Asked, Ranges};
use super::{CUT, Key, Kind, MOST_ROWS};
use crate::crc::crc32c;
use crate::value_sets::{ValueSet, encoded};
use crate::{Error, Result};

/// A directory as it is stored.
pub struct Parts<'a> {
    pub kind: Kind,
    pub rows: u64,
    /// Rows that are in no block.
    pub others: u64,
    pub bounds: &'a [u8],
    pub ends: &'a [u32],
    pub pairs: &'a [u32],
    pub lengths: &'a [u32],
    pub sums: &'a [u32],
}

/// Where values lie. Its bounds ascend, and its blocks have room for their pairs.
#[derive(Debug)]
pub struct Directory {
    rows: u32,
    blocks: Vec<Block>,
    bounds: Bounds,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    pairs: u32,
    length: u32,
    sum: u32,
}

/// One more than there are blocks, or none.
#[derive(Debug)]
enum Bounds {
    Numbers(Kind, Vec<i64>),
    Texts { bytes: Vec<u8>, ends: Vec<u32> },
}

impl Directory {
    /// `Corrupt` for what no builder makes.
    pub fn new(parts: &Parts<'_>) -> Result<Self> {
        let Parts { kind, rows, others, pairs, lengths, sums, .. } = *parts;
        let count = pairs.len();
        if [lengths.len(), sums.len()] != [count; 2] {
            return Err(damaged("its blocks have not all a length and a sum"));
        }
        let told = pairs.iter().map(|&pairs| u64::from(pairs)).sum::<u64>();
        if rows > MOST_ROWS.into() || told.checked_add(others) != Some(rows) {
            return Err(damaged(format_args!("{told} pairs and {others} other rows of {rows}")));
        }
        let fits = |(&pairs, &length): (&u32, &u32)| match kind {
            Kind::Text => u64::from(length) >= 8 * u64::from(pairs),
            _ => u64::from(length) == 12 * u64::from(pairs),
        };
        if pairs.contains(&0) || !pairs.iter().zip(lengths).all(fits) {
            return Err(damaged("a block that has no room for its pairs, or has none"));
        }
        let each = pairs.iter().zip(lengths).zip(sums);
        let blocks = each.map(|((&pairs, &length), &sum)| Block { pairs, length, sum }).collect();
        let bounds = Bounds::new(parts)?;
        if bounds.count() != if count == 0 { 0 } else { count + 1 } {
            return Err(damaged(format_args!("{} bounds of {count} blocks", bounds.count())));
        }
        Ok(Self { rows: rows as u32, blocks, bounds })
    }

    /// Blocks that can have values that are asked for, ascending.
    pub fn touched(&self, asked: &Asked<'_>) -> Result<Vec<u32>> {
        Ok(match &self.bounds {
            Bounds::Numbers(kind, keys) => touched(&asked.numbers(*kind)?, keys.len(), |i| keys[i]),
            Bounds::Texts { bytes, ends } => touched(&asked.texts()?, ends.len(), |i| text(bytes, ends, i)),
        })
    }

    /// The rows of what is asked for, of these blocks, which ascend; pieces have whole ones, one after the
    /// other. `Corrupt` for a block that is not what its sum says, whose values do not ascend or are not
    /// those of the directory, and for rows beyond the last or of two values; rows of values that are not
    /// asked for are not looked at.
    pub fn select<'a>(
        &self,
        asked: &Asked<'_>,
        blocks: &[u32],
        pieces: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<ValueSet> {
        let mut read: Vec<(usize, usize, &[u8])> = Vec::with_capacity(blocks.len());
        let mut numbers = blocks.iter();
        for mut piece in pieces {
            while !piece.is_empty() {
                let number = *numbers.next().ok_or_else(|| Error::invalid("more blocks than numbers"))?;
                let block = self.blocks.get(number as usize).copied();
                let block = block.filter(|_| read.last().is_none_or(|&(last, ..)| last < number as usize));
                let block = block.ok_or_else(|| Error::invalid(format!("block {number}")))?;
                let bytes;
                (bytes, piece) = piece
                    .split_at_checked(block.length as usize)
                    .ok_or_else(|| damaged(format_args!("block {number} ends early")))?;
                if crc32c(bytes) != block.sum {
                    return Err(damaged(format_args!("block {number} is not what its checksum says")));
                }
                read.push((number as usize, block.pairs as usize, bytes));
            }
        }
        if numbers.next().is_some() {
            return Err(Error::invalid("fewer blocks than numbers"));
        }
        let mut chosen = Chosen { rows: self.rows, bits: vec![0; self.rows.div_ceil(8) as usize], count: 0 };
        match &self.bounds {
            Bounds::Numbers(kind, keys) => {
                chosen.add(
                    &asked.numbers(*kind)?,
                    &read,
                    |i| keys[i],
                    |bytes, pairs, values| {
                        let (stored, rows) = bytes.split_at_checked(8 * pairs)?;
                        for &number in stored.as_chunks().0 {
                            values.push(kind.key(number)?);
                        }
                        Some(rows)
                    },
                )?;
            }
            Bounds::Texts { bytes, ends } => {
                chosen.add(&asked.texts()?, &read, |i| text(bytes, ends, i), texts_of)?;
            }
        }
        chosen.finish()
    }
}

impl Bounds {
    fn new(&Parts { kind, bounds, ends, .. }: &Parts<'_>) -> Result<Self> {
        if kind != Kind::Text {
            let (numbers, rest) = bounds.as_chunks();
            let keys = numbers.iter().map(|&number| kind.key(number)).collect::<Option<Vec<_>>>();
            let keys = keys.filter(|keys| keys.is_sorted() && rest.is_empty() && ends.is_empty());
            return Ok(Self::Numbers(kind, keys.ok_or_else(|| damaged("bounds that do not ascend"))?));
        }
        let is_within = ends.is_sorted() && ends.last().map_or(0, |&end| end as usize) == bounds.len();
        if !is_within {
            return Err(damaged("bounds that lie elsewhere than they say"));
        }
        let texts = || (0..ends.len()).map(|i| text(bounds, ends, i));
        if !texts().is_sorted() || texts().any(|text| text.len() > CUT) {
            return Err(damaged("bounds that do not ascend, or are too long"));
        }
        Ok(Self::Texts { bytes: bounds.to_vec(), ends: ends.to_vec() })
    }

    fn count(&self) -> usize {
        match self {
            Self::Numbers(_, keys) => keys.len(),
            Self::Texts { ends, .. } => ends.len(),
        }
    }
}

fn text<'a>(bytes: &'a [u8], ends: &[u32], i: usize) -> &'a [u8] {
    let start = if i == 0 { 0 } else { ends[i - 1] as usize };
    &bytes[start..ends[i] as usize]
}

/// The texts of a block: how long each is, then their bytes; the rows follow. None where they do not fit.
fn texts_of<'a>(bytes: &'a [u8], pairs: usize, values: &mut Vec<&'a [u8]>) -> Option<&'a [u8]> {
    let (lengths, mut rest) = bytes.split_at_checked(4 * pairs)?;
    for &length in lengths.as_chunks().0 {
        let value;
        (value, rest) = rest.split_at_checked(u32::from_le_bytes(length) as usize)?;
        values.push(value);
    }
    Some(rest)
}

/// Block i has values from bound i up to bound i + 1, of which it may have some, too.
fn touched<K: Key>(Ranges(ranges): &Ranges<K>, bounds: usize, bound: impl Fn(usize) -> K) -> Vec<u32> {
    let mut rest = &ranges[..];
    let mut blocks = Vec::new();
    for block in 0..bounds.saturating_sub(1) {
        let (least, most) = (bound(block), bound(block + 1));
        // Bounds ascend, so that what ends before this one is over.
        rest = &rest[rest.partition_point(|(_, high)| !ends_behind(high, least))..];
        let Some((low, _)) = rest.first() else { break };
        if begins_before(low, most) {
            blocks.push(block as u32);
        }
    }
    blocks
}

/// Whether a value from the bound on can be in a range that ends so.
fn ends_behind<K: Key>(high: &Bound<K>, least: K) -> bool {
    match *high {
        Unbounded => true,
        Included(high) => high.cut() >= least,
        Excluded(high) => high.cut() > least || high.cut() == least && !least.is_whole(),
    }
}

/// Whether a value up to the bound can be in a range that begins so.
fn begins_before<K: Key>(low: &Bound<K>, most: K) -> bool {
    match *low {
        Unbounded => true,
        Included(low) => low.cut() <= most,
        Excluded(low) => low.cut() < most || low.cut() == most && !most.is_whole(),
    }
}

/// Rows as they are found, a bit for each.
struct Chosen {
    rows: u32,
    bits: Vec<u8>,
    count: u64,
}

impl Chosen {
    /// `decode` gives the values of a block, and the bytes of their rows.
    fn add<'a, K: Key + 'a>(
        &mut self,
        Ranges(ranges): &Ranges<K>,
        blocks: &[(usize, usize, &'a [u8])],
        bound: impl Fn(usize) -> K,
        decode: impl Fn(&'a [u8], usize, &mut Vec<K>) -> Option<&'a [u8]>,
    ) -> Result<()> {
        let mut values = Vec::new();
        let mut rest = &ranges[..];
        for &(number, pairs, bytes) in blocks {
            values.clear();
            let rows = decode(bytes, pairs, &mut values).map(<[u8]>::as_chunks::<4>);
            let Some((rows, [])) = rows.filter(|(rows, _)| rows.len() == pairs) else {
                return Err(damaged(format_args!("block {number} does not hold its pairs")));
            };
            let (least, most) = (bound(number), bound(number + 1));
            let ends = values.first().zip(values.last()).map(|(first, last)| (first.cut(), last.cut()));
            if !values.is_sorted() || ends.is_none_or(|(first, last)| first != least || last > most) {
                return Err(damaged(format_args!("the values of block {number} are out of order")));
            }
            rest = &rest[rest.partition_point(|(_, high)| !ends_behind(high, least))..];
            for range in rest.iter().take_while(|(low, _)| begins_before(low, most)) {
                self.put(&rows[places(&values, range)], number)?;
            }
        }
        Ok(())
    }

    fn put(&mut self, rows: &[[u8; 4]], block: usize) -> Result<()> {
        for &row in rows {
            let row = u32::from_le_bytes(row);
            if row >= self.rows {
                return Err(damaged(format_args!("row {row} of {} in block {block}", self.rows)));
            }
            self.bits[row as usize / 8] |= 1 << (row % 8);
        }
        self.count += rows.len() as u64;
        Ok(())
    }

    fn finish(self) -> Result<ValueSet> {
        let mut rows = RoaringBitmap::from_lsb0_bytes(0, &self.bits);
        if rows.len() != self.count {
            return Err(damaged("a row with two values"));
        }
        Ok(encoded([].into(), &mut rows))
    }
}

/// Where the values of a range stand among ascending ones.
fn places<K: Key>(values: &[K], (low, high): &(Bound<K>, Bound<K>)) -> Range<usize> {
    let start = values.partition_point(|value| match low {
        Unbounded => false,
        Included(low) => value < low,
        Excluded(low) => value <= low,
    });
    let end = values.partition_point(|value| match high {
        Unbounded => true,
        Included(high) => value <= high,
        Excluded(high) => value < high,
    });
    start..end.max(start)
}

fn damaged(why: impl std::fmt::Display) -> Error {
    Error::corrupt(format!("sorted blocks: {why}"))
}
