//! Rows into codes.

use super::LANES;
use super::layout::{CHUNK_ROWS, Nibbles, Section, put_factor, put_nibbles, put_record};
use super::product::Tile;
use super::rotation::Lane;
use super::signs::{self, Kept, SignLayout};
use super::transform::Transform;
use crate::arch::{DefaultFloatState, Tier};
use crate::crc::crc32c;
use crate::distance::{Dtype, Wide};
use crate::mutants::{self, Mutant};
use crate::{Error, Result};

/// Lengths of residuals for which no step of the scan leaves float32; others are not bounded.
pub const BOUNDED: std::ops::Range<f64> = 1e-15..1e15;

/// Relative room for the float32 arithmetic of the scan.
const ROOM: f64 = 32.0 * (f32::EPSILON as f64);

/// The chunk of up to `CHUNK_ROWS` rows.
pub fn encode(transform: &Transform, dtype: Dtype, rows: &[u8], tier: Option<&str>) -> Result<Vec<u8>> {
    encode_both(transform, dtype, rows, tier, None)
}

/// The same, and the chunk of their signs.
pub fn encode_with_signs(
    transform: &Transform,
    dtype: Dtype,
    rows: &[u8],
    tier: Option<&str>,
) -> Result<(Vec<u8>, Vec<u8>)> {
    let mut signs = Vec::new();
    let codes = encode_both(transform, dtype, rows, tier, Some(&mut signs))?;
    Ok((codes, signs))
}

fn encode_both(
    transform: &Transform,
    dtype: Dtype,
    rows: &[u8],
    tier: Option<&str>,
    mut signs: Option<&mut Vec<u8>>,
) -> Result<Vec<u8>> {
    let row_bytes = transform.dimensions * dtype.bytes();
    if !rows.len().is_multiple_of(row_bytes) || rows.len() / row_bytes > CHUNK_ROWS {
        return Err(Error::invalid(format!("{} bytes are no chunk of rows of {row_bytes}", rows.len())));
    }
    let kernel = Tier::pick(tier)?.encoder();
    let _state = DefaultFloatState::new();
    let count = rows.len() / row_bytes;
    let layout = transform.layout;
    let mut chunk = vec![0; layout.chunk_bytes(count)];
    let mut work = Work::default();
    let sign_layout = SignLayout::of(layout);
    if let Some(signs) = &mut signs {
        signs.resize(sign_layout.chunk_bytes(count), 0);
    }
    for (block, bytes) in rows.chunks(LANES * row_bytes).enumerate() {
        // SAFETY: the tier is one that this CPU has.
        unsafe { kernel(transform, dtype, bytes, &mut work) };
        for (lane, row) in bytes.chunks_exact(row_bytes).enumerate() {
            let at = block * LANES + lane;
            let coded = &work.coded[lane];
            let mut put = |section, bits| put_factor(layout, count, section, at, bits, &mut chunk);
            put(Section::Scale, coded.scale.to_bits());
            put(Section::Length, coded.length.to_bits());
            put(Section::CoarseError, coded.coarse_error.to_bits());
            if layout.has_tail {
                put(Section::Tail, coded.tail.to_bits());
            }
            put(Section::Along, coded.along.to_bits());
            put(Section::Norm, coded.norm.to_bits());
            put_record(layout, count, at, coded.fine_error, crc32c(row), &mut chunk);
        }
        put_nibbles(layout, count, block, &work.nibbles, &mut chunk);
        if let Some(signs) = &mut signs {
            let kept = work.coded.iter().map(Coded::kept);
            signs::put(sign_layout, count, block, &work.coordinates, kept, signs);
        }
    }
    Ok(chunk)
}

