//! Checksums: CRC32C, BLAKE3, and both of a whole object.

use kernels::{crc, digest, file};
use napi::Env;
use napi::bindgen_prelude::{Object, Uint8Array, Uint8ArraySlice, Uint32Array, Uint32ArraySlice};
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
        file::populate(bytes)?;
        let found = digest::verify_blocks(bytes, size("blockBytes", block_bytes)?, expected)?;
        Ok(found.map_or(-1.0, |index| index as f64))
    })
}

#[napi(catch_unwind, js_name = "crc32cOfBlocks")]
pub fn crc32c_of_blocks(blocks: Uint32ArraySlice, block_bytes: f64, length: f64) -> napi::Result<u32> {
    let whole = |name, value| integer(name, value, kernels::rowset::MAX_ID).map_err(fail);
    crc::join(&blocks, whole("blockBytes", block_bytes)?, whole("length", length)?).map_err(fail)
}

#[napi(catch_unwind, js_name = "crc32cCombine")]
pub fn crc32c_combine(a: f64, b: f64, length_b: f64) -> napi::Result<u32> {
    let sum = |name, value| integer(name, value, u32::MAX.into()).map(|sum| sum as u32).map_err(fail);
    let length = integer("lengthB", length_b, kernels::rowset::MAX_ID).map_err(fail)?;
    Ok(crc::combine(sum("a", a)?, sum("b", b)?, length))
}
