//! Logs that watch a fit.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use blastrain::data::Dataset;
use blastrain::loss::MeanSquaredError;
use blastrain::train::{CsvLog, EpochLog, Event, Observer, StopReason, Trainer, TrainerBuilder};
use blastrain::{Error, Sequential};
use ndarray::array;

fn data() -> Dataset<'static, f64> {
    Dataset::new(array![[0.0], [1.0], [2.0]], array![[1.0], [3.0], [5.0]]).unwrap()
}

fn builder<'a>(epochs: usize) -> TrainerBuilder<'a, f64> {
    let network = Sequential::<f64>::input(1).dense(1).build().unwrap();
    Trainer::builder(network, MeanSquaredError::default()).epochs(epochs)
}

/// A buffer that remains when the trainer is gone.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    /// The text before the second column of every line.
    fn firsts(&self) -> Vec<String> {
        let text = String::from_utf8(std::mem::take(&mut self.0.lock().unwrap())).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "{text}");
        text.lines().map(|line| line.split("  loss").next().unwrap().to_owned()).collect()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn every_nth_epoch_and_the_last_have_a_line() {
    let lines = Shared::default();
    let log = EpochLog::new(lines.clone()).every(10);
    let mut trainer = builder(25).validation(&data()).observer(log).build().unwrap();
    trainer.fit(&data()).unwrap();
    assert_eq!(lines.firsts(), ["epoch 10/25", "epoch 20/25", "epoch 25/25"]);
    // A second fit counts on.
    trainer.fit(&data()).unwrap();
    assert_eq!(lines.firsts(), ["epoch 30/50", "epoch 40/50", "epoch 50/50"]);
}

#[test]
fn the_last_epoch_has_one_line_whenever_it_comes() {
    let lines = Shared::default();
    for (every, want) in [(1, vec!["1/3", "2/3", "3/3"]), (3, vec!["3/3"]), (0, vec!["3/3"])] {
        let log = EpochLog::new(lines.clone()).every(every);
        builder(3).observer(log).build().unwrap().fit(&data()).unwrap();
        assert_eq!(lines.firsts(), want.iter().map(|at| format!("epoch {at}")).collect::<Vec<_>>());
    }
    let stop = |event: &Event<'_>| match event {
        Event::EpochEnd { record, .. } if record.epoch == 6 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let log = EpochLog::new(lines.clone()).every(5);
    builder(100).observer(log).observer(stop).build().unwrap().fit(&data()).unwrap();
    assert_eq!(lines.firsts(), ["epoch   5/100", "epoch   7/100"]);
    let log = EpochLog::new(lines.clone());
    builder(0).observer(log).build().unwrap().fit(&data()).unwrap();
    assert!(lines.firsts().is_empty());
}

/// A writer that is full.
struct Full;

impl Write for Full {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        Err(io::Error::other("disk full"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_that_fails_ends_the_fit_and_its_error_can_be_had() {
    let mut log = EpochLog::new(Full);
    let mut kept = None;
    let watch = |event: &Event<'_>| {
        let flow = log.event(event);
        kept = kept.take().or(log.take_error());
        flow
    };
    let mut trainer = builder(5).observer(watch).build().unwrap();
    let history = trainer.fit(&data()).unwrap();
    drop(trainer);
    assert_eq!(history.epochs().len(), 1);
    assert_eq!(history.stop_reason(), StopReason::Observer);
    let error = kept.unwrap();
    assert!(matches!(error, Error::Io { .. }));
    assert_eq!(error.to_string(), "the epoch log: disk full");
}

#[test]
fn the_csv_grows_with_the_fit_and_ends_as_the_history() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.csv");
    std::fs::write(&path, "what was here before").unwrap();
    let log = CsvLog::new(&path).unwrap();
    let lines_seen = Arc::new(Mutex::new(Vec::new()));
    let (seen, at) = (lines_seen.clone(), path.clone());
    let watch = move |event: &Event<'_>| {
        if matches!(event, Event::EpochEnd { .. }) {
            seen.lock().unwrap().push(std::fs::read_to_string(&at).unwrap().lines().count());
        }
        ControlFlow::Continue(())
    };
    let mut trainer = builder(4).validation(&data()).observer(log).observer(watch).build().unwrap();
    let history = trainer.fit(&data()).unwrap();
    let first = history.to_csv();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
    assert!(first.starts_with("epoch,loss,validation_loss,learning_rate,"), "{first}");
    let second = trainer.fit(&data()).unwrap().to_csv();
    let (_, second) = second.split_once('\n').unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), first + second);
    assert_eq!(*lines_seen.lock().unwrap(), [2, 3, 4, 5, 6, 7, 8, 9]);

    let missing = CsvLog::new(folder.path().join("no/folder/log.csv"));
    assert!(matches!(missing, Err(Error::Io { .. })));
}
