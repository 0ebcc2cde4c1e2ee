//! Sums of products of nibbles and int8, the kernels that scan codes. Written once over `Dots`.
//!
//! A nibble is at most 15 and an int8 at least -128, so that no step leaves its range: a pair of products
//! fits int16 also where an instruction would saturate, and sums of 32,768 of them fit int32.

use std::ops::Range;

use super::prefetch::{Stream, prefetch};
use crate::codes::query::{Columns, Rule};
use crate::distance::Metric;

/// # Safety
/// Every function needs the CPU features of its tier; those that load read a whole vector from `from`, at any
/// alignment.
pub trait Dots {
    /// int32 in a vector of sums; a vector of bytes has four times as many.
    const SUMS: usize;
    type Bytes: Copy;
    type Sums: Copy;
    /// As many float32 as sums.
    type Singles: Copy;

    unsafe fn load(from: *const u8) -> Self::Bytes;
    /// The same four bytes, for every sum.
    unsafe fn repeat(from: *const i8) -> Self::Bytes;
    unsafe fn low_nibbles(a: Self::Bytes) -> Self::Bytes;
    unsafe fn high_nibbles(a: Self::Bytes) -> Self::Bytes;
    unsafe fn zero() -> Self::Sums;
    /// Adds to each sum four products of nibbles and int8.
    unsafe fn add_products(sums: Self::Sums, nibbles: Self::Bytes, bytes: Self::Bytes) -> Self::Sums;
    /// Whether `add_products` is exact for any bytes in the place of nibbles.
    const WHOLE_BYTES: bool;
    /// The first four of eight codes, and the others, from their high and their low nibbles.
    unsafe fn join(high: Self::Bytes, low: Self::Bytes) -> [Self::Bytes; 2];
    unsafe fn save(bytes: Self::Bytes, into: *mut u8);
    /// `GROUP` bytes of each of `ROWS` rows, `stride` bytes apart, become `GROUP / 4` lines, each with a word
    /// of each row; `into` has room for them.
    #[inline(always)]
    unsafe fn turn(from: *const u8, stride: usize, into: *mut u8) {
        // SAFETY: as the caller says.
        unsafe { turn_words(from, stride, GROUP / 4, into) }
    }
    unsafe fn add(a: Self::Sums, b: Self::Sums) -> Self::Sums;
    /// The sum of all; it fits.
    unsafe fn total(sums: Self::Sums) -> i32;
    unsafe fn store(sums: Self::Sums, into: *mut i32);

    unsafe fn load_singles(from: *const f32) -> Self::Singles;
    unsafe fn all(value: f32) -> Self::Singles;
    unsafe fn add_singles(a: Self::Singles, b: Self::Singles) -> Self::Singles;
    unsafe fn subtract_singles(a: Self::Singles, b: Self::Singles) -> Self::Singles;
    unsafe fn multiply_singles(a: Self::Singles, b: Self::Singles) -> Self::Singles;
    /// Twice the sums less `total`, which fits int32.
    unsafe fn centred(sums: Self::Sums, total: i32) -> Self::Singles;
    /// A bit for each number that is not less than the limit; what is not a number is not.
    unsafe fn not_less(values: Self::Singles, limit: Self::Singles) -> u32;
    unsafe fn store_singles(values: Self::Singles, into: *mut f32);
}

/// Rows of a block: see `codes::layout`.
pub const ROWS: usize = 16;
/// Bytes of a block that hold eight coordinates of its rows.
const GROUP: usize = 64;

/// The rows of a block that a rule leaves, a bit each. If any is, their values are there, without the part of
/// their norms, which depends on the threshold, and what these are made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Left<const L: usize> {
    pub rows: u32,
    pub values: [f32; ROWS],
    pub sums: [[i32; ROWS]; L],
}

impl<const L: usize> Left<L> {
    pub const NONE: Self = Self { rows: 0, values: [0.0; ROWS], sums: [[0; ROWS]; L] };
}

/// What high nibbles leave: of each row what its whole code is tested with, too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeftCoarse {
    pub left: Left<2>,
    /// The rows that would be left if their codes missed nothing.
    pub near: u32,
    /// Of each value what comes neither from sums nor from the error of the code.
    pub rest: [f32; ROWS],
}

/// The factors of as many rows as a vector has sums; those that a metric has no use for are zeros.
struct Factors<S: Dots> {
    scale: S::Singles,
    length: S::Singles,
    error: S::Singles,
    tail: Option<S::Singles>,
    along: S::Singles,
    norm: S::Singles,
}

