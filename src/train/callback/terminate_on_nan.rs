//! Ends a fit that diverged, without an error.

use super::{Callback, FitControl};
use crate::error::Error;
use crate::scalar::Scalar;

/// Ends the fit when the loss or a parameter leaves the finite numbers, as Keras' `TerminateOnNaN`
/// does. The parameters are then those of the end of the last finished epoch; without this callback the
/// fit fails with [`Error::Diverged`].
#[derive(Debug, Clone, Copy, Default)]
pub struct TerminateOnNan;

impl<F: Scalar> Callback<F> for TerminateOnNan {
    fn name(&self) -> &str {
        "terminate_on_nan"
    }

    fn diverged(&mut self, error: &Error, control: &mut FitControl<'_, F>) -> bool {
        control.stop(error.to_string());
        true
    }
}
