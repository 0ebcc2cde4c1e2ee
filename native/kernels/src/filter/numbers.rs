//! Terms over bits and numbers. The loops have no branch in them, so that they become vector instructions.

use super::answers::{Answers, word_at};
use super::term::{Members, NumberTest, Operator};

/// Whether true and false are among the members.
#[derive(Clone, Copy, Debug, Default)]
pub struct BoolMembers {
    pub has_true: bool,
    pub has_false: bool,
}

pub fn bools(BoolMembers { has_true, has_false }: BoolMembers, bits: &[u8], answers: Answers<'_>) {
    let all_or_none = |is: bool| if is { u64::MAX } else { 0 };
    answers.fill(|first, _| {
        let word = word_at(bits, first / 64);
        word & all_or_none(has_true) | !word & all_or_none(has_false)
    });
}

pub fn ints(test: &NumberTest<i64>, numbers: &[[u8; 8]], answers: Answers<'_>) {
    match test {
        NumberTest::Compare(operator, value) => {
            compare(*operator, *value, numbers, i64::from_le_bytes, answers);
        }
        NumberTest::In(members) => is_in(members, numbers, i64::from_le_bytes, answers),
    }
}

pub fn floats(test: &NumberTest<f64>, numbers: &[[u8; 8]], answers: Answers<'_>) {
    match test {
        NumberTest::Compare(operator, value) => {
            compare(*operator, *value, numbers, f64::from_le_bytes, answers);
        }
        NumberTest::In(members) => {
            is_in(members, numbers, |bytes| float_key(f64::from_le_bytes(bytes)), answers);
        }
    }
}

/// The same integer for floats that are equal; NaN aside, which no member is.
pub fn float_key(value: f64) -> i64 {
    // 0 and -0 are equal, and their sum is 0.
    (value + 0.0).to_bits().cast_signed()
}

#[inline(always)]
fn compare<T: PartialOrd + Copy>(
    operator: Operator,
    value: T,
    numbers: &[[u8; 8]],
    read: impl Fn([u8; 8]) -> T,
    answers: Answers<'_>,
) {
    match operator {
        Operator::Equal => each(numbers, |bytes| read(bytes) == value, answers),
        Operator::NotEqual => each(numbers, |bytes| read(bytes) != value, answers),
        Operator::Less => each(numbers, |bytes| read(bytes) < value, answers),
        Operator::LessOrEqual => each(numbers, |bytes| read(bytes) <= value, answers),
        Operator::Greater => each(numbers, |bytes| read(bytes) > value, answers),
        Operator::GreaterOrEqual => each(numbers, |bytes| read(bytes) >= value, answers),
    }
}

/// Members that are compared one by one at most.
const FEW: usize = 8;

#[inline(always)]
fn is_in(members: &Members, numbers: &[[u8; 8]], read: impl Fn([u8; 8]) -> i64, answers: Answers<'_>) {
    let members = members.sorted();
    if members.len() <= FEW {
        let is_one = |value| members.iter().fold(false, |is, &member| is | (member == value));
        return each(numbers, |bytes| is_one(read(bytes)), answers);
    }
    each(numbers, |bytes| members.binary_search(&read(bytes)).is_ok(), answers);
}

#[inline(always)]
fn each(numbers: &[[u8; 8]], test: impl Fn([u8; 8]) -> bool, answers: Answers<'_>) {
    answers.fill(|first, count| {
        let numbers = &numbers[first..first + count];
        // The usual case apart: a loop over a known number of rows is unrolled.
        match numbers.first_chunk() {
            Some(numbers) => word_of::<64>(numbers, &test),
            None => {
                let mut padded = [[0; 8]; 64];
                padded[..count].copy_from_slice(numbers);
                word_of(&padded, &test)
            }
        }
    });
}

#[inline(always)]
fn word_of<const N: usize>(numbers: &[[u8; 8]; N], test: impl Fn([u8; 8]) -> bool) -> u64 {
    let mut word = 0;
    for (i, &number) in numbers.iter().enumerate() {
        word |= u64::from(test(number)) << i;
    }
    word
}
