//! Complex numbers: pairs of floats, real part first. Roots and sizes are left out: NumPy's differ in the
//! last places from one machine to another.

use super::{Operation, Run};
use crate::Result;

macro_rules! complex {
    ($($name:ident: $type:ty;)*) => {$(
        pub fn $name(run: &Run, target: &mut [u8]) -> Result<()> {
            const HALF: usize = size_of::<$type>();
            type Bytes = [u8; 2 * HALF];
            let of = |bytes: Bytes| {
                let [re, im] = *bytes.as_chunks::<HALF>().0 else { unreachable!("two halves") };
                (<$type>::from_le_bytes(re), <$type>::from_le_bytes(im))
            };
            let to = |(re, im): ($type, $type)| -> Bytes {
                let mut bytes = [0; 2 * HALF];
                bytes[..HALF].copy_from_slice(&re.to_le_bytes());
                bytes[HALF..].copy_from_slice(&im.to_le_bytes());
                bytes
            };
            let times = |(a, b): ($type, $type), (c, d): ($type, $type)| (a * c - b * d, a * d + b * c);
            match run.operation {
                Operation::Add => run.both(target, |x: Bytes, y| {
                    let ((a, b), (c, d)) = (of(x), of(y));
                    to((a + c, b + d))
                }),
                Operation::Subtract => run.both(target, |x: Bytes, y| {
                    let ((a, b), (c, d)) = (of(x), of(y));
                    to((a - c, b - d))
                }),
                Operation::Multiply => run.both(target, |x: Bytes, y| to(times(of(x), of(y)))),
                // Smith's way, as NumPy goes.
                Operation::Divide => run.both(target, |x: Bytes, y| {
                    let ((a, b), (c, d)) = (of(x), of(y));
                    to(if c.abs() >= d.abs() {
                        if c == 0.0 && d == 0.0 {
                            (a / c.abs(), b / c.abs())
                        } else {
                            let ratio = d / c;
                            let scale = 1.0 / (c + d * ratio);
                            ((a + b * ratio) * scale, (b - a * ratio) * scale)
                        }
                    } else {
                        let ratio = c / d;
                        let scale = 1.0 / (c * ratio + d);
                        ((a * ratio + b) * scale, (b * ratio - a) * scale)
                    })
                }),
                // By the real parts, and where they are the same by the others.
                Operation::Minimum => run.both(target, |x: Bytes, y| {
                    let ((a, b), (c, d)) = (of(x), of(y));
                    let is_less = a < c && !b.is_nan() && !d.is_nan() || a == c && b <= d;
                    if is_less || a.is_nan() || b.is_nan() { x } else { y }
                }),
                Operation::Maximum => run.both(target, |x: Bytes, y| {
                    let ((a, b), (c, d)) = (of(x), of(y));
                    let is_more = a > c && !b.is_nan() && !d.is_nan() || a == c && b >= d;
                    if is_more || a.is_nan() || b.is_nan() { x } else { y }
                }),
                Operation::Fill => run.both(target, |_: Bytes, y| y),
                Operation::Rint => run.each(target, |x: Bytes| {
                    let (a, b) = of(x);
                    to((a.round_ties_even(), b.round_ties_even()))
                }),
                Operation::Negative => run.each(target, |x: Bytes| {
                    let (a, b) = of(x);
                    to((-a, -b))
                }),
                Operation::Square => run.each(target, |x: Bytes| to(times(of(x), of(x)))),
                _ => run.refused(),
            }
        }
    )*};
}

complex! { complex64: f32; complex128: f64; }
