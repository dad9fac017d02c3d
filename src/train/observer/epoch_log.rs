//! A line of text every few epochs.

use std::io::{Stderr, Write};
use std::ops::ControlFlow;

use super::super::{EpochRecord, Event, Observer};
use super::line::epoch_line;
use crate::error::Error;

/// Writes a line for every n-th epoch, and always for the last.
///
/// ```
/// use blastrain::data::Dataset;
/// use blastrain::loss::MeanSquaredError;
/// use blastrain::train::{EpochLog, Trainer};
/// use blastrain::Sequential;
/// use blastrain::ndarray::array;
///
/// let data = Dataset::new(array![[0.0], [1.0]], array![[1.0], [3.0]])?;
/// let network = Sequential::<f64>::input(1).dense(1).build()?;
/// let mut lines = Vec::new();
/// let mut trainer = Trainer::builder(network, MeanSquaredError::default())
///     .observer(EpochLog::new(&mut lines).every(10))
///     .epochs(25)
///     .build()?;
/// trainer.fit(&data)?;
/// drop(trainer);
/// let text = String::from_utf8_lossy(&lines);
/// assert_eq!(text.lines().count(), 3);
/// assert!(text.starts_with("epoch 10/25  loss "));
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// A writer that fails ends the fit, with [`Observer::take_error`] saying why.
#[derive(Debug)]
pub struct EpochLog<W> {
    writer: W,
    every: usize,
    /// Epochs before this fit; known once one of its epochs is seen.
    before: Option<usize>,
    metrics: Vec<String>,
    /// The number of epochs in the lines.
    epochs: usize,
    /// The last epoch written.
    written: Option<usize>,
    error: Option<Error>,
}

impl<W: Write + Send> EpochLog<W> {
    /// Writes to `writer`, a line for every epoch.
    pub fn new(writer: W) -> Self {
        Self {
            writer,
            every: 1,
            before: None,
            metrics: Vec::new(),
            epochs: 0,
            written: None,
            error: None,
        }
    }

    /// Writes a line only for epochs n, 2n, 3n … and the last; 0 means the last alone.
    pub fn every(mut self, epochs: usize) -> Self {
        self.every = epochs;
        self
    }

    fn write(&mut self, record: &EpochRecord) -> ControlFlow<()> {
        let line = epoch_line(record, self.epochs, &self.metrics) + "\n";
        self.written = Some(record.epoch);
        match self.writer.write_all(line.as_bytes()).and_then(|()| self.writer.flush()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(source) => {
                self.error = Some(Error::io("the epoch log", source));
                ControlFlow::Break(())
            }
        }
    }
}

impl EpochLog<Stderr> {
    /// Writes to the standard error stream, a line for every epoch.
    pub fn stderr() -> Self {
        Self::new(std::io::stderr())
    }
}

impl<W: Write + Send> Observer for EpochLog<W> {
    fn event(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        match event {
            Event::FitStart { metrics, .. } => {
                self.metrics = metrics.to_vec();
                self.before = None;
                self.written = None;
            }
            Event::EpochEnd { record, epochs } => {
                // A later fit counts on from the one before: 11/20 and so on.
                let before = *self.before.get_or_insert(record.epoch);
                self.epochs = before + epochs;
                if self.every > 0 && (record.epoch + 1).is_multiple_of(self.every) {
                    return self.write(record);
                }
            }
            Event::FitEnd { history } => {
                if let Some(record) = history.last().filter(|r| self.written != Some(r.epoch)) {
                    return self.write(record);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn take_error(&mut self) -> Option<Error> {
        self.error.take()
    }
}
