//! The bytes of a chunk: the codes of up to `CHUNK_ROWS` rows. Sections follow each other in the order of
//! `Section`, each from a multiple of 64 bytes on; numbers are little endian.
//!
//! Nibbles are kept four bytes for eight coordinates: those of the first four coordinates are the low halves.
//! High nibbles are interleaved for 16 rows at a time, four bytes of each in turn, so that one vector is the
//! same coordinates of 16 rows. Low nibbles lie row by row, since one query reads them for few rows.

use super::LANES;
use crate::{Error, Result};

pub const CHUNK_ROWS: usize = 1024;
/// Coordinates of a code are a multiple of this.
pub const STEP: usize = 32;
/// More coordinates could overflow the sums of the scan.
pub const MAX_COORDINATES: usize = 16_384;

const LINE: usize = 64;

/// What a chunk holds of each row, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// float32: a coordinate of the code is this times (code - 127.5).
    Scale,
    /// float32: |r|, to the nearest.
    Length,
    /// float32: at least |y - coarse code|, infinite for a row that cannot be bounded.
    CoarseError,
    /// float32: at least the length of what T misses of r. Only where T misses something.
    Tail,
    /// float32: at least <c, r>.
    Along,
    /// float32: |x|, to the nearest.
    Norm,
    /// float32: at least |y - fine code|.
    FineError,
    /// uint32: CRC32C of the row as it is stored.
    Check,
    HighNibbles,
    LowNibbles,
}

const FACTORS: [Section; 8] = [
    Section::Scale,
    Section::Length,
    Section::CoarseError,
    Section::Tail,
    Section::Along,
    Section::Norm,
    Section::FineError,
    Section::Check,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub coordinates: usize,
    pub has_tail: bool,
}

impl Layout {
    pub fn new(coordinates: usize, has_tail: bool) -> Result<Self> {
        if coordinates == 0 || !coordinates.is_multiple_of(STEP) || coordinates > MAX_COORDINATES {
            return Err(Error::invalid(format!(
                "a code has a multiple of {STEP} coordinates up to {MAX_COORDINATES}, got {coordinates}"
            )));
        }
        Ok(Self { coordinates, has_tail })
    }

    /// Bytes of a row in one of the planes of nibbles.
    pub fn plane_bytes(self) -> usize {
        self.coordinates / 2
    }

    /// Bytes of a chunk of so many rows.
    pub fn chunk_bytes(self, rows: usize) -> usize {
        self.offset(Section::LowNibbles, rows) + padded(rows) * self.plane_bytes()
    }

    /// Bytes of a list of so many rows: whole chunks, and one with what is left.
    pub fn list_bytes(self, rows: usize) -> usize {
        let rest = rows % CHUNK_ROWS;
        let last = if rest == 0 { 0 } else { self.chunk_bytes(rest) };
        rows / CHUNK_ROWS * self.chunk_bytes(CHUNK_ROWS) + last
    }

    /// Where a section begins in a chunk of so many rows.
    pub fn offset(self, section: Section, rows: usize) -> usize {
        let before = FACTORS.into_iter().take_while(|&factor| factor != section);
        let factors = before.filter(|&factor| factor != Section::Tail || self.has_tail).count();
        let planes = usize::from(section == Section::LowNibbles);
        padded(rows) * (factors * size_of::<f32>() + planes * self.plane_bytes())
    }
}

/// Rows with those that fill the last block.
pub fn padded(rows: usize) -> usize {
    rows.next_multiple_of(LANES)
}

