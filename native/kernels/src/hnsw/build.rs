//! A graph of rows, by any number of threads, the same whatever their number.
//!
//! Rows come in batches, in the order of their local ids, so that those of high levels come first. For each
//! of a batch its links are found in the graph without the batch; then these are put in, and the nodes that
//! they lead to get links back, of which too many are selected again. Both steps look at a graph that stays
//! as it is and say what is to change in it; changes are made between them by one thread, in the order of
//! ids.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};

use super::format::{
    LINE, Line, NODES_AT, Shape, bytes_of, bytes_of_mut, hash_of, level_of, put_half, put_word,
};
use super::graph::{Basics, Graph, factors};
use super::link::{Found, Links};
use super::merge::keep_links;
use super::reach::reach_all;
use super::rows::{Rows, row_of};
use super::segment::{self, Built};
use super::walk::Work;
use crate::arch::{CodeKernels, Tier};
use crate::distance::Metric;
use crate::{Code, Error, Result, catch_panic};

/// A batch is at most such a part of what is linked already: its rows do not see one another.
const PART: usize = 32;
const MOST: usize = 2048;
/// Rows, or nodes that get links back, that a thread takes at a time.
const NEW: usize = 16;
const OLD: usize = 64;
/// The part of the rows that is shorter than `Basics::radius`. With all of them less is found of normal
/// rows (0.93 of 10 instead of 0.99), and with none of them of rows around centres.
const SHORTER: (usize, usize) = (19, 20);
/// How many nodes a walk keeps.
const WIDTHS: std::ops::RangeInclusive<usize> = 1..=4096;

#[derive(Clone, Copy, Debug)]
pub struct Linking {
    pub metric: Metric,
    /// efConstruction.
    pub width: usize,
}

/// Links rows; any number of threads `help` at it.
pub struct Linker {
    linking: Linking,
    basics: Basics,
    rows: Rows,
    kernels: CodeKernels,
    counts: Vec<u32>,
    /// The rows to be linked, in their order, and how many are linked without them.
    pending: Vec<u32>,
    kept: usize,
    graph: RwLock<Stored>,
    state: Mutex<State>,
    /// What a thread has to do may have changed.
    more: Condvar,
    works: Mutex<Vec<Work>>,
    linked: AtomicUsize,
    aborted: AtomicBool,
}

/// The lowest level, and those above it.
pub(super) struct Stored {
    pub shape: Shape,
    /// With room for the head of a segment before the nodes.
    pub lines: Vec<Line>,
    pub uppers: Vec<Vec<Line>>,
}

struct State {
    step: Step,
    /// Where walks begin: the least node that is linked.
    entry: u32,
    /// Which parts of the step were taken, how many there are, how many are under way.
    taken: usize,
    parts: usize,
    running: usize,
    results: Vec<(usize, Outcome)>,
    failed: Option<Error>,
}

#[derive(Clone)]
enum Step {
    /// Of a range of the rows to be linked.
    New(Range<usize>),
    /// Of nodes on levels, with their links and new ones.
    Old(Arc<Vec<Change>>),
    Done,
}

/// A level, a node on it, and links.
pub(super) struct Change(pub usize, pub u32, pub Vec<u32>);

