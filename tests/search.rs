//! What a search does with ties, failures, stop flags and its observer.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use blastrain::data::{Dataset, KFold};
use blastrain::estimator::{Estimator, FitContext, Predictor};
use blastrain::metrics::{Accuracy, LogLoss, Metric};
use blastrain::search::{ErrorScore, FittedSearch, GridSearch};
use blastrain::{Error, Parallelism, Result, datasets};
use ndarray::{Array2, ArrayView2};
use serde_json::Value;

/// Scores what it is told to; fails for no score.
#[derive(Debug, Clone)]
struct Stub(Option<f64>);

impl Estimator<f64> for Stub {
    type Fitted = Stub;

    fn fit_with(&self, _: &Dataset<'_, f64>, _: &mut FitContext<'_, f64>) -> Result<Stub> {
        match self.0 {
            Some(_) => Ok(self.clone()),
            None => Err(Error::param("score", "none", "a number")),
        }
    }

    fn default_metric(&self) -> Box<dyn Metric<f64>> {
        Box::new(Accuracy)
    }
}

impl Predictor<f64> for Stub {
    fn predict_outputs(&self, features: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        Ok(Array2::zeros((features.nrows(), 3)))
    }

    fn default_metric(&self) -> Box<dyn Metric<f64>> {
        Box::new(Accuracy)
    }

    fn evaluate_all(&self, _: &Dataset<'_, f64>, metrics: &[&dyn Metric<f64>]) -> Result<Vec<f64>> {
        Ok(vec![self.0.unwrap_or_default(); metrics.len()])
    }
}

fn search(scores: &[Option<f64>]) -> GridSearch<f64, Stub> {
    GridSearch::new(Stub(None))
        .axis("score", scores.to_vec(), |_, score| Stub(score))
        .cv(KFold::new(2))
}

fn run(search: &GridSearch<f64, Stub>) -> Result<FittedSearch<f64, Stub>> {
    search.fit(&datasets::iris().unwrap())
}

const MIXED: [Option<f64>; 6] =
    [Some(0.5), None, Some(0.75), Some(f64::NAN), Some(0.75), Some(0.5)];

#[test]
fn ties_share_the_lowest_rank_and_nan_comes_last() {
    let found = run(&search(&MIXED).metric(Accuracy).metric(LogLoss)).unwrap();
    let results = found.results();
    assert_eq!(results.ranks("accuracy").unwrap(), [3, 5, 1, 5, 1, 3]);
    assert_eq!(results.ranks("log_loss").unwrap(), [1, 5, 3, 5, 3, 1]);
    assert_eq!((found.best_index(), found.best_score()), (2, 0.75));
    assert!(matches!(results.ranks("r2"), Err(Error::UnknownName { .. })));
    let unknown = search(&MIXED).metric(Accuracy).refit_by("r2");
    assert!(matches!(run(&unknown), Err(Error::UnknownName { .. })));
}

#[test]
fn failures_are_shown_and_end_a_search_only_if_asked_to_or_alone() {
    let found = run(&search(&MIXED)).unwrap();
    let failed = &found.results().candidates()[1];
    assert!(failed.folds.iter().all(|fold| fold.error.as_deref().unwrap().contains("score")));
    // A score that would win does not: what failed could not be fitted again.
    let found = run(&search(&MIXED).error_score(ErrorScore::Value(0.9))).unwrap();
    assert_eq!(found.results().means("accuracy").unwrap()[1], 0.9);
    assert_eq!((found.best_index(), found.best_score()), (2, 0.75));
    assert_eq!(found.results().ranks("accuracy").unwrap(), [3, 6, 1, 5, 1, 3]);
    let of_loss = search(&MIXED).metric(LogLoss).error_score(ErrorScore::Value(0.0));
    assert_eq!(run(&of_loss).unwrap().best_index(), 0);
    let told = |search| run(&search).unwrap_err().to_string();
    assert_eq!(
        told(search(&MIXED).error_score(ErrorScore::Raise)),
        "the fit of score=null on fold 0 failed: score is none, but must be a number"
    );
    assert_eq!(
        told(search(&[None, None])),
        "all 4 fits failed; the first, of score=null on fold 0: score is none, but must be a number"
    );
}

#[test]
fn files_parse_back() {
    let found = run(&search(&MIXED)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (csv_path, json_path) = (folder.path().join("r.csv"), folder.path().join("r.json"));
    found.results().write_csv(&csv_path).unwrap();
    found.results().write_json(&json_path).unwrap();
    let mut reader = csv::Reader::from_path(&csv_path).unwrap();
    let headers = reader.headers().unwrap().clone();
    let wanted = [
        "param_score",
        "split0_test_accuracy",
        "split1_test_accuracy",
        "mean_test_accuracy",
        "std_test_accuracy",
        "rank_test_accuracy",
        "mean_fit_seconds",
        "mean_score_seconds",
        "errors",
    ];
    assert_eq!(headers.iter().collect::<Vec<_>>(), wanted);
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.unwrap()).collect();
    let ranks: Vec<usize> = rows.iter().map(|row| row[5].parse().unwrap()).collect();
    assert_eq!(ranks, found.results().ranks("accuracy").unwrap());
    assert_eq!(rows[2][1].parse::<f64>().unwrap(), 0.75);
    assert!(rows[1][3].parse::<f64>().unwrap().is_nan() && rows[1][8].contains("; fold 1: "));
    let json: Value = serde_json::from_slice(&std::fs::read(&json_path).unwrap()).unwrap();
    assert_eq!(json["candidates"][2]["folds"][0]["test"]["accuracy"], 0.75);
    assert_eq!(json["candidates"][1]["folds"][0]["test"]["accuracy"], Value::Null);
    assert_eq!(json["candidates"].as_array().unwrap().len(), 6);
}

#[test]
fn progress_counts_every_fit_once() {
    for threads in [1, 4] {
        let told = Arc::new(Mutex::new(Vec::new()));
        let list = told.clone();
        let observed = search(&MIXED).progress(move |progress| {
            let best = progress.best_score;
            list.lock().unwrap().push((progress.done, progress.fits, best, progress.seconds_left));
        });
        let mut context = FitContext::new().parallelism(Parallelism::Threads(threads));
        observed.fit_with(&datasets::iris().unwrap(), &mut context).unwrap();
        let told = told.lock().unwrap();
        let counts: Vec<usize> = told.iter().map(|&(done, ..)| done).collect();
        assert_eq!(counts, (1..=12).collect::<Vec<_>>());
        let (_, fits, best, left) = told[11];
        assert_eq!((fits, best, left), (12, Some(0.75), 0.0));
    }
}

#[test]
fn a_raised_flag_stops_the_search() {
    let (stop, fits) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (raised, counted) = (stop.clone(), fits.clone());
    let stopping = search(&MIXED).progress(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        raised.store(true, Ordering::SeqCst);
    });
    let mut context = FitContext::new().parallelism(Parallelism::Serial).stop_flag(stop);
    let stopped = stopping.fit_with(&datasets::iris().unwrap(), &mut context);
    assert!(matches!(stopped, Err(Error::Stopped { .. })));
    assert_eq!(fits.load(Ordering::SeqCst), 1);
}
