//! Successive halving, against plain loops and scikit-learn (`parity/halving.py`).

mod journal;
mod oracle;
mod settings;
mod stub;

use std::sync::{Arc, Mutex};

use blastrain::data::{KFold, StratifiedKFold};
use blastrain::estimator::{
    Estimator, FitContext, LearningRate, MlpClassifier, MlpRegressor, Pipeline, Solver,
};
use blastrain::metrics::LogLoss;
use blastrain::preprocessing::StandardScaler;
use blastrain::search::{
    CandidateResult, ErrorScore, FittedSearch, GridSearch, RandomizedSearch, Resource,
    SuccessiveHalving, cross_val_score,
};
use blastrain::{Error, Parallelism, RandomState, datasets};
use serde_json::Value;
use stub::Stub;

type Piped = Pipeline<f64, MlpClassifier>;

/// Twelve candidates behind one preprocessing.
fn piped() -> GridSearch<f64, Piped> {
    let mlp = MlpClassifier::new().learning_rate_init(0.01).random_state(42).tol(1e-3);
    GridSearch::new(Pipeline::new().step(StandardScaler::new()).estimator(mlp))
        .axis("hidden_layer_sizes", [[3], [6], [10]], |pipeline: Piped, sizes| {
            pipeline.map_estimator(|mlp| mlp.hidden_layer_sizes(sizes))
        })
        .axis("solver", [Solver::Sgd, Solver::Adam], |pipeline: Piped, solver| {
            pipeline.map_estimator(|mlp| mlp.solver(solver))
        })
        .axis("alpha", [1e-4, 3.0], |pipeline: Piped, alpha| {
            pipeline.map_estimator(|mlp| mlp.alpha(alpha))
        })
        .metric(LogLoss)
        .train_scores(true)
        .cv(StratifiedKFold::new(3))
}

/// Everything but the times, to the bit.
fn untimed<E: Estimator<f64>>(found: &FittedSearch<f64, E>) -> (String, usize, u64) {
    let mut candidates: Vec<CandidateResult> = found.results().candidates().to_vec();
    for fold in candidates.iter_mut().flat_map(|candidate| &mut candidate.folds) {
        (fold.fit_seconds, fold.score_seconds) = (0.0, 0.0);
    }
    (format!("{candidates:?}"), found.best_index(), found.best_score().to_bits())
}

#[test]
fn rounds_of_epochs_equal_scikit_learns() {
    let all: Value = serde_json::from_str(include_str!("../parity/halving.json")).unwrap();
    let golden = &all["by_epochs"];
    let found = SuccessiveHalving::new(piped().refit(false))
        .resource(Resource::Epochs)
        .min_resources(6)
        .max_resources(60)
        .fit(&datasets::wine::<f64>().unwrap())
        .unwrap();
    let n_candidates: Vec<usize> = serde_json::from_value(golden["n_candidates"].clone()).unwrap();
    assert_eq!(found.schedule().unwrap().n_candidates(), n_candidates);
    let entries = golden["entries"].as_array().unwrap();
    let got = found.results().candidates();
    assert_eq!(got.len(), entries.len());
    let ranks = found.results().ranks("log_loss").unwrap();
    for (i, got) in got.iter().enumerate() {
        // scikit-learn has the candidates of a round in the order of their scores.
        let same = |entry: &&Value| {
            entry["iter"].as_u64() == got.iter.map(|iter| iter as u64)
                && entry["params"] == serde_json::to_value(&got.params).unwrap()
        };
        let (at, want) = entries.iter().enumerate().find(|(_, entry)| same(entry)).unwrap();
        assert_eq!(got.n_resources.map(|n| n as u64), want["max_iter"].as_u64());
        assert_eq!(want["n_resources"], want["max_iter"]);
        assert_eq!(ranks[i] as u64, want["rank"].as_u64().unwrap());
        for (fold, scores) in got.folds.iter().enumerate() {
            for (got, want) in [(&scores.test, &want["test"]), (&scores.train, &want["train"])] {
                let want = want[fold].as_f64().unwrap();
                assert!((got[0] + want).abs() < 1e-9, "{got:?} for {want}");
            }
        }
        assert_eq!(i == found.best_index(), golden["best"] == at);
    }
}

