//! Pipelines and cross-validation equal scikit-learn's (`parity/cross_validation.py`), and leak nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use blastrain::data::{Dataset, KFold, ShuffleSplit, Splitter, StratifiedKFold};
use blastrain::estimator::{
    Estimator, FitContext, MlpClassifier, MlpRegressor, Pipeline, Predictor, Solver,
};
use blastrain::metrics::{Accuracy, Average, F1, LogLoss, MeanAbsoluteError, R2};
use blastrain::preprocessing::{MinMaxScaler, StandardScaler};
use blastrain::search::{CrossValidation, CrossValidationScores, cross_val_score};
use blastrain::{Error, Parallelism, datasets};
use ndarray::{Array2, array};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    test: BTreeMap<String, Vec<f64>>,
    train: BTreeMap<String, Vec<f64>>,
}

fn golden(case: &str) -> Golden {
    let mut all: BTreeMap<String, Golden> =
        serde_json::from_str(include_str!("parity/cross_validation.json")).unwrap();
    all.remove(case).unwrap()
}

/// Names of scikit-learn's scorers and of this crate's metrics; the sign that turns one into the other.
const NAMES: [(&str, &str, f64); 5] = [
    ("accuracy", "accuracy", 1.0),
    ("neg_log_loss", "log_loss", -1.0),
    ("f1_macro", "f1_macro", 1.0),
    ("r2", "r2", 1.0),
    ("neg_mean_absolute_error", "mean_absolute_error", -1.0),
];

fn assert_equal(scores: &CrossValidationScores, case: &str) {
    let golden = golden(case);
    for (parts, train) in [(&golden.test, false), (&golden.train, true)] {
        for (name, want) in parts {
            let (_, ours, sign) = NAMES.iter().find(|(theirs, ..)| theirs == name).unwrap();
            let got = if train { scores.train(ours) } else { scores.test(ours) }.unwrap();
            assert_eq!(got.len(), want.len(), "{case}: {name}");
            for (got, want) in got.iter().zip(want) {
                assert!((sign * got - want).abs() < 1e-9, "{case}: {name} {got} for {want}");
            }
        }
    }
}

fn classifier() -> MlpClassifier {
    MlpClassifier::new()
        .hidden_layer_sizes([12])
        .max_iter(60)
        .learning_rate_init(0.02)
        .random_state(3)
}

fn classify<E: Estimator<f64>>(
    estimator: &E,
    data: &Dataset<'_, f64>,
    splitter: &dyn Splitter,
) -> CrossValidationScores {
    CrossValidation::new()
        .metric(Accuracy)
        .metric(LogLoss)
        .metric(F1::new(Average::Macro))
        .train_scores(true)
        .run(estimator, data, splitter)
        .unwrap()
}

#[test]
fn classifiers_score_as_scikit_learns() {
    let folds = StratifiedKFold::new(4).shuffle(1);
    let scores = classify(&classifier(), &datasets::iris().unwrap(), &folds);
    assert_equal(&scores, "iris, 4 stratified folds");
    let pipeline = Pipeline::new().step(StandardScaler::new()).estimator(classifier());
    let scores = classify(&pipeline, &datasets::wine().unwrap(), &StratifiedKFold::new(3));
    assert_equal(&scores, "wine, scaled, 3 stratified folds");
    let pipeline = Pipeline::new()
        .step(MinMaxScaler::new())
        .step(StandardScaler::new())
        .estimator(classifier().early_stopping(true));
    let folds = StratifiedKFold::new(3).shuffle(7);
    let scores = classify(&pipeline, &datasets::breast_cancer().unwrap(), &folds);
    assert_equal(&scores, "breast cancer, scaled twice, early stopping");
}

#[test]
fn regressors_score_as_scikit_learns() {
    let cross_validation =
        CrossValidation::<f64>::new().metric(R2).metric(MeanAbsoluteError).train_scores(true);
    let regressor = MlpRegressor::new().hidden_layer_sizes([8]).max_iter(40).random_state(5);
    let data = datasets::diabetes().unwrap();
    let sgd = regressor.clone().solver(Solver::Sgd).learning_rate_init(1e-3);
    let pipeline = Pipeline::new().step(StandardScaler::new()).estimator(sgd);
    let shuffles = ShuffleSplit::new(3).test_size(0.25).random_state(2);
    let scores = cross_validation.run(&pipeline, &data, &shuffles).unwrap();
    assert_equal(&scores, "diabetes, scaled, 3 shuffles");
    let adam = regressor.learning_rate_init(1e-2);
    let scores = cross_validation.run(&adam, &data, &KFold::new(5)).unwrap();
    assert_equal(&scores, "diabetes, bare, 5 folds");
    assert_eq!(scores.metrics(), ["r2", "mean_absolute_error"]);
    assert!(
        scores.fit_seconds().iter().chain(scores.score_seconds()).all(|&seconds| seconds > 0.0)
    );
    let default = cross_val_score(&adam, &data, &KFold::new(5)).unwrap();
    assert_eq!(default, scores.test("r2").unwrap());
    let (mean, deviation) = scores.summary("r2").unwrap();
    assert!((mean - default.iter().sum::<f64>() / 5.0).abs() < 1e-15 && deviation > 0.0);
}

