//! Metrics of labels, for training: a network's output becomes a class or flags first.

use ndarray::ArrayView2;

use super::averaged::{Average, Averaging, f1, precision, recall};
use super::classification::{accuracy, balanced_accuracy};
use super::decode::{Decoded, above_half};
use super::labels::{check_columns, check_rows, flags_from};
use super::metric::Metric;
use super::weights::weights_as_f64;
use crate::data::{Targets, check_finite};
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// The share of rows predicted right: [`accuracy`] of what [`Metric`] decodes.
///
/// ```
/// use blastrain::data::Targets;
/// use blastrain::metrics::{Accuracy, Metric};
/// use blastrain::ndarray::array;
///
/// let probabilities = array![[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]];
/// let value = Accuracy.evaluate(probabilities.view(), Targets::Classes(&[0, 1]), None)?;
/// assert_eq!(value, 0.5);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Accuracy;

impl<F: Scalar> Metric<F> for Accuracy {
    fn name(&self) -> &str {
        "accuracy"
    }

    fn higher_is_better(&self) -> bool {
        true
    }

    fn evaluate(
        &self,
        predictions: ArrayView2<'_, F>,
        targets: Targets<'_, F>,
        weights: Option<&[F]>,
    ) -> Result<f64> {
        let decoded = Decoded::new(targets, predictions)?;
        let (targets, predictions) = decoded.labels();
        accuracy(targets, predictions, weights_as_f64(weights).as_deref())
    }
}

/// The share of rows with every flag right, each column by itself above 0.5.
///
/// As [`Accuracy`] on flags, but also where every row happens to have exactly one flag. Class targets
/// are an error.
#[derive(Debug, Clone, Copy, Default)]
pub struct SubsetAccuracy;

impl<F: Scalar> Metric<F> for SubsetAccuracy {
    fn name(&self) -> &str {
        "subset_accuracy"
    }

    fn higher_is_better(&self) -> bool {
        true
    }

    fn evaluate(
        &self,
        predictions: ArrayView2<'_, F>,
        targets: Targets<'_, F>,
        weights: Option<&[F]>,
    ) -> Result<f64> {
        let Targets::Values(values) = targets else {
            return Err(Error::param("targets", "class indices", "flags, 0 or 1"));
        };
        check_rows(values.nrows(), predictions.nrows())?;
        check_columns(values.ncols(), predictions.ncols())?;
        check_finite("prediction", predictions)?;
        let (targets, predictions) = (flags_from(values)?, above_half(predictions));
        accuracy(&targets, &predictions, weights_as_f64(weights).as_deref())
    }
}

/// The mean recall of the classes that occur: [`balanced_accuracy`]. Not for flags.
#[derive(Debug, Clone, Copy, Default)]
pub struct BalancedAccuracy;

impl<F: Scalar> Metric<F> for BalancedAccuracy {
    fn name(&self) -> &str {
        "balanced_accuracy"
    }

    fn higher_is_better(&self) -> bool {
        true
    }

    fn evaluate(
        &self,
        predictions: ArrayView2<'_, F>,
        targets: Targets<'_, F>,
        weights: Option<&[F]>,
    ) -> Result<f64> {
        match Decoded::new(targets, predictions)? {
            Decoded::Classes(targets, predictions) => {
                balanced_accuracy(&targets, &predictions, weights_as_f64(weights).as_deref())
            }
            Decoded::Flags(..) => Err(Error::param("targets", "flags", "classes")),
        }
    }
}

macro_rules! averaged_metric {
    ($(#[$doc:meta])* $name:ident, $text:literal, $score:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name {
            averaging: Averaging,
        }

        impl $name {
            /// With an [`Average`] or an [`Averaging`].
            pub fn new(averaging: impl Into<Averaging>) -> Self {
                Self { averaging: averaging.into() }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new(Average::Binary)
            }
        }

        impl<F: Scalar> Metric<F> for $name {
            fn name(&self) -> &str {
                match self.averaging.average {
                    Average::Binary => $text,
                    Average::Micro => concat!($text, "_micro"),
                    Average::Macro => concat!($text, "_macro"),
                    Average::Weighted => concat!($text, "_weighted"),
                    Average::Samples => concat!($text, "_samples"),
                }
            }

            fn higher_is_better(&self) -> bool {
                true
            }

            fn evaluate(
                &self,
                predictions: ArrayView2<'_, F>,
                targets: Targets<'_, F>,
                weights: Option<&[F]>,
            ) -> Result<f64> {
                let decoded = Decoded::new(targets, predictions)?;
                let (targets, predictions) = decoded.labels();
                $score(targets, predictions, self.averaging, weights_as_f64(weights).as_deref())
            }
        }
    };
}

averaged_metric! {
    /// [`precision`] of what [`Metric`] decodes. By default of class 1 of two ("precision"); with
    /// another average its name is "precision_macro" and so on.
    Precision, "precision", precision
}

averaged_metric! {
    /// [`recall`] of what [`Metric`] decodes. By default of class 1 of two ("recall"); with another
    /// average its name is "recall_macro" and so on.
    Recall, "recall", recall
}

averaged_metric! {
    /// [`f1`] of what [`Metric`] decodes. By default of class 1 of two ("f1"); with another average its
    /// name is "f1_macro" and so on.
    F1, "f1", f1
}
