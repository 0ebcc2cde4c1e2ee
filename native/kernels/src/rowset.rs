//! Sets of row ids: 64-bit roaring bitmaps in the portable serialisation (RoaringFormatSpec, "Extension for
//! 64-bit Implementations"). Bytes are never trusted: whatever is not exactly one valid set is Corrupt.

use std::io::Read;

use roaring::{RoaringBitmap, RoaringTreemap};

use crate::{Code, Error, Result};

/// Row ids are exact in a float64.
pub const MAX_ID: u64 = (1 << 53) - 1;

/// Ids that `to_sorted` writes out at most (1 GiB): a few bytes of runs can stand for billions.
const MAX_LISTED: u64 = 1 << 27;

/// A set of row ids, each at most `MAX_ID`.
#[derive(Clone, Debug, Default)]
pub struct RowSet(RoaringTreemap, Option<Bits>);

impl PartialEq for RowSet {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

/// Ids of one container of a set.
const CONTAINER_IDS: u64 = 1 << 16;
/// More of them are added together.
const LONG_RUN: u64 = 4096;

/// Adds what follows all members. Short runs are added one by one, so that a set comes out the same as by any
/// other way: what takes the same room by runs and without stays as it was made.
fn add_run(set: &mut RoaringTreemap, run: Option<(u64, u64)>) {
    let Some((mut start, last)) = run else { return };
    while start <= last {
        let end = last.min(start | (CONTAINER_IDS - 1));
        if end - start >= LONG_RUN {
            set.insert_range(start..=end);
        } else {
            (start..=end).for_each(|id| {
                set.insert(id);
            });
        }
        start = end + 1;
    }
}

fn not_ascending(id: u64, run: Option<(u64, u64)>) -> Error {
    let last = run.map(|(_, last)| last);
    Error::invalid(format!("row ids ascend and are at most 2^53 - 1, got {id} after {last:?}"))
}

/// Which of the ids from `first` on a set has, one bit for each.
#[derive(Clone, Debug)]
struct Bits {
    first: u64,
    words: Vec<u64>,
}

impl Bits {
    /// None for an id that has no bit.
    fn get(&self, id: u64) -> Option<bool> {
        let at = id.checked_sub(self.first)?;
        let word = self.words.get(usize::try_from(at / 64).ok()?)?;
        Some(word >> (at % 64) & 1 == 1)
    }
}

impl RowSet {
    fn of(set: RoaringTreemap) -> Self {
        Self(set, None)
    }

    /// From ids in ascending order; repeats are allowed.
    pub fn from_sorted(ids: impl IntoIterator<Item = u64>) -> Result<Self> {
        let mut set = RoaringTreemap::new();
        // Ids that follow each other are added together.
        let mut run: Option<(u64, u64)> = None;
        for id in ids {
            run = match run {
                _ if id > MAX_ID => return Err(not_ascending(id, run)),
                Some((start, last)) if id == last || id == last + 1 => Some((start, id)),
                Some((_, last)) if id < last => return Err(not_ascending(id, run)),
                _ => {
                    add_run(&mut set, run);
                    Some((id, id))
                }
            };
        }
        add_run(&mut set, run);
        Ok(Self::of(set))
    }

    /// The ids from `first` on whose bits are set, the least significant of a byte first.
    pub fn from_bits(first: u64, bits: &[u8]) -> Result<Self> {
        let last = bits.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1);
        let (shift, base) = (first % 8, first - first % 8);
        if first > MAX_ID || base + 8 * last as u64 + 7 > MAX_ID {
            return Err(Error::invalid(format!("{last} bytes of row ids from {first} on")));
        }
        // Ids of one part share their high word, and begin at a multiple of 8 in it.
        let mut shifted = Vec::with_capacity(last + 1);
        let mut carry = 0;
        for &byte in &bits[..last] {
            shifted.push(byte << shift | carry);
            carry = if shift == 0 { 0 } else { byte >> (8 - shift) };
        }
        shifted.push(carry);
        let (mut parts, mut base, mut rest) = (Vec::new(), base, &shifted[..]);
        while !rest.is_empty() {
            let low = base as u32;
            let room = usize::try_from(((1 << 32) - u64::from(low)) / 8).unwrap_or(usize::MAX);
            let (some, after) = rest.split_at(room.min(rest.len()));
            let part = RoaringBitmap::from_lsb0_bytes(low, some);
            if !part.is_empty() {
                parts.push(((base >> 32) as u32, part));
            }
            (base, rest) = (base + 8 * some.len() as u64, after);
        }
        Ok(Self::of(RoaringTreemap::from_bitmaps(parts)))
    }

    /// All ids of `[start, end)`.
    pub fn range(start: u64, end: u64) -> Self {
        let mut set = RoaringTreemap::new();
        add_run(&mut set, (start < end).then(|| (start, end - 1)));
        Self::of(set)
    }

    pub fn decode(bytes: &[u8]) -> Result<Self> {
        Self::parse(bytes).map_err(|why| {
            Error::corrupt(format!("a row set of {} bytes does not decode: {why}", bytes.len()))
        })
    }