impl<S: Dots> Factors<S> {
    /// Those of the rows from `at` on.
    ///
    /// # Safety
    /// The CPU has the features of `S`.
    #[inline(always)]
    unsafe fn load(columns: &Columns<'_>, at: usize) -> Self {
        // SAFETY: the features are the caller's; a vector is as long as the slice that it is loaded from.
        unsafe {
            let column = |factors: &[f32]| S::load_singles(factors[at..at + S::SUMS].as_ptr());
            let used = |is_used: bool, factors| if is_used { column(factors) } else { S::all(0.0) };
            Self {
                scale: column(columns.scale),
                length: column(columns.length),
                error: column(columns.error),
                tail: columns.tail.map(column),
                along: used(!columns.metric.is_l2(), columns.along),
                norm: used(columns.metric == Metric::Cosine, columns.norm),
            }
        }
    }
}

/// Adds to `left` what `rule` leaves of the rows from `first` on of a block, of which `sums` are the sums
/// with each limb; to `coarse`, see `LeftCoarse`.
///
/// # Safety
/// The CPU has the features of `S`.
#[inline(always)]
unsafe fn test<S: Dots, const L: usize>(
    rule: &Rule,
    factors: &Factors<S>,
    first: usize,
    sums: [S::Sums; L],
    left: &mut Left<L>,
    coarse: Option<(&mut u32, &mut [f32; ROWS])>,
) {
    // SAFETY: the features are the caller's.
    unsafe {
        let product =
            |limb: usize, unit| S::multiply_singles(S::all(unit), S::centred(sums[limb], rule.totals[limb]));
        let mut products = product(0, rule.high);
        if L == 2 {
            products = S::add_singles(products, product(1, rule.low));
        }
        let squares = S::multiply_singles(S::all(rule.squares), factors.length);
        let lengths = S::multiply_singles(factors.length, S::subtract_singles(S::all(rule.length), squares));
        let errors = S::multiply_singles(S::all(rule.error), factors.error);
        let mut rest = lengths;
        if let Some(tail) = factors.tail {
            rest = S::add_singles(rest, S::multiply_singles(S::all(rule.tail), tail));
        }
        if !rule.metric.is_l2() {
            rest = S::add_singles(rest, factors.along);
        }
        let values = S::multiply_singles(factors.scale, products);
        let values = S::add_singles(values, S::add_singles(errors, rest));
        let mut tested = values;
        if rule.metric == Metric::Cosine {
            tested = S::subtract_singles(values, S::multiply_singles(S::all(rule.norms), factors.norm));
        }
        let rows = S::not_less(tested, S::all(rule.limit));
        if rows != 0 {
            left.rows |= rows << first;
            if let Some((near, all)) = coarse {
                *near |= S::not_less(S::subtract_singles(tested, errors), S::all(rule.limit)) << first;
                S::store_singles(rest, all[first..first + S::SUMS].as_mut_ptr());
            }
            S::store_singles(values, left.values[first..first + S::SUMS].as_mut_ptr());
            for (sums, into) in sums.into_iter().zip(&mut left.sums) {
                S::store(sums, into[first..first + S::SUMS].as_mut_ptr());
            }
        }
    }
}

/// What a rule leaves of a block by its high nibbles and a query of two limbs. `limbs` holds, for each
/// group of eight coordinates, eight bytes of each limb. As many bytes from `ahead` on are asked for.
///
/// # Safety
/// The CPU has the features of `S`.
#[inline(always)]
pub unsafe fn coarse<S: Dots>(
    rule: &Rule,
    columns: &Columns<'_>,
    block: usize,
    (high, ahead): (&[u8], *const u8),
    limbs: &[i8],
) -> LeftCoarse {
    let groups = high.len() / GROUP;
    assert!(limbs.len() == groups * 16, "limbs and rows have one length");
    let mut left = LeftCoarse { left: Left::NONE, near: 0, rest: [0.0; ROWS] };
    let stream = Stream::of_cpu();
    // SAFETY: the features are the caller's; group `g` of the block ends at `(g + 1) * GROUP`, and of the
    // limbs at `(g + 1) * 16`; `ROWS` is a multiple of the sums of a vector.
    unsafe {
        for first in (0..ROWS).step_by(S::SUMS) {
            // Two sums of each limb, since each addition waits for the one before.
            let mut sums = [[S::zero(); 2]; 2];
            for group in 0..groups {
                let codes = S::load(high.as_ptr().add(group * GROUP + 4 * first));
                stream.prefetch(ahead.wrapping_add(group * GROUP + 4 * first));
                let codes = [S::low_nibbles(codes), S::high_nibbles(codes)];
                let at = limbs.as_ptr().add(group * 16);
                for (limb, sums) in sums.iter_mut().enumerate() {
                    for (half, sum) in sums.iter_mut().enumerate() {
                        *sum = S::add_products(*sum, codes[half], S::repeat(at.add(8 * limb + 4 * half)));
                    }
                }
            }
            let factors = Factors::load(columns, block * ROWS + first);
            let sums = sums.map(|[a, b]| S::add(a, b));
            let LeftCoarse { left, near, rest } = &mut left;
            test::<S, 2>(rule, &factors, first, sums, left, Some((near, rest)));
        }
    }
    left
}

