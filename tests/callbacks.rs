//! Callbacks steer a fit, and the history tells what they did.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use blastrain::data::{Dataset, Targets};
use blastrain::loss::MeanSquaredError;
use blastrain::metrics::Metric;
use blastrain::optim::Sgd;
use blastrain::train::{
    BatchRecord, Callback, EarlyStopping, EpochRecord, Event, FitControl, History, KeepBest, Mode,
    Snapshot, StopReason, TerminateOnNan, Trainer, TrainerBuilder,
};
use blastrain::{Error, Result, Sequential};
use ndarray::{Array2, ArrayView2};

/// A metric that says what it was told to say, epoch by epoch.
#[derive(Debug)]
struct Script {
    values: Vec<f64>,
    higher_is_better: bool,
    next: AtomicUsize,
}

impl Script {
    fn new(values: &[f64], higher_is_better: bool) -> Self {
        Self { values: values.to_vec(), higher_is_better, next: AtomicUsize::new(0) }
    }
}

impl Metric<f64> for Script {
    fn name(&self) -> &str {
        "script"
    }
    fn higher_is_better(&self) -> bool {
        self.higher_is_better
    }
    fn evaluate(
        &self,
        _: ArrayView2<'_, f64>,
        _: Targets<'_, f64>,
        _: Option<&[f64]>,
    ) -> Result<f64> {
        Ok(self.values[self.next.fetch_add(1, Ordering::Relaxed)])
    }
}

fn data() -> Dataset<'static, f64> {
    let x = Array2::from_shape_fn((12, 3), |(i, j)| ((5 * i + 2 * j) % 7) as f64 / 7.0);
    Dataset::new(x, (0..12).map(|i| f64::from(i % 4)).collect::<Vec<_>>()).unwrap()
}

fn builder<'a>(epochs: usize) -> TrainerBuilder<'a, f64> {
    let network = Sequential::input(3).dense(4).tanh().dense(1).seed(2).build().unwrap();
    Trainer::builder(network, MeanSquaredError::default())
        .optimizer(Sgd::new(0.05))
        .batch_size(4)
        .epochs(epochs)
}

/// Parameters after each epoch.
#[derive(Default)]
struct Parameters(Vec<Vec<f64>>);

impl Callback<f64> for &mut Parameters {
    fn name(&self) -> &str {
        "parameters"
    }
    fn epoch_end(&mut self, _: &EpochRecord, control: &mut FitControl<'_, f64>) -> Result<()> {
        self.0.push(control.network().parameters().to_vec());
        Ok(())
    }
}

fn stopped_after(values: &[f64], higher: bool, stopping: EarlyStopping<f64>) -> (usize, History) {
    let mut trainer = builder(values.len())
        .metric(Script::new(values, higher))
        .early_stopping(stopping)
        .build()
        .unwrap();
    let history = trainer.fit(&data()).unwrap();
    (history.epochs().len(), history)
}

#[test]
fn early_stopping_counts_epochs_without_improvement() {
    let falling = [5.0, 4.0, 4.5, 4.2, 3.0, 3.5, 3.0, 3.1, 3.0, 1.0];
    let stopping = || EarlyStopping::patience(3).monitor("script");
    // 3.0 again is no improvement: epochs 5, 6 and 7 wait.
    let (epochs, history) = stopped_after(&falling, false, stopping());
    assert_eq!((epochs, history.stop_reason()), (8, StopReason::Callback));
    let message = history.stop_message().unwrap();
    assert_eq!(message, "early_stopping: script has not improved for 3 epochs, best 3");
    assert_eq!(history.actions().len(), 1);
    assert_eq!(
        (history.actions()[0].epoch, &*history.actions()[0].callback),
        (7, "early_stopping")
    );
    // By no more than the least change is no improvement.
    assert_eq!(stopped_after(&falling, false, stopping().min_delta(1.0)).0, 4);
    // The metric's own direction, and one that overrides it.
    assert_eq!(stopped_after(&falling, true, stopping()).0, 4);
    assert_eq!(stopped_after(&falling, true, stopping().mode(Mode::Min)).0, 8);
    // Nothing better than the baseline resets the count.
    assert_eq!(stopped_after(&falling, false, stopping().baseline(3.5)).0, 3);
    assert_eq!(stopped_after(&falling, false, stopping().baseline(4.5)).0, 8);
    // Epochs before the start are not seen.
    assert_eq!(stopped_after(&falling, false, stopping().start_epoch(2)).0, 8);
    let (epochs, history) =
        stopped_after(&falling, false, EarlyStopping::patience(9).monitor("script"));
    assert_eq!(
        (epochs, history.stop_reason(), history.stop_message()),
        (10, StopReason::Finished, None)
    );
}

