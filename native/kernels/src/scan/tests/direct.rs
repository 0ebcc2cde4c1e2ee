//! The metrics that are not of products.

use super::many::{check_many_by, noise};
use super::*;
use crate::distance::log::{Scaled, ln_ratio};
use crate::testing::Double;

const RATIONAL: [Metric; 2] = [Metric::Hamming, Metric::Jaccard];
/// Those of one fixed arithmetic.
const DIVERGENCES: [Metric; 2] = [Metric::KullbackLeibler, Metric::JensenShannon];
const DIRECT: [Metric; 4] =
    [Metric::Hamming, Metric::Jaccard, Metric::KullbackLeibler, Metric::JensenShannon];

fn is_bits(dtype: Dtype) -> bool {
    matches!(dtype, Dtype::Bool | Dtype::Uint8)
}

/// The score by its definition, in rational numbers.
fn rational(metric: Metric, dtype: Dtype, row: &[f64], query: &[f64]) -> f64 {
    let pairs = || query.iter().copied().zip(row.iter().copied());
    if is_bits(dtype) {
        let count =
            |f: fn(u8, u8) -> u8| -> u32 { pairs().map(|(q, x)| f(q as u8, x as u8).count_ones()).sum() };
        return match (metric, count(|q, x| q | x)) {
            (Metric::Hamming, _) => count(|q, x| q ^ x).into(),
            (_, 0) => 0.0,
            (_, either) => {
                let [common, either] = [count(|q, x| q & x), either].map(|n| BigRatio::of(n.into()));
                BigRatio::of(1.0).add(&BigRatio::of(-1.0).multiply(&common.divide(&either))).round()
            }
        };
    }
    if metric == Metric::Hamming {
        return pairs().filter(|(q, x)| q != x).count() as f64;
    }
    if pairs().any(|(q, x)| !(q >= 0.0 && x >= 0.0) || q == f64::INFINITY && x == f64::INFINITY) {
        return f64::NAN;
    }
    if pairs().any(|(q, x)| q.max(x) == f64::INFINITY) {
        return 1.0;
    }
    let sum = |f: fn(f64, f64) -> f64| {
        pairs().fold(BigRatio::zero(), |sum, (q, x)| sum.add(&BigRatio::of(f(q, x))))
    };
    let (smaller, larger) = (sum(f64::min), sum(f64::max));
    match larger.is_zero() {
        true => 0.0,
        false => {
            let negative = smaller.multiply(&BigRatio::of(-1.0));
            larger.add(&negative).divide(&larger).round()
        }
    }
}

