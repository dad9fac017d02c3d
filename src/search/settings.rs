//! What every search can be told.

use std::path::PathBuf;

use super::Params;
use crate::data::Splitter;
use crate::error::{Error, Result};
use crate::metrics::Metric;
use crate::scalar::Scalar;

/// What counts for a fit that failed.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum ErrorScore {
    /// This score; NaN puts the candidate last. The search fails only if every fit does.
    Value(f64),
    /// The search fails with the first candidate's error.
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
    /// Seconds that the rest will take if it goes on like this.
    pub seconds_left: f64,
}

/// Hears of every fit.
pub(super) type ProgressObserver = Box<dyn Fn(&Progress<'_>) + Send + Sync>;

/// Splitter, scores and what else all searches share.
pub struct SearchSettings<F> {
    /// `None`: five folds, stratified where there are classes.
    pub(super) splitter: Option<Box<dyn Splitter>>,
    pub(super) metrics: Vec<Box<dyn Metric<F>>>,
    pub(super) refit: bool,
    pub(super) refit_by: Option<String>,
    pub(super) train_scores: bool,
    pub(super) learning_curves: bool,
    pub(super) error_score: ErrorScore,
    pub(super) progress: Option<ProgressObserver>,
    pub(super) journal: Option<PathBuf>,
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
        }
    }

    /// The position of the metric that the best candidate is chosen by.
    pub(super) fn refit_metric(&self, metrics: &[&dyn Metric<F>]) -> Result<usize> {
        let Some(name) = &self.refit_by else { return Ok(0) };
        let found = metrics.iter().position(|metric| metric.name() == name);
        found.ok_or_else(|| Error::UnknownName {
            what: "metric",
            got: name.clone(),
            known: metrics.iter().map(|metric| metric.name()).collect::<Vec<_>>().join(", "),
        })
    }
}

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

        /// Adds a metric; without any, the estimator's own (accuracy, or R²) counts.
        pub fn metric(mut self, metric: impl Metric<F> + 'static) -> Self {
            self.settings.metrics.push(Box::new(metric));
            self
        }

        /// Whether the best candidate is fitted to all rows at the end; yes.
        pub fn refit(mut self, refit: bool) -> Self {
            self.settings.refit = refit;
            self
        }

        /// The name of the metric by which the best candidate is chosen; the first one added.
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
