//! What cannot be learnt from is refused by a typed error, and what barely can is learnt from.

use blastrain::data::{Dataset, TargetStorage};
use blastrain::{Error, Scalar};
use ndarray::Array2;

use crate::listed::{COLUMNS, Entry, Kind, ROWS, features};

fn bad_numbers<F: Scalar>() -> [F; 3] {
    [F::nan(), F::infinity(), F::neg_infinity()]
}

/// Data sets refuse for all estimators; each model looks at what it is to predict from.
pub fn what_is_not_finite_is_refused<F: Scalar>(entry: &Entry<F>) {
    let (model, data) = (entry.fitted(), entry.data());
    for bad in bad_numbers::<F>() {
        let mut x = features::<F>(ROWS, COLUMNS);
        x[(4, 3)] = bad;
        let refused = model.predict_outputs(x.view());
        let placed =
            matches!(refused, Err(Error::NonFinite { what: "feature", row: 4, column: 3, .. }));
        assert!(placed, "{}: {refused:?}", entry.name);
        if let Some(refused) = model.probabilities(x.view()) {
            let placed = matches!(refused, Err(Error::NonFinite { row: 4, column: 3, .. }));
            assert!(placed, "{}: {refused:?}", entry.name);
        }
        let refused = data.with_features(x).err();
        let placed =
            matches!(refused, Some(Error::NonFinite { what: "feature", row: 4, column: 3, .. }));
        assert!(placed, "{}: {refused:?}", entry.name);

        if let Some(mut targets) = data.value_targets() {
            let last = targets.ncols() - 1;
            targets[(7, last)] = bad;
            let targets = TargetStorage::Values(targets.into_shared());
            let refused = Dataset::new(features(ROWS, COLUMNS), targets).err();
            let placed = matches!(refused, Some(Error::NonFinite { what: "target", row: 7, column, .. })
                if column == last);
            assert!(placed, "{}: {refused:?}", entry.name);
        }

        let mut weights = vec![F::one(); ROWS];
        weights[9] = bad;
        let refused = data.clone().with_weights(weights).err();
        let placed = matches!(refused, Some(Error::NonFinite { what: "weight", row: 9, .. }));
        assert!(placed, "{}: {refused:?}", entry.name);
    }
}

pub fn malformed_data_are_refused<F: Scalar>(entry: &Entry<F>) {
    let data = entry.data();
    let (x, targets) = data.to_arrays();
    for (rows, columns) in [(0, COLUMNS), (ROWS, 0)] {
        let refused = Dataset::new(Array2::<F>::zeros((rows, columns)), targets.clone()).err();
        assert!(matches!(refused, Some(Error::Empty { .. })), "{}", entry.name);
    }
    let fewer = x.slice(ndarray::s![1.., ..]).to_owned();
    let refused = Dataset::new(fewer, targets).err();
    assert!(matches!(refused, Some(Error::Shape { .. })), "{}", entry.name);
    let refused = data.clone().with_weights(vec![F::one(); ROWS + 1]).err();
    assert!(matches!(refused, Some(Error::Shape { .. })), "{}", entry.name);
    let refused = data.with_weights(vec![F::zero(); ROWS]).err();
    assert!(matches!(refused, Some(Error::Param { name: "weights", .. })), "{}", entry.name);
}

pub fn the_wrong_number_of_features_is_refused<F: Scalar>(entry: &Entry<F>) {
    let model = entry.fitted();
    for columns in [0, COLUMNS - 1, COLUMNS + 1] {
        for rows in [0, 3] {
            let refused = model.predict_outputs(features(rows, columns).view());
            assert!(matches!(refused, Err(Error::Shape { .. })), "{}: {refused:?}", entry.name);
        }
    }
    let refused = model.score(&entry.kind.dataset(features(ROWS, COLUMNS + 1)));
    assert!(matches!(refused, Err(Error::Shape { .. })), "{}", entry.name);
}

pub fn targets_of_another_kind_are_refused<F: Scalar>(entry: &Entry<F>) {
    let x = features::<F>(ROWS, COLUMNS);
    let (other, name) = match entry.kind {
        Kind::Classes(_) | Kind::Flags => (Kind::Numbers(3).dataset(x), "target"),
        Kind::Numbers(_) | Kind::Counts => (Kind::Classes(3).dataset(x), "targets"),
    };
    let refused = entry.fit(&other).err();
    let named = matches!(&refused, Some(Error::Param { name: found, .. }) if *found == name);
    assert!(named, "{}: {refused:?}", entry.name);
}

