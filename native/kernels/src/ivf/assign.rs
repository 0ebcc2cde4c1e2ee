//! Which centroid a row is nearest to.

use super::quantizer::Quantizer;
use crate::Result;
use crate::arch::{CODE_QUERIES, CodeKernels, DefaultFloatState, Left, Tier};
use crate::codes::encode::{Work, coordinates};
use crate::codes::layout::Section;
use crate::codes::query::{Columns, Rule, rows_of_block};
use crate::codes::{CHUNK_ROWS, Chunk, LANES};
use crate::distance::{Dtype, Metric};

/// Finds for rows the centroid that is nearest by l2, by int8: a row that lies between two may get either.
pub struct Assigner<'a> {
    quantizer: &'a Quantizer,
    tier: Tier,
    kernels: CodeKernels,
    /// Joined codes of all blocks of centroids.
    joined: Vec<u8>,
    /// Of each the square of its length less the mean, halved; infinite for what is no centroid.
    halves: Vec<f32>,
}

/// Up to `CODE_QUERIES` rows in int8, of which the centroids may change.
pub struct TurnedRows {
    vectors: Vectors,
    scales: [f32; CODE_QUERIES],
    count: usize,
    /// Of each the square of its distance to the mean of all.
    pub squares: [f64; CODE_QUERIES],
}

/// The centroid of a row.
#[derive(Clone, Copy, Debug)]
pub struct Assigned {
    pub list: u32,
    /// The square of the distance less that of the row to the mean of all, halved; about.
    pub key: f32,
}

impl<'a> Assigner<'a> {
    pub fn new(quantizer: &'a Quantizer, tier: Option<&str>) -> Result<Self> {
        let tier = Tier::pick(tier)?;
        let kernels = tier.code_kernels();
        let layout = quantizer.transform.layout;
        let (mut joined, mut halves) = (Vec::new(), Vec::new());
        for chunk in chunks(quantizer) {
            let chunk = chunk?;
            for block in 0..chunk.blocks() {
                let at = joined.len();
                joined.resize(at + LANES * layout.coordinates, 0);
                let (high, low) = (chunk.high_block(block), chunk.low_block(block));
                kernels.join(high, low, layout.record_bytes(), &mut joined[at..]);
            }
            let lengths = chunk.factors(Section::Length);
            let half = |(row, &length): (usize, &f32)| {
                if row < chunk.rows { 0.5 * length * length } else { f32::INFINITY }
            };
            halves.extend(lengths.iter().enumerate().map(half));
        }
        Ok(Self { quantizer, tier, kernels, joined, halves })
    }

    /// Rows in int8, as they are compared with any centroids.
    pub fn turn(
        &self,
        dtype: Dtype,
        rows: &[u8],
        mut take: impl FnMut(TurnedRows) -> Result<()>,
    ) -> Result<()> {
        let _state = DefaultFloatState::new();
        let mut work = Work::default();
        let row_bytes = self.quantizer.transform.dimensions * dtype.bytes();
        for block in rows.chunks(LANES * row_bytes) {
            let count = block.len() / row_bytes;
            let (lanes, squares) = coordinates(&self.quantizer.transform, dtype, block, self.tier, &mut work);
            let (halves, scales) = int8_rows(lanes);
            for (vectors, first) in halves.into_iter().zip((0..count).step_by(CODE_QUERIES)) {
                take(TurnedRows {
                    vectors,
                    scales: *scales[first..].first_chunk().expect("as many lanes"),
                    count: (count - first).min(CODE_QUERIES),
                    squares: *squares[first..].first_chunk().expect("as many lanes"),
                })?;
            }
        }
        Ok(())
    }

