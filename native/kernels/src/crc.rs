//! CRC32C (Castagnoli), the checksum of every block (RFC 3720, appendix B.4), and its arithmetic.
//!
//! A CRC is a remainder of polynomials over GF(2), so the sum of A||B is the sum of A times x^(8 |B|),
//! plus the sum of B; `Shift` is that power, made once for many sums of one length.

use crc_fast::{CrcAlgorithm, checksum};

use crate::{Error, Result};

/// The polynomial, bits reflected: bit 31 is the coefficient of x^0.
const POLYNOMIAL: u32 = 0x82f6_3b78;
const ONE: u32 = 1 << 31;
const X_TO_THE_8: u32 = 1 << 23;

/// CRC32C of `bytes`.
pub fn crc32c(bytes: &[u8]) -> u32 {
    checksum(CrcAlgorithm::Crc32Iscsi, bytes) as u32
}

/// CRC32C of A||B from the sums of A and of B and the length of B.
pub fn combine(a: u32, b: u32, length_b: u64) -> u32 {
    Shift::over(length_b).combine(a, b)
}

/// Joins sums of which the second always covers the same number of bytes.
#[derive(Clone, Copy)]
pub struct Shift(u32);

impl Shift {
    /// For second parts of `bytes` bytes. Costs at most 128 multiplications.
    pub fn over(mut bytes: u64) -> Self {
        let (mut power, mut square) = (ONE, X_TO_THE_8);
        while bytes != 0 {
            if bytes & 1 == 1 {
                power = multiply(power, square);
            }
            square = multiply(square, square);
            bytes >>= 1;
        }
        Self(power)
    }

    pub fn combine(self, a: u32, b: u32) -> u32 {
        multiply(self.0, a) ^ b
    }
}

/// CRC32C of `length` bytes from the sums of their blocks, the last of which may be shorter.
pub fn join(blocks: &[u32], block_bytes: u64, length: u64) -> Result<u32> {
    if block_bytes == 0 || length.div_ceil(block_bytes) != blocks.len() as u64 {
        let given = blocks.len();
        return Err(Error::invalid(format!(
            "{length} bytes of {block_bytes} a block, got {given} checksums"
        )));
    }
    let Some((&last, full)) = blocks.split_last() else { return Ok(0) };
    let shift = Shift::over(block_bytes);
    let whole = full.iter().fold(0, |whole, &block| shift.combine(whole, block));
    Ok(combine(whole, last, length - full.len() as u64 * block_bytes))
}

/// The product of two reflected polynomials, modulo `POLYNOMIAL`.
fn multiply(a: u32, mut b: u32) -> u32 {
    let mut product = 0;
    for bit in (0..32).rev() {
        product ^= b & ((a >> bit) & 1).wrapping_neg();
        b = (b >> 1) ^ (POLYNOMIAL & (b & 1).wrapping_neg());
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn matches_the_check_value_of_the_standard() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn matches_the_examples_of_rfc_3720() {
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        let ascending: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(&ascending), 0x46dd_794e);
    }

    #[test]
    fn combines_across_very_long_second_parts() {
        let zeros = vec![0; 1 << 20];
        let mut sum = crc32c(b"head");
        let one = crc32c(&zeros);
        for _ in 0..3 {
            sum = combine(sum, one, 1 << 20);
        }
        let whole: Vec<u8> = b"head".iter().copied().chain(std::iter::repeat_n(0, 3 << 20)).collect();
        assert_eq!(sum, crc32c(&whole));
    }

    proptest! {
        #[test]
        fn the_sum_of_a_whole_is_the_combination_of_its_parts(
            bytes in proptest::collection::vec(any::<u8>(), 0..600),
            cut in any::<prop::sample::Index>(),
        ) {
            let (a, b) = bytes.split_at(cut.index(bytes.len() + 1));
            prop_assert_eq!(combine(crc32c(a), crc32c(b), b.len() as u64), crc32c(&bytes));
        }

        #[test]
        fn the_sums_of_blocks_give_the_sum_of_all(
            bytes in proptest::collection::vec(any::<u8>(), 0..600),
            block_bytes in 1usize..200,
        ) {
            let blocks: Vec<u32> = bytes.chunks(block_bytes).map(crc32c).collect();
            let (block, length) = (block_bytes as u64, bytes.len() as u64);
            prop_assert_eq!(join(&blocks, block, length), Ok(crc32c(&bytes)));
            prop_assert!(join(&blocks, block, length + block).is_err());
            prop_assert!(join(&blocks, 0, length).is_err());
        }
    }
}
