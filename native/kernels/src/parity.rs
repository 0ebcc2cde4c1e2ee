//! Reed–Solomon parity of shards, stripe by stripe: any `data` of `data + parity` shards give the others.
//!
//! The code is the high rate one of Leopard-RS over GF(2^16), as the crate `reed-solomon-simd` has it:
//! docs/format.md says it in a formula, which the tests go by. A stripe is whole chunks of 64 bytes, and a
//! chunk of a shard depends on the same chunk of the others alone, so that shards of any length are worked
//! on piece by piece. A data shard that is shorter than the stripe goes on in zeros.

use reed_solomon_simd::engine::{DefaultEngine, Engine, NoSimd};
use reed_solomon_simd::rate::{HighRateDecoder, HighRateEncoder, RateDecoder, RateEncoder};

use crate::{Code, Error, Result};

/// Stripes are whole chunks of so many bytes.
pub const CHUNK: usize = 64;

/// Limits of a group, far below those of the code.
pub const MOST_DATA: usize = 64;
pub const MOST_PARITY: usize = 16;

/// Longest stripe of a shard: what a call works on is held in memory.
pub const MOST_STRIPE: usize = 64 << 20;

/// How many shards of which kind, and the bytes of a stripe of each.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub data: usize,
    pub parity: usize,
    pub stripe: usize,
}

impl Shape {
    fn check(self) -> Result<()> {
        let Self { data, parity, stripe } = self;
        if !(1..=MOST_DATA).contains(&data) || !(1..=MOST_PARITY).contains(&parity) {
            return Err(Error::invalid(format!(
                "a group has 1 to {MOST_DATA} data and 1 to {MOST_PARITY} parity shards, got {data} and {parity}"
            )));
        }
        if stripe == 0 || !stripe.is_multiple_of(CHUNK) || stripe > MOST_STRIPE {
            return Err(Error::invalid(format!(
                "a stripe is a multiple of {CHUNK} bytes up to {MOST_STRIPE}, got {stripe}"
            )));
        }
        Ok(())
    }
}

/// Bytes of each shard that are encoded at once, so that what is worked on stays in the cache.
const ENCODED: usize = 32 << 10;

/// The same of a reconstruction, each of which begins with some 100 µs for the places of the losses.
const RESTORED: usize = 256 << 10;

/// The parity of data shards. With `scalar` without SIMD; the bytes are the same.
pub fn encode<S: AsRef<[u8]>>(shape: Shape, data: &[S], scalar: bool) -> Result<Vec<Vec<u8>>> {
    match scalar {
        true => encode_by(shape, data, NoSimd::new()),
        false => encode_by(shape, data, DefaultEngine::new()),
    }
}

/// The shards that are asked for by number, data first, of those that are there. `present` has one entry for
/// each shard of the group; at least `data` of them are there.
pub fn reconstruct<S: AsRef<[u8]>>(
    shape: Shape,
    present: &[Option<S>],
    wanted: &[usize],
    scalar: bool,
) -> Result<Vec<Vec<u8>>> {
    match scalar {
        true => reconstruct_by(shape, present, wanted, NoSimd::new(), NoSimd::new()),
        false => reconstruct_by(shape, present, wanted, DefaultEngine::new(), DefaultEngine::new()),
    }
}

fn encode_by<S: AsRef<[u8]>>(shape: Shape, data: &[S], engine: impl Engine) -> Result<Vec<Vec<u8>>> {
    shape.check()?;
    let Shape { data: count, parity, stripe } = shape;
    if data.len() != count {
        return Err(Error::invalid(format!("{count} data shards, got {}", data.len())));
    }
    data.iter().try_for_each(|shard| check_length(shard.as_ref(), stripe))?;
    let mut encoder =
        HighRateEncoder::new(count, parity, ENCODED.min(stripe), engine, None).map_err(failed)?;
    let mut made: Vec<Vec<u8>> = (0..parity).map(|_| Vec::with_capacity(stripe)).collect();
    let mut padded = Vec::new();
    for (start, end) in windows(stripe, ENCODED) {
        encoder.reset(count, parity, end - start).map_err(failed)?;
        for shard in data {
            encoder.add_original_shard(window(shard.as_ref(), start, end, &mut padded)).map_err(failed)?;
        }
        let result = encoder.encode().map_err(failed)?;
        made.iter_mut().zip(result.recovery_iter()).for_each(|(shard, piece)| shard.extend_from_slice(piece));
    }
    Ok(made)
}

