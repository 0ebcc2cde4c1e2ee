//! Rows of plain numbers from text: `1,-2.5,3e8` to the bytes of a dtype.
//!
//! Whole rows are taken as long as each of their fields is a number that the dtype holds, but for spaces and
//! quotes around it; of floats it may be empty, `nan` or `inf`, too. Where one is not, the work stops at the
//! beginning of its row, which is for the caller to look at: other words, comments, and all errors are his.

use crate::{Error, Result};

/// What was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub rows: usize,
    pub bytes: usize,
}

/// Takes rows of `columns` numbers from the beginning of `text` on, as many as `target` has room for. The name
/// of `dtype` is one of the floats of 32 and 64 bits, or of the integers.
pub fn parse_rows(
    text: &[u8],
    delimiter: u8,
    columns: usize,
    dtype: &str,
    target: &mut [u8],
) -> Result<Taken> {
    if columns == 0 {
        return Err(Error::invalid("rows have a column at least"));
    }
    let work = match dtype {
        "float64" => rows_of::<f64, 8>,
        "float32" => rows_of::<f32, 4>,
        "int8" => rows_of::<i8, 1>,
        "int16" => rows_of::<i16, 2>,
        "int32" => rows_of::<i32, 4>,
        "int64" => rows_of::<i64, 8>,
        "uint8" => rows_of::<u8, 1>,
        "uint16" => rows_of::<u16, 2>,
        "uint32" => rows_of::<u32, 4>,
        "uint64" => rows_of::<u64, 8>,
        _ => return Err(Error::invalid(format!("no numbers of {dtype} are read from text"))),
    };
    Ok(work(text, delimiter, columns, target))
}

/// Lines from the beginning of `text` on that are neither empty, but for spaces, nor comments, with their
/// ends; stops at another.
pub fn count_rows(text: &[u8]) -> Taken {
    let mut taken = Taken::default();
    while text
        .get(taken.bytes + spaces(&text[taken.bytes..]))
        .is_some_and(|&first| first != b'#' && !is_end(first))
    {
        let rest = &text[taken.bytes..];
        let Some(end) = memchr::memchr2(b'\n', b'\r', rest) else { break };
        taken.bytes += behind_end(rest, end);
        taken.rows += 1;
    }
    taken
}

fn spaces(text: &[u8]) -> usize {
    text.iter().take_while(|&&byte| byte == b' ').count()
}

fn behind_end(text: &[u8], end: usize) -> usize {
    let is_pair = text[end] == b'\r' && text.get(end + 1) == Some(&b'\n');
    end + if is_pair { 2 } else { 1 }
}

fn rows_of<T: Number<N>, const N: usize>(
    text: &[u8],
    delimiter: u8,
    columns: usize,
    target: &mut [u8],
) -> Taken {
    let mut taken = Taken::default();
    let (items, _) = target.as_chunks_mut::<N>();
    for row in items.chunks_exact_mut(columns) {
        let Some(bytes) = row_of::<T, N>(&text[taken.bytes..], delimiter, row) else { break };
        taken.bytes += bytes;
        taken.rows += 1;
    }
    taken
}

/// Bytes of the row with its end, or nothing where it is not plain.
fn row_of<T: Number<N>, const N: usize>(text: &[u8], delimiter: u8, row: &mut [[u8; N]]) -> Option<usize> {
    let mut at = 0;
    let last = row.len() - 1;
    for (column, item) in row.iter_mut().enumerate() {
        at += spaces(&text[at..]);
        let is_quoted = text.get(at) == Some(&b'"');
        at += usize::from(is_quoted);
        let (value, length) = T::plain(&text[at..]).or_else(|| T::word(&text[at..], delimiter, last))?;
        at += length;
        if is_quoted {
            if text.get(at) != Some(&b'"') {
                return None;
            }
            at += 1;
        }
        at += spaces(&text[at..]);
        let end = *text.get(at)?;
        if column < last {
            if end != delimiter {
                return None;
            }
            at += 1;
        } else if is_end(end) {
            at = behind_end(text, at);
        } else {
            return None;
        }
        *item = value.bytes();
    }
    Some(at)
}

fn is_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

trait Number<const N: usize>: Sized {
    /// The number at the beginning of the text, and how long it is.
    fn plain(text: &[u8]) -> Option<(Self, usize)>;
    fn bytes(self) -> [u8; N];

