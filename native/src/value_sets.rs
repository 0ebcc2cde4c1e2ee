//! Which rows have which value of a column: made for an index, and read as bits of rows.

use std::sync::{Arc, Mutex, PoisonError};

use kernels::Result;
use kernels::value_sets::{self, Builder, Refusal, Sets};
use napi::Env;
use napi::bindgen_prelude::{Object, Uint8Array, Uint8ArraySlice, Uint32Array, Uint32ArraySlice};
use napi_derive::napi;

use crate::arguments::{fail, integer, size};
use crate::filter::FilterColumn;
use crate::rows::check_apart;
use crate::spawn::spawn;

#[napi]
pub struct ValueSetBuilder(Arc<Mutex<Builder>>);

#[napi(catch_unwind, js_name = "createValueSetBuilder")]
pub fn create_value_set_builder() -> ValueSetBuilder {
    ValueSetBuilder(Arc::default())
}

#[napi(object, object_from_js = false)]
pub struct ValueSet {
    pub value: Uint8Array,
    pub rows: f64,
    pub set: Uint8Array,
}

impl From<value_sets::ValueSet> for ValueSet {
    fn from(value_sets::ValueSet { value, rows, set }: value_sets::ValueSet) -> Self {
        Self { value: value.into_vec().into(), rows: rows as f64, set: set.into() }
    }
}

#[napi(object, object_from_js = false)]
pub struct ValueSets {
    pub nulls: Option<ValueSet>,
    pub values: Vec<ValueSet>,
}

#[napi]
impl ValueSetBuilder {
    /// Why there are no sets, or nothing.
    #[napi(catch_unwind)]
    pub fn add<'env>(&self, env: &'env Env, column: FilterColumn) -> napi::Result<Object<'env>> {
        let builder = Arc::clone(&self.0);
        spawn(env, column, move |column| {
            let mut builder = builder.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(builder.add(&column.column()?)?.map(|refusal| match refusal {
                Refusal::ManyValues => "values",
                Refusal::LongText => "text",
            }))
        })
    }

    #[napi(catch_unwind)]
    pub fn add_nulls(&self, rows: f64) -> napi::Result<()> {
        let mut builder = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        size("rows", rows).and_then(|rows| builder.add_nulls(rows)).map_err(fail)
    }

    #[napi(catch_unwind)]
    pub fn finish<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        spawn(env, Arc::clone(&self.0), |builder| {
            let made = builder.lock().unwrap_or_else(PoisonError::into_inner).finish();
            let values = made.values.into_iter().map(ValueSet::from).collect();
            Ok(ValueSets { nulls: made.nulls.map(ValueSet::from), values })
        })
    }
}

/// Which rows are wanted of the sets, and what becomes of their bits.
#[napi(object, object_to_js = false)]
pub struct FilledRows {
    /// Rows that the sets are of.
    pub rows: f64,
    pub start: f64,
    pub end: f64,
    pub to: bool,
}

impl FilledRows {
    fn fill<'a>(
        &self,
        pieces: impl IntoIterator<Item = &'a [u8]>,
        (lengths, counts): (&[u32], &[u32]),
        bits: &mut [u8],
    ) -> Result<()> {
        let row = |name, value| integer(name, value, u32::MAX.into());
        let sets = Sets { lengths, counts, rows: row("rows", self.rows)? };
        let window = row("start", self.start)?..row("end", self.end)?;
        value_sets::fill(&sets, pieces, window, self.to, bits)
    }
}

/// On the event loop.
#[napi(catch_unwind, js_name = "fillValueSetsNow")]
pub fn fill_value_sets_now(
    pieces: Vec<Uint8ArraySlice>,
    lengths: Uint32ArraySlice,
    counts: Uint32ArraySlice,
    wanted: FilledRows,
    mut bits: Uint8ArraySlice,
) -> napi::Result<()> {
    pieces.iter().try_for_each(|piece| check_apart(piece, &bits)).map_err(fail)?;
    let numbers = (&*lengths.to_vec(), &*counts.to_vec());
    // SAFETY: JavaScript waits for this call, and the pieces do not overlap the bits, as checked above; the
    // numbers were copied.
    let bits = unsafe { bits.as_mut() };
    wanted.fill(pieces.iter().map(|piece| &**piece), numbers, bits).map_err(fail)
}

struct Filling {
    pieces: Vec<Uint8Array>,
    lengths: Vec<u32>,
    counts: Vec<u32>,
    bits: Uint8Array,
}

/// The same off the event loop.
#[napi(catch_unwind, js_name = "fillValueSets")]
pub fn fill_value_sets(
    env: &Env,
    pieces: Vec<Uint8Array>,
    lengths: Uint32Array,
    counts: Uint32Array,
    wanted: FilledRows,
    bits: Uint8Array,
) -> napi::Result<Object<'_>> {
    pieces.iter().try_for_each(|piece| check_apart(piece, &bits)).map_err(fail)?;
    let filling = Filling { pieces, lengths: lengths.to_vec(), counts: counts.to_vec(), bits };
    spawn(env, filling, move |Filling { pieces, lengths, counts, bits }| {
        // SAFETY: the bits are the caller's to be written; nobody else touches them meanwhile, and the pieces
        // do not overlap them, as checked above.
        let bits = unsafe { std::slice::from_raw_parts_mut(bits.as_ptr().cast_mut(), bits.len()) };
        wanted.fill(pieces.iter().map(|piece| &**piece), (lengths, counts), bits)
    })
}
