//! Every combination of some values.

use serde::Serialize;

use super::core::search;
use super::grid::{Candidate, check_count};
use super::settings::{ErrorScore, Progress, SearchSettings, search_methods};
use super::strategy::Candidates;
use super::{FittedSearch, Grid};
use crate::data::{Dataset, Splitter};
use crate::error::Result;
use crate::estimator::{Estimator, FitContext};
use crate::metrics::Metric;
use crate::scalar::Scalar;

/// Tries every combination of the values of its axes by cross-validation, and fits the best to all rows.
///
/// Equals scikit-learn's `GridSearchCV`: the same folds, scores and ranking. Fits run in parallel over
/// candidates and folds, each on one thread; the data are shared by all and copied by none. A pipeline's steps
/// are fitted inside each fold, once for all candidates that have [the same](super#preprocessing).
///
/// ```
/// use blastrain::prelude::*;
/// use blastrain::search::GridSearch;
///
/// let (train, test) = stratified_train_test_split(&datasets::wine::<f64>()?, 0.2, RandomState::new(42))?;
/// let pipeline = Pipeline::new().step(StandardScaler::new()).estimator(MlpClassifier::new().learning_rate_init(0.02));
/// let search = GridSearch::new(pipeline)
///     .axis("alpha", [1e-4, 1e-2], |pipeline, alpha| pipeline.map_estimator(|mlp| mlp.alpha(alpha)))
///     .axis("hidden_layer_sizes", [vec![8], vec![16]], |pipeline, sizes| {
///         pipeline.map_estimator(|mlp| mlp.hidden_layer_sizes(sizes))
///     })
///     .cv(StratifiedKFold::new(3))
///     .fit(&train)?;
/// println!("{}\n{}", search.results(), search.best_params());
/// assert_eq!(search.results().candidates().len(), 4);
/// assert!(search.score(&test)? > 0.9);
/// # Ok::<(), Error>(())
/// ```
pub struct GridSearch<F, E> {
    estimator: E,
    grids: Vec<Grid<E>>,
    settings: SearchSettings<F>,
}

impl<F: Scalar, E: Estimator<F> + Clone> GridSearch<F, E> {
    /// A search around these settings, by five folds.
    pub fn new(estimator: E) -> Self {
        let settings = SearchSettings::new();
        Self { estimator, grids: Vec::new(), settings }
    }

    /// Adds an axis to the last grid: `set` gives an estimator one of the values.
    pub fn axis<V: Serialize + Clone + Send + Sync + 'static>(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = V>,
        set: impl Fn(E, V) -> E + Send + Sync + 'static,
    ) -> Self {
        let grid = self.grids.pop().unwrap_or_default();
        self.grids.push(grid.axis(name, values, set));
        self
    }

    /// Adds a grid behind those that there are; [`GridSearch::axis`] then adds to it.
    pub fn grid(mut self, grid: Grid<E>) -> Self {
        self.grids.push(grid);
        self
    }

    search_methods!();

    /// Runs the search, on all threads unless [`parallelism`](Self::parallelism) says otherwise.
    ///
    /// # Errors
    /// What the splitter refuses, an axis without values or a name used twice in a grid, a metric given
    /// twice; [`Error::FitFailed`](crate::Error::FitFailed) if all fits failed or [`ErrorScore::Raise`] says so, or if
    /// the last one did; [`Error::Stopped`](crate::Error::Stopped).
    pub fn fit(&self, data: &Dataset<'_, F>) -> Result<FittedSearch<F, E>> {
        Estimator::fit(self, data)
    }
}

impl<F: Scalar, E: Estimator<F> + Clone> Candidates<F> for GridSearch<F, E> {
    type Estimator = E;

    fn estimator(&self) -> &E {
        &self.estimator
    }

    fn candidates(&self) -> Result<Vec<Candidate<E>>> {
        let single = [Grid::new()];
        let grids = if self.grids.is_empty() { &single[..] } else { &self.grids };
        let mut candidates = Vec::new();
        for grid in grids {
            candidates.extend(grid.candidates(&self.estimator)?);
            check_count(candidates.len())?;
        }
        Ok(candidates)
    }

    fn settings(&self) -> &SearchSettings<F> {
        &self.settings
    }
}

impl<F: Scalar, E: Estimator<F> + Clone> Estimator<F> for GridSearch<F, E> {
    type Fitted = FittedSearch<F, E>;

    /// The context's threads share the fits; its observers and validation rows are for the last one.
    fn fit_with(
        &self,
        data: &Dataset<'_, F>,
        context: &mut FitContext<'_, F>,
    ) -> Result<Self::Fitted> {
        search(&self.settings, self.candidates()?, data, context)
    }

    /// The metric that the best candidate is chosen by.
    fn default_metric(&self) -> Box<dyn Metric<F>> {
        self.settings.deciding_metric().unwrap_or_else(|| self.estimator.default_metric())
    }
}

impl<F: Scalar, E: std::fmt::Debug> std::fmt::Debug for GridSearch<F, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GridSearch")
            .field("estimator", &self.estimator)
            .field("grids", &self.grids)
            .field("settings", &self.settings)
            .finish()
    }
}
