//! What every search can be told.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::Params;
use crate::data::{Dataset, Fold, KFold, Splitter, StratifiedKFold};
use crate::error::{Error, Result};
use crate::metrics::Metric;
use crate::parallelism::Parallelism;
use crate::scalar::Scalar;

/// What counts for a fit that failed.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum ErrorScore {
    /// This score, in the mean of its candidate; NaN leaves it without one. The search fails only if every
    /// fit does, in successive halving every one of a round.
    ///
    /// Let the score be a bad one by the metric: 0 is the worst accuracy, but the best loss. A candidate of
    /// which a fit failed is ranked behind all others whatever its mean, and is the best only where there
    /// is none without a failure.
    Value(f64),
    /// The search fails with the first failure. Once a fit has failed, none begins but those before it in a fixed
    /// order: longest first by [`Estimator::cost`](crate::estimator::Estimator::cost), of equals in the order of the
    /// search. The error reported is that of the first to fail in this order, whatever the threads.
    Raise,
}

/// How far a search is: told after every fit.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Progress<'p> {
    /// Fits done.
    pub done: usize,
    /// Fits of the search.
    pub fits: usize,
    /// The candidate's settings.
    pub params: &'p Params,
    /// The fold, counted from 0.
    pub fold: usize,
    /// The metric that the best candidate is chosen by, on the fold's test rows; none if the fit failed.
    pub score: Option<f64>,
    /// The best mean over all folds so far, of the candidates whose fits are all done; of successive halving,
    /// those of the round.
    pub best_score: Option<f64>,
    /// Seconds since the search began.
    pub seconds: f64,
    /// Seconds that the rest will take if it goes on like this; in successive halving a fit counts as much as
    /// it has rows or, by epochs, as it goes on for.
    pub seconds_left: f64,
}

/// Hears of every fit.
pub(super) type ProgressObserver = Box<dyn Fn(&Progress<'_>) + Send + Sync>;

/// Splitter, scores and what else all searches share.
pub struct SearchSettings<F> {
    /// `None`: five folds, stratified where there are classes.
    pub(super) splitter: Option<Box<dyn Splitter>>,
    pub(super) metrics: Vec<Arc<dyn Metric<F>>>,
    pub(super) refit: bool,
    pub(super) refit_by: Option<String>,
    pub(super) train_scores: bool,
    pub(super) learning_curves: bool,
    pub(super) error_score: ErrorScore,
    pub(super) progress: Option<ProgressObserver>,
    pub(super) journal: Option<PathBuf>,
    pub(super) parallelism: Parallelism,
    pub(super) stop: Option<Arc<AtomicBool>>,
}

impl<F: Scalar> SearchSettings<F> {
    pub(super) fn new() -> Self {
        Self {
            splitter: None,
            metrics: Vec::new(),
            refit: true,
            refit_by: None,
            train_scores: false,
            learning_curves: false,
            error_score: ErrorScore::Value(f64::NAN),
            progress: None,
            journal: None,
            parallelism: Parallelism::Auto,
            stop: None,
        }
    }

    /// The folds of the splitter, or five.
    pub(super) fn folds(&self, data: &Dataset<'_, F>) -> Result<Vec<Fold>> {
        let folds = match (&self.splitter, data.classes()) {
            (Some(splitter), _) => return data.folds(splitter),
            (None, Some(_)) => data.folds(&StratifiedKFold::new(5)),
            (None, None) => data.folds(&KFold::new(5)),
        };
        folds.map_err(|error| match error {
            Error::Param { name: name @ "n_splits", got, want } => {
                Error::param(name, format!("{got} (the default; cv sets another)"), want)
            }
            other => other,
        })
    }

    /// The metrics, each of another name, or else this one.
    pub(super) fn metrics_or(
        &self,
        default: Box<dyn Metric<F>>,
    ) -> Result<Vec<Arc<dyn Metric<F>>>> {
        if self.metrics.is_empty() {
            return Ok(vec![default.into()]);
        }
        different(self.metrics.iter().map(|metric| metric.name()))?;
        Ok(self.metrics.clone())
    }

    /// What the best candidate is chosen by; none where it is the estimator's own metric.
    pub(super) fn deciding_metric(&self) -> Option<Box<dyn Metric<F>>> {
        let metric = match &self.refit_by {
            Some(name) => self.metrics.iter().find(|metric| metric.name() == name),
            None => self.metrics.first(),
        };
        metric.map(|metric| Box::new(metric.clone()) as _)
    }

    /// The position of the metric that the best candidate is chosen by.
    pub(super) fn deciding(&self, metrics: &[Arc<dyn Metric<F>>]) -> Result<usize> {
        let Some(name) = &self.refit_by else { return Ok(0) };
        let found = metrics.iter().position(|metric| metric.name() == name);
        found.ok_or_else(|| Error::UnknownName {
            what: "metric",
            got: name.clone(),
            known: metrics.iter().map(|metric| metric.name()).collect::<Vec<_>>().join(", "),
        })
    }
}

/// Checks that no metric is there twice: results know them by their names.
pub(super) fn different<'n>(names: impl Iterator<Item = &'n str>) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    match names.into_iter().find(|name| !seen.insert(*name)) {
        Some(name) => Err(Error::param("metric", format!("\"{name}\" twice"), "given once")),
        None => Ok(()),
    }
}

