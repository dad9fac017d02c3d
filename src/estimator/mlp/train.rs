//! Fits by stochastic gradient descent and Adam, on the crate's trainer.

use std::ops::ControlFlow;

use super::core::Core;
use super::paused::{Extent, Paused};
use super::progress::Progress;
use super::rules::{FoldedAdam, VelocitySgd};
use super::settings::{Settings, Solver};
use crate::data::{Dataset, stratified_train_test_indices, train_test_indices};
use crate::error::{Error, Result};
use crate::estimator::FitContext;
use crate::estimator::traits::measure;
use crate::loss::Loss;
use crate::metrics::Metric;
use crate::network::Regularizer;
use crate::optim::{Lbfgs, Optimizer};
use crate::random::RandomState;
use crate::scalar::Scalar;
use crate::train::{
    BatchRecord, Callback, EpochRecord, Event, FitControl, LbfgsTrainer, Observer, Snapshot,
    Trainer,
};

/// What a fit is to do beside its settings.
pub(super) struct Task<'t, 'v, F> {
    pub(super) loss: Box<dyn Loss<F>>,
    /// What validation rows are scored by.
    pub(super) metric: Box<dyn Metric<F>>,
    /// The classes in whose proportion validation rows are held out.
    pub(super) strata: Option<&'t [usize]>,
    /// Validation rows, unless some are to be held out.
    pub(super) validation: Option<&'t Dataset<'v, F>>,
    pub(super) extent: Extent,
}

impl<F: Scalar> Core<F> {
    /// Trains by the solver of the settings; the model stays as it was if that fails.
    pub(super) fn train(
        &mut self,
        data: &Dataset<'_, F>,
        task: Task<'_, '_, F>,
        context: &mut FitContext<'_, F>,
    ) -> Result<()> {
        match self.settings.solver {
            Solver::Lbfgs if task.extent == Extent::OneEpoch => {
                Err(Error::param("solver", "Lbfgs", "Sgd or Adam for partial_fit"))
            }
            Solver::Lbfgs => self.descend(data, &task, context),
            Solver::Sgd | Solver::Adam => self.epochs(data, task, context),
        }
    }

    /// Fits by L-BFGS, on all rows at once; validation rows are scored at the end.
    fn descend(
        &mut self,
        data: &Dataset<'_, F>,
        task: &Task<'_, '_, F>,
        context: &mut FitContext<'_, F>,
    ) -> Result<()> {
        let settings = &self.settings;
        let weight_sum = match data.row_weights() {
            None => data.len() as f64,
            Some(weights) => weights.iter().map(|weight| weight.as_f64()).sum(),
        };
        let lbfgs = Lbfgs::new()
            .max_iter(settings.max_iter)
            .max_fun(settings.max_fun)
            .gradient_tolerance(settings.tol);
        let mut trainer = LbfgsTrainer::new(lbfgs)
            .regularizer(Regularizer::l2(0.5 * settings.alpha / weight_sum))
            .parallelism(context.parallelism)
            .stop_flag(context.stop.clone());
        for observer in &mut context.observers {
            trainer = trainer.observer(Borrowed(&mut **observer));
        }
        let mut network = self.network.clone();
        let (history, minimum) = trainer.fit(&mut network, &*task.loss, data)?;
        if let Some(validation) = task.validation {
            let outputs = network.predict_proba(validation)?;
            let scores = measure(&outputs, validation, &[&*task.metric])?;
            let sign = sign(&*task.metric);
            self.progress.validation_scores.extend(scores.iter().map(|score| sign * score));
        }
        self.progress.n_iter = minimum.iterations;
        self.progress.loss = Some(minimum.loss);
        self.progress.loss_curve.extend(history.losses());
        (self.network, self.state, self.history) = (network, None, history);
        self.paused = None;
        Ok(())
    }

    fn epochs(
        &mut self,
        data: &Dataset<'_, F>,
        task: Task<'_, '_, F>,
        context: &mut FitContext<'_, F>,
    ) -> Result<()> {
        let settings = &self.settings;
        if settings.early_stopping && task.extent == Extent::OneEpoch {
            return Err(Error::param("early_stopping", true, "false for partial_fit"));
        }
        let mut start = self.start(task.extent);
        let mut pause = start.pause();
        let rows = (task.validation, task.strata);
        let (train, validation) = self.hold_out(data, rows, &mut start.random)?;
        start.check_rows(train.len())?;
        let steering = Steering {
            settings,
            progress: &mut start.progress,
            rows: train.len(),
            batch_size: settings.batch_size.of(train.len()),
            learning_rate: start.learning_rate,
            weighted_loss: train.is_weighted().then_some((0.0, 0)),
            sign: sign(&*task.metric),
            best: start.best,
            pause: pause.as_deref_mut(),
        };
        let mut builder = Trainer::builder(start.network, task.loss)
            .boxed_optimizer(optimizer(settings))
            .batch_size(steering.batch_size)
            .epochs(start.epochs)
            .shuffle(settings.shuffle)
            .regularizer(Regularizer::l2(0.5 * settings.alpha))
            .penalty_per_row()
            .parallelism(context.parallelism)
            .stop_flag(context.stop.clone())
            .train_metrics(false)
            .callback(steering);
        builder = match start.state {
            Some(state) if start.goes_on => builder.resume(state),
            Some(state) => builder.resume(state).random_state(start.random),
            None => builder.random_state(start.random),
        };
        for observer in &mut context.observers {
            builder = builder.observer(Borrowed(&mut **observer));
        }
        if let Some(validation) = &validation {
            builder = builder.validation(validation).metric(task.metric);
        }
        let mut trainer = builder.build()?;
        let mut history = trainer.fit(&train)?;
        let (network, state) = trainer.into_parts();
        self.random = state.random_state().clone();
        if start.goes_on {
            history = history.behind(std::mem::take(&mut self.history));
        }
        (self.network, self.state, self.history) = (network, Some(state), history);
        (self.progress, self.paused) = (start.progress, pause);
        Ok(())
    }

