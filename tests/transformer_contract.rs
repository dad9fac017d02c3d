//! What every transformer of features promises. A new one is tested by being listed in `transformers`.

use blastrain::data::Dataset;
use blastrain::preprocessing::{
    FittedTransformer, MinMaxScaler, Pca, StandardScaler, Transformer, TransformerRegistry,
};
use blastrain::{Error, Result, Scalar};
use ndarray::{Array2, Axis};
use serde_json::Value;

/// A transformer, and whether it can learn from one row.
struct Entry<F> {
    transformer: Box<dyn Transformer<F>>,
    from_one_row: bool,
}

fn transformers<F: Scalar>() -> Vec<Entry<F>> {
    let entry = |transformer, from_one_row| Entry { transformer, from_one_row };
    let mut all = vec![
        entry(Box::new(MinMaxScaler::new()) as Box<dyn Transformer<F>>, true),
        entry(Box::new(MinMaxScaler::new().feature_range(-3.0, 0.5).clip(true)), true),
        entry(Box::new(StandardScaler::new()), true),
        entry(Box::new(StandardScaler::new().with_mean(false)), true),
        entry(Box::new(StandardScaler::new().with_std(false)), true),
    ];
    if cfg!(feature = "openblas") {
        all.push(entry(Box::new(Pca::new()), false));
        all.push(entry(Box::new(Pca::new().n_components(2).whiten(true)), false));
        all.push(entry(Box::new(Pca::new().n_components(0.9)), false));
    }
    all
}

const ROWS: usize = 40;
const COLUMNS: usize = 5;

/// Columns of different size and middle, correlated; the third is constant.
fn features<F: Scalar>() -> Array2<F> {
    Array2::from_shape_fn((ROWS, COLUMNS), |(row, column)| {
        let (x, c) = (row as f64, column as f64);
        let value = match column {
            2 => 7.25,
            _ => (c + 1.0) * (0.7 * x + c).sin() + 0.3 * (1.3 * x).cos() + 2.0 * c,
        };
        F::from_f64(value)
    })
}

fn data<F: Scalar>(features: &Array2<F>) -> Dataset<'_, F> {
    Dataset::new(features, (0..features.nrows()).map(|row| row % 2).collect::<Vec<_>>()).unwrap()
}

fn fit<F: Scalar>(entry: &Entry<F>, features: &Array2<F>) -> Result<Box<dyn FittedTransformer<F>>> {
    entry.transformer.fit_boxed(&data(features))
}

/// Equal in shape, and number by number to `allowed` of the larger of the number and 1.
#[track_caller]
fn assert_close<F: Scalar>(got: &Array2<F>, want: &Array2<F>, allowed: f64, name: &str) {
    assert_eq!(got.dim(), want.dim(), "{name}");
    for (got, want) in got.iter().zip(want) {
        let (got, want) = (got.as_f64(), want.as_f64());
        assert!((got - want).abs() <= allowed * want.abs().max(1.0), "{name}: {got} {want}");
    }
}

/// The same JSON but for rounding of its numbers.
#[track_caller]
fn assert_same_config(got: &Value, want: &Value, name: &str) {
    match (got, want) {
        (Value::Number(got), Value::Number(want)) => {
            let (got, want) = (got.as_f64().unwrap(), want.as_f64().unwrap());
            assert!((got - want).abs() <= 1e-12 * want.abs().max(1.0), "{name}: {got} {want}");
        }
        (Value::Array(got), Value::Array(want)) => {
            assert_eq!(got.len(), want.len(), "{name}");
            got.iter().zip(want).for_each(|(got, want)| assert_same_config(got, want, name));
        }
        (Value::Object(got), Value::Object(want)) => {
            assert!(got.keys().eq(want.keys()), "{name}");
            got.iter().for_each(|(key, got)| assert_same_config(got, &want[key], name));
        }
        _ => assert_eq!(got, want, "{name}"),
    }
}

