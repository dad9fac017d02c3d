//! Warm starts and partial fits.

use blastrain::estimator::{FittedMlpClassifier, FittedMlpRegressor, LearningRate};
use blastrain::prelude::*;
use blastrain::train::StopReason;
use ndarray::array;

use crate::data::{REGRESSION, close, digits, iris, iris_numbers};

#[test]
fn test_learning_rate_warmstart() {
    let x = array![[3.0, 2.0], [1.0, 6.0], [5.0, 6.0], [-2.0, -4.0]];
    let data = Dataset::new(x, vec![1, 1, 1, 0]).unwrap();
    for schedule in [LearningRate::InvScaling, LearningRate::Constant] {
        let settings = MlpClassifier::new()
            .solver(Solver::Sgd)
            .hidden_layer_sizes([4])
            .learning_rate(schedule)
            .max_iter(1)
            .power_t(0.25);
        let first = settings.fit(&data).unwrap();
        let second = settings.fit_from(&first, &data).unwrap();
        let (before, after) = (first.learning_rate().unwrap(), second.learning_rate().unwrap());
        match schedule {
            LearningRate::Constant => assert_eq!(before, after),
            _ => assert!((after / (1e-3 / 9.0f64.powf(0.25)) - 1.0).abs() < 1e-14),
        }
    }
}

#[test]
fn test_partial_fit_classes_error() {
    let data = Dataset::new(array![[3.0, 2.0]], vec![0]).unwrap();
    let mut model = MlpClassifier::new().solver(Solver::Sgd).partial_fit(&data, 2).unwrap();
    let other = Dataset::new(array![[3.0, 2.0]], vec![2]).unwrap();
    assert!(matches!(model.partial_fit(&other), Err(Error::ClassIndex { class: 2, .. })));
}

#[test]
fn test_partial_fit_classification() {
    for classes in [3, 2] {
        let data = digits(classes, 200);
        let settings = MlpClassifier::new()
            .solver(Solver::Sgd)
            .max_iter(100)
            .random_state(1)
            .tol(0.0)
            .alpha(1e-5)
            .learning_rate_init(0.2);
        let whole = settings.fit(&data).unwrap().predict(&data).unwrap();
        let mut model = settings.partial_fit(&data, classes).unwrap();
        for _ in 1..100 {
            model.partial_fit(&data).unwrap();
        }
        assert_eq!(model.predict(&data).unwrap(), whole);
        assert!(model.accuracy(&data).unwrap() > 0.95);
    }
}

#[test]
fn test_partial_fit_unseen_classes() {
    let settings = MlpClassifier::new().random_state(0);
    let x = array![[1.0], [2.0], [3.0]];
    let mut model =
        settings.partial_fit_labels(&x, &["a", "b", "c"], &["a", "b", "c", "d"]).unwrap();
    model.partial_fit_labels(&array![[4.0]], &["d"]).unwrap();
    let all = array![[1.0], [2.0], [3.0], [4.0]];
    assert!(model.score_labels(&all, &["a", "b", "c", "d"]).unwrap() > 0.0);
}

#[test]
fn test_partial_fit_regression() {
    for momentum in [0.0, 0.9] {
        let settings = MlpRegressor::new()
            .solver(Solver::Sgd)
            .max_iter(100)
            .random_state(1)
            .learning_rate_init(0.01)
            .batch_size(200)
            .momentum(momentum);
        let whole = settings.fit(&REGRESSION).unwrap().predict(&*REGRESSION).unwrap();
        let mut model = settings.partial_fit(&REGRESSION).unwrap();
        for _ in 1..100 {
            model.partial_fit(&REGRESSION).unwrap();
        }
        let parts = model.predict(&*REGRESSION).unwrap();
        close(parts.iter().copied(), whole.as_slice().unwrap(), 1e-7);
        assert!(model.r2(&REGRESSION).unwrap() > 0.65);
    }
}

