//! The results of a search as files for other programs.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde::{Serialize, Serializer};

use super::curves::Curves;
use super::params::plain;
use super::results::{CandidateResult, FoldResult};
use super::{Params, SearchResults};
use crate::error::Result;

impl SearchResults {
    /// The results as CSV: settings, then for each metric a column for each fold, mean, standard
    /// deviation and rank, the same of the training rows where they were scored, times and errors.
    pub fn to_csv(&self) -> String {
        let ranks = self.all_ranks();
        let rows: Vec<Vec<(String, String)>> =
            (0..self.candidates().len()).map(|i| self.row(i, &ranks)).collect();
        let mut writer = csv::Writer::from_writer(Vec::new());
        if let Some(row) = rows.first() {
            // Writing to memory cannot fail.
            let _ = writer.write_record(row.iter().map(|(name, _)| name));
        }
        for row in &rows {
            let _ = writer.write_record(row.iter().map(|(_, value)| value));
        }
        String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
    }

    /// Writes [`SearchResults::to_csv`].
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io); a file that was there is then left as it was.
    pub fn write_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.to_csv())
    }

    /// The results as JSON: metrics, the deciding one and the best candidate's position, and the candidates with
    /// their settings, mean, standard deviation and rank by each metric, times and folds.
    ///
    /// A score that is no finite number is null; the CSV tells which it is. Learning curves are left out:
    /// see [`SearchResults::to_json_with_curves`].
    ///
    /// ```
    /// use blastrain::prelude::*;
    ///
    /// let search = GridSearch::new(MlpClassifier::new().hidden_layer_sizes([4]).max_iter(5))
    ///     .axis("alpha", [0.1, 1.0], |mlp: MlpClassifier, alpha| mlp.alpha(alpha))
    ///     .cv(StratifiedKFold::new(2));
    /// let found = search.fit(&datasets::iris::<f64>()?)?;
    /// let json: serde_json::Value = serde_json::from_str(&found.results().to_json()).unwrap();
    /// assert_eq!(json["metrics"][0]["name"], "accuracy");
    /// assert_eq!(json["best_index"], found.best_index());
    /// let best = &json["candidates"][found.best_index()];
    /// assert_eq!(best["test"]["accuracy"]["mean"], found.best_score());
    /// assert_eq!((best["test"]["accuracy"]["rank"].as_u64(), &best["params"]["alpha"]), (Some(1), &best["params"]["alpha"]));
    /// assert!(best["folds"][1]["test"]["accuracy"].is_number());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(&self.report(false)).unwrap_or_default()
    }

    /// [`SearchResults::to_json`], and the learning curves of each fold where the search kept them: a number for
    /// each epoch and curve.
    pub fn to_json_with_curves(&self) -> String {
        serde_json::to_string_pretty(&self.report(true)).unwrap_or_default()
    }

    /// Writes [`SearchResults::to_json`].
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io); a file that was there is then left as it was.
    pub fn write_json(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.to_json())
    }

    /// Writes [`SearchResults::to_json_with_curves`].
    ///
    /// # Errors
    /// As [`SearchResults::write_json`].
    pub fn write_json_with_curves(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.to_json_with_curves())
    }

    /// The ranks by each metric.
    fn all_ranks(&self) -> Vec<Vec<usize>> {
        self.metrics().map(|name| self.ranks(name).unwrap_or_default()).collect()
    }

    /// One candidate's columns.
    fn row(&self, index: usize, ranks: &[Vec<usize>]) -> Vec<(String, String)> {
        let candidate = &self.candidates()[index];
        let of_halving = [("iter", candidate.iter), ("n_resources", candidate.n_resources)];
        let shown =
            |(name, value): (&str, Option<usize>)| Some((name.to_owned(), value?.to_string()));
        let mut row: Vec<(String, String)> = of_halving.into_iter().filter_map(shown).collect();
        // Grids may have different axes: all have a column.
        for name in self.axis_names() {
            let value = candidate.params.get(name).map(plain).unwrap_or_default();
            row.push((format!("param_{name}"), value));
        }
        for (metric, name) in self.metrics().enumerate() {
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
            row.push((format!("rank_test_{name}"), ranks[metric][index].to_string()));
        }
        row.push(("mean_fit_seconds".to_owned(), candidate.fit_seconds().to_string()));
        row.push(("mean_score_seconds".to_owned(), candidate.score_seconds().to_string()));
        let errors = candidate.folds.iter().enumerate();
        let errors: Vec<String> = errors
            .filter_map(|(i, fold)| Some(format!("fold {i}: {}", fold.error.as_ref()?)))
            .collect();
        row.push(("errors".to_owned(), errors.join("; ")));
        row
    }

    fn report(&self, curves: bool) -> Report<'_> {
        let metric = |name| MetricReport {
            name,
            higher_is_better: self.higher_is_better(name).unwrap_or(true),
        };
        let ranks = self.all_ranks();
        let candidates = self.candidates().iter().enumerate();
        Report {
            metrics: self.metrics().map(metric).collect(),
            deciding_metric: self.deciding_metric(),
            best_index: self.best_index(self.deciding_metric()).ok(),
            candidates: candidates
                .map(|(i, c)| self.candidate_report(i, c, &ranks, curves))
                .collect(),
        }
    }

    fn candidate_report<'r>(
        &'r self,
        index: usize,
        candidate: &'r CandidateResult,
        ranks: &[Vec<usize>],
        curves: bool,
    ) -> CandidateReport<'r> {
        let summaries = |train: bool| -> ByMetric<'r, Summary> {
            let summary = |(metric, name): (usize, &'r str)| {
                let (mean, std) = candidate.summary(metric, train);
                let rank = (!train).then(|| ranks[metric][index]);
                (name, Summary { mean, std, rank })
            };
            self.metrics().enumerate().map(summary).collect()
        };
        let named = |scores: &[f64]| self.metrics().zip(scores.iter().copied()).collect();
        let trained = candidate.folds.iter().any(|fold| !fold.train.is_empty());
        let fold = |fold: &'r FoldResult| FoldReport {
            test: named(&fold.test),
            train: trained.then(|| named(&fold.train)),
            fit_seconds: fold.fit_seconds,
            score_seconds: fold.score_seconds,
            curves: fold.curves.as_ref().filter(|_| curves),
            error: fold.error.as_deref(),
        };
        CandidateReport {
            iter: candidate.iter,
            n_resources: candidate.n_resources,
            params: &candidate.params,
            test: summaries(false),
            train: trained.then(|| summaries(true)),
            mean_fit_seconds: candidate.fit_seconds(),
            mean_score_seconds: candidate.score_seconds(),
            folds: candidate.folds.iter().map(fold).collect(),
        }
    }
}