fn contract<F: Scalar>() {
    let good = features::<F>();
    let batch_error = if F::NAME == "f32" { 1e-5 } else { 1e-7 };
    for entry in &transformers::<F>() {
        let name = format!("{:?}, {}", entry.transformer, F::NAME);
        let fitted = fit(entry, &good).unwrap();
        assert_eq!(fitted.features(), COLUMNS, "{name}");
        assert_eq!(good, features::<F>(), "{name}: the input is not changed");
        let mapped = fitted.transform(good.view()).unwrap();
        assert_eq!(mapped.dim(), (ROWS, fitted.outputs()), "{name}");
        assert!(mapped.iter().all(|value| value.is_finite()), "{name}: constant column");
        assert_eq!(fitted.transform(good.view()).unwrap(), mapped, "{name}: the same again");

        // Fitted again, by a copy of the settings.
        let copy = Entry { transformer: entry.transformer.clone(), ..*entry };
        let again = fit(&copy, &good).unwrap();
        assert_eq!(again.config(), fitted.config(), "{name}");
        assert_eq!(again.transform(good.view()).unwrap(), mapped, "{name}");

        // Row by row as all at once, also from memory in another order.
        for row in 0..ROWS {
            let one = fitted.transform(good.select(Axis(0), &[row]).view()).unwrap();
            let want = mapped.select(Axis(0), &[row]);
            assert_close(&one, &want, batch_error, &name);
        }
        let columns_first = good.t().as_standard_layout().into_owned();
        let strided = fitted.transform(columns_first.t()).unwrap();
        assert_close(&strided, &mapped, batch_error, &name);

        order_of_rows_does_not_matter(entry, &*fitted, &good, &name);
        survives_a_file(&*fitted, &good, &name);
        sizes_are_checked(entry, &*fitted, &good, &name);
        data_sets_keep_the_rest(&*fitted, &good, &name);
    }
}

/// Statistics agree to 1e-12, and what the other one gives.
fn order_of_rows_does_not_matter<F: Scalar>(
    entry: &Entry<F>,
    fitted: &dyn FittedTransformer<F>,
    good: &Array2<F>,
    name: &str,
) {
    let order: Vec<usize> = (0..ROWS).map(|row| (row * 17 + 5) % ROWS).collect();
    let shuffled = fit(entry, &good.select(Axis(0), &order)).unwrap();
    // The direction of a component without variance is any; those are compared by what they do.
    let settings = format!("{:?}", entry.transformer);
    if !settings.contains("n_components: All") {
        assert_same_config(&shuffled.config(), &fitted.config(), name);
    }
    // A data set that sees the rows in another order does the same as the rows in that order.
    let viewed = data(good).select(&order).unwrap();
    let viewed = entry.transformer.fit_boxed(&viewed).unwrap();
    assert_eq!(viewed.config(), shuffled.config(), "{name}");
    let allowed = if F::NAME == "f32" { 1e-6 } else { 1e-12 };
    let (got, want) = (shuffled.transform(good.view()), fitted.transform(good.view()));
    assert_close(&got.unwrap(), &want.unwrap(), allowed, name);
}

fn survives_a_file<F: Scalar>(fitted: &dyn FittedTransformer<F>, good: &Array2<F>, name: &str) {
    let text = serde_json::to_string(&fitted.config()).unwrap();
    let config: Value = serde_json::from_str(&text).unwrap();
    let registry = TransformerRegistry::<F>::default();
    let read = registry.create(fitted.kind(), &config).unwrap();
    assert_eq!(read.config(), fitted.config(), "{name}");
    assert_eq!((read.kind(), read.outputs()), (fitted.kind(), fitted.outputs()), "{name}");
    let (got, want) = (read.transform(good.view()), fitted.transform(good.view()));
    assert_eq!(got.unwrap(), want.unwrap(), "{name}");
    let cloned = fitted.clone_box();
    assert_eq!(cloned.config(), fitted.config(), "{name}");
    for broken in [Value::Null, Value::from(3), serde_json::json!({})] {
        let refused = registry.create(fitted.kind(), &broken);
        assert!(matches!(refused, Err(Error::Param { .. })), "{name}");
    }
}

fn sizes_are_checked<F: Scalar>(
    entry: &Entry<F>,
    fitted: &dyn FittedTransformer<F>,
    good: &Array2<F>,
    name: &str,
) {
    for columns in [0, COLUMNS - 1, COLUMNS + 1] {
        let wrong = fitted.transform(Array2::zeros((3, columns)).view());
        assert!(matches!(wrong, Err(Error::Shape { .. })), "{name}, {columns} columns");
    }
    let none = fitted.transform(Array2::zeros((0, COLUMNS)).view()).unwrap();
    assert_eq!(none.dim(), (0, fitted.outputs()), "{name}");
    for bad in [F::nan(), F::infinity(), F::neg_infinity()] {
        let mut broken = good.clone();
        broken[(4, 3)] = bad;
        let refused = fitted.transform(broken.view());
        assert!(matches!(refused, Err(Error::NonFinite { row: 4, column: 3, .. })), "{name}");
    }
    let one_row = fit(entry, &good.select(Axis(0), &[0]));
    match entry.from_one_row {
        true => assert!(one_row.unwrap().transform(good.view()).is_ok(), "{name}"),
        false => {
            let typed = matches!(one_row, Err(Error::Undefined { .. } | Error::Param { .. }));
            assert!(typed, "{name}");
        }
    }
    // One feature; where two components are asked for there is none such.
    match fit(entry, &good.select(Axis(1), &[1])) {
        Ok(narrow) => assert_eq!((narrow.features(), narrow.outputs()), (1, 1), "{name}"),
        Err(error) => {
            assert!(matches!(error, Error::Param { name: "n_components", .. }), "{name}: {error}");
        }
    }
}

