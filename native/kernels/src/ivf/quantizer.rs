//! The coarse quantizer: centroids, and which of them are near a row or a query.

use std::sync::{Arc, OnceLock};

use super::direction::mean_length;
use crate::arch::Tier;
use crate::codes::encode::WHOLE_CODES;
use crate::codes::estimate::Turned;
use crate::codes::{CHUNK_ROWS, Transform, encode};
use crate::distance::{Dtype, Metric};
use crate::{Error, Result};

/// More lists than this are no coarse quantizer any more.
const MAX_LISTS: usize = 1 << 20;

pub struct Quantizer {
    pub transform: Arc<Transform>,
    /// Of each centroid the step of its numbers, float32.
    pub scales: Vec<f32>,
    /// Row-major: of each centroid a number for each dimension; times its step, and the mean of all added,
    /// that is the centroid.
    pub steps: Vec<i8>,
    /// The centroids as a list of codes.
    pub codes: Vec<u8>,
    centres: Vec<OnceLock<Arc<Centre>>>,
    length: OnceLock<f64>,
}

/// What a search needs of one centroid.
pub struct Centre {
    /// With the centroid as its mean.
    pub transform: Arc<Transform>,
    /// The centroid less the mean of all, turned.
    pub turned: Turned,
}

impl Quantizer {
    pub fn new(transform: Arc<Transform>, scales: Vec<f32>, steps: Vec<i8>) -> Result<Self> {
        let lists = scales.len();
        if lists == 0 || lists > MAX_LISTS || steps.len() != lists * transform.dimensions {
            let (steps, dimensions) = (steps.len(), transform.dimensions);
            return Err(Error::corrupt(format!(
                "{steps} numbers are no {lists} centroids of {dimensions} dimensions"
            )));
        }
        let finite = |scale: &f32| scale.is_finite() && *scale >= 0.0;
        if !scales.iter().all(finite) {
            return Err(Error::corrupt("the steps of centroids are finite numbers"));
        }
        let centres = std::iter::repeat_with(OnceLock::new).take(lists).collect();
        let mut quantizer =
            Self { transform, scales, steps, codes: Vec::new(), centres, length: OnceLock::new() };
        // The same on every tier, as all codes.
        let mut rows = Vec::with_capacity(CHUNK_ROWS * quantizer.transform.dimensions * size_of::<f32>());
        for first in (0..lists).step_by(CHUNK_ROWS) {
            rows.clear();
            for list in first..lists.min(first + CHUNK_ROWS) {
                rows.extend(quantizer.centroid(list).flat_map(f32::to_le_bytes));
            }
            quantizer.codes.extend(encode(&quantizer.transform, Dtype::Float32, &rows, None)?);
        }
        Ok(quantizer)
    }

    /// Of centroids as they are, the nearest that can be kept.
    pub fn of_centroids(transform: Arc<Transform>, centroids: &[f32]) -> Result<Self> {
        let dimensions = transform.dimensions;
        let (mut scales, mut steps) = (Vec::new(), Vec::with_capacity(centroids.len()));
        for centroid in centroids.chunks_exact(dimensions) {
            let residual = || centroid.iter().zip(&transform.mean).map(|(x, c)| x - c);
            let largest = residual().fold(0f32, |largest, r| largest.max(r.abs()));
            let scale = largest / 127.0;
            let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
            steps.extend(residual().map(|r| (r * inverse).round().clamp(-127.0, 127.0) as i8));
            scales.push(scale);
        }
        Self::new(transform, scales, steps)
    }

    pub fn lists(&self) -> usize {
        self.scales.len()
    }

    /// The numbers of a centroid.
    pub fn centroid(&self, list: usize) -> impl Iterator<Item = f32> {
        let dimensions = self.transform.dimensions;
        let steps = &self.steps[list * dimensions..][..dimensions];
        let scale = f64::from(self.scales[list]);
        let number = move |(&step, &mean): (&i8, &f32)| (f64::from(mean) + scale * f64::from(step)) as f32;
        steps.iter().zip(&self.transform.mean).map(number)
    }

    /// The mean length of the centroids.
    pub fn length(&self) -> f64 {
        *self.length.get_or_init(|| {
            let centroids: Vec<Vec<f32>> =
                (0..self.lists()).map(|list| self.centroid(list).collect()).collect();
            mean_length(centroids.iter().map(Vec::as_slice))
        })
    }

    /// Made when it is first asked for: a query asks for few of them.
    pub fn centre(&self, list: usize) -> Result<&Arc<Centre>> {
        let Some(made) = self.centres.get(list) else {
            let lists = self.lists();
            return Err(Error::invalid(format!("list {list} of {lists}")));
        };
        if let Some(centre) = made.get() {
            return Ok(centre);
        }
        let transform = self.transform.at(self.centroid(list).collect(), WHOLE_CODES)?;
        let numbers: Vec<f64> = transform.mean.iter().map(|&x| x.into()).collect();
        // Estimates are the same on every tier.
        let kernels = Tier::Scalar.kernels();
        let turned = Turned::new(&self.transform, &kernels, Metric::L2Squared, &numbers);
        let turned = turned.ok_or_else(|| Error::corrupt("a centroid is out of the range of codes"))?;
        Ok(made.get_or_init(|| Arc::new(Centre { transform: Arc::new(transform), turned })))
    }
}
