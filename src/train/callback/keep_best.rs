//! Keeps the best network of a fit.

use std::path::PathBuf;

use super::{BestEpoch, Callback, FitControl, Mode, Monitor};
use crate::error::Result;
use crate::scalar::Scalar;
use crate::train::EpochRecord;

/// Keeps the parameters of the best epoch, and puts them back when the fit ends; with
/// [`KeepBest::save_to`], writes each best network to a file (Keras' `ModelCheckpoint` with
/// `save_best_only`). Beside an [`EarlyStopping`](super::EarlyStopping) that restores too, the one added last
/// has the last word.
///
/// ```
/// use blastrain::prelude::*;
/// use blastrain::train::KeepBest;
///
/// let data = datasets::iris::<f64>()?;
/// let network = Sequential::input(4).dense(3).build()?;
/// let mut trainer = Trainer::builder(network, CrossEntropy)
///     .epochs(20)
///     .metric(Accuracy)
///     .callback(KeepBest::new("accuracy"))
///     .build()?;
/// let history = trainer.fit(&data)?;
/// let best = history.curve("accuracy")?.into_iter().fold(0.0, f64::max);
/// let hits = trainer.network().predict_classes(&data)?.into_iter().zip(data.class_targets().unwrap());
/// assert_eq!(hits.filter(|(a, b)| a == b).count() as f64 / 150.0, best);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct KeepBest<F> {
    monitor: Monitor,
    path: Option<PathBuf>,
    best: BestEpoch<F>,
}

impl<F: Scalar> KeepBest<F> {
    /// Judges by this curve, as [`History::curve`](crate::train::History::curve) names it.
    pub fn new(curve: impl Into<String>) -> Self {
        Self { monitor: Monitor::new(curve), path: None, best: BestEpoch::default() }
    }

    /// Whether smaller or larger is better; [`Mode::Auto`].
    pub fn mode(mut self, mode: Mode) -> Self {
        self.monitor.mode = mode;
        self
    }

    /// Also saves the network to this file whenever it is the best so far.
    pub fn save_to(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }
}

impl<F: Scalar> Callback<F> for KeepBest<F> {
    fn name(&self) -> &str {
        "keep_best"
    }

    fn fit_start(&mut self, control: &mut FitControl<'_, F>) -> Result<()> {
        self.best = BestEpoch::default();
        self.monitor.start(control)
    }

    /// # Errors
    /// A file that cannot be written; the one that was there is left as it was.
    fn epoch_end(&mut self, record: &EpochRecord, control: &mut FitControl<'_, F>) -> Result<()> {
        if !self.monitor.improves(self.monitor.value(record)) {
            return Ok(());
        }
        self.best.take(record, control);
        if let Some(path) = &self.path {
            control.network().save(path)?;
            control.note(format!("saved to {}", path.display()));
        }
        Ok(())
    }

    fn fit_end(&mut self, control: &mut FitControl<'_, F>) -> Result<()> {
        self.best.put_back(control);
        Ok(())
    }
}
