//! The history as a file that grows with the fit.

use std::fs::File;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::super::history::{Column, columns, csv_header, csv_line};
use super::super::{EpochRecord, Event, Observer};
use crate::error::{Error, Result};

/// Appends every epoch to a CSV file as it ends, so that a fit that is killed leaves its log.
///
/// After a fit the file is what [`History::write_csv`](super::super::History::write_csv) writes; a
/// second fit of the same trainer goes on in the same file. A write that fails ends the fit, with
/// [`Observer::take_error`] saying why.
///
/// ```
/// use blastrain::data::Dataset;
/// use blastrain::loss::MeanSquaredError;
/// use blastrain::train::{CsvLog, Trainer};
/// use blastrain::Sequential;
/// use blastrain::ndarray::array;
///
/// let path = std::env::temp_dir().join(format!("doc-{}.csv", std::process::id()));
/// let data = Dataset::new(array![[0.0], [1.0]], array![[1.0], [3.0]])?;
/// let network = Sequential::<f64>::input(1).dense(1).build()?;
/// let mut trainer = Trainer::builder(network, MeanSquaredError::default())
///     .observer(CsvLog::new(&path)?)
///     .epochs(3)
///     .build()?;
/// let history = trainer.fit(&data)?;
/// assert_eq!(std::fs::read_to_string(&path).unwrap(), history.to_csv());
/// # std::fs::remove_file(&path).ok();
/// # Ok::<(), blastrain::Error>(())
/// ```
pub struct CsvLog {
    path: PathBuf,
    file: File,
    metrics: Vec<String>,
    /// Known from the first epoch on: only it shows whether there is validation.
    columns: Option<Vec<Column>>,
    error: Option<Error>,
}

impl CsvLog {
    /// Creates the file, or empties the one that is there.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be created.
    pub fn new(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let file = File::create(&path).map_err(|source| Error::io(&path, source))?;
        Ok(Self { path, file, metrics: Vec::new(), columns: None, error: None })
    }

    fn append(&mut self, record: &EpochRecord) -> std::io::Result<()> {
        let mut text = String::new();
        let columns = self.columns.get_or_insert_with(|| {
            let columns = columns(&self.metrics, Some(record));
            text = csv_header(&columns);
            columns
        });
        text.push_str(&csv_line(columns, record));
        // Whole lines at once, without a buffer that a killed process would lose.
        self.file.write_all(text.as_bytes())
    }
}

impl Observer for CsvLog {
    fn event(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        match event {
            Event::FitStart { metrics, .. } if self.columns.is_none() => {
                self.metrics = metrics.to_vec();
            }
            Event::EpochEnd { record, .. } => {
                if let Err(source) = self.append(record) {
                    self.error = Some(Error::io(&self.path, source));
                    return ControlFlow::Break(());
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

impl std::fmt::Debug for CsvLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsvLog").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_fails_breaks_and_keeps_its_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.csv");
        let mut log = CsvLog::new(&path).unwrap();
        // A file opened for reading refuses to be written.
        log.file = File::open(&path).unwrap();
        let record = EpochRecord {
            epoch: 0,
            loss: 1.0,
            metrics: Vec::new(),
            validation_loss: None,
            validation_metrics: Vec::new(),
            learning_rate: 0.1,
            seconds: 1.0,
            samples_per_second: 1.0,
            gflops: 0.0,
        };
        let event = Event::EpochEnd { record: &record, epochs: 1 };
        assert_eq!(log.event(&event), ControlFlow::Break(()));
        assert!(matches!(log.take_error(), Some(Error::Io { path: at, .. }) if at == path));
        assert!(log.take_error().is_none());
    }
}
