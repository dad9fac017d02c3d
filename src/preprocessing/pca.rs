//! Principal components: the directions in which the rows vary most.

use ndarray::{Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use super::features::{check_columns, check_fit, narrowed, on_features};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::linalg::{Gemm, svd};
use crate::scalar::Scalar;

/// How many principal components to keep. Made from `10` (a number) or `0.95` (a share of the variance).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Components {
    /// As many as there can be: the smaller of rows and features.
    #[default]
    All,
    /// This number, from 1 to the smaller of rows and features.
    Count(usize),
    /// The fewest that explain more than this share of the variance, above 0 and below 1.
    Variance(f64),
}

impl From<usize> for Components {
    fn from(count: usize) -> Self {
        Components::Count(count)
    }
}

impl From<f64> for Components {
    fn from(share: f64) -> Self {
        Components::Variance(share)
    }
}

/// Principal component analysis: turns features into fewer, uncorrelated ones.
///
/// The rows are centred and projected on the directions of largest variance, in descending order. Each
/// direction points such that its entry largest in size is positive. Whitened outputs also have
/// variance 1. Computed in `f64` whatever `F` is, by LAPACK's singular value decomposition, on one
/// thread; equals scikit-learn's `PCA(svd_solver="full")`. A build without OpenBLAS has no LAPACK:
/// there only what was fitted elsewhere can be applied.
///
/// ```
/// use blastrain::datasets;
/// use blastrain::preprocessing::Pca;
///
/// # if !cfg!(feature = "openblas") { return Ok(()); }
/// let data = datasets::iris::<f64>()?;
/// let pca = Pca::new().n_components(2).fit_dataset(&data)?;
/// assert!((pca.explained_variance_ratio()[0] - 0.92461872).abs() < 1e-8);
/// let flat = pca.transform_dataset(&data)?;
/// assert_eq!((flat.features(), flat.feature_names().unwrap()[1].as_str()), (2, "pca1"));
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// Source: Jolliffe, I. T. (2002). Principal Component Analysis, 2nd edition, chapter 3.5.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Pca {
    n_components: Components,
    whiten: bool,
}

impl Pca {
    /// All components, without whitening.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how many components to keep: a number, or a share of the variance. Checked by `fit`.
    pub fn n_components(mut self, components: impl Into<Components>) -> Self {
        self.n_components = components.into();
        self
    }

    /// Sets whether outputs are divided by their standard deviation.
    ///
    /// A component without variance (there are such where features depend on each other) is divided by `f64`'s
    /// epsilon instead, as in scikit-learn, and then holds rounding errors: keep fewer components.
    pub fn whiten(mut self, whiten: bool) -> Self {
        self.whiten = whiten;
        self
    }

    /// Finds the principal components of `features` `(rows, columns)`.
    ///
    /// # Errors
    /// [`Error::Param`] for a number of components that cannot be; [`Error::Empty`] without rows or columns;
    /// [`Error::NonFinite`] with row and column; [`Error::Undefined`] for a single row, or numbers so
    /// large that their squares overflow; [`Error::Unavailable`] without LAPACK, or for more than
    /// 16,384 rows and columns.
    pub fn fit<F: Scalar>(&self, features: ArrayView2<'_, F>) -> Result<FittedPca> {
        let (rows, columns) = features.dim();
        check_fit(features)?;
        self.check_components(rows.min(columns))?;
        if rows < 2 {
            return Err(Error::undefined("the variance of the features", "there is 1 row"));
        }
        let mut centred = features.mapv(F::as_f64);
        let mut mean = Vec::with_capacity(columns);
        for mut column in centred.axis_iter_mut(Axis(1)) {
            let middle = column.sum() / rows as f64;
            column -= middle;
            mean.push(middle);
        }
        let too_large = || Error::undefined("the variance of the features", "they are too large");
        if !centred.iter().all(|value| value.is_finite()) {
            return Err(too_large());
        }
        let (singular_values, components) = svd::right_singular_vectors(centred)?;
        let variance: Vec<f64> =
            singular_values.iter().map(|value| value * value / (rows - 1) as f64).collect();
        let total: f64 = variance.iter().sum();
        if !total.is_finite() {
            return Err(too_large());
        }
        let share = |&variance: &f64| if total > 0.0 { variance / total } else { 0.0 };
        let ratio: Vec<f64> = variance.iter().map(share).collect();
        let kept = self.kept(&ratio);
        let discarded = &variance[kept..];
        Ok(FittedPca {
            whiten: self.whiten,
            mean,
            components: pointing_up(components.slice_move(ndarray::s![..kept, ..])),
            explained_variance: variance[..kept].to_vec(),
            explained_variance_ratio: ratio[..kept].to_vec(),
            singular_values: singular_values[..kept].to_vec(),
            noise_variance: discarded.iter().sum::<f64>() / discarded.len().max(1) as f64,
        })
    }

