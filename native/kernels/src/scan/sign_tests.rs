//! Estimates from signs, against the same worked out in float64 from rows; and what is refused.

use std::ops::Range;
use std::sync::Arc;

use super::tests::noise;
use super::{Cascade, Codes, Dtype, ExactScan, Metric, Options, Results, SignScan};
use crate::Code;
use crate::arch::Tier;
use crate::codes::testing::{difference, dot, length};
use crate::codes::{CHUNK_ROWS, Norms, SignLayout, Transform, encode, encode_with_signs};
use crate::rowset::RowSet;

const METRICS: [Metric; 4] = [Metric::L2, Metric::L2Squared, Metric::Cosine, Metric::Dot];
const DIMENSIONS: usize = 96;
const ROWS: usize = 2500;
const K: usize = 20;
const MEAN: f64 = 0.25;

struct Data {
    transform: Transform,
    rows: Vec<Vec<f64>>,
    queries: Vec<f64>,
    signs: Vec<u8>,
}

impl Data {
    fn new() -> Self {
        Self::with(None)
    }

    /// Of the first directions of the space alone.
    fn with_basis() -> Self {
        let direction = |i: usize| (0..DIMENSIONS).map(move |j| f32::from(u8::from(i == j)));
        Self::with(Some((0..64).flat_map(direction).collect()))
    }

    fn with(basis: Option<Vec<f32>>) -> Self {
        let mut next = noise(23);
        let mut number = move || f64::from((next() + next() + next() - 1.25) as f32);
        let mut row = || (0..DIMENSIONS).map(|_| number()).collect::<Vec<_>>();
        let mut rows: Vec<Vec<f64>> = (0..ROWS).map(|_| row()).collect();
        rows[3] = vec![MEAN; DIMENSIONS];
        rows[4] = vec![0.0; DIMENSIONS];
        let queries = (0..5).flat_map(|_| row()).collect();
        let transform = Transform::new(3, vec![MEAN as f32; DIMENSIONS], basis).unwrap();
        let mut data = Self { transform, rows, queries, signs: Vec::new() };
        data.encode();
        data
    }

    fn encode(&mut self) {
        let chunks = self.rows.chunks(CHUNK_ROWS).map(bytes_of_rows);
        let encoded = |rows: Vec<u8>| encode_with_signs(&self.transform, Dtype::Float32, &rows, None);
        self.signs = chunks.flat_map(|rows| encoded(rows).unwrap().1).collect();
    }

    fn query(&self, q: usize) -> &[f64] {
        &self.queries[q * DIMENSIONS..(q + 1) * DIMENSIONS]
    }

    fn scan(&self, metric: Metric, k: usize, queries: usize, tier: Tier) -> (Arc<ExactScan>, SignScan) {
        let queries = &self.queries[..queries * DIMENSIONS];
        let (dtype, dimensions, tier) = (Dtype::Float32, DIMENSIONS, Some(tier.name()));
        let options = Options { metric, dtype, dimensions, k, queries, tier };
        let scan = Arc::new(ExactScan::new(options).unwrap());
        let signs = SignScan::new(Arc::clone(&scan), &self.transform).unwrap().unwrap();
        (scan, signs)
    }

    fn list<'a>(&'a self, dead: Option<&'a RowSet>) -> Codes<'a> {
        Codes { bytes: &self.signs, rows: self.rows.len(), first_id: 0, ids: None, dead, norms: Norms::ANY }
    }

    fn found(&self, metric: Metric, k: usize, queries: usize, tier: Tier) -> Results {
        let (scan, signs) = self.scan(metric, k, queries, tier);
        let chunks = Cascade::chunks(self.rows.len());
        // In parts, the last one first.
        signs.scan(&[self.list(None)], &(1..chunks).into()).unwrap();
        signs.scan(&[self.list(None)], &(0..1).into()).unwrap();
        assert_eq!(signs.left(), 0);
        scan.results()
    }

    /// What signs say of a row: y from the row itself, its correction and the product in float64.
    fn estimate(&self, metric: Metric, id: usize, query: &[f64]) -> f64 {
        let mean = vec![MEAN; DIMENSIONS];
        let row = &self.rows[id];
        let (r, w) = (difference(row, &mean), difference(query, &mean));
        let scalar = Tier::Scalar.kernels();
        let (y, z) = (self.transform.apply_to_one(&scalar, &r), self.transform.apply_to_one(&scalar, &w));
        let signs: Vec<f64> = y.iter().map(|y| if *y >= 0.0 { 1.0 } else { -1.0 }).collect();
        let sum = dot(&signs, &y);
        let correction = if sum == 0.0 { 0.0 } else { dot(&y, &y) / sum };
        score(metric, correction * dot(&signs, &z), row, query)
    }
}

