//! What a fit tells while it runs.

use super::{EpochRecord, History};

/// Something that happened in a fit.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The fit is about to start.
    FitStart {
        /// The number of epochs asked for.
        epochs: usize,
        /// The number of batches in an epoch.
        batches: usize,
        /// The number of training rows.
        rows: usize,
        /// The names of the metrics.
        metrics: &'a [String],
    },
    /// A batch was trained on.
    BatchEnd {
        /// Epoch, counted from 0.
        epoch: usize,
        /// Batch within the epoch, counted from 0.
        batch: usize,
        /// The batch's mean loss, before its update.
        loss: f64,
        /// The learning rate used.
        learning_rate: f64,
    },
    /// An epoch ended, validation included.
    EpochEnd {
        /// What was recorded of it.
        record: &'a EpochRecord,
        /// The number of epochs asked for.
        epochs: usize,
    },
    /// The fit ended without error.
    FitEnd {
        /// All that was recorded.
        history: &'a History,
    },
}
