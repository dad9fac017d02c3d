//! Every registered layer, activation and loss against central differences, in f64, with random shapes.
//!
//! Differences mean nothing across a kink, so biases and targets are chosen to leave a gap around
//! each: see [`Stack::build`] and [`regression_targets`].

use std::collections::BTreeSet;

use blastrain::activation::{self, Activation, AnyActivation, Elu, LeakyRelu};
use blastrain::data::{Dataset, TargetStorage};
use blastrain::layer::{
    ActivationLayer, AnyLayerSpec, BatchNorm, Dense, Dropout, LayerNorm, LayerRegistry,
};
use blastrain::loss::{self, CrossEntropy, Huber, Loss, MeanSquaredError};
use blastrain::network::{Initializer, Link};
use blastrain::optim::Sgd;
use blastrain::train::{Trainer, WeightGradient, gradient_check, loss_and_gradient};
use blastrain::{RandomState, Sequential};
use ndarray::{Array1, Array2, Axis};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

const TOLERANCE: f64 = 1e-6;
/// The least distance of a pre-activation from 0 or of an error from a loss's kink; the
/// differences' steps move them by less than a tenth of it.
const GAP: f64 = 0.1;

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(20),
        failure_persistence: None,
        ..ProptestConfig::default()
    })
}

/// Dense layers, each with an activation that is fused or a layer of its own behind tanh.
#[derive(Debug)]
struct Stack {
    rows: usize,
    inputs: usize,
    layers: Vec<(usize, Box<dyn AnyActivation>, bool)>,
    seed: u32,
}

fn stacks(depth: usize) -> impl Strategy<Value = Stack> {
    let kinds = activation::all().len();
    let layer = (1..13usize, 0..kinds, any::<bool>());
    (1..10usize, 1..13usize, prop::collection::vec(layer, 1..=depth), any::<u32>()).prop_map(
        |(rows, inputs, layers, seed)| {
            let layers = layers
                .into_iter()
                .map(|(units, kind, fused)| (units, activation::all().swap_remove(kind), fused))
                .collect();
            Stack { rows, inputs, layers, seed }
        },
    )
}

fn apply(activation: &dyn AnyActivation, values: &mut Array2<f64>) {
    let values = values.as_slice_mut().expect("standard layout");
    Activation::<f64>::forward(activation, values);
}

/// The bias that puts 0 in the widest gap between a unit's values or, where that is narrow, 0.3
/// beyond their ends.
fn bias_with_gap(values: Vec<f64>, above: bool) -> f64 {
    let mut sorted = values;
    sorted.sort_by(f64::total_cmp);
    let widest = sorted
        .windows(2)
        .map(|pair| (pair[1] - pair[0], -(pair[0] + pair[1]) / 2.0))
        .fold((0.0, 0.0), |best, gap| if gap.0 > best.0 { gap } else { best });
    match widest {
        (width, bias) if width >= 2.0 * GAP => bias,
        _ if above => 0.3 - sorted[0],
        _ => -0.3 - sorted[sorted.len() - 1],
    }
}

impl Stack {
    /// The features, and the network with `outputs` scores and biases that keep pre-activations
    /// away from 0.
    fn build(&self, outputs: usize) -> (Array2<f64>, Sequential<f64>) {
        let mut random = RandomState::new(self.seed);
        let x =
            Array2::from_shape_simple_fn((self.rows, self.inputs), || random.uniform(-1.5, 1.5));
        let mut builder = Sequential::input(self.inputs).seed(self.seed);
        for (units, activation, fused) in &self.layers {
            let dense = builder.dense(*units);
            let dense = if *fused { dense } else { dense.tanh() };
            builder = dense.boxed_layer(activation_layer(&**activation));
        }
        let mut network = builder.dense(outputs).build().expect("a sound network");
        let mut h = x.clone();
        for (i, (_, activation, fused)) in self.layers.iter().enumerate() {
            let weight = network.tensor(&format!("dense_{}.weight", i + 1)).unwrap();
            let mut z = h.dot(&weight.into_dimensionality::<ndarray::Ix2>().unwrap());
            let bias: Array1<f64> = z
                .axis_iter(Axis(1))
                .enumerate()
                .map(|(unit, values)| bias_with_gap(values.to_vec(), unit % 2 == 0))
                .collect();
            network.set_tensor(&format!("dense_{}.bias", i + 1), bias.view().into_dyn()).unwrap();
            z += &bias;
            let nearest = z.iter().fold(f64::INFINITY, |nearest, v| nearest.min(v.abs()));
            assert!(nearest >= 0.99 * GAP, "a pre-activation of {nearest}");
            if !fused {
                z.mapv_inplace(f64::tanh);
            }
            apply(&**activation, &mut z);
            h = z;
        }
        (x, network)
    }
}