fn bytes_of_rows(rows: &[Vec<f64>]) -> Vec<u8> {
    rows.iter().flatten().flat_map(|&x| (x as f32).to_le_bytes()).collect()
}

/// The score of a row with `product` for that of its residual and the query's.
fn score(metric: Metric, product: f64, row: &[f64], query: &[f64]) -> f64 {
    let mean = vec![MEAN; DIMENSIONS];
    let (r, w) = (difference(row, &mean), difference(query, &mean));
    let squared = (dot(&r, &r) + dot(&w, &w) - 2.0 * product).max(0.0);
    let whole = product + dot(&mean, &r) + dot(&mean, query);
    match metric {
        Metric::L2 => squared.sqrt(),
        Metric::L2Squared => squared,
        Metric::Dot => whole,
        _ if length(row) == 0.0 => 0.0,
        _ => (whole / (length(row) * length(query))).clamp(-1.0, 1.0),
    }
}

#[test]
fn estimates_are_those_of_the_formula_but_for_the_rounding_of_the_query() {
    for (data, metric) in
        [Data::new, Data::with_basis].into_iter().flat_map(|data| METRICS.map(|metric| (data(), metric)))
    {
        let results = data.found(metric, ROWS, 3, Tier::Scalar);
        assert_eq!(results.counts, [ROWS as u32; 3]);
        assert_eq!(results.estimated, vec![true; 3 * ROWS]);
        for (i, (&id, &found)) in results.ids.iter().zip(&results.scores).enumerate() {
            let expected = data.estimate(metric, id as usize, data.query(i / ROWS));
            // A query of 15 steps is some 12 % off, in a direction of its own: on a product of some 50 that
            // is a few.
            let room = if metric == Metric::Cosine { 0.08 } else { 5.0 };
            assert!((found - expected).abs() < room, "{metric:?}, row {id}: {found} for {expected}");
        }
    }
}

#[test]
fn estimates_are_near_the_scores_and_their_errors_cancel() {
    let data = Data::new();
    let mean = vec![MEAN; DIMENSIONS];
    let results = data.found(Metric::Dot, ROWS, 5, Tier::Scalar);
    let (mut sum, mut squares) = (0.0, 0.0);
    for (i, (&id, &found)) in results.ids.iter().zip(&results.scores).enumerate() {
        let (row, query) = (&data.rows[id as usize], data.query(i / ROWS));
        let (r, w) = (difference(row, &mean), difference(query, &mean));
        let lengths = length(&r) * length(&w);
        let error = if lengths == 0.0 { 0.0 } else { (found - dot(row, query)) / lengths };
        sum += error;
        squares += error * error;
    }
    let count = results.ids.len() as f64;
    // The deviation of the estimator is 0.75 of 1 / sqrt(96), and some for the query.
    assert!((sum / count).abs() < 0.005, "{}", sum / count);
    assert!((squares / count).sqrt() < 0.09, "{}", (squares / count).sqrt());
}

#[test]
fn every_tier_finds_the_same_rows_with_the_same_estimates_however_lists_are_cut() {
    same_on_every_tier(&Data::new());
    same_on_every_tier(&Data::with_basis());
}

fn same_on_every_tier(data: &Data) {
    for (metric, queries) in METRICS.into_iter().flat_map(|metric| [(metric, 1), (metric, 5)]) {
        let expected = data.found(metric, K, queries, Tier::Scalar);
        let all = data.found(metric, ROWS, queries, Tier::Scalar);
        for q in 0..queries {
            assert_eq!(expected.ids[q * K..(q + 1) * K], all.ids[q * ROWS..q * ROWS + K]);
        }
        for tier in Tier::available() {
            let found = data.found(metric, K, queries, tier);
            assert_eq!((&found.ids, &found.scores), (&expected.ids, &expected.scores), "{tier:?}");
        }
        let (scan, signs) = data.scan(metric, K, queries, Tier::available().next().unwrap());
        std::thread::scope(|scope| {
            for chunk in 0..Cascade::chunks(ROWS) {
                let signs = &signs;
                scope.spawn(move || signs.scan(&[data.list(None)], &(chunk..chunk + 1).into()).unwrap());
            }
        });
        assert_eq!(scan.results().ids, expected.ids);
    }
}

