//! The rounds that a search is made of.

use std::sync::Arc;

use crate::data::Fold;

/// Fits that run side by side. Each candidate has one on every fold; those of the best go on to the next rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rung {
    pub(super) candidates: usize,
    pub(super) folds: Arc<[Fold]>,
    /// The epochs that a fit has behind this rung, those of earlier ones included; `None` leaves them to the
    /// estimator.
    pub(super) epochs: Option<usize>,
    /// What the results tell of a fit's rows or epochs; `None` in a search of one rung.
    pub(super) resources: Option<usize>,
}

impl Rung {
    /// The only rung of a search that compares its candidates once.
    pub(super) fn only(candidates: usize, folds: &Arc<[Fold]>) -> Self {
        Self { candidates, folds: folds.clone(), epochs: None, resources: None }
    }

    pub(super) fn fits(&self) -> usize {
        self.candidates * self.folds.len()
    }
}
