//! Rows picked out of mapped partitions.

use kernels::{Error, Result, rows};
use napi::Env;
use napi::bindgen_prelude::{
    Float64Array, Float64ArraySlice, Object, Uint8Array, Uint8ArraySlice, Uint32Array, Uint32ArraySlice,
};
use napi_derive::napi;

use crate::arguments::{fail, size};
use crate::spawn::spawn_parts;

/// Bytes of rows that are worth a job of their own on the pool.
const JOB_BYTES: usize = 256 << 10;

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
    check_apart(&source, &target).map_err(fail)?;
    // SAFETY: JavaScript waits for this call, and the source does not overlap the target, as checked above.
    rows::gather(&source, offset, row_bytes, &rows, unsafe { target.as_mut() }, &places).map_err(fail)
}

pub(crate) fn check_apart(source: &[u8], target: &[u8]) -> Result<()> {
    let (from, into) = (source.as_ptr_range(), target.as_ptr_range());
    match from.start < into.end && into.start < from.end {
        true => Err(Error::invalid("source and target overlap")),
        false => Ok(()),
    }
}

struct Gathered {
    source: Uint8Array,
    rows: Float64Array,
    target: Uint8Array,
    places: Uint32Array,
}

// SAFETY: the arrays are read, but for the places of the target that the jobs write: each its own, and
// JavaScript touches none of them meanwhile.
unsafe impl Sync for Gathered {}

/// The same off the event loop, by all threads of the pool. No place is asked for twice.
#[napi(catch_unwind, js_name = "gatherRowsLater")]
pub fn gather_rows_later(
    env: &Env,
    source: Uint8Array,
    offset: f64,
    row_bytes: f64,
    rows: Float64Array,
    target: Uint8Array,
    places: Uint32Array,
) -> napi::Result<Object<'_>> {
    let (offset, row_bytes) =
        (size("offset", offset).map_err(fail)?, size("rowBytes", row_bytes).map_err(fail)?);
    check_apart(&source, &target).map_err(fail)?;
    let count = rows.len();
    if places.len() != count {
        return Err(fail(Error::invalid(format!("{count} rows for {} places", places.len()))));
    }
    let parts = (count.saturating_mul(row_bytes) / JOB_BYTES).clamp(1, count.max(1));
    spawn_parts(
        env,
        Gathered { source, rows, target, places },
        parts,
        |_| Ok(()),
        move |Gathered { source, rows, target, places }, (), part| {
            let range = count * part / parts..count * (part + 1) / parts;
            let room = (target.as_ptr().cast_mut(), target.len());
            // SAFETY: the target is the caller's to be written, each job has rows of its own and so places of
            // its own, and the source does not overlap, as checked above.
            unsafe {
                rows::gather_into(source, offset, row_bytes, &rows[range.clone()], room, &places[range])
            }
        },
        |(), ()| (),
    )
}
