use std::collections::BTreeSet;

use proptest::prelude::*;
use roaring::RoaringBitmap;

use super::*;
use crate::filter::{Column, Strings, Values};
use crate::value_sets::ValueSet;
use crate::{Code, Error, Result};

/// Some values of each type; None is null.
#[derive(Clone, Debug)]
enum Held {
    Ints(Vec<Option<i64>>),
    Floats(Vec<Option<f64>>),
    Texts(Vec<Option<Vec<u8>>>),
}

/// What a range is bounded by: a value as blocks have it, and whether it is included.
type End = Option<(Vec<u8>, bool)>;

fn kind_of(held: &Held) -> Kind {
    match held {
        Held::Ints(_) => Kind::Int,
        Held::Floats(_) => Kind::Float,
        Held::Texts(_) => Kind::Text,
    }
}

fn build(held: &Held, first: usize) -> Built {
    let mut builder = Builder::default();
    builder.add_nulls(first).unwrap();
    let bits = |known: Vec<bool>| -> Vec<u8> {
        known.chunks(8).map(|row| row.iter().rev().fold(0, |byte, &bit| byte << 1 | u8::from(bit))).collect()
    };
    let (valid, numbers, offsets, rows);
    let is_taken = match held {
        Held::Ints(values) => {
            (valid, rows) = (bits(values.iter().map(Option::is_some).collect()), values.len());
            numbers = values.iter().flat_map(|value| value.unwrap_or(7).to_le_bytes()).collect::<Vec<_>>();
            builder.add(&Column { rows, valid: Some(&valid), values: Values::Int(&numbers) })
        }
        Held::Floats(values) => {
            (valid, rows) = (bits(values.iter().map(Option::is_some).collect()), values.len());
            numbers = values.iter().flat_map(|value| value.unwrap_or(7.0).to_le_bytes()).collect();
            builder.add(&Column { rows, valid: Some(&valid), values: Values::Float(&numbers) })
        }
        Held::Texts(values) => {
            (valid, rows) = (bits(values.iter().map(Option::is_some).collect()), values.len());
            numbers = values.iter().flatten().flatten().copied().collect();
            offsets = std::iter::once(0)
                .chain(values.iter().scan(0, |end, value| {
                    *end += value.as_ref().map_or(0, Vec::len) as i32;
                    Some(*end)
                }))
                .collect::<Vec<_>>();
            let strings = Strings { offsets: &offsets, bytes: &numbers };
            builder.add(&Column { rows, valid: Some(&valid), values: Values::String(strings) })
        }
    };
    assert_eq!(is_taken, Ok(true));
    builder.finish()
}

fn others(built: &Built) -> u64 {
    [&built.nulls, &built.nans].into_iter().flatten().map(|set| set.rows).sum()
}

fn open(kind: Kind, built: &Built, rows: u64) -> Result<Directory> {
    let Built { bounds, ends, pairs, lengths, sums, .. } = built;
    Directory::new(&Parts { kind, rows, others: others(built), bounds, ends, pairs, lengths, sums })
}

/// The rows that the ranges give, and how many blocks were read for them.
fn selected(directory: &Directory, built: &Built, ranges: &[(End, End)], inverted: bool) -> Result<ValueSet> {
    let (mut values, mut ends, mut flags) = (vec![], vec![], vec![]);
    for (low, high) in ranges {
        let mut flag = 0;
        for (bit, end) in [(1, low), (4, high)] {
            if let Some((value, is_included)) = end {
                values.extend_from_slice(value);
                flag |= bit | if *is_included { 2 * bit } else { 0 };
            }
            ends.push(values.len() as u32);
        }
        flags.push(flag);
    }
    let asked = Asked { values: &values, ends: &ends, flags: &flags, inverted };
    let blocks = directory.touched(&asked)?;
    let mut starts = vec![0];
    starts.extend(built.lengths.iter().scan(0, |end, &length| {
        *end += length as usize;
        Some(*end)
    }));
    let piece = |&block: &u32| {
        let block = block as usize;
        built.blocks.get(starts[block]..starts[block + 1]).unwrap_or(&[])
    };
    directory.select(&asked, &blocks, blocks.iter().map(piece))
}

