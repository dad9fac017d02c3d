//! Squared error.

use super::elementwise::regression_loss;
use super::{OutputReduction, choose_reduction};

/// `(z − t)²`, mean (or sum) over outputs, mean over rows; gradient `2·(z − t)`.
#[derive(Debug, Clone, Copy, Default)]
pub struct MeanSquaredError {
    reduction: OutputReduction,
    halved: bool,
}

impl MeanSquaredError {
    /// Takes half of it, so that the gradient is `z − t`.
    pub fn halved(mut self) -> Self {
        self.halved = true;
        self
    }
}

choose_reduction!(MeanSquaredError);
regression_loss!(
    MeanSquaredError,
    "mean_squared_error",
    |loss| if loss.halved { 0.5 } else { 1.0 },
    |z, t| {
        let difference = z - t;
        (difference * difference, difference + difference)
    }
);