/// A layer that applies an activation in a box.
fn activation_layer(activation: &dyn AnyActivation) -> Box<dyn AnyLayerSpec> {
    let config = serde_json::json!({ "activation": activation.clone_box() });
    LayerRegistry::default().create("activation", &config).expect("an activation of the crate")
}

/// Targets whose distances from the scores keep off 0, 0.5 and 1, the kinks of the losses tried.
fn regression_targets(scores: &Array2<f64>, random: &mut RandomState) -> Array2<f64> {
    let ranges = [(0.15, 0.35), (0.65, 0.85), (1.2, 2.5)];
    scores.mapv(|score| {
        let (low, high) = ranges[random.randint(0, 3).unwrap() as usize];
        let distance = random.uniform(low, high);
        if random.uniform(0.0, 1.0) < 0.5 { score + distance } else { score - distance }
    })
}

/// The kinds of targets that a data set may carry, by name, for these scores.
fn all_targets(
    scores: &Array2<f64>,
    random: &mut RandomState,
) -> Vec<(&'static str, TargetStorage<'static, f64>)> {
    let (rows, outputs) = scores.dim();
    let count = outputs.max(2) as i64;
    let classes: Vec<usize> =
        (0..rows).map(|_| random.randint(0, count).unwrap() as usize).collect();
    let one_hot =
        Array2::from_shape_fn((rows, outputs), |(row, j)| f64::from(u8::from(classes[row] == j)));
    let shares = Array2::from_shape_simple_fn((rows, outputs), || random.uniform(0.0, 1.0));
    let soft = &shares / &shares.sum_axis(Axis(1)).insert_axis(Axis(1));
    let counts =
        Array2::from_shape_fn((rows, outputs), |(row, j)| (classes[row] * (j + 1) + 2) as f64);
    vec![
        ("classes", classes.into()),
        ("one_hot", one_hot.into()),
        ("soft", soft.into()),
        // Probabilities of outputs that don't exclude each other; rows don't sum to 1.
        ("shares", shares.into()),
        ("counts", counts.into()),
        ("values", regression_targets(scores, random).into()),
    ]
}

fn weights(rows: usize, random: &mut RandomState) -> Vec<f64> {
    let mut weights: Vec<f64> = (0..rows).map(|_| random.uniform(0.1, 3.0)).collect();
    if rows > 2 {
        weights[1] = 0.0;
    }
    weights
}

fn assert_check(network: &Sequential<f64>, loss: &dyn Loss<f64>, data: &Dataset<'_, f64>) {
    let check = gradient_check(network, loss, data).expect("loss and data fit");
    assert_eq!(check.tensors().len(), network.tensors().len());
    assert!(check.worst() <= TOLERANCE, "{}\n{}\n{check}", loss.name(), network.summary());
}