#[test]
fn one_round_on_all_rows_is_a_plain_search() {
    let data = datasets::wine::<f64>().unwrap();
    let search = || {
        let mlp = MlpClassifier::new().hidden_layer_sizes([5]).max_iter(15);
        let piped = Pipeline::new().step(StandardScaler::new()).estimator(mlp);
        GridSearch::new(piped).axis("learning_rate_init", [1e-3, 1e-2], |piped: Piped, rate| {
            piped.map_estimator(|mlp| mlp.learning_rate_init(rate))
        })
    };
    let (plain, halving) =
        (search().fit(&data).unwrap(), SuccessiveHalving::new(search()).fit(&data).unwrap());
    let schedule = halving.schedule().unwrap();
    assert_eq!((schedule.n_iterations(), schedule.n_resources()), (1, &[178][..]));
    assert!(plain.schedule().is_none());
    let folds = |found: &FittedSearch<f64, _>| {
        let folds = found.results().candidates().iter().flat_map(|candidate| &candidate.folds);
        folds.map(|fold| fold.test[0].to_bits()).collect::<Vec<_>>()
    };
    assert_eq!(folds(&plain), folds(&halving));
    assert_eq!(plain.best_params(), halving.best_params());
    let bytes = |found: FittedSearch<f64, _>| {
        let model: blastrain::estimator::FittedPipeline<f64, _> = found.into_best_model().unwrap();
        model.to_bytes().unwrap()
    };
    assert_eq!(bytes(plain), bytes(halving));
}

#[test]
fn threads_do_not_change_a_bit() {
    let data = datasets::wine::<f64>().unwrap();
    for halving in [
        SuccessiveHalving::new(piped()).factor(2.0),
        SuccessiveHalving::new(piped()).factor(2.0).resource(Resource::Epochs).max_resources(16),
    ] {
        let run = |threads| {
            let mut context = FitContext::new().parallelism(Parallelism::Threads(threads));
            let found = halving.fit_with(&data, &mut context).unwrap();
            let model = found.best_model().unwrap().to_bytes().unwrap();
            (untimed(&found), model)
        };
        let one = run(1);
        for threads in [2, 4] {
            assert!(run(threads) == one, "{threads} threads");
        }
    }
}

#[test]
fn entries_tell_their_round() {
    let data = datasets::iris::<f64>().unwrap();
    let found = SuccessiveHalving::new(Stub::search(9)).fit(&data).unwrap();
    let entries: Vec<_> = found
        .results()
        .candidates()
        .iter()
        .map(|entry| (entry.iter.unwrap(), entry.n_resources.unwrap(), entry.params.to_string()))
        .collect();
    assert_eq!(entries.len(), 9 + 3 + 1);
    // The larger the setting the better.
    let want = [(1, 48, "6"), (1, 48, "7"), (1, 48, "8"), (2, 144, "8")];
    for (got, (iter, n_resources, setting)) in entries[9..].iter().zip(want) {
        assert_eq!(*got, (iter, n_resources, format!("setting={setting}")));
    }
    let schedule = found.schedule().unwrap();
    assert_eq!(schedule.n_resources(), [16, 48, 144]);
}

