//! How a search ends that is told to end with the first failure.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use blastrain::data::{Dataset, KFold};
use blastrain::estimator::{Estimator, FitContext, Predictor};
use blastrain::metrics::{Accuracy, Metric};
use blastrain::search::{ErrorScore, FittedSearch, GridSearch};
use blastrain::{Error, Parallelism, Result, datasets};
use ndarray::{Array2, ArrayView2};

/// Fails for some settings; the larger its setting, the longer it says that it takes.
#[derive(Debug, Clone, Default)]
struct Stub {
    setting: usize,
    failing: Vec<usize>,
    /// This setting's fits fail only when another's have.
    waits: Option<(usize, Arc<AtomicBool>)>,
    /// Nothing can be said about its cost.
    without_cost: bool,
    /// Fails on all rows only.
    fails_at_last: bool,
    fits: Arc<AtomicUsize>,
}

impl Estimator<f64> for Stub {
    type Fitted = Fitted;

    fn fit_with(&self, data: &Dataset<'_, f64>, _: &mut FitContext<'_, f64>) -> Result<Fitted> {
        self.fits.fetch_add(1, Ordering::SeqCst);
        let last = self.fails_at_last && data.len() == 150;
        if !self.failing.contains(&self.setting) && !last {
            return Ok(Fitted);
        }
        match &self.waits {
            Some((setting, failed)) if *setting == self.setting => {
                while !failed.load(Ordering::SeqCst) {
                    std::thread::yield_now();
                }
            }
            Some((_, failed)) => failed.store(true, Ordering::SeqCst),
            None => {}
        }
        Err(Error::param("setting", self.setting, "another"))
    }

    fn cost(&self, _: usize, _: usize) -> f64 {
        if self.without_cost { f64::NAN } else { self.setting as f64 }
    }

    fn default_metric(&self) -> Box<dyn Metric<f64>> {
        Box::new(Accuracy)
    }
}

#[derive(Debug)]
struct Fitted;

impl Predictor<f64> for Fitted {
    fn predict_outputs(&self, features: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        Ok(Array2::zeros((features.nrows(), 3)))
    }

    fn default_metric(&self) -> Box<dyn Metric<f64>> {
        Box::new(Accuracy)
    }
}

fn run(stub: &Stub, threads: usize, rule: ErrorScore) -> Result<FittedSearch<f64, Stub>> {
    GridSearch::new(stub.clone())
        .axis("setting", 0..40, |stub: Stub, setting| Stub { setting, ..stub })
        .cv(KFold::new(2))
        .error_score(rule)
        .parallelism(Parallelism::Threads(threads))
        .fit(&datasets::iris().unwrap())
}

#[test]
fn no_fit_begins_behind_the_first_failure() {
    let stub = Stub { failing: vec![30, 5], ..Stub::default() };
    let failed = run(&stub, 1, ErrorScore::Raise).unwrap_err();
    // The longest first: settings 39 to 31 on two folds each, then the failure.
    assert_eq!(stub.fits.load(Ordering::SeqCst), 2 * 9 + 1);
    assert_eq!(
        failed.to_string(),
        "the fit of setting=30 on fold 0 failed: setting is 30, but must be another"
    );
    match failed {
        Error::FitFailed { params, fold: Some(0), round: None, all: None, source } => {
            assert_eq!(params.get("setting").unwrap(), 30);
            assert!(matches!(*source, Error::Param { name: "setting", .. }));
        }
        other => panic!("{other}"),
    }
    let stub = Stub { failing: vec![30, 5], ..Stub::default() };
    run(&stub, 1, ErrorScore::Value(f64::NAN)).unwrap();
    assert_eq!(stub.fits.load(Ordering::SeqCst), 81);
}

#[test]
fn the_failure_told_is_the_first_in_order_and_not_in_time() {
    for threads in [2, 3, 8] {
        // The fits of 35 fail when one of 34 has.
        let waits = Some((35, Arc::new(AtomicBool::new(false))));
        let stub = Stub { failing: vec![35, 34, 2], waits, ..Stub::default() };
        let threads = threads.max(3);
        let failed = run(&stub, threads, ErrorScore::Raise).unwrap_err().to_string();
        assert!(failed.starts_with("the fit of setting=35 on fold 0 failed"), "{failed}");
        let fits = stub.fits.load(Ordering::SeqCst);
        assert!((11..11 + 2 * threads + 2).contains(&fits), "{fits} fits on {threads} threads");
    }
}

#[test]
fn costs_that_are_no_numbers_leave_the_order_of_the_search() {
    let stub = Stub { failing: vec![3, 1], without_cost: true, ..Stub::default() };
    let failed = run(&stub, 1, ErrorScore::Raise).unwrap_err().to_string();
    assert!(failed.starts_with("the fit of setting=1 on fold 0 failed"), "{failed}");
    assert_eq!(stub.fits.load(Ordering::SeqCst), 3);
}

#[test]
fn the_last_fit_says_that_it_is_the_last() {
    let stub = Stub { fails_at_last: true, ..Stub::default() };
    let failed = run(&stub, 2, ErrorScore::Value(0.0)).unwrap_err();
    assert_eq!(
        failed.to_string(),
        "the fit of setting=0 to all rows failed: setting is 0, but must be another"
    );
    assert!(matches!(failed, Error::FitFailed { fold: None, all: None, .. }));
}
