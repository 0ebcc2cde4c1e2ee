//! What is subtracted from a row and how it is turned before it is coded.

use std::sync::{Arc, OnceLock};

use super::LANES;
use super::encode::BOTH_CODES;
use super::layout::{Layout, STEP};
use super::product::{TILE_COLUMNS, TILE_ROWS, Tile, dot};
use super::projection;
use super::rotation::{Lane, Rotation};
use crate::arch::Kernels;
use crate::distance::{Padded, Wide};
use crate::{Error, Result};

/// More dimensions could use up the room that is kept for the roundings of float64 sums.
const MAX_DIMENSIONS: usize = 500_000;

/// x becomes T (x - mean), where T rotates, or first projects on a basis.
pub struct Transform {
    pub dimensions: usize,
    pub layout: Layout,
    pub seed: u64,
    pub mean: Vec<f32>,
    /// |mean|.
    pub mean_length: f64,
    /// What misses of whole codes count for where a scale is chosen: `BOTH_CODES`, or `WHOLE_CODES`.
    pub whole_weight: f32,
    turn: Arc<Turn>,
}

/// T.
struct Turn {
    basis: Option<Vec<f32>>,
    /// At least the spectral norm of what the basis is away from an orthonormal one.
    defect: f64,
    /// The basis as `add_tile` reads it, made by the first row that is coded: a search needs none.
    strips: OnceLock<Vec<f64>>,
    rotation: Rotation,
}

impl Transform {
    /// `basis` has any whole number of directions, a multiple of `STEP`.
    pub fn new(seed: u64, mean: Vec<f32>, basis: Option<Vec<f32>>) -> Result<Self> {
        let dimensions = mean.len();
        if dimensions == 0 || basis.iter().flatten().any(|x| !x.is_finite()) {
            return Err(Error::corrupt("the basis of codes is not of finite numbers"));
        }
        if dimensions > MAX_DIMENSIONS {
            return Err(Error::invalid(format!(
                "codes are of up to {MAX_DIMENSIONS} dimensions, got {dimensions}"
            )));
        }
        let coordinates = match &basis {
            None => dimensions.next_multiple_of(STEP),
            Some(basis) if basis.len().is_multiple_of(dimensions) => basis.len() / dimensions,
            Some(_) => return Err(Error::corrupt("a basis has whole directions")),
        };
        let layout = Layout::new(coordinates, basis.is_some())?;
        let defect = basis.as_ref().map_or(0.0, |basis| defect(basis, dimensions));
        if defect > 1e-3 {
            return Err(Error::corrupt(format!("a basis is orthonormal; this one misses it by {defect:e}")));
        }
        let rotation = Rotation::new(seed, coordinates);
        let turn = Turn { basis, defect, strips: OnceLock::new(), rotation };
        let (empty, whole_weight) = (Vec::new(), BOTH_CODES);
        let turn = Arc::new(turn);
        Self { dimensions, layout, seed, mean: empty, mean_length: 0.0, whole_weight, turn }
            .at(mean, whole_weight)
    }

    /// The same T with another mean.
    pub fn at(&self, mean: Vec<f32>, whole_weight: f32) -> Result<Self> {
        if mean.len() != self.dimensions || mean.iter().any(|x| !x.is_finite()) {
            return Err(Error::corrupt("the mean of codes is not of as many finite numbers as rows"));
        }
        let mean_length = mean.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
        let &Self { dimensions, layout, seed, .. } = self;
        let turn = Arc::clone(&self.turn);
        Ok(Self { dimensions, layout, seed, mean, mean_length, whole_weight, turn })
    }

    /// Row-major, `layout.coordinates` directions; none for a rotation of all dimensions.
    pub fn basis(&self) -> Option<&[f32]> {
        self.turn.basis.as_deref()
    }

    pub(super) fn defect(&self) -> f64 {
        self.turn.defect
    }

    /// How far `apply` can be from the orthonormal transform, as a part of the length of what went in.
    pub fn error(&self) -> f64 {
        // Sums of products in float64, then one rounding to float32.
        let project = (self.dimensions as f64 + 16.0) * (self.dimensions as f64).sqrt() * f64::EPSILON;
        self.turn.defect + self.turn.rotation.error() + project + 2.0 * f64::from(f32::EPSILON)
    }

