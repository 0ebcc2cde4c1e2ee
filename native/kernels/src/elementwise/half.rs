//! IEEE 754 binary16: every operation on two of them is exact enough in float32 that one more rounding gives
//! what one rounding would.

use super::floats::floor_divide32;
use super::{Operation, Run};
use crate::Result;
use crate::distance::half_to_float;

pub fn float16(run: &Run, target: &mut [u8]) -> Result<()> {
    let of = |bytes| half_to_float(u16::from_le_bytes(bytes));
    let to = |value| float_to_half(value).to_le_bytes();
    let bits = |bytes, f: fn(u16) -> u16| f(u16::from_le_bytes(bytes)).to_le_bytes();
    match run.operation {
        Operation::Add => run.both(target, |a, b| to(of(a) + of(b))),
        Operation::Subtract => run.both(target, |a, b| to(of(a) - of(b))),
        Operation::Multiply => run.both(target, |a, b| to(of(a) * of(b))),
        Operation::Divide => run.both(target, |a, b| to(of(a) / of(b))),
        Operation::FloorDivide => run.both(target, |a, b| to(floor_divide32(of(a), of(b)))),
        Operation::Minimum => run.both(target, |a, b| if of(a) < of(b) || of(a).is_nan() { a } else { b }),
        Operation::Maximum => run.both(target, |a, b| if of(a) > of(b) || of(a).is_nan() { a } else { b }),
        Operation::Fill => run.both(target, |_: [u8; 2], b| b),
        Operation::Negative => run.each(target, |a| bits(a, |bits| bits ^ 0x8000)),
        Operation::Absolute => run.each(target, |a| bits(a, |bits| bits & 0x7fff)),
        Operation::Square => run.each(target, |a| to(of(a) * of(a))),
        Operation::Sqrt => run.each(target, |a| to(of(a).sqrt())),
        Operation::Floor => run.each(target, |a| to(of(a).floor())),
        Operation::Ceil => run.each(target, |a| to(of(a).ceil())),
        Operation::Rint => run.each(target, |a| to(of(a).round_ties_even())),
    }
}

/// The nearest binary16, ties to even; a NaN stays one.
pub fn float_to_half(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16 & 0x8000) as u16;
    let magnitude = bits & 0x7fff_ffff;
    sign | match magnitude {
        0x7f80_0001.. => 0x7e00 | (magnitude >> 13 & 0x1ff) as u16,
        // From 65,520 on, which is halfway to the next power of two.
        0x477f_f000.. => 0x7c00,
        // A normal number: the exponent is 112 less, and a carry out of the fraction runs into it.
        0x3880_0000.. => {
            let odd = magnitude >> 13 & 1;
            ((magnitude - (112 << 23) + 0xfff + odd) >> 13) as u16
        }
        // A multiple of 2^-24: the sum with 0.5, whose last place that is, rounds to it.
        _ => ((f32::from_bits(magnitude) + 0.5).to_bits() - 0.5f32.to_bits()) as u16,
    }
}