/// As [`SearchResults::to_json`].
impl Serialize for SearchResults {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.report(false).serialize(serializer)
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    crate::file::write_atomically(path, |file| file.write_all(text.as_bytes()))
}

/// The means over the folds.
impl CandidateResult {
    fn fit_seconds(&self) -> f64 {
        self.seconds(|fold| fold.fit_seconds)
    }

    fn score_seconds(&self) -> f64 {
        self.seconds(|fold| fold.score_seconds)
    }

    fn seconds(&self, of: fn(&FoldResult) -> f64) -> f64 {
        self.folds.iter().map(of).sum::<f64>() / self.folds.len().max(1) as f64
    }
}

type ByMetric<'r, T> = BTreeMap<&'r str, T>;

#[derive(Serialize)]
struct Report<'r> {
    metrics: Vec<MetricReport<'r>>,
    deciding_metric: &'r str,
    best_index: Option<usize>,
    candidates: Vec<CandidateReport<'r>>,
}

#[derive(Serialize)]
struct MetricReport<'r> {
    name: &'r str,
    higher_is_better: bool,
}

#[derive(Serialize)]
struct CandidateReport<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    iter: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n_resources: Option<usize>,
    params: &'r Params,
    test: ByMetric<'r, Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    train: Option<ByMetric<'r, Summary>>,
    mean_fit_seconds: f64,
    mean_score_seconds: f64,
    folds: Vec<FoldReport<'r>>,
}

#[derive(Serialize)]
struct Summary {
    mean: f64,
    std: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<usize>,
}

#[derive(Serialize)]
struct FoldReport<'r> {
    test: ByMetric<'r, f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    train: Option<ByMetric<'r, f64>>,
    fit_seconds: f64,
    score_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    curves: Option<&'r Curves>,
    error: Option<&'r str>,
}
