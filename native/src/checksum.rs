//! Checksums: CRC32C, BLAKE3, and both of a whole object.

use std::sync::{Arc, Mutex, PoisonError};

use kernels::digest::Digester;
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
        digest::digest_object(pieces, size("blockBytes", block_bytes)?).map(ObjectDigest::from)
    })
}

impl From<digest::ObjectDigest> for ObjectDigest {
    fn from(digest: digest::ObjectDigest) -> Self {
        Self { blake3: digest.blake3.to_vec().into(), crc32c: digest.crc32c, blocks: digest.blocks.into() }
    }
}

/// The digests of an object that is too large to be held: of its pieces, one after the other.
#[napi]
pub struct ObjectDigester(Arc<Mutex<Digester>>);

#[napi]
impl ObjectDigester {
    /// Off the event loop; until the promise settles nobody touches the bytes, or adds others.
    #[napi(catch_unwind)]
    pub fn update<'env>(&self, env: &'env Env, piece: Uint8Array) -> napi::Result<Object<'env>> {
        spawn(env, (Arc::clone(&self.0), piece), |(digester, piece)| {
            file::populate(piece)?;
            digester.lock().unwrap_or_else(PoisonError::into_inner).update(piece);
            Ok(())
        })
    }

    /// The bytes `[start, end)` of a file, or as many as it has; gives how many that are.
    #[napi(catch_unwind)]
    pub fn update_from_file<'env>(
        &self,
        env: &'env Env,
        name: String,
        start: f64,
        end: f64,
    ) -> napi::Result<Object<'env>> {
        let whole = |name, value| integer(name, value, kernels::rowset::MAX_ID).map_err(fail);
        let (start, end) = (whole("start", start)?, whole("end", end)?);
        let path = file::path(name).map_err(fail)?;
        spawn(env, Arc::clone(&self.0), move |digester| {
            let mut digester = digester.lock().unwrap_or_else(PoisonError::into_inner);
            let read = file::read_pieces(&path, start, end, |piece| digester.update(piece))?;
            Ok(read as f64)
        })
    }

    /// Of all pieces so far, off the event loop.
    #[napi(catch_unwind)]
    pub fn digest<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        spawn(env, Arc::clone(&self.0), |digester| {
            let digester = digester.lock().unwrap_or_else(PoisonError::into_inner);
            digester.digest().map(ObjectDigest::from)
        })
    }
}

#[napi(catch_unwind, js_name = "createObjectDigester")]
pub fn create_object_digester(block_bytes: f64) -> napi::Result<ObjectDigester> {
    let digester = size("blockBytes", block_bytes).and_then(Digester::new).map_err(fail)?;
    Ok(ObjectDigester(Arc::new(Mutex::new(digester))))
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
