//! Rows into codes.

use super::LANES;
use super::layout::{CHUNK_ROWS, Section, put_codes, put_factor};
use super::rotation::Lane;
use super::transform::Transform;
use crate::arch::{DefaultFloatState, Tier};
use crate::crc::crc32c;
use crate::distance::Dtype;
use crate::{Error, Result};

/// Lengths of residuals for which no step of the scan leaves float32; others are not bounded.
pub const BOUNDED: std::ops::Range<f64> = 1e-15..1e15;

/// Relative room for the float32 arithmetic of the scan.
const ROOM: f64 = 32.0 * (f32::EPSILON as f64);

/// The chunk of up to `CHUNK_ROWS` rows.
pub fn encode(transform: &Transform, dtype: Dtype, rows: &[u8], tier: Option<&str>) -> Result<Vec<u8>> {
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
            put(Section::FineError, coded.fine_error.to_bits());
            put(Section::Check, crc32c(row));
            let codes: Vec<u8> = work.codes.iter().map(|codes| codes[lane]).collect();
            put_codes(layout, count, at, &codes, &mut chunk);
        }
    }
    Ok(chunk)
}

/// What one block of rows needs; used again for the next.
#[derive(Default)]
pub struct Work {
    residuals: Vec<[f64; LANES]>,
    coordinates: Vec<Lane>,
    codes: Vec<[u8; LANES]>,
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
}

/// Codes up to 16 rows. Inlined into a function per tier, so that the compiler makes vectors of the lanes.
#[inline(always)]
pub fn encode_block(transform: &Transform, dtype: Dtype, rows: &[u8], work: &mut Work) {
    let sums = subtract_mean(transform, dtype, rows, &mut work.residuals);
    transform.apply(&work.residuals, &mut work.coordinates);
    let mut largest = [0f32; LANES];
    for coordinate in &work.coordinates {
        for lane in 0..LANES {
            largest[lane] = largest[lane].max(coordinate[lane].abs());
        }
    }
    let scale = largest.map(|largest| largest / 127.5);
    // A scale of 0 has codes that are not used.
    let inverse = largest.map(|largest| if largest > 0.0 { 127.5 / largest } else { 0.0 });
    let (mut coarse, mut fine, mut length) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
    work.codes.clear();
    for coordinate in &work.coordinates {
        let mut codes = [0; LANES];
        for lane in 0..LANES {
            let code = (coordinate[lane] * inverse[lane] + 128.0).clamp(0.0, 255.0) as i32;
            codes[lane] = code as u8;
            let (y, scale) = (f64::from(coordinate[lane]), f64::from(scale[lane]));
            let miss = y - scale * (f64::from(code) - 127.5);
            fine[lane] += miss * miss;
            let miss = y - scale * (f64::from(code & 0xf0) - 120.0);
            coarse[lane] += miss * miss;
            length[lane] += y * y;
        }
        work.codes.push(codes);
    }
    for lane in 0..LANES {
        let found = [coarse[lane], fine[lane], length[lane]];
        work.coded[lane] = sums.finish(lane, transform, scale[lane], found);
    }
}

struct Sums {
    /// |r|^2, <c, r> and |x|^2.
    residual: [f64; LANES],
    along: [f64; LANES],
    norm: [f64; LANES],
}

#[inline(always)]
fn subtract_mean(
    transform: &Transform,
    dtype: Dtype,
    rows: &[u8],
    residuals: &mut Vec<[f64; LANES]>,
) -> Sums {
    let row_bytes = transform.dimensions * dtype.bytes();
    residuals.clear();
    residuals.resize(transform.dimensions, [0.0; LANES]);
    let mut widened = Vec::new();
    for (lane, row) in rows.chunks_exact(row_bytes).enumerate() {
        dtype.wide().for_each(dtype.widen(row, &mut widened), |i, x| residuals[i][lane] = x);
    }
    let mut sums = Sums { residual: [0.0; LANES], along: [0.0; LANES], norm: [0.0; LANES] };
    for (residual, &mean) in residuals.iter_mut().zip(&transform.mean) {
        let mean = f64::from(mean);
        for (lane, residual) in residual.iter_mut().enumerate() {
            let x = *residual;
            let r = x - mean;
            *residual = r;
            sums.residual[lane] += r * r;
            sums.along[lane] += mean * r;
            sums.norm[lane] += x * x;
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
            round_up((length * length * (1.0 + room) - least * least).max(0.0).sqrt() * (1.0 + ROOM))
        } else {
            0.0
        };
        let along = self.along[lane];
        let along_error = room * transform.mean_length * length + ROOM * along.abs();
        Coded {
            scale,
            length: length as f32,
            coarse_error: error(coarse),
            tail,
            along: round_up(along + along_error),
            norm: norm as f32,
            fine_error: error(fine),
        }
    }
}

/// The least float32 that is not below the value.
pub fn round_up(value: f64) -> f32 {
    let near = value as f32;
    if f64::from(near) < value { near.next_up() } else { near }
}
