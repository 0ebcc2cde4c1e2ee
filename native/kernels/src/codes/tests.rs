//! What a chunk claims of its rows, and the input that is refused.

use super::testing::{Epoch, Setup, Stored, difference, dot, length, noise, setup};
use super::{CHUNK_ROWS, Chunk, Layout, Transform, encode};
use crate::Code;
use crate::arch::Tier;
use crate::crc::crc32c;
use crate::distance::Dtype;
use crate::testing::bytes_of;
use proptest::prelude::*;

/// Room for the float64 arithmetic of the test.
const TEST: f64 = 1e-12;

fn check_row(epoch: &Epoch, stored: &Stored, row: &[f64]) {
    let residual = difference(row, &epoch.mean);
    let (size, norm) = (length(&residual), length(row));
    let is_bounded = (size == 0.0 || (1e-15..1e15).contains(&size)) && norm < 1e29;
    if !stored.fine_error.is_finite() {
        let is_tiny = norm > 0.0 && norm < 1.1e-30;
        assert!(!is_bounded || is_tiny, "a row of length {size} and norm {norm} has bounds");
        assert!(stored.coarse_error.is_infinite());
        return;
    }
    let turned = epoch.turn(row);
    let fine = length(&difference(&turned, &stored.fine()));
    let coarse = length(&difference(&turned, &stored.coarse()));
    let room = TEST * size;
    assert!(fine <= stored.fine_error + room, "{fine} {stored:?}");
    assert!(coarse <= stored.coarse_error + room, "{coarse} {stored:?}");
    // The basis of a test is off by the rounding to float32 alone.
    let loose = 2.0 * epoch.transform.error() * size + 1e-5 * size;
    assert!(stored.fine_error <= 1.01 * fine + loose, "{fine} {stored:?}");
    assert!(stored.coarse_error <= 1.01 * coarse + loose, "{coarse} {stored:?}");
    let kept = length(&turned);
    let tail = (size * size - kept * kept).max(0.0).sqrt();
    if epoch.transform.basis().is_some() {
        assert!((size * size - kept * kept) <= stored.tail.powi(2) + TEST * size * size, "{tail} {stored:?}");
        assert!(stored.tail <= 1.01 * tail + (4.0 * epoch.transform.error() + 1e-5).sqrt() * size);
    } else {
        assert!(tail <= 1e-6 * size);
    }
    let (along, lengths) = (dot(&epoch.mean, &residual), length(&epoch.mean) * size);
    assert!(along <= stored.along, "{along} {stored:?}");
    assert!(stored.along <= along + 1e-8 * lengths + 1e-5 * along.abs() + 1e-44, "{along} {stored:?}");
    assert!((stored.length - size).abs() <= 1e-7 * size, "{size} {stored:?}");
    assert!((stored.norm - norm).abs() <= 1e-7 * norm, "{norm} {stored:?}");
}

fn check(setup: &Setup) {
    let epoch = Epoch::new(setup);
    let chunk = encode(&epoch.transform, epoch.dtype, &epoch.bytes, None).unwrap();
    let row_bytes = setup.dimensions * setup.dtype.bytes();
    for (i, row) in epoch.rows.iter().enumerate() {
        let stored = Stored::of(&epoch.transform, &chunk, epoch.rows.len(), i);
        assert_eq!(stored.check, crc32c(&epoch.bytes[i * row_bytes..][..row_bytes]));
        check_row(&epoch, &stored, row);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn what_a_chunk_says_of_its_rows_holds_and_is_not_loose(setup in setup(-14..15)) {
        check(&setup);
    }
}

#[test]
fn rows_that_cannot_be_bounded_say_so() {
    let transform = Transform::new(1, vec![0.0; 5], None).unwrap();
    for number in [f64::NAN, f64::INFINITY, -1e200, 1e16, 1e-18] {
        let bytes: Vec<u8> =
            [0.0, number, 0.0, 0.0, 0.0].iter().flat_map(|x: &f64| x.to_le_bytes()).collect();
        let chunk = encode(&transform, Dtype::Float64, &bytes, None).unwrap();
        let stored = Stored::of(&transform, &chunk, 1, 0);
        assert!(stored.fine_error.is_infinite() && stored.coarse_error.is_infinite(), "{number}");
    }
}

/// The float32 of a denormal length is too coarse for a cosine.
#[test]
fn rows_whose_norm_float32_has_not_to_full_precision_are_not_bounded() {
    let mean = vec![f32::from_bits(1); 3];
    let transform = Transform::new(1, mean.clone(), None).unwrap();
    let bytes: Vec<u8> = mean.iter().flat_map(|x| x.to_le_bytes()).collect();
    let chunk = encode(&transform, Dtype::Float32, &bytes, None).unwrap();
    assert!(Stored::of(&transform, &chunk, 1, 0).fine_error.is_infinite());
}

#[test]
fn codes_are_the_same_bytes_on_every_tier() {
    for (dimensions, directions) in [(1, 0), (37, 0), (96, 0), (70, 64), (33, 32)] {
        for dtype in Dtype::ALL {
            let setup = Setup {
                dtype,
                dimensions,
                directions,
                rows: 40,
                scale: 3.0,
                offset: 1.0,
                stretch: 4e-4,
                seed: 5,
            };
            let epoch = Epoch::new(&setup);
            let mut bytes = epoch.bytes.clone();
            let mut next = noise(6);
            for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e30, 1e-30] {
                let row = (0..dimensions).map(|i| if i == 0 { value } else { value * next() });
                bytes.extend(row.flat_map(|x| bytes_of(dtype, x)));
            }
            let chunk = |tier: Tier| encode(&epoch.transform, dtype, &bytes, Some(tier.name())).unwrap();
            let scalar = chunk(Tier::Scalar);
            for tier in Tier::available() {
                assert!(chunk(tier) == scalar, "{dtype:?} of {dimensions} dimensions with {tier:?}");
            }
        }
    }
}