    /// The same of what is no number of digits. Where a row has one field, `last` is 0: a line of nothing is
    /// no row.
    fn word(_text: &[u8], _delimiter: u8, _last: usize) -> Option<(Self, usize)> {
        None
    }
}

/// A whole number of so many digits is exact as u64.
const MOST_DIGITS: usize = 18;

macro_rules! integers {
    ($($type:ty, $size:literal;)*) => {$(
        impl Number<$size> for $type {
            fn plain(text: &[u8]) -> Option<(Self, usize)> {
                let is_negative = text.first() == Some(&b'-');
                let first = usize::from(is_negative);
                let (value, digits) = digits_of(&text[first..], 0);
                if digits == 0 || digits > MOST_DIGITS {
                    return None;
                }
                let signed = if is_negative { -(value as i64) } else { value as i64 };
                Some((Self::try_from(signed).ok()?, first + digits))
            }

            fn bytes(self) -> [u8; $size] {
                self.to_le_bytes()
            }
        }
    )*};
}

integers! { i8, 1; i16, 2; i32, 4; i64, 8; u8, 1; u16, 2; u32, 4; u64, 8; }

/// The digits at the beginning, behind those of `value`; how many they are. Only 19 in all are exact.
fn digits_of(text: &[u8], mut value: u64) -> (u64, usize) {
    let mut count = 0;
    while let Some(digit) = text.get(count).map(|byte| byte.wrapping_sub(b'0'))
        && digit < 10
    {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        count += 1;
    }
    (value, count)
}

fn word_of(text: &[u8], delimiter: u8, last: usize) -> Option<(f64, usize)> {
    let first = *text.first()?;
    if first == delimiter || is_end(first) {
        return (last > 0).then_some((f64::NAN, 0));
    }
    let sign = usize::from(first == b'-' || first == b'+');
    let word = text.get(sign..sign + 3)?;
    let value = match () {
        () if word.eq_ignore_ascii_case(b"nan") => f64::NAN,
        () if word.eq_ignore_ascii_case(b"inf") && first == b'-' => f64::NEG_INFINITY,
        () if word.eq_ignore_ascii_case(b"inf") => f64::INFINITY,
        () => return None,
    };
    Some((value, sign + 3))
}

/// A decimal as it stands in the text.
struct Decimal {
    /// Not exact where there are many digits.
    digits: u64,
    digit_count: usize,
    exponent: i32,
    is_negative: bool,
    length: usize,
}

/// Digits whose number a u64 has, whichever they are.
const MOST_FLOAT_DIGITS: usize = 19;
/// Powers of ten that a float64 holds.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

fn decimal_of(text: &[u8]) -> Option<Decimal> {
    let first = *text.first()?;
    let is_negative = first == b'-';
    let mut at = usize::from(is_negative || first == b'+');
    let (mut digits, whole) = digits_of(&text[at..], 0);
    at += whole;
    let mut digit_count = whole;
    let mut exponent = 0i32;
    let has_point = text.get(at) == Some(&b'.');
    if has_point {
        let (all, fraction) = digits_of(&text[at + 1..], digits);
        digits = all;
        at += 1 + fraction;
        digit_count += fraction;
        exponent = -i32::try_from(fraction).ok()?;
    }
    if digit_count == 0 {
        return None;
    }
    let has_exponent = text.get(at).is_some_and(|byte| byte | 0x20 == b'e');
    if has_exponent {
        let sign = text.get(at + 1);
        at += if matches!(sign, Some(b'-' | b'+')) { 2 } else { 1 };
        let (power, length) = digits_of(&text[at..], 0);
        // More digits are for whoever reads what is rare.
        if length == 0 || length > 4 {
            return None;
        }
        exponent += if sign == Some(&b'-') { -(power as i32) } else { power as i32 };
        at += length;
    }
    // Long whole numbers may be ids, which are not rounded unasked.
    if !has_point && !has_exponent && digit_count > 15 {
        return None;
    }
    Some(Decimal { digits, digit_count, exponent, is_negative, length: at })
}

/// The nearest float64, by one multiplication or division that is rounded, where both sides are exact.
fn exactly(decimal: &Decimal) -> Option<f64> {
    let power = decimal.exponent.unsigned_abs() as usize;
    if decimal.digit_count > MOST_FLOAT_DIGITS || decimal.digits > 1 << 53 || power >= POWERS.len() {
        return None;
    }
    let digits = decimal.digits as f64;
    let value = if decimal.exponent < 0 { digits / POWERS[power] } else { digits * POWERS[power] };
    Some(if decimal.is_negative { -value } else { value })
}

