//! Bounds on the gradient.

use crate::error::{Result, positive};

/// Bounds the gradient before the optimiser sees it, penalties included.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum GradientClipping {
    /// Each value is clipped to [−limit, limit] (limit > 0): Keras' `clipvalue`, PyTorch's
    /// `clip_grad_value_`.
    Value(f64),
    /// A gradient whose Euclidean norm over all parameters exceeds this (> 0) is scaled by
    /// `limit / (norm + 1e-6)`: Keras' `global_clipnorm`, PyTorch's `clip_grad_norm_`. Pascanu, Mikolov
    /// & Bengio 2013, algorithm 1. Each update then waits for the whole gradient.
    GlobalNorm(f64),
}

impl GradientClipping {
    /// Checks the limit.
    ///
    /// # Errors
    /// [`Error::Param`](crate::Error::Param) unless it is finite and above zero.
    pub fn validate(&self) -> Result<()> {
        match *self {
            GradientClipping::Value(limit) => positive("clip_value", limit),
            GradientClipping::GlobalNorm(limit) => positive("clip_norm", limit),
        }
    }
}

/// What keeps the division from zero, as in PyTorch.
const EPSILON: f64 = 1e-6;

/// What a gradient of this norm is multiplied by.
pub(crate) fn norm_factor(limit: f64, norm: f64) -> f64 {
    let factor = limit / (norm + EPSILON);
    // A norm that is not a number stays visible.
    if factor >= 1.0 { 1.0 } else { factor }
}
