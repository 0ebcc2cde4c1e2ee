//! Values of a column in their order: blocks of them made for an index, and the rows of ranges read.

use std::sync::{Arc, Mutex, PoisonError};

use kernels::sorted_blocks::{Asked, Builder, Built, Directory, Kind, Parts};
use kernels::{Error, Result};
use napi::Env;
use napi::bindgen_prelude::{Object, Uint8Array, Uint32Array};
use napi_derive::napi;

use crate::arguments::{fail, size};
use crate::filter::FilterColumn;
use crate::spawn::spawn;
use crate::value_sets::ValueSet;

#[napi]
pub struct SortedBlockBuilder(Arc<Mutex<Builder>>);

#[napi(catch_unwind, js_name = "createSortedBlockBuilder")]
pub fn create_sorted_block_builder() -> SortedBlockBuilder {
    SortedBlockBuilder(Arc::default())
}

/// What `Built` of the kernels is.
#[napi(object, object_from_js = false)]
pub struct SortedBlocksMade {
    pub nulls: Option<ValueSet>,
    pub nans: Option<ValueSet>,
    pub blocks: Uint8Array,
    pub pairs: Uint32Array,
    pub lengths: Uint32Array,
    pub sums: Uint32Array,
    pub bounds: Uint8Array,
    pub ends: Uint32Array,
}

#[napi]
impl SortedBlockBuilder {
    /// Whether the rows were taken.
    #[napi(catch_unwind)]
    pub fn add<'env>(&self, env: &'env Env, column: FilterColumn) -> napi::Result<Object<'env>> {
        let builder = Arc::clone(&self.0);
        spawn(env, column, move |column| lock(&builder).add(&column.column()?))
    }

    #[napi(catch_unwind)]
    pub fn add_nulls(&self, rows: f64) -> napi::Result<()> {
        size("rows", rows).and_then(|rows| lock(&self.0).add_nulls(rows)).map_err(fail)
    }

    #[napi(catch_unwind)]
    pub fn held_bytes(&self) -> f64 {
        lock(&self.0).held_bytes() as f64
    }

    #[napi(catch_unwind)]
    pub fn finish<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        spawn(env, Arc::clone(&self.0), |builder| {
            let Built { nulls, nans, blocks, pairs, lengths, sums, bounds, ends } = lock(builder).finish();
            Ok(SortedBlocksMade {
                nulls: nulls.map(ValueSet::from),
                nans: nans.map(ValueSet::from),
                blocks: blocks.into(),
                pairs: pairs.into(),
                lengths: lengths.into(),
                sums: sums.into(),
                bounds: bounds.into(),
                ends: ends.into(),
            })
        })
    }
}

fn lock(builder: &Mutex<Builder>) -> std::sync::MutexGuard<'_, Builder> {
    builder.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A directory as an object has it.
#[napi(object, object_to_js = false)]
pub struct SortedDirectory {
    pub r#type: String,
    pub rows: f64,
    /// Rows that are in no block.
    pub others: f64,
    pub bounds: Uint8Array,
    pub ends: Uint32Array,
    pub pairs: Uint32Array,
    pub lengths: Uint32Array,
    pub sums: Uint32Array,
}

/// Ranges of values; see `Asked` of the kernels.
#[napi(object, object_to_js = false)]
pub struct ValueRanges {
    pub values: Uint8Array,
    pub ends: Uint32Array,
    pub flags: Uint8Array,
    pub inverted: bool,
}

impl ValueRanges {
    fn asked(&self) -> Asked<'_> {
        Asked { values: &self.values, ends: &self.ends, flags: &self.flags, inverted: self.inverted }
    }
}

/// Blocks that are read.
#[napi]
pub struct SortedBlocks(Arc<Directory>);

#[napi(catch_unwind, js_name = "openSortedBlocks")]
pub fn open_sorted_blocks(directory: SortedDirectory) -> napi::Result<SortedBlocks> {
    open(&directory).map(|directory| SortedBlocks(Arc::new(directory))).map_err(fail)
}

fn open(directory: &SortedDirectory) -> Result<Directory> {
    let SortedDirectory { r#type, rows, others, bounds, ends, pairs, lengths, sums } = directory;
    let kind = match &**r#type {
        "int" | "timestamp" => Kind::Int,
        "float" => Kind::Float,
        "string" => Kind::Text,
        other => return Err(Error::invalid(format!("{other:?} has no order"))),
    };
    let (rows, others) = (size("rows", *rows)? as u64, size("others", *others)? as u64);
    Directory::new(&Parts { kind, rows, others, bounds, ends, pairs, lengths, sums })
}

struct Selection {
    ranges: ValueRanges,
    blocks: Uint32Array,
    pieces: Vec<Uint8Array>,
}

#[napi]
impl SortedBlocks {
    /// Blocks that ranges touch, ascending. On the event loop: some 10 µs for a thousand blocks.
    #[napi(catch_unwind)]
    pub fn touched(&self, ranges: ValueRanges) -> napi::Result<Uint32Array> {
        self.0.touched(&ranges.asked()).map(Uint32Array::from).map_err(fail)
    }

    /// The rows of ranges, of blocks that are read.
    #[napi(catch_unwind)]
    pub fn select<'env>(
        &self,
        env: &'env Env,
        ranges: ValueRanges,
        blocks: Uint32Array,
        pieces: Vec<Uint8Array>,
    ) -> napi::Result<Object<'env>> {
        let directory = Arc::clone(&self.0);
        spawn(env, Selection { ranges, blocks, pieces }, move |Selection { ranges, blocks, pieces }| {
            let pieces = pieces.iter().map(|piece| &**piece);
            directory.select(&ranges.asked(), blocks, pieces).map(ValueSet::from)
        })
    }
}
