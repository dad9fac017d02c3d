//! From a CSV table to features and a target.

use super::csv_table::CsvTable;
use super::dataset::Dataset;
use crate::error::Result;
use crate::preprocessing::TableEncoder;
use crate::scalar::Scalar;

impl CsvTable {
    /// Features and target as a data set, with the names of features and classes.
    ///
    /// The target column is the one that the reader was told. Texts are classes, numbers are values to
    /// estimate, unless the reader was told which. Classes are sorted: texts by code point,
    /// numbers by size, as scikit-learn's `LabelEncoder` does. A text column among the features
    /// becomes one 0/1 feature for each of its texts, sorted, named like `colour=red`. Numbers are
    /// rounded to the nearest `F`. A second file that is to be encoded as this one was needs a
    /// [`TableEncoder`], of which this is the default.
    ///
    /// # Errors
    /// [`Error::Param`](crate::Error::Param) if the reader was told no target. [`Error::Format`](crate::Error::Format) for a feature column that
    /// mixes numbers with texts and was not declared to be text (with the line of the first text:
    /// a typing error, or a marker for missing values), or with more texts than
    /// [`CsvReader::max_categories`](super::CsvReader::max_categories).
    /// [`Error::MissingValue`](crate::Error::MissingValue) for one that the reader kept. [`Error::Empty`](crate::Error::Empty) without a feature
    /// column. [`Error::NonFinite`](crate::Error::NonFinite) for a number too large for `F`.
    pub fn into_dataset<F: Scalar>(self) -> Result<Dataset<'static, F>> {
        self.check_target()?;
        TableEncoder::new().fit(&self)?.dataset(&self)
    }
}
