//! Every tier against scalar, and scalar against sums in wide integers, where numbers are at their ends.

use super::{BYTE_ROWS, CODE_QUERIES, CodeKernels, Left, LeftCoarse, RECORDS, Tier};
use crate::codes::query::{Columns, Rule};
use crate::codes::rotation::split_mix;
use crate::distance::Metric;

const ROWS: usize = 16;
/// The largest, and sizes with all remainders of vectors.
const COORDINATES: [usize; 6] = [32, 64, 96, 160, 1056, 16_384];

fn tiers() -> Vec<(String, CodeKernels)> {
    let forced = |tier: Tier, products| (format!("{tier:?}, {products}"), tier.code_kernels_with(products));
    let mut tiers: Vec<_> = Tier::available().map(|tier| forced(tier, false)).collect();
    tiers.extend(Tier::available().map(|tier| (format!("{tier:?}"), tier.code_kernels())));
    tiers
}

#[derive(Clone, Copy, Debug)]
enum Fill {
    Constant(u8),
    /// Alternates from one coordinate to the next.
    Turns(u8, u8),
    Random(u64),
}

const FILLS: [Fill; 7] = [
    Fill::Constant(0),
    Fill::Constant(255),
    Fill::Constant(128),
    Fill::Constant(127),
    Fill::Turns(255, 0),
    Fill::Turns(128, 127),
    Fill::Random(9),
];

impl Fill {
    fn bytes(self, count: usize) -> Vec<u8> {
        let mut state = if let Self::Random(seed) = self { seed } else { 0 };
        let byte = |i: usize| match self {
            Self::Constant(byte) => byte,
            Self::Turns(even, odd) => {
                if i.is_multiple_of(2) {
                    even
                } else {
                    odd
                }
            }
            Self::Random(_) => split_mix(&mut state) as u8,
        };
        (0..count).map(byte).collect()
    }

    fn limb(self, count: usize) -> Vec<i8> {
        self.bytes(count).into_iter().map(|byte| byte as i8).collect()
    }
}

/// The two planes of a block of codes, row-major ones.
fn planes(codes: &[u8], coordinates: usize) -> (Vec<u8>, Vec<u8>) {
    let (mut high, mut low) = (Vec::new(), Vec::new());
    let group = |row: usize, group: usize| &codes[row * coordinates + group * 8..][..8];
    for g in 0..coordinates / 8 {
        for row in 0..ROWS {
            let codes = group(row, g);
            high.extend((0..4).map(|i| codes[i] >> 4 | codes[4 + i] & 0xf0));
        }
    }
    for row in 0..ROWS {
        for g in 0..coordinates / 8 {
            let codes = group(row, g);
            low.extend((0..4).map(|i| codes[i] & 15 | codes[4 + i] << 4));
        }
    }
    (high, low)
}

/// What scales nothing and leaves everything, so that values are the sums.
fn rule(totals: [i32; 2]) -> Rule {
    Rule {
        high: 1.0,
        low: 1.0 / 256.0,
        totals,
        error: 0.25,
        length: 0.5,
        squares: 0.125,
        tail: 2.0,
        norms: 0.75,
        metric: Metric::Cosine,
        limit: f32::NEG_INFINITY,
    }
}

/// Factors of 16 rows, ends of float32 among them.
fn factors(seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut factors: Vec<f32> = (0..ROWS).map(|_| (split_mix(&mut state) >> 40) as f32 * 1e-7).collect();
    factors[3] = 0.0;
    factors[9] = f32::INFINITY;
    factors[11] = f32::NAN;
    factors
}

struct Block {
    columns: [Vec<f32>; 6],
}

impl Block {
    fn new() -> Self {
        Self { columns: std::array::from_fn(|i| factors(i as u64)) }
    }

    fn columns(&self) -> Columns<'_> {
        let [scale, length, error, tail, along, norm] = self.columns.each_ref();
        Columns { metric: Metric::Cosine, scale, length, error, tail: Some(tail), along, norm }
    }
}

