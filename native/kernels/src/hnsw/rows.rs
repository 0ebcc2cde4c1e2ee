//! Rows as nodes without links, as they come in.

use std::collections::HashMap;
use std::sync::Arc;

use super::format::{
    FACTOR_BYTES, LINE, Line, MAX_ROWS, NODES_AT, Shape, bytes_of, bytes_of_mut, hash_of, put_half, put_word,
    single, upper_half, word,
};
use super::segment::Segment;
use crate::codes::check::codes_of;
use crate::codes::layout::Section;
use crate::codes::{CHUNK_ROWS, Chunk, Transform, encode};
use crate::distance::{Dtype, Metric};
use crate::rowset::RowSet;
use crate::{Code, Error, Result};

pub struct Rows {
    pub transform: Arc<Transform>,
    pub shape: Shape,
    pub seed: u64,
    dtype: Dtype,
    pub(super) ids: Vec<u64>,
    /// Room for the head of a segment, and the nodes.
    pub(super) lines: Vec<Line>,
    pub(super) base: Option<Base>,
}

/// A graph of which the links are kept, before dead rows are taken out.
pub(super) struct Base {
    pub metric: Metric,
    pub counts: Vec<u32>,
    /// Of each of its nodes which one of the rows it became; of the dead ones `DEAD`.
    pub became: Vec<u32>,
    /// Links by the old local ids: of nodes of the levels above the lowest, and of dead ones on the lowest.
    pub uppers: Vec<Vec<Vec<u32>>>,
    pub dead: HashMap<u32, Vec<u32>>,
}

pub(super) const DEAD: u32 = u32::MAX;

impl Rows {
    /// With room for so many rows, of `links` links each; `seed` decides on their levels.
    pub fn new(
        transform: Arc<Transform>,
        dtype: Dtype,
        links: usize,
        seed: u64,
        room: usize,
    ) -> Result<Self> {
        let shape = Shape::of(&transform, links)?;
        check_count(room)?;
        let mut lines = Vec::new();
        let bytes = shape.segment_bytes(room);
        lines.try_reserve_exact(bytes / LINE).map_err(|_| {
            Error::new(Code::ResourceExhausted, format!("no memory for {bytes} bytes of a graph"))
        })?;
        lines.resize(NODES_AT / LINE, Line([0; LINE]));
        Ok(Self { transform, shape, seed, dtype, ids: Vec::with_capacity(room), lines, base: None })
    }

    pub(super) fn nodes(&self) -> &[u8] {
        &bytes_of(&self.lines)[NODES_AT..]
    }

    pub(super) fn nodes_mut(&mut self) -> &mut [u8] {
        &mut bytes_of_mut(&mut self.lines)[NODES_AT..]
    }

    /// Takes the rows of a segment but for dead ones. The links of the first one are kept: the others' rows
    /// are linked anew, so that the first should be the largest.
    pub fn adopt(&mut self, segment: &Segment, bytes: &[u8], dead: Option<&RowSet>) -> Result<()> {
        if segment.shape != self.shape || segment.seed != self.seed {
            return Err(Error::invalid("graphs of other links, codes or seeds are not merged"));
        }
        let graph = segment.graph(bytes)?;
        let is_first = self.ids.is_empty();
        let mut became = Vec::with_capacity(segment.rows);
        for node in graph.nodes.chunks_exact(self.shape.node_bytes()) {
            let id = segment.id(bytes, row_of(self.shape, node))?;
            let is_dead = dead.is_some_and(|dead| dead.contains(id));
            became.push(if is_dead { DEAD } else { self.ids.len() as u32 });
            if !is_dead {
                self.push([id], node)?;
                if !is_first {
                    let node = self.lines.len() - self.shape.node_bytes() / LINE;
                    put_half(bytes_of_mut(&mut self.lines[node..]), self.shape.links_at() - 2, 0);
                }
            }
        }
        let live = became.iter().filter(|&&row| row != DEAD).count();
        let counts = segment.counts().to_vec();
        // Of a graph of which most is gone no links are worth keeping.
        if !is_first || 2 * live < became.len() || counts[0] == 0 {
            return Ok(());
        }
        let links_of = |level: usize, id: u32| -> Result<Vec<u32>> {
            graph.links(level, id)?.iter().map(|&link| graph.linked(level, link)).collect()
        };
        let level = |level| (0..counts[level]).map(|id| links_of(level, id)).collect::<Result<Vec<_>>>();
        let uppers = (1..counts.len()).map(level).collect::<Result<Vec<_>>>()?;
        let mut dead = HashMap::new();
        for id in 0..counts[0] {
            // All of them are looked at, so that what is kept is right.
            let links = links_of(0, id)?;
            if became[id as usize] == DEAD {
                dead.insert(id, links);
            }
        }
        self.base = Some(Base { metric: segment.metric, counts, became, uppers, dead });
        Ok(())
    }

