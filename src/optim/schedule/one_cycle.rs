//! The one-cycle policy.

use std::f64::consts::PI;

use super::{Progress, Schedule, Unit, at_least_one, unit_setters};
use crate::error::{Error, Result, positive};

/// The line along which a rate goes from one value to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Anneal {
    /// Half a cosine.
    #[default]
    Cosine,
    /// A straight line.
    Linear,
}

impl Anneal {
    fn between(self, start: f64, end: f64, part: f64) -> f64 {
        match self {
            Anneal::Cosine => end + (start - end) / 2.0 * ((PI * part).cos() + 1.0),
            Anneal::Linear => (end - start) * part + start,
        }
    }
}

/// Rises from `max_rate / div_factor` to `max_rate`, then falls to that start divided by
/// `final_div_factor`: PyTorch's `OneCycleLR` (Smith & Topin 2019), without its cycle of momentum.
///
/// Counts steps unless told otherwise, and takes the whole training unless told a total; the rate
/// stays where it ended after that. It has a rate of its own: the optimiser's does not count. A schedule
/// that it is put behind by [`Schedule::times`] does not count either; put that on the outside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneCycle {
    max_rate: f64,
    total: Option<u64>,
    rise: f64,
    div_factor: f64,
    final_div_factor: f64,
    anneal: Anneal,
    three_phase: bool,
    unit: Unit,
}

impl OneCycle {
    /// Up to `max_rate` (> 0) and down again.
    pub fn new(max_rate: f64) -> Self {
        Self {
            max_rate,
            total: None,
            rise: 0.3,
            div_factor: 25.0,
            final_div_factor: 1e4,
            anneal: Anneal::Cosine,
            three_phase: false,
            unit: Unit::Step,
        }
    }

    /// Steps of the cycle (>= 1); all of the training's.
    pub fn total(mut self, total: u64) -> Self {
        self.total = Some(total);
        self
    }

    /// The part of the cycle in which the rate rises, in [0, 1]; 0.3.
    pub fn pct_start(mut self, rise: f64) -> Self {
        self.rise = rise;
        self
    }

    /// The highest rate divided by the first (> 0); 25.
    pub fn div_factor(mut self, div_factor: f64) -> Self {
        self.div_factor = div_factor;
        self
    }

    /// The first rate divided by the last (> 0); 10,000.
    pub fn final_div_factor(mut self, final_div_factor: f64) -> Self {
        self.final_div_factor = final_div_factor;
        self
    }

    /// The line between the rates; half a cosine.
    pub fn anneal(mut self, anneal: Anneal) -> Self {
        self.anneal = anneal;
        self
    }

    /// Falls to the first rate in as many steps as it rose, and from there to the last; no. The part
    /// in which it rises is then at most 0.5.
    pub fn three_phase(mut self, three_phase: bool) -> Self {
        self.three_phase = three_phase;
        self
    }
}

unit_setters!(OneCycle);

impl Schedule for OneCycle {
    fn name(&self) -> &'static str {
        "one_cycle"
    }

    fn validate(&self) -> Result<()> {
        positive("max_rate", self.max_rate)?;
        at_least_one("total", self.total.unwrap_or(1))?;
        let most = if self.three_phase { 0.5 } else { 1.0 };
        if !(0.0..=most).contains(&self.rise) {
            return Err(Error::param("pct_start", self.rise, format!("in [0, {most}]")));
        }
        positive("div_factor", self.div_factor)?;
        positive("final_div_factor", self.final_div_factor)
    }

    fn rate(&self, _: f64, at: Progress) -> f64 {
        let total = self.total.unwrap_or(at.total(self.unit)).max(1);
        let count = at.count(self.unit).min(total - 1) as f64;
        let first = self.max_rate / self.div_factor;
        let last = first / self.final_div_factor;
        let rising = self.rise * total as f64;
        let end = (total - 1) as f64;
        // Each phase ends at a step, and at a rate; phases may share a step.
        let phases = if self.three_phase {
            [(rising - 1.0, self.max_rate), (2.0 * rising - 2.0, first), (end, last)]
        } else {
            [(rising - 1.0, self.max_rate), (end, last), (end, last)]
        };
        let (mut start, mut rate) = (0.0, first);
        for (end, target) in phases {
            if count <= end {
                let length = end - start;
                let part = if length > 0.0 { (count - start) / length } else { 1.0 };
                return self.anneal.between(rate, target, part);
            }
            (start, rate) = (end, target);
        }
        last
    }
}
