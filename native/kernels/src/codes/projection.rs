//! The products of a vector with the directions of a basis in float32: for queries whose codes miss far more
//! than its roundings. In float64 they are a fifth of the time of a walk through a graph.

use crate::arch::{LANES, Singles};

/// Directions that are multiplied together: each vector of numbers is loaded once for them.
const DIRECTIONS: usize = 4;
/// Sums of each that are added in turn, since an addition takes some cycles.
const CHAINS: usize = 2;

/// A bound on the error of a product of `n` numbers as a part of the product of both lengths, where one of
/// them was rounded to float32 before. Each takes part in at most `n / LANES` additions and as many roundings
/// more as there is room for here; see `distance::float::error_factor`.
pub fn error_factor(n: usize) -> f64 {
    (n.div_ceil(LANES) + 16) as f64 * f64::from(f32::EPSILON)
}

/// `basis` is row-major, `vector` as long as one of its directions, `into` has a number for each of them.
///
/// # Safety
/// The CPU has the features of `S`.
#[inline(always)]
pub unsafe fn project<S: Singles>(basis: &[f32], vector: &[f32], into: &mut [f64]) {
    assert!(basis.len() == vector.len() * into.len(), "a number for each direction");
    if vector.is_empty() {
        return into.fill(0.0);
    }
    let together = basis.chunks(DIRECTIONS * vector.len());
    for (directions, products) in together.zip(into.chunks_mut(DIRECTIONS)) {
        // SAFETY: the caller answers for the features.
        unsafe {
            match <&mut [f64; DIRECTIONS]>::try_from(&mut *products) {
                Ok(products) => *products = some::<S, DIRECTIONS>(directions, vector).map(f64::from),
                Err(_) => directions.chunks(vector.len()).zip(products).for_each(|(direction, product)| {
                    *product = f64::from(some::<S, 1>(direction, vector)[0]);
                }),
            }
        }
    }
}

/// # Safety
/// The CPU has the features of `S`.
#[inline(always)]
unsafe fn some<S: Singles, const D: usize>(directions: &[f32], vector: &[f32]) -> [f32; D] {
    let n = vector.len();
    assert!(directions.len() == D * n, "whole directions");
    let at = |numbers: *const f32, i: usize| numbers.wrapping_add(i).cast::<u8>();
    let (vector, directions) = (vector.as_ptr(), directions.as_ptr());
    // SAFETY: the caller answers for the features. Up to `n` there are numbers to load, in the vector and in
    // each of the directions, the first of which is `d * n` behind the first one's.
    unsafe {
        let mut sums = [[S::all(0.0); CHAINS]; D];
        let mut i = 0;
        while i + CHAINS * LANES <= n {
            for chain in 0..CHAINS {
                let x = S::load(at(vector, i + chain * LANES));
                for (d, sums) in sums.iter_mut().enumerate() {
                    let y = S::load(at(directions, d * n + i + chain * LANES));
                    sums[chain] = S::multiply_add(x, y, sums[chain]);
                }
            }
            i += CHAINS * LANES;
        }
        while i < n {
            let count = LANES.min(n - i);
            let x = S::load_part(at(vector, i), count);
            for (d, sums) in sums.iter_mut().enumerate() {
                sums[0] = S::multiply_add(x, S::load_part(at(directions, d * n + i), count), sums[0]);
            }
            i += LANES;
        }
        sums.map(|[one, other]| S::sum(S::add(one, other)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::Tier;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn products_are_as_near_as_they_say_on_every_tier(
            n in 1usize..120,
            directions in 1usize..11,
            seed in any::<u64>(),
            scale in prop_oneof![Just(1.0f32), Just(1e15), Just(1e-15)],
        ) {
            let mut state = seed;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ((state >> 40) as f32 / (1u64 << 24) as f32) - 0.5
            };
            let basis: Vec<f32> = (0..n * directions).map(|_| next()).collect();
            let vector: Vec<f32> = (0..n).map(|_| next() * scale).collect();
            let length = |v: &[f32]| v.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
            for tier in Tier::available() {
                let mut found = vec![0.0; directions];
                tier.kernels().project(&basis, &vector, &mut found);
                for (direction, found) in basis.chunks(n).zip(found) {
                    let exact: f64 =
                        direction.iter().zip(&vector).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum();
                    let most = error_factor(n) * length(direction) * length(&vector);
                    prop_assert!((found - exact).abs() <= most, "{} {found} {exact}", tier.name());
                }
            }
        }
    }
}
