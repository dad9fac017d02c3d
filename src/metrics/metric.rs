//! Metrics as training sees them, and the list of all of them.

use std::sync::Arc;

use ndarray::ArrayView2;

use super::averaged::Average;
use super::probability_metrics::{BrierScore, LogLoss, RocAuc, TopKAccuracy};
use super::regression_metrics::{
    ExplainedVariance, MaxError, MeanAbsoluteError, MeanPoissonDeviance, MeanSquaredError,
    MedianAbsoluteError, R2, RootMeanSquaredError,
};
use super::roc::MultiClass;
use super::threshold_metrics::{Accuracy, BalancedAccuracy, F1, Precision, Recall, SubsetAccuracy};
use crate::data::Targets;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// A number that says how good predictions are, computed at the end of an epoch from what the
/// network gives for a data set.
///
/// Classification metrics read targets in any of these forms:
///
/// - `Targets::Classes` with one output column: two classes, the column is the probability of class 1;
///   the class predicted is 1 where it lies strictly above 0.5.
/// - `Targets::Classes` with several columns: one column a class; the class predicted is the first
///   of the largest.
/// - `Targets::Values` with one column: as above; the target is class 1 where it lies above 0.5.
/// - `Targets::Values` with several columns, each row adding up to 1 (one-hot, or soft
///   probabilities): the class is the first of the largest, for targets and predictions.
/// - `Targets::Values` with several columns of 0 and 1 where some row has no 1 or several: flags
///   (multilabel); a flag is predicted where its column lies strictly above 0.5.
///
/// A metric of one's own implements this trait:
///
/// ```
/// use blastrain::data::Targets;
/// use blastrain::metrics::Metric;
/// use blastrain::{Error, Result, Scalar};
/// use blastrain::ndarray::{ArrayView2, array};
///
/// /// The mean error of the first output, signs kept.
/// #[derive(Debug)]
/// struct Bias;
///
/// impl<F: Scalar> Metric<F> for Bias {
///     fn name(&self) -> &str {
///         "bias"
///     }
///     fn higher_is_better(&self) -> bool {
///         false
///     }
///     fn evaluate(
///         &self,
///         predictions: ArrayView2<'_, F>,
///         targets: Targets<'_, F>,
///         weights: Option<&[F]>,
///     ) -> Result<f64> {
///         let Targets::Values(targets) = targets else {
///             return Err(Error::param("targets", "classes", "numbers"));
///         };
///         let weight = |row: usize| weights.map_or(1.0, |weights| weights[row].as_f64());
///         let error = |row: usize| (predictions[(row, 0)] - targets[(row, 0)]).as_f64();
///         let rows = 0..targets.nrows();
///         let sum: f64 = rows.clone().map(|row| weight(row) * error(row)).sum();
///         Ok(sum / rows.map(weight).sum::<f64>())
///     }
/// }
///
/// let (predictions, targets) = (array![[1.5], [2.0]], array![[1.0], [2.0]]);
/// let bias = Bias.evaluate(predictions.view(), Targets::Values(targets.view()), None)?;
/// assert_eq!(bias, 0.25);
/// # Ok::<(), Error>(())
/// ```
pub trait Metric<F: Scalar>: std::fmt::Debug + Send + Sync {
    /// Name in the history and on screen, e.g. "accuracy".
    fn name(&self) -> &str;

    /// Whether a larger value is better.
    fn higher_is_better(&self) -> bool;

    /// The value for some rows.
    ///
    /// `predictions` (rows, outputs): probabilities for classification (after softmax or sigmoid),
    /// values for regression; `weights`: one a row.
    ///
    /// # Errors
    /// [`Error::NonFinite`] for a prediction or target that is not finite, [`Error::Shape`] and
    /// [`Error::ClassIndex`] where targets and predictions do not fit, [`Error::Undefined`] where the
    /// metric has no value for these targets.
    fn evaluate(
        &self,
        predictions: ArrayView2<'_, F>,
        targets: Targets<'_, F>,
        weights: Option<&[F]>,
    ) -> Result<f64>;
}