#[test]
fn files_have_scikit_learns_columns() {
    let data = datasets::wine::<f64>().unwrap();
    let halving = SuccessiveHalving::new(Stub::search(9)).min_resources(20).max_resources(178);
    let found = halving.fit(&data).unwrap();
    let csv = found.results().to_csv();
    assert!(csv.starts_with("iter,n_resources,param_setting,"), "{csv}");
    assert!(csv.contains("\n1,60,6,"), "{csv}");
    let json: Value = serde_json::from_str(&found.results().to_json()).unwrap();
    assert_eq!(json["candidates"][9]["iter"], 1);
    assert_eq!(json["candidates"][9]["n_resources"], 60);
    let table = found.results().to_string();
    assert!(table.lines().next().unwrap().contains("iter  resources"), "{table}");
    assert!(table.lines().nth(1).unwrap().contains("  setting=8"), "{table}");
    let plain = Stub::search(9).fit(&data).unwrap();
    assert!(plain.results().to_csv().starts_with("param_setting,"));
    let json: Value = serde_json::from_str(&plain.results().to_json()).unwrap();
    assert!(json["candidates"][0].get("iter").is_none());
    assert!(!plain.results().to_string().contains("iter"));
}

#[test]
fn the_best_is_one_of_the_last_round() {
    let data = datasets::iris::<f64>().unwrap();
    // The less a fit has, the better it scores: all entries of the first round beat the last.
    let stub = Stub { fades: true, ..Stub::default() };
    let found = SuccessiveHalving::new(Stub::around(stub, 9)).fit(&data).unwrap();
    let (results, best) = (found.results(), found.best_index());
    assert_eq!(results.candidates()[best].iter, found.schedule().map(|s| s.n_iterations() - 1));
    let means = results.means("accuracy").unwrap();
    assert!(means[..9].iter().all(|&mean| mean > found.best_score()));
    assert_eq!(means[best], found.best_score());
    assert_eq!(results.best_index("accuracy").unwrap(), best);
}

#[test]
fn the_first_of_equals_go_on() {
    let data = datasets::iris::<f64>().unwrap();
    let stub = Stub { level: Some(0.5), ..Stub::default() };
    let found = SuccessiveHalving::new(Stub::around(stub, 9)).fit(&data).unwrap();
    let entries = found.results().candidates();
    let settings: Vec<_> =
        entries[9..].iter().map(|e| e.params.get("setting").unwrap().as_u64().unwrap()).collect();
    assert_eq!(settings[..3], [0, 1, 2]);
    assert_eq!(found.best_params().get("setting").unwrap(), 0);
}

#[test]
fn what_fails_does_not_go_on_if_others_can() {
    let data = datasets::iris::<f64>().unwrap();
    for resource in [Resource::Rows, Resource::Epochs] {
        let run = |failing: Vec<usize>, after: usize, error_score| {
            let stub = Stub { failing, fails_after: after, ..Stub::default() };
            let search = Stub::around(stub, 6).error_score(error_score).refit(false);
            SuccessiveHalving::new(search)
                .factor(2.0)
                .resource(resource)
                .min_resources(20)
                .max_resources(80)
                .fit(&data)
        };
        let ranks_last = ErrorScore::Value(f64::NAN);
        let of_round = |found: &FittedSearch<f64, _>, round| {
            let of_round = |entry: &&CandidateResult| entry.iter == Some(round);
            let entries = found.results().candidates().iter().filter(of_round);
            entries.map(|entry| entry.params.get("setting").unwrap().as_u64().unwrap()).collect()
        };
        // The best would be 5, 4 and 3.
        let found = run(vec![5, 3], 0, ranks_last).unwrap();
        let (second, third): (Vec<u64>, Vec<u64>) = (of_round(&found, 1), of_round(&found, 2));
        assert_eq!((second, third), (vec![1, 2, 4], vec![2, 4]), "{resource:?}");
        assert!(found.results().candidates()[5].folds[0].error.is_some());
        // One that fails later drops out later.
        let found = run(vec![5], 20, ranks_last).unwrap();
        let (second, third): (Vec<u64>, Vec<u64>) = (of_round(&found, 1), of_round(&found, 2));
        assert_eq!((second, third), (vec![3, 4, 5], vec![3, 4]), "{resource:?}");
        assert_eq!(found.best_params().get("setting").unwrap(), 4);
        // No score for failures keeps them in before others.
        let found = run(vec![5], 0, ErrorScore::Value(9.0)).unwrap();
        let second: Vec<u64> = of_round(&found, 1);
        assert_eq!(second, [2, 3, 4], "{resource:?}");
        // A round without a fit that went well has nothing to choose by.
        for (failed, told) in [
            (
                run(vec![0, 1, 2, 3, 4, 5], 0, ErrorScore::Value(0.0)),
                "all 12 fits in round 0 failed; the first, of setting=0 on fold 0: setting is 0",
            ),
            (
                run(vec![3, 4, 5], 20, ErrorScore::Value(0.0)),
                "all 6 fits in round 1 failed; the first, of setting=3 on fold 0: setting is 3",
            ),
            (
                run(vec![4], 20, ErrorScore::Raise),
                "the fit of setting=4 on fold 0 in round 1 failed: setting is 4",
            ),
        ] {
            let failed = failed.unwrap_err();
            assert!(failed.to_string().starts_with(told), "{resource:?}: {failed}");
            let Error::FitFailed { source, round: Some(_), fold: Some(0), .. } = failed else {
                panic!("{failed}");
            };
            assert!(matches!(*source, Error::Param { name: "setting", .. }), "{source}");
        }
    }
}

