//! Learning-rate schedules: pure functions of how far a training has come.
//!
//! A schedule turns the optimiser's rate into that of the next step. As in PyTorch, most count epochs,
//! and are told by `per_step()` to count steps; [`OneCycle`] counts steps unless told otherwise. They
//! compose: [`Schedule::then`] hands over to another at a milestone, [`Schedule::times`] lets one
//! scale what another gives. [`TrainerBuilder::schedule`](crate::train::TrainerBuilder::schedule) takes one.
//!
//! | schedule | as n epochs or steps go by | PyTorch |
//! | --- | --- | --- |
//! | [`Constant`] | stays | `ConstantLR` |
//! | [`StepDecay`], [`MultiStep`] | falls by a factor every so often, or at milestones | `StepLR`, `MultiStepLR` |
//! | [`Exponential`] | falls by a factor each time | `ExponentialLR` |
//! | [`InverseScaling`] | falls with a power of the rows seen | scikit-learn's "invscaling" |
//! | [`Polynomial`] | falls to 0 along a power | `PolynomialLR` |
//! | [`CosineAnnealing`], [`CosineWarmRestarts`] | falls along half a cosine, once or again and again | `CosineAnnealingLR`, `CosineAnnealingWarmRestarts` |
//! | [`OneCycle`] | rises, then falls far below its start | `OneCycleLR` |
//! | [`LinearWarmup`] | rises to the optimiser's rate | `LinearLR` |
//! | [`ReduceOnPlateau`] | falls when a curve no longer improves | `ReduceLROnPlateau` |
//!
//! ```
//! use blastrain::optim::schedule::{CosineAnnealing, LinearWarmup, Progress, Schedule};
//!
//! let schedule = LinearWarmup::new(5).then(5, CosineAnnealing::new(45));
//! schedule.validate()?;
//! let start = Progress::new(100, 50); // 100 steps an epoch, 50 epochs
//! let rate = |epoch| schedule.rate(0.3, start.at_epoch(epoch));
//! assert!((rate(0) - 0.1).abs() < 1e-15); // a third, rising for five epochs
//! assert_eq!(rate(5), 0.3);
//! assert!(rate(49) < 0.001);
//! # Ok::<(), blastrain::Error>(())
//! ```

mod compose;
mod constant;
mod cosine;
mod decay;
mod inverse_scaling;
mod one_cycle;
mod polynomial;
mod progress;
mod reduce_on_plateau;
mod registry;
mod warmup;

use std::fmt::Debug;

pub use compose::{Product, Sequence};
pub use constant::Constant;
pub use cosine::{CosineAnnealing, CosineWarmRestarts};
pub use decay::{Exponential, MultiStep, StepDecay};
pub use inverse_scaling::InverseScaling;
pub use one_cycle::{Anneal, OneCycle};
pub use polynomial::Polynomial;
pub use progress::{Progress, Unit};
pub use reduce_on_plateau::ReduceOnPlateau;
pub use registry::all;
pub use warmup::LinearWarmup;

use crate::error::{Error, Result};

/// A learning rate that changes as training goes on.
///
/// ```
/// use blastrain::optim::schedule::{Progress, Schedule};
/// use blastrain::Result;
///
/// /// Halves the rate for the second half of the training.
/// #[derive(Debug)]
/// struct HalfTime;
///
/// impl Schedule for HalfTime {
///     fn name(&self) -> &'static str {
///         "half_time"
///     }
///
///     fn validate(&self) -> Result<()> {
///         Ok(())
///     }
///
///     fn rate(&self, base: f64, at: Progress) -> f64 {
///         if 2 * at.epoch < at.epochs { base } else { base / 2.0 }
///     }
/// }
///
/// assert_eq!(HalfTime.rate(0.1, Progress::new(10, 4).at_epoch(2)), 0.05);
/// ```
pub trait Schedule: Debug + Send + Sync {
    /// The name in messages: "cosine_annealing".
    fn name(&self) -> &'static str;

    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::Param`] for the first that is out of range.
    fn validate(&self) -> Result<()>;

    /// The rate of the step that follows `at`, for an optimiser with the rate `base` (> 0): finite
    /// and not negative, and the same for the same arguments.
    fn rate(&self, base: f64, at: Progress) -> f64;

    /// Hands over to `next` after `milestone` epochs, or steps: see [`Sequence`].
    fn then<S: Schedule + 'static>(self, milestone: u64, next: S) -> Sequence
    where
        Self: Sized + 'static,
    {
        Sequence::new(self, milestone, next)
    }

    /// Lets `other` scale this schedule's rates: see [`Product`].
    fn times<S: Schedule + 'static>(self, other: S) -> Product
    where
        Self: Sized + 'static,
    {
        Product::new(self, other)
    }
}

impl Schedule for Box<dyn Schedule> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn validate(&self) -> Result<()> {
        (**self).validate()
    }

    fn rate(&self, base: f64, at: Progress) -> f64 {
        (**self).rate(base, at)
    }
}

/// Defines `per_step` and `per_epoch` for a schedule with a field `unit`.
macro_rules! unit_setters {
    ($schedule:ty) => {
        impl $schedule {
            /// Counts steps (batches).
            pub fn per_step(mut self) -> Self {
                self.unit = Unit::Step;
                self
            }

            /// Counts epochs.
            pub fn per_epoch(mut self) -> Self {
                self.unit = Unit::Epoch;
                self
            }
        }
    };
}
use unit_setters;

/// Checks that a count is not zero.
fn at_least_one(name: &'static str, count: u64) -> Result<()> {
    if count == 0 { Err(Error::param(name, count, "at least 1")) } else { Ok(()) }
}

/// Checks that a factor is above 0 and not above 1.
fn factor(name: &'static str, value: f64) -> Result<()> {
    if value > 0.0 && value <= 1.0 { Ok(()) } else { Err(Error::param(name, value, "in (0, 1]")) }
}