#[test]
fn every_activation_in_networks_of_every_depth() {
    runner(48)
        .run(&stacks(4), |mut stack| {
            let mut random = RandomState::new(stack.seed ^ 1);
            // Every activation has its turn in the first layer, fused and by itself.
            let turn = stack.seed as usize % activation::all().len();
            for fused in [true, false] {
                stack.layers[0].1 = activation::all().swap_remove(turn);
                stack.layers[0].2 = fused;
                let (x, network) = stack.build(2);
                let targets = regression_targets(&network.predict(x.view()).unwrap(), &mut random);
                let data = Dataset::new(x, targets).unwrap();
                assert_check(&network, &MeanSquaredError::default(), &data);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn every_activation_and_setting_by_itself() {
    let mut all = activation::all();
    all.push(Box::new(LeakyRelu::new(0.3)));
    all.push(Box::new(LeakyRelu::new(0.0)));
    all.push(Box::new(Elu::new(2.5)));
    for activation in all {
        for fused in [true, false] {
            runner(3)
                .run(&stacks(1), |mut stack| {
                    stack.layers[0].1 = activation.clone();
                    stack.layers[0].2 = fused;
                    let (x, network) = stack.build(2);
                    let targets = Array2::from_elem((stack.rows, 2), 0.5);
                    let data = Dataset::new(x, targets).unwrap();
                    assert_check(&network, &MeanSquaredError::default(), &data);
                    Ok(())
                })
                .unwrap();
        }
    }
}

/// Losses whose settings are not in the list of all.
fn losses() -> Vec<Box<dyn Loss<f64>>> {
    let mut losses = loss::all();
    losses.push(Box::new(Huber::new(0.5).unwrap()));
    losses.push(Box::new(MeanSquaredError::default().halved()));
    losses
}

#[test]
fn every_loss_with_every_kind_of_target_weighted_or_not() {
    let outputs_and_stacks = (1..5usize, stacks(2));
    for loss in losses() {
        let mut kinds = BTreeSet::new();
        let mut taken = Vec::new();
        runner(6)
            .run(&outputs_and_stacks, |(outputs, stack)| {
                let mut random = RandomState::new(stack.seed ^ 2);
                let outputs = if loss.name() == "cross_entropy" { outputs + 1 } else { outputs };
                let (x, network) = stack.build(outputs);
                let scores = network.predict(x.view()).unwrap();
                for (kind, targets) in all_targets(&scores, &mut random) {
                    // Losses without a link may have kinks, which the other kinds don't avoid.
                    let kinked = loss.link() == Link::Identity;
                    let fits = loss.check(outputs, &targets).is_ok();
                    if !fits || kinked != (kind == "values") {
                        continue;
                    }
                    let data = Dataset::new(x.clone(), targets).unwrap();
                    assert_check(&network, &*loss, &data);
                    let weights = weights(stack.rows, &mut random);
                    assert_check(&network, &*loss, &data.with_weights(weights).unwrap());
                }
                Ok(())
            })
            .unwrap();
        // Which kinds a loss takes, and with that, that it was checked with each.
        for outputs in [1, 3] {
            let scores = Array2::zeros((4, outputs));
            for (kind, targets) in all_targets(&scores, &mut RandomState::new(3)) {
                if loss.check(outputs, &targets).is_ok() && kinds.insert(kind) {
                    taken.push(kind);
                }
            }
        }
        let want: &[&str] = match loss.link() {
            Link::Identity => &["one_hot", "soft", "shares", "counts", "values"],
            Link::Exp => &["one_hot", "soft", "shares", "counts"],
            _ => &["classes", "one_hot", "soft", "shares"],
        };
        assert_eq!(taken, want, "{}", loss.name());
    }
}

#[test]
fn binary_cross_entropy_of_classes_has_one_output() {
    let loss = blastrain::loss::BinaryCrossEntropy::default();
    runner(6)
        .run(&stacks(2), |stack| {
            let (x, network) = stack.build(1);
            let classes: Vec<usize> = (0..stack.rows).map(|row| row % 2).collect();
            assert_check(&network, &loss, &Dataset::new(x, classes).unwrap());
            Ok(())
        })
        .unwrap();
}

/// Descriptions of each registered kind of layer, for rows of 6 values.
fn samples(kind: &str) -> Vec<Box<dyn AnyLayerSpec>> {
    let normal = Initializer::Normal(0.5);
    match kind {
        "dense" => vec![
            Box::new(Dense::new(3).bias_initializer(normal)),
            Box::new(Dense::new(1).use_bias(false)),
            Box::new(Dense::new(12).activation(activation::Tanh).kernel_initializer(normal)),
            Box::new(Dense::new(2).activation(activation::Gelu).use_bias(false)),
            Box::new(Dense::new(4).activation(activation::Sigmoid).bias_initializer(normal)),
        ],
        // Without kinks: the stacks above try the others.
        "activation" => vec![
            Box::new(ActivationLayer::new(activation::Identity)),
            Box::new(ActivationLayer::new(activation::Tanh)),
            Box::new(ActivationLayer::new(activation::Sigmoid)),
            Box::new(ActivationLayer::new(activation::Silu)),
            Box::new(ActivationLayer::new(activation::Softplus)),
        ],
        // The check's runs are all of one step, so that they drop the same values.
        "dropout" => vec![Box::new(Dropout::new(0.5)), Box::new(Dropout::new(0.0))],
        "batch_norm" => {
            vec![Box::new(BatchNorm::new()), Box::new(BatchNorm::new().affine(false).epsilon(0.3))]
        }
        "layer_norm" => {
            vec![Box::new(LayerNorm::new()), Box::new(LayerNorm::new().affine(false).epsilon(0.3))]
        }
        other => panic!("a layer \"{other}\" is registered: add samples of it here"),
    }
}

#[test]
fn every_registered_layer_first_last_and_between_others() {
    let registry = LayerRegistry::default();
    for kind in registry.kinds() {
        // Of two rows that lie close together, batch norm makes a function too steep for differences.
        let least = if kind == "batch_norm" { 3 } else { 1 };
        for (i, sample) in samples(kind).iter().enumerate() {
            let spec = || registry.create(kind, &sample.config()).expect("its own settings");
            runner(3)
                .run(&(least..10usize, any::<u32>()), |(rows, seed)| {
                    let mut random = RandomState::new(seed);
                    let mut draw = |width: usize| {
                        Array2::from_shape_simple_fn((rows, width), || random.uniform(-1.5, 1.5))
                    };
                    let x = draw(6);
                    // A tanh of its own in front of the sample, so that nothing is fused with it.
                    let start = || Sequential::<f64>::input(6).seed(seed);
                    let hidden = |b: blastrain::network::SequentialBuilder<f64>| b.dense(6).tanh();
                    let networks = [
                        start().boxed_layer(spec()).dense(2),
                        hidden(start()).boxed_layer(spec()).dense(2),
                        hidden(start()).boxed_layer(spec()),
                        hidden(start()).boxed_layer(spec()).boxed_layer(spec()).tanh().dense(2),
                    ];
                    for (place, network) in networks.into_iter().enumerate() {
                        let mut network = network.build().expect("a sound network");
                        // Off the starting values: γ would be 1 everywhere, β 0.
                        let mut params = network.parameters().to_vec();
                        let moves = draw(params.len().max(1));
                        params.iter_mut().zip(&moves).for_each(|(p, d)| *p += 0.2 * d);
                        network.set_parameters(&params).unwrap();
                        let targets = draw(network.outputs());
                        let data = Dataset::new(x.clone(), targets).unwrap();
                        let weights = (1..=rows).map(|weight| weight as f64).collect();
                        let weighted = data.clone().with_weights(weights);
                        for data in [data, weighted.unwrap()] {
                            let loss = MeanSquaredError::default();
                            let buffers = network.buffers().to_vec();
                            let check = gradient_check(&network, &loss, &data).unwrap();
                            assert_eq!(network.buffers(), buffers, "the check leaves them alone");
                            assert!(
                                check.worst() <= TOLERANCE,
                                "{kind} {i} at {place}, {rows} rows:\n{check}"
                            );
                        }
                    }
                    Ok(())
                })
                .unwrap();
        }
    }
}

/// With a rate of 1, one step of plain descent moves the parameters by their gradient.
#[test]
fn a_training_step_descends_by_this_gradient() {
    runner(24)
        .run(&(stacks(3), 1..5usize, any::<bool>()), |(stack, shards, owners)| {
            let mode = if owners { WeightGradient::Owners } else { WeightGradient::Shards };
            let (x, network) = stack.build(3);
            let classes: Vec<usize> = (0..stack.rows).map(|row| (row * 7 + 1) % 3).collect();
            let weights = (0..stack.rows).map(|row| 0.5 + row as f64).collect();
            let data = Dataset::new(x, classes).unwrap().with_weights(weights).unwrap();
            let (loss, gradient) = loss_and_gradient(&network, &CrossEntropy, &data).unwrap();
            let before = network.parameters().to_vec();
            let mut trainer = Trainer::builder(network, CrossEntropy)
                .optimizer(Sgd::new(1.0))
                .batch_size(stack.rows)
                .shards(shards)
                .weight_gradient(mode)
                .build()
                .unwrap();
            let history = trainer.fit(&data).unwrap();
            prop_assert!((history.losses()[0] - loss).abs() <= 1e-12 * loss.abs());
            let after = trainer.network().parameters();
            for ((before, after), gradient) in before.iter().zip(after).zip(&gradient) {
                prop_assert!((before - after - gradient).abs() <= 1e-12 * (1.0 + before.abs()));
            }
            Ok(())
        })
        .unwrap();
}
