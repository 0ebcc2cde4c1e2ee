//! Instruction sets: which one runs, and what each can do.
//!
//! The kernels of `distance` are written once over `Simd`; a file per instruction set holds its intrinsics
//! and nothing else. `Tier::pick` is the only place where a tier other than scalar comes from, and it asks
//! the CPU first: that is what makes the calls behind `Kernels` sound.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod codes;
#[cfg(test)]
mod codes_tests;
mod counts;
pub mod dots;
mod float_state;
mod prefetch;
mod scalar;
mod signs;
mod singles;
#[cfg(target_arch = "x86_64")]
mod x86_counts;
#[cfg(target_arch = "x86_64")]
mod x86_dots;
#[cfg(target_arch = "x86_64")]
mod x86_signs;
#[cfg(target_arch = "x86_64")]
mod x86_singles;

use crate::distance::bits::BitBlocks;
use crate::distance::{
    BitQuery, Bound, Estimate, NumberQuery, Padded, Wide, bits, compensated, estimate, float, integer, number,
};
use crate::{Error, Result};

pub use codes::{BYTE_ROWS, CODE_QUERIES, CodeKernels, RECORDS};
pub use compensated::Form;
pub use counts::{BIT_QUERIES, BitCounts, COUNTED_ROWS};
pub use dots::{Left, LeftCoarse};
pub use float_state::DefaultFloatState;
pub use prefetch::{AHEAD, Stream, prefetch, prefetch_all};
#[cfg(test)]
pub use scalar::Scalar;
pub use signs::{PLANES, SignKernel};
pub use singles::{LANES, RECIPROCAL_ERROR, Singles};

/// An instruction set. `Scalar` is the reference that every other is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    Scalar,
    Avx2,
    Avx512,
}

impl Tier {
    const ALL: [Self; 3] = [Self::Avx512, Self::Avx2, Self::Scalar];

    /// The best tier of this CPU, or the one that is asked for by name.
    pub fn pick(name: Option<&str>) -> Result<Self> {
        let Some(name) = name else {
            return Ok(Self::available().next().expect("scalar runs anywhere"));
        };
        let tier = Self::ALL
            .into_iter()
            .find(|tier| tier.name() == name)
            .ok_or_else(|| Error::invalid(format!("NACRE_CPU is scalar, avx2 or avx512, got {name:?}")))?;
        if !tier.is_available() {
            return Err(Error::invalid(format!("NACRE_CPU asks for {name}, which this CPU does not have")));
        }
        Ok(tier)
    }

