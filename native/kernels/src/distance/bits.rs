//! Hamming and Jaccard distances of vectors of bits: bytes of eight, or bools.

use super::Metric;
use crate::arch::{AHEAD, BIT_QUERIES, BitCounts, COUNTED_ROWS, Kernels, Stream};

/// A multiple of the bytes that a vector has on any tier.
const PADDING: usize = 64;

/// A query as rows of bool or of uint8 are stored.
pub struct BitQuery {
    /// With zeros behind, up to whole vectors.
    bytes: Vec<u8>,
    row_bytes: usize,
    /// How many bits are set.
    size: u64,
    jaccard: bool,
    /// Rows are bools, of which any byte but 0 is 1.
    bools: bool,
}

impl BitQuery {
    /// Numbers up to `largest`, which is 1 for bools, else 255; the first that is none is the error.
    pub fn new(values: &[f64], metric: Metric, largest: u8) -> Result<Self, f64> {
        let byte = |&value: &f64| {
            let fits = value.fract() == 0.0 && (0.0..=f64::from(largest)).contains(&value);
            if fits { Ok(value as u8) } else { Err(value) }
        };
        let mut bytes = values.iter().map(byte).collect::<Result<Vec<_>, _>>()?;
        bytes.resize(values.len().next_multiple_of(PADDING), 0);
        let size = bytes.iter().map(|byte| u64::from(byte.count_ones())).sum();
        let (jaccard, bools) = (metric == Metric::Jaccard, largest == 1);
        Ok(Self { bytes, row_bytes: values.len(), size, jaccard, bools })
    }
}

/// The distance of each row of the tile. Exact, or the quotient of two integers rounded once.
///
/// # Safety
/// The CPU has the features of `C`.
#[inline(always)]
pub unsafe fn distances<C: BitCounts>(tile: &[u8], query: &BitQuery, into: &mut [f64]) {
    // SAFETY: the caller's.
    unsafe {
        match (query.jaccard, query.bools) {
            (false, false) => each::<C, false, false>(tile, query, into),
            (false, true) => each::<C, false, true>(tile, query, into),
            (true, false) => each::<C, true, false>(tile, query, into),
            (true, true) => each::<C, true, true>(tile, query, into),
        }
    }
}

/// With the number of whole vectors of a row known to the compiler where it is common: as much as memory
/// gives is asked for only by a loop of few instructions.
#[inline(always)]
unsafe fn each<C: BitCounts, const JACCARD: bool, const BOOLS: bool>(
    tile: &[u8],
    query: &BitQuery,
    into: &mut [f64],
) {
    let vectors = query.row_bytes.is_multiple_of(C::BYTES).then_some(query.row_bytes / C::BYTES);
    // SAFETY: the caller's.
    unsafe {
        match vectors {
            Some(1) => each_of::<C, JACCARD, BOOLS, 1>(tile, query, into),
            Some(2) => each_of::<C, JACCARD, BOOLS, 2>(tile, query, into),
            Some(4) => each_of::<C, JACCARD, BOOLS, 4>(tile, query, into),
            _ => each_of::<C, JACCARD, BOOLS, 0>(tile, query, into),
        }
    }
}

#[inline(always)]
unsafe fn each_of<C: BitCounts, const JACCARD: bool, const BOOLS: bool, const VECTORS: usize>(
    tile: &[u8],
    query: &BitQuery,
    into: &mut [f64],
) {
    let (groups, rest) = into.as_chunks_mut::<COUNTED_ROWS>();
    let (whole, last) = tile.split_at(groups.len() * COUNTED_ROWS * query.row_bytes);
    for (rows, distances) in whole.chunks_exact(COUNTED_ROWS * query.row_bytes).zip(groups) {
        // SAFETY: the caller's.
        let counts = unsafe { count::<C, JACCARD, BOOLS, VECTORS>(rows, COUNTED_ROWS, query) };
        *distances = quotients::<JACCARD>(counts);
    }
    if !rest.is_empty() {
        // SAFETY: the caller's.
        let counts = unsafe { count::<C, JACCARD, BOOLS, VECTORS>(last, rest.len(), query) };
        rest.copy_from_slice(&quotients::<JACCARD>(counts)[..rest.len()]);
    }
}

