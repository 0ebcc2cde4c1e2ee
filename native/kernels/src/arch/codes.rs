//! The kernels over codes, compiled for each tier.

use super::dots::{self, Left, LeftCoarse};
#[cfg(target_arch = "x86_64")]
use super::x86_dots;
use super::{Tier, scalar};
use crate::codes::Transform;
use crate::codes::encode::{Work, encode_block, turn_block};
use crate::codes::product::{Products, Tile, TileKernel, add_tile};
use crate::codes::query::{Columns, Rule};
use crate::distance::Dtype;

/// Queries of one limb that one call compares a block with.
pub const CODE_QUERIES: usize = 8;

/// Rows of low nibbles that one call compares with a query of two limbs.
pub const RECORDS: usize = 4;

/// Rows of whole bytes that one call compares with a vector.
pub const BYTE_ROWS: usize = 4;

type OfBlock = unsafe fn(&Transform, Dtype, &[u8], &mut Work);
type Coarse = unsafe fn(&Rule, &Columns<'_>, usize, (&[u8], *const u8), &[i8]) -> LeftCoarse;
type Rows<const R: usize> = unsafe fn([&[u8]; R], [&[i8]; 2]) -> [[i32; 2]; R];
type Bytes<const R: usize> = unsafe fn([&[u8]; R], &[i8]) -> [i32; R];
type Fine = unsafe fn(&[Rule; CODE_QUERIES], &Columns<'_>, usize, &[u8], &[i8], &mut [Left<1>; CODE_QUERIES]);

/// The kernels of one tier; see `dots`.
#[derive(Clone, Copy)]
pub struct CodeKernels {
    coarse: Coarse,
    join: unsafe fn(&[u8], &[u8], usize, &mut [u8]),
    fine: Fine,
    row: Rows<1>,
    rows: Rows<RECORDS>,
    bytes: (Bytes<1>, Bytes<BYTE_ROWS>),
}

impl CodeKernels {
    /// What a rule leaves of a block by its high nibbles and a query of two limbs. The block that is scanned
    /// some blocks later is asked for meanwhile: it may lie anywhere.
    pub fn coarse(
        &self,
        rule: &Rule,
        columns: &Columns<'_>,
        block: usize,
        [high, ahead]: [&[u8]; 2],
        limbs: &[i8],
    ) -> LeftCoarse {
        // SAFETY: `self` comes from `Tier::code_kernels`, so the CPU has what these were compiled for.
        unsafe { (self.coarse)(rule, columns, block, (high, ahead.as_ptr()), limbs) }
    }

    /// The codes of a block, from its planes.
    pub fn join(&self, high: &[u8], low: &[u8], stride: usize, into: &mut [u8]) {
        // SAFETY: as in `coarse`.
        unsafe { (self.join)(high, low, stride, into) }
    }

    /// What rules leave of a block by its joined codes and queries of one limb.
    pub fn fine(
        &self,
        rules: &[Rule; CODE_QUERIES],
        columns: &Columns<'_>,
        block: usize,
        codes: &[u8],
        limbs: &[i8],
        left: &mut [Left<1>; CODE_QUERIES],
    ) {
        // SAFETY: as in `coarse`.
        unsafe { (self.fine)(rules, columns, block, codes, limbs, left) }
    }

    /// Sums of a row of low nibbles with two limbs.
    pub fn row(&self, row: &[u8], limbs: [&[i8]; 2]) -> [i32; 2] {
        // SAFETY: as in `coarse`.
        unsafe { (self.row)([row], limbs)[0] }
    }

    /// The same of some rows of one length.
    pub fn rows(&self, rows: [&[u8]; RECORDS], limbs: [&[i8]; 2]) -> [[i32; 2]; RECORDS] {
        // SAFETY: as in `coarse`.
        unsafe { (self.rows)(rows, limbs) }
    }

    /// Sums of up to `BYTE_ROWS` rows of whole bytes with a vector of as many int8, a multiple of 64.
    #[inline(always)]
    pub fn bytes(&self, rows: &[&[u8]], vector: &[i8], into: &mut [i32; BYTE_ROWS]) {
        if let Ok(rows) = <[&[u8]; BYTE_ROWS]>::try_from(rows) {
            // SAFETY: as in `coarse`.
            *into = unsafe { (self.bytes.1)(rows, vector) };
            return;
        }
        for (row, into) in rows.iter().zip(into) {
            // SAFETY: as in `coarse`.
            [*into] = unsafe { (self.bytes.0)([row], vector) };
        }
    }
}

/// Compiles the kernels for vectors of a block and of a row, with the CPU features that they need.
macro_rules! kernels {
    ($block:ty, $row:ty $(, $features:literal)?) => {{
        $(#[target_feature(enable = $features)])?
        unsafe fn coarse(
            rule: &Rule,
            columns: &Columns<'_>,
            block: usize,
            high: (&[u8], *const u8),
            limbs: &[i8],
        ) -> LeftCoarse {
            // SAFETY: the caller has checked that the CPU has the features.
            unsafe { dots::coarse::<$block>(rule, columns, block, high, limbs) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn join(high: &[u8], low: &[u8], stride: usize, into: &mut [u8]) {
            // SAFETY: as above.
            unsafe { dots::join::<$block>(high, low, stride, into) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn fine(
            rules: &[Rule; CODE_QUERIES],
            columns: &Columns<'_>,
            block: usize,
            codes: &[u8],
            limbs: &[i8],
            left: &mut [Left<1>; CODE_QUERIES],
        ) {
            // SAFETY: as above.
            unsafe { dots::fine::<$block, CODE_QUERIES>(rules, columns, block, codes, limbs, left) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn row(row: [&[u8]; 1], limbs: [&[i8]; 2]) -> [[i32; 2]; 1] {
            // SAFETY: as above.
            unsafe { dots::rows::<$block, $row, 1>(row, limbs) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn rows(rows: [&[u8]; RECORDS], limbs: [&[i8]; 2]) -> [[i32; 2]; RECORDS] {
            // SAFETY: as above.
            unsafe { dots::rows::<$block, $row, RECORDS>(rows, limbs) }
        }
        $(#[target_feature(enable = $features)])?
        unsafe fn bytes<const R: usize>(rows: [&[u8]; R], vector: &[i8]) -> [i32; R] {
            // SAFETY: as above.
            unsafe { dots::bytes::<$block, R>(rows, vector) }
        }
        CodeKernels { coarse, join, fine, row, rows, bytes: (bytes::<1>, bytes::<BYTE_ROWS>) }
    }};
}

/// What goes over a block of rows and, with features of its own, the product that a basis needs.
macro_rules! of_block {
    ($block:path, $project:expr $(, $features:literal)?) => {{
        $(#[target_feature(enable = $features)])?
        unsafe fn of_block(transform: &Transform, dtype: Dtype, rows: &[u8], work: &mut Work) {
            let kernel: TileKernel = $project;
            // SAFETY: the caller has checked that the CPU has the features of the tier.
            let project = |left: &[f64], right: &[f64], tile: &mut Tile| unsafe { kernel(left, right, tile) };
            $block(transform, dtype, rows, project, work);
        }
        of_block
    }};
}

/// The same for a tier.
macro_rules! of_tier {
    ($tier:expr, $block:path) => {
        match $tier {
            Self::Scalar => of_block!($block, tile_kernel!(4, 4, false)),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => of_block!($block, tile_kernel!(4, 4, false, "avx2"), "avx2"),
            // With AVX-512 LLVM takes the lanes apart into single numbers, which is five times slower.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => of_block!($block, tile_kernel!(4, 16, false, "avx2,avx512f"), "avx2"),
            #[cfg(not(target_arch = "x86_64"))]
            _ => unreachable!("only scalar is available"),
        }
    };
}

macro_rules! tile_kernel {
    ($rows:literal, $columns:literal, $fused:literal $(, $features:literal)?) => {{
        $(#[target_feature(enable = $features)])?
        unsafe fn add(left: &[f64], right: &[f64], tile: &mut Tile) {
            add_tile::<$rows, $columns, $fused>(left, right, tile);
        }
        add
    }};
}

impl Tier {
    /// The kernels over codes; with the instructions for dot products where the CPU has them.
    pub fn code_kernels(self) -> CodeKernels {
        self.code_kernels_with(Self::has_dot_products())
    }

    pub fn code_kernels_with(self, dot_products: bool) -> CodeKernels {
        assert!(self.is_available(), "this CPU lacks {}", self.name());
        match self {
            Self::Scalar => kernels!(scalar::Scalar, scalar::Scalar),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => kernels!(x86_dots::Avx2, x86_dots::Short, "avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 if dot_products => kernels!(
                x86_dots::Avx512Vnni,
                x86_dots::ShortVnni,
                "avx2,avx512f,avx512bw,avx512vl,avx512vnni"
            ),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => kernels!(x86_dots::Avx512, x86_dots::Short, "avx2,avx512f,avx512bw"),
            #[cfg(not(target_arch = "x86_64"))]
            _ => unreachable!("only scalar is available"),
        }
    }

    /// What codes rows.
    pub fn encoder(self) -> OfBlock {
        assert!(self.is_available(), "this CPU lacks {}", self.name());
        of_tier!(self, encode_block)
    }

    /// What finds their coordinates alone.
    pub fn turner(self) -> OfBlock {
        assert!(self.is_available(), "this CPU lacks {}", self.name());
        of_tier!(self, turn_block)
    }

    /// Products of matrices.
    pub fn products(self) -> Products {
        assert!(self.is_available(), "this CPU lacks {}", self.name());
        let kernel: TileKernel = match self {
            Self::Scalar => tile_kernel!(4, 4, false),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => tile_kernel!(4, 8, true, "avx2,fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => tile_kernel!(4, 16, true, "avx2,fma,avx512f"),
            #[cfg(not(target_arch = "x86_64"))]
            _ => unreachable!("only scalar is available"),
        };
        // SAFETY: the CPU has what the kernel of its tier was compiled for.
        unsafe { Products::new(kernel) }
    }

    #[cfg(target_arch = "x86_64")]
    fn has_dot_products() -> bool {
        is_x86_feature_detected!("avx512vnni") && is_x86_feature_detected!("avx512vl")
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn has_dot_products() -> bool {
        false
    }
}
