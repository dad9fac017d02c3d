//! Metrics of numbers, for training.

use ndarray::{ArrayView2, Axis};

use super::metric::Metric;
use super::regression::{
    explained_variance, max_error, mean_absolute_error, mean_poisson_deviance, mean_squared_error,
    median_absolute_error, r2, root_mean_squared_error,
};
use super::weights::{RowWeights, weights_as_f64};
use crate::data::Targets;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

fn numbers<'a, F>(targets: Targets<'a, F>) -> Result<ArrayView2<'a, F>> {
    match targets {
        Targets::Values(values) => Ok(values),
        Targets::Classes(_) => {
            Err(Error::param("targets", "class indices", "numbers for a regression metric"))
        }
    }
}

macro_rules! regression_metric {
    ($(#[$doc:meta])* $name:ident, $text:literal, higher_is_better: $higher:literal, $score:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $name;

        impl<F: Scalar> Metric<F> for $name {
            fn name(&self) -> &str {
                $text
            }

            fn higher_is_better(&self) -> bool {
                $higher
            }

            fn evaluate(
                &self,
                predictions: ArrayView2<'_, F>,
                targets: Targets<'_, F>,
                weights: Option<&[F]>,
            ) -> Result<f64> {
                let weights = weights_as_f64(weights);
                $score(numbers(targets)?, predictions, weights.as_deref())
            }
        }
    };
}

regression_metric! {
    /// R², the coefficient of determination: [`r2`].
    ///
    /// ```
    /// use blastrain::data::Targets;
    /// use blastrain::metrics::{Metric, R2};
    /// use blastrain::ndarray::array;
    ///
    /// let (targets, predictions) = (array![[1.0], [2.0], [3.0]], array![[1.0], [2.0], [4.0]]);
    /// let value = R2.evaluate(predictions.view(), Targets::Values(targets.view()), None)?;
    /// assert_eq!(value, 0.5);
    /// # Ok::<(), blastrain::Error>(())
    /// ```
    R2, "r2", higher_is_better: true, r2
}
regression_metric! {
    /// The share of variance explained: [`explained_variance`].
    ExplainedVariance, "explained_variance", higher_is_better: true, explained_variance
}
regression_metric! {
    /// The mean squared error: [`mean_squared_error`].
    MeanSquaredError, "mean_squared_error", higher_is_better: false, mean_squared_error
}
regression_metric! {
    /// The root of the mean squared error: [`root_mean_squared_error`].
    RootMeanSquaredError, "root_mean_squared_error", higher_is_better: false,
    root_mean_squared_error
}
regression_metric! {
    /// The mean absolute error: [`mean_absolute_error`].
    MeanAbsoluteError, "mean_absolute_error", higher_is_better: false, mean_absolute_error
}
regression_metric! {
    /// The median of the absolute errors: [`median_absolute_error`].
    MedianAbsoluteError, "median_absolute_error", higher_is_better: false, median_absolute_error
}
regression_metric! {
    /// The mean Poisson deviance: [`mean_poisson_deviance`].
    MeanPoissonDeviance, "mean_poisson_deviance", higher_is_better: false, mean_poisson_deviance
}

/// The largest absolute error: [`max_error`]. Rows of weight zero are left out; other weights have
/// no bearing on a largest value.
#[derive(Debug, Clone, Copy, Default)]
pub struct MaxError;

impl<F: Scalar> Metric<F> for MaxError {
    fn name(&self) -> &str {
        "max_error"
    }

    fn higher_is_better(&self) -> bool {
        false
    }

    fn evaluate(
        &self,
        predictions: ArrayView2<'_, F>,
        targets: Targets<'_, F>,
        weights: Option<&[F]>,
    ) -> Result<f64> {
        let targets = numbers(targets)?;
        // Over all rows first, so that bad numbers are errors wherever they stand.
        let largest = max_error(targets, predictions)?;
        let Some(weights) = weights_as_f64(weights) else { return Ok(largest) };
        let checked = RowWeights::new(Some(&weights), targets.nrows())?;
        let counted: Vec<usize> =
            (0..checked.rows()).filter(|&row| checked.of(row) != 0.0).collect();
        let (targets, predictions) =
            (targets.select(Axis(0), &counted), predictions.select(Axis(0), &counted));
        max_error(&targets, &predictions)
    }
}
