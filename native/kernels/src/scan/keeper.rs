//! What the passes over codes keep.

use super::Best;
use super::cascade::{Cascade, Codes};
use super::mapped::MappedRows;
use crate::Result;
use crate::codes::Norms;
use crate::codes::layout::Record;
use crate::codes::query::{CodeQuery, Factors, Rule};
use crate::mutants::{Mutant, at_most};
use crate::topk::{Candidate, Candidates};

/// What the passes share: the rows that the fine codes leave, and the rules that get stricter by them.
pub struct Keeper<'a> {
    cascade: &'a Cascade,
    /// Of each query.
    pub candidates: Vec<Candidates>,
    rules: Vec<Rules>,
    norms: Norms,
}

/// The rules of a query by one threshold: for any rows, and for those of lists with even norms.
struct Rules {
    threshold: f64,
    any: Rule,
    even: Rule,
}

impl Rules {
    fn new(query: &CodeQuery, threshold: f64, norms: Norms) -> Self {
        let any = query.rule(threshold);
        let even = if norms.are_even() { query.rule_within(any, threshold, norms) } else { any };
        Self { threshold, any, even }
    }
}

impl<'a> Keeper<'a> {
    /// For lists that are even by these norms, and others.
    pub fn new(cascade: &'a Cascade, norms: Norms) -> Self {
        let candidates = cascade.queries.iter().map(|_| Candidates::new(cascade.scan.k)).collect();
        let best = cascade.bests().iter().map(Best::threshold);
        let rules = cascade.queries.iter().zip(best).map(|(query, best)| Rules::new(query, best, norms));
        Self { cascade, candidates, rules: rules.collect(), norms }
    }

    /// That of a query for the rows of a list.
    pub fn rule(&self, q: usize, codes: &Codes<'_>) -> &Rule {
        if codes.is_even() { &self.rules[q].even } else { &self.rules[q].any }
    }

    /// Bounds the rows that are likely the best so far by themselves, which is as good as a score for the
    /// threshold. Gives the ids of those that were read.
    pub fn bound_best(&mut self, q: usize, rows: &MappedRows<'_>) -> Result<Vec<u64>> {
        let mut best = self.candidates[q].take_best(self.cascade.scan.k);
        let read = self.cascade.bound_ahead(q, &mut best, rows)?;
        self.candidates[q].put_back(best);
        self.renew(q);
        Ok(read)
    }

    /// Keeps a row of a list that its fine code does not rule out, by all of its factors.
    pub fn keep(
        &mut self,
        q: usize,
        (codes, row): (&Codes<'_>, usize),
        record: Record<'_>,
        factors: &Factors,
        sums: [i64; 2],
    ) {
        let best = self.cascade.best(q);
        let query = &self.cascade.queries[q];
        let (low, high) = query.bounds(factors, record.fine_error(), sums);
        if at_most(Mutant::Keeper, low, best.threshold()) {
            let id = codes.id(row);
            if codes.dead.is_some_and(|dead| dead.contains(id)) {
                return;
            }
            let estimate = match self.cascade.estimates {
                true => query.estimate(factors, record.fine_error(), sums),
                false => f64::NAN,
            };
            let (check, is_read) = (record.check(), false);
            self.candidates[q].push(Candidate { low, high, estimate, id, row, check, is_read });
            best.lower(self.candidates[q].cut());
        }
        self.renew(q);
    }

    fn renew(&mut self, q: usize) {
        let threshold = self.cascade.best(q).threshold();
        if threshold < self.rules[q].threshold {
            self.rules[q] = Rules::new(&self.cascade.queries[q], threshold, self.norms);
        }
    }
}
