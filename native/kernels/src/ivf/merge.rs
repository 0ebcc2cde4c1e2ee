//! One segment of several whose rows follow each other. Codes are taken over as they are: they depend on the
//! row and its centroid alone.

use super::segment::{self, Built, Directory};
use crate::codes::Layout;
use crate::codes::join::ListWriter;
use crate::{Error, Result};

/// A segment that is to become a part of another.
pub struct Piece<'a> {
    pub directory: &'a Directory,
    pub bytes: &'a [u8],
    pub first_id: u64,
    pub rows: usize,
}

/// The segment of the rows of all pieces, each of which begins where the one before ends. `Corrupt` for a
/// list that is not what its checksum says.
pub fn merge(layout: Layout, pieces: &[Piece<'_>]) -> Result<Built> {
    let Some(first) = pieces.first() else { return Err(Error::invalid("no segments")) };
    let lists = first.directory.entries.len();
    let mut rows = 0;
    for piece in pieces {
        if piece.first_id != first.first_id + rows as u64 || piece.directory.entries.len() != lists {
            return Err(Error::invalid("segments of one index follow each other"));
        }
        if piece.bytes.len() != piece.directory.segment_bytes() {
            return Err(Error::corrupt(format!("{} bytes are no segment", piece.bytes.len())));
        }
        rows += piece.rows;
    }
    if u32::try_from(rows).is_err() {
        return Err(Error::invalid(format!("{rows} rows are more than a segment has")));
    }
    let merged = (0..lists).map(|list| merge_lists(layout, pieces, list)).collect::<Result<Vec<_>>>()?;
    let (bytes, head) = segment::write(layout, merged.into_iter());
    Ok(Built { bytes, head, rows })
}

/// The ids, less the first of the first piece, and the codes of a list of all pieces.
fn merge_lists(layout: Layout, pieces: &[Piece<'_>], list: usize) -> Result<(Vec<u32>, Vec<u8>)> {
    let base = pieces[0].first_id;
    let rows = pieces.iter().map(|piece| piece.directory.entries[list].rows).sum();
    let mut ids = Vec::with_capacity(rows);
    let mut writer = ListWriter::new(layout.row_sections(), rows);
    for piece in pieces {
        let entry = piece.directory.entries[list];
        let bytes = &piece.bytes[entry.start..entry.end];
        if entry.rows == 0 {
            continue;
        }
        let (found, codes) = piece.directory.list(list, bytes, (piece.first_id, piece.rows as u64), None)?;
        ids.extend(found.iter().map(|id| (id - base) as u32));
        writer.push(codes, entry.rows)?;
    }
    Ok((ids, writer.bytes))
}
