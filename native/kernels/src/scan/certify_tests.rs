//! What certificates count, against the keys of all rows.

use std::sync::Arc;

use super::cascade::Codes;
use super::tests::{METRICS, noise};
use super::{Certifier, Dtype, ExactScan, Faults, Found, Metric, Options, Partition};
use crate::Code;
use crate::arch::Tier;
use crate::codes::layout::{Section, put_factor};
use crate::codes::testing::norms_of;
use crate::codes::{CHUNK_ROWS, Norms, Transform, encode};
use crate::rowset::RowSet;
use crate::testing;
use proptest::prelude::*;

const DIMENSIONS: usize = 36;

struct Case {
    rows: Vec<u8>,
    queries: Vec<f64>,
    transform: Arc<Transform>,
    codes: Vec<u8>,
    dead: RowSet,
    k: usize,
}

impl Case {
    fn new(rows: usize, queries: usize, k: usize, seed: u64) -> Self {
        let mut next = noise(seed);
        let mut number = move || ((next() + next() + next() - 1.5) * 2.0) as f32;
        let mut row = |i: usize| -> Vec<f32> {
            match i % 50 {
                7 => vec![0.0; DIMENSIONS],
                8 => vec![f32::NAN; DIMENSIONS],
                9 => vec![f32::INFINITY; DIMENSIONS],
                _ => (0..DIMENSIONS).map(|_| number()).collect(),
            }
        };
        let bytes: Vec<u8> = (0..rows).flat_map(&mut row).flat_map(f32::to_le_bytes).collect();
        let queries = (0..queries).flat_map(|_| row(0)).map(f64::from).collect();
        let transform = Arc::new(Transform::new(seed, vec![0.125; DIMENSIONS], None).unwrap());
        let chunks = bytes.chunks(CHUNK_ROWS * DIMENSIONS * 4);
        let codes = chunks.flat_map(|chunk| encode(&transform, Dtype::Float32, chunk, None).unwrap());
        let codes = codes.collect();
        let dead = RowSet::from_sorted((0..rows as u64).filter(|id| id % 13 == 4)).unwrap();
        Self { rows: bytes, queries, transform, codes, dead, k }
    }

    fn count(&self) -> usize {
        self.rows.len() / (4 * DIMENSIONS)
    }

    fn scan(&self, metric: Metric, tier: Tier, k: usize) -> Arc<ExactScan> {
        let options = Options {
            metric,
            dtype: Dtype::Float32,
            dimensions: DIMENSIONS,
            k,
            queries: &self.queries,
            tier: Some(tier.name()),
        };
        Arc::new(ExactScan::new(options).unwrap())
    }

    fn partition(&self) -> Partition<'_> {
        Partition { rows: &self.rows, first_id: 0, ids: None, dead: Some(&self.dead) }
    }

    fn list(&self) -> Codes<'_> {
        let (dead, norms) = (Some(&self.dead), Norms::ANY);
        Codes { bytes: &self.codes, rows: self.count(), first_id: 0, ids: None, dead, norms }
    }

    /// Every live row's key and id, best first, of each query.
    fn keys(&self, metric: Metric) -> Vec<Vec<(f64, u64)>> {
        let scan = self.scan(metric, Tier::Scalar, self.count());
        scan.scan(&self.partition(), 0..self.count()).unwrap();
        let (results, keys) = (scan.results(), scan.keys());
        let of = |q: usize| {
            let at = q * self.count()..q * self.count() + results.counts[q] as usize;
            keys[at.clone()].iter().copied().zip(results.ids[at].iter().map(|&id| id as u64)).collect()
        };
        (0..results.counts.len()).map(of).collect()
    }

    fn certifier(&self, metric: Metric, tier: Tier, thresholds: &[f64]) -> Certifier {
        let scan = self.scan(metric, tier, self.k);
        Certifier::new(scan, Arc::clone(&self.transform), thresholds).unwrap().unwrap()
    }
}

fn chunks(rows: usize) -> usize {
    rows.div_ceil(CHUNK_ROWS)
}

