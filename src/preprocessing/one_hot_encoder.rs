//! A 0/1 column for each category.

use std::fmt::Display;

use ndarray::{Array2, ArrayView1, ArrayView2, s};
use serde::{Deserialize, Serialize};

use super::categories::{Categories, check_known, check_width, first_unknown, fit_columns};
use super::features::zeros;
use crate::data::check_finite;
use crate::error::{Error, Result};
use crate::metrics::first_largest;
use crate::scalar::Scalar;

/// Which category of a column gets no column of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
enum Dropped {
    #[default]
    None,
    First,
    IfBinary,
}

/// Turns each column of labels into a 0/1 column for each of its categories.
///
/// Labels are strings, integers, anything ordered; categories are the labels found, ascending, unless given. Equals
/// scikit-learn's `OneHotEncoder`. For class indices see [`one_hot`](super::one_hot), for the columns of a CSV file
/// [`TableEncoder`](super::TableEncoder).
///
/// ```
/// use blastrain::preprocessing::OneHotEncoder;
/// use blastrain::ndarray::array;
///
/// let colours = array![["red", "S"], ["blue", "L"], ["red", "L"]];
/// let encoder = OneHotEncoder::new().ignore_unknown().fit(colours.view())?;
/// assert_eq!(encoder.categories(1), Some(&["L", "S"][..]));
/// assert_eq!(encoder.output_names(&["colour", "size"])?[0], "colour=blue");
/// let encoded = encoder.transform::<f64>(array![["blue", "S"], ["green", "L"]].view())?;
/// assert_eq!(encoded, array![[1.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]]);
/// let labels = encoder.inverse_transform(encoded.view())?;
/// assert_eq!(labels, array![[Some("blue"), Some("S")], [None, Some("L")]]);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneHotEncoder<T> {
    categories: Option<Vec<Vec<T>>>,
    dropped: Dropped,
    ignore_unknown: bool,
}

impl<T> Default for OneHotEncoder<T> {
    fn default() -> Self {
        Self { categories: None, dropped: Dropped::None, ignore_unknown: false }
    }
}

impl<T> OneHotEncoder<T> {
    /// Categories learned, none dropped, unknown ones refused.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the categories of each column, in the order of the columns that they become.
    pub fn categories(mut self, categories: Vec<Vec<T>>) -> Self {
        self.categories = Some(categories);
        self
    }

    /// Gives the first category of each column no column: it is where the others are all 0.
    pub fn drop_first(mut self) -> Self {
        self.dropped = Dropped::First;
        self
    }

    /// As [`OneHotEncoder::drop_first`], for columns with two categories only.
    pub fn drop_if_binary(mut self) -> Self {
        self.dropped = Dropped::IfBinary;
        self
    }

    /// Encodes a category that was not fitted on as zeros, instead of refusing it. With a dropped category it
    /// looks like that one.
    pub fn ignore_unknown(mut self) -> Self {
        self.ignore_unknown = true;
        self
    }

    /// Whether the categories are to be learned.
    pub(super) fn learns(&self) -> bool {
        self.categories.is_none()
    }
}

impl<T: Ord + Clone + Display> OneHotEncoder<T> {
    /// Finds the categories of each column of `values` `(rows, columns)`.
    ///
    /// # Errors
    /// [`Error::Empty`] without rows or columns, or for an empty list of categories; [`Error::Shape`] for another
    /// number of such lists than columns; [`Error::Param`] for a category given twice;
    /// [`Error::UnknownName`] for a value that is not among those given, unless unknown ones are
    /// ignored.
    pub fn fit(&self, values: ArrayView2<'_, T>) -> Result<FittedOneHotEncoder<T>> {
        let columns = fit_columns(self.categories.as_ref(), values)?;
        check_known(&columns, values, self.ignore_unknown)?;
        let Self { dropped, ignore_unknown, .. } = *self;
        Ok(FittedOneHotEncoder { columns, dropped, ignore_unknown })
    }
}

/// A [`OneHotEncoder`] that knows its categories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(
    serialize = "T: Ord + Clone + Serialize",
    deserialize = "T: Ord + Clone + Deserialize<'de>"
))]
pub struct FittedOneHotEncoder<T> {
    columns: Vec<Categories<T>>,
    dropped: Dropped,
    ignore_unknown: bool,
}

