//! Epochs and rows for the tests of codes, and what codes claim, worked out in float64 without their code.

use super::rotation::{Rotation, split_mix, tests::reference};
use super::{CHUNK_ROWS, Chunk, LANES, Layout, Norms, Transform};
use crate::distance::Dtype;
use crate::testing::{bytes_of, numbers};
use proptest::prelude::*;

/// Numbers from -1 to 1 that repeat from run to run.
pub fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || (split_mix(&mut state) >> 11) as f64 / 2f64.powi(52) - 1.0
}

pub fn length(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}

pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

#[derive(Clone, Debug)]
pub struct Setup {
    pub dtype: Dtype,
    pub dimensions: usize,
    /// Directions of the basis; 0 for none.
    pub directions: usize,
    pub rows: usize,
    pub scale: f64,
    /// Of the mean, in scales.
    pub offset: f64,
    /// By so much the first direction of the basis is too long.
    pub stretch: f64,
    pub seed: u64,
}

pub fn setup(exponents: std::ops::Range<i32>) -> impl Strategy<Value = Setup> {
    let offsets = prop::sample::select(vec![0.0, 1.0, -30.0, 1e4]);
    let dtype = prop_oneof![prop::sample::select(Dtype::ALL.to_vec()), Just(Dtype::Float32)];
    let stretch = prop::sample::select(vec![0.0, 4e-4, -4e-4]);
    (dtype, 1usize..80, any::<bool>(), 1usize..36, exponents, offsets, stretch, any::<u64>()).prop_map(
        |(dtype, dimensions, has_basis, rows, exponent, offset, stretch, seed)| Setup {
            dtype,
            dimensions,
            directions: if has_basis { dimensions / 32 * 32 } else { 0 },
            rows,
            scale: 10f64.powi(exponent),
            offset,
            stretch,
            seed,
        },
    )
}

/// A transform with its rows, and the orthonormal matrix that it stands for.
pub struct Epoch {
    pub transform: Transform,
    pub matrix: Vec<Vec<f64>>,
    pub dtype: Dtype,
    pub bytes: Vec<u8>,
    /// As they are stored.
    pub rows: Vec<Vec<f64>>,
    pub mean: Vec<f64>,
}

impl Epoch {
    pub fn new(setup: &Setup) -> Self {
        let Setup { dtype, dimensions, directions, scale, offset, seed, .. } = *setup;
        let mut next = noise(seed);
        // Integers are of the size that their type has.
        let (scale, offset) = match dtype {
            Dtype::Float32 | Dtype::Float64 => (scale, offset * scale),
            Dtype::Float16 => (1.0, offset.min(100.0)),
            Dtype::Bool => (2.0, 0.0),
            Dtype::Int8 | Dtype::Uint8 => (60.0, 60.0),
            _ => (3e4, 3e4),
        };
        let mean: Vec<f32> = (0..dimensions).map(|_| (offset + scale * next()) as f32).collect();
        let mut basis = (directions > 0).then(|| orthonormal(directions, dimensions, &mut next));
        if let Some(basis) = &mut basis {
            basis[0].iter_mut().for_each(|x| *x *= 1.0 + setup.stretch);
        }
        let stored: Option<Vec<f32>> =
            basis.as_ref().map(|basis| basis.iter().flatten().map(|&x| x as f32).collect());
        let transform = Transform::new(seed, mean.clone(), stored.clone()).unwrap();
        let matrix = matrix(&transform, stored.as_deref());
        let mean: Vec<f64> = mean.into_iter().map(f64::from).collect();
        let mut epoch = Self { transform, matrix, dtype, bytes: Vec::new(), rows: Vec::new(), mean };
        for i in 0..setup.rows {
            let row = epoch.row(i, scale, &mut next);
            epoch.bytes.extend(row.iter().flat_map(|&x| bytes_of(dtype, x)));
        }
        let rows = epoch.bytes.chunks(dimensions * dtype.bytes());
        epoch.rows = rows.map(|row| numbers(dtype, row)).collect();
        epoch
    }

    /// A row of one of the kinds in turn.
    fn row(&self, i: usize, scale: f64, next: &mut impl FnMut() -> f64) -> Vec<f64> {
        let mean = &self.mean;
        let at = i % mean.len();
        match i % 8 {
            0 => mean.clone(),
            1 => vec![0.0; mean.len()],
            2 => mean.iter().enumerate().map(|(d, c)| if d == at { c + scale } else { *c }).collect(),
            3 => mean.iter().map(|c| c + scale * next().signum()).collect(),
            4 => mean.iter().map(|c| c * (1.0 + 1e-5 * next())).collect(),
            // Its code misses nothing, so that only the error of the transform is left.
            5 => {
                let turned: Vec<f64> = self.matrix.iter().map(|_| scale * next().signum()).collect();
                mean.iter().zip(self.turn_back(&turned)).map(|(c, x)| c + x).collect()
            }
            _ => mean.iter().map(|c| c + scale * next()).collect(),
        }
    }

    pub fn turn(&self, row: &[f64]) -> Vec<f64> {
        let residual = difference(row, &self.mean);
        self.matrix.iter().map(|direction| dot(direction, &residual)).collect()
    }