#[inline(always)]
fn quotients<const JACCARD: bool>([different, either]: [[u64; COUNTED_ROWS]; 2]) -> [f64; COUNTED_ROWS] {
    let mut distances = [0.0; COUNTED_ROWS];
    for ((distance, different), either) in distances.iter_mut().zip(different).zip(either) {
        // Where no bit is set, none differs.
        *distance = if JACCARD { different as f64 / either.max(1) as f64 } else { different as f64 };
    }
    distances
}

/// How many bits differ of each of so many rows, and with `EITHER` how many are set in either; the last row
/// stands for those that there are not. A row has so many `VECTORS`, or any number where that is 0.
#[inline(always)]
unsafe fn count<C: BitCounts, const EITHER: bool, const BOOLS: bool, const VECTORS: usize>(
    rows: &[u8],
    number: usize,
    query: &BitQuery,
) -> [[u64; COUNTED_ROWS]; 2] {
    let row_bytes = query.row_bytes;
    assert!(0 < number && rows.len() == number * row_bytes, "rows are whole");
    assert!(query.bytes.len() == row_bytes.next_multiple_of(PADDING), "a query is padded");
    assert!(VECTORS == 0 || row_bytes == VECTORS * C::BYTES, "a row has so many vectors");
    // SAFETY: the features are the caller's; vectors of the query are whole, and of a row as well up to
    // `whole`, from where on `row_bytes - whole` bytes are left.
    unsafe {
        let (mut different, mut either) = ([C::zero(); COUNTED_ROWS], [C::zero(); COUNTED_ROWS]);
        let stream = Stream::of_cpu();
        let vectors = if VECTORS > 0 { VECTORS } else { row_bytes / C::BYTES };
        let whole = vectors * C::BYTES;
        // Row by row, as memory is read fastest.
        for r in 0..COUNTED_ROWS {
            let row = rows.as_ptr().add(r.min(number - 1) * row_bytes);
            for first in (0..whole).step_by(C::BYTES) {
                let (q, from) = (C::load(query.bytes.as_ptr().add(first)), row.add(first));
                // So short a loop asks for more than a second cache takes in by itself.
                if stream == Stream::First {
                    stream.prefetch(from.wrapping_add(AHEAD));
                }
                let x = if BOOLS { C::flags(C::load(from)) } else { C::load(from) };
                different[r] = C::add(different[r], C::different(q, x));
                if EITHER {
                    either[r] = C::add(either[r], C::either(q, x));
                }
            }
            if VECTORS == 0 && whole < row_bytes {
                let (q, from) = (C::load(query.bytes.as_ptr().add(whole)), row.add(whole));
                let x = C::load_part(from, row_bytes - whole);
                let x = if BOOLS { C::flags(x) } else { x };
                different[r] = C::add(different[r], C::different(q, x));
                if EITHER {
                    either[r] = C::add(either[r], C::either(q, x));
                }
            }
        }
        [C::sums(different), if EITHER { C::sums(either) } else { [0; COUNTED_ROWS] }]
    }
}

/// The rows of a tile in blocks of eight: the first eight bytes of each, then the next. A vector then has as
/// many rows as it has words, and their counts need not be summed.
#[derive(Default)]
pub struct BitBlocks {
    words: Vec<u64>,
    row_words: usize,
    rows: usize,
    /// How many bits each row has, where a metric asks.
    sizes: Vec<f64>,
}

impl BitBlocks {
    /// Takes the rows of a tile, for queries that are like this one.
    pub fn fill(&mut self, kernels: &Kernels, tile: &[u8], query: &BitQuery) {
        let row_bytes = query.row_bytes;
        self.row_words = row_bytes.div_ceil(8);
        self.rows = tile.len() / row_bytes;
        // What is behind the last row are zeros, or another's.
        self.words.resize(self.row_words * self.padded_rows(), 0);
        let blocks = self.words.chunks_exact_mut(self.row_words * COUNTED_ROWS);
        for (block, rows) in blocks.zip(tile.chunks(row_bytes * COUNTED_ROWS)) {
            if rows.len() == row_bytes * COUNTED_ROWS && !query.bools {
                kernels.turn(rows, block);
                continue;
            }
            for (r, row) in rows.chunks_exact(row_bytes).enumerate() {
                words_of(row, query.bools)
                    .enumerate()
                    .for_each(|(word, value)| block[word * COUNTED_ROWS + r] = value);
            }
        }
        if query.jaccard {
            let nothing = &BitQuery { bytes: vec![0; query.bytes.len()], size: 0, jaccard: false, ..*query };
            let mut sizes = std::mem::take(&mut self.sizes);
            sizes.resize(BIT_QUERIES * self.padded_rows(), 0.0);
            kernels.block_distances(self, [nothing; BIT_QUERIES], &mut sizes);
            self.sizes = sizes;
        }
    }

