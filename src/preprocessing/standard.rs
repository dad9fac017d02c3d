//! Scaling each feature to mean 0 and variance 1.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::features::{check_fit, map_columns, on_features};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// Scales each feature to mean 0 and (population) variance 1: `(x − mean) / √variance`, column by column,
/// `(rows, columns)` → the same shape.
///
/// A feature that cannot be told from a constant is only centred. Equals scikit-learn's
/// `StandardScaler`: the corrected two-pass variance of Chan, Golub & LeVeque 1983, in `f64`.
///
/// ```
/// use blastrain::preprocessing::StandardScaler;
/// use blastrain::ndarray::array;
///
/// let features = array![[1.0, 7.0], [3.0, 7.0]];
/// let scaler = StandardScaler::new().fit(features.view())?;
/// let scaled = scaler.transform(features.view())?;
/// assert_eq!(scaled, array![[-1.0, 0.0], [1.0, 0.0]]);
/// assert_eq!(scaler.inverse_transform(scaled.view())?, features);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandardScaler {
    with_mean: bool,
    with_std: bool,
}

impl Default for StandardScaler {
    fn default() -> Self {
        Self { with_mean: true, with_std: true }
    }
}

impl StandardScaler {
    /// Centring and scaling.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether to subtract the mean.
    pub fn with_mean(mut self, with_mean: bool) -> Self {
        self.with_mean = with_mean;
        self
    }

    /// Sets whether to divide by the standard deviation.
    pub fn with_std(mut self, with_std: bool) -> Self {
        self.with_std = with_std;
        self
    }

    /// Finds mean and variance of each column of `features` `(rows, columns)`.
    ///
    /// # Errors
    /// [`Error::Empty`] without rows or columns; [`Error::NonFinite`] with row and column;
    /// [`Error::Undefined`] for a column whose variance is too large for `f64`.
    pub fn fit<F: Scalar>(&self, features: ArrayView2<'_, F>) -> Result<FittedStandardScaler> {
        self.fit_rows(features, |_| 1.0, features.nrows() as f64)
    }

    /// [`StandardScaler::fit`] with a weight `>= 0` for each row.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of weights than rows; [`Error::NonFinite`] or
    /// [`Error::Param`] for weights that are not finite, negative or all zero; otherwise as in
    /// [`StandardScaler::fit`].
    pub fn fit_weighted<F: Scalar>(
        &self,
        features: ArrayView2<'_, F>,
        weights: &[F],
    ) -> Result<FittedStandardScaler> {
        if weights.len() != features.nrows() {
            let want = format!("{} values, one a row", features.nrows());
            return Err(Error::shape("weights", want, format!("{} values", weights.len())));
        }
        for (row, weight) in weights.iter().map(|weight| weight.as_f64()).enumerate() {
            if !weight.is_finite() {
                return Err(Error::NonFinite { what: "weight", value: weight, row, column: 0 });
            }
            if weight < 0.0 {
                let got = format!("{weight} at row {row}");
                return Err(Error::param("weight", got, "finite and >= 0"));
            }
        }
        let total: f64 = weights.iter().map(|weight| weight.as_f64()).sum();
        if total == 0.0 && !weights.is_empty() {
            return Err(Error::param("weights", "all zero", "above zero for at least one row"));
        }
        self.fit_rows(features, |row| weights[row].as_f64(), total)
    }

    /// [`StandardScaler::fit`] on the features of the rows that a data set sees.
    ///
    /// Row weights play no part, as in a scikit-learn pipeline; [`StandardScaler::fit_weighted`] takes
    /// them.
    ///
    /// # Errors
    /// As in [`StandardScaler::fit`].
    pub fn fit_dataset<F: Scalar>(&self, data: &Dataset<'_, F>) -> Result<FittedStandardScaler> {
        on_features(data, |features| self.fit(features))
    }

    fn fit_rows<F: Scalar>(
        &self,
        features: ArrayView2<'_, F>,
        weight: impl Fn(usize) -> f64,
        total: f64,
    ) -> Result<FittedStandardScaler> {
        check_fit(features)?;
        let columns = features.ncols();
        let means: Vec<f64> = column_sums(features, &weight, |_, value| value)
            .into_iter()
            .map(|sum| sum / total)
            .collect();
        let distances = column_sums(features, &weight, |column, value| value - means[column]);
        let squares =
            column_sums(features, &weight, |column, value| (value - means[column]).powi(2));
        let fit = |column: usize| {
            let mean = means[column];
            let variance = (squares[column] - distances[column].powi(2) / total) / total;
            if !(mean.is_finite() && variance.is_finite()) {
                let what = format!("the variance of feature {column}");
                return Err(Error::undefined(what, "its values are too large"));
            }
            // The error bound of the two-pass variance: below it, a constant feature.
            let rounding = total * f64::EPSILON * variance + (total * mean * f64::EPSILON).powi(2);
            let scale = if variance <= rounding { 1.0 } else { variance.sqrt() };
            Ok(Column { mean, variance, scale })
        };
        let columns = (0..columns).map(fit).collect::<Result<_>>()?;
        Ok(FittedStandardScaler { scaler: self.clone(), columns })
    }
}

