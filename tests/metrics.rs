//! Metrics against scikit-learn 1.9.1 (`tests/parity/metrics.py`).

use blastrain::metrics::*;
use ndarray::Array2;
use serde_json::Value;

fn cases(kind: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("parity/metrics.json")).unwrap();
    let cases = file[kind].as_array().unwrap().clone();
    assert!(cases.len() >= 3, "{kind}");
    cases
}

fn number(value: &Value) -> f64 {
    if value.is_null() { f64::NAN } else { value.as_f64().unwrap() }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn indices(value: &Value) -> Vec<usize> {
    numbers(value).into_iter().map(|index| index as usize).collect()
}

fn matrix(value: &Value) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(numbers).collect();
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(row, column)| rows[row][column])
}

fn weights(case: &Value) -> Option<Vec<f64>> {
    case["weights"].as_array().map(|_| numbers(&case["weights"]))
}

#[track_caller]
fn assert_close(got: f64, want: f64) {
    let close = (got - want).abs() <= 1e-12 * want.abs().max(1.0) || got.is_nan() && want.is_nan();
    assert!(close, "got {got}, want {want}");
}

#[track_caller]
fn assert_all_close(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    got.iter().zip(want).for_each(|(&got, &want)| assert_close(got, want));
}

fn averaging(key: &str) -> Averaging {
    let (average, zero) = key.split_once(' ').unwrap();
    let average = match average {
        "binary" => Average::Binary,
        "micro" => Average::Micro,
        "macro" => Average::Macro,
        "weighted" => Average::Weighted,
        "samples" => Average::Samples,
        other => panic!("{other}"),
    };
    average.zero_division(zero_division(zero))
}

fn zero_division(name: &str) -> ZeroDivision {
    match name {
        "Zero" => ZeroDivision::Zero,
        "One" => ZeroDivision::One,
        "NaN" => ZeroDivision::NaN,
        other => panic!("{other}"),
    }
}

fn check_averages(
    expected: &Value,
    t: Labels,
    p: Labels,
    classes: Option<usize>,
    w: Option<&[f64]>,
) {
    for (key, want) in expected.as_object().unwrap() {
        let mut averaging = averaging(key);
        averaging.classes = classes;
        let got = [
            precision(t, p, averaging, w).unwrap(),
            recall(t, p, averaging, w).unwrap(),
            f1(t, p, averaging, w).unwrap(),
            f_beta(t, p, 0.5, averaging, w).unwrap(),
        ];
        assert_all_close(&got, &numbers(want));
    }
}

#[test]
fn labels_equal_scikit_learn() {
    for case in cases("labels") {
        let (t, p) = (indices(&case["targets"]), indices(&case["predictions"]));
        let (w, classes) = (weights(&case), case["classes"].as_u64().unwrap() as usize);
        let w = w.as_deref();
        assert_close(accuracy(&t, &p, w).unwrap(), number(&case["accuracy"]));
        let balanced = numbers(&case["balanced"]);
        assert_close(balanced_accuracy(&t, &p, w).unwrap(), balanced[0]);
        if !balanced[1].is_nan() {
            assert_close(adjusted_balanced_accuracy(&t, &p, w).unwrap(), balanced[1]);
        }
        check_averages(&case["present"], (&t).into(), (&p).into(), None, w);
        check_averages(&case["all"], (&t).into(), (&p).into(), Some(classes), w);
        for (zero, want) in case["per_class"].as_object().unwrap() {
            let scores = class_scores(&t, &p, Some(classes), 1.0, zero_division(zero), w).unwrap();
            assert_eq!(scores.len(), classes);
            for (score, want) in scores.iter().zip(want.as_array().unwrap()) {
                let got = [score.precision, score.recall, score.f_score, score.support];
                assert_all_close(&got, &numbers(want));
            }
        }
        for (normalize, want) in case["confusion"].as_object().unwrap() {
            let normalize = match normalize.as_str() {
                "true" => Some(Normalize::Targets),
                "pred" => Some(Normalize::Predictions),
                "all" => Some(Normalize::All),
                _ => None,
            };
            let got = confusion_matrix(&t, &p, Some(classes), normalize, w).unwrap();
            let (got, want) = (got.into_raw_vec_and_offset().0, matrix(want));
            assert_all_close(&got, want.as_slice().unwrap());
        }
        let names = (0..classes).map(|class| class.to_string());
        let report = ReportOptions::new().class_names(names).report(&t, &p, w).unwrap();
        for (row, want) in [&report.macro_average, &report.weighted_average].into_iter().zip(0..) {
            let got = [row.precision, row.recall, row.f1, row.support];
            assert_all_close(&got, &numbers(&case["report"][want as usize]));
        }
    }
}

