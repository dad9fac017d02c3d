//! Penalties, bounds on norms, and clipping.

use blastrain::data::Dataset;
use blastrain::layer::Dense;
use blastrain::loss::MeanSquaredError;
use blastrain::network::Regularizer;
use blastrain::optim::{GradientClipping, Sgd};
use blastrain::train::{Trainer, TrainerBuilder, gradient_check, loss_and_gradient};
use blastrain::{Error, Parallelism, Sequential};
use ndarray::{Array2, array};

fn data() -> Dataset<'static, f64> {
    let x = Array2::from_shape_fn((20, 4), |(i, j)| ((7 * i + 3 * j) % 11) as f64 / 11.0 - 0.4);
    let targets: Vec<f64> = (0..20).map(|i| f64::from(i % 5)).collect();
    Dataset::new(x, targets).unwrap()
}

fn network(penalty: Regularizer) -> Sequential<f64> {
    let dense = |units| Dense::new(units).kernel_regularizer(penalty).bias_regularizer(penalty);
    Sequential::input(4).layer(dense(6)).tanh().layer(dense(1)).seed(3).build().unwrap()
}

fn builder(network: Sequential<f64>) -> TrainerBuilder<'static, f64> {
    Trainer::builder(network, MeanSquaredError::default()).batch_size(8).epochs(20)
}

#[test]
fn the_gradient_check_covers_penalties_of_layers() {
    let network = network(Regularizer::l1_l2(0.02, 0.3));
    let check = gradient_check(&network, &MeanSquaredError::default(), &data()).unwrap();
    assert!(check.worst() < 1e-6, "{check}");
}

#[test]
fn a_penalty_joins_the_loss_and_its_gradient() {
    let mut plain = network(Regularizer::NONE);
    let mut penalised = network(Regularizer::l1_l2(0.5, 0.25));
    let values: Vec<f64> = (0..plain.parameter_count()).map(|i| i as f64 - 18.0).collect();
    plain.set_parameters(&values).unwrap();
    penalised.set_parameters(&values).unwrap();
    let loss = MeanSquaredError::default();
    let (value, gradient) = loss_and_gradient(&plain, &loss, &data()).unwrap();
    let (with, with_gradient) = loss_and_gradient(&penalised, &loss, &data()).unwrap();
    let penalty: f64 = values.iter().map(|w| 0.5 * w.abs() + 0.25 * w * w).sum();
    assert!((with - value - penalty).abs() < 1e-9 * with);
    for ((w, g), with) in values.iter().zip(gradient).zip(with_gradient) {
        let sign = if *w == 0.0 { 0.0 } else { w.signum() };
        assert!((with - g - 0.5 * sign - 0.5 * w).abs() < 1e-9);
    }
}

#[test]
fn the_validation_loss_carries_the_penalty() {
    let data = data();
    let mut trainer = builder(network(Regularizer::NONE))
        .regularizer(Regularizer::l2(0.1))
        .validation(&data)
        .epochs(1)
        .build()
        .unwrap();
    let history = trainer.fit(&data).unwrap();
    let network = trainer.network();
    let (bare, _) = loss_and_gradient(network, &MeanSquaredError::default(), &data).unwrap();
    let weights = network.tensors().iter().filter(|tensor| tensor.decay);
    let squares: f64 =
        weights.flat_map(|tensor| &network.parameters()[tensor.range.clone()]).map(|w| w * w).sum();
    let got = history.last().unwrap().validation_loss.unwrap();
    assert!((got - bare - 0.1 * squares).abs() < 1e-12);
}

#[test]
fn norms_of_columns_keep_to_their_bound() {
    let network = Sequential::<f64>::input(4)
        .layer(Dense::new(6).max_norm(0.7))
        .tanh()
        .dense(1)
        .seed(3)
        .build()
        .unwrap();
    let mut trainer = builder(network).optimizer(Sgd::new(0.3)).build().unwrap();
    trainer.fit(&data()).unwrap();
    let norms = |name: &str| -> Vec<f64> {
        let weights = trainer.network().tensor(name).unwrap();
        let columns = weights.axis_iter(ndarray::Axis(1));
        columns.map(|column| column.iter().map(|w| w * w).sum::<f64>().sqrt()).collect()
    };
    assert!(norms("dense_1.weight").iter().all(|&norm| norm <= 0.7 * (1.0 + 1e-15)));
    assert!(norms("dense_1.weight").iter().any(|&norm| norm > 0.699), "the bound is reached");
    assert!(norms("dense_2.weight")[0] > 0.7, "other layers are free");
}

