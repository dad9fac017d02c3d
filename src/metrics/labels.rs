//! Predicted or true labels: one class a row, or several flags a row.

use ndarray::{Array1, Array2, ArrayView2};

use super::columns::Columns;
use crate::data::check_finite;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// Labels of some rows, borrowed.
///
/// Made by `From`: class indices from slices, vectors and arrays of `usize`; flags (multilabel) from
/// arrays and views of `bool`, which [`flags_from`] and [`flags_above`] make from numbers.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Labels<'a> {
    /// One class index a row, counted from 0.
    Classes(&'a [usize]),
    /// `(rows, labels)`: whether the row has the label. A row has any number of labels.
    Flags(ArrayView2<'a, bool>),
}

impl<'a> From<&'a [usize]> for Labels<'a> {
    fn from(classes: &'a [usize]) -> Self {
        Labels::Classes(classes)
    }
}

impl<'a> From<&'a Vec<usize>> for Labels<'a> {
    fn from(classes: &'a Vec<usize>) -> Self {
        Labels::Classes(classes)
    }
}

impl<'a, const N: usize> From<&'a [usize; N]> for Labels<'a> {
    fn from(classes: &'a [usize; N]) -> Self {
        Labels::Classes(classes)
    }
}

impl<'a> From<ArrayView2<'a, bool>> for Labels<'a> {
    fn from(flags: ArrayView2<'a, bool>) -> Self {
        Labels::Flags(flags)
    }
}

impl<'a> From<&'a Array2<bool>> for Labels<'a> {
    fn from(flags: &'a Array2<bool>) -> Self {
        Labels::Flags(flags.view())
    }
}

impl<'a> TryFrom<&'a Array1<usize>> for Labels<'a> {
    type Error = Error;

    /// # Errors
    /// [`Error::Shape`] for an array that does not lie in memory in order.
    fn try_from(classes: &'a Array1<usize>) -> Result<Self> {
        let slice = classes
            .as_slice()
            .ok_or_else(|| Error::shape("class indices", "an array in memory order", "strides"))?;
        Ok(Labels::Classes(slice))
    }
}

/// Flags `(rows, labels)` from numbers that are all 0 or 1.
///
/// # Errors
/// [`Error::Param`] for any other number, with its row and column.
///
/// ```
/// use blastrain::metrics::{accuracy, flags_from};
/// use blastrain::ndarray::array;
///
/// let targets = flags_from(&array![[1.0, 0.0], [1.0, 1.0]])?;
/// let predictions = flags_from(&array![[1.0, 0.0], [0.0, 1.0]])?;
/// assert_eq!(accuracy(&targets, &predictions, None)?, 0.5);
/// # Ok::<(), blastrain::Error>(())
/// ```
pub fn flags_from<'n, F: Scalar>(numbers: impl Into<Columns<'n, F>>) -> Result<Array2<bool>> {
    let numbers = numbers.into().view();
    for ((row, column), &number) in numbers.indexed_iter() {
        if number != F::zero() && number != F::one() {
            let got = format!("{number} at row {row}, column {column}");
            return Err(Error::param("flag", got, "0 or 1"));
        }
    }
    Ok(numbers.mapv(|number| number == F::one()))
}

/// Flags `(rows, labels)`: whether each score lies strictly above the threshold.
///
/// # Errors
/// [`Error::NonFinite`] for a score, [`Error::Param`] for a threshold that is NaN.
pub fn flags_above<'s, F: Scalar>(
    scores: impl Into<Columns<'s, F>>,
    threshold: F,
) -> Result<Array2<bool>> {
    if threshold.is_nan() {
        return Err(Error::param("threshold", threshold, "a number"));
    }
    let scores = scores.into().view();
    check_finite("score", scores)?;
    Ok(scores.mapv(|score| score > threshold))
}

/// Targets and predictions of one kind, of one shape, with at least one row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pair<'a> {
    Classes(&'a [usize], &'a [usize]),
    Flags(ArrayView2<'a, bool>, ArrayView2<'a, bool>),
}

impl<'a> Pair<'a> {
    pub(super) fn new<'t: 'a, 'p: 'a>(
        targets: Labels<'t>,
        predictions: Labels<'p>,
    ) -> Result<Self> {
        match (targets, predictions) {
            (Labels::Classes(targets), Labels::Classes(predictions)) => {
                check_rows(targets.len(), predictions.len())?;
                Ok(Pair::Classes(targets, predictions))
            }
            (Labels::Flags(targets), Labels::Flags(predictions)) => {
                check_rows(targets.nrows(), predictions.nrows())?;
                check_columns(targets.ncols(), predictions.ncols())?;
                Ok(Pair::Flags(targets.reborrow(), predictions.reborrow()))
            }
            (Labels::Classes(_), Labels::Flags(_)) => {
                Err(Error::shape("predictions", "class indices, as the targets", "flags"))
            }
            (Labels::Flags(_), Labels::Classes(_)) => {
                Err(Error::shape("predictions", "flags, as the targets", "class indices"))
            }
        }
    }

    pub(super) fn rows(&self) -> usize {
        match self {
            Pair::Classes(targets, _) => targets.len(),
            Pair::Flags(targets, _) => targets.nrows(),
        }
    }
}

/// Checks that there are rows, as many predictions as targets.
pub(super) fn check_rows(targets: usize, predictions: usize) -> Result<()> {
    if predictions != targets {
        let want = format!("{targets} rows, as the targets have");
        return Err(Error::shape("predictions", want, format!("{predictions} rows")));
    }
    if targets == 0 {
        return Err(Error::empty("the targets", "1 row"));
    }
    Ok(())
}

/// Checks that there are columns, as many for predictions as for targets.
pub(super) fn check_columns(targets: usize, predictions: usize) -> Result<()> {
    if predictions != targets {
        let want = format!("{targets} columns, as the targets have");
        return Err(Error::shape("predictions", want, format!("{predictions} columns")));
    }
    if targets == 0 {
        return Err(Error::empty("the target matrix", "1 column"));
    }
    Ok(())
}

/// Checks that scores have a column.
pub(super) fn check_scores_columns(columns: usize) -> Result<()> {
    if columns == 0 { Err(Error::empty("the score matrix", "1 column")) } else { Ok(()) }
}

/// Checks that every class is below the number of classes.
pub(super) fn check_classes(indices: &[usize], classes: usize) -> Result<()> {
    match indices.iter().position(|&class| class >= classes) {
        None => Ok(()),
        Some(row) => Err(Error::ClassIndex { class: indices[row], row, classes }),
    }
}