/// The score by the arithmetic that the documents define, one component after the other.
pub fn sequential(metric: Metric, row: &[f64], query: &[f64]) -> f64 {
    let ln = |a: f64, b: f64| ln_ratio(Scaled::of(a), Scaled::of(b));
    let ln_twice = |a: f64, b: f64| ln_ratio(Scaled::of(a).doubled(), Scaled::of(b));
    let kl = |q: f64, x: f64| if q == 0.0 { 0.0 } else { q * ln(q, x) };
    let js = |q: f64, x: f64| {
        let sum = q + x;
        let t = (q - x) / sum;
        if q == 0.0 && x == 0.0 {
            0.0
        } else if t.abs() < 0.125 {
            let z = t * t;
            let c = [1.0, 6.0, 15.0, 28.0, 45.0, 66.0, 91.0, 120.0].map(|n| 1.0 / n);
            let z4 = (z * z) * (z * z);
            let low = (c[0] + c[1] * z) + (c[2] + c[3] * z) * (z * z);
            let high = (c[4] + c[5] * z) + (c[6] + c[7] * z) * (z * z);
            sum * (z * (low + high * z4))
        } else {
            let term = |a: f64| if a == 0.0 { 0.0 } else { a * ln_twice(a, sum) };
            2.0 * (term(q) + term(x))
        }
    };
    let mut lanes = [0.0; 8];
    for (i, (&q, &x)) in query.iter().zip(row).enumerate() {
        if !(q >= 0.0 && x >= 0.0) {
            return f64::NAN;
        }
        lanes[i % 8] += if metric == Metric::KullbackLeibler { kl(q, x) } else { js(q, x) };
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    let sum = ((a + e) + (c + g)) + ((b + f) + (d + h));
    if metric == Metric::KullbackLeibler { sum } else { 0.25 * sum }
}

/// The score to twice the precision, and the sum of the magnitudes of its terms.
fn precise(metric: Metric, row: &[f64], query: &[f64]) -> (Double, f64) {
    let (zero, mut size) = (Double::new(0.0, 0.0), 0.0);
    let mut term = |factor: f64, a: f64, b: Double| {
        if a == 0.0 {
            return zero;
        }
        // ln(a / b) with b in two parts: the first order of the second is enough.
        let ln = Double::ln_ratio(a, b.high).add(Double::new(-b.low / b.high, 0.0));
        let term = Double::new(a, 0.0).multiply(ln).multiply(Double::new(factor, 0.0));
        size += term.high.abs();
        term
    };
    let sum = query.iter().zip(row).fold(zero, |sum, (&q, &x)| match metric {
        Metric::KullbackLeibler => sum.add(term(1.0, q, Double::new(x, 0.0))),
        _ => {
            let mean = Double::new(q, x).multiply(Double::new(0.5, 0.0));
            sum.add(term(0.5, q, mean)).add(term(0.5, x, mean))
        }
    });
    (sum, size)
}

/// Numbers that the dtype has, few of them negative.
fn not_negative(dtype: Dtype) -> BoxedStrategy<f64> {
    let is_float = matches!(dtype, Dtype::Float16 | Dtype::Float32 | Dtype::Float64);
    (number(dtype), 0u8..100)
        .prop_map(move |(x, keep)| match (is_float, x < 0.0) {
            _ if keep == 0 => x,
            (_, false) => x,
            (true, true) => -x,
            // The least integer has no counterpart.
            (false, true) => -(x + 1.0),
        })
        .boxed()
}

fn query_of(dtype: Dtype) -> BoxedStrategy<f64> {
    match is_bits(dtype) {
        true => number(dtype),
        false => prop_oneof![
            3 => not_negative(dtype),
            1 => (query_number(), 0u8..50).prop_map(|(q, keep)| if keep == 0 { q } else { q.abs() }),
        ]
        .boxed(),
    }
}

fn any_case() -> impl Strategy<Value = Case> {
    prop::sample::select(Dtype::ALL.to_vec())
        .prop_flat_map(|dtype| case(dtype, not_negative(dtype), query_of(dtype)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_iters: 500, ..ProptestConfig::default() })]

    #[test]
    fn hamming_and_jaccard_rank_as_the_rational_numbers_do(case in any_case()) {
        for metric in RATIONAL {
            case.check_by(metric, |row, query| {
                let score = rational(metric, case.dtype, row, query);
                (score, score)
            });
        }
    }

    #[test]
    fn near_ties_of_jaccard_rank_as_the_rational_numbers_do(
        case in case(Dtype::Float32, near().prop_map(f64::abs).boxed(), near().prop_map(f64::abs).boxed()),
    ) {
        case.check_by(Metric::Jaccard, |row, query| {
            let score = rational(Metric::Jaccard, case.dtype, row, query);
            (score, score)
        });
    }

    #[test]
    fn divergences_are_those_of_the_defined_arithmetic_on_every_tier(
        case in prop_oneof![
            any_case(),
            prop::sample::select(Dtype::ALL.to_vec())
                .prop_flat_map(|dtype| case(dtype, number(dtype), query_number().boxed())),
        ],
    ) {
        for metric in DIVERGENCES {
            case.check_by(metric, |row, query| {
                let score = sequential(metric, row, query);
                (score, score)
            });
        }
    }

    #[test]
    fn the_defined_arithmetic_is_near_the_real_numbers(
        pairs in proptest::collection::vec((magnitude(), magnitude(), -1e-3f64..1e-3, 0u8..4), 1..100),
    ) {
        let (query, row): (Vec<f64>, Vec<f64>) = pairs
            .into_iter()
            .map(|(q, x, step, kind)| match kind {
                0 => (q, q * (1.0 + step)),
                _ => (q, x),
            })
            .unzip();
        let unit = f64::EPSILON / 2.0;
        // Some roundings in a term, and those of the sum: a lane has at most 13 terms.
        if query.iter().zip(&row).all(|(&q, &x)| q == 0.0 || x > 0.0) {
            let (exact, size) = precise(Metric::KullbackLeibler, &row, &query);
            let error = (sequential(Metric::KullbackLeibler, &row, &query) - exact.high) - exact.low;
            prop_assert!(error.abs() <= 24.0 * unit * size, "kl: {error:e} of {size:e}");
        }
        // No term is negative, so nothing cancels between them.
        let (exact, _) = precise(Metric::JensenShannon, &row, &query);
        let error = (sequential(Metric::JensenShannon, &row, &query) - exact.high) - exact.low;
        prop_assert!(error.abs() <= 1000.0 * unit * exact.high, "js: {error:e} of {:e}", exact.high);
    }
}