#[test]
fn an_l1_penalty_empties_weights_that_do_not_matter() {
    let x = Array2::from_shape_fn((64, 2), |(i, j)| ((i >> j) & 1) as f64 - 0.5);
    let targets: Vec<f64> = x.column(0).iter().map(|v| 3.0 * v).collect();
    let data = Dataset::new(x, targets).unwrap();
    let network = Sequential::<f64>::input(2).dense(1).seed(5).build().unwrap();
    let mut trainer = builder(network)
        .regularizer(Regularizer::l1(0.05))
        .optimizer(Sgd::new(0.02))
        .epochs(200)
        .build()
        .unwrap();
    trainer.fit(&data).unwrap();
    let weights = trainer.network().parameters();
    assert!(weights[0] > 2.0 && weights[1].abs() < 0.01, "{weights:?}");
}

/// Settings, each with the name in its error.
type Wrong = (&'static str, fn() -> blastrain::Result<()>);

#[test]
fn settings_out_of_range_are_refused_by_name() {
    fn dense(dense: Dense) -> blastrain::Result<()> {
        Sequential::<f64>::input(2).layer(dense).build().map(|_| ())
    }
    fn train(
        change: fn(TrainerBuilder<'static, f64>) -> TrainerBuilder<'static, f64>,
    ) -> blastrain::Result<()> {
        change(builder(network(Regularizer::NONE))).build().map(|_| ())
    }
    let wrong: [Wrong; 8] = [
        ("l1", || dense(Dense::new(1).kernel_regularizer(Regularizer::l1(-1.0)))),
        ("l2", || dense(Dense::new(1).bias_regularizer(Regularizer::l2(f64::NAN)))),
        ("max_norm", || dense(Dense::new(1).max_norm(0.0))),
        ("l2", || train(|builder| builder.regularizer(Regularizer::l1_l2(0.0, f64::INFINITY)))),
        ("clip_value", || train(|builder| builder.clip_gradient(GradientClipping::Value(0.0)))),
        ("clip_value", || train(|builder| builder.clip_gradient(GradientClipping::Value(-1.0)))),
        ("clip_norm", || train(|builder| builder.clip_gradient(GradientClipping::GlobalNorm(0.0)))),
        ("clip_norm", || train(|b| b.clip_gradient(GradientClipping::GlobalNorm(f64::NAN)))),
    ];
    for (want, setting) in wrong {
        assert!(matches!(setting(), Err(Error::Param { name, .. }) if name == want), "{want}");
    }
}

#[test]
fn threads_do_not_change_penalties_and_clipping() {
    let x = Array2::from_shape_fn((256, 300), |(i, j)| ((5 * i + 3 * j) % 17) as f32 / 17.0);
    let data = Dataset::new(x, (0..256).map(|i| i % 3).collect::<Vec<usize>>()).unwrap();
    let fit = |threads| {
        let network = Sequential::<f32>::input(300)
            .layer(Dense::new(256).max_norm(1.0))
            .relu()
            .dense(200)
            .tanh()
            .dense(3)
            .build()
            .unwrap();
        let mut trainer = Trainer::builder(network, blastrain::loss::CrossEntropy)
            .batch_size(64)
            .epochs(3)
            .regularizer(Regularizer::l1_l2(1e-4, 1e-3))
            .clip_gradient(GradientClipping::GlobalNorm(0.1))
            .parallelism(Parallelism::Threads(threads))
            .build()
            .unwrap();
        let losses = trainer.fit(&data).unwrap().losses();
        (losses, trainer.into_network().parameters().to_vec())
    };
    let one = fit(1);
    for threads in [2, 4, 8] {
        assert!(fit(threads) == one, "{threads} threads");
    }
}

#[test]
fn a_gradient_without_end_is_found_out() {
    let data = Dataset::new(array![[1e200], [1.0]], vec![1.0, 2.0]).unwrap();
    let network = Sequential::<f64>::input(1).dense(1).build().unwrap();
    let mut trainer = builder(network)
        .clip_gradient(GradientClipping::GlobalNorm(1.0))
        .optimizer(Sgd::new(0.1))
        .build()
        .unwrap();
    assert!(matches!(trainer.fit(&data), Err(Error::Diverged { .. })));
}
