//! What all transformers do with a feature matrix.

use ndarray::{Array2, ArrayView2};

use super::categories::check_width;
use crate::data::{Dataset, check_finite};
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// Checks that a matrix to fit on has rows and columns, all finite.
pub(super) fn check_fit<F: Scalar>(features: ArrayView2<'_, F>) -> Result<()> {
    if features.nrows() == 0 {
        return Err(Error::empty("the feature matrix", "1 row"));
    }
    if features.ncols() == 0 {
        return Err(Error::empty("the feature matrix", "1 column"));
    }
    check_finite("feature", features)
}

/// Checks that a matrix to transform has the columns fitted on, all finite. No rows will do.
pub(super) fn check_columns<F: Scalar>(features: ArrayView2<'_, F>, columns: usize) -> Result<()> {
    check_width("features", features.ncols(), columns)?;
    check_finite("feature", features)
}

/// Maps every value by `map(column, value)`, computed in `f64` whatever `F` is.
///
/// The matrix must have `columns` columns, as the one fitted on, and finite values; a result that leaves
/// the range of `F` is an error too, and no rows are none again.
pub(super) fn map_columns<F: Scalar>(
    features: ArrayView2<'_, F>,
    columns: usize,
    map: impl Fn(usize, f64) -> f64,
) -> Result<Array2<F>> {
    check_columns(features, columns)?;
    let mapped = Array2::from_shape_fn(features.raw_dim(), |(row, column)| {
        F::from_f64(map(column, features[(row, column)].as_f64()))
    });
    check_finite("scaled feature", mapped.view())?;
    Ok(mapped)
}

/// Numbers computed in `f64` as `F`; one that leaves the range of `F` is an error.
pub(super) fn narrowed<F: Scalar>(values: Array2<f64>) -> Result<Array2<F>> {
    let narrow = values.mapv(F::from_f64);
    check_finite("transformed feature", narrow.view())?;
    Ok(narrow)
}

/// Zeros `(rows, columns)`, or an error of the setting `name` that asks for so many columns.
pub(super) fn zeros<F: Scalar>(
    name: &'static str,
    rows: usize,
    columns: usize,
) -> Result<Array2<F>> {
    let too_large = || {
        let want = format!("a number that {rows} rows fit into memory with");
        Error::param(name, columns, want)
    };
    let size = rows.checked_mul(columns).ok_or_else(too_large)?;
    let mut values = Vec::new();
    values.try_reserve_exact(size).map_err(|_| too_large())?;
    values.resize(size, F::zero());
    Array2::from_shape_vec((rows, columns), values).map_err(|_| too_large())
}

/// Runs on the features of a data set, copied only where it sees chosen rows.
pub(super) fn on_features<F: Scalar, T>(
    data: &Dataset<'_, F>,
    run: impl FnOnce(ArrayView2<'_, F>) -> Result<T>,
) -> Result<T> {
    match data.features_view() {
        Some(features) => run(features),
        None => run(data.to_arrays().0.view()),
    }
}