// Not everything is there: a journal knows a search inside a search by its Debug, and neither threads nor
// flags nor observers may make it another.
impl<F: Scalar> std::fmt::Debug for SearchSettings<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SearchSettings")
            .field("splitter", &self.splitter)
            .field("refit", &self.refit)
            .field("train_scores", &self.train_scores)
            .field("learning_curves", &self.learning_curves)
            .field("error_score", &self.error_score)
            .field("metrics", &self.metrics)
            .field("refit_by", &self.refit_by)
            .finish_non_exhaustive()
    }
}

/// The methods that every search has, for its field `settings`.
macro_rules! search_methods {
    () => {
        /// What cuts the rows; five folds, stratified where the targets are classes
        /// ([`StratifiedKFold`](crate::data::StratifiedKFold), [`KFold`](crate::data::KFold)).
        pub fn cv(mut self, splitter: impl Splitter + 'static) -> Self {
            self.settings.splitter = Some(Box::new(splitter));
            self
        }

        /// Adds a metric of another name than those that there are; without any, the estimator's own (accuracy,
        /// or R²) counts.
        pub fn metric(mut self, metric: impl Metric<F> + 'static) -> Self {
            self.settings.metrics.push(std::sync::Arc::new(metric));
            self
        }

        /// Whether the best candidate is fitted to all rows at the end; yes.
        pub fn refit(mut self, refit: bool) -> Self {
            self.settings.refit = refit;
            self
        }

        /// The name of the metric by which the best candidate is chosen, the table ranks and the fitted search's
        /// [`score`](crate::estimator::Predictor::score) measures; the first one added.
        pub fn refit_by(mut self, metric: impl Into<String>) -> Self {
            self.settings.refit_by = Some(metric.into());
            self
        }

        /// Whether the training rows are scored too; no.
        pub fn train_scores(mut self, train_scores: bool) -> Self {
            self.settings.train_scores = train_scores;
            self
        }

        /// Whether every fit's [`FoldResult::curves`](crate::search::FoldResult::curves) are kept, for
        /// `plot::learning_curves`; no. They need a number for each epoch and curve, in memory and in the
        /// journal.
        pub fn learning_curves(mut self, learning_curves: bool) -> Self {
            self.settings.learning_curves = learning_curves;
            self
        }

        /// How many fits run at the same time, each on one thread, and on how many threads the last one does;
        /// [`Parallelism::Auto`](crate::Parallelism::Auto), all that there are. Changes the time, not the result.
        ///
        /// Where a [`FitContext`](crate::estimator::FitContext) says otherwise, it counts instead: inside a
        /// cross-validation or another search, fits stay on their one thread.
        ///
        /// ```
        /// use std::sync::Arc;
        /// use std::sync::atomic::{AtomicBool, Ordering};
        /// use blastrain::prelude::*;
        ///
        /// let stop = Arc::new(AtomicBool::new(false));
        /// let raised = stop.clone(); // by another thread, say when a user asks for it
        /// let search = GridSearch::new(MlpClassifier::new().hidden_layer_sizes([4]).max_iter(5))
        ///     .axis("alpha", [1e-4, 1e-2, 1.0], |mlp: MlpClassifier, alpha| mlp.alpha(alpha))
        ///     .parallelism(Parallelism::Threads(2))
        ///     .progress(move |progress| raised.store(progress.done == 3, Ordering::Relaxed))
        ///     .stop_flag(stop);
        /// let stopped = search.fit(&datasets::iris::<f64>()?);
        /// assert!(matches!(stopped, Err(Error::Stopped { .. })));
        /// # Ok::<(), Error>(())
        /// ```
        pub fn parallelism(mut self, parallelism: crate::Parallelism) -> Self {
            self.settings.parallelism = parallelism;
            self
        }

        /// A flag that ends the search with [`Error::Stopped`](crate::Error::Stopped) after the batch in which it
        /// is raised; what a journal has by then is kept.
        ///
        /// The flag of a [`FitContext`](crate::estimator::FitContext) ends it too; where there are both, fits that run
        /// when the context's is raised come to their end first.
        pub fn stop_flag(mut self, stop: std::sync::Arc<std::sync::atomic::AtomicBool>) -> Self {
            self.settings.stop = Some(stop);
            self
        }

        /// What counts for a fit that failed; NaN.
        pub fn error_score(mut self, error_score: ErrorScore) -> Self {
            self.settings.error_score = error_score;
            self
        }

        /// Appends every finished fit to a file. The same search started again on the same file, after
        /// it was stopped or killed, runs only the fits that are missing, and ends with the same result
        /// as an unbroken one, the times included; the last fit, of the best candidate to all rows, is
        /// not kept.
        ///
        /// The file begins with digests of what the scores depend on: data, folds, metrics, the crate's
        /// version, and the estimators by their `Debug`, which for an estimator of your own must tell all
        /// its settings and nothing that changes. One search at a time can use a file.
        ///
        /// Fits then also fail with [`Error::OtherSearch`](crate::Error::OtherSearch) if the file is
        /// that of another search, [`Error::Format`](crate::Error::Format) if it is none or damaged,
        /// and [`Error::Io`](crate::Error::Io) if it cannot be read or written. A last line cut short is
        /// no damage.
        pub fn journal(mut self, path: impl Into<std::path::PathBuf>) -> Self {
            self.settings.journal = Some(path.into());
            self
        }

        /// Calls this after every fit, on whichever thread ran it, one call at a time.
        pub fn progress(
            mut self,
            observer: impl Fn(&Progress<'_>) + Send + Sync + 'static,
        ) -> Self {
            self.settings.progress = Some(Box::new(observer));
            self
        }
    };
}
pub(super) use search_methods;
