//! Rates that fall along a power.

use super::{Progress, Schedule, Unit, at_least_one, unit_setters};
use crate::error::{Result, non_negative};

/// `rate·(1 − n/total)^power` after n epochs, and 0 from `total` on: PyTorch's `PolynomialLR`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Polynomial {
    total: u64,
    power: f64,
    unit: Unit,
}

impl Polynomial {
    /// In a straight line to 0 in `total` epochs (>= 1).
    pub fn new(total: u64) -> Self {
        Self { total, power: 1.0, unit: Unit::Epoch }
    }

    /// The power (>= 0); 1.
    pub fn power(mut self, power: f64) -> Self {
        self.power = power;
        self
    }
}

unit_setters!(Polynomial);

impl Schedule for Polynomial {
    fn name(&self) -> &'static str {
        "polynomial"
    }

    fn validate(&self) -> Result<()> {
        at_least_one("total", self.total)?;
        non_negative("power", self.power)
    }

    fn rate(&self, base: f64, at: Progress) -> f64 {
        let total = self.total.max(1);
        let count = at.count(self.unit).min(total);
        base * (1.0 - count as f64 / total as f64).powf(self.power)
    }
}
