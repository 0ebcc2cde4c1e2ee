//! What certificates of answers rest on.

use std::sync::Arc;

use kernels::codes::{Norms, Transform};
use kernels::rowset::{MAX_ID, RowSet};
use kernels::scan;
use napi::Env;
use napi::bindgen_prelude::{Float64Array, Object, Uint8Array};
use napi_derive::napi;

use crate::arguments::{fail, integer, size};
use crate::codes::{CodeList, CodeTransform, norms_of};
use crate::scan::{ExactScan, Inputs, Prepared, forced_tier};
use crate::spawn::{Held, pool, spawn, spawn_parts};

/// Chunks, or rows, that are worth a job of their own on the pool.
const JOB_CHUNKS: usize = 4;
const JOB_ROWS: usize = 256;

#[napi(object, object_from_js = false)]
pub struct ScannerInfo {
    pub version: String,
    pub cpu: String,
    pub threads: f64,
}

#[napi(catch_unwind, js_name = "scannerInfo")]
pub fn scanner_info() -> napi::Result<ScannerInfo> {
    let cpu = scan::instruction_set(forced_tier().as_deref()).map_err(fail)?;
    let threads = pool().map_err(fail)?.threads as f64;
    Ok(ScannerInfo { version: env!("CARGO_PKG_VERSION").into(), cpu: cpu.into(), threads })
}

/// See `scan::Found`.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct BoundedRows {
    pub live: f64,
    pub pruned: Vec<f64>,
    pub bounds: Vec<f64>,
    pub left: Option<Float64Array>,
}

/// See `scan::Faults`.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct CodeFaults {
    pub count: f64,
    pub row: Option<f64>,
    pub what: Option<String>,
}

#[napi]
pub struct Certifier(Held<scan::Certifier>);

/// Nothing when codes cannot bound all of the queries.
#[napi(catch_unwind, js_name = "createCertifier")]
pub fn create_certifier(
    exact: &ExactScan,
    transform: &CodeTransform,
    thresholds: Float64Array,
) -> napi::Result<Option<Certifier>> {
    certifier_of(&exact.0, &transform.0, &thresholds).map_err(fail)
}

/// The same off the event loop, for many queries.
#[napi(catch_unwind, js_name = "createCertifierLater")]
pub fn create_certifier_later<'env>(
    env: &'env Env,
    exact: &ExactScan,
    transform: &CodeTransform,
    thresholds: Float64Array,
) -> napi::Result<Object<'env>> {
    let inputs = (Arc::clone(&exact.0), Arc::clone(&transform.0), thresholds);
    spawn(env, inputs, |(exact, transform, thresholds)| certifier_of(exact, transform, thresholds))
}

fn certifier_of(
    exact: &Arc<scan::ExactScan>,
    transform: &Arc<Transform>,
    thresholds: &[f64],
) -> kernels::Result<Option<Certifier>> {
    let certifier = scan::Certifier::new(Arc::clone(exact), Arc::clone(transform), thresholds)?;
    Ok(certifier.map(|certifier| Certifier(Held::new(certifier, exact.is_large()))))
}

/// A list of codes, checked.
struct List {
    certifier: Arc<scan::Certifier>,
    codes: Uint8Array,
    rows: usize,
    first_id: u64,
    dead: Option<Uint8Array>,
    norms: Norms,
}

impl List {
    fn new(Certifier(certifier): &Certifier, list: CodeList) -> kernels::Result<Self> {
        Ok(Self {
            certifier: Arc::clone(certifier),
            codes: list.codes,
            rows: size("rows", list.rows)?,
            first_id: integer("firstRowId", list.first_row_id, MAX_ID)?,
            dead: list.dead,
            norms: norms_of(list.norms),
        })
    }

    fn dead(&self) -> kernels::Result<Option<RowSet>> {
        self.dead.as_ref().map(|bytes| RowSet::decode(bytes)).transpose()
    }

    fn codes<'a>(&'a self, dead: &'a Option<RowSet>) -> scan::Codes<'a> {
        let dead = dead.as_ref().filter(|dead| !dead.is_empty());
        let (first_id, norms) = (self.first_id, self.norms);
        scan::Codes { bytes: &self.codes, rows: self.rows, first_id, ids: None, dead, norms }
    }
}