#[test]
fn flags_equal_scikit_learn() {
    for case in cases("flags") {
        let [t, p] = ["targets", "predictions"].map(|key| flags_from(&matrix(&case[key])).unwrap());
        let w = weights(&case);
        let w = w.as_deref();
        assert_close(accuracy(&t, &p, w).unwrap(), number(&case["accuracy"]));
        check_averages(&case["present"], (&t).into(), (&p).into(), None, w);
        let scores = matrix(&case["scores"]);
        for (average, want) in case["auc"].as_object().unwrap() {
            let average = averaging(&format!("{average} Zero")).average;
            let got = roc_auc_multilabel(t.view(), &scores, average, w).unwrap();
            assert_close(got, number(want));
        }
    }
}

#[test]
fn binary_scores_equal_scikit_learn() {
    for case in cases("binary") {
        let (t, scores, w) = (indices(&case["targets"]), numbers(&case["scores"]), weights(&case));
        let w = w.as_deref();
        assert_close(roc_auc(&t, &scores, w).unwrap(), number(&case["auc"]));
        let curve = roc_curve(&t, &scores, w).unwrap();
        assert_all_close(&curve.false_positive_rate, &numbers(&case["curve"][0]));
        assert_all_close(&curve.true_positive_rate, &numbers(&case["curve"][1]));
        assert_all_close(&curve.thresholds[1..], &numbers(&case["curve"][2]));
        assert_eq!(curve.thresholds[0], f64::INFINITY);
        assert_close(log_loss(&t, &scores, w).unwrap(), number(&case["log_loss"]));
        assert_close(brier_score(&t, &scores, w).unwrap(), number(&case["brier"]));
        assert_close(top_k_accuracy(&t, &scores, 1, w).unwrap(), number(&case["top_1"]));
        let margins: Vec<f64> = scores.iter().map(|score| score * 4.0 - 2.0).collect();
        let top_1 = top_k_accuracy(&t, &margins, 1, w).unwrap();
        assert_close(top_1, number(&case["top_1_margin"]));
    }
}

#[test]
fn probabilities_equal_scikit_learn() {
    for case in cases("probabilities") {
        let (t, p, w) = (indices(&case["targets"]), matrix(&case["probabilities"]), weights(&case));
        let w = w.as_deref();
        for (key, want) in case["auc"].as_object().unwrap() {
            let (multi, average) = key.split_once(' ').unwrap();
            let multi = if multi == "ovo" { MultiClass::OneVsOne } else { MultiClass::OneVsRest };
            let average = averaging(&format!("{average} Zero")).average;
            assert_close(roc_auc_multiclass(&t, &p, multi, average, w).unwrap(), number(want));
        }
        assert_close(log_loss(&t, &p, w).unwrap(), number(&case["log_loss"]));
        assert_close(brier_score(&t, &p, w).unwrap(), number(&case["brier"]));
        for (k, want) in (1..).zip(numbers(&case["top_k"])) {
            assert_close(top_k_accuracy(&t, &p, k, w).unwrap(), want);
        }
    }
    for case in cases("two_columns") {
        let (t, p, w) = (indices(&case["targets"]), matrix(&case["probabilities"]), weights(&case));
        assert_close(log_loss(&t, &p, w.as_deref()).unwrap(), number(&case["log_loss"]));
        assert_close(brier_score(&t, &p, w.as_deref()).unwrap(), number(&case["brier"]));
    }
}

#[test]
fn regression_equals_scikit_learn() {
    for case in cases("regression") {
        let (t, p, w) = (matrix(&case["targets"]), matrix(&case["predictions"]), weights(&case));
        let w = w.as_deref();
        let per_output = [
            ("mse", mean_squared_error_per_output(&t, &p, w)),
            ("rmse", root_mean_squared_error_per_output(&t, &p, w)),
            ("mae", mean_absolute_error_per_output(&t, &p, w)),
            ("median", median_absolute_error_per_output(&t, &p, w)),
            ("r2", r2_per_output(&t, &p, w)),
            ("explained_variance", explained_variance_per_output(&t, &p, w)),
        ];
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        for (key, got) in per_output {
            assert_all_close(&got.unwrap(), &numbers(&case[key]));
        }
        assert_close(r2(&t, &p, w).unwrap(), number(&case["r2_mean"]));
        assert_close(mean_squared_error(&t, &p, w).unwrap(), mean(&numbers(&case["mse"])));
        assert_close(root_mean_squared_error(&t, &p, w).unwrap(), mean(&numbers(&case["rmse"])));
        assert_close(max_error(&t, &p).unwrap(), number(&case["max_error"]));
        let (counts, rates) = (matrix(&case["counts"]), matrix(&case["rates"]));
        let poisson = mean_poisson_deviance(&counts, &rates, w).unwrap();
        assert_close(poisson, mean(&numbers(&case["poisson"])));
    }
}
