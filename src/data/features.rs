//! Where a data set's features lie.

use ndarray::{ArcArray2, Array2, ArrayView2};

use super::dataset::Dataset;
use crate::error::{Error, Result};
use crate::linalg::norms;
use crate::scalar::Scalar;

/// Features `(rows, features)`, owned (shared) or borrowed. Made by `From`; nothing is copied.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum FeatureStorage<'a, F> {
    /// Shared with every view of the data set.
    Shared(ArcArray2<F>),
    /// Borrowed from the caller.
    View(ArrayView2<'a, F>),
}

impl<F> FeatureStorage<'_, F> {
    /// The features as a view.
    pub fn view(&self) -> ArrayView2<'_, F> {
        match self {
            FeatureStorage::Shared(array) => array.view(),
            FeatureStorage::View(view) => view.view(),
        }
    }
}

impl<F: Clone> From<Array2<F>> for FeatureStorage<'_, F> {
    fn from(array: Array2<F>) -> Self {
        FeatureStorage::Shared(array.into_shared())
    }
}

impl<F> From<ArcArray2<F>> for FeatureStorage<'_, F> {
    fn from(array: ArcArray2<F>) -> Self {
        FeatureStorage::Shared(array)
    }
}

impl<'a, F> From<ArrayView2<'a, F>> for FeatureStorage<'a, F> {
    fn from(view: ArrayView2<'a, F>) -> Self {
        FeatureStorage::View(view)
    }
}

impl<'a, F> From<&'a Array2<F>> for FeatureStorage<'a, F> {
    fn from(array: &'a Array2<F>) -> Self {
        FeatureStorage::View(array.view())
    }
}

/// The rows seen: the storage itself, or a copy where the data set shows other rows than it has.
impl<'a, F: Scalar> From<&'a Dataset<'_, F>> for FeatureStorage<'a, F> {
    fn from(data: &'a Dataset<'_, F>) -> Self {
        match data.features_view() {
            Some(view) => FeatureStorage::View(view),
            None => data.to_arrays().0.into(),
        }
    }
}

/// Finds the first value that is not finite.
pub(crate) fn check_finite<F: Scalar>(what: &'static str, values: ArrayView2<F>) -> Result<()> {
    // One quick pass where all is well.
    if values.as_slice().is_some_and(norms::all_finite) {
        return Ok(());
    }
    for (row, line) in values.outer_iter().enumerate() {
        for (column, value) in line.iter().enumerate() {
            if !value.is_finite() {
                return Err(Error::NonFinite { what, value: value.as_f64(), row, column });
            }
        }
    }
    Ok(())
}
