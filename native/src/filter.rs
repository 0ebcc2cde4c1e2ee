//! Terms of filters over whole columns.

use std::sync::Arc;

use kernels::filter::{Column, Strings, Term, Values};
use kernels::{Error, Result};
use napi::Env;
use napi::bindgen_prelude::{Int32Array, Object, Uint8Array, Uint8ArraySlice};
use napi_derive::napi;

use crate::arguments::{fail, size};
use crate::rows::check_apart;
use crate::spawn::{pool, spawn_parts};

/// Bytes of a column that are worth a job of their own on the pool.
const JOB_BYTES: usize = 512 << 10;

/// Rows that one word of the answer has; no two jobs write to one.
const WORD_ROWS: usize = 64;

#[napi(object, object_to_js = false)]
pub struct FilterColumn {
    pub r#type: String,
    pub rows: f64,
    pub valid: Option<Uint8Array>,
    /// Bits, little-endian numbers, or the bytes of text.
    pub values: Uint8Array,
    /// Of text and of items.
    pub offsets: Option<Int32Array>,
    /// Of lists of items.
    pub lists: Option<Int32Array>,
}

impl FilterColumn {
    pub fn column(&self) -> Result<Column<'_>> {
        let Self { r#type, rows, valid, values, offsets, lists } = self;
        let strings = || Ok(Strings { offsets: offsets_of(r#type, offsets)?, bytes: values });
        let values = match &**r#type {
            "bool" => Values::Bool(values),
            "int" | "timestamp" => Values::Int(values),
            "float" => Values::Float(values),
            "string" => Values::String(strings()?),
            "strings" => Values::Strings { lists: offsets_of(r#type, lists)?, items: strings()? },
            other => return Err(Error::invalid(format!("there is no column of {other:?}"))),
        };
        Ok(Column { rows: size("rows", *rows)?, valid: valid.as_deref(), values })
    }
}

fn offsets_of<'a>(of: &str, offsets: &'a Option<Int32Array>) -> Result<&'a [i32]> {
    offsets.as_deref().ok_or_else(|| Error::invalid(format!("a column of {of} without offsets")))
}

#[napi]
pub struct FilterTerm(Arc<Term>);

#[napi(catch_unwind, js_name = "createFilterTerm")]
pub fn create_filter_term(test: String, operands: FilterColumn) -> napi::Result<FilterTerm> {
    let term = operands.column().and_then(|operands| Term::new(&test, &operands));
    term.map(|term| FilterTerm(Arc::new(term))).map_err(fail)
}

struct Inputs {
    term: Arc<Term>,
    column: FilterColumn,
    holds: Target,
    fails: Target,
}

/// Bytes of JavaScript's that jobs write parts of.
struct Target(Uint8Array);

impl Target {
    fn new(bytes: Uint8Array, rows: usize) -> Result<Self> {
        match bytes.len() == rows.div_ceil(8) {
            true => Ok(Self(bytes)),
            false => Err(Error::invalid(format!("{} bytes for the bits of {rows} rows", bytes.len()))),
        }
    }

    /// # Safety
    /// `bytes` of the target are there from `at` on, and nobody else reads or writes them meanwhile.
    #[allow(clippy::mut_from_ref, reason = "the bytes are JavaScript's; parts of them are lent one by one")]
    unsafe fn part(&self, at: usize, bytes: usize) -> &mut [u8] {
        // SAFETY: as the caller says.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_ptr().cast_mut().add(at), bytes) }
    }
}

#[napi]
impl FilterTerm {
    #[napi(catch_unwind)]
    pub fn evaluate<'env>(
        &self,
        env: &'env Env,
        column: FilterColumn,
        holds: Uint8Array,
        fails: Uint8Array,
    ) -> napi::Result<Object<'env>> {
        let prepare = || {
            let (rows, bytes) = column.column().map(|column| (column.rows, column.bytes()))?;
            check_apart(&holds, &fails)?;
            let words = rows.div_ceil(WORD_ROWS);
            let parts = (bytes / JOB_BYTES).min(pool()?.threads).clamp(1, words.max(1));
            Ok((rows, words, parts, Target::new(holds, rows)?, Target::new(fails, rows)?))
        };
        let (rows, words, parts, holds, fails) = prepare().map_err(fail)?;
        spawn_parts(
            env,
            Inputs { term: Arc::clone(&self.0), column, holds, fails },
            parts,
            |_| Ok(()),
            move |Inputs { term, column, holds, fails }, (), part| {
                let start = words * part / parts * WORD_ROWS;
                let end = rows.min(words * (part + 1) / parts * WORD_ROWS);
                let bytes = (end - start).div_ceil(8);
                // SAFETY: the targets have a bit for each row and do not overlap, as checked above; the
                // rows of this job, and so the bytes, are no other's, and JavaScript touches none of them
                // meanwhile.
                let (holds, fails) = unsafe { (holds.part(start / 8, bytes), fails.part(start / 8, bytes)) };
                term.evaluate(&column.column()?, start..end, holds, fails)
            },
            |(), ()| (),
        )
    }

    /// The same on the event loop.
    #[napi(catch_unwind)]
    pub fn evaluate_now(
        &self,
        column: FilterColumn,
        mut holds: Uint8ArraySlice,
        mut fails: Uint8ArraySlice,
    ) -> napi::Result<()> {
        let column = column.column().map_err(fail)?;
        check_apart(&holds, &fails).map_err(fail)?;
        // SAFETY: JavaScript waits for this call, and the two do not overlap, as checked above.
        let (holds, fails) = unsafe { (holds.as_mut(), fails.as_mut()) };
        self.0.evaluate(&column, 0..column.rows, holds, fails).map_err(fail)
    }
}