#[test]
fn dead_rows_are_passed_over_and_rows_without_an_estimate_are_named() {
    let mut data = Data::new();
    for (id, wild) in [(7, f64::NAN), (8, f64::INFINITY), (9, 1e30), (2000, 1e-30)] {
        data.rows[id] = vec![wild; DIMENSIONS];
    }
    data.encode();
    let dead = RowSet::from_sorted((0..ROWS as u64).filter(|id| id % 4 == 0)).unwrap();
    let (scan, signs) = data.scan(Metric::L2, ROWS, 2, Tier::Scalar);
    signs.scan(&[data.list(Some(&dead))], &(0..Cascade::chunks(ROWS)).into()).unwrap();
    assert_eq!(signs.unscored(), [7, 9], "8 is dead, and tiny numbers are in range beside the mean");
    assert_eq!(signs.left(), 2);
    let results = scan.results();
    assert_eq!(results.counts, [(ROWS - ROWS / 4 - 2) as u32; 2]);
    assert!(results.ids[..results.counts[0] as usize].iter().all(|id| id % 4.0 != 0.0));
}

#[test]
fn the_codes_beside_signs_are_those_without() {
    let data = Data::new();
    let rows = bytes_of_rows(&data.rows[..100]);
    let both = encode_with_signs(&data.transform, Dtype::Float32, &rows, None).unwrap();
    assert!(both.0 == encode(&data.transform, Dtype::Float32, &rows, None).unwrap());
    for tier in Tier::available() {
        let of_tier = encode_with_signs(&data.transform, Dtype::Float32, &rows, Some(tier.name())).unwrap();
        assert!(of_tier == both, "{tier:?}");
    }
    let layout = SignLayout::of(data.transform.layout);
    assert_eq!((both.1.len(), layout.list_bytes(100)), (112 * (16 + 12), 112 * (16 + 12)));
    assert_eq!(layout.list_bytes(ROWS), data.signs.len());
}

#[test]
fn lists_that_are_not_what_they_claim_are_typed_errors() {
    let data = Data::new();
    let (scan, signs) = data.scan(Metric::Dot, K, 1, Tier::Scalar);
    let list = data.list(None);
    let code = |list: Codes<'_>, chunks: Range<usize>| {
        signs.scan(&[list], &chunks.into()).map_err(|error| error.code)
    };
    let corrupt = Err(Code::Corrupt);
    assert_eq!(code(Codes { bytes: &data.signs[1..], ..list }, 0..1), corrupt);
    assert_eq!(code(Codes { bytes: &[], ..list }, 0..1), corrupt);
    assert_eq!(code(Codes { rows: ROWS + 40, ..list }, 0..1), corrupt);
    assert_eq!(code(Codes { first_id: u64::MAX - 5, ..list }, 0..1), corrupt);
    assert_eq!(code(list, 0..4), Err(Code::InvalidArgument));
    assert_eq!(code(Codes { rows: 1 << 33, ..list }, 0..1), Err(Code::InvalidArgument));
    let other = Transform::new(1, vec![0.0; 4], None).unwrap();
    let refused = SignScan::new(Arc::clone(&scan), &other).err();
    assert_eq!(refused.map(|error| error.code), Some(Code::InvalidArgument));
    signs.cancel();
    assert_eq!(code(list, 0..1), Err(Code::Aborted));
}

#[test]
fn any_bytes_of_the_right_length_are_scanned_without_harm() {
    let data = Data::new();
    let mut next = noise(5);
    for fill in [0u8, 255, 127, 1] {
        let bytes: Vec<u8> =
            (0..data.signs.len()).map(|_| if fill == 1 { (next() * 256.0) as u8 } else { fill }).collect();
        for metric in METRICS {
            let (scan, signs) = data.scan(metric, K, 2, Tier::available().next().unwrap());
            signs.scan(&[Codes { bytes: &bytes, ..data.list(None) }], &(0..1).into()).unwrap();
            assert!(scan.results().counts.iter().all(|&count| count as usize <= K));
        }
    }
}
