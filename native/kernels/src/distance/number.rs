//! The hamming, jaccard, kl and js distances of rows of numbers: sums over components that every tier takes
//! in one order, index i in lane i mod 8, and without FMA, so that they are the same to the bit.

use super::Metric;
use super::compensated::LANES;
use super::element::Element;
use super::log::{Scaled, ln_ratio};

/// A query of numbers, with zeros behind up to whole lanes. A zero against a zero adds nothing, whatever the
/// metric.
pub struct NumberQuery {
    pub metric: Metric,
    pub dimensions: usize,
    /// Whether a component is negative or NaN, where the metric has no such.
    pub invalid: bool,
    padded: Vec<f64>,
    bits: Vec<u64>,
    exponents: Vec<f64>,
}

impl NumberQuery {
    pub fn new(values: &[f64], metric: Metric) -> Self {
        let mut padded = values.to_vec();
        padded.resize(values.len().next_multiple_of(LANES), 0.0);
        let scaled = || padded.iter().map(|&q| Scaled::of(q));
        Self {
            metric,
            dimensions: values.len(),
            invalid: metric != Metric::Hamming && !values.iter().all(|&value| value >= 0.0),
            bits: scaled().map(|q| q.bits).collect(),
            exponents: scaled().map(|q| q.exponent).collect(),
            padded,
        }
    }

    pub fn values(&self) -> &[f64] {
        &self.padded[..self.dimensions]
    }
}

/// The distance of each row of the tile; for jaccard off by a few roundings, which `jaccard::bound` allows
/// for.
#[inline(always)]
pub fn distances<E: Element>(tile: &[u8], query: &NumberQuery, into: &mut [f64]) {
    match query.metric {
        _ if query.invalid => into.fill(f64::NAN),
        Metric::KullbackLeibler => each::<E, KullbackLeibler, 1>(tile, query, into),
        Metric::JensenShannon => each::<E, JensenShannon, 1>(tile, query, into),
        Metric::Jaccard => each::<E, Jaccard, 2>(tile, query, into),
        _ => each::<E, Hamming, 1>(tile, query, into),
    }
}

/// A distance that is made of `N` sums over the components. A trait, since functions are inlined into those
/// of a tier where closures need not be.
trait Distance<const N: usize> {
    /// Whether terms take the logarithm of the row's number.
    const LOGARITHMIC: bool = false;

    /// `scaled` is that of `q`. With `NORMAL`, `x` is a normal positive number, or a zero behind the row.
    fn terms<const NORMAL: bool>(q: f64, scaled: Scaled, x: f64) -> [f64; N];

    fn of_sums(sums: [f64; N]) -> f64;
}

/// Terms that are worked out in one loop, of which the compiler makes vectors: it would not where the lanes
/// of one vector are the whole loop.
const BLOCK: usize = 128;

#[inline(always)]
fn each<E: Element, D: Distance<N>, const N: usize>(tile: &[u8], query: &NumberQuery, into: &mut [f64]) {
    let (mut numbers, mut terms) = ([0.0; BLOCK], [[0.0; BLOCK]; N]);
    for (row, distance) in tile.chunks_exact(query.dimensions * E::BYTES).zip(into) {
        let mut lanes = [[0.0; LANES]; N];
        for (block, row) in row.chunks(BLOCK * E::BYTES).enumerate() {
            let count = row.len() / E::BYTES;
            for (number, bytes) in numbers.iter_mut().zip(row.chunks_exact(E::BYTES)) {
                *number = E::decode(bytes);
            }
            let (first, padded) = (block * BLOCK, count.next_multiple_of(LANES));
            numbers[count..padded].fill(0.0);
            let (values, bits) = (&query.padded[first..][..padded], &query.bits[first..][..padded]);
            let (exponents, numbers) = (&query.exponents[first..][..padded], &numbers[..padded]);
            if D::LOGARITHMIC && all_normal(&numbers[..count]) {
                fill::<D, N, true>(values, bits, exponents, numbers, &mut terms);
            } else {
                fill::<D, N, false>(values, bits, exponents, numbers, &mut terms);
            }
            for n in 0..N {
                for terms in terms[n][..padded].as_chunks::<LANES>().0 {
                    for lane in 0..LANES {
                        lanes[n][lane] += terms[lane];
                    }
                }
            }
        }
        let mut sums = [0.0; N];
        for n in 0..N {
            let [a, b, c, d, e, f, g, h] = lanes[n];
            sums[n] = ((a + e) + (c + g)) + ((b + f) + (d + h));
        }
        *distance = D::of_sums(sums);
    }
}

