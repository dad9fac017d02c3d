//! The receiver operating characteristic and the area under it.

use ndarray::{Array2, ArrayView2};

use super::averaged::Average;
use super::columns::Columns;
use super::labels::{check_classes, check_columns, check_rows};
use super::weights::{RowWeights, Sum, mean};
use crate::data::check_finite;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// How an area under the curve, made for two classes, is had for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum MultiClass {
    /// Each class against all others.
    #[default]
    OneVsRest,
    /// Each class against each other one (Hand & Till 2001); takes no row weights.
    OneVsOne,
}

/// The points of an ROC curve, one for each distinct score, after a first one at (0, 0).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RocCurve {
    /// Of the rows of class 0, the share that scores at least the threshold; ascending.
    pub false_positive_rate: Vec<f64>,
    /// Of the rows of class 1, the share that scores at least the threshold; ascending.
    pub true_positive_rate: Vec<f64>,
    /// Descending from infinity.
    pub thresholds: Vec<f64>,
}

impl RocCurve {
    fn area(&self) -> f64 {
        let steps = self.false_positive_rate.windows(2).zip(self.true_positive_rate.windows(2));
        steps.map(|(x, y)| (x[1] - x[0]) * (y[1] + y[0]) / 2.0).collect::<Sum>().value()
    }
}

/// The ROC curve of scores for class 1 of two.
///
/// `scores`: one finite number a row, larger for class 1. Rows of weight zero are left out. Equals
/// scikit-learn's `roc_curve(…, drop_intermediate=False)`.
///
/// # Errors
/// As in [`roc_auc`].
pub fn roc_curve<'s, F: Scalar>(
    targets: &[usize],
    scores: impl Into<Columns<'s, F>>,
    weights: Option<&[f64]>,
) -> Result<RocCurve> {
    let scores = one_column(targets, scores.into().view())?;
    let weights = RowWeights::new(weights, targets.len())?;
    let rows = targets.iter().zip(&scores).enumerate();
    let points = rows.map(|(row, (&class, &score))| (score, class == 1, weights.of(row)));
    curve(points.collect()).ok_or_else(|| Error::undefined("the ROC curve", ONE_CLASS))
}

const ONE_CLASS: &str = "all targets (of rows with a weight) are of one class";

/// The area under the ROC curve of scores for class 1 of two.
///
/// The chance that a row of class 1 scores higher than one of class 0, ties counting half.
///
/// # Errors
/// [`Error::Undefined`] where all targets are of one class; [`Error::ClassIndex`] for a class above
/// 1; [`Error::NonFinite`] for a score, with its row and column; [`Error::Shape`] for more than one
/// column of scores or rows that differ in number; [`Error::Empty`]; [`Error::Param`] for a bad weight.
///
/// ```
/// use blastrain::metrics::roc_auc;
///
/// assert_eq!(roc_auc(&[0, 0, 1, 1], &[0.1, 0.4, 0.35, 0.8], None)?, 0.75);
/// # Ok::<(), blastrain::Error>(())
/// ```
pub fn roc_auc<'s, F: Scalar>(
    targets: &[usize],
    scores: impl Into<Columns<'s, F>>,
    weights: Option<&[f64]>,
) -> Result<f64> {
    match roc_curve(targets, scores, weights) {
        Ok(curve) => Ok(curve.area()),
        Err(Error::Undefined { why, .. }) => Err(Error::undefined("ROC AUC", why)),
        Err(error) => Err(error),
    }
}

/// The area under the ROC curve for several classes.
///
/// `scores` `(rows, classes)`: probabilities, each row adding up to 1 (within 1e-5).
/// `average`: [`Average::Macro`], [`Average::Weighted`] (by the weight of a class, or of a pair's rows
/// for one-vs-one), or [`Average::Micro`] (one-vs-rest only).
///
/// # Errors
/// [`Error::Undefined`] where one-vs-rest meets a class without rows (or with all of them) that
/// counts in the average, or one-vs-one fewer than two classes; [`Error::Param`] for another average,
/// for scores that are not probabilities, or weights with one-vs-one; otherwise as in [`roc_auc`].
pub fn roc_auc_multiclass<'s, F: Scalar>(
    targets: &[usize],
    scores: impl Into<Columns<'s, F>>,
    multi_class: MultiClass,
    average: Average,
    weights: Option<&[f64]>,
) -> Result<f64> {
    let scores = scores.into().view();
    check_rows(targets.len(), scores.nrows())?;
    check_finite("score", scores)?;
    check_classes(targets, scores.ncols())?;
    for (row, line) in scores.outer_iter().enumerate() {
        let sum: f64 = line.iter().map(|score| score.as_f64()).sum();
        if (sum - 1.0).abs() > 1e-8 + 1e-5 * sum.abs() {
            return Err(Error::param("scores", format!("{sum} in sum at row {row}"), "1 in sum"));
        }
    }
    let weights = RowWeights::new(weights, targets.len())?;
    match multi_class {
        MultiClass::OneVsRest => {
            let flags =
                Array2::from_shape_fn(scores.raw_dim(), |(row, class)| targets[row] == class);
            average_of_columns(flags.view(), scores, average, weights)
        }
        MultiClass::OneVsOne if weights.are_given() => {
            Err(Error::param("weights", "given", "none with one-vs-one ROC AUC"))
        }
        MultiClass::OneVsOne => one_vs_one(targets, scores, average),
    }
}