    /// The tiers of this CPU, the best first.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|tier| tier.is_available())
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn is_available(self) -> bool {
        match self {
            Self::Scalar => true,
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            Self::Avx512 => {
                Self::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
            }
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn is_available(self) -> bool {
        self == Self::Scalar
    }
}

/// The vector operations that the kernels are written in. A vector of floats holds `FLOATS` float64, one of
/// shorts `SHORTS` int16, and one of sums int32.
///
/// # Safety
/// Every function needs the CPU features of its tier; those that load read a whole vector from `from`, at any
/// alignment, and `store` writes one to `into`.
pub trait Simd {
    const FLOATS: usize;
    const SHORTS: usize;
    type Floats: Copy;
    type Shorts: Copy;
    type Sums: Copy;

    unsafe fn zero() -> Self::Floats;
    unsafe fn load(from: *const f64) -> Self::Floats;
    /// Loads little-endian float32.
    unsafe fn load_f32(from: *const u8) -> Self::Floats;
    /// Loads little-endian float64.
    unsafe fn load_f64(from: *const u8) -> Self::Floats;
    unsafe fn store(a: Self::Floats, into: *mut f64);
    unsafe fn add(a: Self::Floats, b: Self::Floats) -> Self::Floats;
    unsafe fn subtract(a: Self::Floats, b: Self::Floats) -> Self::Floats;
    unsafe fn multiply(a: Self::Floats, b: Self::Floats) -> Self::Floats;
    /// `a * b + c`, rounded once or twice.
    unsafe fn multiply_add(a: Self::Floats, b: Self::Floats, c: Self::Floats) -> Self::Floats;
    /// `a * b - c`, rounded once.
    unsafe fn multiply_subtract(a: Self::Floats, b: Self::Floats, c: Self::Floats) -> Self::Floats;
    unsafe fn magnitude(a: Self::Floats) -> Self::Floats;
    unsafe fn sum(a: Self::Floats) -> f64;

    unsafe fn zero_sums() -> Self::Sums;
    unsafe fn load_shorts(from: *const i16) -> Self::Shorts;
    unsafe fn load_u8(from: *const u8) -> Self::Shorts;
    /// Adds to each sum at most two products.
    unsafe fn multiply_add_shorts(a: Self::Shorts, b: Self::Shorts, c: Self::Sums) -> Self::Sums;
    unsafe fn sum_sums(a: Self::Sums) -> i64;
}

/// Queries that one call compares a row with; more would not fit the registers of AVX2.
pub const QUERY_BLOCK: usize = 4;

type FloatKernel<const Q: usize> = unsafe fn(&[u8], [&Padded<f64>; Q]) -> [f64; Q];
type IntegerKernel<const Q: usize> = unsafe fn(&[u8], [&Padded<i16>; Q], usize) -> [i64; Q];
type BitKernel = unsafe fn(&[u8], &BitQuery, &mut [f64]);
type BlockKernel = unsafe fn(&BitBlocks, [&BitQuery; BIT_QUERIES], &mut [f64]);
type NumberKernel = unsafe fn(&[u8], &NumberQuery, &mut [f64]);

/// The kernels of one tier. Rows are bytes: little-endian floats, or uint8 for those of shorts.
#[derive(Clone, Copy)]
pub struct Kernels {
    single: FloatKernels,
    double: FloatKernels,
    dot_shorts: (IntegerKernel<1>, IntegerKernel<QUERY_BLOCK>),
    integer_norm: unsafe fn(&[u8]) -> i64,
    bits: BitKernel,
    turn: unsafe fn(&[u8], &mut [u64]),
    block_distances: BlockKernel,
    any_left: unsafe fn(&[f64], f64) -> bool,
    divergence_bounds: unsafe fn(&[u8], &Estimate, Bound, &mut [f64]),
    project: unsafe fn(&[f32], &[f32], &mut [f64]),
}

/// Those over rows of one encoding.
#[derive(Clone, Copy)]
struct FloatKernels {
    dot: (FloatKernel<1>, FloatKernel<QUERY_BLOCK>),
    l2sq: (FloatKernel<1>, FloatKernel<QUERY_BLOCK>),
    norm: unsafe fn(&[u8]) -> f64,
    compensated: unsafe fn(Form, &[u8], &[f64]) -> compensated::Sum,
    numbers: NumberKernel,
}

impl Kernels {
    fn of(&self, wide: Wide) -> &FloatKernels {
        match wide {
            Wide::Float32 => &self.single,
            Wide::Float64 => &self.double,
        }
    }

    /// Dot products or squared distances of the row and one to `QUERY_BLOCK` queries of the same length.
    pub fn floats(&self, wide: Wide, squared: bool, row: &[u8], queries: &[&Padded<f64>], into: &mut [f64]) {
        let FloatKernels { dot, l2sq, .. } = self.of(wide);
        let kernels = if squared { l2sq } else { dot };
        // SAFETY: `self` comes from `Tier::kernels`, so the CPU has what these kernels were compiled for.
        unsafe { call_blocks(queries, into, |q| kernels.0(row, q), |q| kernels.1(row, q)) }
    }

    /// Exact dot products of a uint8 row. `steps` is how many multiplications an int32 sum can take.
    pub fn shorts(&self, row: &[u8], queries: &[&Padded<i16>], steps: usize, into: &mut [i64]) {
        let (one, block) = self.dot_shorts;
        // SAFETY: as in `floats`.
        unsafe { call_blocks(queries, into, |q| one(row, q, steps), |q| block(row, q, steps)) }
    }

    /// The squared length of a row of uint8.
    pub fn integer_norm(&self, row: &[u8]) -> i64 {
        // SAFETY: as in `floats`.
        unsafe { (self.integer_norm)(row) }
    }

    /// The squared length of a row.
    pub fn norm(&self, wide: Wide, row: &[u8]) -> f64 {
        // SAFETY: as in `floats`.
        unsafe { (self.of(wide).norm)(row) }
    }

    pub fn compensated(&self, wide: Wide, form: Form, row: &[u8], query: &[f64]) -> compensated::Sum {
        // SAFETY: as in `floats`.
        unsafe { (self.of(wide).compensated)(form, row, query) }
    }

    /// What `bits::distances` gives for the rows of a tile.
    pub fn bits(&self, tile: &[u8], query: &BitQuery, into: &mut [f64]) {
        // SAFETY: as in `floats`.
        unsafe { (self.bits)(tile, query, into) }
    }

    /// What `bits::turn` gives for the rows of a block.
    pub fn turn(&self, rows: &[u8], into: &mut [u64]) {
        // SAFETY: as in `floats`.
        unsafe { (self.turn)(rows, into) }
    }

    /// What `bits::block_distances` gives for rows in blocks.
    pub fn block_distances(&self, blocks: &BitBlocks, queries: [&BitQuery; BIT_QUERIES], into: &mut [f64]) {
        // SAFETY: as in `floats`.
        unsafe { (self.block_distances)(blocks, queries, into) }
    }

    /// Whether any bound is not above the threshold.
    pub fn any_left(&self, bounds: &[f64], threshold: f64) -> bool {
        // SAFETY: as in `floats`.
        unsafe { (self.any_left)(bounds, threshold) }
    }

    /// What `estimate::bounds` gives for the rows of a tile.
    pub fn divergence_bounds(&self, tile: &[u8], query: &Estimate, bound: Bound, into: &mut [f64]) {
        // SAFETY: as in `floats`.
        unsafe { (self.divergence_bounds)(tile, query, bound, into) }
    }

    /// What `projection::project` gives.
    pub fn project(&self, basis: &[f32], vector: &[f32], into: &mut [f64]) {
        // SAFETY: as in `floats`.
        unsafe { (self.project)(basis, vector, into) }
    }

    /// What `number::distances` gives for the rows of a tile.
    pub fn numbers(&self, wide: Wide, tile: &[u8], query: &NumberQuery, into: &mut [f64]) {
        // SAFETY: as in `floats`.
        unsafe { (self.of(wide).numbers)(tile, query, into) }
    }
}

fn call_blocks<'a, T, V: Copy>(
    queries: &[&'a T],
    into: &mut [V],
    one: impl Fn([&'a T; 1]) -> [V; 1],
    block: impl Fn([&'a T; QUERY_BLOCK]) -> [V; QUERY_BLOCK],
) {
    if let Ok(queries) = <[&T; QUERY_BLOCK]>::try_from(queries) {
        return into.copy_from_slice(&block(queries));
    }
    for (&query, value) in queries.iter().zip(into) {
        [*value] = one([query]);
    }
}

/// Compiles the kernels for one implementation of `Simd`, with its CPU features where it has some.
macro_rules! kernels {
    ($simd:ty $(, $features:literal)?) => {{
        use crate::distance::compensated::{Form, Sum};
        use crate::distance::element::Element;
        $(#[target_feature(enable = $features)])?
        unsafe fn floats<E: Element, const Q: usize, const U: usize, const SQUARED: bool>(
            row: &[u8],
            queries: [&Padded<f64>; Q],
        ) -> [f64; Q] {
            // SAFETY: the caller has checked that the CPU has the features.
            unsafe { float::accumulate::<$simd, E, Q, U, SQUARED>(row, queries) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn shorts<const Q: usize>(
            row: &[u8],
            queries: [&Padded<i16>; Q],
            steps: usize,
        ) -> [i64; Q] {
            // SAFETY: as above.
            unsafe { integer::dot::<$simd, Q>(row, queries, steps) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn norm<E: Element>(row: &[u8]) -> f64 {
            // SAFETY: as above.
            unsafe { float::norm::<$simd, E>(row) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn integer_norm(row: &[u8]) -> i64 {
            // SAFETY: as above.
            unsafe { integer::norm::<$simd>(row) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn sum<E: Element>(form: Form, row: &[u8], query: &[f64]) -> Sum {
            // SAFETY: as above.
            unsafe { compensated::sum::<$simd, E>(form, row, query) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn numbers<E: Element>(tile: &[u8], query: &NumberQuery, into: &mut [f64]) {
            number::distances::<E>(tile, query, into);
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn bits(tile: &[u8], query: &BitQuery, into: &mut [f64]) {
            // SAFETY: as above.
            unsafe { bits::distances::<$simd>(tile, query, into) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn turn(rows: &[u8], into: &mut [u64]) {
            // SAFETY: as above.
            unsafe { bits::turn::<$simd>(rows, into) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn block_distances(blocks: &BitBlocks, queries: [&BitQuery; BIT_QUERIES], into: &mut [f64]) {
            // SAFETY: as above.
            unsafe { bits::block_distances::<$simd>(blocks, queries, into) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn any_left(bounds: &[f64], threshold: f64) -> bool {
            // The compiler makes vectors of a loop that cannot stop early.
            !bounds.iter().fold(true, |all, &bound| all & (bound > threshold))
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn divergence_bounds(tile: &[u8], query: &Estimate, bound: Bound, into: &mut [f64]) {
            // SAFETY: as above.
            unsafe { estimate::bounds::<$simd>(tile, query, bound, into) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn project(basis: &[f32], vector: &[f32], into: &mut [f64]) {
            // SAFETY: as above.
            unsafe { crate::codes::projection::project::<$simd>(basis, vector, into) }
        }
        fn of_elements<E: Element>() -> FloatKernels {
            FloatKernels {
                dot: (floats::<E, 1, 4, false>, floats::<E, QUERY_BLOCK, 2, false>),
                l2sq: (floats::<E, 1, 4, true>, floats::<E, QUERY_BLOCK, 2, true>),
                norm: norm::<E>,
                compensated: sum::<E>,
                numbers: numbers::<E>,
            }
        }
        Kernels {
            single: of_elements::<f32>(),
            double: of_elements::<f64>(),
            dot_shorts: (shorts::<1>, shorts::<QUERY_BLOCK>),
            integer_norm,
            bits,
            turn,
            block_distances,
            any_left,
            divergence_bounds,
            project,
        }
    }};
}

impl Tier {
    /// Panics when this CPU lacks the tier.
    pub fn kernels(self) -> Kernels {
        assert!(self.is_available(), "this CPU lacks {}", self.name());
        match self {
            Self::Scalar => kernels!(scalar::Scalar),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => kernels!(avx2::Avx2, "avx2,fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                let kernels = kernels!(avx512::Avx512, "avx2,fma,avx512f,avx512bw");
                match is_x86_feature_detected!("avx512vpopcntdq") {
                    true => Kernels {
                        bits: x86_counts::bits,
                        block_distances: x86_counts::block_distances,
                        ..kernels
                    },
                    false => kernels,
                }
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => unreachable!("only scalar is available"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_is_forced_by_name_and_unknown_ones_are_refused() {
        assert_eq!(Tier::pick(Some("scalar")), Ok(Tier::Scalar));
        assert_eq!(Tier::pick(None), Ok(Tier::available().next().unwrap()));
        for name in ["", "AVX2", "neon"] {
            assert_eq!(Tier::pick(Some(name)).unwrap_err().code, crate::Code::InvalidArgument);
        }
        for tier in Tier::ALL {
            assert_eq!(Tier::pick(Some(tier.name())).is_ok(), tier.is_available());
        }
    }
}
