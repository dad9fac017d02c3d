//! Cross-validation: the same estimator fitted to several cuts of the data.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Params;
use super::fit_and_score::{FoldScores, Scoring, fit_and_score};
use super::jobs::run_all;
use super::settings::different;
use crate::data::{Dataset, Splitter};
use crate::error::{Error, Result};
use crate::estimator::{Estimator, FitContext};
use crate::metrics::Metric;
use crate::parallelism::{Parallelism, Workers};
use crate::scalar::Scalar;

/// Scores an estimator on every fold by its default metric (accuracy, or R²).
///
/// ```
/// use blastrain::data::StratifiedKFold;
/// use blastrain::datasets;
/// use blastrain::estimator::{MlpClassifier, Pipeline};
/// use blastrain::preprocessing::StandardScaler;
/// use blastrain::search::cross_val_score;
///
/// let data = datasets::wine::<f64>()?;
/// let estimator = Pipeline::new().step(StandardScaler::new()).estimator(MlpClassifier::new());
/// let scores = cross_val_score(&estimator, &data, &StratifiedKFold::new(3))?;
/// assert!(scores.iter().all(|&score| score > 0.9));
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// # Errors
/// As [`CrossValidation::run`].
pub fn cross_val_score<F: Scalar, E: Estimator<F>>(
    estimator: &E,
    data: &Dataset<'_, F>,
    splitter: &(impl Splitter + ?Sized),
) -> Result<Vec<f64>> {
    let mut scores = CrossValidation::new().run(estimator, data, splitter)?;
    Ok(scores.test.pop().unwrap_or_default())
}

/// Cross-validation by one or several metrics.
///
/// ```
/// use blastrain::data::StratifiedKFold;
/// use blastrain::datasets;
/// use blastrain::estimator::MlpClassifier;
/// use blastrain::metrics::{Accuracy, LogLoss};
/// use blastrain::search::CrossValidation;
///
/// let scores = CrossValidation::new()
///     .metric(Accuracy)
///     .metric(LogLoss)
///     .train_scores(true)
///     .run(
///         &MlpClassifier::new().hidden_layer_sizes([16]).learning_rate_init(0.02),
///         &datasets::iris::<f64>()?,
///         &StratifiedKFold::new(5),
///     )?;
/// let (mean, deviation) = scores.summary("accuracy")?;
/// println!("accuracy {mean:.3} ± {deviation:.3} in {:.2} s", scores.fit_seconds().iter().sum::<f64>());
/// assert!(mean > 0.9 && scores.train("log_loss")?.len() == 5);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug)]
pub struct CrossValidation<F> {
    metrics: Vec<Box<dyn Metric<F>>>,
    train_scores: bool,
    parallelism: Parallelism,
    stop: Arc<AtomicBool>,
}

impl<F: Scalar> Default for CrossValidation<F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F: Scalar> CrossValidation<F> {
    /// By the estimator's default metric, without scores of the training rows, on all threads.
    pub fn new() -> Self {
        let (metrics, stop) = (Vec::new(), Arc::default());
        Self { metrics, train_scores: false, parallelism: Parallelism::Auto, stop }
    }

    /// Adds a metric; the estimator's own is then computed only if it is added too.
    pub fn metric(mut self, metric: impl Metric<F> + 'static) -> Self {
        self.metrics.push(Box::new(metric));
        self
    }

    /// Whether the training rows are scored too; no.
    pub fn train_scores(mut self, train_scores: bool) -> Self {
        self.train_scores = train_scores;
        self
    }

    /// How many folds are fitted at the same time, each on one thread; [`Parallelism::Auto`]. Changes the
    /// time, not the result.
    pub fn parallelism(mut self, parallelism: Parallelism) -> Self {
        self.parallelism = parallelism;
        self
    }

    /// A flag that ends the run with [`Error::Stopped`] after the batch in which it is raised.
    pub fn stop_flag(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = stop;
        self
    }

