//! The links of a graph that others are merged into.

use super::build::{Change, Stored};
use super::rows::{Base, DEAD};
use crate::{Error, Result};

/// Gives the nodes of `base` their links, by the local ids that they have now: `places` are those of rows as
/// they came. Gives which nodes have none, ascending, and of those that lost links to dead nodes which ones
/// they are to select from: what is left, and what the dead ones led to.
pub fn keep_links(
    base: &Base,
    places: &[u32],
    counts: &[u32],
    stored: &mut Stored,
) -> Result<(Vec<u32>, Vec<Change>)> {
    let local = |old: u32| match base.became[old as usize] {
        DEAD => None,
        row => Some(places[row as usize]),
    };
    let (mut changes, mut is_linked) = (Vec::new(), vec![false; counts[0] as usize]);
    for (level, &count) in base.counts.iter().enumerate() {
        for old in 0..count {
            let Some(id) = local(old) else { continue };
            if counts.get(level).is_none_or(|&count| id >= count) {
                return Err(Error::corrupt(format!("node {old} of a graph is not on level {level}")));
            }
            let links: Vec<u32> = match level {
                0 => {
                    let graph = stored.graph(counts);
                    let links = graph.links(0, id)?;
                    links.iter().map(|&link| u32::from_le_bytes(link)).collect()
                }
                _ => base.uppers[level - 1][old as usize].clone(),
            };
            let live = |links: &[u32]| -> Vec<u32> {
                let live = links.iter().filter_map(|&link| local(link));
                live.filter(|&link| link != id && link < counts[level]).collect()
            };
            let mut all = live(&links);
            stored.put(level, id, &all);
            for link in links.into_iter().filter(|&link| local(link).is_none()) {
                let beyond = match level {
                    0 => base.dead.get(&link),
                    _ => base.uppers[level - 1].get(link as usize),
                };
                for link in live(beyond.map_or(&[], Vec::as_slice)) {
                    if !all.contains(&link) {
                        all.push(link);
                    }
                }
            }
            if level == 0 {
                is_linked[id as usize] = !all.is_empty();
            }
            let kept = stored.graph(counts).links(level, id)?.len();
            if all.len() > kept {
                changes.push(Change(level, id, all));
            }
        }
    }
    let pending = (0..counts[0]).filter(|&id| !is_linked[id as usize]).collect();
    Ok((pending, changes))
}
