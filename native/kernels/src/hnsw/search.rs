//! Queries over graphs.

use std::sync::Arc;

use super::graph::{Operand, factors};
use super::segment::Segment;
use super::selection::Selection;
use super::walk::{Walk, Work};
use crate::arch::{CodeKernels, DefaultFloatState, Tier};
use crate::codes::Transform;
use crate::codes::estimate::{QueryParts, Turned};
use crate::codes::query::{CodeQuery, Factors, Limbs};
use crate::scan::{Cascade, ExactScan, MappedRows};
use crate::topk::Candidate;
use crate::{Error, Result};

/// The queries of a scan.
pub struct HnswSearch {
    scan: Arc<ExactScan>,
    kernels: CodeKernels,
    queries: Vec<Query>,
    estimates: bool,
}

struct Query {
    parts: QueryParts,
    code: CodeQuery,
    cascade: Cascade,
}

/// How a graph is searched.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// How many nodes a walk keeps (ef), and so how many rows it finds.
    pub width: usize,
    /// The rows that may be found; all of them without.
    pub selection: Option<&'a Selection>,
}

/// What `Asked::width` can be.
const WIDTHS: std::ops::RangeInclusive<usize> = 1..=1 << 20;

/// Nodes that a walk compares for each that it keeps, about. Where that is more than the rows that are
/// selected, these are compared one by one.
const COMPARED: usize = 8;
/// A walk for selected rows keeps so many times as many nodes as hold enough of them on average, in quarters;
/// and where it finds less than three quarters of what is wanted, it is made again with more.
const ROOM: usize = 5;
const WIDER: usize = 4;

/// What a walk looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Looked {
    /// Nodes that were compared, and nodes of which the links were followed.
    pub compared: usize,
    pub followed: usize,
}

impl HnswSearch {
    /// None where the metric is not of products, or a query out of the range of codes.
    pub fn new(
        scan: Arc<ExactScan>,
        transform: Arc<Transform>,
        estimates: bool,
        tier: Option<&str>,
    ) -> Result<Option<Self>> {
        let metric = scan.metric();
        if transform.dimensions != scan.dimensions() {
            let (ours, theirs) = (scan.dimensions(), transform.dimensions);
            return Err(Error::invalid(format!("a graph of {theirs} dimensions for queries of {ours}")));
        }
        if !metric.is_of_products() {
            return Ok(None);
        }
        let _state = DefaultFloatState::new();
        // Estimates are the same on every tier; and so is then which rows are found.
        let kernels = if estimates { Tier::Scalar.kernels() } else { scan.kernels() };
        let mut queries = Vec::with_capacity(scan.queries());
        for q in 0..scan.queries() {
            // Estimates are of the coordinates themselves, and the same on every tier.
            let turn = if estimates { Turned::new } else { Turned::roughly };
            let Some(turned) = turn(&transform, &kernels, metric, scan.query(q)) else {
                return Ok(None);
            };
            let code = CodeQuery::of(&transform, &turned, Limbs::One);
            let cascade = Cascade::gathering(Arc::clone(&scan), q, Arc::clone(&transform), estimates);
            queries.push(Query { parts: turned.parts, code, cascade });
        }
        let kernels = Tier::pick(tier)?.code_kernels();
        Ok(Some(Self { scan, kernels, queries, estimates }))
    }

    pub fn queries(&self) -> usize {
        self.queries.len()
    }

    pub fn cancel(&self) {
        self.scan.cancel();
    }

    /// Bytes of a row as it is stored.
    pub fn row_bytes(&self) -> usize {
        self.scan.row_bytes()
    }

