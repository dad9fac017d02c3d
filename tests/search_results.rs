//! What a search takes, and what it tells and gives back in the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use blastrain::data::StratifiedKFold;
use blastrain::estimator::{FitContext, RegressorLoss};
use blastrain::loss::Huber;
use blastrain::metrics::{Accuracy, LogLoss};
use blastrain::prelude::*;
use blastrain::search::{FittedSearch, Resource, SearchResults};
use serde_json::Value;

type Piped = Pipeline<f64, MlpClassifier>;

fn mlp() -> MlpClassifier {
    MlpClassifier::new().hidden_layer_sizes([3]).max_iter(4).learning_rate_init(0.05)
}

fn iris() -> Dataset<'static, f64> {
    datasets::iris().unwrap()
}

/// By accuracy another wins than by the loss: the tie of the large penalties is broken otherwise.
fn search() -> GridSearch<f64, MlpClassifier> {
    GridSearch::new(mlp())
        .axis("alpha", [1e-4, 0.123456789012345], |mlp: MlpClassifier, alpha| mlp.alpha(alpha))
        .axis("max_iter", [1, 30], |mlp, max_iter| mlp.max_iter(max_iter))
        .metric(Accuracy)
        .metric(LogLoss)
        .cv(StratifiedKFold::new(2))
}

#[test]
fn the_best_estimator_is_given_unfitted() {
    let data = iris();
    for refit in [true, false] {
        let found = search().refit(refit).fit(&data).unwrap();
        let best: &MlpClassifier = found.best_estimator();
        let again = best.fit(&data).unwrap();
        assert_eq!(
            again.n_iter() as u64,
            found.best_params().get("max_iter").unwrap().as_u64().unwrap()
        );
        match found.best_model() {
            Ok(model) => assert_eq!(model.to_bytes().unwrap(), again.to_bytes().unwrap()),
            Err(error) => assert!(!refit && matches!(error, Error::Param { name: "refit", .. })),
        }
        let best = format!("{:?}", found.best_estimator());
        assert_eq!(format!("{:?}", found.into_best_estimator()), best);
    }
}

#[test]
fn score_and_table_go_by_the_deciding_metric() {
    let data = iris();
    let found = search().refit_by("log_loss").fit(&data).unwrap();
    let model = found.best_model().unwrap();
    assert_eq!(found.score(&data).unwrap(), model.evaluate(&data, &LogLoss).unwrap());
    assert_ne!(found.score(&data).unwrap(), model.score(&data).unwrap());
    assert_eq!(found.evaluate(&data, &Accuracy).unwrap(), model.score(&data).unwrap());
    let nested = search().refit_by("log_loss");
    assert_eq!(Estimator::<f64>::default_metric(&nested).name(), "log_loss");
    assert_eq!(Estimator::<f64>::default_metric(&search()).name(), "accuracy");
    let results = found.results();
    assert_eq!(results.deciding_metric(), "log_loss");
    let table = results.to_string();
    let lines: Vec<&str> = table.lines().collect();
    let columns: Vec<&str> = lines[0].split_whitespace().take(5).collect();
    assert_eq!(columns, ["rank", "log_loss", "±", "accuracy", "±"]);
    assert!(lines[1].starts_with("*    1 "), "{table}");
    let loss = format!(" {:.4} ", found.best_score());
    assert!(lines[1].contains(&loss), "{table}");
    let ranks: Vec<&str> = lines[1..5].iter().map(|line| line[2..6].trim()).collect();
    assert_eq!(ranks, ["1", "2", "3", "4"]);
    assert!(lines[2..5].iter().all(|line| line.starts_with(' ')), "{table}");
    assert_eq!(lines[5], "* the best, by log_loss (lower is better)");
    // Numbers are rounded here and nowhere else.
    assert!(table.contains("alpha=0.123457,"), "{table}");
    assert!(results.to_csv().contains("0.123456789012345,"));
}

