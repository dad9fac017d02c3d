//! How many fits a second a grid search gets through, on one thread and on two.
//!
//! A search is timed as a user calls it: starting the threads, cutting the folds, fitting and scoring; only the last
//! fit, of the best candidate to all rows, is left out. Every fit takes all its epochs. elem/s are fits
//! a second. Two threads on a machine with one core measure how much they get in each other's way.

use std::time::Duration;

use blastrain::activation::AnyActivation;
use blastrain::data::{Dataset, StratifiedKFold};
use blastrain::datasets;
use blastrain::estimator::{Estimator, FitContext, MlpClassifier, Solver};
use blastrain::prelude::{MinMaxScaler, Relu, Tanh};
use blastrain::search::{ErrorScore, GridSearch};
use blastrain::{Parallelism, RandomState, Result, Scalar};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array2;

const FOLDS: usize = 3;

/// So many epochs and no fewer: a fit may not end because its loss stands still.
fn perceptron(epochs: usize) -> MlpClassifier {
    MlpClassifier::new().max_iter(epochs).n_iter_no_change(epochs).random_state(42)
}

/// 12 candidates of the tutorial's grid.
fn small_grid() -> GridSearch<f64, MlpClassifier> {
    let activations: [Box<dyn AnyActivation>; 2] = [Box::new(Tanh), Box::new(Relu)];
    GridSearch::new(perceptron(50))
        .axis("hidden_layer_sizes", [vec![10], vec![20], vec![30]], |mlp, sizes| {
            mlp.hidden_layer_sizes(sizes)
        })
        .axis("activation", activations, |mlp, activation| mlp.activation(activation))
        .axis("solver", [Solver::Sgd, Solver::Adam], |mlp, solver| mlp.solver(solver))
}

/// 4 candidates with 128 hidden units and batches of 200.
fn medium_grid<F: Scalar>() -> GridSearch<F, MlpClassifier> {
    let activations: [Box<dyn AnyActivation>; 2] = [Box::new(Tanh), Box::new(Relu)];
    GridSearch::new(perceptron(3).hidden_layer_sizes([128]))
        .axis("activation", activations, |mlp, activation| mlp.activation(activation))
        .axis("alpha", [1e-4, 1e-2], |mlp, alpha| mlp.alpha(alpha))
}

/// Iris, scaled as the tutorial does.
fn scaled_iris() -> Result<Dataset<'static, f64>> {
    let data = datasets::iris()?;
    MinMaxScaler::new().fit_dataset(&data)?.transform_dataset(&data)
}

/// Rows as wide as Fashion-MNIST's pictures, of random numbers, in ten classes.
fn random_data<F: Scalar>(rows: usize) -> Result<Dataset<'static, F>> {
    let mut random = RandomState::new(1);
    let features = Array2::from_shape_simple_fn((rows, 784), || F::from_f64(random.double()));
    Dataset::new(features, (0..rows).map(|row| row % 10).collect::<Vec<_>>())
}

/// Times a search on one thread and on two.
fn measure<F: Scalar>(
    criterion: &mut Criterion,
    name: &str,
    data: &Dataset<'static, F>,
    (search, candidates): (GridSearch<F, MlpClassifier>, usize),
) {
    let search = search.cv(StratifiedKFold::new(FOLDS)).refit(false).error_score(ErrorScore::Raise);
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements((candidates * FOLDS) as u64));
    for threads in [1, 2] {
        let plural = if threads == 1 { "" } else { "s" };
        group.bench_function(format!("{threads} thread{plural}"), |bencher| {
            bencher.iter(|| {
                let mut context = FitContext::new().parallelism(Parallelism::Threads(threads));
                let found = search.fit_with(data, &mut context).expect("no fit fails");
                assert_eq!(found.results().candidates().len(), candidates);
                found
            });
        });
    }
    group.finish();
}

fn sweep(criterion: &mut Criterion) {
    let iris = scaled_iris().expect("the data set is sound");
    let small = "small: iris, 12 candidates x 3 folds, 10 to 30 units, 50 epochs, f64";
    measure(criterion, small, &iris, (small_grid(), 12));
    let medium = "medium: 1500x784, 4 candidates x 3 folds, 128 units, 3 epochs";
    let data = random_data::<f64>(1500).expect("the data set is sound");
    measure(criterion, &format!("{medium}, f64"), &data, (medium_grid(), 4));
    let data = random_data::<f32>(1500).expect("the data set is sound");
    measure(criterion, &format!("{medium}, f32"), &data, (medium_grid(), 4));
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .nresamples(2000)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(5));
    targets = sweep
}
criterion_main!(benches);
