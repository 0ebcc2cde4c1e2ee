//! Terms over texts and lists of them. Offsets are checked once, before a loop runs: what follows cannot lead
//! out of the bytes.

use std::ops::Range;

use memchr::memmem::Finder;

use super::Strings;
use super::answers::Answers;
use super::term::{Operator, TextTest};
use crate::{Error, Result};

/// Some texts of a column, whose offsets ascend and stay within the bytes.
#[derive(Clone, Copy)]
pub struct Texts<'a> {
    /// One more than there are texts.
    offsets: &'a [i32],
    bytes: &'a [u8],
}

impl<'a> Texts<'a> {
    pub fn new(Strings { offsets, bytes }: Strings<'a>, rows: Range<usize>) -> Result<Self> {
        Ok(Self { offsets: checked(offsets, &rows, bytes.len(), "bytes of text")?, bytes })
    }

    pub fn count(&self) -> usize {
        self.offsets.len() - 1
    }

    #[inline(always)]
    pub fn at(&self, i: usize) -> &'a [u8] {
        &self.bytes[self.start(i)..self.start(i + 1)]
    }

    /// Where text i starts, which is where the one before ends.
    #[inline(always)]
    fn start(&self, i: usize) -> usize {
        self.offsets[i] as usize
    }
}

/// Lists of texts.
pub struct Lists<'a> {
    /// Of each list the first item; one more than there are lists.
    offsets: &'a [i32],
    /// Those from the first item of the first list on.
    items: Texts<'a>,
}

impl<'a> Lists<'a> {
    pub fn new(lists: &'a [i32], items: Strings<'a>, rows: Range<usize>) -> Result<Self> {
        let offsets = checked(lists, &rows, items.offsets.len().saturating_sub(1), "items")?;
        let (first, last) = (offsets[0] as usize, offsets[rows.len()] as usize);
        // Without an item an array of items need not have offsets.
        let items = if first == last { Strings { offsets: &[0], bytes: &[] } } else { items };
        let range = if first == last { 0..0 } else { first..last };
        Ok(Self { offsets, items: Texts::new(items, range)? })
    }

    pub fn at(&self, row: usize) -> impl Iterator<Item = &'a [u8]> {
        let first = self.offsets[0] as usize;
        self.places(row).map(move |item| self.items.at(item - first))
    }

    /// Which of all items a list has.
    pub fn places(&self, row: usize) -> Range<usize> {
        self.offsets[row] as usize..self.offsets[row + 1] as usize
    }
}

/// The offsets of the rows and where the last one ends. `Corrupt` unless they ascend from 0 to `end` at most.
fn checked<'a>(offsets: &'a [i32], rows: &Range<usize>, end: usize, what: &str) -> Result<&'a [i32]> {
    let Some(offsets) = offsets.get(rows.start..=rows.end) else {
        return Err(super::too_short(offsets.len(), "offsets", rows));
    };
    let ascends = offsets.windows(2).fold(true, |ascends, pair| ascends & (pair[0] <= pair[1]));
    let (first, last) = (offsets[0], offsets[rows.len()]);
    if ascends && first >= 0 && last as usize <= end {
        return Ok(offsets);
    }
    let message =
        format!("attributes: offsets of rows {rows:?}, {first} to {last}, of {end} {what}, go back or out");
    Err(Error::corrupt(message))
}

pub fn strings(test: &TextTest, texts: Texts<'_>, answers: Answers<'_>) {
    match test {
        TextTest::Compare(operator, value) => compare(*operator, value, texts, answers),
        TextTest::In(members) => each(texts, |text| members.have(text), answers),
        TextTest::StartsWith(prefix) => each(texts, |text| text.starts_with(prefix), answers),
        TextTest::Has(finder) => has(finder, texts, answers),
        TextTest::Like(like) => each(texts, |text| like.matches(text), answers),
    }
}

fn compare(operator: Operator, value: &[u8], texts: Texts<'_>, answers: Answers<'_>) {
    let wanted = Wanted::new(value);
    match operator {
        Operator::Equal => wanted.each(texts, |equal| equal, answers),
        Operator::NotEqual => wanted.each(texts, |equal| !equal, answers),
        Operator::Less => each(texts, |text| text < value, answers),
        Operator::LessOrEqual => each(texts, |text| text <= value, answers),
        Operator::Greater => each(texts, |text| text > value, answers),
        Operator::GreaterOrEqual => each(texts, |text| text >= value, answers),
    }
}

