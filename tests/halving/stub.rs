//! An estimator that "fits" in no time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use blastrain::data::{Dataset, StratifiedKFold};
use blastrain::estimator::{Estimator, FitContext, Predictor};
use blastrain::metrics::{Accuracy, Metric};
use blastrain::search::GridSearch;
use blastrain::{Error, Result};
use ndarray::{Array2, ArrayView2};

/// A fit's setting, the epochs that its model had before, those it has now, and the models alive.
type Record = (usize, usize, usize, usize);

/// The larger its setting, the better it scores; it tells of its fits.
#[derive(Clone, Default)]
pub struct Stub {
    pub setting: usize,
    /// Whether more rows or epochs make it worse.
    pub fades: bool,
    /// What it scores whatever the setting.
    pub level: Option<f64>,
    /// The settings that fail on more than so many rows of all data, or epochs.
    pub failing: Vec<usize>,
    pub fails_after: usize,
    /// The settings that score NaN.
    pub nan: Vec<usize>,
    pub fits: Arc<Mutex<Vec<Record>>>,
    pub alive: Arc<AtomicUsize>,
}

impl std::fmt::Debug for Stub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stub({})", self.setting)
    }
}

/// Counted while it lives.
#[derive(Debug)]
pub struct FittedStub {
    score: f64,
    epochs: usize,
    alive: Arc<AtomicUsize>,
}

impl Drop for FittedStub {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Stub {
    /// A search over so many settings, in two folds.
    pub fn search(settings: usize) -> GridSearch<f64, Stub> {
        Self::around(Stub::default(), settings)
    }

    pub fn around(stub: Stub, settings: usize) -> GridSearch<f64, Stub> {
        GridSearch::new(stub)
            .axis("setting", 0..settings, |stub: Stub, setting| Stub { setting, ..stub })
            .cv(StratifiedKFold::new(2))
    }

    pub fn models(&self) -> usize {
        self.alive.load(Ordering::SeqCst)
    }

    fn fit(&self, resources: usize, sum: f64, before: usize) -> Result<FittedStub> {
        let record = (self.setting, before, resources, self.models());
        self.fits.lock().unwrap().push(record);
        if self.failing.contains(&self.setting) && resources > self.fails_after {
            return Err(Error::param("setting", self.setting, "another"));
        }
        let worth = self.setting as f64 + if self.fades { -100.0 * resources as f64 } else { 0.0 };
        let score = match self.level {
            _ if self.nan.contains(&self.setting) => f64::NAN,
            Some(level) => level,
            // The rows leave a trace, too.
            None => worth + 1e-3 * sum.sin(),
        };
        self.alive.fetch_add(1, Ordering::SeqCst);
        Ok(FittedStub { score, epochs: resources, alive: self.alive.clone() })
    }
}

impl Estimator<f64> for Stub {
    type Fitted = FittedStub;

    fn fit_with(&self, data: &Dataset<'_, f64>, _: &mut FitContext<'_, f64>) -> Result<FittedStub> {
        // Two folds: the training rows are half of the resources.
        self.fit(2 * data.len(), data.to_arrays().0.sum(), 0)
    }

    fn fit_epochs(
        &self,
        data: &Dataset<'_, f64>,
        model: Option<FittedStub>,
        epochs: usize,
        _: &mut FitContext<'_, f64>,
    ) -> Result<FittedStub> {
        let before = model.map_or(0, |model| model.epochs);
        self.fit(epochs, epochs as f64 * data.to_arrays().0.sum(), before)
    }

    fn default_metric(&self) -> Box<dyn Metric<f64>> {
        Box::new(Accuracy)
    }
}

impl Predictor<f64> for FittedStub {
    fn predict_outputs(&self, features: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        Ok(Array2::from_elem((features.nrows(), 3), self.score))
    }

    fn default_metric(&self) -> Box<dyn Metric<f64>> {
        Box::new(Accuracy)
    }

    fn evaluate_all(&self, _: &Dataset<'_, f64>, metrics: &[&dyn Metric<f64>]) -> Result<Vec<f64>> {
        Ok(vec![self.score; metrics.len()])
    }
}