#[test]
fn early_stopping_puts_the_best_parameters_back() {
    let mut seen = Parameters::default();
    let mut trainer = builder(10)
        .metric(Script::new(&[3.0, 2.0, 1.0, 2.0, 2.0, 0.0], false))
        .early_stopping(EarlyStopping::patience(2).monitor("script").restore_best())
        .callback(&mut seen)
        .build()
        .unwrap();
    let history = trainer.fit(&data()).unwrap();
    let network = trainer.into_network();
    assert_eq!(seen.0.len(), 5);
    assert_eq!(network.parameters(), seen.0[2]);
    assert_ne!(seen.0[2], seen.0[4]);
    assert_eq!(history.actions()[1].what, "parameters of epoch 2 put back");
}

#[test]
fn a_fit_that_was_not_stopped_gets_its_best_parameters_back_too() {
    let mut seen = Parameters::default();
    let mut trainer = builder(3)
        .metric(Script::new(&[3.0, 5.0, 4.0], true))
        .callback(KeepBest::new("script"))
        .callback(&mut seen)
        .build()
        .unwrap();
    trainer.fit(&data()).unwrap();
    assert_eq!(trainer.into_network().parameters(), seen.0[1]);
}

#[test]
fn the_best_network_is_saved_whenever_it_improves() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("best.safetensors");
    let mut seen = Parameters::default();
    let mut trainer = builder(3)
        .metric(Script::new(&[3.0, 5.0, 4.0], true))
        .callback(KeepBest::new("script").save_to(&path))
        .callback(&mut seen)
        .build()
        .unwrap();
    let history = trainer.fit(&data()).unwrap();
    drop(trainer);
    assert_eq!(Sequential::<f64>::load(&path).unwrap().parameters(), seen.0[1]);
    let saves = history.actions().iter().filter(|action| action.what.starts_with("saved to"));
    assert_eq!(saves.map(|action| action.epoch).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn a_save_that_fails_fails_the_fit() {
    let mut trainer =
        builder(3).callback(KeepBest::new("loss").save_to("/no/such/folder/x")).build();
    assert!(matches!(trainer.as_mut().unwrap().fit(&data()), Err(Error::Io { .. })));
}

#[test]
fn a_curve_that_is_not_there_is_found_before_anything_changes() {
    for name in ["validation_loss", "accuracy", "validation_script", ""] {
        let stopping = EarlyStopping::patience(2).monitor(name);
        let mut trainer = builder(3)
            .metric(Script::new(&[0.0; 9], true))
            .early_stopping(stopping)
            .build()
            .unwrap();
        let before = trainer.network().parameters().to_vec();
        let error = trainer.fit(&data()).unwrap_err();
        assert!(
            matches!(&error, Error::UnknownName { known, .. } if known.starts_with("loss, script")),
            "{error}"
        );
        assert_eq!(trainer.network().parameters(), before);
    }
    for (name, stopping) in [
        ("min_delta", EarlyStopping::patience(1).monitor("loss").min_delta(-1.0)),
        ("min_delta", EarlyStopping::patience(1).monitor("loss").min_delta(f64::NAN)),
        ("baseline", EarlyStopping::patience(1).monitor("loss").baseline(f64::NAN)),
    ] {
        let error = builder(3).early_stopping(stopping).build().unwrap().fit(&data());
        assert!(matches!(error, Err(Error::Param { name: found, .. }) if found == name));
    }
    let stopping = EarlyStopping::patience(0).monitor("loss");
    let error = builder(3).early_stopping(stopping).build().unwrap().fit(&data());
    assert!(matches!(error, Err(Error::Param { name: "patience", .. })));
}

#[test]
fn a_divergence_may_end_a_fit_without_an_error() {
    let mut seen = Parameters::default();
    let fit = |trainer: &mut Trainer<'_, f64>| trainer.fit(&data());
    let mut plain = builder(100).optimizer(Sgd::new(40.0)).build().unwrap();
    assert!(matches!(fit(&mut plain), Err(Error::Diverged { .. })));
    let mut trainer = builder(100)
        .optimizer(Sgd::new(40.0))
        .callback(&mut seen)
        .callback(TerminateOnNan)
        .build()
        .unwrap();
    let history = fit(&mut trainer).unwrap();
    assert_eq!(history.stop_reason(), StopReason::Callback);
    let message = history.stop_message().unwrap();
    assert!(message.starts_with("terminate_on_nan: the fit diverged in epoch"), "{message}");
    let network = trainer.into_network();
    let finished = history.epochs().len();
    assert_eq!(seen.0.len(), finished);
    assert_eq!(network.parameters(), plain.network().parameters());
    if let Some(last) = seen.0.last() {
        assert_eq!(network.parameters(), last);
    }
}

/// Changes the rate after every second batch, and ends the fit after ten batches.
struct Batches(usize);

impl Callback<f64> for Batches {
    fn name(&self) -> &str {
        "batches"
    }
    fn batch_end(&mut self, record: &BatchRecord, control: &mut FitControl<'_, f64>) -> Result<()> {
        assert_eq!((record.epoch, record.batch), (self.0 / 3, self.0 % 3));
        assert_eq!(record.learning_rate, 0.05 * 0.5f64.powi(self.0 as i32 / 2));
        assert!(record.loss.is_finite());
        self.0 += 1;
        if self.0.is_multiple_of(2) {
            control.scale_learning_rate(0.5);
        }
        if self.0 == 10 {
            control.stop("enough");
        }
        Ok(())
    }
}

#[test]
fn callbacks_hear_of_batches_and_change_the_rate() {
    let mut trainer = builder(100).callback(Batches(0)).build().unwrap();
    let history = trainer.fit(&data()).unwrap();
    assert_eq!(history.epochs().len(), 4);
    assert_eq!(history.stop_message(), Some("batches: enough"));
    assert_eq!(history.last().unwrap().learning_rate, 0.05 * 0.5f64.powi(4));
    // The factor stays with the trainer.
    let (_, state) = trainer.into_parts();
    assert_eq!((state.steps(), state.epochs()), (10, 4));
}

/// Fails after an epoch.
struct Failing;

impl Callback<f64> for Failing {
    fn name(&self) -> &str {
        "failing"
    }
    fn epoch_end(&mut self, record: &EpochRecord, _: &mut FitControl<'_, f64>) -> Result<()> {
        if record.epoch == 1 { Err(Error::param("epoch", 1, "another")) } else { Ok(()) }
    }
}

#[test]
fn an_error_of_a_callback_ends_the_fit() {
    let mut trainer = builder(5).callback(Failing).build().unwrap();
    assert!(matches!(trainer.fit(&data()), Err(Error::Param { name: "epoch", .. })));
    assert_eq!(trainer.into_parts().1.epochs(), 2);
}

#[test]
fn a_snapshot_goes_back_to_its_own_kind_of_network_only() {
    struct Restore(Snapshot<f64>);
    impl Callback<f64> for Restore {
        fn name(&self) -> &str {
            "restore"
        }
        fn epoch_end(&mut self, _: &EpochRecord, control: &mut FitControl<'_, f64>) -> Result<()> {
            control.restore(&self.0);
            Ok(())
        }
    }
    let mut other = Snapshot::default();
    other.take(&Sequential::input(1).dense(1).build().unwrap());
    let fit = |snapshot: Snapshot<f64>| {
        let mut trainer = builder(2).callback(Restore(snapshot)).build().unwrap();
        trainer.fit(&data()).unwrap();
        trainer.into_network().parameters().to_vec()
    };
    assert_eq!(fit(other), fit(Snapshot::default()));
    let mut start = Snapshot::default();
    let network = builder(0).build().unwrap().into_network();
    start.take(&network);
    assert_eq!(fit(start), network.parameters());
}

#[test]
fn training_goes_on_from_a_state_as_if_it_had_not_stopped() {
    let data = data();
    let adam = || blastrain::optim::Adam::new(0.01);
    let mut whole = builder(6).optimizer(adam()).build().unwrap();
    let losses = whole.fit(&data).unwrap().losses();
    let mut first = builder(2).optimizer(adam()).build().unwrap();
    let mut joined = first.fit(&data).unwrap().losses();
    let (network, state) = first.into_parts();
    let mut rest = Trainer::builder(network, MeanSquaredError::default())
        .optimizer(adam())
        .batch_size(4)
        .epochs(4)
        .resume(state)
        .build()
        .unwrap();
    let history = rest.fit(&data).unwrap();
    joined.extend(history.losses());
    assert_eq!(joined, losses);
    assert_eq!(history.epochs()[0].epoch, 2);
    assert_eq!(rest.network().parameters(), whole.network().parameters());
    // One trainer with another number of epochs does the same.
    let mut again = builder(2).optimizer(adam()).build().unwrap();
    again.fit(&data).unwrap();
    again.set_epochs(4);
    again.fit(&data).unwrap();
    assert_eq!(again.network().parameters(), whole.network().parameters());
}

#[test]
fn observers_hear_what_callbacks_did() {
    let mut told = String::new();
    let mut trainer = builder(50)
        .early_stopping(EarlyStopping::patience(1).monitor("loss").min_delta(1e6))
        .observer(|event: &Event<'_>| {
            if let Event::FitEnd { history } = event {
                told = history.stop_message().unwrap_or_default().to_owned();
            }
            ControlFlow::Continue(())
        })
        .build()
        .unwrap();
    trainer.fit(&data()).unwrap();
    drop(trainer);
    assert!(told.starts_with("early_stopping: loss has not improved for 1 epochs"), "{told}");
}

/// Turns the learning rate round.
struct Uphill;

impl Callback<f64> for Uphill {
    fn name(&self) -> &str {
        "uphill"
    }
    fn epoch_end(&mut self, _: &EpochRecord, control: &mut FitControl<'_, f64>) -> Result<()> {
        control.scale_learning_rate(-1.0);
        Ok(())
    }
}

#[test]
fn a_learning_rate_that_cannot_be_is_refused() {
    let mut trainer = builder(3).callback(Uphill).build().unwrap();
    let error = trainer.fit(&data()).unwrap_err();
    assert!(matches!(error, Error::Param { name: "learning_rate", .. }), "{error}");
}