#[test]
fn a_table_says_what_it_leaves_out_and_what_failed() {
    let alpha = |mlp: MlpClassifier, alpha: f64| mlp.alpha(alpha);
    let many = GridSearch::new(mlp())
        .axis("alpha", (0..25).map(|i| f64::from(i) - 3.0), alpha)
        .cv(StratifiedKFold::new(2))
        .refit(false);
    let table = many.fit(&iris()).unwrap().results().to_string();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 1 + 20 + 3);
    assert_eq!(lines[22], "20 of 25 candidates");
    let failed = "6 of 50 fits failed; the first, of alpha=-3.0 on fold 0: alpha is -3, ";
    assert!(lines[23].starts_with(failed), "{table}");
    let few = search().fit(&iris()).unwrap().results().to_string();
    assert!(!few.contains("candidates") && !few.contains("failed"), "{few}");
}

#[test]
fn the_best_of_the_last_round_leads_the_table() {
    // In the first round nothing has learnt; the table is cut where the best would be.
    let rates: Vec<f64> = (0..27).map(|i| 0.001 * f64::from(i + 1)).collect();
    let search = GridSearch::new(mlp())
        .axis("rate", rates, |mlp: MlpClassifier, rate| mlp.learning_rate_init(rate))
        .cv(StratifiedKFold::new(2));
    let halving = SuccessiveHalving::new(search).resource(Resource::Epochs).max_resources(27);
    let found = halving.fit(&iris()).unwrap();
    let table = found.results().to_string();
    let first = table.lines().nth(1).unwrap();
    assert!(first.starts_with('*') && first.contains("   3         27  rate="), "{table}");
    assert!(table.contains("20 of 40 candidates"), "{table}");
}

#[test]
fn json_explains_itself() {
    let found = search().refit_by("log_loss").train_scores(true).fit(&iris()).unwrap();
    let results: &SearchResults = found.results();
    let json: Value = serde_json::from_str(&results.to_json()).unwrap();
    assert_eq!(json["metrics"][1]["name"], "log_loss");
    assert_eq!(json["metrics"][1]["higher_is_better"], false);
    assert_eq!(json["deciding_metric"], "log_loss");
    assert_eq!(json["best_index"], found.best_index());
    assert_eq!(serde_json::to_value(results).unwrap(), json);
    let csv = results.to_csv();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    for (row, candidate) in reader.records().zip(json["candidates"].as_array().unwrap()) {
        let row = row.unwrap();
        let of = |name: &str| -> f64 {
            row[header.iter().position(|known| known == name).unwrap()].parse().unwrap()
        };
        for metric in ["accuracy", "log_loss"] {
            for kind in ["test", "train"] {
                let of_metric = &candidate[kind][metric];
                assert_eq!(of_metric["mean"], of(&format!("mean_{kind}_{metric}")));
                assert_eq!(of_metric["std"], of(&format!("std_{kind}_{metric}")));
                for fold in [0, 1] {
                    let want = of(&format!("split{fold}_{kind}_{metric}"));
                    assert_eq!(candidate["folds"][fold][kind][metric], want);
                }
            }
            let rank = candidate["test"][metric]["rank"].as_f64().unwrap();
            assert_eq!(rank, of(&format!("rank_test_{metric}")));
        }
        for name in ["mean_fit_seconds", "mean_score_seconds"] {
            assert_eq!(candidate[name], of(name));
        }
    }
}

