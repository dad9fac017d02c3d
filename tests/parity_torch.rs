//! A small network, its losses and optimisers against PyTorch (numbers made by tests/parity/network.py).

mod golden;

use blastrain::activation::{self, Activation, Saved};
use blastrain::data::Dataset;
use blastrain::loss::{
    BinaryCrossEntropy, CrossEntropy, Huber, Loss, MeanAbsoluteError, MeanSquaredError,
    OutputReduction,
};
use blastrain::network::Link;
use blastrain::optim::{Adam, AdamW, Optimizer, RmsProp, Sgd};
use blastrain::train::{Trainer, WeightGradient, gradient_check, loss_and_gradient};
use blastrain::{Parallelism, Sequential};
use golden::{LossCase, assert_close, assert_loss, matrix};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    network: Network,
    kept_steps: Vec<usize>,
    optimizers: Vec<Descent>,
    losses: Losses,
    activations: Activations,
}

#[derive(Deserialize)]
struct Network {
    features: Vec<Vec<f64>>,
    classes: Vec<usize>,
    parameters: Vec<f64>,
    outputs: Vec<Vec<Vec<f64>>>,
    probabilities: Vec<Vec<f64>>,
    loss: f64,
    gradient: Vec<f64>,
}

#[derive(Deserialize)]
struct Descent {
    name: String,
    losses: Vec<f64>,
    parameters: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Losses {
    logits: Vec<Vec<f64>>,
    cases: Vec<LossCase>,
}

#[derive(Deserialize)]
struct Activations {
    grid: Vec<f64>,
    curves: Vec<Curve>,
}

#[derive(Deserialize)]
struct Curve {
    name: String,
    values: Vec<f64>,
    derivatives: Vec<f64>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("parity/network.json")).expect("golden numbers")
}

/// The first `layers` layers of 3-5-4-2, tanh then ReLU, with the script's parameters.
fn network(golden: &Network, layers: usize) -> Sequential<f64> {
    let builder = Sequential::input(3).dense(5).tanh();
    let builder = match layers {
        1 => builder,
        2 => builder.dense(4).relu(),
        _ => builder.dense(4).relu().dense(2),
    };
    let mut network = builder.build().unwrap();
    let count = network.parameter_count();
    network.set_parameters(&golden.parameters[..count]).unwrap();
    network
}

fn data(golden: &Network) -> Dataset<'static, f64> {
    Dataset::new(matrix(&golden.features), golden.classes.clone()).unwrap()
}

#[test]
fn every_layer_s_output_and_the_probabilities() {
    let golden = golden().network;
    let x = matrix(&golden.features);
    for layers in 1..=3 {
        let output = network(&golden, layers).predict(x.view()).unwrap();
        assert_close(
            &format!("layer {layers}"),
            &output,
            golden.outputs[layers - 1].iter().flatten(),
        );
    }
    let mut network = network(&golden, 3);
    network.set_link(Link::Softmax);
    let probabilities = network.predict_proba(x.view()).unwrap();
    assert_close("probabilities", &probabilities, golden.probabilities.iter().flatten());
}

#[test]
fn the_loss_and_every_gradient_tensor() {
    let golden = golden().network;
    let network = network(&golden, 3);
    let (loss, gradient) = loss_and_gradient(&network, &CrossEntropy, &data(&golden)).unwrap();
    assert_close("loss", [&loss], [&golden.loss]);
    for tensor in network.tensors() {
        let range = tensor.range.clone();
        assert_close(&tensor.name, &gradient[range.clone()], &golden.gradient[range]);
    }
    let check = gradient_check(&network, &CrossEntropy, &data(&golden)).unwrap();
    assert!(check.worst() < 1e-9, "{check}");
}

