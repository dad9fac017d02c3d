//! Observers: what watches a fit, and writes down or shows what happens.

mod csv_log;
mod epoch_log;
mod line;
#[cfg(feature = "progress")]
mod progress_bar;

use std::ops::ControlFlow;

pub use csv_log::CsvLog;
pub use epoch_log::EpochLog;
#[cfg(feature = "progress")]
pub use progress_bar::ProgressBar;

use super::{Event, StopReason};
use crate::error::Error;

/// Watches a fit, and may end it after a batch or an epoch by returning `Break`.
///
/// ```
/// use blastrain::train::{Event, Observer};
/// use std::ops::ControlFlow;
///
/// /// Ends the fit once the loss is low enough.
/// struct GoodEnough(f64);
///
/// impl Observer for GoodEnough {
///     fn event(&mut self, event: &Event<'_>) -> ControlFlow<()> {
///         match event {
///             Event::EpochEnd { record, .. } if record.loss < self.0 => ControlFlow::Break(()),
///             _ => ControlFlow::Continue(()),
///         }
///     }
/// }
/// ```
pub trait Observer: Send {
    /// Takes note of an event.
    fn event(&mut self, event: &Event<'_>) -> ControlFlow<()>;

    /// The error for which the observer ended the fit, if that was why; given once.
    fn take_error(&mut self) -> Option<Error> {
        None
    }
}

impl<T: FnMut(&Event<'_>) -> ControlFlow<()> + Send> Observer for T {
    fn event(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        self(event)
    }
}

/// Tells every observer; says whether one asked for the end.
pub(super) fn notify(
    observers: &mut [Box<dyn Observer + '_>],
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
