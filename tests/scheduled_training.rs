//! Schedules and plateaus in a fit.

use std::ops::ControlFlow;

use blastrain::data::{Dataset, Targets};
use blastrain::loss::MeanSquaredError;
use blastrain::metrics::Metric;
use blastrain::optim::Sgd;
use blastrain::optim::schedule::{
    CosineAnnealing, InverseScaling, LinearWarmup, OneCycle, Progress, ReduceOnPlateau, Schedule,
    StepDecay,
};
use blastrain::train::{Event, Trainer, TrainerBuilder};
use blastrain::{Error, Result, Sequential};
use ndarray::{Array2, ArrayView2};

const ROWS: usize = 20;
const BATCH: usize = 8;
const STEPS: usize = 3;

fn data() -> Dataset<'static, f64> {
    let x = Array2::from_shape_fn((ROWS, 3), |(i, j)| ((5 * i + 2 * j) % 7) as f64 / 7.0);
    Dataset::new(x, (0..ROWS).map(|i| (i % 4) as f64).collect::<Vec<_>>()).unwrap()
}

fn builder<'a>(epochs: usize) -> TrainerBuilder<'a, f64> {
    let network = Sequential::input(3).dense(4).tanh().dense(1).seed(2).build().unwrap();
    Trainer::builder(network, MeanSquaredError::default())
        .optimizer(Sgd::new(0.05))
        .batch_size(BATCH)
        .epochs(epochs)
}

/// The rate of every step.
fn rates(epochs: usize, schedule: impl Schedule + 'static) -> Vec<f64> {
    let mut rates = Vec::new();
    let mut trainer = builder(epochs)
        .schedule(schedule)
        .observer(|event: &Event<'_>| {
            if let Event::BatchEnd { learning_rate, .. } = event {
                rates.push(*learning_rate);
            }
            ControlFlow::Continue(())
        })
        .build()
        .unwrap();
    trainer.fit(&data()).unwrap();
    drop(trainer);
    rates
}

fn expected(epochs: usize, schedule: &dyn Schedule) -> Vec<f64> {
    let start = Progress::new(STEPS, epochs);
    (0..epochs * STEPS)
        .map(|step| {
            let at = start.at_step(step as u64);
            schedule.rate(0.05, at.rows_seen(at.epoch * ROWS as u64))
        })
        .collect()
}

#[test]
fn every_schedule_is_followed_step_by_step() {
    for schedule in blastrain::optim::schedule::all() {
        let want = expected(7, &*schedule);
        assert_eq!(rates(7, schedule), want);
    }
    let composed = || LinearWarmup::new(4).per_step().then(4, CosineAnnealing::new(17).per_step());
    assert_eq!(rates(7, composed()), expected(7, &composed()));
    let scaled = rates(3, InverseScaling::new(0.5));
    assert_eq!(scaled[0], 0.05);
    assert!((scaled[STEPS] - 0.05 / 21f64.sqrt()).abs() < 1e-16);
}

#[test]
fn a_schedule_goes_on_from_fit_to_fit() {
    let data = data();
    let whole = rates(6, StepDecay::new(2).gamma(0.5));
    let mut trainer = builder(4).schedule(StepDecay::new(2).gamma(0.5)).build().unwrap();
    let mut joined = trainer.fit(&data).unwrap().curve("learning_rate").unwrap();
    trainer.set_epochs(2);
    joined.extend(trainer.fit(&data).unwrap().curve("learning_rate").unwrap());
    let of_epochs: Vec<f64> = whole.into_iter().step_by(STEPS).collect();
    assert_eq!(joined, of_epochs);
}

#[test]
fn settings_out_of_range_are_refused() {
    let warmup = builder(1).schedule(StepDecay::new(0)).build();
    assert!(matches!(warmup, Err(Error::Param { .. })));
    let cycle = builder(1).schedule(OneCycle::new(-1.0)).build();
    assert!(matches!(cycle, Err(Error::Param { .. })));
    let rule = ReduceOnPlateau::new().factor(1.0);
    let plateau = builder(1).reduce_on_plateau("loss", rule).build();
    assert!(matches!(plateau, Err(Error::Param { name: "factor", .. })));
    let mut missing =
        builder(1).reduce_on_plateau("validation_loss", ReduceOnPlateau::new()).build().unwrap();
    assert!(matches!(missing.fit(&data()), Err(Error::UnknownName { what: "curve", .. })));
}

/// Stays where it is.
#[derive(Debug)]
struct Flat;

impl Metric<f64> for Flat {
    fn name(&self) -> &str {
        "flat"
    }
    fn higher_is_better(&self) -> bool {
        true
    }
    fn evaluate(
        &self,
        _: ArrayView2<'_, f64>,
        _: Targets<'_, f64>,
        _: Option<&[f64]>,
    ) -> Result<f64> {
        Ok(0.5)
    }
}

#[test]
fn a_plateau_lowers_the_rate_on_top_of_a_schedule() {
    let rule = ReduceOnPlateau::new().factor(0.1).patience(1).min_rate(1e-3);
    let fit = |schedule: Option<StepDecay>| {
        let mut builder = builder(8).metric(Flat).reduce_on_plateau("flat", rule.clone());
        if let Some(schedule) = schedule {
            builder = builder.schedule(schedule);
        }
        builder.build().unwrap().fit(&data()).unwrap()
    };
    let history = fit(None);
    let close = |got: Vec<f64>, want: [f64; 8]| {
        assert!(
            got.iter().zip(want).all(|(got, want)| (got / want - 1.0).abs() < 1e-12),
            "{got:?}"
        );
    };
    // The first epoch is the best, the second is let pass, the third reduces.
    close(
        history.curve("learning_rate").unwrap(),
        [0.05, 0.05, 0.05, 0.005, 0.005, 0.001, 0.001, 0.001],
    );
    assert_eq!(history.actions().len(), 2);
    assert_eq!(
        (history.actions()[0].epoch, &*history.actions()[0].callback),
        (2, "reduce_on_plateau")
    );
    close(
        fit(Some(StepDecay::new(4).gamma(0.5))).curve("learning_rate").unwrap(),
        [0.05, 0.05, 0.05, 0.005, 0.0025, 0.001, 0.001, 0.001],
    );
}
