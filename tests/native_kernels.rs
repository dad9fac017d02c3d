//! Training by the crate's own kernels, which update a gradient part by part, comes to the same as training by whole
//! products of the linked library.

use blastrain::data::Dataset;
use blastrain::layer::Dense;
use blastrain::linalg::{Backend, Gemm};
use blastrain::loss::CrossEntropy;
use blastrain::network::Regularizer;
use blastrain::optim::{Adam, GradientClipping};
use blastrain::train::{BatchRecord, Callback, FitControl, Snapshot, Trainer, TrainerBuilder};
use blastrain::{Parallelism, RandomState, Result, Sequential};
use ndarray::Array2;

const ROWS: usize = 330;

fn data() -> Dataset<'static, f64> {
    let mut random = RandomState::new(3);
    let features = Array2::from_shape_simple_fn((ROWS, 150), || random.uniform(-1.0, 1.0));
    Dataset::new(features, (0..ROWS).map(|row| row * 7 % 5).collect::<Vec<_>>()).unwrap()
}

/// Layers of one block and of several, with parts.
fn network(max_norm: bool) -> Sequential<f64> {
    let wide = Dense::new(300).activation(blastrain::activation::Relu);
    let wide = if max_norm { wide.max_norm(0.9) } else { wide };
    let builder = Sequential::input(150).dense(450).tanh().layer(wide);
    builder.dense(90).silu().dense(5).seed(1).build().unwrap()
}

/// Takes the weights behind the second batch and puts them back behind the fifth.
#[derive(Default)]
struct PutBack(Snapshot<f64>);

impl Callback<f64> for PutBack {
    fn name(&self) -> &str {
        "put_back"
    }

    fn batch_end(&mut self, record: &BatchRecord, control: &mut FitControl<'_, f64>) -> Result<()> {
        match record.batch {
            1 => self.0.take(control.network()),
            4 => control.restore(&self.0),
            _ => {}
        }
        Ok(())
    }
}

/// Losses of three epochs and the weights behind them.
fn fit(
    gemm: Gemm,
    threads: usize,
    max_norm: bool,
    settings: fn(TrainerBuilder<'static, f64>) -> TrainerBuilder<'static, f64>,
) -> (Vec<f64>, Vec<f64>) {
    let builder = Trainer::builder(network(max_norm), CrossEntropy)
        .optimizer(Adam::new(0.002))
        .batch_size(50)
        .epochs(3)
        .gemm(gemm)
        .parallelism(Parallelism::Threads(threads));
    let mut trainer = settings(builder).build().unwrap();
    let losses = trainer.fit(&data()).unwrap().losses();
    (losses, trainer.network().parameters().to_vec())
}

fn check(
    max_norm: bool,
    settings: fn(TrainerBuilder<'static, f64>) -> TrainerBuilder<'static, f64>,
) {
    let plain = Gemm::new(Backend::default()).unwrap();
    let (losses, weights) = fit(Gemm::default(), 1, max_norm, settings);
    let (want_losses, want_weights) = fit(plain, 1, max_norm, settings);
    assert!(losses[2] < losses[0]);
    for (got, want) in losses.iter().zip(&want_losses) {
        assert!((got - want).abs() < 1e-10, "{losses:?} {want_losses:?}");
    }
    for (got, want) in weights.iter().zip(&want_weights) {
        // Adam's first steps divide by the gradient's size: what rounding leaves of a zero can grow.
        assert!((got - want).abs() < 1e-7, "{got} {want}");
    }
    for threads in [2, 3] {
        assert_eq!(
            fit(Gemm::default(), threads, max_norm, settings),
            (losses.clone(), weights.clone())
        );
    }
}

#[test]
fn steps_by_parts_are_those_of_whole_products() {
    check(false, |builder| builder);
}

#[test]
fn so_where_a_callback_puts_weights_back() {
    check(false, |builder| builder.callback(PutBack::default()));
}

#[test]
fn so_where_columns_are_bounded_behind_the_update() {
    check(true, |builder| builder);
}

#[test]
fn so_where_the_gradient_is_needed_whole_first() {
    check(false, |builder| {
        let builder = builder.regularizer(Regularizer::l2(1e-3));
        builder.clip_gradient(GradientClipping::GlobalNorm(0.1))
    });
}