enum Outcome {
    New(Vec<Found>),
    Old(Vec<Change>),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Linker {
    pub fn new(mut rows: Rows, linking: Linking, tier: Option<&str>) -> Result<Self> {
        if !WIDTHS.contains(&linking.width) {
            let (least, most) = WIDTHS.into_inner();
            let got = linking.width;
            return Err(Error::invalid(format!("efConstruction is from {least} to {most}, got {got}")));
        }
        if !linking.metric.is_of_products() {
            return Err(Error::invalid("a graph is of l2, cosine or dot"));
        }
        let (coded, places) = rows.order()?;
        let counts = counts_of(&rows, coded);
        let length = rows.transform.mean_length;
        let nodes = rows.nodes().chunks_exact(rows.shape.node_bytes()).take(coded);
        let mut norms: Vec<f32> = nodes.map(|node| factors(node)[3]).collect();
        norms.sort_unstable_by(f32::total_cmp);
        let radius = norms.get(coded * SHORTER.0 / SHORTER.1).copied().unwrap_or(0.0);
        let mean_squared = (length * length) as f32;
        let basics = Basics { metric: linking.metric, mean_squared, radius };
        let lines = rows.shape.upper_bytes() / LINE;
        let uppers = counts[1..].iter().map(|&count| vec![Line([0; LINE]); count as usize * lines]);
        let (shape, uppers) = (rows.shape, uppers.collect());
        let mut stored = Stored { shape, uppers, lines: std::mem::take(&mut rows.lines) };
        let (mut pending, changes) = match rows.base.take() {
            Some(base) if base.metric == linking.metric || base.metric.is_l2() && linking.metric.is_l2() => {
                keep_links(&base, &places, &counts, &mut stored)?
            }
            _ => ((0..counts[0]).collect(), Vec::new()),
        };
        let mut entry = (0..counts[0]).find(|id| pending.binary_search(id).is_err());
        if entry.is_none() && !pending.is_empty() {
            // The first one is there, with nobody to be linked to.
            entry = Some(pending.remove(0));
        }
        let kept = counts[0] as usize - pending.len();
        let step = Step::Old(Arc::new(changes));
        let (parts, entry) = (parts_of(&step), entry.unwrap_or(0));
        let state = State { step, entry, taken: 0, parts, running: 0, results: Vec::new(), failed: None };
        let linker = Self {
            kernels: Tier::pick(tier)?.code_kernels(),
            linking,
            basics,
            counts,
            pending,
            kept,
            graph: RwLock::new(stored),
            state: Mutex::new(state),
            more: Condvar::new(),
            works: Mutex::default(),
            linked: AtomicUsize::new(0),
            aborted: AtomicBool::new(false),
            rows,
        };
        if parts == 0 {
            linker.advance(&mut lock(&linker.state));
        }
        Ok(linker)
    }

    /// How many rows are linked.
    pub fn linked(&self) -> usize {
        self.kept + self.linked.load(Ordering::Relaxed)
    }

    /// Ends what is under way within some rows, as `Aborted`.
    pub fn abort(&self) {
        self.aborted.store(true, Ordering::Relaxed);
    }

    /// Works until all rows are linked. A thread waits only for what another one is at.
    pub fn help(&self) -> Result<()> {
        loop {
            let (step, entry, part) = {
                let mut state = lock(&self.state);
                loop {
                    if let Some(error) = &state.failed {
                        return Err(error.clone());
                    }
                    if matches!(state.step, Step::Done) {
                        return Ok(());
                    }
                    if state.taken < state.parts {
                        break;
                    }
                    state = self.more.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                state.taken += 1;
                state.running += 1;
                (state.step.clone(), state.entry, state.taken - 1)
            };
            let outcome = catch_panic(|| self.part(&step, entry, part));
            drop(step);
            let mut state = lock(&self.state);
            state.running -= 1;
            match outcome {
                Ok(outcome) => state.results.push((part, outcome)),
                Err(error) => state.failed = Some(error),
            }
            if state.failed.is_none() && state.taken == state.parts && state.running == 0 {
                let advanced = catch_panic(|| {
                    self.advance(&mut state);
                    Ok(())
                });
                state.failed = advanced.err();
            }
            self.more.notify_all();
        }
    }

    fn part(&self, step: &Step, entry: u32, part: usize) -> Result<Outcome> {
        if self.aborted.load(Ordering::Relaxed) {
            return Err(Error::new(Code::Aborted, "the building of the graph was cancelled"));
        }
        let stored = self.graph.read().unwrap_or_else(PoisonError::into_inner);
        let graph = stored.graph(&self.counts);
        let links =
            Links { graph: &graph, kernels: self.kernels, basics: self.basics, width: self.linking.width };
        match step {
            Step::New(batch) => {
                let mut work = lock(&self.works).pop().unwrap_or_default();
                let first = batch.start + part * NEW;
                let ids = &self.pending[first..batch.end.min(first + NEW)];
                let found = ids.iter().map(|&id| links.of_new(id, entry, &mut work));
                let found = found.collect::<Result<_>>()?;
                lock(&self.works).push(work);
                Ok(Outcome::New(found))
            }
            Step::Old(changes) => {
                let changes = changes[part * OLD..].iter().take(OLD);
                let selected =
                    changes.map(|Change(level, id, all)| Change(*level, *id, links.of_old(*id, *level, all)));
                Ok(Outcome::Old(selected.collect()))
            }
            Step::Done => unreachable!("it has no parts"),
        }
    }

    /// Makes the changes that a step found, and begins the next one.
    fn advance(&self, state: &mut State) {
        let mut results = std::mem::take(&mut state.results);
        results.sort_unstable_by_key(|&(part, _)| part);
        let mut stored = self.graph.write().unwrap_or_else(PoisonError::into_inner);
        let mut old = Vec::new();
        for (part, outcome) in results {
            match (outcome, &state.step) {
                (Outcome::New(found), Step::New(batch)) => {
                    for (&id, found) in self.pending[batch.start + part * NEW..].iter().zip(found) {
                        for (level, links) in found.into_iter().enumerate() {
                            old.extend(links.iter().map(|&link| (level, link, id)));
                            stored.put(level, id, &links);
                        }
                    }
                }
                (Outcome::Old(changes), _) => {
                    changes.iter().for_each(|Change(level, id, links)| {
                        stored.put(*level, *id, links);
                    });
                }
                _ => unreachable!("a part is one of its step"),
            }
        }
        let changes = match &state.step {
            Step::New(batch) => {
                state.entry = state.entry.min(self.pending[batch.start]);
                self.linked.store(batch.end, Ordering::Relaxed);
                self.links_back(&stored, old)
            }
            _ => Vec::new(),
        };
        state.step = if changes.is_empty() {
            let start = self.linked.load(Ordering::Relaxed);
            let size = (self.linked() / PART).clamp(1, MOST).min(self.pending.len() - start);
            if size == 0 { Step::Done } else { Step::New(start..start + size) }
        } else {
            Step::Old(Arc::new(changes))
        };
        (state.taken, state.parts) = (0, parts_of(&state.step));
    }

    /// What is to be linked to new nodes: of each a level, itself and the new one.
    fn links_back(&self, stored: &Stored, mut old: Vec<(usize, u32, u32)>) -> Vec<Change> {
        old.sort_unstable();
        let graph = stored.graph(&self.counts);
        let changes = old.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).map(|new| {
            let (level, id, _) = new[0];
            let links = graph.links(level, id).unwrap_or_default();
            let mut links: Vec<u32> = links.iter().map(|&link| u32::from_le_bytes(link)).collect();
            for &(_, _, new) in new {
                // A node that lost all of its own links may still be one of another's.
                if !links.contains(&new) {
                    links.push(new);
                }
            }
            Change(level, id, links)
        });
        changes.collect()
    }

    /// The segment, once all rows are linked. To be called once.
    pub fn finish(&self) -> Result<Built> {
        let mut graph = self.graph.write().unwrap_or_else(PoisonError::into_inner);
        let empty = Stored { shape: self.rows.shape, lines: Vec::new(), uppers: Vec::new() };
        let mut stored = std::mem::replace(&mut *graph, empty);
        reach_all(&mut stored, &self.counts)?;
        segment::write(&self.rows, self.linking.metric, &self.counts, stored)
    }
}

impl Stored {
    pub(super) fn graph<'a>(&'a self, counts: &'a [u32]) -> Graph<'a> {
        let uppers = self.uppers.iter().map(|lines| bytes_of(lines)).collect();
        Graph { shape: self.shape, counts, nodes: &bytes_of(&self.lines)[NODES_AT..], uppers }
    }

