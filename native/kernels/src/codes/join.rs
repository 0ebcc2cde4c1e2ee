//! The rows of several lists as one list. What a chunk holds of a row depends on the row alone: it is taken
//! over as it is, to another place.

use super::layout::{CHUNK_ROWS, list_bytes, padded};
use super::{LANES, Layout, SignLayout};
use crate::{Error, Result};

/// Bytes that lie together of each row where those of several rows are interleaved.
const WORD: usize = 4;

/// How a section of a chunk holds what it has of each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowSection {
    /// Bytes of a row.
    pub bytes: usize,
    /// `LANES` rows at a time, four bytes of each in turn; else row by row.
    pub interleaved: bool,
}

impl RowSection {
    pub fn by_row(bytes: usize) -> Self {
        Self { bytes, interleaved: false }
    }

    pub fn interleaved(bytes: usize) -> Self {
        Self { bytes, interleaved: true }
    }
}

/// The list of all rows of these, each with the number of its rows, in their order. `Corrupt` for bytes that
/// are no list of so many rows.
pub fn join_codes(layout: Layout, lists: &[(&[u8], usize)]) -> Result<Vec<u8>> {
    join(layout.row_sections(), lists)
}

/// The same of lists of bits.
pub fn join_signs(layout: SignLayout, lists: &[(&[u8], usize)]) -> Result<Vec<u8>> {
    join(layout.row_sections(), lists)
}

fn join(sections: Vec<RowSection>, lists: &[(&[u8], usize)]) -> Result<Vec<u8>> {
    // Before memory is made for them.
    lists.iter().try_for_each(|&(bytes, rows)| check(&sections, bytes, rows))?;
    let mut writer = ListWriter::new(sections, lists.iter().map(|&(_, rows)| rows).sum());
    lists.iter().try_for_each(|&(bytes, rows)| writer.push(bytes, rows))?;
    Ok(writer.bytes)
}

/// A list of so many rows, while these come.
pub struct ListWriter {
    sections: Vec<RowSection>,
    rows: usize,
    done: usize,
    pub bytes: Vec<u8>,
}

impl ListWriter {
    pub fn new(sections: Vec<RowSection>, rows: usize) -> Self {
        let bytes = vec![0; bytes_of(&sections, rows)];
        Self { sections, rows, done: 0, bytes }
    }

    /// Takes the rows of a list, which are no more than are missing.
    pub fn push(&mut self, list: &[u8], rows: usize) -> Result<()> {
        check(&self.sections, list, rows)?;
        let bytes_of = |rows| bytes_of(&self.sections, rows);
        let mut at = 0;
        while at < rows {
            // The rows that one chunk holds here and one there.
            let count = (CHUNK_ROWS - at % CHUNK_ROWS).min(CHUNK_ROWS - self.done % CHUNK_ROWS);
            let count = count.min(rows - at);
            let from = Place::of(at, rows);
            let to = Place::of(self.done, self.rows);
            let from_chunk = &list[bytes_of(from.first)..];
            let to_chunk = &mut self.bytes[bytes_of(to.first)..];
            let mut before = 0;
            for &section in &self.sections {
                let from_section = &from_chunk[before * padded(from.rows)..];
                let to_section = &mut to_chunk[before * padded(to.rows)..];
                section.copy(from_section, from.row, to_section, to.row, count);
                before += section.bytes;
            }
            at += count;
            self.done += count;
        }
        Ok(())
    }
}

/// Where a row of a list is.
struct Place {
    /// The first row of its chunk, and the rows of that.
    first: usize,
    rows: usize,
    /// Its place in the chunk.
    row: usize,
}

impl Place {
    fn of(row: usize, list_rows: usize) -> Self {
        let first = row / CHUNK_ROWS * CHUNK_ROWS;
        Self { first, rows: (list_rows - first).min(CHUNK_ROWS), row: row - first }
    }
}

impl RowSection {
    fn copy(self, from: &[u8], from_row: usize, to: &mut [u8], to_row: usize, count: usize) {
        let Self { bytes, interleaved } = self;
        if !interleaved {
            let rows = &from[from_row * bytes..(from_row + count) * bytes];
            to[to_row * bytes..(to_row + count) * bytes].copy_from_slice(rows);
            return;
        }
        for row in 0..count {
            let words = words(to_row + row, bytes).zip(words(from_row + row, bytes));
            words.for_each(|(to_word, from_word)| to[to_word].copy_from_slice(&from[from_word]));
        }
    }
}

