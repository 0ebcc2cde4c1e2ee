//! The oracle test is worth what it catches: each of these mistakes is planted, and must show within as many
//! cases as it runs. All work is done on the thread of the test, for which the mistake is planted.
//!
//! Bounds of codes are made 5 % too narrow. The errors of float64 and float32 sums are left out instead: they
//! are stated with at least half of it as room, so that no row could be lost to 5 %. For a sum of n products
//! the stated error is 2 (n + 16) u, u = 2^-53, of the sum of their magnitudes. A product takes part in at
//! most n + 5 roundings: two of a difference that is squared, its own, n + 2 of the additions. And
//! 0.95 * 2 (n + 16) > n + 5, with more than 25 u left for the few roundings that make the bound. For
//! jaccard four times (n + 16) 2 u is stated of the quotient of two such sums; for kl and js the error of
//! logarithms and sums is doubled.
//!
//! Mistakes in kernels are those of the scalar tier. `arch::codes_tests` compares it with the others at the
//! ends of all ranges.
//!
//! Each shows in one of some 250 cases or more, so that chance does not leave one out of 10,000.

use super::cases::Case;
use super::{CASES, mistake, say, seed};
use crate::mutants::{Mutant, with_planted};

/// After how many cases the mistake shows.
fn caught_after(mutant: Mutant, seed: u64) -> Option<u64> {
    (0..CASES).find(|i| {
        let case = Case::new(seed.wrapping_add(*i));
        with_planted(Some(mutant), || mistake(&case, true)).is_some()
    })
}

macro_rules! caught {
    ($($name:ident: $mutant:ident;)*) => {
        $(
            #[test]
            fn $name() {
                let (seed, mutant) = (seed(), Mutant::$mutant);
                let after = caught_after(mutant, seed);
                let after = after.unwrap_or_else(|| panic!("NACRE_SEED={seed}: no case shows {mutant:?}"));
                say(&format!("a planted {mutant:?} is caught by case {} of NACRE_SEED={seed}", after + 1));
            }
        )*
    };
}

caught! {
    a_rule_whose_bound_on_a_code_is_too_narrow_is_caught: RuleCode;
    a_rule_whose_bound_on_the_query_is_too_narrow_is_caught: RuleQuery;
    a_rule_whose_bound_on_what_a_basis_misses_is_too_narrow_is_caught: RuleTail;
    bounds_too_narrow_for_a_code_are_caught: BoundsCode;
    bounds_too_narrow_for_the_query_are_caught: BoundsQuery;
    bounds_too_narrow_for_what_a_basis_misses_are_caught: BoundsTail;
    bounds_on_float_sums_without_their_error_are_caught: FloatSum;
    bounds_on_jaccard_without_their_error_are_caught: Jaccard;
    bounds_on_divergences_without_their_error_are_caught: Divergence;
    rough_bounds_on_divergences_that_are_too_high_are_caught: RoughDivergence;
    a_coarse_error_stored_too_small_is_caught: CoarseError;
    a_fine_error_stored_too_small_is_caught: FineError;
    a_tail_stored_too_small_is_caught: Tail;
    a_product_with_the_mean_stored_too_small_is_caught: Along;
    a_least_norm_stored_too_large_is_caught: LeastNorm;
    a_largest_norm_stored_too_small_is_caught: MostNorm;
    a_cosine_below_zero_measured_by_the_wrong_norm_is_caught: NormSide;
    a_tie_dropped_when_a_row_is_offered_is_caught: PassOffer;
    a_tie_dropped_when_candidates_are_settled_is_caught: PassSettle;
    a_tie_dropped_by_a_metric_of_no_products_is_caught: DirectOffer;
    a_tie_dropped_by_a_rule_is_caught: RuleLeaves;
    a_tie_dropped_by_the_kernels_is_caught: KernelLeaves;
    a_tie_dropped_after_its_fine_code_is_caught: Keeper;
    a_tie_dropped_when_rows_are_asked_for_is_caught: Next;
    a_tie_dropped_when_rows_are_scored_is_caught: Score;
    a_tie_dropped_among_candidates_is_caught: Candidates;
    a_tie_dropped_among_the_best_is_caught: TopKey;
    sums_that_saturate_are_caught: Saturation;
}
