//! How far a training has come.

/// What a schedule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Unit {
    /// Passes over the data.
    #[default]
    Epoch,
    /// Updates.
    Step,
}

/// How far a training has come: what has been done before the step that the rate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Steps done: 0 for the first.
    pub step: u64,
    /// Epochs done: 0 during the first.
    pub epoch: u64,
    /// Steps of an epoch.
    pub steps_per_epoch: u64,
    /// Epochs that will have been done when the training ends as planned.
    pub epochs: u64,
    /// Rows trained on in the epochs done; those of the current one do not count.
    pub rows_seen: u64,
}

impl Progress {
    /// The start of a training over this many epochs of this many steps (at least 1).
    pub fn new(steps_per_epoch: usize, epochs: usize) -> Self {
        let (steps_per_epoch, epochs) = (steps_per_epoch.max(1) as u64, epochs as u64);
        Self { step: 0, epoch: 0, steps_per_epoch, epochs, rows_seen: 0 }
    }

    /// The same training after `step` steps and `epoch` epochs.
    pub fn at(mut self, epoch: u64, step: u64) -> Self {
        (self.epoch, self.step) = (epoch, step);
        self
    }

    /// The same training at the start of an epoch, counted from 0.
    pub fn at_epoch(self, epoch: u64) -> Self {
        self.at(epoch, epoch.saturating_mul(self.steps_per_epoch))
    }

    /// The same training before a step, counted from 0.
    pub fn at_step(self, step: u64) -> Self {
        self.at(step / self.steps_per_epoch.max(1), step)
    }

    /// The same training, with this many rows in the epochs done.
    pub fn rows_seen(mut self, rows_seen: u64) -> Self {
        self.rows_seen = rows_seen;
        self
    }

    /// Epochs or steps done.
    pub fn count(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Epoch => self.epoch,
            Unit::Step => self.step,
        }
    }

    /// Epochs or steps of the whole training.
    pub fn total(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Epoch => self.epochs,
            Unit::Step => self.epochs.saturating_mul(self.steps_per_epoch),
        }
    }

    /// The same moment as counted from `milestone` epochs or steps after the start.
    ///
    /// Where steps are counted, the new first epoch starts at the milestone.
    pub(super) fn since(&self, milestone: u64, unit: Unit) -> Self {
        let length = self.steps_per_epoch.max(1);
        let (step, epoch, epochs) = match unit {
            Unit::Epoch => (milestone.saturating_mul(length), milestone, milestone),
            Unit::Step => (milestone, 0, milestone / length),
        };
        let step = self.step.saturating_sub(step);
        let epoch = match unit {
            Unit::Epoch => self.epoch.saturating_sub(epoch),
            Unit::Step => step / length,
        };
        // Epochs have the same number of rows.
        let rows_per_epoch = self.rows_seen.checked_div(self.epoch).unwrap_or(0);
        Self {
            step,
            epoch,
            epochs: self.epochs.saturating_sub(epochs),
            rows_seen: rows_per_epoch.saturating_mul(epoch),
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_starts_anew_at_a_milestone() {
        let at = Progress::new(10, 20).at_step(73).rows_seen(7 * 95);
        let later = at.since(3, Unit::Epoch);
        assert_eq!((later.epoch, later.step, later.epochs), (4, 43, 17));
        assert_eq!(later.rows_seen, 4 * 95);
        let later = at.since(35, Unit::Step);
        assert_eq!((later.epoch, later.step, later.epochs), (3, 38, 17));
        assert_eq!(later.rows_seen, 3 * 95);
        assert_eq!(at.since(99, Unit::Epoch).step, 0);
        assert_eq!((at.total(Unit::Step), at.count(Unit::Epoch)), (200, 7));
    }
}
