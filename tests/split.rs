//! Splits against scikit-learn 1.9.1 (numbers made by tests/parity/random_state.py), and their laws.

use std::collections::BTreeMap;

use blastrain::data::{
    Dataset, stratified_train_test_indices, stratified_train_test_split, train_test_indices,
    train_test_split,
};
use blastrain::{Error, RandomState, Result};
use ndarray::{Array2, Axis};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    splits: Vec<Case>,
    stratified: Vec<LabelSet>,
}

#[derive(Deserialize)]
struct LabelSet {
    name: String,
    labels: Vec<usize>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    rows: usize,
    fraction: f64,
    seed: u32,
    digest: u64,
    train: Option<Vec<usize>>,
    test: Option<Vec<usize>>,
}

impl Case {
    /// Compares a split, and where it left the generator, with scikit-learn's.
    fn check(&self, name: &str, train: &[usize], test: &[usize], random: &mut RandomState) {
        let name = format!("{name}, {} rows, {}, seed {}", self.rows, self.fraction, self.seed);
        if let (Some(want_train), Some(want_test)) = (&self.train, &self.test) {
            assert_eq!((train, test), (&want_train[..], &want_test[..]), "{name}");
        }
        let parts = train.iter().chain(test).map(|&row| row as u64);
        let words = std::iter::once(train.len() as u64).chain(parts);
        let words = words.chain(std::iter::once(random.next_u32().into()));
        let digest = words.fold(0xcbf2_9ce4_8422_2325, |value: u64, word| {
            (value ^ word).wrapping_mul(0x100_0000_01b3)
        });
        assert_eq!(digest, self.digest, "{name}: train {train:?}, test {test:?}");
    }
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("parity/random_state.json")).expect("golden numbers")
}

#[test]
fn splits_are_scikit_learns() -> Result<()> {
    for case in golden().splits {
        let mut random = RandomState::new(case.seed);
        let (train, test) = train_test_indices(case.rows, case.fraction, &mut random)?;
        case.check("plain", &train, &test, &mut random);
    }
    Ok(())
}

#[test]
fn stratified_splits_are_scikit_learns() -> Result<()> {
    for LabelSet { name, labels, cases } in golden().stratified {
        for case in cases {
            let mut random = RandomState::new(case.seed);
            let (train, test) = stratified_train_test_indices(&labels, case.fraction, &mut random)?;
            case.check(&name, &train, &test, &mut random);
        }
    }
    Ok(())
}

#[test]
fn data_sets_split_as_their_indices_and_share_storage() -> Result<()> {
    let features = Array2::from_shape_fn((12, 2), |(row, column)| (10 * row + column) as f64);
    let labels = vec![1, 0, 2, 1, 0, 2, 1, 0, 2, 1, 0, 2];
    let weights: Vec<f64> = (1..=12).map(f64::from).collect();
    let whole = Dataset::new(&features, labels.clone())?.with_weights(weights.clone())?;

    let plain = train_test_split(&whole, 0.25, RandomState::new(3))?;
    let plain_rows = train_test_indices(12, 0.25, RandomState::new(3))?;
    let stratified = stratified_train_test_split(&whole, 0.25, RandomState::new(3))?;
    let stratified_rows = stratified_train_test_indices(&labels, 0.25, RandomState::new(3))?;
    for (part, rows) in [
        (plain.0, plain_rows.0),
        (plain.1, plain_rows.1),
        (stratified.0, stratified_rows.0),
        (stratified.1, stratified_rows.1),
    ] {
        assert_eq!(part.to_arrays().0, features.select(Axis(0), &rows));
        let labels: Vec<usize> = rows.iter().map(|&row| labels[row]).collect();
        assert_eq!(part.class_targets(), Some(labels));
        assert_eq!(part.row_weights(), Some(rows.iter().map(|&row| weights[row]).collect()));
        assert_eq!(part.classes(), Some(3));
    }
    Ok(())
}

#[test]
fn a_part_splits_by_its_own_rows() -> Result<()> {
    let whole = Dataset::new(Array2::<f32>::zeros((8, 1)), vec![0, 0, 0, 0, 1, 1, 1, 1])?;
    let part = whole.select(&[7, 6, 1, 0])?;
    let (train, test) = stratified_train_test_split(&part, 0.5, RandomState::new(0))?;
    for half in [train, test] {
        let mut labels = half.class_targets().unwrap_or_default();
        labels.sort_unstable();
        assert_eq!(labels, [0, 1]);
    }
    Ok(())
}

