//! Candidates of a search share the preprocessing that they have in common: one fit a fold, the same results.

mod nested;
mod witness;

use blastrain::data::{KFold, Splitter};
use blastrain::estimator::{Estimator, FitContext, FittedMlpClassifier, Pipeline, Predictor};
use blastrain::metrics::{Accuracy, LogLoss, Metric};
use blastrain::preprocessing::{MinMaxScaler, StandardScaler};
use blastrain::search::{ErrorScore, FittedSearch, GridSearch};
use blastrain::{Error, Parallelism, Result, datasets};
use witness::{Searched, Witness, network, numbered, run};

const FOLDS: usize = 3;
const THREADS: [usize; 3] = [1, 2, 4];

/// Six candidates for each shift.
fn search(witness: &Witness, shifts: &[f64]) -> GridSearch<f64, Searched> {
    let step = witness.clone();
    GridSearch::new(Pipeline::new().step(witness.clone()).estimator(network()))
        .axis("shift", shifts.to_vec(), move |pipeline: Searched, shift| {
            let step = Witness { shift, ..step.clone() };
            Pipeline::new().step(step).estimator(pipeline.get_estimator().clone())
        })
        .axis("alpha", [1e-4, 1e-2, 1.0], |pipeline, alpha| {
            pipeline.map_estimator(|network| network.alpha(alpha))
        })
        .axis("hidden_layer_sizes", [vec![2], vec![4]], |pipeline, sizes| {
            pipeline.map_estimator(|network| network.hidden_layer_sizes(sizes))
        })
        .cv(KFold::new(FOLDS))
}

/// What each shift's fits saw: the training rows of each fold, and all rows if it was the best.
fn expected(shifts: &[f64], best: f64) -> Vec<(u64, Vec<usize>)> {
    let data = numbered();
    let mut seen = Vec::new();
    for shift in shifts {
        let folds = data.folds(&KFold::new(FOLDS)).unwrap();
        seen.extend(folds.into_iter().map(|fold| (shift.to_bits(), fold.train)));
    }
    seen.push((best.to_bits(), (0..data.len()).collect()));
    seen.sort();
    seen
}

#[test]
fn each_fold_fits_each_preprocessing_once_to_its_training_rows() {
    for threads in THREADS {
        let witness = Witness::keyed();
        let found = run(&search(&witness, &[0.0, 3.0]), threads).unwrap();
        assert_eq!(found.results().candidates().len(), 12);
        let Some(best) = found.best_params().get("shift").and_then(|shift| shift.as_f64()) else {
            panic!("no shift in {}", found.best_params());
        };
        assert_eq!(witness.log.seen(), expected(&[0.0, 3.0], best), "{threads} threads");
    }
}

#[test]
fn a_step_without_a_key_is_shared_by_clones_of_its_pipeline() {
    let witness = Witness::default();
    let shared = GridSearch::new(Pipeline::new().step(witness.clone()).estimator(network()))
        .axis("alpha", [1e-4, 1e-2, 1.0], |pipeline: Searched, alpha| {
            pipeline.map_estimator(|network| network.alpha(alpha))
        })
        .cv(KFold::new(FOLDS));
    run(&shared, 2).unwrap();
    assert_eq!(witness.log.seen().len(), FOLDS + 1);
    // Made anew for each candidate, it might be another one.
    let witness = Witness::default();
    run(&search(&witness, &[0.0, 3.0]), 2).unwrap();
    assert_eq!(witness.log.seen().len(), 12 * FOLDS + 1);
}

#[test]
fn results_are_those_of_fits_by_hand() {
    let data = datasets::wine::<f64>().unwrap();
    let pipeline = |with_mean, alpha| {
        Pipeline::new()
            .step(StandardScaler::new().with_mean(with_mean))
            .step(MinMaxScaler::new())
            .estimator(network().max_iter(20).alpha(alpha))
    };
    let (means, alphas) = ([true, false], [1e-4, 0.1, 10.0]);
    let search = GridSearch::new(pipeline(true, 1.0))
        .axis("a_mean", means, move |searched, mean| {
            pipeline(mean, 1.0).map_estimator(|_| searched.get_estimator().clone())
        })
        .axis("alpha", alphas, |searched: Searched, alpha| {
            searched.map_estimator(|network| network.alpha(alpha))
        })
        .metric(Accuracy)
        .metric(LogLoss)
        .train_scores(true)
        .cv(KFold::new(FOLDS));
    let by_hand: Vec<Searched> =
        means.iter().flat_map(|&mean| alphas.map(|alpha| pipeline(mean, alpha))).collect();
    let metrics: [&dyn Metric<f64>; 2] = [&Accuracy, &LogLoss];
    let folds = KFold::new(FOLDS).split(data.len(), None).unwrap();
    for threads in THREADS {
        let mut context = FitContext::new().parallelism(Parallelism::Threads(threads));
        let found = search.fit_with(&data, &mut context).unwrap();
        for (result, pipeline) in found.results().candidates().iter().zip(&by_hand) {
            for (result, fold) in result.folds.iter().zip(&folds) {
                let (train, test) = fold.of(&data).unwrap();
                let model = pipeline.fit(&train).unwrap();
                assert_eq!(result.test, model.evaluate_all(&test, &metrics).unwrap());
                assert_eq!(result.train, model.evaluate_all(&train, &metrics).unwrap());
            }
        }
        let best = by_hand[found.best_index()].fit(&data).unwrap();
        let best_model = found.best_model().unwrap();
        assert_eq!(best_model.predict_proba(&data).unwrap(), best.predict_proba(&data).unwrap());
        assert_eq!(best_model.steps().len(), 2);
    }
}

