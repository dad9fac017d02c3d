//! A bar on the terminal.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar as Bar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use super::super::{Event, Observer};
use super::line::{number, values};

/// Words change no more often than this; formatting them for every batch would slow small networks.
const PAUSE: Duration = Duration::from_millis(100);
const TEMPLATE: &str = "{prefix} {bar:24.cyan/dim} {percent:>3} %  ETA {eta}  {wide_msg}";
/// Without the time left, of which there is none.
const DONE: &str = "{prefix} {bar:24.cyan/dim} {percent:>3} %  {elapsed}  {wide_msg}";

/// Shows a bar on the standard error stream with the time left, the loss, the last epoch's
/// validation and the speed; nothing where that is not a terminal.
///
/// ```
/// use blastrain::data::Dataset;
/// use blastrain::loss::MeanSquaredError;
/// use blastrain::train::{ProgressBar, Trainer};
/// use blastrain::Sequential;
/// use blastrain::ndarray::array;
///
/// let data = Dataset::new(array![[0.0], [1.0]], array![[1.0], [3.0]])?;
/// let network = Sequential::<f64>::input(1).dense(1).build()?;
/// let mut trainer = Trainer::builder(network, MeanSquaredError::default())
///     .observer(ProgressBar::new())
///     .epochs(20)
///     .build()?;
/// trainer.fit(&data)?;
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug)]
pub struct ProgressBar {
    bar: Bar,
    /// Makes the place where a fit's bar is drawn.
    target: fn() -> ProgressDrawTarget,
    metrics: Vec<String>,
    batches: usize,
    rows: usize,
    epochs: usize,
    /// Epochs before this fit; known once one of its batches is seen.
    before: Option<usize>,
    /// Sum and number of the epoch's batch losses.
    losses: (f64, usize),
    /// What the last epoch's validation gave.
    validation: String,
    epoch_start: Instant,
    last_words: Instant,
}

impl Default for ProgressBar {
    fn default() -> Self {
        Self::new()
    }
}

impl ProgressBar {
    /// A bar for each fit.
    pub fn new() -> Self {
        Self::drawn_on(ProgressDrawTarget::stderr)
    }

    fn drawn_on(target: fn() -> ProgressDrawTarget) -> Self {
        let now = Instant::now();
        Self {
            bar: Bar::hidden(),
            target,
            metrics: Vec::new(),
            batches: 0,
            rows: 0,
            epochs: 0,
            before: None,
            losses: (0.0, 0),
            validation: String::new(),
            epoch_start: now,
            last_words: now,
        }
    }

    fn start(&mut self, epochs: usize, batches: usize) {
        let length = epochs as u64 * batches as u64;
        // A fit that ended with an error leaves its bar as it was, and the next one starts below.
        self.bar = Bar::with_draw_target(Some(length), (self.target)())
            .with_finish(ProgressFinish::Abandon);
        self.bar.set_style(style(TEMPLATE));
        (self.epochs, self.batches) = (epochs, batches);
        self.before = None;
        self.validation.clear();
        self.start_epoch();
    }

    fn start_epoch(&mut self) {
        self.losses = (0.0, 0);
        self.epoch_start = Instant::now();
    }

    fn batch(&mut self, epoch: usize, batch: usize, loss: f64) {
        self.losses.0 += loss;
        self.losses.1 += 1;
        self.bar.inc(1);
        let first = self.before.is_none();
        let before = *self.before.get_or_insert(epoch);
        if first || self.last_words.elapsed() >= PAUSE {
            self.last_words = Instant::now();
            let total = before + self.epochs;
            let width = total.to_string().len();
            self.bar.set_prefix(format!("epoch {:>width$}/{total}", epoch + 1));
            let seconds = self.epoch_start.elapsed().as_secs_f64();
            let rows = (batch + 1) as f64 * (self.rows as f64 / self.batches.max(1) as f64);
            let loss = number(self.losses.0 / self.losses.1 as f64);
            let validation = &self.validation;
            self.bar.set_message(format!(
                "loss {loss}  {validation}{:.0} samples/s",
                rows / seconds.max(1e-9)
            ));
        }
    }
}

