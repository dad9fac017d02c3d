//! Absolute error.

use super::elementwise::regression_loss;
use super::{OutputReduction, choose_reduction};

/// `|z − t|`, mean (or sum) over outputs, mean over rows; gradient its sign, 0 at 0.
#[derive(Debug, Clone, Copy, Default)]
pub struct MeanAbsoluteError {
    reduction: OutputReduction,
}

choose_reduction!(MeanAbsoluteError);
regression_loss!(MeanAbsoluteError, "mean_absolute_error", |_loss| 1.0, |z, t| {
    let difference = z - t;
    let sign = if difference == F::zero() { F::zero() } else { difference.signum() };
    (difference.abs(), sign)
});
