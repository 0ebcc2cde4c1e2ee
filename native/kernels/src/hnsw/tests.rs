use std::sync::Arc;

use super::{Asked, HnswSearch, Linker, Linking, Rows, Segment, Selection, validate};
use crate::arch::Tier;
use crate::codes::rotation::split_mix;
use crate::codes::{Transform, train};
use crate::rowset::RowSet;
use crate::scan::{Dtype, ExactScan, MappedRows, Metric, Options, Partition};
use crate::{Code, Error, Result};

const DIMENSIONS: usize = 40;
const FIRST_ID: u64 = 1 << 40;
const K: usize = 10;
const METRICS: [Metric; 4] = [Metric::L2, Metric::L2Squared, Metric::Cosine, Metric::Dot];

fn uniform(state: &mut u64) -> f32 {
    (split_mix(state) >> 40) as f32 / (1 << 24) as f32
}

fn gaussian(state: &mut u64) -> f32 {
    (0..12).map(|_| uniform(state)).sum::<f32>() - 6.0
}

/// Around so many centres; around one without any spread of these for none.
fn numbers(rows: usize, centres: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let centres: Vec<f32> = (0..centres * DIMENSIONS).map(|_| 3.0 * gaussian(&mut state)).collect();
    let mut numbers = Vec::with_capacity(rows * DIMENSIONS);
    for _ in 0..rows {
        let count = centres.len() / DIMENSIONS;
        let centre = if count == 0 { 0 } else { split_mix(&mut state) as usize % count };
        for i in 0..DIMENSIONS {
            let middle = centres.get(centre * DIMENSIONS + i).copied().unwrap_or(0.5);
            numbers.push(middle + gaussian(&mut state));
        }
    }
    numbers
}

fn bytes_of(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn trained(rows: &[u8]) -> Arc<Transform> {
    Arc::new(train(Dtype::Float32, DIMENSIONS, rows, 7, None).unwrap())
}

fn collected(transform: &Arc<Transform>, tier: Option<&str>, rows: &[u8], first: u64) -> Rows {
    let count = rows.len() / DIMENSIONS / 4;
    let mut collected = Rows::new(Arc::clone(transform), Dtype::Float32, 8, 3, count).unwrap();
    let nodes = collected.encoder().encode(rows, tier).unwrap();
    collected.push(first..first + count as u64, &nodes).unwrap();
    collected
}

fn linked(rows: Rows, metric: Metric, tier: Option<&str>, threads: usize) -> Result<Vec<u8>> {
    let linker = Linker::new(rows, Linking { metric, width: 60 }, tier)?;
    std::thread::scope(|scope| {
        let helpers: Vec<_> = (0..threads).map(|_| scope.spawn(|| linker.help())).collect();
        helpers.into_iter().try_for_each(|helper| helper.join().unwrap())
    })?;
    Ok(linker.finish()?.bytes().to_vec())
}

fn built(transform: &Arc<Transform>, rows: &[u8], metric: Metric) -> Vec<u8> {
    linked(collected(transform, None, rows, FIRST_ID), metric, None, 2).unwrap()
}

fn scan_of(metric: Metric, queries: &[f64]) -> Arc<ExactScan> {
    let (dtype, dimensions, k) = (Dtype::Float32, DIMENSIONS, K);
    Arc::new(ExactScan::new(Options { metric, dtype, dimensions, k, queries, tier: None }).unwrap())
}

fn ids(scan: &ExactScan) -> Vec<Vec<u64>> {
    let results = scan.results();
    let of = |q: usize| &results.ids[q * K..][..results.counts[q] as usize];
    (0..scan.queries()).map(|q| of(q).iter().map(|&id| id as u64).collect()).collect()
}

fn exact(metric: Metric, queries: &[f64], rows: &[u8], dead: Option<&RowSet>) -> Vec<Vec<u64>> {
    let scan = scan_of(metric, queries);
    let partition = Partition { rows, first_id: FIRST_ID, ids: None, dead };
    scan.scan(&partition, 0..rows.len() / DIMENSIONS / 4).unwrap();
    ids(&scan)
}

struct Search<'a> {
    transform: &'a Arc<Transform>,
    rows: &'a [u8],
    queries: &'a [f64],
    metric: Metric,
    width: usize,
    estimates: bool,
    tier: Option<&'a str>,
}