/// Rows without zeros, infinities and NaN are the rule, and need no test of each number.
#[inline(always)]
fn fill<D: Distance<N>, const N: usize, const NORMAL: bool>(
    values: &[f64],
    bits: &[u64],
    exponents: &[f64],
    numbers: &[f64],
    terms: &mut [[f64; BLOCK]; N],
) {
    let count = numbers.len().min(BLOCK);
    let (values, bits) = (&values[..count], &bits[..count]);
    let (exponents, numbers) = (&exponents[..count], &numbers[..count]);
    for i in 0..count {
        let scaled = Scaled { bits: bits[i], exponent: exponents[i] };
        let of_number = D::terms::<NORMAL>(values[i], scaled, numbers[i]);
        for n in 0..N {
            terms[n][i] = of_number[n];
        }
    }
}

/// Looks at all of them, of which the compiler makes vectors; a loop that may stop early it leaves alone.
#[inline(always)]
fn all_normal(numbers: &[f64]) -> bool {
    // The sign bit of either difference is set where a number is out of the range.
    let (least, most) = (f64::MIN_POSITIVE.to_bits(), f64::MAX.to_bits());
    let outside = numbers
        .iter()
        .fold(0, |outside, x| outside | x.to_bits().wrapping_sub(least) | most.wrapping_sub(x.to_bits()));
    outside >> 63 == 0
}

struct Hamming;

impl Distance<1> for Hamming {
    #[inline(always)]
    fn terms<const NORMAL: bool>(q: f64, _: Scaled, x: f64) -> [f64; 1] {
        [if q == x { 0.0 } else { 1.0 }]
    }

    #[inline(always)]
    fn of_sums([sum]: [f64; 1]) -> f64 {
        sum
    }
}

struct Jaccard;

impl Distance<2> for Jaccard {
    #[inline(always)]
    fn terms<const NORMAL: bool>(q: f64, _: Scaled, x: f64) -> [f64; 2] {
        let larger = if q > x { q } else { x };
        [(q - x).abs(), if x >= 0.0 { larger } else { f64::NAN }]
    }

    #[inline(always)]
    fn of_sums([above, below]: [f64; 2]) -> f64 {
        if below == 0.0 { 0.0 } else { above / below }
    }
}

#[inline(always)]
fn scaled_number<const NORMAL: bool>(x: f64) -> Scaled {
    if NORMAL { Scaled { bits: x.to_bits(), exponent: 0.0 } } else { Scaled::of(x) }
}

struct KullbackLeibler;

impl Distance<1> for KullbackLeibler {
    const LOGARITHMIC: bool = true;

    /// q ln(q / x).
    #[inline(always)]
    fn terms<const NORMAL: bool>(q: f64, scaled: Scaled, x: f64) -> [f64; 1] {
        let term = q * ln_ratio(scaled, scaled_number::<NORMAL>(x));
        let zero = if NORMAL || x >= 0.0 { 0.0 } else { f64::NAN };
        [if q == 0.0 { zero } else { term }]
    }

    #[inline(always)]
    fn of_sums([sum]: [f64; 1]) -> f64 {
        sum
    }
}

struct JensenShannon;

impl Distance<1> for JensenShannon {
    const LOGARITHMIC: bool = true;

    /// 2 (q ln(q / m) + x ln(x / m)) where m = (q + x) / 2.
    #[inline(always)]
    fn terms<const NORMAL: bool>(q: f64, scaled: Scaled, x: f64) -> [f64; 1] {
        let sum = q + x;
        let mean = Scaled::of(sum);
        let of_q = q * ln_ratio(scaled.doubled(), mean);
        let of_x = x * ln_ratio(scaled_number::<NORMAL>(x).doubled(), mean);
        let apart = 2.0 * ((if q == 0.0 { 0.0 } else { of_q }) + (if x == 0.0 { 0.0 } else { of_x }));
        // With q = m (1 + t) and x = m (1 - t), the terms nearly cancel where t is small; this series does
        // not.
        let t = (q - x) / sum;
        let z = t * t;
        let [c0, c1, c2, c3, c4, c5, c6, c7] = SERIES;
        let (z2, z4) = (z * z, (z * z) * (z * z));
        let low = (c0 + c1 * z) + (c2 + c3 * z) * z2;
        let high = (c4 + c5 * z) + (c6 + c7 * z) * z2;
        let near = sum * (z * (low + high * z4));
        let term = if t.abs() < 0.125 { near } else { apart };
        let term = if sum == 0.0 { 0.0 } else { term };
        [if NORMAL || x >= 0.0 { term } else { f64::NAN }]
    }

    #[inline(always)]
    fn of_sums([sum]: [f64; 1]) -> f64 {
        0.25 * sum
    }
}

/// (1 + t) ln(1 + t) + (1 - t) ln(1 - t) is the sum of t^(2 n) / (n (2 n - 1)).
const SERIES: [f64; 8] =
    [1.0, 1.0 / 6.0, 1.0 / 15.0, 1.0 / 28.0, 1.0 / 45.0, 1.0 / 66.0, 1.0 / 91.0, 1.0 / 120.0];