#[test]
fn scores_without_a_number_come_last() {
    let data = datasets::iris::<f64>().unwrap();
    let stub = Stub { nan: vec![8, 7], ..Stub::default() };
    let found = SuccessiveHalving::new(Stub::around(stub, 9)).fit(&data).unwrap();
    assert_eq!(found.results().candidates()[9].params.to_string(), "setting=4");
    assert_eq!(found.best_params().get("setting").unwrap(), 6);
}

#[test]
fn fits_go_on_and_what_drops_out_is_freed() {
    let data = datasets::iris::<f64>().unwrap();
    let stub = Stub::default();
    let found = SuccessiveHalving::new(Stub::around(stub.clone(), 9).refit(false))
        .resource(Resource::Epochs)
        .max_resources(90)
        .fit(&data)
        .unwrap();
    let fits = stub.fits.lock().unwrap().clone();
    assert_eq!(fits.len(), 2 * (9 + 3 + 1));
    for (setting, before, epochs, _) in &fits {
        let want = match epochs {
            10 => 0,
            30 => 10,
            _ => 30,
        };
        assert_eq!(*before, want, "setting {setting} went on from there");
    }
    // Of the first round's 18 models the three survivors' are there when the second begins.
    let alive = |epochs| fits.iter().filter(|fit| fit.2 == epochs).map(|fit| fit.3).max().unwrap();
    assert!(alive(30) <= 6 && alive(90) <= 2, "{} and {}", alive(30), alive(90));
    assert_eq!(stub.models(), 0);
    assert_eq!(found.schedule().unwrap().n_resources(), [10, 30, 90]);
    // By rows nobody goes on with anything.
    let stub = Stub::default();
    SuccessiveHalving::new(Stub::around(stub.clone(), 9).refit(false)).fit(&data).unwrap();
    let mut context = FitContext::new().parallelism(Parallelism::Serial);
    SuccessiveHalving::new(Stub::around(stub.clone(), 9).refit(false))
        .fit_with(&data, &mut context)
        .unwrap();
    assert!(stub.fits.lock().unwrap().iter().rev().take(26).all(|fit| fit.3 == 0));
}

