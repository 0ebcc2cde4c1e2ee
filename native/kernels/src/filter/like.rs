//! LIKE as `src/query/filter/like.ts` has it: % stands for any text, _ for one character, a backslash makes
//! the character after it stand for itself.
//!
//! A pattern is cut at its %. The stretches at the ends lie fixed; each of those between is taken where it
//! first occurs after the one before, which is never worse than a later place: no choice is ever taken back.
//! A stretch with a _ that floats is tried at every place; whoever compiles patterns bounds its length.
//!
//! A character is a byte and up to three continuation bytes after it: in UTF-8 a code point. Of bytes that
//! are no UTF-8 each that follows no other is one, too, so that `_` has a meaning on whatever a file holds.

use memchr::memmem::Finder;

use crate::{Error, Result};

pub struct Like {
    first: Stretch,
    /// Nothing where the pattern has no %.
    rest: Option<Rest>,
}

struct Rest {
    between: Vec<Stretch>,
    last: Stretch,
}

/// What a pattern comes to.
pub enum Pattern {
    /// `%text%`.
    Has(Box<Finder<'static>>),
    Like(Box<Like>),
}

enum Stretch {
    Plain(Box<Finder<'static>>),
    /// Nothing stands for `_`.
    Wild(Vec<Option<u8>>),
}

impl Like {
    pub fn compile(pattern: &[u8]) -> Result<Pattern> {
        let mut cut = vec![Vec::new()];
        let mut bytes = pattern.iter();
        while let Some(&byte) = bytes.next() {
            // There is always one.
            let last = cut.len() - 1;
            match byte {
                // A run of % says no more than one does: nothing lies between them.
                b'%' if last == 0 || !cut[last].is_empty() => cut.push(Vec::new()),
                b'%' => {}
                b'_' => cut[last].push(None),
                b'\\' => match bytes.next() {
                    Some(&escaped) => cut[last].push(Some(escaped)),
                    None => {
                        return Err(Error::invalid("a pattern ends with a backslash that escapes nothing"));
                    }
                },
                plain => cut[last].push(Some(plain)),
            }
        }
        let mut stretches = cut.into_iter().map(Stretch::new);
        let first = stretches.next().expect("there is always one");
        let mut between: Vec<_> = stretches.collect();
        let Some(last) = between.pop() else {
            return Ok(Pattern::Like(Box::new(Self { first, rest: None })));
        };
        Ok(match (&first, &*between, &last) {
            (first, [Stretch::Plain(text)], last) if first.is_empty() && last.is_empty() => {
                Pattern::Has(text.clone())
            }
            _ => Pattern::Like(Box::new(Self { first, rest: Some(Rest { between, last }) })),
        })
    }

    /// Whether the whole text is as the pattern says. Cost: linear in the text and in the pattern.
    pub fn matches(&self, text: &[u8]) -> bool {
        let Some(mut position) = self.first.end_at(text, 0) else { return false };
        let Some(Rest { between, last }) = &self.rest else { return position == text.len() };
        let Some(end) = last.start_before(text).filter(|&end| end >= position) else { return false };
        for stretch in between {
            match stretch.end_of_first(text, position, end) {
                Some(after) => position = after,
                None => return false,
            }
        }
        true
    }
}

impl Stretch {
    fn new(units: Vec<Option<u8>>) -> Self {
        match units.iter().copied().collect::<Option<Vec<u8>>>() {
            Some(plain) => Self::Plain(Box::new(Finder::new(&plain).into_owned())),
            None => Self::Wild(units),
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Plain(finder) if finder.needle().is_empty())
    }

    /// Where the stretch ends if it begins at `position`.
    fn end_at(&self, text: &[u8], position: usize) -> Option<usize> {
        match self {
            Self::Plain(finder) => {
                let plain = finder.needle();
                text[position..].starts_with(plain).then_some(position + plain.len())
            }
            Self::Wild(units) => units.iter().try_fold(position, |at, unit| match unit {
                None => (at < text.len()).then(|| character_after(text, at)),
                Some(byte) => (text.get(at) == Some(byte)).then_some(at + 1),
            }),
        }
    }

    /// Where the stretch begins if the text ends with it.
    fn start_before(&self, text: &[u8]) -> Option<usize> {
        match self {
            Self::Plain(finder) => text.strip_suffix(finder.needle()).map(<[u8]>::len),
            Self::Wild(units) => units.iter().rev().try_fold(text.len(), |at, unit| match unit {
                None => (at > 0).then(|| character_before(text, at)),
                Some(byte) => (at > 0 && text[at - 1] == *byte).then(|| at - 1),
            }),
        }
    }

    /// Where the first occurrence within the range of the text ends.
    fn end_of_first(&self, text: &[u8], start: usize, end: usize) -> Option<usize> {
        match self {
            Self::Plain(finder) => {
                finder.find(&text[start..end]).map(|found| start + found + finder.needle().len())
            }
            // What matches from within a character matches from its beginning, which was tried before.
            Self::Wild(_) => (start..end).find_map(|at| self.end_at(text, at).filter(|&found| found <= end)),
        }
    }
}

/// Where the character that begins at `at` ends; there is one.
fn character_after(text: &[u8], at: usize) -> usize {
    let more = text[at + 1..].iter().take(3).take_while(|&&byte| is_continuation(byte)).count();
    at + 1 + more
}

/// Where the character that ends at `at` begins; there is one.
fn character_before(text: &[u8], at: usize) -> usize {
    let more = text[1..at].iter().rev().take(3).take_while(|&&byte| is_continuation(byte)).count();
    at - 1 - more
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}
