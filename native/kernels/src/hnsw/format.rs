//! The bytes of a segment: section 19 of docs/format.md.
//!
//! A node is what a walk reads of a row: four factors and the code, from the beginning of a line on, then
//! which row it is, then its links. Local ids are the places of rows in the order of a hash of their ids,
//! the least first. The same hash decides on levels, so that level l has the local ids below `counts[l]`,
//! and 0 is where every walk begins: no level needs a list of its members.

use crate::codes::rotation::split_mix;
use crate::codes::{Layout, Transform};
use crate::{Error, Result};

pub const LINE: usize = 64;
/// Where the nodes begin: at a page, so that nodes of a power of two lie in one each.
pub const NODES_AT: usize = 4096;
/// float32: scale, |r|, <c, r>, |x|; see `codes::layout::Section`.
pub const FACTOR_BYTES: usize = 16;
/// Place of the row in the order of ids and CRC32C of the row (uint32), error of the code (float32), what the
/// basis misses of the row (the upper half of a float32, rounded up), degree (uint16).
const TAIL_BYTES: usize = 16;
/// Levels above the lowest.
pub const MAX_LEVELS: usize = 15;
/// More would not fit the entries of a walk.
pub const MAX_ROWS: usize = 1 << 28;
/// Links of a row on each level but the lowest, which has twice as many.
pub const LINKS: std::ops::RangeInclusive<usize> = 2..=128;

/// A cache line of bytes.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub struct Line(pub [u8; LINE]);

pub fn bytes_of(lines: &[Line]) -> &[u8] {
    // SAFETY: a line is 64 bytes of any kind, without padding.
    unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), size_of_val(lines)) }
}

pub fn bytes_of_mut(lines: &mut [Line]) -> &mut [u8] {
    // SAFETY: as above; any bytes are a line.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), size_of_val(lines)) }
}

/// What decides where the parts of a node lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub coordinates: usize,
    /// Most links of a row on each level but the lowest.
    pub links: usize,
}

impl Shape {
    pub fn new(layout: Layout, links: usize) -> Result<Self> {
        if !LINKS.contains(&links) {
            let (least, most) = LINKS.into_inner();
            return Err(Error::invalid(format!("m is a number from {least} to {most}, got {links}")));
        }
        Ok(Self { coordinates: layout.coordinates, links })
    }

    pub fn of(transform: &Transform, links: usize) -> Result<Self> {
        Self::new(transform.layout, links)
    }

    /// Bytes that a kernel reads of a node: whole lines with factors, code, and what comes next in the last.
    pub fn code_bytes(self) -> usize {
        (FACTOR_BYTES + self.coordinates).next_multiple_of(LINE)
    }

    pub fn tail_at(self) -> usize {
        FACTOR_BYTES + self.coordinates
    }

    pub fn links_at(self) -> usize {
        self.tail_at() + TAIL_BYTES
    }

    pub fn most_links(self, level: usize) -> usize {
        if level == 0 { 2 * self.links } else { self.links }
    }

    pub fn node_bytes(self) -> usize {
        (self.links_at() + 4 * self.most_links(0)).next_multiple_of(LINE)
    }

    /// Bytes of a segment of so many rows, about.
    pub fn segment_bytes(self, rows: usize) -> usize {
        // A row is on 1 / (links - 1) levels above the lowest on average.
        let uppers = (rows / (self.links - 1) + 2 * MAX_LEVELS) * self.upper_bytes();
        NODES_AT + rows * (self.node_bytes() + 4 + 8) + uppers + 2 * LINE
    }

    /// Of a node on a level above the lowest: its degree and its links.
    pub fn upper_bytes(self) -> usize {
        (4 + 4 * self.links).next_multiple_of(LINE)
    }
}

/// What orders rows and gives them levels.
pub fn hash_of(seed: u64, id: u64) -> u64 {
    let mut state = seed ^ id.wrapping_mul(0xd6e8_feb8_6659_fd93);
    split_mix(&mut state)
}

/// The level of a row: at least l with probability `links`^-l.
pub fn level_of(hash: u64, links: usize) -> usize {
    let (mut bound, mut level) = (u64::MAX / links as u64, 0);
    while level < MAX_LEVELS && hash < bound {
        bound /= links as u64;
        level += 1;
    }
    level
}

pub fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(*bytes[at..].first_chunk().expect("four bytes"))
}

pub fn single(bytes: &[u8], at: usize) -> f32 {
    f32::from_bits(word(bytes, at))
}

pub fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(*bytes[at..].first_chunk().expect("two bytes"))
}

pub fn put_half(bytes: &mut [u8], at: usize, value: u16) {
    bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
}

/// The upper half of the least such float32 that is not below a number that is not negative.
pub fn upper_half(value: f32) -> u16 {
    (value.to_bits().div_ceil(1 << 16)) as u16
}

pub fn put_word(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}
