//! A transform for rows by a sample of them: their mean, and their principal directions where few of those
//! hold most of what varies.

use std::ops::RangeInclusive;

use super::encode::BOUNDED;
use super::layout::STEP;
use super::product::{Entries, Matrix, Products, dot};
use super::rotation::split_mix;
use super::transform::Transform;
use crate::arch::{DefaultFloatState, Tier};
use crate::distance::Dtype;
use crate::{Error, Result};

/// Where a basis is looked for: with fewer dimensions no `STEP` is half of them, with more the time for the
/// covariance and for projecting every row on the directions is out of proportion to what codes save.
const DIMENSIONS: RangeInclusive<usize> = 2 * STEP..=2048;

/// The part of the variance that the directions keep. Of MNIST, 95 % are 160 coordinates of 784, whose codes
/// leave 157 rows of 60,000 for a query, of which 58 are scored. 90 % (96 coordinates) leave 648, whose low
/// nibbles cost more time than fewer coordinates save; 97 % (224) leave 72 and are no faster.
const SHARE: f64 = 0.95;

/// Fewer rows tell more of themselves than of where they come from. With g dimensions a row, the eigenvalues
/// of the covariance of noise have mean 1 and variance g (Marchenko and Pastur, 1967), so half of them hold
/// at most (1 + g^0.5) / 2 of their sum: with two rows a dimension 0.854, less than `SHARE`.
const ROWS_A_DIMENSION: usize = 2;

/// The covariance takes at most so many products, by the leaving out of rows; at 2048 dimensions it still has
/// four rows a dimension.
const PRODUCTS: usize = 1 << 35;

/// Rounds of the iteration for a number of directions, unless one adds less than `SETTLED` of the variance.
const ROUNDS: usize = 8;
const SETTLED: f64 = 1e-3;

/// Later rounds are not taken to add more than so many times what the last one did, since each adds less than
/// the one before it. When that is not enough, there are too few directions.
const HOPE: f64 = 4.0;

/// Rows of the sample that are centred at a time.
const BLOCK: usize = 256;

/// Chooses how rows are coded from a sample of them: whole rows as they are stored. The result depends on the
/// tier of the CPU, in its last bits; it is stored with the codes, so nothing has to find it again.
pub fn train(
    dtype: Dtype,
    dimensions: usize,
    sample: &[u8],
    seed: u64,
    tier: Option<&str>,
) -> Result<Transform> {
    train_with(Tier::pick(tier)?, dtype, dimensions, sample, seed)
}

fn train_with(tier: Tier, dtype: Dtype, dimensions: usize, sample: &[u8], seed: u64) -> Result<Transform> {
    let row_bytes = dimensions * dtype.bytes();
    if dimensions == 0 || !sample.len().is_multiple_of(row_bytes) {
        return Err(Error::invalid(format!("{} bytes are no rows of {dimensions} numbers", sample.len())));
    }
    let _state = DefaultFloatState::new();
    let sample = Sample::new(dtype, sample, row_bytes);
    let mean = sample.mean(dimensions);
    let basis = if DIMENSIONS.contains(&dimensions) && sample.rows.len() >= ROWS_A_DIMENSION * dimensions {
        let mut products = tier.products();
        let covariance = Covariance::new(&sample, &mean, &mut products);
        covariance.and_then(|covariance| covariance.principal_directions(seed, &mut products))
    } else {
        None
    };
    let single = |numbers: Vec<f64>| numbers.into_iter().map(|x| x as f32).collect::<Vec<f32>>();
    Transform::new(seed, single(mean), basis.map(single))
}

struct Sample<'a> {
    dtype: Dtype,
    /// Those that codes have bounds for.
    rows: Vec<&'a [u8]>,
    /// The mean of the squared lengths.
    square: f64,
}

impl<'a> Sample<'a> {
    fn new(dtype: Dtype, bytes: &'a [u8], row_bytes: usize) -> Self {
        let mut rows = Vec::new();
        let (mut widened, mut squares) = (Vec::new(), 0.0);
        for row in bytes.chunks_exact(row_bytes) {
            let mut square = 0.0;
            dtype.wide().for_each(dtype.widen(row, &mut widened), |_, x| square += x * x);
            if square == 0.0 || BOUNDED.contains(&square.sqrt()) {
                squares += square;
                rows.push(row);
            }
        }
        let square = squares / rows.len().max(1) as f64;
        Self { dtype, rows, square }
    }

    /// Zeros without rows.
    fn mean(&self, dimensions: usize) -> Vec<f64> {
        let mut sums = vec![0.0; dimensions];
        let mut widened = Vec::new();
        for row in &self.rows {
            self.dtype.wide().for_each(self.dtype.widen(row, &mut widened), |i, x| sums[i] += x);
        }
        let count = self.rows.len().max(1) as f64;
        sums.into_iter().map(|sum| sum / count).collect()
    }
}

