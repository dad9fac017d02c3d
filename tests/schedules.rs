//! Learning-rate schedules against PyTorch's (numbers made by tests/parity/schedules.py), and the contract
//! that every one of them keeps.

use std::collections::BTreeMap;

use blastrain::Error;
use blastrain::optim::schedule::{
    self, Anneal, Constant, CosineAnnealing, CosineWarmRestarts, Exponential, InverseScaling,
    LinearWarmup, MultiStep, OneCycle, Polynomial, Progress, ReduceOnPlateau, Schedule, StepDecay,
};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    base: f64,
    schedules: BTreeMap<String, Vec<f64>>,
    inverse_scaling: Vec<Inverse>,
    values: Vec<f64>,
    falling: Vec<f64>,
    plateaus: BTreeMap<String, Vec<f64>>,
}

#[derive(Deserialize)]
struct Inverse {
    power: f64,
    rows: u64,
    rates: Vec<f64>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("parity/schedules.json")).unwrap()
}

/// How a case is built; the argument says whether it counts steps instead of epochs.
type Made = Box<dyn Schedule>;

macro_rules! counted {
    ($by_step:expr, $schedule:expr) => {
        if $by_step { $schedule.per_step() } else { $schedule.per_epoch() }
    };
}

fn simple(name: &str, by_step: bool) -> Option<Made> {
    let one_cycle = || counted!(by_step, OneCycle::new(0.8).total(60));
    Some(match name {
        "constant" => Box::new(Constant::new().factor(0.25)),
        "step" => Box::new(counted!(by_step, StepDecay::new(7))),
        "step 0.5" => Box::new(counted!(by_step, StepDecay::new(1).gamma(0.5))),
        "multi step" => Box::new(counted!(by_step, MultiStep::new([3, 30, 30, 45]))),
        "multi step 0.5" => Box::new(counted!(by_step, MultiStep::new([10, 11]).gamma(0.5))),
        "exponential" => Box::new(counted!(by_step, Exponential::new(0.9))),
        "cosine" => Box::new(counted!(by_step, CosineAnnealing::new(60))),
        "cosine short" => Box::new(counted!(by_step, CosineAnnealing::new(13).min_rate(0.01))),
        "restarts" => Box::new(counted!(by_step, CosineWarmRestarts::new(10))),
        "restarts growing" => {
            Box::new(counted!(by_step, CosineWarmRestarts::new(5).growth(2).min_rate(0.02)))
        }
        "restarts tripling" => Box::new(counted!(by_step, CosineWarmRestarts::new(1).growth(3))),
        "one cycle" => Box::new(one_cycle()),
        "one cycle linear" => Box::new(one_cycle().anneal(Anneal::Linear)),
        "one cycle three phases" => {
            Box::new(one_cycle().three_phase(true).pct_start(0.4).div_factor(10.0))
        }
        "one cycle steep" => Box::new(one_cycle().pct_start(0.01).final_div_factor(50.0)),
        "one cycle rising" => Box::new(one_cycle().pct_start(1.0)),
        "warm-up" => Box::new(counted!(by_step, LinearWarmup::new(8))),
        "warm-up from 0.01" => {
            Box::new(counted!(by_step, LinearWarmup::new(40).start_factor(0.01)))
        }
        "polynomial" => Box::new(counted!(by_step, Polynomial::new(50))),
        "polynomial 0.9" => Box::new(counted!(by_step, Polynomial::new(60).power(0.9))),
        "polynomial square" => Box::new(counted!(by_step, Polynomial::new(30).power(2.0))),
        _ => return None,
    })
}

fn composed(name: &str, by_step: bool) -> Made {
    let warmup = |length, start| counted!(by_step, LinearWarmup::new(length).start_factor(start));
    let cosine = |period| counted!(by_step, CosineAnnealing::new(period));
    let exponential = |gamma| counted!(by_step, Exponential::new(gamma));
    match name {
        "warm-up, cosine" => {
            let next = cosine(55).min_rate(0.001);
            Box::new(counted!(by_step, warmup(5, 1.0 / 3.0).then(5, next)))
        }
        "warm-up, exponential, step" => {
            let start = counted!(by_step, warmup(10, 0.1).then(10, exponential(0.8)));
            Box::new(counted!(by_step, start.then(25, counted!(by_step, StepDecay::new(9)))))
        }
        "half, restarts" => {
            let restarts = counted!(by_step, CosineWarmRestarts::new(6).growth(2));
            Box::new(counted!(by_step, Constant::new().factor(0.5).then(4, restarts)))
        }
        "warm-up times step" => {
            let step = counted!(by_step, StepDecay::new(7).gamma(0.6));
            Box::new(warmup(8, 1.0 / 3.0).times(step))
        }
        "warm-up times cosine times exponential" => {
            Box::new(warmup(20, 0.2).times(cosine(60)).times(exponential(0.97)))
        }
        other => panic!("unknown case {other}"),
    }
}

