//! The loop over epochs and batches.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::builder::TrainerBuilder;
use super::evaluate::Evaluation;
use super::plan::is_tiny;
use super::step::{StepSettings, StepWorkspace};
use super::{EpochRecord, Event, History, StopReason};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::native::crew::Crew;
use crate::network::Sequential;
use crate::parallelism::Workers;
use crate::random::RandomState;
use crate::scalar::Scalar;

/// Trains a network by mini-batches.
///
/// A second `fit` goes on where the first ended: parameters, optimiser state and random stream.
///
/// ```
/// use blastrain::data::Dataset;
/// use blastrain::loss::BinaryCrossEntropy;
/// use blastrain::optim::Adam;
/// use blastrain::train::Trainer;
/// use blastrain::Sequential;
/// use ndarray::array;
///
/// let x = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
/// let data = Dataset::new(x.clone(), vec![0, 1, 1, 0])?;
/// let network = Sequential::<f64>::input(2).dense(8).tanh().dense(1).seed(1).build()?;
/// let mut trainer = Trainer::builder(network, BinaryCrossEntropy::default())
///     .optimizer(Adam::new(0.05))
///     .epochs(200)
///     .build()?;
/// let history = trainer.fit(&data)?;
/// assert!(history.last().unwrap().loss < 0.1);
/// assert_eq!(trainer.network().predict_classes(x.view())?, [0, 1, 1, 0]);
/// # Ok::<(), blastrain::Error>(())
/// ```
pub struct Trainer<'a, F> {
    settings: TrainerBuilder<'a, F>,
    workers: Workers,
    random: RandomState,
    /// The data set's positions in the last epoch's order, which the next shuffles on.
    order: Vec<usize>,
    /// The optimiser's state between fits.
    state: Vec<F>,
    /// Updates so far.
    step: u64,
    /// Epochs so far.
    epoch: usize,
}

impl<'a, F: Scalar> Trainer<'a, F> {
    /// Starts a trainer for a network and a loss.
    pub fn builder(network: Sequential<F>, loss: impl Loss<F> + 'static) -> TrainerBuilder<'a, F> {
        TrainerBuilder::new(network, loss)
    }

    pub(super) fn new(
        random: RandomState,
        workers: Workers,
        settings: TrainerBuilder<'a, F>,
    ) -> Self {
        let (order, state) = (Vec::new(), Vec::new());
        Self { settings, workers, random, order, state, step: 0, epoch: 0 }
    }

    /// The network as it is now.
    pub fn network(&self) -> &Sequential<F> {
        &self.settings.network
    }

    /// Gives the network back.
    pub fn into_network(self) -> Sequential<F> {
        self.settings.network
    }

    /// The number of threads that work.
    pub fn threads(&self) -> usize {
        self.workers.threads()
    }

    /// Trains for the epochs set.
    ///
    /// The data set is neither copied nor reordered: each batch gathers its rows.
    ///
    /// # Errors
    /// Features or targets that do not fit the network or the loss; [`Error::Param`] for a batch whose
    /// weights are all zero; what a metric refuses; [`Error::Diverged`] if the loss or a parameter
    /// leaves the finite numbers. After the last three the parameters are those of the end of the
    /// last finished epoch of this fit (or of its start), and the optimiser starts afresh. An
    /// observer's error ([`Observer::take_error`](super::Observer::take_error)) ends the fit too, and
    /// undoes nothing.
    pub fn fit(&mut self, data: &Dataset<'_, F>) -> Result<History> {
        self.check(data)?;
        let Self { settings, workers, random, order, state, step, epoch } = self;
        let shuffling = (random, order);
        let mut fit = Fit::new(settings, data, shuffling, state, *step, *epoch)?;
        let result = match fit.is_tiny() {
            true => fit.run(Crew::Alone),
            false => workers.run_as_team(|crew| fit.run(crew)),
        };
        (*step, *epoch) = (fit.step, fit.epoch);
        *state = std::mem::take(fit.workspace.state_mut());
        if fit.restored {
            state.fill(F::zero());
            *step = 0;
        }
        result
    }

    fn check(&self, data: &Dataset<'_, F>) -> Result<()> {
        let TrainerBuilder { network, loss, .. } = &self.settings;
        network.check_features(data.features())?;
        loss.check(network.outputs(), &data.targets_seen())
    }
}

impl<F: Scalar> std::fmt::Debug for Trainer<'_, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trainer")
            .field("settings", &self.settings)
            .field("step", &self.step)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

/// One fit in progress.
struct Fit<'f, 'a, 'd, F> {
    settings: &'f mut TrainerBuilder<'a, F>,
    data: &'f Dataset<'d, F>,
    random: &'f mut RandomState,
    workspace: StepWorkspace<F>,
    train_evaluation: Option<Evaluation<F>>,
    validation: Option<Evaluation<F>>,
    /// Positions in the epoch's order.
    order: &'f mut Vec<usize>,
    /// The storage rows of `order`.
    rows: Vec<usize>,
    /// Parameters and buffers of the end of the last finished epoch.
    good: (Vec<F>, Vec<F>),
    /// Whether an error put them back.
    restored: bool,
    batch_size: usize,
    batches: usize,
    /// Floating-point operations of the matrix products for one row.
    flops: f64,
    step: u64,
    epoch: usize,
}

