//! Centroids by a sample of rows: Lloyd's iteration, in which lists that grow too large are split.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::assign::{Assigned, Assigner, TurnedRows};
use super::direction::make_as_long;
use super::quantizer::Quantizer;
use crate::arch::DefaultFloatState;
use crate::codes::Transform;
use crate::codes::rotation::split_mix;
use crate::distance::Dtype;
use crate::scan::Cancel;
use crate::{Error, Result};

/// A list with so many times the mean of rows, or of squared distances, is split.
const LARGE: f64 = 2.0;
/// Splitting ends at so many times the lists that were asked for,
const MOST: f64 = 1.5;
/// unless there are lists with less than so many times the mean: their rows go to others.
const SMALL: f64 = 0.25;
/// Pieces that a list gets at once, at most, beside what stays.
const MEMBERS: usize = 8;

#[derive(Clone, Copy, Debug)]
pub struct Training {
    pub dtype: Dtype,
    /// How many lists are wanted. There may be more, where large ones are split, and fewer of few rows.
    pub lists: usize,
    pub seed: u64,
}

pub struct Trainer {
    training: Training,
    quantizer: Arc<Quantizer>,
    /// Of each part of the sample its rows in int8, from the first turn on.
    turned: Mutex<HashMap<usize, Arc<Vec<TurnedRows>>>>,
    /// What was added up since the last turn of the iteration.
    sums: Mutex<Sums>,
    turns: u64,
    cancel: Arc<Cancel>,
}

/// Of each list.
struct Sums {
    rows: Vec<f64>,
    /// Of the squares of distances, halved.
    squares: Vec<f64>,
    numbers: Vec<f64>,
    /// Rows of it by chance: those with the least numbers drawn.
    members: Vec<[(u64, usize); MEMBERS]>,
}

impl Sums {
    fn new(lists: usize, dimensions: usize) -> Self {
        Self {
            rows: vec![0.0; lists],
            squares: vec![0.0; lists],
            numbers: vec![0.0; lists * dimensions],
            members: vec![[(u64::MAX, 0); MEMBERS]; lists],
        }
    }

    fn add(&mut self, other: &Self) {
        let pairs = [(&mut self.rows, &other.rows), (&mut self.squares, &other.squares)];
        for (sums, more) in pairs.into_iter().chain([(&mut self.numbers, &other.numbers)]) {
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
        for (list, members) in other.members.iter().enumerate() {
            members.iter().for_each(|&member| self.draw(list, member));
        }
    }

    fn draw(&mut self, list: usize, member: (u64, usize)) {
        if let Some(last) = self.members[list].iter_mut().max()
            && member < *last
        {
            *last = member;
        }
    }
}

impl Trainer {
    /// Begins with rows of the sample, spread evenly.
    pub fn new(transform: Arc<Transform>, training: Training, sample: &[u8]) -> Result<Self> {
        let dimensions = transform.dimensions;
        let rows = sample.len() / (dimensions * training.dtype.bytes());
        if rows == 0 || training.lists == 0 {
            return Err(Error::invalid("centroids are trained by at least one row"));
        }
        let lists = training.lists.min(rows);
        let sample = Sample { dtype: training.dtype, rows: sample, dimensions };
        let mut centroids = Vec::with_capacity(lists * dimensions);
        for list in 0..lists {
            sample.push_row(list * rows / lists, &mut centroids);
        }
        let quantizer = Arc::new(Quantizer::of_centroids(transform, &centroids)?);
        let (turned, sums) = (Mutex::default(), Mutex::new(Sums::new(lists, dimensions)));
        Ok(Self { training, quantizer, turned, sums, turns: 0, cancel: Arc::default() })
    }

    pub fn quantizer(&self) -> &Arc<Quantizer> {
        &self.quantizer
    }

    /// Ends what is under way, and what comes, as `Aborted`.
    pub fn cancel(&self) -> &Arc<Cancel> {
        &self.cancel
    }

