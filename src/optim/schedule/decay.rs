//! Rates that fall by a factor again and again.

use super::{Progress, Schedule, Unit, at_least_one, factor, unit_setters};
use crate::error::{Error, Result};

/// `rate·gamma^n`, for n so large that it is 0 if gamma is below 1.
fn fallen(rate: f64, gamma: f64, times: u64) -> f64 {
    rate * gamma.powf(times as f64)
}

/// Multiplies the rate by `gamma` every `every` epochs: PyTorch's `StepLR`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepDecay {
    every: u64,
    gamma: f64,
    unit: Unit,
}

impl StepDecay {
    /// By a factor of 0.1 after each `every` epochs (>= 1).
    pub fn new(every: u64) -> Self {
        Self { every, gamma: 0.1, unit: Unit::Epoch }
    }

    /// The factor, in (0, 1]; 0.1.
    pub fn gamma(mut self, gamma: f64) -> Self {
        self.gamma = gamma;
        self
    }
}

unit_setters!(StepDecay);

impl Schedule for StepDecay {
    fn name(&self) -> &'static str {
        "step_decay"
    }

    fn validate(&self) -> Result<()> {
        at_least_one("every", self.every)?;
        factor("gamma", self.gamma)
    }

    fn rate(&self, base: f64, at: Progress) -> f64 {
        fallen(base, self.gamma, at.count(self.unit) / self.every.max(1))
    }
}

/// Multiplies the rate by `gamma` at each of some epochs: PyTorch's `MultiStepLR`.
#[derive(Debug, Clone, PartialEq)]
pub struct MultiStep {
    milestones: Vec<u64>,
    gamma: f64,
    unit: Unit,
}

impl MultiStep {
    /// By a factor of 0.1 after each of these numbers of epochs, in rising order; one that stands
    /// twice counts twice.
    pub fn new(milestones: impl Into<Vec<u64>>) -> Self {
        Self { milestones: milestones.into(), gamma: 0.1, unit: Unit::Epoch }
    }

    /// The factor, in (0, 1]; 0.1.
    pub fn gamma(mut self, gamma: f64) -> Self {
        self.gamma = gamma;
        self
    }
}

unit_setters!(MultiStep);

impl Schedule for MultiStep {
    fn name(&self) -> &'static str {
        "multi_step"
    }

    fn validate(&self) -> Result<()> {
        if !self.milestones.is_sorted() {
            return Err(Error::param("milestones", format!("{:?}", self.milestones), "rising"));
        }
        factor("gamma", self.gamma)
    }

    fn rate(&self, base: f64, at: Progress) -> f64 {
        let count = at.count(self.unit);
        let passed = self.milestones.iter().filter(|&&milestone| milestone <= count).count();
        fallen(base, self.gamma, passed as u64)
    }
}

/// Multiplies the rate by `gamma` every epoch: PyTorch's `ExponentialLR`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exponential {
    gamma: f64,
    unit: Unit,
}

impl Exponential {
    /// By this factor, in (0, 1].
    pub fn new(gamma: f64) -> Self {
        Self { gamma, unit: Unit::Epoch }
    }
}

unit_setters!(Exponential);

impl Schedule for Exponential {
    fn name(&self) -> &'static str {
        "exponential"
    }

    fn validate(&self) -> Result<()> {
        factor("gamma", self.gamma)
    }

    fn rate(&self, base: f64, at: Progress) -> f64 {
        fallen(base, self.gamma, at.count(self.unit))
    }
}
