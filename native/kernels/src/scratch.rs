//! A file without a name for what is worked on, on the disk or in memory: mapped where it is touched, gone
//! with the process.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::file::Mapping;
use crate::{Error, Result};

#[derive(Debug)]
pub struct Scratch {
    file: File,
    path: PathBuf,
    bytes: u64,
    in_memory: bool,
}

impl Scratch {
    /// A sparse file of so many zeros, made at `path`, which nobody has, and taken out of its folder at once.
    pub fn new(path: &Path, bytes: u64) -> Result<Self> {
        let fail = |error: io::Error| Error::io("make", path, &error);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(fail)?;
        std::fs::remove_file(path).map_err(fail)?;
        file.set_len(bytes).map_err(fail)?;
        Ok(Self { file, path: path.into(), bytes, in_memory: false })
    }

    /// The same of memory, of which a page is taken when it is touched first. Where the system has no such
    /// files, or lets nobody make them, it is one at `path`.
    #[cfg(target_os = "linux")]
    pub fn in_memory(path: &Path, bytes: u64) -> Result<Self> {
        use std::os::fd::FromRawFd;
        let fail = |error: io::Error| Error::io("make", path, &error);
        // SAFETY: the name is a string that ends, and lives; the call touches no other memory of ours.
        let descriptor = unsafe { libc::memfd_create(c"nacre-scratch".as_ptr(), libc::MFD_CLOEXEC) };
        if descriptor < 0 {
            return Self::new(path, bytes);
        }
        // SAFETY: the descriptor was made just now, and is nobody else's.
        let file = unsafe { File::from_raw_fd(descriptor) };
        file.set_len(bytes).map_err(fail)?;
        Ok(Self { file, path: path.into(), bytes, in_memory: true })
    }

    #[cfg(not(target_os = "linux"))]
    pub fn in_memory(path: &Path, bytes: u64) -> Result<Self> {
        Self::new(path, bytes)
    }

    /// Maps `[offset, offset + length)`: what is written there is read by all mappings. Its room on the disk
    /// is taken first: for want of it this fails, where touching the bytes would end the process. (For want
    /// of memory the system ends one, whatever kind of memory it is.)
    pub fn map(&self, offset: u64, length: usize) -> Result<Mapping> {
        if offset.checked_add(length as u64).is_none_or(|end| end > self.bytes) {
            return Err(Error::invalid(format!("{length} bytes from {offset} on are not in {}", self.bytes)));
        }
        let mapped = match length {
            0 => Ok(()),
            _ if self.in_memory => Ok(()),
            _ => self.take_room(offset, length as u64),
        };
        mapped
            .and_then(|()| Mapping::of(&self.file, offset, length, libc::MAP_SHARED))
            .map_err(|error| Error::io("take room in", &self.path, &error))
    }

    #[cfg(target_os = "linux")]
    fn take_room(&self, offset: u64, length: u64) -> io::Result<()> {
        use std::os::fd::AsRawFd;
        let (offset, length) = (offset as libc::off_t, length as libc::off_t);
        loop {
            // SAFETY: the descriptor is open; the call touches no memory of ours.
            match unsafe { libc::posix_fallocate(self.file.as_raw_fd(), offset, length) } {
                0 => return Ok(()),
                libc::EINTR => {}
                code => return Err(io::Error::from_raw_os_error(code)),
            }
        }
    }

    /// Zeros where nothing was written yet: a file system that has no call for room takes it so.
    #[cfg(not(target_os = "linux"))]
    fn take_room(&self, offset: u64, length: u64) -> io::Result<()> {
        use std::os::unix::fs::FileExt;
        const PAGE: u64 = 4_096;
        let mut at = offset / PAGE * PAGE;
        while at < offset + length {
            let mut byte = [0];
            self.file.read_exact_at(&mut byte, at)?;
            self.file.write_all_at(&byte, at)?;
            at += PAGE;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("nacre-scratch-{}-{name}", std::process::id()))
    }

    fn bytes(mapping: &mut Mapping) -> &mut [u8] {
        // SAFETY: one slice at a time is looked at in these tests.
        unsafe { std::slice::from_raw_parts_mut(mapping.as_ptr(), mapping.len()) }
    }

    #[test]
    fn mappings_of_one_file_are_the_same_bytes_and_it_has_no_name() {
        let path = path("same");
        let scratch = Scratch::new(&path, 20_000).unwrap();
        assert!(!path.exists());
        let (mut one, mut other) = (scratch.map(100, 10_000).unwrap(), scratch.map(5_000, 15_000).unwrap());
        bytes(&mut one)[4_900..4_904].copy_from_slice(b"abcd");
        assert_eq!(bytes(&mut other)[..4], *b"abcd");
        drop(one);
        assert_eq!(bytes(&mut scratch.map(5_001, 3).unwrap()), b"bcd");
        assert!(scratch.map(0, 0).unwrap().is_empty());
    }

    #[test]
    fn mappings_of_one_in_memory_are_the_same_bytes() {
        let path = path("memory");
        let scratch = Scratch::in_memory(&path, 20_000).unwrap();
        assert!(!path.exists());
        let mut one = scratch.map(0, 20_000).unwrap();
        assert!(bytes(&mut one).iter().all(|&byte| byte == 0));
        bytes(&mut one)[4_900..4_904].copy_from_slice(b"abcd");
        drop(one);
        assert_eq!(bytes(&mut scratch.map(4_901, 3).unwrap()), b"bcd");
        assert!(scratch.map(19_999, 2).is_err());
    }

    #[test]
    fn what_is_not_in_the_file_is_refused() {
        let scratch = Scratch::new(&path("range"), 10).unwrap();
        assert!(scratch.map(0, 11).is_err());
        assert!(scratch.map(u64::MAX, 2).is_err());
        let taken = path("taken");
        std::fs::write(&taken, "x").unwrap();
        assert!(Scratch::new(&taken, 1).is_err());
        std::fs::remove_file(&taken).unwrap();
    }
}
