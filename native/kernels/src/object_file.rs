//! An object into its file, hashed by the threads that write it, piece by piece: what one hash has read, the
//! other and the write find in the cache.
//!
//! A file takes one write at a time. Who has hashed a piece while another thread writes leaves it to that
//! one, and hashes the next.
//!
//! A piece begins at a multiple of its size, a power of two: so it is a subtree of BLAKE3, whose chaining
//! values give the hash of the whole, and lies in a folio of its own, which the kernel can map by one entry.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, IoSlice};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use blake3::Hasher;
use blake3::hazmat::{ChainingValue, HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};

use crate::crc::{crc32c, join};
use crate::digest::{BlockSums, ObjectDigest, check_block_bytes, windows};
use crate::file::populate;
use crate::scan::Cancel;
use crate::{Error, Result};

/// Bytes that a thread hashes and writes before it takes the next ones.
pub const PIECE: usize = 2 << 20;

/// Slices of one system call; Linux takes 1,024.
const MOST_SLICES: usize = 1024;

/// What a piece comes to.
struct Piece {
    /// Its chaining value; of a lone one the hash.
    node: ChainingValue,
    /// CRC32C of each part between boundaries of blocks, and its length.
    sums: Vec<(u32, usize)>,
}

/// An object while it is written. Any number of threads may `run` it.
pub struct ObjectFile {
    path: PathBuf,
    file: File,
    block_bytes: usize,
    length: usize,
    next: AtomicUsize,
    /// Pieces that are not yet written, by their numbers.
    hashed: Mutex<VecDeque<(usize, Piece)>>,
    /// What pieces that are written come to; held by who writes.
    written: Mutex<Written>,
}

struct Written {
    pieces: Vec<Option<Piece>>,
    left: usize,
}

impl ObjectFile {
    /// `path` is an empty file, `length` the bytes that it gets, `block_bytes` a positive multiple of 64.
    pub fn open(path: &Path, length: usize, block_bytes: usize) -> Result<Self> {
        check_block_bytes(block_bytes)?;
        let flags = libc::O_NONBLOCK | libc::O_NOFOLLOW;
        let file = OpenOptions::new().write(true).custom_flags(flags).open(path);
        let file = file.map_err(|error| Error::io("write", path, &error))?;
        let left = pieces_of(length);
        let written = Mutex::new(Written { pieces: (0..left).map(|_| None).collect(), left });
        let (next, hashed) = (AtomicUsize::new(0), Mutex::default());
        Ok(Self { path: path.into(), file, block_bytes, length, next, hashed, written })
    }