fn data_sets_keep_the_rest<F: Scalar>(
    fitted: &dyn FittedTransformer<F>,
    good: &Array2<F>,
    name: &str,
) {
    let names: Vec<String> = (0..COLUMNS).map(|column| format!("x{column}")).collect();
    let weights = (1..=ROWS).map(|weight| F::from_f64(weight as f64)).collect();
    let whole = data(good).with_feature_names(names.clone()).unwrap();
    let whole = whole.with_class_names(["no", "yes"]).unwrap().with_weights(weights).unwrap();
    let part = whole.select(&[7, 2, 2]).unwrap();
    let mapped = fitted.transform_dataset(&part).unwrap();
    let direct = fitted.transform(good.select(Axis(0), &[7, 2, 2]).view()).unwrap();
    assert_eq!(mapped.to_arrays().0, direct, "{name}");
    assert_eq!(mapped.class_targets(), part.class_targets(), "{name}");
    assert_eq!(mapped.row_weights(), part.row_weights(), "{name}");
    assert_eq!(mapped.class_names(), part.class_names(), "{name}");
    let output_names = fitted.output_names(Some(&names));
    assert_eq!(mapped.feature_names().map(<[String]>::to_vec), output_names, "{name}");
    assert!(output_names.is_none_or(|names| names.len() == fitted.outputs()), "{name}");
}

#[test]
fn every_transformer_keeps_the_contract_in_f64() {
    contract::<f64>();
}

#[test]
fn every_transformer_keeps_the_contract_in_f32() {
    contract::<f32>();
}

/// Fitted matrices without rows, columns or finite values go by the types' own `fit`: a data set cannot hold them.
#[test]
fn what_cannot_be_learned_from_is_refused() {
    type Fit = fn(&Array2<f64>) -> Option<Error>;
    let fits: [(&str, Fit); 3] = [
        ("min_max", |x| MinMaxScaler::new().fit(x.view()).err()),
        ("standard", |x| StandardScaler::new().fit(x.view()).err()),
        ("pca", |x| Pca::new().fit(x.view()).err()),
    ];
    for (name, fit) in fits {
        for shape in [(0, 3), (3, 0)] {
            assert!(matches!(fit(&Array2::zeros(shape)), Some(Error::Empty { .. })), "{name}");
        }
        let mut broken = features::<f64>();
        broken[(2, 1)] = f64::NAN;
        let refused = fit(&broken);
        assert!(matches!(refused, Some(Error::NonFinite { row: 2, column: 1, .. })), "{name}");
    }
}

#[test]
fn transformers_are_fitted_and_used_on_several_threads() {
    let good = features::<f64>();
    for entry in &transformers::<f64>() {
        let fitted = fit(entry, &good).unwrap();
        let want = fitted.transform(good.view()).unwrap();
        std::thread::scope(|scope| {
            let run = || {
                let here = entry.transformer.fit_boxed(&data(&good)).unwrap();
                (here.config(), fitted.transform(good.view()).unwrap())
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
            for thread in threads {
                let (config, got) = thread.join().unwrap();
                assert_eq!(config, fitted.config());
                assert_eq!(got, want);
            }
        });
    }
}

#[cfg(not(feature = "openblas"))]
#[test]
fn without_lapack_components_cannot_be_found_and_it_says_so() {
    let refused = Pca::new().fit(features::<f64>().view()).unwrap_err();
    assert!(matches!(refused, Error::Unavailable { .. }));
}

/// Also in a build without LAPACK.
#[test]
fn components_found_elsewhere_can_be_applied() {
    let saved = serde_json::json!({
        "whiten": true, "mean": [1.0, -1.0], "components": [[0.6, 0.8]],
        "explained_variance": [4.0], "explained_variance_ratio": [0.75],
        "singular_values": [6.0], "noise_variance": 1.5,
    });
    let read = TransformerRegistry::<f64>::default().create("pca", &saved).unwrap();
    let projected = read.transform(ndarray::array![[6.0, 4.0], [1.0, -1.0]].view()).unwrap();
    assert_close(&projected, &ndarray::array![[3.5], [0.0]], 1e-15, "pca");
}
