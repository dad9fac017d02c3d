//! Settings of a trainer.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::callback::Plateau;
use super::step_methods::step_methods;
use super::trainer::Trainer;
use super::{Callback, EarlyStopping, Observer, TrainerState, WeightGradient};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::linalg::Gemm;
use crate::loss::Loss;
use crate::metrics::Metric;
use crate::network::{Regularizer, Sequential};
use crate::optim::schedule::{ReduceOnPlateau, Schedule};
use crate::optim::{Adam, GradientClipping, MAX_SLOTS, Optimizer};
use crate::parallelism::{Parallelism, Workers};
use crate::random::RandomState;
use crate::scalar::Scalar;

/// Builds a [`Trainer`]; every setting has the value named unless told otherwise.
pub struct TrainerBuilder<'a, F> {
    pub(super) network: Sequential<F>,
    pub(super) loss: Box<dyn Loss<F>>,
    pub(super) optimizer: Box<dyn Optimizer<F>>,
    pub(super) metrics: Vec<Box<dyn Metric<F>>>,
    pub(super) train_metrics: bool,
    pub(super) validation: Option<Dataset<'a, F>>,
    pub(super) observers: Vec<Box<dyn Observer + 'a>>,
    pub(super) callbacks: Vec<Box<dyn Callback<F> + 'a>>,
    pub(super) regularizer: Regularizer,
    pub(super) penalty_per_row: bool,
    pub(super) clipping: Option<GradientClipping>,
    pub(super) schedule: Option<Box<dyn Schedule>>,
    plateaus: Vec<ReduceOnPlateau>,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) batch_size: usize,
    pub(super) epochs: usize,
    pub(super) shuffle: bool,
    pub(super) drop_last: bool,
    pub(super) state: TrainerState<F>,
    pub(super) parallelism: Parallelism,
    pub(super) shards: Option<usize>,
    pub(super) weight_gradient: WeightGradient,
    pub(super) gemm: Gemm,
}

impl<'a, F: Scalar> TrainerBuilder<'a, F> {
    pub(super) fn new(network: Sequential<F>, loss: impl Loss<F> + 'static) -> Self {
        Self {
            network,
            loss: Box::new(loss),
            optimizer: Box::new(Adam::default()),
            metrics: Vec::new(),
            train_metrics: true,
            validation: None,
            observers: Vec::new(),
            callbacks: Vec::new(),
            regularizer: Regularizer::NONE,
            penalty_per_row: false,
            clipping: None,
            schedule: None,
            plateaus: Vec::new(),
            stop: Arc::default(),
            batch_size: 32,
            epochs: 1,
            shuffle: true,
            drop_last: false,
            state: TrainerState::new(RandomState::new(0)),
            parallelism: Parallelism::Auto,
            shards: None,
            weight_gradient: WeightGradient::default(),
            gemm: Gemm::default(),
        }
    }

    /// The optimiser; [`Adam`] at a rate of 0.001.
    pub fn optimizer(mut self, optimizer: impl Optimizer<F> + 'static) -> Self {
        self.optimizer = Box::new(optimizer);
        self
    }

    /// The optimiser, in a box already.
    pub fn boxed_optimizer(mut self, optimizer: Box<dyn Optimizer<F>>) -> Self {
        self.optimizer = optimizer;
        self
    }

    /// Adds a metric, computed after every epoch for the training and the validation rows.
    pub fn metric(mut self, metric: impl Metric<F> + 'static) -> Self {
        self.metrics.push(Box::new(metric));
        self
    }

    /// Whether metrics are computed for the training rows too, at the price of a pass over them; yes.
    pub fn train_metrics(mut self, train_metrics: bool) -> Self {
        self.train_metrics = train_metrics;
        self
    }

    /// Rows on which loss and metrics are computed after every epoch.
    pub fn validation(mut self, data: &Dataset<'a, F>) -> Self {
        self.validation = Some(data.clone());
        self
    }

