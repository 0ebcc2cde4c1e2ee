//! Codes whose rows are at hand: the same answers, and nothing believed of what the rows claim to be.

use std::sync::Arc;

use super::tests::noise;
use super::{Cascade, Codes, Dtype, ExactScan, MappedRows, Metric, Options, Partition, Results};
use crate::Code;
use crate::codes::{CHUNK_ROWS, Norms, Transform, encode};

const DIMENSIONS: usize = 33;
const ROW_BYTES: usize = 4 * DIMENSIONS;
/// Enough chunks that the best rows are read while a pass goes on.
const ROWS: usize = 40 * CHUNK_ROWS + 77;
const K: usize = 9;

struct World {
    rows: Vec<u8>,
    queries: Vec<f64>,
    transform: Arc<Transform>,
    codes: Vec<u8>,
}

impl World {
    fn new() -> Self {
        let mut next = noise(41);
        let mut number = move || ((next() + next() + next() - 1.5) * 2.0) as f32;
        let rows: Vec<u8> = (0..ROWS * DIMENSIONS).flat_map(|_| number().to_le_bytes()).collect();
        let queries = (0..6 * DIMENSIONS).map(|_| number().into()).collect();
        let transform = Arc::new(Transform::new(3, vec![0.1; DIMENSIONS], None).unwrap());
        let chunks = rows.chunks(CHUNK_ROWS * ROW_BYTES);
        let codes = chunks.flat_map(|chunk| encode(&transform, Dtype::Float32, chunk, None).unwrap());
        Self { codes: codes.collect(), rows, queries, transform }
    }

    fn scan(&self, metric: Metric, queries: usize) -> Arc<ExactScan> {
        let (dtype, queries) = (Dtype::Float32, &self.queries[..queries * DIMENSIONS]);
        let options = Options { metric, dtype, dimensions: DIMENSIONS, k: K, queries, tier: None };
        Arc::new(ExactScan::new(options).unwrap())
    }

    fn cascade(&self, scan: &Arc<ExactScan>) -> Cascade {
        Cascade::new(Arc::clone(scan), Arc::clone(&self.transform)).unwrap().unwrap()
    }

    fn list(&self) -> Codes<'_> {
        Codes { bytes: &self.codes, rows: ROWS, first_id: 0, ids: None, dead: None, norms: Norms::ANY }
    }

    /// In two parts, as partitions are.
    fn at_hand(&self) -> MappedRows<'_> {
        let (first, second) = self.rows.split_at(1000 * ROW_BYTES);
        MappedRows::new(ROW_BYTES, vec![(0, first), (1000, second)]).unwrap()
    }
}

fn found(results: Results) -> (Vec<f64>, Vec<f64>) {
    (results.ids, results.scores)
}

#[test]
fn rows_at_hand_change_no_answer_and_leave_fewer_rows() {
    let (world, end) = (World::new(), Cascade::chunks(ROWS));
    for (metric, queries) in [(Metric::Cosine, 1), (Metric::L2, 2), (Metric::Dot, 6)] {
        let plain = world.scan(metric, queries);
        plain.scan(&Partition { rows: &world.rows, first_id: 0, ids: None, dead: None }, 0..ROWS).unwrap();
        let expected = found(plain.results());
        let scan = world.scan(metric, queries);
        let (cascade, rows) = (world.cascade(&scan), world.at_hand());
        let read = cascade.scan_with(&[world.list()], &(0..end).into(), Some(&rows)).unwrap();
        assert!(read.len() >= K * queries, "the best are read on the way");
        let without = world.cascade(&world.scan(metric, queries));
        without.scan(&[world.list()], &(0..end).into()).unwrap();
        let (left, more) = (cascade.left(), without.left());
        assert!(
            left >= K * queries && left < more,
            "bounds of rows are tighter than those of codes: {left}, {more}"
        );
        cascade.refine(&rows, 5, 1000).unwrap();
        assert_eq!(found(scan.results()), expected, "{metric:?}, {queries} queries");
        assert_eq!(cascade.left(), 0);
    }
}

