//! A query as codes are scanned with: turned as the rows were, in int8, with bounds on what that misses.

use super::LANES;
use super::Norms;
use super::encode::round_up;
use super::estimate::{QueryParts, Turned};
use super::layout::{Record, Section};
use super::transform::Transform;
use super::{Chunk, layout::padded};
use crate::arch::Kernels;
use crate::distance::Metric;
use crate::mutants::{self, Mutant, at_most};

/// Relative room for float64 sums; see `encode`.
const ROOM: f64 = 1e-9;
/// What a float32 that was rounded to the nearest may be off, and its square, with room.
const NEAREST: f64 = 4.0 * f32::EPSILON as f64;
/// Half of a square, with room for the float32 that is squared and for what becomes of it.
const SQUARES: f32 = 0.5 * (1.0 - 4.0 * NEAREST) as f32;
/// More than the squares of a float64 row and query can lose in all.
const UNDERFLOW: f64 = 1e-300;

/// How a query is put into int8, and so which codes it is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limbs {
    /// Read faster: for whole codes.
    One,
    /// Miss next to nothing: for high nibbles.
    Two,
}

/// T (q - c) is near `scale * (256 high + low)`.
pub struct CodeQuery {
    parts: QueryParts,
    count: Limbs,
    limbs: [Vec<i8>; 2],
    /// The limbs as rows of low nibbles are multiplied with: first those of the low halves of bytes.
    halves: [Vec<i8>; 2],
    /// Sums of the limbs.
    totals: [i64; 2],
    scale: f64,
    /// At least the length of T (q - c), and of what the limbs miss of it.
    length: f64,
    error: f64,
    /// At least the length of what T misses of q - c.
    tail: f64,
    /// What <c, q> may be off.
    along_error: f64,
    mean_length: f64,
}

impl CodeQuery {
    /// None for a query whose numbers are out of the range in which rows are bounded.
    pub fn new(
        transform: &Transform,
        kernels: &Kernels,
        metric: Metric,
        query: &[f64],
        limbs: Limbs,
    ) -> Option<Self> {
        Some(Self::of(transform, &Turned::new(transform, kernels, metric, query)?, limbs))
    }

    /// The same of a query that is turned already.
    pub fn of(transform: &Transform, query: &Turned, limbs: Limbs) -> Self {
        let &Turned { parts, residual, turned, ref coordinates } = query;
        let length = coordinates.iter().map(|z| z * z).sum::<f64>().sqrt();
        let largest = coordinates.iter().fold(0.0, |largest: f64, z| largest.max(z.abs()));
        let steps = if limbs == Limbs::Two { 127.0 * 256.0 + 127.0 } else { 127.0 };
        let unit = if largest > 0.0 { largest / steps } else { 1.0 };
        let whole: Vec<i32> = coordinates.iter().map(|z| (z / unit).round() as i32).collect();
        let missed = coordinates.iter().zip(&whole).map(|(z, &w)| (z - unit * f64::from(w)).powi(2));
        let error = missed.sum::<f64>().sqrt() * (1.0 + ROOM) + ROOM * length + turned;
        let (high, low, scale): (Vec<i8>, Vec<i8>, f64) = if limbs == Limbs::Two {
            let high: Vec<i8> = whole.iter().map(|w| ((w + 128) >> 8) as i8).collect();
            let low = whole.iter().zip(&high).map(|(w, &high)| (w - 256 * i32::from(high)) as i8);
            let low = low.collect();
            (high, low, unit)
        } else {
            (whole.iter().map(|&w| w as i8).collect(), vec![0; whole.len()], unit / 256.0)
        };
        let total = |limb: &[i8]| limb.iter().map(|&x| i64::from(x)).sum();
        let tail = if transform.layout.has_tail {
            let least = (length * (1.0 - ROOM) - turned).max(0.0);
            (residual * residual * (1.0 + ROOM) - least * least).max(0.0).sqrt() * (1.0 + ROOM)
        } else {
            0.0
        };
        Self {
            parts,
            count: limbs,
            totals: [total(&high), total(&low)],
            halves: [halves(&high), halves(&low)],
            limbs: [high, low],
            scale,
            length: length * (1.0 + ROOM) + turned,
            error,
            tail,
            along_error: ROOM * transform.mean_length * parts.norm,
            mean_length: transform.mean_length,
        }
    }

