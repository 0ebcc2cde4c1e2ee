//! Queries over lists.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::quantizer::Quantizer;
use crate::arch::{DefaultFloatState, Tier};
use crate::codes::Norms;
use crate::codes::estimate::Turned;
use crate::codes::query::{CodeQuery, Limbs};
use crate::rowset::RowSet;
use crate::scan::{Cascade, Codes, Dtype, ExactScan, MappedRows, Metric, Options};
use crate::{Error, Result};

/// The queries of a scan, each by the lists that it is near to.
pub struct IvfSearch {
    scan: Arc<ExactScan>,
    quantizer: Arc<Quantizer>,
    queries: Vec<Query>,
}

struct Query {
    vector: Vec<f64>,
    turned: Turned,
    /// The nearest lists, the nearest first.
    probes: Vec<u32>,
    /// Rows of the lists that were looked into, without the dead ones.
    seen: AtomicUsize,
    cascade: Cascade,
}

/// A list of one segment.
pub struct ListCodes<'a> {
    pub codes: &'a [u8],
    /// Ascending.
    pub ids: &'a [u64],
    pub dead: Option<&'a RowSet>,
}

impl IvfSearch {
    /// None where the metric is not of products, or a query out of the range of codes. Each query may look
    /// into `probes` lists.
    pub fn new(
        scan: Arc<ExactScan>,
        quantizer: Arc<Quantizer>,
        probes: usize,
        estimates: bool,
    ) -> Result<Option<Self>> {
        let metric = scan.metric();
        if quantizer.transform.dimensions != scan.dimensions() {
            let (ours, theirs) = (scan.dimensions(), quantizer.transform.dimensions);
            return Err(Error::invalid(format!("lists of {theirs} dimensions for queries of {ours}")));
        }
        if !metric.is_of_products() {
            return Ok(None);
        }
        let _state = DefaultFloatState::new();
        let kernels = if estimates { Tier::Scalar.kernels() } else { Tier::pick(None)?.kernels() };
        let mut queries = Vec::with_capacity(scan.queries());
        for q in 0..scan.queries() {
            let vector = scan.query(q).to_vec();
            let Some(turned) = Turned::new(&quantizer.transform, &kernels, metric, &vector) else {
                return Ok(None);
            };
            let probes = nearest_lists(&quantizer, metric, &vector, &turned, probes)?;
            let transform = Arc::clone(&quantizer.transform);
            let cascade = Cascade::gathering(Arc::clone(&scan), q, transform, estimates);
            queries.push(Query { vector, turned, probes, seen: AtomicUsize::new(0), cascade });
        }
        Ok(Some(Self { scan, quantizer, queries }))
    }

    pub fn queries(&self) -> usize {
        self.queries.len()
    }

    /// The lists that a query looks into, the nearest first.
    pub fn probes(&self, query: usize) -> &[u32] {
        &self.queries[query].probes
    }

    /// How many live rows the query that saw the fewest has seen.
    pub fn seen(&self) -> usize {
        self.queries.iter().map(|query| query.seen.load(Ordering::Relaxed)).min().unwrap_or(0)
    }

    pub fn quantizer(&self) -> &Arc<Quantizer> {
        &self.quantizer
    }

    pub fn cancel(&self) {
        self.scan.cancel();
    }

    /// Bytes of a row as it is stored.
    pub fn row_bytes(&self) -> usize {
        self.scan.row_bytes()
    }

    /// Looks into a list for one query. False where codes of it cannot stand for its rows.
    pub fn scan_list(&self, query: usize, number: usize, list: &ListCodes<'_>) -> Result<bool> {
        let Query { vector, turned, cascade, seen, .. } = &self.queries[query];
        let live = list
            .dead
            .map_or(list.ids.len(), |dead| list.ids.iter().filter(|&&id| !dead.contains(id)).count());
        seen.fetch_add(live, Ordering::Relaxed);
        if live == 0 {
            return Ok(true);
        }
        let centre = self.quantizer.centre(number)?;
        let metric = self.scan.metric();
        let Some(turned) = turned.at(&centre.transform, &centre.turned, metric, vector) else {
            return Ok(false);
        };
        let query = CodeQuery::of(&centre.transform, &turned, Limbs::Two);
        let codes = Codes {
            bytes: list.codes,
            rows: list.ids.len(),
            first_id: 0,
            ids: Some(list.ids),
            dead: list.dead,
            norms: Norms::ANY,
        };
        cascade.scan_list(Arc::clone(&centre.transform), query, &codes)?;
        Ok(true)
    }

    /// Of one query what codes left, to be scored or taken by estimates.
    pub fn left(&self, query: usize) -> &Cascade {
        &self.queries[query].cascade
    }

    /// Scores what codes left of one query. The ids of the rows that were read.
    pub fn refine(&self, query: usize, rows: &MappedRows<'_>, first: usize, most: usize) -> Result<Vec<u64>> {
        self.queries[query].cascade.refine(rows, first, most)
    }
}

fn nearest_lists(
    quantizer: &Quantizer,
    metric: Metric,
    vector: &[f64],
    turned: &Turned,
    probes: usize,
) -> Result<Vec<u32>> {
    let lists = quantizer.lists();
    let probes = probes.clamp(1, lists);
    let scan = ExactScan::new(Options {
        metric,
        dtype: Dtype::Float32,
        dimensions: vector.len(),
        k: probes,
        queries: vector,
        tier: None,
    })?;
    let scan = Arc::new(scan);
    let transform = Arc::clone(&quantizer.transform);
    let cascade = Cascade::gathering(Arc::clone(&scan), 0, Arc::clone(&transform), true);
    let query = CodeQuery::of(&transform, turned, Limbs::Two);
    let bytes = &quantizer.codes;
    let codes = Codes { bytes, rows: lists, first_id: 0, ids: None, dead: None, norms: Norms::ANY };
    cascade.scan_list(transform, query, &codes)?;
    cascade.estimate()?;
    let results = scan.results();
    let count = results.counts.first().copied().unwrap_or(0) as usize;
    debug_assert!(count == probes || cascade.left() > 0);
    Ok(results.ids[..count].iter().map(|&id| id as u32).collect())
}
