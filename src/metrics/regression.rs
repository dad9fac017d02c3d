//! Scores of predicted numbers.

use ndarray::ArrayView2;

use super::columns::Columns;
use super::labels::{check_columns, check_rows};
use super::weights::{RowWeights, mean};
use crate::data::check_finite;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// Targets, predictions and weights that fit together.
struct Paired<'a, F> {
    targets: ArrayView2<'a, F>,
    predictions: ArrayView2<'a, F>,
    weights: RowWeights<'a>,
}

impl<'a, F: Scalar> Paired<'a, F> {
    fn new<'t: 'a, 'p: 'a>(
        targets: Columns<'t, F>,
        predictions: Columns<'p, F>,
        weights: Option<&'a [f64]>,
    ) -> Result<Self> {
        let (targets, predictions) = (targets.view().reborrow(), predictions.view().reborrow());
        check_rows(targets.nrows(), predictions.nrows())?;
        check_columns(targets.ncols(), predictions.ncols())?;
        check_finite("target", targets)?;
        check_finite("prediction", predictions)?;
        Ok(Self { targets, predictions, weights: RowWeights::new(weights, targets.nrows())? })
    }

    fn target(&self, row: usize, column: usize) -> f64 {
        self.targets[(row, column)].as_f64()
    }

    fn prediction(&self, row: usize, column: usize) -> f64 {
        self.predictions[(row, column)].as_f64()
    }

    fn error(&self, row: usize, column: usize) -> f64 {
        self.target(row, column) - self.prediction(row, column)
    }

    fn per_output(&self, score: impl Fn(usize) -> f64) -> Vec<f64> {
        (0..self.targets.ncols()).map(score).collect()
    }

    /// The weighted mean square of a quantity's distance from its own weighted mean.
    ///
    /// Exactly 0 for a constant: a rounded mean must not turn "no variance" into a tiny one.
    fn variance(&self, value: impl Fn(usize) -> f64) -> f64 {
        let mut counted = (0..self.weights.rows()).filter(|&row| self.weights.of(row) != 0.0);
        let first = counted.next().map_or(0.0, &value);
        if counted.all(|row| value(row) == first) {
            return 0.0;
        }
        let mean = self.weights.average(&value);
        self.weights.average(|row| (value(row) - mean).powi(2))
    }
}

/// The share of variance that predictions explain; by convention 1 for no error, 0 for no variance.
fn explained(unexplained: f64, variance: f64) -> f64 {
    if unexplained == 0.0 {
        1.0
    } else if variance == 0.0 {
        0.0
    } else {
        1.0 - unexplained / variance
    }
}