    pub fn turn_back(&self, turned: &[f64]) -> Vec<f64> {
        let mut back = vec![0.0; self.mean.len()];
        for (direction, weight) in self.matrix.iter().zip(turned) {
            back.iter_mut().zip(direction).for_each(|(into, x)| *into += weight * x);
        }
        back
    }
}

/// Gram and Schmidt, twice.
fn orthonormal(directions: usize, dimensions: usize, next: &mut impl FnMut() -> f64) -> Vec<Vec<f64>> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    while basis.len() < directions {
        let mut direction: Vec<f64> = (0..dimensions).map(|_| next()).collect();
        for _ in 0..2 {
            for other in &basis {
                let along = dot(&direction, other);
                direction.iter_mut().zip(other).for_each(|(x, y)| *x -= along * y);
            }
            let length = length(&direction);
            direction.iter_mut().for_each(|x| *x /= length);
        }
        basis.push(direction);
    }
    basis
}

/// The rotation times the orthonormal matrix next to the stored basis, which Newton and Schulz converge to.
fn matrix(transform: &Transform, basis: Option<&[f32]>) -> Vec<Vec<f64>> {
    let (dimensions, coordinates) = (transform.dimensions, transform.layout.coordinates);
    let mut directions: Vec<Vec<f64>> = match basis {
        Some(basis) => basis.chunks(dimensions).map(|row| row.iter().map(|&x| x.into()).collect()).collect(),
        None => {
            (0..coordinates).map(|i| (0..dimensions).map(|j| f64::from(u8::from(i == j))).collect()).collect()
        }
    };
    for _ in 0..if basis.is_some() { 3 } else { 0 } {
        let next = directions.iter().map(|a| {
            let mut row: Vec<f64> = a.iter().map(|x| 1.5 * x).collect();
            for b in &directions {
                let half = 0.5 * dot(a, b);
                row.iter_mut().zip(b).for_each(|(x, y)| *x -= half * y);
            }
            row
        });
        directions = next.collect();
    }
    let rotation = Rotation::new(transform.seed, coordinates);
    let columns: Vec<Vec<f64>> = (0..dimensions)
        .map(|j| reference(&rotation, &directions.iter().map(|row| row[j]).collect::<Vec<_>>()))
        .collect();
    (0..coordinates).map(|i| columns.iter().map(|column| column[i]).collect()).collect()
}

/// What a chunk says of a row, read by the documented layout alone.
#[derive(Debug)]
pub struct Stored {
    pub scale: f64,
    pub coarse_error: f64,
    pub tail: f64,
    pub along: f64,
    pub norm: f64,
    pub length: f64,
    pub fine_error: f64,
    pub check: u32,
    pub codes: Vec<u8>,
}

impl Stored {
    pub fn of(transform: &Transform, chunk: &[u8], rows: usize, row: usize) -> Self {
        let (padded, half) = (rows.div_ceil(LANES) * LANES, transform.layout.coordinates / 2);
        let mut start = 0;
        let mut factor = || {
            let bytes = chunk[start + 4 * row..][..4].try_into().unwrap();
            start += 4 * padded;
            u32::from_le_bytes(bytes)
        };
        let mut single = || f64::from(f32::from_bits(factor()));
        let [scale, length, coarse_error] = [single(), single(), single()];
        let tail = if transform.basis().is_some() { single() } else { 0.0 };
        let [along, norm] = [single(), single()];
        let (high, record) = (start, start + padded * half + row * (8 + half));
        let word = |at: usize| u32::from_le_bytes(chunk[record + at..][..4].try_into().unwrap());
        let (fine_error, check) = (f64::from(f32::from_bits(word(0))), word(4));
        let codes = (0..transform.layout.coordinates).map(|i| {
            let (group, byte) = (i / 8, i % 4);
            let nibble = |byte: u8| if i % 8 < 4 { byte & 15 } else { byte >> 4 };
            let high = chunk[high + (row / 16 * 16 * half) + group * 64 + row % 16 * 4 + byte];
            let low = chunk[record + 8 + group * 4 + byte];
            nibble(high) << 4 | nibble(low)
        });
        let codes = codes.collect();
        Self { scale, coarse_error, tail, along, norm, length, fine_error, check, codes }
    }

    pub fn fine(&self) -> Vec<f64> {
        self.codes.iter().map(|&code| self.scale * (f64::from(code) - 127.5)).collect()
    }

    pub fn coarse(&self) -> Vec<f64> {
        self.codes.iter().map(|&code| self.scale * (f64::from(code & 0xf0) + 7.5 - 127.5)).collect()
    }
}

/// The norms of the rows of a list of codes.
pub fn norms_of(layout: Layout, rows: usize, list: &[u8]) -> Norms {
    let chunks = list.chunks(layout.chunk_bytes(CHUNK_ROWS)).enumerate();
    let norms = chunks.map(|(i, bytes)| {
        let rows = (rows - i * CHUNK_ROWS).min(CHUNK_ROWS);
        Norms::of(Chunk::new(layout, rows, bytes).expect("codes of a list"))
    });
    norms.fold(Norms::NONE, Norms::join)
}
