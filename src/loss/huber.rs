//! Huber's loss.

use super::elementwise::regression_loss;
use super::{OutputReduction, choose_reduction};
use crate::error::{Result, positive};

/// With d = z − t: `d²/2` where |d| ≤ delta, else `delta·(|d| − delta/2)`; mean (or sum) over
/// outputs, mean over rows; gradient d, clipped to ±delta. Huber 1964.
#[derive(Debug, Clone, Copy)]
pub struct Huber {
    delta: f64,
    reduction: OutputReduction,
}

impl Default for Huber {
    /// A delta of 1.
    fn default() -> Self {
        Self { delta: 1.0, reduction: OutputReduction::Mean }
    }
}

impl Huber {
    /// A loss that turns linear at a distance of `delta`.
    ///
    /// # Errors
    /// [`Error::Param`](crate::Error::Param) if delta is not finite and above zero.
    pub fn new(delta: f64) -> Result<Self> {
        positive("delta", delta)?;
        Ok(Self { delta, ..Self::default() })
    }
}

choose_reduction!(Huber);
regression_loss!(Huber, "huber", |loss| 1.0, |z, t| {
    let (delta, half) = (F::from_f64(loss.delta), F::from_f64(0.5));
    let difference = z - t;
    let distance = difference.abs();
    // A NaN distance takes the second branch and stays NaN.
    if distance <= delta {
        (half * difference * difference, difference)
    } else {
        (delta * (distance - half * delta), delta * difference.signum())
    }
});
