//! Rows picked out of a block of rows.

use std::ops::Range;

use crate::{Error, Result};

/// Rows ahead of the one that is copied whose bytes are called for: they come from all over a mapping, and a
/// miss costs more than the copy.
const AHEAD: usize = 16;

/// Copies row `rows[i]` of `source`, which begins at byte `offset`, to place `places[i]` of `target`. Rows of
/// 0 bytes are all the same.
pub fn gather(
    source: &[u8],
    offset: usize,
    row_bytes: usize,
    rows: &[f64],
    target: &mut [u8],
    places: &[u32],
) -> Result<()> {
    // SAFETY: nobody else writes what is borrowed here.
    unsafe { gather_into(source, offset, row_bytes, rows, (target.as_mut_ptr(), target.len()), places) }
}

/// The same into memory that others write, too, each to places of its own: a pointer and how many bytes.
///
/// # Safety
/// The bytes are writable and do not overlap the source; while this runs nobody reads or writes those of
/// these places.
pub unsafe fn gather_into(
    source: &[u8],
    offset: usize,
    row_bytes: usize,
    rows: &[f64],
    (target, length): (*mut u8, usize),
    places: &[u32],
) -> Result<()> {
    if rows.len() != places.len() {
        return Err(Error::invalid(format!("{} rows for {} places", rows.len(), places.len())));
    }
    let source = source.get(offset..).ok_or_else(|| Error::invalid("the rows begin past the end"))?;
    for (i, (&row, &place)) in rows.iter().zip(places).enumerate() {
        let next = rows.get(i + AHEAD).and_then(|&next| source.get(bytes_of(next, row_bytes)?));
        if let Some([first, .., last]) = next {
            prefetch(first);
            prefetch(last);
        }
        let piece = bytes_of(row, row_bytes).and_then(|range| source.get(range));
        let room = bytes_of(place.into(), row_bytes).filter(|range| range.end <= length);
        let (Some(piece), Some(room)) = (piece, room) else {
            return Err(Error::invalid(format!("row {row} or place {place} is out of range")));
        };
        // SAFETY: the room is as long as the piece and lies within the target; the rest is the caller's word.
        unsafe { std::ptr::copy_nonoverlapping(piece.as_ptr(), target.add(room.start), piece.len()) };
    }
    Ok(())
}

/// Where row `row` lies; none for what is no index.
fn bytes_of(row: f64, row_bytes: usize) -> Option<Range<usize>> {
    // The cast saturates and drops fractions, so only an index survives the way back.
    let index = row as usize;
    let start = (index as f64 == row).then(|| index.checked_mul(row_bytes))??;
    Some(start..start.checked_add(row_bytes)?)
}

#[inline(always)]
fn prefetch(byte: &u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint about an address that is valid anyway.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(
            std::ptr::from_ref(byte).cast(),
        );
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = byte;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_row_goes_to_its_place(
            row_bytes in 0usize..9,
            offset in 0usize..5,
            picks in proptest::collection::vec(any::<prop::sample::Index>(), 0..60),
        ) {
            let source: Vec<u8> = (0..offset + 40 * row_bytes).map(|i| (i * 7) as u8).collect();
            let rows: Vec<usize> = picks.iter().map(|pick| pick.index(40)).collect();
            let places: Vec<u32> = (0..rows.len() as u32).rev().collect();
            let mut target = vec![0; rows.len() * row_bytes];
            let numbers: Vec<f64> = rows.iter().map(|&row| row as f64).collect();
            gather(&source, offset, row_bytes, &numbers, &mut target, &places).unwrap();
            let expected: Vec<u8> = rows
                .iter()
                .rev()
                .flat_map(|row| &source[offset + row * row_bytes..][..row_bytes])
                .copied()
                .collect();
            prop_assert_eq!(target, expected);
        }
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        let mut target = [0; 8];
        for (row, place, offset) in [
            (2.0, 0, 0),
            (1.0, 0, 1),
            (0.0, 2, 0),
            (f64::INFINITY, 0, 0),
            (f64::NAN, 0, 0),
            (-1.0, 0, 0),
            (0.5, 0, 0),
            (0.0, 0, 9),
        ] {
            assert!(gather(&[0; 8], offset, 4, &[row], &mut target, &[place]).is_err());
        }
        assert!(gather(&[0; 8], 0, 4, &[0.0, 1.0], &mut target, &[0]).is_err());
    }
}