fn dot(codes: impl Iterator<Item = u8>, limb: &[i8]) -> i64 {
    codes.zip(limb).map(|(code, &x)| i64::from(code) * i64::from(x)).sum()
}

/// Any NaN is as good as another.
fn bits_of(values: [f32; ROWS]) -> [u32; ROWS] {
    values.map(|x| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() })
}

fn bits<const L: usize>(left: &Left<L>) -> (u32, [u32; ROWS], [[i32; ROWS]; L]) {
    (left.rows, bits_of(left.values), left.sums)
}

fn interleave<const N: usize>(limbs: &[&[i8]]) -> Vec<i8> {
    let groups = limbs[0].len() / N;
    (0..groups).flat_map(|g| limbs.iter().flat_map(move |limb| limb[g * N..][..N].to_vec())).collect()
}

#[test]
fn sums_of_high_nibbles_are_exact_on_every_tier_at_the_ends_of_the_range() {
    let block = Block::new();
    for coordinates in COORDINATES {
        for (codes, limbs) in FILLS.into_iter().flat_map(|codes| FILLS.map(|limbs| (codes, limbs))) {
            let bytes = codes.bytes(ROWS * coordinates);
            let (high, _) = planes(&bytes, coordinates);
            let limbs = [limbs.limb(coordinates), Fill::Random(3).limb(coordinates)];
            let totals = limbs.each_ref().map(|limb| 15 * limb.iter().map(|&x| i32::from(x)).sum::<i32>());
            let vectors = interleave::<8>(&[&limbs[0], &limbs[1]]);
            let found = tiers().into_iter().map(|(name, kernels)| {
                (name, kernels.coarse(&rule(totals), &block.columns(), 0, [&high; 2], &vectors))
            });
            let found: Vec<_> = found.collect();
            let scalar = found.iter().find(|(name, _)| name == "Scalar").unwrap().1;
            for (name, left) in &found {
                for row in 0..ROWS {
                    for (limb, sums) in limbs.iter().zip(left.left.sums) {
                        let nibbles = bytes[row * coordinates..][..coordinates].iter().map(|code| code >> 4);
                        assert_eq!(i64::from(sums[row]), dot(nibbles, limb), "{name}, {codes:?}");
                    }
                }
                let all = |found: &LeftCoarse| (bits(&found.left), found.near, bits_of(found.rest));
                assert_eq!(all(left), all(&scalar), "{name}, {codes:?}");
            }
        }
    }
}

#[test]
fn sums_of_whole_codes_are_exact_on_every_tier_at_the_ends_of_the_range() {
    let block = Block::new();
    for coordinates in COORDINATES {
        for codes in FILLS {
            let bytes = codes.bytes(ROWS * coordinates);
            let (high, low) = planes(&bytes, coordinates);
            let limbs: Vec<Vec<i8>> =
                (0..CODE_QUERIES).map(|q| FILLS[q % FILLS.len()].limb(coordinates)).collect();
            let vectors = interleave::<4>(&limbs.iter().map(|limb| &limb[..]).collect::<Vec<_>>());
            let rules: [Rule; CODE_QUERIES] =
                std::array::from_fn(|q| rule([255 * limbs[q].iter().map(|&x| i32::from(x)).sum::<i32>(), 0]));
            let found = tiers().into_iter().map(|(name, kernels)| {
                let mut joined = vec![0; ROWS * coordinates];
                kernels.join(&high, &low, coordinates / 2, &mut joined);
                let mut left = [Left::NONE; CODE_QUERIES];
                kernels.fine(&rules, &block.columns(), 0, &joined, &vectors, &mut left);
                (name, joined, left)
            });
            let found: Vec<_> = found.collect();
            let (_, joined, scalar) = found.iter().find(|(name, ..)| name == "Scalar").unwrap();
            for (name, codes_of_tier, left) in &found {
                assert!(codes_of_tier == joined, "{name} joins otherwise");
                for (q, limb) in limbs.iter().enumerate() {
                    for row in 0..ROWS {
                        let whole = bytes[row * coordinates..][..coordinates].iter().copied();
                        let sum = i64::from(left[q].sums[0][row]);
                        assert_eq!(sum, dot(whole, limb), "{name}, {codes:?}, query {q}");
                    }
                    assert_eq!(bits(&left[q]), bits(&scalar[q]), "{name}, {codes:?}");
                }
            }
        }
    }
}

