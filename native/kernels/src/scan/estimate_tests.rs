//! Scores that are estimates, against the same worked out in float64 from the stored codes of every row.

use std::sync::Arc;

use super::tests::noise;
use super::{Cascade, Codes, Dtype, ExactScan, Metric, Options};
use crate::arch::Tier;
use crate::codes::testing::{Stored, difference, dot, length};
use crate::codes::{CHUNK_ROWS, Norms, Transform, encode};
use crate::rowset::RowSet;

const METRICS: [Metric; 4] = [Metric::L2, Metric::L2Squared, Metric::Cosine, Metric::Dot];
const DIMENSIONS: usize = 40;
const ROWS: usize = 2500;
const K: usize = 9;

struct Data {
    transform: Arc<Transform>,
    rows: Vec<Vec<f64>>,
    queries: Vec<f64>,
    /// One list.
    codes: Vec<u8>,
    dead: Vec<u64>,
}

impl Data {
    fn new() -> Self {
        let mut next = noise(17);
        let mut number = move || f64::from((next() + next() + next() - 1.25) as f32);
        let rows: Vec<Vec<f64>> = (0..ROWS).map(|_| (0..DIMENSIONS).map(|_| number()).collect()).collect();
        let queries = (0..6 * DIMENSIONS).map(|_| number()).collect();
        let transform = Arc::new(Transform::new(3, vec![0.25; DIMENSIONS], None).unwrap());
        let codes = Self::encoded(&transform, &rows);
        Self { transform, rows, queries, codes, dead: (0..ROWS as u64).step_by(5).collect() }
    }

    fn encoded(transform: &Transform, rows: &[Vec<f64>]) -> Vec<u8> {
        let bytes = |rows: &[Vec<f64>]| -> Vec<u8> {
            rows.iter().flatten().flat_map(|&x| (x as f32).to_le_bytes()).collect()
        };
        let chunks = rows.chunks(CHUNK_ROWS);
        chunks.flat_map(|rows| encode(transform, Dtype::Float32, &bytes(rows), None).unwrap()).collect()
    }

    fn scan(&self, metric: Metric, queries: usize, tier: Tier) -> Arc<ExactScan> {
        let queries = &self.queries[..queries * DIMENSIONS];
        let (dtype, dimensions, tier) = (Dtype::Float32, DIMENSIONS, Some(tier.name()));
        Arc::new(ExactScan::new(Options { metric, dtype, dimensions, k: K, queries, tier }).unwrap())
    }

    fn estimated(&self, metric: Metric, queries: usize, tier: Tier) -> (Arc<ExactScan>, Cascade) {
        let scan = self.scan(metric, queries, tier);
        let cascade = Cascade::estimating(Arc::clone(&scan), Arc::clone(&self.transform)).unwrap().unwrap();
        let dead = RowSet::from_sorted(self.dead.iter().copied()).unwrap();
        let (dead, norms) = (Some(&dead), Norms::ANY);
        let list = Codes { bytes: &self.codes, rows: self.rows.len(), first_id: 0, ids: None, dead, norms };
        cascade.scan(&[list], &(0..Cascade::chunks(self.rows.len())).into()).unwrap();
        cascade.estimate().unwrap();
        (scan, cascade)
    }

    /// The score of a row whose residual is `r`.
    fn score(&self, metric: Metric, product: f64, row: &[f64], query: &[f64]) -> f64 {
        let mean = vec![0.25; DIMENSIONS];
        let (r, w) = (difference(row, &mean), difference(query, &mean));
        let squared = dot(&r, &r) + dot(&w, &w) - 2.0 * product;
        match metric {
            Metric::L2 => squared.max(0.0).sqrt(),
            Metric::L2Squared => squared.max(0.0),
            _ => {
                let product = product + dot(&mean, &r) + dot(&mean, query);
                if metric == Metric::Dot { product } else { product / (length(row) * length(query)) }
            }
        }
    }