    /// [`Pca::fit`] on the features of the rows that a data set sees.
    ///
    /// # Errors
    /// As in [`Pca::fit`].
    pub fn fit_dataset<F: Scalar>(&self, data: &Dataset<'_, F>) -> Result<FittedPca> {
        on_features(data, |features| self.fit(features))
    }

    fn check_components(&self, most: usize) -> Result<()> {
        match self.n_components {
            Components::Count(count) if count == 0 || count > most => {
                let want = format!("1 to {most}, the smaller of rows and features");
                Err(Error::param("n_components", count, want))
            }
            Components::Variance(share) if !(share > 0.0 && share < 1.0) => {
                Err(Error::param("n_components", share, "a number, or a share above 0 and below 1"))
            }
            _ => Ok(()),
        }
    }

    /// How many components to keep, given the share of variance that each explains.
    fn kept(&self, ratio: &[f64]) -> usize {
        match self.n_components {
            Components::All => ratio.len(),
            Components::Count(count) => count.min(ratio.len()),
            Components::Variance(share) => {
                let cumulative = ratio.iter().scan(0.0, |sum, &part| {
                    *sum += part;
                    Some(*sum)
                });
                let below = cumulative.take_while(|&sum| sum <= share).count();
                (below + 1).min(ratio.len())
            }
        }
    }
}

/// Turns each row such that its entry largest in size, the first of equal ones, is positive.
fn pointing_up(mut components: Array2<f64>) -> Array2<f64> {
    for mut row in components.outer_iter_mut() {
        let largest =
            row.iter().fold(0.0_f64, |best, &v| if v.abs() > best.abs() { v } else { best });
        if largest < 0.0 {
            row.mapv_inplace(|value| -value);
        }
    }
    components.as_standard_layout().into_owned()
}

/// A [`Pca`] that knows its components.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "SavedPca", into = "SavedPca")]
pub struct FittedPca {
    whiten: bool,
    mean: Vec<f64>,
    /// `(outputs, features)`.
    components: Array2<f64>,
    explained_variance: Vec<f64>,
    explained_variance_ratio: Vec<f64>,
    singular_values: Vec<f64>,
    noise_variance: f64,
}

impl FittedPca {
    /// The number of columns fitted on.
    pub fn features(&self) -> usize {
        self.mean.len()
    }

    /// The number of components kept: the columns that `transform` gives.
    pub fn outputs(&self) -> usize {
        self.components.nrows()
    }

    /// The names of the outputs: "pca0", "pca1" …
    pub fn output_names(&self) -> Vec<String> {
        (0..self.outputs()).map(|index| format!("pca{index}")).collect()
    }

