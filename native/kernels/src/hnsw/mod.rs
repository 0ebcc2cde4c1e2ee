//! Approximate search by a graph (HNSW: Malkov and Yashunin, arXiv 1603.09320) over codes of rows, for data
//! at hand: a query walks from row to nearer row, and the rows that it ends at are scored as those of lists
//! are.

mod build;
mod format;
mod graph;
mod link;
mod merge;
mod reach;
mod rows;
mod search;
mod segment;
mod selection;
#[cfg(test)]
mod tests;
mod validate;
mod walk;

pub use build::{Linker, Linking};
pub use rows::{Encoder, Rows, segment_bytes};
pub use search::{Asked, HnswSearch};
pub use segment::{Built, Segment};
pub use selection::Selection;
pub use validate::validate;