    pub(super) fn put(&mut self, level: usize, id: u32, links: &[u32]) {
        let shape = self.shape;
        let (lines, node, at) = match level {
            0 => (&mut self.lines, NODES_AT + id as usize * shape.node_bytes(), shape.links_at()),
            _ => (&mut self.uppers[level - 1], id as usize * shape.upper_bytes(), 4),
        };
        let bytes = bytes_of_mut(lines);
        put_half(bytes, node + if level == 0 { at - 2 } else { 0 }, links.len() as u16);
        for (i, &link) in links.iter().enumerate() {
            put_word(bytes, node + at + 4 * i, link);
        }
    }
}

/// How many nodes each level has; rows are in order, and so many of them have codes.
fn counts_of(rows: &Rows, coded: usize) -> Vec<u32> {
    let mut counts = vec![coded as u32];
    let bytes = rows.shape.node_bytes();
    for node in rows.nodes().chunks_exact(bytes).take(coded) {
        let id = rows.ids[row_of(rows.shape, node) as usize];
        let level = level_of(hash_of(rows.seed, id), rows.shape.links);
        if level == 0 {
            break;
        }
        counts.resize(counts.len().max(level + 1), 0);
        counts[1..=level].iter_mut().for_each(|count| *count += 1);
    }
    counts
}

fn parts_of(step: &Step) -> usize {
    match step {
        Step::New(batch) => batch.len().div_ceil(NEW),
        Step::Old(changes) => changes.len().div_ceil(OLD),
        Step::Done => 0,
    }
}
