//! scikit-learn's inverse scaling.

use super::{Progress, Schedule};
use crate::error::{Result, non_negative};

/// `rate / (rows + 1)^power`, with the rows trained on in the epochs done: scikit-learn's
/// `learning_rate="invscaling"`.
///
/// Changes once an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InverseScaling {
    power: f64,
}

impl InverseScaling {
    /// With this power (>= 0); scikit-learn's `power_t` is 0.5 unless told otherwise.
    pub fn new(power: f64) -> Self {
        Self { power }
    }
}

impl Schedule for InverseScaling {
    fn name(&self) -> &'static str {
        "inverse_scaling"
    }

    fn validate(&self) -> Result<()> {
        non_negative("power", self.power)
    }

    fn rate(&self, base: f64, at: Progress) -> f64 {
        base / (at.rows_seen as f64 + 1.0).powf(self.power)
    }
}