impl Search<'_> {
    fn run(&self, bytes: &[u8], selection: Option<&Selection>) -> Result<Vec<Vec<u64>>> {
        let segment = Segment::open(bytes, self.transform.layout)?;
        let scan = scan_of(self.metric, self.queries);
        let search =
            HnswSearch::new(Arc::clone(&scan), Arc::clone(self.transform), self.estimates, self.tier)?;
        let search = search.ok_or_else(|| Error::invalid("no codes"))?;
        let mapped = MappedRows::new(4 * DIMENSIONS, vec![(FIRST_ID, self.rows)])?;
        for q in 0..search.queries() {
            search.walk(q, &segment, bytes, Asked { width: self.width, selection })?;
            search.settle(q, &mapped, 32, 64)?;
        }
        Ok(ids(&scan))
    }
}

fn recall(found: &[Vec<u64>], expected: &[Vec<u64>]) -> f64 {
    let hits: usize =
        found.iter().zip(expected).map(|(a, b)| b.iter().filter(|id| a.contains(id)).count()).sum();
    hits as f64 / expected.iter().map(Vec::len).sum::<usize>() as f64
}

fn queries_of(numbers: &[f32], count: usize) -> Vec<f64> {
    let rows = numbers.len() / DIMENSIONS;
    let row = |q: usize| &numbers[q * rows / count * DIMENSIONS..][..DIMENSIONS];
    (0..count).flat_map(|q| row(q).iter().map(|&x| f64::from(x) + 0.3)).collect()
}

#[test]
fn walks_find_most_of_the_nearest_rows() {
    // Normal rows of so many dimensions are about as far from each other as from anything.
    for (centres, seed, width) in [(50, 1, 120), (0, 2, 240)] {
        let numbers = numbers(6000, centres, seed);
        let (rows, queries) = (bytes_of(&numbers), queries_of(&numbers, 40));
        let transform = trained(&rows);
        for metric in METRICS {
            let bytes = built(&transform, &rows, metric);
            let segment = Segment::open(&bytes, transform.layout).unwrap();
            validate(&segment, &bytes).unwrap();
            let expected = exact(metric, &queries, &rows, None);
            for (estimates, least) in [(false, 0.95), (true, 0.9)] {
                let (transform, rows, queries) = (&transform, &rows[..], &queries[..]);
                let search = Search { transform, rows, queries, metric, width, estimates, tier: None };
                let found = recall(&search.run(&bytes, None).unwrap(), &expected);
                println!("{metric:?} of {centres} centres: {found}");
                assert!(found >= least, "{metric:?} of {centres} centres, {estimates}: {found}");
            }
        }
    }
}

#[test]
fn links_lead_to_every_row() {
    // Of normal rows some are among the nearest of no other.
    let rows = bytes_of(&numbers(6000, 0, 2));
    let transform = trained(&rows);
    let bytes = built(&transform, &rows, Metric::L2);
    let segment = Segment::open(&bytes, transform.layout).unwrap();
    let graph = segment.graph(&bytes).unwrap();
    let (mut reached, mut waiting) = (vec![false; segment.rows], vec![0]);
    while let Some(id) = waiting.pop() {
        if !std::mem::replace(&mut reached[id as usize], true) {
            let links = graph.links(0, id).unwrap().iter();
            waiting.extend(links.map(|&link| graph.linked(0, link).unwrap()));
        }
    }
    assert!(reached.into_iter().all(|is_reached| is_reached));
}

#[test]
fn a_graph_is_the_same_by_any_number_of_threads_and_on_every_tier() {
    let numbers = numbers(1500, 10, 3);
    let (rows, queries) = (bytes_of(&numbers), queries_of(&numbers, 10));
    let transform = trained(&rows);
    for metric in [Metric::L2, Metric::Cosine] {
        let expected = built(&transform, &rows, metric);
        let of_tier = |tier, estimates| {
            let (transform, rows, queries) = (&transform, &rows[..], &queries[..]);
            let search = Search { transform, rows, queries, metric, width: 20, estimates, tier };
            search.run(&expected, None).unwrap()
        };
        for tier in Tier::available() {
            let name = Some(tier.name());
            for threads in [1, 3] {
                let collected = collected(&transform, name, &rows, FIRST_ID);
                assert!(linked(collected, metric, name, threads).unwrap() == expected, "{tier:?}");
            }
            assert_eq!(of_tier(name, true), of_tier(None, true), "{tier:?}");
            assert_eq!(of_tier(name, false), of_tier(None, false), "{tier:?}");
        }
    }
}

