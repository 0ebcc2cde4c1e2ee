//! Nodes that no links lead to.

use super::build::Stored;
use crate::Result;

/// Nodes that are looked at for one that can lead to a node.
const LOOKED: usize = 256;

/// Gives each node of the lowest level that no walk can come to a link from one near it, among those that
/// have room for one.
pub fn reach_all(stored: &mut Stored, counts: &[u32]) -> Result<()> {
    let mut reached = vec![false; counts[0] as usize];
    let mut waiting = Vec::new();
    for id in 0..counts[0] {
        if reached[id as usize] {
            continue;
        }
        if id > 0 && !lead_to(stored, counts, id, &reached)? {
            continue;
        }
        waiting.push(id);
        reached[id as usize] = true;
        while let Some(id) = waiting.pop() {
            for link in links_of(stored, counts, id)? {
                if !std::mem::replace(&mut reached[link as usize], true) {
                    waiting.push(link);
                }
            }
        }
    }
    Ok(())
}

fn links_of(stored: &Stored, counts: &[u32], id: u32) -> Result<Vec<u32>> {
    let graph = stored.graph(counts);
    graph.links(0, id)?.iter().map(|&link| graph.linked(0, link)).collect()
}

/// Goes from a node outwards to one that is reached.
fn lead_to(stored: &mut Stored, counts: &[u32], id: u32, reached: &[bool]) -> Result<bool> {
    let mut near = vec![id];
    let mut at = 0;
    while at < near.len() && at < LOOKED {
        let mut links = links_of(stored, counts, near[at])?;
        if reached[near[at] as usize] && links.len() < stored.shape.most_links(0) {
            links.push(id);
            stored.put(0, near[at], &links);
            return Ok(true);
        }
        for link in links {
            if !near.contains(&link) {
                near.push(link);
            }
        }
        at += 1;
    }
    Ok(false)
}
