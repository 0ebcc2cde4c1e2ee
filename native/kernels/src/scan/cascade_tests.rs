use std::sync::Arc;

use super::tests::{METRICS, noise};
use super::{Cascade, Codes, Dtype, ExactScan, Options, Partition};
use crate::arch::Tier;
use crate::codes::{CHUNK_ROWS, Transform, encode, train};

const ROWS: usize = 2500;
const K: usize = 7;

/// Random rows by codes and without: the same ids and scores, whatever the metric and the number of queries.
#[test]
fn codes_change_no_answer() {
    const DIMENSIONS: usize = 40;
    let mut next = noise(11);
    let mut number = move || ((next() + next() + next() - 1.5) * 2.0) as f32;
    let rows: Vec<u8> = (0..ROWS * DIMENSIONS).flat_map(|_| (number() + 0.25).to_le_bytes()).collect();
    let queries: Vec<f64> = (0..11 * DIMENSIONS).map(|_| number().into()).collect();
    let transform = Arc::new(Transform::new(3, vec![0.25; DIMENSIONS], None).unwrap());
    check(&rows, &queries, DIMENSIONS, &transform);
}

/// Rows near a few directions, by codes of the coordinates along those.
#[test]
fn codes_with_a_basis_change_no_answer() {
    const DIMENSIONS: usize = 96;
    let mut next = noise(12);
    let mut number = move || next() + next() + next() - 1.5;
    let directions: Vec<f64> = (0..8 * DIMENSIONS).map(|_| number()).collect();
    let mut row = || {
        let weights: [f64; 8] = std::array::from_fn(|_| 4.0 * number());
        let along = |i: usize| -> f64 { (0..8).map(|r| weights[r] * directions[r * DIMENSIONS + i]).sum() };
        (0..DIMENSIONS).map(|i| (along(i) + 0.5 * number() + 0.25) as f32).collect::<Vec<f32>>()
    };
    let queries: Vec<f64> = (0..11).flat_map(|_| row()).map(f64::from).collect();
    let rows: Vec<u8> = (0..ROWS).flat_map(|_| row()).flat_map(f32::to_le_bytes).collect();
    let transform = Arc::new(train(Dtype::Float32, DIMENSIONS, &rows, 3).unwrap());
    assert_eq!(transform.layout.coordinates, 32);
    check(&rows, &queries, DIMENSIONS, &transform);
}

/// Rows of float32 and 11 queries.
fn check(rows: &[u8], queries: &[f64], dimensions: usize, transform: &Arc<Transform>) {
    for tier in Tier::available() {
        let chunks = rows.chunks(CHUNK_ROWS * dimensions * 4);
        let codes: Vec<u8> = chunks
            .flat_map(|chunk| encode(transform, Dtype::Float32, chunk, Some(tier.name())).unwrap())
            .collect();
        for (metric, count) in METRICS.into_iter().flat_map(|metric| [(metric, 1), (metric, 3), (metric, 11)])
        {
            let scan = || {
                let options = Options {
                    metric,
                    dtype: Dtype::Float32,
                    dimensions,
                    k: K,
                    queries: &queries[..count * dimensions],
                    tier: Some(tier.name()),
                };
                Arc::new(ExactScan::new(options).unwrap())
            };
            let plain = scan();
            let partition = Partition { rows, first_id: 0, ids: None, dead: None };
            plain.scan(&partition, 0..ROWS).unwrap();
            let coded = scan();
            let cascade = Cascade::new(Arc::clone(&coded), Arc::clone(transform)).unwrap().unwrap();
            let list = Codes { bytes: &codes, rows: ROWS, first_id: 0, ids: None, dead: None };
            cascade.scan(&list, 0..Cascade::chunks(ROWS)).unwrap();
            assert!(cascade.left() < ROWS * count / 4, "bounds prune");
            cascade.refine(|id| Ok(&rows[id as usize * dimensions * 4..][..dimensions * 4])).unwrap();
            let (plain, coded) = (plain.results(), coded.results());
            assert_eq!(coded.ids, plain.ids, "{metric:?} with {tier:?}, {count} queries");
            assert_eq!(coded.scores, plain.scores, "{metric:?} with {tier:?}, {count} queries");
        }
    }
}
