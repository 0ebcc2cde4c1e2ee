//! File locks and mappings.

use std::sync::Arc;

use kernels::Error;
use kernels::file::{self, Blocks, Mapping, path};
use kernels::rowset::MAX_ID;
use kernels::scratch::Scratch;
use napi::Env;
use napi::bindgen_prelude::{ArrayBuffer, Object, Uint8Array, Uint8ArraySlice, Uint32Array};
use napi_derive::napi;

use crate::arguments::{fail, integer, size};
use crate::spawn::{spawn_parts, spawn_waiting};

/// Bytes of a mapping that weigh as much to the collector as a byte of memory.
const MAPPING_WEIGHT: usize = 16;

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

#[napi(catch_unwind, js_name = "tryLockFile")]
pub fn try_lock_file(name: String) -> napi::Result<Option<FileLock>> {
    let lock = file::FileLock::try_acquire(&path(name).map_err(fail)?).map_err(fail)?;
    Ok(lock.map(|lock| FileLock(Some(lock))))
}

/// A file that is kept open, to tell whether it stays as it was: a third of a microsecond each time, where a
/// path takes three.
#[napi]
pub struct FileWatch(Arc<[Arc<file::Watch>]>);

#[napi]
impl FileWatch {
    /// False for one that was written to, cut or replaced since.
    #[napi(catch_unwind)]
    pub fn is_same(&self) -> bool {
        self.0.iter().all(|file| file.is_same())
    }
}

#[napi(catch_unwind, js_name = "watchFile")]
pub fn watch_file(name: String) -> napi::Result<FileWatch> {
    let watch = file::Watch::new(&path(name).map_err(fail)?).map_err(fail)?;
    Ok(FileWatch(Arc::new([Arc::new(watch)])))
}

#[napi(catch_unwind, js_name = "watchTogether")]
pub fn watch_together(watches: Vec<&FileWatch>) -> FileWatch {
    FileWatch(watches.iter().flat_map(|watch| watch.0.iter().map(Arc::clone)).collect())
}

#[napi(catch_unwind, js_name = "mapFile")]
pub fn map_file(env: &Env, name: String, offset: f64, length: f64) -> napi::Result<Uint8ArraySlice<'_>> {
    let offset = integer("offset", offset, MAX_ID).map_err(fail)?;
    let length = size("length", length).map_err(fail)?;
    let mapping = Mapping::new(&path(name).map_err(fail)?, offset, length).map_err(fail)?;
    lend(env, mapping)
}

/// A mapping that JavaScript holds from now on.
fn lend(env: &Env, mapping: Mapping) -> napi::Result<Uint8ArraySlice<'_>> {
    let length = mapping.len();
    if length == 0 {
        return Uint8ArraySlice::from_data(env, Vec::new());
    }
    // The collector must know what it can give back, or mappings pile up. What they hold is the kernel's,
    // to take back as it likes, so they count for little beside memory.
    let weight = (length / MAPPING_WEIGHT) as i64;
    env.adjust_external_memory(weight)?;
    // SAFETY: the mapping is `length` writable bytes, which live until the finaliser; what else names them
    // (another mapping of a scratch file) is JavaScript's, too.
    unsafe {
        Uint8ArraySlice::from_external(env, mapping.as_ptr(), length, mapping, move |env, mapping| {
            drop(mapping);
            // A failure here only leaves the collector's estimate too high.
            let _ = env.adjust_external_memory(-weight);
        })
    }
}

/// A file without a name; gone with the last of its mappings, and with the process.
#[napi]
pub struct ScratchFile(Scratch);

#[napi]
impl ScratchFile {
    /// `[offset, offset + length)`, with its room on the disk, where it is there.
    #[napi(catch_unwind)]
    pub fn map<'env>(&self, env: &'env Env, offset: f64, length: f64) -> napi::Result<Uint8ArraySlice<'env>> {
        let offset = integer("offset", offset, MAX_ID).map_err(fail)?;
        let length = size("length", length).map_err(fail)?;
        lend(env, self.0.map(offset, length).map_err(fail)?)
    }
}

