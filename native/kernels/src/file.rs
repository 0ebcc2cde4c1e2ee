//! What Node cannot do with a file: an exclusive lock, and a private mapping, the pages of which are fetched
//! and given back on demand.

use std::collections::BTreeMap;
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};
use std::sync::{Mutex, PoisonError};

use crate::crc::crc32c;
use crate::digest::check_block_bytes;
use crate::{Error, Result};

/// An exclusive flock(2), held until dropped. The kernel drops it with the process.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

impl FileLock {
    /// Waits for the lock on `path`, which is made if missing.
    pub fn acquire(path: &Path) -> Result<Self> {
        let fail = |error: io::Error| Error::io("lock", path, &error);
        loop {
            let file = Self::open(path).map_err(fail)?;
            wait_for(&file).map_err(fail)?;
            // Somebody may have removed the file while we waited; a lock on a file without a name locks
            // nobody out.
            if same_file(&file, path).map_err(fail)? {
                return Ok(Self { _file: file });
            }
        }
    }

    /// The same without waiting; none where another one holds it.
    pub fn try_acquire(path: &Path) -> Result<Option<Self>> {
        let fail = |error: io::Error| Error::io("lock", path, &error);
        loop {
            let file = Self::open(path).map_err(fail)?;
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Interrupted => continue,
                Err(TryLockError::Error(error)) => return Err(fail(error)),
                Ok(()) => {}
            }
            if same_file(&file, path).map_err(fail)? {
                return Ok(Some(Self { _file: file }));
            }
        }
    }

    fn open(path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create(true).truncate(false).open(path)
    }
}