fn reconstruct_by<S: AsRef<[u8]>, E: Engine>(
    shape: Shape,
    present: &[Option<S>],
    wanted: &[usize],
    decoding: E,
    encoding: E,
) -> Result<Vec<Vec<u8>>> {
    shape.check()?;
    let Shape { data, parity, stripe } = shape;
    if present.len() != data + parity || wanted.iter().any(|&shard| shard >= data + parity) {
        return Err(Error::invalid(format!("shards are numbered from 0 to {}", data + parity - 1)));
    }
    let there = present.iter().flatten().count();
    if there < data {
        return Err(Error::invalid(format!("{data} shards are needed, and {there} are there")));
    }
    for (number, shard) in present.iter().enumerate() {
        let Some(shard) = shard else { continue };
        check_length(shard.as_ref(), stripe)?;
        if number >= data && shard.as_ref().len() < stripe {
            return Err(length(shard.as_ref().len(), stripe));
        }
    }
    let restored = restore(shape, present, decoding)?;
    let all: Vec<&[u8]> = (0..data)
        .map(|at| restored[at].as_deref().or(present[at].as_ref().map(AsRef::as_ref)).unwrap_or_default())
        .collect();
    let parities = match wanted.iter().any(|&shard| shard >= data) {
        true => encode_by(shape, &all, encoding)?,
        false => Vec::new(),
    };
    Ok(wanted
        .iter()
        .map(|&shard| match shard.checked_sub(data) {
            Some(at) => parities[at].clone(),
            None => window(all[shard], 0, stripe, &mut Vec::new()).to_vec(),
        })
        .collect())
}

/// The data shards that are not there.
fn restore<S: AsRef<[u8]>>(
    Shape { data, parity, stripe }: Shape,
    present: &[Option<S>],
    engine: impl Engine,
) -> Result<Vec<Option<Vec<u8>>>> {
    let mut restored: Vec<Option<Vec<u8>>> =
        present[..data].iter().map(|shard| shard.is_none().then(|| Vec::with_capacity(stripe))).collect();
    if restored.iter().all(Option::is_none) {
        return Ok(restored);
    }
    let mut decoder =
        HighRateDecoder::new(data, parity, RESTORED.min(stripe), engine, None).map_err(failed)?;
    let mut padded = Vec::new();
    for (start, end) in windows(stripe, RESTORED) {
        decoder.reset(data, parity, end - start).map_err(failed)?;
        let shards = present.iter().enumerate().filter_map(|(number, shard)| Some((number, shard.as_ref()?)));
        // More than it needs slow it down.
        for (number, shard) in shards.take(data) {
            let piece = window(shard.as_ref(), start, end, &mut padded);
            match number.checked_sub(data) {
                None => decoder.add_original_shard(number, piece),
                Some(number) => decoder.add_recovery_shard(number, piece),
            }
            .map_err(failed)?;
        }
        let result = decoder.decode().map_err(failed)?;
        for (number, piece) in result.restored_original_iter() {
            if let Some(shard) = restored[number].as_mut() {
                shard.extend_from_slice(piece);
            }
        }
    }
    if restored.iter().flatten().any(|shard| shard.len() != stripe) {
        return Err(Error::new(Code::Internal, "a shard was not restored"));
    }
    Ok(restored)
}

fn windows(stripe: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..stripe).step_by(most).map(move |start| (start, stripe.min(start + most)))
}