#[test]
fn the_order_in_which_rows_come_does_not_matter() {
    let rows = bytes_of(&numbers(700, 5, 4));
    let transform = trained(&rows);
    let mut other = Rows::new(Arc::clone(&transform), Dtype::Float32, 8, 3, 700).unwrap();
    let (encoder, half) = (other.encoder(), rows.len() / 2);
    let late = encoder.encode(&rows[half..], None).unwrap();
    other.push(FIRST_ID + 350..FIRST_ID + 700, &late).unwrap();
    let early = encoder.encode(&rows[..half], None).unwrap();
    other.push(FIRST_ID..FIRST_ID + 350, &early).unwrap();
    assert!(linked(other, Metric::L2, None, 1).unwrap() == built(&transform, &rows, Metric::L2));
}

#[test]
fn walks_for_some_rows_keep_their_recall() {
    let numbers = numbers(8000, 40, 5);
    let (rows, queries) = (bytes_of(&numbers), queries_of(&numbers, 30));
    let transform = trained(&rows);
    let bytes = built(&transform, &rows, Metric::L2);
    let segment = Segment::open(&bytes, transform.layout).unwrap();
    let count = segment.rows as u64;
    let mut state = 6;
    for share in [0.999, 0.5, 0.1, 0.01, 0.001] {
        // By chance, and what lies on one side.
        let by_chance = (0..count).filter(|_| f64::from(uniform(&mut state)) < share);
        let by_chance: Vec<u64> = by_chance.map(|id| FIRST_ID + id).collect();
        let first = |id: u64| numbers[id as usize * DIMENSIONS];
        let mut sorted: Vec<u64> = (0..count).collect();
        sorted.sort_by(|&a, &b| first(a).total_cmp(&first(b)));
        let mut one_side: Vec<u64> =
            sorted[..(share * count as f64) as usize].iter().map(|id| FIRST_ID + id).collect();
        one_side.sort_unstable();
        for ids in [by_chance, one_side] {
            let allowed = RowSet::from_sorted(ids).unwrap();
            let dead = RowSet::range(FIRST_ID, FIRST_ID + count).difference(&allowed);
            let of = |allowed, dead| Selection::new(&segment, &bytes, allowed, dead).unwrap();
            for selection in [of(Some(&allowed), None), of(None, Some(&dead))] {
                assert_eq!(selection.count() as u64, allowed.len());
                let expected = exact(Metric::L2, &queries, &rows, Some(&dead));
                let (transform, rows, queries) = (&transform, &rows[..], &queries[..]);
                let (metric, estimates, tier) = (Metric::L2, false, None);
                let search = Search { transform, rows, queries, metric, width: 60, estimates, tier };
                let found = search.run(&bytes, Some(&selection)).unwrap();
                assert!(found.iter().flatten().all(|&id| allowed.contains(id)));
                let found = recall(&found, &expected);
                println!("{share} of the rows: {found}");
                assert!(found >= 0.95, "{share} of the rows: {found}");
            }
        }
    }
}

fn merged(
    transform: &Arc<Transform>,
    segments: &[&[u8]],
    dead: Option<&RowSet>,
    metric: Metric,
) -> Result<Vec<u8>> {
    let mut rows = Rows::new(Arc::clone(transform), Dtype::Float32, 8, 3, 10_000)?;
    for bytes in segments {
        rows.adopt(&Segment::open(bytes, transform.layout)?, bytes, dead)?;
    }
    linked(rows, metric, None, 2)
}

