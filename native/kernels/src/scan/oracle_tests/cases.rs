//! Random cases, each a function of its seed: ordinary ones, and families in which rows are hard to tell
//! apart.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::random::Random;
use super::scores::decode;
use super::{adverse, even};
use crate::codes::Transform;
use crate::distance::{Dtype, Metric};
use crate::rowset::MAX_ID;
use crate::testing::bytes_of;

const PRODUCTS: [Metric; 4] = [Metric::L2, Metric::L2Squared, Metric::Cosine, Metric::Dot];
const OTHERS: [Metric; 4] =
    [Metric::Hamming, Metric::Jaccard, Metric::KullbackLeibler, Metric::JensenShannon];

#[derive(Clone, Copy, Debug)]
pub enum Family {
    /// Numbers around an offset; rows repeat, are a unit in the last place apart, or wild now and then.
    Spread,
    /// Of few numbers, so that many rows rank alike.
    Few,
    /// A few units in the last place apart.
    Neighbours,
    /// Copies of one row, which is the query, the mean or nothing; for cosine along one direction.
    Alike,
    /// Any bits at all: NaN, infinities, subnormal numbers.
    Wild,
    /// Codes and queries at the ends of their range: all nibbles 15 or 0.
    Ends,
    /// One row as near as a bound allows at all, and others that are hardly farther.
    AgainstBound,
    /// About as long as each other, often in a small cone.
    Even,
}

/// What a family makes. Without a transform, of which the metric needs none, the mean is 0.
pub struct Data {
    pub rows: Vec<Vec<f64>>,
    pub queries: Vec<Vec<f64>>,
    pub transform: Transform,
    pub k: Option<usize>,
}

pub struct Case {
    pub seed: u64,
    pub family: Family,
    pub metric: Metric,
    pub dtype: Dtype,
    pub dimensions: usize,
    pub k: usize,
    pub transform: Arc<Transform>,
    pub bytes: Vec<u8>,
    pub ids: Vec<u64>,
    /// Whether ids follow each other, and are left to the lists.
    pub numbered: bool,
    pub dead: Vec<u64>,
    pub queries: Vec<f64>,
    /// Rows of each list.
    pub lists: Vec<Range<usize>>,
}

impl fmt::Display for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { family, metric, dtype, dimensions, k, lists, .. } = self;
        let queries = self.queries.len() / dimensions;
        write!(out, "{family:?}, {metric:?} of {dtype:?} in {dimensions} dimensions, {queries} queries, ")?;
        write!(out, "k {k}, lists {lists:?}, {} of the rows dead", self.dead.len())
    }
}

impl Case {
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let (family, metric) = family(&mut random);
        let dtype = dtype(&mut random, family);
        let data = match family {
            Family::Ends => adverse::ends(&mut random),
            Family::AgainstBound => adverse::against_bound(&mut random, metric),
            Family::Even => even::rows(&mut random),
            _ => Mixed::new(&mut random, family, metric, dtype).data(&mut random),
        };
        let Data { mut rows, mut queries, transform, k } = data;
        if !metric.is_of_products() {
            let stored = |numbers: &[f64]| {
                decode(dtype, &numbers.iter().flat_map(|&x| bytes_of(dtype, x)).collect::<Vec<_>>())
            };
            let negative = random.once_in(30);
            let vectors = rows.iter_mut().chain(&mut queries).flatten();
            vectors.filter(|x| !negative && **x < 0.0).for_each(|x| *x = -*x);
            if matches!(dtype, Dtype::Bool | Dtype::Uint8) {
                queries.iter_mut().for_each(|query| *query = stored(query));
            }
        }
        let (count, dimensions) = (rows.len(), transform.dimensions);
        let k = k.unwrap_or_else(|| match random.within(0..8) {
            0..3 => 1,
            3..6 => random.within(2..12),
            6 => random.within(1..count + 1),
            _ => random.within(count + 1..count + 9),
        });
        let numbered = random.once_in(3);
        let ids = ids(&mut random, count, numbered);
        let share = random.pick(&[0.0, 0.0, 0.15, 0.6]);
        let dead = ids.iter().copied().filter(|_| random.unit() < share).collect();
        let bytes = rows.iter().flatten().flat_map(|&x| bytes_of(dtype, x)).collect();
        let (transform, queries) = (Arc::new(transform), queries.concat());
        let lists = lists(&mut random, count);
        Self {
            seed,
            family,
            metric,
            dtype,
            dimensions,
            k,
            transform,
            bytes,
            ids,
            numbered,
            dead,
            queries,
            lists,
        }
    }

    pub fn row_bytes(&self) -> usize {
        self.dimensions * self.dtype.bytes()
    }

    pub fn row(&self, row: usize) -> &[u8] {
        &self.bytes[row * self.row_bytes()..][..self.row_bytes()]
    }
}

