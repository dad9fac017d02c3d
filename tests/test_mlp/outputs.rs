//! Flags, several outputs and probabilities.

use blastrain::estimator::FittedMlpClassifier;
use blastrain::metrics::roc_auc;
use blastrain::prelude::*;
use ndarray::{Array1, Array2, Axis};

use crate::data::{close, digits, make_regression, multilabel};

#[test]
fn test_multilabel_classification() {
    let (x, flags) = multilabel();
    let data = Dataset::new(x, flags).unwrap();
    let settings = MlpClassifier::new()
        .hidden_layer_sizes([50])
        .alpha(1e-5)
        .max_iter(150)
        .random_state(0)
        .activation(Sigmoid)
        .learning_rate_init(0.2);
    let model = settings.clone().solver(Solver::Lbfgs).fit(&data).unwrap();
    assert!(model.accuracy(&data).unwrap() > 0.97);
    let settings = settings.solver(Solver::Sgd);
    let mut model = settings.partial_fit(&data, 5).unwrap();
    for _ in 1..100 {
        model.partial_fit(&data).unwrap();
    }
    assert!(model.accuracy(&data).unwrap() > 0.9);
    let model = MlpClassifier::new().early_stopping(true).fit(&data).unwrap();
    assert_eq!(model.predict_flags(&data).unwrap().dim(), (50, 5));
}

#[test]
fn test_multioutput_regression() {
    let (x, y) = make_regression((200, 100, 5), 0.0, 11);
    let data = Dataset::new(x, y).unwrap();
    let settings = MlpRegressor::new()
        .solver(Solver::Lbfgs)
        .hidden_layer_sizes([50])
        .max_iter(200)
        .tol(1e-2)
        .random_state(1);
    assert!(settings.fit(&data).unwrap().r2(&data).unwrap() > 0.9);
}

fn check_probabilities(model: &FittedMlpClassifier<f64>, x: &Array2<f64>) -> Array2<f64> {
    let proba = model.predict_proba(x).unwrap();
    let logs = model.predict_log_proba(x).unwrap();
    close(logs.iter().copied(), proba.mapv(f64::ln).as_slice().unwrap(), 1e-15);
    proba
}

#[test]
fn test_predict_proba_binary() {
    let data = digits(2, 50);
    let settings = MlpClassifier::new().hidden_layer_sizes([5]).activation(Sigmoid).random_state(1);
    let model = settings.fit(&data).unwrap();
    let proba = check_probabilities(&model, &data.to_arrays().0);
    assert_eq!(proba.dim(), (50, 2));
    let ones: Vec<f64> = proba.column(1).to_vec();
    assert_eq!(roc_auc(&data.class_targets().unwrap(), &ones, None).unwrap(), 1.0);
}

#[test]
fn test_predict_proba_multiclass() {
    let data = digits(3, 10);
    let model = MlpClassifier::new().hidden_layer_sizes([5]).fit(&data).unwrap();
    let proba = check_probabilities(&model, &data.to_arrays().0);
    assert_eq!(proba.dim(), (10, 3));
    close(proba.sum_axis(Axis(1)), &[1.0; 10], 1e-12);
}

#[test]
fn test_predict_proba_multilabel() {
    let (x, flags) = multilabel();
    let data = Dataset::new(x.clone(), flags.clone()).unwrap();
    let settings =
        MlpClassifier::new().solver(Solver::Lbfgs).hidden_layer_sizes([30]).random_state(0);
    let model = settings.fit(&data).unwrap();
    let proba = check_probabilities(&model, &x);
    assert_eq!(proba.mapv(|p| f64::from(u8::from(p > 0.5))), flags);
    let excess: Array1<f64> = proba.sum_axis(Axis(1)) - 1.0;
    assert!(excess.dot(&excess) > 1e-10);
}