#[test]
fn merged_graphs_have_the_rows_that_live_and_find_them() {
    let numbers = numbers(5000, 30, 7);
    let (rows, queries) = (bytes_of(&numbers), queries_of(&numbers, 30));
    let transform = trained(&rows);
    let part = |start: usize, end: usize, metric| {
        let rows = &rows[start * DIMENSIONS * 4..end * DIMENSIONS * 4];
        linked(collected(&transform, None, rows, FIRST_ID + start as u64), metric, None, 2).unwrap()
    };
    for (metric, every) in [(Metric::L2, 0), (Metric::Cosine, 4), (Metric::L2, 2), (Metric::Dot, 1)] {
        let segments = [part(0, 3500, metric), part(3500, 4900, metric), part(4900, 5000, metric)];
        let is_dead = |id: &u64| every > 0 && (every == 1 || !id.is_multiple_of(every));
        let is_dead = |id: &u64| if every == 4 { id.is_multiple_of(4) } else { is_dead(id) };
        let dead: Vec<u64> = (0..5000).filter(is_dead).map(|id| FIRST_ID + id).collect();
        let dead = RowSet::from_sorted(dead).unwrap();
        let segments: Vec<&[u8]> = segments.iter().map(Vec::as_slice).collect();
        let bytes = merged(&transform, &segments, Some(&dead), metric).unwrap();
        let segment = Segment::open(&bytes, transform.layout).unwrap();
        validate(&segment, &bytes).unwrap();
        assert_eq!(segment.rows as u64, 5000 - dead.len());
        let expected = exact(metric, &queries, &rows, Some(&dead));
        let (transform, rows, queries) = (&transform, &rows[..], &queries[..]);
        let search = Search { transform, rows, queries, metric, width: 120, estimates: false, tier: None };
        let found = search.run(&bytes, None).unwrap();
        assert!(found.iter().flatten().all(|&id| !dead.contains(id)));
        if !expected.iter().all(Vec::is_empty) {
            let found = recall(&found, &expected);
            println!("{metric:?}, 1 of {every}: {found}");
            assert!(found >= 0.95, "{metric:?}, 1 of {every}: {found}");
        }
    }
}

#[test]
fn rows_without_a_code_are_always_found() {
    let mut numbers = numbers(300, 3, 8);
    for row in [5, 77, 299] {
        numbers[row * DIMENSIONS] = f32::NAN;
    }
    numbers[100 * DIMENSIONS] = 1e30;
    let rows = bytes_of(&numbers);
    let transform = trained(&rows[..50 * DIMENSIONS * 4]);
    let bytes = built(&transform, &rows, Metric::Dot);
    let segment = Segment::open(&bytes, transform.layout).unwrap();
    validate(&segment, &bytes).unwrap();
    assert_eq!(segment.counts()[0], 296);
    let queries = vec![1.0; DIMENSIONS];
    let search = Search {
        transform: &transform,
        rows: &rows,
        queries: &queries,
        metric: Metric::Dot,
        width: 300,
        estimates: false,
        tier: None,
    };
    let found = search.run(&bytes, None).unwrap();
    assert_eq!(found[0][0], FIRST_ID + 100);
    assert!(recall(&found, &exact(Metric::Dot, &queries, &rows, None)) >= 0.9);
}

#[test]
fn few_rows_and_none_are_graphs() {
    for count in [0, 1, 2, 17] {
        let rows = bytes_of(&numbers(count, 2, 9));
        let transform = trained(&bytes_of(&numbers(100, 2, 9)));
        let bytes = built(&transform, &rows, Metric::L2);
        let segment = Segment::open(&bytes, transform.layout).unwrap();
        validate(&segment, &bytes).unwrap();
        let queries = vec![0.25; DIMENSIONS];
        let (transform, rows, queries) = (&transform, &rows[..], &queries[..]);
        let (metric, estimates, tier) = (Metric::L2, false, None);
        let search = Search { transform, rows, queries, metric, width: 20, estimates, tier };
        assert_eq!(search.run(&bytes, None).unwrap(), exact(metric, queries, rows, None), "{count} rows");
    }
}

#[test]
fn rows_that_are_all_the_same_are_found() {
    let rows = bytes_of(&[0.5; DIMENSIONS].repeat(500));
    let transform = trained(&rows);
    let bytes = built(&transform, &rows, Metric::L2);
    let queries = vec![0.5; DIMENSIONS];
    let (metric, estimates, tier) = (Metric::L2, false, None);
    let (transform, rows, queries) = (&transform, &rows[..], &queries[..]);
    let search = Search { transform, rows, queries, metric, width: 20, estimates, tier };
    // A row keeps as many links to others of its kind.
    assert!(search.run(&bytes, None).unwrap()[0].len() >= 8);
}

