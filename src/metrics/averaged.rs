//! Precision, recall and F scores, for each class and averaged.

use serde::{Deserialize, Serialize};

use super::counts::Counts;
use super::labels::{Labels, Pair, check_classes};
use super::weights::{RowWeights, Sum};
use crate::error::{Error, Result};

/// How the scores of several classes become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Average {
    /// The score of the positive class (1, or what [`Averaging::positive`] says) of two.
    Binary,
    /// One score from the counts of all classes together.
    Micro,
    /// The mean over the classes, each counting the same.
    Macro,
    /// The mean over the classes, each counting by the weight of its rows.
    Weighted,
    /// The mean over the rows of flags, each row a score of its own. For flags only.
    Samples,
}

/// What a score is where its divisor is zero: a class never predicted has no precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ZeroDivision {
    /// 0, as scikit-learn's default (which also warns).
    #[default]
    Zero,
    /// 1.
    One,
    /// NaN; averages leave such classes out, and are NaN if none remains.
    NaN,
}

impl ZeroDivision {
    fn value(self) -> f64 {
        match self {
            ZeroDivision::Zero => 0.0,
            ZeroDivision::One => 1.0,
            ZeroDivision::NaN => f64::NAN,
        }
    }
}

/// An [`Average`] with its finer settings. Made from an `Average` by `into()` or by its methods.
///
/// ```
/// use blastrain::metrics::{Average, ZeroDivision, precision};
///
/// let (targets, predictions) = ([0, 1, 1], [1, 1, 1]);
/// let average = Average::Macro.zero_division(ZeroDivision::One);
/// assert_eq!(precision(&targets, &predictions, average, None)?, (1.0 + 2.0 / 3.0) / 2.0);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Averaging {
    /// How classes become one number.
    pub average: Average,
    /// What a division by zero gives.
    pub zero_division: ZeroDivision,
    /// The number of classes. Without it, those that occur in targets or predictions are averaged, as
    /// in scikit-learn without `labels`; with it, absent classes score [`ZeroDivision`].
    pub classes: Option<usize>,
    /// The positive class of [`Average::Binary`]: 0 or 1.
    pub positive: usize,
}

impl Averaging {
    /// Sets what a division by zero gives.
    pub fn zero_division(self, zero_division: ZeroDivision) -> Self {
        Self { zero_division, ..self }
    }

    /// Sets the number of classes, absent ones included.
    pub fn classes(self, classes: usize) -> Self {
        Self { classes: Some(classes), ..self }
    }

    /// Sets the positive class of [`Average::Binary`]: 0 or 1.
    pub fn positive(self, positive: usize) -> Self {
        Self { positive, ..self }
    }
}

impl From<Average> for Averaging {
    fn from(average: Average) -> Self {
        Self { average, zero_division: ZeroDivision::Zero, classes: None, positive: 1 }
    }
}

impl Average {
    /// This average with what a division by zero gives.
    pub fn zero_division(self, zero_division: ZeroDivision) -> Averaging {
        Averaging::from(self).zero_division(zero_division)
    }

    /// This average over so many classes, absent ones included.
    pub fn classes(self, classes: usize) -> Averaging {
        Averaging::from(self).classes(classes)
    }
}

/// Precision, recall and F score of one class (or label).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ClassScore {
    /// The class index, or the column of the flag.
    pub class: usize,
    /// Of the rows predicted so, the share that are so.
    pub precision: f64,
    /// Of the rows that are so, the share predicted so.
    pub recall: f64,
    /// Their weighted harmonic mean.
    pub f_score: f64,
    /// The weight of the rows that are so (their number without weights).
    pub support: f64,
}

/// Precision, recall, F score and support of every class.
///
/// `classes` as in [`Averaging::classes`]: `None` gives the classes that occur in targets or
/// predictions, ascending.
///
/// # Errors
/// [`Error::Param`] for a `beta` below zero or NaN; otherwise as in [`precision`].
pub fn class_scores<'t, 'p>(
    targets: impl Into<Labels<'t>>,
    predictions: impl Into<Labels<'p>>,
    classes: Option<usize>,
    beta: f64,
    zero_division: ZeroDivision,
    weights: Option<&[f64]>,
) -> Result<Vec<ClassScore>> {
    check_beta(beta)?;
    let pair = Pair::new(targets.into(), predictions.into())?;
    let counts = Counts::by_class(pair, classes, RowWeights::new(weights, pair.rows())?)?;
    Ok(scores_of(&counts, beta, zero_division))
}

