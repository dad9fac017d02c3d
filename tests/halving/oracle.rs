//! Successive halving as plain loops of fits.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use blastrain::data::{Dataset, Fold, StratifiedKFold};
use blastrain::estimator::{Estimator, FitContext, FittedMlpClassifier, MlpClassifier, Predictor};
use blastrain::metrics::{Accuracy, LogLoss, Metric};
use blastrain::search::{FittedSearch, GridSearch, Resource, SuccessiveHalving};
use blastrain::{RandomState, Result, datasets};

const RATES: [f64; 8] = [3e-5, 1e-2, 1e-4, 3e-2, 3e-3, 1e-1, 3e-4, 1e-3];

fn wine() -> Dataset<'static, f64> {
    let data = datasets::wine().unwrap();
    let scaler = blastrain::preprocessing::MinMaxScaler::new().fit_dataset(&data).unwrap();
    scaler.transform_dataset(&data).unwrap()
}

fn classifier(rate: f64) -> MlpClassifier {
    MlpClassifier::new().hidden_layer_sizes([6]).learning_rate_init(rate).max_iter(12)
}

/// A fit's rate and rows.
type Seen = (f64, Vec<usize>);

/// Notes the rows that each fit sees.
#[derive(Clone)]
struct Witness {
    mlp: MlpClassifier,
    rate: f64,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.mlp.fmt(f)
    }
}

impl Estimator<f64> for Witness {
    type Fitted = FittedMlpClassifier<f64>;

    fn fit_with(
        &self,
        data: &Dataset<'_, f64>,
        context: &mut FitContext<'_, f64>,
    ) -> Result<Self::Fitted> {
        let (all, own) = (wine().to_arrays().0, data.to_arrays().0);
        let find = |row| all.outer_iter().position(|other| other == row).unwrap();
        let rows: Vec<usize> = own.outer_iter().map(find).collect();
        self.seen.lock().unwrap().push((self.rate, rows));
        self.mlp.fit_with(data, context)
    }

    fn default_metric(&self) -> Box<dyn Metric<f64>> {
        Box::new(Accuracy)
    }
}

/// Log loss and accuracy of a candidate on every fold.
type Scores = Vec<Vec<f64>>;

/// The scores of each round's candidates, best by the log loss; `fit` fits one on a fold in a round.
fn halve(
    rounds: usize,
    folds: &[Fold],
    factor: f64,
    fit: impl Fn(usize, f64, usize) -> FittedMlpClassifier<f64>,
) -> Vec<(usize, f64, Scores)> {
    let (data, metrics): (_, [&dyn Metric<f64>; 2]) = (wine(), [&Accuracy, &LogLoss]);
    let (mut left, mut entries) = (RATES.to_vec(), Vec::new());
    left.sort_by(f64::total_cmp);
    for round in 0..rounds {
        let mut scored: Vec<(f64, f64, Scores)> = Vec::new();
        for &rate in &left {
            let score = |fold: usize| {
                let test = data.select(&folds[fold].test).unwrap();
                fit(round, rate, fold).evaluate_all(&test, &metrics).unwrap()
            };
            let scores: Scores = (0..folds.len()).map(score).collect();
            let mean = scores.iter().map(|fold| fold[1]).sum::<f64>() / folds.len() as f64;
            scored.push((mean, rate, scores));
        }
        entries.extend(scored.iter().map(|(_, rate, scores)| (round, *rate, scores.clone())));
        scored.sort_by(|a, b| a.0.total_cmp(&b.0));
        let keep = (left.len() as f64 / factor).ceil() as usize;
        let kept: Vec<f64> = scored[..keep].iter().map(|(_, rate, _)| *rate).collect();
        left.retain(|rate| kept.contains(rate));
    }
    entries
}

fn assert_equal<E: Estimator<f64>>(found: &FittedSearch<f64, E>, want: &[(usize, f64, Scores)]) {
    let got: Vec<(usize, f64, Scores)> = found
        .results()
        .candidates()
        .iter()
        .map(|entry| {
            let rate = entry.params.get("learning_rate_init").unwrap().as_f64().unwrap();
            let scores = entry.folds.iter().map(|fold| fold.test.clone()).collect();
            (entry.iter.unwrap(), rate, scores)
        })
        .collect();
    assert_eq!(got, want);
}

fn sorted_rates() -> Vec<f64> {
    let mut rates = RATES.to_vec();
    rates.sort_by(f64::total_cmp);
    rates
}