fn code<T>(result: crate::Result<T>) -> Option<Code> {
    result.err().map(|error| error.code)
}

#[test]
fn a_transform_of_numbers_that_are_no_orthonormal_basis_is_refused() {
    let identity: Vec<f32> = (0..32 * 40).map(|i| f32::from(u8::from(i % 40 == i / 40))).collect();
    let new = |mean: Vec<f32>, basis: Option<Vec<f32>>| code(Transform::new(1, mean, basis));
    let with = |at: usize, value: f32| {
        let mut basis = identity.clone();
        basis[at] = value;
        Some(basis)
    };
    assert_eq!(new(vec![0.0; 40], Some(identity.clone())), None);
    assert_eq!(new(vec![], None), Some(Code::Corrupt));
    for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(new(vec![number; 40], None), Some(Code::Corrupt));
        assert_eq!(new(vec![0.0; 40], with(7, number)), Some(Code::Corrupt));
    }
    for (at, number) in [(0, 1.01), (0, 0.0), (1, 0.01), (0, f32::MAX), (0, -f32::MAX)] {
        assert_eq!(new(vec![0.0; 40], with(at, number)), Some(Code::Corrupt), "{number} at {at}");
    }
    assert_eq!(new(vec![0.0; 39], Some(identity.clone())), Some(Code::Corrupt));
    assert_eq!(new(vec![0.0; 40], Some(vec![])), Some(Code::InvalidArgument));
    assert_eq!(new(vec![0.0; 40], Some(identity[..40 * 31].to_vec())), Some(Code::InvalidArgument));
    // More directions than dimensions cannot all be orthonormal.
    assert_eq!(new(vec![0.0; 20], Some(identity[..20 * 32].to_vec())), Some(Code::Corrupt));
    assert_eq!(new(vec![0.0; 16_385], None), Some(Code::InvalidArgument));
}

#[test]
fn a_transform_of_more_dimensions_than_float64_sums_have_room_for_is_refused() {
    let dimensions = 1 << 20;
    let mut basis = vec![0.0; 32 * dimensions];
    (0..32).for_each(|i| basis[i * dimensions + i] = 1.0);
    assert_eq!(code(Transform::new(1, vec![0.0; dimensions], Some(basis))), Some(Code::InvalidArgument));
}

#[test]
fn bytes_that_are_no_chunk_are_refused() {
    let transform = Transform::new(1, vec![0.0; 3], None).unwrap();
    let encode = |bytes: usize| encode(&transform, Dtype::Float32, &vec![0; bytes], None);
    assert_eq!(code(encode(13)), Some(Code::InvalidArgument));
    assert_eq!(code(encode(12 * (CHUNK_ROWS + 1))), Some(Code::InvalidArgument));
    assert_eq!(encode(0), Ok(vec![]));
    let layout = Layout::new(32, false).unwrap();
    let chunk = encode(12 * 17).unwrap();
    assert_eq!(chunk.len(), layout.chunk_bytes(17));
    let open = |rows, bytes| code(Chunk::new(layout, rows, bytes));
    assert_eq!(open(17, &chunk), None);
    for (rows, bytes) in [(16, &chunk[..]), (33, &chunk), (17, &chunk[..chunk.len() - 1]), (17, &[])] {
        assert_eq!(open(rows, bytes), Some(Code::Corrupt), "{rows} rows");
    }
    let large = vec![0; layout.chunk_bytes(CHUNK_ROWS + 1)];
    assert_eq!(open(CHUNK_ROWS + 1, &large), Some(Code::Corrupt));
    let mut shifted = vec![0; chunk.len() + 8];
    let start = (0..4).find(|i| shifted.as_ptr().addr().wrapping_add(*i) % 4 == 1).unwrap();
    shifted[start..start + chunk.len()].copy_from_slice(&chunk);
    assert_eq!(open(17, &shifted[start..start + chunk.len()]), Some(Code::InvalidArgument));
    for coordinates in [0, 16, 33, 16_416] {
        assert_eq!(code(Layout::new(coordinates, false)), Some(Code::InvalidArgument));
    }
}