fn family(random: &mut Random) -> (Family, Metric) {
    if random.once_in(4) {
        let families =
            [Family::Spread, Family::Few, Family::Few, Family::Neighbours, Family::Alike, Family::Wild];
        return (random.pick(&families), random.pick(&OTHERS));
    }
    if random.once_in(10) {
        return (Family::Even, if random.once_in(4) { random.pick(&PRODUCTS) } else { Metric::Cosine });
    }
    let family = match random.within(0..16) {
        0..3 => Family::Spread,
        3..6 => Family::Few,
        6..8 => Family::Neighbours,
        8..11 => Family::Alike,
        11 => Family::Wild,
        12..14 => Family::Ends,
        _ => Family::AgainstBound,
    };
    (family, random.pick(&PRODUCTS))
}

fn dtype(random: &mut Random, family: Family) -> Dtype {
    match family {
        Family::Ends | Family::AgainstBound | Family::Even => {
            random.pick(&[Dtype::Float32, Dtype::Float32, Dtype::Float64])
        }
        Family::Neighbours => random.pick(&[Dtype::Float32, Dtype::Float32, Dtype::Float64, Dtype::Float16]),
        _ if random.once_in(3) => Dtype::Float32,
        _ if random.once_in(6) => Dtype::Uint8,
        _ => random.pick(&Dtype::ALL),
    }
}

fn ids(random: &mut Random, count: usize, numbered: bool) -> Vec<u64> {
    let first = random.pick(&[0, 5, 1 << 40, MAX_ID + 1 - count as u64]);
    let mut ids: Vec<u64> = (0..count as u64).map(|i| first + i).collect();
    if !numbered {
        random.shuffle(&mut ids);
    }
    ids
}

fn lists(random: &mut Random, count: usize) -> Vec<Range<usize>> {
    let mut cuts: Vec<usize> = (1..random.within(1..6)).map(|_| random.within(0..count + 1)).collect();
    cuts.extend([0, count]);
    cuts.sort_unstable();
    cuts.dedup();
    cuts.windows(2).map(|cut| cut[0]..cut[1]).collect()
}

pub fn queries(random: &mut Random) -> usize {
    random.pick(&[1, 1, 1, 2, 3, 4, 5, 8, 9, 17])
}

/// 32 directions of a reflection, the first of them now and then a little too long.
fn reflected_basis(random: &mut Random, dimensions: usize) -> Vec<f32> {
    let normal: Vec<f64> = (0..dimensions).map(|_| random.even()).collect();
    let squared: f64 = normal.iter().map(|x| x * x).sum();
    let stretch = random.pick(&[0.0, 0.0, 4e-4, -4e-4]);
    let entry = |i: usize, j: usize| {
        let reflected = f64::from(u8::from(i == j)) - 2.0 * normal[i] * normal[j] / squared;
        (reflected * if i == 0 { 1.0 + stretch } else { 1.0 }) as f32
    };
    (0..32).flat_map(|i| (0..dimensions).map(move |j| (i, j))).map(|(i, j)| entry(i, j)).collect()
}

/// 32 directions, each along one dimension: the transform misses the other dimensions.
pub fn unit_basis(dimensions: usize) -> Vec<f32> {
    let direction = |i: usize| (0..dimensions).map(move |j| f32::from(u8::from(j == (i + 7) % dimensions)));
    (0..32).flat_map(direction).collect()
}

/// The families that are mixed of kinds of rows.
struct Mixed {
    family: Family,
    dtype: Dtype,
    is_cosine: bool,
    dimensions: usize,
    offset: f64,
    scale: f64,
    /// One row in so many is wild.
    wild: usize,
    few: Vec<f64>,
}

impl Mixed {
    fn new(random: &mut Random, family: Family, metric: Metric, dtype: Dtype) -> Self {
        let dimensions = match random.within(0..8) {
            0..3 => random.within(1..9),
            3..5 => random.within(9..40),
            5..7 => random.pick(&[32, 33, 64, 96]),
            _ => random.within(41..140),
        };
        let is_integer = !matches!(dtype, Dtype::Float16 | Dtype::Float32 | Dtype::Float64);
        let (scale, offset) = match dtype {
            Dtype::Float16 => (1.0, random.pick(&[0.0, 100.0])),
            _ if is_integer => random.pick(&[(2.0, 1.0), (100.0, 100.0), (1.0, 0.0), (1e4, 0.0)]),
            _ => {
                let end = if dtype == Dtype::Float64 { [1e-165, 1e165] } else { [1e-36, 1e30] };
                let scale = random.pick(&[1.0, 1.0, 1.0, 1e-3, 1e-12, 1e12, end[0], end[1]]);
                (scale, scale * random.pick(&[0.0, 0.0, 0.25, 1e4]))
            }
        };
        let few = random.pick(&[[0.0, 1.0], [1.0, -1.0], [0.0, 255.0], [1.0, 3.0], [0.0, -0.0]]);
        let few = few.into_iter().chain(few).chain([random.pick(&[2.0, 0.5, 4.0, 0.1])]).collect();
        let (is_cosine, wild) = (metric == Metric::Cosine, random.pick(&[3, 20, 1 << 20, 1 << 20]));
        Self { family, dtype, is_cosine, dimensions, offset, scale, wild, few }
    }

    fn vector(&self, mut number: impl FnMut() -> f64) -> Vec<f64> {
        (0..self.dimensions).map(|_| number()).collect()
    }

