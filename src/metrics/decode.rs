//! From what a network gives to labels: the rules that [`Metric`](super::Metric) documents.

use std::borrow::Cow;

use ndarray::{Array2, ArrayView1, ArrayView2};

use super::labels::{Labels, check_classes, check_columns, check_rows, check_scores_columns};
use super::probability::{adds_up_to_one, check_unit_range};
use crate::data::{Targets, check_finite};
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// What the targets of some rows say.
#[derive(Debug, Clone)]
pub(super) enum Truth<'a> {
    /// One class a row; the predictions have a column a class, or one column for two classes.
    Classes(Cow<'a, [usize]>),
    /// Flags, as many columns as the predictions.
    Flags(Array2<bool>),
}

/// True and predicted labels.
#[derive(Debug, Clone)]
pub(super) enum Decoded<'a> {
    Classes(Cow<'a, [usize]>, Vec<usize>),
    Flags(Array2<bool>, Array2<bool>),
}

impl<'a> Truth<'a> {
    /// Reads the targets and checks that the predictions fit them and are finite.
    pub(super) fn new<F: Scalar>(
        targets: Targets<'a, F>,
        predictions: ArrayView2<'_, F>,
    ) -> Result<Self> {
        check_rows(targets.rows(), predictions.nrows())?;
        check_scores_columns(predictions.ncols())?;
        check_finite("prediction", predictions)?;
        match targets {
            Targets::Classes(classes) => {
                check_classes(classes, predictions.ncols().max(2))?;
                Ok(Truth::Classes(Cow::Borrowed(classes)))
            }
            Targets::Values(values) => {
                check_columns(values.ncols(), predictions.ncols())?;
                check_unit_range("target", values)?;
                Self::of_values(values)
            }
        }
    }

    fn of_values<F: Scalar>(values: ArrayView2<'_, F>) -> Result<Self> {
        if values.ncols() == 1 || values.outer_iter().all(|line| adds_up_to_one(line.iter())) {
            return Ok(Truth::Classes(Cow::Owned(classes_of(values))));
        }
        super::labels::flags_from(values).map(Truth::Flags).map_err(|error| match error {
            Error::Param { got, .. } => {
                Error::param("target", got, "0 or 1, or part of a row that adds up to 1")
            }
            other => other,
        })
    }
}

impl<'a> Decoded<'a> {
    /// Reads targets and predictions as labels.
    pub(super) fn new<F: Scalar>(
        targets: Targets<'a, F>,
        predictions: ArrayView2<'_, F>,
    ) -> Result<Self> {
        Ok(match Truth::new(targets, predictions)? {
            Truth::Classes(classes) => Decoded::Classes(classes, classes_of(predictions)),
            Truth::Flags(flags) => Decoded::Flags(flags, above_half(predictions)),
        })
    }

    /// True and predicted labels, in this order.
    pub(super) fn labels(&self) -> (Labels<'_>, Labels<'_>) {
        match self {
            Decoded::Classes(targets, predictions) => {
                (Labels::Classes(targets), Labels::Classes(predictions))
            }
            Decoded::Flags(targets, predictions) => {
                (Labels::Flags(targets.view()), Labels::Flags(predictions.view()))
            }
        }
    }
}

/// The class of each row: above one half for one column, else the first of the largest.
pub(super) fn classes_of<F: Scalar>(scores: ArrayView2<'_, F>) -> Vec<usize> {
    let one_column = scores.ncols() == 1;
    let half = F::from_f64(0.5);
    let class = |line: ArrayView1<'_, F>| {
        if one_column { usize::from(line[0] > half) } else { first_largest(line) }
    };
    scores.outer_iter().map(class).collect()
}

/// Which flags lie strictly above one half.
pub(super) fn above_half<F: Scalar>(scores: ArrayView2<'_, F>) -> Array2<bool> {
    scores.mapv(|score| score > F::from_f64(0.5))
}

/// The position of the first of the largest numbers; 0 for none.
pub(crate) fn first_largest<F: Scalar>(line: ArrayView1<'_, F>) -> usize {
    let mut best = 0;
    for (index, &number) in line.iter().enumerate() {
        if number > line[best] {
            best = index;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn decode(targets: Array2<f64>, predictions: Array2<f64>) -> Result<Decoded<'static>> {
        Ok(match Decoded::new(Targets::Values(targets.view()), predictions.view())? {
            Decoded::Classes(targets, predictions) => {
                Decoded::Classes(Cow::Owned(targets.into_owned()), predictions)
            }
            Decoded::Flags(targets, predictions) => Decoded::Flags(targets, predictions),
        })
    }

    #[test]
    fn one_column_is_thresholded_strictly_above_half() {
        let predictions = array![[0.5], [0.500001], [0.1]];
        let decoded = Decoded::new(Targets::Classes(&[0, 1, 1]), predictions.view()).unwrap();
        assert!(matches!(decoded, Decoded::Classes(_, classes) if classes == [0, 1, 0]));
        let soft = decode(array![[0.9], [0.2]], array![[0.6], [0.6]]).unwrap();
        assert!(matches!(soft, Decoded::Classes(t, p) if *t == [1, 0] && p == [1, 1]));
    }

    #[test]
    fn rows_that_add_up_to_one_are_classes_and_others_flags() {
        let hot = decode(array![[0.0, 1.0], [1.0, 0.0]], array![[0.2, 0.2], [0.1, 0.9]]).unwrap();
        assert!(matches!(hot, Decoded::Classes(t, p) if *t == [1, 0] && p == [0, 1]));
        let flags = decode(array![[1.0, 1.0], [0.0, 0.0]], array![[0.9, 0.5], [0.6, 0.1]]).unwrap();
        let expected = array![[true, false], [true, false]];
        assert!(matches!(flags, Decoded::Flags(_, predictions) if predictions == expected));
        let neither = decode(array![[0.3, 0.3]], array![[0.5, 0.5]]).unwrap_err().to_string();
        assert_eq!(
            neither,
            "target is 0.3 at row 0, column 0, but must be 0 or 1, or part of a row that adds up to 1"
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let wide = decode(array![[1.0, 0.0]], array![[0.5, 0.3, 0.2]]);
        assert!(matches!(wide, Err(Error::Shape { .. })));
        let predictions = array![[0.5], [0.5]];
        let classes = Decoded::new(Targets::Classes(&[0, 2]), predictions.view());
        assert!(matches!(classes, Err(Error::ClassIndex { class: 2, row: 1, classes: 2 })));
        let diverged = decode(array![[1.0]], array![[f64::NAN]]);
        assert!(matches!(diverged, Err(Error::NonFinite { what: "prediction", .. })));
    }
}