/// Relative to the rate, and where a cosine comes near to zero, to the base.
fn close(got: f64, want: f64, base: f64) -> bool {
    (got - want).abs() <= 1e-12 * want.abs().max(1e-3 * base)
}

#[test]
fn rates_equal_pytorchs_by_epochs_and_by_steps() {
    let golden = golden();
    for (name, want) in &golden.schedules {
        assert_eq!(want.len(), 60);
        for by_step in [false, true] {
            let schedule = simple(name, by_step).unwrap_or_else(|| composed(name, by_step));
            schedule.validate().unwrap();
            let start = Progress::new(9, 60);
            for (i, &want) in (0u64..).zip(want) {
                let at = if by_step { start.at_step(i) } else { start.at_epoch(i) };
                let got = schedule.rate(golden.base, at);
                assert!(close(got, want, golden.base), "{name}, {at:?}: {got}, not {want}");
            }
        }
    }
}

#[test]
fn inverse_scaling_equals_scikit_learns() {
    let golden = golden();
    for case in &golden.inverse_scaling {
        let schedule = InverseScaling::new(case.power);
        for (epoch, &want) in (0u64..).zip(&case.rates) {
            let at = Progress::new(4, 60).at_epoch(epoch).rows_seen(epoch * case.rows);
            for at in [at, at.at(epoch, at.step + 3)] {
                let got = schedule.rate(golden.base, at);
                assert!(close(got, want, 0.0), "{schedule:?}, {at:?}: {got}, not {want}");
            }
        }
    }
}

fn plateau(name: &str) -> ReduceOnPlateau {
    let new = ReduceOnPlateau::new;
    match name {
        "default" => new(),
        "patient 2" => new().patience(2).factor(0.5),
        "cooling" => new().patience(1).factor(0.7).cooldown(4).relative_threshold(0.05),
        "absolute" => new().patience(0).factor(0.9).absolute_threshold(0.2),
        "rising" => new().higher_is_better(true).patience(3).factor(0.5),
        "rising absolute" => {
            new().higher_is_better(true).patience(3).factor(0.5).absolute_threshold(1.0)
        }
        "floor" => new().patience(0).factor(0.1).min_rate(0.002),
        "change" => new().patience(0).factor(0.5).min_change(0.01),
        "slow" => new().patience(5).factor(0.5),
        other => panic!("unknown case {other}"),
    }
}

#[test]
fn a_plateau_lowers_the_rate_as_pytorch_does() {
    let golden = golden();
    for (name, want) in &golden.plateaus {
        let values = if name == "slow" { &golden.falling } else { &golden.values };
        let mut plateau = plateau(name);
        plateau.validate().unwrap();
        assert!(name == "default" || want.last() < Some(&golden.base), "{name}: nothing happens");
        let mut rate = golden.base;
        for (i, (&value, &want)) in values.iter().zip(want).enumerate() {
            let new = plateau.observe(value, rate);
            assert_ne!(new, Some(rate));
            rate = new.unwrap_or(rate);
            assert!(close(rate, want, 0.0), "{name}, epoch {i}: {rate}, not {want}");
        }
    }
}

#[test]
fn a_plateau_can_start_afresh_and_counts_nan_as_bad() {
    let new = || ReduceOnPlateau::new().patience(1).factor(0.5);
    let mut plateau = new();
    assert_eq!(plateau.best(), None);
    for value in [3.0, 2.0, f64::NAN] {
        assert_eq!(plateau.observe(value, 1.0), None);
    }
    assert_eq!(plateau.best(), Some(2.0));
    assert_eq!(plateau.observe(f64::NAN, 1.0), Some(0.5));
    plateau.reset();
    assert_eq!(plateau, new());
}

fn is_setting_error(result: blastrain::Result<()>, setting: &str) -> bool {
    matches!(result, Err(Error::Param { name, .. }) if name == setting)
}