#[test]
fn the_last_fit_has_all_rows_or_the_last_rounds_epochs() {
    let data = datasets::iris::<f64>().unwrap();
    let settings = || {
        let mlp = MlpClassifier::new().hidden_layer_sizes([4]).max_iter(7);
        GridSearch::new(mlp)
            .axis("learning_rate_init", [0.1, 1e-5, 1e-6, 1e-7], |mlp: MlpClassifier, rate| {
                mlp.learning_rate_init(rate)
            })
            .cv(StratifiedKFold::new(2))
    };
    let best = MlpClassifier::new().hidden_layer_sizes([4]).learning_rate_init(0.1);
    let halving = SuccessiveHalving::new(settings()).factor(2.0);
    let rows = halving.fit(&data).unwrap();
    let want = best.clone().max_iter(7).fit(&data).unwrap();
    assert_eq!(rows.best_model().unwrap().to_bytes().unwrap(), want.to_bytes().unwrap());
    let halving = SuccessiveHalving::new(settings()).factor(2.0);
    let epochs = halving.resource(Resource::Epochs).max_resources(21).fit(&data).unwrap();
    assert_eq!(epochs.schedule().unwrap().n_resources(), [5, 10, 20]);
    let want = best.max_iter(20).fit(&data).unwrap();
    assert_eq!(epochs.best_model().unwrap().to_bytes().unwrap(), want.to_bytes().unwrap());
}

#[test]
fn around_a_randomized_search_and_inside_cross_validation() {
    let data = datasets::diabetes::<f64>().unwrap();
    let search = || {
        RandomizedSearch::new(MlpRegressor::new().hidden_layer_sizes([4]).max_iter(5), 6)
            .log_uniform("learning_rate_init", 1e-3..=1e-1, |mlp, rate| {
                mlp.learning_rate_init(rate)
            })
            .choice("learning_rate", [LearningRate::Constant], |mlp, rule| mlp.learning_rate(rule))
            .random_state(RandomState::new(3))
            .cv(KFold::new(2))
    };
    let halving = SuccessiveHalving::new(search()).random_state(RandomState::new(1));
    let found = halving.fit(&data).unwrap();
    assert_eq!(found.schedule().unwrap().n_resources(), [147, 441]);
    let scores = cross_val_score(&halving, &data, &KFold::new(3)).unwrap();
    assert_eq!(scores.len(), 3);
    assert_eq!(scores, cross_val_score(&halving, &data, &KFold::new(3)).unwrap());
    let plain = search().fit(&data).unwrap();
    let first = found.results().candidates().iter().take(6).map(|entry| &entry.params);
    assert!(first.eq(plain.results().candidates().iter().map(|entry| &entry.params)));
}

#[test]
fn progress_counts_all_rounds() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let list = told.clone();
    let search = Stub::search(9)
        .progress(move |progress| list.lock().unwrap().push((progress.done, progress.fits)));
    SuccessiveHalving::new(search).fit(&datasets::iris::<f64>().unwrap()).unwrap();
    let want: Vec<_> = (1..=26).map(|done| (done, 26)).collect();
    assert_eq!(*told.lock().unwrap(), want);
}

#[test]
fn the_time_left_counts_rows_and_epochs() {
    for resource in [Resource::Rows, Resource::Epochs] {
        let told = Arc::new(Mutex::new(Vec::new()));
        let list = told.clone();
        let search = Stub::search(9).progress(move |progress| {
            list.lock().unwrap().push(progress.seconds_left / progress.seconds);
        });
        let halving = SuccessiveHalving::new(search).resource(resource).max_resources(144);
        let found = halving.fit(&datasets::iris::<f64>().unwrap()).unwrap();
        assert_eq!(found.schedule().unwrap().n_resources(), [16, 48, 144]);
        let weights = match resource {
            Resource::Rows => [16.0, 48.0, 144.0],
            _ => [16.0, 32.0, 96.0],
        };
        let fits: Vec<f64> =
            [18, 6, 2].iter().zip(weights).flat_map(|(&fits, w)| vec![w; fits]).collect();
        let all: f64 = fits.iter().sum();
        let mut done = 0.0;
        for (got, weight) in told.lock().unwrap().iter().zip(fits) {
            done += weight;
            assert!((got - (all - done) / done).abs() < 1e-9, "{resource:?}: {got} at {done}");
        }
    }
}