/// Precision, `hits / predicted`: of the rows predicted to be of a class, the share that are.
///
/// # Errors
/// [`Error::Shape`] if targets, predictions and weights differ in rows, or labels in kind;
/// [`Error::Empty`] for no rows; [`Error::ClassIndex`] for a class not below `classes`, or above 1 with
/// [`Average::Binary`]; [`Error::Param`] for an average that the labels do not have (`Binary` for
/// flags, `Samples` for classes) or a bad weight.
///
/// ```
/// use blastrain::metrics::{Average, precision};
///
/// let (targets, predictions) = ([0, 1, 1, 0], [0, 1, 1, 1]);
/// assert_eq!(precision(&targets, &predictions, Average::Binary, None)?, 2.0 / 3.0);
/// # Ok::<(), blastrain::Error>(())
/// ```
pub fn precision<'t, 'p>(
    targets: impl Into<Labels<'t>>,
    predictions: impl Into<Labels<'p>>,
    average: impl Into<Averaging>,
    weights: Option<&[f64]>,
) -> Result<f64> {
    averaged(targets.into(), predictions.into(), average.into(), 1.0, weights, |s| s.precision)
}

/// Recall, `hits / actual`: of the rows of a class, the share that were found.
///
/// # Errors
/// As in [`precision`].
pub fn recall<'t, 'p>(
    targets: impl Into<Labels<'t>>,
    predictions: impl Into<Labels<'p>>,
    average: impl Into<Averaging>,
    weights: Option<&[f64]>,
) -> Result<f64> {
    averaged(targets.into(), predictions.into(), average.into(), 1.0, weights, |s| s.recall)
}

/// F₁, the harmonic mean of precision and recall: `2·hits / (actual + predicted)`.
///
/// # Errors
/// As in [`precision`].
pub fn f1<'t, 'p>(
    targets: impl Into<Labels<'t>>,
    predictions: impl Into<Labels<'p>>,
    average: impl Into<Averaging>,
    weights: Option<&[f64]>,
) -> Result<f64> {
    f_beta(targets, predictions, 1.0, average, weights)
}

/// F_β: `(1 + β²)·hits / (β²·actual + predicted)`; recall counts β times as much as precision.
///
/// β = 0 is precision, β = ∞ is recall.
///
/// # Errors
/// [`Error::Param`] for a `beta` below zero or NaN; otherwise as in [`precision`].
pub fn f_beta<'t, 'p>(
    targets: impl Into<Labels<'t>>,
    predictions: impl Into<Labels<'p>>,
    beta: f64,
    average: impl Into<Averaging>,
    weights: Option<&[f64]>,
) -> Result<f64> {
    check_beta(beta)?;
    averaged(targets.into(), predictions.into(), average.into(), beta, weights, |s| s.f_score)
}

fn check_beta(beta: f64) -> Result<()> {
    if beta >= 0.0 { Ok(()) } else { Err(Error::param("beta", beta, ">= 0")) }
}

fn averaged(
    targets: Labels<'_>,
    predictions: Labels<'_>,
    averaging: Averaging,
    beta: f64,
    weights: Option<&[f64]>,
    pick: impl Fn(&ClassScore) -> f64,
) -> Result<f64> {
    let pair = Pair::new(targets, predictions)?;
    let weights = RowWeights::new(weights, pair.rows())?;
    let by_class = |classes| Counts::by_class(pair, classes, weights);
    let scores = |counts: &Counts| scores_of(counts, beta, averaging.zero_division);
    match averaging.average {
        Average::Binary => {
            check_binary(pair, averaging)?;
            Ok(pick(&scores(&by_class(Some(2))?)[averaging.positive]))
        }
        Average::Micro => Ok(pick(&scores(&by_class(averaging.classes)?.total())[0])),
        Average::Macro => {
            let scores = scores(&by_class(averaging.classes)?);
            Ok(average_without_nan(scores.iter().map(|score| (pick(score), 1.0))))
        }
        Average::Weighted => {
            let scores = scores(&by_class(averaging.classes)?);
            Ok(average_without_nan(scores.iter().map(|score| (pick(score), score.support))))
        }
        Average::Samples => {
            let scores = scores(&Counts::by_row(pair)?);
            let rows = scores.iter().enumerate();
            Ok(average_without_nan(rows.map(|(row, score)| (pick(score), weights.of(row)))))
        }
    }
}