#[test]
fn what_is_counted_is_the_same_on_every_tier_and_true_of_the_keys() {
    let case = Case::new(2500, 3, 9, 5);
    for metric in METRICS {
        let keys = case.keys(metric);
        let thresholds: Vec<f64> = keys.iter().map(|keys| keys[case.k - 1].0).collect();
        let all = 0..chunks(case.count());
        let expected = case.certifier(metric, Tier::Scalar, &thresholds).scan(&case.list(), all).unwrap();
        assert_eq!(expected.live, keys[0].len() as u64);
        for (q, keys) in keys.iter().enumerate() {
            assert!(expected.pruned[q] > expected.live / 2, "{metric:?} prunes");
            let left = keys.iter().filter(|(_, id)| expected.left.binary_search(id).is_ok()).count();
            assert!(left as u64 >= expected.live - expected.pruned[q]);
            for (key, id) in &keys[..case.k] {
                assert!(expected.left.binary_search(id).is_ok(), "{metric:?}: {id} of {key}");
            }
            let outside = keys.iter().filter(|(_, id)| expected.left.binary_search(id).is_err());
            assert!(outside.clone().all(|(key, _)| *key >= expected.bounds[q] && *key > thresholds[q]));
            assert!(expected.bounds[q] > thresholds[q]);
        }
        for tier in Tier::available() {
            let certifier = case.certifier(metric, tier, &thresholds);
            let mut found = Found::default();
            for part in [2..3, 0..1, 1..2] {
                found.join(certifier.scan(&case.list(), part).unwrap());
            }
            assert_eq!(found, expected, "{metric:?} with {tier:?}");
        }
    }
}

#[test]
fn a_threshold_that_is_no_number_rules_nothing_out() {
    let case = Case::new(300, 2, 4, 6);
    for threshold in [f64::NAN, f64::INFINITY] {
        let certifier = case.certifier(Metric::L2, Tier::Scalar, &[threshold, threshold]);
        let found = certifier.scan(&case.list(), 0..1).unwrap();
        assert_eq!((found.pruned, found.left.len() as u64), (vec![0, 0], found.live));
        assert_eq!(found.bounds, [f64::INFINITY; 2]);
    }
    let certifier = case.certifier(Metric::L2, Tier::Scalar, &[f64::NEG_INFINITY; 2]);
    let found = certifier.scan(&case.list(), 0..1).unwrap();
    // Those that codes cannot bound.
    let unbounded = |id: &u64| matches!(id % 50, 8 | 9) && !case.dead.contains(*id);
    assert_eq!(found.left, (0..300).filter(unbounded).collect::<Vec<_>>());
}

/// All rows of the list against their codes, in parts.
fn checked(case: &Case, metric: Metric, codes: &[u8]) -> (Faults, Vec<f64>) {
    let scan = case.scan(metric, Tier::Scalar, case.k);
    let transform = Arc::clone(&case.transform);
    let thresholds = vec![0.0; scan.queries()];
    let certifier = Certifier::new(Arc::clone(&scan), transform, &thresholds).unwrap().unwrap();
    let list = Codes { bytes: codes, ..case.list() };
    let mut faults = Faults::default();
    for (first, end) in [(0, 21), (21, 1030), (1030, case.count())] {
        let rows = &case.rows[first * 4 * DIMENSIONS..end * 4 * DIMENSIONS];
        let half = (end - first) / 2;
        faults.join(certifier.check(&list, rows, first, half..end - first).unwrap());
        faults.join(certifier.check(&list, rows, first, 0..half).unwrap());
    }
    (faults, scan.results().ids)
}

#[test]
fn rows_pass_by_their_codes_and_what_is_changed_is_found() {
    let case = Case::new(1100, 2, 6, 7);
    for metric in METRICS {
        let (faults, ids) = checked(&case, metric, &case.codes);
        assert_eq!(faults, Faults::default(), "{metric:?}");
        let best = case.keys(metric).into_iter().flat_map(|keys| keys.into_iter().take(case.k));
        assert_eq!(ids, best.map(|(_, id)| id as f64).collect::<Vec<_>>());
    }
    let layout = case.transform.layout;
    let mut codes = case.codes.clone();
    let chunk = &mut codes[..layout.chunk_bytes(CHUNK_ROWS)];
    for row in [40, 33] {
        put_factor(layout, CHUNK_ROWS, Section::CoarseError, row, 1e-6f32.to_bits(), chunk);
    }
    let (faults, _) = checked(&case, Metric::L2, &codes);
    assert_eq!(faults.count, 2);
    let what = "the coarse error is less than what the coarse code misses";
    assert_eq!(faults.first, Some((33, what.into())));
}