    /// Fits the estimator to the training rows of each fold, and scores it on the test rows, row weights
    /// included.
    ///
    /// # Errors
    /// What the splitter refuses; [`Error::Param`] for a metric given twice; [`Error::FitFailed`] with the first
    /// fold whose fit or score failed; [`Error::Stopped`].
    pub fn run<E: Estimator<F>>(
        &self,
        estimator: &E,
        data: &Dataset<'_, F>,
        splitter: &(impl Splitter + ?Sized),
    ) -> Result<CrossValidationScores> {
        let default = [estimator.default_metric()];
        let metrics = if self.metrics.is_empty() { &default[..] } else { &self.metrics };
        let metrics: Vec<&dyn Metric<F>> = metrics.iter().map(|metric| &**metric).collect();
        different(metrics.iter().map(|metric| metric.name()))?;
        let scoring = Scoring {
            metrics: &metrics,
            train_scores: self.train_scores,
            learning_curves: false,
            stop: &self.stop,
        };
        let workers = Workers::new(self.parallelism)?;
        let folds = data.folds(splitter)?;
        let results = run_all(&workers, &folds, |fold| {
            let (train, test) = fold.of(data)?;
            let fit = |context: &mut FitContext<'_, F>| estimator.fit_with(&train, context);
            let (scores, _) = fit_and_score(fit, (&train, &test), &scoring)?;
            Ok(scores)
        });
        if self.stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped { what: "the cross-validation" });
        }
        let failed = |(fold, result): (usize, Result<FoldScores>)| {
            result.map_err(|error| Error::FitFailed {
                params: Params::default(),
                fold: Some(fold),
                round: None,
                all: None,
                source: Arc::new(error),
            })
        };
        let folds: Vec<FoldScores> =
            results.into_iter().enumerate().map(failed).collect::<Result<_>>()?;
        let by_metric = |scores: fn(&FoldScores) -> &[f64]| -> Vec<Vec<f64>> {
            let of =
                |i: usize| folds.iter().filter_map(|fold| scores(fold).get(i).copied()).collect();
            (0..metrics.len()).map(of).collect()
        };
        Ok(CrossValidationScores {
            metrics: metrics.iter().map(|metric| metric.name().to_owned()).collect(),
            test: by_metric(|fold| &fold.test),
            train: self.train_scores.then(|| by_metric(|fold| &fold.train)),
            fit_seconds: folds.iter().map(|fold| fold.fit_seconds).collect(),
            score_seconds: folds.iter().map(|fold| fold.score_seconds).collect(),
        })
    }
}

/// Scores and times of every fold.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossValidationScores {
    metrics: Vec<String>,
    /// A value for each fold, metric by metric.
    test: Vec<Vec<f64>>,
    train: Option<Vec<Vec<f64>>>,
    fit_seconds: Vec<f64>,
    score_seconds: Vec<f64>,
}

impl CrossValidationScores {
    /// The names of the metrics.
    pub fn metrics(&self) -> &[String] {
        &self.metrics
    }

    /// A metric on the test rows of each fold.
    ///
    /// # Errors
    /// [`Error::UnknownName`], with the names that there are.
    pub fn test(&self, metric: &str) -> Result<&[f64]> {
        Ok(&self.test[self.position(metric)?])
    }

    /// A metric on the training rows of each fold.
    ///
    /// # Errors
    /// [`Error::UnknownName`]; [`Error::Param`] if training scores were not asked for.
    pub fn train(&self, metric: &str) -> Result<&[f64]> {
        let position = self.position(metric)?;
        match &self.train {
            Some(train) => Ok(&train[position]),
            None => {
                Err(Error::param("train_scores", false, "true for scores of the training rows"))
            }
        }
    }

    /// A metric's mean over the folds' test rows, and its standard deviation (over n, as NumPy's).
    ///
    /// # Errors
    /// [`Error::UnknownName`], with the names that there are.
    pub fn summary(&self, metric: &str) -> Result<(f64, f64)> {
        let scores = self.test(metric)?;
        let count = scores.len() as f64;
        let mean = scores.iter().sum::<f64>() / count;
        let variance = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / count;
        Ok((mean, variance.sqrt()))
    }

    /// Seconds of each fold's fit.
    pub fn fit_seconds(&self) -> &[f64] {
        &self.fit_seconds
    }

    /// Seconds in which each fold's test rows were scored.
    pub fn score_seconds(&self) -> &[f64] {
        &self.score_seconds
    }

    fn position(&self, metric: &str) -> Result<usize> {
        let found = self.metrics.iter().position(|name| name == metric);
        found.ok_or_else(|| Error::UnknownName {
            what: "metric",
            got: metric.to_owned(),
            known: self.metrics.join(", "),
        })
    }
}
