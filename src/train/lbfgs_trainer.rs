//! Training on all rows at once, by L-BFGS.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::gradient::FullBatch;
use super::objective::Objective;
use super::observer::notify;
use super::plan::is_tiny;
use super::step_methods::step_methods;
use super::{EpochRecord, Event, History, Observer, StopReason, WeightGradient};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::linalg::Gemm;
use crate::loss::Loss;
use crate::native::crew::Crew;
use crate::network::{Regularizer, Sequential};
use crate::optim::{Iteration, Lbfgs, Minimum, Termination};
use crate::parallelism::{Parallelism, Workers};
use crate::scalar::Scalar;

/// Trains a network by [`Lbfgs`] on the mean loss over all rows, with penalties.
///
/// Suits small data sets and networks, where it needs no learning rate and converges in tens of
/// passes. An epoch is an iteration: a direction and a line search, one or a few passes over the
/// rows. Activations of all rows are kept at once.
///
/// ```
/// use blastrain::data::Dataset;
/// use blastrain::loss::BinaryCrossEntropy;
/// use blastrain::optim::Lbfgs;
/// use blastrain::train::LbfgsTrainer;
/// use blastrain::Sequential;
/// use blastrain::network::Regularizer;
/// use blastrain::ndarray::array;
///
/// let x = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
/// let data = Dataset::new(x.clone(), vec![0, 1, 1, 0])?;
/// let mut network = Sequential::<f64>::input(2).dense(8).tanh().dense(1).seed(1).build()?;
/// let mut trainer = LbfgsTrainer::new(Lbfgs::new().max_iter(100))
///     .regularizer(Regularizer::l2(5e-5));
/// let (history, minimum) = trainer.fit(&mut network, &BinaryCrossEntropy::default(), &data)?;
/// assert_eq!(history.losses().last(), Some(&minimum.loss));
/// assert!(minimum.loss < 0.1, "{}", minimum.termination);
/// assert_eq!(network.predict_classes(x.view())?, [0, 1, 1, 0]);
/// # Ok::<(), blastrain::Error>(())
/// ```
pub struct LbfgsTrainer<'a> {
    lbfgs: Lbfgs,
    regularizer: Regularizer,
    observers: Vec<Box<dyn Observer + 'a>>,
    stop: Arc<AtomicBool>,
    parallelism: Parallelism,
    shards: Option<usize>,
    weight_gradient: WeightGradient,
    gemm: Gemm,
}

impl<'a> LbfgsTrainer<'a> {
    /// A trainer with these settings of the descent, without a penalty.
    pub fn new(lbfgs: Lbfgs) -> Self {
        Self {
            lbfgs,
            regularizer: Regularizer::NONE,
            observers: Vec::new(),
            stop: Arc::default(),
            parallelism: Parallelism::Auto,
            shards: None,
            weight_gradient: WeightGradient::default(),
            gemm: Gemm::default(),
        }
    }

    /// Adds an observer, called in the order of adding; an iteration is an epoch of one batch.
    pub fn observer(mut self, observer: impl Observer + 'a) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// A flag that ends the fit after the iteration in which it is raised, or before the first one.
    pub fn stop_flag(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = stop;
        self
    }

    step_methods!();

    /// Trains `network`, and returns the loss after each iteration, penalty included, with where and
    /// why the descent ended.
    ///
    /// A record's `learning_rate` is the length of the iteration's step, in units of the
    /// quasi-Newton direction; its seconds are those of all the iteration's evaluations. Dropout
    /// draws one mask for the whole fit. Running statistics are updated once an iteration.
    ///
    /// # Errors
    /// Settings out of range; features or targets that do not fit the network or the loss; weights
    /// that are all zero; [`Error::Diverged`] if the loss is not finite at the start, or at every
    /// step that an iteration tried. The network is then as it was after the last iteration that
    /// ended well, which [`Error::Diverged`] calls an epoch. An observer's error
    /// ([`Observer::take_error`]) ends the fit and undoes nothing.
    pub fn fit<F: Scalar>(
        &mut self,
        network: &mut Sequential<F>,
        loss: &dyn Loss<F>,
        data: &Dataset<'_, F>,
    ) -> Result<(History, Minimum)> {
        self.lbfgs.validate()?;
        self.regularizer.validate()?;
        if self.shards == Some(0) {
            return Err(Error::param("shards", 0, "at least 1"));
        }
        crate::native::ensure_ready()?;
        let workers = Workers::new(self.parallelism)?;
        let batch = FullBatch::new(
            network,
            loss,
            data,
            self.weight_gradient,
            self.shards,
            self.regularizer,
        )?;
        let link = loss.link();
        let tiny = is_tiny(batch.rows(), network.parameter_count());
        let result = match tiny {
            true => self.run(network, batch, Crew::Alone),
            false => workers.run_as_team(|crew| self.run(network, batch, crew)),
        };
        network.set_link(link);
        result
    }

    fn run<F: Scalar>(
        &mut self,
        network: &mut Sequential<F>,
        batch: FullBatch<'_, '_, F>,
        crew: Crew<'_>,
    ) -> Result<(History, Minimum)> {
        let Self { lbfgs, gemm, .. } = *self;
        let mut x = network.parameters().to_vec();
        let mut watch = Watch::new(self, network, batch.rows());
        let stopped = watch.stop.is_some();
        // Told to stop before the first iteration, it asks for no more than the loss at the start.
        let lbfgs = if stopped { lbfgs.gradient_tolerance(f64::MAX) } else { lbfgs };
        let accepted = Cell::new(false);
        let mut objective = Objective::new(network, batch, (gemm, crew));
        let mut minimum = lbfgs.minimize(
            &mut x,
            |x, gradient| objective.evaluate(x, gradient, accepted.take()),
            |iteration| {
                accepted.set(true);
                watch.iteration(iteration)
            },
        )?;
        let tensor = match minimum.termination {
            Termination::NotFinite => Some(objective.divergent_tensor()),
            _ => None,
        };
        objective.finish(&x, accepted.take());
        if let Some(tensor) = tensor {
            return Err(Error::Diverged { epoch: minimum.iterations, batch: 0, tensor });
        }
        if stopped {
            minimum.termination = Termination::Observer;
        }
        watch.end(minimum)
    }
}

impl std::fmt::Debug for LbfgsTrainer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LbfgsTrainer")
            .field("lbfgs", &self.lbfgs)
            .field("regularizer", &self.regularizer)
            .finish_non_exhaustive()
    }
}

