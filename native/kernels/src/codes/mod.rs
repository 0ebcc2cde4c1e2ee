//! Codes of rows: a few bits a coordinate and strict bounds on what they miss, so that a scan reads the
//! codes and scores only the rows that the bounds leave. One code serves l2, dot and cosine.
//!
//! With c the mean and T an orthonormal transform (a rotation, or the leading principal directions and a
//! rotation of those), a row x is r = x - c, and y = T r is coded by two nibbles a coordinate: the high ones
//! alone are a coarse code, both a fine one. What is kept of a row beside them bounds what each misses of y,
//! and what T misses of r.
//!
//! A code is a function of the row and the epoch alone, to the last bit: plain float arithmetic in a fixed
//! order, without fused operations.

pub mod encode;
pub mod layout;
pub mod query;
pub mod rotation;
pub mod transform;

pub use encode::encode;
pub use layout::{CHUNK_ROWS, Chunk, Layout};
pub use transform::Transform;

/// Rows that are coded and scanned together: float32 or sums in the widest vector.
pub const LANES: usize = 16;

/// Stands in until principal directions are there.
pub fn train(
    dtype: crate::distance::Dtype,
    dimensions: usize,
    sample: &[u8],
    seed: u64,
) -> crate::Result<Transform> {
    let mut mean = vec![0f64; dimensions];
    let rows = sample.len() / (dimensions * dtype.bytes()).max(1);
    let mut widened = Vec::new();
    for row in sample.chunks_exact(dimensions * dtype.bytes()) {
        dtype.wide().for_each(dtype.widen(row, &mut widened), |i, x| mean[i] += x / rows as f64);
    }
    Transform::new(seed, mean.into_iter().map(|x| if x.is_finite() { x as f32 } else { 0.0 }).collect(), None)
}
