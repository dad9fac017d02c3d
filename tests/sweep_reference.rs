//! The grid of `examples/grid_search` gives scikit-learn's scores (`parity/sweep.py`).
//!
//! The fits take hundreds of epochs, in which rounding has time to grow: on another OpenBLAS kernel a
//! prediction near a tie may fall the other way, so two candidates may differ. On ours none does.

#[path = "../examples/grid_search/grid.rs"]
mod grid;

use blastrain::Parallelism;
use blastrain::activation::Relu;
use blastrain::data::{Dataset, StratifiedKFold};
use blastrain::estimator::{
    Estimator, FitContext, LearningRate, MlpClassifier, Pipeline, Predictor, Solver,
};
use blastrain::search::FittedSearch;
use grid::{Data, Perceptron, Values, grid_search, perceptron};
use serde::Deserialize;
use serde_json::Value;

/// Candidates of the 72 whose mean scores equal at least.
const EQUAL: usize = 70;
/// How far, relatively, a fit's last loss may be off.
const LOSS: f64 = 1e-6;

#[derive(Deserialize)]
struct Reference {
    mean_scores: Vec<f64>,
    /// Test rows predicted correctly, by candidate and fold.
    correct: Vec<[usize; 3]>,
    /// Epochs of each fit, and the loss of the last one.
    epochs: Vec<[usize; 3]>,
    losses: Vec<[f64; 3]>,
    best_index: usize,
    best_score: f64,
    best_params: Value,
    test_score: f64,
}

fn reference(data: Data, pipeline: bool) -> Reference {
    let all: Value = serde_json::from_str(include_str!("parity/sweep.json")).unwrap();
    let way = if pipeline { "pipeline" } else { "plain" };
    serde_json::from_value(all[way][data.name()].clone()).unwrap()
}

type Found = FittedSearch<f64, Pipeline<f64, MlpClassifier>>;

fn search(train: &Dataset<'_, f64>, pipeline: bool, values: Values) -> Found {
    let mut context = FitContext::new().parallelism(Parallelism::Threads(2));
    grid_search(perceptron(pipeline), values).fit_with(train, &mut context).unwrap()
}

/// Test rows of each candidate's folds that were predicted correctly.
fn correct(found: &Found, train: &Dataset<'_, f64>) -> Vec<[usize; 3]> {
    let folds = train.folds(&StratifiedKFold::new(3)).unwrap();
    let rows = |score: f64, fold: usize| {
        let rows = score * folds[fold].test.len() as f64;
        assert!((rows - rows.round()).abs() < 1e-9, "{rows} rows");
        rows.round() as usize
    };
    let candidates = found.results().candidates().iter();
    candidates.map(|c| std::array::from_fn(|fold| rows(c.folds[fold].test[0], fold))).collect()
}

/// 10 units and alpha 0.001, with both activations, both rates and both solvers.
fn eight_candidates() -> (Values, Vec<usize>) {
    let values =
        Values { hidden_layer_sizes: vec![vec![10]], alphas: vec![1e-3], ..Values::tutorial() };
    (values, vec![12, 13, 14, 15, 48, 49, 50, 51])
}

/// Those with Adam and a constant rate.
fn two_candidates() -> (Values, Vec<usize>) {
    let rates = vec![LearningRate::Constant];
    let values =
        Values { learning_rates: rates, solvers: vec![Solver::Adam], ..eight_candidates().0 };
    (values, vec![13, 49])
}

/// That with ReLU, Adam and a constant rate.
fn one_candidate() -> (Values, Vec<usize>) {
    (Values { activations: vec![Box::new(Relu)], ..two_candidates().0 }, vec![49])
}

/// Some of the candidates, by their places among the 72.
fn slice(data: Data, pipeline: bool, (values, places): (Values, Vec<usize>)) {
    let want = reference(data, pipeline);
    let (train, _) = data.split(pipeline).unwrap();
    let found = search(&train, pipeline, values);
    let means = found.results().means("accuracy").unwrap();
    for (i, got) in places.iter().copied().zip(&means) {
        assert!((got - want.mean_scores[i]).abs() < 1e-9, "{}, candidate {i}", data.name());
    }
    let rows: Vec<[usize; 3]> = places.iter().map(|&i| want.correct[i]).collect();
    assert_eq!(correct(&found, &train), rows, "{}", data.name());
}

