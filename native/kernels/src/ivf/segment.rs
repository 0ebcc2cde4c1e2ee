//! The bytes of a segment: lists of codes with the ids of their rows, and a directory of them.
//!
//! The directory has two uint32 of each list: how many rows it has, and the CRC32C of its bytes. Lists follow
//! each other in the order of their centroids, each from a multiple of 64 bytes on: the ids of its rows as
//! uint32, less the first id of the segment, ascending; then, from a multiple of 64 on, the chunks of its
//! codes. A list without rows has no bytes.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::codes::Layout;
use crate::crc::crc32c;
use crate::{Error, Result};

const LINE: usize = 64;
/// Bytes of an entry of the directory.
pub const ENTRY_BYTES: usize = 8;

/// Where a list lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub rows: usize,
    pub check: u32,
    pub start: usize,
    pub end: usize,
}

/// The bytes of a segment, and how many of them the directory has.
pub struct Built {
    pub bytes: Vec<u8>,
    pub head: usize,
    pub rows: usize,
}

pub struct Directory {
    pub entries: Vec<Entry>,
    layout: Layout,
}

impl Directory {
    /// Of so many lists of a segment of so many rows; the first list begins at the first line after it.
    pub fn new(bytes: &[u8], lists: usize, rows: usize, layout: Layout) -> Result<Self> {
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() || numbers.len() != 2 * lists {
            return Err(Error::corrupt(format!("{} bytes are no directory of {lists} lists", bytes.len())));
        }
        let mut start = bytes.len().next_multiple_of(LINE);
        let (mut entries, mut total) = (Vec::with_capacity(lists), 0usize);
        for entry in numbers.as_chunks::<2>().0 {
            let [count, check] = entry.map(u32::from_le_bytes);
            let count = count as usize;
            total = total.saturating_add(count);
            if total > rows {
                return Err(Error::corrupt(format!("lists have more rows than the segment, {rows}")));
            }
            let end = start + list_bytes(layout, count);
            entries.push(Entry { rows: count, check, start, end });
            start = end.next_multiple_of(LINE);
        }
        if total != rows {
            return Err(Error::corrupt(format!("lists have {total} rows, the segment {rows}")));
        }
        Ok(Self { entries, layout })
    }

    /// Bytes of the whole segment.
    pub fn segment_bytes(&self) -> usize {
        self.entries.last().map_or(0, |last| last.end)
    }

    /// The ids of the rows of a list, so many of which there are from `first_id` on, and its codes. Its bytes
    /// are compared with their checksum, unless the mark says that these very bytes were before; no id is
    /// believed.
    pub fn list<'a>(
        &self,
        list: usize,
        bytes: &'a [u8],
        (first_id, ids): (u64, u64),
        mark: Option<&AtomicBool>,
    ) -> Result<(Vec<u64>, &'a [u8])> {
        let Some(entry) = self.entries.get(list) else {
            return Err(Error::invalid(format!("list {list} of {}", self.entries.len())));
        };
        if bytes.len() != entry.end - entry.start {
            return Err(Error::corrupt(format!("{} bytes are no list of {} rows", bytes.len(), entry.rows)));
        }
        if !mark.is_some_and(|mark| mark.load(Ordering::Relaxed)) {
            if crc32c(bytes) != entry.check {
                return Err(Error::corrupt(format!("list {list} is not what its checksum says")));
            }
            if let Some(mark) = mark {
                mark.store(true, Ordering::Relaxed);
            }
        }
        let (numbers, _) = bytes.as_chunks::<4>();
        let mut last = None;
        let mut rows = Vec::with_capacity(entry.rows);
        for &number in &numbers[..entry.rows] {
            let id = u64::from(u32::from_le_bytes(number));
            if id >= ids || last.is_some_and(|last| id <= last) {
                return Err(Error::corrupt(format!(
                    "list {list} names row {id}, which is not one of its own"
                )));
            }
            last = Some(id);
            rows.push(first_id + id);
        }
        let codes = &bytes[id_bytes(entry.rows)..];
        debug_assert_eq!(codes.len(), self.layout.list_bytes(entry.rows));
        Ok((rows, codes))
    }
}

fn id_bytes(rows: usize) -> usize {
    (4 * rows).next_multiple_of(LINE)
}

pub fn list_bytes(layout: Layout, rows: usize) -> usize {
    id_bytes(rows) + layout.list_bytes(rows)
}

/// The segment of lists, which are given as their ids and codes.
pub fn write(
    layout: Layout,
    lists: impl ExactSizeIterator<Item = (impl AsRef<[u32]>, Vec<u8>)>,
) -> (Vec<u8>, usize) {
    let head = lists.len() * ENTRY_BYTES;
    let mut bytes = vec![0; head];
    for (list, (ids, codes)) in lists.enumerate() {
        let ids = ids.as_ref();
        if ids.is_empty() {
            continue;
        }
        bytes.resize(bytes.len().next_multiple_of(LINE), 0);
        let start = bytes.len();
        bytes.extend(ids.iter().flat_map(|id| id.to_le_bytes()));
        bytes.resize(start + id_bytes(ids.len()), 0);
        bytes.extend(codes);
        debug_assert_eq!(bytes.len() - start, list_bytes(layout, ids.len()));
        let check = crc32c(&bytes[start..]);
        let entry = [ids.len() as u32, check].map(u32::to_le_bytes);
        bytes[list * ENTRY_BYTES..][..ENTRY_BYTES].copy_from_slice(entry.as_flattened());
    }
    (bytes, head)
}
