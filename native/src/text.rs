//! Numbers from text.

use kernels::text::{self, Taken};
use napi::bindgen_prelude::Uint8ArraySlice;
use napi_derive::napi;

use crate::arguments::{fail, integer, size};
use kernels::Error;

#[napi(catch_unwind, js_name = "parseRows")]
pub fn parse_rows(
    text: Uint8ArraySlice,
    delimiter: f64,
    columns: f64,
    dtype: String,
    mut target: Uint8ArraySlice,
) -> napi::Result<Vec<f64>> {
    let delimiter = integer("delimiter", delimiter, 127).map_err(fail)? as u8;
    let columns = size("columns", columns).map_err(fail)?;
    let (from, into) = (text.as_ptr_range(), target.as_ptr_range());
    if from.start < into.end && into.start < from.end {
        return Err(fail(Error::invalid("text and target overlap")));
    }
    // SAFETY: JavaScript waits for this call, and the text does not overlap the target, as checked above.
    let target = unsafe { target.as_mut() };
    text::parse_rows(&text, delimiter, columns, &dtype, target).map(pair).map_err(fail)
}

#[napi(catch_unwind, js_name = "countRows")]
pub fn count_rows(text: Uint8ArraySlice) -> Vec<f64> {
    pair(text::count_rows(&text))
}

fn pair(Taken { rows, bytes }: Taken) -> Vec<f64> {
    vec![rows as f64, bytes as f64]
}
