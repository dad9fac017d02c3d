//! Metrics of probabilities and rankings, for training.

use ndarray::{ArrayView2, s};

use super::averaged::Average;
use super::classification::top_k_accuracy;
use super::decode::Truth;
use super::labels::{check_columns, check_rows};
use super::metric::Metric;
use super::probability::{
    Probabilities, adds_up_to_one, brier_score, check_unit_range, clip, log_loss,
};
use super::roc::{MultiClass, roc_auc, roc_auc_multiclass, roc_auc_multilabel};
use super::weights::{RowWeights, weights_as_f64};
use crate::data::Targets;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// The area under the ROC curve.
///
/// One output column, or two classes with two columns (of which the second is read): [`roc_auc`],
/// whatever the settings. More classes: [`roc_auc_multiclass`]. Flags: [`roc_auc_multilabel`].
/// By default one-vs-rest with the macro average, under the name "roc_auc"; else the name is
/// "roc_auc_ovr_weighted", "roc_auc_ovo" and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RocAuc {
    multi_class: MultiClass,
    average: Average,
}

impl RocAuc {
    /// With a way to treat more than two classes and an average over them.
    pub fn new(multi_class: MultiClass, average: Average) -> Self {
        Self { multi_class, average }
    }
}

impl Default for RocAuc {
    fn default() -> Self {
        Self::new(MultiClass::OneVsRest, Average::Macro)
    }
}

impl<F: Scalar> Metric<F> for RocAuc {
    fn name(&self) -> &str {
        match (self.multi_class, self.average) {
            (MultiClass::OneVsRest, Average::Macro) => "roc_auc",
            (MultiClass::OneVsRest, Average::Micro) => "roc_auc_ovr_micro",
            (MultiClass::OneVsRest, Average::Weighted) => "roc_auc_ovr_weighted",
            (MultiClass::OneVsOne, Average::Macro) => "roc_auc_ovo",
            (MultiClass::OneVsOne, Average::Weighted) => "roc_auc_ovo_weighted",
            // Averages that evaluation refuses.
            _ => "roc_auc_undefined",
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
        let weights = weights_as_f64(weights);
        let weights = weights.as_deref();
        match Truth::new(targets, predictions)? {
            Truth::Flags(flags) => {
                roc_auc_multilabel(flags.view(), predictions, self.average, weights)
            }
            Truth::Classes(classes) if predictions.ncols() <= 2 => {
                // The last column is that of class 1, whether there are one or two.
                roc_auc(&classes, predictions.slice(s![.., -1..]), weights)
            }
            Truth::Classes(classes) => {
                roc_auc_multiclass(&classes, predictions, self.multi_class, self.average, weights)
            }
        }
    }
}

/// Log loss: [`log_loss`] for classes.
///
/// For `Values` it takes the targets as probabilities `t`: the mean over the rows of
/// `-Σ t·ln p` where every target row adds up to 1, and of `-(t·ln p + (1 − t)·ln(1 − p))`, averaged
/// over the columns, for one column and for flags.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogLoss;

impl<F: Scalar> Metric<F> for LogLoss {
    fn name(&self) -> &str {
        "log_loss"
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
        let cost = |target: f64, probability: f64| {
            if target == 0.0 { 0.0 } else { -target * clip::<F>(probability).ln() }
        };
        let weights = weights_as_f64(weights);
        match targets {
            Targets::Classes(classes) => log_loss(classes, predictions, weights.as_deref()),
            Targets::Values(values) => average_cost(predictions, values, weights.as_deref(), cost),
        }
    }
}

/// Brier score: [`brier_score`] for classes.
///
/// For `Values` it takes the targets as probabilities `t`: the mean over the rows of `Σ (t − p)²` where
/// every target row adds up to 1 (halved for two columns), and of `(t − p)²`, averaged over the
/// columns, for one column and for flags.
#[derive(Debug, Clone, Copy, Default)]
pub struct BrierScore;

impl<F: Scalar> Metric<F> for BrierScore {
    fn name(&self) -> &str {
        "brier_score"
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
        let weights = weights_as_f64(weights);
        match targets {
            Targets::Classes(classes) => brier_score(classes, predictions, weights.as_deref()),
            Targets::Values(values) => {
                // A flag stands for two classes, and two classes count half.
                let half = if is_distribution(values) && values.ncols() > 2 { 1.0 } else { 0.5 };
                let cost = |target: f64, probability: f64| half * (target - probability).powi(2);
                average_cost(predictions, values, weights.as_deref(), cost)
            }
        }
    }
}

fn is_distribution<F: Scalar>(values: ArrayView2<'_, F>) -> bool {
    values.ncols() > 1 && values.outer_iter().all(|line| adds_up_to_one(line.iter()))
}

/// The mean over the rows of `cost(target, probability)`, summed over the classes.
///
/// A column that is not part of a distribution stands for two classes, `p` and `1 − p`.
fn average_cost<F: Scalar>(
    predictions: ArrayView2<'_, F>,
    targets: ArrayView2<'_, F>,
    weights: Option<&[f64]>,
    cost: impl Fn(f64, f64) -> f64,
) -> Result<f64> {
    check_rows(targets.nrows(), predictions.nrows())?;
    check_columns(targets.ncols(), predictions.ncols())?;
    check_unit_range("target", targets)?;
    let weights = RowWeights::new(weights, targets.nrows())?;
    let columns = 0..targets.ncols();
    let target = |row, column| targets[(row, column)].as_f64();
    if is_distribution(targets) {
        let probabilities = Probabilities::new(predictions)?;
        let of = |row, class| cost(target(row, class), probabilities.of(row, class));
        return Ok(weights.average(|row| columns.clone().map(|class| of(row, class)).sum()));
    }
    check_unit_range("probability", predictions)?;
    let of = |row, column| {
        let (t, p) = (target(row, column), predictions[(row, column)].as_f64());
        cost(t, p) + cost(1.0 - t, 1.0 - p)
    };
    let sum = weights.average(|row| columns.clone().map(|column| of(row, column)).sum());
    Ok(sum / targets.ncols() as f64)
}

/// The share of rows whose class is among the `k` largest outputs: [`top_k_accuracy`]. Not for flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopKAccuracy {
    k: usize,
    name: String,
}

impl TopKAccuracy {
    /// Among the `k >= 1` largest, under the name "top_{k}_accuracy".
    pub fn new(k: usize) -> Self {
        Self { k, name: format!("top_{k}_accuracy") }
    }
}

impl<F: Scalar> Metric<F> for TopKAccuracy {
    fn name(&self) -> &str {
        &self.name
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
        match Truth::new(targets, predictions)? {
            Truth::Classes(classes) => {
                top_k_accuracy(&classes, predictions, self.k, weights_as_f64(weights).as_deref())
            }
            Truth::Flags(_) => Err(Error::param("targets", "flags", "classes")),
        }
    }
}
