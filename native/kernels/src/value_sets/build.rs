//! The sets of a column, whose rows come in pieces.

use std::collections::HashMap;

use roaring::RoaringBitmap;

use crate::filter::{Column, Lists, Texts, Values, bits_of, numbers_of};
use crate::statistics::Valid;
use crate::{Error, Result};

/// Values of a column at most.
const MOST_VALUES: usize = 256;
/// Characters of a text at most, and their bytes.
const MOST_CHARACTERS: usize = 32;
const MOST_BYTES: usize = 4 * MOST_CHARACTERS;

/// Why a column has no sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    ManyValues,
    LongText,
}

/// Rows of one value, or of none.
#[derive(Debug, PartialEq)]
pub struct ValueSet {
    /// Eight bytes, little endian, of numbers; a byte of a bool; the bytes of text.
    pub value: Box<[u8]>,
    pub rows: u64,
    pub set: Vec<u8>,
}

#[derive(Debug, PartialEq)]
pub struct ValueSets {
    /// Absent where no row is null.
    pub nulls: Option<ValueSet>,
    /// Ascending; NaN is the last one.
    pub values: Vec<ValueSet>,
}

/// How values are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Bytes,
    Ints,
    Floats,
}

#[derive(Default)]
pub struct Builder {
    rows: u32,
    nulls: RoaringBitmap,
    order: Option<Order>,
    places: HashMap<Box<[u8]>, usize>,
    sets: Vec<RoaringBitmap>,
}

impl Builder {
    /// The next rows. What a refusal leaves behind is good for nothing. `Corrupt` for offsets that lead out
    /// of the column; `InvalidArgument` beyond 2^32 - 1 rows, and for columns of several types.
    pub fn add(&mut self, column: &Column<'_>) -> Result<Option<Refusal>> {
        let (first, end) = self.next(column.rows)?;
        let order = match column.values {
            Values::Int(_) => Order::Ints,
            Values::Float(_) => Order::Floats,
            _ => Order::Bytes,
        };
        if *self.order.get_or_insert(order) != order {
            return Err(Error::invalid("columns of several types"));
        }
        let rows = 0..column.rows;
        if rows.is_empty() {
            return Ok(None);
        }
        let valid = Valid::new(column, &rows)?;
        let mut refusal = None;
        let mut see = |row: usize, value: &[u8]| {
            if refusal.is_none() {
                refusal = self.see(first + row as u32, value);
            }
        };
        match column.values {
            Values::Bool(bits) => {
                let bits = bits_of(bits, &rows)?;
                valid.each(|row| see(row, &[bits[row / 8] >> (row % 8) & 1]));
            }
            Values::Int(bytes) => {
                let numbers = numbers_of(bytes, &rows)?;
                valid.each(|row| see(row, &numbers[row]));
            }
            Values::Float(bytes) => {
                let numbers = numbers_of(bytes, &rows)?;
                valid.each(|row| see(row, &plain(f64::from_le_bytes(numbers[row])).to_le_bytes()));
            }
            Values::String(strings) => {
                let texts = Texts::new(strings, rows)?;
                valid.each(|row| see(row, texts.at(row)));
            }
            Values::Strings { lists, items } => {
                let lists = Lists::new(lists, items, rows)?;
                valid.each(|row| lists.at(row).for_each(|item| see(row, item)));
            }
        }
        valid.each_null(|row| {
            // Rows ascend.
            let _ = self.nulls.try_push(first + row as u32);
        });
        self.rows = end;
        Ok(refusal)
    }

    /// The next rows, all of them null.
    pub fn add_nulls(&mut self, rows: usize) -> Result<()> {
        let (first, end) = self.next(rows)?;
        self.nulls.insert_range(first..end);
        self.rows = end;
        Ok(())
    }

    fn next(&self, rows: usize) -> Result<(u32, u32)> {
        let end = u32::try_from(rows).ok().and_then(|rows| self.rows.checked_add(rows));
        Ok((self.rows, end.ok_or_else(|| Error::invalid("an index of more than 2^32 - 1 rows"))?))
    }

    fn see(&mut self, row: u32, value: &[u8]) -> Option<Refusal> {
        let place = match self.places.get(value) {
            Some(&place) => place,
            None if self.sets.len() == MOST_VALUES => return Some(Refusal::ManyValues),
            None if is_long(value) => return Some(Refusal::LongText),
            None => {
                self.places.insert(value.into(), self.sets.len());
                self.sets.push(RoaringBitmap::new());
                self.sets.len() - 1
            }
        };
        // Rows ascend; one that has an item twice comes twice.
        let _ = self.sets[place].try_push(row);
        None
    }

    pub fn finish(&mut self) -> ValueSets {
        let Self { nulls, order, places, mut sets, .. } = std::mem::take(self);
        let mut values: Vec<_> = places.into_iter().collect();
        values.sort_unstable_by(|(a, _), (b, _)| match order {
            Some(Order::Ints) => i64::from_le_bytes(number(a)).cmp(&i64::from_le_bytes(number(b))),
            // NaN has no sign here, so that it is above all others.
            Some(Order::Floats) => f64::from_le_bytes(number(a)).total_cmp(&f64::from_le_bytes(number(b))),
            _ => a.cmp(b),
        });
        let values = values.into_iter().map(|(value, place)| encoded(value, &mut sets[place])).collect();
        let nulls = (!nulls.is_empty()).then(|| encoded([].into(), &mut { nulls }));
        ValueSets { nulls, values }
    }
}

