//! Integers, which wrap around, and bools, of which a byte is 0 or 1.

use super::{Operation, Run};
use crate::Result;

macro_rules! integers {
    ($($name:ident: $type:ty, $negative:expr, $absolute:expr, $floor_divide:expr;)*) => {$(
        pub fn $name(run: &Run, target: &mut [u8]) -> Result<()> {
            type Bytes = [u8; size_of::<$type>()];
            let (of, to) = (<$type>::from_le_bytes, <$type>::to_le_bytes);
            let both = |target, f: fn($type, $type) -> $type| {
                run.both(target, |a: Bytes, b| to(f(of(a), of(b))))
            };
            let each = |target, f: fn($type) -> $type| run.each(target, |a: Bytes| to(f(of(a))));
            match run.operation {
                Operation::Add => run.both(target, |a: Bytes, b| to(of(a).wrapping_add(of(b)))),
                Operation::Subtract => run.both(target, |a: Bytes, b| to(of(a).wrapping_sub(of(b)))),
                Operation::Multiply => run.both(target, |a: Bytes, b| to(of(a).wrapping_mul(of(b)))),
                Operation::FloorDivide => both(target, $floor_divide),
                Operation::Minimum => run.both(target, |a: Bytes, b| to(of(a).min(of(b)))),
                Operation::Maximum => run.both(target, |a: Bytes, b| to(of(a).max(of(b)))),
                Operation::Fill => run.both(target, |_: Bytes, b| b),
                Operation::Negative => each(target, $negative),
                Operation::Absolute => each(target, $absolute),
                Operation::Square => run.each(target, |a: Bytes| to(of(a).wrapping_mul(of(a)))),
                Operation::Floor | Operation::Ceil | Operation::Rint => run.each(target, |a: Bytes| a),
                Operation::Divide | Operation::Sqrt => run.refused(),
            }
        }
    )*};
}

macro_rules! signed {
    ($($name:ident: $type:ty;)*) => {
        integers! {$(
            $name: $type, |a| a.wrapping_neg(), |a| a.wrapping_abs(), |a, b| match b {
                0 => 0,
                _ => {
                    let quotient = a.wrapping_div(b);
                    let is_above = a.wrapping_rem(b) != 0 && (a < 0) != (b < 0);
                    quotient - <$type>::from(is_above)
                }
            };
        )*}
    };
}

macro_rules! unsigned {
    ($($name:ident: $type:ty;)*) => {
        integers! {$($name: $type, |a| a.wrapping_neg(), |a| a, |a, b| a.checked_div(b).unwrap_or(0);)*}
    };
}

signed! { int8: i8; int16: i16; int32: i32; int64: i64; }
unsigned! { uint8: u8; uint16: u16; uint32: u32; uint64: u64; }

/// A sum is `or`, a product `and`.
pub fn bools(run: &Run, target: &mut [u8]) -> Result<()> {
    let is = |[byte]: [u8; 1]| byte != 0;
    match run.operation {
        Operation::Add | Operation::Maximum => run.both(target, |a, b| [u8::from(is(a) || is(b))]),
        Operation::Multiply | Operation::Minimum => run.both(target, |a, b| [u8::from(is(a) && is(b))]),
        Operation::Fill => run.both(target, |_, b| [u8::from(is(b))]),
        Operation::Absolute | Operation::Floor | Operation::Ceil => run.each(target, |a| [u8::from(is(a))]),
        _ => run.refused(),
    }
}
