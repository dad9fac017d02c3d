//! Accuracy and its relatives, from labels.

use super::columns::Columns;
use super::counts::Counts;
use super::labels::{Labels, Pair, check_classes, check_rows, check_scores_columns};
use super::weights::{RowWeights, mean};
use crate::data::check_finite;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// The share of rows predicted right, by weight.
///
/// A row of flags is right if every flag is (subset accuracy).
///
/// # Errors
/// [`Error::Shape`] if targets, predictions and weights differ in rows, or labels in kind;
/// [`Error::Empty`] for no rows; [`Error::Param`] or [`Error::NonFinite`] for a bad weight.
///
/// ```
/// use blastrain::metrics::accuracy;
///
/// assert_eq!(accuracy(&[0, 1, 2], &[0, 1, 1], Some(&[1.0, 2.0, 1.0]))?, 0.75);
/// # Ok::<(), blastrain::Error>(())
/// ```
pub fn accuracy<'t, 'p>(
    targets: impl Into<Labels<'t>>,
    predictions: impl Into<Labels<'p>>,
    weights: Option<&[f64]>,
) -> Result<f64> {
    let pair = Pair::new(targets.into(), predictions.into())?;
    let weights = RowWeights::new(weights, pair.rows())?;
    Ok(weights.average(|row| {
        let right = match pair {
            Pair::Classes(targets, predictions) => targets[row] == predictions[row],
            Pair::Flags(targets, predictions) => targets.row(row) == predictions.row(row),
        };
        f64::from(u8::from(right))
    }))
}

/// The mean recall of the classes that occur in the targets.
///
/// # Errors
/// As in [`accuracy`].
pub fn balanced_accuracy(
    targets: &[usize],
    predictions: &[usize],
    weights: Option<&[f64]>,
) -> Result<f64> {
    let recalls = present_recalls(targets, predictions, weights)?;
    Ok(mean(recalls.iter().copied()))
}

/// [`balanced_accuracy`] rescaled so that guessing scores 0 and perfection 1.
///
/// # Errors
/// [`Error::Undefined`] where the targets have fewer than two classes; otherwise as in [`accuracy`].
pub fn adjusted_balanced_accuracy(
    targets: &[usize],
    predictions: &[usize],
    weights: Option<&[f64]>,
) -> Result<f64> {
    let recalls = present_recalls(targets, predictions, weights)?;
    if recalls.len() < 2 {
        return Err(Error::undefined("adjusted balanced accuracy", "the targets have one class"));
    }
    let chance = 1.0 / recalls.len() as f64;
    Ok((mean(recalls.iter().copied()) - chance) / (1.0 - chance))
}

fn present_recalls(
    targets: &[usize],
    predictions: &[usize],
    weights: Option<&[f64]>,
) -> Result<Vec<f64>> {
    let pair = Pair::new(targets.into(), predictions.into())?;
    let counts = Counts::by_class(pair, None, RowWeights::new(weights, pair.rows())?)?;
    let present = counts.hits.iter().zip(&counts.actual).filter(|(_, actual)| **actual != 0.0);
    Ok(present.map(|(hits, actual)| hits / actual).collect())
}

/// The share of rows whose class is among the `k` highest scores, by weight.
///
/// `scores` `(rows, classes)`: any finite numbers. Of equal scores, the higher class index comes
/// first, as in scikit-learn. One column holds the scores of class 1 of two: with `k = 1` the threshold
/// is 0.5 if all scores lie in `[0, 1]`, else 0. From `k` = classes on, the result is 1.
///
/// # Errors
/// [`Error::Param`] for `k = 0`; [`Error::ClassIndex`] for a target that has no column;
/// [`Error::NonFinite`] for a score; otherwise as in [`accuracy`].
///
/// ```
/// use blastrain::metrics::top_k_accuracy;
/// use blastrain::ndarray::array;
///
/// let scores = array![[0.5, 0.3, 0.2], [0.5, 0.2, 0.3]];
/// assert_eq!(top_k_accuracy(&[1, 1], &scores, 2, None)?, 0.5);
/// # Ok::<(), blastrain::Error>(())
/// ```
pub fn top_k_accuracy<'s, F: Scalar>(
    targets: &[usize],
    scores: impl Into<Columns<'s, F>>,
    k: usize,
    weights: Option<&[f64]>,
) -> Result<f64> {
    let scores = scores.into().view();
    check_rows(targets.len(), scores.nrows())?;
    check_scores_columns(scores.ncols())?;
    check_classes(targets, scores.ncols().max(2))?;
    check_finite("score", scores)?;
    if k == 0 {
        return Err(Error::param("k", k, ">= 1"));
    }
    let weights = RowWeights::new(weights, targets.len())?;
    let hit: Box<dyn Fn(usize) -> bool> = if scores.ncols() == 1 {
        let probabilities = scores.iter().all(|&score| score >= F::zero() && score <= F::one());
        let threshold = F::from_f64(if probabilities { 0.5 } else { 0.0 });
        Box::new(move |row| k > 1 || usize::from(scores[(row, 0)] > threshold) == targets[row])
    } else {
        Box::new(move |row| {
            let (line, class) = (scores.row(row), targets[row]);
            let own = line[class];
            let before =
                |(other, &score): (usize, &F)| score > own || score == own && other > class;
            line.iter().enumerate().filter(|&entry| before(entry)).count() < k
        })
    };
    Ok(weights.average(|row| f64::from(u8::from(hit(row)))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn mismatches_are_named() {
        let message = accuracy(&[0, 1], &[0], None).unwrap_err().to_string();
        assert_eq!(message, "predictions: expected 2 rows, as the targets have, got 1 rows");
        assert!(matches!(accuracy(&[], &[], None), Err(Error::Empty { .. })));
        let flags = array![[true, false]];
        assert!(matches!(accuracy(&[0], &flags, None), Err(Error::Shape { .. })));
        let none = Array2::<bool>::default((2, 0));
        assert!(matches!(accuracy(&none, &none, None), Err(Error::Empty { .. })));
    }

    #[test]
    fn top_k_refuses_what_it_cannot_rank() {
        let scores = array![[0.1, 0.9], [f64::NAN, 0.0]];
        assert!(matches!(
            top_k_accuracy(&[0, 1], &scores, 1, None),
            Err(Error::NonFinite { what: "score", row: 1, column: 0, .. })
        ));
        let scores = array![[0.1, 0.9, 0.0]];
        assert!(matches!(top_k_accuracy(&[0], &scores, 0, None), Err(Error::Param { .. })));
        let none = Array2::<f64>::zeros((1, 0));
        assert!(matches!(top_k_accuracy(&[0], &none, 1, None), Err(Error::Empty { .. })));
        assert!(matches!(
            top_k_accuracy(&[3], &scores, 1, None),
            Err(Error::ClassIndex { class: 3, row: 0, classes: 3 })
        ));
    }

    #[test]
    fn adjusted_balanced_accuracy_needs_two_classes() {
        let one = adjusted_balanced_accuracy(&[1, 1], &[1, 0], None);
        assert!(matches!(one, Err(Error::Undefined { .. })));
    }
}
