//! Scalers and encoders against scikit-learn 1.9.1 (`tests/parity/preprocessing.py`).

use blastrain::data::Dataset;
use blastrain::preprocessing::*;
use blastrain::{Error, Scalar};
use ndarray::{Array2, array};
use serde_json::Value;

fn cases(kind: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("parity/preprocessing.json")).unwrap();
    let cases = file[kind].as_array().unwrap().clone();
    assert!(cases.len() >= 3, "{kind}");
    cases
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn matrix(value: &Value) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(numbers).collect();
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(row, column)| rows[row][column])
}

/// Equal to 1e-12 of the value, or of `size[column]`: what the column's values are to its scale.
///
/// Subtracting a mean from values a million times its distance from them loses six digits, in NumPy as here.
#[track_caller]
fn assert_close(got: &Array2<f64>, want: &Array2<f64>, size: &[f64]) {
    assert_eq!(got.dim(), want.dim());
    for ((row, column), &want) in want.indexed_iter() {
        let got = got[(row, column)];
        let allowed = 1e-12 * want.abs().max(size[column]).max(1.0);
        assert!((got - want).abs() <= allowed, "({row}, {column}): got {got}, want {want}");
    }
}

#[track_caller]
fn assert_columns_close(got: &[f64], want: &[f64], allowed: f64) {
    assert_eq!(got.len(), want.len());
    for (column, (got, want)) in got.iter().zip(want).enumerate() {
        let close = (got - want).abs() <= allowed * want.abs().max(1e-12);
        assert!(close, "column {column}: got {got}, want {want}");
    }
}

#[test]
fn min_max_equals_scikit_learn() {
    for case in cases("min_max") {
        let (features, new) = (matrix(&case["features"]), matrix(&case["new"]));
        let range = numbers(&case["range"]);
        let scaler = MinMaxScaler::new()
            .feature_range(range[0], range[1])
            .clip(case["clip"].as_bool().unwrap())
            .fit(features.view())
            .unwrap();
        assert_columns_close(&scaler.scale(), &numbers(&case["scale"]), 1e-12);
        assert_columns_close(&scaler.offset(), &numbers(&case["offset"]), 1e-12);
        let scaled = scaler.transform(new.view()).unwrap();
        let size: Vec<f64> = scaler.offset().iter().map(|offset| offset.abs()).collect();
        assert_close(&scaled, &matrix(&case["scaled"]), &size);
        let back = scaler.inverse_transform(scaled.view()).unwrap();
        let size: Vec<f64> = size.iter().zip(scaler.scale()).map(|(o, s)| o / s).collect();
        assert_close(&back, &matrix(&case["back"]), &size);
    }
}

#[test]
fn standard_equals_scikit_learn() {
    for case in cases("standard") {
        let (features, new) = (matrix(&case["features"]), matrix(&case["new"]));
        let (mean, std) =
            (case["with_mean"].as_bool().unwrap(), case["with_std"].as_bool().unwrap());
        let scaler = StandardScaler::new().with_mean(mean).with_std(std);
        let fitted = match case["weights"].is_null() {
            true => scaler.fit(features.view()),
            false => scaler.fit_weighted(features.view(), &numbers(&case["weights"])),
        };
        let fitted = fitted.unwrap();
        if !case["mean"].is_null() {
            assert_columns_close(&fitted.mean(), &numbers(&case["mean"]), 1e-12);
        }
        if std {
            let scale = numbers(&case["scale"]);
            let condition = |column: usize| (fitted.mean()[column] / scale[column]).abs().max(1.0);
            for (column, &want) in scale.iter().enumerate() {
                let got = fitted.scale()[column];
                assert_columns_close(&[got], &[want], 1e-12 * condition(column));
            }
        }
        let scales = if std { fitted.scale() } else { vec![1.0; new.ncols()] };
        let size: Vec<f64> =
            fitted.mean().iter().zip(&scales).map(|(m, s)| (m / s).abs()).collect();
        let scaled = fitted.transform(new.view()).unwrap();
        assert_close(&scaled, &matrix(&case["scaled"]), &size);
        let back = fitted.inverse_transform(scaled.view()).unwrap();
        let size: Vec<f64> = fitted.mean().iter().map(|mean| mean.abs()).collect();
        assert_close(&back, &matrix(&case["back"]), &size);
    }
}

#[test]
fn labels_equal_scikit_learn() {
    for case in cases("labels") {
        let values = case["labels"].as_array().unwrap();
        let (classes, indices) = (&case["classes"], numbers(&case["indices"]));
        let got = match &values[0] {
            Value::String(_) => {
                encode(values, classes, |value| value.as_str().unwrap().to_string())
            }
            Value::Bool(_) => encode(values, classes, |value| value.as_bool().unwrap()),
            _ => encode(values, classes, |value| value.as_i64().unwrap()),
        };
        assert_eq!(got.iter().map(|&index| index as f64).collect::<Vec<f64>>(), indices);
    }
}

fn encode<T: Ord + Clone + std::fmt::Debug + std::fmt::Display>(
    values: &[Value],
    classes: &Value,
    label: impl Fn(&Value) -> T,
) -> Vec<usize> {
    let labels: Vec<T> = values.iter().map(&label).collect();
    let encoder = LabelEncoder::fit(&labels).unwrap();
    let expected: Vec<T> = classes.as_array().unwrap().iter().map(&label).collect();
    assert_eq!(encoder.classes(), expected);
    let indices = encoder.transform(&labels).unwrap();
    assert_eq!(encoder.inverse_transform(&indices).unwrap(), labels);
    assert_eq!(LabelEncoder::fit_transform(&labels).unwrap(), (encoder, indices.clone()));
    indices
}

