//! IEEE 754 binary32 and binary64.

use super::{Operation, Run};
use crate::Result;

macro_rules! floats {
    ($($name:ident: $type:ty, $floor_divide:ident;)*) => {$(
        pub fn $name(run: &Run, target: &mut [u8]) -> Result<()> {
            type Bytes = [u8; size_of::<$type>()];
            let of = <$type>::from_le_bytes;
            match run.operation {
                Operation::Add => run.both(target, |a: Bytes, b| (of(a) + of(b)).to_le_bytes()),
                Operation::Subtract => run.both(target, |a: Bytes, b| (of(a) - of(b)).to_le_bytes()),
                Operation::Multiply => run.both(target, |a: Bytes, b| (of(a) * of(b)).to_le_bytes()),
                Operation::Divide => run.both(target, |a: Bytes, b| (of(a) / of(b)).to_le_bytes()),
                Operation::FloorDivide => {
                    run.both(target, |a: Bytes, b| $floor_divide(of(a), of(b)).to_le_bytes())
                }
                Operation::Minimum => run.both(target, |a: Bytes, b| {
                    let (x, y) = (of(a), of(b));
                    if x < y || x.is_nan() { a } else { b }
                }),
                Operation::Maximum => run.both(target, |a: Bytes, b| {
                    let (x, y) = (of(a), of(b));
                    if x > y || x.is_nan() { a } else { b }
                }),
                Operation::Fill => run.both(target, |_: Bytes, b| b),
                Operation::Negative => run.each(target, |a: Bytes| (-of(a)).to_le_bytes()),
                Operation::Absolute => run.each(target, |a: Bytes| of(a).abs().to_le_bytes()),
                Operation::Square => run.each(target, |a: Bytes| (of(a) * of(a)).to_le_bytes()),
                Operation::Sqrt => run.each(target, |a: Bytes| of(a).sqrt().to_le_bytes()),
                Operation::Floor => run.each(target, |a: Bytes| of(a).floor().to_le_bytes()),
                Operation::Ceil => run.each(target, |a: Bytes| of(a).ceil().to_le_bytes()),
                Operation::Rint => run.each(target, |a: Bytes| of(a).round_ties_even().to_le_bytes()),
            }
        }

        /// As NumPy's: the quotient of what the remainder leaves, which is a whole number but for rounding.
        pub fn $floor_divide(a: $type, b: $type) -> $type {
            if b == 0.0 {
                return a / b;
            }
            let remainder = a % b;
            let mut quotient = (a - remainder) / b;
            if remainder != 0.0 && (b < 0.0) != (remainder < 0.0) {
                quotient -= 1.0;
            }
            if quotient == 0.0 {
                return (0.0 as $type).copysign(a / b);
            }
            let floor = quotient.floor();
            if quotient - floor > 0.5 { floor + 1.0 } else { floor }
        }
    )*};
}

floats! { float32: f32, floor_divide32; float64: f64, floor_divide64; }
