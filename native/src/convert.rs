//! Layout conversions.

use kernels::{Error, convert};
use napi::bindgen_prelude::Uint8ArraySlice;
use napi_derive::napi;

use crate::arguments::{fail, size};

#[napi(catch_unwind, js_name = "swapBytes")]
pub fn swap_bytes(mut bytes: Uint8ArraySlice, item_bytes: f64) -> napi::Result<()> {
    let item_bytes = size("itemBytes", item_bytes).map_err(fail)?;
    // SAFETY: JavaScript waits for this call, and no other view of these bytes exists on this side.
    convert::swap_bytes(unsafe { bytes.as_mut() }, item_bytes).map_err(fail)
}

#[napi(catch_unwind, js_name = "fortranToC")]
pub fn fortran_to_c(
    source: Uint8ArraySlice,
    mut target: Uint8ArraySlice,
    shape: Vec<f64>,
    item_bytes: f64,
) -> napi::Result<()> {
    let shape: kernels::Result<Vec<usize>> =
        shape.iter().map(|&axis| size("an axis of shape", axis)).collect();
    let (shape, item_bytes) = (shape.map_err(fail)?, size("itemBytes", item_bytes).map_err(fail)?);
    let (from, into) = (source.as_ptr_range(), target.as_ptr_range());
    if from.start < into.end && into.start < from.end {
        return Err(fail(Error::invalid("source and target overlap")));
    }
    // SAFETY: JavaScript waits for this call, and the source does not overlap the target, as checked above.
    convert::fortran_to_c(&source, unsafe { target.as_mut() }, &shape, item_bytes).map_err(fail)
}
