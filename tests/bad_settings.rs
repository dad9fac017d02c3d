//! Settings out of range: a typed error that names the setting and the value, never a panic.

use std::sync::atomic::{AtomicUsize, Ordering};

use blastrain::activation::{self, LeakyRelu};
use blastrain::data::{Dataset, TargetStorage};
use blastrain::layer::{AnyLayerSpec, BatchNorm, Dense, Dropout, LayerNorm};
use blastrain::loss::{
    self, BinaryCrossEntropy, CrossEntropy, Huber, Loss, MeanSquaredError, Poisson,
};
use blastrain::network::{Dims, Initializer};
use blastrain::optim::{Adam, AdamW, Optimizer, RmsProp, Sgd, Step};
use blastrain::train::{Trainer, TrainerBuilder, WeightGradient};
use blastrain::{Error, Parallelism, Result, Scalar, Sequential};
use ndarray::{Array2, array};
use proptest::prelude::*;

fn network() -> Sequential<f64> {
    Sequential::input(2).dense(4).tanh().dense(1).seed(1).build().unwrap()
}

fn regression() -> TrainerBuilder<'static, f64> {
    Trainer::builder(network(), MeanSquaredError::default())
}

fn values() -> Dataset<'static, f64> {
    Dataset::new(array![[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], vec![0.5, 1.0, -1.0]).unwrap()
}

fn message<T>(result: Result<T>) -> String {
    match result {
        Ok(_) => panic!("no error"),
        Err(error) => error.to_string(),
    }
}

fn optimizers(number: f64) -> Vec<(&'static str, Box<dyn Optimizer<f64>>)> {
    vec![
        ("learning_rate", Box::new(Sgd::new(number))),
        ("learning_rate", Box::new(Adam::new(number))),
        ("learning_rate", Box::new(AdamW::new(number, 0.01))),
        ("learning_rate", Box::new(RmsProp::new(number))),
        ("momentum", Box::new(Sgd::new(0.1).momentum(number))),
        ("momentum", Box::new(RmsProp::new(0.1).momentum(number))),
        ("beta_1", Box::new(Adam::new(0.1).beta_1(number))),
        ("beta_2", Box::new(Adam::new(0.1).beta_2(number))),
        ("beta_1", Box::new(AdamW::new(0.1, 0.0).beta_1(number))),
        ("alpha", Box::new(RmsProp::new(0.1).alpha(number))),
        ("epsilon", Box::new(Adam::new(0.1).epsilon(number))),
        ("epsilon", Box::new(RmsProp::new(0.1).epsilon(number))),
        ("weight_decay", Box::new(Sgd::new(0.1).weight_decay(number))),
        ("weight_decay", Box::new(Adam::new(0.1).weight_decay(number))),
        ("weight_decay", Box::new(AdamW::new(0.1, number))),
        ("weight_decay", Box::new(RmsProp::new(0.1).weight_decay(number))),
    ]
}

#[test]
fn optimizer_settings_out_of_range() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 1.0, 0.0] {
        for (setting, optimizer) in optimizers(bad) {
            let allowed = match setting {
                "learning_rate" => bad == 1.0,
                "epsilon" | "weight_decay" => bad == 0.0 || bad == 1.0,
                _ => bad == 0.0,
            };
            let what = format!("{optimizer:?}");
            match regression().boxed_optimizer(optimizer).build() {
                Ok(_) => assert!(allowed, "{what}"),
                Err(Error::Param { name, got, .. }) => {
                    assert!(!allowed, "{what}");
                    assert_eq!((name, got), (setting, bad.to_string()), "{what}");
                }
                Err(other) => panic!("{what}: {other}"),
            }
        }
    }
    let still = Sgd::new(0.1).nesterov(true);
    assert_eq!(
        message(regression().optimizer(still).build()),
        "momentum is 0, but must be above 0 for nesterov"
    );
}

/// An optimiser from outside that asks for more state than there is.
#[derive(Debug)]
struct Greedy;

impl<F: Scalar> Optimizer<F> for Greedy {
    fn name(&self) -> &'static str {
        "greedy"
    }

    fn learning_rate(&self) -> f64 {
        0.1
    }

    fn slots(&self) -> usize {
        5
    }

    fn validate(&self) -> Result<()> {
        Ok(())
    }

    fn update(&self, _step: Step, _params: &mut [F], _grad: &[F], _state: &mut [&mut [F]]) {}
}

