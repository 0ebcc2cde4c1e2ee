//! Scores of rows: bounds at first, then the correctly rounded float64 of the real result.

pub mod bits;
pub mod compensated;
mod dtype;
pub mod element;
pub mod estimate;
pub mod float;
pub mod integer;
pub mod jaccard;
pub mod log;
pub mod number;
mod padded;
pub mod query;
pub mod score;

pub use bits::BitQuery;
pub use dtype::{Dtype, Wide, half_to_float};
pub use estimate::{Bound, Estimate};
pub use number::NumberQuery;
pub use padded::Padded;
pub use query::Query;

/// What is measured. For `Cosine` and `Dot` a larger score is nearer, for the others a smaller one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    L2,
    L2Squared,
    Cosine,
    Dot,
    Hamming,
    Jaccard,
    KullbackLeibler,
    JensenShannon,
}

impl Metric {
    /// Whether the score comes from squared differences rather than from products.
    pub fn is_l2(self) -> bool {
        matches!(self, Self::L2 | Self::L2Squared)
    }

    /// Whether the score comes from sums of products, rather than from a kernel of its own.
    pub fn is_of_products(self) -> bool {
        matches!(self, Self::L2 | Self::L2Squared | Self::Cosine | Self::Dot)
    }
}
