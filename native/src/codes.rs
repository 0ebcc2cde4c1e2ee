//! Codes of rows, and the scan over them.

use std::sync::Arc;

use kernels::codes::{self, CHUNK_ROWS, Chunk, Norms, SignLayout, Transform};
use kernels::rowset::{MAX_ID, RowSet};
use kernels::scan::{self, Dtype, Share};
use kernels::{Error, Result};
use napi::Env;
use napi::bindgen_prelude::{Float64Array, Object, Uint8Array};
use napi_derive::napi;

use crate::arguments::{self, fail, ids, integer, size};
use crate::scan::{ExactScan, dtype_of, forced_tier};
use crate::spawn::{Held, pool, spawn, spawn_parts};

/// Chunks that are worth a job of their own on the pool.
const JOB_CHUNKS: usize = 8;

#[napi(object, object_to_js = false)]
pub struct TransformOptions {
    pub seed: f64,
    /// float32, little endian.
    pub mean: Uint8Array,
    /// Directions of as many float32 as the mean has; empty for a rotation of all dimensions.
    pub basis: Uint8Array,
}

#[napi(object, object_from_js = false)]
pub struct TrainedCodes {
    pub mean: Uint8Array,
    pub basis: Uint8Array,
    pub coordinates: f64,
}

#[napi(catch_unwind, js_name = "trainCodes")]
pub fn train_codes<'env>(
    env: &'env Env,
    dtype: String,
    dimensions: f64,
    sample: Uint8Array,
    seed: f64,
) -> napi::Result<Object<'env>> {
    let dtype = dtype_of(&dtype).map_err(fail)?;
    let (dimensions, seed) =
        (size("dimensions", dimensions).map_err(fail)?, integer("seed", seed, MAX_ID).map_err(fail)?);
    spawn(env, sample, move |sample| {
        let transform = codes::train(dtype, dimensions, sample, seed, forced_tier().as_deref())?;
        let bytes = |numbers: &[f32]| numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
        Ok(TrainedCodes {
            mean: bytes(&transform.mean).into(),
            basis: bytes(transform.basis().unwrap_or_default()).into(),
            coordinates: transform.layout.coordinates as f64,
        })
    })
}

#[napi]
pub struct CodeTransform(pub(crate) Arc<Transform>);

#[napi(catch_unwind, js_name = "createCodeTransform")]
pub fn create_code_transform(options: TransformOptions) -> napi::Result<CodeTransform> {
    let create = || {
        let seed = integer("seed", options.seed, MAX_ID)?;
        let basis = numbers(&options.basis)?;
        Transform::new(seed, numbers(&options.mean)?, (!basis.is_empty()).then_some(basis))
    };
    create().map(|transform| CodeTransform(Arc::new(transform))).map_err(fail)
}

fn numbers(bytes: &[u8]) -> Result<Vec<f32>> {
    let (numbers, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        return Err(Error::corrupt(format!("{} bytes are no whole float32", bytes.len())));
    }
    Ok(numbers.iter().map(|&number| f32::from_le_bytes(number)).collect())
}

/// Memory that one job after the other writes a part of.
struct Target(*mut u8);

// SAFETY: every job writes bytes of its own, and JavaScript touches none of them meanwhile.
unsafe impl Send for Target {}
// SAFETY: as above.
unsafe impl Sync for Target {}

impl Target {
    /// # Safety
    /// So many bytes are there from `at` on, and nobody else writes or reads them meanwhile.
    unsafe fn put(&self, at: usize, bytes: &[u8]) {
        // SAFETY: as the caller says.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.0.add(at), bytes.len()) };
    }
}

struct EncodeInputs {
    transform: Arc<Transform>,
    dtype: Dtype,
    rows: Uint8Array,
    /// Keep `target` and `bit_target` alive.
    _codes: Uint8Array,
    _bits: Option<Uint8Array>,
    target: Target,
    bit_target: Option<Target>,
}

#[napi]
impl CodeTransform {
    /// Bytes of the codes of so many rows in one list.
    #[napi(catch_unwind)]
    pub fn list_bytes(&self, rows: f64) -> napi::Result<f64> {
        Ok(self.0.layout.list_bytes(size("rows", rows).map_err(fail)?) as f64)
    }