    /// Finds the lists of a part of the sample, and adds up its rows.
    pub fn add_part(&self, sample: &[u8], part: usize, parts: usize, tier: Option<&str>) -> Result<()> {
        let dimensions = self.quantizer.transform.dimensions;
        let sample = Sample { dtype: self.training.dtype, rows: sample, dimensions };
        let rows = sample.count();
        let (start, end) = (rows * part / parts, rows * (part + 1) / parts);
        let _state = DefaultFloatState::new();
        let assigner = Assigner::new(&self.quantizer, tier)?;
        let turned = self.turned(&assigner, part, sample.bytes(start, end))?;
        let mut sums = Sums::new(self.quantizer.lists(), dimensions);
        let (mut found, mut widened) = (Vec::new(), Vec::new());
        let mut random = self.training.seed ^ start as u64 ^ self.turns << 32;
        let mut row = start;
        for rows in turned.iter() {
            self.cancel.check()?;
            found.clear();
            assigner.nearest(rows, &mut found)?;
            for (&Assigned { list, key }, square) in found.iter().zip(rows.squares) {
                let (list, bytes) = (list as usize, sample.bytes(row, row + 1));
                row += 1;
                // Rows without a place would draw a centroid away from all others.
                if !square.is_finite() {
                    continue;
                }
                let numbers = &mut sums.numbers[list * dimensions..][..dimensions];
                let wide = sample.dtype.widen(bytes, &mut widened);
                sample.dtype.wide().for_each(wide, |i, x| numbers[i] += x);
                sums.rows[list] += 1.0;
                sums.squares[list] += (0.5 * square + f64::from(key)).max(0.0);
                sums.draw(list, (split_mix(&mut random), row - 1));
            }
        }
        self.sums.lock().unwrap_or_else(PoisonError::into_inner).add(&sums);
        Ok(())
    }

    fn turned(&self, assigner: &Assigner<'_>, part: usize, rows: &[u8]) -> Result<Arc<Vec<TurnedRows>>> {
        let turned = || self.turned.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = turned().get(&part) {
            return Ok(Arc::clone(known));
        }
        let mut found = Vec::new();
        assigner.turn(self.training.dtype, rows, |rows| {
            found.push(rows);
            self.cancel.check()
        })?;
        let found = Arc::new(found);
        turned().insert(part, Arc::clone(&found));
        Ok(found)
    }

    /// Moves the centroids to the means of their rows. Lists without rows are given up, and with `split`
    /// large ones become two.
    pub fn turn(&mut self, sample: &[u8], split: bool) -> Result<()> {
        self.cancel.check()?;
        let (lists, dimensions) = (self.quantizer.lists(), self.quantizer.transform.dimensions);
        let added = self.sums.get_mut().unwrap_or_else(PoisonError::into_inner);
        let sums = std::mem::replace(added, Sums::new(0, 0));
        let sample = Sample { dtype: self.training.dtype, rows: sample, dimensions };
        let mut centroids = Vec::with_capacity(sums.numbers.len());
        let mut kept: Vec<usize> = (0..lists).filter(|&list| sums.rows[list] > 0.0).collect();
        let mut divided = Vec::new();
        if split {
            let wanted = self.training.lists.min(sample.count());
            let most = (self.training.lists as f64 * MOST) as usize;
            let (all, spread): (f64, f64) = (sums.rows.iter().sum(), sums.squares.iter().sum());
            let share = |part: f64, all: f64| wanted as f64 * part / all.max(f64::MIN_POSITIVE);
            let size = |list: usize| share(sums.rows[list], all).max(share(sums.squares[list], spread));
            kept.sort_by(|&a, &b| size(b).total_cmp(&size(a)));
            for at in 0.. {
                // Room that lists without rows left is filled first, whatever the others are like.
                let is_missing = kept.len() + divided.len() < wanted;
                let Some(&list) = kept.get(at) else { break };
                if sums.rows[list] < 2.0 || !(is_missing || size(list) > LARGE) {
                    break;
                }
                // One piece each turn would leave a list of ten clusters large for ten turns.
                let pieces = (size(list) / LARGE).ceil().clamp(1.0, sums.rows[list] - 1.0) as usize;
                let members = sums.members[list].iter().filter(|&&(drawn, _)| drawn < u64::MAX);
                for &(_, member) in members.take(pieces) {
                    if kept.len() + divided.len() >= most {
                        // A small one makes room for it.
                        match kept.last() {
                            Some(&last) if kept.len() > at + 1 && size(last) < SMALL => kept.pop(),
                            _ => break,
                        };
                    }
                    divided.push(member);
                }
            }
        }
        for &list in &kept {
            let numbers = &sums.numbers[list * dimensions..][..dimensions];
            centroids.extend(numbers.iter().map(|x| (x / sums.rows[list]) as f32));
        }
        divided.iter().for_each(|&row| sample.push_row(row, &mut centroids));
        if centroids.is_empty() {
            return Err(Error::invalid("rows that are not finite have no centroids"));
        }
        let transform = Arc::clone(&self.quantizer.transform);
        self.quantizer = Arc::new(Quantizer::of_centroids(transform, &centroids)?);
        *added = Sums::new(self.quantizer.lists(), dimensions);
        self.turns += 1;
        Ok(())
    }

