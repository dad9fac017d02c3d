//! Searches equal scikit-learn's `GridSearchCV` (`parity/grid_search.py`).

use std::collections::BTreeMap;

use blastrain::activation::{AnyActivation, LeakyRelu, Relu, Tanh};
use blastrain::data::{Dataset, StratifiedKFold, train_test_split};
use blastrain::estimator::{
    Estimator, FitContext, FittedMlpClassifier, MlpClassifier, Pipeline, Predictor, Solver,
};
use blastrain::metrics::{Accuracy, LogLoss};
use blastrain::preprocessing::StandardScaler;
use blastrain::search::{FittedSearch, Grid, GridSearch, SearchResults, cross_val_score};
use blastrain::{Parallelism, RandomState, datasets};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Golden {
    params: Vec<Value>,
    metrics: BTreeMap<String, Scores>,
    best_index: usize,
    best_score: f64,
    best_params: Value,
    test_score: f64,
}

#[derive(Deserialize)]
struct Scores {
    rank: Vec<usize>,
    mean_test: Vec<Option<f64>>,
    std_test: Vec<Option<f64>>,
    splits_test: Vec<Vec<Option<f64>>>,
    mean_train: Vec<Option<f64>>,
    std_train: Vec<Option<f64>>,
    splits_train: Vec<Vec<Option<f64>>>,
}

fn golden(case: &str) -> Golden {
    let all: Value = serde_json::from_str(include_str!("parity/grid_search.json")).unwrap();
    serde_json::from_value(all[case].clone()).unwrap()
}

fn activations() -> [Box<dyn AnyActivation>; 2] {
    [Tanh.into(), Relu.into()]
}

fn classifier() -> MlpClassifier {
    MlpClassifier::new().max_iter(60).learning_rate_init(0.01).random_state(42)
}

fn split(data: Dataset<'static, f64>) -> (Dataset<'static, f64>, Dataset<'static, f64>) {
    train_test_split(&data, 0.2, RandomState::new(42)).unwrap()
}

fn iris_search() -> GridSearch<f64, MlpClassifier> {
    let sizes = |mlp: MlpClassifier, sizes: Vec<usize>| mlp.hidden_layer_sizes(sizes);
    GridSearch::new(classifier())
        .axis("hidden_layer_sizes", [vec![6], vec![10]], sizes)
        .axis("activation", activations(), |mlp, activation| mlp.activation(activation))
        .axis("alpha", [1e-4, 1.0], |mlp, alpha| mlp.alpha(alpha))
        .grid(Grid::new().axis("hidden_layer_sizes", [vec![0]], sizes))
        .metric(Accuracy)
        .metric(LogLoss)
        .train_scores(true)
        .cv(StratifiedKFold::new(3))
}

#[track_caller]
fn assert_close(got: f64, want: Option<f64>, what: &str) {
    match want {
        Some(want) => assert!((got - want).abs() < 1e-9, "{what}: {got} for {want}"),
        None => assert!(got.is_nan(), "{what}: {got} for NaN"),
    }
}

/// Mean and deviation (over n) from the columns of a CSV file, which users read.
fn column(results: &SearchResults, name: &str) -> Vec<f64> {
    let csv = results.to_csv();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let at = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
    reader.records().map(|record| record.unwrap()[at].parse().unwrap()).collect()
}

/// scikit-learn's names, this crate's, and the sign between them.
const METRICS: [(&str, &str, f64); 2] =
    [("accuracy", "accuracy", 1.0), ("neg_log_loss", "log_loss", -1.0)];

fn assert_equal<E: Estimator<f64>>(
    found: &FittedSearch<f64, E>,
    case: &str,
    test: &Dataset<'_, f64>,
) {
    let (golden, results) = (golden(case), found.results());
    let params: Vec<Value> =
        results.candidates().iter().map(|c| serde_json::to_value(&c.params).unwrap()).collect();
    assert_eq!(params, golden.params);
    for (theirs, ours, sign) in METRICS {
        let want = &golden.metrics[theirs];
        assert_eq!(results.ranks(ours).unwrap(), want.rank, "{case}: {ours}");
        let (means, deviations) = (results.means(ours).unwrap(), results.deviations(ours).unwrap());
        for (i, (&mean, &deviation)) in means.iter().zip(&deviations).enumerate() {
            assert_close(sign * mean, want.mean_test[i], &format!("{case}: mean {ours} {i}"));
            assert_close(deviation, want.std_test[i], &format!("{case}: deviation {ours} {i}"));
        }
        for (kind, splits, mean, deviation) in [
            ("test", &want.splits_test, &want.mean_test, &want.std_test),
            ("train", &want.splits_train, &want.mean_train, &want.std_train),
        ] {
            for (fold, want) in splits.iter().enumerate() {
                let name = format!("split{fold}_{kind}_{ours}");
                let got = column(results, &name);
                got.iter().zip(want).for_each(|(g, &w)| assert_close(g * sign, w, &name));
            }
            for (part, want, sign) in [("mean", mean, sign), ("std", deviation, 1.0)] {
                let name = format!("{part}_{kind}_{ours}");
                let got = column(results, &name);
                assert_eq!(got.len(), want.len());
                got.iter().zip(want).for_each(|(g, &w)| assert_close(g * sign, w, &name));
            }
        }
    }
    assert_eq!(found.best_index(), golden.best_index);
    assert_close(found.best_score(), Some(golden.best_score), "best score");
    assert_eq!(serde_json::to_value(found.best_params()).unwrap(), golden.best_params);
    assert_close(found.score(test).unwrap(), Some(golden.test_score), "test score");
}

