//! One bit a coordinate of rows, and the scan over them.

use std::sync::Arc;

use kernels::scan;
use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;

use crate::arguments::{fail, numbers, size};
use crate::codes::{CodeList, CodeTransform, scan_lists, scan_lists_now};
use crate::scan::ExactScan;
use crate::spawn::spawn;

#[napi]
pub struct BitScan(Arc<scan::SignScan>);

/// Nothing when a query is out of the range in which rows have bits.
#[napi(catch_unwind, js_name = "createBitScan")]
pub fn create_bit_scan(exact: &ExactScan, transform: &CodeTransform) -> napi::Result<Option<BitScan>> {
    let scan = scan::SignScan::new(Arc::clone(&exact.0), &transform.0).map_err(fail)?;
    Ok(scan.map(|scan| BitScan(Arc::new(scan))))
}

#[napi]
impl BitScan {
    /// The best estimates go to the exact scan.
    #[napi(catch_unwind)]
    pub fn scan<'env>(&self, env: &'env Env, lists: Vec<CodeList>) -> napi::Result<Object<'env>> {
        scan_lists(env, &self.0, lists, scan::SignScan::scan)
    }

    /// The same on the event loop.
    #[napi(catch_unwind)]
    pub fn scan_now(&self, lists: Vec<CodeList>) -> napi::Result<()> {
        scan_lists_now(&lists, |codes, share| self.0.scan(codes, share))
    }

    /// As that of the scan that the bits are for.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Bytes of the bits of so many rows in one list.
    #[napi(catch_unwind)]
    pub fn list_bytes(&self, rows: f64) -> napi::Result<f64> {
        Ok(self.0.list_bytes(size("rows", rows).map_err(fail)?) as f64)
    }

    /// How many rows have no estimate.
    #[napi(catch_unwind)]
    pub fn left(&self) -> f64 {
        self.0.left() as f64
    }

    /// Their ids, ascending; off the event loop.
    #[napi(catch_unwind)]
    pub fn unscored<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        spawn(env, Arc::clone(&self.0), |scan| Ok(numbers(scan.unscored())))
    }
}
