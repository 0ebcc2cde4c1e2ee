//! The napi boundary. One file per exported group; each only converts, spawns and maps errors.
//!
//! Bytes that work off the event loop reads stay JavaScript's: the caller neither writes nor transfers them
//! until the promise settles; bytes that such work writes are not looked at before. They are kept from the
//! collector until then.
// Under test the napi macros export nothing, so that nothing here is used.
#![cfg_attr(test, allow(dead_code, unused_imports))]

mod arguments;
mod bits;
mod certify;
mod checksum;
mod codes;
mod convert;
mod elementwise;
mod file;
mod filter;
mod hnsw_build;
mod hnsw_search;
mod ivf_build;
mod ivf_here;
mod ivf_merge;
mod ivf_search;
mod join;
mod object_file;
mod parity;
mod rows;
mod rowset;
mod scan;
mod search;
mod sorted_blocks;
mod spawn;
mod statistics;
mod text;
mod value_sets;
