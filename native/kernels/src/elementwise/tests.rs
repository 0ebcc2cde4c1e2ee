use super::half::float_to_half;
use super::*;
use crate::distance::half_to_float;

fn rows(row_items: usize, step: usize) -> Rows {
    Rows { row_items, step }
}

fn int16(values: &[i16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn after(operation: Operation, values: &[i16], operand: &[i16], rows: Rows) -> Result<Vec<i16>> {
    let mut target = int16(values);
    apply(operation, "int16", &mut target, &int16(operand), rows)?;
    Ok(target.as_chunks().0.iter().map(|&bytes| i16::from_le_bytes(bytes)).collect())
}

#[test]
fn an_operand_is_an_item_a_row_or_all_rows() {
    let values = [1, 2, 3, 4, 5, 6];
    let add = |operand: &[i16], rows| after(Operation::Add, &values, operand, rows);
    assert_eq!(add(&[10], rows(2, 1)), Ok(vec![11, 12, 13, 14, 15, 16]));
    assert_eq!(add(&[10, 20], rows(2, 1)), Ok(vec![11, 22, 13, 24, 15, 26]));
    assert_eq!(add(&[10, 20, 30, 40, 50, 60], rows(2, 1)), Ok(vec![11, 22, 33, 44, 55, 66]));
    assert_eq!(add(&[10, 20], rows(2, 2)), Ok(vec![11, 22, 3, 4, 15, 26]));
    assert_eq!(add(&[10, 20, 30, 40], rows(2, 2)), Ok(vec![11, 22, 3, 4, 35, 46]));
    assert_eq!(add(&[10], rows(2, 9)), Ok(vec![11, 12, 3, 4, 5, 6]));
    assert_eq!(after(Operation::Negative, &values, &[], rows(3, 2)), Ok(vec![-1, -2, -3, 4, 5, 6]));
    assert_eq!(after(Operation::Fill, &[], &[7], rows(2, 1)), Ok(vec![]));
}

#[test]
fn what_does_not_fit_is_refused() {
    let values = [1, 2, 3, 4, 5, 6];
    for (operand, rows) in [
        (&[][..], rows(2, 1)),
        (&[1, 2, 3], rows(2, 1)),
        (&[1, 2, 3, 4, 5, 6], rows(2, 2)),
        (&[1], rows(4, 1)),
        (&[1], rows(0, 1)),
        (&[1], rows(2, 0)),
        (&[1], rows(usize::MAX, 1)),
    ] {
        assert!(after(Operation::Add, &values, operand, rows).is_err(), "{operand:?} {rows:?}");
    }
    assert!(after(Operation::Add, &values, &[1], rows(2, usize::MAX)).is_ok());
    assert!(after(Operation::Negative, &values, &[1], rows(2, 1)).is_err());
    assert!(after(Operation::Divide, &values, &[1], rows(2, 1)).is_err());
    let mut bytes = [0; 3];
    assert!(apply(Operation::Add, "int8", &mut bytes, &[1], rows(3, 1)).is_ok());
    assert!(apply(Operation::Add, "int16", &mut bytes, &[1, 2], rows(1, 1)).is_err());
    assert!(apply(Operation::Add, "int16", &mut bytes[..2], &[1, 2, 3], rows(1, 1)).is_err());
    assert!(apply(Operation::Add, "text", &mut bytes, &[1], rows(1, 1)).is_err());
}

#[test]
fn every_half_comes_back_and_ties_go_to_the_even_one() {
    for bits in 0..=u16::MAX {
        let value = half_to_float(bits);
        let back = float_to_half(value);
        if value.is_nan() {
            assert!(half_to_float(back).is_nan(), "{bits:#x}");
            continue;
        }
        assert_eq!(back, bits);
        // Up to the next one, which is above in size.
        let next = half_to_float(bits + 1);
        if bits & 0x7fff == 0x7bff || !next.is_finite() || !value.is_finite() {
            continue;
        }
        let middle = (value + next) / 2.0;
        let even = bits + (bits & 1);
        assert_eq!(float_to_half(middle), even, "{middle}");
        let (below, above) = (f32::from_bits(middle.to_bits() - 1), f32::from_bits(middle.to_bits() + 1));
        assert_eq!((float_to_half(below), float_to_half(above)), (bits, bits + 1), "{middle}");
    }
    assert_eq!(float_to_half(65_520.0), 0x7c00);
    assert_eq!(float_to_half(65_519.996), 0x7bff);
    assert_eq!(float_to_half(-f32::MAX), 0xfc00);
    assert_eq!(float_to_half(f32::MIN_POSITIVE), 0);
}

#[test]
fn changed_rows_are_those_that_differ_in_a_byte() {
    assert_eq!(changed_rows(&[1, 2, 3, 4, 5, 6], &[1, 2, 3, 5, 0, 6], 2), Ok(vec![1.0, 2.0]));
    assert_eq!(changed_rows(&[], &[], 2), Ok(vec![]));
    assert!(changed_rows(&[1, 2], &[1], 1).is_err());
    assert!(changed_rows(&[1, 2, 3], &[1, 2, 3], 2).is_err());
    assert!(changed_rows(&[], &[], 0).is_err());
}

#[test]
fn operations_have_names() {
    for operation in Operation::ALL {
        assert_eq!(Operation::of_name(operation.name()), Some(operation));
    }
    assert_eq!(Operation::of_name("true_divide"), None);
}
