//! Exact sums over uint8 rows and queries of small integers.

use super::padded::{PADDING, Padded};
use crate::arch::Simd;

/// Multiplications after which an int32 sum must be emptied, when no query number is beyond `largest`: each
/// adds at most two products to a sum.
pub fn steps_before_overflow(largest: i16) -> usize {
    (i32::MAX / (2 * 255 * i32::from(largest.max(1)))) as usize
}

/// Dot products of a row with `Q` queries; `steps` is that of `steps_before_overflow`.
///
/// # Safety
/// The CPU has the features of `S`.
#[inline(always)]
pub unsafe fn dot<S: Simd, const Q: usize>(row: &[u8], queries: [&Padded<i16>; Q], steps: usize) -> [i64; Q] {
    const { assert!(PADDING.is_multiple_of(S::SHORTS)) };
    let n = row.len();
    assert!(queries.iter().all(|query| query.len() == n), "queries and rows have one length");
    let whole = n - n % S::SHORTS;
    let mut last = [0; PADDING];
    last[..n - whole].copy_from_slice(&row[whole..]);
    let queries = queries.map(Padded::as_ptr);
    let mut totals = [0i64; Q];
    // SAFETY: `Simd` needs the features, which the caller answers for, and whole vectors to load: below
    // `whole` the row and the queries have them; at `whole`, a query is padded to one, and `last` is longer
    // than one.
    unsafe {
        let mut i = 0;
        while i < whole {
            let end = whole.min(i + steps * S::SHORTS);
            let mut sums = [S::zero_sums(); Q];
            while i < end {
                let x = S::load_u8(row.as_ptr().add(i));
                for (query, sum) in queries.iter().zip(&mut sums) {
                    *sum = S::multiply_add_shorts(S::load_shorts(query.add(i)), x, *sum);
                }
                i += S::SHORTS;
            }
            for (total, sum) in totals.iter_mut().zip(sums) {
                *total += S::sum_sums(sum);
            }
        }
        if whole < n {
            let x = S::load_u8(last.as_ptr());
            for (query, total) in queries.iter().zip(&mut totals) {
                let sum = S::multiply_add_shorts(S::load_shorts(query.add(whole)), x, S::zero_sums());
                *total += S::sum_sums(sum);
            }
        }
    }
    totals
}

/// The squared length of a row.
///
/// # Safety
/// The CPU has the features of `S`.
#[inline(always)]
pub unsafe fn norm<S: Simd>(row: &[u8]) -> i64 {
    let mut total = 0;
    for part in row.chunks(steps_before_overflow(255) * S::SHORTS) {
        let whole = part.len() - part.len() % S::SHORTS;
        // SAFETY: as in `dot`; `i` is a multiple of the lanes below `whole`.
        unsafe {
            let mut sum = S::zero_sums();
            for i in (0..whole).step_by(S::SHORTS) {
                let x = S::load_u8(part.as_ptr().add(i));
                sum = S::multiply_add_shorts(x, x, sum);
            }
            total += S::sum_sums(sum);
        }
        total += part[whole..].iter().map(|&x| i64::from(x) * i64::from(x)).sum::<i64>();
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::Tier;

    #[test]
    fn sums_are_emptied_before_they_overflow() {
        // Without emptying, 2^31 is passed after 129 steps of 2 * 255 * 32767, and after 16,513 of 2 * 255
        // * 255.
        for (largest, n) in [(1, 12_807), (255, 600_013), (i16::MAX, 12_807)] {
            let (row, query) = (vec![255; n], &Padded::new(&vec![largest; n]));
            let steps = steps_before_overflow(largest);
            for kernels in Tier::available().map(Tier::kernels) {
                let mut sums = [0; 5];
                kernels.shorts(&row, &[query; 4], steps, &mut sums[..4]);
                kernels.shorts(&row, &[query], steps, &mut sums[4..]);
                assert_eq!(sums, [255 * i64::from(largest) * n as i64; 5]);
                assert_eq!(kernels.integer_norm(&row), 255 * 255 * n as i64);
            }
        }
    }
}