    /// The mean of each feature.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The directions, one a row `(outputs, features)`, each of length 1, by descending variance.
    pub fn components(&self) -> ArrayView2<'_, f64> {
        self.components.view()
    }

    /// The variance along each component, with `rows − 1` for the divisor.
    pub fn explained_variance(&self) -> &[f64] {
        &self.explained_variance
    }

    /// The share of the whole variance along each component; zeros if all features are constant.
    pub fn explained_variance_ratio(&self) -> &[f64] {
        &self.explained_variance_ratio
    }

    /// The singular value of the centred features that belongs to each component.
    pub fn singular_values(&self) -> &[f64] {
        &self.singular_values
    }

    /// The mean variance along the components not kept; 0 if all are.
    pub fn noise_variance(&self) -> f64 {
        self.noise_variance
    }

    /// Projects `features` `(rows, features)` on the components: `(rows, outputs)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of columns than fitted on; [`Error::NonFinite`] with row
    /// and column; [`Error::Unavailable`] for an OpenBLAS that [`blas_info`](crate::blas_info) refuses.
    pub fn transform<F: Scalar>(&self, features: ArrayView2<'_, F>) -> Result<Array2<F>> {
        check_columns(features, self.features())?;
        let centred = Array2::from_shape_fn(features.raw_dim(), |(row, column)| {
            features[(row, column)].as_f64() - self.mean[column]
        });
        let mut projected = product(centred, self.components.t())?;
        if self.whiten {
            for (mut column, variance) in
                projected.axis_iter_mut(Axis(1)).zip(&self.explained_variance)
            {
                column /= variance.sqrt().max(f64::EPSILON);
            }
        }
        narrowed(projected)
    }

    /// The features nearest to what has been projected: `(rows, outputs)` to `(rows, features)`.
    ///
    /// Undoes [`FittedPca::transform`] if all components are kept (but for whitened ones without variance).
    ///
    /// # Errors
    /// As in [`FittedPca::transform`].
    pub fn inverse_transform<F: Scalar>(&self, projected: ArrayView2<'_, F>) -> Result<Array2<F>> {
        check_columns(projected, self.outputs())?;
        let scaled = Array2::from_shape_fn(projected.raw_dim(), |(row, column)| {
            let scale = if self.whiten { self.explained_variance[column].sqrt() } else { 1.0 };
            projected[(row, column)].as_f64() * scale
        });
        let mut features = product(scaled, self.components.view())?;
        for (mut column, mean) in features.axis_iter_mut(Axis(1)).zip(&self.mean) {
            column += *mean;
        }
        narrowed(features)
    }

    /// The rows of a data set with their features projected, named "pca0", "pca1" …
    ///
    /// # Errors
    /// As in [`FittedPca::transform`].
    pub fn transform_dataset<F: Scalar>(
        &self,
        data: &Dataset<'_, F>,
    ) -> Result<Dataset<'static, F>> {
        data.with_features(on_features(data, |features| self.transform(features))?)?
            .with_feature_names(self.output_names())
    }
}

/// `left · right`, through the crate's one door to matrix products.
fn product(left: Array2<f64>, right: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
    crate::native::ensure_ready()?;
    let mut result = Array2::zeros((left.nrows(), right.ncols()));
    if !result.is_empty() {
        Gemm::default().product(1.0, left.view(), right, 0.0, result.view_mut());
    }
    Ok(result)
}

/// What a file holds of a [`FittedPca`].
#[derive(Serialize, Deserialize)]
struct SavedPca {
    whiten: bool,
    mean: Vec<f64>,
    components: Vec<Vec<f64>>,
    explained_variance: Vec<f64>,
    explained_variance_ratio: Vec<f64>,
    singular_values: Vec<f64>,
    noise_variance: f64,
}

impl From<FittedPca> for SavedPca {
    fn from(fitted: FittedPca) -> Self {
        Self {
            whiten: fitted.whiten,
            components: fitted.components.outer_iter().map(|row| row.to_vec()).collect(),
            mean: fitted.mean,
            explained_variance: fitted.explained_variance,
            explained_variance_ratio: fitted.explained_variance_ratio,
            singular_values: fitted.singular_values,
            noise_variance: fitted.noise_variance,
        }
    }
}

impl TryFrom<SavedPca> for FittedPca {
    type Error = Error;

    /// # Errors
    /// [`Error::Shape`] or [`Error::Empty`] if the parts do not fit together.
    fn try_from(saved: SavedPca) -> Result<Self> {
        let (outputs, features) = (saved.components.len(), saved.mean.len());
        if outputs == 0 || features == 0 {
            return Err(Error::empty("the saved Pca", "1 component of 1 feature"));
        }
        let lengths = [
            saved.explained_variance.len(),
            saved.explained_variance_ratio.len(),
            saved.singular_values.len(),
        ];
        for (index, length) in lengths.into_iter().enumerate() {
            if length != outputs {
                let what = ["explained_variance", "explained_variance_ratio", "singular_values"];
                return Err(Error::shape(what[index], outputs, length));
            }
        }
        if let Some(row) = saved.components.iter().find(|row| row.len() != features) {
            return Err(Error::shape("a saved component", features, row.len()));
        }
        let flat: Vec<f64> = saved.components.into_iter().flatten().collect();
        let components = Array2::from_shape_vec((outputs, features), flat)
            .map_err(|error| Error::shape("saved components", "a matrix", error))?;
        Ok(Self {
            whiten: saved.whiten,
            mean: saved.mean,
            components,
            explained_variance: saved.explained_variance,
            explained_variance_ratio: saved.explained_variance_ratio,
            singular_values: saved.singular_values,
            noise_variance: saved.noise_variance,
        })
    }
}