    /// Bytes of the bits of so many rows in one list.
    #[napi(catch_unwind)]
    pub fn bit_bytes(&self, rows: f64) -> napi::Result<f64> {
        let layout = SignLayout::of(self.0.layout);
        Ok(layout.list_bytes(size("rows", rows).map_err(fail)?) as f64)
    }

    /// Codes of whole chunks of rows, or of the last rows of a list, into `codes`, which is as long; their
    /// bits into `bits`, where it is given. Gives the norms of the rows.
    #[napi(catch_unwind)]
    pub fn encode<'env>(
        &self,
        env: &'env Env,
        dtype: String,
        rows: Uint8Array,
        mut codes: Uint8Array,
        mut bits: Option<Uint8Array>,
    ) -> napi::Result<Object<'env>> {
        let dtype = dtype_of(&dtype).map_err(fail)?;
        let (transform, row_bytes) = (Arc::clone(&self.0), self.0.dimensions * dtype.bytes());
        let count = rows.len() / row_bytes;
        let sign_layout = SignLayout::of(transform.layout);
        let bits_match = bits.as_ref().is_none_or(|bits| bits.len() == sign_layout.list_bytes(count));
        let codes_match = codes.len() == transform.layout.list_bytes(count);
        if !rows.len().is_multiple_of(row_bytes) || !codes_match || !bits_match {
            let (rows, codes) = (rows.len(), codes.len());
            return Err(fail(Error::invalid(format!(
                "{rows} bytes of rows, {codes} of codes and those of bits do not match"
            ))));
        }
        let (parts, tier) = (count.div_ceil(CHUNK_ROWS).max(1), forced_tier());
        // SAFETY: the caller leaves the arrays alone until the promise settles.
        let target = Target(unsafe { codes.as_mut() }.as_mut_ptr());
        // SAFETY: as above.
        let bit_target = bits.as_mut().map(|bits| Target(unsafe { bits.as_mut() }.as_mut_ptr()));
        let inputs = EncodeInputs { transform, dtype, rows, _codes: codes, _bits: bits, target, bit_target };
        spawn_parts(
            env,
            inputs,
            parts,
            |_| Ok(()),
            move |EncodeInputs { transform, dtype, rows, target, bit_target, .. }, (), part| {
                let end = rows.len().min((part + 1) * CHUNK_ROWS * row_bytes);
                let chunk = &rows[part * CHUNK_ROWS * row_bytes..end];
                let tier = tier.as_deref();
                let codes = match bit_target {
                    None => codes::encode(transform, *dtype, chunk, tier)?,
                    Some(bit_target) => {
                        let (codes, bits) = codes::encode_with_signs(transform, *dtype, chunk, tier)?;
                        // SAFETY: the target is as long as the bits of all chunks, as checked above, and no
                        // other job writes this one.
                        unsafe { bit_target.put(part * sign_layout.chunk_bytes(CHUNK_ROWS), &bits) };
                        codes
                    }
                };
                // SAFETY: as above, of the codes.
                unsafe { target.put(part * transform.layout.chunk_bytes(CHUNK_ROWS), &codes) };
                let rows = (end - part * CHUNK_ROWS * row_bytes) / row_bytes;
                let Norms { least, most } = Norms::of(Chunk::new(transform.layout, rows, &codes)?);
                Ok(RowNorms { least: least.into(), most: most.into() })
            },
            |a, b| RowNorms { least: a.least.min(b.least), most: a.most.max(b.most) },
        )
    }
}

#[napi]
pub struct Cascade(pub(crate) Held<scan::Cascade>);

/// Nothing when a query is out of the range in which codes have bounds. With `estimates`, rows are not scored
/// where codes have an estimate.
#[napi(catch_unwind, js_name = "createCascade")]
pub fn create_cascade(
    exact: &ExactScan,
    transform: &CodeTransform,
    estimates: Option<bool>,
) -> napi::Result<Option<Cascade>> {
    cascade_of(&exact.0, &transform.0, estimates).map_err(fail)
}