#[napi]
impl Certifier {
    #[napi(catch_unwind)]
    pub fn scan<'env>(&self, env: &'env Env, list: CodeList) -> napi::Result<Object<'env>> {
        let list = List::new(self, list).map_err(fail)?;
        let chunks = scan::Cascade::chunks(list.rows);
        let parts = (chunks / JOB_CHUNKS).clamp(1, pool().map_err(fail)?.threads);
        spawn_parts(
            env,
            list,
            parts,
            List::dead,
            move |list, dead, part| {
                let range = chunks * part / parts..chunks * (part + 1) / parts;
                let found = list.certifier.scan(&list.codes(dead), range)?;
                let numbers = |counts: Vec<u64>| counts.into_iter().map(|count| count as f64).collect();
                Ok(BoundedRows {
                    live: found.live as f64,
                    pruned: numbers(found.pruned),
                    bounds: found.bounds,
                    left: Some(Float64Array::new(numbers(found.left))),
                })
            },
            |a, b| BoundedRows {
                live: a.live + b.live,
                pruned: a.pruned.into_iter().zip(b.pruned).map(|(a, b)| a + b).collect(),
                bounds: a.bounds.into_iter().zip(b.bounds).map(|(a, b)| a.min(b)).collect(),
                left: a.left.zip(b.left).map(|(a, b)| Float64Array::new([&*a, &*b].concat())),
            },
        )
    }

    /// `compared` are rows of the list from `first` on.
    #[napi(catch_unwind)]
    pub fn check<'env>(
        &self,
        env: &'env Env,
        list: CodeList,
        compared: Uint8Array,
        first: f64,
    ) -> napi::Result<Object<'env>> {
        let (list, first) = (List::new(self, list).map_err(fail)?, size("first", first).map_err(fail)?);
        let count = compared.len() / self.0.row_bytes();
        let parts = (count / JOB_ROWS).clamp(1, pool().map_err(fail)?.threads);
        spawn_parts(
            env,
            (list, compared),
            parts,
            |(list, _)| list.dead(),
            move |(list, compared), dead, part| {
                let range = count * part / parts..count * (part + 1) / parts;
                let faults = list.certifier.check(&list.codes(dead), compared, first, range)?;
                let (row, what) = faults.first.map(|(row, what)| (row as f64, what)).unzip();
                Ok(CodeFaults { count: faults.count as f64, row, what })
            },
            |a, b| {
                let count = a.count + b.count;
                let is_first = b.row.is_none_or(|b| a.row.is_some_and(|a| a <= b));
                CodeFaults { count, ..if is_first { a } else { b } }
            },
        )
    }
}

#[napi]
impl ExactScan {
    #[napi(catch_unwind)]
    pub fn keys(&self) -> Float64Array {
        Float64Array::new(self.0.keys())
    }

    /// The same off the event loop, for many.
    #[napi(catch_unwind)]
    pub fn keys_later<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        spawn(env, Arc::clone(&self.0), |scan| Ok(Float64Array::new(scan.keys())))
    }

    #[napi(catch_unwind)]
    pub fn score_every<'env>(
        &self,
        env: &'env Env,
        queries: Float64Array,
        rows: Uint8Array,
        first_row_id: f64,
        row_ids: Option<Float64Array>,
        dead: Option<Uint8Array>,
    ) -> napi::Result<Object<'env>> {
        let first_id = integer("firstRowId", first_row_id, MAX_ID).map_err(fail)?;
        let inputs = Inputs { scan: Arc::clone(&self.0), rows, first_id, ids: row_ids, dead };
        let count = inputs.rows.len() / self.0.row_bytes();
        let parts = (count / JOB_ROWS).clamp(1, pool().map_err(fail)?.threads);
        spawn_parts(
            env,
            (inputs, queries),
            parts,
            |(inputs, _)| Prepared::new(inputs),
            move |(inputs, queries), prepared, part| {
                let range = prepared.rows * part / parts..prepared.rows * (part + 1) / parts;
                inputs.scan.score_every(queries, &prepared.partition(inputs), range)
            },
            |(), ()| (),
        )
    }
}
