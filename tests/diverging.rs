//! Fits that leave the finite numbers: an error that says where, and the network of the last finished
//! epoch.

use std::sync::atomic::{AtomicUsize, Ordering};

use blastrain::data::{Dataset, TargetStorage, Targets};
use blastrain::loss::{self, Loss, MeanSquaredError};
use blastrain::network::Link;
use blastrain::optim::Sgd;
use blastrain::train::Trainer;
use blastrain::{Error, Parallelism, Result, Scalar, Sequential};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, array};

fn network() -> Sequential<f64> {
    Sequential::input(2).dense(4).tanh().dense(1).seed(1).build().unwrap()
}

fn values() -> Dataset<'static, f64> {
    Dataset::new(array![[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], vec![0.5, 1.0, -1.0]).unwrap()
}

/// Fits a line through far points in f32 by descent so fast that the error grows each step.
fn too_fast(epochs: usize) -> (Result<()>, Vec<f32>) {
    let x = Array2::from_shape_fn((12, 1), |(row, _)| row as f32);
    let targets: Vec<f32> = (0..12).map(|row| 3.0 * row as f32 + 1.0).collect();
    let data = Dataset::new(x, targets).unwrap();
    let network = Sequential::<f32>::input(1).dense(3).dense(1).seed(1).build().unwrap();
    let mut trainer = Trainer::builder(network, MeanSquaredError::default())
        .optimizer(Sgd::new(0.0047).momentum(0.9))
        .batch_size(4)
        .epochs(epochs)
        .build()
        .unwrap();
    let result = trainer.fit(&data).map(drop);
    (result, trainer.network().parameters().to_vec())
}

fn assert_same_bits<F: Scalar>(got: &[F], want: &[F]) {
    let bits = |values: &[F]| values.iter().map(|v| v.as_f64().to_bits()).collect::<Vec<_>>();
    assert!(got.iter().all(|value| value.is_finite()));
    assert_eq!(bits(got), bits(want));
}

#[test]
fn a_fit_that_overflows_ends_at_the_last_finished_epoch() {
    let (result, parameters) = too_fast(1000);
    let Err(Error::Diverged { epoch, batch, tensor }) = result else { panic!("{result:?}") };
    assert!(epoch > 0 && batch < 3, "epoch {epoch}, batch {batch}");
    assert!(["dense", "loss"].iter().any(|start| tensor.starts_with(start)), "{tensor}");
    let (result, want) = too_fast(epoch);
    result.unwrap();
    assert_same_bits(&parameters, &want);
}

#[test]
fn a_huge_rate_leaves_the_network_as_it_was() {
    for loss in loss::all::<f32>() {
        // Errors so large that their gradients are not cut off.
        let targets = match loss.link() {
            Link::Identity => array![[1e18f32, -1e18], [0.0, 1e18]],
            _ => array![[0.0f32, 1.0], [1.0, 0.0]],
        };
        let x = array![[1e15f32, -2e15], [3e15, 1e15]];
        let data = Dataset::new(x, targets).unwrap();
        let network = Sequential::<f32>::input(2).dense(4).relu().dense(2).seed(5).build().unwrap();
        let before = network.parameters().to_vec();
        let what = loss.name();
        let mut trainer =
            Trainer::builder(network, loss).optimizer(Sgd::new(1e38)).epochs(3).build().unwrap();
        let result = trainer.fit(&data);
        assert!(matches!(result, Err(Error::Diverged { epoch: 0, .. })), "{what}: {result:?}");
        assert_same_bits(trainer.network().parameters(), &before);
    }
}

/// Squared error that breaks after some calls: its value or its gradient is no number.
#[derive(Debug)]
struct Breaking {
    calls: AtomicUsize,
    good: usize,
    in_gradient: bool,
}

impl Loss<f64> for Breaking {
    fn name(&self) -> &'static str {
        "breaking"
    }

    fn link(&self) -> Link {
        Link::Identity
    }

    fn check(&self, outputs: usize, targets: &TargetStorage<'_, f64>) -> Result<()> {
        MeanSquaredError::default().check(outputs, targets)
    }

    fn value_and_grad(
        &self,
        logits: ArrayView2<'_, f64>,
        targets: Targets<'_, f64>,
        weight: Option<&[f64]>,
        scale: f64,
        mut dlogits: ArrayViewMut2<'_, f64>,
    ) -> f64 {
        let loss = MeanSquaredError::default();
        let value = loss.value_and_grad(logits, targets, weight, scale, dlogits.view_mut());
        let broken = self.calls.fetch_add(1, Ordering::Relaxed) >= self.good;
        if broken && self.in_gradient {
            dlogits.fill(f64::NAN);
        }
        if broken && !self.in_gradient { f64::NAN } else { value }
    }
}

#[test]
fn a_loss_that_is_no_number_ends_the_fit() {
    // Three batches an epoch; the call after seven is the second of epoch 2.
    let fit = |good, in_gradient, epochs| {
        let loss = Breaking { calls: AtomicUsize::new(0), good, in_gradient };
        let mut trainer = Trainer::builder(network(), loss)
            .batch_size(1)
            .epochs(epochs)
            .parallelism(Parallelism::Serial)
            .build()
            .unwrap();
        let result = trainer.fit(&values()).map(drop);
        (result, trainer.into_network().parameters().to_vec())
    };
    let (result, want) = fit(usize::MAX, false, 2);
    result.unwrap();
    let (result, parameters) = fit(7, false, 5);
    let Err(Error::Diverged { epoch: 2, batch: 1, tensor }) = result else { panic!("{result:?}") };
    assert_eq!(tensor, "loss");
    assert_same_bits(&parameters, &want);
    // A bad gradient shows in the next batch's loss or, in the last batch, in the parameters.
    for (good, batch) in [(7, 2), (8, 2)] {
        let (result, parameters) = fit(good, true, 5);
        let Err(Error::Diverged { epoch: 2, batch: found, tensor }) = result else {
            panic!("{result:?}")
        };
        assert_eq!((found, &*tensor), (batch, "dense_1.weight"));
        assert_same_bits(&parameters, &want);
    }
}

#[test]
fn after_a_divergence_training_can_go_on() {
    let loss =
        Breaking { calls: AtomicUsize::new(usize::MAX), good: usize::MAX, in_gradient: false };
    // The first call sees the largest number and breaks; the count then starts at 0.
    let mut trainer = Trainer::builder(network(), loss).build().unwrap();
    assert!(matches!(trainer.fit(&values()), Err(Error::Diverged { epoch: 0, batch: 0, .. })));
    assert_same_bits(trainer.network().parameters(), network().parameters());
    let mut fresh = Trainer::builder(network(), MeanSquaredError::default()).build().unwrap();
    fresh.fit(&values()).unwrap();
    trainer.fit(&values()).unwrap();
    // One batch holds all rows, so that their order does not matter beyond rounding.
    for (a, b) in trainer.network().parameters().iter().zip(fresh.network().parameters()) {
        assert!((a - b).abs() < 1e-12);
    }
}