/// The error of a split that must fail, having drawn nothing.
fn refused(split: impl FnOnce(&mut RandomState) -> Result<(Vec<usize>, Vec<usize>)>) -> Error {
    let mut random = RandomState::new(1);
    let error = split(&mut random).expect_err("an error");
    assert_eq!(random, RandomState::new(1));
    error
}

#[test]
fn bad_fractions_are_errors() {
    for fraction in [0.0, 1.0, -0.1, 1.5, f64::NAN, f64::INFINITY] {
        for error in [
            refused(|random| train_test_indices(10, fraction, random)),
            refused(|random| stratified_train_test_indices(&[0, 0, 1, 1], fraction, random)),
        ] {
            let Error::Param { name, got, want } = error else { panic!("{error}") };
            assert_eq!((name, got), ("test_fraction", fraction.to_string()));
            assert_eq!(want, "above 0 and below 1");
        }
    }
}

#[test]
fn parts_too_small_are_errors() {
    let message = |error: Error| error.to_string();
    let empty = refused(|random| train_test_indices(0, 0.5, random));
    assert!(matches!(empty, Error::Empty { .. }), "{empty}");
    assert_eq!(
        message(refused(|random| train_test_indices(1, 0.5, random))),
        "test_fraction is 0.5, but must be small enough to leave 1 of 1 rows for training"
    );
    assert_eq!(
        message(refused(|random| train_test_indices(5, 0.9, random))),
        "test_fraction is 0.9, but must be small enough to leave 1 of 5 rows for training"
    );
    let lonely = refused(|random| stratified_train_test_indices(&[4, 8, 4, 4], 0.5, random));
    assert!(matches!(lonely, Error::Shape { .. }), "{lonely}");
    assert_eq!(message(lonely), "class 8: expected at least 2 rows, got 1 row");
    let labels = [0, 0, 0, 1, 1, 1, 2, 2, 2, 2];
    assert_eq!(
        message(refused(|random| stratified_train_test_indices(&labels, 0.2, random))),
        "test_fraction is 0.2, but must be such that the test part, now 2 rows, has 1 for each of the 3 classes"
    );
    assert_eq!(
        message(refused(|random| stratified_train_test_indices(&labels, 0.8, random))),
        "test_fraction is 0.8, but must be such that the training part, now 2 rows, has 1 for each of the 3 classes"
    );
}

#[test]
fn numbers_cannot_be_stratified() -> Result<()> {
    let data = Dataset::new(Array2::<f32>::zeros((4, 1)), vec![0.5f32, 1.5, 2.5, 3.5])?;
    let error = stratified_train_test_split(&data, 0.5, RandomState::new(0)).expect_err("an error");
    assert_eq!(
        error.to_string(),
        "targets is numbers, but must be class indices for a stratified split"
    );
    assert!(train_test_split(&data, 0.5, RandomState::new(0)).is_ok());
    Ok(())
}

fn counts(labels: &[usize], rows: &[usize]) -> BTreeMap<usize, usize> {
    let mut counts = BTreeMap::new();
    rows.iter().for_each(|&row| *counts.entry(labels[row]).or_default() += 1);
    counts
}

proptest! {
    #[test]
    fn parts_cover_everything_once(seed: u32, rows in 1usize..300, fraction in 0.001f64..0.999) {
        if let Ok((train, test)) = train_test_indices(rows, fraction, RandomState::new(seed)) {
            prop_assert_eq!(test.len(), (fraction * rows as f64).ceil() as usize);
            let mut all = [train, test].concat();
            all.sort_unstable();
            prop_assert!(all.into_iter().eq(0..rows));
        } else {
            prop_assert_eq!((fraction * rows as f64).ceil() as usize, rows);
        }
    }

    #[test]
    fn each_class_gives_its_share(
        seed: u32,
        labels in prop::collection::vec(0usize..6, 40..200),
        fraction in 0.2f64..0.8,
    ) {
        let everything: Vec<usize> = (0..labels.len()).collect();
        let total = counts(&labels, &everything);
        let random = RandomState::new(seed);
        match stratified_train_test_indices(&labels, fraction, random) {
            Ok((train, test)) => {
                let share = train.len() as f64 / labels.len() as f64;
                let (in_train, in_test) = (counts(&labels, &train), counts(&labels, &test));
                for (label, &rows) in &total {
                    let got = in_train.get(label).copied().unwrap_or(0);
                    prop_assert!((got as f64 - share * rows as f64).abs() < 1.0);
                    prop_assert_eq!(got + in_test.get(label).copied().unwrap_or(0), rows);
                }
                let mut all = [train, test].concat();
                all.sort_unstable();
                prop_assert_eq!(all, everything);
            }
            Err(_) => prop_assert!(total.values().any(|&rows| rows < 2)),
        }
    }
}