/// The area under the ROC curve of several flags a row, averaged over the flags.
///
/// `scores` `(rows, labels)`: any finite numbers. `average`: [`Average::Macro`], [`Average::Micro`] or
/// [`Average::Weighted`] (by the weight of the rows that have the flag).
///
/// # Errors
/// [`Error::Undefined`] for a flag that all rows or none have and that counts in the average; otherwise
/// as in [`roc_auc`].
pub fn roc_auc_multilabel<'s, F: Scalar>(
    targets: ArrayView2<'_, bool>,
    scores: impl Into<Columns<'s, F>>,
    average: Average,
    weights: Option<&[f64]>,
) -> Result<f64> {
    let scores = scores.into().view();
    check_rows(targets.nrows(), scores.nrows())?;
    check_columns(targets.ncols(), scores.ncols())?;
    check_finite("score", scores)?;
    let weights = RowWeights::new(weights, targets.nrows())?;
    average_of_columns(targets, scores, average, weights)
}

fn one_column<F: Scalar>(targets: &[usize], scores: ArrayView2<'_, F>) -> Result<Vec<f64>> {
    check_rows(targets.len(), scores.nrows())?;
    if scores.ncols() != 1 {
        return Err(Error::shape("scores", "1 column", format!("{} columns", scores.ncols())));
    }
    check_finite("score", scores)?;
    check_classes(targets, 2)?;
    Ok(scores.iter().map(|score| score.as_f64()).collect())
}

/// The curve of `(score, is positive, weight)`, unless one of the two classes has no weight.
fn curve(mut points: Vec<(f64, bool, f64)>) -> Option<RocCurve> {
    points.retain(|point| point.2 != 0.0);
    points.sort_by(|one, other| other.0.total_cmp(&one.0));
    let (mut falses, mut trues, mut thresholds) = (vec![0.0], vec![0.0], vec![f64::INFINITY]);
    let (mut false_sum, mut true_sum) = (0.0, 0.0);
    for (index, &(score, positive, weight)) in points.iter().enumerate() {
        if positive {
            true_sum += weight;
        } else {
            false_sum += weight;
        }
        // Rows of one score pass the threshold together.
        if points.get(index + 1).is_none_or(|next| next.0 != score) {
            falses.push(false_sum);
            trues.push(true_sum);
            thresholds.push(score);
        }
    }
    if false_sum == 0.0 || true_sum == 0.0 {
        return None;
    }
    falses.iter_mut().for_each(|count| *count /= false_sum);
    trues.iter_mut().for_each(|count| *count /= true_sum);
    Some(RocCurve { false_positive_rate: falses, true_positive_rate: trues, thresholds })
}

fn average_of_columns<F: Scalar>(
    flags: ArrayView2<'_, bool>,
    scores: ArrayView2<'_, F>,
    average: Average,
    weights: RowWeights<'_>,
) -> Result<f64> {
    let point = |row: usize, column| {
        (scores[(row, column)].as_f64(), flags[(row, column)], weights.of(row))
    };
    let rows = || 0..flags.nrows();
    if average == Average::Micro {
        let columns = 0..flags.ncols();
        let points = rows().flat_map(|row| columns.clone().map(move |column| point(row, column)));
        let curve = curve(points.collect());
        return curve.map(|curve| curve.area()).ok_or_else(|| undefined_auc("the flags"));
    }
    let area = |column: usize| {
        let curve = curve(rows().map(|row| point(row, column)).collect());
        curve.map(|curve| curve.area()).ok_or_else(|| undefined_auc(&format!("class {column}")))
    };
    match average {
        Average::Macro => {
            let areas = (0..flags.ncols()).map(area).collect::<Result<Vec<f64>>>()?;
            Ok(mean(areas.into_iter()))
        }
        Average::Weighted => {
            let (mut total, mut total_weight) = (Sum::default(), Sum::default());
            for column in 0..flags.ncols() {
                let weight = weights.sum(|row| f64::from(u8::from(flags[(row, column)])));
                // A class without weight has no area and needs none.
                if weight != 0.0 {
                    total.add(weight * area(column)?);
                    total_weight.add(weight);
                }
            }
            match total_weight.value() {
                0.0 => Err(undefined_auc("any flag")),
                weight => Ok(total.value() / weight),
            }
        }
        _ => Err(Error::param("average", format!("{average:?}"), "Macro, Micro or Weighted")),
    }
}

