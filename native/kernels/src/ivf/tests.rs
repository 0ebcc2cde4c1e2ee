use std::sync::Arc;

use super::*;
use crate::arch::Tier;
use crate::codes::rotation::split_mix;
use crate::codes::{Transform, train};
use crate::distance::Dtype;
use crate::rowset::RowSet;
use crate::scan::{Cancel, ExactScan, MappedRows, Metric, Options, Partition};

const DIMENSIONS: usize = 96;

/// Rows around so many centres.
fn clustered(rows: usize, centres: usize, mut state: u64) -> Vec<f32> {
    let mut normal = move || -> f32 {
        let mut uniform = || (split_mix(&mut state) >> 40) as f32 / (1u64 << 24) as f32;
        (0..12).map(|_| uniform()).sum::<f32>() - 6.0
    };
    let means: Vec<f32> = (0..centres * DIMENSIONS).map(|_| normal()).collect();
    (0..rows * DIMENSIONS)
        .map(|i| means[i / DIMENSIONS * 7919 % centres * DIMENSIONS + i % DIMENSIONS] + 0.4 * normal())
        .collect()
}

fn bytes_of(rows: &[f32]) -> Vec<u8> {
    rows.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn trained(rows: &[u8], lists: usize) -> Arc<Quantizer> {
    let transform = Arc::new(train(Dtype::Float32, DIMENSIONS, rows, 3, None).unwrap());
    trained_on(transform, rows, lists, false)
}

fn trained_on(transform: Arc<Transform>, rows: &[u8], lists: usize, by_direction: bool) -> Arc<Quantizer> {
    let training = Training { dtype: Dtype::Float32, lists, seed: 5 };
    let mut trainer = Trainer::new(transform, training, rows).unwrap();
    for turn in 0..6 {
        for part in 0..3 {
            trainer.add_part(rows, part, 3, None).unwrap();
        }
        trainer.turn(rows, turn < 4).unwrap();
    }
    Arc::new(trainer.ordered(by_direction).unwrap())
}

fn built(quantizer: &Quantizer, rows: &[u8]) -> Built {
    let mut builders: Vec<_> =
        (0..3).map(|part| ListBuilder::new(quantizer, Dtype::Float32, part, 3)).collect();
    let piece = 1000 * DIMENSIONS * 4;
    for (i, rows) in rows.chunks(piece).enumerate() {
        let lists =
            ListBuilder::assign(quantizer, Dtype::Float32, rows, false, None, &Cancel::default()).unwrap();
        for builder in &mut builders {
            builder.add(quantizer, rows, &lists, (1000 * i) as u32, None).unwrap();
        }
    }
    builders.iter_mut().for_each(|builder| builder.finish(quantizer, None).unwrap());
    ListBuilder::segment(quantizer, &builders)
}

/// The work ends as `Aborted` at the look that finds the flag set, and no earlier.
fn ends_at_each_look(cancel: &Cancel, mut work: impl FnMut() -> crate::Result<()>) {
    let before = cancel.looks();
    work().unwrap();
    let looks = cancel.looks() - before;
    assert!(looks > 4, "{looks} looks");
    for look in [1, looks / 2, looks] {
        let start = cancel.looks();
        cancel.set_at(start + look);
        assert_eq!(work().unwrap_err().code, crate::Code::Aborted);
        assert_eq!(cancel.looks() - start, look);
        cancel.reset();
    }
}

#[test]
fn training_and_finding_lists_end_where_they_are_cancelled() {
    let rows = bytes_of(&clustered(500, 8, 7));
    let transform = Arc::new(train(Dtype::Float32, DIMENSIONS, &rows, 3, None).unwrap());
    let training = Training { dtype: Dtype::Float32, lists: 40, seed: 5 };
    let trainer = Trainer::new(transform, training, &rows).unwrap();
    // Rows are turned once.
    trainer.add_part(&rows, 0, 1, None).unwrap();
    ends_at_each_look(trainer.cancel(), || trainer.add_part(&rows, 0, 1, None));
    ends_at_each_look(trainer.cancel(), || trainer.ordered(false).map(drop));
    let cancel = Cancel::default();
    ends_at_each_look(&cancel, || {
        ListBuilder::assign(trainer.quantizer(), Dtype::Float32, &rows, false, None, &cancel).map(drop)
    });
}

/// How many of its lists, in its order, hold 95 of 100 of the rows that are nearest by cosine.
fn probes_of_cosine(quantizer: &Arc<Quantizer>, rows: &[u8], queries: &[f64], by_direction: bool) -> usize {
    let cancel = Cancel::default();
    let lists = ListBuilder::assign(quantizer, Dtype::Float32, rows, by_direction, None, &cancel).unwrap();
    let scan = scan_of(Metric::Cosine, K, queries);
    let search = IvfSearch::new(scan, Arc::clone(quantizer), quantizer.lists(), false).unwrap().unwrap();
    let mut ranks = Vec::new();
    for (q, nearest) in exact(Metric::Cosine, queries, rows, None).iter().enumerate() {
        let rank = |list: u32| search.probes(q).iter().position(|&probe| probe == list).unwrap();
        ranks.extend(nearest.iter().map(|id| rank(lists[(id - FIRST_ID) as usize])));
    }
    ranks.sort_unstable();
    ranks[ranks.len() * 95 / 100] + 1
}

#[test]
fn lists_by_direction_hold_what_is_near_by_cosine_whatever_the_lengths() {
    let mut state = 11;
    let mut normal = || {
        let mut uniform = || (split_mix(&mut state) >> 40) as f32 / (1u64 << 24) as f32;
        (0..12).map(|_| uniform()).sum::<f32>() - 6.0
    };
    let mut rows = clustered(8000, 300, 5);
    for row in rows.chunks_exact_mut(DIMENSIONS) {
        let length = normal().exp();
        row.iter_mut().for_each(|x| *x *= length);
    }
    let queries: Vec<f64> = rows[..100 * DIMENSIONS].iter().map(|&x| f64::from(x)).collect();
    let rows = bytes_of(&rows[100 * DIMENSIONS..]);
    let transform = Arc::new(train(Dtype::Float32, DIMENSIONS, &rows, 3, None).unwrap());
    let by_distance = trained_on(Arc::clone(&transform), &rows, 100, false);
    let mut directions = Vec::new();
    let length = typical_length(Dtype::Float32, &rows, DIMENSIONS);
    push_directions(Dtype::Float32, &rows, DIMENSIONS, length, &mut directions);
    let by_direction = trained_on(transform, &directions, 100, true);
    let before = probes_of_cosine(&by_distance, &rows, &queries, false);
    let after = probes_of_cosine(&by_direction, &rows, &queries, true);
    println!(
        "{before} of {} lists by distance, {after} of {} by direction",
        by_distance.lists(),
        by_direction.lists()
    );
    assert!(2 * after < before, "{before} lists by distance, {after} by direction");
}

fn scan_of(metric: Metric, k: usize, queries: &[f64]) -> Arc<ExactScan> {
    let options = Options { metric, dtype: Dtype::Float32, dimensions: DIMENSIONS, k, queries, tier: None };
    Arc::new(ExactScan::new(options).unwrap())
}

/// The ids that a search gives for each query.
struct Asked<'a> {
    quantizer: &'a Arc<Quantizer>,
    segment: &'a Built,
    rows: &'a [u8],
    metric: Metric,
    queries: &'a [f64],
    probes: usize,
    estimates: bool,
    dead: Option<&'a RowSet>,
}

