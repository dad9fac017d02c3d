//! Networks trained by L-BFGS: against scikit-learn (numbers made by tests/parity/lbfgs_training.py), the
//! same bits on any number of threads, and every way to end.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use blastrain::data::Dataset;
use blastrain::loss::{BinaryCrossEntropy, CrossEntropy, Loss, MeanSquaredError};
use blastrain::network::Regularizer;
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
    let mut trainer =
        LbfgsTrainer::new(lbfgs).regularizer(Regularizer::l2(0.5 * fit.alpha / data.len() as f64));
    trainer.fit(&mut network, &*loss, &data).unwrap()
}

#[test]
fn losses_follow_scikit_learn() {
    for fit in golden() {
        let what = format!("{} {}", fit.data, fit.activation);
        let (history, minimum) = train(&fit);
        assert!(fit.losses.len() == 20 && history.losses().len() >= 20);
        for (i, (got, want)) in history.losses().iter().zip(&fit.losses).enumerate() {
            let close = (got / want - 1.0).abs() < 1e-10;
            assert!(close, "{what}, iteration {}: {got}, not {want}", i + 1);
        }
        // Rounding has grown by now; a finished fit differs from machine to machine.
        assert!(minimum.loss <= 1.05 * fit.loss, "{what}: {} after {}", minimum.loss, fit.loss);
        assert!(minimum.iterations.abs_diff(fit.iterations) <= 10, "{what}: {minimum:?}");
    }
}

#[test]
fn single_precision_ends_at_the_same_loss() {
    let iris: Dataset<'_, f64> = datasets::iris().unwrap();
    let data = MinMaxScaler::new().fit_dataset(&iris).unwrap().transform_dataset(&iris).unwrap();
    let single = Dataset::new(
        data.features_view().unwrap().mapv(|value| value as f32),
        data.class_targets().unwrap().to_vec(),
    );
    let lbfgs = Lbfgs::new().max_iter(200);
    let mut wide = Sequential::<f64>::input(4).dense(7).tanh().dense(3).seed(1).build().unwrap();
    let mut trainer = LbfgsTrainer::new(lbfgs).regularizer(Regularizer::l2(5e-4));
    let (_, want) = trainer.fit(&mut wide, &CrossEntropy, &data).unwrap();
    let mut narrow = Sequential::<f32>::input(4).dense(7).tanh().dense(3).seed(1).build().unwrap();
    let (history, got) = trainer.fit(&mut narrow, &CrossEntropy, &single.unwrap()).unwrap();
    assert!((got.loss / want.loss - 1.0).abs() < 0.01, "{got:?}, {want:?}");
    assert!(history.losses().is_sorted_by(|a, b| a >= b), "it never rises");
}