#[test]
fn a_list_of_grids_with_failing_fits_equals_scikit_learns() {
    let (train, test) = split(datasets::iris().unwrap());
    let found = iris_search().fit(&train).unwrap();
    assert_equal(&found, "iris", &test);
    let failed = found.results().candidates().last().unwrap();
    assert!(failed.folds.iter().all(|fold| fold.error.is_some()));
    let model: &FittedMlpClassifier<f64> = found.best_model().unwrap();
    assert_eq!(model.score(&test).unwrap(), found.score(&test).unwrap());
}

#[test]
fn a_pipeline_is_fitted_inside_the_folds() {
    let (train, test) = split(datasets::wine().unwrap());
    let pipeline = Pipeline::new().step(StandardScaler::new()).estimator(classifier());
    type Searched = Pipeline<f64, MlpClassifier>;
    let alpha = |pipeline: Searched, alpha| pipeline.map_estimator(|mlp| mlp.alpha(alpha));
    let solvers = [Solver::Sgd, Solver::Adam];
    let search = GridSearch::new(pipeline)
        .axis("hidden_layer_sizes", [vec![6], vec![10]], |pipeline, sizes| {
            pipeline.map_estimator(|mlp| mlp.hidden_layer_sizes(sizes))
        })
        .axis("activation", activations(), |pipeline, activation| {
            pipeline.map_estimator(|mlp| mlp.activation(activation))
        })
        .axis("alpha", [1e-4, 1.0], alpha)
        .grid(Grid::new().axis("alpha", [3.0], alpha))
        .axis("solver", solvers, |pipeline, solver| {
            pipeline.map_estimator(|mlp| mlp.solver(solver))
        })
        .metric(Accuracy)
        .metric(LogLoss)
        .train_scores(true)
        .cv(StratifiedKFold::new(4));
    assert_equal(&search.fit(&train).unwrap(), "wine", &test);
}

/// Everything but the times, to the bit.
fn scores<E: Estimator<f64>>(
    found: &FittedSearch<f64, E>,
) -> Vec<(Vec<u64>, Vec<u64>, Option<String>)> {
    let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect();
    let folds = found.results().candidates().iter().flat_map(|candidate| &candidate.folds);
    folds.map(|fold| (bits(&fold.test), bits(&fold.train), fold.error.clone())).collect()
}

#[test]
fn threads_do_not_change_a_bit() {
    let (train, test) = split(datasets::iris().unwrap());
    let run = |threads| {
        let mut context = FitContext::new().parallelism(Parallelism::Threads(threads));
        let found = iris_search().fit_with(&train, &mut context).unwrap();
        let outputs = found.predict_outputs(test.to_arrays().0.view()).unwrap();
        (scores(&found), found.best_index(), outputs)
    };
    let one = run(1);
    for threads in [2, 4, 8] {
        assert_eq!(run(threads), one, "{threads} threads");
    }
}

#[test]
fn the_metric_to_choose_by_can_be_named() {
    let (train, _) = split(datasets::iris().unwrap());
    let found = iris_search().refit_by("log_loss").refit(false).fit(&train).unwrap();
    let means = found.results().means("log_loss").unwrap();
    assert!(means.iter().all(|&mean| mean.is_nan() || mean >= found.best_score()));
    assert_eq!(means[found.best_index()], found.best_score());
    assert!(found.best_model().is_err());
}

#[test]
fn activations_are_shown_by_name() {
    let activations: [Box<dyn AnyActivation>; 2] = [Tanh.into(), LeakyRelu::new(0.2).into()];
    let (train, _) = split(datasets::iris().unwrap());
    let found = GridSearch::new(classifier().max_iter(3).hidden_layer_sizes([4]))
        .axis("activation", activations, |mlp, activation| mlp.activation(activation))
        .cv(StratifiedKFold::new(2))
        .refit(false)
        .fit(&train)
        .unwrap();
    let shown: Vec<String> =
        found.results().candidates().iter().map(|c| c.params.to_string()).collect();
    assert_eq!(shown, ["activation=tanh", "activation=leaky_relu(0.2)"]);
    let json: Value = serde_json::from_str(&found.results().to_json()).unwrap();
    assert_eq!(json["candidates"][1]["params"]["activation"], "leaky_relu(0.2)");
    assert!(found.results().to_csv().contains("\nleaky_relu(0.2),"));
    assert!(found.results().to_string().contains("activation=leaky_relu(0.2)"));
}

#[test]
fn a_search_is_an_estimator() {
    let data = datasets::iris::<f64>().unwrap();
    let search = GridSearch::new(classifier().max_iter(30).hidden_layer_sizes([6]))
        .axis("learning_rate_init", [1e-5, 0.05], |mlp, rate| mlp.learning_rate_init(rate))
        .cv(StratifiedKFold::new(2));
    let best = classifier().max_iter(30).hidden_layer_sizes([6]).learning_rate_init(0.05);
    let splitter = StratifiedKFold::new(3);
    // The tiny rate learns nothing, so that each fold's search must come to the other.
    assert_eq!(
        cross_val_score(&search, &data, &splitter).unwrap(),
        cross_val_score(&best, &data, &splitter).unwrap()
    );
}

#[test]
fn numbers_are_cut_in_plain_folds_unless_told_otherwise() {
    let data = blastrain::datasets::diabetes::<f64>().unwrap();
    let settings = blastrain::estimator::MlpRegressor::new().max_iter(3);
    let found = GridSearch::new(settings).refit(false).fit(&data).unwrap();
    assert_eq!(found.results().candidates()[0].folds.len(), 5);
}
