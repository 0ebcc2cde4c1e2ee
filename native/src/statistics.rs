//! What a column of attributes holds, in a few words.

use kernels::statistics::Statistics;
use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;

use crate::filter::FilterColumn;
use crate::spawn::spawn;

#[napi(object, object_from_js = false)]
pub struct ColumnStatistics {
    pub nulls: f64,
    pub nans: f64,
    pub least: Option<f64>,
    pub most: Option<f64>,
    pub distinct: Option<Vec<f64>>,
}

impl From<Statistics> for ColumnStatistics {
    fn from(Statistics { nulls, nans, least, most, distinct }: Statistics) -> Self {
        let number = |place: usize| place as f64;
        Self {
            nulls: number(nulls),
            nans: number(nans),
            least: least.map(number),
            most: most.map(number),
            distinct: distinct.map(|places| places.into_iter().map(number).collect()),
        }
    }
}

#[napi(catch_unwind, js_name = "columnStatistics")]
pub fn column_statistics(env: &Env, column: FilterColumn) -> napi::Result<Object<'_>> {
    spawn(env, column, |column| Ok(ColumnStatistics::from(Statistics::of(&column.column()?)?)))
}