/// One of all that are equal; of NaN one, too.
fn plain(value: f64) -> f64 {
    if value.is_nan() { f64::from_bits(0x7ff8 << 48) } else { value + 0.0 }
}

fn number(value: &[u8]) -> [u8; 8] {
    value.try_into().expect("numbers have eight bytes")
}

/// Bytes that go on with a character are none of their own.
fn is_long(value: &[u8]) -> bool {
    value.len() > MOST_BYTES || value.iter().filter(|&&byte| byte & 0xc0 != 0x80).count() > MOST_CHARACTERS
}

pub(crate) fn encoded(value: Box<[u8]>, rows: &mut RoaringBitmap) -> ValueSet {
    rows.optimize();
    let mut set = Vec::with_capacity(rows.serialized_size());
    rows.serialize_into(&mut set).expect("writing to memory does not fail");
    ValueSet { value, rows: rows.len(), set }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Strings;

    fn rows_of(set: &ValueSet) -> Vec<u32> {
        let rows: Vec<_> = RoaringBitmap::deserialize_from(&set.set[..]).unwrap().into_iter().collect();
        assert_eq!(rows.len() as u64, set.rows);
        rows
    }

    fn of(columns: &[Column<'_>]) -> ValueSets {
        let mut builder = Builder::default();
        for column in columns {
            assert_eq!(builder.add(column), Ok(None));
        }
        builder.finish()
    }

    fn ints(values: &[i64]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    #[test]
    fn values_ascend_and_have_their_rows_over_several_columns() {
        let (a, b) = (ints(&[5, -3, 5, 0]), ints(&[-3, 7]));
        let first = Column { rows: 4, valid: Some(&[0b0111]), values: Values::Int(&a) };
        let second = Column { rows: 2, valid: None, values: Values::Int(&b) };
        let sets = of(&[first, second]);
        let rows: Vec<_> =
            sets.values.iter().map(|set| (i64::from_le_bytes(number(&set.value)), rows_of(set))).collect();
        assert_eq!(rows, [(-3, vec![1, 4]), (5, vec![0, 2]), (7, vec![5])]);
        assert_eq!(rows_of(sets.nulls.as_ref().unwrap()), [3]);
    }

    #[test]
    fn zeros_are_one_value_and_so_is_every_nan_behind_all_others() {
        let numbers = [f64::NAN, 0.0, -0.0, -f64::NAN, f64::INFINITY, -1.5];
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let sets = of(&[Column { rows: 6, valid: None, values: Values::Float(&bytes) }]);
        let rows: Vec<_> = sets.values.iter().map(rows_of).collect();
        assert_eq!(rows, [vec![5], vec![1, 2], vec![4], vec![0, 3]]);
        assert!(sets.nulls.is_none());
    }

    #[test]
    fn of_lists_each_item_has_the_rows_of_its_lists() {
        let items = Strings { offsets: &[0, 1, 2, 3, 4], bytes: b"baab" };
        let values = Values::Strings { lists: &[0, 0, 3, 4], items };
        let sets = of(&[Column { rows: 3, valid: None, values }]);
        let rows: Vec<_> = sets.values.iter().map(|set| (&set.value[..], rows_of(set))).collect();
        assert_eq!(rows, [(&b"a"[..], vec![1]), (&b"b"[..], vec![1, 2])]);
    }

    #[test]
    fn bools_have_a_byte_and_rows_without_a_column_are_null() {
        let mut builder = Builder::default();
        builder.add_nulls(70_000).unwrap();
        let column = Column { rows: 2, valid: None, values: Values::Bool(&[0b01]) };
        assert_eq!(builder.add(&column), Ok(None));
        let sets = builder.finish();
        let rows: Vec<_> = sets.values.iter().map(|set| (&set.value[..], rows_of(set))).collect();
        assert_eq!(rows, [(&[0][..], vec![70_001]), (&[1][..], vec![70_000])]);
        assert_eq!(sets.nulls.map(|nulls| nulls.rows), Some(70_000));
    }

    #[test]
    fn too_many_values_and_too_long_ones_are_refused() {
        let refused = |count: i64| {
            let values = ints(&(0..count).collect::<Vec<_>>());
            let column = Column { rows: count as usize, valid: None, values: Values::Int(&values) };
            Builder::default().add(&column)
        };
        assert_eq!(refused(256), Ok(None));
        assert_eq!(refused(257), Ok(Some(Refusal::ManyValues)));
        let text = |text: String| {
            let offsets = [0, text.len() as i32];
            let values = Values::String(Strings { offsets: &offsets, bytes: text.as_bytes() });
            Builder::default().add(&Column { rows: 1, valid: None, values })
        };
        assert_eq!(text("\u{1f600}".repeat(32)), Ok(None));
        assert_eq!(text("a".repeat(33)), Ok(Some(Refusal::LongText)));
    }

    #[test]
    fn columns_that_are_too_short_or_of_several_types_are_refused() {
        let mut builder = Builder::default();
        let short = Column { rows: 2, valid: None, values: Values::Int(&[0; 8]) };
        assert!(builder.add(&short).is_err());
        builder.add(&Column { rows: 1, ..short }).unwrap();
        assert!(builder.add(&Column { rows: 1, valid: None, values: Values::Float(&[0; 8]) }).is_err());
    }
}