fn is_within<T: PartialOrd>(value: &T, ranges: &[(End, End)], read: impl Fn(&[u8]) -> T) -> bool {
    ranges.iter().any(|(low, high)| {
        let above = low.as_ref().is_none_or(
            |(low, included)| {
                if *included { *value >= read(low) } else { *value > read(low) }
            },
        );
        let below =
            high.as_ref().is_none_or(
                |(high, included)| {
                    if *included { *value <= read(high) } else { *value < read(high) }
                },
            );
        above && below
    })
}

fn expected(held: &Held, first: usize, ranges: &[(End, End)], inverted: bool) -> Vec<u32> {
    let int = |bytes: &[u8]| i64::from_le_bytes(bytes.try_into().unwrap());
    let float = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().unwrap());
    let truths: Vec<_> = match held {
        Held::Ints(values) => values.iter().map(|v| v.map(|v| is_within(&v, ranges, int))).collect(),
        Held::Floats(values) => {
            let known = values.iter().map(|v| v.filter(|v| !v.is_nan()));
            known.map(|v| v.map(|v| is_within(&v, ranges, float))).collect()
        }
        Held::Texts(values) => {
            values.iter().map(|v| v.as_ref().map(|v| is_within(v, ranges, <[u8]>::to_vec))).collect()
        }
    };
    let rows = truths.iter().enumerate().filter(|&(_, &truth)| truth == Some(!inverted));
    rows.map(|(row, _)| (first + row) as u32).collect()
}

fn rows_of(set: &ValueSet) -> Vec<u32> {
    RoaringBitmap::deserialize_from(&set.set[..]).unwrap().into_iter().collect()
}

fn an_int() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => -50i64..50,
        1 => Just(i64::MIN), 1 => Just(i64::MAX), 1 => Just(i64::MIN + 1), 1 => Just(i64::MAX - 1),
        2 => any::<i64>(),
    ]
}

fn a_float() -> impl Strategy<Value = f64> {
    let special =
        [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, f64::MIN_POSITIVE, -5e-324];
    let quarters = (-50i32..50).prop_map(|v| f64::from(v) / 4.0);
    prop_oneof![4 => quarters, 2 => prop::sample::select(special.to_vec())]
}

fn a_text() -> impl Strategy<Value = Vec<u8>> {
    let short = prop::collection::vec(prop::sample::select(vec![0u8, b'a', b'b', 0xc3, 0xff]), 0..4);
    let long = (0usize..3, prop::collection::vec(prop::sample::select(vec![b'a', b'b']), 0..3));
    let long = long.prop_map(|(more, tail)| [vec![b'x'; CUT - 1 + more], tail].concat());
    prop_oneof![3 => short, 1 => long]
}

