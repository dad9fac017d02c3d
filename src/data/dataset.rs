//! Rows of features with their targets: shared storage plus an index view.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2};

use super::features::{FeatureStorage, check_finite};
use super::targets::TargetStorage;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// Features, targets and optional row weights.
///
/// Cloning, splitting and selecting rows share the storage: they copy an index list at most.
///
/// ```
/// use blastrain::data::Dataset;
/// use blastrain::ndarray::array;
///
/// let data = Dataset::new(array![[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], vec![0, 1, 1])?;
/// assert_eq!((data.len(), data.features(), data.classes()), (3, 2, Some(2)));
/// let last = data.select(&[2])?;
/// assert_eq!(last.to_arrays().0, array![[4.0, 5.0]]);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Dataset<'a, F> {
    pub(super) features: FeatureStorage<'a, F>,
    pub(super) targets: TargetStorage<'a, F>,
    pub(super) rows: Option<Arc<[usize]>>,
    pub(super) weights: Option<Arc<[F]>>,
    pub(super) classes: Option<usize>,
    pub(super) class_names: Option<Arc<[String]>>,
    pub(super) feature_names: Option<Arc<[String]>>,
}

impl<'a, F: Scalar> Dataset<'a, F> {
    /// Features `(rows, features)` with a class index or a row of numbers each.
    ///
    /// Takes arrays, shared arrays, views and references to arrays without copying; one-dimensional
    /// numbers become one column. Class indices count from 0; the number of classes is the
    /// largest index plus one, or what [`Dataset::with_class_names`] says.
    ///
    /// # Errors
    /// [`Error::Empty`] without rows or features, [`Error::Shape`] if lengths differ,
    /// [`Error::NonFinite`] with row and column for a NaN or an infinity.
    pub fn new(
        features: impl Into<FeatureStorage<'a, F>>,
        targets: impl Into<TargetStorage<'a, F>>,
    ) -> Result<Self> {
        let (features, targets) = (features.into(), targets.into());
        let view = features.view();
        if view.nrows() == 0 {
            return Err(Error::empty("the data set", "1 row"));
        }
        if view.ncols() == 0 {
            return Err(Error::empty("the feature matrix", "1 column"));
        }
        if targets.rows() != view.nrows() {
            return Err(Error::shape(
                "targets",
                format!("{} rows, as the features have", view.nrows()),
                format!("{} rows", targets.rows()),
            ));
        }
        check_finite("feature", view)?;
        let classes = match (targets.classes(), targets.values()) {
            (Some(classes), _) => classes.iter().max().map(|&largest| largest.saturating_add(1)),
            (_, Some(values)) => {
                if values.ncols() == 0 {
                    return Err(Error::empty("the target matrix", "1 column"));
                }
                check_finite("target", values)?;
                None
            }
            _ => None,
        };
        Ok(Self {
            features,
            targets,
            rows: None,
            weights: None,
            classes,
            class_names: None,
            feature_names: None,
        })
    }

    /// Gives every row a weight `>= 0`, in the order of this data set's rows.
    ///
    /// # Errors
    /// [`Error::Shape`] if the lengths differ, [`Error::NonFinite`] for a NaN or an infinity,
    /// [`Error::Param`] for a negative weight, weights that are all zero, or two weights for a row
    /// that a selection repeats.
    pub fn with_weights(mut self, weights: Vec<F>) -> Result<Self> {
        if weights.len() != self.len() {
            return Err(Error::shape(
                "weights",
                format!("{} values, one a row", self.len()),
                format!("{} values", weights.len()),
            ));
        }
        for (row, &weight) in weights.iter().enumerate() {
            if !weight.is_finite() {
                let value = weight.as_f64();
                return Err(Error::NonFinite { what: "weight", value, row, column: 0 });
            }
            if weight < F::zero() {
                return Err(Error::param("weight", weight, "finite and >= 0"));
            }
        }
        if weights.iter().all(|&weight| weight == F::zero()) {
            return Err(Error::param("weights", "all zero", "above zero for at least one row"));
        }
        let full: Vec<F> = match &self.rows {
            None => weights,
            Some(rows) => {
                let mut full = vec![F::zero(); self.features.view().nrows()];
                let mut seen = vec![false; full.len()];
                for (&row, &weight) in rows.iter().zip(&weights) {
                    if seen[row] && full[row] != weight {
                        let want = format!("{}, as given to the same row before", full[row]);
                        return Err(Error::param("weight", weight, want));
                    }
                    (full[row], seen[row]) = (weight, true);
                }
                full
            }
        };
        self.weights = Some(full.into());
        Ok(self)
    }