    /// Of each of the rows its centroid.
    pub fn nearest(&self, turned: &TurnedRows, into: &mut Vec<Assigned>) -> Result<()> {
        let &TurnedRows { ref vectors, ref scales, count, .. } = turned;
        let rules: [Rule; CODE_QUERIES] = std::array::from_fn(|q| Rule {
            // Twice the sums less their middle are what comes in.
            high: 0.5 * scales[q],
            low: 0.0,
            totals: [255 * vectors.totals[q], 0],
            error: 0.0,
            length: 0.0,
            squares: 0.0,
            tail: 0.0,
            norms: 0.0,
            metric: Metric::L2Squared,
            limit: f32::NEG_INFINITY,
        });
        let mut best = [Assigned { list: 0, key: f32::INFINITY }; CODE_QUERIES];
        let mut left = [Left::NONE; CODE_QUERIES];
        let block_bytes = LANES * self.quantizer.transform.layout.coordinates;
        for (index, chunk) in chunks(self.quantizer).enumerate() {
            let chunk = chunk?;
            let columns = Columns::of(chunk, Metric::L2Squared);
            for block in 0..chunk.blocks() {
                let at = index * CHUNK_ROWS + block * LANES;
                let joined = &self.joined[at / LANES * block_bytes..][..block_bytes];
                self.kernels.fine(&rules, &columns, block, joined, &vectors.bytes, &mut left);
                let halves: &[f32; LANES] = self.halves[at..].first_chunk().expect("whole blocks");
                let rows = rows_of_block(chunk.rows, block);
                for (left, best) in left.iter().zip(&mut best[..count]) {
                    // Few blocks have a nearer one: a look for it in all would take as long as the products.
                    let (mut keys, mut has_nearer) = (*halves, false);
                    for (key, value) in keys.iter_mut().zip(&left.values) {
                        *key -= value;
                        has_nearer |= *key < best.key;
                    }
                    if has_nearer {
                        let least = keys.iter().fold(f32::INFINITY, |least, &key| least.min(key));
                        let lane = keys.iter().position(|&key| key == least).unwrap_or(0);
                        debug_assert!(rows >> lane & 1 == 1, "it is a centroid");
                        *best = Assigned { list: (at + lane) as u32, key: least };
                    }
                }
            }
        }
        into.extend_from_slice(&best[..count]);
        Ok(())
    }
}

/// Those of the centroids.
fn chunks(quantizer: &Quantizer) -> impl Iterator<Item = Result<Chunk<'_>>> {
    let layout = quantizer.transform.layout;
    let bytes = layout.chunk_bytes(CHUNK_ROWS);
    quantizer.codes.chunks(bytes).enumerate().map(move |(index, chunk)| {
        let rows = (quantizer.lists() - index * CHUNK_ROWS).min(CHUNK_ROWS);
        Chunk::new(layout, rows, chunk)
    })
}

/// Four bytes of each of `CODE_QUERIES` rows in turn, and the sums of their numbers.
struct Vectors {
    bytes: Vec<i8>,
    totals: [i32; CODE_QUERIES],
}

const HALVES: usize = LANES / CODE_QUERIES;

/// Turned rows in int8, and the steps of their numbers.
fn int8_rows(lanes: &[[f32; LANES]]) -> ([Vectors; HALVES], [f32; LANES]) {
    let mut largest = [0f32; LANES];
    for lane in lanes {
        for (largest, x) in largest.iter_mut().zip(lane) {
            *largest = largest.max(x.abs());
        }
    }
    // What is not finite has no nearest: it goes where the mean of all is.
    let scales = largest.map(|largest| if largest.is_finite() { largest / 127.0 } else { 0.0 });
    let inverse = scales.map(|scale| if scale > 0.0 { 1.0 / scale } else { 0.0 });
    // A number that this is added to has its whole part in its last bits; what is not a number has 0 there.
    const WHOLE: f32 = 1.5 * (1 << 23) as f32;
    let mut bytes: [Vec<i8>; HALVES] =
        std::array::from_fn(|_| Vec::with_capacity(lanes.len() * CODE_QUERIES));
    let mut totals = [0i32; LANES];
    for group in lanes.as_chunks::<4>().0 {
        let mut words = [0u32; LANES];
        for (i, lane) in group.iter().enumerate() {
            for row in 0..LANES {
                let number = (lane[row] * inverse[row] + WHOLE).to_bits() as i8;
                totals[row] += i32::from(number);
                words[row] |= u32::from(number as u8) << (8 * i);
            }
        }
        for (bytes, words) in bytes.iter_mut().zip(words.as_chunks::<CODE_QUERIES>().0) {
            bytes.extend(words.map(|word| word.to_le_bytes().map(|byte| byte as i8)).as_flattened());
        }
    }
    let mut half = 0;
    let vectors = bytes.map(|bytes| {
        half += CODE_QUERIES;
        Vectors { bytes, totals: std::array::from_fn(|q| totals[half - CODE_QUERIES + q]) }
    });
    (vectors, scales)
}

const _: () = assert!(LANES.is_multiple_of(CODE_QUERIES));
