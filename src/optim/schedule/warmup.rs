//! Rates that rise at the start.

use super::{Progress, Schedule, Unit, at_least_one, factor, unit_setters};
use crate::error::Result;

/// Rises in a straight line from a part of the rate to all of it, and stays there: PyTorch's `LinearLR`
/// with an end factor of 1.
///
/// Goes before another by [`Schedule::then`], or over it by [`Schedule::times`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearWarmup {
    length: u64,
    start: f64,
    unit: Unit,
}

impl LinearWarmup {
    /// From a third of the rate in `length` epochs (>= 1).
    pub fn new(length: u64) -> Self {
        Self { length, start: 1.0 / 3.0, unit: Unit::Epoch }
    }

    /// The part of the rate to start with, in (0, 1]; 1/3.
    pub fn start_factor(mut self, start: f64) -> Self {
        self.start = start;
        self
    }
}

unit_setters!(LinearWarmup);

impl Schedule for LinearWarmup {
    fn name(&self) -> &'static str {
        "linear_warmup"
    }

    fn validate(&self) -> Result<()> {
        at_least_one("length", self.length)?;
        factor("start_factor", self.start)
    }

    fn rate(&self, base: f64, at: Progress) -> f64 {
        let length = self.length.max(1);
        let done = at.count(self.unit).min(length);
        base * (self.start + (1.0 - self.start) * done as f64 / length as f64)
    }
}