    fn parse(mut bytes: &[u8]) -> std::result::Result<Self, String> {
        let count = read_array(&mut bytes).map(u64::from_le_bytes)?;
        let mut parts: Vec<(u32, RoaringBitmap)> = Vec::new();
        for _ in 0..count {
            let key = read_array(&mut bytes).map(u32::from_le_bytes)?;
            if parts.last().is_some_and(|&(last, _)| last >= key) {
                return Err(format!("high word {key} does not ascend"));
            }
            let part = RoaringBitmap::deserialize_from(&mut bytes).map_err(|error| error.to_string())?;
            if part.is_empty() {
                return Err(format!("high word {key} has no members"));
            }
            parts.push((key, part));
        }
        if !bytes.is_empty() {
            return Err(format!("{} bytes follow it", bytes.len()));
        }
        let set = RoaringTreemap::from_bitmaps(parts);
        match set.max() {
            Some(id) if id > MAX_ID => Err(format!("id {id} is above 2^53 - 1")),
            _ => Ok(Self::of(set)),
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut set = self.0.clone();
        set.optimize();
        let mut bytes = Vec::with_capacity(set.serialized_size());
        set.serialize_into(&mut bytes).expect("writing to memory does not fail");
        bytes
    }

    pub fn to_sorted(&self) -> Result<Vec<f64>> {
        let count = self.len();
        if count > MAX_LISTED {
            let message = format!("{count} row ids are too many to list at once, the limit is {MAX_LISTED}");
            return Err(Error::new(Code::ResourceExhausted, message));
        }
        Ok(self.0.iter().map(|id| id as f64).collect())
    }

    /// Start and end of each run of members that follow each other, ascending.
    pub fn runs(&self) -> Result<Vec<f64>> {
        let mut runs: Vec<f64> = Vec::new();
        for (high, part) in self.0.bitmaps() {
            let base = u64::from(high) << 32;
            let mut members = part.iter();
            while let Some(range) = members.next_range() {
                let start = (base + u64::from(*range.start())) as f64;
                let end = (base + u64::from(*range.end()) + 1) as f64;
                // Runs may end where their container does.
                match runs.last_mut() {
                    Some(last) if *last == start => *last = end,
                    _ => runs.extend([start, end]),
                }
            }
            if runs.len() as u64 / 2 > MAX_LISTED {
                let message = format!("a set of more than {MAX_LISTED} runs of row ids");
                return Err(Error::new(Code::ResourceExhausted, message));
            }
        }
        Ok(runs)
    }

    /// The members, ascending.
    pub fn ids(&self) -> impl Iterator<Item = u64> {
        self.0.iter()
    }

    pub fn len(&self) -> u64 {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn contains(&self, id: u64) -> bool {
        self.1.as_ref().and_then(|bits| bits.get(id)).unwrap_or_else(|| self.0.contains(id))
    }

    /// The same, with a bit for each of `count` ids from `first` on: for who asks for many of them one by
    /// one, which costs a tenth then.
    pub fn with_bits(mut self, first: u64, count: usize) -> Self {
        let mut words = vec![0; count.div_ceil(64)];
        let last = first.saturating_add((64 * words.len()) as u64);
        let mut ids = self.0.iter();
        ids.advance_to(first);
        for id in ids.take_while(|&id| id < last) {
            let at = (id - first) as usize;
            words[at / 64] |= 1 << (at % 64);
        }
        self.1 = Some(Bits { first, words });
        self
    }

    pub fn union(self, other: &Self) -> Self {
        Self::of(self.0 | &other.0)
    }

    pub fn intersection(self, other: &Self) -> Self {
        Self::of(self.0 & &other.0)
    }

    pub fn difference(self, other: &Self) -> Self {
        Self::of(self.0 - &other.0)
    }

    /// The members in `[start, end)`.
    pub fn slice(mut self, start: u64, end: u64) -> Self {
        self.0.remove_range(..start);
        self.0.remove_range(end..);
        Self::of(self.0)
    }
}

fn read_array<const N: usize>(bytes: &mut &[u8]) -> std::result::Result<[u8; N], String> {
    let mut word = [0; N];
    bytes.read_exact(&mut word).map_err(|_| "it ends early".to_string())?;
    Ok(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Ids that cluster, so that arrays, bitmaps, several containers and several high words all occur.
    fn ids() -> impl Strategy<Value = BTreeSet<u64>> {
        let near =
            (prop::sample::select(vec![0, 65_530, u64::from(u32::MAX) - 3, MAX_ID - 9_000]), 0u64..9_000)
                .prop_map(|(base, step)| base + step);
        let runs = (0u64..1 << 40, 1u64..200);
        (proptest::collection::btree_set(near, 0..60), proptest::option::of(runs)).prop_map(
            |(mut set, run)| {
                if let Some((start, length)) = run {
                    set.extend(start..start + length * 40);
                }
                set
            },
        )
    }

    fn set(ids: &BTreeSet<u64>) -> RowSet {
        RowSet::from_sorted(ids.iter().copied()).unwrap()
    }

    fn list(set: &RowSet) -> Vec<u64> {
        set.to_sorted().unwrap().into_iter().map(|id| id as u64).collect()
    }

    proptest! {
        #[test]
        fn bits_have_the_same_members(ids in ids(), first in 0u64..70_000, count in 0usize..20_000) {
            let set = set(&ids);
            for first in [first, first + u64::from(u32::MAX) - 30_000, MAX_ID - 9_500] {
                let with_bits = set.clone().with_bits(first, count);
                let near = first.saturating_sub(100)..first + count as u64 + 100;
                for id in near.chain(ids.iter().copied()) {
                    prop_assert_eq!(with_bits.contains(id), ids.contains(&id));
                }
                prop_assert_eq!(&with_bits, &set);
            }
        }

        #[test]
        fn sets_behave_like_sets(a in ids(), b in ids(), start in 0u64..1 << 34, length in 0u64..1 << 34) {
            let (x, y) = (set(&a), set(&b));
            prop_assert_eq!(RowSet::decode(&x.encode()), Ok(x.clone()));
            prop_assert_eq!(x.len(), a.len() as u64);
            prop_assert_eq!(list(&x), Vec::from_iter(a.iter().copied()));
            prop_assert_eq!(list(&x.clone().union(&y)), Vec::from_iter(a.union(&b).copied()));
            prop_assert_eq!(list(&x.clone().intersection(&y)), Vec::from_iter(a.intersection(&b).copied()));
            prop_assert_eq!(list(&x.clone().difference(&y)), Vec::from_iter(a.difference(&b).copied()));
            let end = start + length;
            prop_assert_eq!(list(&x.slice(start, end)), Vec::from_iter(a.range(start..end).copied()));
        }

        #[test]
        fn damaged_bytes_are_corrupt_or_another_valid_set(
            a in ids(),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
            cut in any::<prop::sample::Index>(),
        ) {
            let bytes = set(&a).encode();
            let cut = cut.index(bytes.len());
            prop_assert_eq!(RowSet::decode(&bytes[..cut]).unwrap_err().code, Code::Corrupt);
            let mut flipped = bytes;
            let at = at.index(flipped.len());
            flipped[at] = byte;
            match RowSet::decode(&flipped) {
                // Counting must agree with listing: the kernels rely on the cardinalities inside.
                Ok(other) if other.len() < 1 << 20 => {
                    prop_assert_eq!(other.to_sorted().unwrap().len() as u64, other.len());
                }
                Ok(_) => {}
                Err(error) => prop_assert_eq!(error.code, Code::Corrupt),
            }
        }

        #[test]
        fn any_bytes_at_all_decode_or_are_corrupt(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Err(error) = RowSet::decode(&bytes) {
                prop_assert_eq!(error.code, Code::Corrupt);
            }
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_specification() {
        // One high word 1; cookie 12346, one container, key 0, cardinality 2, offset 16, members 3 and 7.
        let bytes = [
            1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 16, 0, 0, 0, 3, 0,
            7, 0,
        ];
        let set = RowSet::decode(&bytes).unwrap();
        assert_eq!(list(&set), [(1 << 32) + 3, (1 << 32) + 7]);
        assert_eq!(set.encode(), bytes);
    }

    #[test]
    fn what_other_decoders_let_pass_is_corrupt() {
        let one = RowSet::from_sorted([5]).unwrap().encode();
        let part = &one[8..];
        let twice = [&2u64.to_le_bytes()[..], part, part].concat();
        let trailing = [&one[..], &[0]].concat();
        let empty_part = [&1u64.to_le_bytes()[..], &[0, 0, 0, 0, 0x3a, 0x30, 0, 0, 0, 0, 0, 0]].concat();
        let mut beyond = one.clone();
        beyond[8..12].copy_from_slice(&(1u32 << 21).to_le_bytes());
        for bytes in [twice, trailing, empty_part, beyond, u64::MAX.to_le_bytes().to_vec()] {
            assert_eq!(RowSet::decode(&bytes).unwrap_err().code, Code::Corrupt, "{bytes:?}");
        }
    }

    #[test]
    fn unsorted_and_large_ids_are_refused_and_repeats_are_one_member() {
        assert_eq!(RowSet::from_sorted([3, 2]).unwrap_err().code, Code::InvalidArgument);
        assert_eq!(RowSet::from_sorted([MAX_ID + 1]).unwrap_err().code, Code::InvalidArgument);
        assert_eq!(list(&RowSet::from_sorted([1, 1, MAX_ID, MAX_ID]).unwrap()), [1, MAX_ID]);
    }

    #[test]
    fn a_set_too_large_to_list_still_counts() {
        let mut tree = RoaringTreemap::new();
        tree.insert_range(0..MAX_LISTED + 1);
        let set = RowSet::decode(&RowSet::of(tree).encode()).unwrap();
        assert_eq!(set.len(), MAX_LISTED + 1);
        assert_eq!(set.to_sorted().unwrap_err().code, Code::ResourceExhausted);
    }
}
