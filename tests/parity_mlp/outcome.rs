//! Fits a case here, and says what it came to.

use blastrain::estimator::{
    FittedMlpClassifier, FittedMlpRegressor, MlpClassifier, MlpRegressor, RegressorLoss,
};
use blastrain::prelude::Dataset;
use ndarray::{Array1, Array2};
use serde_json::Value;

use crate::case::data;
use crate::configure::configure;

/// What both kinds of models are compared by.
pub struct Outcome {
    pub n_iter: usize,
    pub loss: f64,
    pub loss_curve: Vec<f64>,
    pub best_loss: Option<f64>,
    pub t: u64,
    pub learning_rate: Option<f64>,
    pub validation_scores: Option<Vec<f64>>,
    pub best_validation_score: Option<f64>,
    pub norms: Vec<f64>,
    pub last_intercepts: Vec<f64>,
    pub first_weights: Vec<f64>,
    pub classes: Option<Array2<usize>>,
    pub outputs: Array2<f64>,
}

macro_rules! outcome {
    ($model:expr, $classes:expr, $outputs:expr) => {{
        let model = $model;
        let norm = |weights: &ndarray::ArrayView2<f64>| weights.mapv(|w| w * w).sum().sqrt();
        Outcome {
            n_iter: model.n_iter(),
            loss: model.loss(),
            loss_curve: model.loss_curve().to_vec(),
            best_loss: model.best_loss(),
            t: model.t(),
            learning_rate: model.learning_rate(),
            validation_scores: model.validation_scores().map(<[f64]>::to_vec),
            best_validation_score: model.best_validation_score(),
            norms: model.coefs().iter().map(norm).collect(),
            last_intercepts: model.intercepts().last().unwrap().to_vec(),
            first_weights: model.coefs()[0].iter().take(4).copied().collect(),
            classes: $classes,
            outputs: $outputs,
        }
    }};
}

fn classifier_outcome(model: &FittedMlpClassifier<f64>, test: &Dataset<'_, f64>) -> Outcome {
    let classes = match model.is_multilabel() {
        true => model.predict_flags(test).unwrap().mapv(usize::from),
        false => Array1::from(model.predict(test).unwrap()).insert_axis(ndarray::Axis(1)),
    };
    outcome!(model, Some(classes), model.predict_proba(test).unwrap())
}

fn regressor_outcome(model: &FittedMlpRegressor<f64>, test: &Dataset<'_, f64>) -> Outcome {
    outcome!(model, None, model.predict(test).unwrap())
}

pub fn fit(case: &Value) -> Outcome {
    let (train, test) = data(case);
    let settings = &case["settings"];
    let first = &case["first"];
    if case["data"] == "diabetes" {
        let loss = match settings["loss"].as_str() {
            Some("poisson") => RegressorLoss::Poisson,
            _ => RegressorLoss::SquaredError,
        };
        let estimator = configure!(MlpRegressor::new().loss(loss), settings);
        let model = if let Some(calls) = case["calls"].as_u64() {
            let halves = halves(&train);
            let mut model = estimator.partial_fit(&halves[0]).unwrap();
            for call in 1..calls as usize {
                model.partial_fit(&halves[call % 2]).unwrap();
            }
            model
        } else if first.is_null() {
            estimator.fit(&train).unwrap()
        } else {
            let start = configure!(estimator.clone(), first).fit(&train).unwrap();
            estimator.fit_from(&start, &train).unwrap()
        };
        regressor_outcome(&model, &test)
    } else {
        let estimator = configure!(MlpClassifier::new(), settings);
        let model = if let Some(calls) = case["calls"].as_u64() {
            let halves = halves(&train);
            let mut model = estimator.partial_fit(&halves[0], 3).unwrap();
            for call in 1..calls as usize {
                model.partial_fit(&halves[call % 2]).unwrap();
            }
            model
        } else if first.is_null() {
            estimator.fit(&train).unwrap()
        } else {
            let start = configure!(estimator.clone(), first).fit(&train).unwrap();
            estimator.fit_from(&start, &train).unwrap()
        };
        classifier_outcome(&model, &test)
    }
}

/// The first and the second half of the rows; the first has one more where they are odd.
fn halves(data: &Dataset<'static, f64>) -> [Dataset<'static, f64>; 2] {
    let middle = data.len().div_ceil(2);
    let part = |range: std::ops::Range<usize>| data.select(&range.collect::<Vec<_>>()).unwrap();
    [part(0..middle), part(middle..data.len())]
}