    /// Of a query, the scores of all live rows by what their fine codes stand for, the best first.
    fn reference(&self, metric: Metric, q: usize) -> Vec<(f64, u64)> {
        let query = &self.queries[q * DIMENSIONS..(q + 1) * DIMENSIONS];
        let residual: Vec<f64> = query.iter().map(|x| x - 0.25).collect();
        let z = self.transform.apply_to_one(&Tier::Scalar.kernels(), &residual);
        let chunk_bytes = self.transform.layout.chunk_bytes(CHUNK_ROWS);
        let mut scores = Vec::new();
        for (id, row) in self.rows.iter().enumerate().filter(|(id, _)| id % 5 != 0) {
            let (chunk, rows) = (id / CHUNK_ROWS, (ROWS - id / CHUNK_ROWS * CHUNK_ROWS).min(CHUNK_ROWS));
            let stored =
                Stored::of(&self.transform, &self.codes[chunk * chunk_bytes..], rows, id % CHUNK_ROWS);
            scores.push((self.score(metric, dot(&stored.fine(), &z), row, query), id as u64));
        }
        let sign = if metric == Metric::Dot || metric == Metric::Cosine { -1.0 } else { 1.0 };
        scores.sort_by(|a, b| (sign * a.0).total_cmp(&(sign * b.0)));
        scores
    }
}

#[test]
fn rows_rank_by_what_their_codes_stand_for() {
    let data = Data::new();
    for (metric, queries) in METRICS.into_iter().flat_map(|metric| [(metric, 1), (metric, 6)]) {
        let (scan, cascade) = data.estimated(metric, queries, Tier::Scalar);
        let results = scan.results();
        assert_eq!(cascade.left(), 0, "every row has an estimate");
        assert_eq!(results.estimated, vec![true; queries * K]);
        // What the query's own code misses: 16 bits for one, 8 for many.
        let room = if queries == 1 { 2e-4 } else { 2e-2 };
        for q in 0..queries {
            let reference = data.reference(metric, q);
            for i in 0..K {
                let (score, id) = (results.scores[q * K + i], results.ids[q * K + i] as u64);
                let own = reference.iter().find(|entry| entry.1 == id).expect("no dead row").0;
                let place = reference[i].0;
                assert!((score - own).abs() <= room * (1.0 + own.abs()), "{metric:?}: {score} {own}");
                assert!((score - place).abs() <= room * (1.0 + place.abs()), "{metric:?}: {score} {place}");
            }
        }
    }
}

#[test]
fn estimates_are_the_same_on_every_tier_and_near_the_scores() {
    let data = Data::new();
    for (metric, queries) in METRICS.into_iter().flat_map(|metric| [(metric, 1), (metric, 6)]) {
        let expected = data.estimated(metric, queries, Tier::Scalar).0.results();
        for tier in Tier::available() {
            let results = data.estimated(metric, queries, tier).0.results();
            assert_eq!((results.ids, results.scores), (expected.ids.clone(), expected.scores.clone()));
        }
        for (i, (&id, &score)) in expected.ids.iter().zip(&expected.scores).enumerate() {
            let (row, q) = (&data.rows[id as usize], i / K);
            let query = &data.queries[q * DIMENSIONS..(q + 1) * DIMENSIONS];
            let residual = |x: &[f64]| x.iter().map(|x| x - 0.25).collect::<Vec<_>>();
            let exact = data.score(metric, dot(&residual(row), &residual(query)), row, query);
            assert!((score - exact).abs() < 0.03 * (1.0 + exact.abs()), "{metric:?}: {score} for {exact}");
        }
    }
}

#[test]
fn rows_without_a_code_wait_to_be_scored_and_rank_among_the_others() {
    let mut data = Data::new();
    // Far along the query, so that it is the best.
    data.rows[7] = data.queries[..DIMENSIONS].iter().map(|q| q.signum() * f64::from(f32::MAX)).collect();
    data.rows[8] = vec![f64::NAN; DIMENSIONS];
    data.rows[10] = vec![f64::INFINITY; DIMENSIONS];
    data.codes = Data::encoded(&data.transform, &data.rows);
    let (scan, cascade) = data.estimated(Metric::Dot, 1, Tier::Scalar);
    assert!(scan.results().estimated.iter().all(|&estimated| estimated));
    assert!(!scan.results().ids.contains(&7.0));
    let ids = cascade.next(100);
    assert_eq!(ids, [7, 8], "row 10 is dead");
    let numbers = ids.iter().flat_map(|&id| &data.rows[id as usize]);
    let rows: Vec<u8> = numbers.flat_map(|&x| (x as f32).to_le_bytes()).collect();
    cascade.score(&ids, &rows).unwrap();
    assert_eq!(cascade.next(100), Vec::<u64>::new());
    let results = scan.results();
    assert_eq!(results.ids[0], 7.0);
    let estimated: Vec<bool> = (0..K).map(|i| i > 0).collect();
    assert_eq!(results.estimated, estimated);
}
