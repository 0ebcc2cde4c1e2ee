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

#[cfg(test)]
mod bound_tests;
pub mod check;
pub mod encode;
pub mod estimate;
pub mod join;
pub mod layout;
pub mod norms;
pub mod principal;
pub mod product;
pub mod projection;
pub mod query;
pub mod rotation;
pub mod signs;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod transform;

pub use encode::{encode, encode_with_signs};
pub use join::{join_codes, join_signs};
pub use layout::{CHUNK_ROWS, Chunk, Layout};
pub use norms::Norms;
pub use principal::train;
pub use signs::SignLayout;
pub use transform::Transform;

/// Rows that are coded and scanned together: float32 or sums in the widest vector.
pub const LANES: usize = 16;