/// Where the words of a row are, among those of its block.
fn words(row: usize, bytes: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let first = row / LANES * LANES * bytes + row % LANES * WORD;
    (0..bytes / WORD).map(move |word| {
        let start = first + word * LANES * WORD;
        start..start + WORD
    })
}

fn check(sections: &[RowSection], list: &[u8], rows: usize) -> Result<()> {
    // A row has more bytes than one: so many rows that their bytes are beyond counting are no list.
    if rows <= list.len() && list.len() == bytes_of(sections, rows) {
        return Ok(());
    }
    Err(Error::corrupt(format!("{} bytes are no list of {rows} rows", list.len())))
}

fn bytes_of(sections: &[RowSection], rows: usize) -> usize {
    list_bytes(rows, |rows| chunk_bytes(sections, rows))
}

fn chunk_bytes(sections: &[RowSection], rows: usize) -> usize {
    padded(rows) * sections.iter().map(|section| section.bytes).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::testing::noise;
    use crate::codes::{Transform, encode_with_signs};
    use crate::distance::Dtype;

    const DIMENSIONS: usize = 40;

    fn coded(transform: &Transform, rows: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let (mut codes, mut signs) = (Vec::new(), Vec::new());
        for chunk in rows.chunks(CHUNK_ROWS * 4 * DIMENSIONS) {
            let both = encode_with_signs(transform, Dtype::Float32, chunk, None).unwrap();
            codes.extend(both.0);
            signs.extend(both.1);
        }
        (codes, signs)
    }

    /// Of all dimensions, and of the first of them.
    fn transforms() -> [Transform; 2] {
        let mean = vec![0.25; DIMENSIONS];
        let direction = |i: usize| (0..DIMENSIONS).map(move |j| f32::from(i == j));
        let basis = (0..32).flat_map(direction).collect();
        [None, Some(basis)].map(|basis| Transform::new(3, mean.clone(), basis).unwrap())
    }

    #[test]
    fn rows_of_several_lists_are_coded_as_those_of_one() {
        let mut random = noise(5);
        let numbers: Vec<f32> = (0..5_000 * DIMENSIONS).map(|_| random() as f32).collect();
        let rows: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        // Lists of whole chunks, of less than a block, of more than a chunk, and of none.
        for cuts in [&[0, 2_048, 3_072, 5_000][..], &[0, 1, 1_500, 1_500, 1_517, 4_999, 5_000]] {
            for transform in transforms() {
                let lists: Vec<_> = cuts
                    .windows(2)
                    .map(|cut| &rows[cut[0] * 4 * DIMENSIONS..cut[1] * 4 * DIMENSIONS])
                    .map(|rows| (coded(&transform, rows), rows.len() / (4 * DIMENSIONS)))
                    .collect();
                let codes: Vec<_> =
                    lists.iter().map(|((codes, _), rows)| (codes.as_slice(), *rows)).collect();
                let signs: Vec<_> =
                    lists.iter().map(|((_, signs), rows)| (signs.as_slice(), *rows)).collect();
                let (whole, whole_signs) = coded(&transform, &rows);
                let layout = transform.layout;
                assert!(join_codes(layout, &codes).unwrap() == whole);
                assert!(join_signs(SignLayout::of(layout), &signs).unwrap() == whole_signs);
            }
        }
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let layout = Layout::new(64, true).unwrap();
        let bytes = vec![0; layout.list_bytes(1_025)];
        assert!(join_codes(layout, &[(&bytes, 1_025)]).is_ok());
        for (list, rows) in
            [(&bytes[1..], 1_025), (&bytes[..], 2_000), (&bytes[..], 0), (&bytes[..], usize::MAX)]
        {
            let error = join_codes(layout, &[(list, rows)]).unwrap_err();
            assert!(error.to_string().contains("no list of"), "{error}");
        }
        assert_eq!(join_codes(layout, &[]).unwrap(), Vec::<u8>::new());
    }
}
