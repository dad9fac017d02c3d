//! A step that tells what it was fitted to, and how many of its fits are alive.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use blastrain::data::Dataset;
use blastrain::estimator::{Estimator, FitContext, MlpClassifier, Pipeline};
use blastrain::preprocessing::{FittedTransformer, Transformer};
use blastrain::search::{FittedSearch, GridSearch};
use blastrain::{Error, Parallelism, Result};
use ndarray::{Array2, ArrayView2};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde_json::Value;

pub type Searched = Pipeline<f64, MlpClassifier>;

/// What happened to a step and its copies.
#[derive(Debug, Default)]
pub struct Log {
    seen: Mutex<Vec<(u64, Vec<usize>)>>,
    alive: AtomicUsize,
    peak: AtomicUsize,
}

impl Log {
    /// The shift (its bits) and the rows of each fit, sorted.
    pub fn seen(&self) -> Vec<(u64, Vec<usize>)> {
        let mut seen = self.seen.lock().unwrap().clone();
        seen.sort();
        seen
    }

    /// Fitted steps that live now, and the most that ever did at once.
    pub fn alive(&self) -> (usize, usize) {
        (self.alive.load(Ordering::SeqCst), self.peak.load(Ordering::SeqCst))
    }
}

/// Adds its shift to centred features.
#[derive(Clone, Default)]
pub struct Witness {
    pub shift: f64,
    pub parallel: bool,
    pub log: Arc<Log>,
    pub keyed: bool,
}

impl Witness {
    /// A shift that it does not take.
    pub const REFUSED: f64 = -1.0;

    pub fn keyed() -> Self {
        Self { keyed: true, ..Self::default() }
    }
}

/// As short as one writes it by hand: it does not tell the shift.
impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Witness")
    }
}

impl Transformer<f64> for Witness {
    fn fit_boxed(&self, data: &Dataset<'_, f64>) -> Result<Box<dyn FittedTransformer<f64>>> {
        let features = data.to_arrays().0;
        let rows = features.column(0).iter().map(|&number| number as usize).collect();
        self.log.seen.lock().unwrap().push((self.shift.to_bits(), rows));
        if self.parallel {
            (0..256).into_par_iter().for_each(|_| std::thread::yield_now());
        }
        if self.shift == Self::REFUSED {
            return Err(Error::param("shift", self.shift, ">= 0"));
        }
        let mean = features.mean().unwrap_or_default();
        Ok(Box::new(FittedWitness::new(self.shift - mean, features.ncols(), self.log.clone())))
    }

    fn clone_box(&self) -> Box<dyn Transformer<f64>> {
        Box::new(self.clone())
    }

    fn settings_key(&self) -> Option<String> {
        self.keyed.then(|| format!("Witness({:?})", self.shift))
    }
}

#[derive(Debug)]
struct FittedWitness {
    added: f64,
    features: usize,
    log: Arc<Log>,
}

impl FittedWitness {
    fn new(added: f64, features: usize, log: Arc<Log>) -> Self {
        let alive = log.alive.fetch_add(1, Ordering::SeqCst) + 1;
        log.peak.fetch_max(alive, Ordering::SeqCst);
        Self { added, features, log }
    }
}

impl Drop for FittedWitness {
    fn drop(&mut self) {
        self.log.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl FittedTransformer<f64> for FittedWitness {
    fn features(&self) -> usize {
        self.features
    }

    fn outputs(&self) -> usize {
        self.features
    }

    fn transform(&self, features: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        Ok(&features + self.added)
    }

    fn kind(&self) -> &'static str {
        "witness"
    }

    fn config(&self) -> Value {
        Value::Null
    }

    fn clone_box(&self) -> Box<dyn FittedTransformer<f64>> {
        Box::new(Self::new(self.added, self.features, self.log.clone()))
    }
}

/// Rows that know their number: it is the first feature.
pub fn numbered() -> Dataset<'static, f64> {
    let features = Array2::from_shape_fn((48, 3), |(row, column)| match column {
        0 => row as f64,
        _ => ((row * column) as f64).sin(),
    });
    Dataset::new(features, (0..48).map(|row| row * 7 % 3 % 2).collect::<Vec<_>>()).unwrap()
}

pub fn network() -> MlpClassifier {
    MlpClassifier::new().hidden_layer_sizes([3]).max_iter(3).random_state(7)
}

pub fn run<E: Estimator<f64> + Clone>(
    search: &GridSearch<f64, E>,
    threads: usize,
) -> Result<FittedSearch<f64, E>> {
    let mut context = FitContext::new().parallelism(Parallelism::Threads(threads));
    search.fit_with(&numbered(), &mut context)
}
