//! Layout conversions of whole arrays: byte order and Fortran order.

use crate::{Error, Result};

/// Reverses the bytes of every element of `item_bytes` (2, 4 or 8) in place.
pub fn swap_bytes(bytes: &mut [u8], item_bytes: usize) -> Result<()> {
    match item_bytes {
        2 => swap::<2>(bytes),
        4 => swap::<4>(bytes),
        8 => swap::<8>(bytes),
        _ => Err(Error::invalid(format!("itemBytes is 2, 4 or 8, got {item_bytes}"))),
    }
}

fn swap<const N: usize>(bytes: &mut [u8]) -> Result<()> {
    let length = bytes.len();
    let (items, []) = bytes.as_chunks_mut::<N>() else {
        return Err(Error::invalid(format!("{length} bytes are no whole number of {N}-byte items")));
    };
    items.iter_mut().for_each(|item| item.reverse());
    Ok(())
}

/// Rewrites `source`, a Fortran-ordered (first axis fastest) block of `shape`, as C order into `target`.
/// `item_bytes` is 1, 2, 4, 8 or 16.
pub fn fortran_to_c(source: &[u8], target: &mut [u8], shape: &[usize], item_bytes: usize) -> Result<()> {
    let wanted = shape.iter().try_fold(item_bytes, |size, &axis| size.checked_mul(axis));
    if wanted != Some(source.len()) || source.len() != target.len() {
        return Err(Error::invalid(format!(
            "shape {shape:?} of {item_bytes}-byte items differs from a source of {} and a target of {} bytes",
            source.len(),
            target.len()
        )));
    }
    match item_bytes {
        1 => reverse_axes::<1>(source, target, shape),
        2 => reverse_axes::<2>(source, target, shape),
        4 => reverse_axes::<4>(source, target, shape),
        8 => reverse_axes::<8>(source, target, shape),
        16 => reverse_axes::<16>(source, target, shape),
        _ => {
            return Err(Error::invalid(format!("itemBytes is 1, 2, 4, 8 or 16, got {item_bytes}")));
        }
    }
    Ok(())
}

/// The first axis is contiguous in the source and the last in the target. Square tiles over those two
/// keep the lines of both in the cache; the axes between are walked in C order inside one band of the
/// first axis, so that a band of the target is written front to back.
fn reverse_axes<const N: usize>(source: &[u8], target: &mut [u8], shape: &[usize]) {
    let (source, target) = (source.as_chunks::<N>().0, target.as_chunks_mut::<N>().0);
    // Axes of one element move nothing.
    let shape: Vec<usize> = shape.iter().copied().filter(|&axis| axis != 1).collect();
    let [rows, middle @ .., columns] = shape.as_slice() else {
        return target.copy_from_slice(source);
    };
    if source.is_empty() {
        return;
    }
    let (rows, columns) = (*rows, *columns);
    let planes: usize = middle.iter().product();
    let band = (512 / N).max(32);
    for row in (0..rows).step_by(band) {
        let row_end = rows.min(row + band);
        // In C order the planes are numbered 0, 1, 2, …; in Fortran order that number is permuted.
        for plane in 0..planes {
            let from = &source[rows * fortran_index(plane, middle)..];
            let into = &mut target[plane * columns..];
            for column in (0..columns).step_by(32) {
                let column_end = columns.min(column + 32);
                for r in row..row_end {
                    let line = &mut into[r * planes * columns..][column..column_end];
                    for (c, item) in (column..column_end).zip(line) {
                        *item = from[r + c * rows * planes];
                    }
                }
            }
        }
    }
}

/// The Fortran-order index of the element of `shape` whose C-order index is `index`.
fn fortran_index(mut index: usize, shape: &[usize]) -> usize {
    let mut result = 0;
    for &axis in shape.iter().rev() {
        result = result * axis + index % axis;
        index /= axis;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Walks every index of `shape` and places the item by the definition of both orders.
    fn oracle(source: &[u8], shape: &[usize], item: usize) -> Vec<u8> {
        let mut target = vec![0; source.len()];
        let count: usize = shape.iter().product();
        for c_index in 0..count {
            let mut rest = c_index;
            let mut index = vec![0; shape.len()];
            for axis in (0..shape.len()).rev() {
                index[axis] = rest % shape[axis];
                rest /= shape[axis];
            }
            let mut f_index = 0;
            for axis in (0..shape.len()).rev() {
                f_index = f_index * shape[axis] + index[axis];
            }
            target[c_index * item..][..item].copy_from_slice(&source[f_index * item..][..item]);
        }
        target
    }

    fn check(shape: &[usize], item: usize) {
        let count: usize = shape.iter().product();
        let source: Vec<u8> =
            (0..count * item).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let mut target = vec![0xaa; source.len()];
        fortran_to_c(&source, &mut target, shape, item).unwrap();
        assert_eq!(target, oracle(&source, shape, item), "shape {shape:?}, item {item}");
    }

    proptest! {
        #[test]
        fn fortran_order_becomes_c_order(
            shape in proptest::collection::vec(0usize..9, 0..5),
            item in prop::sample::select(vec![1usize, 2, 4, 8, 16]),
        ) {
            check(&shape, item);
        }

        #[test]
        fn swapping_twice_gives_the_same_bytes(
            items in proptest::collection::vec(any::<u64>(), 0..40),
            item in prop::sample::select(vec![2usize, 4, 8]),
        ) {
            let before: Vec<u8> = items.iter().flat_map(|item| item.to_le_bytes()).collect();
            let mut bytes = before.clone();
            swap_bytes(&mut bytes, item).unwrap();
            let expected: Vec<u8> = before.chunks(item).flat_map(|c| c.iter().rev().copied()).collect();
            prop_assert_eq!(&bytes, &expected);
            swap_bytes(&mut bytes, item).unwrap();
            prop_assert_eq!(bytes, before);
        }
    }

    #[test]
    fn shapes_larger_than_a_tile_are_converted_whole() {
        check(&[1000, 3], 4);
        check(&[3, 1000], 8);
        check(&[515, 66], 1);
        check(&[130, 1, 5, 7, 33], 2);
        check(&[70, 20, 40], 16);
    }

    #[test]
    fn wrong_sizes_are_refused() {
        assert!(swap_bytes(&mut [0; 6], 4).is_err());
        assert!(swap_bytes(&mut [0; 6], 3).is_err());
        assert!(fortran_to_c(&[0; 6], &mut [0; 6], &[2, 2], 1).is_err());
        assert!(fortran_to_c(&[0; 6], &mut [0; 5], &[2, 3], 1).is_err());
        assert!(fortran_to_c(&[0; 6], &mut [0; 6], &[2], 3).is_err());
        assert!(fortran_to_c(&[], &mut [], &[usize::MAX, usize::MAX, 0], 8).is_err());
    }
}
