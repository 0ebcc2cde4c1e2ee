//! Parity of stripes, and what it makes good.

use kernels::parity::{Shape, encode, reconstruct};
use kernels::{Error, file};
use napi::Env;
use napi::bindgen_prelude::{Object, Uint8Array};
use napi_derive::napi;

use crate::arguments::{fail, size};
use crate::spawn::spawn;

#[napi(object)]
pub struct ParityShape {
    pub data: f64,
    pub parity: f64,
    pub stripe: f64,
}

fn shape(given: &ParityShape) -> kernels::Result<Shape> {
    Ok(Shape {
        data: size("data", given.data)?,
        parity: size("parity", given.parity)?,
        stripe: size("stripe", given.stripe)?,
    })
}

/// Whether vectors are asked not to be used, as for scans.
fn scalar() -> bool {
    std::env::var("NACRE_CPU").is_ok_and(|name| name == "scalar")
}

fn handed(shards: Vec<Vec<u8>>) -> Vec<Uint8Array> {
    shards.into_iter().map(Uint8Array::from).collect()
}

/// The parity shards of a stripe of data shards.
#[napi(catch_unwind, js_name = "encodeParity")]
pub fn encode_parity(env: &Env, of: ParityShape, data: Vec<Uint8Array>) -> napi::Result<Object<'_>> {
    let of = shape(&of).map_err(fail)?;
    spawn(env, data, move |data| {
        data.iter().try_for_each(|shard| file::populate(shard))?;
        encode(of, data, scalar()).map(handed)
    })
}

/// Shards of a stripe by their numbers, of those that are there: `present[i]` is shard `numbers[i]`.
#[napi(catch_unwind, js_name = "reconstructParity")]
pub fn reconstruct_parity(
    env: &Env,
    of: ParityShape,
    present: Vec<Uint8Array>,
    numbers: Vec<f64>,
    wanted: Vec<f64>,
) -> napi::Result<Object<'_>> {
    let of = shape(&of).map_err(fail)?;
    let whole = |numbers: Vec<f64>| {
        numbers.into_iter().map(|number| size("shard", number)).collect::<kernels::Result<Vec<_>>>()
    };
    let (numbers, wanted) = (whole(numbers).map_err(fail)?, whole(wanted).map_err(fail)?);
    if numbers.len() != present.len() {
        return Err(fail(Error::invalid("shards and their numbers are as many")));
    }
    spawn(env, present, move |present| {
        let mut all: Vec<Option<&[u8]>> = vec![None; of.data.saturating_add(of.parity).min(1 << 16)];
        for (shard, &number) in present.iter().zip(&numbers) {
            file::populate(shard)?;
            let place = all.get_mut(number).filter(|place| place.is_none());
            *place.ok_or_else(|| {
                Error::invalid(format!("there is no shard {number}, or it is there twice"))
            })? = Some(shard.as_ref());
        }
        reconstruct(of, &all, &wanted, scalar()).map(handed)
    })
}