#[test]
fn trainer_settings_out_of_range() {
    let zero = |name: &str| format!("{name} is 0, but must be at least 1");
    assert_eq!(message(regression().batch_size(0).build()), zero("batch_size"));
    assert_eq!(message(regression().shards(0).build()), zero("shards"));
    for threads in [0, 1025, usize::MAX] {
        let found = regression().parallelism(Parallelism::Threads(threads)).build();
        assert_eq!(message(found), format!("threads is {threads}, but must be 1 to 1024"));
    }
    assert_eq!(
        message(regression().optimizer(Greedy).build()),
        "slots is 5, but must be at most 4"
    );
    let large = Array2::zeros((600_000, 2));
    let none = network().predict_with(large.view(), Parallelism::Threads(0));
    assert_eq!(message(none), "threads is 0, but must be 1 to 1024");
    // More than there are rows is all of them.
    let mut trainer =
        regression().batch_size(usize::MAX).shards(usize::MAX).drop_last(true).build().unwrap();
    assert_eq!(trainer.fit(&values()).unwrap().epochs().len(), 1);
    let mut trainer = regression().epochs(0).build().unwrap();
    assert!(trainer.fit(&values()).unwrap().last().is_none());
}

#[test]
fn networks_that_cannot_be() {
    let start = Sequential::<f32>::input;
    assert_eq!(message(start(3.into()).build()), "the network is empty; at least 1 layer needed");
    let dims = Dims::from([4, 0]);
    assert!(matches!(start(dims).dense(1).build(), Err(Error::Empty { .. })));
    assert_eq!(message(start(3.into()).dense(0).build()), "units is 0, but must be at least 1");
    for units in [usize::MAX, usize::MAX / 2, isize::MAX as usize / 4, 1 << 58] {
        let found = start(3.into()).dense(units).build();
        assert!(
            matches!(found, Err(Error::Param { name: "units", .. } | Error::Unavailable { .. })),
            "{units}"
        );
    }
    for dims in [vec![usize::MAX, 2], vec![1 << 40, 1 << 40], vec![usize::MAX]] {
        let dims = Dims::from(dims);
        let found = start(dims).dense(2).build();
        assert!(matches!(found, Err(Error::Shape { .. } | Error::Param { name: "units", .. })));
    }
    let dense = || Dense::new(2);
    let bad = [
        dense().activation(LeakyRelu::new(f64::NAN)),
        dense().activation(activation::Elu::new(0.0)),
        dense().kernel_initializer(Initializer::Normal(-1.0)),
        dense().bias_initializer(Initializer::Constant(f64::INFINITY)),
    ];
    for layer in bad {
        let what = format!("{layer:?}");
        let found = start(3.into()).layer(layer).build();
        assert!(matches!(found, Err(Error::Param { .. })), "{what}");
    }
    let bad = start(3.into()).dense(2).activation(LeakyRelu::new(-1.0)).build();
    assert!(matches!(bad, Err(Error::Param { name: "slope", .. })));
    assert!(matches!(activation::from_name("rulu", None), Err(Error::UnknownName { .. })));
    for delta in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(Huber::new(delta), Err(Error::Param { name: "delta", .. })));
    }
}

#[test]
fn layer_settings_out_of_range() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.1, 1.1, 1.0, 0.0, 1e-300] {
        let layers: [(&str, Box<dyn AnyLayerSpec>, bool); 4] = [
            ("rate", Box::new(Dropout::new(bad)), (0.0..1.0).contains(&bad)),
            ("momentum", Box::new(BatchNorm::new().momentum(bad)), (0.0..=1.0).contains(&bad)),
            // What is 0 in f32 would divide by it.
            ("epsilon", Box::new(BatchNorm::new().epsilon(bad)), bad.is_finite() && bad > 1e-40),
            ("epsilon", Box::new(LayerNorm::new().epsilon(bad)), bad.is_finite() && bad > 1e-40),
        ];
        for (setting, layer, allowed) in layers {
            let what = format!("{layer:?}");
            match Sequential::<f32>::input(3).boxed_layer(layer).build() {
                Ok(_) => assert!(allowed, "{what}"),
                Err(Error::Param { name, got, .. }) => {
                    assert!(!allowed, "{what}");
                    assert_eq!((name, got), (setting, bad.to_string()), "{what}");
                }
                Err(other) => panic!("{what}: {other}"),
            }
        }
    }
    assert!(Sequential::<f64>::input(3).layer(BatchNorm::new().epsilon(1e-300)).build().is_ok());
}