fn text_of(text: &[u8], length: usize) -> Option<&str> {
    std::str::from_utf8(&text[..length]).ok()
}

impl Number<8> for f64 {
    fn plain(text: &[u8]) -> Option<(Self, usize)> {
        let decimal = decimal_of(text)?;
        let value = match exactly(&decimal) {
            Some(value) => value,
            None => text_of(text, decimal.length)?.parse().ok()?,
        };
        value.is_finite().then_some((value, decimal.length))
    }

    fn word(text: &[u8], delimiter: u8, last: usize) -> Option<(Self, usize)> {
        word_of(text, delimiter, last)
    }

    fn bytes(self) -> [u8; 8] {
        self.to_le_bytes()
    }
}

impl Number<4> for f32 {
    fn plain(text: &[u8]) -> Option<(Self, usize)> {
        let decimal = decimal_of(text)?;
        let value = match exactly(&decimal).and_then(rounded_once) {
            Some(value) => value,
            None => text_of(text, decimal.length)?.parse().ok()?,
        };
        value.is_finite().then_some((value, decimal.length))
    }

    fn word(text: &[u8], delimiter: u8, last: usize) -> Option<(Self, usize)> {
        let (value, length) = word_of(text, delimiter, last)?;
        Some((value as f32, length))
    }

    fn bytes(self) -> [u8; 4] {
        self.to_le_bytes()
    }
}