    fn ordinary(&self, random: &mut Random) -> Vec<f64> {
        self.vector(|| match self.family {
            Family::Few => random.pick(&self.few),
            _ => self.offset + self.scale * random.bell(),
        })
    }

    /// Any bits that the dtype has; as a query, of float64.
    fn any(&self, random: &mut Random, dtype: Dtype) -> Vec<f64> {
        self.vector(|| {
            let bits = random.bits().to_le_bytes();
            let kinds = [
                f64::NAN,
                f64::INFINITY,
                f64::NEG_INFINITY,
                f64::MAX,
                0.0,
                -0.0,
                1e-162,
                1e-320,
                1e-40,
                1e16,
            ];
            if random.once_in(3) { random.pick(&kinds) } else { decode(dtype, &bits[..dtype.bytes()])[0] }
        })
    }

    /// Some numbers of it a few units in the last place away.
    fn near(&self, random: &mut Random, row: &[f64]) -> Vec<f64> {
        let steps = random.pick(&[1, 1, 3]);
        let step = |x: f64| match self.dtype {
            Dtype::Float64 => x.next_up(),
            _ => (x as f32).next_up().into(),
        };
        let rare = random.pick(&[1, 3, 30]);
        row.iter()
            .map(|&x| if random.once_in(rare) { (0..steps).fold(x, |x, _| step(x)) } else { x })
            .collect()
    }

    fn mean(&self, random: &mut Random, like: &[f64]) -> Vec<f32> {
        let mean: Vec<f32> = match random.within(0..5) {
            0..2 => vec![0.0; self.dimensions],
            2 => like.iter().map(|&x| x as f32).collect(),
            _ => vec![self.offset as f32; self.dimensions],
        };
        mean.into_iter().map(|x| if x.is_finite() { x } else { 1.0 }).collect()
    }

    fn data(&self, random: &mut Random) -> Data {
        let many = random.once_in(80) && !matches!(self.family, Family::Wild);
        let count = match random.within(0..6) {
            _ if many => random.within(1000..2300),
            0 => random.within(1..7),
            _ => random.within(8..150),
        };
        let center = match random.within(0..4) {
            0 => vec![0.0; self.dimensions],
            _ => self.ordinary(random),
        };
        let mean = self.mean(random, &center);
        let mut rows: Vec<Vec<f64>> = Vec::new();
        for i in 0..count {
            let row = self.row(random, &center, &mean, &rows);
            let is_wild =
                i % self.wild == self.wild - 1 && matches!(self.family, Family::Spread | Family::Alike);
            rows.push(if is_wild { self.with_wild(random, row) } else { row });
        }
        let queries = (0..queries(random)).map(|_| self.query(random, &center, &mean, &rows)).collect();
        let basis = match random.within(0..4) {
            0 if self.dimensions >= 32 => Some(unit_basis(self.dimensions)),
            1 if self.dimensions >= 32 => Some(reflected_basis(random, self.dimensions)),
            _ => None,
        };
        let transform = Transform::new(random.bits(), mean, basis).expect("a mean and a basis are finite");
        Data { rows, queries, transform, k: None }
    }

    fn with_wild(&self, random: &mut Random, mut row: Vec<f64>) -> Vec<f64> {
        let at = random.within(0..row.len());
        row[at] = self.any(random, self.dtype)[0];
        row
    }

    fn row(&self, random: &mut Random, center: &[f64], mean: &[f32], rows: &[Vec<f64>]) -> Vec<f64> {
        let earlier = (!rows.is_empty()).then(|| &rows[random.within(0..rows.len().max(1))]);
        let kind = random.within(0..12);
        match self.family {
            Family::Wild if kind > 2 => self.any(random, self.dtype),
            Family::Neighbours if kind > 0 => self.near(random, center),
            Family::Alike if kind > 3 => {
                let factor = if self.is_cosine { random.pick(&[1.0, 2.0, 0.5, 4.0]) } else { 1.0 };
                center.iter().map(|x| factor * x).collect()
            }
            _ => match (kind, earlier) {
                (0, _) => vec![0.0; self.dimensions],
                (1, _) => mean.iter().map(|&x| x.into()).collect(),
                (2, Some(row)) => row.clone(),
                (3, Some(row)) => self.near(random, row),
                _ => self.ordinary(random),
            },
        }
    }

    fn query(&self, random: &mut Random, center: &[f64], mean: &[f32], rows: &[Vec<f64>]) -> Vec<f64> {
        let kind = random.within(0..10);
        match self.family {
            Family::Wild if kind > 4 => self.any(random, Dtype::Float64),
            Family::Alike if kind > 2 => center.to_vec(),
            Family::Neighbours if kind > 4 => self.near(random, center),
            _ => match kind {
                0 => vec![0.0; self.dimensions],
                1 => mean.iter().map(|&x| x.into()).collect(),
                2..4 => rows[random.within(0..rows.len())].clone(),
                4 => mean.iter().map(|&x| f64::from(x) + 1e-9 * self.scale * random.even()).collect(),
                _ => self.ordinary(random),
            },
        }
    }
}
