//! Operations on rows in place.

use kernels::elementwise::{self, Operation, Rows};
use kernels::{Error, Result};
use napi::Env;
use napi::bindgen_prelude::{Float64Array, Object, Uint8Array, Uint8ArraySlice};
use napi_derive::napi;

use crate::arguments::{fail, size};
use crate::rows::check_apart;
use crate::spawn::spawn;

struct Work {
    operation: Operation,
    dtype: String,
    rows: Rows,
}

impl Work {
    fn new(operation: &str, dtype: String, row_items: f64, step: f64) -> Result<Self> {
        let found = Operation::of_name(operation);
        let operation =
            found.ok_or_else(|| Error::invalid(format!("there is no operation {operation:?}")))?;
        let rows = Rows { row_items: size("rowItems", row_items)?, step: size("step", step)? };
        Ok(Self { operation, dtype, rows })
    }

    fn run(&self, target: &mut [u8], operand: &[u8]) -> Result<()> {
        elementwise::apply(self.operation, &self.dtype, target, operand, self.rows)
    }
}

#[napi(catch_unwind, js_name = "changeRows")]
pub fn change_rows(
    operation: String,
    dtype: String,
    mut target: Uint8ArraySlice,
    operand: Uint8ArraySlice,
    row_items: f64,
    step: f64,
) -> napi::Result<()> {
    let work = Work::new(&operation, dtype, row_items, step).map_err(fail)?;
    check_apart(&operand, &target).map_err(fail)?;
    // SAFETY: JavaScript waits for this call, and the operand does not overlap the target, as checked above.
    work.run(unsafe { target.as_mut() }, &operand).map_err(fail)
}

#[napi(catch_unwind, js_name = "changeRowsLater")]
pub fn change_rows_later(
    env: &Env,
    operation: String,
    dtype: String,
    target: Uint8Array,
    operand: Uint8Array,
    row_items: f64,
    step: f64,
) -> napi::Result<Object<'_>> {
    let work = Work::new(&operation, dtype, row_items, step).map_err(fail)?;
    check_apart(&operand, &target).map_err(fail)?;
    spawn(env, (target, operand), move |(target, operand)| {
        // SAFETY: JavaScript touches neither until the promise settles, and they do not overlap.
        let bytes = unsafe { std::slice::from_raw_parts_mut(target.as_ptr().cast_mut(), target.len()) };
        work.run(bytes, operand)
    })
}

#[napi(catch_unwind, js_name = "changedRows")]
pub fn changed_rows(
    env: &Env,
    before: Uint8Array,
    after: Uint8Array,
    row_bytes: f64,
) -> napi::Result<Object<'_>> {
    let row_bytes = size("rowBytes", row_bytes).map_err(fail)?;
    spawn(env, (before, after), move |(before, after)| {
        elementwise::changed_rows(before, after, row_bytes).map(Float64Array::new)
    })
}