#[test]
fn settings_out_of_range_are_errors() {
    let nan = f64::NAN;
    let bad: Vec<(&str, Made)> = vec![
        ("factor", Box::new(Constant::new().factor(-1.0))),
        ("power", Box::new(InverseScaling::new(nan))),
        ("every", Box::new(StepDecay::new(0))),
        ("gamma", Box::new(StepDecay::new(2).gamma(0.0))),
        ("milestones", Box::new(MultiStep::new([5, 3]))),
        ("gamma", Box::new(MultiStep::new([3]).gamma(1.5))),
        ("gamma", Box::new(Exponential::new(nan))),
        ("period", Box::new(CosineAnnealing::new(0))),
        ("min_rate", Box::new(CosineAnnealing::new(3).min_rate(-0.1))),
        ("first", Box::new(CosineWarmRestarts::new(0))),
        ("growth", Box::new(CosineWarmRestarts::new(3).growth(0))),
        ("max_rate", Box::new(OneCycle::new(0.0))),
        ("total", Box::new(OneCycle::new(0.1).total(0))),
        ("pct_start", Box::new(OneCycle::new(0.1).pct_start(1.1))),
        ("pct_start", Box::new(OneCycle::new(0.1).pct_start(0.6).three_phase(true))),
        ("div_factor", Box::new(OneCycle::new(0.1).div_factor(f64::INFINITY))),
        ("final_div_factor", Box::new(OneCycle::new(0.1).final_div_factor(0.0))),
        ("length", Box::new(LinearWarmup::new(0))),
        ("start_factor", Box::new(LinearWarmup::new(3).start_factor(0.0))),
        ("total", Box::new(Polynomial::new(0))),
        ("power", Box::new(Polynomial::new(3).power(-1.0))),
        ("milestone", Box::new(Constant::new().then(0, Constant::new()))),
        ("gamma", Box::new(Constant::new().then(1, Exponential::new(2.0)))),
        ("gamma", Box::new(Exponential::new(2.0).times(Constant::new()))),
    ];
    for (setting, schedule) in bad {
        assert!(is_setting_error(schedule.validate(), setting), "{schedule:?}");
    }
    for (setting, plateau) in [
        ("factor", ReduceOnPlateau::new().factor(1.0)),
        ("threshold", ReduceOnPlateau::new().absolute_threshold(-1.0)),
        ("threshold", ReduceOnPlateau::new().relative_threshold(nan)),
        ("min_rate", ReduceOnPlateau::new().min_rate(-1.0)),
        ("min_change", ReduceOnPlateau::new().min_change(-1.0)),
    ] {
        assert!(is_setting_error(plateau.validate(), setting), "{plateau:?}");
    }
}

#[test]
fn one_cycle_takes_the_whole_training_and_stays_where_it_ended() {
    let start = Progress::new(20, 3);
    let (open, told) = (OneCycle::new(0.8), OneCycle::new(0.8).total(60));
    for step in 0..200 {
        let at = start.at_step(step);
        assert_eq!(open.rate(0.3, at), told.rate(7.0, at), "step {step}");
    }
    let end = open.rate(0.3, start.at_step(59));
    assert_eq!(open.rate(0.3, start.at_step(1 << 40)), end);
    assert!((end / (0.8 / 25.0 / 1e4) - 1.0).abs() < 1e-9);
}

proptest! {
    #[test]
    fn every_schedule_gives_finite_rates_not_below_zero_and_always_the_same(
        steps_per_epoch in 0usize..5000,
        epochs in 0usize..1000,
        (near, far) in (0u64..100, any::<u64>()),
        rows in any::<u64>(),
        base in 1e-6f64..10.0,
    ) {
        let start = Progress::new(steps_per_epoch, epochs).rows_seen(rows);
        for schedule in schedule::all() {
            prop_assert!(schedule.validate().is_ok());
            for at in [
                start,
                start.at_step(near),
                start.at_step(far),
                start.at_epoch(near),
                start.at_epoch(far),
                start.at(near, far),
                start.at(far, near),
            ] {
                let rate = schedule.rate(base, at);
                prop_assert!(rate.is_finite() && rate >= 0.0, "{schedule:?} at {at:?}: {rate}");
                prop_assert_eq!(rate.to_bits(), schedule.rate(base, at).to_bits());
            }
        }
    }
}

#[test]
fn names_tell_kinds_apart() {
    let names: Vec<&str> = schedule::all().iter().map(|schedule| schedule.name()).collect();
    for kind in [
        "constant",
        "inverse_scaling",
        "step_decay",
        "multi_step",
        "exponential",
        "cosine_annealing",
        "cosine_warm_restarts",
        "one_cycle",
        "linear_warmup",
        "polynomial",
        "sequence",
        "product",
    ] {
        assert!(names.contains(&kind), "{kind} is not registered");
    }
}
