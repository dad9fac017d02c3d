//! What surrounds a fit.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::data::Dataset;
use crate::metrics::Metric;
use crate::parallelism::Parallelism;
use crate::scalar::Scalar;
use crate::train::Observer;

/// What surrounds a fit without being a setting of the model: who may stop it, who works, who
/// watches, and rows that it is validated on.
///
/// ```
/// use blastrain::estimator::{FitContext, MlpClassifier};
/// use blastrain::{Parallelism, datasets};
///
/// let data = datasets::iris::<f64>()?;
/// let mut context = FitContext::new().parallelism(Parallelism::Serial);
/// let model = MlpClassifier::new().max_iter(20).fit_with(&data, &mut context)?;
/// assert_eq!(model.n_iter(), 20);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Default)]
pub struct FitContext<'a, F> {
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) parallelism: Parallelism,
    pub(super) observers: Vec<Box<dyn Observer + 'a>>,
    pub(super) validation: Option<Dataset<'a, F>>,
    pub(super) metric: Option<Arc<dyn Metric<F>>>,
}

impl<'a, F: Scalar> FitContext<'a, F> {
    /// No stop flag, no observers, no validation rows, and [`Parallelism::Auto`].
    pub fn new() -> Self {
        Self {
            stop: Arc::default(),
            parallelism: Parallelism::Auto,
            observers: Vec::new(),
            validation: None,
            metric: None,
        }
    }

    /// A flag that ends the fit after the batch in which it is raised. What has been fitted by then
    /// is the result.
    pub fn stop_flag(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = stop;
        self
    }

    /// Who works: it changes the time, not the result.
    pub fn parallelism(mut self, parallelism: Parallelism) -> Self {
        self.parallelism = parallelism;
        self
    }

    /// Adds an observer, which sees every fit that is made with this context.
    pub fn observer(mut self, observer: impl Observer + 'a) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Rows that the model is scored on after every epoch; by L-BFGS at its end.
    ///
    /// A model that stops early goes by them instead of holding out a part of its training rows.
    pub fn validation(mut self, data: &Dataset<'a, F>) -> Self {
        self.validation = Some(data.clone());
        self
    }

    /// What validation rows, given or held out, are scored by, instead of accuracy or R². Of a metric
    /// that is better where it is smaller, the score is the negative.
    pub fn metric(mut self, metric: impl Metric<F> + 'static) -> Self {
        self.metric = Some(Arc::new(metric));
        self
    }

    /// The metric set, or else this one.
    pub(super) fn metric_or(&self, default: Box<dyn Metric<F>>) -> Box<dyn Metric<F>> {
        match &self.metric {
            Some(metric) => Box::new(metric.clone()),
            None => default,
        }
    }
}

impl<F> std::fmt::Debug for FitContext<'_, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FitContext")
            .field("stop", &self.stop)
            .field("parallelism", &self.parallelism)
            .field("observers", &self.observers.len())
            .field("validation", &self.validation.is_some())
            .field("metric", &self.metric.is_some())
            .finish()
    }
}