#[test]
fn steps_of_a_pipeline_are_set_by_axes() {
    let data = datasets::wine::<f64>().unwrap();
    let piped =
        || Pipeline::new().step(StandardScaler::new()).step(MinMaxScaler::new()).estimator(mlp());
    let by_hand = |with_mean: bool, high: f64| {
        Pipeline::new()
            .step(StandardScaler::new().with_mean(with_mean))
            .step(MinMaxScaler::new().clip(true).feature_range(0.0, high))
            .estimator(mlp())
    };
    let found = GridSearch::new(piped())
        .axis("a_clip", [true], |pipeline: Piped, clip| {
            pipeline.map_step(1, |scaler: MinMaxScaler| scaler.clip(clip))
        })
        .axis("high", [0.5, 2.0], |pipeline, high| {
            pipeline.map_step(1, |scaler: MinMaxScaler| scaler.feature_range(0.0, high))
        })
        .axis("mean", [true, false], |pipeline, mean| {
            pipeline.replace_step(0, StandardScaler::new().with_mean(mean))
        })
        .cv(StratifiedKFold::new(2))
        .fit(&data)
        .unwrap();
    let splitter = StratifiedKFold::new(2);
    let settings = [(true, 0.5), (false, 0.5), (true, 2.0), (false, 2.0)];
    for (got, (mean, high)) in found.results().candidates().iter().zip(settings) {
        let want = cross_val_score(&by_hand(mean, high), &data, &splitter).unwrap();
        let got: Vec<f64> = got.folds.iter().map(|fold| fold.test[0]).collect();
        assert_eq!(got, want, "{mean} {high}");
    }
    for (wrong, told) in [
        (piped().replace_step(2, MinMaxScaler::new()), "step is number 2, but must be from 0 to 1"),
        (piped().map_step(5, |s: MinMaxScaler| s), "step is number 5, but must be from 0 to 1"),
        (piped().map_step(0, |s: MinMaxScaler| s), "step is number 0, StandardScaler"),
        (
            Pipeline::new().estimator(mlp()).replace_step(0, MinMaxScaler::new()),
            "step is number 0, but must be one of the pipeline, which has none",
        ),
    ] {
        let refused = wrong.fit(&data).unwrap_err().to_string();
        assert!(refused.starts_with(told), "{refused}");
        let refused = wrong.fit_epochs(&data, None, 1, &mut FitContext::new());
        assert!(matches!(refused, Err(Error::Param { name: "step", .. })));
    }
    // What candidates share is not shared with one that is wrong.
    let half_wrong = GridSearch::new(piped())
        .axis("step", [1, 2], |pipeline: Piped, index| {
            pipeline.replace_step(index, MinMaxScaler::new())
        })
        .cv(StratifiedKFold::new(2))
        .fit(&data)
        .unwrap();
    let failed = half_wrong.results().candidates().iter().map(|candidate| candidate.failed());
    assert_eq!(failed.collect::<Vec<_>>(), [false, true]);
}

#[test]
fn the_crates_settings_are_values_of_axes() {
    let shown = |results: &SearchResults| -> Vec<String> {
        results.candidates().iter().map(|candidate| candidate.params.to_string()).collect()
    };
    let found = GridSearch::new(mlp())
        .axis("activation", [Tanh], |mlp: MlpClassifier, activation| mlp.activation(activation))
        .axis("slope", [LeakyRelu::new(0.2), LeakyRelu::new(0.1)], |mlp, relu| mlp.activation(relu))
        .axis("z", [BatchSize::Auto, BatchSize::Rows(9)], |mlp, rows| mlp.batch_size(rows))
        .cv(StratifiedKFold::new(2))
        .fit(&iris())
        .unwrap();
    let first = "activation=tanh, slope=leaky_relu(0.2), z=auto";
    assert_eq!(shown(found.results())[0], first);
    let losses =
        [RegressorLoss::SquaredError, RegressorLoss::Poisson, Huber::new(1.5).unwrap().into()];
    let regressor = MlpRegressor::new().hidden_layer_sizes([2]).max_iter(2);
    let found = GridSearch::new(regressor)
        .axis("loss", losses, |mlp: MlpRegressor, loss| mlp.loss(loss))
        .fit(&datasets::diabetes::<f64>().unwrap())
        .unwrap();
    let huber = "loss=Huber { delta: 1.5, reduction: Mean }";
    assert_eq!(shown(found.results()), ["loss=squared_error", "loss=poisson", huber]);
}

#[test]
fn values_without_a_number_are_told_apart() {
    let values = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.5];
    let found = GridSearch::new(mlp())
        .axis("tol", values, |mlp: MlpClassifier, _| mlp)
        .cv(StratifiedKFold::new(2))
        .fit(&iris())
        .unwrap();
    let csv = found.results().to_csv();
    let shown: Vec<&str> = csv.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(shown, ["param_tol", "NaN", "inf", "-inf", "0.5"]);
    assert_eq!(found.results().axes()[0].1.len(), 4);
}