    /// Eight bytes of each limb in turn, for `CodeKernels::coarse`.
    pub fn interleaved_limbs(&self) -> Vec<i8> {
        interleave::<8>(&[&self.limbs[0], &self.limbs[1]], 2)
    }

    /// Four bytes of each of `count` queries of one limb in turn, for `CodeKernels::fine`; zeros for those
    /// that are missing.
    pub fn interleaved(queries: &[Self], count: usize) -> Vec<i8> {
        interleave::<4>(&queries.iter().map(|query| &*query.limbs[0]).collect::<Vec<_>>(), count)
    }

    /// A query of one limb: the limb, the sum of its numbers, and what a step of it stands for.
    pub fn single(&self) -> (&[i8], i64, f64) {
        debug_assert!(self.count == Limbs::One);
        (&self.limbs[0], self.totals[0], 256.0 * self.scale)
    }

    /// The limbs for `CodeKernels::row`.
    pub fn halves(&self) -> [&[i8]; 2] {
        [&self.halves[0], &self.halves[1]]
    }

    /// The rule for the codes of rows whose key must be at most `threshold`.
    pub fn rule(&self, threshold: f64) -> Rule {
        // Never 0, so that a row without a bound is not lost in 0 times infinity.
        let error =
            round_up(mutants::error(Mutant::RuleCode, self.length + self.error)).max(f32::MIN_POSITIVE);
        let squares = if self.parts.metric.is_l2() { SQUARES } else { 0.0 };
        let norms = match self.parts.metric {
            Metric::Cosine if threshold.is_finite() => {
                let norms = -threshold * self.parts.norm;
                norms - norms.abs() * NEAREST
            }
            _ => 0.0,
        };
        let along = self.parts.along + self.along_error;
        let limit = match self.parts.metric {
            _ if !threshold.is_finite() => f64::NEG_INFINITY,
            Metric::L2 | Metric::L2Squared => 0.5 * (self.parts.squared * (1.0 - ROOM) - threshold),
            Metric::Dot => -threshold - along,
            Metric::Cosine => -along,
            _ => unreachable!("codes bound products only"),
        };
        let limit = round_down(limit - limit.abs() * 1e-15);
        // Half of 16 or 1, and twice the middle of the codes.
        let (unit, middle) = if self.count == Limbs::Two { (8.0, 15) } else { (0.5, 255) };
        Rule {
            high: (unit * 256.0 * self.scale) as f32,
            low: (unit * self.scale) as f32,
            totals: self.totals.map(|total| middle * total as i32),
            error,
            length: round_up(mutants::error(Mutant::RuleQuery, self.error)),
            squares,
            tail: round_up(mutants::error(Mutant::RuleTail, self.tail)),
            norms: norms as f32,
            metric: self.parts.metric,
            limit,
        }
    }

    /// The rule by cosine for rows whose norms are within `norms`, made of the one for any rows: that of l2
    /// with another limit. It needs neither the products of rows with the mean nor their norms.
    pub fn rule_within(&self, any: Rule, threshold: f64, norms: Norms) -> Rule {
        debug_assert!(self.parts.metric == Metric::Cosine);
        let mut rule = Rule { metric: Metric::L2Squared, squares: SQUARES, norms: 0.0, ..any };
        if threshold.is_finite() {
            let (least, most) = (f64::from(norms.least) * (1.0 - ROOM), f64::from(norms.most) * (1.0 + ROOM));
            let [short, long] = [least, most].map(|norm| -threshold * self.parts.norm * norm);
            let product = mutants::other(Mutant::NormSide, short.min(long), short);
            let (most, mean) = (most * most, self.mean_length * self.mean_length);
            let room = ROOM * (product.abs() + most + mean) + UNDERFLOW;
            let limit = product - 0.5 * (most - mean) - (self.parts.along + self.along_error) - room;
            rule.limit = round_down(limit - limit.abs() * 1e-15);
        }
        rule
    }

