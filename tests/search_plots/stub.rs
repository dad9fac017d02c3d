//! An estimator that "fits" in no time.

use blastrain::data::Dataset;
use blastrain::estimator::{Estimator, FitContext, Predictor};
use blastrain::metrics::{Accuracy, Metric};
use blastrain::{Error, Result};
use ndarray::{Array2, ArrayView2};
use serde_json::Value;

/// Scores what a function says of its settings; a NaN fails.
#[derive(Debug, Clone)]
pub struct Stub {
    settings: Vec<Value>,
    score: fn(&[Value]) -> f64,
    /// What each training row adds.
    per_row: f64,
    /// A first setting that fails on so many training rows or more.
    failing: Option<(f64, usize)>,
}

#[derive(Debug)]
pub struct FittedStub(f64);

impl Stub {
    pub fn new(score: fn(&[Value]) -> f64) -> Self {
        Self { settings: Vec::new(), score, per_row: 0.0, failing: None }
    }

    pub fn per_row(self, per_row: f64) -> Self {
        Self { per_row, ..self }
    }

    pub fn failing_from(self, setting: f64, rows: usize) -> Self {
        Self { failing: Some((setting, rows)), ..self }
    }

    pub fn set(mut self, value: impl Into<Value>) -> Self {
        self.settings.push(value.into());
        self
    }
}

impl Estimator<f64> for Stub {
    type Fitted = FittedStub;

    fn fit_with(&self, data: &Dataset<'_, f64>, _: &mut FitContext<'_, f64>) -> Result<FittedStub> {
        let first = self.settings.first().and_then(Value::as_f64);
        if self.failing.is_some_and(|(setting, rows)| first == Some(setting) && data.len() >= rows)
        {
            return Err(Error::param("rows", data.len(), "fewer"));
        }
        match (self.score)(&self.settings) + self.per_row * data.len() as f64 {
            score if score.is_nan() => Err(Error::param("score", score, "a number")),
            score => Ok(FittedStub(score)),
        }
    }

    fn default_metric(&self) -> Box<dyn Metric<f64>> {
        Box::new(Accuracy)
    }
}

impl Predictor<f64> for FittedStub {
    fn predict_outputs(&self, features: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        Ok(Array2::from_elem((features.nrows(), 3), self.0))
    }

    fn default_metric(&self) -> Box<dyn Metric<f64>> {
        Box::new(Accuracy)
    }

    fn evaluate_all(&self, _: &Dataset<'_, f64>, metrics: &[&dyn Metric<f64>]) -> Result<Vec<f64>> {
        Ok(vec![self.0; metrics.len()])
    }
}