    /// Walks through a graph for one query. What it finds waits to be scored, or taken by estimates. Rows
    /// without a code are always found.
    pub fn walk(&self, query: usize, segment: &Segment, bytes: &[u8], asked: Asked<'_>) -> Result<Looked> {
        let metric = self.scan.metric();
        if segment.metric != metric && !(segment.metric.is_l2() && metric.is_l2()) {
            return Err(Error::invalid("a graph is searched by its own metric"));
        }
        if !WIDTHS.contains(&asked.width) {
            let (least, most) = WIDTHS.into_inner();
            return Err(Error::invalid(format!("ef is from {least} to {most}, got {}", asked.width)));
        }
        self.scan.check()?;
        let _state = DefaultFloatState::new();
        let graph = segment.graph(bytes)?;
        let Query { parts, code, cascade } = &self.queries[query];
        let mut work = segment.work();
        (work.compared, work.followed) = (0, 0);
        let operand = Operand::of_query(segment.shape, code, parts);
        let walk = Walk { graph: &graph, kernels: self.kernels };
        let finding = Finding { segment, bytes, walk, least: self.scan.k() };
        finding.find(&operand, asked, &mut work)?;
        let is_selected = |row| asked.selection.is_none_or(|selection| selection.has(row));
        let loose = (graph.counts[0]..segment.rows as u32).filter(|&id| is_selected(graph.tail(id).row));
        let mut found = Vec::with_capacity(work.found.len());
        for id in work.found.iter().copied().chain(loose) {
            let (node, tail) = (graph.code(id), graph.tail(id));
            let [scale, length, along, norm] = factors(node);
            let row = Factors { scale, length, tail: tail.missed, along, norm };
            let sums = [operand.sum(&self.kernels, node), 0];
            let (low, high) = code.bounds(&row, tail.error, sums);
            let estimate = match self.estimates {
                true => code.estimate(&row, tail.error, sums),
                false => f64::NAN,
            };
            let id = segment.id(bytes, tail.row)?;
            found.push(Candidate { low, high, estimate, id, row: 0, check: tail.check, is_read: false });
        }
        let looked = Looked { compared: work.compared, followed: work.followed };
        segment.give_back(work);
        cascade.offer(found);
        Ok(looked)
    }

    /// Scores what walks found for one query, `first` rows in the first round and then four times as many
    /// each, `most` at most; or takes it by estimates. The ids of the rows that were read.
    pub fn settle(&self, query: usize, rows: &MappedRows<'_>, first: usize, most: usize) -> Result<Vec<u64>> {
        let cascade = &self.queries[query].cascade;
        if self.estimates {
            cascade.estimate()?;
        }
        cascade.refine(rows, first, most)
    }
}

struct Finding<'a> {
    segment: &'a Segment,
    bytes: &'a [u8],
    walk: Walk<'a>,
    /// So many rows are wanted in the end.
    least: usize,
}

impl Finding<'_> {
    /// Puts the nodes that are found into `work.found`, the nearest first.
    fn find(&self, operand: &Operand, asked: Asked<'_>, work: &mut Work) -> Result<()> {
        work.found.clear();
        let graph = self.walk.graph;
        let linked = graph.counts[0] as usize;
        if linked == 0 {
            return Ok(());
        }
        let Some(selection) = asked.selection else {
            self.walk.nearest(operand, asked.width, work)?;
            // Of rows that are all the same a walk sees as many as one of them has links.
            if work.beam.entries().len() < self.least.min(asked.width).min(linked) {
                let all: Vec<u32> = (0..graph.counts[0]).collect();
                self.walk.compare(operand, &all, asked.width, work);
            }
            work.found.extend(work.beam.entries().iter().map(|entry| entry.id()));
            return Ok(());
        };
        selection.check(self.segment)?;
        let count = selection.count();
        if count == 0 {
            return Ok(());
        }
        let wanted = asked.width.min(count);
        let enough = (wanted * 3).div_ceil(4).max(self.least.min(wanted));
        let mut width = if count == linked { asked.width } else { asked.width * linked / count * ROOM / 4 };
        // Selected rows that lie elsewhere than the query would take a walk through all that is between.
        while width.saturating_mul(COMPARED) < count {
            self.walk.nearest(operand, width, work)?;
            let ids = work.beam.entries().iter().map(|entry| entry.id());
            work.found.clear();
            work.found.extend(ids.filter(|&id| selection.has(graph.tail(id).row)).take(asked.width));
            if work.found.len() >= enough {
                return Ok(());
            }
            width = width.saturating_mul(WIDER);
        }
        self.compare_all(operand, selection, asked.width, work)
    }

    fn compare_all(
        &self,
        operand: &Operand,
        selection: &Selection,
        width: usize,
        work: &mut Work,
    ) -> Result<()> {
        let linked = self.walk.graph.counts[0];
        let mut locals = Vec::with_capacity(selection.count());
        for row in selection.rows() {
            let local = self.segment.local(self.bytes, row)?;
            if local < linked {
                locals.push(local);
            }
        }
        self.walk.compare(operand, &locals, width, work);
        work.found.clear();
        work.found.extend(work.beam.entries().iter().map(|entry| entry.id()));
        Ok(())
    }
}
