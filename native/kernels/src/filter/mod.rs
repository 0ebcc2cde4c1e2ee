//! One term of a filter over a whole column, by the rules of `src/query/filter/evaluate.ts`.
//!
//! A column is as Arrow lays it out. Its bytes come from a file whose checksums are right, but what they say
//! is not trusted: offsets that are negative, go back or point past the text are `Corrupt`. Text is compared
//! byte by byte, which is the order of code points; text that is no UTF-8 is compared so, too.
//!
//! The answer is two sets of rows, one bit a row, the least significant of a byte first: those of which the
//! term holds and those of which it fails. A row that is null is in neither.

mod answers;
mod like;
mod numbers;
mod term;
#[cfg(test)]
mod tests;
mod text;

use std::ops::Range;

use crate::{Error, Result};
use answers::Answers;
pub(crate) use answers::word_at;
pub(crate) use numbers::float_key;
pub use term::Term;
pub(crate) use text::{Lists, Texts};

/// `rows` values, of which those are null that have no bit in `valid`; without it none is.
#[derive(Clone, Copy)]
pub struct Column<'a> {
    pub rows: usize,
    pub valid: Option<&'a [u8]>,
    pub values: Values<'a>,
}

/// Numbers are of 8 bytes, little endian; an instant is an integer.
#[derive(Clone, Copy)]
pub enum Values<'a> {
    /// A bit for each row.
    Bool(&'a [u8]),
    Int(&'a [u8]),
    Float(&'a [u8]),
    String(Strings<'a>),
    /// Row i has the items from `lists[i]` up to `lists[i + 1]`.
    Strings {
        lists: &'a [i32],
        items: Strings<'a>,
    },
}

/// Text i is `bytes[offsets[i]..offsets[i + 1]]`.
#[derive(Clone, Copy)]
pub struct Strings<'a> {
    pub offsets: &'a [i32],
    pub bytes: &'a [u8],
}

impl Column<'_> {
    /// Bytes that a term over all rows reads, about.
    pub fn bytes(&self) -> usize {
        match self.values {
            Values::Bool(bytes) | Values::Int(bytes) | Values::Float(bytes) => bytes.len(),
            Values::String(strings) => strings.size(),
            Values::Strings { lists, items } => size_of_val(lists) + items.size(),
        }
    }
}

impl Strings<'_> {
    fn size(&self) -> usize {
        size_of_val(self.offsets) + self.bytes.len()
    }
}

impl Term {
    /// Puts the answers for a range of rows, which begins at a multiple of 64, into `holds` and `fails`: a
    /// bit for each row, and zeros behind the last one. `InvalidArgument` where the term is of another type
    /// than the column.
    pub fn evaluate(
        &self,
        column: &Column<'_>,
        rows: Range<usize>,
        holds: &mut [u8],
        fails: &mut [u8],
    ) -> Result<()> {
        let bytes = rows.len().div_ceil(8);
        if !rows.start.is_multiple_of(64)
            || rows.end > column.rows
            || [holds.len(), fails.len()] != [bytes; 2]
        {
            return Err(Error::invalid(format!(
                "rows {rows:?} of {} do not go into {} and {} bytes",
                column.rows,
                holds.len(),
                fails.len()
            )));
        }
        if rows.is_empty() {
            return Ok(());
        }
        let valid = column.valid.map(|valid| bits_of(valid, &rows)).transpose()?;
        let answers = Answers { rows: rows.len(), valid, holds, fails };
        match (self, column.values) {
            (Self::Bool(members), Values::Bool(bits)) => {
                numbers::bools(*members, bits_of(bits, &rows)?, answers)
            }
            (Self::Int(test), Values::Int(bytes)) => numbers::ints(test, numbers_of(bytes, &rows)?, answers),
            (Self::Float(test), Values::Float(bytes)) => {
                numbers::floats(test, numbers_of(bytes, &rows)?, answers);
            }
            (Self::String(test), Values::String(strings)) => {
                text::strings(test, text::Texts::new(strings, rows)?, answers);
            }
            (Self::Item(item), Values::Strings { lists, items }) => {
                text::lists(item, text::Lists::new(lists, items, rows)?, answers);
            }
            _ => return Err(Error::invalid("the term is of another type than the column")),
        }
        Ok(())
    }
}

pub(crate) fn bits_of<'a>(bits: &'a [u8], rows: &Range<usize>) -> Result<&'a [u8]> {
    let wanted = rows.start / 8..rows.end.div_ceil(8);
    bits.get(wanted).ok_or_else(|| too_short(bits.len(), "bytes of bits", rows))
}

pub(crate) fn numbers_of<'a>(bytes: &'a [u8], rows: &Range<usize>) -> Result<&'a [[u8; 8]]> {
    let numbers = bytes.as_chunks().0;
    numbers.get(rows.clone()).ok_or_else(|| too_short(bytes.len(), "bytes of numbers", rows))
}

fn too_short(length: usize, what: &str, rows: &Range<usize>) -> Error {
    Error::corrupt(format!("attributes: {length} {what} do not reach to row {}", rows.end))
}