#[test]
fn rounds_of_epochs_equal_unbroken_fits() {
    let data = wine();
    let search = GridSearch::new(classifier(1.0))
        .axis("learning_rate_init", sorted_rates(), |mlp: MlpClassifier, rate| {
            mlp.learning_rate_init(rate)
        })
        .metric(Accuracy)
        .metric(LogLoss)
        .refit_by("log_loss")
        .cv(StratifiedKFold::new(4));
    let found = SuccessiveHalving::new(search)
        .factor(2.0)
        .resource(Resource::Epochs)
        .max_resources(50)
        .fit(&data)
        .unwrap();
    let epochs = found.schedule().unwrap().n_resources();
    assert_eq!(epochs, [6, 12, 24, 48]);
    let folds = data.folds(&StratifiedKFold::new(4)).unwrap();
    let want = halve(4, &folds, 2.0, |round, rate, fold| {
        let train = data.select(&folds[fold].train).unwrap();
        classifier(rate).max_iter(epochs[round]).fit(&train).unwrap()
    });
    assert_equal(&found, &want);
}

#[test]
fn rounds_of_rows_equal_fits_to_the_rows_seen() {
    let data = wine();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let witness = Witness { mlp: classifier(1.0), rate: 0.0, seen: seen.clone() };
    let search = GridSearch::new(witness)
        .axis("learning_rate_init", sorted_rates(), |witness: Witness, rate| Witness {
            mlp: witness.mlp.learning_rate_init(rate),
            rate,
            ..witness
        })
        .metric(Accuracy)
        .metric(LogLoss)
        .refit_by("log_loss")
        .refit(false)
        .cv(StratifiedKFold::new(4));
    let found = SuccessiveHalving::new(search)
        .factor(2.0)
        .min_resources(44)
        .random_state(RandomState::new(9))
        .fit(&data)
        .unwrap();
    let resources = found.schedule().unwrap().n_resources();
    assert_eq!(resources, [44, 88, 176]);
    let folds = data.folds(&StratifiedKFold::new(4)).unwrap();
    let classes = data.class_targets().unwrap();
    // Each round's rows of each fold: the same for all candidates, nested, and stratified.
    let seen = seen.lock().unwrap();
    let of = |round: usize, fold: usize| {
        let size = (resources[round] as f64 / 178.0 * folds[fold].train.len() as f64) as usize;
        let test: BTreeSet<usize> = folds[fold].test.iter().copied().collect();
        let inside = |rows: &&Vec<usize>| {
            rows.len() == size && rows.iter().all(|row| folds[fold].train.contains(row))
        };
        let rows: BTreeSet<&Vec<usize>> =
            seen.iter().map(|(_, rows)| rows).filter(inside).collect();
        // Small sets of several folds may be disjoint from this fold's test rows: ask for nesting below.
        assert!(rows.iter().all(|rows| rows.iter().all(|row| !test.contains(row))));
        rows
    };
    let mut chosen: Vec<Vec<Vec<usize>>> = vec![Vec::new(); 3];
    for (fold, whole) in folds.iter().enumerate() {
        let last = of(2, fold);
        assert_eq!(last.len(), 1, "all candidates see the same rows");
        let mut within = (*last.first().unwrap()).clone();
        chosen[2].push(within.clone());
        for round in [1, 0] {
            let nested = |rows: &&&Vec<usize>| rows.iter().all(|row| within.contains(row));
            let rows: Vec<_> = of(round, fold).into_iter().collect();
            let rows: Vec<_> = rows.iter().filter(nested).collect();
            assert_eq!(rows.len(), 1, "round {round}");
            within = (**rows[0]).clone();
            chosen[round].push(within.clone());
            for class in 0..3 {
                let share = |rows: &[usize]| {
                    let own = rows.iter().filter(|&&row| classes[row] == class).count();
                    own as f64 / rows.len() as f64
                };
                let off = (share(&within) - share(&whole.train)).abs();
                assert!(off * within.len() as f64 <= 1.0);
            }
        }
    }
    assert_eq!(seen.len(), 4 * (8 + 4 + 2));
    let want = halve(3, &folds, 2.0, |round, rate, fold| {
        let train = data.select(&chosen[round][fold]).unwrap();
        classifier(rate).fit(&train).unwrap()
    });
    assert_equal(&found, &want);
}