/// The coordinates of up to `LANES` rows, in turn of each, and the squares of the lengths of their residuals:
/// lanes of rows that are not there are of no meaning.
pub fn coordinates<'a>(
    transform: &Transform,
    dtype: Dtype,
    rows: &[u8],
    tier: Tier,
    work: &'a mut Work,
) -> (&'a [Lane], &'a [f64; LANES]) {
    debug_assert!(rows.len() <= LANES * transform.dimensions * dtype.bytes());
    // SAFETY: the tier is one that this CPU has.
    unsafe { tier.turner()(transform, dtype, rows, work) };
    (&work.coordinates, &work.sums.residual)
}

/// What one block of rows needs; used again for the next.
#[derive(Default)]
pub struct Work {
    widened: Vec<u8>,
    residuals: Vec<[f64; LANES]>,
    sums: Sums,
    coordinates: Vec<Lane>,
    nibbles: Vec<Nibbles>,
    coded: [Coded; LANES],
}

/// See `Section`.
#[derive(Clone, Copy, Default)]
struct Coded {
    scale: f32,
    length: f32,
    coarse_error: f32,
    tail: f32,
    along: f32,
    norm: f32,
    fine_error: f32,
}

impl Coded {
    const UNBOUNDED: Self = Self {
        scale: 0.0,
        length: 0.0,
        coarse_error: f32::INFINITY,
        tail: 0.0,
        along: 0.0,
        norm: 0.0,
        fine_error: f32::INFINITY,
    };

    fn kept(&self) -> Kept {
        let Self { length, along, norm, .. } = *self;
        Kept { bounded: self.fine_error.is_finite(), length, along, norm }
    }
}

/// The coordinates of up to 16 rows. Inlined into a function per tier, so that the compiler makes vectors of
/// the lanes.
#[inline(always)]
pub fn turn_block(
    transform: &Transform,
    dtype: Dtype,
    rows: &[u8],
    project: impl Fn(&[f64], &[f64], &mut Tile),
    work: &mut Work,
) {
    let wide = dtype.widen(rows, &mut work.widened);
    work.sums = match dtype.wide() {
        Wide::Float32 => subtract_mean(transform, wide, single, &mut work.residuals),
        Wide::Float64 => subtract_mean(transform, wide, f64::from_le_bytes, &mut work.residuals),
    };
    transform.apply(&work.residuals, project, &mut work.coordinates);
}

/// Codes up to 16 rows, as above.
#[inline(always)]
pub fn encode_block(
    transform: &Transform,
    dtype: Dtype,
    rows: &[u8],
    project: impl Fn(&[f64], &[f64], &mut Tile),
    work: &mut Work,
) {
    turn_block(transform, dtype, rows, project, work);
    let scale = scales(&work.coordinates, transform.whole_weight);
    // A scale of 0 has codes that are not used.
    let inverse = scale.map(|scale| if scale > 0.0 { 1.0 / scale } else { 0.0 });
    let (mut coarse, mut fine, mut length) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
    work.nibbles.clear();
    for coordinates in work.coordinates.as_chunks::<8>().0 {
        let mut nibbles = Nibbles { high: [0; LANES], low: [0; LANES] };
        for (i, coordinate) in coordinates.iter().enumerate() {
            for lane in 0..LANES {
                let code = (coordinate[lane] * inverse[lane] + 128.0).clamp(0.0, 255.0) as i32;
                nibbles.add(i, lane, code as u32);
                let (y, scale) = (f64::from(coordinate[lane]), f64::from(scale[lane]));
                let miss = y - scale * (f64::from(code) - 127.5);
                fine[lane] += miss * miss;
                let miss = y - scale * (f64::from(code & 0xf0) - 120.0);
                coarse[lane] += miss * miss;
                length[lane] += y * y;
            }
        }
        work.nibbles.push(nibbles);
    }
    for lane in 0..LANES {
        let found = [coarse[lane], fine[lane], length[lane]];
        work.coded[lane] = work.sums.finish(lane, transform, scale[lane], found);
    }
}

