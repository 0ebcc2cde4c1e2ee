//! How the numbers of stored rows are encoded, and in which of two encodings the kernels read them.

use super::element::Element;

/// How the components of a stored row are encoded; little endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// A byte; 0 is 0, any other 1, as NumPy reads it.
    Bool,
    Int8,
    Int16,
    Int32,
    /// Converted to float64 first, which rounds beyond 2^53.
    Int64,
    Uint8,
    Uint16,
    Uint32,
    /// As `Int64`.
    Uint64,
    Float16,
    Float32,
    Float64,
}

/// What the kernels read. Every dtype has one that holds all its numbers, but for integers of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wide {
    Float32,
    Float64,
}

impl Dtype {
    pub const ALL: [Self; 12] = [
        Self::Bool,
        Self::Int8,
        Self::Int16,
        Self::Int32,
        Self::Int64,
        Self::Uint8,
        Self::Uint16,
        Self::Uint32,
        Self::Uint64,
        Self::Float16,
        Self::Float32,
        Self::Float64,
    ];

    /// NumPy's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
            Self::Float16 => "float16",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
        }
    }

    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dtype| dtype.name() == name)
    }

    pub fn bytes(self) -> usize {
        match self {
            Self::Bool | Self::Int8 | Self::Uint8 => 1,
            Self::Int16 | Self::Uint16 | Self::Float16 => 2,
            Self::Int32 | Self::Uint32 | Self::Float32 => 4,
            Self::Int64 | Self::Uint64 | Self::Float64 => 8,
        }
    }

    pub fn wide(self) -> Wide {
        match self {
            Self::Int32 | Self::Int64 | Self::Uint32 | Self::Uint64 | Self::Float64 => Wide::Float64,
            _ => Wide::Float32,
        }
    }

    /// The numbers in the encoding of `wide()`: in `buffer`, unless they are in it already.
    pub fn widen<'a>(self, bytes: &'a [u8], buffer: &'a mut Vec<u8>) -> &'a [u8] {
        match self {
            Self::Float32 | Self::Float64 => bytes,
            Self::Bool => singles(bytes, buffer, |[x]| f32::from(u8::from(x != 0))),
            Self::Int8 => singles(bytes, buffer, |x| i8::from_le_bytes(x).into()),
            Self::Uint8 => singles(bytes, buffer, |x| u8::from_le_bytes(x).into()),
            Self::Int16 => singles(bytes, buffer, |x| i16::from_le_bytes(x).into()),
            Self::Uint16 => singles(bytes, buffer, |x| u16::from_le_bytes(x).into()),
            Self::Float16 => singles(bytes, buffer, |x| half_to_float(u16::from_le_bytes(x))),
            Self::Int32 => doubles(bytes, buffer, |x| i32::from_le_bytes(x).into()),
            Self::Uint32 => doubles(bytes, buffer, |x| u32::from_le_bytes(x).into()),
            Self::Int64 => doubles(bytes, buffer, |x| i64::from_le_bytes(x) as f64),
            Self::Uint64 => doubles(bytes, buffer, |x| u64::from_le_bytes(x) as f64),
        }
    }
}

impl Wide {
    pub fn bytes(self) -> usize {
        match self {
            Self::Float32 => f32::BYTES,
            Self::Float64 => f64::BYTES,
        }
    }

    /// Calls `put` with the place and the value of every number of a row that `Dtype::widen` gave.
    pub fn for_each(self, row: &[u8], mut put: impl FnMut(usize, f64)) {
        match self {
            Self::Float32 => {
                row.chunks_exact(f32::BYTES).map(f32::decode).enumerate().for_each(|(i, x)| put(i, x))
            }
            Self::Float64 => {
                row.chunks_exact(f64::BYTES).map(f64::decode).enumerate().for_each(|(i, x)| put(i, x))
            }
        }
    }

