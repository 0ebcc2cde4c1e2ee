//! Pure kernels: bytes in, bytes or numbers out. Nothing here knows napi, datasets or object stores.

mod arch;
pub mod codes;
pub mod convert;
pub mod crc;
pub mod digest;
mod distance;
pub mod elementwise;
pub mod error;
mod exact;
pub mod file;
pub mod filter;
pub mod hnsw;
pub mod ivf;
mod mutants;
pub mod object_file;
pub mod parity;
pub mod placement;
pub mod resident;
pub mod rows;
pub mod rowset;
pub mod scan;
pub mod scratch;
pub mod sorted_blocks;
pub mod statistics;
#[cfg(test)]
mod testing;
pub mod text;
mod topk;
pub mod value_sets;

pub use error::{Code, Error, Result, catch_panic};
