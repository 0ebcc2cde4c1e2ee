//! What is subtracted from a row and how it is turned before it is coded.

use super::LANES;
use super::layout::{Layout, STEP};
use super::rotation::{Lane, Rotation};
use crate::{Error, Result};

/// More dimensions could use up the room that is kept for the roundings of float64 sums.
const MAX_DIMENSIONS: usize = 500_000;

/// x becomes T (x - mean), where T rotates, or first projects on a basis.
pub struct Transform {
    pub dimensions: usize,
    pub layout: Layout,
    pub seed: u64,
    pub mean: Vec<f32>,
    /// Row-major, `layout.coordinates` directions; none for a rotation of all dimensions.
    pub basis: Option<Vec<f32>>,
    /// At least the spectral norm of what the basis is away from an orthonormal one.
    defect: f64,
    rotation: Rotation,
    /// |mean|, and at least the error of the computed `mean` sums as a part of it.
    pub mean_length: f64,
}

impl Transform {
    /// `basis` has any whole number of directions, a multiple of `STEP`.
    pub fn new(seed: u64, mean: Vec<f32>, basis: Option<Vec<f32>>) -> Result<Self> {
        let dimensions = mean.len();
        if dimensions == 0 || mean.iter().chain(basis.iter().flatten()).any(|x| !x.is_finite()) {
            return Err(Error::corrupt("the mean or the basis of codes is not of finite numbers"));
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
        let mean_length = mean.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
        let rotation = Rotation::new(seed, coordinates);
        Ok(Self { dimensions, layout, seed, mean, basis, defect, rotation, mean_length })
    }

    /// How far `apply` can be from the orthonormal transform, as a part of the length of what went in.
    pub fn error(&self) -> f64 {
        // Sums of products in float64, then one rounding to float32.
        let project = (self.dimensions as f64 + 16.0) * (self.dimensions as f64).sqrt() * f64::EPSILON;
        self.defect + self.rotation.error() + project + 2.0 * f64::from(f32::EPSILON)
    }

    /// `residuals` is a number for each dimension, of `LANES` rows.
    #[inline(always)]
    pub fn apply(&self, residuals: &[[f64; LANES]], into: &mut Vec<Lane>) {
        into.clear();
        match &self.basis {
            None => {
                into.extend(residuals.iter().map(|lane| lane.map(|x| x as f32)));
                into.resize(self.layout.coordinates, [0.0; LANES]);
            }
            Some(basis) => into.extend(basis.chunks_exact(self.dimensions).map(|direction| {
                let mut sums = [0.0; LANES];
                for (&weight, residual) in direction.iter().zip(residuals) {
                    for lane in 0..LANES {
                        sums[lane] += f64::from(weight) * residual[lane];
                    }
                }
                sums.map(|sum| sum as f32)
            })),
        }
        self.rotation.apply(into);
    }
}

/// The Frobenius norm of `B B^T - I`, with what computing it may miss. It bounds the distance of B to the
/// orthonormal matrix next to it: for a singular value s that is |s - 1| <= |s^2 - 1|.
fn defect(basis: &[f32], dimensions: usize) -> f64 {
    let mut squares = 0.0;
    let rows = || basis.chunks_exact(dimensions);
    for (i, a) in rows().enumerate() {
        for (j, b) in rows().enumerate().take(i + 1) {
            let dot: f64 = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            let missed = (dot - f64::from(u8::from(i == j))).abs() + dimensions as f64 * f64::EPSILON;
            squares += missed * missed * if i == j { 1.0 } else { 2.0 };
        }
    }
    squares.sqrt() * (1.0 + 1e-9)
}
