//! The blocks of a column, whose rows come in pieces.

use roaring::RoaringBitmap;

use super::{BLOCK_BYTES, BLOCK_PAIRS, Key, Kind, MOST_ROWS, MOST_TEXT};
use crate::crc::crc32c;
use crate::filter::{Column, Texts, Values, numbers_of};
use crate::statistics::Valid;
use crate::value_sets::{ValueSet, encoded};
use crate::{Error, Result};

#[derive(Default)]
pub struct Builder {
    rows: u32,
    kind: Option<Kind>,
    nulls: RoaringBitmap,
    nans: RoaringBitmap,
    /// Keys of numbers, each with its row.
    numbers: Vec<(i64, u32)>,
    texts: Vec<Text>,
    /// The bytes of all texts.
    bytes: Vec<u8>,
}

/// A text, where it lies among the bytes of all, and its row.
struct Text {
    /// Its first bytes, which tell most of two texts apart.
    prefix: u64,
    start: usize,
    length: u32,
    row: u32,
}

/// What becomes an object: the blocks, and what the directory says of them.
#[derive(Debug, Default, PartialEq)]
pub struct Built {
    /// Rows that have no value, and those of NaN; absent where there are none.
    pub nulls: Option<ValueSet>,
    pub nans: Option<ValueSet>,
    /// One after the other.
    pub blocks: Vec<u8>,
    /// Of each block: how many pairs it has, its length, its CRC32C.
    pub pairs: Vec<u32>,
    pub lengths: Vec<u32>,
    pub sums: Vec<u32>,
    /// The first value of each block, and the last one of all; texts are cut.
    pub bounds: Vec<u8>,
    /// Where each text of the bounds ends.
    pub ends: Vec<u32>,
}

impl Builder {
    /// The next rows. Whether they are taken: a text of more than 4,096 bytes is not, and what that leaves
    /// behind is good for nothing. `Corrupt` for offsets that lead out of the column; `InvalidArgument`
    /// beyond 2^24 rows, for columns of several types, and for those of a type that has no order.
    pub fn add(&mut self, column: &Column<'_>) -> Result<bool> {
        let (first, end) = self.next(column.rows)?;
        let kind = match column.values {
            Values::Int(_) => Kind::Int,
            Values::Float(_) => Kind::Float,
            Values::String(_) => Kind::Text,
            _ => return Err(Error::invalid("a column whose values have no order")),
        };
        if *self.kind.get_or_insert(kind) != kind {
            return Err(Error::invalid("columns of several types"));
        }
        let rows = 0..column.rows;
        if rows.is_empty() {
            return Ok(true);
        }
        let valid = Valid::new(column, &rows)?;
        let mut is_taken = true;
        match column.values {
            Values::Int(bytes) | Values::Float(bytes) => {
                let numbers = numbers_of(bytes, &rows)?;
                valid.each(|row| match (kind.key(numbers[row]), first + row as u32) {
                    (Some(key), row) => self.numbers.push((key, row)),
                    (None, row) => drop(self.nans.try_push(row)),
                });
            }
            Values::String(strings) => {
                let texts = Texts::new(strings, rows)?;
                valid.each(|row| {
                    let text = texts.at(row);
                    is_taken &= text.len() <= MOST_TEXT;
                    if is_taken {
                        self.see(text, first + row as u32);
                    }
                });
            }
            _ => {}
        }
        // Rows ascend.
        valid.each_null(|row| drop(self.nulls.try_push(first + row as u32)));
        self.rows = end;
        Ok(is_taken)
    }

    /// The next rows, all of them null.
    pub fn add_nulls(&mut self, rows: usize) -> Result<()> {
        let (first, end) = self.next(rows)?;
        self.nulls.insert_range(first..end);
        self.rows = end;
        Ok(())
    }

    /// Bytes in memory. `finish` takes as much again for a moment.
    pub fn held_bytes(&self) -> usize {
        size_of_val(&*self.numbers) + size_of_val(&*self.texts) + self.bytes.len()
    }

    fn next(&self, rows: usize) -> Result<(u32, u32)> {
        let end = u32::try_from(rows).ok().and_then(|rows| self.rows.checked_add(rows));
        let end = end.filter(|&end| end <= MOST_ROWS);
        Ok((self.rows, end.ok_or_else(|| Error::invalid("sorted blocks of more than 2^24 rows"))?))
    }

    fn see(&mut self, text: &[u8], row: u32) {
        let mut prefix = [0; 8];
        let known = text.len().min(8);
        prefix[..known].copy_from_slice(&text[..known]);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text);
        self.texts.push(Text { prefix: u64::from_be_bytes(prefix), start, length: text.len() as u32, row });
    }

    /// Pairs of equal values are in the order of their rows: the same rows make the same bytes.
    pub fn finish(&mut self) -> Built {
        let Self { kind, nulls, nans, mut numbers, mut texts, bytes, .. } = std::mem::take(self);
        let mut built = Built { nulls: set_of(nulls), nans: set_of(nans), ..Built::default() };
        let kind = kind.unwrap_or(Kind::Int);
        numbers.sort_unstable();
        for block in numbers.chunks(BLOCK_PAIRS) {
            let start = built.blocks.len();
            block.iter().for_each(|&(key, _)| built.blocks.extend(kind.number(key)));
            built.close(start, block.iter().map(|&(_, row)| row));
            built.bounds.extend(kind.number(block[0].0));
        }
        if let Some(&(key, _)) = numbers.last() {
            built.bounds.extend(kind.number(key));
        }
        let text = |text: &Text| &bytes[text.start..text.start + text.length as usize];
        texts.sort_unstable_by(|a, b| {
            a.prefix.cmp(&b.prefix).then_with(|| text(a).cmp(text(b))).then(a.row.cmp(&b.row))
        });
        let mut rest = &texts[..];
        while !rest.is_empty() {
            let block;
            (block, rest) = rest.split_at(pairs_of_block(rest));
            let start = built.blocks.len();
            built.blocks.extend(block.iter().flat_map(|text| text.length.to_le_bytes()));
            block.iter().for_each(|one| built.blocks.extend_from_slice(text(one)));
            built.close(start, block.iter().map(|text| text.row));
            built.bound(text(&block[0]));
        }
        if let Some(last) = texts.last() {
            built.bound(text(last));
        }
        built
    }
}

/// How many of the texts, which are some, go into the next block.
fn pairs_of_block(texts: &[Text]) -> usize {
    let mut bytes = 0;
    let fitting = texts.iter().take(BLOCK_PAIRS).take_while(|text| {
        bytes += text.length as usize + 8;
        bytes <= BLOCK_BYTES
    });
    fitting.count().max(1)
}

impl Built {
    /// Ends the block that begins at `start`, whose values are there.
    fn close(&mut self, start: usize, rows: impl ExactSizeIterator<Item = u32>) {
        self.pairs.push(rows.len() as u32);
        self.blocks.extend(rows.flat_map(u32::to_le_bytes));
        let block = &self.blocks[start..];
        self.lengths.push(block.len() as u32);
        self.sums.push(crc32c(block));
    }

    fn bound(&mut self, text: &[u8]) {
        self.bounds.extend_from_slice(text.cut());
        self.ends.push(self.bounds.len() as u32);
    }
}

fn set_of(rows: RoaringBitmap) -> Option<ValueSet> {
    (!rows.is_empty()).then(|| encoded([].into(), &mut { rows }))
}
