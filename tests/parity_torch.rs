//! A small network, its losses and optimisers against PyTorch (numbers made by tests/parity/network.py).

use blastrain::activation::{self, Activation, Saved};
use blastrain::data::{Dataset, TargetStorage};
use blastrain::loss::{
    BinaryCrossEntropy, CrossEntropy, Huber, Loss, MeanAbsoluteError, MeanSquaredError,
    OutputReduction,
};
use blastrain::network::Link;
use blastrain::optim::{Adam, AdamW, Optimizer, RmsProp, Sgd};
use blastrain::train::{Trainer, WeightGradient, gradient_check, loss_and_gradient};
use blastrain::{Parallelism, Sequential};
use ndarray::{Array2, ArrayView2};
use serde::Deserialize;

/// Both compute in double precision: what is left is the order of sums.
const TOLERANCE: f64 = 1e-11;

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
struct LossCase {
    name: String,
    weights: Option<Vec<f64>>,
    classes: Option<Vec<usize>>,
    values: Option<Vec<Vec<f64>>>,
    loss: f64,
    gradient: Vec<Vec<f64>>,
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

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    let values: Vec<f64> = rows.iter().flatten().copied().collect();
    Array2::from_shape_vec((rows.len(), rows[0].len()), values).expect("rows of one length")
}

/// The same to a relative 1e-11 of the larger, or of 1e-3 where both are smaller.
fn assert_close<'a>(
    what: &str,
    got: impl IntoIterator<Item = &'a f64>,
    want: impl IntoIterator<Item = &'a f64>,
) {
    let (got, want): (Vec<_>, Vec<_>) = (got.into_iter().collect(), want.into_iter().collect());
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (got, want)) in got.into_iter().zip(want).enumerate() {
        let size = got.abs().max(want.abs()).max(1e-3);
        assert!((got - want).abs() <= TOLERANCE * size, "{what}, {i}: {got} {want}");
    }
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

/// Value and gradient of the mean over all rows, computed in one piece and in two shards.
fn evaluate(
    loss: &dyn Loss<f64>,
    logits: ArrayView2<'_, f64>,
    targets: &TargetStorage<'_, f64>,
    weights: Option<&[f64]>,
    cuts: &[usize],
) -> (f64, Array2<f64>) {
    let weight_sum = weights.map_or(logits.nrows() as f64, |weights| weights.iter().sum());
    let mut gradient = Array2::from_elem(logits.dim(), f64::NAN);
    let mut total = 0.0;
    for rows in cuts.windows(2).map(|cut| cut[0]..cut[1]) {
        let slice = ndarray::s![rows.clone(), ..];
        let shard: TargetStorage<'_, f64> = match (targets.classes(), targets.values()) {
            (Some(classes), _) => classes.slice(ndarray::s![rows.clone()]).to_owned().into(),
            (_, values) => values.unwrap().slice(slice).to_owned().into(),
        };
        total += loss.value_and_grad(
            logits.slice(slice),
            shard.as_targets().unwrap(),
            weights.map(|weights| &weights[rows]),
            1.0 / weight_sum,
            gradient.slice_mut(slice),
        );
    }
    (total / weight_sum, gradient)
}

#[test]
fn every_loss_weighted_or_not_whole_or_in_shards() {
    let golden = golden().losses;
    let logits = matrix(&golden.logits);
    let mut names = std::collections::BTreeSet::new();
    for case in &golden.cases {
        let targets: TargetStorage<'_, f64> = match (&case.classes, &case.values) {
            (Some(classes), _) => classes.clone().into(),
            (_, values) => matrix(values.as_ref().unwrap()).into(),
        };
        let loss = loss(&case.name);
        loss.check(logits.ncols(), &targets).unwrap();
        names.insert(loss.name());
        for cuts in [&[0, 5][..], &[0, 2, 5]] {
            let weights = case.weights.as_deref();
            let (value, gradient) = evaluate(&*loss, logits.view(), &targets, weights, cuts);
            let what = format!("{} weighted: {}", case.name, weights.is_some());
            assert_close(&what, [&value], [&case.loss]);
            assert_close(&what, &gradient, case.gradient.iter().flatten());
        }
    }
    // A loss that is added must be compared too.
    let all: std::collections::BTreeSet<_> =
        blastrain::loss::all::<f64>().iter().map(|loss| loss.name()).collect();
    assert_eq!(names, all);
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
