//! Operations on stored rows, element by element and in place, with the results of NumPy's operations in
//! place: integers wrap around, binary16 is worked out in float32 and rounded once, and what would need
//! another dtype (a quotient of integers, a difference of bools) is refused.

mod complex;
mod floats;
mod half;
mod integers;

use crate::{Error, Result};

/// What is done with each element `a`, and with `b` of the operand where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    /// Towards minus infinity; of integers 0 where `b` is.
    FloorDivide,
    /// The smaller one, or the one that is not a number.
    Minimum,
    Maximum,
    /// `b`.
    Fill,
    Negative,
    Absolute,
    Square,
    Sqrt,
    Floor,
    Ceil,
    /// To the nearest integer, ties to the even one.
    Rint,
}

impl Operation {
    pub const ALL: [Self; 15] = [
        Self::Add,
        Self::Subtract,
        Self::Multiply,
        Self::Divide,
        Self::FloorDivide,
        Self::Minimum,
        Self::Maximum,
        Self::Fill,
        Self::Negative,
        Self::Absolute,
        Self::Square,
        Self::Sqrt,
        Self::Floor,
        Self::Ceil,
        Self::Rint,
    ];

    /// NumPy's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Subtract => "subtract",
            Self::Multiply => "multiply",
            Self::Divide => "divide",
            Self::FloorDivide => "floor_divide",
            Self::Minimum => "minimum",
            Self::Maximum => "maximum",
            Self::Fill => "fill",
            Self::Negative => "negative",
            Self::Absolute => "absolute",
            Self::Square => "square",
            Self::Sqrt => "sqrt",
            Self::Floor => "floor",
            Self::Ceil => "ceil",
            Self::Rint => "rint",
        }
    }

    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }

    fn has_operand(self) -> bool {
        (self as u8) <= Self::Fill as u8
    }
}

/// Which rows of the target are changed: every `step`-th one, from the first on.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    pub row_items: usize,
    pub step: usize,
}

/// Changes rows of `target` in place. The operand is one item for all, one row for each of them, or as many
/// rows as are changed; of an operation without one it is empty.
pub fn apply(operation: Operation, dtype: &str, target: &mut [u8], operand: &[u8], rows: Rows) -> Result<()> {
    let run = Run { operation, dtype, operand, rows };
    match dtype {
        "bool" => integers::bools(&run, target),
        "int8" => integers::int8(&run, target),
        "int16" => integers::int16(&run, target),
        "int32" => integers::int32(&run, target),
        "int64" => integers::int64(&run, target),
        "uint8" => integers::uint8(&run, target),
        "uint16" => integers::uint16(&run, target),
        "uint32" => integers::uint32(&run, target),
        "uint64" => integers::uint64(&run, target),
        "float16" => half::float16(&run, target),
        "float32" => floats::float32(&run, target),
        "float64" => floats::float64(&run, target),
        "complex64" => complex::complex64(&run, target),
        "complex128" => complex::complex128(&run, target),
        _ => Err(Error::invalid(format!("there are no operations on {dtype}"))),
    }
}

struct Run<'a> {
    operation: Operation,
    dtype: &'a str,
    operand: &'a [u8],
    rows: Rows,
}

impl Run<'_> {
    /// What the dtype cannot hold, or has no meaning for.
    fn refused(&self) -> Result<()> {
        Err(Error::invalid(format!("{} has no meaning in place for {}", self.operation.name(), self.dtype)))
    }

    /// Each element becomes `f` of itself.
    fn each<const N: usize>(&self, target: &mut [u8], f: impl Fn([u8; N]) -> [u8; N]) -> Result<()> {
        if !self.operand.is_empty() {
            return Err(Error::invalid(format!("{} has no operand", self.operation.name())));
        }
        self.each_row::<N>(target, |row, _| {
            for item in row {
                *item = f(*item);
            }
        })
    }

    /// Each element becomes `f` of itself and of its element of the operand.
    fn both<const N: usize>(&self, target: &mut [u8], f: impl Fn([u8; N], [u8; N]) -> [u8; N]) -> Result<()> {
        debug_assert!(self.operation.has_operand());
        let (operand, []) = self.operand.as_chunks::<N>() else {
            return Err(self.wrong_operand());
        };
        let items = self.rows.row_items;
        let changed = self.row_bytes::<N>(target)?.1.div_ceil(self.rows.step);
        match *operand {
            [b] => self.each_row::<N>(target, |row, _| {
                for item in row {
                    *item = f(*item, b);
                }
            }),
            _ if operand.len() == items => self.each_row::<N>(target, |row, _| {
                for row in row.chunks_mut(items) {
                    for (item, &b) in row.iter_mut().zip(operand) {
                        *item = f(*item, b);
                    }
                }
            }),
            _ if operand.len() == changed * items => self.each_row::<N>(target, |row, first| {
                for (item, &b) in row.iter_mut().zip(&operand[first * items..]) {
                    *item = f(*item, b);
                }
            }),
            _ => Err(self.wrong_operand()),
        }
    }

    fn wrong_operand(&self) -> Error {
        Error::invalid(format!(
            "an operand of {} bytes is neither an item, nor a row, nor all rows",
            self.operand.len()
        ))
    }

    /// The bytes of a row, and how many rows the target has.
    fn row_bytes<const N: usize>(&self, target: &[u8]) -> Result<(usize, usize)> {
        let Rows { row_items, step } = self.rows;
        let bytes = row_items.checked_mul(N).filter(|&bytes| bytes > 0);
        match bytes {
            Some(bytes) if step > 0 && target.len().is_multiple_of(bytes) => {
                Ok((bytes, target.len() / bytes))
            }
            _ => Err(Error::invalid(format!(
                "{} bytes are no rows of {row_items} items of {N} bytes, every {step}-th of them",
                target.len()
            ))),
        }
    }

    /// Calls `change` with the items of rows that are changed and lie side by side, and how many were before.
    fn each_row<const N: usize>(
        &self,
        target: &mut [u8],
        mut change: impl FnMut(&mut [[u8; N]], usize),
    ) -> Result<()> {
        let (row_bytes, _) = self.row_bytes::<N>(target)?;
        if self.rows.step == 1 {
            change(target.as_chunks_mut::<N>().0, 0);
            return Ok(());
        }
        let stride = row_bytes.saturating_mul(self.rows.step);
        for (i, rows) in target.chunks_mut(stride).enumerate() {
            change(rows[..row_bytes].as_chunks_mut::<N>().0, i);
        }
        Ok(())
    }
}

/// Which rows of two blocks of rows differ in a byte, ascending.
pub fn changed_rows(before: &[u8], after: &[u8], row_bytes: usize) -> Result<Vec<f64>> {
    if row_bytes == 0 || before.len() != after.len() || !before.len().is_multiple_of(row_bytes) {
        return Err(Error::invalid(format!(
            "{} and {} bytes are not the same number of rows of {row_bytes} bytes",
            before.len(),
            after.len()
        )));
    }
    let rows = before.chunks_exact(row_bytes).zip(after.chunks_exact(row_bytes)).enumerate();
    Ok(rows.filter(|(_, (one, other))| one != other).map(|(row, _)| row as f64).collect())
}

#[cfg(test)]
mod tests;
