//! Approximate search by lists (an inverted file, IVF): rows are kept in lists, each of rows near one
//! centroid, and a query looks into the few lists whose centroids are near it.
//!
//! The codes of a list are those of `codes` with the centroid as the mean, so that bounds and estimates are
//! what they are there. One rotation serves all lists: a query is turned once, and the turned centroid taken
//! from it.

mod assign;
mod build;
mod direction;
mod merge;
mod quantizer;
mod search;
mod segment;
#[cfg(test)]
mod tests;
mod train;

pub use assign::Assigner;
pub use build::ListBuilder;
pub use direction::{push_directions, typical_length};
pub use merge::{Piece, merge};
pub use quantizer::Quantizer;
pub use search::{IvfSearch, ListCodes};
pub use segment::{Built, Directory, Entry};
pub use train::{Trainer, Training};
