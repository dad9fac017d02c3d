//! One fit on training rows, scored on others.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::curves::{Curves, curves_of};
use crate::data::Dataset;
use crate::error::Result;
use crate::estimator::{FitContext, Predictor};
use crate::metrics::Metric;
use crate::parallelism::Parallelism;
use crate::scalar::Scalar;

/// What the fits of a search share.
#[derive(Debug)]
pub(super) struct Scoring<'s, F> {
    pub(super) metrics: &'s [&'s dyn Metric<F>],
    /// Whether the training rows are scored too.
    pub(super) train_scores: bool,
    /// Whether what the fits record is kept.
    pub(super) learning_curves: bool,
    pub(super) stop: &'s Arc<AtomicBool>,
}

/// One fit's scores, a value for each metric, and its times.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FoldScores {
    pub(super) test: Vec<f64>,
    pub(super) train: Vec<f64>,
    pub(super) fit_seconds: f64,
    pub(super) score_seconds: f64,
    pub(super) curves: Option<Curves>,
}

/// Runs `fit`, a fit to `train`, on the calling thread, and scores the model, which it
/// gives back, on `test`.
pub(super) fn fit_and_score<'c, F: Scalar, M: Predictor<F>>(
    fit: impl FnOnce(&mut FitContext<'c, F>) -> Result<M>,
    (train, test): (&Dataset<'_, F>, &Dataset<'_, F>),
    scoring: &Scoring<'_, F>,
) -> Result<(FoldScores, M)> {
    let start = Instant::now();
    let mut context =
        FitContext::new().parallelism(Parallelism::Serial).stop_flag(scoring.stop.clone());
    let model = fit(&mut context)?;
    let fit_seconds = start.elapsed().as_secs_f64();
    let curves = model.history().filter(|_| scoring.learning_curves).map(curves_of);
    let start = Instant::now();
    let test_scores = model.evaluate_all(test, scoring.metrics)?;
    let score_seconds = start.elapsed().as_secs_f64();
    let train = match scoring.train_scores {
        true => model.evaluate_all(train, scoring.metrics)?,
        false => Vec::new(),
    };
    Ok((FoldScores { test: test_scores, train, fit_seconds, score_seconds, curves }, model))
}
