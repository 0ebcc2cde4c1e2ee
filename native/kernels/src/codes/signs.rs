//! One bit a coordinate: the signs of T r, from which the product of a row with a query is estimated.
//!
//! With s the signs of y = T r (1 or -1 for each coordinate), <y, z> is near g <s, z> for
//! g = |y|^2 / <s, y>: the estimator of RaBitQ (Gao and Long, arXiv 2405.12497), exact where z is y. The
//! correction g is kept of a row beside its signs. Of what T misses nothing is known, and its product is
//! taken for 0.
//!
//! The bytes of a chunk: the sections of `SignSection`, one after the other, each from a multiple of 64 bytes
//! on. Signs are interleaved for 16 rows at a time, four bytes of each in turn: 32 coordinates of a row.

use super::estimate::{QueryParts, Turned};
use super::join::RowSection;
use super::layout::{CHUNK_ROWS, Layout, list_bytes, padded};
use super::rotation::Lane;
use super::{LANES, Transform};
use crate::arch::{Kernels, PLANES};
use crate::distance::Metric;
use crate::{Error, Result};

/// Coordinates whose signs are a word.
const WORD: usize = 32;
const WORD_BYTES: usize = WORD / 8;

/// What a chunk holds of each row, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignSection {
    /// float32: g, not finite for a row without an estimate.
    Correction,
    /// float32, as in a chunk of codes.
    Length,
    Along,
    Norm,
    /// A bit is 1 where the coordinate is not negative.
    Signs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignLayout {
    pub coordinates: usize,
}

impl SignLayout {
    pub fn of(layout: Layout) -> Self {
        Self { coordinates: layout.coordinates }
    }

    /// Bytes of the signs of a row.
    fn sign_bytes(self) -> usize {
        self.coordinates / 8
    }

    /// Bytes of a chunk of so many rows.
    pub fn chunk_bytes(self, rows: usize) -> usize {
        self.offset(SignSection::Signs, rows) + padded(rows) * self.sign_bytes()
    }

    /// Bytes of a list of so many rows: whole chunks, and one with what is left.
    pub fn list_bytes(self, rows: usize) -> usize {
        list_bytes(rows, |rows| self.chunk_bytes(rows))
    }

    /// What a chunk holds of its rows, in the order of its sections.
    pub fn row_sections(self) -> Vec<RowSection> {
        let mut sections = vec![RowSection::by_row(size_of::<f32>()); SignSection::Signs as usize];
        sections.push(RowSection::interleaved(self.sign_bytes()));
        sections
    }

    /// Where a section begins in a chunk of so many rows.
    fn offset(self, section: SignSection, rows: usize) -> usize {
        padded(rows) * section as usize * size_of::<f32>()
    }
}

/// A chunk that is being read.
#[derive(Clone, Copy)]
pub struct SignChunk<'a> {
    layout: SignLayout,
    pub rows: usize,
    bytes: &'a [u8],
}

impl<'a> SignChunk<'a> {
    /// `Corrupt` when the bytes are not those of so many rows.
    pub fn new(layout: SignLayout, rows: usize, bytes: &'a [u8]) -> Result<Self> {
        if rows > CHUNK_ROWS || bytes.len() != layout.chunk_bytes(rows) {
            return Err(Error::corrupt(format!("{} bytes are no bits of {rows} rows", bytes.len())));
        }
        Ok(Self { layout, rows, bytes })
    }

    /// A number of each row of a block, those that are no rows included.
    #[inline(always)]
    pub fn factors(self, section: SignSection, block: usize) -> [f32; LANES] {
        let start = self.layout.offset(section, self.rows) + block * LANES * size_of::<f32>();
        let numbers = self.bytes[start..start + LANES * size_of::<f32>()].as_chunks().0;
        std::array::from_fn(|lane| f32::from_le_bytes(numbers[lane]))
    }

    /// The signs of 16 rows.
    #[inline(always)]
    pub fn signs(self, block: usize) -> &'a [u8] {
        let bytes = LANES * self.layout.sign_bytes();
        let start = self.layout.offset(SignSection::Signs, self.rows) + block * bytes;
        &self.bytes[start..start + bytes]
    }
}

/// What is kept of a row beside its signs; without `bounded` it has no estimate.
pub struct Kept {
    pub bounded: bool,
    pub length: f32,
    pub along: f32,
    pub norm: f32,
}

