//! Numbers in the layout that vector loads like: from a cache line on, with zeros up to a whole number of
//! them.

/// Every vector has a divisor of this many lanes.
pub const PADDING: usize = 32;

const CACHE_LINE: usize = 64;

#[derive(Debug)]
pub struct Padded<T> {
    buffer: Vec<T>,
    start: usize,
    length: usize,
}

impl<T: Copy + Default> Padded<T> {
    pub fn new(values: &[T]) -> Self {
        let (length, lead) = (values.len(), CACHE_LINE / size_of::<T>());
        let mut buffer = vec![T::default(); lead + length.next_multiple_of(PADDING)];
        // Moving the vector does not move what it points at.
        let start = buffer.as_ptr().align_offset(CACHE_LINE).min(lead);
        buffer[start..start + length].copy_from_slice(values);
        Self { buffer, start, length }
    }

    pub fn len(&self) -> usize {
        self.length
    }

    /// The numbers without the zeros behind.
    pub fn values(&self) -> &[T] {
        &self.buffer[self.start..self.start + self.length]
    }

    /// The first number; as many as `len` rounded up to `PADDING` may be read from it.
    pub fn as_ptr(&self) -> *const T {
        self.buffer[self.start..].as_ptr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_begin_a_cache_line_and_zeros_follow_them() {
        for n in [0, 1, 31, 32, 33, 100] {
            let values: Vec<i16> = (1..=n).collect();
            let padded = Padded::new(&values);
            assert_eq!(padded.values(), values);
            assert_eq!(padded.as_ptr() as usize % CACHE_LINE, 0);
            let rest = &padded.buffer[padded.start + values.len()..];
            assert!(rest.len() >= values.len().next_multiple_of(PADDING) - values.len());
            assert!(rest.iter().all(|&zero| zero == 0));
        }
    }
}
