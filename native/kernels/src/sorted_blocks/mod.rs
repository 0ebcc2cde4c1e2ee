//! The values of a column in their order, each with its row: what an index of an attribute of many values
//! holds.
//!
//! The pairs lie in blocks, of which a directory has the first value. So the rows of a range of values are
//! those of the few blocks that it touches. `build.rs` makes the blocks of a column, `ranges.rs` has what is
//! asked for, `read.rs` the rows of it. Bytes are never trusted.

mod build;
mod ranges;
mod read;
#[cfg(test)]
mod tests;

pub use build::{Builder, Built};
pub use ranges::Asked;
pub use read::{Directory, Parts};

/// Rows of a segment at most: bits of all of them are 2 MiB.
pub const MOST_ROWS: u32 = 1 << 24;

/// Pairs of a block at most. What one value costs is least where the directory, some 16 bytes a block, is as
/// long as a block of 12 bytes a pair: of 1,048,576 rows at 1,182 pairs.
const BLOCK_PAIRS: usize = 1024;
/// Bytes of a block of texts, where it has more than one pair.
const BLOCK_BYTES: usize = 32 << 10;

/// Bytes of a text that is indexed.
const MOST_TEXT: usize = 4096;

/// Bytes that the directory has of a text.
const CUT: usize = 64;

/// What values are. They are stored as numbers of 8 bytes, little endian, or as the bytes of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Int,
    Float,
    Text,
}

impl Kind {
    /// The key of a stored number; equal numbers have equal keys. None for NaN, which has no place.
    fn key(self, bytes: [u8; 8]) -> Option<i64> {
        if self != Self::Float {
            return Some(i64::from_le_bytes(bytes));
        }
        let number = f64::from_le_bytes(bytes);
        // 0 and -0 are equal, and their sum is 0.
        (!number.is_nan()).then(|| turned((number + 0.0).to_bits().cast_signed()))
    }

    fn number(self, key: i64) -> [u8; 8] {
        match self {
            Self::Float => turned(key),
            _ => key,
        }
        .to_le_bytes()
    }
}

/// Bits of floats as integers in the order of the floats, and back.
fn turned(bits: i64) -> i64 {
    bits ^ (((bits >> 63).cast_unsigned()) >> 1).cast_signed()
}

/// Values as they are compared.
trait Key: Copy + Ord {
    /// What a directory has of it. Cut values are in the order of the values, some of them equal.
    fn cut(self) -> Self;
    /// Whether what a directory has is the value itself.
    fn is_whole(self) -> bool;
}

impl Key for i64 {
    fn cut(self) -> Self {
        self
    }

    fn is_whole(self) -> bool {
        true
    }
}

impl Key for &[u8] {
    fn cut(self) -> Self {
        &self[..self.len().min(CUT)]
    }

    fn is_whole(self) -> bool {
        self.len() < CUT
    }
}
