//! The loop over epochs.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::builder::TrainerBuilder;
use super::callback::{Callback, Curves, FitControl};
use super::evaluate::Evaluation;
use super::history::Action;
use super::observer::notify;
use super::plan::{is_tiny, penalty};
use super::step::{StepOptions, StepWorkspace};
use super::{EpochRecord, Event, History, StopReason};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::native::crew::Crew;
use crate::network::Sequential;
use crate::optim::schedule::Progress;
use crate::scalar::Scalar;

/// One fit in progress.
pub(super) struct Fit<'f, 'a, 'd, F> {
    pub(super) settings: &'f mut TrainerBuilder<'a, F>,
    pub(super) data: &'f Dataset<'d, F>,
    pub(super) workspace: StepWorkspace<F>,
    train_evaluation: Option<Evaluation<F>>,
    validation: Option<Evaluation<F>>,
    /// The storage rows of the epoch's order.
    pub(super) rows: Vec<usize>,
    /// Parameters and buffers of the end of the last finished epoch.
    good: (Vec<F>, Vec<F>),
    /// Whether an error put them back.
    restored: bool,
    pub(super) batch_size: usize,
    pub(super) batches: usize,
    /// Floating-point operations of the matrix products for one row.
    flops: f64,
    curves: Curves,
    /// Epochs that the trainer will have run when this fit ends as planned.
    last_epoch: usize,
    /// The learning rate of the last step.
    pub(super) learning_rate: f64,
    /// What a callback asked for.
    stop_message: Option<String>,
    actions: Vec<Action>,
    /// When the last epoch ended, if the next one follows at once: a tiny fit notices each look at the clock.
    clock: Option<Instant>,
}

impl<'f, 'a, 'd, F: Scalar> Fit<'f, 'a, 'd, F> {
    pub(super) fn new(
        settings: &'f mut TrainerBuilder<'a, F>,
        data: &'f Dataset<'d, F>,
    ) -> Result<Self> {
        let rows = data.len();
        let batch_size = settings.batch_size.min(rows);
        let drops = settings.drop_last && rows >= settings.batch_size;
        let batches = if drops { rows / batch_size } else { rows.div_ceil(batch_size) };
        let network = &settings.network;
        let last = if drops { batch_size } else { rows - (batches - 1) * batch_size };
        network.check_batches(rows, batch_size, last)?;
        let slots = settings.optimizer.slots();
        let options = StepOptions {
            shards: settings.shards,
            mode: settings.weight_gradient,
            regularizer: settings.regularizer,
            decays: settings.optimizer.decays(),
            penalty_per_row: settings.penalty_per_row,
        };
        let mut workspace = StepWorkspace::new(network, data, batch_size, options, slots);
        let train_metrics = settings.train_metrics && !settings.metrics.is_empty();
        let evaluation = |data: &Dataset<'_, F>| Evaluation::new(network, data);
        let train_evaluation = train_metrics.then(|| evaluation(data)).transpose()?;
        let validation = settings.validation.as_ref().map(evaluation).transpose()?;
        // Nothing fails from here on: the state is safe.
        let state = &mut settings.state;
        if state.order.len() != rows {
            state.order = (0..rows).collect();
        }
        workspace.take_state(&mut state.optimizer);
        let metrics: Vec<(String, bool)> = settings
            .metrics
            .iter()
            .map(|metric| (metric.name().to_owned(), metric.higher_is_better()))
            .collect();
        Ok(Self {
            curves: Curves::new(&metrics, train_metrics, validation.is_some()),
            train_evaluation,
            validation,
            rows: settings.state.order.iter().map(|&position| data.row(position)).collect(),
            restored: false,
            flops: network.training_flops() as f64,
            good: (network.parameters().to_vec(), network.buffers().to_vec()),
            last_epoch: settings.state.epoch.saturating_add(settings.epochs),
            learning_rate: settings.optimizer.learning_rate(),
            settings,
            data,
            workspace,
            batch_size,
            batches,
            stop_message: None,
            actions: Vec::new(),
            clock: None,
        })
    }