#[test]
fn sums_of_a_row_of_low_nibbles_are_exact_on_every_tier_at_the_ends_of_the_range() {
    for coordinates in COORDINATES {
        for (codes, limb) in FILLS.into_iter().flat_map(|codes| FILLS.map(|limb| (codes, limb))) {
            let bytes = codes.bytes(coordinates / 2);
            let limbs = [limb.limb(coordinates), Fill::Random(4).limb(coordinates)];
            let nibbles = || bytes.iter().map(|byte| byte & 15).chain(bytes.iter().map(|byte| byte >> 4));
            let expected = limbs.each_ref().map(|limb| dot(nibbles(), limb) as i32);
            for (name, kernels) in tiers() {
                let found = kernels.row(&bytes, [&limbs[0], &limbs[1]]);
                assert_eq!(found, expected, "{name}, {codes:?}, {limb:?}");
            }
        }
    }
}

#[test]
fn sums_of_many_rows_are_those_of_each() {
    for coordinates in COORDINATES {
        let rows: [_; RECORDS] = std::array::from_fn(|i| FILLS[FILLS.len() - 1 - i].bytes(coordinates / 2));
        for limb in FILLS {
            let limbs = [limb.limb(coordinates), Fill::Random(4).limb(coordinates)];
            let limbs = limbs.each_ref().map(|limb| &limb[..]);
            for (name, kernels) in tiers() {
                let found = kernels.rows(rows.each_ref().map(|row| &row[..]), limbs);
                assert_eq!(found, rows.each_ref().map(|row| kernels.row(row, limbs)), "{name}, {limb:?}");
            }
        }
    }
}

/// A limit that a row equals leaves it, and one a step above does not.
#[test]
fn rows_are_left_at_the_limit_and_not_below_it_on_every_tier() {
    let columns: [Vec<f32>; 6] = std::array::from_fn(|_| vec![1.0; ROWS]);
    let block = Block { columns };
    let (high, limbs) = (vec![0x11; ROWS * 16], vec![1i8; 64]);
    for (name, kernels) in tiers() {
        let rule = rule([0; 2]);
        let at = |limit: f32| {
            kernels.coarse(&Rule { limit, ..rule }, &block.columns(), 0, [&high; 2], &limbs).left.rows
        };
        let found = kernels.coarse(&rule, &block.columns(), 0, [&high; 2], &limbs).left;
        let value = found.values[0] - rule.norms;
        let later = |limit: f32| Rule { limit, ..rule }.leaves(found.values[0], block.columns().norm[0]);
        assert_eq!(at(value), 0xffff, "{name}");
        assert!(later(value), "{name}");
        assert_eq!(at(value.next_up()), 0, "{name}");
        assert!(!later(value.next_up()), "{name}");
    }
}

#[test]
fn sums_of_whole_bytes_are_those_of_the_definition() {
    for length in [64, 128, 192, 832, 16_448] {
        for (rows, vector) in FILLS.iter().flat_map(|row| FILLS.map(|vector| (*row, vector))) {
            let bytes = rows.bytes(length * BYTE_ROWS);
            let vector = vector.limb(length);
            let rows: Vec<&[u8]> = bytes.chunks(length).collect();
            let sum = |row: &&[u8]| {
                row.iter().zip(&vector).map(|(&x, &y)| i64::from(x) * i64::from(y)).sum::<i64>()
            };
            let expected: Vec<i64> = rows.iter().map(sum).collect();
            for (name, kernels) in tiers() {
                for count in 1..=BYTE_ROWS {
                    let mut sums = [0; BYTE_ROWS];
                    kernels.bytes(&rows[..count], &vector, &mut sums);
                    let sums: Vec<i64> = sums[..count].iter().map(|&sum| sum.into()).collect();
                    assert_eq!(sums, expected[..count], "{name}, {length} bytes, {count} rows");
                }
            }
        }
    }
}
