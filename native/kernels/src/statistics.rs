//! What a column holds in a few words, as places of values: `src/attributes/statistics.ts` makes values of
//! them.

use std::ops::Range;

use crate::Result;
use crate::filter::{Column, Lists, Texts, Values, bits_of, float_key, numbers_of, word_at};

/// Values that are told one by one at most.
const MOST_DISTINCT: usize = 16;

/// That of every NaN; no other number has it.
const NAN_KEY: i64 = f64::NAN.to_bits().cast_signed();

/// Places are rows, and of lists items. Of equal values it is the first one's.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    pub nulls: usize,
    /// NaN is neither least nor most, and one of `distinct`.
    pub nans: usize,
    pub least: Option<usize>,
    pub most: Option<usize>,
    /// Each value once, in the order of their places; nothing where they are many. 0 and -0 are one.
    pub distinct: Option<Vec<usize>>,
}

impl Statistics {
    /// `Corrupt` for offsets that lead out of the column.
    pub fn of(column: &Column<'_>) -> Result<Self> {
        let rows = 0..column.rows;
        if rows.is_empty() {
            return Ok(Self { distinct: Some(Vec::new()), ..Self::default() });
        }
        let valid = Valid::new(column, &rows)?;
        Ok(match column.values {
            Values::Bool(bits) => {
                let bits = bits_of(bits, &rows)?;
                one_by_one(&valid, |row| bits[row / 8] >> (row % 8) & 1 == 1)
            }
            Values::Int(bytes) => {
                let numbers = numbers_of(bytes, &rows)?;
                one_by_one(&valid, |row| i64::from_le_bytes(numbers[row]))
            }
            Values::Float(bytes) => floats(&valid, numbers_of(bytes, &rows)?),
            Values::String(strings) => {
                let texts = Texts::new(strings, rows)?;
                one_by_one(&valid, |row| texts.at(row))
            }
            Values::Strings { lists, items } => {
                let lists = Lists::new(lists, items, rows)?;
                let mut seen = Seen::default();
                let nulls = valid.each(|row| {
                    for (place, item) in lists.places(row).zip(lists.at(row)) {
                        seen.see(place, item, item);
                    }
                });
                seen.statistics(nulls, 0)
            }
        })
    }
}

fn one_by_one<T: Copy + Ord>(valid: &Valid<'_>, value: impl Fn(usize) -> T) -> Statistics {
    let mut seen = Seen::default();
    let nulls = valid.each(|row| seen.see(row, value(row), value(row)));
    seen.statistics(nulls, 0)
}

fn floats(valid: &Valid<'_>, numbers: &[[u8; 8]]) -> Statistics {
    let (mut seen, mut nans) = (Seen::default(), 0);
    let nulls = valid.each(|row| {
        let value = f64::from_le_bytes(numbers[row]);
        if value.is_nan() {
            nans += 1;
            seen.tell(row, NAN_KEY);
        } else {
            seen.see(row, value, float_key(value));
        }
    });
    seen.statistics(nulls, nans)
}

/// The rows that are not null.
pub(crate) struct Valid<'a> {
    rows: usize,
    bits: Option<&'a [u8]>,
}

impl<'a> Valid<'a> {
    pub(crate) fn new(column: &Column<'a>, rows: &Range<usize>) -> Result<Self> {
        let bits = column.valid.map(|bits| bits_of(bits, rows)).transpose()?;
        Ok(Self { rows: rows.len(), bits })
    }

    /// Calls `visit` for each of them; how many others there are.
    #[inline(always)]
    pub(crate) fn each(&self, mut visit: impl FnMut(usize)) -> usize {
        let Some(bits) = self.bits else {
            (0..self.rows).for_each(visit);
            return 0;
        };
        let mut nulls = self.rows;
        for first in (0..self.rows).step_by(64) {
            let mut word = word_at(bits, first / 64) & (u64::MAX >> (64 - (self.rows - first).min(64)));
            nulls -= word.count_ones() as usize;
            while word != 0 {
                visit(first + word.trailing_zeros() as usize);
                word &= word - 1;
            }
        }
        nulls
    }

    /// Calls `visit` for each of the others.
    pub(crate) fn each_null(&self, mut visit: impl FnMut(usize)) {
        let Some(bits) = self.bits else { return };
        for first in (0..self.rows).step_by(64) {
            let mut word = !word_at(bits, first / 64) & (u64::MAX >> (64 - (self.rows - first).min(64)));
            while word != 0 {
                visit(first + word.trailing_zeros() as usize);
                word &= word - 1;
            }
        }
    }
}

/// Of values that come with their places; equal ones have equal keys.
struct Seen<T, K> {
    least: Option<(usize, T)>,
    most: Option<(usize, T)>,
    /// One more than are told, once they are too many.
    distinct: Vec<(usize, K)>,
}