    /// The centroids in an order in which neighbours are near each other, so that what a query reads lies
    /// together: halved again and again, across the line between two that are far apart. With `by_direction`
    /// they are all as long as each other: the nearest one is then that of the least angle.
    pub fn ordered(&self, by_direction: bool) -> Result<Quantizer> {
        let dimensions = self.quantizer.transform.dimensions;
        let lists = self.quantizer.lists();
        let mut centroids: Vec<f32> = (0..lists).flat_map(|list| self.quantizer.centroid(list)).collect();
        if by_direction {
            make_as_long(&mut centroids, dimensions);
        }
        let row = |list: usize| &centroids[list * dimensions..][..dimensions];
        let mut order: Vec<usize> = (0..lists).collect();
        halve(&mut order, &row, &self.cancel)?;
        let ordered: Vec<f32> = order.iter().flat_map(|&list| row(list).iter().copied()).collect();
        let ordered = Quantizer::of_centroids(Arc::clone(&self.quantizer.transform), &ordered)?;
        for list in 0..lists {
            ordered.centre(list).map_err(|_| {
                Error::invalid("rows of numbers so small, or so large, cannot be put into lists")
            })?;
        }
        Ok(ordered)
    }
}

fn halve<'a>(order: &mut [usize], row: &impl Fn(usize) -> &'a [f32], cancel: &Cancel) -> Result<()> {
    if order.len() <= 2 {
        return Ok(());
    }
    cancel.check()?;
    let far_from = |from: usize| {
        let far = order
            .iter()
            .copied()
            .max_by(|&a, &b| distance(row(a), row(from)).total_cmp(&distance(row(b), row(from))));
        far.unwrap_or(from)
    };
    let a = far_from(order[0]);
    let b = far_from(a);
    // Along the line from one to the other.
    let line: Vec<f32> = row(b).iter().zip(row(a)).map(|(b, a)| b - a).collect();
    let along = |list: usize| row(list).iter().zip(&line).map(|(x, y)| f64::from(x * y)).sum::<f64>();
    let mut keyed: Vec<(f64, usize)> = order.iter().map(|&list| (along(list), list)).collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    order.iter_mut().zip(keyed).for_each(|(place, (_, list))| *place = list);
    let middle = order.len() / 2;
    let (left, right) = order.split_at_mut(middle);
    halve(left, row, cancel)?;
    halve(right, row, cancel)
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from((a - b) * (a - b))).sum()
}

struct Sample<'a> {
    dtype: Dtype,
    rows: &'a [u8],
    dimensions: usize,
}

impl<'a> Sample<'a> {
    fn row_bytes(&self) -> usize {
        self.dimensions * self.dtype.bytes()
    }

    fn count(&self) -> usize {
        self.rows.len() / self.row_bytes()
    }

    fn bytes(&self, first: usize, last: usize) -> &'a [u8] {
        &self.rows[first * self.row_bytes()..last * self.row_bytes()]
    }

    /// What is not finite as zeros.
    fn push_row(&self, row: usize, into: &mut Vec<f32>) {
        let mut widened = Vec::new();
        let wide = self.dtype.widen(self.bytes(row, row + 1), &mut widened);
        self.dtype.wide().for_each(wide, |_, x| {
            let x = x as f32;
            into.push(if x.is_finite() { x } else { 0.0 });
        });
    }
}
