//! Mistakes that a test plants to see that the oracle of `scan::oracle_tests` catches them. Outside of tests
//! every function here is what its name says without a mistake, and nothing is left of it once compiled.
//!
//! A mistake is planted for one thread, so that tests beside it are not touched.

/// Where a mistake can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// Bounds that are too narrow: those of the coarse or fine code in a rule, what a query's own code and
    /// what the transform misses in it; the same in the bounds of one row; the error of float64 sums.
    RuleCode,
    RuleQuery,
    RuleTail,
    BoundsCode,
    BoundsQuery,
    BoundsTail,
    FloatSum,
    Jaccard,
    Divergence,
    RoughDivergence,
    /// What is stored of a row is too small.
    CoarseError,
    FineError,
    Tail,
    Along,
    /// The range of the norms of a list is stored too narrow, at one end or the other; the end of it that a
    /// cosine below 0 is not to be measured by.
    LeastNorm,
    MostNorm,
    NormSide,
    /// `<` for `<=`, or `>` for `>=`, where a row is dropped.
    PassOffer,
    PassSettle,
    DirectOffer,
    RuleLeaves,
    KernelLeaves,
    Keeper,
    Next,
    Score,
    Candidates,
    TopKey,
    /// Sums of two products of bytes saturate at 16 bits.
    Saturation,
}

#[cfg(test)]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Mutant>> = const { std::cell::Cell::new(None) };
}

/// Plants a mistake on this thread while `work` runs.
#[cfg(test)]
pub fn with_planted<T>(mutant: Option<Mutant>, work: impl FnOnce() -> T) -> T {
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            PLANTED.set(None);
        }
    }
    let _reset = Reset;
    PLANTED.set(mutant);
    work()
}

#[cfg(test)]
#[inline(always)]
fn is_planted(mutant: Mutant) -> bool {
    PLANTED.get() == Some(mutant)
}

#[cfg(not(test))]
#[inline(always)]
fn is_planted(_: Mutant) -> bool {
    false
}

/// The error; 5 % too small when planted.
#[inline(always)]
pub fn error(mutant: Mutant, error: f64) -> f64 {
    if is_planted(mutant) { 0.95 * error } else { error }
}

/// The error; forgotten when planted, where 5 % lie within the room that the proof leaves.
#[inline(always)]
pub fn small_error(mutant: Mutant, error: f64) -> f64 {
    if is_planted(mutant) { 0.0 } else { error }
}

/// The number; the other one when planted.
#[inline(always)]
pub fn other<T>(mutant: Mutant, number: T, other: T) -> T {
    if is_planted(mutant) { other } else { number }
}

/// `a <= b`; `a < b` when planted.
#[inline(always)]
pub fn at_most<T: PartialOrd>(mutant: Mutant, a: T, b: T) -> bool {
    a <= b && !drops_tie(mutant, a, b)
}

/// False; whether the two are equal when planted.
#[inline(always)]
pub fn drops_tie<T: PartialEq>(mutant: Mutant, a: T, b: T) -> bool {
    is_planted(mutant) && a == b
}

/// The sum of four products; of each two saturated at 16 bits when planted, as `vpmaddubsw` does.
#[inline(always)]
pub fn sum_of_four(mutant: Mutant, products: [i32; 4]) -> i32 {
    let [a, b, c, d] = products;
    if is_planted(mutant) {
        let pair = |sum: i32| sum.clamp(i16::MIN.into(), i16::MAX.into());
        return pair(a + b) + pair(c + d);
    }
    a + b + c + d
}