    /// Hashes and writes pieces until each is taken. Who writes the last one gets the digest. `parts` one
    /// after the other are the object.
    pub fn run(&self, parts: &[&[u8]], cancel: &Cancel) -> Result<Option<ObjectDigest>> {
        let pieces = pieces_of(self.length);
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= pieces {
                // What was left to a writer that had just ended.
                return self.write_hashed(parts, lock(&self.written), cancel);
            }
            cancel.check()?;
            let slices = self.slices_of(parts, number);
            slices.iter().try_for_each(|slice| populate(slice))?;
            let piece = self.digest(&slices, number * PIECE, pieces == 1);
            lock(&self.hashed).push_back((number, piece));
            if let Ok(written) = self.written.try_lock() {
                let digest = self.write_hashed(parts, written, cancel)?;
                if digest.is_some() {
                    return Ok(digest);
                }
            }
        }
    }

    fn write_hashed(
        &self,
        parts: &[&[u8]],
        mut written: MutexGuard<Written>,
        cancel: &Cancel,
    ) -> Result<Option<ObjectDigest>> {
        while let Some((number, piece)) = self.next_hashed() {
            cancel.check()?;
            let slices = self.slices_of(parts, number);
            self.write(&slices, number * PIECE).map_err(|error| Error::io("write", &self.path, &error))?;
            written.pieces[number] = Some(piece);
            written.left -= 1;
            if written.left == 0 {
                return self.finish(written.pieces.drain(..).flatten().collect()).map(Some);
            }
        }
        Ok(None)
    }

    fn next_hashed(&self) -> Option<(usize, Piece)> {
        lock(&self.hashed).pop_front()
    }

    fn slices_of<'a>(&self, parts: &[&'a [u8]], number: usize) -> Vec<&'a [u8]> {
        let start = number * PIECE;
        slices_between(parts, start, self.length.min(start + PIECE))
    }

    fn digest(&self, slices: &[&[u8]], start: usize, is_alone: bool) -> Piece {
        let mut hasher = Hasher::new();
        hasher.set_input_offset(start as u64);
        let mut sums = Vec::with_capacity(PIECE / self.block_bytes + slices.len() + 2);
        let mut at = start;
        for slice in slices {
            for window in windows(slice, at as u64) {
                hasher.update(window);
                let mut rest = window;
                while !rest.is_empty() {
                    let room = self.block_bytes - at % self.block_bytes;
                    let (now, later) = rest.split_at(rest.len().min(room));
                    sums.push((crc32c(now), now.len()));
                    (rest, at) = (later, at + now.len());
                }
            }
        }
        let node = if is_alone { hasher.finalize().into() } else { hasher.finalize_non_root() };
        Piece { node, sums }
    }

    fn write(&self, slices: &[&[u8]], start: usize) -> io::Result<()> {
        let mut buffers: Vec<_> = slices.iter().map(|slice| IoSlice::new(slice)).collect();
        let (mut left, mut at) = (&mut buffers[..], start);
        IoSlice::advance_slices(&mut left, 0);
        while !left.is_empty() {
            let count = left.len().min(MOST_SLICES);
            let (list, offset) = (left.as_ptr().cast(), at as libc::off_t);
            // SAFETY: an `IoSlice` is an `iovec` in memory, and each of the first `count` of them is a live
            // slice, which is only read.
            let written = unsafe { libc::pwritev(self.file.as_raw_fd(), list, count as libc::c_int, offset) };
            match usize::try_from(written) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    at += written;
                    IoSlice::advance_slices(&mut left, written);
                }
                Err(_) => match io::Error::last_os_error() {
                    error if error.kind() == ErrorKind::Interrupted => {}
                    error => return Err(error),
                },
            }
        }
        Ok(())
    }

    fn finish(&self, pieces: Vec<Piece>) -> Result<ObjectDigest> {
        let mut sums = BlockSums::new(self.block_bytes);
        pieces.iter().flat_map(|piece| &piece.sums).for_each(|&(sum, length)| sums.add(sum, length));
        let blocks = sums.finish();
        let crc32c = join(&blocks, self.block_bytes as u64, self.length as u64)?;
        let nodes: Vec<_> = pieces.into_iter().map(|piece| piece.node).collect();
        Ok(ObjectDigest { blake3: root(&nodes), crc32c, blocks })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// At least one: nothing has a hash, too.
pub fn pieces_of(length: usize) -> usize {
    length.div_ceil(PIECE).max(1)
}

fn slices_between<'a>(parts: &[&'a [u8]], start: usize, end: usize) -> Vec<&'a [u8]> {
    let mut at = 0;
    let mut slices = Vec::new();
    for part in parts {
        let (from, to) = (start.clamp(at, at + part.len()), end.clamp(at, at + part.len()));
        if from < to {
            slices.push(&part[from - at..to - at]);
        }
        at += part.len();
    }
    slices
}

fn root(nodes: &[ChainingValue]) -> [u8; 32] {
    if let [hash] = nodes {
        return *hash;
    }
    let (left, right) = nodes.split_at(left_of(nodes));
    merge_subtrees_root(&subtree(left), &subtree(right), Mode::Hash).into()
}

fn subtree(nodes: &[ChainingValue]) -> ChainingValue {
    if let [node] = nodes {
        return *node;
    }
    let (left, right) = nodes.split_at(left_of(nodes));
    merge_subtrees_non_root(&subtree(left), &subtree(right), Mode::Hash)
}

