//! Walks through a graph to what is near.

use super::graph::{Graph, Operand};
use crate::Result;
use crate::arch::{BYTE_ROWS, CodeKernels};

/// Nodes that a walk has seen. Forgets them in a time that goes by how many they were.
#[derive(Default)]
pub struct Visited {
    bits: Vec<u64>,
    words: Vec<u32>,
}

impl Visited {
    pub fn start(&mut self, nodes: usize) {
        for word in self.words.drain(..) {
            self.bits[word as usize] = 0;
        }
        self.bits.resize(nodes.div_ceil(64), 0);
    }

    /// Whether it was not there yet.
    #[inline(always)]
    pub fn insert(&mut self, id: u32) -> bool {
        let (word, bit) = (id / 64, 1 << (id % 64));
        let bits = &mut self.bits[word as usize];
        let is_new = *bits & bit == 0;
        if *bits == 0 {
            self.words.push(word);
        }
        *bits |= bit;
        is_new
    }
}

/// A node with its key, in the order of both: the key, as a number that orders as it does, in the upper half;
/// below it the node, and whether its links were followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry(u64);

impl Entry {
    #[inline(always)]
    pub fn new(key: f32, id: u32) -> Self {
        let bits = key.to_bits();
        let ordered = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
        Self(u64::from(ordered) << 32 | u64::from(id) << 1)
    }

    pub fn id(self) -> u32 {
        (self.0 as u32) >> 1
    }

    pub fn key(self) -> f32 {
        let ordered = (self.0 >> 32) as u32;
        f32::from_bits(if ordered >> 31 == 1 { ordered & !(1 << 31) } else { !ordered })
    }

    fn is_followed(self) -> bool {
        self.0 & 1 == 1
    }

    fn follow(&mut self) {
        self.0 |= 1;
    }
}

/// The nearest nodes so far, ascending, and from where on links were not followed.
#[derive(Default)]
pub struct Beam {
    entries: Vec<Entry>,
    next: usize,
    width: usize,
}

impl Beam {
    fn start(&mut self, width: usize) {
        self.entries.clear();
        self.entries.reserve(width + 1);
        (self.next, self.width) = (0, width);
    }

    #[inline(always)]
    fn offer(&mut self, entry: Entry) -> bool {
        if self.entries.len() == self.width {
            if self.entries.last().is_some_and(|last| *last <= entry) {
                return false;
            }
            self.entries.pop();
        }
        let at = self.entries.partition_point(|other| *other < entry);
        self.entries.insert(at, entry);
        self.next = self.next.min(at);
        true
    }

    /// The nearest node whose links were not followed, which they are now.
    #[inline(always)]
    fn next(&mut self) -> Option<u32> {
        while let Some(entry) = self.entries.get_mut(self.next) {
            self.next += 1;
            if !entry.is_followed() {
                entry.follow();
                return Some(entry.id());
            }
        }
        None
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// So many calls before its use a node is asked for where all are known.
const AHEAD: usize = 4;

/// What one walk needs; used again for the next.
#[derive(Default)]
pub struct Work {
    pub visited: Visited,
    pub beam: Beam,
    batch: Vec<u32>,
    /// Nodes that were compared.
    pub compared: usize,
    /// Nodes of which the links were followed.
    pub followed: usize,
    /// What a search found.
    pub found: Vec<u32>,
}

pub struct Walk<'a> {
    pub graph: &'a Graph<'a>,
    pub kernels: CodeKernels,
}

impl Walk<'_> {
    /// From `start`, on a level, the node next to which no neighbour is nearer.
    pub fn descend(&self, operand: &Operand, level: usize, start: Entry) -> Result<Entry> {
        let mut nearest = start;
        let mut keys = [0.0; BYTE_ROWS];
        loop {
            let links = self.graph.links(level, nearest.id())?;
            for link in links {
                self.graph.prefetch_code(self.graph.linked(level, *link)?);
            }
            let before = nearest;
            for links in links.chunks(BYTE_ROWS) {
                let mut ids = [0; BYTE_ROWS];
                for (id, link) in ids.iter_mut().zip(links) {
                    *id = u32::from_le_bytes(*link);
                }
                let ids = &ids[..links.len()];
                operand.keys(&self.kernels, self.graph, ids, &mut keys);
                for (&id, &key) in ids.iter().zip(&keys) {
                    nearest = nearest.min(Entry::new(key, id));
                }
            }
            if nearest == before {
                return Ok(nearest);
            }
        }
    }

    pub fn entry(&self, operand: &Operand, id: u32) -> Entry {
        let mut keys = [0.0; BYTE_ROWS];
        operand.keys(&self.kernels, self.graph, &[id], &mut keys);
        Entry::new(keys[0], id)
    }

    /// The `width` nearest nodes that a walk from some nodes finds on a level, in `work.beam`.
    pub fn search(
        &self,
        operand: &Operand,
        level: usize,
        starts: &[Entry],
        width: usize,
        work: &mut Work,
    ) -> Result<()> {
        let Work { visited, beam, batch, compared, followed, .. } = work;
        visited.start(self.graph.counts[level] as usize);
        beam.start(width);
        for &start in starts {
            if visited.insert(start.id()) {
                beam.offer(start);
            }
        }
        let mut keys = [0.0; BYTE_ROWS];
        while let Some(id) = beam.next() {
            *followed += 1;
            batch.clear();
            for link in self.graph.links(level, id)? {
                let link = self.graph.linked(level, *link)?;
                if visited.insert(link) {
                    self.graph.prefetch_code(link);
                    batch.push(link);
                }
            }
            *compared += batch.len();
            for ids in batch.chunks(BYTE_ROWS) {
                operand.keys(&self.kernels, self.graph, ids, &mut keys);
                for (&id, &key) in ids.iter().zip(&keys) {
                    if beam.offer(Entry::new(key, id)) && level == 0 {
                        self.graph.prefetch_links(id);
                    }
                }
            }
        }
        Ok(())
    }

    /// The same from the top of the graph, on its lowest level.
    pub fn nearest(&self, operand: &Operand, width: usize, work: &mut Work) -> Result<()> {
        let mut nearest = self.entry(operand, 0);
        for level in (1..self.graph.counts.len()).rev() {
            nearest = self.descend(operand, level, nearest)?;
        }
        self.search(operand, 0, &[nearest], width, work)
    }

    /// The `width` nearest of some nodes, in `work.beam`.
    pub fn compare(&self, operand: &Operand, ids: &[u32], width: usize, work: &mut Work) {
        let mut keys = [0.0; BYTE_ROWS];
        work.beam.start(width);
        work.compared += ids.len();
        for (at, some) in ids.chunks(BYTE_ROWS).enumerate() {
            ids.iter()
                .skip((at + AHEAD) * BYTE_ROWS)
                .take(BYTE_ROWS)
                .for_each(|&id| self.graph.prefetch_code(id));
            operand.keys(&self.kernels, self.graph, some, &mut keys);
            some.iter().zip(&keys).for_each(|(&id, &key)| {
                work.beam.offer(Entry::new(key, id));
            });
        }
    }
}
