//! Which rows have which value: what an index of an attribute holds.
//!
//! A set is a 32-bit roaring bitmap in the portable serialisation (RoaringFormatSpec) of the numbers of rows.
//! `build.rs` makes the sets of a column, `fill.rs` makes bits of rows of them. Bytes are never trusted.

mod build;
mod fill;

pub(crate) use build::encoded;
pub use build::{Builder, Refusal, ValueSet, ValueSets};
pub use fill::{Sets, fill};

/// Containers have the rows of one high word of 16 bits.
const CONTAINER_ROWS: usize = 1 << 16;
/// Members of an array container at most; one with more is bits.
const MOST_LISTED: usize = 4096;
