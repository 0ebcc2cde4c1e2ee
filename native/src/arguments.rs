//! Arguments and errors, as JavaScript has them and as the kernels do.

use kernels::rowset::MAX_ID;
use napi::bindgen_prelude::{Float64Array, Uint8Array, Uint8ArraySlice};
use napi::{Env, Status};

/// Results below this are copied to JavaScript's heap: a finaliser costs more than the copy.
const COPIED_BYTES: usize = 4 << 10;

/// The error as `fromNative` of `src/native.ts` reads it.
pub fn fail(error: kernels::Error) -> napi::Error {
    napi::Error::new(Status::GenericFailure, error.to_string())
}

/// `value` as an integer in `[0, limit]`; anything else, fractions and NaN included, is InvalidArgument.
pub fn integer(name: &str, value: f64, limit: u64) -> kernels::Result<u64> {
    // The cast saturates and drops fractions, so only what is such an integer survives the way back.
    let whole = value as u64;
    if whole as f64 != value || whole > limit {
        let message = format!("{name} is an integer from 0 to {limit}, got {value}");
        return Err(kernels::Error::invalid(message));
    }
    Ok(whole)
}

pub fn size(name: &str, value: f64) -> kernels::Result<usize> {
    integer(name, value, MAX_ID).map(|size| size as usize)
}

pub fn ids(values: &[f64]) -> kernels::Result<Vec<u64>> {
    values.iter().map(|&id| integer("a row id", id, MAX_ID)).collect()
}

/// Row ids, as JavaScript has them.
pub fn numbers(ids: impl IntoIterator<Item = u64>) -> Float64Array {
    ids.into_iter().map(|id| id as f64).collect::<Vec<_>>().into()
}

/// Hands bytes to JavaScript.
pub fn bytes(env: &Env, bytes: Vec<u8>) -> napi::Result<Uint8Array> {
    if bytes.len() < COPIED_BYTES {
        return Uint8ArraySlice::copy_from(env, bytes)?.into_typed_array(env);
    }
    Ok(Uint8Array::new(bytes))
}