fn wait_for(file: &File) -> io::Result<()> {
    loop {
        match file.lock() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn same_file(file: &File, path: &Path) -> io::Result<bool> {
    let held = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (held.dev(), held.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A mapping of a range of a file. A private one is copied on write: writes reach neither the file nor other
/// mappings. One that is shared (`Scratch`) is the file.
///
/// The file must not be truncated while it lives, or touching the missing pages raises SIGBUS; files that
/// are mapped are immutable by design.
#[derive(Debug)]
pub struct Mapping {
    base: NonNull<u8>,
    /// Bytes between the page boundary that is mapped and the first byte asked for.
    lead: usize,
    length: usize,
}

// SAFETY: the address range belongs to this value alone, and it hands out no reference that outlives it.
unsafe impl Send for Mapping {}

/// A file as it was when it was opened.
pub struct Watch {
    file: File,
    state: (u64, i64, i64),
}

impl Watch {
    pub fn new(path: &Path) -> Result<Self> {
        let fail = |error: io::Error| Error::io("open", path, &error);
        // As below.
        let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(fail)?;
        let state = state_of(&file.metadata().map_err(fail)?);
        Ok(Self { file, state })
    }

    /// Whether it is still that, and has a name.
    pub fn is_same(&self) -> bool {
        self.file.metadata().is_ok_and(|found| found.nlink() > 0 && state_of(&found) == self.state)
    }
}

fn state_of(found: &Metadata) -> (u64, i64, i64) {
    (found.len(), found.mtime(), found.mtime_nsec())
}

impl Mapping {
    /// Maps `[offset, offset + length)`; a file that ends before is Corrupt.
    pub fn new(path: &Path, offset: u64, length: usize) -> Result<Self> {
        let fail = |error: io::Error| Error::io("map", path, &error);
        // Without O_NONBLOCK, opening a pipe would wait for its other end.
        let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(fail)?;
        let metadata = file.metadata().map_err(fail)?;
        if !metadata.is_file() {
            return Err(Error::invalid(format!("{} is not a regular file", path.display())));
        }
        let size = metadata.len();
        if offset.checked_add(length as u64).is_none_or(|end| end > size) {
            return Err(Error::corrupt(format!(
                "{} has {size} bytes, but {length} were to be mapped from {offset} on",
                path.display()
            )));
        }
        Self::of(&file, offset, length, libc::MAP_PRIVATE).map_err(fail)
    }

    /// Maps `[offset, offset + length)` of a file that is as long, private or shared.
    pub(crate) fn of(file: &File, offset: u64, length: usize, sharing: libc::c_int) -> io::Result<Self> {
        if length == 0 {
            return Ok(Self { base: NonNull::dangling(), lead: 0, length });
        }
        let lead = (offset % page_bytes()) as usize;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let (descriptor, start) = (file.as_raw_fd(), (offset - lead as u64) as libc::off_t);
        // SAFETY: a new mapping at an address that the kernel picks overlaps nothing; the descriptor is open.
        let base =
            unsafe { libc::mmap(ptr::null_mut(), lead + length, protection, sharing, descriptor, start) };
        match NonNull::new(base.cast::<u8>()) {
            Some(start) if base != libc::MAP_FAILED => {
                lock(&LIVE).insert(start.as_ptr() as usize, lead + length);
                Ok(Self { base: start, lead, length })
            }
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// The first byte asked for; dangling when the length is 0.
    pub fn as_ptr(&self) -> *mut u8 {
        // SAFETY: `lead` is less than the bytes mapped, or 0.
        unsafe { self.base.as_ptr().add(self.lead) }
    }

    pub fn len(&self) -> usize {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if self.length > 0 {
            lock(&LIVE).remove(&(self.base.as_ptr() as usize));
            // SAFETY: exactly the pages that `new` mapped, unmapped once.
            unsafe { libc::munmap(self.base.as_ptr().cast(), self.lead + self.length) };
        }
    }
}

/// Bytes of each mapping of a file that lives, by its address: pages of memory cannot be fetched again.
static LIVE: Mutex<BTreeMap<usize, usize>> = Mutex::new(BTreeMap::new());

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The pages that hold the bytes, when they lie in a mapping.
fn pages_of(bytes: &[u8]) -> Option<(usize, usize)> {
    let (start, end) = (bytes.as_ptr() as usize, bytes.as_ptr() as usize + bytes.len());
    let live = lock(&LIVE);
    let (&base, &length) = live.range(..=start).next_back()?;
    if bytes.is_empty() || end > base + length {
        return None;
    }
    // A mapping begins with a page, and has its last one to itself.
    let page = page_bytes() as usize;
    Some((start / page * page, end.next_multiple_of(page)))
}

/// Takes the pages of part of a mapping out of memory: they come from the file again when they are next
/// touched, and what was written to them is lost where the mapping is private. Bytes of no mapping are
/// refused.
pub fn give_back(bytes: &[u8]) -> Result<()> {
    let Some((start, end)) = pages_of(bytes) else {
        return Err(Error::invalid("only bytes of a mapping can be given back"));
    };
    // SAFETY: whole pages of one mapping of a file, which the slice keeps alive. They hold what the file
    // holds, before and after; a refusal changes nothing.
    unsafe { libc::madvise(start as *mut _, end - start, libc::MADV_DONTNEED) };
    Ok(())
}

/// Brings part of a mapping into memory, so that a file that was cut since is an error (`Corrupt`) and not
/// the signal that touching it raises. Nothing for bytes of no mapping, and where the kernel cannot do it.
pub fn populate(bytes: &[u8]) -> Result<()> {
    #[cfg(target_os = "linux")]
    if let Some((start, end)) = pages_of(bytes) {
        // SAFETY: whole pages of one mapping, which the slice keeps alive; they are only read.
        let failed = unsafe { libc::madvise(start as *mut _, end - start, libc::MADV_POPULATE_READ) } != 0;
        if failed && io::Error::last_os_error().raw_os_error() == Some(libc::EFAULT) {
            return Err(Error::corrupt("a mapped file was cut, or cannot be read"));
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = bytes;
    Ok(())
}

/// Asks the kernel to back fresh memory with pages of 2 MiB where it can: a large buffer then takes one fault
/// for 512. What the bytes are does not change.
pub fn advise_huge_pages(bytes: &[u8]) {
    let page = page_bytes() as usize;
    let lead = bytes.as_ptr().align_offset(page);
    let Some(length) = bytes.len().checked_sub(lead).map(|rest| rest / page * page).filter(|&n| n > 0) else {
        return;
    };
    #[cfg(target_os = "linux")]
    // SAFETY: whole pages within a live slice; the advice changes how they are backed, not what they hold. A
    // refusal changes nothing.
    unsafe {
        libc::madvise(bytes.as_ptr().add(lead).cast_mut().cast(), length, libc::MADV_HUGEPAGE);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = length;
}

/// Bytes that are read before they are checked: they are still in the cache then.
const STRETCH: usize = 256 << 10;

/// Whole blocks of a file, to be read and checked by several threads.
pub struct Blocks {
    path: PathBuf,
    file: File,
    position: u64,
    length: usize,
    block_bytes: usize,
}

impl Blocks {
    /// `count` blocks from `position` on; the last one may be shorter, at the end of the file. A file that
    /// ends before is Corrupt.
    pub fn open(path: &Path, position: u64, block_bytes: usize, count: usize) -> Result<Self> {
        check_block_bytes(block_bytes)?;
        let fail = |error: io::Error| Error::io("read", path, &error);
        let file = File::open(path).map_err(fail)?;
        let size = file.metadata().map_err(fail)?.len();
        let length = size.saturating_sub(position).min(count.saturating_mul(block_bytes) as u64) as usize;
        if length.div_ceil(block_bytes) != count {
            return Err(ends_before(path));
        }
        Ok(Self { path: path.into(), file, position, length, block_bytes })
    }

    /// Reads the blocks from `first` on, one for each of the checksums, and puts their bytes from byte `skip`
    /// on into `target`. Index of the first block whose CRC32C differs; what was read is then not to be used.
    pub fn read(
        &self,
        first: usize,
        expected: &[u32],
        skip: usize,
        target: &mut [u8],
    ) -> Result<Option<usize>> {
        let (block_bytes, from) = (self.block_bytes, first * self.block_bytes);
        let length = self.length.saturating_sub(from).min(expected.len() * block_bytes);
        let wanted = skip..skip.saturating_add(target.len());
        if length.div_ceil(block_bytes) != expected.len() || wanted.end > length {
            return Err(ends_before(&self.path));
        }
        let read = |bytes: &mut [u8], start: usize| {
            let read = self.file.read_exact_at(bytes, self.position + (from + start) as u64);
            read.map_err(|error| Error::io("read", &self.path, &error))
        };
        let mut edge = Vec::new();
        let mut block = 0;
        while block < expected.len() {
            let start = block * block_bytes;
            let whole = (STRETCH / block_bytes).max(1).min(expected.len() - block);
            let end = length.min(start + whole * block_bytes);
            let bytes = if wanted.start <= start && end <= wanted.end {
                // Straight into its place.
                let bytes = &mut target[start - skip..end - skip];
                read(bytes, start)?;
                bytes
            } else {
                edge.resize(end - start, 0);
                read(&mut edge, start)?;
                let (from, to) = (wanted.start.max(start), wanted.end.min(end));
                if from < to {
                    target[from - skip..to - skip].copy_from_slice(&edge[from - start..to - start]);
                }
                &mut edge[..]
            };
            for (bytes, &sum) in bytes.chunks(block_bytes).zip(&expected[block..]) {
                if crc32c(bytes) != sum {
                    return Ok(Some(first + block));
                }
                block += 1;
            }
        }
        Ok(None)
    }
}

/// Hands out the bytes `[start, end)` of a file piece by piece, or as many as it has; how many those are.
/// Read and not mapped: a file that is cut meanwhile is only shorter.
pub fn read_pieces(path: &Path, start: u64, end: u64, mut take: impl FnMut(&[u8])) -> Result<u64> {
    let fail = |error: io::Error| Error::io("read", path, &error);
    let flags = libc::O_NONBLOCK | libc::O_NOFOLLOW;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(fail)?;
    let mut buffer = vec![0; end.saturating_sub(start).min(STRETCH as u64) as usize];
    let mut at = start;
    while at < end {
        let room = buffer.len().min((end - at) as usize);
        match file.read_at(&mut buffer[..room], at) {
            Ok(0) => break,
            Ok(read) => {
                take(&buffer[..read]);
                at += read as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(fail(error)),
        }
    }
    Ok(at.saturating_sub(start))
}

fn ends_before(path: &Path) -> Error {
    Error::corrupt(format!("{} ends before the blocks that it should hold", path.display()))
}

fn page_bytes() -> u64 {
    // SAFETY: sysconf has no preconditions.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as u64 }
}

/// A path from the bytes of JavaScript's string.
pub fn path(text: String) -> Result<PathBuf> {
    if text.is_empty() || text.contains('\0') {
        return Err(Error::invalid(format!("{text:?} is not a path")));
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;
    use std::sync::mpsc;
    use std::time::Duration;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("nacre-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        fn file(&self, bytes: &[u8]) -> PathBuf {
            let path = self.0.join("bytes");
            std::fs::write(&path, bytes).unwrap();
            path
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn bytes(mapping: &Mapping) -> &[u8] {
        // SAFETY: the mapping is readable over its length and borrowed for as long as the slice.
        unsafe { std::slice::from_raw_parts(mapping.as_ptr(), mapping.len()) }
    }

    #[test]
    fn blocks_are_read_into_their_place_and_a_damaged_one_is_named() {
        let folder = Folder::new("blocks");
        let mut bytes: Vec<u8> = (0..700_000).map(|i| (i * 7 % 251) as u8).collect();
        let path = folder.file(&bytes);
        let blocks: Vec<u32> = bytes.chunks(1024).map(crc32c).collect();
        for (first, skip, length) in
            [(0, 0, 700_000), (0, 1, 699_999), (3, 5, 0), (300, 1_000, 391_000), (683, 0, 608)]
        {
            let last = usize::div_ceil(first * 1024 + skip + length, 1024).max(first + 1).min(blocks.len());
            let mut target = vec![0; length];
            let sums = &blocks[first..last];
            let all = Blocks::open(&path, first as u64 * 1024, 1024, sums.len()).unwrap();
            assert_eq!(all.read(0, sums, skip, &mut target), Ok(None));
            assert_eq!(target, bytes[first * 1024 + skip..][..length]);
            // The same in two parts.
            let half = sums.len() / 2;
            let (left, right) = target.split_at_mut((half * 1024).saturating_sub(skip).min(length));
            left.fill(0);
            right.fill(0);
            let skips = (skip.min(half * 1024), skip.saturating_sub(half * 1024));
            assert_eq!(all.read(0, &sums[..half], skips.0, left), Ok(None));
            assert_eq!(all.read(half, &sums[half..], skips.1, right), Ok(None));
            assert_eq!(target, bytes[first * 1024 + skip..][..length]);
        }
        bytes[512_345] ^= 1;
        folder.file(&bytes);
        let mut target = vec![0; 700_000];
        let damaged = Blocks::open(&path, 0, 1024, blocks.len()).unwrap();
        assert_eq!(damaged.read(0, &blocks, 0, &mut target), Ok(Some(500)));
        assert_eq!(damaged.read(400, &blocks[400..], 0, &mut target[..10]), Ok(Some(500)));
        folder.file(&bytes[..600_000]);
        assert_eq!(Blocks::open(&path, 0, 1024, blocks.len()).err().unwrap().code, Code::Corrupt);
    }

    #[test]
    fn pieces_of_a_file_are_its_bytes_up_to_its_end() {
        let folder = Folder::new("pieces");
        let bytes: Vec<u8> = (0..700_000).map(|i| (i * 7 % 251) as u8).collect();
        let path = folder.file(&bytes);
        for (start, end) in
            [(0, 700_000), (0, 0), (5, 300_001), (699_999, 800_000), (700_000, 700_001), (9, 3)]
        {
            let mut seen = Vec::new();
            let read = read_pieces(&path, start, end, |piece| seen.extend_from_slice(piece)).unwrap();
            let (from, to) = (start.min(700_000) as usize, end.clamp(start, 700_000) as usize);
            assert_eq!(seen, bytes[from..to.max(from)]);
            assert_eq!(read, seen.len() as u64);
        }
        assert!(read_pieces(&folder.0.join("none"), 0, 1, |_| ()).is_err());
    }

    #[test]
    fn advice_leaves_the_bytes_as_they_are() {
        let bytes: Vec<u8> = (0..9_000_000).map(|i| (i % 251) as u8).collect();
        for range in [0..0, 0..10, 1..9_000_000, 4_095..4_097] {
            advise_huge_pages(&bytes[range]);
        }
        assert!(bytes.iter().enumerate().all(|(i, &byte)| byte == (i % 251) as u8));
    }

    #[test]
    fn ranges_at_any_offset_are_mapped() {
        let folder = Folder::new("ranges");
        let content: Vec<u8> = (0..20_000u32).map(|i| (i * 7) as u8).collect();
        let path = folder.file(&content);
        for (offset, length) in [(0, 20_000), (1, 100), (4095, 2), (4096, 4096), (8191, 11_809), (20_000, 0)]
        {
            let mapping = Mapping::new(&path, offset as u64, length).unwrap();
            assert_eq!(bytes(&mapping), &content[offset..offset + length]);
        }
    }

    #[test]
    fn a_file_too_short_is_corrupt_and_never_touched() {
        let folder = Folder::new("short");
        let path = folder.file(&[1; 100]);
        // Without the size check, the first page maps and its tail reads as zeros, and pages behind raise
        // SIGBUS.
        for (offset, length) in [(0, 101), (100, 1), (4096, 1), (u64::MAX, 2), (0, usize::MAX)] {
            assert_eq!(Mapping::new(&path, offset, length).unwrap_err().code, Code::Corrupt);
        }
    }

    #[test]
    fn writes_stay_in_the_mapping() {
        let folder = Folder::new("private");
        let path = folder.file(&[1; 8192]);
        let (one, other) = (Mapping::new(&path, 0, 8192).unwrap(), Mapping::new(&path, 0, 8192).unwrap());
        // SAFETY: index 5000 is inside the 8192 writable bytes.
        unsafe { one.as_ptr().add(5000).write(9) };
        assert_eq!((bytes(&one)[5000], bytes(&other)[5000]), (9, 1));
        assert_eq!(std::fs::read(&path).unwrap(), [1; 8192]);
    }

    #[test]
    fn pages_of_a_mapping_come_and_go_and_its_bytes_stay_as_they_are() {
        let folder = Folder::new("pages");
        let content: Vec<u8> = (0..50_000u32).map(|i| (i * 7) as u8).collect();
        let path = folder.file(&content);
        for (offset, length) in [(0, 50_000), (1, 100), (4_095, 2), (8_191, 40_000)] {
            let mapping = Mapping::new(&path, offset, length).unwrap();
            for range in [0..length, 0..1, length - 1..length, length / 2..length] {
                populate(&bytes(&mapping)[range.clone()]).unwrap();
                give_back(&bytes(&mapping)[range]).unwrap();
                assert_eq!(bytes(&mapping), &content[offset as usize..][..length]);
            }
            assert!(give_back(&bytes(&mapping)[..0]).is_err());
        }
    }

    #[test]
    fn memory_that_is_no_mapping_is_never_given_back() {
        // Without the look at what is mapped, these pages would read as zeros afterwards.
        let memory = vec![7_u8; 1 << 20];
        assert_eq!(give_back(&memory).unwrap_err().code, Code::InvalidArgument);
        populate(&memory).unwrap();
        assert!(memory.iter().all(|&byte| byte == 7));
        let folder = Folder::new("unmapped");
        let path = folder.file(&[1; 8192]);
        let mapping = Mapping::new(&path, 0, 8192).unwrap();
        // SAFETY: the pages are only named, and not touched.
        let beyond = unsafe { std::slice::from_raw_parts(mapping.as_ptr(), 8193) };
        assert_eq!(give_back(beyond).unwrap_err().code, Code::InvalidArgument);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_that_was_cut_after_it_was_mapped_is_an_error_before_it_is_touched() {
        let folder = Folder::new("cut");
        let path = folder.file(&[1; 40_960]);
        let mapping = Mapping::new(&path, 0, 40_960).unwrap();
        populate(bytes(&mapping)).unwrap();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(4096).unwrap();
        assert_eq!(populate(bytes(&mapping)).unwrap_err().code, Code::Corrupt);
        populate(&bytes(&mapping)[..4096]).unwrap();
    }

    #[test]
    fn missing_files_and_folders_are_told_apart() {
        let folder = Folder::new("missing");
        assert_eq!(Mapping::new(&folder.0.join("none"), 0, 1).unwrap_err().code, Code::NotFound);
        assert_eq!(Mapping::new(&folder.0, 0, 1).unwrap_err().code, Code::InvalidArgument);
        assert_eq!(FileLock::acquire(&folder.0).unwrap_err().code, Code::InvalidArgument);
        assert_eq!(FileLock::acquire(&folder.0.join("no/lock")).unwrap_err().code, Code::NotFound);
        assert!(path("a\0b".into()).is_err());
    }

    #[test]
    fn a_second_lock_waits_for_the_first() {
        let folder = Folder::new("lock");
        let path = folder.0.join("lock");
        let first = FileLock::acquire(&path).unwrap();
        let (sender, receiver) = mpsc::channel();
        let waiter = std::thread::spawn(move || {
            let lock = FileLock::acquire(&path).unwrap();
            sender.send(()).unwrap();
            lock
        });
        assert!(receiver.recv_timeout(Duration::from_millis(50)).is_err());
        drop(first);
        receiver.recv().unwrap();
        drop(waiter.join().unwrap());
    }

    #[test]
    fn a_lock_that_is_held_is_not_waited_for() {
        let folder = Folder::new("try");
        let path = folder.0.join("lock");
        let first = FileLock::try_acquire(&path).unwrap();
        assert!(first.is_some());
        assert!(FileLock::try_acquire(&path).unwrap().is_none());
        // Its file was removed: who comes then locks another one.
        std::fs::remove_file(&path).unwrap();
        assert!(FileLock::try_acquire(&path).unwrap().is_some());
        drop(first);
        assert!(FileLock::try_acquire(&path).unwrap().is_some());
        assert_eq!(FileLock::try_acquire(&folder.0).unwrap_err().code, Code::InvalidArgument);
    }

    #[test]
    fn a_lock_on_a_removed_file_is_taken_anew() {
        let folder = Folder::new("removed");
        let path = folder.0.join("lock");
        let first = FileLock::acquire(&path).unwrap();
        let waiter = {
            let path = path.clone();
            std::thread::spawn(move || FileLock::acquire(&path).unwrap())
        };
        std::thread::sleep(Duration::from_millis(50));
        std::fs::remove_file(&path).unwrap();
        drop(first);
        let held = waiter.join().unwrap();
        assert!(same_file(&held._file, &path).unwrap());
    }
}