/// Wrong widths, wrong targets, and numbers that the loss cannot follow.
pub fn a_failed_partial_fit_leaves_the_model_as_it_was<F: Scalar>(entry: &Entry<F>) {
    let (data, mut model) = (entry.data(), entry.fitted());
    let mut untouched = model.clone_box();
    let before = (model.bits(), model.to_bytes());
    let x = features::<F>(ROWS, COLUMNS);
    let other = match entry.kind {
        Kind::Classes(count) => Kind::Classes(count + 1),
        Kind::Flags => Kind::Classes(2),
        Kind::Numbers(outputs) => Kind::Numbers(outputs + 1),
        Kind::Counts => Kind::Classes(2),
    };
    let huge = x.mapv(|value| if value < F::zero() { F::min_value() } else { F::max_value() });
    let wrong = [
        entry.kind.dataset(features(ROWS, COLUMNS + 1)),
        other.dataset(x),
        data.with_features(huge).unwrap(),
    ];
    for (number, wrong) in wrong.iter().enumerate() {
        let Some(failed) = model.partial_fit(wrong) else { return };
        assert!(failed.is_err(), "{}, {number}", entry.name);
        assert_eq!((model.bits(), model.to_bytes()), before, "{}, {number}", entry.name);
    }
    // It goes on as if nothing had been tried.
    let (one, two) = (model.partial_fit(&data), untouched.partial_fit(&data));
    assert_eq!(one.map(|one| one.is_ok()), two.map(|two| two.is_ok()), "{}", entry.name);
    assert_eq!(model.to_bytes(), untouched.to_bytes(), "{}", entry.name);
}

/// Where it is not enough, for rows to hold out, statistics or components, an error says so.
pub fn one_row_is_learnt_or_refused<F: Scalar>(entry: &Entry<F>) {
    let one = entry.kind.dataset(features(1, COLUMNS));
    match entry.fit(&one) {
        Ok(model) => {
            assert!(entry.from_one_row, "{}", entry.name);
            let outputs = model.predict_outputs(features(2, COLUMNS).view()).unwrap();
            assert!(outputs.iter().all(|value| value.is_finite()), "{}", entry.name);
        }
        Err(error) => {
            assert!(!entry.from_one_row, "{}: {error}", entry.name);
            let typed = matches!(
                error,
                Error::Param { .. }
                    | Error::Shape { .. }
                    | Error::Undefined { .. }
                    | Error::Empty { .. }
            );
            assert!(typed, "{}: {error}", entry.name);
        }
    }
}

fn is_learnt_from<F: Scalar>(entry: &Entry<F>, x: Array2<F>) {
    let data = entry.kind.dataset(x.clone());
    let model = entry.fit(&data).unwrap_or_else(|error| panic!("{}: {error}", entry.name));
    let outputs = model.predict_outputs(x.view()).unwrap();
    assert!(outputs.iter().all(|value| value.is_finite()), "{}", entry.name);
    assert!(model.score(&data).unwrap().is_finite(), "{}", entry.name);
}

pub fn one_feature_will_do<F: Scalar>(entry: &Entry<F>) {
    is_learnt_from(entry, features(ROWS, 1));
}

/// Constant at zero, at a small and at a larger number.
pub fn a_constant_column_will_do<F: Scalar>(entry: &Entry<F>) {
    for constant in [0.0, 0.25, 3.0] {
        let mut x = features::<F>(ROWS, COLUMNS);
        x.column_mut(1).fill(F::from_f64(constant));
        is_learnt_from(entry, x);
    }
}

/// One class in all rows, or in all that weigh anything: learnt like any other targets. Of one class that is
/// all the data set knows, every row is.
pub fn a_single_class_is_no_panic<F: Scalar>(entry: &Entry<F>) {
    let Kind::Classes(count) = entry.kind else { return };
    let x = features::<F>(ROWS, COLUMNS);
    let alone = Dataset::new(&x, vec![0; ROWS]).unwrap();
    let model = entry.fit(&alone).unwrap_or_else(|error| panic!("{}: {error}", entry.name));
    assert_eq!(model.score(&alone).unwrap(), 1.0, "{}", entry.name);

    let names: Vec<String> = (0..count).map(|class| class.to_string()).collect();
    let named = Dataset::new(&x, vec![1; ROWS]).unwrap().with_class_names(names).unwrap();
    let model = entry.fit(&named).unwrap_or_else(|error| panic!("{}: {error}", entry.name));
    assert!(model.score(&named).unwrap().is_finite(), "{}", entry.name);

    let data = entry.data();
    let classes = data.class_targets().unwrap();
    let weights = classes.iter().map(|&class| F::from_f64(f64::from(u8::from(class == 1))));
    let data = data.with_weights(weights.collect()).unwrap();
    match entry.fit(&data) {
        Ok(model) => assert!(model.score(&data).unwrap().is_finite(), "{}", entry.name),
        // A batch, or rows held out, in which nothing weighs anything.
        Err(Error::Param { name: "weights", .. }) => {}
        Err(error) => panic!("{}: {error}", entry.name),
    }
}
