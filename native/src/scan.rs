//! The exact scan.

use std::sync::Arc;

use kernels::rowset::{MAX_ID, RowSet};
use kernels::scan::{self, Dtype, Metric, Options, Partition};
use kernels::{Error, Result};
use napi::Env;
use napi::bindgen_prelude::{Float64Array, Float64ArraySlice, Object, Uint8Array, Uint32Array};
use napi_derive::napi;

use crate::arguments::{fail, ids, integer, size};
use crate::spawn::{Held, pool, spawn, spawn_parts};

/// Multiplications that are worth a job of their own on the pool.
const JOB_PRODUCTS: usize = 8 << 20;

#[napi(object, object_to_js = false)]
pub struct ScanOptions {
    pub metric: String,
    pub dtype: String,
    pub dimensions: f64,
    pub k: f64,
    pub queries: Float64Array,
    /// The instruction set; by default the one that the environment asks for, or the best.
    pub tier: Option<String>,
}

#[napi(object, object_from_js = false)]
pub struct ScanResults {
    pub counts: Uint32Array,
    pub ids: Float64Array,
    pub scores: Float64Array,
    /// 1 where the score is an estimate; none where no score is.
    pub estimated: Option<Uint8Array>,
}

#[napi]
pub struct ExactScan(pub(crate) Held<scan::ExactScan>);

#[napi(catch_unwind, js_name = "createExactScan")]
pub fn create_exact_scan(options: ScanOptions) -> napi::Result<ExactScan> {
    create(&options).map_err(fail)
}

/// The same off the event loop, for many queries.
#[napi(catch_unwind, js_name = "createExactScanLater")]
pub fn create_exact_scan_later<'env>(env: &'env Env, options: ScanOptions) -> napi::Result<Object<'env>> {
    spawn(env, options, create)
}

fn create(options: &ScanOptions) -> Result<ExactScan> {
    let scan = create_scan(options)?;
    let is_large = scan.is_large();
    Ok(ExactScan(Held::new(scan, is_large)))
}

pub fn metric_of(name: &str) -> Result<Metric> {
    Ok(match name {
        "l2" => Metric::L2,
        "l2sq" => Metric::L2Squared,
        "cosine" => Metric::Cosine,
        "dot" => Metric::Dot,
        "hamming" => Metric::Hamming,
        "jaccard" => Metric::Jaccard,
        "kl" => Metric::KullbackLeibler,
        "js" => Metric::JensenShannon,
        other => {
            let names = "l2, l2sq, cosine, dot, hamming, jaccard, kl or js";
            return Err(Error::invalid(format!("metric is {names}, got {other:?}")));
        }
    })
}

pub fn create_scan(options: &ScanOptions) -> Result<scan::ExactScan> {
    let metric = metric_of(&options.metric)?;
    let dtype = dtype_of(&options.dtype)?;
    scan::ExactScan::new(Options {
        metric,
        dtype,
        dimensions: size("dimensions", options.dimensions)?,
        k: size("k", options.k)?,
        queries: &options.queries,
        tier: options.tier.clone().or_else(forced_tier).as_deref(),
    })
}

/// The instruction set that the environment asks for.
pub fn forced_tier() -> Option<String> {
    std::env::var("NACRE_CPU").ok()
}

pub fn dtype_of(name: &str) -> Result<Dtype> {
    Dtype::of_name(name).ok_or_else(|| {
        let names = Dtype::ALL.map(Dtype::name).join(", ");
        Error::invalid(format!("dtype is one of {names}, got {name:?}"))
    })
}

fn results_of(scan: &scan::ExactScan) -> ScanResults {
    let scan::Results { counts, ids, scores, estimated } = scan.results();
    let estimated: Vec<u8> = estimated.into_iter().map(u8::from).collect();
    let estimated = (!estimated.is_empty()).then(|| estimated.into());
    ScanResults { counts: counts.into(), ids: ids.into(), scores: scores.into(), estimated }
}

/// What the first query of a scan found.
pub(crate) struct Found {
    pub ids: Float64Array,
    pub scores: Float64Array,
}