/// Words of 16 rows become lines with a word of each row.
///
/// # Safety
/// The rows have so many words, `stride` bytes apart, and `into` has room for as many lines.
#[inline(always)]
unsafe fn turn_words(from: *const u8, stride: usize, words: usize, into: *mut u8) {
    for row in 0..ROWS {
        for word in 0..words {
            // SAFETY: as the caller says.
            unsafe {
                let bytes = from.add(row * stride + word * 4).cast::<u32>().read_unaligned();
                into.add(word * GROUP + row * 4).cast::<u32>().write_unaligned(bytes);
            }
        }
    }
}

/// The codes of 16 rows from their planes: `low` holds the low nibbles row by row, each `stride` bytes after
/// the one before; `into` as many bytes as the rows have codes, and gets four of each row in turn.
///
/// # Safety
/// The CPU has the features of `S`.
#[inline(always)]
pub unsafe fn join<S: Dots>(high: &[u8], low: &[u8], stride: usize, into: &mut [u8]) {
    let groups = high.len() / GROUP;
    assert!(low.len() == (ROWS - 1) * stride + 4 * groups, "rows have one length");
    assert!(into.len() == 2 * groups * GROUP, "planes have one length");
    // What is stored a word at a time cannot be loaded as a vector at once: all of it is turned first, into
    // the second half. Codes that are joined are stored before what is still to be joined.
    let half = groups * GROUP;
    // SAFETY: the features are the caller's; vectors are loaded from whole groups, and saved to `into`, of
    // which group `g` has the two groups from `2 g` on; a row of `low` is `groups` times four bytes.
    unsafe {
        let (lines, turned) = (GROUP / 4, into.as_mut_ptr().add(half));
        let whole = groups - groups % lines;
        for group in (0..whole).step_by(lines) {
            S::turn(low.as_ptr().add(4 * group), stride, turned.add(group * GROUP));
        }
        turn_words(low.as_ptr().add(4 * whole), stride, groups - whole, turned.add(whole * GROUP));
        for group in 0..groups {
            // The next block is on its way while queries are compared with this one.
            prefetch(high.as_ptr().wrapping_add((groups + group) * GROUP));
            prefetch(low.as_ptr().wrapping_add(ROWS * stride + group * GROUP));
            let mut first = [[0; GROUP]; 2];
            for part in (0..GROUP).step_by(4 * S::SUMS) {
                let high = S::load(high.as_ptr().add(group * GROUP + part));
                let low = S::load(into.as_ptr().add(half + group * GROUP + part));
                for (half, codes) in S::join(high, low).into_iter().enumerate() {
                    S::save(codes, first[half].as_mut_ptr().add(part));
                }
            }
            into[2 * group * GROUP..][..2 * GROUP].copy_from_slice(first.as_flattened());
        }
    }
}

/// What rules leave of a block by its joined codes and `Q` queries of one limb, four bytes of each in turn.
///
/// # Safety
/// The CPU has the features of `S`.
#[inline(always)]
pub unsafe fn fine<S: Dots, const Q: usize>(
    rules: &[Rule; Q],
    columns: &Columns<'_>,
    block: usize,
    codes: &[u8],
    limbs: &[i8],
    left: &mut [Left<1>; Q],
) {
    let groups = codes.len() / GROUP;
    assert!(limbs.len() == groups * Q * 4, "limbs and rows have one length");
    left.iter_mut().for_each(|left| left.rows = 0);
    // SAFETY: the features are the caller's; group `g` of the codes ends at `(g + 1) * GROUP`, and of the
    // limbs at `(g + 1) * Q * 4`; `ROWS` is a multiple of the sums of a vector.
    unsafe {
        for first in (0..ROWS).step_by(S::SUMS) {
            let (mut sums, mut above) = ([S::zero(); Q], [S::zero(); Q]);
            for group in 0..groups {
                let codes = S::load(codes.as_ptr().add(group * GROUP + 4 * first));
                let at = limbs.as_ptr().add(group * Q * 4);
                if S::WHOLE_BYTES {
                    for (q, sum) in sums.iter_mut().enumerate() {
                        *sum = S::add_products(*sum, codes, S::repeat(at.add(4 * q)));
                    }
                } else {
                    let (low, high) = (S::low_nibbles(codes), S::high_nibbles(codes));
                    for q in 0..Q {
                        let limb = S::repeat(at.add(4 * q));
                        sums[q] = S::add_products(sums[q], low, limb);
                        above[q] = S::add_products(above[q], high, limb);
                    }
                }
            }
            let factors = Factors::load(columns, block * ROWS + first);
            for q in 0..Q {
                if !S::WHOLE_BYTES {
                    let twice = |a| S::add(a, a);
                    sums[q] = S::add(sums[q], twice(twice(twice(twice(above[q])))));
                }
                test::<S, 1>(&rules[q], &factors, first, [sums[q]], &mut left[q], None);
            }
        }
    }
}