    /// The coordinates of one vector, in float64: closer to the orthonormal transform than `error` says.
    pub fn apply_to_one(&self, kernels: &Kernels, residual: &[f64]) -> Vec<f64> {
        let mut coordinates = match &self.turn.basis {
            None => residual.to_vec(),
            Some(basis) => {
                let residual = Padded::new(residual);
                let mut dot = [0.0];
                let directions = basis.chunks_exact(self.dimensions);
                let product = |direction: &[f32]| {
                    let bytes: &[u8] = bytes_of(direction);
                    kernels.floats(Wide::Float32, false, bytes, &[&residual], &mut dot);
                    dot[0]
                };
                directions.map(product).collect()
            }
        };
        coordinates.resize(self.layout.coordinates, 0.0);
        self.turn.rotation.apply(&mut coordinates);
        coordinates
    }

    /// The same in float32, for residuals of which the length is one that rows may have: farther from the
    /// orthonormal transform by `rough_error`.
    pub fn apply_roughly(&self, kernels: &Kernels, residual: &[f64]) -> Vec<f64> {
        let Some(basis) = &self.turn.basis else { return self.apply_to_one(kernels, residual) };
        let narrow: Vec<f32> = residual.iter().map(|&x| x as f32).collect();
        let mut coordinates = vec![0.0; self.layout.coordinates];
        let directions = basis.len() / self.dimensions;
        kernels.project(basis, &narrow, &mut coordinates[..directions]);
        self.turn.rotation.apply(&mut coordinates);
        coordinates
    }

    /// What `apply_roughly` may add to `error`, as a part of the length of what went in.
    pub fn rough_error(&self) -> f64 {
        match &self.turn.basis {
            None => 0.0,
            // Of each coordinate; the directions have the length 1, but for the defect.
            Some(_) => projection::error_factor(self.dimensions) * (self.layout.coordinates as f64).sqrt(),
        }
    }

    /// `residuals` is a number for each dimension, of `LANES` rows. `project` is `add_tile`, not fused.
    #[inline(always)]
    pub fn apply(
        &self,
        residuals: &[[f64; LANES]],
        project: impl Fn(&[f64], &[f64], &mut Tile),
        into: &mut Vec<Lane>,
    ) {
        into.clear();
        match &self.turn.basis {
            None => {
                into.extend(residuals.iter().map(|lane| lane.map(|x| x as f32)));
                into.resize(self.layout.coordinates, [0.0; LANES]);
            }
            // Whatever the tier, each sum is of products in the order of the dimensions.
            Some(basis) => {
                let residuals = residuals.as_flattened();
                let strips = self.turn.strips.get_or_init(|| strips(basis, self.dimensions));
                for strip in strips.chunks_exact(self.dimensions * TILE_ROWS) {
                    let mut tile = [[0.0; LANES]; TILE_ROWS];
                    project(strip, residuals, &mut tile);
                    into.extend(tile.map(|sums| sums.map(|sum| sum as f32)));
                }
            }
        }
        self.turn.rotation.apply(into);
    }
}

/// Little endian, as rows are.
fn bytes_of(numbers: &[f32]) -> &[u8] {
    const { assert!(cfg!(target_endian = "little")) };
    // SAFETY: a float32 is four bytes of any kind, and bytes need no alignment.
    unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), size_of_val(numbers)) }
}

/// `TILE_ROWS` directions at a time, of each dimension their numbers in turn.
fn strips(basis: &[f32], dimensions: usize) -> Vec<f64> {
    const { assert!(STEP.is_multiple_of(TILE_ROWS) && LANES == TILE_COLUMNS) };
    let strips = basis.chunks_exact(dimensions * TILE_ROWS);
    let numbers = strips.flat_map(|strip| {
        (0..dimensions).flat_map(move |i| strip.iter().skip(i).step_by(dimensions).map(|&x| f64::from(x)))
    });
    numbers.collect()
}

/// The Frobenius norm of `B B^T - I`, with what computing it may miss. It bounds the distance of B to the
/// orthonormal matrix next to it: for a singular value s that is |s - 1| <= |s^2 - 1|.
fn defect(basis: &[f32], dimensions: usize) -> f64 {
    let mut squares = 0.0;
    let basis: Vec<f64> = basis.iter().map(|&x| x.into()).collect();
    let rows = || basis.chunks_exact(dimensions);
    for (i, a) in rows().enumerate() {
        for (j, b) in rows().enumerate().take(i + 1) {
            let missed = (dot(a, b) - f64::from(u8::from(i == j))).abs() + dimensions as f64 * f64::EPSILON;
            squares += missed * missed * if i == j { 1.0 } else { 2.0 };
        }
    }
    squares.sqrt() * (1.0 + 1e-9)
}
