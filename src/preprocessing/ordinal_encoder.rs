//! A number for each category.

use std::fmt::Display;

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::categories::{Categories, check_known, check_width, first_unknown, fit_columns};
use crate::data::check_finite;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// Turns each column of labels into the position of the label among its categories: 0, 1, 2 …
///
/// Labels are strings, integers, anything ordered; categories are the labels found, ascending, unless given. For
/// categories that have an order (give it), or two values. Equals scikit-learn's `OrdinalEncoder`.
///
/// ```
/// use blastrain::preprocessing::OrdinalEncoder;
/// use blastrain::ndarray::array;
///
/// let sizes = array![["M"], ["S"], ["L"]];
/// let encoder = OrdinalEncoder::new()
///     .categories(vec![vec!["S", "M", "L"]])
///     .unknown_code(-1.0)
///     .fit(sizes.view())?;
/// let encoded = encoder.transform::<f32>(array![["L"], ["XL"], ["S"]].view())?;
/// assert_eq!(encoded, array![[2.0], [-1.0], [0.0]]);
/// let labels = encoder.inverse_transform(encoded.view())?;
/// assert_eq!(labels, array![[Some("L")], [None], [Some("S")]]);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct OrdinalEncoder<T> {
    categories: Option<Vec<Vec<T>>>,
    unknown_code: Option<f64>,
}

impl<T> Default for OrdinalEncoder<T> {
    fn default() -> Self {
        Self { categories: None, unknown_code: None }
    }
}

impl<T> OrdinalEncoder<T> {
    /// Categories learned, unknown ones refused.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the categories of each column, in their order.
    pub fn categories(mut self, categories: Vec<Vec<T>>) -> Self {
        self.categories = Some(categories);
        self
    }

    /// Encodes a category that was not fitted on as this number, instead of refusing it: finite, and
    /// not one that a category has. Checked by `fit`.
    pub fn unknown_code(mut self, code: f64) -> Self {
        self.unknown_code = Some(code);
        self
    }
}

impl<T: Ord + Clone + Display> OrdinalEncoder<T> {
    /// Finds the categories of each column of `values` `(rows, columns)`.
    ///
    /// # Errors
    /// [`Error::Param`] for a code of unknown categories that cannot be; otherwise as in
    /// [`OneHotEncoder::fit`](super::OneHotEncoder::fit).
    pub fn fit(&self, values: ArrayView2<'_, T>) -> Result<FittedOrdinalEncoder<T>> {
        let columns = fit_columns(self.categories.as_ref(), values)?;
        if let Some(code) = self.unknown_code {
            let taken = |categories: &Categories<T>| {
                code.fract() == 0.0 && code >= 0.0 && code < categories.len() as f64
            };
            if !code.is_finite() || columns.iter().any(taken) {
                let want = "finite, and not the code of a category";
                return Err(Error::param("unknown_code", code, want));
            }
        }
        check_known(&columns, values, self.unknown_code.is_some())?;
        Ok(FittedOrdinalEncoder { columns, unknown_code: self.unknown_code })
    }
}

/// An [`OrdinalEncoder`] that knows its categories.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(
    serialize = "T: Ord + Clone + Serialize",
    deserialize = "T: Ord + Clone + Deserialize<'de>"
))]
pub struct FittedOrdinalEncoder<T> {
    columns: Vec<Categories<T>>,
    unknown_code: Option<f64>,
}

impl<T: Ord + Clone> FittedOrdinalEncoder<T> {
    /// The number of columns taken, and given.
    pub fn features(&self) -> usize {
        self.columns.len()
    }

    /// The categories of a column; none for a column that is not there.
    pub fn categories(&self, column: usize) -> Option<&[T]> {
        self.columns.get(column).map(Categories::values)
    }

    /// Row and column of the first value that was not fitted on, if such are refused.
    pub(super) fn refused(&self, values: ArrayView2<'_, T>) -> Option<(usize, usize)> {
        first_unknown(&self.columns, values).filter(|_| self.unknown_code.is_none())
    }

    /// The labels of codes `(rows, columns)`; none for the code of unknown ones.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of columns than fitted on; [`Error::NonFinite`] with row and
    /// column; [`Error::Param`] for a number that is no category's code.
    pub fn inverse_transform<F: Scalar>(
        &self,
        codes: ArrayView2<'_, F>,
    ) -> Result<Array2<Option<T>>> {
        check_width("codes", codes.ncols(), self.features())?;
        check_finite("code", codes)?;
        let unknown = self.unknown_code.map(F::from_f64);
        let mut labels = Array2::from_elem(codes.raw_dim(), None);
        for ((row, column), &code) in codes.indexed_iter() {
            if unknown == Some(code) {
                continue;
            }
            let values = self.columns[column].values();
            let whole = code >= F::zero() && code.fract() == F::zero();
            let label = whole.then(|| values.get(code.as_f64() as usize)).flatten();
            let Some(label) = label else {
                let want = format!("a whole number below {}", values.len());
                let got = format!("{code} at row {row}, column {column}");
                return Err(Error::param("code", got, want));
            };
            labels[(row, column)] = Some(label.clone());
        }
        Ok(labels)
    }
}

impl<T: Ord + Clone + Display> FittedOrdinalEncoder<T> {
    /// Encodes `values` `(rows, columns)` as numbers of the same shape.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of columns than fitted on; [`Error::UnknownName`] for a value that was not
    /// fitted on, unless such have a code.
    pub fn transform<F: Scalar>(&self, values: ArrayView2<'_, T>) -> Result<Array2<F>> {
        check_known(&self.columns, values, self.unknown_code.is_some())?;
        let unknown = self.unknown_code.unwrap_or_default();
        Ok(Array2::from_shape_fn(values.raw_dim(), |(row, column)| {
            let code = self.columns[column].code(&values[(row, column)]);
            F::from_f64(code.map_or(unknown, |code| code as f64))
        }))
    }
}