fn undefined_auc(of: &str) -> Error {
    Error::undefined(format!("ROC AUC of {of}"), "it needs rows with and rows without, of a weight")
}

fn one_vs_one<F: Scalar>(
    targets: &[usize],
    scores: ArrayView2<'_, F>,
    average: Average,
) -> Result<f64> {
    if !matches!(average, Average::Macro | Average::Weighted) {
        let got = format!("{average:?}");
        return Err(Error::param("average", got, "Macro or Weighted with one-vs-one"));
    }
    let mut rows_of = vec![Vec::new(); scores.ncols()];
    for (row, &class) in targets.iter().enumerate() {
        rows_of[class].push(row);
    }
    let present: Vec<usize> =
        (0..rows_of.len()).filter(|&class| !rows_of[class].is_empty()).collect();
    let (mut total, mut total_weight) = (Sum::default(), Sum::default());
    for (index, &one) in present.iter().enumerate() {
        for &other in &present[index + 1..] {
            let rows = || rows_of[one].iter().chain(&rows_of[other]);
            let area = |class: usize| {
                let point =
                    |&row: &usize| (scores[(row, class)].as_f64(), targets[row] == class, 1.0);
                curve(rows().map(point).collect()).map_or(f64::NAN, |curve| curve.area())
            };
            let weight = if average == Average::Weighted { rows().count() as f64 } else { 1.0 };
            total.add(weight * (area(one) + area(other)) / 2.0);
            total_weight.add(weight);
        }
    }
    match total_weight.value() {
        0.0 => Err(Error::undefined("ROC AUC", ONE_CLASS)),
        weight => Ok(total.value() / weight),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn one_class_and_bad_scores_are_errors() {
        let message = roc_auc(&[1, 1], &[0.1, 0.2], None).unwrap_err().to_string();
        assert_eq!(
            message,
            "ROC AUC is not defined: all targets (of rows with a weight) are of one class"
        );
        let weighted = roc_auc(&[0, 1], &[0.1, 0.2], Some(&[1.0, 0.0]));
        assert!(matches!(weighted, Err(Error::Undefined { .. })));
        assert!(matches!(
            roc_auc(&[0, 1], &[0.1, f64::NAN], None),
            Err(Error::NonFinite { what: "score", row: 1, column: 0, .. })
        ));
        assert!(matches!(roc_auc(&[0, 2], &[0.1, 0.2], None), Err(Error::ClassIndex { .. })));
        let two = array![[0.1, 0.9], [0.5, 0.5]];
        assert!(matches!(roc_auc(&[0, 1], &two, None), Err(Error::Shape { .. })));
    }

    #[test]
    fn several_classes_need_what_their_average_needs() {
        let scores = array![[0.5, 0.3, 0.2], [0.2, 0.5, 0.3], [0.1, 0.6, 0.3]];
        let auc = |multi, average, weights| {
            roc_auc_multiclass(&[0, 1, 1], &scores, multi, average, weights)
        };
        let missing = auc(MultiClass::OneVsRest, Average::Macro, None).unwrap_err().to_string();
        assert!(missing.starts_with("ROC AUC of class 2 is not defined"), "{missing}");
        assert_eq!(auc(MultiClass::OneVsRest, Average::Weighted, None).unwrap(), 1.0);
        assert_eq!(auc(MultiClass::OneVsOne, Average::Macro, None).unwrap(), 1.0);
        let weights = [1.0; 3];
        assert!(matches!(
            auc(MultiClass::OneVsOne, Average::Macro, Some(&weights)),
            Err(Error::Param { name: "weights", .. })
        ));
        assert!(matches!(
            auc(MultiClass::OneVsRest, Average::Binary, None),
            Err(Error::Param { name: "average", .. })
        ));
        let unnormalised = array![[0.5, 0.5], [0.5, 0.4]];
        assert!(matches!(
            roc_auc_multiclass(&[0, 1], &unnormalised, MultiClass::OneVsRest, Average::Macro, None),
            Err(Error::Param { name: "scores", .. })
        ));
    }
}