#[test]
fn parts_of_a_round_are_scored_once_each() {
    let (world, queries) = (World::new(), 6);
    let plain = world.scan(Metric::L2, queries);
    plain.scan(&Partition { rows: &world.rows, first_id: 0, ids: None, dead: None }, 0..ROWS).unwrap();
    let scan = world.scan(Metric::L2, queries);
    let (cascade, rows) = (world.cascade(&scan), world.at_hand());
    cascade.scan(&[world.list()], &(0..Cascade::chunks(ROWS)).into()).unwrap();
    while !cascade.next(7).is_empty() {
        for part in [2, 0, 1] {
            cascade.score_mapped(&rows, part, 3).unwrap();
        }
    }
    assert_eq!(found(scan.results()), found(plain.results()));
}

#[test]
fn rows_that_are_not_those_of_the_codes_are_damage() {
    let world = World::new();
    let mut rows = world.rows.clone();
    // One bit of every row, since it is not known which are read.
    rows.chunks_exact_mut(ROW_BYTES).for_each(|row| row[7] ^= 1);
    let chunks = 0..Cascade::chunks(ROWS);
    for queries in [1, 6] {
        let cascade = world.cascade(&world.scan(Metric::L2, queries));
        let damaged = MappedRows::new(ROW_BYTES, vec![(0, &*rows)]).unwrap();
        let scanned = cascade.scan_with(&[world.list()], &chunks.clone().into(), Some(&damaged));
        assert_eq!(scanned.map_err(|error| error.code), Err(Code::Corrupt));
        let cascade = world.cascade(&world.scan(Metric::L2, queries));
        cascade.scan(&[world.list()], &chunks.clone().into()).unwrap();
        assert_eq!(cascade.refine(&damaged, 5, 9).map_err(|error| error.code), Err(Code::Corrupt));
    }
}

#[test]
fn rows_that_are_missing_or_out_of_order_are_typed_errors() {
    let world = World::new();
    let cascade = world.cascade(&world.scan(Metric::L2, 1));
    cascade.scan(&[world.list()], &(0..Cascade::chunks(ROWS)).into()).unwrap();
    let none = MappedRows::new(ROW_BYTES, vec![]).unwrap();
    assert_eq!(cascade.refine(&none, 5, 9).map_err(|error| error.code), Err(Code::Corrupt));
    let row = [0; ROW_BYTES];
    let refused = |parts: &[(u64, &[u8])]| {
        let made = MappedRows::new(ROW_BYTES, parts.to_vec());
        assert_eq!(made.err().map(|error| error.code), Some(Code::InvalidArgument));
    };
    refused(&[(0, &row[1..])]);
    refused(&[(1, &row), (0, &row)]);
    refused(&[(0, &row), (0, &row)]);
    refused(&[(u64::MAX, &row), (3, &row)]);
}

#[test]
fn rows_of_some_ids_are_those_of_a_scan() {
    let world = World::new();
    for (metric, step) in [(Metric::Cosine, 1), (Metric::L2, 7), (Metric::Hamming, 900)] {
        let ids: Vec<u64> = (0..ROWS as u64).step_by(step).collect();
        let dead =
            crate::rowset::RowSet::from_sorted((0..ROWS as u64).filter(|id| id % step as u64 > 0)).unwrap();
        let plain = world.scan(metric, 3);
        let part = Partition { rows: &world.rows, first_id: 0, ids: None, dead: Some(&dead) };
        plain.scan(&part, 0..ROWS).unwrap();
        let scan = world.scan(metric, 3);
        scan.scan_some(&world.at_hand(), &ids).unwrap();
        assert_eq!(found(scan.results()), found(plain.results()), "{metric:?}");
    }
    let scan = world.scan(Metric::L2, 1);
    let refused = scan.scan_some(&world.at_hand(), &[5, ROWS as u64]);
    assert_eq!(refused.map_err(|error| error.code), Err(Code::InvalidArgument));
}
