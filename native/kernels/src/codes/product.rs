//! Products of float64 matrices, in tiles that fit the registers and blocks that fit the caches (Goto and van
//! de Geijn, "Anatomy of high-performance matrix multiplication", 2008).

/// Rows and columns of the part of a product that one call of a kernel adds to.
pub const TILE_ROWS: usize = 8;
pub const TILE_COLUMNS: usize = 16;

/// Terms of a sum that are added in one go: the part of both factors that a kernel reads is then 48 KiB.
const DEPTH: usize = 256;
/// Rows of the left factor that are read again and again from the second cache.
const BLOCK_ROWS: usize = 192;

pub type Tile = [[f64; TILE_COLUMNS]; TILE_ROWS];

/// Adds to the tile the product of two strips: of each term in turn `TILE_ROWS` numbers of the left factor,
/// `TILE_COLUMNS` of the right one.
pub type TileKernel = unsafe fn(&[f64], &[f64], &mut Tile);

/// A matrix that lies in `data`, so many numbers from one row and from one column to the next.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    pub data: &'a [f64],
    pub rows: usize,
    pub columns: usize,
    row: usize,
    column: usize,
}

impl<'a> Matrix<'a> {
    /// Row by row.
    pub fn new(data: &'a [f64], columns: usize) -> Self {
        Self { data, rows: data.len() / columns, columns, row: columns, column: 1 }
    }

    pub fn transposed(self) -> Self {
        Self { rows: self.columns, columns: self.rows, row: self.column, column: self.row, ..self }
    }
}

/// Which entries of a product are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Entries {
    All,
    /// At least those on the diagonal and right of it.
    Upper,
}

/// Products by the kernel of a tier.
pub struct Products {
    kernel: TileKernel,
    left: Vec<f64>,
    right: Vec<f64>,
}

impl Products {
    /// # Safety
    /// The CPU has what the kernel was compiled for.
    pub unsafe fn new(kernel: TileKernel) -> Self {
        Self { kernel, left: Vec::new(), right: Vec::new() }
    }