    /// The middle estimate of the key of a row, from the sums of its codes with each limb; not a number for a
    /// row without a code.
    pub fn estimate(&self, row: &Factors, fine_error: f32, sums: [i64; 2]) -> f64 {
        if !fine_error.is_finite() {
            return f64::NAN;
        }
        self.parts.key(self.product(row, sums), row.length.into(), row.along.into(), row.norm.into())
    }

    /// Of the codes of a row and the query.
    fn product(&self, row: &Factors, sums: [i64; 2]) -> f64 {
        let sum = |i: usize| 2 * sums[i] - 255 * self.totals[i];
        // Exact in integers; its half is the product with the fine code.
        0.5 * f64::from(row.scale) * self.scale * (256 * sum(0) + sum(1)) as f64
    }

    /// Bounds on the key of a row, from the sums of its codes with each limb.
    pub fn bounds(&self, row: &Factors, fine_error: f32, sums: [i64; 2]) -> (f64, f64) {
        const UNBOUNDED: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);
        if !fine_error.is_finite() {
            return UNBOUNDED;
        }
        let [length, tail, along, norm] = [row.length, row.tail, row.along, row.norm].map(f64::from);
        let product = self.product(row, sums);
        let error = mutants::error(Mutant::BoundsCode, f64::from(fine_error) * (self.length + self.error))
            + mutants::error(Mutant::BoundsQuery, length * self.error)
            + mutants::error(Mutant::BoundsTail, tail * self.tail)
            + ROOM * length * self.length;
        let (least, most) = (product - error, product + error);
        if self.parts.metric.is_l2() {
            let squares = length * length;
            let low = squares * (1.0 - NEAREST) + self.parts.squared * (1.0 - ROOM) - 2.0 * most;
            let high = squares * (1.0 + NEAREST) + self.parts.squared * (1.0 + ROOM) - 2.0 * least;
            return (low.max(0.0), high + UNDERFLOW);
        }
        // The scan's factor was rounded up by less than this.
        let rounded = 4.0 * ROOM * self.mean_length * length + 64.0 * NEAREST * along.abs() + 1e-37;
        let most = most + along + self.parts.along + self.along_error;
        let least = least + along - rounded + self.parts.along - self.along_error;
        let slack = ROOM * (most.abs() + least.abs()) * 1e-3;
        let (least, most) = (least - slack, most + slack);
        if self.parts.metric == Metric::Dot {
            return (-most, -least);
        }
        let norms = norm * self.parts.norm;
        if norms < 1e-30 {
            return UNBOUNDED;
        }
        let cosine = |product: f64, up: bool| {
            let away = if (product > 0.0) == up { 1.0 - NEAREST } else { 1.0 + NEAREST };
            product / (norms * away)
        };
        (-cosine(most, true).min(1.0), -cosine(least, false).max(-1.0))
    }
}

/// The greatest float32 that is not above the value.
fn round_down(value: f64) -> f32 {
    -round_up(-value)
}

/// `N` bytes of each of `count` vectors in turn.
fn interleave<const N: usize>(vectors: &[&[i8]], count: usize) -> Vec<i8> {
    let groups = vectors.first().map_or(0, |vector| vector.len() / N);
    let mut bytes = vec![0; groups * count * N];
    for (v, vector) in vectors.iter().enumerate() {
        for (group, values) in vector.as_chunks::<N>().0.iter().enumerate() {
            bytes[(group * count + v) * N..][..N].copy_from_slice(values);
        }
    }
    bytes
}

/// The first four of every eight numbers, then the others.
fn halves(limb: &[i8]) -> Vec<i8> {
    let part =
        |half: usize| limb.as_chunks::<8>().0.iter().flat_map(move |eight| eight[4 * half..][..4].iter());
    part(0).chain(part(1)).copied().collect()
}

/// What is kept of a row for all of its codes; see `Section`.
#[derive(Clone, Copy, Debug)]
pub struct Factors {
    pub scale: f32,
    pub length: f32,
    pub tail: f32,
    pub along: f32,
    pub norm: f32,
}

