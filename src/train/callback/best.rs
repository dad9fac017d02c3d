//! The parameters of a fit's best epoch.

use super::{FitControl, Snapshot};
use crate::scalar::Scalar;
use crate::train::EpochRecord;

/// Keeps the network of the best epoch so far, to be put back at the end.
#[derive(Debug, Clone)]
pub(super) struct BestEpoch<F> {
    snapshot: Snapshot<F>,
    epoch: usize,
}

impl<F> Default for BestEpoch<F> {
    /// No epoch yet.
    fn default() -> Self {
        Self { snapshot: Snapshot::default(), epoch: 0 }
    }
}

impl<F: Scalar> BestEpoch<F> {
    /// Takes the epoch that has just ended.
    pub(super) fn take(&mut self, record: &EpochRecord, control: &FitControl<'_, F>) {
        self.epoch = record.epoch;
        self.snapshot.take(control.network());
    }

    /// Puts the parameters back and says so in the history, if there was an epoch.
    pub(super) fn put_back(&self, control: &mut FitControl<'_, F>) {
        if !self.snapshot.is_empty() {
            control.restore(&self.snapshot);
            control.note(format!("parameters of epoch {} put back", self.epoch));
        }
    }
}