fn optimizer(name: &str) -> Box<dyn Optimizer<f64>> {
    match name {
        "sgd" => Box::new(Sgd::new(0.3)),
        "sgd_decay" => Box::new(Sgd::new(0.3).weight_decay(0.05)),
        "momentum" => Box::new(Sgd::new(0.1).momentum(0.9)),
        "momentum_decay" => Box::new(Sgd::new(0.1).momentum(0.9).weight_decay(0.05)),
        "nesterov" => Box::new(Sgd::new(0.1).momentum(0.8).nesterov(true)),
        "nesterov_decay" => Box::new(Sgd::new(0.1).momentum(0.8).nesterov(true).weight_decay(0.05)),
        "adam" => Box::new(Adam::new(0.05)),
        "adam_decay" => {
            Box::new(Adam::new(0.05).beta_1(0.8).beta_2(0.95).epsilon(1e-4).weight_decay(0.1))
        }
        "adamw" => Box::new(AdamW::new(0.05, 0.1)),
        "rmsprop" => Box::new(RmsProp::new(0.02)),
        "rmsprop_decay" => Box::new(RmsProp::new(0.02).alpha(0.9).epsilon(1e-5).weight_decay(0.1)),
        "rmsprop_momentum" => Box::new(RmsProp::new(0.02).momentum(0.7)),
        "rmsprop_centered" => Box::new(RmsProp::new(0.02).centered(true)),
        "rmsprop_all" => {
            Box::new(RmsProp::new(0.02).alpha(0.9).centered(true).momentum(0.7).weight_decay(0.1))
        }
        other => panic!("no optimiser {other}"),
    }
}

#[test]
fn five_steps_of_every_optimizer() {
    let golden = golden();
    let data = data(&golden.network);
    for descent in &golden.optimizers {
        for mode in [WeightGradient::Owners, WeightGradient::Shards] {
            let mut trainer = Trainer::builder(network(&golden.network, 3), CrossEntropy)
                .boxed_optimizer(optimizer(&descent.name))
                .batch_size(golden.network.classes.len())
                .weight_gradient(mode)
                .shards(2)
                .parallelism(Parallelism::Serial)
                .build()
                .unwrap();
            let mut kept = golden.kept_steps.iter().zip(&descent.parameters);
            let mut next = kept.next();
            for (i, loss) in descent.losses.iter().enumerate() {
                let what = format!("{} ({mode:?}), step {}", descent.name, i + 1);
                let history = trainer.fit(&data).unwrap();
                assert_close(&what, &history.losses(), [loss]);
                if let Some((&step, parameters)) = next.filter(|(step, _)| **step == i + 1) {
                    assert_close(&what, trainer.network().parameters(), parameters);
                    assert_eq!(step, i + 1);
                    next = kept.next();
                }
            }
            assert!(next.is_none(), "{}: a kept step was never reached", descent.name);
        }
    }
}

fn loss(name: &str) -> Box<dyn Loss<f64>> {
    let sum = OutputReduction::Sum;
    match name {
        "mean_squared_error" => Box::new(MeanSquaredError::default()),
        "mean_squared_error_sum" => Box::new(MeanSquaredError::default().reduction(sum)),
        "mean_squared_error_halved" => Box::new(MeanSquaredError::default().halved()),
        "mean_absolute_error" => Box::new(MeanAbsoluteError::default()),
        "mean_absolute_error_sum" => Box::new(MeanAbsoluteError::default().reduction(sum)),
        "huber" => Box::new(Huber::default()),
        "huber_0.6_sum" => Box::new(Huber::new(0.6).unwrap().reduction(sum)),
        "binary_cross_entropy" | "binary_cross_entropy_soft" => {
            Box::new(BinaryCrossEntropy::default())
        }
        "binary_cross_entropy_sum" => Box::new(BinaryCrossEntropy::default().reduction(sum)),
        name if name.starts_with("cross_entropy") => Box::new(CrossEntropy),
        other => panic!("no loss {other}"),
    }
}

#[test]
fn every_loss_weighted_or_not_whole_or_in_shards() {
    let golden = golden().losses;
    let logits = matrix(&golden.logits);
    for case in &golden.cases {
        assert_loss(&*loss(&case.name), logits.view(), case);
    }
}

#[test]
fn every_activation_and_its_derivative() {
    let golden = golden().activations;
    let all = activation::all();
    assert_eq!(all.len(), golden.curves.len());
    for (activation, curve) in all.iter().zip(&golden.curves) {
        assert_eq!(activation.name(), curve.name);
        let activation: &dyn Activation<f64> = &**activation;
        let mut values = golden.grid.clone();
        activation.forward(&mut values);
        assert_close(&curve.name, &values, &curve.values);
        let mut derivatives = vec![1.0; golden.grid.len()];
        let saved = if activation.saved() == Saved::Output { &values } else { &golden.grid };
        activation.backward(saved, &mut derivatives);
        assert_close(&curve.name, &derivatives, &curve.derivatives);
    }
}