/// In memory of JavaScript's own: for few.
pub(crate) fn found(env: &Env, scan: &scan::ExactScan) -> napi::Result<Found> {
    let results = scan.results();
    let count = results.counts[0] as usize;
    let copied =
        |numbers: &[f64]| Float64ArraySlice::copy_from(env, &numbers[..count])?.into_typed_array(env);
    Ok(Found { ids: copied(&results.ids)?, scores: copied(&results.scores)? })
}

/// What one call scans.
pub(crate) struct Inputs {
    pub scan: Arc<scan::ExactScan>,
    pub rows: Uint8Array,
    pub first_id: u64,
    pub ids: Option<Float64Array>,
    pub dead: Option<Uint8Array>,
}

/// The ids and the dead rows, checked and decoded.
pub(crate) struct Prepared {
    ids: Option<Vec<u64>>,
    dead: Option<RowSet>,
    pub rows: usize,
}

#[napi]
impl ExactScan {
    #[napi(catch_unwind)]
    pub fn scan<'env>(
        &self,
        env: &'env Env,
        rows: Uint8Array,
        first_row_id: f64,
        row_ids: Option<Float64Array>,
        dead: Option<Uint8Array>,
    ) -> napi::Result<Object<'env>> {
        let first_id = integer("firstRowId", first_row_id, MAX_ID).map_err(fail)?;
        let parts = self.parts(rows.len(), pool().map_err(fail)?.threads);
        let inputs = Inputs { scan: Arc::clone(&self.0), rows, first_id, ids: row_ids, dead };
        spawn_parts(
            env,
            inputs,
            parts,
            Prepared::new,
            move |inputs, prepared, part| {
                let start = prepared.rows * part / parts;
                let end = prepared.rows * (part + 1) / parts;
                inputs.scan.scan(&prepared.partition(inputs), start..end)
            },
            |(), ()| (),
        )
    }

    /// The same on the event loop.
    #[napi(catch_unwind)]
    pub fn scan_now(
        &self,
        rows: Uint8Array,
        first_row_id: f64,
        row_ids: Option<Float64Array>,
        dead: Option<Uint8Array>,
    ) -> napi::Result<()> {
        let scan = || {
            let first_id = integer("firstRowId", first_row_id, MAX_ID)?;
            let inputs = Inputs { scan: Arc::clone(&self.0), rows, first_id, ids: row_ids, dead };
            let prepared = Prepared::new(&inputs)?;
            self.0.scan(&prepared.partition(&inputs), 0..prepared.rows)
        };
        scan().map_err(fail)
    }

    /// Stops what is under way, within some tiles of rows; it and later calls end as `Aborted`.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.0.cancel();
    }

    #[napi(catch_unwind)]
    pub fn results(&self) -> ScanResults {
        results_of(&self.0)
    }

    /// The same off the event loop, for many.
    #[napi(catch_unwind)]
    pub fn results_later<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        spawn(env, Arc::clone(&self.0), |scan| Ok(results_of(scan)))
    }

    /// Into how many jobs a scan of so many bytes is cut.
    fn parts(&self, bytes: usize, threads: usize) -> usize {
        (bytes.saturating_mul(self.0.queries()) / JOB_PRODUCTS).clamp(1, threads)
    }
}

impl Prepared {
    pub fn new(inputs: &Inputs) -> Result<Self> {
        let dead = inputs.dead.as_ref().map(|bytes| RowSet::decode(bytes)).transpose()?;
        let mut prepared = Self { ids: inputs.ids.as_deref().map(ids).transpose()?, dead, rows: 0 };
        prepared.rows = inputs.scan.count_rows(&prepared.partition(inputs))?;
        Ok(prepared)
    }

    pub fn partition<'a>(&'a self, inputs: &'a Inputs) -> Partition<'a> {
        let dead = self.dead.as_ref().filter(|dead| !dead.is_empty());
        Partition { rows: &inputs.rows, first_id: inputs.first_id, ids: self.ids.as_deref(), dead }
    }
}
