//! The singular value decomposition, by LAPACK.

use ndarray::Array2;

use crate::error::{Error, Result};

const WHAT: &str = "the singular value decomposition";
/// LAPACK counts its work space, some squares of the smaller side, in 32-bit integers.
#[cfg(feature = "openblas")]
const LARGEST_SMALLER_SIDE: usize = 16_384;

/// Singular values, descending, and the right singular vectors as rows: `min(rows, columns)` of each.
///
/// `matrix` must be finite and have a row and a column.
///
/// # Errors
/// [`Error::Unavailable`] in a build without LAPACK, or for an OpenBLAS that
/// [`blas_info`](crate::blas_info) refuses, or for a matrix beyond its integers; [`Error::Undefined`] if the iteration does not converge.
#[cfg(feature = "openblas")]
pub(crate) fn right_singular_vectors(matrix: Array2<f64>) -> Result<(Vec<f64>, Array2<f64>)> {
    use ndarray_linalg::{JobSvd, SVDDCInto, SVDInto};

    let (rows, columns) = matrix.dim();
    if rows.min(columns) > LARGEST_SMALLER_SIDE || rows.max(columns) > i32::MAX as usize {
        return Err(Error::Unavailable {
            what: format!("{WHAT} of {rows} rows and {columns} columns"),
            why: format!("rows or columns must be at most {LARGEST_SMALLER_SIDE}"),
        });
    }
    crate::native::ensure_ready()?;
    crate::native::pin_this_thread();
    // The left vectors of a tall matrix would be as large as itself; without them LAPACK reduces it to a
    // square first. Of a wide one the plain driver would give a square of right vectors.
    let (_, values, vectors) = match rows > columns {
        true => matrix.svd_into(false, true),
        false => matrix.svddc_into(JobSvd::Some),
    }
    .map_err(|error| Error::undefined(WHAT, error.to_string()))?;
    let vectors = vectors.ok_or_else(|| Error::undefined(WHAT, "LAPACK gave no vectors"))?;
    Ok((values.to_vec(), vectors))
}

/// There is no LAPACK in this build.
#[cfg(not(feature = "openblas"))]
pub(crate) fn right_singular_vectors(_matrix: Array2<f64>) -> Result<(Vec<f64>, Array2<f64>)> {
    Err(Error::Unavailable {
        what: WHAT.to_owned(),
        why: "it needs LAPACK: build with the feature openblas-system or openblas-static"
            .to_owned(),
    })
}

#[cfg(all(test, feature = "openblas"))]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_give_orthonormal_rows_that_rebuild_the_gram_matrix() {
        for (rows, columns) in [(1, 1), (7, 3), (3, 7), (5, 5), (40, 1), (1, 40)] {
            let matrix = crate::random_matrix::<f64>(rows, columns, 3);
            let (values, vectors) = right_singular_vectors(matrix.clone()).unwrap();
            let least = rows.min(columns);
            assert_eq!((values.len(), vectors.dim()), (least, (least, columns)));
            assert!(values.windows(2).all(|pair| pair[0] >= pair[1]));
            let unit = vectors.dot(&vectors.t()) - Array2::<f64>::eye(least);
            assert!(unit.iter().all(|error| error.abs() < 1e-13));
            let scaled = Array2::from_shape_fn(vectors.dim(), |(i, j)| values[i] * vectors[(i, j)]);
            let difference = matrix.t().dot(&matrix) - scaled.t().dot(&scaled);
            assert!(difference.iter().all(|error| error.abs() < 1e-12));
        }
    }
}
