//! Lists of codes, and of bits, into one.

use kernels::Error;
use kernels::codes::{self, SignLayout};
use napi::Env;
use napi::bindgen_prelude::{Object, Uint8Array};
use napi_derive::napi;

use crate::arguments::{fail, size};
use crate::codes::CodeTransform;
use crate::spawn::spawn;

/// The list of the rows of all these, each of so many rows; of bits where `signs` is true.
#[napi(catch_unwind, js_name = "joinLists")]
pub fn join_lists<'env>(
    env: &'env Env,
    transform: &CodeTransform,
    lists: Vec<Uint8Array>,
    rows: Vec<f64>,
    signs: bool,
) -> napi::Result<Object<'env>> {
    if lists.len() != rows.len() {
        return Err(fail(Error::invalid("lists and the numbers of their rows are as many")));
    }
    let rows =
        rows.into_iter().map(|rows| size("rows", rows)).collect::<Result<Vec<_>, _>>().map_err(fail)?;
    let layout = transform.0.layout;
    spawn(env, (lists, rows), move |(lists, rows)| {
        let lists: Vec<(&[u8], usize)> =
            lists.iter().zip(rows.iter()).map(|(bytes, &rows)| (bytes.as_ref(), rows)).collect();
        let joined = match signs {
            true => codes::join_signs(SignLayout::of(layout), &lists)?,
            false => codes::join_codes(layout, &lists)?,
        };
        Ok(Uint8Array::from(joined))
    })
}
