//! How long the rows of a list are. Where they are about as long as each other, as the vectors of most models
//! are, a cosine is ruled out without the columns `Along` and `Norm`: see docs/exact-search.md.

use super::layout::{Chunk, Section};
use crate::mutants::{self, Mutant};

/// So much longer than the shortest the longest row of a list may be, as a part.
const EVEN: f64 = 1.0 / 256.0;

/// At most the norm of the shortest row, and at least that of the longest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norms {
    pub least: f32,
    pub most: f32,
}

impl Norms {
    /// Those of no rows.
    pub const NONE: Self = Self { least: f32::INFINITY, most: 0.0 };
    /// Nothing is known of them.
    pub const ANY: Self = Self { least: 0.0, most: f32::INFINITY };

    /// Those of the rows of a chunk; any where a row is all zeros or has no bound.
    pub fn of(chunk: Chunk<'_>) -> Self {
        let (norms, errors) = (chunk.factors(Section::Norm), chunk.factors(Section::CoarseError));
        let rows = norms.iter().zip(errors).take(chunk.rows);
        // What is stored is the nearest float32, half a step away at most.
        let of_row = |(&norm, &error): (&f32, &f32)| match norm > 0.0 && error.is_finite() {
            true => Self { least: norm.next_down(), most: norm.next_up() },
            false => Self::ANY,
        };
        let Self { least, most } = rows.map(of_row).fold(Self::NONE, Self::join);
        Self {
            least: mutants::other(Mutant::LeastNorm, least, most),
            most: mutants::other(Mutant::MostNorm, most, least),
        }
    }

    pub fn join(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), most: self.most.max(other.most) }
    }

    /// Whether rows are about as long as each other, and there are some. False for numbers that are none.
    pub fn are_even(self) -> bool {
        let (least, most) = (f64::from(self.least), f64::from(self.most));
        least > 0.0 && most >= least && most.is_finite() && most <= least * (1.0 + EVEN)
    }

    /// Whether a row of this norm is within them. It may be off by what float64 sums lose, for which who
    /// relies on them has room.
    pub fn hold(self, norm: f64) -> bool {
        const ROOM: f64 = 1e-10;
        f64::from(self.least) <= norm * (1.0 + ROOM) && norm * (1.0 - ROOM) <= f64::from(self.most)
    }
}
