//! What a search found.

use std::fmt;
use std::io::Write;
use std::path::Path;

use serde::Serialize;

use super::Params;
use super::curves::Curves;
use super::params::plain;
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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SearchResults {
    /// Names, and whether higher is better.
    metrics: Vec<(String, bool)>,
    candidates: Vec<CandidateResult>,
}

impl SearchResults {
    pub(super) fn new(metrics: Vec<(String, bool)>, candidates: Vec<CandidateResult>) -> Self {
        Self { metrics, candidates }
    }

    /// The candidates, in the order of the search.
    pub fn candidates(&self) -> &[CandidateResult] {
        &self.candidates
    }

    /// The names of the metrics.
    pub fn metrics(&self) -> impl Iterator<Item = &str> {
        self.metrics.iter().map(|(name, _)| &**name)
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

    /// Each candidate's rank by its mean, 1 for the best; ties share the lowest, and candidates without
    /// a mean come last.
    ///
    /// # Errors
    /// As [`SearchResults::means`].
    pub fn ranks(&self, metric: &str) -> Result<Vec<usize>> {
        let (_, higher_is_better) = self.metric(metric)?;
        let means = self.means(metric)?;
        Ok(ranks(&means, higher_is_better))
    }

    /// The position of the first candidate of the best rank; in successive halving of those in the last
    /// round.
    ///
    /// # Errors
    /// As [`SearchResults::means`].
    pub fn best_index(&self, metric: &str) -> Result<usize> {
        let last = self.candidates.iter().map(|candidate| candidate.iter).max().flatten();
        let ranks = self.ranks(metric)?.into_iter().enumerate();
        let ranks = ranks.filter(|&(i, _)| self.candidates[i].iter == last);
        Ok(ranks.min_by_key(|&(_, rank)| rank).map_or(0, |(i, _)| i))
    }

    /// The results as CSV: settings, then for each metric a column for each fold, mean, standard
    /// deviation and rank, the same of the training rows where they were scored, times and errors.
    pub fn to_csv(&self) -> String {
        let rows: Vec<Vec<(String, String)>> =
            (0..self.candidates.len()).map(|i| self.row(i)).collect();
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut lines =
            rows.first().map(|row| row.iter().map(|(name, _)| name).collect::<Vec<_>>());
        if let Some(header) = lines.take() {
            // Writing to memory cannot fail.
            let _ = writer.write_record(header);
        }
        for row in &rows {
            let _ = writer.write_record(row.iter().map(|(_, value)| value));
        }
        String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
    }

    /// Writes [`SearchResults::to_csv`].
    ///
    /// # Errors
    /// [`Error::Io`]; a file that was there is then left as it was.
    pub fn write_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        crate::file::write_atomically(path.as_ref(), |file| {
            file.write_all(self.to_csv().as_bytes())
        })
    }

