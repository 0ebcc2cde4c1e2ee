//! Approximate search: segments into one.

use kernels::Error;
use kernels::ivf::{self, Piece};
use napi::Env;
use napi::bindgen_prelude::{Object, Uint8Array};
use napi_derive::napi;

use crate::arguments::fail;
use crate::ivf_build::{BuiltLists, IvfQuantizer};
use crate::ivf_search::IvfSegment;
use crate::spawn::spawn;

/// The segment of the rows of all these, which follow each other.
#[napi(catch_unwind, js_name = "mergeIvfSegments")]
pub fn merge_ivf_segments<'env>(
    env: &'env Env,
    quantizer: &IvfQuantizer,
    segments: Vec<&IvfSegment>,
    bytes: Vec<Uint8Array>,
) -> napi::Result<Object<'env>> {
    if segments.len() != bytes.len() {
        return Err(fail(Error::invalid("segments and their bytes are as many")));
    }
    let layout = quantizer.0.transform.layout;
    let inputs: Vec<_> = segments.into_iter().cloned().zip(bytes).collect();
    spawn(env, inputs, move |inputs| {
        let pieces: Vec<_> = inputs
            .iter()
            .map(|(segment, bytes)| Piece {
                directory: &segment.directory,
                bytes,
                first_id: segment.first_id,
                rows: segment.rows,
            })
            .collect();
        ivf::merge(layout, &pieces).map(BuiltLists::from)
    })
}