    /// The numbers of a row that `Dtype::widen` gave.
    pub fn numbers(self, row: &[u8]) -> Vec<f64> {
        let mut numbers = Vec::with_capacity(row.len() / self.bytes());
        self.for_each(row, |_, x| numbers.push(x));
        numbers
    }
}

fn singles<'a, const N: usize>(
    bytes: &[u8],
    buffer: &'a mut Vec<u8>,
    value: impl Fn([u8; N]) -> f32,
) -> &'a [u8] {
    buffer.resize(bytes.len() / N * 4, 0);
    for (into, &x) in buffer.as_chunks_mut().0.iter_mut().zip(bytes.as_chunks().0) {
        *into = value(x).to_le_bytes();
    }
    buffer
}

fn doubles<'a, const N: usize>(
    bytes: &[u8],
    buffer: &'a mut Vec<u8>,
    value: impl Fn([u8; N]) -> f64,
) -> &'a [u8] {
    buffer.resize(bytes.len() / N * 8, 0);
    for (into, &x) in buffer.as_chunks_mut().0.iter_mut().zip(bytes.as_chunks().0) {
        *into = value(x).to_le_bytes();
    }
    buffer
}

/// IEEE 754 binary16. A NaN stays one.
pub fn half_to_float(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let (exponent, fraction) = (u32::from(bits >> 10) & 0x1f, u32::from(bits & 0x3ff));
    let magnitude = match exponent {
        // A subnormal: a multiple of 2^-24, which float32 has as a normal number.
        0 => (fraction as f32 * f32::from_bits((127 - 24) << 23)).to_bits(),
        31 => 0x7f80_0000 | fraction << 13,
        _ => (exponent + 127 - 15) << 23 | fraction << 13,
    };
    f32::from_bits(sign | magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(dtype: Dtype, bytes: &[u8]) -> Vec<f64> {
        dtype.wide().numbers(dtype.widen(bytes, &mut Vec::new()))
    }

    #[test]
    fn names_are_told_apart() {
        for dtype in Dtype::ALL {
            assert_eq!(Dtype::of_name(dtype.name()), Some(dtype));
        }
        assert_eq!(Dtype::of_name("complex64"), None);
    }

    #[test]
    fn every_half_is_what_its_bits_say() {
        for bits in 0..=u16::MAX {
            let value = f64::from(half_to_float(bits));
            let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
            let magnitude = match exponent {
                31 if fraction == 0.0 => f64::INFINITY,
                31 => f64::NAN,
                0 => fraction * 2f64.powi(-24),
                _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
            };
            let expected = if bits & 0x8000 == 0 { magnitude } else { -magnitude };
            assert!(
                value.to_bits() == expected.to_bits() || value.is_nan() && expected.is_nan(),
                "{bits:#x}"
            );
        }
    }

    #[test]
    fn ends_of_the_ranges_are_widened() {
        assert_eq!(numbers(Dtype::Bool, &[0, 1, 2, 255]), [0.0, 1.0, 1.0, 1.0]);
        assert_eq!(numbers(Dtype::Int8, &[0x80, 0x7f]), [-128.0, 127.0]);
        assert_eq!(numbers(Dtype::Uint16, &[0xff, 0xff]), [65_535.0]);
        assert_eq!(numbers(Dtype::Int16, &[0, 0x80]), [-32_768.0]);
        assert_eq!(numbers(Dtype::Int32, &i32::MIN.to_le_bytes()), [-2f64.powi(31)]);
        assert_eq!(numbers(Dtype::Uint32, &u32::MAX.to_le_bytes()), [2f64.powi(32) - 1.0]);
        assert_eq!(numbers(Dtype::Int64, &(i64::MIN + 1).to_le_bytes()), [-2f64.powi(63)]);
        // To the nearest, ties to even.
        assert_eq!(numbers(Dtype::Uint64, &((1u64 << 53) + 1).to_le_bytes()), [2f64.powi(53)]);
        assert_eq!(numbers(Dtype::Uint64, &((1u64 << 53) + 3).to_le_bytes()), [2f64.powi(53) + 4.0]);
    }
}