/// All 72 candidates.
fn whole_grid(data: Data, pipeline: bool) {
    let want = reference(data, pipeline);
    let (train, test) = data.split(pipeline).unwrap();
    let found = search(&train, pipeline, Values::tutorial());
    let means = found.results().means("accuracy").unwrap();
    assert_eq!((means.len(), want.mean_scores.len()), (72, 72));
    let correct = correct(&found, &train);
    let differing: Vec<String> = (0..72)
        .filter(|&i| (means[i] - want.mean_scores[i]).abs() > 1e-9)
        .map(|i| {
            let params = &found.results().candidates()[i].params;
            format!("{i}, {params}: {:?} rows correct for {:?}", correct[i], want.correct[i])
        })
        .collect();
    let name = data.name();
    assert!(differing.len() <= 72 - EQUAL, "{name}:\n{}", differing.join("\n"));
    assert_eq!(found.best_index(), want.best_index, "{name}");
    assert_eq!(serde_json::to_value(found.best_params()).unwrap(), want.best_params, "{name}");
    for (got, want) in
        [(found.best_score(), want.best_score), (found.score(&test).unwrap(), want.test_score)]
    {
        assert!((got - want).abs() < 1e-9, "{name}: {got} for {want}");
    }
}

/// The candidates one by one: axes sorted by name, the last fastest.
fn candidates(values: &Values) -> Vec<Perceptron<f64>> {
    let mut candidates = Vec::new();
    for activation in &values.activations {
        for &alpha in &values.alphas {
            for sizes in &values.hidden_layer_sizes {
                for &rate in &values.learning_rates {
                    for &solver in &values.solvers {
                        candidates.push(perceptron(false).map_estimator(|mlp| {
                            mlp.activation(activation.clone())
                                .alpha(alpha)
                                .hidden_layer_sizes(sizes.clone())
                                .learning_rate(rate)
                                .solver(solver)
                        }));
                    }
                }
            }
        }
    }
    candidates
}

/// Epochs and last losses of all fits, whose scores alone could equal by chance.
fn every_fit(data: Data) {
    let want = reference(data, false);
    let (train, _) = data.split(false).unwrap();
    let folds = train.folds(&StratifiedKFold::new(3)).unwrap();
    let mut differing = Vec::new();
    for (i, candidate) in candidates(&Values::tutorial()).into_iter().enumerate() {
        for (fold, rows) in folds.iter().enumerate() {
            let (train, _) = rows.of(&train).unwrap();
            let fitted = candidate.fit(&train).unwrap();
            let (epochs, loss) = (fitted.model().n_iter(), fitted.model().loss());
            let off = loss / want.losses[i][fold] - 1.0;
            if epochs != want.epochs[i][fold] || off.abs() > LOSS {
                let want = want.epochs[i][fold];
                differing
                    .push(format!("{i} fold {fold}: {epochs} epochs for {want}, loss {off:e}"));
            }
        }
    }
    assert!(differing.is_empty(), "{}:\n{}", data.name(), differing.join("\n"));
}

#[test]
fn slice_of_iris() {
    slice(Data::Iris, false, eight_candidates());
    slice(Data::Iris, true, eight_candidates());
}

#[test]
fn slice_of_wine() {
    slice(Data::Wine, false, eight_candidates());
    slice(Data::Wine, true, eight_candidates());
}

#[test]
fn slice_of_breast_cancer() {
    slice(Data::BreastCancer, false, two_candidates());
}

#[test]
fn slice_of_digits() {
    slice(Data::Digits, false, one_candidate());
}

#[test]
#[ignore = "216 fits several times: run by .ci/long-tests"]
fn iris() {
    whole_grid(Data::Iris, false);
    whole_grid(Data::Iris, true);
    every_fit(Data::Iris);
}

#[test]
#[ignore = "216 fits twice: run by .ci/long-tests"]
fn wine() {
    whole_grid(Data::Wine, false);
    whole_grid(Data::Wine, true);
    every_fit(Data::Wine);
}

#[test]
#[ignore = "216 fits twice: run by .ci/long-tests"]
fn breast_cancer() {
    whole_grid(Data::BreastCancer, false);
    every_fit(Data::BreastCancer);
}

#[test]
#[ignore = "216 fits twice: run by .ci/long-tests"]
fn digits() {
    whole_grid(Data::Digits, false);
    every_fit(Data::Digits);
}
