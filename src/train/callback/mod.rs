//! Callbacks: what steers a fit while it runs.
//!
//! An [`Observer`](super::Observer) watches; a [`Callback`] may change the learning rate, keep and put
//! back parameters, and end the fit with a reason. [`History`](super::History) records what each did.

mod best;
mod control;
mod early_stopping;
mod keep_best;
mod monitor;
mod plateau;
mod terminate_on_nan;

use best::BestEpoch;
pub use control::{FitControl, Snapshot};
pub use early_stopping::EarlyStopping;
pub use keep_best::KeepBest;
pub(super) use monitor::Curves;
use monitor::Monitor;
pub use monitor::{Curve, Mode};
pub(super) use plateau::Plateau;
pub use terminate_on_nan::TerminateOnNan;

use super::EpochRecord;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// One batch of a fit.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct BatchRecord {
    /// Epoch, counted from 0.
    pub epoch: usize,
    /// Batch within the epoch, counted from 0.
    pub batch: usize,
    /// The batch's mean loss, penalties included, before its update.
    pub loss: f64,
    /// The learning rate used.
    pub learning_rate: f64,
}

/// Steers a fit. Callbacks run in the order of adding, before the observers hear of an event.
///
/// ```
/// use blastrain::prelude::*;
/// use blastrain::train::{Callback, EpochRecord, FitControl};
///
/// /// Halves the learning rate after every tenth epoch.
/// struct Halve;
///
/// impl<F: Scalar> Callback<F> for Halve {
///     fn name(&self) -> &str {
///         "halve"
///     }
///
///     fn epoch_end(&mut self, record: &EpochRecord, control: &mut FitControl<'_, F>) -> Result<()> {
///         if (record.epoch + 1) % 10 == 0 {
///             control.scale_learning_rate(0.5);
///         }
///         Ok(())
///     }
/// }
///
/// let data = datasets::iris::<f64>()?;
/// let network = Sequential::input(4).dense(3).build()?;
/// let mut trainer = Trainer::builder(network, CrossEntropy)
///     .optimizer(Adam::new(0.01))
///     .epochs(25)
///     .callback(Halve)
///     .build()?;
/// let history = trainer.fit(&data)?;
/// assert_eq!(history.last().unwrap().learning_rate, 0.0025);
/// assert_eq!(history.actions()[0].epoch, 9);
/// # Ok::<(), Error>(())
/// ```
pub trait Callback<F: Scalar>: Send {
    /// The name under which the history records what it does: "early_stopping".
    fn name(&self) -> &str;

    /// The fit is about to start.
    ///
    /// # Errors
    /// Whatever keeps the callback from working, such as a curve that the fit will not have: the fit
    /// then fails before it has changed anything.
    fn fit_start(&mut self, control: &mut FitControl<'_, F>) -> Result<()> {
        let _ = control;
        Ok(())
    }

    /// A batch was trained on.
    ///
    /// # Errors
    /// Ends the fit with this error; the parameters are those of the end of the last finished epoch.
    fn batch_end(&mut self, record: &BatchRecord, control: &mut FitControl<'_, F>) -> Result<()> {
        let _ = (record, control);
        Ok(())
    }

    /// An epoch ended, validation included.
    ///
    /// # Errors
    /// As for [`Callback::batch_end`].
    fn epoch_end(&mut self, record: &EpochRecord, control: &mut FitControl<'_, F>) -> Result<()> {
        let _ = (record, control);
        Ok(())
    }

    /// The loss or a parameter has left the finite numbers, and the parameters are back at the end of
    /// the last finished epoch: true ends the fit there without an error.
    fn diverged(&mut self, error: &Error, control: &mut FitControl<'_, F>) -> bool {
        let _ = (error, control);
        false
    }

    /// The fit ended without an error.
    ///
    /// # Errors
    /// As for [`Callback::batch_end`].
    fn fit_end(&mut self, control: &mut FitControl<'_, F>) -> Result<()> {
        let _ = control;
        Ok(())
    }
}
