//! Whether what a chunk says of its rows is true: docs/format.md section 19, worked out from the rows in
//! float64 by scalar code, and not by the encoder.
//!
//! Errors are claims about y* = T* r, with T* the orthonormal transform that nobody computes. What is
//! computed here, y = T r in float64, is off by the defect of the basis and by a little arithmetic, both of
//! which are held against the error that is stored. An encoder that counts all of its roundings passes.

use super::encode::BOUNDED;
use super::layout::{Chunk, Section};
use super::{Norms, Transform};
use crate::arch::{Kernels, Tier};
use crate::crc::crc32c;
use crate::distance::Dtype;

/// Parts of a length that `Transform::apply_to_one` misses beside the defect: each of its four rounds scales
/// by a float32.
const ROUNDS: f64 = 4.0 * (f32::EPSILON as f64);
/// What a number that was rounded to the nearest float32 may be off, with room for the sums of float64.
const NEAREST: f64 = 0.5 * (f32::EPSILON as f64) + 1e-9;

pub struct Checker<'a> {
    transform: &'a Transform,
    dtype: Dtype,
    kernels: Kernels,
    mean: Vec<f64>,
    /// What y may be away from y*, as a part of |r|.
    missed: f64,
    /// What the sum of <c, r> may be off, as a part of |c| |r|.
    summed: f64,
    widened: Vec<u8>,
}

/// What a chunk has of one row, as numbers.
struct Stored {
    scale: f64,
    length: f64,
    coarse_error: f64,
    tail: f64,
    along: f64,
    norm: f64,
    fine_error: f64,
}

impl<'a> Checker<'a> {
    pub fn new(transform: &'a Transform, dtype: Dtype) -> Self {
        let n = transform.dimensions as f64;
        Self {
            transform,
            dtype,
            kernels: Tier::Scalar.kernels(),
            mean: transform.mean.iter().map(|&c| c.into()).collect(),
            missed: transform.defect() + ROUNDS + (n + 16.0) * n.sqrt() * f64::EPSILON + 1e-12,
            summed: n * f64::EPSILON,
            widened: Vec::new(),
        }
    }

    /// The first thing that is not true of a row of a chunk, in a list that claims these norms; `bytes` are
    /// the row as it is stored.
    pub fn fault(
        &mut self,
        chunk: Chunk<'_>,
        row: usize,
        bytes: &[u8],
        norms: Norms,
    ) -> Option<&'static str> {
        let record = chunk.record(row);
        if crc32c(bytes) != record.check() {
            return Some("the checksum is not that of the row");
        }
        let stored = Stored::of(chunk, row);
        // A row without a bound is always scored: nothing else of it is used.
        if stored.coarse_error == f64::INFINITY && stored.fine_error == f64::INFINITY {
            return None;
        }
        let numbers = self.dtype.wide().numbers(self.dtype.widen(bytes, &mut self.widened));
        let residual: Vec<f64> = numbers.iter().zip(&self.mean).map(|(x, c)| x - c).collect();
        let (length, norm) = (root_of_squares(&residual), root_of_squares(&numbers));
        if !(length == 0.0 || BOUNDED.contains(&length)) {
            return Some("it has a bound, and its residual is out of the range of bounds");
        }
        let is_near = |stored: f64, exact: f64| (stored - exact).abs() <= exact * NEAREST;
        if !is_near(stored.length, length) {
            return Some("the length is not that of the residual");
        }
        if !is_near(stored.norm, norm) {
            return Some("the norm is not that of the row");
        }
        if !norms.hold(norm) {
            return Some("its norm is not within those that are claimed of its list");
        }
        if let Some(fault) = self.fault_along(&stored, &residual, length) {
            return Some(fault);
        }
        let turned = self.transform.apply_to_one(&self.kernels, &residual);
        let missed = self.missed * length;
        if chunk.layout.has_tail {
            let least = (root_of_squares(&turned) * (1.0 - 1e-9) - missed).max(0.0);
            let tail = (length * length * (1.0 + 1e-9) - least * least).max(0.0).sqrt();
            if !at_least(stored.tail, tail) {
                return Some("the tail is shorter than what the basis misses");
            }
        }
        let codes = codes_of(chunk, row);
        let error = |value: &dyn Fn(u8) -> f64| {
            let misses = turned.iter().zip(&codes).map(|(y, &code)| y - stored.scale * value(code));
            misses.map(|miss| miss * miss).sum::<f64>().sqrt() + missed
        };
        if !at_least(stored.fine_error, error(&|code| f64::from(code) - 127.5)) {
            return Some("the fine error is less than what the fine code misses");
        }
        if !at_least(stored.coarse_error, error(&|code| f64::from(code & 0xf0) - 120.0)) {
            return Some("the coarse error is less than what the coarse code misses");
        }
        None
    }

    /// At least <c, r>, and above it by no more than scans count with.
    fn fault_along(&self, stored: &Stored, residual: &[f64], length: f64) -> Option<&'static str> {
        let along: f64 = self.mean.iter().zip(residual).map(|(c, r)| c * r).sum();
        let lengths = self.transform.mean_length * length;
        if !at_least(stored.along, along + self.summed * lengths) {
            return Some("the product with the mean is too small");
        }
        // See `CodeQuery::bounds`.
        let most = along + 4e-9 * lengths + 256.0 * f64::from(f32::EPSILON) * stored.along.abs() + 1e-37;
        (stored.along > most).then_some("the product with the mean is too large")
    }
}