/// What is recorded of a fit, and who is told.
struct Watch<'w, 'a> {
    observers: &'w mut [Box<dyn Observer + 'a>],
    flag: &'w AtomicBool,
    history: History,
    epochs: usize,
    rows: usize,
    /// Floating-point operations of the matrix products for one row.
    flops: f64,
    /// When the iteration began, and the evaluations before it.
    begun: (Instant, usize),
    /// Why the fit was ended from outside.
    stop: Option<StopReason>,
}

impl<'w, 'a> Watch<'w, 'a> {
    fn new<F: Scalar>(
        trainer: &'w mut LbfgsTrainer<'a>,
        network: &Sequential<F>,
        rows: usize,
    ) -> Self {
        let epochs = trainer.lbfgs.iteration_limit();
        let mut watch = Self {
            observers: &mut trainer.observers,
            flag: &trainer.stop,
            history: History::new(Vec::new(), epochs),
            epochs,
            rows,
            flops: network.training_flops() as f64,
            begun: (Instant::now(), 0),
            stop: None,
        };
        let start = Event::FitStart { epochs, batches: 1, rows, metrics: &[] };
        watch.tell(&start);
        watch
    }

    fn tell(&mut self, event: &Event<'_>) {
        self.stop = notify(self.observers, event);
        if self.flag.load(Ordering::Relaxed) {
            self.stop = Some(StopReason::Stopped);
        }
    }

    fn iteration<F>(&mut self, iteration: &Iteration<'_, F>) -> ControlFlow<()> {
        let seconds = self.begun.0.elapsed().as_secs_f64();
        let rows = (self.rows * (iteration.evaluations - self.begun.1)) as f64;
        let record = EpochRecord {
            epoch: iteration.number - 1,
            loss: iteration.loss,
            metrics: Vec::new(),
            validation_loss: None,
            validation_metrics: Vec::new(),
            learning_rate: iteration.step,
            seconds,
            samples_per_second: rows / seconds,
            gflops: 1e-9 * rows * self.flops / seconds,
        };
        self.tell(&Event::EpochEnd { record: &record, epochs: self.epochs });
        self.history.push(record);
        self.begun = (Instant::now(), iteration.evaluations);
        match self.stop {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }

    /// Ends the history of a fit that did not diverge.
    fn end(mut self, minimum: Minimum) -> Result<(History, Minimum)> {
        let reason = match minimum.termination {
            Termination::Gradient | Termination::RelativeReduction => StopReason::Converged,
            Termination::MaxFun => StopReason::Evaluations,
            Termination::LineSearch => StopReason::LineSearch,
            _ => StopReason::Finished,
        };
        let reason = self.stop.unwrap_or(reason);
        self.history.stop(reason, None);
        // The fit is over: an observer that breaks now changes nothing, unless it failed.
        let _ = notify(self.observers, &Event::FitEnd { history: &self.history });
        let failed = self.observers.iter_mut().find_map(|observer| observer.take_error());
        failed.map_or(Ok((self.history, minimum)), Err)
    }
}
