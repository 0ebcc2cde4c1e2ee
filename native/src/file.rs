//! File locks and mappings.

use kernels::file::{self, Mapping, path};
use kernels::rowset::MAX_ID;
use napi::Env;
use napi::bindgen_prelude::{Object, Uint8ArraySlice};
use napi_derive::napi;

use crate::arguments::{fail, integer, size};
use crate::spawn::spawn_waiting;

/// Held until `release`, or until collected.
#[napi]
pub struct FileLock(Option<file::FileLock>);

#[napi]
impl FileLock {
    /// Lets the lock go; again is no harm.
    #[napi(catch_unwind)]
    pub fn release(&mut self) {
        self.0 = None;
    }
}

#[napi(catch_unwind, js_name = "lockFile")]
pub fn lock_file(env: &Env, name: String) -> napi::Result<Object<'_>> {
    spawn_waiting(env, move || Ok(FileLock(Some(file::FileLock::acquire(&path(name)?)?))))
}

#[napi(catch_unwind, js_name = "mapFile")]
pub fn map_file(env: &Env, name: String, offset: f64, length: f64) -> napi::Result<Uint8ArraySlice<'_>> {
    let offset = integer("offset", offset, MAX_ID).map_err(fail)?;
    let length = size("length", length).map_err(fail)?;
    let mapping = Mapping::new(&path(name).map_err(fail)?, offset, length).map_err(fail)?;
    if mapping.is_empty() {
        return Uint8ArraySlice::from_data(env, Vec::new());
    }
    // The collector must know what it can give back, or mappings pile up.
    env.adjust_external_memory(length as i64)?;
    // SAFETY: the mapping is `length` writable bytes that nothing else names; it lives until the finaliser.
    unsafe {
        Uint8ArraySlice::from_external(env, mapping.as_ptr(), length, mapping, |env, mapping| {
            // A failure here only leaves the collector's estimate too high.
            let _ = env.adjust_external_memory(-(mapping.len() as i64));
        })
    }
}

#[napi(catch_unwind, js_name = "adviseHugePages")]
pub fn advise_huge_pages(bytes: Uint8ArraySlice) {
    file::advise_huge_pages(&bytes);
}