    pub fn row_bytes(&self) -> usize {
        self.transform.dimensions * self.dtype.bytes()
    }

    /// What makes nodes of rows, for `push`.
    pub fn encoder(&self) -> Encoder {
        let &Self { shape, dtype, .. } = self;
        Encoder { transform: Arc::clone(&self.transform), shape, dtype }
    }

    /// The same as `push`, but for dead rows.
    pub fn push_live(
        &mut self,
        ids: impl IntoIterator<Item = u64>,
        nodes: &[u8],
        dead: Option<&RowSet>,
    ) -> Result<()> {
        let Some(dead) = dead else { return self.push(ids, nodes) };
        for (id, node) in ids.into_iter().zip(nodes.chunks_exact(self.shape.node_bytes())) {
            if !dead.contains(id) {
                self.push([id], node)?;
            }
        }
        Ok(())
    }

    /// Takes nodes with the ids of their rows.
    pub fn push(&mut self, ids: impl IntoIterator<Item = u64>, nodes: &[u8]) -> Result<()> {
        let bytes = self.shape.node_bytes();
        check_count(self.ids.len() + nodes.len() / bytes)?;
        let before = self.ids.len();
        self.ids.extend(ids);
        if (self.ids.len() - before) * bytes != nodes.len() {
            self.ids.truncate(before);
            return Err(Error::invalid("nodes and the ids of their rows are as many"));
        }
        self.lines.extend(nodes.as_chunks().0.iter().map(|&line| Line(line)));
        Ok(())
    }

    /// Puts the nodes into the order of their local ids, and the ids into their own. Gives how many of the
    /// nodes have codes, which are the first, and of each row as it came its local id.
    pub(super) fn order(&mut self) -> Result<(usize, Vec<u32>)> {
        let (count, shape) = (self.ids.len(), self.shape);
        let mut by_id: Vec<u32> = (0..count as u32).collect();
        by_id.sort_unstable_by_key(|&at| self.ids[at as usize]);
        if let Some(pair) = by_id.windows(2).find(|at| self.ids[at[0] as usize] == self.ids[at[1] as usize]) {
            return Err(Error::invalid(format!("row {} came twice", self.ids[pair[0] as usize])));
        }
        let (seed, ids) = (self.seed, std::mem::take(&mut self.ids));
        let bytes = self.nodes_mut();
        for (row, &at) in by_id.iter().enumerate() {
            put_word(bytes, at as usize * shape.node_bytes() + shape.tail_at(), row as u32);
        }
        let is_coded =
            |at: u32| single(bytes, at as usize * shape.node_bytes() + shape.tail_at() + 8).is_finite();
        let mut order: Vec<(bool, u64, u32)> =
            (0..count as u32).map(|at| (!is_coded(at), hash_of(seed, ids[at as usize]), at)).collect();
        order.sort_unstable();
        let coded = order.partition_point(|&(is_loose, ..)| !is_loose);
        let order: Vec<u32> = order.into_iter().map(|(_, _, at)| at).collect();
        let mut places = vec![0; count];
        order.iter().zip(0..).for_each(|(&at, local)| places[at as usize] = local);
        permute(&mut self.lines[NODES_AT / LINE..], shape.node_bytes() / LINE, order);
        self.ids = by_id.iter().map(|&at| ids[at as usize]).collect();
        Ok((coded, places))
    }
}