struct Covariance {
    dimensions: usize,
    /// Symmetric, with the sum of its diagonal and of its squared entries.
    entries: Vec<f64>,
    trace: f64,
    squares: f64,
}

impl Covariance {
    /// None when the rows differ by no more than the mean is rounded by.
    fn new(sample: &Sample<'_>, mean: &[f64], products: &mut Products) -> Option<Self> {
        let dimensions = mean.len();
        let most = PRODUCTS / (dimensions * dimensions);
        let count = sample.rows.len().min(most);
        // Spread over the whole sample, should its order mean something.
        let rows = (0..count).map(|i| sample.rows[i * sample.rows.len() / count]).collect::<Vec<_>>();
        let mut entries = vec![0.0; dimensions * dimensions];
        let (mut widened, mut centred) = (Vec::new(), vec![0.0; BLOCK * dimensions]);
        for block in rows.chunks(BLOCK) {
            for (row, centred) in block.iter().zip(centred.chunks_exact_mut(dimensions)) {
                let put = |i: usize, x: f64| centred[i] = x - mean[i];
                sample.dtype.wide().for_each(sample.dtype.widen(row, &mut widened), put);
            }
            let block = Matrix::new(&centred[..block.len() * dimensions], dimensions);
            let factor = 1.0 / count as f64;
            products.add(block.transposed(), block, factor, Entries::Upper, &mut entries);
        }
        for i in 0..dimensions {
            for j in 0..i {
                entries[i * dimensions + j] = entries[j * dimensions + i];
            }
        }
        let trace = (0..dimensions).map(|i| entries[i * dimensions + i]).sum();
        let squares = entries.iter().map(|x| x * x).sum();
        let rounded = sample.square * f64::from(f32::EPSILON).powi(2);
        (trace > rounded).then_some(Self { dimensions, entries, trace, squares })
    }

    /// The fewest leading directions, a multiple of `STEP` and at most half the dimensions, that keep `SHARE`
    /// of the variance; row by row.
    ///
    /// Simultaneous iteration (Golub and Van Loan, "Matrix Computations", 8.2.4), with twice as many
    /// directions until those are enough. Its first directions are what it would find without the others,
    /// so the fewest are read off.
    fn principal_directions(&self, seed: u64, products: &mut Products) -> Option<Vec<f64>> {
        let most = self.dimensions / 2 / STEP * STEP;
        let enough = SHARE * self.trace;
        let mut state = seed;
        let (mut directions, mut energies) = (Vec::new(), Vec::new());
        let mut count = STEP;
        while count <= most && self.at_most(&energies, most) >= enough {
            let mut random = || split_mix(&mut state) as i64 as f64 / 2f64.powi(63);
            directions.resize_with(count * self.dimensions, &mut random);
            orthonormalise(&mut directions, self.dimensions, &mut random, products);
            self.iterate(&mut directions, &mut energies, &mut random, products);
            let mut kept = 0.0;
            for (i, energies) in energies.chunks_exact(STEP).enumerate() {
                kept += energies.iter().sum::<f64>();
                if kept >= enough {
                    directions.truncate((i + 1) * STEP * self.dimensions);
                    return Some(directions);
                }
            }
            // What is not a power of two comes last.
            count = if count < most { (2 * count).min(most) } else { most + 1 };
        }
        None
    }

    /// Turns the directions to the leading ones, with the variance along each.
    fn iterate(
        &self,
        directions: &mut Vec<f64>,
        energies: &mut Vec<f64>,
        random: &mut impl FnMut() -> f64,
        products: &mut Products,
    ) {
        let mut before = 0.0;
        for round in 1.. {
            let mut images = vec![0.0; directions.len()];
            let matrix = Matrix::new(&self.entries, self.dimensions);
            products.add(Matrix::new(directions, self.dimensions), matrix, 1.0, Entries::All, &mut images);
            let images_of = images.chunks_exact(self.dimensions);
            let along = directions.chunks_exact(self.dimensions).zip(images_of).map(|(a, b)| dot(a, b));
            energies.clear();
            energies.extend(along);
            let kept: f64 = energies.iter().sum();
            let gain = kept - before;
            let too_few = round > 1 && kept + HOPE * gain < SHARE * self.trace;
            if round == ROUNDS || gain <= SETTLED * self.trace || too_few {
                break;
            }
            before = kept;
            *directions = images;
            orthonormalise(directions, self.dimensions, random, products);
        }
    }