fn ends_of(value: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = End> {
    prop::option::weighted(0.8, (value, any::<bool>()))
}

fn a_case() -> impl Strategy<Value = (Held, Vec<(End, End)>)> {
    fn of<T: std::fmt::Debug>(
        value: impl Strategy<Value = T> + Clone,
        held: impl Fn(Vec<Option<T>>) -> Held,
        bytes: impl Fn(T) -> Vec<u8> + Clone,
    ) -> impl Strategy<Value = (Held, Vec<(End, End)>)> {
        let end = || ends_of(value.clone().prop_map(bytes.clone()));
        let values = prop::collection::vec(prop::option::weighted(0.9, value.clone()), 0..2500);
        (values.prop_map(held), prop::collection::vec((end(), end()), 0..5))
    }
    let float = || prop_oneof![9 => a_float(), 1 => Just(f64::NAN)].boxed();
    prop_oneof![
        of(an_int().boxed(), Held::Ints, |v| v.to_le_bytes().to_vec()),
        of(float(), Held::Floats, |v| if v.is_nan() { 1f64 } else { v }.to_le_bytes().to_vec()),
        of(a_text().boxed(), Held::Texts, |v| v),
    ]
}

fn held_rows(held: &Held) -> usize {
    match held {
        Held::Ints(values) => values.len(),
        Held::Floats(values) => values.len(),
        Held::Texts(values) => values.len(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn rows_are_those_of_the_values_in_the_ranges(
        (held, ranges) in a_case(), first in 0usize..20, inverted in any::<bool>(),
    ) {
        let built = build(&held, first);
        prop_assert_eq!(&built, &build(&held, first));
        let directory = open(kind_of(&held), &built, (first + held_rows(&held)) as u64).unwrap();
        let found = selected(&directory, &built, &ranges, inverted).unwrap();
        let rows = rows_of(&found);
        prop_assert_eq!(rows.len() as u64, found.rows);
        prop_assert_eq!(rows, expected(&held, first, &ranges, inverted));
    }

    #[test]
    fn bytes_that_lie_under_right_sums_are_corrupt_or_right_by_what_they_say(
        (held, ranges) in a_case(), inverted in any::<bool>(),
        at in any::<prop::sample::Index>(), byte in any::<u8>(),
        number in any::<u32>(), field in 0usize..5,
    ) {
        let mut built = build(&held, 0);
        prop_assume!(!built.pairs.is_empty());
        let rows = held_rows(&held) as u64;
        match field {
            0 => *at.get_mut(&mut built.blocks) = byte,
            1 => *at.get_mut(&mut built.pairs) = number % 3000,
            2 => *at.get_mut(&mut built.lengths) = number % 40_000,
            // Texts may all be empty, and numbers have no ends.
            3 if !built.bounds.is_empty() => *at.get_mut(&mut built.bounds) = byte,
            4 if !built.ends.is_empty() => *at.get_mut(&mut built.ends) = number % 300,
            _ => {}
        }
        let mut start = 0;
        for (length, sum) in built.lengths.iter().zip(&mut built.sums) {
            let end = start + *length as usize;
            *sum = crate::crc::crc32c(built.blocks.get(start..end).unwrap_or(&[]));
            start = end;
        }
        let found = open(kind_of(&held), &built, rows)
            .and_then(|directory| selected(&directory, &built, &ranges, inverted));
        match found {
            // No row twice, none beyond the last.
            Ok(set) => {
                let found: BTreeSet<_> = rows_of(&set).into_iter().collect();
                prop_assert_eq!(found.len() as u64, set.rows);
                prop_assert!(found.last().is_none_or(|&last| u64::from(last) < rows));
            }
            Err(Error { code, .. }) => prop_assert!(matches!(code, Code::Corrupt | Code::InvalidArgument)),
        }
    }
}

fn ints(values: impl IntoIterator<Item = i64>) -> (Built, u64) {
    let values: Vec<_> = values.into_iter().map(Some).collect();
    let rows = values.len() as u64;
    (build(&Held::Ints(values), 0), rows)
}

fn point(value: i64) -> Vec<(End, End)> {
    let end = Some((value.to_le_bytes().to_vec(), true));
    vec![(end.clone(), end)]
}

#[test]
fn one_value_touches_one_block_and_one_that_is_absent_no_more() {
    let (built, rows) = ints((0..10_000).map(|i| 2 * i));
    let directory = open(Kind::Int, &built, rows).unwrap();
    let touched = |value: i64| {
        let value = value.to_le_bytes();
        let values = [value, value].concat();
        let asked = Asked { values: &values, ends: &[8, 16], flags: &[15], inverted: false };
        directory.touched(&asked).unwrap().len()
    };
    assert_eq!([touched(-1), touched(20_000)], [0, 0]);
    assert!((0..10_000).all(|i| touched(2 * i + 1) <= 1));
    assert_eq!((0..10_000).filter(|&i| touched(2 * i) != 1).count(), built.pairs.len() - 1);
}

#[test]
fn a_value_of_several_blocks_has_all_its_rows() {
    let (built, rows) = ints((0..5000).map(|i| i64::from((500..4500).contains(&i))));
    assert_eq!(built.pairs.len(), 5);
    let directory = open(Kind::Int, &built, rows).unwrap();
    assert_eq!(selected(&directory, &built, &point(1), false).unwrap().rows, 4000);
    assert_eq!(selected(&directory, &built, &point(1), true).unwrap().rows, 1000);
}

/// Blocks as they are, with sums that are right.
fn forged(change: impl Fn(&mut Vec<u8>)) -> Error {
    let (mut built, rows) = ints(0..100);
    change(&mut built.blocks);
    built.sums[0] = crate::crc::crc32c(&built.blocks);
    selected(&open(Kind::Int, &built, rows).unwrap(), &built, &[(None, None)], false).unwrap_err()
}

#[test]
fn rows_beyond_the_last_or_twice_and_values_out_of_order_are_corrupt() {
    let row = |blocks: &mut Vec<u8>, i: usize, row: u32| {
        blocks[800 + 4 * i..804 + 4 * i].copy_from_slice(&row.to_le_bytes());
    };
    for (error, why) in [
        (forged(|blocks| row(blocks, 5, 100)), "row 100 of 100"),
        (forged(|blocks| row(blocks, 5, 6)), "a row with two values"),
        (forged(|blocks| blocks[80] = 200), "out of order"),
        (forged(|blocks| blocks[0] = 1), "out of order"),
        (forged(|blocks| blocks[8 * 99] = 100), "out of order"),
    ] {
        assert_eq!(error.code, Code::Corrupt);
        assert!(error.message.contains(why), "{}", error.message);
    }
}

#[test]
fn a_flipped_bit_is_found_by_the_sum_of_its_block() {
    let (built, rows) = ints(0..3000);
    let directory = open(Kind::Int, &built, rows).unwrap();
    for at in (0..built.blocks.len()).step_by(97) {
        let mut blocks = built.blocks.clone();
        blocks[at] ^= 1 << (at % 8);
        let flipped = Built { blocks, lengths: built.lengths.clone(), ..Built::default() };
        let error = selected(&directory, &flipped, &[(None, None)], false).unwrap_err();
        assert!(error.message.contains("checksum"));
    }
}

#[test]
fn directories_that_no_builder_makes_are_corrupt() {
    let (built, rows) = ints(0..3000);
    let parts = || Parts {
        kind: Kind::Int,
        ..Parts {
            rows,
            others: 0,
            kind: Kind::Int,
            bounds: &built.bounds,
            ends: &[],
            pairs: &built.pairs,
            lengths: &built.lengths,
            sums: &built.sums,
        }
    };
    let nan: Vec<_> = std::iter::repeat_n(f64::NAN.to_le_bytes(), 4).flatten().collect();
    let ascending = [&built.bounds[8..16], &built.bounds[..8], &built.bounds[16..]].concat();
    let lies = [
        Parts { rows: rows + 1, ..parts() },
        Parts { rows: u64::from(MOST_ROWS) + 1, others: u64::from(MOST_ROWS) + 1 - rows, ..parts() },
        Parts { others: u64::MAX, ..parts() },
        Parts { pairs: &built.pairs[1..], ..parts() },
        Parts { pairs: &[1024, 1976, 0], ..parts() },
        Parts { lengths: &[12 * 1024, 12 * 1024, 12 * 952 + 1], ..parts() },
        Parts { sums: &[1, 2], ..parts() },
        Parts { bounds: &built.bounds[8..], ..parts() },
        Parts { bounds: &built.bounds[1..], ..parts() },
        Parts { bounds: &ascending, ..parts() },
        Parts { bounds: &nan, kind: Kind::Float, ..parts() },
        Parts { ends: &[8], ..parts() },
        Parts { kind: Kind::Text, ..parts() },
        Parts { kind: Kind::Text, ends: &[8, 4, 24, 32], ..parts() },
        Parts { kind: Kind::Text, bounds: &[b'a'; 70], ends: &[1, 2, 3, 70], ..parts() },
    ];
    for (i, lie) in lies.iter().enumerate() {
        assert_eq!(Directory::new(lie).unwrap_err().code, Code::Corrupt, "{i}");
    }
    assert!(Directory::new(&parts()).is_ok());
}

#[test]
fn what_has_no_order_is_refused_and_long_texts_are_not_taken() {
    let mut builder = Builder::default();
    assert!(builder.add(&Column { rows: 1, valid: None, values: Values::Bool(&[1]) }).is_err());
    assert!(builder.add_nulls(MOST_ROWS as usize + 1).is_err());
    let text = vec![b'a'; MOST_TEXT + 1];
    for (length, is_taken) in [(MOST_TEXT, true), (MOST_TEXT + 1, false)] {
        let offsets = [0, length as i32];
        let values = Values::String(Strings { offsets: &offsets, bytes: &text[..length] });
        let taken = Builder::default().add(&Column { rows: 1, valid: None, values });
        assert_eq!(taken, Ok(is_taken));
    }
}