    /// Names the classes; their number becomes the number of classes.
    ///
    /// # Errors
    /// [`Error::ClassIndex`] if a target is not below the number of names; [`Error::Param`] if the
    /// targets are not class indices.
    pub fn with_class_names<S: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let names: Arc<[String]> = names.into_iter().map(Into::into).collect();
        let Some(indices) = self.targets.classes() else {
            return Err(Error::param("class_names", "names", "given to class targets only"));
        };
        for (row, &class) in indices.iter().enumerate() {
            if class >= names.len() {
                return Err(Error::ClassIndex { class, row, classes: names.len() });
            }
        }
        self.classes = Some(names.len());
        self.class_names = Some(names);
        Ok(self)
    }

    /// Names the feature columns.
    ///
    /// # Errors
    /// [`Error::Shape`] if their number is not that of the features.
    pub fn with_feature_names<S: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let names: Arc<[String]> = names.into_iter().map(Into::into).collect();
        if names.len() != self.features() {
            return Err(Error::shape("feature_names", self.features(), names.len()));
        }
        self.feature_names = Some(names);
        Ok(self)
    }

    /// The same storage seen through other rows, given as positions in this data set.
    ///
    /// Positions may repeat and come in any order.
    ///
    /// # Errors
    /// [`Error::Empty`] for no position, [`Error::Param`] for one that is out of range.
    pub fn select(&self, positions: &[usize]) -> Result<Self> {
        if positions.is_empty() {
            return Err(Error::empty("the selection of rows", "1 row"));
        }
        let len = self.len();
        let rows = positions
            .iter()
            .map(|&position| match position < len {
                true => Ok(self.row(position)),
                false => Err(Error::param("row", position, format!("below {len}"))),
            })
            .collect::<Result<Arc<[usize]>>>()?;
        Ok(Self { rows: Some(rows), ..self.clone() })
    }

    /// The same rows with other features: what a fitted scaler gives back.
    ///
    /// `features` has a row for each row of this data set, in its order.
    ///
    /// # Errors
    /// [`Error::Shape`] if the rows differ in number; [`Error::NonFinite`] as in [`Dataset::new`].
    pub fn with_features<'o>(&self, features: Array2<F>) -> Result<Dataset<'o, F>> {
        let mut data = Dataset::new(features, self.owned_targets())?;
        data.classes = self.classes;
        data.class_names = self.class_names.clone();
        if self.features() == data.features() {
            data.feature_names = self.feature_names.clone();
        }
        data.weights = self.row_weights().map(Into::into);
        Ok(data)
    }

    /// The same rows with other targets: encoded labels, say, or one class against the others.
    ///
    /// `targets` has a row for each row of this data set, in its order. Features are shared, or
    /// copied where the data set shows other rows than its storage has.
    ///
    /// ```
    /// use blastrain::data::Dataset;
    /// use blastrain::ndarray::array;
    ///
    /// let data = Dataset::new(array![[0.5], [1.5], [2.5]], vec![0, 1, 2])?;
    /// let is_two = data.with_targets(array![0.0, 0.0, 1.0])?;
    /// assert_eq!((is_two.classes(), is_two.outputs()), (None, Some(1)));
    /// # Ok::<(), blastrain::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the rows differ in number; otherwise as in [`Dataset::new`].
    pub fn with_targets(&self, targets: impl Into<TargetStorage<'a, F>>) -> Result<Self> {
        let (features, weights) = match &self.rows {
            None => (self.features.clone(), self.weights.clone()),
            Some(_) => (self.to_parts().0.into(), self.row_weights().map(Into::into)),
        };
        let data = Dataset::new(features, targets)?;
        Ok(Self { weights, feature_names: self.feature_names.clone(), ..data })
    }

    /// The number of rows seen.
    pub fn len(&self) -> usize {
        self.rows.as_ref().map_or_else(|| self.features.view().nrows(), |rows| rows.len())
    }

    /// Never true: a data set has at least one row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of feature columns.
    pub fn features(&self) -> usize {
        self.features.view().ncols()
    }

    /// The number of classes, where the targets are class indices.
    pub fn classes(&self) -> Option<usize> {
        self.classes
    }

    /// The number of target columns, where the targets are numbers.
    pub fn outputs(&self) -> Option<usize> {
        self.targets.values().map(|values| values.ncols())
    }

    /// The names of the classes, if given.
    pub fn class_names(&self) -> Option<&[String]> {
        self.class_names.as_deref()
    }

    /// The names of the feature columns, if given.
    pub fn feature_names(&self) -> Option<&[String]> {
        self.feature_names.as_deref()
    }

    /// Whether rows carry weights.
    pub fn is_weighted(&self) -> bool {
        self.weights.is_some()
    }

    /// Copies of the features and targets of the rows seen.
    pub fn to_arrays(&self) -> (Array2<F>, TargetStorage<'static, F>) {
        let (features, targets, _) = self.to_parts();
        (features, targets)
    }

    /// The class index of every row seen, where the targets are such.
    pub fn class_targets(&self) -> Option<Vec<usize>> {
        let classes = self.targets.classes()?;
        Some((0..self.len()).map(|position| classes[self.row(position)]).collect())
    }

    /// The target numbers `(rows, outputs)` of every row seen, where the targets are such.
    pub fn value_targets(&self) -> Option<Array2<F>> {
        let values = self.targets.values()?;
        Some(Array2::from_shape_fn((self.len(), values.ncols()), |(position, column)| {
            values[(self.row(position), column)]
        }))
    }

    /// The weight of every row seen, if given.
    pub fn row_weights(&self) -> Option<Vec<F>> {
        let weights = self.weights.as_ref()?;
        Some((0..self.len()).map(|position| weights[self.row(position)]).collect())
    }

    /// Features `(rows, features)` without a copy, where the rows seen are the storage's own.
    pub fn features_view(&self) -> Option<ArrayView2<'_, F>> {
        self.rows.is_none().then(|| self.features.view())
    }

    /// Names the feature columns anew, or takes their names away.
    pub(crate) fn rename_features(mut self, names: Option<Vec<String>>) -> Result<Self> {
        self.feature_names = None;
        match names {
            Some(names) => self.with_feature_names(names),
            None => Ok(self),
        }
    }

    fn to_parts(&self) -> (Array2<F>, TargetStorage<'static, F>, Option<Vec<F>>) {
        let view = self.features.view();
        let features = match &self.rows {
            None => view.to_owned(),
            Some(rows) => view.select(ndarray::Axis(0), rows),
        };
        (features, self.owned_targets(), self.row_weights())
    }

    /// Copies of the targets of the rows seen.
    fn owned_targets<'o>(&self) -> TargetStorage<'o, F> {
        match (self.class_targets(), self.value_targets()) {
            (Some(classes), _) => TargetStorage::from(classes),
            (_, values) => TargetStorage::Values(values.unwrap_or_default().into_shared()),
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn other_targets_keep_rows_weights_and_feature_names() {
        let data = Dataset::new(array![[1.0], [2.0], [3.0]], vec![0, 1, 1]).unwrap();
        let data = data.with_class_names(["a", "b"]).unwrap().with_feature_names(["x"]).unwrap();
        let data = data.with_weights(vec![1.0, 2.0, 3.0]).unwrap();
        let part = data.select(&[2, 0, 2]).unwrap().with_targets(vec![4, 5, 6]).unwrap();
        assert_eq!(part.to_arrays().0, array![[3.0], [1.0], [3.0]]);
        assert_eq!(part.class_targets().unwrap(), [4, 5, 6]);
        assert_eq!(part.row_weights().unwrap(), [3.0, 1.0, 3.0]);
        assert_eq!((part.classes(), part.class_names()), (Some(7), None));
        assert_eq!(part.feature_names().unwrap(), ["x"]);
        let whole = data.with_targets(array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).unwrap();
        assert_eq!((whole.outputs(), whole.is_weighted()), (Some(2), true));
        assert!(matches!(data.with_targets(vec![0, 1]), Err(Error::Shape { .. })));
    }

    #[test]
    fn a_repeated_row_has_one_weight() {
        let data = Dataset::new(array![[1.0], [2.0], [3.0]], vec![0, 1, 1]).unwrap();
        let twice = data.select(&[2, 2, 0]).unwrap();
        let weighted = twice.clone().with_weights(vec![2.0, 2.0, 1.0]).unwrap();
        assert_eq!(weighted.row_weights(), Some(vec![2.0, 2.0, 1.0]));
        let refused = twice.with_weights(vec![1.0, 2.0, 1.0]);
        assert!(matches!(refused, Err(Error::Param { name: "weight", .. })));
    }
}