    /// At least what `most` directions can keep, when the first of them keep `energies`. Of p numbers with
    /// sum t and sum of squares f, the largest s have at most the sum s t/p + (s (p - s)/p (f - t^2/p))^0.5:
    /// that of two values, one for these and one for the others.
    fn at_most(&self, energies: &[f64], most: usize) -> f64 {
        let kept: f64 = energies.iter().sum();
        let (s, p) = ((most - energies.len()) as f64, (self.dimensions - energies.len()) as f64);
        let rest = (self.trace - kept).max(0.0);
        let squares = self.squares - energies.iter().map(|x| x * x).sum::<f64>();
        kept + s / p * rest + (s * (p - s) / p * (squares - rest * rest / p).max(0.0)).sqrt()
    }
}

/// Of a vector of length 1, less than this left of it by those before it is rounding.
const LOST: f64 = 1e-8;

/// Makes the vectors orthonormal, each by those before it: Gram-Schmidt by blocks, twice, which is enough
/// (Giraud, Langou and Rozloznik, 2005). A vector of which nothing is left is replaced by a random one.
fn orthonormalise(
    vectors: &mut [f64],
    dimensions: usize,
    random: &mut impl FnMut() -> f64,
    products: &mut Products,
) {
    vectors.chunks_exact_mut(dimensions).for_each(|vector| _ = normalise(vector));
    for first in (0..vectors.len()).step_by(STEP * dimensions) {
        let (before, block) = vectors.split_at_mut(first);
        let block = &mut block[..STEP * dimensions];
        for _ in 0..2 {
            project_out(block, before, dimensions, products);
            for i in 0..STEP {
                let (above, vector) = block.split_at_mut(i * dimensions);
                let vector = &mut vector[..dimensions];
                subtract_along(vector, above);
                while normalise(vector) < LOST {
                    vector.fill_with(&mut *random);
                    normalise(vector);
                    for _ in 0..2 {
                        subtract_along(vector, before);
                        subtract_along(vector, above);
                    }
                }
            }
        }
    }
}

/// Subtracts from each vector of the block what is along `before`, which is orthonormal.
fn project_out(block: &mut [f64], before: &[f64], dimensions: usize, products: &mut Products) {
    let (rows, count) = (block.len() / dimensions, before.len() / dimensions);
    let basis = Matrix::new(before, dimensions);
    let mut along = vec![0.0; rows * count];
    products.add(Matrix::new(block, dimensions), basis.transposed(), 1.0, Entries::All, &mut along);
    if count > 0 {
        products.add(Matrix::new(&along, count), basis, -1.0, Entries::All, block);
    }
}

fn subtract_along(vector: &mut [f64], others: &[f64]) {
    for other in others.chunks_exact(vector.len()) {
        let along = dot(vector, other);
        vector.iter_mut().zip(other).for_each(|(x, y)| *x -= along * y);
    }
}

