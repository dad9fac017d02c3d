//! Networks trained by L-BFGS: against scikit-learn (numbers made by tests/parity/lbfgs_training.py), the
//! same bits on any number of threads, and every way to end.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use blastrain::data::Dataset;
use blastrain::loss::{BinaryCrossEntropy, CrossEntropy, Loss, MeanSquaredError};
use blastrain::optim::{Lbfgs, Minimum, Termination};
use blastrain::preprocessing::MinMaxScaler;
use blastrain::train::{Event, History, LbfgsTrainer, StopReason, WeightGradient};
use blastrain::{Error, Parallelism, RandomState, Scalar, Sequential, datasets};
use ndarray::{Array2, array};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    fits: Vec<Fit>,
}

#[derive(Deserialize)]
struct Fit {
    data: String,
    activation: String,
    outputs: usize,
    alpha: f64,
    parameters: Vec<f64>,
    losses: Vec<f64>,
    loss: f64,
    iterations: usize,
}

fn golden() -> Vec<Fit> {
    let golden: Golden = serde_json::from_str(include_str!("parity/lbfgs_training.json")).unwrap();
    golden.fits
}

fn network(fit: &Fit, features: usize) -> Sequential<f64> {
    let start = Sequential::<f64>::input(features).dense(7);
    let hidden = match &*fit.activation {
        "identity" => start,
        "logistic" => start.sigmoid(),
        "tanh" => start.tanh(),
        "relu" => start.relu(),
        other => panic!("unknown activation {other}"),
    };
    let mut network = hidden.dense(fit.outputs).build().unwrap();
    network.set_parameters(&fit.parameters).unwrap();
    network
}

fn train(fit: &Fit) -> (History, Minimum) {
    let data = match &*fit.data {
        "iris" => datasets::iris().unwrap(),
        _ => datasets::breast_cancer().unwrap(),
    };
    let data = MinMaxScaler::new().fit_dataset(&data).unwrap().transform_dataset(&data).unwrap();
    let loss: Box<dyn Loss<f64>> = match fit.outputs {
        1 => Box::new(BinaryCrossEntropy::default()),
        _ => Box::new(CrossEntropy),
    };
    let mut network = network(fit, data.features());
    let lbfgs = Lbfgs::new().max_iter(100).gradient_tolerance(1e-4);
    let mut trainer = LbfgsTrainer::new(lbfgs).l2(fit.alpha / data.len() as f64);
    trainer.fit(&mut network, &*loss, &data).unwrap()
}

#[test]
fn print_scikit() {
    for fit in golden() {
        let (history, minimum) = train(&fit);
        let d: Vec<String> = history
            .losses()
            .iter()
            .zip(&fit.losses)
            .map(|(g, w)| format!("{:.0e}", (g / w - 1.0).abs()))
            .collect();
        println!(
            "{} {} {} {} {minimum:?}\n  {}",
            fit.data,
            fit.activation,
            fit.iterations,
            fit.loss,
            d.join(" ")
        );
    }
}
