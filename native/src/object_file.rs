//! Objects into files, hashed on the way.

use std::sync::Arc;

use kernels::file::path;
use kernels::object_file::{ObjectFile, pieces_of};
use kernels::scan::Cancel;
use napi::Env;
use napi::bindgen_prelude::{Object, Uint8Array};
use napi_derive::napi;

use crate::arguments::{fail, size};
use crate::checksum::ObjectDigest;
use crate::spawn::{pool, spawn_parts};

#[napi]
pub struct ObjectFileWriter {
    path: String,
    block_bytes: usize,
    cancel: Arc<Cancel>,
}

#[napi(catch_unwind, js_name = "createObjectFileWriter")]
pub fn create_object_file_writer(name: String, block_bytes: f64) -> napi::Result<ObjectFileWriter> {
    path(name.clone()).map_err(fail)?;
    let block_bytes = size("blockBytes", block_bytes).map_err(fail)?;
    Ok(ObjectFileWriter { path: name, block_bytes, cancel: Arc::default() })
}

#[napi]
impl ObjectFileWriter {
    #[napi(catch_unwind)]
    pub fn write<'env>(&self, env: &'env Env, parts: Vec<Uint8Array>) -> napi::Result<Object<'env>> {
        let (path, block_bytes) = (path(self.path.clone()).map_err(fail)?, self.block_bytes);
        let cancel = Arc::clone(&self.cancel);
        let length = parts.iter().map(|part| part.len()).sum();
        let threads = pool().map_err(fail)?.threads.min(pieces_of(length));
        spawn_parts(
            env,
            parts,
            threads,
            move |_| ObjectFile::open(&path, length, block_bytes),
            move |parts, object, _| {
                let parts: Vec<&[u8]> = parts.iter().map(AsRef::as_ref).collect();
                Ok(object.run(&parts, &cancel)?.map(ObjectDigest::from))
            },
            Option::or,
        )
    }

    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.cancel.set();
    }
}