macro_rules! mean_over_outputs {
    ($(#[$doc:meta])* $name:ident, $per_output:ident) => {
        $(#[$doc])*
        pub fn $name<'t, 'p, F: Scalar>(
            targets: impl Into<Columns<'t, F>>,
            predictions: impl Into<Columns<'p, F>>,
            weights: Option<&[f64]>,
        ) -> Result<f64> {
            Ok(mean($per_output(targets, predictions, weights)?.into_iter()))
        }
    };
}

mean_over_outputs! {
    /// Mean squared error, averaged over the outputs.
    ///
    /// # Errors
    /// [`Error::Shape`] if targets, predictions and weights differ in shape; [`Error::Empty`] for no
    /// rows or columns; [`Error::NonFinite`] for a target, prediction or weight; [`Error::Param`] for
    /// weights that are negative or all zero.
    ///
    /// ```
    /// use blastrain::metrics::mean_squared_error;
    ///
    /// assert_eq!(mean_squared_error(&[1.0, 2.0], &[1.0, 4.0], None)?, 2.0);
    /// # Ok::<(), blastrain::Error>(())
    /// ```
    mean_squared_error, mean_squared_error_per_output
}

/// Mean squared error of each output.
///
/// # Errors
/// As in [`mean_squared_error`].
pub fn mean_squared_error_per_output<'t, 'p, F: Scalar>(
    targets: impl Into<Columns<'t, F>>,
    predictions: impl Into<Columns<'p, F>>,
    weights: Option<&[f64]>,
) -> Result<Vec<f64>> {
    let data = Paired::new(targets.into(), predictions.into(), weights)?;
    let score = |column| data.weights.average(|row| data.error(row, column).powi(2));
    Ok(data.per_output(score))
}

mean_over_outputs! {
    /// Root of the mean squared error of each output, averaged over the outputs.
    ///
    /// # Errors
    /// As in [`mean_squared_error`].
    root_mean_squared_error, root_mean_squared_error_per_output
}

/// Root of the mean squared error of each output.
///
/// # Errors
/// As in [`mean_squared_error`].
pub fn root_mean_squared_error_per_output<'t, 'p, F: Scalar>(
    targets: impl Into<Columns<'t, F>>,
    predictions: impl Into<Columns<'p, F>>,
    weights: Option<&[f64]>,
) -> Result<Vec<f64>> {
    let squares = mean_squared_error_per_output(targets, predictions, weights)?;
    Ok(squares.into_iter().map(f64::sqrt).collect())
}

mean_over_outputs! {
    /// Mean absolute error, averaged over the outputs.
    ///
    /// # Errors
    /// As in [`mean_squared_error`].
    mean_absolute_error, mean_absolute_error_per_output
}

/// Mean absolute error of each output.
///
/// # Errors
/// As in [`mean_squared_error`].
pub fn mean_absolute_error_per_output<'t, 'p, F: Scalar>(
    targets: impl Into<Columns<'t, F>>,
    predictions: impl Into<Columns<'p, F>>,
    weights: Option<&[f64]>,
) -> Result<Vec<f64>> {
    let data = Paired::new(targets.into(), predictions.into(), weights)?;
    let score = |column| data.weights.average(|row| data.error(row, column).abs());
    Ok(data.per_output(score))
}

mean_over_outputs! {
    /// Median of the absolute errors of each output, averaged over the outputs.
    ///
    /// With weights: the smallest error with at least half of the weight at or below it; where that is
    /// exactly half, the mean of it and the next (averaged inverted distribution, Hyndman & Fan 1996).
    ///
    /// # Errors
    /// As in [`mean_squared_error`].
    median_absolute_error, median_absolute_error_per_output
}

/// Median of the absolute errors of each output.
///
/// # Errors
/// As in [`mean_squared_error`].
pub fn median_absolute_error_per_output<'t, 'p, F: Scalar>(
    targets: impl Into<Columns<'t, F>>,
    predictions: impl Into<Columns<'p, F>>,
    weights: Option<&[f64]>,
) -> Result<Vec<f64>> {
    let data = Paired::new(targets.into(), predictions.into(), weights)?;
    Ok(data.per_output(|column| {
        let rows = (0..data.weights.rows()).filter(|&row| data.weights.of(row) != 0.0);
        median(rows.map(|row| (data.error(row, column).abs(), data.weights.of(row))).collect())
    }))
}

/// The median of `(value, weight)`, of which there is at least one, with weights above zero.
fn median(mut values: Vec<(f64, f64)>) -> f64 {
    values.sort_by(|one, other| one.0.total_cmp(&other.0));
    let cumulated: Vec<f64> = values
        .iter()
        .scan(0.0, |total, &(_, weight)| {
            *total += weight;
            Some(*total)
        })
        .collect();
    let last = values.len() - 1;
    let half = 0.5 * cumulated[last];
    let at = cumulated.partition_point(|&total| total < half).min(last);
    if cumulated[at] - half > f64::EPSILON {
        return values[at].0;
    }
    (values[at].0 + values[(at + 1).min(last)].0) / 2.0
}

mean_over_outputs! {
    /// R², the coefficient of determination, averaged over the outputs: `1 − Σ(y − ŷ)² / Σ(y − ȳ)²`.
    ///
    /// 1 is perfect, 0 as good as the mean, no lower bound. By convention 1 for a constant target that
    /// is predicted exactly, and 0 for one that is not.
    ///
    /// # Errors
    /// [`Error::Undefined`] for fewer than two rows; otherwise as in [`mean_squared_error`].
    ///
    /// ```
    /// use blastrain::metrics::r2;
    ///
    /// assert_eq!(r2(&[1.0, 2.0, 3.0], &[1.0, 2.0, 4.0], None)?, 0.5);
    /// # Ok::<(), blastrain::Error>(())
    /// ```
    r2, r2_per_output
}

/// R² of each output.
///
/// # Errors
/// As in [`r2`].
pub fn r2_per_output<'t, 'p, F: Scalar>(
    targets: impl Into<Columns<'t, F>>,
    predictions: impl Into<Columns<'p, F>>,
    weights: Option<&[f64]>,
) -> Result<Vec<f64>> {
    let data = Paired::new(targets.into(), predictions.into(), weights)?;
    if data.weights.rows() < 2 {
        return Err(Error::undefined("R²", "it needs at least two rows"));
    }
    Ok(data.per_output(|column| {
        let unexplained = data.weights.average(|row| data.error(row, column).powi(2));
        explained(unexplained, data.variance(|row| data.target(row, column)))
    }))
}

mean_over_outputs! {
    /// Explained variance, averaged over the outputs: `1 − Var(y − ŷ) / Var(y)`.
    ///
    /// As [`r2`], but a constant offset of the predictions costs nothing.
    ///
    /// # Errors
    /// As in [`mean_squared_error`].
    explained_variance, explained_variance_per_output
}

/// Explained variance of each output.
///
/// # Errors
/// As in [`mean_squared_error`].
pub fn explained_variance_per_output<'t, 'p, F: Scalar>(
    targets: impl Into<Columns<'t, F>>,
    predictions: impl Into<Columns<'p, F>>,
    weights: Option<&[f64]>,
) -> Result<Vec<f64>> {
    let data = Paired::new(targets.into(), predictions.into(), weights)?;
    Ok(data.per_output(|column| {
        let unexplained = data.variance(|row| data.error(row, column));
        explained(unexplained, data.variance(|row| data.target(row, column)))
    }))
}

/// The largest absolute error over all rows and outputs.
///
/// # Errors
/// As in [`mean_squared_error`].
pub fn max_error<'t, 'p, F: Scalar>(
    targets: impl Into<Columns<'t, F>>,
    predictions: impl Into<Columns<'p, F>>,
) -> Result<f64> {
    let data = Paired::new(targets.into(), predictions.into(), None)?;
    let errors =
        data.targets.indexed_iter().map(|((row, column), _)| data.error(row, column).abs());
    Ok(errors.fold(0.0, f64::max))
}

/// Mean Poisson deviance, averaged over the outputs: `2·(y·ln(y/ŷ) − y + ŷ)`, with `0·ln 0 = 0`.
///
/// # Errors
/// [`Error::Param`] for a target below 0 or a prediction not above 0; otherwise as in
/// [`mean_squared_error`].
pub fn mean_poisson_deviance<'t, 'p, F: Scalar>(
    targets: impl Into<Columns<'t, F>>,
    predictions: impl Into<Columns<'p, F>>,
    weights: Option<&[f64]>,
) -> Result<f64> {
    let data = Paired::new(targets.into(), predictions.into(), weights)?;
    for ((row, column), &target) in data.targets.indexed_iter() {
        let place = |number: F| format!("{number} at row {row}, column {column}");
        if target < F::zero() {
            return Err(Error::param("target", place(target), ">= 0 for the Poisson deviance"));
        }
        let prediction = data.predictions[(row, column)];
        if prediction <= F::zero() {
            let want = "> 0 for the Poisson deviance";
            return Err(Error::param("prediction", place(prediction), want));
        }
    }
    let deviance = |row: usize, column: usize| {
        let (target, prediction) = (data.target(row, column), data.prediction(row, column));
        let logarithm = if target == 0.0 { 0.0 } else { target * (target / prediction).ln() };
        2.0 * (logarithm - target + prediction)
    };
    let per_output = data.per_output(|column| data.weights.average(|row| deviance(row, column)));
    Ok(mean(per_output.into_iter()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn constant_targets_have_their_convention() {
        // 0.1 + 0.1 + 0.1 is not 3 · 0.1: a rounded mean would give a huge negative number here.
        let constant = [0.1, 0.1, 0.1];
        assert_eq!(r2(&constant, &constant, None).unwrap(), 1.0);
        assert_eq!(r2(&constant, &[0.1, 0.1, 0.2], None).unwrap(), 0.0);
        assert_eq!(explained_variance(&constant, &[0.3, 0.3, 0.3], None).unwrap(), 1.0);
    }

    #[test]
    fn bad_numbers_are_named() {
        let message = r2(&[1.0], &[1.0], None).unwrap_err().to_string();
        assert_eq!(message, "R² is not defined: it needs at least two rows");
        assert!(matches!(
            mean_squared_error(&array![[1.0, 2.0]], &array![[1.0, f64::INFINITY]], None),
            Err(Error::NonFinite { what: "prediction", row: 0, column: 1, .. })
        ));
        assert!(matches!(
            mean_absolute_error(&array![[1.0, 2.0]], &array![[1.0]], None),
            Err(Error::Shape { .. })
        ));
        assert!(matches!(
            mean_poisson_deviance(&[1.0, -1.0], &[1.0, 1.0], None),
            Err(Error::Param { name: "target", .. })
        ));
        assert!(matches!(
            mean_poisson_deviance(&[1.0, 1.0], &[0.0, 1.0], None),
            Err(Error::Param { name: "prediction", .. })
        ));
    }
}