#[test]
fn a_preprocessing_that_fails_fails_for_each_of_its_candidates() {
    for threads in THREADS {
        let witness = Witness::keyed();
        let found = run(&search(&witness, &[0.0, Witness::REFUSED]), threads).unwrap();
        let failed = |shift| {
            let candidates = found.results().candidates().iter();
            let of_shift =
                candidates.filter(move |candidate| candidate.params.get("shift") == Some(&shift));
            of_shift
                .flat_map(|candidate| &candidate.folds)
                .filter_map(|fold| fold.error.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(failed(Witness::REFUSED.into()).len(), 6 * FOLDS);
        assert!(failed(Witness::REFUSED.into()).iter().all(|error| error.contains("shift")));
        assert!(failed(0.0.into()).is_empty());
        assert_eq!(witness.log.seen(), expected(&[0.0, Witness::REFUSED], 0.0));
        // A program reacts to the error as the step gave it.
        let refused = |error: Result<_>| match error {
            Err(Error::FitFailed { source, .. }) => {
                matches!(*source, Error::Param { name: "shift", .. })
            }
            _ => false,
        };
        let raising = search(&witness, &[0.0, Witness::REFUSED]).error_score(ErrorScore::Raise);
        assert!(refused(run(&raising, threads)));
        assert!(refused(run(&search(&witness, &[Witness::REFUSED]), threads)));
    }
}

#[test]
fn rows_are_freed_behind_their_last_candidate() {
    let shifts = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
    for threads in THREADS {
        let witness = Witness::keyed();
        let found = run(&search(&witness, &shifts), threads).unwrap();
        assert_eq!(witness.log.seen().len(), shifts.len() * FOLDS + 1);
        let (alive, peak) = witness.log.alive();
        assert_eq!(alive, 1, "the best model's alone");
        let allowed = if threads == 1 { 1 } else { 2 * threads };
        assert!(peak <= allowed, "{peak} preprocessings at once on {threads} threads");
        drop(found);
        assert_eq!(witness.log.alive().0, 0);
    }
}

#[test]
fn what_a_journal_has_is_not_preprocessed_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let (first, again) = (Witness::keyed(), Witness::keyed());
    let one = run(&search(&first, &[0.0, 3.0]).journal(&path), 2).unwrap();
    // A candidate's three folds are missing: three fits, each of its own preprocessing.
    let text = std::fs::read_to_string(&path).unwrap();
    let missing = |line: &&str| !line.contains("\"candidate\":4,");
    let left: String = text.lines().filter(missing).map(|line| format!("{line}\n")).collect();
    std::fs::write(&path, left).unwrap();
    let two = run(&search(&again, &[0.0, 3.0]).journal(&path), 2).unwrap();
    assert_eq!(again.log.seen().len(), FOLDS + 1);
    let means = |found: &FittedSearch<f64, _>| found.results().means("accuracy").unwrap();
    assert_eq!(means(&one), means(&two));
}

#[test]
fn a_step_may_use_rayon() {
    for _ in 0..20 {
        let witness = Witness { parallel: true, ..Witness::keyed() };
        run(&search(&witness, &[0.0, 1.0, 2.0]), 4).unwrap();
        assert_eq!(witness.log.seen().len(), 3 * FOLDS + 1);
    }
}

#[test]
fn validation_rows_go_through_shared_steps() {
    let data = numbered();
    let witness = Witness::keyed();
    let pipeline = Pipeline::new().step(witness.clone()).estimator(network().early_stopping(true));
    let preprocessed = pipeline.fit_preprocessing(&data).unwrap();
    let mut context = FitContext::new().validation(&data);
    let shared = pipeline.fit_preprocessed(&preprocessed, &mut context).unwrap();
    let whole = pipeline.fit_with(&data, &mut context).unwrap();
    assert_eq!(shared.predict_proba(&data).unwrap(), whole.predict_proba(&data).unwrap());
    let scores = |model: &FittedMlpClassifier<f64>| model.history().epochs().len();
    assert_eq!(scores(shared.model()), scores(whole.model()));
    assert_eq!(witness.log.seen().len(), 2);
}