impl Stored {
    fn of(chunk: Chunk<'_>, row: usize) -> Self {
        let factor = |section| f64::from(chunk.factors(section)[row]);
        Self {
            scale: factor(Section::Scale),
            length: factor(Section::Length),
            coarse_error: factor(Section::CoarseError),
            tail: if chunk.layout.has_tail { factor(Section::Tail) } else { 0.0 },
            along: factor(Section::Along),
            norm: factor(Section::Norm),
            fine_error: chunk.record(row).fine_error().into(),
        }
    }
}

/// False for what is not a number.
fn at_least(stored: f64, exact: f64) -> bool {
    stored >= exact
}

fn root_of_squares(numbers: &[f64]) -> f64 {
    numbers.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// The codes of a row, from its nibbles.
pub(crate) fn codes_of(chunk: Chunk<'_>, row: usize) -> Vec<u8> {
    let (high, low) = (chunk.high_block(row / super::LANES), chunk.record(row).low_nibbles());
    let lane = row % super::LANES;
    let groups = low.as_chunks::<4>().0.iter().enumerate();
    let codes = groups.flat_map(|(group, low)| {
        let high = &high[4 * (super::LANES * group + lane)..][..4];
        std::array::from_fn::<u8, 8, _>(|i| match i < 4 {
            true => (high[i] & 0xf) << 4 | low[i] & 0xf,
            false => high[i - 4] & 0xf0 | low[i - 4] >> 4,
        })
    });
    codes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::layout::{RECORD_HEAD, put_factor, put_record};
    use crate::codes::testing::{Epoch, setup};
    use crate::codes::{CHUNK_ROWS, encode};
    use proptest::prelude::*;

    fn faults_within(epoch: &Epoch, chunk: &[u8], norms: Norms) -> Vec<Option<&'static str>> {
        let row_bytes = epoch.transform.dimensions * epoch.dtype.bytes();
        let rows = epoch.rows.len();
        let chunk = Chunk::new(epoch.transform.layout, rows, chunk).unwrap();
        let mut checker = Checker::new(&epoch.transform, epoch.dtype);
        (0..rows)
            .map(|row| checker.fault(chunk, row, &epoch.bytes[row * row_bytes..][..row_bytes], norms))
            .collect()
    }

    fn faults(epoch: &Epoch, chunk: &[u8]) -> Vec<Option<&'static str>> {
        faults_within(epoch, chunk, Norms::ANY)
    }

    fn encoded(epoch: &Epoch) -> Vec<u8> {
        encode(&epoch.transform, epoch.dtype, &epoch.bytes, None).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        #[test]
        fn what_is_encoded_has_no_fault(setup in setup(-20..20)) {
            prop_assume!(setup.rows <= CHUNK_ROWS);
            let epoch = Epoch::new(&setup);
            let found = faults(&epoch, &encoded(&epoch));
            prop_assert!(found.iter().all(Option::is_none), "{found:?}");
        }

        #[test]
        fn each_number_that_is_changed_is_found(setup in setup(-6..6), row in any::<prop::sample::Index>()) {
            let epoch = Epoch::new(&setup);
            let chunk = encoded(&epoch);
            let (layout, rows) = (epoch.transform.layout, epoch.rows.len());
            let row = row.index(rows);
            let aligned = |section| {
                let at = layout.offset(section, rows) + 4 * row;
                f32::from_le_bytes(chunk[at..at + 4].try_into().unwrap())
            };
            let record = layout.offset(Section::Records, rows) + row * layout.record_bytes();
            let fine = f32::from_le_bytes(chunk[record..record + 4].try_into().unwrap());
            let check = u32::from_le_bytes(chunk[record + 4..record + 8].try_into().unwrap());
            // Of a row that is the mean there is nothing to miss.
            prop_assume!(fine.is_finite() && aligned(Section::Length) > 0.0 && aligned(Section::Norm) > 0.0);
            let change = |section, value: f32| {
                let mut changed = chunk.clone();
                put_factor(layout, rows, section, row, value.to_bits(), &mut changed);
                faults(&epoch, &changed)[row]
            };
            let grown = |section| aligned(section) * 1.001;
            prop_assert!(change(Section::Length, grown(Section::Length)).is_some());
            prop_assert!(change(Section::Norm, grown(Section::Norm)).is_some());
            prop_assert!(change(Section::CoarseError, aligned(Section::CoarseError) * 0.05).is_some());
            for odd in [f32::NAN, f32::NEG_INFINITY, 0.0] {
                prop_assert!(change(Section::CoarseError, odd).is_some());
            }
            let lengths = (epoch.transform.mean_length as f32) * aligned(Section::Length);
            let (less, more) = (aligned(Section::Along) - lengths, aligned(Section::Along) + lengths);
            if lengths > 0.0 {
                prop_assert!(change(Section::Along, less).is_some());
                prop_assert!(change(Section::Along, more).is_some());
            }
            let with_record = |fine: f32, check: u32| {
                let mut changed = chunk.clone();
                put_record(layout, rows, row, fine, check, &mut changed);
                faults(&epoch, &changed)[row]
            };
            prop_assert!(with_record(fine * 0.05, check).is_some());
            prop_assert!(with_record(fine, check ^ 1).is_some());
            if aligned(Section::Scale) > 0.0 {
                let mut changed = chunk.clone();
                // The code of the first coordinate, by half of its range.
                changed[record + RECORD_HEAD] ^= 0x8;
                let high = layout.offset(Section::HighNibbles, rows) + row / 16 * 16 * layout.plane_bytes();
                changed[high + row % 16 * 4] ^= 0x8;
                prop_assert!(faults(&epoch, &changed)[row].is_some());
            }
        }
    }

    #[test]
    fn a_tail_that_is_too_short_is_found() {
        let direction = |i: usize| (0..96).map(move |j| if i == j { 1.0 } else { 0.0 });
        let basis: Vec<f32> = (0..32).flat_map(direction).collect();
        let transform = Transform::new(7, vec![0.5; 96], Some(basis)).unwrap();
        let row: Vec<u8> = (0..96).flat_map(|i| (i as f32).to_le_bytes()).collect();
        let chunk = encode(&transform, Dtype::Float32, &row, None).unwrap();
        let fault = |tail: Option<f32>| {
            let mut changed = chunk.clone();
            if let Some(tail) = tail {
                put_factor(transform.layout, 1, Section::Tail, 0, tail.to_bits(), &mut changed);
            }
            let chunk = Chunk::new(transform.layout, 1, &changed).unwrap();
            Checker::new(&transform, Dtype::Float32).fault(chunk, 0, &row, Norms::ANY)
        };
        assert_eq!(fault(None), None);
        for tail in [0.0, 500.0, f32::NAN] {
            assert_eq!(fault(Some(tail)), Some("the tail is shorter than what the basis misses"), "{tail}");
        }
    }
}
