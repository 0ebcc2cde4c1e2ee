//! Lists of rows, as rows come in.

use super::assign::{Assigned, Assigner};
use super::direction::push_directions;
use super::quantizer::Quantizer;
use super::segment::{self, Built};
use crate::codes::layout::{FACTORS, Section};
use crate::codes::{CHUNK_ROWS, LANES, Layout, encode};
use crate::distance::Dtype;
use crate::scan::Cancel;
use crate::{Error, Result};

/// Every so many lists of a quantizer; together with those of the others these are all.
pub struct ListBuilder {
    dtype: Dtype,
    part: usize,
    parts: usize,
    lists: Vec<List>,
}

#[derive(Default)]
struct List {
    /// Less the first of the segment.
    ids: Vec<u32>,
    /// Rows that wait for those that fill a block.
    waiting: Vec<u8>,
    /// Chunks of one block each.
    blocks: Vec<u8>,
}

impl ListBuilder {
    pub fn new(quantizer: &Quantizer, dtype: Dtype, part: usize, parts: usize) -> Self {
        let lists = (part..quantizer.lists()).step_by(parts).map(|_| List::default()).collect();
        Self { dtype, part, parts, lists }
    }

    /// Which lists rows belong to: by distance, or by direction, for centroids that were made so.
    pub fn assign(
        quantizer: &Quantizer,
        dtype: Dtype,
        rows: &[u8],
        by_direction: bool,
        tier: Option<&str>,
        cancel: &Cancel,
    ) -> Result<Vec<u32>> {
        let mut found = Vec::new();
        let assigner = Assigner::new(quantizer, tier)?;
        let mut assign = |dtype, rows: &[u8]| {
            assigner.turn(dtype, rows, |turned| {
                cancel.check()?;
                assigner.nearest(&turned, &mut found)
            })
        };
        if by_direction {
            let dimensions = quantizer.transform.dimensions;
            let (length, mut directions) = (quantizer.length(), Vec::new());
            for rows in rows.chunks(LANES * dimensions * dtype.bytes()) {
                directions.clear();
                push_directions(dtype, rows, dimensions, length, &mut directions);
                assign(Dtype::Float32, &directions)?;
            }
        } else {
            assign(dtype, rows)?;
        }
        Ok(found.into_iter().map(|Assigned { list, .. }| list).collect())
    }

    /// Takes those of the rows that belong to its lists; `first_id` is that of the first row, less the first
    /// of the segment.
    pub fn add(
        &mut self,
        quantizer: &Quantizer,
        rows: &[u8],
        lists: &[u32],
        first_id: u32,
        tier: Option<&str>,
    ) -> Result<()> {
        let row_bytes = quantizer.transform.dimensions * self.dtype.bytes();
        for (i, (row, &number)) in rows.chunks_exact(row_bytes).zip(lists).enumerate() {
            let number = number as usize;
            if number % self.parts != self.part {
                continue;
            }
            let Some(list) = self.lists.get_mut(number / self.parts) else {
                return Err(Error::invalid(format!("list {number}")));
            };
            list.ids.push(first_id + i as u32);
            list.waiting.extend_from_slice(row);
            if list.waiting.len() == LANES * row_bytes {
                list.code(quantizer, number, self.dtype, tier)?;
            }
        }
        Ok(())
    }

    /// Codes what waits.
    pub fn finish(&mut self, quantizer: &Quantizer, tier: Option<&str>) -> Result<()> {
        for (i, list) in self.lists.iter_mut().enumerate() {
            if !list.waiting.is_empty() {
                list.code(quantizer, i * self.parts + self.part, self.dtype, tier)?;
            }
        }
        Ok(())
    }

    /// The segment of the lists of all builders, which are finished.
    pub fn segment(quantizer: &Quantizer, builders: &[Self]) -> Built {
        let layout = quantizer.transform.layout;
        let rows = builders.iter().flat_map(|builder| &builder.lists).map(|list| list.ids.len()).sum();
        let lists = (0..quantizer.lists()).map(|number| {
            let list = &builders[number % builders.len()].lists[number / builders.len()];
            (list.ids.as_slice(), list.codes(layout))
        });
        let (bytes, head) = segment::write(layout, lists);
        Built { bytes, head, rows }
    }
}

impl List {
    fn code(&mut self, quantizer: &Quantizer, number: usize, dtype: Dtype, tier: Option<&str>) -> Result<()> {
        let centre = quantizer.centre(number)?;
        self.blocks.extend(encode(&centre.transform, dtype, &self.waiting, tier)?);
        self.waiting.clear();
        Ok(())
    }

    /// Chunks of one block become chunks of many: whatever a section holds, it has it block by block.
    fn codes(&self, layout: Layout) -> Vec<u8> {
        let block_bytes = layout.chunk_bytes(LANES);
        let blocks: Vec<&[u8]> = self.blocks.chunks_exact(block_bytes).collect();
        let mut codes = Vec::with_capacity(layout.list_bytes(self.ids.len()));
        for blocks in blocks.chunks(CHUNK_ROWS / LANES) {
            let sections = FACTORS.into_iter().filter(|&factor| factor != Section::Tail || layout.has_tail);
            for section in sections.chain([Section::HighNibbles, Section::Records]) {
                let bytes = match section {
                    Section::HighNibbles => LANES * layout.plane_bytes(),
                    Section::Records => LANES * layout.record_bytes(),
                    _ => LANES * size_of::<f32>(),
                };
                let start = layout.offset(section, LANES);
                blocks.iter().for_each(|block| codes.extend_from_slice(&block[start..start + bytes]));
            }
        }
        codes
    }
}
