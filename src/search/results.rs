//! What a search found.

use serde::Serialize;

use super::Params;
use super::curves::Curves;
use super::ranking::{order, ranks};
use crate::error::{Error, Result};

/// One fit: a candidate on a fold.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FoldResult {
    /// A value for each metric on the test rows; the error score if the fit failed.
    pub test: Vec<f64>,
    /// A value for each metric on the training rows; empty unless asked for.
    pub train: Vec<f64>,
    /// Seconds of the fit; of one that goes on, without those of the rounds before. Those of a preprocessing that candidates share count in the one fit that did it.
    pub fit_seconds: f64,
    /// Seconds in which the test rows were scored.
    pub score_seconds: f64,
    /// What the fit recorded epoch by epoch, if the search was told to keep it and the estimator records
    /// such: "loss", "validation_loss", and the metrics, those of the validation rows with "validation_"
    /// before the name, as [`History::curve`](crate::train::History::curve) has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curves: Option<Curves>,
    /// Why the fit or its score failed.
    pub error: Option<String>,
}

/// A candidate's fits, in successive halving those of one round.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CandidateResult {
    /// The round of successive halving, counted from 0; `None` in other searches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iter: Option<usize>,
    /// What each of its fits had, rows of all data or epochs, in successive halving.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_resources: Option<usize>,
    /// Its settings.
    pub params: Params,
    /// Its folds, in the order of the splitter.
    pub folds: Vec<FoldResult>,
}

/// All candidates of a search with their scores: scikit-learn's `cv_results_`.
///
/// Displayed as a table of the best twenty.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchResults {
    /// Names, and whether higher is better.
    metrics: Vec<(String, bool)>,
    /// The position of the metric that the best candidate is chosen by.
    deciding: usize,
    candidates: Vec<CandidateResult>,
}

impl SearchResults {
    pub(super) fn new(
        metrics: Vec<(String, bool)>,
        deciding: usize,
        candidates: Vec<CandidateResult>,
    ) -> Self {
        Self { metrics, deciding, candidates }
    }

    /// The candidates, in the order of the search.
    pub fn candidates(&self) -> &[CandidateResult] {
        &self.candidates
    }

    /// The names of the metrics.
    pub fn metrics(&self) -> impl Iterator<Item = &str> {
        self.metrics.iter().map(|(name, _)| &**name)
    }

    /// The metric that the best candidate is chosen by.
    pub fn deciding_metric(&self) -> &str {
        self.metrics.get(self.deciding).map_or("", |(name, _)| name)
    }

    /// Each candidate's mean over the folds' test rows; NaN if a fold has no score.
    ///
    /// # Errors
    /// [`Error::UnknownName`], with the metrics that there are.
    pub fn means(&self, metric: &str) -> Result<Vec<f64>> {
        let (metric, _) = self.metric(metric)?;
        Ok(self.candidates.iter().map(|candidate| candidate.mean(metric)).collect())
    }

    /// Each candidate's standard deviation over the folds' test rows (over n).
    ///
    /// # Errors
    /// As [`SearchResults::means`].
    pub fn deviations(&self, metric: &str) -> Result<Vec<f64>> {
        let (metric, _) = self.metric(metric)?;
        Ok(self.candidates.iter().map(|candidate| candidate.summary(metric, false).1).collect())
    }

    /// Each candidate's rank by its mean, 1 for the best; ties share the lowest. Candidates without a mean come
    /// behind those with one, and at the very end those whose mean contains the score of a failed fit
    /// ([`ErrorScore::Value`](super::ErrorScore::Value)).
    ///
    /// # Errors
    /// As [`SearchResults::means`].
    pub fn ranks(&self, metric: &str) -> Result<Vec<usize>> {
        let (metric, higher_is_better) = self.metric(metric)?;
        Ok(ranks(&self.candidates, metric, higher_is_better))
    }

    /// The position of the first candidate of the best rank, and of those of one that did not fail; in
    /// successive halving of those in the last round.
    ///
    /// # Errors
    /// As [`SearchResults::means`].
    pub fn best_index(&self, metric: &str) -> Result<usize> {
        let last = self.candidates.iter().map(|candidate| candidate.iter).max().flatten();
        let order = order(&self.candidates, &self.ranks(metric)?);
        Ok(order.into_iter().find(|&i| self.candidates[i].iter == last).unwrap_or(0))
    }

    pub(super) fn metric(&self, name: &str) -> Result<(usize, bool)> {
        let found = self.metrics.iter().position(|(known, _)| known == name);
        let unknown = || Error::UnknownName {
            what: "metric",
            got: name.to_owned(),
            known: self.metrics().collect::<Vec<_>>().join(", "),
        };
        found.map(|i| (i, self.metrics[i].1)).ok_or_else(unknown)
    }
}

impl CandidateResult {
    /// Whether any of its fits, or of their scores, failed.
    pub fn failed(&self) -> bool {
        self.folds.iter().any(|fold| fold.error.is_some())
    }

    pub(super) fn scores(&self, metric: usize, train: bool) -> Vec<f64> {
        let scores = |fold: &FoldResult| {
            if train { fold.train.get(metric).copied() } else { fold.test.get(metric).copied() }
        };
        self.folds.iter().filter_map(scores).collect()
    }

    /// The mean of a metric over the folds' test rows.
    pub(super) fn mean(&self, metric: usize) -> f64 {
        self.summary(metric, false).0
    }

    /// Mean and standard deviation over the folds.
    pub(super) fn summary(&self, metric: usize, train: bool) -> (f64, f64) {
        let scores = self.scores(metric, train);
        let count = scores.len() as f64;
        let mean = scores.iter().sum::<f64>() / count;
        let variance = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / count;
        (mean, variance.sqrt())
    }
}