impl<T, K> Default for Seen<T, K> {
    fn default() -> Self {
        Self { least: None, most: None, distinct: Vec::with_capacity(MOST_DISTINCT + 1) }
    }
}

impl<T: Copy + PartialOrd, K: Eq> Seen<T, K> {
    #[inline(always)]
    fn see(&mut self, place: usize, value: T, key: K) {
        if self.least.is_none_or(|(_, least)| value < least) {
            self.least = Some((place, value));
        }
        if self.most.is_none_or(|(_, most)| value > most) {
            self.most = Some((place, value));
        }
        self.tell(place, key);
    }

    #[inline(always)]
    fn tell(&mut self, place: usize, key: K) {
        if self.distinct.len() <= MOST_DISTINCT && self.distinct.iter().all(|(_, known)| *known != key) {
            self.distinct.push((place, key));
        }
    }

    fn statistics(self, nulls: usize, nans: usize) -> Statistics {
        let places = || self.distinct.iter().map(|(place, _)| *place).collect();
        Statistics {
            nulls,
            nans,
            least: self.least.map(|(place, _)| place),
            most: self.most.map(|(place, _)| place),
            distinct: (self.distinct.len() <= MOST_DISTINCT).then(places),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Statistics;
    use crate::error::Code;
    use crate::filter::{Column, Strings, Values};

    fn ints(values: &[i64]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn of(rows: usize, valid: Option<&[u8]>, values: Values<'_>) -> Statistics {
        Statistics::of(&Column { rows, valid, values }).unwrap()
    }

    #[test]
    fn places_are_those_of_the_first_of_equal_values() {
        let statistics = of(6, None, Values::Int(&ints(&[5, 3, 5, 9, 3, 9])));
        let expected =
            Statistics { nulls: 0, nans: 0, least: Some(1), most: Some(3), distinct: Some(vec![0, 1, 3]) };
        assert_eq!(statistics, expected);
    }

    #[test]
    fn null_rows_count_for_nothing_else() {
        let numbers: Vec<i64> = (0..130).collect();
        let mut valid = [0u8; 17];
        (valid[1], valid[8], valid[16]) = (0b10, 1, 0xff);
        let statistics = of(130, Some(&valid), Values::Int(&ints(&numbers)));
        assert_eq!((statistics.nulls, statistics.least, statistics.most), (126, Some(9), Some(129)));
        assert_eq!(statistics.distinct, Some(vec![9, 64, 128, 129]));
        let none = of(130, Some(&[0; 17]), Values::Int(&ints(&numbers)));
        assert_eq!(none, Statistics { nulls: 130, distinct: Some(vec![]), ..Statistics::default() });
    }

    #[test]
    fn nan_is_told_once_and_both_zeros_are_one() {
        let numbers = [f64::NAN, 0.0, -0.0, -f64::NAN, -1.5, f64::INFINITY];
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let statistics = of(6, None, Values::Float(&bytes));
        assert_eq!((statistics.nans, statistics.least, statistics.most), (2, Some(4), Some(5)));
        assert_eq!(statistics.distinct, Some(vec![0, 1, 4, 5]));
    }

    #[test]
    fn more_values_than_are_told_are_told_not_at_all() {
        let count =
            |count: i64| of(count as usize, None, Values::Int(&ints(&(0..count).collect::<Vec<_>>())));
        assert_eq!(count(16).distinct.map(|places| places.len()), Some(16));
        assert_eq!(count(17).distinct, None);
        assert_eq!(count(17).most, Some(16));
    }

    #[test]
    fn of_lists_they_are_items_by_their_own_places() {
        let items = Strings { offsets: &[0, 1, 2, 3], bytes: b"bab" };
        let values = Values::Strings { lists: &[0, 0, 2, 3], items };
        let statistics = of(3, Some(&[0b110]), values);
        assert_eq!((statistics.nulls, statistics.least, statistics.most), (1, Some(1), Some(0)));
        assert_eq!(statistics.distinct, Some(vec![0, 1]));
    }

    #[test]
    fn offsets_that_lead_out_are_refused() {
        for offsets in [&[0, 2, 1][..], &[0, 1, 4], &[-1, 0, 1], &[0, 1]] {
            let values = Values::String(Strings { offsets, bytes: b"abc" });
            let refused = Statistics::of(&Column { rows: 2, valid: None, values }).unwrap_err();
            assert_eq!(refused.code, Code::Corrupt);
        }
        let short = Column { rows: 9, valid: Some(&[1]), values: Values::Bool(&[0, 0]) };
        assert_eq!(Statistics::of(&short).unwrap_err().code, Code::Corrupt);
    }
}