    /// The results as JSON: metrics, and the candidates with their settings and folds.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Writes [`SearchResults::to_json`].
    ///
    /// # Errors
    /// [`Error::Io`]; a file that was there is then left as it was.
    pub fn write_json(&self, path: impl AsRef<Path>) -> Result<()> {
        crate::file::write_atomically(path.as_ref(), |file| {
            file.write_all(self.to_json().as_bytes())
        })
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

    /// One candidate's columns.
    fn row(&self, index: usize) -> Vec<(String, String)> {
        let candidate = &self.candidates[index];
        let of_halving = [("iter", candidate.iter), ("n_resources", candidate.n_resources)];
        let shown =
            |(name, value): (&str, Option<usize>)| Some((name.to_owned(), value?.to_string()));
        let mut row: Vec<(String, String)> = of_halving.into_iter().filter_map(shown).collect();
        // Grids may have different axes: all have a column.
        for name in self.axis_names() {
            let value = candidate.params.get(name).map(plain).unwrap_or_default();
            row.push((format!("param_{name}"), value));
        }
        for (metric, (name, _)) in self.metrics.iter().enumerate() {
            for (kind, train) in [("test", false), ("train", true)] {
                let scores: Vec<f64> = candidate.scores(metric, train);
                if scores.is_empty() {
                    continue;
                }
                for (fold, score) in scores.iter().enumerate() {
                    row.push((format!("split{fold}_{kind}_{name}"), score.to_string()));
                }
                let (mean, deviation) = candidate.summary(metric, train);
                row.push((format!("mean_{kind}_{name}"), mean.to_string()));
                row.push((format!("std_{kind}_{name}"), deviation.to_string()));
            }
            let rank = self.ranks(name).ok().map_or(0, |ranks| ranks[index]);
            row.push((format!("rank_test_{name}"), rank.to_string()));
        }
        let folds = candidate.folds.len().max(1) as f64;
        let mean = |seconds: fn(&FoldResult) -> f64| {
            (candidate.folds.iter().map(seconds).sum::<f64>() / folds).to_string()
        };
        row.push(("mean_fit_seconds".to_owned(), mean(|fold| fold.fit_seconds)));
        row.push(("mean_score_seconds".to_owned(), mean(|fold| fold.score_seconds)));
        let errors: Vec<&str> =
            candidate.folds.iter().filter_map(|fold| fold.error.as_deref()).collect();
        row.push(("errors".to_owned(), errors.join("; ")));
        row
    }
}

impl CandidateResult {
    fn scores(&self, metric: usize, train: bool) -> Vec<f64> {
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
    fn summary(&self, metric: usize, train: bool) -> (f64, f64) {
        let scores = self.scores(metric, train);
        let count = scores.len() as f64;
        let mean = scores.iter().sum::<f64>() / count;
        let variance = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / count;
        (mean, variance.sqrt())
    }
}

/// Ranks by means, 1 for the best; ties share the lowest, and NaN comes last.
pub(super) fn ranks(means: &[f64], higher_is_better: bool) -> Vec<usize> {
    let better = |a: f64, b: f64| match (a.is_nan(), b.is_nan()) {
        (true, _) => false,
        (false, true) => true,
        _ if higher_is_better => a > b,
        _ => a < b,
    };
    let rank = |&mean: &f64| 1 + means.iter().filter(|&&other| better(other, mean)).count();
    means.iter().map(rank).collect()
}

/// The best twenty candidates by the first metric, as a table.
impl fmt::Display for SearchResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((name, _)) = self.metrics.first() else { return Ok(()) };
        let ranks = self.ranks(name).unwrap_or_default();
        let mut order: Vec<usize> = (0..self.candidates.len()).collect();
        order.sort_by_key(|&i| ranks[i]);
        let halving = self.candidates.iter().any(|candidate| candidate.iter.is_some());
        let columns = if halving { "iter  resources  " } else { "" };
        writeln!(f, "rank  {name:>12}       ±  fit s  {columns}settings")?;
        for i in order.into_iter().take(20) {
            let candidate = &self.candidates[i];
            let (mean, deviation) = candidate.summary(0, false);
            let seconds: f64 = candidate.folds.iter().map(|fold| fold.fit_seconds).sum();
            let rank = ranks[i];
            write!(f, "{rank:>4}  {mean:>12.4}  {deviation:.4}  {seconds:>5.2}  ")?;
            if let (Some(iter), Some(resources)) = (candidate.iter, candidate.n_resources) {
                write!(f, "{iter:>4}  {resources:>9}  ")?;
            }
            writeln!(f, "{}", candidate.params)?;
        }
        let errors = || self.candidates.iter().flat_map(|candidate| &candidate.folds);
        let mut errors = errors().filter_map(|fold| fold.error.as_deref());
        if let Some(first) = errors.next() {
            writeln!(f, "{} fits failed; the first: {first}", 1 + errors.count())?;
        }
        Ok(())
    }
}
