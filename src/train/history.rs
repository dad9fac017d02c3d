//! What a fit recorded, epoch by epoch.

use std::io::Write;
use std::path::Path;

use crate::error::{Error, Result};

/// One epoch.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EpochRecord {
    /// Counted from 0, over all fits of the trainer.
    pub epoch: usize,
    /// The training loss: the mean over the epoch's rows, each measured before its batch's update, with
    /// the penalties on the weights.
    pub loss: f64,
    /// The training rows' metrics after the epoch, as [`History::metrics`] names them; empty if
    /// the trainer was told not to compute them.
    pub metrics: Vec<f64>,
    /// The validation rows' loss after the epoch, with the penalties.
    pub validation_loss: Option<f64>,
    /// The validation rows' metrics after the epoch.
    pub validation_metrics: Vec<f64>,
    /// The learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// Seconds of training, without validation and metrics.
    pub seconds: f64,
    /// Rows trained on per second.
    pub samples_per_second: f64,
    /// Arithmetic of the layers' matrix products per second, in 10⁹.
    pub gflops: f64,
}

/// Why a fit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum StopReason {
    /// All epochs were run.
    #[default]
    Finished,
    /// The stop flag was raised.
    Stopped,
    /// An observer asked for the end.
    Observer,
    /// A callback asked for the end: [`History::stop_message`] says which and why.
    Callback,
    /// L-BFGS: the gradient or the fall of the loss is within its tolerance.
    Converged,
    /// L-BFGS: as many evaluations were made as allowed.
    Evaluations,
    /// L-BFGS: the line search found no lower loss.
    LineSearch,
}

/// Something that a callback did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Action {
    /// The last epoch that was over, counted from 0.
    pub epoch: usize,
    /// The callback's name.
    pub callback: String,
    /// What it did: "learning rate times 0.1".
    pub what: String,
}

/// What a fit recorded: a record for each epoch, why it ended, and what callbacks did.
///
/// ```
/// use blastrain::prelude::*;
///
/// let (train, valid) = train_test_split(&datasets::iris()?, 0.2, RandomState::new(42))?;
/// let network = Sequential::<f32>::input(4).dense(3).build()?;
/// let mut trainer =
///     Trainer::builder(network, CrossEntropy).epochs(5).metric(Accuracy).validation(&valid).build()?;
/// let history = trainer.fit(&train)?;
/// assert_eq!(history.epochs().len(), 5);
/// assert_eq!(history.curve("validation_accuracy")?.len(), 5);
/// assert_eq!(history.curves()[..3], ["loss", "accuracy", "validation_loss"]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    metrics: Vec<String>,
    epochs: Vec<EpochRecord>,
    stop_reason: StopReason,
    stop_message: Option<String>,
    actions: Vec<Action>,
}

impl History {
    pub(super) fn new(metrics: Vec<String>, epochs: usize) -> Self {
        // A stop may come early: no more is reserved than a long fit needs.
        let epochs = Vec::with_capacity(epochs.min(1 << 16));
        let (stop_reason, stop_message) = (StopReason::default(), None);
        Self { metrics, epochs, stop_reason, stop_message, actions: Vec::new() }
    }

    pub(super) fn push(&mut self, record: EpochRecord) {
        self.epochs.push(record);
    }

    pub(super) fn stop(&mut self, reason: StopReason, message: Option<String>) {
        (self.stop_reason, self.stop_message) = (reason, message);
    }

    pub(super) fn act(&mut self, actions: &mut Vec<Action>) {
        self.actions.append(actions);
    }

    /// Both as one fit's, the earlier one's epochs and actions first.
    pub(crate) fn behind(mut self, earlier: Self) -> Self {
        self.epochs.splice(..0, earlier.epochs);
        self.actions.splice(..0, earlier.actions);
        self
    }

    /// The names of the metrics.
    pub fn metrics(&self) -> &[String] {
        &self.metrics
    }

    /// All epochs, in order.
    pub fn epochs(&self) -> &[EpochRecord] {
        &self.epochs
    }

    /// Why the fit ended.
    pub fn stop_reason(&self) -> StopReason {
        self.stop_reason
    }

    /// Which callback ended the fit, and why: "early_stopping: validation_loss has not improved …".
    pub fn stop_message(&self) -> Option<&str> {
        self.stop_message.as_deref()
    }

