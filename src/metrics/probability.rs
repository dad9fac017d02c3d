//! Scores of predicted probabilities: log loss and Brier score.

use ndarray::ArrayView2;

use super::columns::Columns;
use super::labels::{check_classes, check_rows};
use super::weights::RowWeights;
use crate::data::check_finite;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// Log loss (cross-entropy): the mean of `-ln p(true class)`.
///
/// `probabilities` `(rows, classes)`, each row adding up to 1, or one column: the probability of
/// class 1 of two. Probabilities are clipped to `[ε, 1 − ε]` with the ε of `F` (2.2e-16 for `f64`, 1.2e-7
/// for `f32`), so that a sure mistake costs much but not infinity. Source: Bishop 2006, eq. 4.108.
///
/// # Errors
/// [`Error::Param`] for a probability outside `[0, 1]`, for a row that does not add up to 1 (within
/// √ε; scikit-learn only warns), or for a bad weight; [`Error::ClassIndex`] for a target without a
/// column; [`Error::NonFinite`], [`Error::Shape`], [`Error::Empty`].
///
/// ```
/// use blastrain::metrics::log_loss;
///
/// let loss = log_loss(&[1, 0], &[0.8, 0.2], None)?;
/// assert!((loss - -0.8_f64.ln()).abs() < 1e-15);
/// # Ok::<(), blastrain::Error>(())
/// ```
pub fn log_loss<'p, F: Scalar>(
    targets: &[usize],
    probabilities: impl Into<Columns<'p, F>>,
    weights: Option<&[f64]>,
) -> Result<f64> {
    let probabilities = Probabilities::of_classes(targets, probabilities.into().view())?;
    let weights = RowWeights::new(weights, targets.len())?;
    Ok(weights.average(|row| -probabilities.clipped(row, targets[row]).ln()))
}

/// Brier score: the mean squared distance of the probabilities from the truth.
///
/// For one or two columns `(y − p)²` of class 1, in `[0, 1]`; for more the sum over all classes, in
/// `[0, 2]`, as in scikit-learn. Source: Brier 1950.
///
/// # Errors
/// As in [`log_loss`].
pub fn brier_score<'p, F: Scalar>(
    targets: &[usize],
    probabilities: impl Into<Columns<'p, F>>,
    weights: Option<&[f64]>,
) -> Result<f64> {
    let probabilities = Probabilities::of_classes(targets, probabilities.into().view())?;
    let weights = RowWeights::new(weights, targets.len())?;
    let classes = probabilities.classes();
    let distance = |row: usize| {
        let square = |class: usize| {
            let truth = f64::from(u8::from(class == targets[row]));
            (truth - probabilities.of(row, class)).powi(2)
        };
        (0..classes).map(square).sum::<f64>()
    };
    Ok(weights.average(distance) * if classes == 2 { 0.5 } else { 1.0 })
}

/// Probabilities of at least two classes, checked; one column stands for two classes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Probabilities<'a, F> {
    view: ArrayView2<'a, F>,
}

impl<'a, F: Scalar> Probabilities<'a, F> {
    pub(super) fn new(view: ArrayView2<'a, F>) -> Result<Self> {
        check_unit_range("probability", view)?;
        if view.ncols() > 1 {
            check_sums("probabilities", view)?;
        }
        Ok(Self { view })
    }

    fn of_classes(targets: &[usize], view: ArrayView2<'a, F>) -> Result<Self> {
        check_rows(targets.len(), view.nrows())?;
        let probabilities = Self::new(view)?;
        check_classes(targets, probabilities.classes())?;
        Ok(probabilities)
    }

    pub(super) fn classes(&self) -> usize {
        self.view.ncols().max(2)
    }

    pub(super) fn of(&self, row: usize, class: usize) -> f64 {
        if self.view.ncols() > 1 {
            return self.view[(row, class)].as_f64();
        }
        let positive = self.view[(row, 0)].as_f64();
        if class == 1 { positive } else { 1.0 - positive }
    }

    pub(super) fn clipped(&self, row: usize, class: usize) -> f64 {
        clip::<F>(self.of(row, class))
    }
}

/// Keeps a probability away from 0 and 1 by the ε of its type.
pub(super) fn clip<F: Scalar>(probability: f64) -> f64 {
    let epsilon = F::epsilon().as_f64();
    probability.clamp(epsilon, 1.0 - epsilon)
}

/// Checks that there are columns and that every number lies in `[0, 1]`.
pub(super) fn check_unit_range<F: Scalar>(
    what: &'static str,
    numbers: ArrayView2<'_, F>,
) -> Result<()> {
    if numbers.ncols() == 0 {
        return Err(Error::empty(format!("the {what} matrix"), "1 column"));
    }
    check_finite(what, numbers)?;
    for ((row, column), &number) in numbers.indexed_iter() {
        if number < F::zero() || number > F::one() {
            let got = format!("{number} at row {row}, column {column}");
            return Err(Error::param(what, got, "in [0, 1]"));
        }
    }
    Ok(())
}

/// Checks that every row adds up to 1.
pub(super) fn check_sums<F: Scalar>(what: &'static str, numbers: ArrayView2<'_, F>) -> Result<()> {
    match numbers.outer_iter().position(|line| !adds_up_to_one(line.iter())) {
        None => Ok(()),
        Some(row) => {
            let sum: f64 = numbers.row(row).iter().map(|number| number.as_f64()).sum();
            Err(Error::param(what, format!("{sum} in sum at row {row}"), "1 in sum"))
        }
    }
}

pub(super) fn adds_up_to_one<'n, F: Scalar>(numbers: impl Iterator<Item = &'n F>) -> bool {
    let sum: f64 = numbers.map(|number| number.as_f64()).sum();
    (sum - 1.0).abs() <= F::epsilon().as_f64().sqrt() + 1e-8
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn bad_probabilities_are_named() {
        let message = |probabilities: Array2<f64>| {
            log_loss(&[0, 1], &probabilities, None).unwrap_err().to_string()
        };
        assert_eq!(
            message(array![[0.5, 0.5], [0.5, f64::NAN]]),
            "probability at row 1, column 1 is NaN; every value must be finite"
        );
        assert_eq!(
            message(array![[0.5, 0.5], [1.5, -0.5]]),
            "probability is 1.5 at row 1, column 0, but must be in [0, 1]"
        );
        assert_eq!(
            message(array![[0.5, 0.5], [0.5, 0.25]]),
            "probabilities is 0.75 in sum at row 1, but must be 1 in sum"
        );
        assert!(matches!(log_loss(&[0, 2], &[0.5, 0.5], None), Err(Error::ClassIndex { .. })));
        assert!(log_loss(&[], &[0.0; 0], None).is_err());
    }

    #[test]
    fn single_precision_is_clipped_by_its_own_epsilon() {
        let loss = log_loss(&[1], &[0.0_f32], None).unwrap();
        assert_eq!(loss, -f64::from(f32::EPSILON).ln());
    }
}
