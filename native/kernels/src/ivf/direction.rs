//! Rows by their directions alone: for cosine their lengths have no say in which list they belong to.

use crate::distance::Dtype;

/// Zero, or not finite, for what has no direction.
fn length_of(numbers: &[f64]) -> f64 {
    numbers.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn has_direction(length: f64) -> bool {
    length > 0.0 && length.is_finite()
}

fn each_row(dtype: Dtype, rows: &[u8], dimensions: usize, mut take: impl FnMut(&[f64], f64)) {
    let mut widened = Vec::new();
    for row in rows.chunks_exact(dimensions * dtype.bytes()) {
        let numbers = dtype.wide().numbers(dtype.widen(row, &mut widened));
        take(&numbers, length_of(&numbers));
    }
}

/// The geometric mean of the lengths of rows that have a direction; 1 where none has.
pub fn typical_length(dtype: Dtype, rows: &[u8], dimensions: usize) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    each_row(dtype, rows, dimensions, |_, length| {
        if has_direction(length) {
            sum += length.ln();
            count += 1.0;
        }
    });
    if count > 0.0 { (sum / count).exp() } else { 1.0 }
}

/// Appends the rows as float32, each as long as `length`; what has no direction stays as it is.
pub fn push_directions(dtype: Dtype, rows: &[u8], dimensions: usize, length: f64, into: &mut Vec<u8>) {
    each_row(dtype, rows, dimensions, |numbers, own| {
        let factor = if has_direction(own) { length / own } else { 1.0 };
        into.extend(numbers.iter().flat_map(|x| ((x * factor) as f32).to_le_bytes()));
    });
}

/// Gives vectors of so many dimensions one length, the mean of theirs.
pub fn make_as_long(vectors: &mut [f32], dimensions: usize) {
    let length = mean_length(vectors.chunks_exact(dimensions));
    for vector in vectors.chunks_exact_mut(dimensions) {
        let own = length_of_singles(vector);
        if has_direction(own) {
            vector.iter_mut().for_each(|x| *x = (f64::from(*x) * length / own) as f32);
        }
    }
}

pub fn mean_length<'a>(vectors: impl Iterator<Item = &'a [f32]>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for vector in vectors {
        sum += length_of_singles(vector);
        count += 1.0;
    }
    if count > 0.0 { sum / count } else { 1.0 }
}

fn length_of_singles(vector: &[f32]) -> f64 {
    vector.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt()
}