#[test]
fn what_comes_twice_or_does_not_fit_is_refused() {
    let rows = bytes_of(&numbers(50, 2, 10));
    let transform = trained(&rows);
    let mut twice = collected(&transform, None, &rows, 0);
    let nodes = twice.encoder().encode(&rows, None).unwrap();
    twice.push(49..99, &nodes).unwrap();
    let code = |result: Result<Vec<u8>>| result.unwrap_err().code;
    assert_eq!(code(linked(twice, Metric::L2, None, 1)), Code::InvalidArgument);
    let hamming = linked(collected(&transform, None, &rows, 0), Metric::Hamming, None, 1);
    assert_eq!(code(hamming), Code::InvalidArgument);
    for links in [0, 1, 129] {
        let refused = Rows::new(Arc::clone(&transform), Dtype::Float32, links, 3, 10).err().unwrap();
        assert_eq!(refused.code, Code::InvalidArgument);
    }
    let bytes = built(&transform, &rows, Metric::L2);
    let mut other = Rows::new(Arc::clone(&transform), Dtype::Float32, 8, 4, 10).unwrap();
    let segment = Segment::open(&bytes, transform.layout).unwrap();
    assert_eq!(other.adopt(&segment, &bytes, None).unwrap_err().code, Code::InvalidArgument);
    let queries = vec![0.0; DIMENSIONS];
    let (rows, queries, metric) = (&rows[..], &queries[..], Metric::Cosine);
    let search =
        Search { transform: &transform, rows, queries, metric, width: 20, estimates: false, tier: None };
    assert_eq!(search.run(&bytes, None).unwrap_err().code, Code::InvalidArgument);
}

#[test]
fn building_ends_when_it_is_aborted() {
    let rows = bytes_of(&numbers(500, 2, 11));
    let transform = trained(&rows);
    let linking = Linking { metric: Metric::L2, width: 60 };
    let linker = Linker::new(collected(&transform, None, &rows, 0), linking, None).unwrap();
    linker.abort();
    assert_eq!(linker.help().unwrap_err().code, Code::Aborted);
    assert_eq!(linker.help().unwrap_err().code, Code::Aborted);
}

/// Bytes that lie behind a right checksum.
#[test]
fn segments_that_lie_are_corrupt_or_another_graph() {
    let numbers = numbers(400, 4, 12);
    let (rows, queries) = (bytes_of(&numbers), queries_of(&numbers, 8));
    let transform = trained(&rows);
    let bytes = built(&transform, &rows, Metric::L2);
    let allowed = RowSet::range(FIRST_ID, FIRST_ID + 200);
    let seed: u64 = std::env::var("NACRE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(13);
    println!("seed {seed}");
    let mut state = seed;
    let mut corrupt = 0;
    for round in 0..600 {
        let mut lying = bytes.clone();
        let in_head = round % 3 == 0;
        for _ in 0..1 + split_mix(&mut state) % 40 {
            let at = split_mix(&mut state) as usize % if in_head { 128 } else { lying.len() };
            lying[at] = split_mix(&mut state) as u8;
        }
        if in_head {
            let check = crate::crc::crc32c(&lying[..120]);
            lying[120..124].copy_from_slice(&check.to_le_bytes());
        }
        if round % 7 == 0 {
            lying.truncate(split_mix(&mut state) as usize % lying.len());
        }
        let (metric, estimates, tier) = (Metric::L2, false, None);
        let (rows, queries) = (&rows[..], &queries[..]);
        let search = Search { transform: &transform, rows, queries, metric, width: 20, estimates, tier };
        let tried = || -> Result<()> {
            let segment = Segment::open(&lying, transform.layout)?;
            let selection = Selection::new(&segment, &lying, Some(&allowed), None)?;
            search.run(&lying, None)?;
            search.run(&lying, Some(&selection))?;
            merged(&transform, &[&lying], Some(&allowed), Metric::L2)?;
            validate(&segment, &lying)
        };
        if let Err(error) = tried() {
            let expected = [Code::Corrupt, Code::InvalidArgument];
            assert!(expected.contains(&error.code), "round {round} of seed {seed}: {error}");
            corrupt += 1;
        }
    }
    println!("{corrupt} are corrupt");
    assert!(corrupt > 100);
}
