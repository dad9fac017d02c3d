//! A first layer of several blocks shares out its forward pass by them, where batches are small. It comes to the same as
//! whole products, which `WeightGradient::Shards` leaves it to.

use blastrain::activation::{AnyActivation, Gelu, Identity, Relu, Tanh};
use blastrain::data::Dataset;
use blastrain::layer::Dense;
use blastrain::loss::CrossEntropy;
use blastrain::optim::Sgd;
use blastrain::train::{Trainer, WeightGradient};
use blastrain::{Parallelism, RandomState, Sequential};
use ndarray::Array2;

/// The last of the batches of 32 is a short one.
const ROWS: usize = 150;

fn data() -> Dataset<'static, f64> {
    let mut random = RandomState::new(3);
    let features = Array2::from_shape_simple_fn((2 * ROWS, 784), || random.uniform(-1.0, 1.0));
    Dataset::new(features, (0..2 * ROWS).map(|row| row * 7 % 5).collect::<Vec<_>>()).unwrap()
}

/// Losses of two epochs and the weights behind them.
fn fit(
    activation: Box<dyn AnyActivation>,
    batch_norm: bool,
    mode: WeightGradient,
    threads: usize,
) -> (Vec<f64>, Vec<f64>) {
    let wide = Dense::new(130).activation(activation).use_bias(!batch_norm);
    let builder = Sequential::<f64>::input(784).layer(wide);
    let builder = if batch_norm { builder.batch_norm().relu() } else { builder };
    let network = builder.dense(5).seed(1).build().unwrap();
    let mut trainer = Trainer::builder(network, CrossEntropy)
        .optimizer(Sgd::new(0.05).momentum(0.9))
        .batch_size(32)
        .epochs(2)
        .weight_gradient(mode)
        .parallelism(Parallelism::Threads(threads))
        .build()
        .unwrap();
    // A view of rows in an order of their own.
    let data = data();
    let view = data.select(&(0..ROWS).map(|row| 2 * row + 1).collect::<Vec<_>>()).unwrap();
    let losses = trainer.fit(&view).unwrap().losses();
    (losses, trainer.network().parameters().to_vec())
}

fn check(activation: impl AnyActivation + Clone + 'static, batch_norm: bool) {
    let fit = |mode, threads| fit(Box::new(activation.clone()), batch_norm, mode, threads);
    let (losses, weights) = fit(WeightGradient::Owners, 1);
    let (want_losses, want_weights) = fit(WeightGradient::Shards, 1);
    assert!(losses[1] < losses[0]);
    for (got, want) in losses.iter().chain(&weights).zip(want_losses.iter().chain(&want_weights)) {
        assert!((got - want).abs() < 1e-11, "{got} {want}");
    }
    for threads in [2, 3] {
        assert_eq!(fit(WeightGradient::Owners, threads), (losses.clone(), weights.clone()));
    }
}

#[test]
fn shares_add_up_to_whole_products() {
    check(Relu, false);
    check(Tanh, false);
}

#[test]
fn so_where_the_activation_keeps_its_input() {
    check(Gelu, false);
}

#[test]
fn so_in_front_of_statistics_of_the_batch() {
    check(Identity, true);
}