/// What an epoch's batches came to.
struct EpochSums {
    loss: f64,
    weight: f64,
    rows: usize,
    learning_rate: f64,
    stop: Option<StopReason>,
}

impl<'f, 'a, 'd, F: Scalar> Fit<'f, 'a, 'd, F> {
    fn new(
        settings: &'f mut TrainerBuilder<'a, F>,
        data: &'f Dataset<'d, F>,
        (random, order): (&'f mut RandomState, &'f mut Vec<usize>),
        state: &mut Vec<F>,
        step: u64,
        epoch: usize,
    ) -> Result<Self> {
        let rows = data.len();
        let batch_size = settings.batch_size.min(rows);
        let drops = settings.drop_last && rows >= settings.batch_size;
        let batches = if drops { rows / batch_size } else { rows.div_ceil(batch_size) };
        let network = &settings.network;
        let slots = settings.optimizer.slots();
        let mut workspace = StepWorkspace::new(
            network,
            data,
            batch_size,
            settings.shards,
            settings.weight_gradient,
            slots,
        );
        if order.len() != rows {
            *order = (0..rows).collect();
        }
        let train_metrics = settings.train_metrics && !settings.metrics.is_empty();
        let evaluation = |data: &Dataset<'_, F>| Evaluation::new(network, data);
        let train_evaluation = train_metrics.then(|| evaluation(data)).transpose()?;
        let validation = settings.validation.as_ref().map(evaluation).transpose()?;
        // Nothing fails from here on: the state is safe.
        if state.len() == network.parameter_count() * slots {
            *workspace.state_mut() = std::mem::take(state);
        }
        Ok(Self {
            train_evaluation,
            validation,
            rows: order.iter().map(|&position| data.row(position)).collect(),
            order,
            restored: false,
            flops: network.training_flops() as f64,
            good: (network.parameters().to_vec(), network.buffers().to_vec()),
            settings,
            data,
            random,
            workspace,
            batch_size,
            batches,
            step,
            epoch,
        })
    }

    fn is_tiny(&self) -> bool {
        is_tiny(self.batch_size, self.settings.network.parameter_count())
    }

    fn run(&mut self, crew: Crew<'_>) -> Result<History> {
        let names: Vec<String> =
            self.settings.metrics.iter().map(|metric| metric.name().to_owned()).collect();
        let epochs = self.settings.epochs;
        let mut history = History::new(names, epochs);
        let (batches, rows) = (self.batches, self.data.len());
        let metrics = history.metrics();
        let start = Event::FitStart { epochs, batches, rows, metrics };
        let mut stop = notify(&mut self.settings.observers, &start);
        if self.settings.stop.load(Ordering::Relaxed) {
            stop = Some(StopReason::Stopped);
        }
        for _ in 0..epochs {
            if stop.is_some() {
                break;
            }
            let result = self.epoch(crew);
            if result.is_err() {
                let (params, buffers) = self.settings.network.state_mut();
                params.copy_from_slice(&self.good.0);
                buffers.copy_from_slice(&self.good.1);
                self.restored = true;
            }
            let (record, ended) = result?;
            let (params, buffers) = self.settings.network.state_mut();
            self.good.0.copy_from_slice(params);
            self.good.1.copy_from_slice(buffers);
            let event = Event::EpochEnd { record: &record, epochs };
            stop = ended.or(notify(&mut self.settings.observers, &event));
            history.push(record);
        }
        history.stop(stop.unwrap_or_default());
        // The fit is over: an observer that breaks now changes nothing, unless it failed.
        let _ = notify(&mut self.settings.observers, &Event::FitEnd { history: &history });
        let failed = self.settings.observers.iter_mut().find_map(|observer| observer.take_error());
        failed.map_or(Ok(history), Err)
    }

