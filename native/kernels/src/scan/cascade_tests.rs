use std::sync::Arc;

use super::tests::{METRICS, noise};
use super::{Cascade, Codes, Dtype, ExactScan, Options, Partition};
use crate::arch::Tier;
use crate::codes::{CHUNK_ROWS, Transform, encode};

/// Random rows by codes and without: the same ids and scores, whatever the metric and the number of queries.
#[test]
fn codes_change_no_answer() {
    const DIMENSIONS: usize = 40;
    const ROWS: usize = 2500;
    const K: usize = 7;
    let mut next = noise(11);
    let mut number = move || ((next() + next() + next() - 1.5) * 2.0) as f32;
    let rows: Vec<u8> = (0..ROWS * DIMENSIONS).flat_map(|_| (number() + 0.25).to_le_bytes()).collect();
    let queries: Vec<f64> = (0..11 * DIMENSIONS).map(|_| number().into()).collect();
    let transform = Arc::new(Transform::new(3, vec![0.25; DIMENSIONS], None).unwrap());
    for tier in Tier::available() {
        let chunks = rows.chunks(CHUNK_ROWS * DIMENSIONS * 4);
        let codes: Vec<u8> = chunks
            .flat_map(|chunk| encode(&transform, Dtype::Float32, chunk, Some(tier.name())).unwrap())
            .collect();
        for (metric, count) in METRICS.into_iter().flat_map(|metric| [(metric, 1), (metric, 3), (metric, 11)])
        {
            let scan = || {
                let options = Options {
                    metric,
                    dtype: Dtype::Float32,
                    dimensions: DIMENSIONS,
                    k: K,
                    queries: &queries[..count * DIMENSIONS],
                    tier: Some(tier.name()),
                };
                Arc::new(ExactScan::new(options).unwrap())
            };
            let plain = scan();
            let partition = Partition { rows: &rows, first_id: 0, ids: None, dead: None };
            plain.scan(&partition, 0..ROWS).unwrap();
            let coded = scan();
            let cascade = Cascade::new(Arc::clone(&coded), Arc::clone(&transform)).unwrap().unwrap();
            let list = Codes { bytes: &codes, rows: ROWS, first_id: 0, ids: None, dead: None };
            cascade.scan(&list, 0..Cascade::chunks(ROWS)).unwrap();
            assert!(cascade.left() < ROWS * count / 4, "bounds prune");
            loop {
                let ids = cascade.next(5);
                if ids.is_empty() {
                    break;
                }
                let row = |&id: &u64| &rows[id as usize * DIMENSIONS * 4..][..DIMENSIONS * 4];
                cascade.score(&ids, &ids.iter().flat_map(row).copied().collect::<Vec<u8>>()).unwrap();
            }
            let (plain, coded) = (plain.results(), coded.results());
            assert_eq!(coded.ids, plain.ids, "{metric:?} with {tier:?}, {count} queries");
            assert_eq!(coded.scores, plain.scores, "{metric:?} with {tier:?}, {count} queries");
        }
    }
}