/// Which rows the codes leave. With F the product of a row's codes, less their middle, with the query, a
/// row is left unless
///     scale F + error e + length |r| - squares |r|^2 + tail t + along <c, r> - norms |x| < limit.
/// The factors of rows have room for the float32 arithmetic of this.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub high: f32,
    pub low: f32,
    /// Twice the middle of the codes, times the sums of the limbs.
    pub totals: [i32; 2],
    pub error: f32,
    pub length: f32,
    pub squares: f32,
    pub tail: f32,
    pub norms: f32,
    pub metric: Metric,
    pub limit: f32,
}

/// The factors that `Rule` needs of a chunk's rows.
#[derive(Clone, Copy)]
pub struct Columns<'a> {
    pub metric: Metric,
    pub scale: &'a [f32],
    pub length: &'a [f32],
    pub error: &'a [f32],
    pub tail: Option<&'a [f32]>,
    pub along: &'a [f32],
    pub norm: &'a [f32],
}

impl<'a> Columns<'a> {
    /// With the errors of the coarse codes.
    pub fn of(chunk: Chunk<'a>, metric: Metric) -> Self {
        Self::with(chunk, metric, chunk.factors(Section::CoarseError))
    }

    /// With the errors of the fine codes, which are collected in `errors`.
    pub fn fine(chunk: Chunk<'a>, metric: Metric, errors: &'a mut Vec<f32>) -> Self {
        errors.clear();
        errors.extend(chunk.all_records().map(Record::fine_error));
        errors.resize(padded(chunk.rows), 0.0);
        Self::with(chunk, metric, errors)
    }

    fn with(chunk: Chunk<'a>, metric: Metric, error: &'a [f32]) -> Self {
        Self {
            metric,
            scale: chunk.factors(Section::Scale),
            length: chunk.factors(Section::Length),
            error,
            tail: chunk.layout.has_tail.then(|| chunk.factors(Section::Tail)),
            along: chunk.factors(Section::Along),
            norm: chunk.factors(Section::Norm),
        }
    }

    /// The same for another metric.
    pub fn of_metric(self, metric: Metric) -> Self {
        Self { metric, ..self }
    }

    /// Where those begin that the metric needs, to be asked for ahead; the last is repeated for the others.
    pub fn starts(&self) -> [*const f32; 6] {
        let error = self.error.as_ptr();
        let tail = self.tail.map_or(error, <[f32]>::as_ptr);
        let [along, norm] = match self.metric.is_l2() {
            true => [error; 2],
            false => [self.along, self.norm].map(<[f32]>::as_ptr),
        };
        [self.scale.as_ptr(), self.length.as_ptr(), error, tail, along, norm]
    }

    /// Those of one row that its bounds by this metric are made of.
    pub fn row(&self, row: usize) -> Factors {
        let (along, norm) = if self.metric.is_l2() { (0.0, 0.0) } else { (self.along[row], self.norm[row]) };
        let tail = self.tail.map_or(0.0, |tail| tail[row]);
        Factors { scale: self.scale[row], length: self.length[row], tail, along, norm }
    }
}

impl Rule {
    /// Whether a row of this value is left; the value is what a scan gives, without the row's norm.
    pub fn leaves(&self, value: f32, norm: f32) -> bool {
        let value = if self.metric == Metric::Cosine { value - self.norms * norm } else { value };
        at_most(Mutant::RuleLeaves, self.limit, value) || value.is_nan()
    }

    /// The same for a row's whole code, where the rule is that of its high nibbles: a step of these is 16 of
    /// the whole code, and the middle of 255 is 17 times that of 15. `rest` is what a scan gives.
    pub fn leaves_whole(&self, sums: [i64; 2], fine_error: f32, scale: f32, rest: f32, norm: f32) -> bool {
        let product = |limb: usize, unit: f32| {
            unit / 16.0 * (2 * sums[limb] - 17 * i64::from(self.totals[limb])) as f32
        };
        let products = product(0, self.high) + product(1, self.low);
        self.leaves(scale * products + (self.error * fine_error + rest), norm)
    }
}

/// The rows of a block that are rows, a bit each.
pub fn rows_of_block(rows: usize, block: usize) -> u32 {
    debug_assert!(block * LANES < padded(rows));
    let count = (rows - block * LANES).min(LANES);
    u32::MAX >> (32 - count)
}