impl<T: Ord + Clone> FittedOneHotEncoder<T> {
    /// The number of columns taken.
    pub fn features(&self) -> usize {
        self.columns.len()
    }

    /// The number of columns given.
    pub fn outputs(&self) -> usize {
        self.columns.iter().map(|categories| self.width(categories)).sum()
    }

    /// The categories of a column; none for a column that is not there.
    pub fn categories(&self, column: usize) -> Option<&[T]> {
        self.columns.get(column).map(Categories::values)
    }

    /// Row and column of the first value that was not fitted on, if such are refused.
    pub(super) fn refused(&self, values: ArrayView2<'_, T>) -> Option<(usize, usize)> {
        first_unknown(&self.columns, values).filter(|_| !self.ignore_unknown)
    }

    fn width(&self, categories: &Categories<T>) -> usize {
        categories.len() - self.dropped(categories)
    }

    /// How many of the first categories have no column: 1 or 0.
    fn dropped(&self, categories: &Categories<T>) -> usize {
        usize::from(match self.dropped {
            Dropped::None => false,
            Dropped::First => true,
            Dropped::IfBinary => categories.len() == 2,
        })
    }

    /// The label of a row of one column's outputs.
    fn label<F: Scalar>(
        &self,
        categories: &Categories<T>,
        outputs: ArrayView1<'_, F>,
    ) -> Result<Option<T>> {
        let dropped = self.dropped(categories);
        let values = categories.values();
        let code = match outputs.sum() == F::zero() {
            false => Some(first_largest(outputs) + dropped),
            true if dropped > 0 => Some(0),
            true if self.ignore_unknown => None,
            true => return Err(Error::undefined("the category of a row", "its columns are all 0")),
        };
        Ok(code.and_then(|code| values.get(code)).cloned())
    }

    /// The labels of one-hot rows `(rows, outputs)`: the category of the largest number.
    ///
    /// Where all are 0, the category that was dropped, or none where unknown ones are ignored.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of columns than outputs; [`Error::NonFinite`] with row and
    /// column; [`Error::Undefined`] for zeros without either meaning.
    pub fn inverse_transform<F: Scalar>(
        &self,
        encoded: ArrayView2<'_, F>,
    ) -> Result<Array2<Option<T>>> {
        check_width("one-hot rows", encoded.ncols(), self.outputs())?;
        check_finite("score", encoded)?;
        let mut labels = Array2::from_elem((encoded.nrows(), self.features()), None);
        let mut start = 0;
        for (mut column, categories) in labels.columns_mut().into_iter().zip(&self.columns) {
            let end = start + self.width(categories);
            for (label, row) in column.iter_mut().zip(encoded.outer_iter()) {
                *label = self.label(categories, row.slice(s![start..end]))?;
            }
            start = end;
        }
        Ok(labels)
    }
}

impl<T: Ord + Clone + Display> FittedOneHotEncoder<T> {
    /// The names of the outputs, "colour=red", from the names of the columns.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of names than columns.
    pub fn output_names(&self, columns: &[impl AsRef<str>]) -> Result<Vec<String>> {
        if columns.len() != self.features() {
            return Err(Error::shape("column names", self.features(), columns.len()));
        }
        let named = columns.iter().zip(&self.columns).flat_map(|(name, categories)| {
            let kept = categories.values().iter().skip(self.dropped(categories));
            kept.map(move |category| format!("{}={category}", name.as_ref()))
        });
        Ok(named.collect())
    }

    /// Encodes `values` `(rows, columns)` as `(rows, outputs)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of columns than fitted on; [`Error::UnknownName`] for a value that was not
    /// fitted on, unless such are ignored; [`Error::Param`] for a matrix that does not fit into
    /// memory.
    pub fn transform<F: Scalar>(&self, values: ArrayView2<'_, T>) -> Result<Array2<F>> {
        check_known(&self.columns, values, self.ignore_unknown)?;
        let mut encoded = zeros("categories", values.nrows(), self.outputs())?;
        let mut start = 0;
        for (column, categories) in values.columns().into_iter().zip(&self.columns) {
            let dropped = self.dropped(categories);
            for (row, value) in column.iter().enumerate() {
                let place = categories.code(value).and_then(|code| code.checked_sub(dropped));
                if let Some(place) = place {
                    encoded[(row, start + place)] = F::one();
                }
            }
            start += self.width(categories);
        }
        Ok(encoded)
    }
}