/// Bytes of a shard, with zeros after its end.
fn window<'a>(shard: &'a [u8], start: usize, end: usize, padded: &'a mut Vec<u8>) -> &'a [u8] {
    if let Some(piece) = shard.get(start..end) {
        return piece;
    }
    padded.clear();
    padded.extend_from_slice(shard.get(start..).unwrap_or_default());
    padded.resize(end - start, 0);
    padded
}

fn check_length(shard: &[u8], stripe: usize) -> Result<()> {
    if shard.len() <= stripe { Ok(()) } else { Err(length(shard.len(), stripe)) }
}

fn length(got: usize, stripe: usize) -> Error {
    Error::invalid(format!("a stripe of {stripe} bytes, and a shard of {got}"))
}

/// All that it can say was checked before.
fn failed(error: reed_solomon_simd::Error) -> Error {
    Error::new(Code::Internal, format!("parity: {error}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reed_solomon_simd::engine::Naive;
    #[cfg(target_arch = "x86_64")]
    use reed_solomon_simd::engine::{Avx2, Ssse3};

    use super::*;

    /// The code by its definition, sharing nothing with the crate: products in GF(2^16) bit by bit, and
    /// interpolation by Lagrange. With `m` the least power of two from `parity` on, parity `i` of a column is
    /// the sum, over the runs of `m` data shards, of P(i), where P is the polynomial of degree below `m` with
    /// P(m (r + 1) + j) = data shard `m r + j` of run `r`, shards that are not there being 0.
    mod oracle {
        /// The number whose bits name basis elements, as an element of the field.
        fn element(number: u16) -> u16 {
            const BASIS: [u16; 16] = [
                0x0001, 0xacca, 0x3c0e, 0x163e, 0xc582, 0xed2e, 0x914c, 0x4012, 0x6c98, 0x10d8, 0x6a72,
                0xb900, 0xfdb8, 0xfb34, 0xff38, 0x991e,
            ];
            (0..16).filter(|bit| number >> bit & 1 == 1).fold(0, |sum, bit| sum ^ BASIS[bit])
        }

        fn number(wanted: u16) -> u16 {
            // The map is linear: its inverse by elimination over the bits.
            let mut rows: Vec<(u16, u16)> = (0..16).map(|bit| (element(1 << bit), 1 << bit)).collect();
            let (mut rest, mut found) = (wanted, 0);
            for bit in (0..16).rev() {
                let Some(at) = rows.iter().position(|row| row.0 >> bit & 1 == 1) else { continue };
                let pivot = rows.swap_remove(at);
                for row in rows.iter_mut().filter(|row| row.0 >> bit & 1 == 1) {
                    *row = (row.0 ^ pivot.0, row.1 ^ pivot.1);
                }
                if rest >> bit & 1 == 1 {
                    (rest, found) = (rest ^ pivot.0, found ^ pivot.1);
                }
            }
            found
        }

        fn product(a: u16, b: u16) -> u16 {
            let (mut sum, mut a) = (0u32, u32::from(a));
            for bit in 0..16 {
                if b >> bit & 1 == 1 {
                    sum ^= a;
                }
                a <<= 1;
                if a & 0x1_0000 != 0 {
                    a ^= 0x1_002d;
                }
            }
            sum as u16
        }

        fn inverse(a: u16) -> u16 {
            // a^(2^16 - 2).
            let (mut result, mut power) = (1, a);
            for _ in 0..15 {
                power = product(power, power);
                result = product(result, power);
            }
            result
        }

        fn interpolate(points: &[(u16, u16)], at: u16) -> u16 {
            points.iter().fold(0, |sum, &(x, y)| {
                let others = points.iter().filter(|other| other.0 != x);
                let (above, below) = others.fold((1, 1), |(above, below), other| {
                    (product(above, at ^ other.0), product(below, x ^ other.0))
                });
                sum ^ product(y, product(above, inverse(below)))
            })
        }

        /// Column `column` of a chunk: its low byte, and its high byte 32 bytes after that.
        fn symbol(shard: &[u8], column: usize) -> u16 {
            let byte = |at: usize| shard.get(at).copied().unwrap_or(0);
            let at = column / 32 * 64 + column % 32;
            u16::from_le_bytes([byte(at), byte(at + 32)])
        }

        pub fn encode(data: &[Vec<u8>], parity: usize, stripe: usize) -> Vec<Vec<u8>> {
            let run = parity.next_power_of_two();
            let mut shards = vec![vec![0; stripe]; parity];
            for column in 0..stripe / 2 {
                for (i, shard) in shards.iter_mut().enumerate() {
                    let sum = data.chunks(run).enumerate().fold(0, |sum, (r, members)| {
                        let points: Vec<(u16, u16)> = (0..run)
                            .map(|j| {
                                let value = members.get(j).map_or(0, |shard| symbol(shard, column));
                                (element((run * (r + 1) + j) as u16), element(value))
                            })
                            .collect();
                        sum ^ interpolate(&points, element(i as u16))
                    });
                    let [low, high] = number(sum).to_le_bytes();
                    let at = column / 32 * 64 + column % 32;
                    (shard[at], shard[at + 32]) = (low, high);
                }
            }
            shards
        }
    }

    fn random(seed: u64, length: usize) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        (0..length)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 32) as u8
            })
            .collect()
    }

    fn shape(data: usize, parity: usize, stripe: usize) -> Shape {
        Shape { data, parity, stripe }
    }

    fn shards(count: usize, length: usize) -> Vec<Vec<u8>> {
        (0..count).map(|shard| random(shard as u64 + 1, length)).collect()
    }

    #[test]
    fn parity_is_what_its_definition_says() {
        for (data, parity) in [(1, 1), (1, 3), (2, 2), (3, 1), (4, 2), (5, 3), (8, 2), (7, 5), (3, 16)] {
            let members = shards(data, 128);
            let made = encode(shape(data, parity, 128), &members, false).unwrap();
            assert_eq!(made, oracle::encode(&members, parity, 128), "{data} + {parity}");
        }
    }

    #[test]
    fn every_loss_that_leaves_enough_shards_is_made_good() {
        for (data, parity) in [(1, 1), (1, 4), (2, 1), (3, 2), (4, 2), (5, 3), (4, 4), (8, 2)] {
            let at = shape(data, parity, 192);
            let members = shards(data, 192);
            let all: Vec<Vec<u8>> = [members.clone(), encode(at, &members, false).unwrap()].concat();
            for lost in (0..1u32 << (data + parity)).filter(|lost| lost.count_ones() as usize <= parity) {
                let present: Vec<Option<&[u8]>> = all
                    .iter()
                    .enumerate()
                    .map(|(i, shard)| (lost >> i & 1 == 0).then_some(&shard[..]))
                    .collect();
                let wanted: Vec<usize> = (0..data + parity).collect();
                for scalar in [false, true] {
                    let restored = reconstruct(at, &present, &wanted, scalar).unwrap();
                    assert_eq!(restored, all, "{data} + {parity}, lost {lost:b}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_group_is_encoded_alike_by_every_engine_and_restored(
            data in 1usize..=MOST_DATA,
            parity in 1usize..=MOST_PARITY,
            chunks in 1usize..5,
            seed in any::<u64>(),
            order in any::<prop::sample::Selector>(),
        ) {
            let at = shape(data, parity, 64 * chunks);
            // Of any length up to the stripe.
            let members: Vec<Vec<u8>> = (0..data)
                .map(|i| random(seed ^ i as u64, (seed as usize >> (i % 40)) % (at.stripe + 1)))
                .collect();
            let made = encode(at, &members, false).unwrap();
            prop_assert_eq!(&made, &encode(at, &members, true).unwrap());
            prop_assert_eq!(&made, &encode_by(at, &members, Naive::new()).unwrap());
            #[cfg(target_arch = "x86_64")]
            {
                if is_x86_feature_detected!("ssse3") {
                    prop_assert_eq!(&made, &encode_by(at, &members, Ssse3::new()).unwrap());
                }
                if is_x86_feature_detected!("avx2") {
                    prop_assert_eq!(&made, &encode_by(at, &members, Avx2::new()).unwrap());
                }
            }
            let all: Vec<&Vec<u8>> = members.iter().chain(&made).collect();
            let mut lost: Vec<usize> = Vec::new();
            for _ in 0..parity {
                lost.push(order.select((0..data + parity).filter(|shard| !lost.contains(shard))));
            }
            let present: Vec<Option<&[u8]>> = all
                .iter()
                .enumerate()
                .map(|(i, shard)| (!lost.contains(&i)).then_some(&shard[..]))
                .collect();
            for (restored, &shard) in reconstruct(at, &present, &lost, false).unwrap().iter().zip(&lost) {
                let original = all[shard];
                prop_assert_eq!(&restored[..original.len()], &original[..]);
                prop_assert!(restored[original.len()..].iter().all(|&byte| byte == 0));
            }
        }
    }

    #[test]
    fn stripes_stand_for_themselves() {
        let members = shards(5, 64 * 6);
        let whole = encode(shape(5, 3, 64 * 6), &members, false).unwrap();
        let mut cut = vec![Vec::new(); 3];
        for (from, to) in [(0, 64), (64, 256), (256, 384)] {
            let pieces: Vec<&[u8]> = members.iter().map(|shard| &shard[from..to]).collect();
            for (shard, piece) in cut.iter_mut().zip(encode(shape(5, 3, to - from), &pieces, false).unwrap())
            {
                shard.extend(piece);
            }
        }
        assert_eq!(cut, whole);
    }

    #[test]
    fn stripes_longer_than_what_is_worked_on_at_once_are_made_whole() {
        let long = 2 * RESTORED + 3 * 64;
        let members: Vec<Vec<u8>> = (0..3).map(|i| random(i + 1, long - 1_000 * i as usize)).collect();
        let at = shape(3, 2, long);
        let made = encode(at, &members, false).unwrap();
        assert_eq!(made, encode_at_once(at, &members));
        let present = [None, Some(&members[1][..]), None, Some(&made[0][..]), Some(&made[1][..])];
        let restored = reconstruct(at, &present, &[0, 2], false).unwrap();
        assert_eq!(restored[0], members[0]);
        assert_eq!(restored[1][..members[2].len()], members[2]);
        assert!(restored[1][members[2].len()..].iter().all(|&byte| byte == 0));
        let present = [Some(&members[0][..]), None, Some(&members[2][..]), Some(&made[0][..]), None];
        assert_eq!(reconstruct(at, &present, &[4], false).unwrap()[0], made[1]);
    }

    fn encode_at_once(shape: Shape, data: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut encoder =
            HighRateEncoder::new(shape.data, shape.parity, shape.stripe, NoSimd::new(), None).unwrap();
        for shard in data {
            let mut shard = shard.clone();
            shard.resize(shape.stripe, 0);
            encoder.add_original_shard(shard).unwrap();
        }
        encoder.encode().unwrap().recovery_iter().map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn what_is_no_group_is_refused() {
        let members = shards(3, 64);
        for bad in [shape(0, 1, 64), shape(65, 1, 64), shape(3, 0, 64), shape(3, 17, 64), shape(4, 1, 64)] {
            assert_eq!(encode(bad, &members, false).unwrap_err().code, Code::InvalidArgument, "{bad:?}");
        }
        for stripe in [0, 32, 65, MOST_STRIPE + 64] {
            assert_eq!(encode(shape(3, 1, stripe), &members, false).unwrap_err().code, Code::InvalidArgument);
        }
        let long = [vec![0; 65], vec![0; 64], vec![0; 64]];
        assert!(encode(shape(3, 1, 64), &long, false).is_err());
        let (here, none) = (Some(&members[0][..]), None);
        let at = shape(2, 1, 64);
        assert!(reconstruct(at, &[here, none, none], &[1], false).is_err());
        assert!(reconstruct(at, &[here, here], &[1], false).is_err());
        assert!(reconstruct(at, &[here, none, here], &[3], false).is_err());
        assert!(reconstruct(at, &[here, none, Some(&members[0][..32])], &[1], false).is_err());
    }
}
