//! Scaling each feature to a range.

use ndarray::{Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use super::features::{check_fit, map_columns, on_features};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// Scales each feature so that the rows fitted on span a range, `[0, 1]` by default:
/// `low + (high − low)·(x − min) / (max − min)`, column by column, `(rows, columns)` → the same shape.
///
/// A constant feature becomes the range's lower end. Equals scikit-learn's `MinMaxScaler`; statistics
/// are kept in `f64`.
///
/// ```
/// use blastrain::preprocessing::MinMaxScaler;
/// use blastrain::ndarray::array;
///
/// let scaler = MinMaxScaler::new().feature_range(-1.0, 1.0).fit(array![[0.0], [4.0]].view())?;
/// let scaled = scaler.transform(array![[1.0], [4.0]].view())?;
/// assert_eq!(scaled, array![[-0.5], [1.0]]);
/// assert_eq!(scaler.inverse_transform(scaled.view())?, array![[1.0], [4.0]]);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MinMaxScaler {
    feature_range: (f64, f64),
    clip: bool,
}

impl Default for MinMaxScaler {
    fn default() -> Self {
        Self { feature_range: (0.0, 1.0), clip: false }
    }
}

impl MinMaxScaler {
    /// To `[0, 1]`, without clipping.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the range to scale to: two finite numbers, the first below the second. Checked by `fit`.
    pub fn feature_range(mut self, low: f64, high: f64) -> Self {
        self.feature_range = (low, high);
        self
    }

    /// Sets whether `transform` clips to the range what lies beyond the rows fitted on.
    pub fn clip(mut self, clip: bool) -> Self {
        self.clip = clip;
        self
    }

    /// Finds the range of each column of `features` `(rows, columns)`.
    ///
    /// # Errors
    /// [`Error::Param`] for a bad range; [`Error::Empty`] without rows or columns;
    /// [`Error::NonFinite`] with row and column; [`Error::Undefined`] for a column whose range is not
    /// finite in `F`.
    pub fn fit<F: Scalar>(&self, features: ArrayView2<'_, F>) -> Result<FittedMinMaxScaler> {
        let (low, high) = self.feature_range;
        if !(low.is_finite() && high.is_finite() && low < high) {
            let got = format!("({low}, {high})");
            return Err(Error::param("feature_range", got, "two finite numbers, low < high"));
        }
        check_fit(features)?;
        let columns = features.axis_iter(Axis(1)).enumerate().map(|(index, column)| {
            let (min, max) =
                column.iter().fold((F::infinity(), F::neg_infinity()), |(min, max), &value| {
                    (min.min(value), max.max(value))
                });
            if !(max - min).is_finite() {
                let what = format!("the range of feature {index}");
                return Err(Error::undefined(what, format!("{min} to {max} overflows")));
            }
            // In f64 also for f32: the difference is exact enough for the constant test of either type.
            let (min, max) = (min.as_f64(), max.as_f64());
            let range = max - min;
            let constant = range < 10.0 * F::epsilon().as_f64();
            let scale = (high - low) / if constant { 1.0 } else { range };
            Ok(Column { min, max, scale, offset: low - min * scale })
        });
        Ok(FittedMinMaxScaler { scaler: self.clone(), columns: columns.collect::<Result<_>>()? })
    }

    /// [`MinMaxScaler::fit`] on the features of the rows that a data set sees.
    ///
    /// # Errors
    /// As in [`MinMaxScaler::fit`].
    pub fn fit_dataset<F: Scalar>(&self, data: &Dataset<'_, F>) -> Result<FittedMinMaxScaler> {
        on_features(data, |features| self.fit(features))
    }
}

/// A [`MinMaxScaler`] that knows its columns: `x · scale + offset`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedMinMaxScaler {
    scaler: MinMaxScaler,
    columns: Vec<Column>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Column {
    min: f64,
    max: f64,
    scale: f64,
    offset: f64,
}

impl FittedMinMaxScaler {
    /// The number of columns fitted on.
    pub fn features(&self) -> usize {
        self.columns.len()
    }

    /// The smallest value of each column.
    pub fn data_min(&self) -> Vec<f64> {
        self.columns.iter().map(|column| column.min).collect()
    }

    /// The largest value of each column.
    pub fn data_max(&self) -> Vec<f64> {
        self.columns.iter().map(|column| column.max).collect()
    }

    /// What each column is multiplied by.
    pub fn scale(&self) -> Vec<f64> {
        self.columns.iter().map(|column| column.scale).collect()
    }

    /// What is added to each column after that.
    pub fn offset(&self) -> Vec<f64> {
        self.columns.iter().map(|column| column.offset).collect()
    }

    /// Scales `features` `(rows, columns)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of columns than fitted on; [`Error::NonFinite`] with row
    /// and column.
    pub fn transform<F: Scalar>(&self, features: ArrayView2<'_, F>) -> Result<Array2<F>> {
        let (low, high) = self.scaler.feature_range;
        map_columns(features, self.columns.len(), |column, value| {
            let Column { scale, offset, .. } = self.columns[column];
            let scaled = value * scale + offset;
            if self.scaler.clip { scaled.max(low).min(high) } else { scaled }
        })
    }

    /// Undoes [`FittedMinMaxScaler::transform`], but for what it clipped.
    ///
    /// # Errors
    /// As in [`FittedMinMaxScaler::transform`].
    pub fn inverse_transform<F: Scalar>(&self, scaled: ArrayView2<'_, F>) -> Result<Array2<F>> {
        map_columns(scaled, self.columns.len(), |column, value| {
            let Column { scale, offset, .. } = self.columns[column];
            (value - offset) / scale
        })
    }

    /// The rows of a data set with their features scaled.
    ///
    /// # Errors
    /// As in [`FittedMinMaxScaler::transform`].
    pub fn transform_dataset<F: Scalar>(
        &self,
        data: &Dataset<'_, F>,
    ) -> Result<Dataset<'static, F>> {
        data.with_features(on_features(data, |features| self.transform(features))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn bad_ranges_are_refused() {
        for (low, high) in [(1.0, 1.0), (1.0, 0.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
            let fitted = MinMaxScaler::new().feature_range(low, high).fit(array![[1.0]].view());
            assert!(matches!(fitted, Err(Error::Param { name: "feature_range", .. })));
        }
        let fitted = MinMaxScaler::new().fit(array![[f64::MAX], [f64::MIN]].view());
        assert!(matches!(fitted, Err(Error::Undefined { .. })));
    }

    #[test]
    fn clipping_keeps_to_the_range() {
        let fit = |clip| MinMaxScaler::new().clip(clip).fit(array![[0.0_f32], [2.0]].view());
        let new = array![[-1.0_f32], [3.0]];
        assert_eq!(fit(true).unwrap().transform(new.view()).unwrap(), array![[0.0], [1.0]]);
        assert_eq!(fit(false).unwrap().transform(new.view()).unwrap(), array![[-0.5], [1.5]]);
    }
}
