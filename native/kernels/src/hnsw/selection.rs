//! Which rows of a segment a search may give.

use super::segment::Segment;
use crate::rowset::RowSet;
use crate::{Error, Result};

/// A bit for each row of a segment, by its place in the order of ids.
pub struct Selection {
    bits: Vec<u64>,
    rows: usize,
    count: usize,
}

impl Selection {
    /// The rows that are among the `allowed`, all of them without, and not `dead`.
    pub fn new(
        segment: &Segment,
        bytes: &[u8],
        allowed: Option<&RowSet>,
        dead: Option<&RowSet>,
    ) -> Result<Self> {
        let rows = segment.rows;
        let mut selection = Self { bits: vec![0; rows.div_ceil(64)], rows, count: 0 };
        if let Some(first_id) = segment.first_of_all() {
            let within = |set: &RowSet| set.clone().slice(first_id, first_id + rows as u64);
            match allowed.map(within) {
                Some(allowed) => allowed.ids().for_each(|id| selection.put((id - first_id) as u32, true)),
                None => (0..rows as u32).for_each(|row| selection.put(row, true)),
            }
            if let Some(dead) = dead.map(within) {
                dead.ids().for_each(|id| selection.put((id - first_id) as u32, false));
            }
        } else {
            for row in 0..rows as u32 {
                let id = segment.id(bytes, row)?;
                let is_in = |set: &RowSet| set.contains(id);
                selection.put(row, allowed.is_none_or(is_in) && !dead.is_some_and(is_in));
            }
        }
        selection.count = selection.bits.iter().map(|bits| bits.count_ones() as usize).sum();
        Ok(selection)
    }

    fn put(&mut self, row: u32, is_selected: bool) {
        let bit = 1 << (row % 64);
        let bits = &mut self.bits[row as usize / 64];
        *bits = if is_selected { *bits | bit } else { *bits & !bit };
    }

    /// How many rows are selected.
    pub fn count(&self) -> usize {
        self.count
    }

    pub(super) fn check(&self, segment: &Segment) -> Result<()> {
        match self.rows == segment.rows {
            true => Ok(()),
            false => Err(Error::invalid(format!("a selection of {} rows, not {}", self.rows, segment.rows))),
        }
    }

    /// Whether a row is selected; not one that is not there.
    pub(super) fn has(&self, row: u32) -> bool {
        self.bits.get(row as usize / 64).is_some_and(|bits| bits >> (row % 64) & 1 == 1)
    }

    /// The selected rows, ascending.
    pub(super) fn rows(&self) -> impl Iterator<Item = u32> {
        self.bits.iter().zip((0..).step_by(64)).flat_map(|(&bits, first)| {
            let mut rest = bits;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros();
                rest &= rest.wrapping_sub(1);
                (bit < 64).then_some(first + bit)
            })
        })
    }
}