const FIRST_ID: u64 = 1 << 33;
const K: usize = 10;

fn ids(asked: &Asked<'_>) -> Vec<Vec<u64>> {
    let Asked { quantizer, segment, rows, .. } = *asked;
    let layout = quantizer.transform.layout;
    let directory =
        Directory::new(&segment.bytes[..segment.head], quantizer.lists(), segment.rows, layout).unwrap();
    assert_eq!(directory.segment_bytes(), segment.bytes.len());
    let scan = scan_of(asked.metric, K, asked.queries);
    let search = IvfSearch::new(Arc::clone(&scan), Arc::clone(quantizer), asked.probes, asked.estimates);
    let search = search.unwrap().unwrap();
    let mapped = MappedRows::new(4 * DIMENSIONS, vec![(FIRST_ID, rows)]).unwrap();
    for q in 0..search.queries() {
        for &list in search.probes(q) {
            let entry = directory.entries[list as usize];
            let bytes = &segment.bytes[entry.start..entry.end];
            let (ids, codes) =
                directory.list(list as usize, bytes, (FIRST_ID, segment.rows as u64), None).unwrap();
            let list_codes = ListCodes { codes, ids: &ids, dead: asked.dead };
            assert!(search.scan_list(q, list as usize, &list_codes).unwrap());
        }
        if asked.estimates {
            search.left(q).estimate().unwrap();
        }
        search.refine(q, &mapped, K + 54, usize::MAX).unwrap();
    }
    let results = scan.results();
    (0..search.queries())
        .map(|q| results.ids[q * K..][..results.counts[q] as usize].iter().map(|&id| id as u64).collect())
        .collect()
}

