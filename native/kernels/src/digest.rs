//! The digests of one object, made in one pass: BLAKE3 and CRC32C of the whole, CRC32C per block.

use crate::crc::{combine, crc32c, join};
use crate::{Error, Result};

/// Bytes that both hashes see before the next are touched, so that the second finds them in the cache.
const WINDOW: usize = 64 << 10;

#[derive(Debug, PartialEq, Eq)]
pub struct ObjectDigest {
    pub blake3: [u8; 32],
    pub crc32c: u32,
    /// One per `block_bytes`, the last one over what is left.
    pub blocks: Vec<u32>,
}

pub fn blake3(bytes: &[u8]) -> [u8; 32] {
    ::blake3::hash(bytes).into()
}

/// Digests the concatenation of `pieces`. `block_bytes` must be a positive multiple of 64.
pub fn digest_object<P: AsRef<[u8]>>(pieces: &[P], block_bytes: usize) -> Result<ObjectDigest> {
    let mut digester = Digester::new(block_bytes)?;
    pieces.iter().for_each(|piece| digester.update(piece.as_ref()));
    digester.digest()
}

/// The digests of bytes that come piece by piece.
pub struct Digester {
    hasher: ::blake3::Hasher,
    block_bytes: usize,
    sums: BlockSums,
    total: u64,
}

/// Sums of blocks, of those of parts that lie within one.
#[derive(Clone)]
pub struct BlockSums {
    block_bytes: usize,
    blocks: Vec<u32>,
    /// Of the block in progress: its sum so far and how many bytes that covers.
    sum: u32,
    covered: usize,
}

impl BlockSums {
    pub fn new(block_bytes: usize) -> Self {
        Self { block_bytes, blocks: Vec::new(), sum: 0, covered: 0 }
    }

    /// The next part: no longer than what is left of its block.
    pub fn add(&mut self, sum: u32, length: usize) {
        self.sum = if self.covered == 0 { sum } else { combine(self.sum, sum, length as u64) };
        self.covered += length;
        debug_assert!(self.covered <= self.block_bytes, "a part lies within a block");
        if self.covered == self.block_bytes {
            self.blocks.push(std::mem::take(&mut self.sum));
            self.covered = 0;
        }
    }

    /// Bytes that the block in progress has room for.
    fn room(&self) -> usize {
        self.block_bytes - self.covered
    }

    /// One per block, the last one over what is left.
    pub fn finish(mut self) -> Vec<u32> {
        if self.covered > 0 {
            self.blocks.push(self.sum);
        }
        self.blocks
    }
}

impl Digester {
    /// `block_bytes` must be a positive multiple of 64.
    pub fn new(block_bytes: usize) -> Result<Self> {
        check_block_bytes(block_bytes)?;
        let hasher = ::blake3::Hasher::new();
        Ok(Self { hasher, block_bytes, sums: BlockSums::new(block_bytes), total: 0 })
    }

    pub fn update(&mut self, piece: &[u8]) {
        for window in windows(piece, self.total) {
            self.hasher.update(window);
            let mut rest = window;
            while !rest.is_empty() {
                let (now, later) = rest.split_at(rest.len().min(self.sums.room()));
                self.sums.add(crc32c(now), now.len());
                rest = later;
            }
        }
        self.total += piece.len() as u64;
    }

    /// Of all pieces so far.
    pub fn digest(&self) -> Result<ObjectDigest> {
        let blocks = self.sums.clone().finish();
        let crc32c = join(&blocks, self.block_bytes as u64, self.total)?;
        Ok(ObjectDigest { blake3: self.hasher.finalize().into(), crc32c, blocks })
    }
}

/// The windows of a piece that begins at byte `position` of its object. They begin at multiples of their
/// size: BLAKE3 hashes as many chunks at once as its place in the tree allows, elsewhere one, then two.
pub fn windows(piece: &[u8], position: u64) -> impl Iterator<Item = &[u8]> {
    let lead = (position.next_multiple_of(WINDOW as u64) - position) as usize;
    let (first, rest) = piece.split_at(lead.min(piece.len()));
    Some(first).filter(|first| !first.is_empty()).into_iter().chain(rest.chunks(WINDOW))
}

/// Index of the first block whose CRC32C differs from `expected`.
pub fn verify_blocks(bytes: &[u8], block_bytes: usize, expected: &[u32]) -> Result<Option<usize>> {
    check_block_bytes(block_bytes)?;
    let blocks = bytes.len().div_ceil(block_bytes);
    if blocks != expected.len() {
        let (length, given) = (bytes.len(), expected.len());
        return Err(Error::invalid(format!(
            "{length} bytes are {blocks} blocks of {block_bytes}, got {given} checksums"
        )));
    }
    Ok(bytes.chunks(block_bytes).zip(expected).position(|(block, &sum)| crc32c(block) != sum))
}

pub fn check_block_bytes(block_bytes: usize) -> Result<()> {
    if block_bytes == 0 || !block_bytes.is_multiple_of(64) {
        return Err(Error::invalid(format!("blockBytes is a positive multiple of 64, got {block_bytes}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_digest_does_not_depend_on_how_the_bytes_are_cut(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..8),
            block_bytes in (1usize..5).prop_map(|n| n * 64),
        ) {
            let whole = pieces.concat();
            let digest = digest_object(&pieces, block_bytes).unwrap();
            let mut digester = Digester::new(block_bytes).unwrap();
            for piece in &pieces {
                digester.update(piece);
                // It says nothing of what comes later, and changes nothing of it.
                digester.digest().unwrap();
            }
            prop_assert_eq!(&digester.digest().unwrap(), &digest);
            let blocks: Vec<u32> = whole.chunks(block_bytes).map(crc32c).collect();
            prop_assert_eq!(verify_blocks(&whole, block_bytes, &blocks), Ok(None));
            prop_assert_eq!(digest, ObjectDigest { blake3: blake3(&whole), crc32c: crc32c(&whole), blocks });
        }

        #[test]
        fn a_flipped_bit_is_found_in_its_block(
            mut bytes in proptest::collection::vec(any::<u8>(), 1..700),
            at in any::<prop::sample::Index>(),
            bit in 0u8..8,
        ) {
            let blocks = digest_object(&[&bytes], 128).unwrap().blocks;
            let at = at.index(bytes.len());
            bytes[at] ^= 1u8 << bit;
            prop_assert_eq!(verify_blocks(&bytes, 128, &blocks), Ok(Some(at / 128)));
        }
    }

    #[test]
    fn nothing_has_no_blocks_and_the_hash_of_nothing() {
        let digest = digest_object::<&[u8]>(&[], 64).unwrap();
        assert_eq!(digest, ObjectDigest { blake3: blake3(b""), crc32c: 0, blocks: vec![] });
    }

    #[test]
    fn pieces_longer_than_a_window_are_digested_whole() {
        let bytes: Vec<u8> = (0..3 * WINDOW + 77).map(|i| ((i * 31) >> 3) as u8).collect();
        let digest = digest_object(&[&bytes[..100], &bytes[100..]], WINDOW).unwrap();
        assert_eq!(digest.crc32c, crc32c(&bytes));
        assert_eq!(digest.blake3, blake3(&bytes));
        assert_eq!(digest.blocks, bytes.chunks(WINDOW).map(crc32c).collect::<Vec<_>>());
    }

    #[test]
    fn odd_block_sizes_and_wrong_counts_are_refused() {
        assert!(digest_object(&[b"x"], 0).is_err());
        assert!(digest_object(&[b"x"], 100).is_err());
        assert!(verify_blocks(&[0; 65], 64, &[0]).is_err());
    }
}