#[test]
fn test_partial_fit_errors() {
    let x = array![[3.0, 2.0], [1.0, 6.0]];
    let refused = MlpClassifier::new().partial_fit_labels(&x, &[1, 0], &[2]);
    assert!(matches!(refused, Err(Error::Param { name: "label", .. })));
    let data = Dataset::new(x, vec![1, 0]).unwrap();
    let refused = MlpClassifier::new().solver(Solver::Lbfgs).partial_fit(&data, 2);
    assert!(matches!(refused, Err(Error::Param { name: "solver", .. })));
}

#[test]
fn test_warm_start() {
    let settings = MlpClassifier::new()
        .hidden_layer_sizes([2])
        .solver(Solver::Lbfgs)
        .random_state(42)
        .tol(1e-2);
    let model = settings.fit(&iris()).unwrap();
    let with = |class: fn(usize) -> usize| {
        let y: Vec<usize> = (0..150).map(class).collect();
        settings.fit_from(&model, &Dataset::new(iris().to_arrays().0, y).unwrap())
    };
    settings.fit_from(&model, &iris()).unwrap();
    with(|row| usize::from(row >= 40) + usize::from(row >= 80)).unwrap();
    with(|row| row / 75).unwrap_err();
    with(|row| [0, 1, 3][row / 50]).unwrap_err();
    with(|row| row * 4 / 150).unwrap_err();
    with(|row| row / 30).unwrap_err();
}

#[test]
fn test_warm_start_full_iteration() {
    let settings = MlpClassifier::new().hidden_layer_sizes([2]).solver(Solver::Sgd).max_iter(3);
    let first = settings.fit(&iris()).unwrap();
    let second = settings.fit_from(&first, &iris()).unwrap();
    assert_eq!((first.n_iter(), second.n_iter()), (3, 3));
    let settings = MlpRegressor::new().hidden_layer_sizes([2]).solver(Solver::Sgd).max_iter(3);
    let first = settings.fit(&iris_numbers()).unwrap();
    let second = settings.fit_from(&first, &iris_numbers()).unwrap();
    assert_eq!((first.n_iter(), second.n_iter()), (3, 3));
}

#[test]
fn test_mlp_loading_from_joblib_partial_fit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mlp.safetensors");
    let settings = MlpRegressor::new()
        .hidden_layer_sizes([42])
        .random_state(42)
        .learning_rate_init(0.01)
        .max_iter(200);
    let four = Dataset::new(array![[2.0]], vec![4.0]).unwrap();
    settings.fit(&four).unwrap().save(&path).unwrap();
    let mut model = FittedMlpRegressor::<f64>::load(&path).unwrap();
    let one = Dataset::new(array![[2.0]], vec![1.0]).unwrap();
    for _ in 0..200 {
        model.partial_fit(&one).unwrap();
    }
    close(model.predict(&array![[2.0]]).unwrap(), &[1.0], 1e-4);
}

#[test]
fn test_mlp_warm_start_with_early_stopping() {
    let settings = MlpClassifier::new().max_iter(10).random_state(0).early_stopping(true);
    let first = settings.fit(&iris()).unwrap();
    let second = settings.max_iter(20).fit_from(&first, &iris()).unwrap();
    let count = |model: &FittedMlpClassifier<f64>| model.validation_scores().unwrap().len();
    assert!(count(&second) > count(&first));
}

#[test]
fn test_mlp_warm_start_no_convergence() {
    for solver in [Solver::Sgd, Solver::Adam, Solver::Lbfgs] {
        let settings = MlpClassifier::new()
            .solver(solver)
            .n_iter_no_change(usize::MAX)
            .random_state(0)
            .max_iter(10);
        let first = settings.fit(&iris()).unwrap();
        let second = settings.max_iter(20).fit_from(&first, &iris()).unwrap();
        assert_eq!((first.n_iter(), second.n_iter()), (10, 20));
        assert_eq!(second.history().stop_reason(), StopReason::Finished);
    }
}

#[test]
fn test_mlp_partial_fit_after_fit() {
    let mut model = MlpClassifier::new().early_stopping(true).random_state(0).fit(&iris()).unwrap();
    let refused = model.partial_fit(&iris());
    assert!(matches!(refused, Err(Error::Param { name: "early_stopping", .. })));
}