/// A template of the crate's own cannot be wrong; the plain bar stands in for an error all the same.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━━─")
}

impl Observer for ProgressBar {
    fn event(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        match event {
            Event::FitStart { epochs, batches, rows, metrics } => {
                (self.metrics, self.rows) = (metrics.to_vec(), *rows);
                self.start(*epochs, *batches);
            }
            Event::BatchEnd { epoch, batch, loss, .. } if !self.bar.is_hidden() => {
                self.batch(*epoch, *batch, *loss);
            }
            Event::EpochEnd { record, .. } if !self.bar.is_hidden() => {
                let words = values(record, &self.metrics);
                let validation = words.iter().filter(|word| word.starts_with("validation "));
                self.validation = validation.map(|word| format!("{word}  ")).collect();
                self.start_epoch();
            }
            Event::FitEnd { history } if !self.bar.is_hidden() => {
                if let Some(record) = history.last() {
                    let total = self.before.unwrap_or(0) + self.epochs;
                    let speed = record.samples_per_second;
                    let words = values(record, &self.metrics).join("  ");
                    self.bar.set_style(style(DONE));
                    self.bar.set_prefix(format!("epoch {}/{total}", record.epoch + 1));
                    self.bar.set_message(format!("{words}  {speed:.0} samples/s"));
                }
                // Not "finish": that would fill the bar of a fit that was stopped.
                self.bar.abandon();
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;

    use indicatif::TermLike;

    use super::*;
    use crate::Sequential;
    use crate::data::Dataset;
    use crate::loss::MeanSquaredError;
    use crate::train::Trainer;

    static DRAWN: Mutex<String> = Mutex::new(String::new());

    /// A terminal that keeps what is drawn.
    #[derive(Debug)]
    struct Paper;

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            200
        }

        fn move_cursor_up(&self, _lines: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _lines: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _characters: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _characters: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(&format!("{text}\n"))
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            DRAWN.lock().unwrap().push_str(text);
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            self.write_str("\n")
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_bar_shows_epochs_loss_validation_and_speed() {
        let x = ndarray::array![[0.0], [1.0], [2.0]];
        let data = Dataset::new(x.clone(), x).unwrap();
        let network = Sequential::<f64>::input(1).dense(1).build().unwrap();
        let bar = ProgressBar::drawn_on(|| ProgressDrawTarget::term_like(Box::new(Paper)));
        let mut trainer = Trainer::builder(network, MeanSquaredError::default())
            .validation(&data)
            .observer(bar)
            .batch_size(1)
            .epochs(12)
            .build()
            .unwrap();
        let history = trainer.fit(&data).unwrap();
        let drawn = std::mem::take(&mut *DRAWN.lock().unwrap());
        assert!(drawn.contains("epoch  1/12 "), "{drawn}");
        assert!(drawn.contains(" ETA "), "{drawn}");
        let last = drawn.lines().rfind(|line| !line.trim().is_empty()).unwrap();
        let end = history.last().unwrap();
        let words = format!(
            "loss {:.4}  validation loss {:.4}  {:.0} samples/s",
            end.loss,
            end.validation_loss.unwrap(),
            end.samples_per_second
        );
        assert!(last.contains(&words) && last.contains("epoch 12/12 "), "{last}");
        assert!(last.contains("100 %"), "{last}");

        trainer.fit(&data).unwrap();
        assert!(DRAWN.lock().unwrap().contains("epoch 24/24 "));
    }

    #[test]
    fn nothing_is_drawn_or_counted_where_there_is_no_terminal() {
        let mut bar = ProgressBar::drawn_on(ProgressDrawTarget::hidden);
        let start = Event::FitStart { epochs: 2, batches: 3, rows: 9, metrics: &[] };
        assert!(bar.event(&start).is_continue());
        let batch = Event::BatchEnd { epoch: 0, batch: 0, loss: 1.0, learning_rate: 0.1 };
        assert!(bar.event(&batch).is_continue());
        assert_eq!((bar.bar.position(), bar.losses.1), (0, 0));
    }
}