/// The nearest float32 of the nearest float64, unless that lies between two: the text may not.
fn rounded_once(value: f64) -> Option<f32> {
    let nearest = value as f32;
    let rounded = f64::from(nearest);
    let other = 2.0 * value - rounded;
    (rounded == value || f64::from(other as f32) != other).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str, columns: usize, dtype: &str, bytes: usize) -> (Taken, Vec<u8>) {
        let mut target = vec![0; bytes];
        let taken = parse_rows(text.as_bytes(), b',', columns, dtype, &mut target).unwrap();
        (taken, target)
    }

    fn doubles(text: &str, columns: usize, rows: usize) -> (Taken, Vec<f64>) {
        let (taken, bytes) = parse(text, columns, "float64", 8 * columns * rows);
        (taken, bytes.as_chunks().0.iter().map(|item| f64::from_le_bytes(*item)).collect())
    }

    #[test]
    fn rows_are_taken_as_long_as_there_is_room() {
        let (taken, numbers) = doubles("1,-2.5\r\n+3e2,.5\r4.,-0\n7,8\n", 2, 3);
        assert_eq!(taken, Taken { rows: 3, bytes: 22 });
        assert_eq!(numbers, [1.0, -2.5, 300.0, 0.5, 4.0, 0.0]);
        assert!(numbers[5].is_sign_negative());
    }

    #[test]
    fn what_is_not_plain_stops_at_its_row() {
        let rows = [
            "x,1\n",
            "   \n",
            "infinity,1\n",
            "nano,1\n",
            "1,NA\n",
            "1\n",
            "1,2,3\n",
            "\"1,2\n",
            "\"1\"2,2\n",
            "\"\",2\n",
            "# c\n",
            "\n",
            "1,2",
            "1,-\n",
            "1,.\n",
            "1,1e\n",
            "1,1e400\n",
            "1,2x\n",
            "1,12345678901234567\n",
            "1,1e00001\n",
        ];
        for row in rows {
            let (taken, _) = doubles(&format!("1,2\n{row}"), 2, 9);
            assert_eq!(taken, Taken { rows: 1, bytes: 4 }, "{row:?}");
        }
        assert_eq!(doubles("", 2, 9).0, Taken::default());
    }

    #[test]
    fn spaces_and_words_of_floats_are_taken() {
        let (taken, numbers) = doubles(" 1 ,  -inf\nNaN,+Inf  \r\n,\n", 2, 3);
        assert_eq!(taken, Taken { rows: 3, bytes: 25 });
        assert_eq!((numbers[0], numbers[1], numbers[3]), (1.0, f64::NEG_INFINITY, f64::INFINITY));
        assert!([2, 4, 5].into_iter().all(|i| numbers[i].is_nan()));
        assert_eq!(
            doubles("\"1\", \"-inf\" \n", 2, 1),
            (Taken { rows: 1, bytes: 13 }, vec![1.0, f64::NEG_INFINITY])
        );
        assert_eq!(doubles("\n", 1, 1).0, Taken::default());
        assert_eq!(doubles("  \n", 1, 1).0, Taken::default());
        assert_eq!(parse("1,\n", 2, "int32", 8).0, Taken::default());
        assert_eq!(parse("nan\n", 1, "int32", 4).0, Taken::default());
        assert!(f32::from_le_bytes(parse("nan\n", 1, "float32", 4).1.try_into().unwrap()).is_nan());
    }

    #[test]
    fn integers_are_within_their_dtype() {
        assert_eq!(
            parse("-128\n127\n128\n", 1, "int8", 9),
            (Taken { rows: 2, bytes: 9 }, vec![128, 127, 0, 0, 0, 0, 0, 0, 0])
        );
        assert_eq!(parse("255\n-1\n", 1, "uint8", 2), (Taken { rows: 1, bytes: 4 }, vec![255, 0]));
        assert_eq!(
            parse("-999999999999999999\n", 1, "int64", 8).1,
            (-999_999_999_999_999_999i64).to_le_bytes()
        );
        for text in ["1.0\n", "1e1\n", "+1\n", "-\n", "1000000000000000000\n"] {
            assert_eq!(parse(text, 1, "int64", 8).0, Taken::default(), "{text:?}");
        }
        assert_eq!(parse("-1\n", 1, "uint64", 8).0, Taken::default());
    }

    #[test]
    fn float32_is_rounded_from_the_text() {
        let middle = "1.00000005960464477539062";
        let (_, bytes) = parse(&format!("{middle}4\n{middle}5\n{middle}6\n16777217\n"), 1, "float32", 16);
        let numbers: Vec<f32> = bytes.as_chunks().0.iter().map(|item| f32::from_le_bytes(*item)).collect();
        assert_eq!(numbers, [1.0, 1.0, 1.0 + f32::EPSILON, 16_777_216.0]);
        assert_eq!(parse("3.5e38\n", 1, "float32", 4).0, Taken::default());
    }

    #[test]
    fn lines_are_counted_up_to_one_that_is_none() {
        assert_eq!(count_rows(b"1,2\r\n3\r4\n# c\n5\n"), Taken { rows: 3, bytes: 9 });
        assert_eq!(count_rows(b"1\n 2\n  # c\n"), Taken { rows: 2, bytes: 5 });
        assert_eq!(count_rows(b"1\n2"), Taken { rows: 1, bytes: 2 });
        assert_eq!(count_rows(b"\"1\"\n\t\n   \n"), Taken { rows: 2, bytes: 6 });
        assert_eq!(count_rows(b""), Taken::default());
    }

    #[test]
    fn what_no_number_is_read_as_is_refused() {
        assert!(parse_rows(b"", b',', 0, "float64", &mut []).is_err());
        assert!(parse_rows(b"", b',', 1, "float16", &mut []).is_err());
    }

    proptest! {
        #[test]
        fn numbers_are_those_of_the_standard_library(
            texts in prop::collection::vec(
                prop_oneof!["-?[0-9]{1,15}", "-?[0-9]{0,25}\\.[0-9]{1,25}(e-?[0-9]{1,3})?", "[0-9]\\.[0-9]{18}e[+-][0-9]{2}"],
                1..50,
            ),
        ) {
            let wanted: Vec<f64> = texts.iter().map(|text| text.parse().unwrap()).collect();
            let rows = wanted.iter().position(|value| value.is_infinite()).unwrap_or(wanted.len());
            let (taken, numbers) = doubles(&format!("{}\n", texts.join("\n")), 1, texts.len());
            prop_assert_eq!(taken.rows, rows);
            for (number, value) in numbers.iter().zip(&wanted).take(rows) {
                prop_assert_eq!(number.to_bits(), value.to_bits());
            }
            let (taken, bytes) = parse(&format!("{}\n", texts.join("\n")), 1, "float32", 4 * texts.len());
            for (item, text) in bytes.as_chunks().0.iter().zip(&texts).take(taken.rows) {
                prop_assert_eq!(f32::from_le_bytes(*item).to_bits(), text.parse::<f32>().unwrap().to_bits());
            }
        }

        #[test]
        fn no_text_is_more_than_stopped_at(text in "[0-9eE.,+\\-\r\n# x]{0,60}", columns in 1usize..4) {
            let (taken, _) = doubles(&text, columns, 8);
            prop_assert!(taken.bytes <= text.len());
            prop_assert!(count_rows(text.as_bytes()).bytes <= text.len());
        }
    }
}