/// Writes up to 16 rows into their places of a chunk of so many rows.
pub fn put(
    layout: SignLayout,
    rows: usize,
    block: usize,
    coordinates: &[Lane],
    kept: impl Iterator<Item = Kept>,
    chunk: &mut [u8],
) {
    let count = (rows - block * LANES).min(LANES);
    let start = layout.offset(SignSection::Signs, rows) + block * LANES * layout.sign_bytes();
    let (mut squares, mut sums) = ([0.0; LANES], [0.0; LANES]);
    for (word, coordinates) in coordinates.chunks_exact(WORD).enumerate() {
        let mut signs = [0u32; LANES];
        for (i, coordinate) in coordinates.iter().enumerate() {
            for lane in 0..LANES {
                let y = f64::from(coordinate[lane]);
                signs[lane] |= u32::from(coordinate[lane] >= 0.0) << i;
                squares[lane] += y * y;
                sums[lane] += y.abs();
            }
        }
        let line = &mut chunk[start + word * LANES * WORD_BYTES..];
        for (bytes, signs) in line.as_chunks_mut().0.iter_mut().zip(&signs[..count]) {
            *bytes = signs.to_le_bytes();
        }
    }
    for (lane, Kept { bounded, length, along, norm }) in kept.take(count).enumerate() {
        let correction = match sums[lane] {
            _ if !bounded => f32::NAN,
            0.0 => 0.0,
            sum => (squares[lane] / sum) as f32,
        };
        let factors = [
            (SignSection::Correction, correction),
            (SignSection::Length, length),
            (SignSection::Along, along),
            (SignSection::Norm, norm),
        ];
        for (section, value) in factors {
            let at = layout.offset(section, rows) + (block * LANES + lane) * size_of::<f32>();
            chunk[at..at + size_of::<f32>()].copy_from_slice(&value.to_le_bytes());
        }
    }
}

/// A query as signs are scanned with: T (q - c) is near `unit` times whole numbers from -7 to 7.
pub struct SignQuery {
    parts: QueryParts,
    /// Of each 32 coordinates the bits of their numbers, as two's complement has them.
    pub planes: Vec<[u32; PLANES]>,
    /// The sum of the numbers.
    total: i32,
    unit: f64,
}

impl SignQuery {
    /// None for a query whose numbers are out of the range in which rows have signs.
    pub fn new(transform: &Transform, kernels: &Kernels, metric: Metric, query: &[f64]) -> Option<Self> {
        let Turned { parts, coordinates, .. } = Turned::new(transform, kernels, metric, query)?;
        let largest = coordinates.iter().fold(0.0, |largest: f64, z| largest.max(z.abs()));
        let unit = if largest > 0.0 { largest / 7.0 } else { 1.0 };
        let whole: Vec<i32> = coordinates.iter().map(|z| (z / unit).round() as i32).collect();
        let planes = whole.chunks(WORD).map(|whole| {
            std::array::from_fn(|plane| {
                let bits = whole.iter().enumerate().map(|(i, w)| (*w as u32 >> plane & 1) << i);
                bits.sum()
            })
        });
        Some(Self { parts, planes: planes.collect(), total: whole.iter().sum(), unit })
    }

    /// Of numbers of which only the bits are known: for products alone, in units of 1.
    #[cfg(test)]
    pub fn of_planes(planes: Vec<[u32; PLANES]>) -> Self {
        let parts = QueryParts { metric: Metric::Dot, squared: 0.0, along: 0.0, norm: 0.0 };
        Self { parts, planes, total: 0, unit: 1.0 }
    }

    /// The keys of the rows of a block, from the sums of the query's numbers where a row's bit is 1; see
    /// `SignKernel::estimate`. Inlined into a function per tier, so that the compiler makes vectors of the
    /// lanes; each step rounds as it stands here.
    #[inline(always)]
    pub fn keys(
        &self,
        chunk: SignChunk<'_>,
        block: usize,
        sums: &[i32; LANES],
        threshold: f64,
        keys: &mut [f64; LANES],
    ) -> u32 {
        let correction = chunk.factors(SignSection::Correction, block);
        let product =
            |lane: usize| f64::from(correction[lane]) * (self.unit * f64::from(2 * sums[lane] - self.total));
        let factors = |section| chunk.factors(section, block);
        if self.parts.metric.is_l2() {
            let length = factors(SignSection::Length);
            for lane in 0..LANES {
                keys[lane] = self.parts.key(product(lane), length[lane].into(), 0.0, 0.0);
            }
        } else {
            let (along, norm) = (factors(SignSection::Along), factors(SignSection::Norm));
            for lane in 0..LANES {
                keys[lane] = self.parts.key(product(lane), 0.0, along[lane].into(), norm[lane].into());
            }
        }
        let mut left = 0;
        for (lane, &key) in keys.iter().enumerate() {
            let is_above = key > threshold;
            left |= u32::from(!is_above) << lane;
        }
        left
    }
}
