//! What the crate reads of a data set without copying its rows.

use ndarray::{ArrayView2, Axis};

use super::Dataset;
use super::features::FeatureStorage;
use super::targets::TargetStorage;
use crate::scalar::Scalar;

impl<'a, F: Scalar> Dataset<'a, F> {
    /// The same rows, borrowed from this data set: for those who need a shorter lifetime, which the
    /// compiler cannot shorten by itself.
    pub(crate) fn reborrow(&self) -> Dataset<'_, F> {
        let targets = match &self.targets {
            TargetStorage::Classes(classes) => TargetStorage::ClassesView(classes.view()),
            TargetStorage::ClassesView(classes) => TargetStorage::ClassesView(classes.view()),
            TargetStorage::Values(values) => TargetStorage::ValuesView(values.view()),
            TargetStorage::ValuesView(values) => TargetStorage::ValuesView(values.view()),
        };
        Dataset {
            features: FeatureStorage::View(self.features.view()),
            targets,
            rows: self.rows.clone(),
            weights: self.weights.clone(),
            classes: self.classes,
            class_names: self.class_names.clone(),
            feature_names: self.feature_names.clone(),
        }
    }

    /// The storage row of a position.
    pub(crate) fn row(&self, position: usize) -> usize {
        self.rows.as_ref().map_or(position, |rows| rows[position])
    }

    /// Features of the storage, to be read by storage row.
    pub(crate) fn storage_features(&self) -> ArrayView2<'_, F> {
        self.features.view()
    }

    /// Targets of the storage, to be read by storage row.
    pub(crate) fn storage_targets(&self) -> &TargetStorage<'a, F> {
        &self.targets
    }

    /// The targets of the rows seen: shared where these are the storage's own, else copied.
    pub(crate) fn targets_seen(&self) -> TargetStorage<'a, F> {
        match (&self.rows, self.targets.classes(), self.targets.values()) {
            (None, ..) => self.targets.clone(),
            (Some(rows), Some(classes), _) => {
                TargetStorage::Classes(classes.select(Axis(0), rows).into_shared())
            }
            (Some(rows), _, values) => {
                let values = values.map(|values| values.select(Axis(0), rows));
                TargetStorage::Values(values.unwrap_or_default().into_shared())
            }
        }
    }

    /// Weights of the storage, to be read by storage row.
    pub(crate) fn storage_weights(&self) -> Option<&[F]> {
        self.weights.as_deref()
    }
}
