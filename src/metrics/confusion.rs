//! The confusion matrix.

use ndarray::{Array2, Axis};

use super::labels::{Labels, Pair, check_classes};
use super::weights::RowWeights;
use crate::error::{Error, Result};

/// What a confusion matrix is divided by. Where the divisor is zero, entries are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Normalize {
    /// Each row by its sum: rows of a class add up to 1.
    Targets,
    /// Each column by its sum: rows predicted so add up to 1.
    Predictions,
    /// Everything by the weight of all rows.
    All,
}

/// Entry `(i, j)`: the weight (or number) of rows of class `i` predicted as `j`.
///
/// The matrix has a row and a column for each class below `classes`, or without that up to the
/// largest class that occurs (scikit-learn without `labels` leaves out classes that occur nowhere).
///
/// # Errors
/// [`Error::ClassIndex`] for a class not below `classes`; [`Error::Param`] for a matrix that does not
/// fit into memory or a bad weight; [`Error::Shape`] and [`Error::Empty`] as in
/// [`accuracy`](super::accuracy).
///
/// ```
/// use blastrain::metrics::confusion_matrix;
/// use blastrain::ndarray::array;
///
/// let matrix = confusion_matrix(&[0, 1, 1], &[0, 0, 1], None, None, None)?;
/// assert_eq!(matrix, array![[1.0, 0.0], [1.0, 1.0]]);
/// # Ok::<(), blastrain::Error>(())
/// ```
pub fn confusion_matrix(
    targets: &[usize],
    predictions: &[usize],
    classes: Option<usize>,
    normalize: Option<Normalize>,
    weights: Option<&[f64]>,
) -> Result<Array2<f64>> {
    Pair::new(Labels::Classes(targets), Labels::Classes(predictions))?;
    let weights = RowWeights::new(weights, targets.len())?;
    let classes = match classes {
        Some(classes) => classes,
        None => {
            let largest = targets.iter().chain(predictions).copied().max().unwrap_or(0);
            largest.saturating_add(1)
        }
    };
    check_classes(targets, classes)?;
    check_classes(predictions, classes)?;
    let mut matrix = zero_matrix(classes)?;
    for (row, (&target, &prediction)) in targets.iter().zip(predictions).enumerate() {
        matrix[(target, prediction)] += weights.of(row);
    }
    match normalize {
        None => {}
        Some(Normalize::Targets) => divide_lines(&mut matrix, Axis(0)),
        Some(Normalize::Predictions) => divide_lines(&mut matrix, Axis(1)),
        Some(Normalize::All) => {
            let total = matrix.sum();
            matrix.mapv_inplace(|entry| entry / total);
        }
    }
    Ok(matrix)
}

fn divide_lines(matrix: &mut Array2<f64>, axis: Axis) {
    for mut line in matrix.axis_iter_mut(axis) {
        let total = line.sum();
        if total != 0.0 {
            line.mapv_inplace(|entry| entry / total);
        }
    }
}

fn zero_matrix(classes: usize) -> Result<Array2<f64>> {
    let too_large = || Error::param("classes", classes, "a number whose square fits into memory");
    let size = classes.checked_mul(classes).ok_or_else(too_large)?;
    let mut entries = Vec::new();
    entries.try_reserve_exact(size).map_err(|_| too_large())?;
    entries.resize(size, 0.0);
    Array2::from_shape_vec((classes, classes), entries).map_err(|_| too_large())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_out_of_range_or_out_of_memory_are_errors() {
        assert!(matches!(
            confusion_matrix(&[0, 2], &[0, 0], Some(2), None, None),
            Err(Error::ClassIndex { class: 2, row: 1, classes: 2 })
        ));
        assert!(matches!(
            confusion_matrix(&[0, usize::MAX - 1], &[0, 0], None, None, None),
            Err(Error::Param { name: "classes", .. })
        ));
    }
}