fn check_binary(pair: Pair<'_>, averaging: Averaging) -> Result<()> {
    let Pair::Classes(targets, predictions) = pair else {
        let want = "micro, macro, weighted or samples, because the labels are flags";
        return Err(Error::param("average", "binary", want));
    };
    if averaging.positive > 1 {
        return Err(Error::param("positive", averaging.positive, "0 or 1"));
    }
    if let Some(classes) = averaging.classes.filter(|&classes| classes != 2) {
        return Err(Error::param("classes", classes, "2 for the binary average"));
    }
    check_classes(targets, 2)?;
    check_classes(predictions, 2)
}

/// The three scores of every entry of the counts.
pub(super) fn scores_of(
    counts: &Counts,
    beta: f64,
    zero_division: ZeroDivision,
) -> Vec<ClassScore> {
    let ratio = |part: f64, whole: f64| {
        if whole == 0.0 { zero_division.value() } else { part / whole }
    };
    let squared = beta * beta;
    (0..counts.classes.len())
        .map(|index| {
            let (hits, support) = (counts.hits[index], counts.actual[index]);
            let precision = ratio(hits, counts.predicted[index]);
            let recall = ratio(hits, support);
            let f_score = if squared.is_infinite() {
                recall
            } else if beta == 0.0 {
                precision
            } else {
                ratio((1.0 + squared) * hits, squared * support + counts.predicted[index])
            };
            ClassScore { class: counts.classes[index], precision, recall, f_score, support }
        })
        .collect()
}

/// The weighted average of `(value, weight)` over the values that are numbers.
///
/// Where their weights are all zero, the plain average, as in scikit-learn.
pub(super) fn average_without_nan(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut weighted, mut plain) = (Sum::default(), Sum::default());
    let (mut weight_sum, mut count) = (Sum::default(), 0.0);
    for (value, weight) in pairs.filter(|(value, _)| !value.is_nan()) {
        weighted.add(value * weight);
        weight_sum.add(weight);
        plain.add(value);
        count += 1.0;
    }
    let weight_sum = weight_sum.value();
    if weight_sum == 0.0 { plain.value() / count } else { weighted.value() / weight_sum }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn absent_classes_count_only_when_asked_for() {
        let (targets, predictions) = ([0, 2], [0, 2]);
        assert_eq!(f1(&targets, &predictions, Average::Macro, None).unwrap(), 1.0);
        let all = Average::Macro.classes(3);
        assert_eq!(f1(&targets, &predictions, all, None).unwrap(), 2.0 / 3.0);
    }

    #[test]
    fn a_nan_is_left_out_of_averages() {
        let (targets, predictions) = ([1, 1], [0, 0]);
        let undefined = Average::Macro.zero_division(ZeroDivision::NaN);
        assert_eq!(precision(&targets, &predictions, undefined, None).unwrap(), 0.0);
        let binary = Average::Binary.zero_division(ZeroDivision::NaN);
        assert!(precision(&targets, &predictions, binary, None).unwrap().is_nan());
    }

    #[test]
    fn averages_that_labels_lack_are_refused() {
        let flags = array![[true, false]];
        assert!(matches!(
            precision(&flags, &flags, Average::Binary, None),
            Err(Error::Param { name: "average", .. })
        ));
        assert!(matches!(
            precision(&[0, 1], &[0, 1], Average::Samples, None),
            Err(Error::Param { name: "average", .. })
        ));
        assert!(matches!(
            recall(&[0, 1], &[0, 2], Average::Binary, None),
            Err(Error::ClassIndex { class: 2, row: 1, classes: 2 })
        ));
        assert!(matches!(
            recall(&[0, 1], &[0, 1], Average::Macro.classes(usize::MAX), None),
            Err(Error::Param { name: "classes", .. })
        ));
        let beta = f_beta(&[0, 1], &[0, 1], -1.0, Average::Macro, None);
        assert!(matches!(beta, Err(Error::Param { name: "beta", .. })));
    }
}
