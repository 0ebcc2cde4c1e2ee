use super::*;
use crate::testing::{BigRatio, bits, bytes_of, numbers};
use proptest::prelude::*;

mod direct;
mod many;
pub use direct::sequential;
pub use many::noise;

/// Those that are of products.
pub const METRICS: [Metric; 4] = [Metric::L2, Metric::L2Squared, Metric::Cosine, Metric::Dot];

/// The score by its definition, in rational numbers.
pub fn oracle_score(metric: Metric, row: &[f64], query: &[f64]) -> f64 {
    let pairs = || query.iter().zip(row);
    if pairs().any(|(q, x)| !q.is_finite() || !x.is_finite()) {
        return oracle_not_finite(metric, row, query);
    }
    let dot = |a: &[f64], b: &[f64]| {
        a.iter()
            .zip(b)
            .fold(BigRatio::zero(), |sum, (&a, &b)| sum.add(&BigRatio::of(a).multiply(&BigRatio::of(b))))
    };
    let squares = || {
        pairs().fold(BigRatio::zero(), |sum, (&q, &x)| {
            let difference = BigRatio::of(q).add(&BigRatio::of(-x));
            sum.add(&difference.multiply(&difference))
        })
    };
    match metric {
        Metric::L2 => squares().root().round(),
        Metric::L2Squared => squares().round(),
        Metric::Dot => dot(query, row).round(),
        Metric::Cosine => {
            let norms = dot(query, query).multiply(&dot(row, row));
            if norms.is_zero() {
                return 0.0;
            }
            let dot = dot(query, row);
            let magnitude = dot.multiply(&dot).divide(&norms).root().round();
            if dot.is_negative() && magnitude != 0.0 { -magnitude } else { magnitude }
        }
        _ => unreachable!("{metric:?} is not of products"),
    }
}

/// What rows rank by, and the score.
fn oracle_key(metric: Metric, row: &[f64], query: &[f64]) -> (f64, f64) {
    let score = oracle_score(metric, row, query);
    match metric {
        Metric::L2 => (oracle_score(Metric::L2Squared, row, query), score),
        Metric::L2Squared => (score, score),
        _ => (-score, score),
    }
}

pub fn oracle_not_finite(metric: Metric, row: &[f64], query: &[f64]) -> f64 {
    let clipped = |value: f64| {
        if value.is_finite() { value.signum() * f64::from(u8::from(value != 0.0)) } else { value }
    };
    // Only whether numbers are zero, negative or infinite matters now, and small ones cannot overflow.
    let terms = query.iter().zip(row).map(|(&q, &x)| match metric {
        Metric::L2 | Metric::L2Squared if q.is_finite() && x.is_finite() => 0.0,
        Metric::L2 | Metric::L2Squared => (q - x).powi(2),
        _ => clipped(q) * clipped(x),
    });
    match metric {
        Metric::Cosine => f64::NAN,
        _ => terms.sum(),
    }
}

/// Ids and scores of the best, by scoring every row.
fn oracle(case: &Case, query: &[f64], score: &impl Fn(&[f64], &[f64]) -> (f64, f64)) -> Vec<(u64, u64)> {
    let mut hits: Vec<(f64, u64, f64)> = Vec::new();
    for (index, row) in case.rows.chunks(case.dimensions).enumerate() {
        let id = case.ids[index];
        if case.dead.contains(&id) {
            continue;
        }
        let (key, score) = score(row, query);
        hits.push((key, id, score));
    }
    hits.sort_by(|a, b| {
        let by_key = a.0.partial_cmp(&b.0).unwrap_or_else(|| a.0.is_nan().cmp(&b.0.is_nan()));
        by_key.then(a.1.cmp(&b.1))
    });
    hits.into_iter().take(case.k).map(|(_, id, score)| (id, bits(score))).collect()
}

#[derive(Clone, Debug)]
struct Case {
    dtype: Dtype,
    dimensions: usize,
    k: usize,
    rows: Vec<f64>,
    ids: Vec<u64>,
    dead: Vec<u64>,
    queries: Vec<f64>,
    /// Rows in each partition.
    cut: usize,
}

impl Case {
    fn bytes(&self) -> Vec<u8> {
        self.rows.iter().flat_map(|&x| bytes_of(self.dtype, x)).collect()
    }