    fn epoch(&mut self, crew: Crew<'_>) -> Result<(EpochRecord, Option<StopReason>)> {
        let start = Instant::now();
        if self.settings.shuffle {
            self.random.shuffle(self.order);
            for (row, &position) in self.rows.iter_mut().zip(&*self.order) {
                *row = self.data.row(position);
            }
        }
        let sums = self.batches(crew)?;
        self.check_parameters()?;
        let seconds = start.elapsed().as_secs_f64();
        let mut metrics = Vec::new();
        let gemm = (self.settings.gemm, crew);
        if let Some(evaluation) = &mut self.train_evaluation {
            let TrainerBuilder { network, metrics: list, .. } = &*self.settings;
            evaluation.run(network, gemm, None, list, self.data, &mut metrics)?;
        }
        let (mut validation_loss, mut validation_metrics) = (None, Vec::new());
        let TrainerBuilder { network, loss, metrics: list, validation, .. } = &*self.settings;
        if let (Some(evaluation), Some(data)) = (&mut self.validation, validation) {
            let values = &mut validation_metrics;
            let mean = evaluation.run(network, gemm, Some(&**loss), list, data, values)?;
            if !mean.is_finite() {
                let (epoch, batch) = (self.epoch, self.batches - 1);
                return Err(Error::Diverged { epoch, batch, tensor: "validation_loss".to_owned() });
            }
            validation_loss = Some(mean);
        }
        let record = EpochRecord {
            epoch: self.epoch,
            loss: sums.loss / sums.weight,
            metrics,
            validation_loss,
            validation_metrics,
            learning_rate: sums.learning_rate,
            seconds,
            samples_per_second: sums.rows as f64 / seconds,
            gflops: 1e-9 * sums.rows as f64 * self.flops / seconds,
        };
        self.epoch += 1;
        Ok((record, sums.stop))
    }

    fn batches(&mut self, crew: Crew<'_>) -> Result<EpochSums> {
        let learning_rate = self.settings.optimizer.learning_rate();
        let mut sums = EpochSums { loss: 0.0, weight: 0.0, rows: 0, learning_rate, stop: None };
        for batch in 0..self.batches {
            let start = batch * self.batch_size;
            let rows = start..(start + self.batch_size).min(self.rows.len());
            let settings = StepSettings {
                gemm: self.settings.gemm,
                crew,
                seed: u64::from(self.settings.network.seed()),
                step: self.step,
                learning_rate,
            };
            let TrainerBuilder { network, loss, optimizer, observers, stop, .. } = self.settings;
            let indices = &self.rows[rows];
            let (total, weight) =
                self.workspace.step(network, &**loss, &**optimizer, self.data, indices, settings);
            if weight <= 0.0 {
                let got = format!("all zero in epoch {}, batch {batch}", self.epoch);
                let want = "above zero for at least one row of every batch";
                return Err(Error::param("weights", got, want));
            }
            if !total.is_finite() {
                let rows = indices.len();
                return Err(self.diverged(batch, rows));
            }
            self.step += 1;
            sums.loss += total;
            sums.weight += weight;
            sums.rows += indices.len();
            if !observers.is_empty() {
                let loss = total / weight;
                let event = Event::BatchEnd { epoch: self.epoch, batch, loss, learning_rate };
                sums.stop = notify(observers, &event);
            }
            if stop.load(Ordering::Relaxed) {
                sums.stop = Some(StopReason::Stopped);
            }
            if sums.stop.is_some() {
                break;
            }
        }
        Ok(sums)
    }

    /// The last update of an epoch has no loss after it that would show a bad step.
    fn check_parameters(&self) -> Result<()> {
        match self.bad_parameter() {
            None => Ok(()),
            Some(tensor) => {
                Err(Error::Diverged { epoch: self.epoch, batch: self.batches - 1, tensor })
            }
        }
    }

    fn bad_parameter(&self) -> Option<String> {
        let network = &self.settings.network;
        let params = network.parameters();
        // A sum is not finite if a member is not: one quick pass where all is well.
        if params.iter().fold(F::zero(), |sum, &value| sum + value * F::zero()) == F::zero() {
            return None;
        }
        let bad = |range: std::ops::Range<usize>| params[range].iter().any(|v| !v.is_finite());
        let tensor = network.tensors().iter().find(|tensor| bad(tensor.range.clone()));
        tensor.map(|tensor| tensor.name.clone())
    }

    fn diverged(&self, batch: usize, rows: usize) -> Error {
        let tensor = self
            .bad_parameter()
            .or_else(|| self.workspace.divergent_output(&self.settings.network, rows))
            .unwrap_or_else(|| "loss".to_owned());
        Error::Diverged { epoch: self.epoch, batch, tensor }
    }
}

pub(super) fn notify(
    observers: &mut [Box<dyn super::Observer + '_>],
    event: &Event<'_>,
) -> Option<StopReason> {
    let mut stop = None;
    for observer in observers {
        if let ControlFlow::Break(()) = observer.event(event) {
            stop = Some(StopReason::Observer);
        }
    }
    stop
}