#[napi(catch_unwind, js_name = "createScratchFile")]
pub fn create_scratch_file(name: String, bytes: f64, in_memory: bool) -> napi::Result<ScratchFile> {
    let bytes = integer("bytes", bytes, MAX_ID).map_err(fail)?;
    let path = path(name).map_err(fail)?;
    let made = if in_memory { Scratch::in_memory(&path, bytes) } else { Scratch::new(&path, bytes) };
    Ok(ScratchFile(made.map_err(fail)?))
}

#[napi(catch_unwind, js_name = "givePagesBack")]
pub fn give_pages_back(bytes: Uint8ArraySlice) -> napi::Result<()> {
    file::give_back(&bytes).map_err(fail)
}

/// Bytes that one thread fetches before it takes the next ones.
const FETCHED_BYTES: usize = 4 << 20;

#[napi(catch_unwind, js_name = "fetchPages")]
pub fn fetch_pages(env: &Env, bytes: Uint8Array) -> napi::Result<Object<'_>> {
    let parts = bytes.len().div_ceil(FETCHED_BYTES).max(1);
    spawn_parts(
        env,
        bytes,
        parts,
        |_| Ok(()),
        |bytes, (), part| {
            let end = bytes.len().min((part + 1) * FETCHED_BYTES);
            file::populate(&bytes[part * FETCHED_BYTES..end])
        },
        |(), ()| (),
    )
}

#[napi(catch_unwind, js_name = "freeBuffer")]
pub fn free_buffer(buffer: ArrayBuffer) -> napi::Result<()> {
    buffer.detach()
}

#[napi(catch_unwind, js_name = "adviseHugePages")]
pub fn advise_huge_pages(bytes: Uint8ArraySlice) {
    file::advise_huge_pages(&bytes);
}

#[napi(catch_unwind, js_name = "isResident")]
pub fn is_resident(mapped: Uint8ArraySlice) -> bool {
    kernels::resident::is_resident(&mapped)
}

/// Blocks that one thread reads before it takes the next ones: 4 MiB of 64 KiB each.
const PART_BLOCKS: usize = 64;

/// Bytes of JavaScript's that a job writes.
struct Target(Uint8Array);

// SAFETY: one job writes each of them, and JavaScript neither reads nor writes them before its promise
// settles.
unsafe impl Sync for Target {}

#[napi(catch_unwind, js_name = "readBlocks")]
pub fn read_blocks(
    env: &Env,
    name: String,
    position: f64,
    block_bytes: f64,
    expected: Uint32Array,
    skip: f64,
    target: Uint8Array,
) -> napi::Result<Object<'_>> {
    let position = integer("position", position, MAX_ID).map_err(fail)?;
    let (block_bytes, skip) =
        (size("blockBytes", block_bytes).map_err(fail)?, size("skip", skip).map_err(fail)?);
    let (path, blocks, length) = (path(name).map_err(fail)?, expected.len(), target.len());
    let held = blocks.checked_mul(block_bytes).unwrap_or_default();
    if skip.checked_add(length).is_none_or(|end| end > held) {
        return Err(fail(Error::invalid(format!(
            "{blocks} blocks do not hold {length} bytes from {skip} on"
        ))));
    }
    let parts = blocks.div_ceil(PART_BLOCKS).max(1);
    spawn_parts(
        env,
        (expected, Target(target)),
        parts,
        move |_| Blocks::open(&path, position, block_bytes, blocks),
        move |(expected, Target(target)), all, part| {
            let (first, last) = (part * PART_BLOCKS, blocks.min((part + 1) * PART_BLOCKS));
            let (start, end) = (first * block_bytes, last * block_bytes);
            // What of the target this part holds; nothing, for blocks at the ends that nobody wants.
            let from = skip.clamp(start, end);
            let to = (skip + length).clamp(from, end);
            let room = from.saturating_sub(skip)..from.saturating_sub(skip) + (to - from);
            // SAFETY: see `Target`; the rooms of the parts do not overlap.
            let room = unsafe {
                std::slice::from_raw_parts_mut(target.as_ptr().cast_mut().add(room.start), room.len())
            };
            let found = all.read(first, &expected[first..last], from - start, room)?;
            Ok(found.map_or(-1.0, |index| index as f64))
        },
        |a, b| if a < 0.0 || (0.0..a).contains(&b) { b } else { a },
    )
}