/// How far codes reach, in parts of the largest coordinate. A few coordinates that are cut off cost less than
/// all others gain by finer steps.
const REACHES: [f32; 5] = [1.0, 0.96, 0.92, 0.88, 0.84];
/// What a squared miss of the whole code counts for, beside one of the high nibbles. Of 200,000 normal rows
/// of 384 numbers high nibbles leave a sixth fewer than without cutting (9,400 and 11,300 near the tenth
/// best), and whole codes 23 instead of 18. To count high nibbles alone would leave a third fewer, but 130.
pub const BOTH_CODES: f32 = 8.0;
/// The same where rows are taken by estimates: of 10 nearest rows 0.993 are found instead of 0.988.
pub const WHOLE_CODES: f32 = 4096.0;

/// The scale of each row by which its codes miss least, or about: misses are those of float32, without the
/// exact ends of steps.
#[inline(always)]
fn scales(coordinates: &[Lane], whole_weight: f32) -> Lane {
    let mut largest = [0f32; LANES];
    for coordinate in coordinates {
        for lane in 0..LANES {
            largest[lane] = largest[lane].max(coordinate[lane].abs());
        }
    }
    // A number of this size has no fraction, so that what is added to it is rounded.
    const ROUND: f32 = 1.5 * (1 << 23) as f32;
    // High nibbles are 16 steps of 1 here, the middle of each a whole number; codes end at this.
    const END: f32 = 127.5 / 16.0;
    let within = coordinates.len() as f32 / (12.0 * 256.0);
    let (mut best, mut least) = ([1f32; LANES], [f32::INFINITY; LANES]);
    for reach in REACHES {
        let mut inverse = [0f32; LANES];
        for lane in 0..LANES {
            inverse[lane] = if largest[lane] > 0.0 { END / (reach * largest[lane]) } else { 0.0 };
        }
        let (mut coarse, mut beyond) = ([0f32; LANES], [0f32; LANES]);
        for coordinate in coordinates {
            for lane in 0..LANES {
                let y = coordinate[lane] * inverse[lane] - 0.5;
                let cut = y.clamp(-0.5 - END, END - 0.5);
                let miss = y - (cut + ROUND - ROUND);
                coarse[lane] += miss * miss;
                beyond[lane] += (y - cut) * (y - cut);
            }
        }
        for lane in 0..LANES {
            let missed = reach * reach * (coarse[lane] + whole_weight * (beyond[lane] + within));
            if missed < least[lane] {
                least[lane] = missed;
                best[lane] = reach;
            }
        }
    }
    let mut scale = [0f32; LANES];
    for lane in 0..LANES {
        scale[lane] = best[lane] * largest[lane] / 127.5;
    }
    scale
}

#[derive(Default)]
struct Sums {
    /// |r|^2, <c, r> and |x|^2.
    residual: [f64; LANES],
    along: [f64; LANES],
    norm: [f64; LANES],
}

#[inline(always)]
fn single(bytes: [u8; 4]) -> f64 {
    f32::from_le_bytes(bytes).into()
}

/// Reads up to 16 rows by tiles of 16 dimensions, which the first cache holds while rows become lanes.
#[inline(always)]
fn subtract_mean<const BYTES: usize>(
    transform: &Transform,
    rows: &[u8],
    number: impl Fn([u8; BYTES]) -> f64,
    residuals: &mut Vec<[f64; LANES]>,
) -> Sums {
    residuals.clear();
    let rows = rows.as_chunks::<BYTES>().0;
    let mut sums = Sums { residual: [0.0; LANES], along: [0.0; LANES], norm: [0.0; LANES] };
    for (i, means) in transform.mean.chunks(LANES).enumerate() {
        let mut tile = [[0.0; LANES]; LANES];
        for (lane, row) in rows.chunks_exact(transform.dimensions).enumerate() {
            for (numbers, &bytes) in tile.iter_mut().zip(&row[i * LANES..][..means.len()]) {
                numbers[lane] = number(bytes);
            }
        }
        for (numbers, &mean) in tile.iter().zip(means) {
            let mean = f64::from(mean);
            let mut residual = [0.0; LANES];
            for lane in 0..LANES {
                let x = numbers[lane];
                let r = x - mean;
                residual[lane] = r;
                sums.residual[lane] += r * r;
                sums.along[lane] += mean * r;
                sums.norm[lane] += x * x;
            }
            residuals.push(residual);
        }
    }
    sums
}