#[test]
fn loss_settings_out_of_range() {
    for bad in [f64::NAN, f64::INFINITY, -0.1, 1.0, 2.0] {
        let want = format!("label_smoothing is {bad}, but must be in [0, 1)");
        assert_eq!(message(CrossEntropy.label_smoothing(bad)), want);
        assert_eq!(message(BinaryCrossEntropy::default().label_smoothing(bad)), want);
    }
    assert!(CrossEntropy.label_smoothing(0.0).is_ok());
    let loss: &dyn Loss<f64> = &Poisson::default();
    let check = |outputs, targets: TargetStorage<'_, f64>| loss.check(outputs, &targets);
    assert!(check(1, vec![0.0, 2.0, 0.5].into()).is_ok());
    assert_eq!(
        message(check(1, vec![0.0, -0.5].into())),
        "target is -0.5, but must be >= 0 for poisson"
    );
    assert!(matches!(check(2, vec![0.0, 1.0].into()), Err(Error::Shape { .. })));
    assert!(matches!(check(1, vec![0usize, 1].into()), Err(Error::Param { name: "targets", .. })));
}

fn odd_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => Just(0.1),
        1 => prop::sample::select(vec![
            f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, -0.0, 0.0, 1e-300, 0.999, 1.0, 1e3, 1e300, f64::MAX,
        ]),
    ]
}

#[derive(Debug)]
struct Odd {
    units: usize,
    outputs: usize,
    loss: usize,
    optimizer: usize,
    number: f64,
    batch: usize,
    shards: usize,
    threads: usize,
    epochs: usize,
    scale: f64,
    targets: usize,
    weight: f64,
    owners: bool,
    regular: bool,
}

fn odd_settings() -> impl Strategy<Value = Odd> {
    let sizes = (0..4usize, 0..4usize, 0..6usize, 0..4usize, 0..3usize, 0..4usize);
    let choices =
        (0..loss::all::<f64>().len(), 0..16usize, 0..3usize, any::<bool>(), any::<bool>());
    (sizes, choices, odd_number(), odd_number(), odd_number()).prop_map(
        |(sizes, choices, number, scale, weight)| Odd {
            units: sizes.0,
            outputs: sizes.1,
            batch: sizes.2,
            shards: sizes.3,
            threads: sizes.4,
            epochs: sizes.5,
            loss: choices.0,
            optimizer: choices.1,
            targets: choices.2,
            owners: choices.3,
            regular: choices.4,
            number,
            scale,
            weight,
        },
    )
}

/// Everything from the data set to the prediction, with whatever is asked for.
fn attempt(odd: &Odd) -> Result<Sequential<f64>> {
    let x = Array2::from_shape_fn((5, 2), |(row, j)| (row as f64 - 2.0 * j as f64) * odd.scale);
    let targets: TargetStorage<'_, f64> = match odd.targets {
        0 => vec![0usize, 1, 2, 1, 0].into(),
        1 => vec![0.0, 1.0, 0.5, 0.25, 1.0].into(),
        _ => Array2::from_shape_fn((5, 2), |(row, j)| (row * j) as f64 * odd.scale).into(),
    };
    let data = Dataset::new(x.clone(), targets)?;
    let data = data.with_weights(vec![odd.weight, 1.0, 0.5, odd.weight, 2.0])?;
    let network = Sequential::<f64>::input(2).dense(odd.units);
    let network = match odd.regular {
        true => network.batch_norm().relu().dropout(odd.number).layer_norm(),
        false => network.relu(),
    };
    let network = network.dense(odd.outputs).build()?;
    let loss = loss::all().swap_remove(odd.loss);
    let optimizer = optimizers(odd.number).swap_remove(odd.optimizer).1;
    let mode = if odd.owners { WeightGradient::Owners } else { WeightGradient::Shards };
    let mut trainer = Trainer::builder(network, loss)
        .boxed_optimizer(optimizer)
        .validation(&data)
        .batch_size(odd.batch)
        .shards(odd.shards)
        .epochs(odd.epochs)
        .weight_gradient(mode)
        .parallelism(Parallelism::Threads(odd.threads))
        .build()?;
    let result = trainer.fit(&data);
    assert!(trainer.network().parameters().iter().all(|value| value.is_finite()));
    assert!(trainer.network().buffers().iter().all(|value| value.is_finite()));
    let history = result?;
    assert!(history.losses().iter().all(|loss| loss.is_finite()));
    trainer.network().predict_proba(x.view())?;
    Ok(trainer.into_network())
}

#[test]
fn whatever_the_settings_an_error_or_finite_weights() {
    let config = ProptestConfig {
        cases: 1500,
        rng_seed: proptest::test_runner::RngSeed::Fixed(11),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let (mut trained, mut refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    proptest::test_runner::TestRunner::new(config)
        .run(&odd_settings(), |odd| {
            let count = if attempt(&odd).is_ok() { &trained } else { &refused };
            count.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
        .unwrap();
    // Both ends of the test are reached.
    assert!(*trained.get_mut() > 20, "{trained:?} trained");
    assert!(*refused.get_mut() > 100, "{refused:?} refused");
}