/// The same off the event loop, for many queries.
#[napi(catch_unwind, js_name = "createCascadeLater")]
pub fn create_cascade_later<'env>(
    env: &'env Env,
    exact: &ExactScan,
    transform: &CodeTransform,
    estimates: Option<bool>,
) -> napi::Result<Object<'env>> {
    let inputs = (Arc::clone(&exact.0), Arc::clone(&transform.0));
    spawn(env, inputs, move |(exact, transform)| cascade_of(exact, transform, estimates))
}

fn cascade_of(
    exact: &Arc<scan::ExactScan>,
    transform: &Arc<Transform>,
    estimates: Option<bool>,
) -> Result<Option<Cascade>> {
    let (scan, transform) = (Arc::clone(exact), Arc::clone(transform));
    let cascade = match estimates {
        Some(true) => scan::Cascade::estimating(scan, transform)?,
        _ => scan::Cascade::new(scan, transform)?,
    };
    Ok(cascade.map(|cascade| Cascade(Held::new(cascade, exact.is_large()))))
}

/// Codes of rows; row i has the id `first_row_id + i`.
#[napi(object, object_to_js = false)]
pub struct CodeList {
    pub codes: Uint8Array,
    pub rows: f64,
    pub first_row_id: f64,
    pub dead: Option<Uint8Array>,
    pub norms: Option<RowNorms>,
}

/// See `codes::Norms`: of rows of which nothing is known 0 and infinity, of no rows the other way round.
#[napi(object)]
#[derive(Clone, Copy, Default)]
pub struct RowNorms {
    pub least: f64,
    pub most: f64,
}

/// What is claimed; nothing by numbers that are not of float32.
pub(crate) fn norms_of(claimed: Option<RowNorms>) -> Norms {
    let claimed = claimed
        .map(|RowNorms { least, most }| (Norms { least: least as f32, most: most as f32 }, [least, most]));
    match claimed {
        Some((norms, exact)) if exact == [norms.least, norms.most].map(f64::from) => norms,
        _ => Norms::ANY,
    }
}

/// What is said of lists, checked, and the passes' share of them.
pub(crate) struct Listed {
    /// Of each the rows, the id of the first, and the dead ones.
    lists: Vec<(usize, u64, Option<RowSet>)>,
    share: Share,
}

impl Listed {
    pub fn new(lists: &[CodeList], passes: usize) -> Result<Self> {
        let one = |list: &CodeList| {
            let dead = list.dead.as_ref().map(|bytes| RowSet::decode(bytes)).transpose()?;
            let first_id = integer("firstRowId", list.first_row_id, MAX_ID)?;
            Ok((size("rows", list.rows)?, first_id, dead.filter(|dead| !dead.is_empty())))
        };
        let lists = lists.iter().map(one).collect::<Result<Vec<_>>>()?;
        let chunks = lists.iter().map(|(rows, ..)| scan::Cascade::chunks(*rows)).sum();
        Ok(Self { lists, share: Share::among(passes, 0..chunks) })
    }
}

/// How many parts the lists are scanned in.
pub(crate) fn scan_parts(lists: &[CodeList]) -> Result<usize> {
    let chunks: usize = lists.iter().map(|list| scan::Cascade::chunks(list.rows as usize)).sum();
    Ok((chunks / JOB_CHUNKS).clamp(1, pool()?.threads))
}

