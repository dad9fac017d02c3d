//! A rate that stays.

use super::{Progress, Schedule};
use crate::error::{Result, non_negative};

/// The optimiser's rate, times a factor that stays; 1 unless told otherwise.
///
/// With a factor and [`Schedule::then`] it is PyTorch's `ConstantLR`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Constant {
    factor: f64,
}

impl Default for Constant {
    fn default() -> Self {
        Self::new()
    }
}

impl Constant {
    /// The optimiser's rate.
    pub fn new() -> Self {
        Self { factor: 1.0 }
    }

    /// This part of the optimiser's rate (>= 0).
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }
}

impl Schedule for Constant {
    fn name(&self) -> &'static str {
        "constant"
    }

    fn validate(&self) -> Result<()> {
        non_negative("factor", self.factor)
    }

    fn rate(&self, base: f64, _: Progress) -> f64 {
        base * self.factor
    }
}
