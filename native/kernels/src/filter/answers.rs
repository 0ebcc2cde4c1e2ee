//! Where answers go, 64 rows at a time.

pub struct Answers<'a> {
    pub rows: usize,
    pub valid: Option<&'a [u8]>,
    pub holds: &'a mut [u8],
    pub fails: &'a mut [u8],
}

impl Answers<'_> {
    /// `truth` is asked for 64 rows after the other, by the first of them and their count, which is below 64
    /// for the last; bits beyond the count do not matter.
    #[inline(always)]
    pub fn fill(self, mut truth: impl FnMut(usize, usize) -> u64) {
        let words = self.holds.chunks_mut(8).zip(self.fails.chunks_mut(8));
        for (word, (holds, fails)) in words.enumerate() {
            let first = 64 * word;
            let count = (self.rows - first).min(64);
            let asked = u64::MAX >> (64 - count);
            let known = self.valid.map_or(asked, |valid| asked & word_at(valid, word));
            let truth = truth(first, count);
            put(holds, truth & known);
            put(fails, !truth & known);
        }
    }
}

/// Zeros stand for what is not there.
pub fn word_at(bits: &[u8], word: usize) -> u64 {
    let rest = bits.get(8 * word..).unwrap_or_default();
    if let Some(bytes) = rest.first_chunk() {
        return u64::from_le_bytes(*bytes);
    }
    rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

#[inline(always)]
fn put(target: &mut [u8], word: u64) {
    match target.first_chunk_mut() {
        Some(whole) => *whole = word.to_le_bytes(),
        None => target.copy_from_slice(&word.to_le_bytes()[..target.len()]),
    }
}
