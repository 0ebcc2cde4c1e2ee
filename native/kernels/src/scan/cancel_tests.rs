//! A cancelled scan stops where it stands: no pass looks at its flag more often than it takes to leave.

use std::sync::Arc;

use super::tests::noise;
use super::{Cascade, Codes, Dtype, ExactScan, Metric, Options, Partition, SignScan};
use crate::codes::{CHUNK_ROWS, Norms, Transform, encode, encode_with_signs};
use crate::{Code, Result};

/// Looks of a pass on its way out: of each loop that it is in, and of the call.
const LEAVING: usize = 4;

fn scan_of(metric: Metric, dtype: Dtype, dimensions: usize, queries: usize) -> ExactScan {
    let queries: Vec<f64> = (0..queries * dimensions).map(|i| (i % 2) as f64).collect();
    let options = Options { metric, dtype, dimensions, k: 10, queries: &queries, tier: None };
    ExactScan::new(options).unwrap()
}

/// Runs `work` to its end, and then cancelled at the first, a middle and the last of its looks at the flag.
/// Gives the looks that it takes.
fn cancel_anywhere(
    start: impl Fn() -> Arc<ExactScan>,
    work: impl Fn(&Arc<ExactScan>) -> Result<()>,
) -> usize {
    let scan = start();
    let before = scan.cancel.looks();
    work(&scan).unwrap();
    let all = scan.cancel.looks() - before;
    for look in [1, 2, all / 2, all] {
        let scan = start();
        scan.cancel.set_at(scan.cancel.looks() + look);
        assert_eq!(work(&scan).unwrap_err().code, Code::Aborted);
        let seen = scan.cancel.looks() - before;
        assert!(seen < look + LEAVING, "{seen} looks, {look} of {all} before it was cancelled");
    }
    all
}

#[test]
fn a_pass_over_rows_stops_within_a_tile_and_a_block_of_queries() {
    for (metric, dtype, queries) in [
        (Metric::L2, Dtype::Float32, 20),
        (Metric::Cosine, Dtype::Float64, 1),
        (Metric::Dot, Dtype::Uint8, 20),
        (Metric::Hamming, Dtype::Uint8, 3),
        (Metric::KullbackLeibler, Dtype::Float64, 3),
        (Metric::JensenShannon, Dtype::Float32, 3),
    ] {
        const DIMENSIONS: usize = 64;
        // 2 MiB, in 16 tiles where they are not widened.
        let bytes = vec![0_u8; 2 << 20];
        let rows = bytes.len() / (DIMENSIONS * dtype.bytes());
        let looks = cancel_anywhere(
            || Arc::new(scan_of(metric, dtype, DIMENSIONS, queries)),
            |scan| {
                let partition = Partition { rows: &bytes, first_id: 0, ids: None, dead: None };
                scan.scan(&partition, 0..rows)
            },
        );
        assert!(looks >= 16, "{metric:?} of {dtype:?} looks {looks} times");
    }
}

#[test]
fn passes_over_codes_stop_within_a_chunk_and_scores_between_rows() {
    const DIMENSIONS: usize = 40;
    const ROWS: usize = 20 * CHUNK_ROWS;
    let mut next = noise(31);
    let rows: Vec<u8> = (0..ROWS * DIMENSIONS).flat_map(|_| (next() as f32).to_le_bytes()).collect();
    let transform = Arc::new(Transform::new(3, vec![0.5; DIMENSIONS], None).unwrap());
    let chunks = rows.chunks(CHUNK_ROWS * DIMENSIONS * 4);
    let codes: Vec<u8> =
        chunks.flat_map(|chunk| encode(&transform, Dtype::Float32, chunk, None).unwrap()).collect();
    let list = Codes { bytes: &codes, rows: ROWS, first_id: 0, ids: None, dead: None, norms: Norms::ANY };
    for queries in [1, 20] {
        let start = || Arc::new(scan_of(Metric::L2, Dtype::Float32, DIMENSIONS, queries));
        let cascade =
            |scan: &Arc<ExactScan>| Cascade::new(Arc::clone(scan), Arc::clone(&transform)).unwrap().unwrap();
        let looks =
            cancel_anywhere(start, |scan| cascade(scan).scan(&[list], &(0..Cascade::chunks(ROWS)).into()));
        assert!(looks >= 20, "{queries} queries over 20 chunks look {looks} times");
        // The same pass, and then the scores of what it left.
        let scores = cancel_anywhere(start, |scan| {
            let cascade = cascade(scan);
            cascade.scan(&[list], &(0..Cascade::chunks(ROWS)).into())?;
            let ids = cascade.next(50);
            let row = |&id: &u64| &rows[id as usize * DIMENSIONS * 4..][..DIMENSIONS * 4];
            let asked: Vec<u8> = ids.iter().flat_map(row).copied().collect();
            cascade.score(&ids, &asked)
        });
        assert!(scores >= looks + 10, "{} looks at scores", scores - looks);
    }
}

#[test]
fn a_pass_over_signs_stops_within_a_block() {
    const DIMENSIONS: usize = 40;
    const ROWS: usize = 3 * CHUNK_ROWS;
    let transform = Transform::new(3, vec![0.5; DIMENSIONS], None).unwrap();
    let rows = vec![0; CHUNK_ROWS * DIMENSIONS * 4];
    let chunk = encode_with_signs(&transform, Dtype::Float32, &rows, None).unwrap().1;
    let signs = chunk.repeat(3);
    let norms = Norms::ANY;
    let list = Codes { bytes: &signs, rows: ROWS, first_id: 0, ids: None, dead: None, norms };
    let looks = cancel_anywhere(
        || Arc::new(scan_of(Metric::L2, Dtype::Float32, DIMENSIONS, 3)),
        |scan| SignScan::new(Arc::clone(scan), &transform)?.unwrap().scan(&[list], &(0..3).into()),
    );
    assert!(looks >= ROWS / 16, "{looks} looks");
}

#[test]
fn a_scan_that_was_cancelled_stays_so() {
    let scan = scan_of(Metric::L2, Dtype::Float32, 4, 1);
    scan.cancel();
    let partition = Partition { rows: &[0; 160], first_id: 0, ids: None, dead: None };
    for _ in 0..2 {
        assert_eq!(scan.scan(&partition, 0..10).unwrap_err().code, Code::Aborted);
    }
    assert_eq!(scan.results().counts, [0]);
}