    fn scan(&self, metric: Metric, tier: Tier) -> Results {
        let options = Options {
            metric,
            dtype: self.dtype,
            dimensions: self.dimensions,
            k: self.k,
            queries: &self.queries,
            tier: Some(tier.name()),
        };
        let scan = ExactScan::new(options).unwrap();
        let mut dead = self.dead.clone();
        dead.sort_unstable();
        let dead = RowSet::from_sorted(dead).unwrap();
        let bytes = self.bytes();
        let row_bytes = self.dimensions * self.dtype.bytes();
        std::thread::scope(|scope| {
            let parts = bytes.chunks(row_bytes * self.cut).zip(self.ids.chunks(self.cut));
            for (rows, ids) in parts {
                let (scan, dead) = (&scan, &dead);
                scope.spawn(move || {
                    let partition = Partition { rows, first_id: 0, ids: Some(ids), dead: Some(dead) };
                    let count = scan.count_rows(&partition).unwrap();
                    let middle = count / 2;
                    scan.scan(&partition, middle..count).unwrap();
                    scan.scan(&partition, 0..middle).unwrap();
                });
            }
        });
        scan.results()
    }

    fn check(&self) {
        for metric in METRICS {
            self.check_by(metric, |row, query| oracle_key(metric, row, query));
        }
    }

    /// Compares the hits with those that `score` gives: what rows rank by, and their scores.
    fn check_by(&self, metric: Metric, score: impl Fn(&[f64], &[f64]) -> (f64, f64)) {
        let queries = || self.queries.chunks(self.dimensions);
        let oracles: Vec<_> = queries().map(|query| oracle(self, query, &score)).collect();
        for tier in Tier::available() {
            let results = self.scan(metric, tier);
            for (q, (query, expected)) in queries().zip(&oracles).enumerate() {
                let range = q * self.k..q * self.k + results.counts[q] as usize;
                let found: Vec<_> = results.ids[range.clone()]
                    .iter()
                    .zip(&results.scores[range])
                    .map(|(&id, &score)| (id as u64, bits(score)))
                    .collect();
                assert_eq!(&found, expected, "{metric:?} with {tier:?}, query {q} {query:?}");
            }
        }
    }
}

/// A float32 of any kind, as the row numbers of hard cases are.
fn hard() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => (-2.0f32..2.0).prop_map(f64::from),
        3 => (-3i8..4).prop_map(f64::from),
        1 => (9999.0f32..10001.0).prop_map(f64::from),
        1 => any::<u32>().prop_map(|bits| f64::from(f32::from_bits(bits))),
        1 => prop::sample::select(vec![
            0.0, -0.0, f64::from(f32::MAX), f64::from(f32::MIN_POSITIVE), f64::from(f32::from_bits(1)),
            f64::from(1.0f32.next_up()), f64::INFINITY, f64::NEG_INFINITY, f64::NAN,
        ]),
    ]
}

/// Numbers that make near ties: few values, a unit in the last place apart, on an offset.
fn near() -> impl Strategy<Value = f64> {
    (prop::sample::select(vec![0.0f32, 1.0, 1e4, -1e4]), 0u32..3)
        .prop_map(|(base, steps)| f64::from((0..steps).fold(base, |value, _| value.next_up())))
}

fn query_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => hard(),
        2 => near(),
        2 => -2.0f64..2.0,
        1 => any::<u64>().prop_map(f64::from_bits),
        1 => prop::sample::select(vec![
            f64::MAX, 1e200, 1e-200, f64::from_bits(1), 1.0f64.next_up(), 1e4 + 1e-12,
        ]),
    ]
}