impl Sums {
    /// What is kept of a row, from the squared misses of its codes and the squared length of its
    /// coordinates.
    fn finish(&self, lane: usize, transform: &Transform, scale: f32, found: [f64; 3]) -> Coded {
        let [coarse, fine, coordinates] = found.map(f64::sqrt);
        let (length, norm) = (self.residual[lane].sqrt(), self.norm[lane].sqrt());
        let bounded = length == 0.0 || BOUNDED.contains(&length);
        // Of a smaller norm float32 does not keep enough.
        if !bounded || !(norm == 0.0 || (1e-30..1e30).contains(&norm)) {
            return Coded::UNBOUNDED;
        }
        // float64 sums of D terms are off by D roundings at most; so much room covers them all.
        let (n, room) = (transform.dimensions as f64, 1e-9);
        assert!(n < 1e6, "the sums of {n} squares have room");
        let turned = transform.error() * length;
        let error = |miss: f64| round_up((miss * (1.0 + room) + turned) * (1.0 + ROOM) + ROOM * length);
        let tail = if transform.layout.has_tail {
            let least = (coordinates * (1.0 - room) - turned).max(0.0);
            let missed = (length * length * (1.0 + room) - least * least).max(0.0).sqrt();
            round_up(mutants::error(Mutant::Tail, missed) * (1.0 + ROOM))
        } else {
            0.0
        };
        let along = mutants::error(Mutant::Along, self.along[lane]);
        let along_error = room * transform.mean_length * length + ROOM * along.abs();
        Coded {
            scale,
            length: length as f32,
            coarse_error: error(mutants::error(Mutant::CoarseError, coarse)),
            tail,
            along: round_up(along + along_error),
            norm: norm as f32,
            fine_error: error(mutants::error(Mutant::FineError, fine)),
        }
    }
}

/// The least float32 that is not below the value.
pub fn round_up(value: f64) -> f32 {
    let near = value as f32;
    if f64::from(near) < value { near.next_up() } else { near }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::rotation::split_mix;

    #[test]
    fn codes_are_the_same_on_every_tier() {
        let mut state = 5;
        let mut bytes = |count: usize| -> Vec<u8> {
            (0..count).flat_map(|_| (split_mix(&mut state) as f32 / 1e18 - 7.0).to_le_bytes()).collect()
        };
        for (dimensions, basis) in [(40, false), (99, false), (99, true)] {
            let direction = |i: usize| (0..dimensions).map(move |j| if j == 2 * i { 1.0 } else { 0.0 });
            let basis = basis.then(|| (0..32).flat_map(direction).collect());
            let mean = (0..dimensions).map(|i| i as f32 * 0.1).collect();
            let transform = Transform::new(3, mean, basis).unwrap();
            for dtype in [Dtype::Uint8, Dtype::Float16, Dtype::Float32, Dtype::Int64] {
                // The last block of rows is not full.
                let rows = bytes(37 * dimensions * dtype.bytes() / 4 + 1);
                let rows = &rows[..37 * dimensions * dtype.bytes()];
                let expected = encode(&transform, dtype, rows, Some("scalar")).unwrap();
                for tier in Tier::available() {
                    let codes = encode(&transform, dtype, rows, Some(tier.name())).unwrap();
                    assert!(codes == expected, "{dtype:?} with {tier:?}, {dimensions} dimensions");
                }
            }
        }
    }
}
