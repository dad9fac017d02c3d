//! Lowers the learning rate of a fit that no longer improves.

use super::{Callback, FitControl, Monitor};
use crate::error::Result;
use crate::optim::schedule::ReduceOnPlateau;
use crate::scalar::Scalar;
use crate::train::EpochRecord;

/// Tells a [`ReduceOnPlateau`] of every epoch's number, and does what it says.
#[derive(Debug)]
pub(in crate::train) struct Plateau {
    monitor: Monitor,
    rule: ReduceOnPlateau,
}

impl Plateau {
    pub(in crate::train) fn new(curve: String, rule: ReduceOnPlateau) -> Self {
        Self { monitor: Monitor::new(curve), rule }
    }
}

impl<F: Scalar> Callback<F> for Plateau {
    fn name(&self) -> &str {
        "reduce_on_plateau"
    }

    fn fit_start(&mut self, control: &mut FitControl<'_, F>) -> Result<()> {
        self.monitor.start(control)?;
        self.rule.reset();
        self.rule = self.rule.clone().higher_is_better(self.monitor.higher_is_better());
        Ok(())
    }

    fn epoch_end(&mut self, record: &EpochRecord, control: &mut FitControl<'_, F>) -> Result<()> {
        let rate = control.learning_rate();
        if let Some(lower) = self.rule.observe(self.monitor.value(record), rate) {
            control.scale_learning_rate(lower / rate);
        }
        Ok(())
    }
}
