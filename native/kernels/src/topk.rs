//! The best k of what was seen: of rows with known scores, and of rows with bounds.
//!
//! The order is by key, then by row id; NaN keys come last. Both structures keep whatever might still be
//! among the best, so that their answer does not depend on the order in which rows arrive.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::mutants::{Mutant, at_most, drops_tie};

/// So many get room at once. A list that grows from a few may lie in memory of another thread, which then has
/// to be waited for: glibc hands on small pieces to the thread that gave them back.
const AT_FIRST: usize = 32;

#[derive(Clone, Copy, Debug)]
pub struct Hit {
    pub key: f64,
    pub score: f64,
    pub id: u64,
    /// The score is an estimate, and the key is made of it.
    pub estimated: bool,
}

impl Ord for Hit {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_key = self.key.partial_cmp(&other.key);
        let by_key = by_key.unwrap_or_else(|| self.key.is_nan().cmp(&other.key.is_nan()));
        by_key.then(self.id.cmp(&other.id))
    }
}

impl PartialOrd for Hit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Hit {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Hit {}

/// The k best hits, the worst of them on top.
#[derive(Debug)]
pub struct TopK {
    k: usize,
    hits: BinaryHeap<Hit>,
}

impl TopK {
    pub fn new(k: usize) -> Self {
        Self { k, hits: BinaryHeap::new() }
    }

    pub fn push(&mut self, hit: Hit) {
        if self.hits.len() < self.k {
            if self.hits.is_empty() {
                self.hits.reserve(self.k.min(AT_FIRST));
            }
            self.hits.push(hit);
        } else if let Some(mut worst) = self.hits.peek_mut()
            && hit < *worst
            && !drops_tie(Mutant::TopKey, hit.key, worst.key)
        {
            *worst = hit;
        }
    }

    /// No key above this can enter any more. Never NaN.
    pub fn threshold(&self) -> f64 {
        match self.hits.peek() {
            Some(worst) if self.hits.len() == self.k && !worst.key.is_nan() => worst.key,
            _ => f64::INFINITY,
        }
    }

    /// The k-th best hit, once there are so many.
    fn last(&self) -> Option<&Hit> {
        self.hits.peek().filter(|_| self.hits.len() == self.k)
    }

    /// Best first.
    pub fn sorted(&self) -> Vec<Hit> {
        let mut hits = self.hits.clone().into_vec();
        hits.sort_unstable();
        hits
    }
}

/// A row whose key, once rounded, lies in `[low, high]`. What cannot be bounded has infinite bounds, and
/// may then be NaN.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    pub low: f64,
    pub high: f64,
    /// What the key is estimated to be, where codes are asked for that; else not a number.
    pub estimate: f64,
    pub id: u64,
    /// Where the row lies in what is being scanned.
    pub row: usize,
    /// CRC32C of the row, where it is scored later from bytes that are read then.
    pub check: u32,
    /// Whether the bounds are those of the row itself, and not only of its code.
    pub is_read: bool,
}

/// The rows of one pass that might be among the k best.
#[derive(Debug)]
pub struct Candidates {
    list: Vec<Candidate>,
    /// The k least upper bounds of all rows that came.
    highs: TopK,
    /// The last of these: k rows have no key above `cut.0`, and those that may equal it have no id above
    /// `cut.1`. So they keep everything beyond it out.
    cut: (f64, u64),
    limit: usize,
}

impl Candidates {
    pub fn new(k: usize) -> Self {
        let limit = k.saturating_mul(2).max(64);
        Self { list: Vec::new(), highs: TopK::new(k), cut: (f64::INFINITY, u64::MAX), limit }
    }

    pub fn push(&mut self, candidate: Candidate) {
        if !may_enter(self.cut, &candidate) {
            return;
        }
        let Candidate { high, id, .. } = candidate;
        self.highs.push(Hit { key: high, score: high, id, estimated: false });
        // What cannot be bounded is no bound on others.
        if let Some(last) = self.highs.last().filter(|last| last.key < f64::INFINITY) {
            self.cut = (last.key, last.id);
        }
        if self.list.is_empty() {
            self.list.reserve(AT_FIRST);
        }
        self.list.push(candidate);
        if self.list.len() >= self.limit {
            self.prune();
        }
    }

    /// k rows have no key above this.
    pub fn cut(&self) -> f64 {
        self.cut.0
    }

    /// How many rows are waiting; few, unless many bounds overlap.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Hands out the rows, those with the best bounds first, and forgets them; the cut stays.
    pub fn take(&mut self) -> Vec<Candidate> {
        let mut list = std::mem::take(&mut self.list);
        list.retain(|candidate| may_enter(self.cut, candidate));
        list.sort_unstable_by(|a, b| a.low.total_cmp(&b.low));
        list
    }