/// Σ weight · term(column, value) for each column, row by row.
fn column_sums<F: Scalar>(
    features: ArrayView2<'_, F>,
    weight: impl Fn(usize) -> f64,
    term: impl Fn(usize, f64) -> f64,
) -> Vec<f64> {
    let mut sums = vec![0.0; features.ncols()];
    for (row, line) in features.outer_iter().enumerate() {
        let weight = weight(row);
        for (column, (sum, value)) in sums.iter_mut().zip(line).enumerate() {
            *sum += weight * term(column, value.as_f64());
        }
    }
    sums
}

/// A [`StandardScaler`] that knows its columns: `(x − mean) / scale`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedStandardScaler {
    scaler: StandardScaler,
    columns: Vec<Column>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Column {
    mean: f64,
    variance: f64,
    scale: f64,
}

impl FittedStandardScaler {
    /// The number of columns fitted on.
    pub fn features(&self) -> usize {
        self.columns.len()
    }

    /// The mean of each column.
    pub fn mean(&self) -> Vec<f64> {
        self.columns.iter().map(|column| column.mean).collect()
    }

    /// The population variance of each column.
    pub fn variance(&self) -> Vec<f64> {
        self.columns.iter().map(|column| column.variance).collect()
    }

    /// The standard deviation of each column, 1 for constant ones.
    pub fn scale(&self) -> Vec<f64> {
        self.columns.iter().map(|column| column.scale).collect()
    }

    /// Scales `features` `(rows, columns)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of columns than fitted on; [`Error::NonFinite`] with row
    /// and column.
    pub fn transform<F: Scalar>(&self, features: ArrayView2<'_, F>) -> Result<Array2<F>> {
        map_columns(features, self.columns.len(), |column, value| {
            let (mean, scale) = self.shift_and_scale(column);
            (value - mean) / scale
        })
    }

    /// Undoes [`FittedStandardScaler::transform`].
    ///
    /// # Errors
    /// As in [`FittedStandardScaler::transform`].
    pub fn inverse_transform<F: Scalar>(&self, scaled: ArrayView2<'_, F>) -> Result<Array2<F>> {
        map_columns(scaled, self.columns.len(), |column, value| {
            let (mean, scale) = self.shift_and_scale(column);
            value * scale + mean
        })
    }

    /// The rows of a data set with their features scaled.
    ///
    /// # Errors
    /// As in [`FittedStandardScaler::transform`].
    pub fn transform_dataset<F: Scalar>(
        &self,
        data: &Dataset<'_, F>,
    ) -> Result<Dataset<'static, F>> {
        data.with_features(on_features(data, |features| self.transform(features))?)
    }

    fn shift_and_scale(&self, column: usize) -> (f64, f64) {
        let Column { mean, scale, .. } = self.columns[column];
        let mean = if self.scaler.with_mean { mean } else { 0.0 };
        (mean, if self.scaler.with_std { scale } else { 1.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn bad_weights_are_refused() {
        let features = array![[1.0], [2.0]];
        let fit = |weights: &[f64]| StandardScaler::new().fit_weighted(features.view(), weights);
        assert!(matches!(fit(&[1.0]), Err(Error::Shape { .. })));
        assert!(matches!(fit(&[1.0, -1.0]), Err(Error::Param { name: "weight", .. })));
        assert!(matches!(fit(&[0.0, 0.0]), Err(Error::Param { name: "weights", .. })));
        assert!(matches!(fit(&[f64::NAN, 0.0]), Err(Error::NonFinite { what: "weight", .. })));
    }

    #[test]
    fn overflow_is_an_error() {
        let fitted = StandardScaler::new().fit(array![[1e300], [-1e300]].view());
        assert!(matches!(fitted, Err(Error::Undefined { .. })));
        let scaler = StandardScaler::new().fit(array![[1e-30_f64], [2e-30]].view()).unwrap();
        let scaled = scaler.transform(array![[1e30_f32]].view());
        assert!(matches!(scaled, Err(Error::NonFinite { what: "scaled feature", .. })));
    }
}