fn case(
    dtype: Dtype,
    row: impl Strategy<Value = f64> + Clone + 'static,
    query: impl Strategy<Value = f64> + Clone + 'static,
) -> impl Strategy<Value = Case> {
    (1usize..40, 1usize..30, 1usize..6, 1usize..35, 1usize..30).prop_flat_map(
        move |(dimensions, rows, queries, k, cut)| {
            let row = row.clone();
            // Rows repeat and are zero now and then; queries are rows now and then.
            let row = prop_oneof![
                6 => proptest::collection::vec(row, dimensions),
                1 => Just(vec![0.0; dimensions]),
            ];
            let query = proptest::collection::vec(query.clone(), dimensions);
            let rows = proptest::collection::vec((row, any::<prop::sample::Index>(), 0..4), rows);
            let queries = proptest::collection::vec((query, any::<prop::sample::Index>(), 0..4), queries);
            let ids = Just((0..30u64).map(|i| i * 7 % 31).collect::<Vec<_>>()).prop_shuffle();
            let dead = proptest::collection::btree_set(0u64..31, 0..8);
            (rows, queries, ids, dead).prop_map(move |(rows, queries, ids, dead)| {
                let mut list: Vec<Vec<f64>> = Vec::new();
                for (row, from, repeat) in rows {
                    let copy = list.get(from.index(list.len().max(1))).cloned();
                    list.push(copy.filter(|_| repeat == 0).unwrap_or(row));
                }
                let queries = queries.into_iter().flat_map(|(query, from, repeat)| {
                    if repeat == 0 { list[from.index(list.len())].clone() } else { query }
                });
                let queries = queries.collect();
                let ids = ids[..list.len().min(30)].to_vec();
                let dead = dead.into_iter().collect();
                Case { dtype, dimensions, k, rows: list.concat(), ids, dead, queries, cut }
            })
        },
    )
}

fn byte() -> impl Strategy<Value = f64> + Clone {
    prop_oneof![any::<u8>(), 0u8..3].prop_map(f64::from).boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 500, ..ProptestConfig::default() })]

    #[test]
    fn hard_float32_rows_rank_as_the_rational_numbers_do(
        case in case(Dtype::Float32, hard().boxed(), query_number().boxed()),
    ) {
        case.check();
    }

    #[test]
    fn near_ties_of_float32_rows_rank_as_the_rational_numbers_do(
        case in case(Dtype::Float32, near().boxed(), near().boxed()),
    ) {
        case.check();
    }

    #[test]
    fn uint8_rows_rank_as_the_rational_numbers_do(
        case in case(
            Dtype::Uint8,
            byte().boxed(),
            prop_oneof![
                4 => byte(),
                2 => (-32768i32..32769).prop_map(f64::from),
                1 => query_number(),
            ].boxed(),
        ),
    ) {
        case.check();
    }

    #[test]
    fn uint8_rows_with_integer_queries_rank_as_the_rational_numbers_do(
        case in case(Dtype::Uint8, byte().boxed(), byte().boxed()),
    ) {
        case.check();
    }
}

/// A float64 of any kind: of ordinary size, with the last bits set, and at the ends of the range.
fn double() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => -2.0f64..2.0,
        2 => (-3i8..4).prop_map(f64::from),
        1 => any::<u64>().prop_map(f64::from_bits),
        1 => (-1000i32..1000).prop_map(|exponent| 2f64.powi(exponent)),
        2 => (prop::sample::select(vec![0.0, 1.0, 1e4, -1e4, 1e-160, 1e160]), 0u32..3)
            .prop_map(|(base, steps)| (0..steps).fold(base, |value: f64, _| value.next_up())),
        1 => prop::sample::select(vec![
            0.0, -0.0, f64::MAX, f64::MIN_POSITIVE, f64::from_bits(1), f64::INFINITY, f64::NAN, 1e-200, 1e200,
        ]),
    ]
}

/// Numbers that the dtype has, its ends among them.
fn number(dtype: Dtype) -> BoxedStrategy<f64> {
    let bytes = proptest::collection::vec(any::<u8>(), dtype.bytes());
    let any_bits = bytes.prop_map(move |bytes| numbers(dtype, &bytes)[0]);
    match dtype {
        Dtype::Bool => any::<bool>().prop_map(|x| f64::from(u8::from(x))).boxed(),
        Dtype::Float32 => hard().boxed(),
        Dtype::Float64 => double().boxed(),
        // A conversion to float64 and back ends within the type.
        Dtype::Int64 => {
            prop_oneof![any_bits.prop_map(|x| (x / 2.0).floor()), (-4i8..5).prop_map(f64::from)].boxed()
        }
        Dtype::Uint64 => {
            prop_oneof![any_bits.prop_map(|x| (x / 2.0).floor()), (0u8..5).prop_map(f64::from)].boxed()
        }
        Dtype::Int8 | Dtype::Int16 | Dtype::Int32 | Dtype::Float16 => {
            prop_oneof![any_bits, (-4i8..5).prop_map(f64::from)].boxed()
        }
        Dtype::Uint8 | Dtype::Uint16 | Dtype::Uint32 => {
            prop_oneof![any_bits, (0u8..5).prop_map(f64::from)].boxed()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 500, ..ProptestConfig::default() })]

    #[test]
    fn rows_of_every_dtype_rank_as_the_rational_numbers_do(
        case in prop::sample::select(Dtype::ALL.to_vec()).prop_flat_map(|dtype| {
            case(dtype, number(dtype), prop_oneof![3 => number(dtype), 1 => query_number()].boxed())
        }),
    ) {
        case.check();
    }

    #[test]
    fn float64_rows_rank_as_the_rational_numbers_do(
        case in case(Dtype::Float64, double().boxed(), double().boxed()),
    ) {
        case.check();
    }
}