/// A text to be equal to. Its length and some of its bytes are compared without a branch: the last 8, where
/// names that begin alike differ, or all where there are fewer.
struct Wanted<'a> {
    value: &'a [u8],
    some: u64,
    mask: u64,
}

impl<'a> Wanted<'a> {
    fn new(value: &'a [u8]) -> Self {
        let last = &value[value.len().saturating_sub(8)..];
        let some = last.iter().rev().fold(0, |some, &byte| some << 8 | u64::from(byte));
        let mask = u64::MAX.checked_shr(64 - 8 * last.len() as u32).unwrap_or(0);
        Self { value, some, mask }
    }

    #[inline(always)]
    fn each(&self, texts: Texts<'_>, answer: impl Fn(bool) -> bool, answers: Answers<'_>) {
        let length = self.value.len();
        answers.fill(|first, count| {
            let last = first + count - 1;
            // The last texts of all need not have 8 bytes from their start on.
            let word = if length < 8 && texts.start(last) + 8 > texts.bytes.len() {
                word_of(count, |i| texts.at(first + i) == self.value)
            } else {
                word_of(count, |i| {
                    let (start, end) = (texts.start(first + i), texts.start(first + i + 1));
                    // Of a text of another length it does not matter what this is.
                    let place = if length < 8 { start } else { end.saturating_sub(8) };
                    let bytes = texts.bytes.get(place..).and_then(<[u8]>::first_chunk);
                    let some = bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
                    let agrees = (end - start == length) & (some & self.mask == self.some);
                    agrees && (length <= 8 || texts.at(first + i) == self.value)
                })
            };
            answer_of(word, &answer)
        });
    }
}

/// The answer to each bit.
#[inline(always)]
fn answer_of(word: u64, answer: impl Fn(bool) -> bool) -> u64 {
    let all_or_none = |is: bool| if is { u64::MAX } else { 0 };
    word & all_or_none(answer(true)) | !word & all_or_none(answer(false))
}

#[inline(always)]
fn each(texts: Texts<'_>, test: impl Fn(&[u8]) -> bool, answers: Answers<'_>) {
    answers.fill(|first, count| word_of(count, |i| test(texts.at(first + i))));
}

pub fn lists(item: &[u8], lists: Lists<'_>, answers: Answers<'_>) {
    answers.fill(|first, count| word_of(count, |i| lists.at(first + i).any(|text| text == item)));
}

#[inline(always)]
fn word_of(count: usize, is_set: impl Fn(usize) -> bool) -> u64 {
    (0..count).fold(0, |word, i| word | u64::from(is_set(i)) << i)
}

/// Searches the bytes of all rows at once: where hits are rare, few rows are looked at.
fn has(finder: &Finder<'_>, texts: Texts<'_>, answers: Answers<'_>) {
    let mut hits = Hits { finder, texts, row: 0 }.peekable();
    answers.fill(|first, count| {
        let mut word = 0;
        while let Some(row) = hits.next_if(|&row| row < first + count) {
            word |= 1 << (row - first);
        }
        word
    });
}

/// The rows that have a text within, ascending.
struct Hits<'a> {
    finder: &'a Finder<'a>,
    texts: Texts<'a>,
    /// The first that was not looked at.
    row: usize,
}

impl Iterator for Hits<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let (texts, length) = (self.texts, self.finder.needle().len());
        while self.row < texts.count() {
            // A search that begins in a row too short for a hit could find one across its end each time.
            if texts.at(self.row).len() < length {
                self.row += 1;
                continue;
            }
            let (start, end) = (texts.start(self.row), texts.start(texts.count()));
            let Some(found) = self.finder.find(&texts.bytes[start..end]) else {
                self.row = texts.count();
                break;
            };
            let at = start + found;
            // An empty text is found at once, in the row where the search begins.
            while length > 0 && texts.start(self.row + 1) <= at {
                self.row += 1;
            }
            let row = self.row;
            // What begins later in the row reaches across its end as well.
            self.row += 1;
            if at + length <= texts.start(row + 1) {
                return Some(row);
            }
        }
        None
    }
}
