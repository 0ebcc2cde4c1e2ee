//! Checksums: CRC32C, BLAKE3, and both of a whole object.

use kernels::{Error, crc, digest};
use napi::Env;
use napi::bindgen_prelude::{Object, Uint8Array, Uint8ArraySlice, Uint32Array};
use napi_derive::napi;

use crate::arguments::{bytes, fail, integer, size};
use crate::spawn::spawn;

#[napi(object)]
pub struct ObjectDigest {
    pub blake3: Uint8Array,
    #[napi(js_name = "crc32c")]
    pub crc32c: u32,
    pub blocks: Uint32Array,
}

#[napi(catch_unwind, js_name = "crc32c")]
pub fn crc32c(bytes: Uint8ArraySlice) -> u32 {
    crc::crc32c(&bytes)
}

#[napi(catch_unwind)]
pub fn blake3(env: Env, input: Uint8ArraySlice) -> napi::Result<Uint8Array> {
    bytes(&env, digest::blake3(&input).to_vec())
}

#[napi(catch_unwind, js_name = "digestObject")]
pub fn digest_object(env: &Env, pieces: Vec<Uint8Array>, block_bytes: f64) -> napi::Result<Object<'_>> {
    spawn(env, pieces, move |pieces| {
        let digest = digest::digest_object(pieces, size("blockBytes", block_bytes)?)?;
        Ok(ObjectDigest {
            blake3: digest.blake3.to_vec().into(),
            crc32c: digest.crc32c,
            blocks: digest.blocks.into(),
        })
    })
}

#[napi(catch_unwind, js_name = "verifyBlocks")]
pub fn verify_blocks(
    env: &Env,
    bytes: Uint8Array,
    block_bytes: f64,
    expected: Uint32Array,
) -> napi::Result<Object<'_>> {
    spawn(env, (bytes, expected), move |(bytes, expected)| {
        let found = digest::verify_blocks(bytes, size("blockBytes", block_bytes)?, expected)?;
        Ok(found.map_or(-1.0, |index| index as f64))
    })
}

/// Bytes of JavaScript's that a job writes.
struct Target(Uint8Array);

// SAFETY: one job writes them, and JavaScript neither reads nor writes them before its promise settles.
unsafe impl Sync for Target {}

#[napi(catch_unwind, js_name = "copyBlocks")]
pub fn copy_blocks(
    env: &Env,
    source: Uint8Array,
    block_bytes: f64,
    expected: Option<Uint32Array>,
    skip: f64,
    target: Uint8Array,
) -> napi::Result<Object<'_>> {
    let (from, into) = (source.as_ptr_range(), target.as_ptr_range());
    if from.start < into.end && into.start < from.end {
        return Err(fail(Error::invalid("source and target overlap")));
    }
    spawn(env, (source, expected, Target(target)), move |(source, expected, target)| {
        let (block_bytes, skip) = (size("blockBytes", block_bytes)?, size("skip", skip)?);
        let Target(target) = target;
        // SAFETY: see `Target`; the source does not overlap them, as checked above.
        let target = unsafe { std::slice::from_raw_parts_mut(target.as_ptr().cast_mut(), target.len()) };
        let found = digest::copy_blocks(source, block_bytes, expected.as_deref(), skip, target)?;
        Ok(found.map_or(-1.0, |index| index as f64))
    })
}

#[napi(catch_unwind, js_name = "crc32cCombine")]
pub fn crc32c_combine(a: f64, b: f64, length_b: f64) -> napi::Result<u32> {
    let sum = |name, value| integer(name, value, u32::MAX.into()).map(|sum| sum as u32).map_err(fail);
    let length = integer("lengthB", length_b, kernels::rowset::MAX_ID).map_err(fail)?;
    Ok(crc::combine(sum("a", a)?, sum("b", b)?, length))
}
