//! All of a segment at once, for those who ask whether it is right. Walks do not need it: they look at each
//! degree and link that they follow.

use super::graph::factors;
use super::rows::row_of;
use super::segment::Segment;
use crate::{Error, Result};

/// `Corrupt` where something is not as a segment has it.
pub fn validate(segment: &Segment, bytes: &[u8]) -> Result<()> {
    let graph = segment.graph(bytes)?;
    let mut last = None;
    for row in 0..segment.rows as u32 {
        let id = segment.id(bytes, row)?;
        if last.is_some_and(|last| last >= id) {
            return Err(Error::corrupt(format!("the ids of rows do not ascend at row {row}")));
        }
        last = Some(id);
        let local = segment.local(bytes, row)?;
        if row_of(segment.shape, graph.node(local)) != row {
            return Err(Error::corrupt(format!("row {row} of a graph has the node {local} of another row")));
        }
    }
    for id in 0..segment.rows as u32 {
        let (factors, tail) = (factors(graph.code(id)), graph.tail(id));
        let is_coded = tail.error.is_finite();
        if is_coded && !factors.iter().all(|factor| factor.is_finite()) || is_coded != (id < graph.counts[0])
        {
            return Err(Error::corrupt(format!("node {id} of a graph has no code")));
        }
    }
    for (level, &count) in graph.counts.iter().enumerate() {
        for id in 0..count {
            for &link in graph.links(level, id)? {
                if graph.linked(level, link)? == id {
                    return Err(Error::corrupt(format!("node {id} is linked to itself on level {level}")));
                }
            }
        }
    }
    Ok(())
}
