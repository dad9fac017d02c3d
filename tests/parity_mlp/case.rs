//! A case: its data, its settings, and the numbers to compare with.

use std::path::Path;

use blastrain::data::{NpzReader, TargetStorage};
use blastrain::prelude::*;
use ndarray::Array2;
use serde_json::Value;

const ARCHIVE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parity/mlp.npz");

pub fn cases() -> Vec<Value> {
    serde_json::from_str(include_str!("../parity/mlp.json")).unwrap()
}

pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

pub fn archived(name: &str) -> Array2<f64> {
    let mut archive = NpzReader::open(Path::new(ARCHIVE)).unwrap();
    archive.read::<f64>(name).unwrap().into_rows().unwrap()
}

/// Whether `a` is within `tolerance` of `b`, relative to `b` where that is above 1 in size.
pub fn near(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * b.abs().max(1.0)
}

pub fn relative(a: f64, b: f64) -> f64 {
    if a == b { 0.0 } else { (a - b).abs() / b.abs() }
}

/// The rows of a case: training, test.
pub fn data(case: &Value) -> (Dataset<'static, f64>, Dataset<'static, f64>) {
    let name = case["data"].as_str().unwrap();
    let all = match name {
        "iris" => datasets::iris(),
        "digits" => datasets::digits(),
        "breast_cancer" => datasets::breast_cancer(),
        "wine" => datasets::wine(),
        "diabetes" => datasets::diabetes(),
        other => panic!("{other}"),
    }
    .unwrap();
    let all = MinMaxScaler::new().fit_dataset(&all).unwrap().transform_dataset(&all).unwrap();
    let random = RandomState::new(42);
    let (train, test) = match name {
        "diabetes" => train_test_split(&all, 0.2, random),
        _ => stratified_train_test_split(&all, 0.2, random),
    }
    .unwrap();
    let train = with_targets(case, train);
    if case["weighted"].is_null() {
        return (train, test);
    }
    // The weight follows from the row's place in the whole table.
    let indices = match name {
        "diabetes" => blastrain::data::train_test_indices(all.len(), 0.2, RandomState::new(42)),
        _ => blastrain::data::stratified_train_test_indices(
            &all.class_targets().unwrap(),
            0.2,
            RandomState::new(42),
        ),
    };
    let weights = indices.unwrap().0.iter().map(|&row| (row * 7 % 5) as f64 * 0.5).collect();
    (train.with_weights(weights).unwrap(), test)
}

/// The targets that a case derives from those of its data.
pub fn with_targets(case: &Value, data: Dataset<'static, f64>) -> Dataset<'static, f64> {
    let (features, targets) = data.to_arrays();
    let targets: TargetStorage<'static, f64> = if case["multilabel"].as_bool() == Some(true) {
        let classes = data.class_targets().unwrap();
        let flags = |(row, column): (usize, usize)| {
            let class = classes[row];
            f64::from(u8::from([class >= 1, class >= 2, class % 2 == 1][column]))
        };
        Array2::from_shape_fn((classes.len(), 3), flags).into()
    } else if case["binary"].as_bool() == Some(true) {
        data.class_targets()
            .unwrap()
            .into_iter()
            .map(|class| class.min(1))
            .collect::<Vec<_>>()
            .into()
    } else if case["two_outputs"].as_bool() == Some(true) {
        let values = data.value_targets().unwrap();
        Array2::from_shape_fn((values.nrows(), 2), |(row, column)| {
            let value = values[(row, 0)];
            [value / 100.0, value.sqrt() - 10.0][column]
        })
        .into()
    } else {
        targets
    };
    Dataset::new(features, targets).unwrap()
}