    /// Training and validation rows: those given, or some held out for early stopping.
    fn hold_out<'d>(
        &self,
        data: &'d Dataset<'_, F>,
        (validation, strata): (Option<&'d Dataset<'_, F>>, Option<&[usize]>),
        random: &mut RandomState,
    ) -> Result<(Dataset<'d, F>, Option<Dataset<'d, F>>)> {
        let settings = &self.settings;
        let data = data.reborrow();
        if validation.is_some() || !settings.early_stopping {
            return Ok((data, validation.map(Dataset::reborrow)));
        }
        let fraction = settings.validation_fraction;
        let split = match strata {
            Some(strata) => stratified_train_test_indices(strata, fraction, random),
            None => train_test_indices(data.len(), fraction, random),
        };
        let (train, held_out) = split.map_err(|error| match error {
            Error::Param { name: "test_fraction", got, want } => {
                Error::Param { name: "validation_fraction", got, want }
            }
            other => other,
        })?;
        if held_out.len() < 2 {
            let want = format!("enough to hold out 2 of {} rows", data.len());
            return Err(Error::param("validation_fraction", fraction, want));
        }
        Ok((data.select(&train)?, Some(data.select(&held_out)?)))
    }
}

/// What makes a metric larger where it is better.
fn sign<F: Scalar>(metric: &dyn Metric<F>) -> f64 {
    if metric.higher_is_better() { 1.0 } else { -1.0 }
}

/// The rule of the settings' solver; any will do for L-BFGS, which has none.
pub(super) fn optimizer<F: Scalar>(settings: &Settings) -> Box<dyn Optimizer<F>> {
    let learning_rate = settings.learning_rate_init;
    match settings.solver {
        Solver::Sgd => Box::new(VelocitySgd {
            learning_rate,
            momentum: settings.momentum,
            nesterov: settings.nesterovs_momentum,
        }),
        _ => Box::new(FoldedAdam {
            learning_rate,
            beta_1: settings.beta_1,
            beta_2: settings.beta_2,
            epsilon: settings.epsilon,
        }),
    }
}

/// Steers a fit as scikit-learn does: records the loss, lowers the rate, keeps the best weights, stops.
struct Steering<'s, F> {
    settings: &'s Settings,
    progress: &'s mut Progress,
    rows: usize,
    batch_size: usize,
    learning_rate: f64,
    /// With row weights, `Σ rows·loss` and `Σ rows` over the epoch's batches: scikit-learn weighs the
    /// batches of an epoch by their rows even then.
    weighted_loss: Option<(f64, usize)>,
    /// What makes the larger score the better one.
    sign: f64,
    best: Snapshot<F>,
    /// What the fit would need to go on, if it may.
    pause: Option<&'s mut Paused<F>>,
}

impl<F: Scalar> Callback<F> for Steering<'_, F> {
    fn name(&self) -> &str {
        "stopping"
    }

    fn batch_end(&mut self, record: &BatchRecord, _: &mut FitControl<'_, F>) -> Result<()> {
        if let Some((sum, done)) = &mut self.weighted_loss {
            let rows = self.batch_size.min(self.rows - record.batch * self.batch_size);
            *sum += rows as f64 * record.loss;
            *done += rows;
        }
        Ok(())
    }

    fn epoch_end(&mut self, record: &EpochRecord, control: &mut FitControl<'_, F>) -> Result<()> {
        let loss = match &mut self.weighted_loss {
            Some(sums) => {
                let (sum, done) = std::mem::take(sums);
                sum / done as f64
            }
            None => record.loss,
        };
        let score = record.validation_metrics.first().map(|score| self.sign * score);
        let Self { settings, progress, rows, learning_rate, .. } = self;
        let verdict = progress.epoch_ends(settings, *rows, *learning_rate, loss, score);
        if verdict.best {
            self.best.take(control.network());
        }
        if verdict.learning_rate != self.learning_rate {
            self.learning_rate = verdict.learning_rate;
            control.set_rate_factor(verdict.learning_rate / self.settings.learning_rate_init);
        }
        if verdict.stop {
            if let Some(pause) = &mut self.pause {
                pause.finished = true;
            }
            let what = if self.settings.early_stopping { "validation score" } else { "loss" };
            let epochs = self.settings.n_iter_no_change;
            control
                .stop(format!("the {what} has not improved by tol for more than {epochs} epochs"));
        }
        Ok(())
    }

    fn fit_end(&mut self, control: &mut FitControl<'_, F>) -> Result<()> {
        if let Some(pause) = &mut self.pause {
            pause.learning_rate = self.learning_rate;
            if !self.best.is_empty() {
                pause.last.take(control.network());
            }
        }
        control.restore(&self.best);
        Ok(())
    }
}

/// An observer that the context keeps.
struct Borrowed<'o>(&'o mut dyn Observer);

impl Observer for Borrowed<'_> {
    fn event(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        self.0.event(event)
    }

    fn take_error(&mut self) -> Option<Error> {
        self.0.take_error()
    }
}
