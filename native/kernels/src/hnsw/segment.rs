//! A segment as it lies in a file, or in memory.
//!
//! Numbers are little endian. A head of `NODES_AT` bytes: see `Head`. The nodes, by their local ids. Of each
//! level above the lowest, the degrees and links of its nodes. The local id of each row, by row id, uint32,
//! filled up to a line. Where row ids are not those from the first one on, all of them, uint64.

use std::sync::{Mutex, PoisonError};

use super::build::Stored;
use super::format::{
    LINE, LINKS, Line, MAX_LEVELS, MAX_ROWS, NODES_AT, Shape, bytes_of, bytes_of_mut, put_word, word,
};
use super::graph::Graph;
use super::rows::{Rows, row_of};
use super::walk::Work;
use crate::codes::Layout;
use crate::crc::crc32c;
use crate::distance::Metric;
use crate::rowset::MAX_ID;
use crate::{Code, Error, Result};

const MAGIC: &[u8; 8] = b"nacrehns";
const VERSION: u32 = 1;
/// Bytes of the head that say something, and the CRC32C after them.
const HEAD_BYTES: usize = 120;
const METRICS: [Metric; 3] = [Metric::L2, Metric::Cosine, Metric::Dot];

/// What the head says.
pub struct Segment {
    pub metric: Metric,
    pub shape: Shape,
    pub rows: usize,
    /// Of the hash of row ids.
    pub seed: u64,
    pub first_id: u64,
    is_listed: bool,
    counts: Vec<u32>,
    works: Mutex<Vec<Work>>,
}

/// Where the sections begin.
struct Places {
    uppers: Vec<usize>,
    locals: usize,
    ids: usize,
    end: usize,
}

impl Segment {
    /// From its first `NODES_AT` bytes. `Corrupt` where they cannot be those of a segment, and
    /// `InvalidArgument` where it is not of these codes.
    pub fn open(bytes: &[u8], layout: Layout) -> Result<Self> {
        let Some(head) = bytes.get(..NODES_AT) else {
            return Err(Error::corrupt(format!("{} bytes are no graph", bytes.len())));
        };
        if &head[..8] != MAGIC || crc32c(&head[..HEAD_BYTES]) != word(head, HEAD_BYTES) {
            return Err(Error::corrupt("the head of a graph is damaged"));
        }
        let number = |at| word(head, at) as usize;
        let wide = |at: usize| u64::from_le_bytes(*head[at..].first_chunk().expect("eight bytes"));
        if word(head, 8) != VERSION {
            let message = format!("a graph of version {}, this is {VERSION}", word(head, 8));
            return Err(Error::corrupt(message));
        }
        let metric = number(12).checked_sub(1).and_then(|at| METRICS.get(at)).copied();
        let (coordinates, links, rows, levels) = (number(16), number(20), number(24), number(28));
        let is_listed = word(head, 48);
        let counts: Vec<u32> = (0..=MAX_LEVELS).map(|level| word(head, 56 + 4 * level)).collect();
        let first_id = wide(40);
        let fits = LINKS.contains(&links)
            && rows <= MAX_ROWS
            && (1..=MAX_LEVELS + 1).contains(&levels)
            && counts[0] as usize <= rows
            && counts.is_sorted_by(|a, b| a >= b)
            && counts[levels..].iter().all(|&count| count == 0)
            && (levels == 1 || counts[levels - 1] > 0)
            && is_listed <= 1
            && first_id.checked_add(rows as u64).is_some_and(|end| end <= MAX_ID + 1);
        let Some(metric) = metric.filter(|_| fits) else {
            return Err(Error::corrupt("the head of a graph says what cannot be"));
        };
        if coordinates != layout.coordinates {
            let ours = layout.coordinates;
            return Err(Error::invalid(format!("a graph of {coordinates} coordinates, codes of {ours}")));
        }
        let shape = Shape::new(layout, links)?;
        let (seed, is_listed, counts) = (wide(32), is_listed == 1, counts[..levels].to_vec());
        Ok(Self { metric, shape, rows, seed, first_id, is_listed, counts, works: Mutex::default() })
    }

    fn places(&self) -> Places {
        let mut at = NODES_AT + self.rows * self.shape.node_bytes();
        let mut take = |bytes: usize| {
            let start = at;
            at += bytes;
            start
        };
        let upper = self.shape.upper_bytes();
        let uppers = self.counts[1..].iter().map(|&count| take(count as usize * upper)).collect();
        let locals = take((4 * self.rows).next_multiple_of(LINE));
        let ids = take(if self.is_listed { 8 * self.rows } else { 0 });
        Places { uppers, locals, ids, end: at }
    }

    /// Bytes of all of it.
    pub fn bytes(&self) -> usize {
        self.places().end
    }