    /// Adds an observer, called in the order of adding.
    pub fn observer(mut self, observer: impl Observer + 'a) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Adds a callback, called in the order of adding.
    pub fn callback(mut self, callback: impl Callback<F> + 'a) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// Ends the fit when a curve no longer improves.
    pub fn early_stopping(self, early_stopping: EarlyStopping<F>) -> Self
    where
        F: 'a,
    {
        self.callback(early_stopping)
    }

    /// How the learning rate changes, starting from the optimiser's; it is constant.
    ///
    /// ```
    /// use blastrain::optim::schedule::{CosineAnnealing, LinearWarmup, Schedule};
    /// use blastrain::prelude::*;
    ///
    /// let network = Sequential::<f32>::input(4).dense(3).build()?;
    /// let mut trainer = Trainer::builder(network, CrossEntropy)
    ///     .optimizer(Adam::new(0.01))
    ///     .schedule(LinearWarmup::new(2).then(2, CosineAnnealing::new(8)))
    ///     .epochs(10)
    ///     .build()?;
    /// let rates = trainer.fit(&datasets::iris()?)?.curve("learning_rate")?;
    /// assert!(rates[0] < rates[2] && rates[2] > rates[9]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn schedule(mut self, schedule: impl Schedule + 'static) -> Self {
        self.schedule = Some(Box::new(schedule));
        self
    }

    /// Lowers the learning rate, on top of a schedule, when a curve (named as in
    /// [`History::curve`](super::History::curve)) no longer improves. Whether it should fall or rise is
    /// the metric's to say, whatever the rule was told.
    ///
    /// ```
    /// use blastrain::optim::schedule::ReduceOnPlateau;
    /// use blastrain::prelude::*;
    ///
    /// let network = Sequential::<f32>::input(4).dense(3).build()?;
    /// let mut trainer = Trainer::builder(network, CrossEntropy)
    ///     .metric(Accuracy)
    ///     .epochs(40)
    ///     .reduce_on_plateau("accuracy", ReduceOnPlateau::new().factor(0.5).patience(3))
    ///     .build()?;
    /// let history = trainer.fit(&datasets::iris()?)?;
    /// for action in history.actions() {
    ///     println!("epoch {}: {}", action.epoch, action.what); // epoch 9: learning rate times 0.5 …
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    pub fn reduce_on_plateau(mut self, curve: impl Into<String>, rule: ReduceOnPlateau) -> Self {
        self.plateaus.push(rule.clone());
        self.callbacks.push(Box::new(Plateau::new(curve.into(), rule)));
        self
    }

    /// Divides penalties by the weight sum of each batch, as scikit-learn does.
    pub(crate) fn penalty_per_row(mut self) -> Self {
        self.penalty_per_row = true;
        self
    }

    /// Bounds the gradient before each update; it is taken as it is.
    pub fn clip_gradient(mut self, clipping: GradientClipping) -> Self {
        self.clipping = Some(clipping);
        self
    }

    /// A flag that ends the fit after the batch in which it is raised (the epoch's record then covers
    /// the batches done), or before the first one. Nobody lowers it but you.
    pub fn stop_flag(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = stop;
        self
    }

    /// Rows of a batch, at least 1; more than there are rows means all of them; 32.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// Passes over the data in a fit; 1.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// Whether each epoch takes the rows in a new random order; yes.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Whether a last batch with fewer rows is left out (the order of rows differs each epoch, so
    /// that all have their turn); no. Ignored where there are fewer rows than one batch.
    pub fn drop_last(mut self, drop_last: bool) -> Self {
        self.drop_last = drop_last;
        self
    }

    /// Seeds the order of rows; 0. The network has a seed of its own for its weights.
    pub fn seed(self, seed: u32) -> Self {
        self.random_state(RandomState::new(seed))
    }

    /// The generator that orders the rows, instead of a fresh one: it goes on from where it is.
    pub fn random_state(mut self, random: RandomState) -> Self {
        self.state.set_random(random);
        self
    }

    /// Goes on from where another trainer of this network was: see [`Trainer::into_parts`]. Instead of
    /// [`TrainerBuilder::seed`].
    pub fn resume(mut self, state: TrainerState<F>) -> Self {
        self.state = state;
        self
    }

    step_methods!();

    /// Checks the settings and makes the trainer.
    ///
    /// # Errors
    /// [`Error::Param`] for a batch size or a number of shards or threads of 0, and for the settings of
    /// optimiser, schedules, penalty and clipping; validation rows that do not fit the network or the loss.
    pub fn build(mut self) -> Result<Trainer<'a, F>> {
        if self.batch_size == 0 {
            return Err(Error::param("batch_size", 0, "at least 1"));
        }
        if self.shards == Some(0) {
            return Err(Error::param("shards", 0, "at least 1"));
        }
        self.optimizer.validate()?;
        self.regularizer.validate()?;
        if let Some(clipping) = self.clipping {
            clipping.validate()?;
        }
        if let Some(schedule) = &self.schedule {
            schedule.validate()?;
        }
        for rule in &self.plateaus {
            rule.validate()?;
        }
        let slots = self.optimizer.slots();
        if slots > MAX_SLOTS {
            return Err(Error::param("slots", slots, format!("at most {MAX_SLOTS}")));
        }
        crate::native::ensure_ready()?;
        if let Some(data) = &self.validation {
            self.network.check_features(data.features())?;
            self.loss.check(self.network.outputs(), &data.targets_seen())?;
        }
        let workers = Workers::new(self.parallelism)?;
        self.network.set_link(self.loss.link());
        Ok(Trainer::new(workers, self))
    }
}

impl<F: Scalar> std::fmt::Debug for TrainerBuilder<'_, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrainerBuilder")
            .field("network", &self.network)
            .field("loss", &self.loss)
            .field("optimizer", &self.optimizer)
            .field("batch_size", &self.batch_size)
            .field("epochs", &self.epochs)
            .finish_non_exhaustive()
    }
}