#[test]
fn norms_that_are_not_those_of_the_rows_are_found() {
    let mut case = Case::new(900, 1, 3, 11);
    // Without the rows of zeros, and those without a bound.
    let rows = case.rows.chunks(4 * DIMENSIONS).enumerate().filter(|(i, _)| !matches!(i % 50, 7..10));
    case.rows = rows.flat_map(|(_, row)| row).copied().collect();
    case.codes = encode(&case.transform, Dtype::Float32, &case.rows, None).unwrap();
    let norms = norms_of(case.transform.layout, case.count(), &case.codes);
    let found = |norms: Norms| {
        let certifier = case.certifier(Metric::Cosine, Tier::Scalar, &[0.0]);
        let list = Codes { norms, ..case.list() };
        certifier.check(&list, &case.rows, 0, 0..case.count()).unwrap()
    };
    let Norms { least, most } = norms;
    assert!(0.0 < least && least < most && most.is_finite());
    for right in [norms, Norms::ANY, Norms { least: 0.5 * least, most: 2.0 * most }] {
        assert_eq!(found(right), Faults::default(), "{right:?}");
    }
    let step = |x: f32, steps: usize, next: fn(f32) -> f32| (0..steps).fold(x, |x, _| next(x));
    let narrow = [
        Norms { least: step(least, 2, f32::next_up), most },
        Norms { least, most: step(most, 2, f32::next_down) },
        Norms { least: f32::NAN, most },
        Norms { least, most: f32::NAN },
    ];
    for wrong in narrow {
        let (_, what) = found(wrong).first.expect("a fault");
        assert_eq!(what, "its norm is not within those that are claimed of its list");
    }
}

#[test]
fn what_does_not_fit_is_a_typed_error() {
    let case = Case::new(1100, 2, 6, 8);
    let scan = case.scan(Metric::L2, Tier::Scalar, 2);
    let code = |result: crate::Result<Option<Certifier>>| result.map(|_| ()).map_err(|error| error.code);
    let other = Arc::new(Transform::new(1, vec![0.0; 4], None).unwrap());
    let invalid = Err(Code::InvalidArgument);
    assert_eq!(code(Certifier::new(Arc::clone(&scan), other, &[0.0, 0.0])), invalid);
    assert_eq!(code(Certifier::new(scan, Arc::clone(&case.transform), &[0.0])), invalid);
    let hamming = case.scan(Metric::Hamming, Tier::Scalar, 2);
    assert!(Certifier::new(hamming, Arc::clone(&case.transform), &[0.0, 0.0]).unwrap().is_none());

    let certifier = case.certifier(Metric::L2, Tier::Scalar, &[1.0, 1.0]);
    let list = case.list();
    let short = Codes { bytes: &case.codes[..case.codes.len() - 4], ..list };
    assert_eq!(certifier.scan(&short, 0..1).unwrap_err().code, Code::Corrupt);
    assert_eq!(certifier.scan(&list, 5..6).unwrap_err().code, Code::InvalidArgument);
    let row = 4 * DIMENSIONS;
    for (bytes, first, range) in [(3 * row + 1, 0, 0..1), (3 * row, 0, 0..4), (3 * row, 1098, 0..1)] {
        let refused = certifier.check(&list, &case.rows[..bytes], first, range).unwrap_err();
        assert_eq!(refused.code, Code::InvalidArgument);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn every_row_is_scored_as_a_scan_scores_the_best(
        seed in any::<u64>(),
        rows in 1usize..1300,
        k in 1usize..9,
        tier in prop::sample::select(Tier::available().collect::<Vec<_>>()),
    ) {
        let case = Case::new(rows, 2, k, seed);
        for metric in METRICS.into_iter().chain([
            Metric::Hamming, Metric::Jaccard, Metric::KullbackLeibler, Metric::JensenShannon,
        ]) {
            let (scan, every) = (case.scan(metric, tier, k), case.scan(metric, tier, k));
            scan.scan(&case.partition(), 0..rows).unwrap();
            for range in [rows / 2..rows, 0..rows / 2] {
                every.score_every(&case.queries, &case.partition(), range).unwrap();
            }
            prop_assert_eq!(scan.results().ids, every.results().ids);
            let bits = |scores: Vec<f64>| scores.into_iter().map(testing::bits).collect::<Vec<_>>();
            prop_assert_eq!(bits(scan.results().scores), bits(every.results().scores));
            prop_assert_eq!(bits(scan.keys()), bits(every.keys()));
        }
    }
}
