//! Ends a fit that no longer improves.

use super::{BestEpoch, Callback, FitControl, Mode, Monitor};
use crate::error::{Error, Result, non_negative};
use crate::scalar::Scalar;
use crate::train::EpochRecord;

/// Ends the fit after `patience` epochs in a row without improvement.
///
/// As Keras' `EarlyStopping`: an epoch improves if its number is better than the best so far by more
/// than `min_delta`.
///
/// ```
/// use blastrain::prelude::*;
///
/// let (train, valid) = stratified_train_test_split(&datasets::wine()?, 0.3, RandomState::new(1))?;
/// let scaler = StandardScaler::new().fit_dataset(&train)?;
/// let (train, valid) = (scaler.transform_dataset(&train)?, scaler.transform_dataset(&valid)?);
/// let network = Sequential::<f32>::input(13).dense(64).relu().dense(3).build()?;
/// let mut trainer = Trainer::builder(network, CrossEntropy)
///     .optimizer(Adam::new(0.01))
///     .epochs(500)
///     .validation(&valid)
///     .early_stopping(EarlyStopping::patience(5).restore_best())
///     .build()?;
/// let history = trainer.fit(&train)?;
/// assert!(history.epochs().len() < 500);
/// println!("{}", history.stop_message().unwrap()); // early_stopping: validation_loss …
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct EarlyStopping<F> {
    monitor: Monitor,
    patience: usize,
    baseline: Option<f64>,
    start_epoch: usize,
    restore_best: bool,
    best: BestEpoch<F>,
    waited: usize,
    seen: usize,
}

impl<F: Scalar> EarlyStopping<F> {
    /// Stops after this many epochs (at least 1) without improvement of the validation loss.
    pub fn patience(patience: usize) -> Self {
        Self {
            monitor: Monitor::new("validation_loss"),
            patience,
            baseline: None,
            start_epoch: 0,
            restore_best: false,
            best: BestEpoch::default(),
            waited: 0,
            seen: 0,
        }
    }

    /// The curve watched, as [`History::curve`](crate::train::History::curve) names it;
    /// "validation_loss".
    pub fn monitor(mut self, curve: impl Into<String>) -> Self {
        self.monitor.watch(curve);
        self
    }

    /// Whether smaller or larger is better; [`Mode::Auto`].
    pub fn mode(mut self, mode: Mode) -> Self {
        self.monitor.mode = mode;
        self
    }

    /// The least change that counts as an improvement, >= 0; 0.
    pub fn min_delta(mut self, min_delta: f64) -> Self {
        self.monitor.min_delta = min_delta;
        self
    }

    /// Epochs that do not get better than this number count as without improvement; none.
    pub fn baseline(mut self, baseline: f64) -> Self {
        self.baseline = Some(baseline);
        self
    }

    /// Epochs of the fit that are not watched at all (warm-up); 0.
    pub fn start_epoch(mut self, epochs: usize) -> Self {
        self.start_epoch = epochs;
        self
    }

    /// Puts the parameters of the best epoch back when the fit ends, stopped or not.
    pub fn restore_best(mut self) -> Self {
        self.restore_best = true;
        self
    }
}

impl<F: Scalar> Callback<F> for EarlyStopping<F> {
    fn name(&self) -> &str {
        "early_stopping"
    }

    fn fit_start(&mut self, control: &mut FitControl<'_, F>) -> Result<()> {
        if self.patience == 0 {
            return Err(Error::param("patience", 0, "at least 1"));
        }
        non_negative("min_delta", self.monitor.min_delta)?;
        if let Some(baseline) = self.baseline.filter(|baseline| !baseline.is_finite()) {
            return Err(Error::param("baseline", baseline, "finite"));
        }
        self.monitor.start(control)?;
        (self.waited, self.seen, self.best) = (0, 0, BestEpoch::default());
        Ok(())
    }

    fn epoch_end(&mut self, record: &EpochRecord, control: &mut FitControl<'_, F>) -> Result<()> {
        self.seen += 1;
        if self.seen <= self.start_epoch {
            return Ok(());
        }
        self.waited += 1;
        let value = self.monitor.value(record);
        if self.monitor.improves(value) {
            if self.restore_best {
                self.best.take(record, control);
            }
            if self.baseline.is_none_or(|baseline| self.monitor.is_better(value, baseline)) {
                self.waited = 0;
            }
        }
        if self.waited >= self.patience {
            let (name, waited) = (self.monitor.name(), self.waited);
            let best = self.monitor.best.unwrap_or(f64::NAN);
            control.stop(format!("{name} has not improved for {waited} epochs, best {best}"));
        }
        Ok(())
    }

    fn fit_end(&mut self, control: &mut FitControl<'_, F>) -> Result<()> {
        self.best.put_back(control);
        Ok(())
    }
}