/// Sums of the low nibbles of `R` rows of one length with two vectors of int8, each as long as the rows have
/// coordinates: first those of the low halves of their bytes, then the others. In vectors of `S`, and of `T`
/// what is left. More rows at once cost less each: they share what is read of the vectors, and none of their
/// chains of sums waits for itself.
///
/// # Safety
/// The CPU has the features of `S` and `T`.
#[inline(always)]
pub unsafe fn rows<S: Dots, T: Dots, const R: usize>(rows: [&[u8]; R], vectors: [&[i8]; 2]) -> [[i32; 2]; R] {
    let bytes = rows[0].len();
    let whole = bytes - bytes % (4 * S::SUMS);
    assert!(bytes.is_multiple_of(4 * T::SUMS), "a row has whole vectors");
    assert!(rows.iter().all(|row| row.len() == bytes), "rows have one length");
    assert!(vectors.iter().all(|vector| vector.len() == 2 * bytes), "vectors and rows have one length");
    let mut totals = [[0; 2]; R];
    // SAFETY: the features are the caller's; both ranges are of whole vectors, within the rows and half of
    // each vector.
    unsafe {
        add_part::<S, R>(rows, vectors, 0..whole, &mut totals);
        if whole < bytes {
            add_part::<T, R>(rows, vectors, whole..bytes, &mut totals);
        }
    }
    totals
}

/// Adds the sums of some bytes of rows.
///
/// # Safety
/// The CPU has the features of `S`; the range is of whole vectors, within each row, and each of `vectors` is
/// twice as long as a row.
#[inline(always)]
unsafe fn add_part<S: Dots, const R: usize>(
    rows: [&[u8]; R],
    vectors: [&[i8]; 2],
    range: Range<usize>,
    totals: &mut [[i32; 2]; R],
) {
    let bytes = rows[0].len();
    // SAFETY: as the caller says.
    unsafe {
        let mut sums = [[S::zero(); 2]; R];
        for i in range.step_by(4 * S::SUMS) {
            // No closures here: they would be compiled without the features, and their instructions be calls.
            let low =
                [S::load(vectors[0].as_ptr().add(i).cast()), S::load(vectors[1].as_ptr().add(i).cast())];
            let i_high = bytes + i;
            let high = [
                S::load(vectors[0].as_ptr().add(i_high).cast()),
                S::load(vectors[1].as_ptr().add(i_high).cast()),
            ];
            for (row, sums) in rows.iter().zip(&mut sums) {
                let codes = S::load(row.as_ptr().add(i));
                let (first, second) = (S::low_nibbles(codes), S::high_nibbles(codes));
                for limb in 0..2 {
                    sums[limb] = S::add_products(sums[limb], first, low[limb]);
                    sums[limb] = S::add_products(sums[limb], second, high[limb]);
                }
            }
        }
        for (totals, sums) in totals.iter_mut().zip(sums) {
            totals[0] += S::total(sums[0]);
            totals[1] += S::total(sums[1]);
        }
    }
}

/// Sums of `R` rows of whole bytes with int8, as many of each, a multiple of 64.
///
/// # Safety
/// The CPU has the features of `S`.
#[inline(always)]
pub unsafe fn bytes<S: Dots, const R: usize>(rows: [&[u8]; R], vector: &[i8]) -> [i32; R] {
    assert!(vector.len().is_multiple_of(GROUP), "rows have whole lines");
    assert!(rows.iter().all(|row| row.len() == vector.len()), "vectors and rows have one length");
    let mut totals = [0; R];
    // SAFETY: the features are the caller's; a vector of `S` divides a line, of which rows are made.
    unsafe {
        let (mut sums, mut above) = ([S::zero(); R], [S::zero(); R]);
        for i in (0..vector.len()).step_by(4 * S::SUMS) {
            let vector = S::load(vector.as_ptr().add(i).cast());
            for r in 0..R {
                let bytes = S::load(rows[r].as_ptr().add(i));
                if S::WHOLE_BYTES {
                    sums[r] = S::add_products(sums[r], bytes, vector);
                } else {
                    sums[r] = S::add_products(sums[r], S::low_nibbles(bytes), vector);
                    above[r] = S::add_products(above[r], S::high_nibbles(bytes), vector);
                }
            }
        }
        for r in 0..R {
            totals[r] = S::total(sums[r]);
            if !S::WHOLE_BYTES {
                totals[r] += 16 * S::total(above[r]);
            }
        }
    }
    totals
}