fn magnitude() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => 0.0f64..1.0,
        2 => (-60i32..60, 1.0f64..2.0).prop_map(|(exponent, x)| x * 2f64.powi(exponent)),
        1 => Just(0.0),
    ]
}

#[test]
fn many_rows_give_the_same_by_every_metric_and_tier() {
    let mut next = noise(11);
    check_many_by(&DIRECT, Dtype::Float32, 37, 4000, 9, move || f64::from(next() as f32));
    let mut next = noise(12);
    check_many_by(&DIRECT, Dtype::Uint8, 141, 4000, 9, move || (next() * 256.0).floor());
    let mut next = noise(13);
    check_many_by(&DIRECT, Dtype::Bool, 33, 4000, 9, move || (next() * 2.0).floor());
    let mut next = noise(14);
    check_many_by(&DIRECT, Dtype::Int64, 9, 4000, 9, move || (next() * 5.0).floor());
    check_many_by(&DIRECT, Dtype::Float32, 3, 6000, 5, || 0.1f32.into());
    check_many_by(&DIRECT, Dtype::Uint8, 3, 6000, 5, || 7.0);
    check_many_by(&DIRECT, Dtype::Float64, 2, 3000, 5, || -1.0);
}

#[test]
fn long_rows_are_summed_in_the_same_order() {
    let mut next = noise(21);
    for dimensions in [127, 128, 129, 300] {
        // Zeros in some rows only: the others take the shorter way.
        let mut rows: Vec<f64> = (0..20 * dimensions).map(|_| next() + 1e-9).collect();
        rows[..10 * dimensions].iter_mut().step_by(3).for_each(|x| *x = 0.0);
        let case = Case {
            dtype: Dtype::Float64,
            dimensions,
            k: 20,
            rows,
            ids: (0..20).collect(),
            dead: vec![],
            queries: (0..2 * dimensions).map(|i| if i % 5 == 0 { 0.0 } else { next() }).collect(),
            cut: 20,
        };
        for metric in DIVERGENCES {
            case.check_by(metric, |row, query| {
                let score = sequential(metric, row, query);
                (score, score)
            });
        }
    }
}

/// The same by every tier, of one query, and of nine that are all the same.
fn scores(metric: Metric, dtype: Dtype, query: &[f64], rows: &[u8]) -> Vec<f64> {
    let calls = Tier::available().flat_map(|tier| [1, 9].map(|copies| (tier, copies)));
    let mut results = calls.map(|(tier, copies)| {
        let options = Options {
            metric,
            dtype,
            dimensions: query.len(),
            k: rows.len(),
            queries: &query.repeat(copies),
            tier: Some(tier.name()),
        };
        let scan = ExactScan::new(options).unwrap();
        let partition = Partition { rows, first_id: 0, ids: None, dead: None };
        let count = scan.count_rows(&partition).unwrap();
        scan.scan(&partition, 0..count).unwrap();
        let results = scan.results();
        let mut scores = vec![0.0; count];
        let last = (copies - 1) * rows.len();
        (0..count).for_each(|i| scores[results.ids[last + i] as usize] = results.scores[last + i]);
        scores
    });
    let first = results.next().unwrap();
    assert!(results.all(|other| other.iter().zip(&first).all(|(a, b)| bits(*a) == bits(*b))));
    first
}

#[test]
fn many_queries_on_bits_get_what_one_gets() {
    let mut next = noise(31);
    let mut draw = |dtype, count: usize| -> Vec<f64> {
        let below = if dtype == Dtype::Bool { 2.0 } else { 256.0 };
        (0..count).map(|_| (next() * below).floor()).collect()
    };
    for (dtype, dimensions) in
        [1, 7, 8, 9, 63, 64, 65, 130].into_iter().flat_map(|n| [(Dtype::Bool, n), (Dtype::Uint8, n)])
    {
        for (count, queries) in [(1, 9), (7, 8), (9, 7), (16, 12), (30, 13)] {
            let mut rows = draw(dtype, count * dimensions);
            // A row of zeros, which no bit is set in for a query of zeros.
            rows[..dimensions].fill(0.0);
            let mut asked = draw(dtype, queries * dimensions);
            asked[dimensions..2 * dimensions].fill(0.0);
            let case = Case {
                dtype,
                dimensions,
                k: 5,
                rows,
                ids: (0..count as u64).rev().collect(),
                dead: vec![3],
                queries: asked,
                cut: 19,
            };
            for metric in RATIONAL {
                case.check_by(metric, |row, query| {
                    let score = rational(metric, dtype, row, query);
                    (score, score)
                });
            }
        }
    }
}

