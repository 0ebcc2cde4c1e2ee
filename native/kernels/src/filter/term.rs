//! What is asked of a value.

use std::collections::HashSet;

use memchr::memmem::Finder;

use super::answers::word_at;
use super::like::{Like, Pattern};
use super::numbers::{BoolMembers, float_key};
use super::text::Texts;
use super::{Column, Values};
use crate::{Error, Result};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    fn of(test: &str) -> Option<Self> {
        Some(match test {
            "=" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }
}

/// A test, ready to be evaluated over any number of columns of its type.
pub enum Term {
    Bool(BoolMembers),
    Int(NumberTest<i64>),
    Float(NumberTest<f64>),
    String(Box<TextTest>),
    /// A list has it.
    Item(Box<[u8]>),
}

pub enum NumberTest<T> {
    Compare(Operator, T),
    In(Members),
}

pub enum TextTest {
    Compare(Operator, Box<[u8]>),
    In(TextMembers),
    StartsWith(Box<[u8]>),
    Has(Box<Finder<'static>>),
    Like(Box<Like>),
}

/// Integers, or floats by their keys.
pub struct Members(Vec<i64>);

impl Members {
    fn new(mut members: Vec<i64>) -> Self {
        members.sort_unstable();
        members.dedup();
        Self(members)
    }

    pub fn sorted(&self) -> &[i64] {
        &self.0
    }
}

pub struct TextMembers {
    members: HashSet<Box<[u8]>>,
    /// Bit i is set where a member is of i bytes; the last one stands for all that are longer, too.
    lengths: u64,
}

impl TextMembers {
    fn new(members: HashSet<Box<[u8]>>) -> Self {
        let lengths = members.iter().fold(0, |lengths, member| lengths | 1 << member.len().min(63));
        Self { members, lengths }
    }

    pub fn have(&self, text: &[u8]) -> bool {
        self.lengths >> text.len().min(63) & 1 == 1 && self.members.contains(text)
    }
}

impl Term {
    /// A test by its name: an operator, `in`, `like`, `startsWith`, `hasText` or `hasItem`. The operands are
    /// a column of the type that is tested, without nulls: one value, or the members of `in`; of `hasItem` a
    /// text. `InvalidArgument` for a test that the type does not have.
    pub fn new(test: &str, operands: &Column<'_>) -> Result<Self> {
        let rows = operands.rows;
        if operands.valid.is_some() || (rows != 1 && test != "in") {
            return Err(Error::invalid(format!("{test} of a filter with {rows} operands, or with nulls")));
        }
        let refused = |of: &str| Error::invalid(format!("there is no test {test:?} of {of}"));
        let all = 0..rows;
        match operands.values {
            Values::Bool(bits) => {
                bool_term(test, super::bits_of(bits, &all)?, rows).ok_or_else(|| refused("bool"))
            }
            Values::Int(bytes) => {
                let values = super::numbers_of(bytes, &all)?.iter().map(|&bytes| i64::from_le_bytes(bytes));
                number_test(test, values, |value| value).map(Self::Int).ok_or_else(|| refused("int"))
            }
            Values::Float(bytes) => {
                let values = super::numbers_of(bytes, &all)?.iter().map(|&bytes| f64::from_le_bytes(bytes));
                // NaN is equal to nothing, and its key would be.
                let values = values.filter(|value| test != "in" || !value.is_nan());
                number_test(test, values, float_key).map(Self::Float).ok_or_else(|| refused("float"))
            }
            Values::String(strings) if test == "hasItem" => {
                Ok(Self::Item(Texts::new(strings, all)?.at(0).into()))
            }
            Values::String(strings) => text_test(test, Texts::new(strings, all)?)?
                .map(|test| Self::String(Box::new(test)))
                .ok_or_else(|| refused("string")),
            Values::Strings { .. } => Err(refused("strings")),
        }
    }
}

fn bool_term(test: &str, bits: &[u8], count: usize) -> Option<Term> {
    let bits = (0..count).map(|i| word_at(bits, i / 64) >> (i % 64) & 1 == 1);
    let mut members = BoolMembers::default();
    for bit in bits {
        let is_member = match test {
            "=" | "in" => bit,
            "!=" => !bit,
            _ => return None,
        };
        members.has_true |= is_member;
        members.has_false |= !is_member;
    }
    Some(Term::Bool(members))
}

fn number_test<T>(
    test: &str,
    mut values: impl Iterator<Item = T>,
    key: fn(T) -> i64,
) -> Option<NumberTest<T>> {
    if test == "in" {
        return Some(NumberTest::In(Members::new(values.map(key).collect())));
    }
    Some(NumberTest::Compare(Operator::of(test)?, values.next()?))
}

fn text_test(test: &str, operands: Texts<'_>) -> Result<Option<TextTest>> {
    if test == "in" {
        let members = (0..operands.count()).map(|i| operands.at(i).into()).collect();
        return Ok(Some(TextTest::In(TextMembers::new(members))));
    }
    let operand = operands.at(0);
    Ok(Some(match test {
        "startsWith" => TextTest::StartsWith(operand.into()),
        "hasText" => TextTest::Has(Box::new(Finder::new(operand).into_owned())),
        "like" => match Like::compile(operand)? {
            Pattern::Has(text) => TextTest::Has(text),
            Pattern::Like(like) => TextTest::Like(like),
        },
        _ => match Operator::of(test) {
            Some(operator) => TextTest::Compare(operator, operand.into()),
            None => return Ok(None),
        },
    }))
}
