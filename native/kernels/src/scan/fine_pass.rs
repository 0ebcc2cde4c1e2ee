//! Many queries over codes: whole codes, joined once for all queries.

use super::cascade::{Cascade, Codes};
use super::keeper::Keeper;
use super::mapped::{Ahead, MappedRows};
use super::share::Places;
use crate::Result;
use crate::arch::{CODE_QUERIES, Left};
use crate::codes::query::{Columns, Rule, rows_of_block};
use crate::codes::{CHUNK_ROWS, LANES, Norms};
use crate::topk::Candidates;

pub struct FinePass<'a> {
    cascade: &'a Cascade,
    keeper: Keeper<'a>,
    /// The codes of a block.
    joined: Vec<u8>,
    /// The errors of a chunk's fine codes.
    errors: Vec<f32>,
    left: [Left<1>; CODE_QUERIES],
    /// Those of a chunk.
    rules: Vec<[Rule; CODE_QUERIES]>,
    ahead: Ahead<'a>,
}

impl<'a> FinePass<'a> {
    pub fn new(cascade: &'a Cascade, norms: Norms, rows: Option<&'a MappedRows<'a>>) -> Self {
        let joined = vec![0; LANES * cascade.transform.layout.coordinates];
        Self {
            cascade,
            keeper: Keeper::new(cascade, norms),
            joined,
            errors: Vec::new(),
            left: [Left::NONE; CODE_QUERIES],
            rules: Vec::new(),
            ahead: Ahead::new(rows),
        }
    }

    /// Scans some chunks of the lists.
    pub fn run(mut self, lists: &[Codes<'_>], places: Places<'_>) -> Result<(Vec<Candidates>, Vec<u64>)> {
        for (list, index) in places {
            self.scan_chunk(&lists[list], index)?;
            self.ahead.chunk_scanned(&mut self.keeper)?;
        }
        self.ahead.bound(&mut self.keeper)?;
        Ok((self.keeper.candidates, self.ahead.read))
    }

    fn scan_chunk(&mut self, codes: &Codes<'_>, index: usize) -> Result<()> {
        let chunk = codes.chunk(self.cascade, index)?;
        let columns = Columns::fine(chunk, codes.metric(self.cascade), &mut self.errors);
        let (all, stride) = (columns.of_metric(self.cascade.metric()), chunk.layout.record_bytes());
        let kernels = &self.cascade.kernels;
        let queries = self.cascade.queries.len();
        let rules_of = |keeper: &Keeper<'_>, first: usize| -> [Rule; CODE_QUERIES] {
            std::array::from_fn(|q| *keeper.rule((first + q).min(queries - 1), codes))
        };
        // They change only where a row is kept.
        let firsts = (0..queries).step_by(CODE_QUERIES);
        self.rules.clear();
        self.rules.extend(firsts.map(|first| rules_of(&self.keeper, first)));
        for block in 0..chunk.blocks() {
            self.cascade.check()?;
            kernels.join(chunk.high_block(block), chunk.low_block(block), stride, &mut self.joined);
            let rows = rows_of_block(chunk.rows, block);
            for ((group, limbs), rules) in self.cascade.vectors.iter().enumerate().zip(&mut self.rules) {
                let first = group * CODE_QUERIES;
                kernels.fine(rules, &columns, block, &self.joined, limbs, &mut self.left);
                let mut kept = false;
                for q in 0..(queries - first).min(CODE_QUERIES) {
                    let mut left = self.left[q].rows & rows;
                    while left != 0 {
                        let lane = left.trailing_zeros() as usize;
                        left &= left - 1;
                        let row = block * LANES + lane;
                        let (record, factors) = (chunk.record(row), all.row(row));
                        let sums = [self.left[q].sums[0][lane].into(), 0];
                        let place = (codes, index * CHUNK_ROWS + row);
                        self.keeper.keep(first + q, place, record, &factors, sums);
                        kept = true;
                    }
                }
                if kept {
                    *rules = rules_of(&self.keeper, first);
                }
            }
        }
        Ok(())
    }
}
