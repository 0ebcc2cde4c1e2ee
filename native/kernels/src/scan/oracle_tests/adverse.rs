//! Rows and queries made against the bounds of codes.
//!
//! The bound on a product is e |z| + (|r| + e) f + t_r t_w (docs/exact-search.md). Each of its terms is
//! reached by a query along what it bounds, and a row at a bound that is reached is lost as soon as the bound
//! is a little too narrow, when others that are hardly farther have set the threshold.

use super::cases::{Data, queries, unit_basis};
use super::random::Random;
use crate::arch::Tier;
use crate::codes::Transform;
use crate::distance::Metric;

/// So much too narrow a bound is.
const NARROW: f64 = 0.05;

/// A transform, and what it makes of each dimension: the columns of its matrix.
struct Frame {
    transform: Transform,
    columns: Vec<Vec<f64>>,
}

impl Frame {
    fn new(random: &mut Random, scale: f64) -> Self {
        let coordinates = random.pick(&[32, 32, 64]);
        let has_basis = coordinates == 32 && random.once_in(2);
        let dimensions = if has_basis { random.within(33..48) } else { coordinates };
        let offset = scale * random.pick(&[0.0, 0.0, 1.0, 10.0]);
        let mean: Vec<f32> = (0..dimensions).map(|_| (offset * random.even()) as f32).collect();
        let basis = has_basis.then(|| unit_basis(dimensions));
        let transform = Transform::new(random.bits(), mean, basis).expect("a mean and a basis are finite");
        let kernels = Tier::Scalar.kernels();
        let column = |j: usize| {
            let unit: Vec<f64> = (0..dimensions).map(|i| f64::from(u8::from(i == j))).collect();
            transform.apply_to_one(&kernels, &unit)
        };
        let columns = (0..dimensions).map(column).collect();
        Self { transform, columns }
    }

    fn coordinates(&self) -> usize {
        self.columns[0].len()
    }

    /// The vector of which the transform makes these coordinates.
    fn vector(&self, coordinates: &[f64]) -> Vec<f64> {
        let mean = self.transform.mean.iter().map(|&c| f64::from(c));
        mean.zip(&self.columns).map(|(c, column)| c + dot(column, coordinates)).collect()
    }