    pub(super) fn is_tiny(&self) -> bool {
        is_tiny(self.batch_size, self.settings.network.parameter_count())
    }

    /// Gives the optimiser's state back to the trainer.
    pub(super) fn finish(mut self) {
        let state = &mut self.settings.state;
        state.optimizer = self.workspace.give_state();
        if self.restored {
            state.optimizer.iter_mut().for_each(|slot| slot.fill(F::zero()));
            state.step = 0;
        }
    }

    pub(super) fn run(&mut self, crew: Crew<'_>) -> Result<History> {
        let names: Vec<String> =
            self.settings.metrics.iter().map(|metric| metric.name().to_owned()).collect();
        let epochs = self.settings.epochs;
        let mut history = History::new(names, epochs);
        self.callbacks(|callback, control| callback.fit_start(control))?;
        let (batches, rows) = (self.batches, self.data.len());
        let metrics = history.metrics();
        let mut stop = self.notify(&Event::FitStart { epochs, batches, rows, metrics });
        if self.settings.stop.load(Ordering::Relaxed) {
            stop = Some(StopReason::Stopped);
        }
        for _ in 0..epochs {
            if stop.is_some() {
                break;
            }
            let (record, ended) = match self.epoch(crew) {
                Ok(done) => done,
                Err(error) => {
                    stop = Some(self.put_back(error)?);
                    break;
                }
            };
            let (params, buffers) = self.settings.network.state_mut();
            self.good.0.copy_from_slice(params);
            self.good.1.copy_from_slice(buffers);
            self.callbacks(|callback, control| callback.epoch_end(&record, control))?;
            let event = Event::EpochEnd { record: &record, epochs };
            stop = ended.or(self.notify(&event)).or(self.stop_asked());
            history.push(record);
        }
        self.callbacks(|callback, control| callback.fit_end(control))?;
        history.stop(stop.unwrap_or_default(), self.stop_message.take());
        history.act(&mut self.actions);
        // The fit is over: an observer that breaks now changes nothing, unless it failed.
        let _ = self.notify(&Event::FitEnd { history: &history });
        let observers = &mut self.settings.observers;
        let failed = observers.iter_mut().find_map(|observer| observer.take_error());
        failed.map_or(Ok(history), Err)
    }

    /// Puts parameters and buffers back as they were at the end of the last finished epoch. A callback
    /// may take a divergence for the end of the fit.
    fn put_back(&mut self, error: Error) -> Result<StopReason> {
        let (params, buffers) = self.settings.network.state_mut();
        params.copy_from_slice(&self.good.0);
        buffers.copy_from_slice(&self.good.1);
        self.restored = true;
        let mut taken = false;
        if let Error::Diverged { .. } = error {
            self.callbacks(|callback, control| {
                taken |= callback.diverged(&error, control);
                Ok(())
            })?;
        }
        if taken { Ok(StopReason::Callback) } else { Err(error) }
    }

