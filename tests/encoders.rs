//! One-hot and ordinal encoders against scikit-learn 1.9.1 (`tests/parity/encoders.py`), and what they refuse.

use std::fmt::{Debug, Display};

use blastrain::Error;
use blastrain::preprocessing::*;
use ndarray::{Array2, array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn cases(kind: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("parity/encoders.json")).unwrap();
    file[kind].as_array().unwrap().clone()
}

/// Labels that tests read from JSON.
trait Label: Ord + Clone + Debug + Display + Serialize + DeserializeOwned {}

impl<T: Ord + Clone + Debug + Display + Serialize + DeserializeOwned> Label for T {}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

fn matrix<T: DeserializeOwned + Clone>(value: &Value) -> Array2<T> {
    let rows: Vec<Vec<T>> = read(value);
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

fn is_text(case: &Value) -> bool {
    case["values"][0][0].is_string()
}

/// What an encoder gave: categories, encoded rows, labels again, and names of the outputs if it has such.
type Encoded<T> = (Vec<Vec<T>>, Array2<f64>, Array2<Option<T>>, Option<Vec<String>>);

/// Compares what one encoder gave with a case; says whether scikit-learn refused it.
fn compare<T: Label>(case: &Value, got: blastrain::Result<Encoded<T>>) -> bool {
    if !case["error"].is_null() {
        let error = got.expect_err(&case.to_string());
        assert!(matches!(error, Error::UnknownName { .. } | Error::Param { .. }), "{error}");
        return true;
    }
    let (categories, encoded, back, names) = got.unwrap_or_else(|error| panic!("{error}: {case}"));
    assert_eq!(categories, read::<Vec<Vec<T>>>(&case["categories"]), "{case}");
    // A column of no features is an empty row in JSON.
    let rows: Vec<Vec<f64>> = read(&case["encoded"]);
    let got: Vec<Vec<f64>> = encoded.outer_iter().map(|row| row.to_vec()).collect();
    assert_eq!(got, rows, "{case}");
    assert_eq!(back, matrix::<Option<T>>(&case["back"]), "{case}");
    if let Some(names) = names {
        let theirs: Vec<String> = read(&case["names"]);
        let ours: Vec<String> = names.iter().map(|name| name.replacen('=', "_", 1)).collect();
        assert_eq!(ours, theirs);
    }
    false
}

fn one_hot<T: Label>(case: &Value) -> bool {
    let mut encoder = OneHotEncoder::<T>::new();
    if !case["given"].is_null() {
        encoder = encoder.categories(read(&case["given"]));
    }
    encoder = match case["drop"].as_str() {
        Some("first") => encoder.drop_first(),
        Some(_) => encoder.drop_if_binary(),
        None => encoder,
    };
    if case["ignore"].as_bool().unwrap() {
        encoder = encoder.ignore_unknown();
    }
    let (values, new) = (matrix::<T>(&case["values"]), matrix::<T>(&case["new"]));
    let run = || {
        let fitted = encoder.fit(values.view())?;
        let json = serde_json::to_string(&fitted).unwrap();
        assert_eq!(serde_json::from_str::<FittedOneHotEncoder<T>>(&json).unwrap(), fitted);
        let encoded: Array2<f64> = fitted.transform(new.view())?;
        assert_eq!(encoded.ncols(), fitted.outputs());
        let names: Vec<String> = (0..fitted.features()).map(|index| format!("c{index}")).collect();
        let categories = (0..fitted.features()).map(|c| fitted.categories(c).unwrap().to_vec());
        let back = fitted.inverse_transform(encoded.view())?;
        Ok((categories.collect(), encoded, back, Some(fitted.output_names(&names)?)))
    };
    compare(case, run())
}

fn ordinal<T: Label>(case: &Value) -> bool {
    let mut encoder = OrdinalEncoder::<T>::new();
    if !case["given"].is_null() {
        encoder = encoder.categories(read(&case["given"]));
    }
    if let Some(code) = case["unknown"].as_f64() {
        encoder = encoder.unknown_code(code);
    }
    let (values, new) = (matrix::<T>(&case["values"]), matrix::<T>(&case["new"]));
    let run = || {
        let fitted = encoder.fit(values.view())?;
        let json = serde_json::to_string(&fitted).unwrap();
        assert_eq!(serde_json::from_str::<FittedOrdinalEncoder<T>>(&json).unwrap(), fitted);
        let encoded: Array2<f64> = fitted.transform(new.view())?;
        let categories = (0..fitted.features()).map(|c| fitted.categories(c).unwrap().to_vec());
        let back = fitted.inverse_transform(encoded.view())?;
        Ok((categories.collect(), encoded, back, None))
    };
    compare(case, run())
}

#[test]
fn one_hot_is_scikit_learns() {
    let refused = cases("one_hot").into_iter().filter(|case| match is_text(case) {
        true => one_hot::<String>(case),
        false => one_hot::<i64>(case),
    });
    assert_eq!(refused.count(), 7);
}

#[test]
fn ordinal_is_scikit_learns() {
    let refused = cases("ordinal").into_iter().filter(|case| match is_text(case) {
        true => ordinal::<String>(case),
        false => ordinal::<i64>(case),
    });
    assert_eq!(refused.count(), 7);
}

#[test]
fn what_cannot_be_encoded_is_refused() {
    let values = array![["a", "x"], ["b", "x"]];
    let one_hot = OneHotEncoder::new().fit(values.view()).unwrap();
    let ordinal = OrdinalEncoder::new().fit(values.view()).unwrap();
    let narrow = array![["a"]];
    assert!(matches!(one_hot.transform::<f32>(narrow.view()), Err(Error::Shape { .. })));
    assert!(matches!(ordinal.transform::<f32>(narrow.view()), Err(Error::Shape { .. })));
    let unknown = one_hot.transform::<f32>(array![["a", "y"]].view()).unwrap_err();
    assert_eq!(unknown.to_string(), "unknown category \"y\"; known: x");
    assert!(matches!(one_hot.output_names(&["one"]), Err(Error::Shape { .. })));
    assert_eq!((one_hot.categories(2), ordinal.categories(2)), (None, None));
    let none = Array2::<&str>::default((0, 2));
    assert_eq!(one_hot.transform::<f64>(none.view()).unwrap().dim(), (0, 3));
    assert_eq!(ordinal.transform::<f64>(none.view()).unwrap().dim(), (0, 2));
    assert!(matches!(OneHotEncoder::new().fit(none.view()), Err(Error::Empty { .. })));
    let no_columns = Array2::<&str>::default((2, 0));
    assert!(matches!(OrdinalEncoder::new().fit(no_columns.view()), Err(Error::Empty { .. })));

    let fit = |categories| OneHotEncoder::new().categories(categories).fit(values.view());
    assert!(matches!(fit(vec![vec!["a", "b"]]), Err(Error::Shape { .. })));
    assert!(matches!(fit(vec![vec!["a", "b"], vec![]]), Err(Error::Empty { .. })));
    let twice = fit(vec![vec!["a", "b", "a"], vec!["x"]]);
    assert!(matches!(twice, Err(Error::Param { name: "categories", .. })));
    for code in [0.0, 1.0, f64::NAN, f64::INFINITY] {
        let refused = OrdinalEncoder::new().unknown_code(code).fit(values.view());
        assert!(matches!(refused, Err(Error::Param { name: "unknown_code", .. })), "{code}");
    }
    assert!(OrdinalEncoder::new().unknown_code(0.5).fit(values.view()).is_ok());
}

#[test]
fn what_cannot_be_decoded_is_refused() {
    let values = array![["a", "x"], ["b", "y"]];
    let one_hot = OneHotEncoder::new().fit(values.view()).unwrap();
    let zeros = one_hot.inverse_transform(array![[1.0, 0.0, 0.0, 0.0]].view());
    assert!(matches!(zeros, Err(Error::Undefined { .. })));
    let nan = one_hot.inverse_transform(array![[1.0, f64::NAN, 0.0, 1.0]].view());
    assert!(matches!(nan, Err(Error::NonFinite { row: 0, column: 1, .. })));
    let narrow = one_hot.inverse_transform(array![[1.0]].view());
    assert!(matches!(narrow, Err(Error::Shape { .. })));
    let ordinal = OrdinalEncoder::new().fit(values.view()).unwrap();
    for code in [2.0, -1.0, 0.5, 1e300] {
        let refused = ordinal.inverse_transform(array![[0.0, code]].view());
        assert!(matches!(refused, Err(Error::Param { name: "code", .. })), "{code}");
    }
}

/// Fitted on rows in another order, applied row by row, fitted again, on another thread: the same.
#[test]
fn encoders_keep_the_contract_of_transformers() {
    fn can_be_sent<T: Send + Sync + 'static>(value: T) -> T {
        value
    }
    let values = array![["b", "x"], ["a", "y"], ["c", "x"], ["a", "x"]].mapv(str::to_owned);
    let order = values.select(ndarray::Axis(0), &[2, 0, 3, 1]);
    let one_hot = can_be_sent(OneHotEncoder::new().fit(values.view()).unwrap());
    let ordinal = can_be_sent(OrdinalEncoder::new().fit(values.view()).unwrap());
    assert_eq!(OneHotEncoder::new().fit(order.view()).unwrap(), one_hot);
    assert_eq!(OrdinalEncoder::new().fit(order.view()).unwrap(), ordinal);
    assert_eq!((one_hot.features(), one_hot.outputs(), ordinal.features()), (2, 5, 2));
    let hot: Array2<f32> = one_hot.transform(values.view()).unwrap();
    let codes: Array2<f32> = ordinal.transform(values.view()).unwrap();
    for row in 0..values.nrows() {
        let one = values.select(ndarray::Axis(0), &[row]);
        assert_eq!(one_hot.transform::<f32>(one.view()).unwrap().row(0), hot.row(row));
        assert_eq!(ordinal.transform::<f32>(one.view()).unwrap().row(0), codes.row(row));
        // One row is enough to learn from, and a constant column is one category.
        assert_eq!(OneHotEncoder::new().fit(one.view()).unwrap().outputs(), 2);
    }
}