    /// A dimension that the basis misses.
    fn missed(&self) -> Option<usize> {
        self.columns.iter().position(|column| dot(column, column) < 0.5)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn length(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// Every coordinate at one end or the other of its code; so are those of the queries.
pub fn ends(random: &mut Random) -> Data {
    let scale = random.pick(&[1.0, 1.0, 1e-6, 1e6]);
    let frame = Frame::new(random, scale);
    let n = frame.coordinates();
    let sign: Vec<f64> = match random.within(0..4) {
        0 => vec![1.0; n],
        1 => vec![-1.0; n],
        2 => (0..n).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect(),
        _ => (0..n).map(|_| random.sign()).collect(),
    };
    let flipped = |random: &mut Random, rare: usize, size: f64| -> Vec<f64> {
        sign.iter().map(|s| if random.once_in(rare) { -s * size } else { s * size }).collect()
    };
    let mut rows = Vec::new();
    for _ in 0..random.within(3..100) {
        let rare = random.pick(&[2, 6, n, 1 << 20]);
        rows.push(frame.vector(&flipped(random, rare, scale)));
    }
    let size = scale * random.pick(&[1.0, 0.1, 30.0]);
    let mut asked = Vec::new();
    for _ in 0..queries(random) {
        let rare = random.pick(&[n, n, 1 << 20, 1 << 20]);
        asked.push(frame.vector(&flipped(random, rare, size)));
    }
    let k = Some(random.within(1..6));
    Data { rows, queries: asked, transform: frame.transform, k }
}

/// Coordinates of a row and of a query, and how large the term of the bound is that they reach.
struct Reached {
    row: Vec<f64>,
    query: Vec<f64>,
    /// What the basis misses of them, along one dimension.
    tails: [f64; 2],
    term: f64,
}

impl Reached {
    fn new(random: &mut Random, frame: &Frame, scale: f64) -> Self {
        let n = frame.coordinates();
        let kinds = if frame.missed().is_some() { 4 } else { 3 };
        let kind = random.within(0..kinds);
        // The last coordinate is at the end of the codes, which fixes their scale, and the first has the most
        // of the query, which fixes that of the query's: neither is off.
        let mut codes: Vec<f64> = (0..n).map(|_| random.within(1..255) as f64).collect();
        (codes[0], codes[n - 1]) = (128.0, 255.0);
        let mut missed: Vec<f64> = (0..n).map(|_| random.within(0..255) as f64 - 127.0).collect();
        (missed[0], missed[n - 1]) = (127.0, 0.0);
        if kind > 1 {
            missed.fill(0.0);
        }
        let row: Vec<f64> = codes.iter().zip(&missed).map(|(c, m)| scale * (c - 127.5 + m / 256.0)).collect();
        let mut whole: Vec<f64> = (0..n).map(|_| random.within(0..241) as f64 - 120.0).collect();
        whole[0] = 127.0;
        let largest = row.iter().fold(0.0, |largest: f64, y| largest.max(y.abs()));
        // In units of the query's code.
        let (query, off): (Vec<f64>, f64) = match kind {
            0 => (missed.clone(), 0.0),
            1 => (codes.iter().zip(&missed).map(|(c, m)| c % 16.0 - 7.5 + m / 256.0).collect(), 0.0),
            2 => {
                let off: Vec<f64> = row.iter().map(|y| 0.49 * y / largest).collect();
                (whole.iter().zip(&off).map(|(w, o)| w + o).collect(), length(&off))
            }
            _ => (whole, 0.0),
        };
        let size = length(&row) / length(&query) * random.pick(&[0.3, 1.0, 3.0]);
        let query: Vec<f64> = query.iter().map(|z| z * size).collect();
        let of_code = |missed: f64| missed * length(&query);
        let (tails, term) = match kind {
            0 => ([0.0; 2], of_code(scale / 256.0 * length(&missed))),
            1 => {
                let coarse = query.iter().map(|z| z / size * scale).collect::<Vec<_>>();
                ([0.0; 2], of_code(length(&coarse)))
            }
            2 => ([0.0; 2], length(&row) * off * size),
            _ => {
                let tails = [length(&row), length(&query)].map(|length| length * random.pick(&[0.3, 1.0]));
                (tails, tails[0] * tails[1])
            }
        };
        Self { row, query, tails, term }
    }
}

/// One row that reaches its bound, after others that rank just behind it.
pub fn against_bound(random: &mut Random, metric: Metric) -> Data {
    let scale = random.pick(&[1.0, 1.0, 1e-5, 1e5]);
    let frame = Frame::new(random, 100.0 * scale);
    let reached = Reached::new(random, &frame, scale);
    let (mut row, mut query) = (frame.vector(&reached.row), frame.vector(&reached.query));
    if let Some(dimension) = frame.missed() {
        row[dimension] += reached.tails[0];
        query[dimension] += reached.tails[1];
    }
    let k = random.within(1..4);
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for _ in 0..k {
        let share = 0.1 + 0.7 * random.unit();
        rows.push(farther(metric, &row, &query, share * NARROW * reached.term));
    }
    let worst = rows.iter().map(|row| key(metric, row, &query)).fold(f64::NEG_INFINITY, f64::max);
    for _ in 0..random.within(0..40) {
        let size = random.pick(&[1.0, 1.0, 3.0]) * length(&reached.row) / (frame.coordinates() as f64).sqrt();
        let coordinates: Vec<f64> = (0..frame.coordinates()).map(|_| size * random.bell()).collect();
        let other = frame.vector(&coordinates);
        if key(metric, &other, &query) > worst {
            rows.push(other);
        }
    }
    let at = if random.once_in(4) { random.within(0..rows.len() + 1) } else { rows.len() };
    rows.insert(at, row);
    let mut asked = vec![query.clone()];
    for _ in 1..queries(random) {
        let other = rows[random.within(0..rows.len())].clone();
        asked.push(if random.once_in(2) { query.clone() } else { other });
    }
    random.shuffle(&mut asked);
    Data { rows, queries: asked, transform: frame.transform, k: Some(k) }
}

/// What rows rank by, about.
fn key(metric: Metric, row: &[f64], query: &[f64]) -> f64 {
    match metric {
        Metric::Dot => -dot(row, query),
        Metric::Cosine => -dot(row, query) / (length(row) * length(query)),
        _ => row.iter().zip(query).map(|(x, q)| (x - q) * (x - q)).sum(),
    }
}

/// The row, moved along the gradient of its key by as much as a product that is smaller by `product`.
fn farther(metric: Metric, row: &[f64], query: &[f64], product: f64) -> Vec<f64> {
    let lengths = length(row) * length(query);
    let (gradient, more): (Vec<f64>, f64) = match metric {
        Metric::Dot => (query.iter().map(|q| -q).collect(), product),
        Metric::Cosine => {
            let along = dot(row, query) / (lengths * dot(row, row));
            (row.iter().zip(query).map(|(x, q)| along * x - q / lengths).collect(), product / lengths)
        }
        _ => (row.iter().zip(query).map(|(x, q)| 2.0 * (x - q)).collect(), 2.0 * product),
    };
    let step = more / dot(&gradient, &gradient);
    row.iter().zip(&gradient).map(|(x, g)| x + step * g).collect()
}
