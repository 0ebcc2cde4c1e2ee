//! Rows that are about as long as each other, as those of most models are: cosine by the norms of their
//! lists.
//!
//! What the norms of a list leave open is a part of 2^-8 of a product at most. It decides about a row where
//! codes miss less than that: where rows lie in a cone that is narrow beside it, or the query is one of them.

use super::cases::{Data, queries, unit_basis};
use super::random::Random;
use crate::codes::Transform;

/// How much longer than the shortest the longest row is, at most: within what counts as even, and beyond.
const SPREADS: [f64; 7] = [0.0, 1e-7, 1e-4, 0.002, 0.0038, 0.0038, 0.01];

pub fn rows(random: &mut Random) -> Data {
    let dimensions = random.pick(&[2, 3, 8, 32, 40, 64, 100]);
    let size = random.pick(&[1.0, 1.0, 1.0, 1e-6, 1e6]);
    let (spread, cone) = (random.pick(&SPREADS), random.pick(&[1e-4, 1e-3, 1e-3, 0.03, 0.5, 5.0]));
    let axis = unit((0..dimensions).map(|_| random.bell()).collect());
    // As many at either end of the spread as between.
    let row = |random: &mut Random| {
        let length = match random.within(0..4) {
            0 => 1.0,
            1 => 1.0 + spread,
            _ => 1.0 + spread * random.unit(),
        };
        let row: Vec<f64> = axis.iter().map(|x| x + cone * random.bell()).collect();
        scaled(&unit(row), size * length)
    };
    let mut rows: Vec<Vec<f64>> = (0..random.within(2..120)).map(|_| row(random)).collect();
    for i in 1..rows.len() {
        if random.once_in(8) {
            // Ranks like another one, and is as long as a row can be.
            let length = size * (1.0 + spread);
            rows[i] = scaled(&unit(rows[random.within(0..i)].clone()), length);
        }
    }
    let query = |random: &mut Random| {
        let direction = match random.within(0..5) {
            0 => axis.clone(),
            1 => unit(row(random)),
            2 => unit((0..dimensions).map(|_| random.bell()).collect()),
            _ => unit(rows[random.within(0..rows.len())].clone()),
        };
        // Short and long ones; as many ask for what lies opposite.
        scaled(&direction, size * random.sign() * random.pick(&[1.0, 1.0, 0.05, 40.0]))
    };
    let queries = (0..queries(random)).map(|_| query(random)).collect();
    let mean: Vec<f32> = match random.within(0..4) {
        0 => vec![0.0; dimensions],
        1 => rows[0].iter().map(|&x| x as f32).collect(),
        _ => axis.iter().map(|&x| (size * x) as f32).collect(),
    };
    let basis = (dimensions > 32 && random.once_in(3)).then(|| unit_basis(dimensions));
    let transform = Transform::new(random.bits(), mean, basis).expect("a mean and a basis are finite");
    Data { rows, queries, transform, k: (!random.once_in(4)).then(|| random.within(1..5)) }
}

fn unit(vector: Vec<f64>) -> Vec<f64> {
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    scaled(&vector, if length > 0.0 { 1.0 / length } else { 1.0 })
}

fn scaled(vector: &[f64], factor: f64) -> Vec<f64> {
    vector.iter().map(|x| factor * x).collect()
}