/// Rows in four shards, in a network of 160,000 weights.
fn wide<F: Scalar>() -> (Sequential<F>, Dataset<'static, F>)
where
    Array2<F>: Into<blastrain::data::FeatureStorage<'static, F>>,
{
    let mut random = RandomState::new(5);
    let x = Array2::from_shape_simple_fn((600, 300), || F::from_f64(random.uniform(-1.0, 1.0)));
    let classes: Vec<usize> = (0..600).map(|row| (row * row + row / 7) % 10).collect();
    let weights = (0..600).map(|row| F::from_f64([0.0, 1.0, 0.3, 2.5][row % 4])).collect();
    let data = Dataset::new(x, classes).unwrap().with_weights(weights).unwrap();
    let network = Sequential::input(300).dense(500).tanh().dense(10).seed(3).build().unwrap();
    (network, data)
}

fn wide_bits<F: Scalar>(parallelism: Parallelism, mode: WeightGradient) -> Vec<u64>
where
    Array2<F>: Into<blastrain::data::FeatureStorage<'static, F>>,
{
    let (mut network, data) = wide::<F>();
    let mut trainer = LbfgsTrainer::new(Lbfgs::new().max_iter(2))
        .regularizer(Regularizer::l2(0.005))
        .weight_gradient(mode)
        .parallelism(parallelism);
    let (history, _) = trainer.fit(&mut network, &CrossEntropy, &data).unwrap();
    let losses = history.losses();
    assert!(losses.len() == 2 && losses[1] < losses[0], "{losses:?}");
    let values = network.parameters().iter().map(|value| value.as_f64());
    losses.into_iter().chain(values).map(f64::to_bits).collect()
}

#[test]
fn every_number_of_threads_gives_the_same_bits() {
    for mode in [WeightGradient::Owners, WeightGradient::Shards] {
        let (single, double) = (
            wide_bits::<f32>(Parallelism::Serial, mode),
            wide_bits::<f64>(Parallelism::Serial, mode),
        );
        for threads in [2, 8] {
            let parallelism = Parallelism::Threads(threads);
            assert!(wide_bits::<f32>(parallelism, mode) == single, "{mode:?}, {threads} threads");
            assert!(wide_bits::<f64>(parallelism, mode) == double, "{mode:?}, {threads} threads");
        }
        assert!(wide_bits::<f32>(Parallelism::Auto, mode) == single, "{mode:?}, the caller's pool");
    }
}

fn small() -> (Sequential<f64>, Dataset<'static, f64>) {
    let x = array![[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [1.0, -1.0]];
    let data = Dataset::new(x, vec![0.5, 1.0, -1.0, 2.0]).unwrap();
    (Sequential::input(2).dense(4).tanh().dense(1).seed(1).build().unwrap(), data)
}

fn fit_small(trainer: LbfgsTrainer<'_>) -> (Sequential<f64>, History, Minimum) {
    let (mut network, data) = small();
    let mut trainer = trainer;
    let result = trainer.fit(&mut network, &MeanSquaredError::default(), &data);
    let (history, minimum) = result.unwrap();
    (network, history, minimum)
}

#[test]
fn the_loss_is_that_of_the_network_left() {
    let (network, history, minimum) =
        fit_small(LbfgsTrainer::new(Lbfgs::new().max_iter(9)).regularizer(Regularizer::l2(0.05)));
    let (_, data) = small();
    let loss = &MeanSquaredError::default();
    let (mean, _) = blastrain::train::loss_and_gradient(&network, loss, &data).unwrap();
    let weights = network.tensors().iter().filter(|tensor| tensor.decay);
    let values = weights.flat_map(|tensor| &network.parameters()[tensor.range.clone()]);
    let penalty = 0.05 * values.map(|w| w * w).sum::<f64>();
    assert!(penalty > 0.01 && (mean + penalty - minimum.loss).abs() < 1e-14);
    assert_eq!(history.last().unwrap().loss, minimum.loss);
    assert_eq!(history.stop_reason(), StopReason::Finished);
}

#[test]
fn every_end_is_recorded() {
    let (_, history, minimum) =
        fit_small(LbfgsTrainer::new(Lbfgs::new()).regularizer(Regularizer::l2(0.05)));
    assert!(minimum.termination.converged());
    assert_eq!(history.stop_reason(), StopReason::Converged);
    let (_, history, minimum) = fit_small(LbfgsTrainer::new(Lbfgs::new().max_fun(5)));
    assert!(minimum.termination == Termination::MaxFun && minimum.evaluations > 5);
    assert_eq!(history.stop_reason(), StopReason::Evaluations);
    let (_, history, minimum) = fit_small(LbfgsTrainer::new(Lbfgs::new().max_line_search(1)));
    assert_eq!(minimum.termination, Termination::LineSearch);
    assert_eq!(history.stop_reason(), StopReason::LineSearch);
}

#[test]
fn the_stop_flag_and_observers_end_it() {
    let (start, _) = small();
    let flag = Arc::new(AtomicBool::new(true));
    let trainer = LbfgsTrainer::new(Lbfgs::new()).stop_flag(flag.clone());
    let (network, history, minimum) = fit_small(trainer);
    assert_eq!(network.parameters(), start.parameters());
    assert_eq!((history.epochs().len(), history.stop_reason()), (0, StopReason::Stopped));
    assert_eq!((minimum.evaluations, minimum.termination), (1, Termination::Observer));

    flag.store(false, Ordering::Relaxed);
    let (raise, mut ended) = (flag.clone(), 0);
    let trainer = LbfgsTrainer::new(Lbfgs::new()).stop_flag(flag).observer(|event: &Event<'_>| {
        match event {
            Event::EpochEnd { record, epochs } => {
                assert_eq!(*epochs, 15_000);
                raise.store(record.epoch == 2, Ordering::Relaxed);
            }
            Event::FitEnd { history } => ended = history.epochs().len(),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    let (_, history, _) = fit_small(trainer);
    assert_eq!((ended, history.stop_reason()), (3, StopReason::Stopped));

    let trainer = LbfgsTrainer::new(Lbfgs::new()).observer(|event: &Event<'_>| match event {
        Event::EpochEnd { record, .. } if record.epoch == 1 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    let (_, history, minimum) = fit_small(trainer);
    assert_eq!((history.epochs().len(), history.stop_reason()), (2, StopReason::Observer));
    assert_eq!(minimum.termination, Termination::Observer);
}

#[test]
fn a_loss_that_is_not_finite_is_an_error_and_leaves_the_network() {
    let (_, data) = small();
    let mut network = Sequential::<f64>::input(2).dense(1).build().unwrap();
    network.set_parameters(&[1e200, 1e200, 0.0]).unwrap();
    let result =
        LbfgsTrainer::new(Lbfgs::new()).fit(&mut network, &MeanSquaredError::default(), &data);
    assert!(matches!(result, Err(Error::Diverged { epoch: 0, batch: 0, .. })), "{result:?}");
    assert_eq!(network.parameters(), [1e200, 1e200, 0.0]);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let (network, data) = small();
    let loss = MeanSquaredError::default();
    let fit = |trainer: LbfgsTrainer<'_>| {
        let mut trainer = trainer;
        trainer.fit(&mut network.clone(), &loss, &data).map(drop)
    };
    let new = || LbfgsTrainer::new(Lbfgs::new());
    for (setting, trainer) in [
        ("l2", new().regularizer(Regularizer::l2(-0.5))),
        ("l2", new().regularizer(Regularizer::l2(f64::NAN))),
        ("shards", new().shards(0)),
        ("threads", new().parallelism(Parallelism::Threads(0))),
        ("max_iter", LbfgsTrainer::new(Lbfgs::new().max_iter(0))),
    ] {
        let result = fit(trainer);
        assert!(matches!(result, Err(Error::Param { name, .. }) if name == setting), "{result:?}");
    }
    let narrow = Dataset::new(array![[1.0]], vec![1.0]).unwrap();
    let result = new().fit(&mut network.clone(), &loss, &narrow);
    assert!(matches!(result, Err(Error::Shape { .. })), "{result:?}");
    let weighted = data.clone().with_weights(vec![0.0, 1.0, 0.0, 2.0]).unwrap();
    let weightless = weighted.select(&[0, 2]).unwrap();
    let result = new().fit(&mut network.clone(), &loss, &weightless);
    assert!(matches!(result, Err(Error::Param { name: "weights", .. })), "{result:?}");
}
