//! A search that has run.

use ndarray::{Array2, ArrayView2};

use super::{HalvingSchedule, Params, SearchResults};
use crate::error::{Error, Result};
use crate::estimator::Predictor;
use crate::metrics::Metric;
use crate::scalar::Scalar;
use crate::train::History;

/// What a search found, and the best candidate fitted to all rows.
#[derive(Debug, Clone)]
pub struct FittedSearch<M> {
    pub(super) results: SearchResults,
    pub(super) best_index: usize,
    pub(super) best_score: f64,
    pub(super) best_model: Option<M>,
    pub(super) refit_seconds: f64,
    pub(super) schedule: Option<HalvingSchedule>,
}

impl<M> FittedSearch<M> {
    /// All candidates with their scores.
    pub fn results(&self) -> &SearchResults {
        &self.results
    }

    /// The rounds of successive halving; `None` for other searches.
    pub fn schedule(&self) -> Option<&HalvingSchedule> {
        self.schedule.as_ref()
    }

    /// The position of the best candidate, in successive halving that of the last round; the first of
    /// equals.
    pub fn best_index(&self) -> usize {
        self.best_index
    }

    /// The best candidate's settings.
    pub fn best_params(&self) -> &Params {
        &self.results.candidates()[self.best_index].params
    }

    /// The best candidate's mean score over the folds.
    pub fn best_score(&self) -> f64 {
        self.best_score
    }

    /// The best candidate fitted to all rows.
    ///
    /// # Errors
    /// [`Error::Param`] if the search was told not to refit.
    pub fn best_model(&self) -> Result<&M> {
        self.best_model
            .as_ref()
            .ok_or_else(|| Error::param("refit", false, "true for a best model"))
    }

    /// As [`FittedSearch::best_model`], and gives it away.
    ///
    /// # Errors
    /// As [`FittedSearch::best_model`].
    pub fn into_best_model(self) -> Result<M> {
        self.best_model.ok_or_else(|| Error::param("refit", false, "true for a best model"))
    }

    /// Seconds in which the best candidate was fitted to all rows.
    pub fn refit_seconds(&self) -> f64 {
        self.refit_seconds
    }
}

impl<F: Scalar, M: Predictor<F>> Predictor<F> for FittedSearch<M> {
    fn predict_outputs(&self, features: ArrayView2<'_, F>) -> Result<Array2<F>> {
        self.best_model()?.predict_outputs(features)
    }

    fn default_metric(&self) -> Box<dyn Metric<F>> {
        match &self.best_model {
            Some(model) => model.default_metric(),
            None => Box::new(crate::metrics::Accuracy),
        }
    }

    fn history(&self) -> Option<&History> {
        self.best_model.as_ref()?.history()
    }
}