/// Makes nodes of rows.
pub struct Encoder {
    transform: Arc<Transform>,
    shape: Shape,
    dtype: Dtype,
}

impl Encoder {
    /// The nodes of whole rows, a function of these and the transform alone.
    pub fn encode(&self, rows: &[u8], tier: Option<&str>) -> Result<Vec<u8>> {
        let row_bytes = self.transform.dimensions * self.dtype.bytes();
        if !rows.len().is_multiple_of(row_bytes) {
            return Err(Error::invalid(format!("{} bytes are no rows of {row_bytes}", rows.len())));
        }
        let (shape, layout) = (self.shape, self.transform.layout);
        let mut nodes = vec![0; rows.len() / row_bytes * shape.node_bytes()];
        let chunks = nodes.chunks_mut(CHUNK_ROWS * shape.node_bytes());
        for (rows, nodes) in rows.chunks(CHUNK_ROWS * row_bytes).zip(chunks) {
            let count = rows.len() / row_bytes;
            let codes = encode(&self.transform, self.dtype, rows, tier)?;
            let chunk = Chunk::new(layout, count, &codes)?;
            let of = |section| chunk.factors(section);
            let [scale, length, along, norm] =
                [Section::Scale, Section::Length, Section::Along, Section::Norm].map(of);
            let missed = layout.has_tail.then(|| of(Section::Tail));
            for (row, node) in nodes.chunks_exact_mut(shape.node_bytes()).enumerate() {
                for (i, factors) in [scale, length, along, norm].into_iter().enumerate() {
                    put_word(node, 4 * i, factors[row].to_bits());
                }
                node[FACTOR_BYTES..shape.tail_at()].copy_from_slice(&codes_of(chunk, row));
                let record = chunk.record(row);
                put_word(node, shape.tail_at() + 4, record.check());
                put_word(node, shape.tail_at() + 8, record.fine_error().to_bits());
                let missed = missed.map_or(0.0, |missed| missed[row]);
                put_half(node, shape.tail_at() + 12, upper_half(missed));
            }
        }
        Ok(nodes)
    }
}

/// Bytes of a segment of so many rows, `links` links each, about.
pub fn segment_bytes(transform: &Transform, links: usize, rows: usize) -> Result<usize> {
    check_count(rows)?;
    Ok(Shape::of(transform, links)?.segment_bytes(rows))
}

fn check_count(rows: usize) -> Result<()> {
    match rows <= MAX_ROWS {
        true => Ok(()),
        false => Err(Error::new(
            Code::ResourceExhausted,
            format!("a graph has up to {MAX_ROWS} rows, and this one {rows}"),
        )),
    }
}

/// Node `order[i]` becomes node i.
fn permute(nodes: &mut [Line], lines: usize, mut order: Vec<u32>) {
    let mut kept = vec![Line([0; LINE]); lines];
    for start in 0..order.len() {
        if order[start] as usize == start {
            continue;
        }
        kept.copy_from_slice(&nodes[start * lines..][..lines]);
        let mut into = start;
        loop {
            let from = std::mem::replace(&mut order[into], into as u32) as usize;
            if from == start {
                nodes[into * lines..][..lines].copy_from_slice(&kept);
                break;
            }
            nodes.copy_within(from * lines..(from + 1) * lines, into * lines);
            into = from;
        }
    }
}

/// Of a node which row it is, in the order of ids.
pub(super) fn row_of(shape: Shape, node: &[u8]) -> u32 {
    word(node, shape.tail_at())
}