    /// How many nodes each level has, the lowest first.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    fn check<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8]> {
        match bytes.len() == self.bytes() {
            true => Ok(bytes),
            false => Err(Error::corrupt(format!("a graph of {} bytes has {}", self.bytes(), bytes.len()))),
        }
    }

    /// The graph in the bytes of the segment.
    pub fn graph<'a>(&'a self, bytes: &'a [u8]) -> Result<Graph<'a>> {
        let bytes = self.check(bytes)?;
        let Places { uppers, .. } = self.places();
        let nodes = &bytes[NODES_AT..][..self.rows * self.shape.node_bytes()];
        let levels = uppers.iter().zip(&self.counts[1..]);
        let uppers =
            levels.map(|(&at, &count)| &bytes[at..][..count as usize * self.shape.upper_bytes()]).collect();
        Ok(Graph { shape: self.shape, counts: &self.counts, nodes, uppers })
    }

    /// The first id, where the others follow it one by one.
    pub(super) fn first_of_all(&self) -> Option<u64> {
        (!self.is_listed).then_some(self.first_id)
    }

    /// The id of a row, by its place in their order.
    pub fn id(&self, bytes: &[u8], row: u32) -> Result<u64> {
        if row as usize >= self.rows {
            return Err(Error::corrupt(format!("a node of row {row} of {}", self.rows)));
        }
        if !self.is_listed {
            return Ok(self.first_id + u64::from(row));
        }
        let at = self.places().ids + 8 * row as usize;
        let id = self.check(bytes)?[at..].first_chunk().map_or(u64::MAX, |id| u64::from_le_bytes(*id));
        match (self.first_id..=MAX_ID).contains(&id) {
            true => Ok(id),
            false => Err(Error::corrupt(format!("row {row} of a graph has the id {id}"))),
        }
    }

    /// The node of a row.
    pub fn local(&self, bytes: &[u8], row: u32) -> Result<u32> {
        let local = word(self.check(bytes)?, self.places().locals + 4 * row as usize);
        match (local as usize) < self.rows {
            true => Ok(local),
            false => Err(Error::corrupt(format!("row {row} of a graph has the node {local}"))),
        }
    }

    pub(super) fn work(&self) -> Work {
        self.works.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    pub(super) fn give_back(&self, work: Work) {
        self.works.lock().unwrap_or_else(PoisonError::into_inner).push(work);
    }
}

/// The bytes of a segment that was built.
pub struct Built {
    lines: Vec<Line>,
    length: usize,
    pub rows: usize,
}

impl Built {
    pub fn bytes(&self) -> &[u8] {
        &bytes_of(&self.lines)[..self.length]
    }

    /// The bytes as memory that begins at a line: where they begin, and how many they are. They live as long
    /// as this.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut bytes_of_mut(&mut self.lines)[..self.length]
    }
}

/// The bytes of linked rows.
pub(super) fn write(rows: &Rows, metric: Metric, counts: &[u32], stored: Stored) -> Result<Built> {
    let (shape, count) = (rows.shape, rows.ids.len());
    let first_id = rows.ids.first().copied().unwrap_or(0);
    let is_listed = rows.ids.last().is_some_and(|&last| last - first_id >= count as u64);
    let metric = if metric.is_l2() { Metric::L2 } else { metric };
    let metric = METRICS.iter().position(|&other| other == metric).map_or(0, |at| at + 1);
    let Stored { mut lines, uppers, .. } = stored;
    let locals = lines.len() + uppers.iter().map(Vec::len).sum::<usize>();
    let ids = locals + (4 * count).div_ceil(LINE);
    let total = ids + if is_listed { (8 * count).div_ceil(LINE) } else { 0 };
    lines.try_reserve_exact(total - lines.len()).map_err(|_| {
        Error::new(Code::ResourceExhausted, format!("no memory for {total} lines of a graph"))
    })?;
    uppers.iter().for_each(|upper| lines.extend_from_slice(upper));
    lines.resize(total, Line([0; LINE]));
    let bytes = bytes_of_mut(&mut lines);
    let numbers = [VERSION as usize, metric, shape.coordinates, shape.links, count, counts.len()];
    bytes[..8].copy_from_slice(MAGIC);
    for (i, number) in numbers.into_iter().enumerate() {
        put_word(bytes, 8 + 4 * i, number as u32);
    }
    bytes[32..40].copy_from_slice(&rows.seed.to_le_bytes());
    bytes[40..48].copy_from_slice(&first_id.to_le_bytes());
    put_word(bytes, 48, is_listed.into());
    counts.iter().enumerate().for_each(|(i, &count)| put_word(bytes, 56 + 4 * i, count));
    let check = crc32c(&bytes[..HEAD_BYTES]);
    put_word(bytes, HEAD_BYTES, check);
    for local in 0..count {
        let row = row_of(shape, &bytes[NODES_AT + local * shape.node_bytes()..]);
        put_word(bytes, locals * LINE + 4 * row as usize, local as u32);
    }
    if is_listed {
        let into = bytes[ids * LINE..].as_chunks_mut().0;
        into.iter_mut().zip(&rows.ids).for_each(|(bytes, id)| *bytes = id.to_le_bytes());
    }
    let length = if is_listed { ids * LINE + 8 * count } else { ids * LINE };
    Ok(Built { lines, length, rows: count })
}
