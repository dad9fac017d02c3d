//! Schedules made of two others.

use super::{Progress, Schedule, Unit, at_least_one, unit_setters};
use crate::error::Result;

/// One schedule up to a milestone, then another whose clock starts there: PyTorch's `SequentialLR`.
///
/// The milestone counts epochs, or steps if told so; the members count what they were told.
/// Three in a row are `a.then(5, b).then(20, c)`: both milestones count from the start.
#[derive(Debug)]
pub struct Sequence {
    first: Box<dyn Schedule>,
    milestone: u64,
    next: Box<dyn Schedule>,
    unit: Unit,
}

impl Sequence {
    /// `first` for `milestone` epochs (>= 1), then `next`.
    pub fn new(
        first: impl Schedule + 'static,
        milestone: u64,
        next: impl Schedule + 'static,
    ) -> Self {
        Self { first: Box::new(first), milestone, next: Box::new(next), unit: Unit::Epoch }
    }
}

unit_setters!(Sequence);

impl Schedule for Sequence {
    fn name(&self) -> &'static str {
        "sequence"
    }

    fn validate(&self) -> Result<()> {
        at_least_one("milestone", self.milestone)?;
        self.first.validate()?;
        self.next.validate()
    }

    fn rate(&self, base: f64, at: Progress) -> f64 {
        if at.count(self.unit) < self.milestone {
            self.first.rate(base, at)
        } else {
            self.next.rate(base, at.since(self.milestone, self.unit))
        }
    }
}

/// Two schedules at once: the rate of the inner one is the base of the outer one.
///
/// For schedules that scale the rate (all but [`OneCycle`](super::OneCycle) and lowest rates above 0)
/// their factors multiply, as in PyTorch's `ChainedScheduler`, and the order does not matter.
#[derive(Debug)]
pub struct Product {
    inner: Box<dyn Schedule>,
    outer: Box<dyn Schedule>,
}

impl Product {
    /// `outer` scales the rates of `inner`.
    pub fn new(inner: impl Schedule + 'static, outer: impl Schedule + 'static) -> Self {
        Self { inner: Box::new(inner), outer: Box::new(outer) }
    }
}

impl Schedule for Product {
    fn name(&self) -> &'static str {
        "product"
    }

    fn validate(&self) -> Result<()> {
        self.inner.validate()?;
        self.outer.validate()
    }

    fn rate(&self, base: f64, at: Progress) -> f64 {
        self.outer.rate(self.inner.rate(base, at), at)
    }
}