    /// What the callbacks did, in order.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// The last epoch, if there was one.
    pub fn last(&self) -> Option<&EpochRecord> {
        self.epochs.last()
    }

    /// The training loss of every epoch.
    pub fn losses(&self) -> Vec<f64> {
        self.epochs.iter().map(|epoch| epoch.loss).collect()
    }

    /// The curve of a name: "loss", "validation_loss", a metric's name, or that with
    /// "validation_" before it.
    ///
    /// # Errors
    /// [`Error::UnknownName`], with the names that there are.
    pub fn curve(&self, name: &str) -> Result<Vec<f64>> {
        let column = self.columns().into_iter().find(|(known, _)| known == name);
        let Some((_, value)) = column else {
            let known: Vec<String> = self.columns().into_iter().map(|(name, _)| name).collect();
            return Err(Error::UnknownName {
                what: "curve",
                got: name.to_owned(),
                known: known.join(", "),
            });
        };
        Ok(self.epochs.iter().map(value).collect())
    }

    /// The names that [`History::curve`] knows for this fit.
    pub fn curves(&self) -> Vec<String> {
        self.columns().into_iter().map(|(name, _)| name).collect()
    }

    /// Writes a line for each epoch, under a header, as CSV.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written; a file that was there is left as it was.
    pub fn write_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        crate::file::write_atomically(path.as_ref(), |file| {
            file.write_all(self.to_csv().as_bytes())
        })
    }

    /// The history as CSV text.
    pub fn to_csv(&self) -> String {
        let columns = self.columns();
        let mut text = csv_header(&columns);
        for record in &self.epochs {
            text.push_str(&csv_line(&columns, record));
        }
        text
    }

    fn columns(&self) -> Vec<Column> {
        columns(&self.metrics, self.epochs.first())
    }
}

/// A column's name, and its value for an epoch.
pub(super) type Column = (String, Box<dyn Fn(&EpochRecord) -> f64 + Send>);

/// All columns that a fit with these metrics fills, as its first epoch shows.
pub(super) fn columns(metrics: &[String], first: Option<&EpochRecord>) -> Vec<Column> {
    let mut columns: Vec<Column> = vec![("loss".into(), Box::new(|epoch| epoch.loss))];
    let has = |list: fn(&EpochRecord) -> &Vec<f64>| first.is_some_and(|e| !list(e).is_empty());
    if has(|epoch| &epoch.metrics) {
        for (i, name) in metrics.iter().enumerate() {
            columns.push((name.clone(), Box::new(move |epoch| epoch.metrics[i])));
        }
    }
    if first.is_some_and(|epoch| epoch.validation_loss.is_some()) {
        let value = |epoch: &EpochRecord| epoch.validation_loss.unwrap_or(f64::NAN);
        columns.push(("validation_loss".into(), Box::new(value)));
    }
    if has(|epoch| &epoch.validation_metrics) {
        for (i, name) in metrics.iter().enumerate() {
            let value = move |epoch: &EpochRecord| epoch.validation_metrics[i];
            columns.push((format!("validation_{name}"), Box::new(value)));
        }
    }
    columns.push(("learning_rate".into(), Box::new(|epoch| epoch.learning_rate)));
    columns.push(("seconds".into(), Box::new(|epoch| epoch.seconds)));
    columns.push(("samples_per_second".into(), Box::new(|epoch| epoch.samples_per_second)));
    columns.push(("gflops".into(), Box::new(|epoch| epoch.gflops)));
    columns
}

/// The names of the columns, as a line of CSV.
pub(super) fn csv_header(columns: &[Column]) -> String {
    let mut line = String::from("epoch");
    for (name, _) in columns {
        line.push(',');
        // A metric of the user's may be named anything.
        if name.contains([',', '"', '\n', '\r']) {
            line.push_str(&format!("\"{}\"", name.replace('"', "\"\"")));
        } else {
            line.push_str(name);
        }
    }
    line.push('\n');
    line
}

/// One epoch as a line of CSV.
pub(super) fn csv_line(columns: &[Column], record: &EpochRecord) -> String {
    let mut line = record.epoch.to_string();
    for (_, value) in columns {
        line.push_str(&format!(",{}", value(record)));
    }
    line.push('\n');
    line
}
