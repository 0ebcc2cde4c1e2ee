//! Hamming and Jaccard distances of vectors of bits: bytes of eight, or bools.

use super::Metric;

const BLOCK: usize = 64;

/// A query as rows of bool or of uint8 are stored, and how many bytes that is.
pub struct BitQuery {
    pub bytes: Vec<u8>,
    pub jaccard: bool,
    /// Rows are bools, of which any byte but 0 is 1.
    pub bools: bool,
}

impl BitQuery {
    /// Numbers up to `largest`, which is 1 for bools, else 255; the first that is none is the error.
    pub fn new(values: &[f64], metric: Metric, largest: u8) -> Result<Self, f64> {
        let byte = |&value: &f64| {
            let fits = value.fract() == 0.0 && (0.0..=f64::from(largest)).contains(&value);
            if fits { Ok(value as u8) } else { Err(value) }
        };
        let bytes = values.iter().map(byte).collect::<Result<_, _>>()?;
        Ok(Self { bytes, jaccard: metric == Metric::Jaccard, bools: largest == 1 })
    }
}

/// The distance of each row of the tile. Exact, or the quotient of two integers rounded once.
#[inline(always)]
pub fn distances(tile: &[u8], query: &BitQuery, into: &mut [f64]) {
    match (query.jaccard, query.bools) {
        (false, false) => each::<false, false>(tile, &query.bytes, into),
        (false, true) => each::<false, true>(tile, &query.bytes, into),
        (true, false) => each::<true, false>(tile, &query.bytes, into),
        (true, true) => each::<true, true>(tile, &query.bytes, into),
    }
}

#[inline(always)]
fn each<const JACCARD: bool, const BOOLS: bool>(tile: &[u8], query: &[u8], into: &mut [f64]) {
    for (row, distance) in tile.chunks_exact(query.len()).zip(into) {
        let (different, common) = count::<JACCARD, BOOLS>(row, query);
        *distance = match different + common {
            _ if !JACCARD => different as f64,
            0 => 0.0,
            either => different as f64 / either as f64,
        };
    }
}

/// How many bits differ, and with `COMMON` how many are set in both.
#[inline(always)]
fn count<const COMMON: bool, const BOOLS: bool>(row: &[u8], query: &[u8]) -> (u64, u64) {
    let (mut different, mut common) = ([0; BLOCK / 8], [0; BLOCK / 8]);
    let (rows, row_rest) = row.as_chunks::<BLOCK>();
    let (queries, query_rest) = query.as_chunks::<BLOCK>();
    for (x, q) in rows.iter().zip(queries) {
        let (x, q) = (words::<BLOCK, 8, BOOLS>(x), words::<BLOCK, 8, false>(q));
        for i in 0..8 {
            different[i] += u64::from((x[i] ^ q[i]).count_ones());
            if COMMON {
                common[i] += u64::from((x[i] & q[i]).count_ones());
            }
        }
    }
    let (mut different, mut common) = (different.iter().sum::<u64>(), common.iter().sum::<u64>());
    let mut add = |x: &[u8; 8], q: &[u8; 8]| {
        let ([x], [q]) = (words::<8, 1, BOOLS>(x), words::<8, 1, false>(q));
        different += u64::from((x ^ q).count_ones());
        common += if COMMON { u64::from((x & q).count_ones()) } else { 0 };
    };
    let (rows, row_rest) = row_rest.as_chunks::<8>();
    let (queries, query_rest) = query_rest.as_chunks::<8>();
    rows.iter().zip(queries).for_each(|(x, q)| add(x, q));
    if !row_rest.is_empty() {
        let (mut x, mut q) = ([0; 8], [0; 8]);
        x[..row_rest.len()].copy_from_slice(row_rest);
        q[..query_rest.len()].copy_from_slice(query_rest);
        add(&x, &q);
    }
    (different, common)
}

#[inline(always)]
fn words<const BYTES: usize, const WORDS: usize, const BOOLS: bool>(bytes: &[u8; BYTES]) -> [u64; WORDS] {
    let bytes = if BOOLS { bytes.map(|byte| u8::from(byte != 0)) } else { *bytes };
    let (words, _) = bytes.as_chunks::<8>();
    std::array::from_fn(|i| u64::from_le_bytes(words[i]))
}