/// Gives the length that the vector had; leaves one of length 0.
fn normalise(vector: &mut [f64]) -> f64 {
    let length = dot(vector, vector).sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed;
        let mut uniform = move || (split_mix(&mut state) >> 11) as f64 / (1u64 << 53) as f64;
        // Irwin and Hall: near to Gaussian, with variance 1.
        move || (0..12).map(|_| uniform()).sum::<f64>() - 6.0
    }

    /// Rows with a variance of 1 along each of `rank` directions that overlap, and little noise.
    fn low_rank(rows: usize, dimensions: usize, rank: usize) -> Vec<f32> {
        let mut next = noise(5);
        let directions: Vec<f64> = (0..rank * dimensions).map(|_| next()).collect();
        let mut row = || {
            let weights: Vec<f64> = (0..rank).map(|_| next()).collect();
            let noise: Vec<f64> = (0..dimensions).map(|_| 3.0 + 0.3 * next()).collect();
            let along =
                |i: usize| (0..rank).map(|r| weights[r] * directions[r * dimensions + i]).sum::<f64>();
            noise.into_iter().enumerate().map(|(i, x)| (x + along(i)) as f32).collect::<Vec<f32>>()
        };
        (0..rows).flat_map(|_| row()).collect()
    }

    fn bytes(rows: &[f32]) -> Vec<u8> {
        rows.iter().flat_map(|x| x.to_le_bytes()).collect()
    }

    /// The part of the variance of the rows that the basis keeps.
    fn share(transform: &Transform, rows: &[f32]) -> f64 {
        let (mut kept, mut whole) = (0.0, 0.0);
        for row in rows.chunks_exact(transform.dimensions) {
            let centred: Vec<f64> =
                row.iter().zip(&transform.mean).map(|(&x, &c)| f64::from(x) - f64::from(c)).collect();
            whole += dot(&centred, &centred);
            for direction in transform.basis().unwrap().chunks_exact(transform.dimensions) {
                let direction: Vec<f64> = direction.iter().map(|&x| x.into()).collect();
                kept += dot(&direction, &centred).powi(2);
            }
        }
        kept / whole
    }

    #[test]
    fn few_strong_directions_are_found_by_every_tier() {
        for (rank, dimensions, coordinates) in [(20, 200, 32), (100, 256, 96)] {
            let rows = low_rank(1000, dimensions, rank);
            for tier in Tier::available() {
                let train = || train_with(tier, Dtype::Float32, dimensions, &bytes(&rows), 9).unwrap();
                let transform = train();
                assert_eq!(transform.layout.coordinates, coordinates, "{tier:?}");
                assert!(share(&transform, &rows) > SHARE, "{tier:?}: {}", share(&transform, &rows));
                let again = train();
                assert!(transform.basis() == again.basis() && transform.mean == again.mean, "{tier:?}");
                let basis: Vec<f64> = transform.basis().unwrap().iter().map(|&x| f64::from(x)).collect();
                for (i, a) in basis.chunks_exact(dimensions).enumerate() {
                    for (j, b) in basis.chunks_exact(dimensions).enumerate() {
                        let expected = f64::from(u8::from(i == j));
                        assert!((dot(a, b) - expected).abs() < 1e-5, "{tier:?}: {i} and {j}");
                    }
                }
            }
        }
    }

    #[test]
    fn noise_and_what_is_too_little_or_too_small_have_no_basis() {
        let mut next = noise(3);
        for dimensions in [64, 200] {
            for rows in [ROWS_A_DIMENSION * dimensions, 10 * dimensions] {
                let rows: Vec<f32> = (0..rows * dimensions).map(|_| next() as f32).collect();
                let transform = train(Dtype::Float32, dimensions, &bytes(&rows), 1, None).unwrap();
                assert!(transform.basis().is_none());
                assert!(transform.mean.iter().all(|x| x.abs() < 0.5));
            }
        }
        let short = train(Dtype::Float32, 63, &bytes(&low_rank(400, 63, 3)), 1, None).unwrap();
        assert!(short.basis().is_none());
        let few = train(Dtype::Float32, 100, &bytes(&low_rank(199, 100, 3)), 1, None).unwrap();
        assert!(few.basis().is_none());
    }

    #[test]
    fn rows_without_bounds_are_left_out() {
        let dimensions = 64;
        let rows = low_rank(300, dimensions, 5);
        let mut with_others = rows.clone();
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 1e-30] {
            with_others.extend(std::iter::repeat_n(bad, dimensions));
        }
        let transform = train(Dtype::Float32, dimensions, &bytes(&with_others), 2, None).unwrap();
        let expected = train(Dtype::Float32, dimensions, &bytes(&rows), 2, None).unwrap();
        assert_eq!(transform.mean, expected.mean);
        assert_eq!(transform.basis(), expected.basis());
        let none =
            train(Dtype::Float32, dimensions, &bytes(&with_others[300 * dimensions..]), 2, None).unwrap();
        assert_eq!((none.basis(), &none.mean), (None, &vec![0.0; dimensions]));
    }

    #[test]
    fn any_rows_have_a_transform() {
        let single = |value: f32, rows: usize| bytes(&vec![value; rows * 96]);
        for (value, rows) in [(0.0, 300), (0.1, 300), (1e13, 300), (1e-15, 300), (1.0, 1), (1.0, 0)] {
            let transform = train(Dtype::Float32, 96, &single(value, rows), 4, None).unwrap();
            assert!(transform.basis().is_none(), "{rows} rows of {value}");
            assert_eq!(transform.mean, vec![if rows == 0 { 0.0 } else { value }; 96]);
        }
        // Half of them as large as they may be, the others as small.
        let mut next = noise(8);
        let scale = |i: usize| if (i / 96).is_multiple_of(2) { 1e13 } else { 1e-15 };
        let rows: Vec<f32> = (0..300 * 96).map(|i| (next() * scale(i)) as f32).collect();
        train(Dtype::Float32, 96, &bytes(&rows), 4, None).unwrap();
        // One direction, so that all others are random.
        let rows: Vec<f32> = (0..300 * 96).map(|i| if i % 96 == 5 { next() as f32 } else { 2.0 }).collect();
        let transform = train(Dtype::Float32, 96, &bytes(&rows), 4, None).unwrap();
        assert_eq!(transform.layout.coordinates, STEP);
        let bits: Vec<u8> = (0..300 * 96).map(|i| u8::from(i % 7 == 0)).collect();
        train(Dtype::Bool, 96, &bits, 4, None).unwrap();
        assert!(train(Dtype::Float32, 96, &[0; 7], 4, None).is_err());
        assert!(train(Dtype::Float32, 0, &[], 4, None).is_err());
    }
}