#[test]
fn what_has_no_name_of_its_own_is_refused() {
    let alpha = |mlp: MlpClassifier, alpha: f64| mlp.alpha(alpha);
    let told =
        |search: GridSearch<f64, MlpClassifier>| search.fit(&iris()).unwrap_err().to_string();
    assert_eq!(
        told(search().axis("alpha", [1.0], alpha)),
        "axis name is \"alpha\" for two axes, but must be given to one of them only"
    );
    assert_eq!(
        told(search().axis("", [1.0], alpha)),
        "axis name is \"\", but must be one character or more"
    );
    let twice = "metric is \"accuracy\" twice, but must be given once";
    assert_eq!(told(search().metric(Accuracy)), twice);
    let validation = CrossValidation::new().metric(Accuracy).metric(Accuracy);
    let refused = validation.run(&mlp(), &iris(), &StratifiedKFold::new(2)).unwrap_err();
    assert_eq!(refused.to_string(), twice);
    let drawn = || RandomizedSearch::new(mlp(), 2);
    let told =
        |search: RandomizedSearch<f64, MlpClassifier>| search.fit(&iris()).unwrap_err().to_string();
    assert!(told(drawn().uniform("", 0.0..=1.0, alpha)).starts_with("axis name is \"\""));
    assert_eq!(
        told(drawn().uniform("u", f64::MIN..=f64::MAX, alpha)),
        format!(
            "range is {:?} for axis \"u\", but must be from the lower bound to the upper one, both and \
             their difference finite",
            f64::MIN..=f64::MAX
        )
    );
    let reversed = told(drawn().log_uniform("u", 5.0..=2.0, alpha));
    assert!(
        reversed.starts_with("range is 5.0..=2.0 for axis \"u\", but must be from"),
        "{reversed}"
    );
}

#[test]
fn threads_and_stop_flag_are_the_searchs_own() {
    let stopping = |stop: Arc<AtomicBool>, fits: Arc<AtomicUsize>, threads| {
        search().parallelism(threads).stop_flag(stop.clone()).progress(move |_| {
            fits.fetch_add(1, Ordering::SeqCst);
            stop.store(true, Ordering::SeqCst);
        })
    };
    let data = iris();
    let (stop, fits) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
    let stopped = stopping(stop.clone(), fits.clone(), Parallelism::Serial).fit(&data);
    assert!(matches!(stopped, Err(Error::Stopped { what: "the search" })));
    assert_eq!(fits.load(Ordering::SeqCst), 1, "on one thread");
    // The context's threads go before the search's, of which there are too many here.
    let bad = || search().parallelism(Parallelism::Threads(0));
    assert!(matches!(bad().fit(&data), Err(Error::Param { name: "threads", .. })));
    let mut context = FitContext::new().parallelism(Parallelism::Serial);
    let found: FittedSearch<f64, _> = bad().fit_with(&data, &mut context).unwrap();
    let two = search().parallelism(Parallelism::Threads(2)).fit(&data).unwrap();
    assert_eq!(found.best_score().to_bits(), two.best_score().to_bits());
    // Either flag stops it, also while the best is fitted to all rows.
    let context_stop = Arc::new(AtomicBool::new(true));
    let mut context = FitContext::new().stop_flag(context_stop);
    let stopped = search().stop_flag(Arc::default()).fit_with(&data, &mut context);
    assert!(matches!(stopped, Err(Error::Stopped { .. })));
    let stop = Arc::<AtomicBool>::default();
    let raised = stop.clone();
    let at_last = search()
        .progress(move |progress| raised.store(progress.done == progress.fits, Ordering::SeqCst))
        .stop_flag(stop)
        .parallelism(Parallelism::Serial);
    assert!(matches!(at_last.fit(&data), Err(Error::Stopped { .. })));
}
