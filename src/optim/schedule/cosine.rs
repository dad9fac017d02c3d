//! Rates that fall along half a cosine.

use std::f64::consts::PI;

use super::{Progress, Schedule, Unit, at_least_one, unit_setters};
use crate::error::{Result, non_negative};

/// Half a cosine from `base` to `least`: `least + (base − least)·(1 + cos(π·part)) / 2`.
fn cosine(base: f64, least: f64, part: f64) -> f64 {
    least + (base - least) * (1.0 + (PI * part).cos()) / 2.0
}

/// Falls along half a cosine to `least` in `period` epochs: PyTorch's `CosineAnnealingLR`, in its
/// closed form (Loshchilov & Hutter 2017, eq. 5, without restarts).
///
/// After the period it rises along the other half, as PyTorch's does; let another follow, or end there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CosineAnnealing {
    period: u64,
    least: f64,
    unit: Unit,
}

impl CosineAnnealing {
    /// To 0 in `period` epochs (>= 1).
    pub fn new(period: u64) -> Self {
        Self { period, least: 0.0, unit: Unit::Epoch }
    }

    /// The lowest rate (>= 0); 0.
    pub fn min_rate(mut self, least: f64) -> Self {
        self.least = least;
        self
    }
}

unit_setters!(CosineAnnealing);

impl Schedule for CosineAnnealing {
    fn name(&self) -> &'static str {
        "cosine_annealing"
    }

    fn validate(&self) -> Result<()> {
        at_least_one("period", self.period)?;
        non_negative("min_rate", self.least)
    }

    fn rate(&self, base: f64, at: Progress) -> f64 {
        let period = self.period.max(1);
        // The remainder keeps the argument small, where the cosine is exact.
        let count = at.count(self.unit) % period.saturating_mul(2);
        cosine(base, self.least, count as f64 / period as f64)
    }
}

/// Falls along half a cosine to `least`, jumps back and falls again, each time over a longer period:
/// PyTorch's `CosineAnnealingWarmRestarts` (Loshchilov & Hutter 2017, eq. 5).
///
/// Where it counts epochs, the rate stays during each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CosineWarmRestarts {
    first: u64,
    growth: u64,
    least: f64,
    unit: Unit,
}

impl CosineWarmRestarts {
    /// Restarts every `first` epochs (>= 1), and falls to 0 between.
    pub fn new(first: u64) -> Self {
        Self { first, growth: 1, least: 0.0, unit: Unit::Epoch }
    }

    /// Makes each period this many times as long as the one before (>= 1); 1.
    pub fn growth(mut self, growth: u64) -> Self {
        self.growth = growth;
        self
    }

    /// The lowest rate (>= 0); 0.
    pub fn min_rate(mut self, least: f64) -> Self {
        self.least = least;
        self
    }
}

unit_setters!(CosineWarmRestarts);

impl Schedule for CosineWarmRestarts {
    fn name(&self) -> &'static str {
        "cosine_warm_restarts"
    }

    fn validate(&self) -> Result<()> {
        at_least_one("first", self.first)?;
        at_least_one("growth", self.growth)?;
        non_negative("min_rate", self.least)
    }

    fn rate(&self, base: f64, at: Progress) -> f64 {
        let (mut period, growth) = (self.first.max(1), self.growth.max(1));
        let mut count = at.count(self.unit);
        if growth == 1 {
            count %= period;
        }
        while count >= period {
            count -= period;
            period = period.saturating_mul(growth);
        }
        cosine(base, self.least, count as f64 / period as f64)
    }
}
