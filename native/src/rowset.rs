//! Row sets, as bytes on the JavaScript side.

use kernels::rowset::{MAX_ID, RowSet};
use napi::Env;
use napi::bindgen_prelude::{Float64Array, Float64ArraySlice, Uint8Array, Uint8ArraySlice};
use napi_derive::napi;

use crate::arguments::{bytes, fail, ids, integer};

#[napi(catch_unwind, js_name = "rowSetFromSorted")]
pub fn row_set_from_sorted(env: Env, sorted: Float64ArraySlice) -> napi::Result<Uint8Array> {
    encode(&env, ids(&sorted).and_then(RowSet::from_sorted))
}

#[napi(catch_unwind, js_name = "rowSetFromBits")]
pub fn row_set_from_bits(env: Env, first: f64, bits: Uint8ArraySlice) -> napi::Result<Uint8Array> {
    let first = integer("first", first, MAX_ID).map_err(fail)?;
    encode(&env, RowSet::from_bits(first, &bits))
}

#[napi(catch_unwind, js_name = "rowSetRange")]
pub fn row_set_range(env: Env, start: f64, end: f64) -> napi::Result<Uint8Array> {
    let bound = |name, value| integer(name, value, MAX_ID + 1).map_err(fail);
    encode(&env, Ok(RowSet::range(bound("start", start)?, bound("end", end)?)))
}

#[napi(catch_unwind, js_name = "rowSetToSorted")]
pub fn row_set_to_sorted(set: Uint8ArraySlice) -> napi::Result<Float64Array> {
    let sorted = RowSet::decode(&set).and_then(|set| set.to_sorted()).map_err(fail)?;
    Ok(Float64Array::new(sorted))
}

#[napi(catch_unwind, js_name = "rowSetRuns")]
pub fn row_set_runs(set: Uint8ArraySlice) -> napi::Result<Float64Array> {
    RowSet::decode(&set).and_then(|set| set.runs()).map(Float64Array::new).map_err(fail)
}

#[napi(catch_unwind, js_name = "rowSetCount")]
pub fn row_set_count(set: Uint8ArraySlice) -> napi::Result<f64> {
    RowSet::decode(&set).map(|set| set.len() as f64).map_err(fail)
}

#[napi(catch_unwind, js_name = "rowSetUnion")]
pub fn row_set_union(env: Env, a: Uint8ArraySlice, b: Uint8ArraySlice) -> napi::Result<Uint8Array> {
    combine(&env, &a, &b, RowSet::union)
}

#[napi(catch_unwind, js_name = "rowSetIntersection")]
pub fn row_set_intersection(env: Env, a: Uint8ArraySlice, b: Uint8ArraySlice) -> napi::Result<Uint8Array> {
    combine(&env, &a, &b, RowSet::intersection)
}

#[napi(catch_unwind, js_name = "rowSetDifference")]
pub fn row_set_difference(env: Env, a: Uint8ArraySlice, b: Uint8ArraySlice) -> napi::Result<Uint8Array> {
    combine(&env, &a, &b, RowSet::difference)
}

#[napi(catch_unwind, js_name = "rowSetSlice")]
pub fn row_set_slice(env: Env, set: Uint8ArraySlice, start: f64, end: f64) -> napi::Result<Uint8Array> {
    let bound = |name, value| integer(name, value, MAX_ID + 1).map_err(fail);
    let (start, end) = (bound("start", start)?, bound("end", end)?);
    encode(&env, RowSet::decode(&set).map(|set| set.slice(start, end)))
}

fn combine(
    env: &Env,
    a: &[u8],
    b: &[u8],
    operation: impl FnOnce(RowSet, &RowSet) -> RowSet,
) -> napi::Result<Uint8Array> {
    encode(env, RowSet::decode(a).and_then(|a| Ok(operation(a, &RowSet::decode(b)?))))
}

fn encode(env: &Env, set: kernels::Result<RowSet>) -> napi::Result<Uint8Array> {
    bytes(env, set.map_err(fail)?.encode())
}