/// One pass over lists, of which it takes its share.
pub(crate) fn scan_share<T>(
    scan: impl Fn(&[scan::Codes<'_>], &Share) -> Result<T>,
    lists: &[CodeList],
    listed: &Listed,
) -> Result<T> {
    let codes = lists.iter().zip(&listed.lists).map(|(list, (rows, first_id, dead))| scan::Codes {
        bytes: &list.codes,
        rows: *rows,
        first_id: *first_id,
        ids: None,
        dead: dead.as_ref(),
        norms: norms_of(list.norms),
    });
    scan(&codes.collect::<Vec<_>>(), &listed.share)
}

/// Scans lists by all threads.
pub(crate) fn scan_lists<'env, S: Send + Sync + 'static>(
    env: &'env Env,
    scan: &Arc<S>,
    lists: Vec<CodeList>,
    pass: impl Fn(&S, &[scan::Codes<'_>], &Share) -> Result<()> + Send + Sync + 'static,
) -> napi::Result<Object<'env>> {
    let parts = scan_parts(&lists).map_err(fail)?;
    spawn_parts(
        env,
        (Arc::clone(scan), lists),
        parts,
        move |(_, lists)| Listed::new(lists, parts),
        move |(scan, lists), listed, _| scan_share(|codes, share| pass(scan, codes, share), lists, listed),
        |(), ()| (),
    )
}

/// Scans lists on this thread.
pub(crate) fn scan_lists_now(
    lists: &[CodeList],
    pass: impl Fn(&[scan::Codes<'_>], &Share) -> Result<()>,
) -> napi::Result<()> {
    Listed::new(lists, 1).and_then(|listed| scan_share(pass, lists, &listed)).map_err(fail)
}

struct ScoreInputs {
    cascade: Arc<scan::Cascade>,
    ids: Float64Array,
    rows: Uint8Array,
}

#[napi]
impl Cascade {
    #[napi(catch_unwind)]
    pub fn scan<'env>(&self, env: &'env Env, lists: Vec<CodeList>) -> napi::Result<Object<'env>> {
        scan_lists(env, &self.0, lists, scan::Cascade::scan)
    }

    /// The same on the event loop.
    #[napi(catch_unwind)]
    pub fn scan_now(&self, lists: Vec<CodeList>) -> napi::Result<()> {
        scan_lists_now(&lists, |codes, share| self.0.scan(codes, share))
    }

    /// As that of the scan that the codes are for.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.0.cancel();
    }

    #[napi(catch_unwind)]
    pub fn left(&self) -> f64 {
        self.0.left() as f64
    }

    #[napi(catch_unwind)]
    pub fn is_scored(&self) -> bool {
        self.0.is_scored()
    }

    /// Takes the rows that are left by their estimates, where the cascade is one of estimates.
    #[napi(catch_unwind)]
    pub fn estimate(&self) -> napi::Result<()> {
        self.0.estimate().map_err(fail)
    }

    /// The same off the event loop, where many rows are left.
    #[napi(catch_unwind)]
    pub fn estimate_later<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        spawn(env, Arc::clone(&self.0), |cascade| cascade.estimate())
    }

    #[napi(catch_unwind)]
    pub fn next(&self, count: f64) -> napi::Result<Float64Array> {
        Ok(arguments::numbers(self.0.next(size("count", count).map_err(fail)?)))
    }

    /// The same off the event loop, where many rows are left.
    #[napi(catch_unwind)]
    pub fn next_later<'env>(&self, env: &'env Env, count: f64) -> napi::Result<Object<'env>> {
        let count = size("count", count).map_err(fail)?;
        spawn(env, Arc::clone(&self.0), move |cascade| Ok(arguments::numbers(cascade.next(count))))
    }

    /// Bytes of the codes of so many rows in one list.
    #[napi(catch_unwind)]
    pub fn list_bytes(&self, rows: f64) -> napi::Result<f64> {
        Ok(self.0.list_bytes(size("rows", rows).map_err(fail)?) as f64)
    }

    #[napi(catch_unwind)]
    pub fn score_now(&self, row_ids: Float64Array, rows: Uint8Array) -> napi::Result<()> {
        ids(&row_ids).and_then(|ids| self.0.score(&ids, &rows)).map_err(fail)
    }

    #[napi(catch_unwind)]
    pub fn score<'env>(
        &self,
        env: &'env Env,
        row_ids: Float64Array,
        rows: Uint8Array,
    ) -> napi::Result<Object<'env>> {
        let parts = pool().map_err(fail)?.threads;
        let inputs = ScoreInputs { cascade: Arc::clone(&self.0), ids: row_ids, rows };
        spawn_parts(
            env,
            inputs,
            parts,
            |inputs| ids(&inputs.ids),
            move |inputs, ids, part| inputs.cascade.score_part(ids, &inputs.rows, part..part + 1, parts),
            |(), ()| (),
        )
    }
}