    /// Hands out up to `count` rows with the best bounds, in no order, and forgets them; the cut stays.
    pub fn take_best(&mut self, count: usize) -> Vec<Candidate> {
        let mut best = std::mem::take(&mut self.list);
        best.retain(|candidate| may_enter(self.cut, candidate));
        if count < best.len() {
            best.select_nth_unstable_by(count, |a, b| a.low.total_cmp(&b.low));
            self.list = best.split_off(count);
        }
        best
    }

    /// Takes rows back that were handed out, with other bounds of the same keys.
    pub fn put_back(&mut self, candidates: Vec<Candidate>) {
        self.list.extend(candidates);
    }

    fn prune(&mut self) {
        let cut = self.cut;
        self.list.retain(|candidate| may_enter(cut, candidate));
        self.limit = self.limit.max(2 * self.list.len());
    }
}

fn may_enter((key, id): (f64, u64), candidate: &Candidate) -> bool {
    candidate.low < key || candidate.low == key && at_most(Mutant::Candidates, candidate.id, id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys() -> impl Strategy<Value = f64> {
        prop_oneof![
            5 => (0..6).prop_map(f64::from),
            1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.0]),
        ]
    }

    /// Sorts by the order as the documents define it.
    fn oracle(keys: &[f64], k: usize) -> Vec<u64> {
        let mut ids: Vec<usize> = (0..keys.len()).collect();
        ids.sort_by(|&a, &b| match (keys[a].is_nan(), keys[b].is_nan()) {
            (false, false) => keys[a].partial_cmp(&keys[b]).unwrap().then(a.cmp(&b)),
            (a_nan, b_nan) => a_nan.cmp(&b_nan).then(a.cmp(&b)),
        });
        ids.into_iter().take(k).map(|id| id as u64).collect()
    }

    /// The list with an order in which to visit it.
    fn shuffled<T: Clone + std::fmt::Debug>(list: Vec<T>) -> impl Strategy<Value = (Vec<T>, Vec<usize>)> {
        let order: Vec<usize> = (0..list.len()).collect();
        (Just(list), Just(order).prop_shuffle())
    }

    fn hit(key: f64, id: u64) -> Hit {
        Hit { key, score: 0.0, id, estimated: false }
    }

    fn candidate(low: f64, high: f64, row: usize) -> Candidate {
        Candidate { low, high, estimate: f64::NAN, id: row as u64, row, check: 0, is_read: false }
    }

    fn ids(top: &TopK) -> Vec<u64> {
        top.sorted().into_iter().map(|hit| hit.id).collect()
    }

    proptest! {
        #[test]
        fn the_best_are_kept_in_any_order_of_arrival(
            (keys, order) in proptest::collection::vec(keys(), 1..40).prop_flat_map(shuffled),
            k in 1usize..12,
        ) {
            let mut top = TopK::new(k);
            for row in order {
                // The threshold may only keep out what cannot enter.
                if keys[row] > top.threshold() { continue; }
                top.push(hit(keys[row], row as u64));
            }
            prop_assert_eq!(ids(&top), oracle(&keys, k));
        }

        #[test]
        fn candidates_keep_every_row_that_its_bounds_do_not_rule_out(
            (rows, order) in proptest::collection::vec((keys(), 0u8..3, 0u8..3), 1..300)
                .prop_flat_map(shuffled),
            k in 1usize..12,
            taken in 0usize..300,
        ) {
            let keys: Vec<f64> = rows.iter().map(|row| row.0).collect();
            let (mut candidates, mut top) = (Candidates::new(k), TopK::new(k));
            let settle = |candidates: Vec<Candidate>, top: &mut TopK| {
                for candidate in candidates {
                    top.push(hit(keys[candidate.row], candidate.id));
                }
            };
            for (i, row) in order.into_iter().enumerate() {
                let (key, below, above) = rows[row];
                let (low, high) = match key.is_finite() {
                    true => (key - f64::from(below), key + f64::from(above)),
                    false => (f64::NEG_INFINITY, f64::INFINITY),
                };
                candidates.push(candidate(low, high, row));
                if i == taken {
                    settle(candidates.take(), &mut top);
                }
                if i == taken / 2 {
                    settle(candidates.take_best(k), &mut top);
                }
            }
            settle(candidates.take(), &mut top);
            prop_assert_eq!(ids(&top), oracle(&keys, k));
        }
    }

    #[test]
    fn equal_exact_rows_do_not_pile_up() {
        let mut candidates = Candidates::new(3);
        for row in 0..100_000 {
            candidates.push(candidate(1.0, 1.0, row));
        }
        assert!(candidates.len() < 64);
        let kept: Vec<_> = candidates.take().into_iter().map(|candidate| candidate.id).collect();
        assert_eq!(kept[..3], [0, 1, 2]);
    }
}