/// One fitted scaler, behind the functions that all of them have.
struct Fitted<F> {
    name: &'static str,
    fit: fn(&Array2<F>) -> blastrain::Result<Transform<F>>,
}

/// Features to `[scaled, scaled back]`.
type Transform<F> = Box<dyn Fn(&Array2<F>) -> blastrain::Result<[Array2<F>; 2]>>;

/// Every scaler.
fn scalers<F: Scalar>() -> [Fitted<F>; 2] {
    [
        Fitted {
            name: "min_max",
            fit: |features| {
                let fitted = MinMaxScaler::new().fit(features.view())?;
                Ok(Box::new(move |new| {
                    let scaled = fitted.transform(new.view())?;
                    Ok([scaled.clone(), fitted.inverse_transform(scaled.view())?])
                }))
            },
        },
        Fitted {
            name: "standard",
            fit: |features| {
                let fitted = StandardScaler::new().fit(features.view())?;
                Ok(Box::new(move |new| {
                    let scaled = fitted.transform(new.view())?;
                    Ok([scaled.clone(), fitted.inverse_transform(scaled.view())?])
                }))
            },
        },
    ]
}

fn contract<F: Scalar>() {
    let good = array![[1.0, 5.0, -3.0], [2.0, 5.0, 8.0], [4.0, 5.0, 0.5]].mapv(F::from_f64);
    let tolerance = F::from_f64(if F::NAME == "f32" { 1e-5 } else { 1e-12 });
    for Fitted { name, fit } in scalers::<F>() {
        let run = fit(&good).unwrap();
        let [scaled, back] = run(&good).unwrap();
        assert!(scaled.iter().all(|value| value.is_finite()), "{name}");
        assert!(
            scaled.column(1).iter().all(|&value| value == F::zero()),
            "{name}: constant column"
        );
        assert!((&back - &good).iter().all(|error| error.abs() < tolerance), "{name}");
        // One row, and row by row as all at once.
        let [one, _] = run(&good.select(ndarray::Axis(0), &[1])).unwrap();
        assert_eq!(one.row(0), scaled.row(1), "{name}");
        let single = fit(&good.select(ndarray::Axis(0), &[0])).unwrap();
        assert!(single(&good).is_ok(), "{name}");
        // No rows to transform are none again; none to fit on are an error.
        let none = Array2::zeros((0, 3));
        assert_eq!(run(&none).unwrap()[0].dim(), (0, 3), "{name}");
        assert!(matches!(fit(&none), Err(Error::Empty { .. })), "{name}");
        assert!(matches!(fit(&Array2::zeros((3, 0))), Err(Error::Empty { .. })), "{name}");
        let narrow = run(&Array2::zeros((3, 2))).unwrap_err().to_string();
        assert_eq!(narrow, "features: expected 3 columns, as fitted, got 2 columns", "{name}");
        for bad in [F::nan(), F::infinity()] {
            let mut broken = good.clone();
            broken[(1, 2)] = bad;
            let refused = |error| matches!(error, Error::NonFinite { row: 1, column: 2, .. });
            assert!(fit(&broken).is_err_and(refused), "{name}");
            assert!(run(&broken).is_err_and(refused), "{name}");
        }
    }
}

#[test]
fn every_scaler_keeps_the_contract() {
    contract::<f64>();
    contract::<f32>();
}

#[test]
fn data_sets_keep_targets_weights_and_names() {
    let data = Dataset::new(array![[1.0, 2.0], [3.0, 2.0], [9.0, 9.0]], vec![0, 1, 0]).unwrap();
    let data = data.with_class_names(["no", "yes", "perhaps"]).unwrap();
    let data = data.with_feature_names(["width", "height"]).unwrap();
    let data = data.with_weights(vec![1.0, 2.0, 3.0]).unwrap();
    let part = data.select(&[1, 0]).unwrap();
    let min_max = MinMaxScaler::new().fit_dataset(&part).unwrap();
    let standard = StandardScaler::new().fit_dataset(&part).unwrap();
    let scaled = min_max.transform_dataset(&part).unwrap();
    assert_eq!(scaled.to_arrays().0, array![[1.0, 0.0], [0.0, 0.0]]);
    assert_eq!(scaled.class_targets().unwrap(), [1, 0]);
    assert_eq!(scaled.row_weights().unwrap(), [2.0, 1.0]);
    assert_eq!(scaled.classes(), Some(3));
    assert_eq!(scaled.feature_names().unwrap(), ["width", "height"]);
    let scaled = standard.transform_dataset(&data).unwrap();
    assert_eq!(scaled.to_arrays().0, array![[-1.0, 0.0], [1.0, 0.0], [7.0, 7.0]]);
    assert_eq!(data.to_arrays().0[(0, 0)], 1.0, "the input is not changed");
}

#[test]
fn fitted_scalers_survive_json_to_the_bit() {
    let features = array![[0.1, 1e9 + 0.3], [0.7, -2.0 / 3.0], [1.0 / 3.0, 5e-324]];
    let min_max = MinMaxScaler::new().feature_range(-0.1, 0.7).fit(features.view()).unwrap();
    let json = serde_json::to_string(&min_max).unwrap();
    assert_eq!(serde_json::from_str::<FittedMinMaxScaler>(&json).unwrap(), min_max);
    let standard = StandardScaler::new().fit(features.view()).unwrap();
    let json = serde_json::to_string(&standard).unwrap();
    assert_eq!(serde_json::from_str::<FittedStandardScaler>(&json).unwrap(), standard);
}