#[test]
fn threads_do_not_change_scores() {
    let data = datasets::iris::<f32>().unwrap();
    let run = |threads| {
        let pipeline = Pipeline::new().step(StandardScaler::new()).estimator(classifier());
        CrossValidation::new()
            .metric(LogLoss)
            .parallelism(Parallelism::Threads(threads))
            .run(&pipeline, &data, &StratifiedKFold::new(7))
            .unwrap()
            .test("log_loss")
            .unwrap()
            .to_vec()
    };
    let one = run(1);
    for threads in [2, 4, 8] {
        assert_eq!(run(threads), one, "{threads} threads");
    }
}

#[test]
fn weights_count_in_fits_and_scores() {
    // Rows of weight zero carry wrong targets.
    let x = Array2::from_shape_fn((40, 1), |(i, _)| (i % 20) as f64 / 20.0);
    let classes: Vec<usize> = (0..40).map(|i| usize::from((i % 20 >= 10) != (i < 20))).collect();
    let weights = (0..40).map(|i| if i < 20 { 0.0 } else { 1.0 }).collect();
    let data = Dataset::new(x, classes).unwrap().with_weights(weights).unwrap();
    let model = MlpClassifier::new().hidden_layer_sizes([8]).learning_rate_init(0.05).max_iter(300);
    let scores = cross_val_score(&model, &data, &StratifiedKFold::new(4).shuffle(0)).unwrap();
    assert!(scores.iter().all(|&score| score > 0.7), "{scores:?}");
}

#[test]
fn steps_learn_from_training_rows_only() {
    let data = datasets::wine::<f64>().unwrap();
    let (train, valid) =
        (data.select(&[0, 60, 100, 150]).unwrap(), data.select(&[1, 61, 101]).unwrap());
    let pipeline = Pipeline::new().step(MinMaxScaler::new()).estimator(classifier());
    let fit = |mut context: FitContext<'_, f64>| pipeline.fit_with(&train, &mut context).unwrap();
    let model = fit(FitContext::new());
    let scaler = MinMaxScaler::new().fit_dataset(&train).unwrap();
    let alone = classifier().fit(&scaler.transform_dataset(&train).unwrap()).unwrap();
    let scaled = scaler.transform_dataset(&valid).unwrap();
    assert_eq!(model.predict_proba(&valid).unwrap(), alone.predict_proba(&scaled).unwrap());
    assert_eq!(model.transform(&valid).unwrap(), scaled.to_arrays().0);
    // Validation rows pass through the steps, and change nothing of them.
    let watched = fit(FitContext::new().validation(&valid));
    assert_eq!(watched.predict_proba(&valid).unwrap(), model.predict_proba(&valid).unwrap());
    let scores = watched.model().validation_scores().unwrap();
    assert_eq!(*scores.last().unwrap(), alone.score(&scaled).unwrap());
}

#[test]
fn a_pipeline_without_steps_is_its_estimator() {
    let data = datasets::iris::<f64>().unwrap();
    let bare = classifier().fit(&data).unwrap();
    let pipeline = Pipeline::new().estimator(classifier()).fit(&data).unwrap();
    assert_eq!(pipeline.predict_proba(&data).unwrap(), bare.predict_proba(&data).unwrap());
    assert_eq!(pipeline.predict(&data).unwrap(), bare.predict(&data).unwrap());
    assert_eq!(pipeline.score(&data).unwrap(), bare.score(&data).unwrap());
}

#[test]
fn what_cannot_be_done_is_an_error() {
    let data = datasets::iris::<f64>().unwrap();
    let run = |cross_validation: CrossValidation<f64>| {
        cross_validation.run(&classifier(), &data, &StratifiedKFold::new(3))
    };
    let scores = run(CrossValidation::new()).unwrap();
    assert!(
        matches!(scores.test("f1"), Err(Error::UnknownName { known, .. }) if known == "accuracy")
    );
    assert!(matches!(scores.train("accuracy"), Err(Error::Param { name: "train_scores", .. })));
    assert!(run(CrossValidation::new().metric(R2)).is_err());
    let folds = cross_val_score(&classifier(), &data, &KFold::new(1));
    assert!(matches!(folds, Err(Error::Param { name: "n_splits", .. })));
    let wrong = cross_val_score(&classifier().alpha(-1.0), &data, &KFold::new(3));
    let wrong = wrong.unwrap_err();
    assert!(wrong.to_string().starts_with("the fit on fold 0 failed: alpha is "), "{wrong}");
    let Error::FitFailed { source, fold: Some(0), .. } = wrong else { panic!("{wrong}") };
    assert!(matches!(*source, Error::Param { name: "alpha", .. }));
    let stop = Arc::new(AtomicBool::new(true));
    assert!(matches!(run(CrossValidation::new().stop_flag(stop)), Err(Error::Stopped { .. })));
    let model =
        Pipeline::new().step(StandardScaler::new()).estimator(classifier()).fit(&data).unwrap();
    assert!(matches!(model.predict(&array![[1.0]]), Err(Error::Shape { .. })));
}