    /// Whole blocks of rows.
    pub fn padded_rows(&self) -> usize {
        self.rows.next_multiple_of(COUNTED_ROWS)
    }
}

/// The words of a row, with zeros behind.
#[inline(always)]
fn words_of(row: &[u8], bools: bool) -> impl Iterator<Item = u64> {
    let (whole, rest) = row.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let last = (!rest.is_empty()).then_some(last);
    whole.iter().copied().chain(last).map(move |bytes| {
        u64::from_ne_bytes(if bools { bytes.map(|byte| u8::from(byte != 0)) } else { bytes })
    })
}

/// A block of the words of `COUNTED_ROWS` rows of bytes.
///
/// # Safety
/// The CPU has the features of `C`.
#[inline(always)]
pub unsafe fn turn<C: BitCounts>(rows: &[u8], into: &mut [u64]) {
    const LINE: usize = 64;
    let row_bytes = rows.len() / COUNTED_ROWS;
    let fits = rows.len() == row_bytes * COUNTED_ROWS && into.len() == row_bytes.div_ceil(8) * COUNTED_ROWS;
    assert!(fits, "a block has whole rows");
    let whole = row_bytes - row_bytes % LINE;
    for first in (0..whole).step_by(LINE) {
        // SAFETY: the features are the caller's; each row has `LINE` bytes from `first` on, and what they are
        // turned into as many words.
        unsafe { C::turn(rows.as_ptr().add(first), row_bytes, into.as_mut_ptr().add(first)) };
    }
    for (r, row) in rows.chunks_exact(row_bytes).enumerate() {
        let rest = words_of(&row[whole..], false);
        rest.enumerate().for_each(|(word, value)| into[whole + word * COUNTED_ROWS + r] = value);
    }
}

/// The distance of each row of the blocks, those behind the last row included, from one query after the
/// other; see `distances`.
///
/// # Safety
/// The CPU has the features of `C`.
#[inline(always)]
pub unsafe fn block_distances<C: BitCounts>(
    blocks: &BitBlocks,
    queries: [&BitQuery; BIT_QUERIES],
    into: &mut [f64],
) {
    let (row_words, padded) = (blocks.row_words, blocks.padded_rows());
    assert!(
        into.len() == BIT_QUERIES * padded && blocks.words.len() == row_words * padded,
        "blocks are whole"
    );
    let words = queries.map(|query| query.bytes.as_chunks::<8>().0);
    assert!(words.iter().all(|words| words.len() >= row_words), "queries and rows have one length");
    for (block, from) in blocks.words.chunks_exact(row_words * COUNTED_ROWS).enumerate() {
        let first = block * COUNTED_ROWS;
        for row in (0..COUNTED_ROWS).step_by(C::BYTES / 8) {
            // SAFETY: the features are the caller's; a vector has at most `COUNTED_ROWS` words, and divides
            // them, so that it ends in the block, and its counts among those of a query; `word` is below
            // `row_words`.
            unsafe {
                let mut counts = [C::zero(); BIT_QUERIES];
                for word in 0..row_words {
                    let x = C::load(from.as_ptr().add(word * COUNTED_ROWS + row).cast());
                    for (counts, words) in counts.iter_mut().zip(&words) {
                        let q = C::repeat(u64::from_ne_bytes(*words.get_unchecked(word)));
                        *counts = C::add(*counts, C::different(q, x));
                    }
                }
                for (q, counts) in counts.into_iter().enumerate() {
                    C::store(counts, into.as_mut_ptr().add(q * padded + first + row));
                }
            }
        }
        for (q, query) in queries.iter().enumerate().filter(|(_, query)| query.jaccard) {
            let size = query.size as f64;
            let into = &mut into[q * padded + first..][..COUNTED_ROWS];
            for (distance, of_row) in into.iter_mut().zip(&blocks.sizes[first..][..COUNTED_ROWS]) {
                // Twice the number of bits that are set in either; integers, so that only the quotient
                // rounds.
                let either = size + of_row + *distance;
                *distance = 2.0 * *distance / if either > 0.0 { either } else { 1.0 };
            }
        }
    }
}