#[test]
fn a_last_bit_decides_where_a_float64_sum_would_not() {
    // In float64 both squared distances to 0 are 1e16 + 2 or its neighbours; the real ones differ by 2^-40.
    let rows = [[1e8f32, 1.0, 1.0 + f32::EPSILON], [1e8, 1.0, 1.0]];
    let rows: Vec<f64> = rows.concat().into_iter().map(f64::from).collect();
    let case = Case {
        dtype: Dtype::Float32,
        dimensions: 3,
        k: 2,
        rows,
        ids: vec![1, 2],
        dead: vec![],
        queries: vec![0.0, 0.0, 0.0, 1e8, 1.0, 1.0 + 1e-15],
        cut: 2,
    };
    case.check();
    // The first two tie once rounded, so the id decides; near the query they do not.
    let results = case.scan(Metric::L2Squared, Tier::Scalar);
    assert_eq!(results.ids, [1.0, 2.0, 2.0, 1.0]);
}

#[test]
fn squares_that_leave_float64_decide_nothing() {
    let case = |rows: Vec<f64>, query: Vec<f64>| Case {
        dtype: Dtype::Float64,
        dimensions: query.len(),
        k: 1,
        rows,
        ids: vec![1, 2],
        dead: vec![],
        queries: query,
        cut: 2,
    };
    // Each square of the first row underflows to nothing, and together they are more than the second's.
    let mut rows = vec![1e-162; 200];
    rows[100..].fill(0.0);
    rows[100] = 2.2e-162;
    let tiny = case(rows, vec![0.0; 100]);
    tiny.check();
    assert_eq!(tiny.scan(Metric::L2Squared, Tier::Scalar).ids, [2.0]);
    // The squared length of the second row times that of the query overflows; it points as the query does.
    let huge = case(vec![0.5, 0.8, 1e150, 0.0], vec![1e60, 0.0]);
    huge.check();
    assert_eq!(huge.scan(Metric::Cosine, Tier::Scalar).ids, [2.0]);
    // Products of numbers that are small, but not their sum.
    let small = case([vec![1e-170; 40], vec![1e-171; 39], vec![2e-169]].concat(), vec![1e-50; 40]);
    small.check();
}

#[test]
fn wrong_sizes_are_refused() {
    let options = |dimensions, k, queries| Options {
        metric: Metric::L2,
        dtype: Dtype::Uint8,
        dimensions,
        k,
        queries,
        tier: None,
    };
    let code = |result: Result<ExactScan>| result.err().map(|error| error.code);
    assert_eq!(code(ExactScan::new(options(0, 1, &[]))), Some(Code::InvalidArgument));
    assert_eq!(code(ExactScan::new(options(1, 0, &[]))), Some(Code::InvalidArgument));
    assert_eq!(code(ExactScan::new(options(2, 1, &[0.0; 3]))), Some(Code::InvalidArgument));
    assert_eq!(code(ExactScan::new(options(1, usize::MAX, &[0.0; 3]))), Some(Code::ResourceExhausted));
    let scan = ExactScan::new(options(2, 1, &[0.0; 2])).unwrap();
    let count = |rows, first_id, ids| scan.count_rows(&Partition { rows, first_id, ids, dead: None });
    assert_eq!(count(&[0; 6], 0, None), Ok(3));
    assert!(count(&[0; 5], 0, None).is_err());
    assert!(count(&[0; 6], 0, Some(&[1, 2])).is_err());
    assert!(count(&[0; 6], MAX_ID - 2, None).is_ok());
    assert!(count(&[0; 6], MAX_ID - 1, None).is_err());
    assert!(count(&[0; 6], u64::MAX, None).is_err());
}
