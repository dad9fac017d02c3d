//! When a fit stops, and on what rows it goes by.

use blastrain::estimator::{FitContext, LearningRate};
use blastrain::prelude::*;
use blastrain::train::StopReason;
use ndarray::array;

use crate::data::{close, digits, iris, make_regression, two_rows};

#[test]
fn test_tolerance() {
    let settings = MlpClassifier::new().tol(0.5).max_iter(3000).solver(Solver::Sgd);
    assert!(settings.fit(&two_rows()).unwrap().n_iter() < 3000);
}

#[test]
fn test_verbose_sgd() {
    let settings = MlpClassifier::new().solver(Solver::Sgd).max_iter(2).hidden_layer_sizes([2]);
    let mut epochs = Vec::new();
    let mut context = FitContext::new().observer(|event: &Event<'_>| {
        if let Event::EpochEnd { record, .. } = event {
            epochs.push(record.loss);
        }
        std::ops::ControlFlow::Continue(())
    });
    let model = settings.fit_with(&two_rows(), &mut context).unwrap();
    drop(context);
    assert_eq!(epochs, model.loss_curve());
}

#[test]
fn test_early_stopping() {
    let data = digits(2, 100);
    let settings = MlpClassifier::new().tol(0.2).max_iter(3000).solver(Solver::Sgd);
    let model = settings.clone().early_stopping(true).fit(&data).unwrap();
    assert!(model.n_iter() < 3000);
    assert_eq!(model.best_loss(), None);
    let scores = model.validation_scores().unwrap();
    let best = model.best_validation_score().unwrap();
    assert_eq!(scores.iter().copied().fold(f64::NEG_INFINITY, f64::max), best);
    assert!(scores[scores.len() - 2..].iter().all(|score| best + 0.2 > *score));
    let model = settings.fit(&data).unwrap();
    assert_eq!((model.validation_scores(), model.best_validation_score()), (None, None));
    assert!(model.best_loss().is_some());
}

#[test]
fn test_adaptive_learning_rate() {
    let settings = MlpClassifier::new()
        .tol(0.5)
        .max_iter(3000)
        .solver(Solver::Sgd)
        .learning_rate(LearningRate::Adaptive);
    let model = settings.fit(&two_rows()).unwrap();
    assert!(model.n_iter() < 3000);
    assert!(model.learning_rate().unwrap() < 1e-6);
}

#[test]
fn test_n_iter_no_change() {
    let data = digits(2, 100);
    for patience in [2, 5, 10, 50, 100] {
        let settings = MlpClassifier::new().tol(0.01).max_iter(3000).solver(Solver::Sgd);
        let model = settings.n_iter_no_change(patience).fit(&data).unwrap();
        assert!(model.n_iter() < 3000);
        // The last epochs, one more than allowed, improved on the best before them by less than tol each.
        let curve = model.loss_curve();
        let poor = |&end: &usize| {
            let best = curve[..end].iter().copied().fold(f64::INFINITY, f64::min);
            curve[end] > best - 0.01
        };
        let count = (0..curve.len()).rev().take_while(|end| poor(end)).count();
        assert_eq!(count, patience + 1);
    }
}

#[test]
fn test_n_iter_no_change_inf() {
    let settings = MlpClassifier::new().tol(1e9).max_iter(3000).solver(Solver::Sgd);
    let model = settings.n_iter_no_change(usize::MAX).fit(&digits(2, 100)).unwrap();
    assert_eq!(model.n_iter(), 3000);
    assert_eq!(model.history().stop_reason(), StopReason::Finished);
}

#[test]
fn test_early_stopping_stratified() {
    let x = array![[1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]];
    let data = Dataset::new(x, vec![0, 0, 0, 1]).unwrap();
    let message = MlpClassifier::new().early_stopping(true).fit(&data).unwrap_err().to_string();
    assert!(message.contains("class 1: expected at least 2 rows, got 1 row"), "{message}");
}

#[test]
fn test_mlp_early_stopping_string_labels() {
    let labels: Vec<&str> = iris()
        .class_targets()
        .unwrap()
        .iter()
        .map(|&c| ["class_a", "class_b", "class_c"][c])
        .collect();
    let settings = MlpClassifier::new().early_stopping(true).max_iter(50).random_state(42);
    let model = settings.fit_labels(&iris().to_arrays().0, &labels).unwrap();
    let scores = model.validation_scores().unwrap();
    assert_eq!(scores.len(), model.n_iter());
    assert!(scores.iter().all(|score| score.is_finite()));
}

#[test]
fn test_preserve_feature_names() {
    let x = RandomState::new(0).randn(10, 2);
    let data = Dataset::new(x, vec![1.0; 10]).unwrap();
    let data = data.with_feature_names(["colname_a", "colname_b"]).unwrap();
    let settings = MlpRegressor::new().early_stopping(true).validation_fraction(0.2).max_iter(5);
    let model = settings.fit(&data).unwrap();
    assert_eq!(model.feature_names_in().unwrap(), ["colname_a", "colname_b"]);
}

#[test]
fn test_mlp_sample_weight_with_early_stopping() {
    let (x, y) = make_regression((100, 2, 1), 0.0, 42);
    let data = Dataset::new(x, y).unwrap();
    let settings = MlpRegressor::new()
        .hidden_layer_sizes([10])
        .early_stopping(true)
        .tol(1e-2)
        .learning_rate_init(0.01)
        .batch_size(10)
        .random_state(42);
    let plain = settings.fit(&data).unwrap().predict(&data).unwrap();
    let ones = data.clone().with_weights(vec![1.0; 100]).unwrap();
    let weighted = settings.fit(&ones).unwrap().predict(&data).unwrap();
    close(weighted.iter().copied(), plain.as_slice().unwrap(), 1e-7);
}

#[test]
fn test_minimum_input_sample_size() {
    let (x, y) = make_regression((2, 5, 1), 0.0, 0);
    let data = Dataset::new(x, y).unwrap();
    let refused = Estimator::fit(&MlpRegressor::new().early_stopping(true), &data);
    assert!(matches!(refused, Err(Error::Param { name: "validation_fraction", .. })));
}