#[test]
fn bytes_of_bools_are_one_bit_whatever_they_hold() {
    for (bytes, dimensions) in [([0u8, 1, 2, 255].repeat(40), 160), (vec![0, 2, 0, 9], 4)] {
        let query: Vec<f64> = (0..dimensions).map(|i| f64::from(i % 2)).collect();
        let (hamming, jaccard) = if dimensions == 4 { (0.0, 0.0) } else { (40.0, 40.0 / 120.0) };
        assert_eq!(scores(Metric::Hamming, Dtype::Bool, &query, &bytes), [hamming]);
        assert_eq!(scores(Metric::Jaccard, Dtype::Bool, &query, &bytes), [jaccard]);
    }
}

#[test]
fn bits_of_every_length_are_counted() {
    for length in 1..200 {
        let row = vec![0b1011_0001; length];
        let query: Vec<f64> = vec![f64::from(0b0110_0001); length];
        assert_eq!(
            scores(Metric::Hamming, Dtype::Uint8, &query, &row),
            [4.0 * length as f64 - length as f64]
        );
        assert_eq!(scores(Metric::Jaccard, Dtype::Uint8, &query, &row), [3.0 / 5.0]);
    }
}

#[test]
fn queries_on_bits_are_whole_numbers_that_the_dtype_has() {
    let error = |metric, dtype, value| {
        let queries = &[0.0, 1.0, -0.0, value];
        ExactScan::new(Options { metric, dtype, dimensions: 2, k: 1, queries, tier: None }).err()
    };
    for metric in RATIONAL {
        for (dtype, bad) in [
            (Dtype::Bool, [2.0, 0.5, -1.0, f64::NAN, f64::INFINITY]),
            (Dtype::Uint8, [256.0, 254.5, -1.0, f64::NAN, f64::NEG_INFINITY]),
        ] {
            assert_eq!(error(metric, dtype, 1.0), None);
            for value in bad {
                let error = error(metric, dtype, value).unwrap();
                assert_eq!(error.code, Code::InvalidArgument);
                assert!(error.message.ends_with(&format!("got {value}")), "{}", error.message);
            }
        }
    }
    assert_eq!(error(Metric::KullbackLeibler, Dtype::Uint8, 0.5), None);
    assert_eq!(error(Metric::Hamming, Dtype::Int8, f64::NAN), None);
}

#[test]
fn the_ends_of_the_definitions_are_as_the_documents_say() {
    let one = |metric, q: f64, x: f64| {
        let [score] = scores(metric, Dtype::Float64, &[q], &x.to_le_bytes())[..] else { panic!() };
        score
    };
    let (infinity, nan, tiny) = (f64::INFINITY, f64::NAN, f64::from_bits(1));
    for (metric, q, x, expected) in [
        (Metric::Hamming, 0.0, -0.0, 0.0),
        (Metric::Hamming, nan, nan, 1.0),
        (Metric::Hamming, infinity, infinity, 0.0),
        (Metric::Jaccard, 0.0, -0.0, 0.0),
        (Metric::Jaccard, infinity, 3.0, 1.0),
        (Metric::Jaccard, infinity, infinity, nan),
        (Metric::Jaccard, -1.0, 1.0, nan),
        (Metric::Jaccard, f64::MAX, tiny, 1.0),
        (Metric::KullbackLeibler, 0.0, 0.0, 0.0),
        (Metric::KullbackLeibler, 0.0, infinity, 0.0),
        (Metric::KullbackLeibler, 0.0, -1.0, nan),
        (Metric::KullbackLeibler, tiny, 0.0, infinity),
        (Metric::KullbackLeibler, infinity, 1.0, infinity),
        (Metric::KullbackLeibler, 1.0, infinity, -infinity),
        (Metric::KullbackLeibler, infinity, infinity, nan),
        (Metric::JensenShannon, 0.0, -0.0, 0.0),
        (Metric::JensenShannon, 2.0, 0.0, std::f64::consts::LN_2),
        (Metric::JensenShannon, infinity, 1.0, nan),
        (Metric::JensenShannon, 0.0, infinity, nan),
        (Metric::JensenShannon, f64::MAX, f64::MAX, nan),
        (Metric::JensenShannon, tiny, tiny, 0.0),
        (Metric::JensenShannon, -1.0, -1.0, nan),
    ] {
        assert_eq!(bits(one(metric, q, x)), bits(expected), "{metric:?} of {q} and {x}");
    }
}
