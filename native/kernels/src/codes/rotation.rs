//! A random rotation that takes n log n steps: four rounds of random signs and a fast Hadamard transform on
//! the first or the last power of two of the coordinates, with a Kac step between (Gao and Long, RaBitQ,
//! arXiv 2405.12497; the library's "FHT-Kac").
//!
//! It spreads whatever a row holds over all coordinates, so that one scale a row serves all of them.

use super::LANES;

/// The same coordinate of `LANES` rows.
pub type Lane = [f32; LANES];

const ROUNDS: usize = 4;

/// What is rotated: one coordinate of many rows, or of one query.
pub trait Coordinate: Copy {
    fn times(self, factor: f32) -> Self;
    /// The sum and the difference.
    fn butterfly(self, other: Self) -> (Self, Self);
}

// No closures here, as `map` takes them: what is not inlined is compiled without the features of the tier.
impl Coordinate for Lane {
    #[inline(always)]
    fn times(mut self, factor: f32) -> Self {
        for x in &mut self {
            *x *= factor;
        }
        self
    }

    #[inline(always)]
    fn butterfly(mut self, mut other: Self) -> (Self, Self) {
        for (a, b) in self.iter_mut().zip(&mut other) {
            (*a, *b) = (*a + *b, *a - *b);
        }
        (self, other)
    }
}

impl Coordinate for f64 {
    #[inline(always)]
    fn times(self, factor: f32) -> Self {
        self * f64::from(factor)
    }

    #[inline(always)]
    fn butterfly(self, other: Self) -> (Self, Self) {
        (self + other, self - other)
    }
}

#[derive(Debug)]
pub struct Rotation {
    /// 1 or -1 for every coordinate, of each round.
    signs: Vec<f32>,
    size: usize,
    /// The greatest power of two in `size`.
    power: usize,
}

impl Rotation {
    /// Of `size` coordinates, an even number.
    pub fn new(seed: u64, size: usize) -> Self {
        assert!(size >= 2 && size.is_multiple_of(2), "the halves of {size} coordinates are mixed");
        let mut state = seed;
        let mut bits = 0;
        let signs = (0..ROUNDS * size).map(|i| {
            if i % 64 == 0 {
                bits = split_mix(&mut state);
            }
            if bits >> (i % 64) & 1 == 1 { -1.0 } else { 1.0 }
        });
        Self { signs: signs.collect(), size, power: 1 << size.ilog2() }
    }

    /// How far the result can be from that of the real-number rotation, as a part of the length: every
    /// coordinate takes part in so many roundings, and each step keeps the length.
    pub fn error(&self) -> f64 {
        let steps = ROUNDS * (self.power.ilog2() as usize + 3) + 1;
        steps as f64 * f64::from(f32::EPSILON)
    }

    #[inline(always)]
    pub fn apply<C: Coordinate>(&self, coordinates: &mut [C]) {
        assert_eq!(coordinates.len(), self.size);
        let scale = 1.0 / (self.power as f32).sqrt();
        let whole = self.power == self.size;
        for (round, signs) in self.signs.chunks_exact(self.size).enumerate() {
            for (coordinate, &sign) in coordinates.iter_mut().zip(signs) {
                *coordinate = coordinate.times(sign);
            }
            let start = if round % 2 == 0 { 0 } else { self.size - self.power };
            hadamard(&mut coordinates[start..start + self.power]);
            for coordinate in &mut coordinates[start..start + self.power] {
                *coordinate = coordinate.times(scale);
            }
            if !whole {
                butterflies(coordinates, self.size / 2);
            }
        }
        if !whole {
            // Each of the four Kac steps made the vector longer by the root of 2.
            for coordinate in coordinates {
                *coordinate = coordinate.times(0.25);
            }
        }
    }
}

/// The transform without its scale.
#[inline(always)]
fn hadamard<C: Coordinate>(coordinates: &mut [C]) {
    let mut half = 1;
    while half < coordinates.len() {
        for pair in coordinates.chunks_exact_mut(2 * half) {
            butterflies(pair, half);
        }
        half *= 2;
    }
}

/// Of the coordinates before `half` and those from there on.
#[inline(always)]
fn butterflies<C: Coordinate>(coordinates: &mut [C], half: usize) {
    let (low, high) = coordinates.split_at_mut(half);
    for (a, b) in low.iter_mut().zip(high) {
        (*a, *b) = a.butterfly(*b);
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
pub fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The transform in float64, one row.
    pub(crate) fn reference(rotation: &Rotation, row: &[f64]) -> Vec<f64> {
        let mut x = row.to_vec();
        for round in 0..ROUNDS {
            for (i, value) in x.iter_mut().enumerate() {
                *value *= f64::from(rotation.signs[round * rotation.size + i]);
            }
            let start = if round % 2 == 0 { 0 } else { rotation.size - rotation.power };
            let part: Vec<f64> = x[start..start + rotation.power].to_vec();
            for i in 0..rotation.power {
                let sum = |j: usize| if (i & j).count_ones().is_multiple_of(2) { part[j] } else { -part[j] };
                x[start + i] = (0..rotation.power).map(sum).sum::<f64>() / (rotation.power as f64).sqrt();
            }
            if rotation.power != rotation.size {
                let half = rotation.size / 2;
                for i in 0..half {
                    let (a, b) = (x[i], x[i + half]);
                    (x[i], x[i + half]) = ((a + b) / 2f64.sqrt(), (a - b) / 2f64.sqrt());
                }
            }
        }
        x
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

        #[test]
        fn lengths_are_kept_and_the_error_is_within_its_bound(
            (seed, row) in (1usize..60).prop_flat_map(|pairs| {
                (any::<u64>(), proptest::collection::vec(-1e6f32..1e6, 2 * pairs))
            }),
        ) {
            let rotation = Rotation::new(seed, row.len());
            let mut lanes: Vec<Lane> = row.iter().map(|&x| [x; LANES]).collect();
            rotation.apply(&mut lanes[..]);
            let row: Vec<f64> = row.into_iter().map(f64::from).collect();
            let expected = reference(&rotation, &row);
            let length = |row: &[f64]| row.iter().map(|x| x * x).sum::<f64>().sqrt();
            prop_assert!((length(&expected) - length(&row)).abs() <= 1e-9 * length(&row));
            let missed: Vec<f64> = lanes.iter().zip(&expected).map(|(a, b)| f64::from(a[5]) - b).collect();
            prop_assert!(length(&missed) <= rotation.error() * length(&row));
        }
    }

    #[test]
    fn one_coordinate_is_spread_over_all() {
        let rotation = Rotation::new(7, 384);
        let mut lanes = vec![[0.0; LANES]; 384];
        lanes[3] = [1.0; LANES];
        rotation.apply(&mut lanes[..]);
        let largest = lanes.iter().map(|lane| lane[0].abs()).fold(0.0, f32::max);
        assert!(largest < 0.3, "{largest}");
    }
}
