//! Row weights, checked, and sums that lose nothing.

use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// A sum with the lost low bits kept aside (Neumaier 1974), so that long columns lose no digits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    total: f64,
    lost: f64,
}

impl Sum {
    pub(super) fn add(&mut self, value: f64) {
        let total = self.total + value;
        self.lost += if self.total.abs() >= value.abs() {
            (self.total - total) + value
        } else {
            (value - total) + self.total
        };
        self.total = total;
    }

    pub(super) fn value(self) -> f64 {
        // An overflown sum is infinite; its lost bits are NaN.
        if self.total.is_finite() { self.total + self.lost } else { self.total }
    }
}

impl FromIterator<f64> for Sum {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut sum = Sum::default();
        values.into_iter().for_each(|value| sum.add(value));
        sum
    }
}

/// The mean of some numbers; NaN for none.
pub(super) fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.collect::<Sum>().value() / count
}

/// One weight a row: 1 where none were given.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowWeights<'a> {
    weights: Option<&'a [f64]>,
    rows: usize,
}

impl<'a> RowWeights<'a> {
    /// Checks that there is a weight a row, each finite and `>= 0`, not all zero.
    pub(super) fn new(weights: Option<&'a [f64]>, rows: usize) -> Result<Self> {
        let Some(given) = weights else { return Ok(Self { weights, rows }) };
        if given.len() != rows {
            let want = format!("{rows} values, one a row");
            return Err(Error::shape("weights", want, format!("{} values", given.len())));
        }
        for (row, &weight) in given.iter().enumerate() {
            if !weight.is_finite() {
                return Err(Error::NonFinite { what: "weight", value: weight, row, column: 0 });
            }
            if weight < 0.0 {
                let got = format!("{weight} at row {row}");
                return Err(Error::param("weight", got, "finite and >= 0"));
            }
        }
        if given.iter().all(|&weight| weight == 0.0) {
            return Err(Error::param("weights", "all zero", "above zero for at least one row"));
        }
        Ok(Self { weights, rows })
    }

    pub(super) fn of(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    pub(super) fn are_given(&self) -> bool {
        self.weights.is_some()
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Σ weight · value over the rows.
    pub(super) fn sum(&self, value: impl Fn(usize) -> f64) -> f64 {
        (0..self.rows).map(|row| self.of(row) * value(row)).collect::<Sum>().value()
    }

    /// Σ weight · value / Σ weight over the rows.
    pub(super) fn average(&self, value: impl Fn(usize) -> f64) -> f64 {
        self.sum(value) / self.sum(|_| 1.0)
    }
}

/// Weights as the functions of this module take them.
pub(super) fn weights_as_f64<F: Scalar>(weights: Option<&[F]>) -> Option<Vec<f64>> {
    weights.map(|weights| weights.iter().map(|weight| weight.as_f64()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_keeps_what_a_plain_one_loses() {
        let sum: Sum = [1e100, 1.0, -1e100].into_iter().collect();
        assert_eq!(sum.value(), 1.0);
        let overflown: Sum = [f64::MAX, f64::MAX, 1.0].into_iter().collect();
        assert_eq!(overflown.value(), f64::INFINITY);
    }

    #[test]
    fn bad_weights_are_named() {
        let message = |weights: &[f64]| RowWeights::new(Some(weights), 2).unwrap_err().to_string();
        assert_eq!(message(&[1.0]), "weights: expected 2 values, one a row, got 1 values");
        assert_eq!(
            message(&[1.0, f64::NAN]),
            "weight at row 1, column 0 is NaN; every value must be finite"
        );
        assert_eq!(message(&[-1.0, 1.0]), "weight is -1 at row 0, but must be finite and >= 0");
        assert_eq!(
            message(&[0.0, 0.0]),
            "weights is all zero, but must be above zero for at least one row"
        );
    }
}