fn exact(metric: Metric, queries: &[f64], rows: &[u8], dead: Option<&RowSet>) -> Vec<Vec<u64>> {
    let scan = scan_of(metric, K, queries);
    let partition = Partition { rows, first_id: FIRST_ID, ids: None, dead };
    scan.scan(&partition, 0..rows.len() / DIMENSIONS / 4).unwrap();
    let results = scan.results();
    (0..scan.queries())
        .map(|q| results.ids[q * K..][..results.counts[q] as usize].iter().map(|&id| id as u64).collect())
        .collect()
}

fn recall(found: &[Vec<u64>], expected: &[Vec<u64>]) -> f64 {
    let hits: usize =
        found.iter().zip(expected).map(|(a, b)| b.iter().filter(|id| a.contains(id)).count()).sum();
    hits as f64 / expected.iter().map(Vec::len).sum::<usize>() as f64
}

#[test]
fn few_lists_find_almost_all_and_all_lists_find_all() {
    let numbers = clustered(12_345, 60, 1);
    let rows = bytes_of(&numbers);
    let quantizer = trained(&rows, 64);
    let segment = built(&quantizer, &rows);
    let queries: Vec<f64> = (0..40)
        .flat_map(|q| numbers[q * 300 * DIMENSIONS..][..DIMENSIONS].iter().map(|&x| f64::from(x) + 0.01))
        .collect();
    let dead: Vec<u64> = (0..segment.rows as u64).filter(|id| id % 3 == 0).map(|id| FIRST_ID + id).collect();
    let dead = RowSet::from_sorted(dead).unwrap();
    for metric in [Metric::L2, Metric::L2Squared, Metric::Cosine, Metric::Dot] {
        for dead in [None, Some(&dead)] {
            let expected = exact(metric, &queries, &rows, dead);
            let ask = |probes, estimates| {
                let (quantizer, segment, rows, queries) = (&quantizer, &segment, &rows[..], &queries[..]);
                let asked = Asked { quantizer, segment, rows, metric, queries, probes, estimates, dead };
                recall(&ids(&asked), &expected)
            };
            assert_eq!(ask(quantizer.lists(), false), 1.0, "{metric:?}");
            let (few, estimated) = (ask(12, false), ask(12, true));
            println!("{metric:?}: {few} of few lists, {estimated} by estimates");
            assert!(metric == Metric::Dot || few > 0.97 && estimated > 0.95, "{metric:?}: {few} {estimated}");
        }
    }
}