    /// Adds `factor * a * b` to `into`, row by row.
    pub fn add(&mut self, a: Matrix<'_>, b: Matrix<'_>, factor: f64, entries: Entries, into: &mut [f64]) {
        assert!(a.columns == b.rows && into.len() == a.rows * b.columns, "the shapes fit");
        for start in (0..a.columns).step_by(DEPTH) {
            let terms = start..(start + DEPTH).min(a.columns);
            pack::<TILE_COLUMNS>(b.transposed(), 0..b.columns, terms.clone(), &mut self.right);
            for first in (0..a.rows).step_by(BLOCK_ROWS) {
                let rows = first..(first + BLOCK_ROWS).min(a.rows);
                pack::<TILE_ROWS>(a, rows.clone(), terms.clone(), &mut self.left);
                for (right, column) in
                    self.right.chunks_exact(terms.len() * TILE_COLUMNS).zip((0..).step_by(TILE_COLUMNS))
                {
                    let rows = rows.clone().step_by(TILE_ROWS);
                    for (left, row) in self.left.chunks_exact(terms.len() * TILE_ROWS).zip(rows) {
                        if entries == Entries::Upper && column + TILE_COLUMNS <= row {
                            break;
                        }
                        let mut tile = [[0.0; TILE_COLUMNS]; TILE_ROWS];
                        // SAFETY: by the contract of `new`.
                        unsafe { (self.kernel)(left, right, &mut tile) };
                        for (sums, into) in tile.iter().zip(into.chunks_exact_mut(b.columns).skip(row)) {
                            for (sum, into) in sums.iter().zip(&mut into[column..]) {
                                *into += factor * sum;
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Strips of `N` rows, of each column the numbers of the rows in turn; zeros for those that are missing.
fn pack<const N: usize>(
    a: Matrix<'_>,
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
    into: &mut Vec<f64>,
) {
    into.clear();
    into.resize(rows.len().div_ceil(N) * N * columns.len(), 0.0);
    for (strip, first) in into.chunks_exact_mut(N * columns.len()).zip(rows.clone().step_by(N)) {
        let count = (rows.end - first).min(N);
        for (numbers, column) in strip.as_chunks_mut::<N>().0.iter_mut().zip(columns.clone()) {
            let at = first * a.row + column * a.column;
            if a.row == 1 {
                numbers[..count].copy_from_slice(&a.data[at..at + count]);
                continue;
            }
            for (number, &x) in numbers[..count].iter_mut().zip(a.data[at..].iter().step_by(a.row)) {
                *number = x;
            }
        }
    }
}

/// A `TileKernel` in parts of `R` rows and `C` columns, which the registers of a tier hold. Inlined into a
/// function per tier, so that the compiler makes vectors of the columns.
#[inline(always)]
pub fn add_tile<const R: usize, const C: usize, const FUSED: bool>(
    left: &[f64],
    right: &[f64],
    tile: &mut Tile,
) {
    let (left, right) = (left.as_chunks::<TILE_ROWS>().0, right.as_chunks::<TILE_COLUMNS>().0);
    for row in (0..TILE_ROWS).step_by(R) {
        for column in (0..TILE_COLUMNS).step_by(C) {
            let mut sums = [[0.0; C]; R];
            for (left, right) in left.iter().zip(right) {
                let right: &[f64; C] = right[column..column + C].try_into().expect("a part of the columns");
                for i in 0..R {
                    let x = left[row + i];
                    for j in 0..C {
                        sums[i][j] =
                            if FUSED { x.mul_add(right[j], sums[i][j]) } else { sums[i][j] + x * right[j] };
                    }
                }
            }
            for (sums, into) in sums.iter().zip(&mut tile[row..]) {
                for (sum, into) in sums.iter().zip(&mut into[column..]) {
                    *into += sum;
                }
            }
        }
    }
}

/// In sums of their own for every eighth product, so that the compiler makes vectors of them.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, last_a), (b, last_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for i in 0..8 {
            sums[i] += a[i] * b[i];
        }
    }
    sums.into_iter().sum::<f64>() + last_a.iter().zip(last_b).map(|(a, b)| a * b).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::Tier;

    #[test]
    fn products_are_those_of_the_definition() {
        let (rows, columns, terms) = (205, 37, 300);
        let number = |i: usize| ((i * 7919) % 101) as f64 - 50.0;
        let a: Vec<f64> = (0..rows * terms).map(number).collect();
        let b: Vec<f64> = (0..terms * columns).map(|i| number(i + 3)).collect();
        for tier in Tier::available() {
            let mut products = tier.products();
            let mut into = vec![1.0; rows * columns];
            let (a, b) = (Matrix::new(&a, terms), Matrix::new(&b, columns));
            products.add(a, b, -2.0, Entries::All, &mut into);
            let mut turned = vec![1.0; rows * columns];
            products.add(b.transposed(), a.transposed(), -2.0, Entries::All, &mut turned);
            let mut square = vec![0.0; rows * rows];
            products.add(a, a.transposed(), 1.0, Entries::Upper, &mut square);
            for i in 0..rows {
                let dot = |other: &dyn Fn(usize) -> f64| -> f64 {
                    (0..terms).map(|k| a.data[i * terms + k] * other(k)).sum()
                };
                for j in 0..columns {
                    let expected = 1.0 - 2.0 * dot(&|k| b.data[k * columns + j]);
                    assert_eq!(into[i * columns + j], expected, "{tier:?}");
                    assert_eq!(turned[j * rows + i], expected, "{tier:?}");
                }
                for j in i..rows {
                    assert_eq!(square[i * rows + j], dot(&|k| a.data[j * terms + k]), "{tier:?}");
                }
            }
        }
    }
}
