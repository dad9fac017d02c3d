//! L-BFGS.

use blastrain::prelude::*;
use blastrain::train::StopReason;

use crate::data::{REGRESSION, activations, digits, part};

#[test]
fn test_lbfgs_classification() {
    for classes in [3, 2] {
        let data = digits(classes, 200);
        let (train, test) = (part(&data, 0..150), part(&data, 150..200));
        for activation in activations() {
            let settings = MlpClassifier::new()
                .solver(Solver::Lbfgs)
                .hidden_layer_sizes([50])
                .max_iter(150)
                .random_state(1)
                .activation(activation);
            let model = settings.fit(&train).unwrap();
            assert_eq!(model.predict(&test).unwrap().len(), 50);
            assert!(model.accuracy(&train).unwrap() > 0.95);
        }
    }
}

#[test]
fn test_lbfgs_regression() {
    for activation in activations() {
        let linear = activation.name() == "identity";
        let settings = MlpRegressor::new()
            .solver(Solver::Lbfgs)
            .hidden_layer_sizes([50])
            .max_iter(200)
            .tol(1e-3)
            .random_state(1)
            .activation(activation);
        let score = settings.fit(&REGRESSION).unwrap().r2(&REGRESSION).unwrap();
        assert!(score > if linear { 0.80 } else { 0.98 }, "{score}");
    }
}

#[test]
fn test_lbfgs_classification_maxfun() {
    let data = digits(3, 200);
    for activation in activations() {
        let settings = MlpClassifier::new()
            .solver(Solver::Lbfgs)
            .hidden_layer_sizes([50])
            .max_iter(150)
            .max_fun(10)
            .random_state(1)
            .activation(activation);
        let model = settings.fit(&data).unwrap();
        assert!(model.n_iter() <= 10);
        assert_ne!(model.history().stop_reason(), StopReason::Converged);
    }
}

#[test]
fn test_lbfgs_regression_maxfun() {
    for activation in activations() {
        let settings = MlpRegressor::new()
            .solver(Solver::Lbfgs)
            .hidden_layer_sizes([50])
            .tol(0.0)
            .max_iter(150)
            .max_fun(10)
            .random_state(1)
            .activation(activation);
        let model = settings.fit(&REGRESSION).unwrap();
        assert!(model.n_iter() <= 10);
        assert_ne!(model.history().stop_reason(), StopReason::Converged);
    }
}