    /// Calls each callback in turn.
    pub(super) fn callbacks(
        &mut self,
        mut call: impl FnMut(&mut dyn Callback<F>, &mut FitControl<'_, F>) -> Result<()>,
    ) -> Result<()> {
        let TrainerBuilder { network, callbacks, state, .. } = &mut *self.settings;
        for callback in callbacks {
            let mut control = FitControl {
                network,
                curves: &self.curves,
                epoch: state.epoch,
                learning_rate: self.learning_rate,
                rate_factor: &mut state.rate_factor,
                stop: &mut self.stop_message,
                actions: &mut self.actions,
            };
            let (first, asked) = (control.actions.len(), control.stop.is_some());
            call(&mut **callback, &mut control)?;
            for action in &mut self.actions[first..] {
                callback.name().clone_into(&mut action.callback);
            }
            if let (false, Some(reason)) = (asked, &mut self.stop_message) {
                reason.insert_str(0, &format!("{}: ", callback.name()));
            }
        }
        Ok(())
    }

    /// The learning rate of the step to come: the optimiser's as the schedule changes it, times what
    /// callbacks asked for.
    pub(super) fn next_learning_rate(&self) -> f64 {
        let TrainerBuilder { optimizer, schedule, state, .. } = &*self.settings;
        let base = optimizer.learning_rate();
        let rate = schedule.as_ref().map_or(base, |schedule| {
            let start = Progress::new(self.batches, self.last_epoch).rows_seen(state.rows_seen);
            schedule.rate(base, start.at(state.epoch as u64, state.step))
        });
        rate * state.rate_factor
    }

    pub(super) fn stop_asked(&self) -> Option<StopReason> {
        self.stop_message.is_some().then_some(StopReason::Callback)
    }

    pub(super) fn notify(&mut self, event: &Event<'_>) -> Option<StopReason> {
        notify(&mut self.settings.observers, event)
    }

    fn epoch(&mut self, crew: Crew<'_>) -> Result<(EpochRecord, Option<StopReason>)> {
        let start = self.clock.take().unwrap_or_else(Instant::now);
        if self.settings.shuffle {
            let state = &mut self.settings.state;
            state.random.shuffle(&mut state.order);
            for (row, &position) in self.rows.iter_mut().zip(&state.order) {
                *row = self.data.row(position);
            }
        }
        let sums = self.batches(crew)?;
        self.check_parameters()?;
        let end = Instant::now();
        let seconds = (end - start).as_secs_f64();
        let TrainerBuilder { callbacks, observers, .. } = &*self.settings;
        let evaluates = self.train_evaluation.is_some() || self.validation.is_some();
        let pauses = evaluates || !callbacks.is_empty() || !observers.is_empty();
        self.clock = (!pauses).then_some(end);
        let (metrics, validation_loss, validation_metrics) = self.evaluate(crew)?;
        let record = EpochRecord {
            epoch: self.settings.state.epoch,
            loss: sums.loss / sums.weight,
            metrics,
            validation_loss,
            validation_metrics,
            learning_rate: self.learning_rate,
            seconds,
            samples_per_second: sums.rows as f64 / seconds,
            gflops: 1e-9 * sums.rows as f64 * self.flops / seconds,
        };
        self.settings.state.epoch += 1;
        self.settings.state.rows_seen += sums.rows as u64;
        Ok((record, sums.stop))
    }

    /// The training rows' metrics, the validation rows' loss and metrics.
    fn evaluate(&mut self, crew: Crew<'_>) -> Result<(Vec<f64>, Option<f64>, Vec<f64>)> {
        let mut metrics = Vec::new();
        let TrainerBuilder { network, loss, metrics: list, validation, gemm, .. } = &*self.settings;
        let gemm = (*gemm, crew);
        if let Some(evaluation) = &mut self.train_evaluation {
            evaluation.run(network, gemm, None, list, self.data, &mut metrics)?;
        }
        let (mut validation_loss, mut validation_metrics) = (None, Vec::new());
        if let (Some(evaluation), Some(data)) = (&mut self.validation, validation) {
            let values = &mut validation_metrics;
            let mean = evaluation.run(network, gemm, Some(&**loss), list, data, values)?;
            if !mean.is_finite() {
                let (epoch, batch) = (self.settings.state.epoch, self.batches - 1);
                return Err(Error::Diverged { epoch, batch, tensor: "validation_loss".to_owned() });
            }
            let penalty = match self.settings.penalty_per_row {
                // A share of each batch: a validation set has none.
                true => 0.0,
                false => self.penalty(network),
            };
            validation_loss = Some(mean + penalty);
        }
        Ok((metrics, validation_loss, validation_metrics))
    }

    /// All penalties on the parameters as they are.
    fn penalty(&self, network: &Sequential<F>) -> f64 {
        let of_tensor = |tensor: &crate::network::TensorInfo| {
            let values = &network.parameters()[tensor.range.clone()];
            penalty(tensor, self.settings.regularizer).penalty(values)
        };
        network.tensors().iter().map(of_tensor).sum()
    }
}
