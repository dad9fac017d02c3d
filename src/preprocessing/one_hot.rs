//! Class indices as one-hot rows and back.

use ndarray::{Array2, ArrayView2};

use super::features::zeros;
use crate::data::check_finite;
use crate::error::{Error, Result};
use crate::metrics::first_largest;
use crate::scalar::Scalar;

/// A row for each class index: 1 in its column, 0 elsewhere; `(rows, classes)`.
///
/// # Errors
/// [`Error::ClassIndex`] for an index not below `classes`; [`Error::Param`] for a matrix that does not
/// fit into memory.
///
/// ```
/// use blastrain::preprocessing::{from_one_hot, one_hot};
/// use blastrain::ndarray::array;
///
/// let rows = one_hot::<f32>(&[2, 0], 3)?;
/// assert_eq!(rows, array![[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
/// assert_eq!(from_one_hot(rows.view())?, [2, 0]);
/// # Ok::<(), blastrain::Error>(())
/// ```
pub fn one_hot<F: Scalar>(indices: &[usize], classes: usize) -> Result<Array2<F>> {
    if let Some(row) = indices.iter().position(|&class| class >= classes) {
        return Err(Error::ClassIndex { class: indices[row], row, classes });
    }
    let mut rows = zeros("classes", indices.len(), classes)?;
    for (mut row, &class) in rows.outer_iter_mut().zip(indices) {
        row[class] = F::one();
    }
    Ok(rows)
}

/// The column of the largest number in each row, the first of equal ones.
///
/// Undoes [`one_hot`], and reads classes from scores `(rows, classes)`.
///
/// # Errors
/// [`Error::Empty`] without columns; [`Error::NonFinite`] with row and column.
pub fn from_one_hot<F: Scalar>(rows: ArrayView2<'_, F>) -> Result<Vec<usize>> {
    if rows.ncols() == 0 {
        return Err(Error::empty("the one-hot matrix", "1 column"));
    }
    check_finite("score", rows)?;
    Ok(rows.outer_iter().map(first_largest).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn what_cannot_be_encoded_is_refused() {
        assert!(matches!(
            one_hot::<f64>(&[0, 3], 3),
            Err(Error::ClassIndex { class: 3, row: 1, classes: 3 })
        ));
        for classes in [usize::MAX, usize::MAX / 16] {
            assert!(matches!(
                one_hot::<f64>(&[0, 1], classes),
                Err(Error::Param { name: "classes", .. })
            ));
        }
        assert_eq!(one_hot::<f64>(&[], 3).unwrap().dim(), (0, 3));
        assert!(matches!(
            one_hot::<f64>(&[], usize::MAX),
            Err(Error::Param { name: "classes", .. }) | Ok(_)
        ));
        assert!(matches!(
            from_one_hot(array![[1.0, f64::NAN]].view()),
            Err(Error::NonFinite { .. })
        ));
        assert!(matches!(
            from_one_hot(Array2::<f64>::zeros((2, 0)).view()),
            Err(Error::Empty { .. })
        ));
    }
}
