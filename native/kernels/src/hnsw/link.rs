//! Which links a node gets.

use super::graph::{Basics, Graph, Operand};
use super::walk::{Entry, Walk, Work};
use crate::Result;
use crate::arch::{BYTE_ROWS, CodeKernels};

/// Makes links within a graph that stays as it is meanwhile.
pub struct Links<'a> {
    pub graph: &'a Graph<'a>,
    pub kernels: CodeKernels,
    pub basics: Basics,
    /// How many nodes a walk keeps (efConstruction).
    pub width: usize,
}

/// What a node is linked to, on each level from the lowest on.
pub type Found = Vec<Vec<u32>>;

impl Links<'_> {
    /// The levels that a node is on.
    fn level(&self, id: u32) -> usize {
        self.graph.counts.iter().rposition(|&count| id < count).unwrap_or(0)
    }

    fn operand(&self, id: u32) -> Operand {
        Operand::of_node(self.graph, &self.basics, id)
    }

    /// For a new node, by a walk from `entry`.
    pub fn of_new(&self, id: u32, entry: u32, work: &mut Work) -> Result<Found> {
        let operand = self.operand(id);
        let walk = Walk { graph: self.graph, kernels: self.kernels };
        let (top, level) = (self.level(entry), self.level(id));
        let mut nearest = walk.entry(&operand, entry);
        for level in (level + 1..=top).rev() {
            nearest = walk.descend(&operand, level, nearest)?;
        }
        let mut starts = vec![nearest];
        let mut found = vec![Vec::new(); level.min(top) + 1];
        for level in (0..=level.min(top)).rev() {
            walk.search(&operand, level, &starts, self.width, work)?;
            starts.clear();
            starts.extend_from_slice(work.beam.entries());
            let others: Vec<Entry> = starts.iter().copied().filter(|start| start.id() != id).collect();
            let links = self.graph.shape.links;
            found[level] = self.select(&others, links, links);
        }
        Ok(found)
    }

    /// For a node that has links, with new ones: all of them, or those that are left of too many.
    pub fn of_old(&self, id: u32, level: usize, links: &[u32]) -> Vec<u32> {
        let most = self.graph.shape.most_links(level);
        if links.len() <= most {
            return links.to_vec();
        }
        let operand = self.operand(id);
        let mut entries = Vec::with_capacity(links.len());
        let mut keys = [0.0; BYTE_ROWS];
        for ids in links.chunks(BYTE_ROWS) {
            operand.keys(&self.kernels, self.graph, ids, &mut keys);
            entries.extend(ids.iter().zip(&keys).map(|(&id, &key)| Entry::new(key, id)));
        }
        entries.sort_unstable();
        self.select(&entries, most, most / 2)
    }

    /// Of candidates, ascending by their distance, those that are nearer than to any one selected before
    /// (the heuristic of the paper), up to `most`; where these are less than `least`, the nearest of the
    /// others, too. Without them, rows that are all the same would lose one another.
    fn select(&self, candidates: &[Entry], most: usize, least: usize) -> Vec<u32> {
        let mut selected: Vec<u32> = Vec::with_capacity(most);
        let mut others = Vec::new();
        let Some(first) = candidates.first() else { return selected };
        let mut operand = self.operand(first.id());
        let mut keys = [0.0; BYTE_ROWS];
        for candidate in candidates {
            if selected.len() == most {
                break;
            }
            operand.become_node(self.graph, &self.basics, candidate.id());
            let key = candidate.key();
            let is_apart = selected.chunks(BYTE_ROWS).all(|ids| {
                operand.keys(&self.kernels, self.graph, ids, &mut keys);
                keys[..ids.len()].iter().all(|&other| key < other)
            });
            if is_apart {
                selected.push(candidate.id());
            } else if others.len() < least {
                others.push(candidate.id());
            }
        }
        selected.extend(others.into_iter().take(least.saturating_sub(selected.len())));
        selected
    }
}