macro_rules! pointers {
    ($($pointer:ident),*) => {$(
        impl<F: Scalar, M: Metric<F> + ?Sized> Metric<F> for $pointer<M> {
            fn name(&self) -> &str {
                (**self).name()
            }

            fn higher_is_better(&self) -> bool {
                (**self).higher_is_better()
            }

            fn evaluate(
                &self,
                predictions: ArrayView2<'_, F>,
                targets: Targets<'_, F>,
                weights: Option<&[F]>,
            ) -> Result<f64> {
                (**self).evaluate(predictions, targets, weights)
            }
        }
    )*};
}
pointers!(Box, Arc);

/// What a registered metric can be asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Task {
    /// Two classes.
    Binary,
    /// Two or more classes.
    Classification,
    /// Any number of flags a row (multilabel).
    Flags,
    /// Numbers.
    Regression,
    /// Numbers that are not negative; predictions above zero.
    Counts,
}

/// A metric with the task that it is for.
#[derive(Debug)]
#[non_exhaustive]
pub struct Registered<F: Scalar> {
    /// The task.
    pub task: Task,
    /// The metric, with its default settings.
    pub metric: Box<dyn Metric<F>>,
}

/// Every metric of this crate, each under its own name.
///
/// ```
/// let names: Vec<String> =
///     blastrain::metrics::registered::<f32>().iter().map(|m| m.metric.name().into()).collect();
/// assert!(names.contains(&"accuracy".to_string()));
/// ```
pub fn registered<F: Scalar>() -> Vec<Registered<F>> {
    let mut all = Vec::new();
    let mut add = |task, metric: Box<dyn Metric<F>>| all.push(Registered { task, metric });
    add(Task::Classification, Box::new(Accuracy));
    add(Task::Classification, Box::new(BalancedAccuracy));
    add(Task::Flags, Box::new(SubsetAccuracy));
    add(Task::Classification, Box::new(TopKAccuracy::new(2)));
    for average in [Average::Binary, Average::Micro, Average::Macro, Average::Weighted] {
        let task = if average == Average::Binary { Task::Binary } else { Task::Classification };
        add(task, Box::new(Precision::new(average)));
        add(task, Box::new(Recall::new(average)));
        add(task, Box::new(F1::new(average)));
    }
    add(Task::Classification, Box::<RocAuc>::default());
    add(Task::Classification, Box::new(RocAuc::new(MultiClass::OneVsRest, Average::Weighted)));
    add(Task::Classification, Box::new(RocAuc::new(MultiClass::OneVsOne, Average::Macro)));
    add(Task::Classification, Box::new(RocAuc::new(MultiClass::OneVsOne, Average::Weighted)));
    add(Task::Classification, Box::new(LogLoss));
    add(Task::Classification, Box::new(BrierScore));
    add(Task::Regression, Box::new(R2));
    add(Task::Regression, Box::new(ExplainedVariance));
    add(Task::Regression, Box::new(MeanSquaredError));
    add(Task::Regression, Box::new(RootMeanSquaredError));
    add(Task::Regression, Box::new(MeanAbsoluteError));
    add(Task::Regression, Box::new(MedianAbsoluteError));
    add(Task::Regression, Box::new(MaxError));
    add(Task::Counts, Box::new(MeanPoissonDeviance));
    all
}

/// The registered metric of a name, like "accuracy" or "f1_macro".
///
/// # Errors
/// [`Error::UnknownName`] with all names known.
///
/// ```
/// use blastrain::metrics::by_name;
///
/// assert!(by_name::<f64>("r2")?.higher_is_better());
/// assert!(by_name::<f64>("r3").is_err());
/// # Ok::<(), blastrain::Error>(())
/// ```
pub fn by_name<F: Scalar>(name: &str) -> Result<Box<dyn Metric<F>>> {
    let mut all = registered::<F>();
    match all.iter().position(|entry| entry.metric.name() == name) {
        Some(index) => Ok(all.swap_remove(index).metric),
        None => {
            let known: Vec<&str> = all.iter().map(|entry| entry.metric.name()).collect();
            let known = known.join(", ");
            Err(Error::UnknownName { what: "metric", got: name.into(), known })
        }
    }
}