/// A left subtree is full, and as large as it can be beside a right one.
fn left_of(nodes: &[ChainingValue]) -> usize {
    nodes.len().next_power_of_two() / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;
    use crate::digest::digest_object;
    use proptest::prelude::*;

    struct Named(PathBuf);

    impl Named {
        /// An empty file.
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("nacre-object-{name}-{}", std::process::id()));
            std::fs::write(&path, []).unwrap();
            Self(path)
        }
    }

    impl Drop for Named {
        fn drop(&mut self) {
            std::fs::remove_file(&self.0).unwrap();
        }
    }

    fn bytes_of(length: usize) -> Vec<u8> {
        (0..length).map(|i| ((i * 31) >> 3) as u8).collect()
    }

    fn written(file: &Named, parts: &[&[u8]], block_bytes: usize, threads: usize) -> ObjectDigest {
        let length = parts.iter().map(|part| part.len()).sum();
        let object = ObjectFile::open(&file.0, length, block_bytes).unwrap();
        let cancel = Cancel::default();
        let found: Vec<_> = std::thread::scope(|scope| {
            let run = || scope.spawn(|| object.run(parts, &cancel).unwrap());
            let running: Vec<_> = (0..threads).map(|_| run()).collect();
            running.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        let [digest] = <[_; 1]>::try_from(found).expect("one thread ends the last piece");
        digest
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_file_holds_the_parts_and_the_digest_is_that_of_the_whole(
            pieces in 0usize..6,
            more in prop_oneof![Just(0usize), 1usize..200_000],
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..5),
            block_bytes in prop_oneof![Just(64 << 10), Just(192), Just(3 << 20)],
            threads in 1usize..4,
        ) {
            let whole = bytes_of(pieces * PIECE + more);
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(whole.len() + 1)).collect();
            cuts.sort_unstable();
            let ends = cuts.iter().copied().chain([whole.len()]);
            let parts: Vec<_> = [0].into_iter().chain(cuts.iter().copied()).zip(ends)
                .map(|(start, end)| &whole[start..end]).collect();
            let file = Named::new("parts");
            let digest = written(&file, &parts, block_bytes, threads);
            prop_assert_eq!(digest, digest_object(&[&whole], block_bytes).unwrap());
            prop_assert!(std::fs::read(&file.0).unwrap() == whole);
        }
    }

    #[test]
    fn more_slices_than_a_system_call_takes_are_written_whole() {
        let whole = bytes_of(3 * MOST_SLICES);
        let parts: Vec<_> = whole.chunks(1).collect();
        let file = Named::new("slices");
        assert_eq!(written(&file, &parts, 64, 1), digest_object(&[&whole], 64).unwrap());
        assert_eq!(std::fs::read(&file.0).unwrap(), whole);
    }

    #[test]
    fn one_that_is_cancelled_ends_so_and_gives_no_digest() {
        let file = Named::new("cancelled");
        let whole = bytes_of(2 * PIECE);
        let object = ObjectFile::open(&file.0, whole.len(), 64).unwrap();
        let cancel = Cancel::default();
        cancel.set();
        assert_eq!(object.run(&[&whole], &cancel).unwrap_err().code, Code::Aborted);
    }

    #[test]
    fn odd_blocks_and_files_that_are_not_there_are_refused() {
        let file = Named::new("odd");
        assert_eq!(ObjectFile::open(&file.0, 1, 100).err().unwrap().code, Code::InvalidArgument);
        let gone = file.0.with_extension("gone");
        assert_eq!(ObjectFile::open(&gone, 1, 64).err().unwrap().code, Code::NotFound);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_and_gives_no_digest() {
        let object = ObjectFile::open(Path::new("/dev/full"), 100, 64).unwrap();
        let error = object.run(&[&bytes_of(100)], &Cancel::default()).unwrap_err();
        assert_eq!(error.code, Code::ResourceExhausted);
    }
}
