//! Rows picked out of mapped partitions.

use kernels::{Error, rows};
use napi::bindgen_prelude::{Float64ArraySlice, Uint8ArraySlice, Uint32ArraySlice};
use napi_derive::napi;

use crate::arguments::{fail, size};

#[napi(catch_unwind, js_name = "gatherRows")]
pub fn gather_rows(
    source: Uint8ArraySlice,
    offset: f64,
    row_bytes: f64,
    rows: Float64ArraySlice,
    mut target: Uint8ArraySlice,
    places: Uint32ArraySlice,
) -> napi::Result<()> {
    let (offset, row_bytes) =
        (size("offset", offset).map_err(fail)?, size("rowBytes", row_bytes).map_err(fail)?);
    let (from, into) = (source.as_ptr_range(), target.as_ptr_range());
    if from.start < into.end && into.start < from.end {
        return Err(fail(Error::invalid("source and target overlap")));
    }
    // SAFETY: JavaScript waits for this call, and the source does not overlap the target, as checked above.
    rows::gather(&source, offset, row_bytes, &rows, unsafe { target.as_mut() }, &places).map_err(fail)
}
