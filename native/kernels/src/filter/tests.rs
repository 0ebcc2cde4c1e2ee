use super::{Column, Strings, Term, Values};
use crate::error::Code;

/// Text as a column has it.
struct Texts {
    offsets: Vec<i32>,
    bytes: Vec<u8>,
}

impl Texts {
    fn new<T: AsRef<[u8]>>(texts: &[T]) -> Self {
        let mut made = Self { offsets: vec![0], bytes: Vec::new() };
        for text in texts {
            made.bytes.extend_from_slice(text.as_ref());
            made.offsets.push(made.bytes.len() as i32);
        }
        made
    }

    fn strings(&self) -> Strings<'_> {
        Strings { offsets: &self.offsets, bytes: &self.bytes }
    }

    fn column(&self) -> Column<'_> {
        all(self.offsets.len() - 1, Values::String(self.strings()))
    }
}

fn all(rows: usize, values: Values<'_>) -> Column<'_> {
    Column { rows, valid: None, values }
}

fn ints(values: &[i64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn floats(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Of each row whether the term holds, nothing where it neither holds nor fails. In one go and in parts.
fn truths(term: &Term, column: &Column<'_>) -> Vec<Option<bool>> {
    let bytes = column.rows.div_ceil(8);
    let (mut holds, mut fails) = (vec![0xaa; bytes], vec![0xaa; bytes]);
    term.evaluate(column, 0..column.rows, &mut holds, &mut fails).unwrap();
    for start in (0..column.rows).step_by(64) {
        let end = column.rows.min(start + 64);
        let (mut some, mut others) = (vec![0; (end - start).div_ceil(8)], vec![0; (end - start).div_ceil(8)]);
        term.evaluate(column, start..end, &mut some, &mut others).unwrap();
        assert_eq!(some, holds[start / 8..end.div_ceil(8)]);
        assert_eq!(others, fails[start / 8..end.div_ceil(8)]);
    }
    let bit = |bits: &[u8], row: usize| bits[row / 8] >> (row % 8) & 1 == 1;
    for row in column.rows..8 * bytes {
        assert!(!bit(&holds, row) && !bit(&fails, row), "a bit behind the last row");
    }
    let truth = |row| match (bit(&holds, row), bit(&fails, row)) {
        (false, false) => None,
        (true, true) => panic!("row {row} is both"),
        (holds, _) => Some(holds),
    };
    (0..column.rows).map(truth).collect()
}

fn int_term(test: &str, values: &[i64]) -> Term {
    Term::new(test, &all(values.len(), Values::Int(&ints(values)))).unwrap()
}

fn float_term(test: &str, values: &[f64]) -> Term {
    Term::new(test, &all(values.len(), Values::Float(&floats(values)))).unwrap()
}

fn text_term<T: AsRef<[u8]>>(test: &str, texts: &[T]) -> Term {
    Term::new(test, &Texts::new(texts).column()).unwrap()
}

fn known(truths: &[bool]) -> Vec<Option<bool>> {
    truths.iter().copied().map(Some).collect()
}

#[test]
fn words_end_where_rows_do() {
    for rows in [0_usize, 1, 7, 8, 9, 63, 64, 65, 127, 128, 129, 200] {
        let bytes = ints(&(0..rows as i64).collect::<Vec<_>>());
        let valid: Vec<u8> = (0..rows.div_ceil(8)).map(|i| 0b1011_0110_u8.rotate_left(i as u32)).collect();
        let column = Column { rows, valid: Some(&valid), values: Values::Int(&bytes) };
        for limit in [0, 1, 62, 63, 64, 65, 130] {
            let expected = (0..rows)
                .map(|row| (valid[row / 8] >> (row % 8) & 1 == 1).then_some((row as i64) < limit))
                .collect::<Vec<_>>();
            assert_eq!(truths(&int_term("<", &[limit]), &column), expected, "{rows} rows, {limit}");
        }
    }
}

#[test]
fn numbers_compare_as_javascript_has_them() {
    let values = [f64::NAN, -0.0, 0.0, 1.5, f64::INFINITY, f64::NEG_INFINITY, -f64::NAN];
    let bytes = floats(&values);
    let column = all(values.len(), Values::Float(&bytes));
    for value in [0.0, -0.0, 1.5, f64::INFINITY] {
        let of = |test, is: fn(&f64, &f64) -> bool| {
            let expected = known(&values.map(|x| is(&x, &value)));
            assert_eq!(truths(&float_term(test, &[value]), &column), expected, "{test} {value}");
        };
        of("=", f64::eq);
        of("!=", f64::ne);
        of("<", f64::lt);
        of("<=", f64::le);
        of(">", f64::gt);
        of(">=", f64::ge);
        of("in", f64::eq);
    }
    let extremes = [i64::MIN, -1, 0, i64::MAX];
    let bytes = ints(&extremes);
    let column = all(4, Values::Int(&bytes));
    assert_eq!(truths(&int_term(">=", &[i64::MAX]), &column), known(&[false, false, false, true]));
    assert_eq!(truths(&int_term("<", &[i64::MIN + 1]), &column), known(&[true, false, false, false]));
}

#[test]
fn members_are_found_among_few_and_many() {
    let values: Vec<i64> = (-100..100).collect();
    let (bytes, halves) =
        (ints(&values), floats(&values.iter().map(|&x| x as f64 / 2.0).collect::<Vec<_>>()));
    for count in [1, 8, 9, 60] {
        let members: Vec<i64> = (0..count).map(|i| (i * 7 - 20) % 90).collect();
        let expected: Vec<_> = values.iter().map(|value| Some(members.contains(value))).collect();
        let column = all(values.len(), Values::Int(&bytes));
        assert_eq!(truths(&int_term("in", &members), &column), expected);
        let members: Vec<f64> = members.iter().map(|&x| x as f64 / 2.0).chain([-0.0, f64::NAN]).collect();
        let expected: Vec<_> =
            values.iter().map(|&value| Some(members.contains(&(value as f64 / 2.0)))).collect();
        assert_eq!(truths(&float_term("in", &members), &all(values.len(), Values::Float(&halves))), expected);
        let texts: Vec<String> = values.iter().map(|value| "x".repeat((value + 100) as usize)).collect();
        let some: Vec<&String> = texts.iter().step_by(count as usize).collect();
        let expected: Vec<_> = texts.iter().map(|text| Some(some.contains(&text))).collect();
        assert_eq!(truths(&text_term("in", &some), &Texts::new(&texts).column()), expected);
    }
}

#[test]
fn bools_are_bits() {
    let column = Column { rows: 6, valid: Some(&[0b1_1110]), values: Values::Bool(&[0b1011_0101]) };
    let term = |test, rows, bits| Term::new(test, &all(rows, Values::Bool(&[bits]))).unwrap();
    let (yes, no) = (Some(true), Some(false));
    assert_eq!(truths(&term("=", 1, 1), &column), [None, no, yes, no, yes, None]);
    assert_eq!(truths(&term("!=", 1, 1), &column), [None, yes, no, yes, no, None]);
    assert_eq!(truths(&term("in", 2, 0b01), &column), [None, yes, yes, yes, yes, None]);
    assert_eq!(truths(&term("in", 0, 0), &column), [None, no, no, no, no, None]);
}

#[test]
fn texts_compare_by_their_bytes() {
    let texts = ["", "a", "ab", "b", "\u{ffff}", "\u{10000}", "ba"];
    let held = Texts::new(&texts);
    for value in ["", "ab", "\u{ffff}", "aa", "bb"] {
        let of = |test, is: fn(&[u8], &[u8]) -> bool| {
            let expected = known(&texts.map(|text| is(text.as_bytes(), value.as_bytes())));
            assert_eq!(truths(&text_term(test, &[value]), &held.column()), expected, "{test} {value:?}");
        };
        of("=", |a, b| a == b);
        of("!=", |a, b| a != b);
        of("<", |a, b| a < b);
        of("<=", |a, b| a <= b);
        of(">", |a, b| a > b);
        of(">=", |a, b| a >= b);
        of("startsWith", <[u8]>::starts_with);
    }
}

#[test]
fn what_lies_across_rows_is_in_neither() {
    let texts = ["aa", "ab", "b", "xaab", "", "a", "abx", "aaab", "ba"];
    let column = Texts::new(&texts);
    for text in ["aab", "ab", "a", "", "bb", "abxaaab"] {
        let expected = known(&texts.map(|row| row.contains(text)));
        assert_eq!(truths(&text_term("hasText", &[text]), &column.column()), expected, "{text:?}");
        let pattern = format!("%{text}%");
        assert_eq!(truths(&text_term("like", &[pattern]), &column.column()), expected, "like {text:?}");
    }
    let many: Vec<String> = (0..500).map(|i| "a".repeat(i % 5)).collect();
    let expected: Vec<_> = many.iter().map(|row| Some(row.contains("aaa"))).collect();
    assert_eq!(truths(&text_term("hasText", &["aaa"]), &Texts::new(&many).column()), expected);
}

#[test]
fn patterns_match_whole_texts() {
    let like = |pattern: &str, text: &[u8]| {
        truths(&text_term("like", &[pattern]), &Texts::new(&[text]).column()) == [Some(true)]
    };
    for (pattern, yes, no) in [
        ("", "", "a"),
        ("%%b", "b", ""),
        ("a%", "ab", "ba"),
        ("%a", "ba", "ab"),
        ("a%a", "aa", "a"),
        ("a%b%c", "abbc", "acb"),
        ("%ab%ba%", "abba", "aba"),
        ("_", "\u{1f600}", "ab"),
        ("%_b%", "\u{e9}b", "b"),
        ("%_", "x\u{1f600}", ""),
        ("_%_", "\u{1f600}\u{1f600}", "\u{1f600}"),
        ("%a_c%d", "aacbcd", "aacbc"),
        (r"\%\_\\\a", r"%_\a", r"x_\a"),
    ] {
        assert!(like(pattern, yes.as_bytes()), "{pattern:?} is {yes:?}");
        assert!(!like(pattern, no.as_bytes()), "{pattern:?} is not {no:?}");
    }
    assert!(like("%", b"") && like("%%", b"\0"));
    // A lead byte without the rest, the rest without a lead byte: characters of their own.
    assert!(like("__", &[0xf0, b'a']) && like("%_", &[0x80, 0x80]) && like("%_a%", &[0xff, b'a']));
    assert!(like("_", &[0xf0, 0x80, 0x80, 0x80]) && like("__", &[0xf0, 0x80, 0x80, 0x80, 0x80]));
    let error = Term::new("like", &Texts::new(&[r"a\"]).column()).err().unwrap();
    assert_eq!(error.code, Code::InvalidArgument);
}

#[test]
fn items_are_those_of_the_row() {
    let items = Texts::new(&["never", "a", "b", "", "a", "never"]);
    let column = Column {
        rows: 4,
        valid: Some(&[0b0111]),
        values: Values::Strings { lists: &[1, 3, 3, 5, 5], items: items.strings() },
    };
    for (item, expected) in [
        ("a", [true, false, true]),
        ("", [false, false, true]),
        ("b", [true, false, false]),
        ("never", [false; 3]),
    ] {
        assert_eq!(truths(&text_term("hasItem", &[item]), &column)[..3], known(&expected), "{item:?}");
    }
    let none = Values::Strings { lists: &[0, 0], items: Strings { offsets: &[], bytes: &[] } };
    assert_eq!(truths(&text_term("hasItem", &["a"]), &all(1, none)), known(&[false]));
}

fn code(term: &Term, column: &Column<'_>) -> Option<Code> {
    let bytes = column.rows.div_ceil(8);
    term.evaluate(column, 0..column.rows, &mut vec![0; bytes], &mut vec![0; bytes]).err().map(|e| e.code)
}

#[test]
fn offsets_that_lie_are_corrupt() {
    let good = Texts::new(&["ab", "c", "def"]);
    let lies: [&[i32]; 10] = [
        &[-1, 2, 3, 6],
        &[0, 3, 2, 6],
        &[0, 2, 3, 7],
        &[0, 2, 3],
        &[],
        &[0, 7, 3, 6],
        &[i32::MIN, i32::MIN, i32::MIN, i32::MIN],
        &[0, i32::MAX, i32::MAX, i32::MAX],
        &[6, 6, 6, -1],
        &[0, -1, 0, 0],
    ];
    for offsets in lies {
        let column = all(3, Values::String(Strings { offsets, bytes: &good.bytes }));
        for test in ["=", "<", "in", "like", "startsWith", "hasText"] {
            assert_eq!(code(&text_term(test, &["c"]), &column), Some(Code::Corrupt), "{test} {offsets:?}");
        }
        let items = Strings { offsets, bytes: &good.bytes };
        let column = all(1, Values::Strings { lists: &[0, 3], items });
        assert_eq!(code(&text_term("hasItem", &["c"]), &column), Some(Code::Corrupt), "items {offsets:?}");
    }
    let lies: [&[i32]; 6] = [&[-1, 0, 3], &[0, 2, 1], &[0, 0, 4], &[0, 3], &[], &[i32::MIN, 0, i32::MAX]];
    for lists in lies {
        let column = all(2, Values::Strings { lists, items: good.strings() });
        assert_eq!(code(&text_term("hasItem", &["c"]), &column), Some(Code::Corrupt), "lists {lists:?}");
    }
}

#[test]
fn what_is_too_short_is_corrupt_and_what_does_not_fit_is_refused() {
    let (numbers, term) = (ints(&[1, 2, 3]), int_term("=", &[2]));
    assert_eq!(code(&term, &all(4, Values::Int(&numbers))), Some(Code::Corrupt));
    assert_eq!(code(&term, &all(3, Values::Int(&numbers[..23]))), Some(Code::Corrupt));
    let column = Column { rows: 3, valid: Some(&[]), values: Values::Int(&numbers) };
    assert_eq!(code(&term, &column), Some(Code::Corrupt));
    let bools = Term::new("=", &all(1, Values::Bool(&[1]))).unwrap();
    assert_eq!(code(&bools, &all(9, Values::Bool(&[1]))), Some(Code::Corrupt));

    assert_eq!(code(&term, &all(3, Values::Float(&numbers))), Some(Code::InvalidArgument));
    let invalid = |test, operands: Column<'_>| {
        let error = Term::new(test, &operands).err();
        assert_eq!(error.map(|error| error.code), Some(Code::InvalidArgument), "{test}");
    };
    invalid("like", all(1, Values::Int(&numbers)));
    invalid("=", all(2, Values::Int(&numbers)));
    invalid("<", all(1, Values::Bool(&[1])));
    invalid("is", Texts::new(&["a"]).column());
    invalid("=", Column { rows: 1, valid: Some(&[1]), values: Values::Int(&numbers) });
    let column = all(3, Values::Int(&numbers));
    let refused = |rows, bytes| term.evaluate(&column, rows, &mut vec![0; bytes], &mut vec![0; bytes]).err();
    for (rows, bytes) in [(1..3, 1), (0..4, 1), (0..3, 2), (64..64, 0)] {
        assert_eq!(refused(rows, bytes).map(|error| error.code), Some(Code::InvalidArgument));
    }
}

#[test]
fn texts_of_any_length_are_equal_to_themselves_alone() {
    let long = "abcdefghijklmnopqrstuvwxyz";
    // Beginnings, ends, and texts that differ in one byte, some of them at the end of all bytes.
    let mut texts: Vec<Vec<u8>> = (0..=26).map(|length| long.as_bytes()[..length].to_vec()).collect();
    texts.extend((1..=26).map(|length| long.as_bytes()[26 - length..].to_vec()));
    for at in 0..17 {
        let mut changed = long.as_bytes()[..17].to_vec();
        changed[at] ^= 1;
        texts.push(changed);
    }
    texts.extend([vec![0; 1], vec![0; 8], vec![0; 9], vec![]]);
    for shift in 0..texts.len() {
        texts.rotate_left(1);
        let column = Texts::new(&texts);
        let wanted = &texts[shift];
        let expected: Vec<bool> = texts.iter().map(|text| text == wanted).collect();
        assert_eq!(truths(&text_term("=", &[wanted]), &column.column()), known(&expected));
        let others: Vec<bool> = expected.iter().map(|equal| !equal).collect();
        assert_eq!(truths(&text_term("!=", &[wanted]), &column.column()), known(&others));
    }
}

/// `cargo test --release -p nacre-kernels filter_speed -- --ignored --nocapture`
#[test]
#[ignore = "prints times"]
fn filter_speed() {
    const ROWS: usize = 1 << 20;
    let values: Vec<i64> = (0..ROWS as i64).map(|i| i * 0x9e37_79b9 % 1000).collect();
    let words: Vec<String> = values.iter().map(|value| format!("row number {value} of the table")).collect();
    let (int_bytes, float_bytes) =
        (ints(&values), floats(&values.iter().map(|&x| x as f64).collect::<Vec<_>>()));
    let texts = Texts::new(&words);
    let time = |what: &str, term: Term, column: Column<'_>| {
        let (mut holds, mut fails) = (vec![0; ROWS / 8], vec![0; ROWS / 8]);
        let start = std::time::Instant::now();
        const TIMES: usize = 20;
        for _ in 0..TIMES {
            term.evaluate(std::hint::black_box(&column), 0..ROWS, &mut holds, &mut fails).unwrap();
        }
        let seconds = start.elapsed().as_secs_f64() / TIMES as f64;
        let count: u32 = holds.iter().map(|byte| byte.count_ones()).sum();
        let rate = column.bytes() as f64 / seconds / 1e9;
        println!("{what}: {:.2} ns a row, {rate:.1} GB/s, {count} rows", seconds / ROWS as f64 * 1e9);
    };
    let (int_column, float_column) =
        (all(ROWS, Values::Int(&int_bytes)), all(ROWS, Values::Float(&float_bytes)));
    time("int =", int_term("=", &[500]), int_column);
    time("int <", int_term("<", &[500]), int_column);
    time("float =", float_term("=", &[500.0]), float_column);
    time("float <", float_term("<", &[500.0]), float_column);
    time("int in 8", int_term("in", &[1, 2, 3, 4, 5, 6, 7, 8]), int_column);
    time("int in 500", int_term("in", &(0..500).collect::<Vec<_>>()), int_column);
    let codes: Vec<String> = values.iter().map(|value| format!("{:02}", value % 10)).collect();
    let (codes, names) =
        (Texts::new(&codes), Texts::new(&words.iter().map(|w| &w[4..w.len() - 13]).collect::<Vec<_>>()));
    time("short text =", text_term("=", &["05"]), codes.column());
    time("name =", text_term("=", &["number 500"]), names.column());
    time("text =", text_term("=", &["row number 500 of the table"]), texts.column());
    time("text <", text_term("<", &["row number 500 of the table"]), texts.column());
    time("text in 500", text_term("in", &words[..500]), texts.column());
    time("text startsWith", text_term("startsWith", &["row number 5"]), texts.column());
    time("text hasText rare", text_term("hasText", &["500 of"]), texts.column());
    time("text hasText often", text_term("hasText", &["number"]), texts.column());
    time("text like", text_term("like", &["row%5_0%table"]), texts.column());
}
