//! Approximate sums over rows of floats, in float64. Each of n products takes part in at most n + 2
//! roundings, in whatever order a tier adds, so that `error_factor` bounds the error of all of them alike.

use super::element::Element;
use super::padded::{PADDING, Padded};
use crate::arch::Simd;

/// A bound on the relative error of a sum of `n` products, with room for the arithmetic that uses it: the
/// classic γ(n) = n u / (1 - n u) with u = 2^-53 (Higham, "Accuracy and Stability of Numerical Algorithms",
/// 3.1), doubled.
pub fn error_factor(n: usize) -> f64 {
    (n + 16) as f64 * f64::EPSILON
}

/// Dot products of a row with `Q` queries, or with `SQUARED` their squared distances. `U` vectors in flight
/// hide the latency of the additions.
///
/// # Safety
/// The CPU has the features of `S`.
#[inline(always)]
pub unsafe fn accumulate<S: Simd, E: Element, const Q: usize, const U: usize, const SQUARED: bool>(
    row: &[u8],
    queries: [&Padded<f64>; Q],
) -> [f64; Q] {
    const { assert!(PADDING.is_multiple_of(S::FLOATS)) };
    let n = row.len() / E::BYTES;
    assert!(queries.iter().all(|query| query.len() == n), "queries and rows have one length");
    let whole = n - n % S::FLOATS;
    let mut last = [0; size_of::<f64>() * PADDING];
    last[..row.len() - E::BYTES * whole].copy_from_slice(&row[E::BYTES * whole..]);
    let queries = queries.map(Padded::as_ptr);
    // SAFETY: `Simd` needs the features, which the caller answers for, and whole vectors to load: below
    // `whole` the row and the queries have them; at `whole`, a query is padded to one, and `last` is longer
    // than one.
    unsafe {
        let mut sums = [[S::zero(); U]; Q];
        let mut i = 0;
        while i + U * S::FLOATS <= whole {
            for u in 0..U {
                let x = E::load::<S>(row.as_ptr().add(E::BYTES * (i + u * S::FLOATS)));
                step::<S, Q, U, SQUARED>(x, queries.map(|query| query.add(i + u * S::FLOATS)), &mut sums, u);
            }
            i += U * S::FLOATS;
        }
        while i < whole {
            let x = E::load::<S>(row.as_ptr().add(E::BYTES * i));
            step::<S, Q, U, SQUARED>(x, queries.map(|query| query.add(i)), &mut sums, 0);
            i += S::FLOATS;
        }
        if whole < n {
            let x = E::load::<S>(last.as_ptr());
            step::<S, Q, U, SQUARED>(x, queries.map(|query| query.add(whole)), &mut sums, 0);
        }
        sums.map(|sums| sums.into_iter().map(|sum| S::sum(sum)).sum())
    }
}

/// Adds to sum `u` of every query what one vector of the row gives with it.
///
/// # Safety
/// The CPU has the features of `S`, and a vector can be read at each of `queries`.
#[inline(always)]
unsafe fn step<S: Simd, const Q: usize, const U: usize, const SQUARED: bool>(
    x: S::Floats,
    queries: [*const f64; Q],
    sums: &mut [[S::Floats; U]; Q],
    u: usize,
) {
    for (query, sums) in queries.into_iter().zip(sums) {
        // SAFETY: what the caller answers for is what `Simd` needs.
        unsafe {
            let q = S::load(query);
            sums[u] = if SQUARED {
                let difference = S::subtract(q, x);
                S::multiply_add(difference, difference, sums[u])
            } else {
                S::multiply_add(q, x, sums[u])
            };
        }
    }
}

/// The squared length of a row.
///
/// # Safety
/// The CPU has the features of `S`.
#[inline(always)]
pub unsafe fn norm<S: Simd, E: Element>(row: &[u8]) -> f64 {
    let n = row.len() / E::BYTES;
    // SAFETY: `Simd` needs the features, which the caller answers for, and whole vectors to load: `i +
    // lanes` is at most the n numbers of the row.
    unsafe {
        let mut sum = S::zero();
        let mut i = 0;
        while i + S::FLOATS <= n {
            let x = E::load::<S>(row.as_ptr().add(E::BYTES * i));
            sum = S::multiply_add(x, x, sum);
            i += S::FLOATS;
        }
        let rest = row[E::BYTES * i..].chunks_exact(E::BYTES).map(|x| E::decode(x).powi(2));
        S::sum(sum) + rest.sum::<f64>()
    }
}