/// A chunk that is being read.
#[derive(Clone, Copy)]
pub struct Chunk<'a> {
    pub layout: Layout,
    pub rows: usize,
    bytes: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// `Corrupt` when the bytes are not those of so many rows.
    pub fn new(layout: Layout, rows: usize, bytes: &'a [u8]) -> Result<Self> {
        if rows > CHUNK_ROWS || bytes.len() != layout.chunk_bytes(rows) {
            return Err(Error::corrupt(format!("{} bytes are no codes of {rows} rows", bytes.len())));
        }
        if !bytes.as_ptr().addr().is_multiple_of(align_of::<f32>()) {
            return Err(Error::invalid("codes begin at a multiple of 4 bytes"));
        }
        Ok(Self { layout, rows, bytes })
    }

    /// A number for each row, those of the last block that are no rows included.
    pub fn factors(self, section: Section) -> &'a [f32] {
        let bytes = self.section(section, padded(self.rows) * size_of::<f32>());
        // SAFETY: any bits are a float32, and the bytes are as many, aligned by `new`: sections begin at
        // multiples of 64 bytes.
        let (before, numbers, after) = unsafe { bytes.align_to::<f32>() };
        debug_assert!(before.is_empty() && after.is_empty());
        numbers
    }

    pub fn check(self, row: usize) -> u32 {
        self.factors(Section::Check)[row].to_bits()
    }

    /// The high nibbles of 16 rows.
    pub fn high_block(self, block: usize) -> &'a [u8] {
        let bytes = LANES * self.layout.plane_bytes();
        &self.section(Section::HighNibbles, padded(self.rows) * self.layout.plane_bytes())
            [block * bytes..(block + 1) * bytes]
    }

    /// The low nibbles of a row.
    pub fn low_row(self, row: usize) -> &'a [u8] {
        let bytes = self.layout.plane_bytes();
        &self.section(Section::LowNibbles, padded(self.rows) * bytes)[row * bytes..(row + 1) * bytes]
    }

    /// Asks for what `keep` reads of a row to be in the cache soon.
    pub fn prefetch(self, row: usize) {
        prefetch(self.low_row(row));
        for section in [Section::Scale, Section::Length, Section::FineError] {
            prefetch(std::slice::from_ref(&self.section(section, padded(self.rows) * 4)[row * 4]));
        }
    }

    /// The low nibbles of 16 rows, row by row.
    pub fn low_block(self, block: usize) -> &'a [u8] {
        let bytes = LANES * self.layout.plane_bytes();
        &self.section(Section::LowNibbles, padded(self.rows) * self.layout.plane_bytes())
            [block * bytes..(block + 1) * bytes]
    }

    fn section(self, section: Section, bytes: usize) -> &'a [u8] {
        let start = self.layout.offset(section, self.rows);
        &self.bytes[start..start + bytes]
    }
}

/// The nibbles of eight coordinates of `LANES` rows, as they lie in a chunk: little-endian words.
#[derive(Clone, Copy)]
pub struct Nibbles {
    pub high: [u32; LANES],
    pub low: [u32; LANES],
}

impl Nibbles {
    /// Puts in the code of one of the eight coordinates, of one row.
    #[inline(always)]
    pub fn add(&mut self, coordinate: usize, lane: usize, code: u32) {
        let shift = coordinate % 4 * 8 + coordinate / 4 * 4;
        self.high[lane] |= code >> 4 << shift;
        self.low[lane] |= (code & 0xf) << shift;
    }
}

/// Writes the nibbles of a block of rows into their places of a chunk of so many rows.
pub fn put_nibbles(layout: Layout, rows: usize, block: usize, nibbles: &[Nibbles], chunk: &mut [u8]) {
    let half = layout.plane_bytes();
    let count = (rows - block * LANES).min(LANES);
    let high = &mut chunk[layout.offset(Section::HighNibbles, rows) + block * LANES * half..];
    for (line, nibbles) in high.as_chunks_mut::<LINE>().0.iter_mut().zip(nibbles) {
        for (bytes, word) in line.as_chunks_mut().0.iter_mut().zip(&nibbles.high[..count]) {
            *bytes = word.to_le_bytes();
        }
    }
    let low = &mut chunk[layout.offset(Section::LowNibbles, rows) + block * LANES * half..];
    for (lane, row) in low.chunks_exact_mut(half).take(count).enumerate() {
        for (bytes, nibbles) in row.as_chunks_mut().0.iter_mut().zip(nibbles) {
            *bytes = nibbles.low[lane].to_le_bytes();
        }
    }
}

/// Writes a number of a row into its place.
pub fn put_factor(layout: Layout, rows: usize, section: Section, row: usize, bits: u32, chunk: &mut [u8]) {
    let at = layout.offset(section, rows) + row * size_of::<f32>();
    chunk[at..at + size_of::<f32>()].copy_from_slice(&bits.to_le_bytes());
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn prefetch(bytes: &[u8]) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    for line in bytes.chunks(LINE) {
        // SAFETY: a hint about an address in the slice.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn prefetch(_bytes: &[u8]) {}
