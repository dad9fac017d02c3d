//! A search that has run.

use std::fmt;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2};

use super::{HalvingSchedule, Params, SearchResults};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::estimator::{Estimator, Predictor};
use crate::metrics::Metric;
use crate::scalar::Scalar;
use crate::train::History;

/// What a search over estimators `E` found, and the best candidate fitted to all rows.
///
/// It predicts as the best model does; [`Predictor::score`] gives the metric that the best candidate was chosen
/// by.
///
/// ```
/// use blastrain::prelude::*;
/// use blastrain::metrics::LogLoss;
/// use blastrain::search::FittedSearch;
///
/// let data = datasets::iris::<f64>()?;
/// let found: FittedSearch<f64, MlpClassifier> =
///     GridSearch::new(MlpClassifier::new().hidden_layer_sizes([6]).max_iter(20))
///         .axis("learning_rate_init", [1e-3, 0.05], |mlp: MlpClassifier, rate| mlp.learning_rate_init(rate))
///         .metric(Accuracy)
///         .metric(LogLoss)
///         .refit_by("log_loss")
///         .cv(StratifiedKFold::new(2))
///         .fit(&data)?;
/// let model = found.best_model()?;
/// assert_eq!(found.score(&data)?, model.evaluate(&data, &LogLoss)?);
/// // The best settings for a fit to other rows, or with more epochs.
/// let longer = found.best_estimator().clone().max_iter(40).fit(&data)?;
/// assert_eq!(longer.n_iter(), 40);
/// # Ok::<(), Error>(())
/// ```
pub struct FittedSearch<F: Scalar, E: Estimator<F>> {
    pub(super) results: SearchResults,
    pub(super) best_index: usize,
    pub(super) best_score: f64,
    pub(super) best_estimator: E,
    pub(super) best_model: Option<E::Fitted>,
    /// What the best candidate was chosen by.
    pub(super) metric: Arc<dyn Metric<F>>,
    pub(super) refit_seconds: f64,
    pub(super) schedule: Option<HalvingSchedule>,
}

impl<F: Scalar, E: Estimator<F>> FittedSearch<F, E> {
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

    /// The best candidate as it was before its fits: the searched estimator with the best settings, also of a
    /// search that does not refit. Of successive halving by epochs, its own number of epochs counts
    /// when it is fitted, not the last round's.
    pub fn best_estimator(&self) -> &E {
        &self.best_estimator
    }

    /// As [`FittedSearch::best_estimator`], and gives it away.
    pub fn into_best_estimator(self) -> E {
        self.best_estimator
    }

    /// The best candidate fitted to all rows.
    ///
    /// # Errors
    /// [`Error::Param`] if the search was told not to refit.
    pub fn best_model(&self) -> Result<&E::Fitted> {
        self.best_model.as_ref().ok_or_else(not_refitted)
    }

    /// As [`FittedSearch::best_model`], and gives it away.
    ///
    /// # Errors
    /// As [`FittedSearch::best_model`].
    pub fn into_best_model(self) -> Result<E::Fitted> {
        self.best_model.ok_or_else(not_refitted)
    }

    /// Seconds in which the best candidate was fitted to all rows.
    pub fn refit_seconds(&self) -> f64 {
        self.refit_seconds
    }
}

fn not_refitted() -> Error {
    Error::param("refit", false, "true for a best model")
}

impl<F: Scalar, E: Estimator<F>> Predictor<F> for FittedSearch<F, E> {
    fn predict_outputs(&self, features: ArrayView2<'_, F>) -> Result<Array2<F>> {
        self.best_model()?.predict_outputs(features)
    }

    /// The metric that the best candidate was chosen by, as scikit-learn's `score` of a search; of a loss
    /// lower is better.
    fn default_metric(&self) -> Box<dyn Metric<F>> {
        Box::new(self.metric.clone())
    }

    fn evaluate_all(&self, data: &Dataset<'_, F>, metrics: &[&dyn Metric<F>]) -> Result<Vec<f64>> {
        self.best_model()?.evaluate_all(data, metrics)
    }

    fn history(&self) -> Option<&History> {
        self.best_model.as_ref()?.history()
    }
}

impl<F: Scalar, E: Estimator<F> + Clone> Clone for FittedSearch<F, E>
where
    E::Fitted: Clone,
{
    fn clone(&self) -> Self {
        Self {
            results: self.results.clone(),
            best_estimator: self.best_estimator.clone(),
            best_model: self.best_model.clone(),
            metric: self.metric.clone(),
            schedule: self.schedule.clone(),
            ..*self
        }
    }
}

impl<F: Scalar, E: Estimator<F>> fmt::Debug for FittedSearch<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FittedSearch")
            .field("results", &self.results)
            .field("best_index", &self.best_index)
            .field("best_score", &self.best_score)
            .field("best_estimator", &self.best_estimator)
            .field("best_model", &self.best_model)
            .field("metric", &self.metric)
            .field("refit_seconds", &self.refit_seconds)
            .field("schedule", &self.schedule)
            .finish()
    }
}
