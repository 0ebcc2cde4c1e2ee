//! The bytes of a chunk: the codes of up to `CHUNK_ROWS` rows. Sections follow each other in the order of
//! `Section`, each from a multiple of 64 bytes on; numbers are little endian.
//!
//! Nibbles are kept four bytes for eight coordinates: those of the first four coordinates are the low halves.
//! High nibbles are interleaved for 16 rows at a time, four bytes of each in turn, so that one vector is the
//! same coordinates of 16 rows. Low nibbles lie row by row, since one query reads them for few rows.

use super::LANES;
use super::join::RowSection;
use crate::arch::prefetch_all;
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
    HighNibbles,
    /// Of each row what is read of few rows only: float32, at least |y - fine code|; CRC32C of the row as it
    /// is stored; its low nibbles.
    Records,
}

/// Bytes of a record before its nibbles.
pub const RECORD_HEAD: usize = 8;

pub(crate) const FACTORS: [Section; 6] =
    [Section::Scale, Section::Length, Section::CoarseError, Section::Tail, Section::Along, Section::Norm];

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

    pub fn record_bytes(self) -> usize {
        RECORD_HEAD + self.plane_bytes()
    }

    /// Bytes of a chunk of so many rows.
    pub fn chunk_bytes(self, rows: usize) -> usize {
        self.offset(Section::Records, rows) + padded(rows) * self.record_bytes()
    }

    /// Bytes of a list of so many rows: whole chunks, and one with what is left.
    pub fn list_bytes(self, rows: usize) -> usize {
        list_bytes(rows, |rows| self.chunk_bytes(rows))
    }

    /// What a chunk holds of its rows, in the order of its sections.
    pub fn row_sections(self) -> Vec<RowSection> {
        let factors = FACTORS.into_iter().filter(|&factor| factor != Section::Tail || self.has_tail);
        let mut sections: Vec<_> = factors.map(|_| RowSection::by_row(size_of::<f32>())).collect();
        sections.push(RowSection::interleaved(self.plane_bytes()));
        sections.push(RowSection::by_row(self.record_bytes()));
        sections
    }

    /// Where a section begins in a chunk of so many rows.
    pub fn offset(self, section: Section, rows: usize) -> usize {
        let before = FACTORS.into_iter().take_while(|&factor| factor != section);
        let factors = before.filter(|&factor| factor != Section::Tail || self.has_tail).count();
        let planes = usize::from(section == Section::Records);
        padded(rows) * (factors * size_of::<f32>() + planes * self.plane_bytes())
    }
}

/// Bytes of the chunks of so many rows in one list.
pub fn list_bytes(rows: usize, chunk_bytes: impl Fn(usize) -> usize) -> usize {
    let rest = rows % CHUNK_ROWS;
    let last = if rest == 0 { 0 } else { chunk_bytes(rest) };
    rows / CHUNK_ROWS * chunk_bytes(CHUNK_ROWS) + last
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

    /// Blocks of rows, the last of them with what is left.
    pub fn blocks(self) -> usize {
        self.rows.div_ceil(LANES)
    }

    /// The high nibbles of 16 rows.
    pub fn high_block(self, block: usize) -> &'a [u8] {
        let bytes = LANES * self.layout.plane_bytes();
        &self.section(Section::HighNibbles, padded(self.rows) * self.layout.plane_bytes())
            [block * bytes..(block + 1) * bytes]
    }

    /// The low nibbles of 16 rows, row by row, each as many bytes as a record after the one before.
    pub fn low_block(self, block: usize) -> &'a [u8] {
        let record = self.layout.record_bytes();
        let start = block * LANES * record;
        &self.records()[start + RECORD_HEAD..start + LANES * record]
    }

    pub fn record(self, row: usize) -> Record<'a> {
        let bytes = self.layout.record_bytes();
        Record(&self.records()[row * bytes..(row + 1) * bytes])
    }

    /// Those of the rows, one after the other.
    pub fn all_records(self) -> impl Iterator<Item = Record<'a>> {
        self.records().chunks_exact(self.layout.record_bytes()).take(self.rows).map(Record)
    }

    fn records(self) -> &'a [u8] {
        self.section(Section::Records, padded(self.rows) * self.layout.record_bytes())
    }

    fn section(self, section: Section, bytes: usize) -> &'a [u8] {
        let start = self.layout.offset(section, self.rows);
        &self.bytes[start..start + bytes]
    }
}

/// See `Section::Records`.
#[derive(Clone, Copy)]
pub struct Record<'a>(pub &'a [u8]);

impl<'a> Record<'a> {
    pub fn fine_error(self) -> f32 {
        f32::from_bits(self.word(0))
    }

    pub fn check(self) -> u32 {
        self.word(1)
    }

    pub fn low_nibbles(self) -> &'a [u8] {
        &self.0[RECORD_HEAD..]
    }

    /// Asks for it to be in the cache soon.
    pub fn prefetch(self) {
        prefetch_all(self.0);
    }

    fn word(self, at: usize) -> u32 {
        u32::from_le_bytes(self.0[4 * at..4 * at + 4].try_into().expect("four bytes"))
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
    let record = layout.record_bytes();
    let records = &mut chunk[layout.offset(Section::Records, rows) + block * LANES * record..];
    for (lane, row) in records.chunks_exact_mut(record).take(count).enumerate() {
        for (bytes, nibbles) in row[RECORD_HEAD..].as_chunks_mut().0.iter_mut().zip(nibbles) {
            *bytes = nibbles.low[lane].to_le_bytes();
        }
    }
}

/// Writes a number of a row into its place.
pub fn put_factor(layout: Layout, rows: usize, section: Section, row: usize, bits: u32, chunk: &mut [u8]) {
    let at = layout.offset(section, rows) + row * size_of::<f32>();
    chunk[at..at + size_of::<f32>()].copy_from_slice(&bits.to_le_bytes());
}

/// Writes the head of a row's record.
pub fn put_record(layout: Layout, rows: usize, row: usize, fine_error: f32, check: u32, chunk: &mut [u8]) {
    let at = layout.offset(Section::Records, rows) + row * layout.record_bytes();
    chunk[at..at + 4].copy_from_slice(&fine_error.to_le_bytes());
    chunk[at + 4..at + RECORD_HEAD].copy_from_slice(&check.to_le_bytes());
}