#[test]
fn segments_become_the_segment_of_all_their_rows() {
    let row_bytes = 4 * DIMENSIONS;
    let rows = bytes_of(&clustered(5_000, 20, 7));
    let quantizer = trained(&rows, 16);
    let layout = quantizer.transform.layout;
    let open = |segment: &Built| {
        Directory::new(&segment.bytes[..segment.head], quantizer.lists(), segment.rows, layout).unwrap()
    };
    // Lists of more than a chunk, of less than a block, and of none.
    let cuts = [0, 3_500, 3_501, 3_520, 4_900, 5_000];
    let parts: Vec<Built> =
        cuts.windows(2).map(|cut| built(&quantizer, &rows[cut[0] * row_bytes..cut[1] * row_bytes])).collect();
    let directories: Vec<Directory> = parts.iter().map(open).collect();
    let pieces = |from: usize, until: usize| -> Vec<Piece<'_>> {
        let piece = |i: usize| Piece {
            directory: &directories[i],
            bytes: &parts[i].bytes,
            first_id: FIRST_ID + cuts[i] as u64,
            rows: parts[i].rows,
        };
        (from..until).map(piece).collect()
    };
    let whole = built(&quantizer, &rows);
    let merged = merge(layout, &pieces(0, 5)).unwrap();
    assert_eq!((merged.head, merged.rows), (whole.head, whole.rows));
    assert!(merged.bytes == whole.bytes);
    let later = built(&quantizer, &rows[3_501 * row_bytes..4_900 * row_bytes]);
    assert!(merge(layout, &pieces(2, 4)).unwrap().bytes == later.bytes);

    let mut apart = pieces(0, 2);
    apart[1].first_id += 1;
    assert!(merge(layout, &apart).is_err());
    assert!(merge(layout, &[]).is_err());
    let mut damaged = parts[1].bytes.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let mut pieces = pieces(0, 2);
    pieces[1].bytes = &damaged;
    let error = merge(layout, &pieces).err().unwrap();
    assert!(error.to_string().contains("checksum"), "{error}");
    pieces[1].bytes = &damaged[1..];
    assert!(merge(layout, &pieces).is_err());
}

#[test]
fn rows_go_to_the_nearest_centroid_and_of_equal_ones_to_the_first() {
    // More centroids than a block has, the last block not full, and each of them twice.
    let mut rows = clustered(400, 21, 9);
    let centres = 21;
    let distinct: Vec<f32> = rows[..centres * DIMENSIONS].to_vec();
    let transform = Arc::new(train(Dtype::Float32, DIMENSIONS, &bytes_of(&rows), 3, None).unwrap());
    let quantizer = Quantizer::of_centroids(transform, &[distinct.clone(), distinct].concat()).unwrap();
    let centroids: Vec<Vec<f32>> = (0..centres).map(|list| quantizer.centroid(list).collect()).collect();
    let nearest = |row: &[f32]| {
        let distance = |centroid: &Vec<f32>| {
            row.iter().zip(centroid).map(|(x, c)| f64::from(x - c).powi(2)).sum::<f64>()
        };
        (0..centres).min_by(|&a, &b| distance(&centroids[a]).total_cmp(&distance(&centroids[b]))).unwrap()
    };
    let mut expected: Vec<_> = rows.chunks(DIMENSIONS).map(|row| Some(nearest(row) as u32)).collect();
    // What has no distance goes anywhere, and takes none of its neighbours along.
    for (row, wild) in [(5, f32::NAN), (6, f32::INFINITY), (250, f32::MAX)] {
        rows[row * DIMENSIONS + row % DIMENSIONS] = wild;
        expected[row] = None;
    }
    for tier in Tier::available() {
        let (bytes, tier) = (bytes_of(&rows), Some(tier.name()));
        let lists =
            ListBuilder::assign(&quantizer, Dtype::Float32, &bytes, false, tier, &Cancel::default()).unwrap();
        for (row, (list, expected)) in lists.into_iter().zip(&expected).enumerate() {
            assert!((list as usize) < 2 * centres);
            assert!(expected.is_none_or(|expected| list == expected), "row {row}, {tier:?}: {list}");
        }
    }
}
