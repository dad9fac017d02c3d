//! Principal components against scikit-learn 1.9.1 (`tests/parity/pca.py`), and their laws.
//!
//! Singular values and variances agree to 1e-10 of the largest one. A direction is as sure as its singular value is
//! far from the next: an error of machine epsilon in the matrix turns it by epsilon · largest / gap (Wedin 1972).
//! The largest singular value over the smallest gap is 6,500 at most here (wine, where proline is in the hundreds and hue
//! around 1): 1.5e-12, which 1e-10 leaves room for.
#![cfg(feature = "openblas")]

use blastrain::data::Dataset;
use blastrain::preprocessing::{Components, FittedPca, Pca};
use blastrain::{Error, Scalar, datasets};
use ndarray::{Array2, ArrayView2, Axis, array};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    data: String,
    stride: usize,
    n_components: Option<serde_json::Value>,
    whiten: bool,
    mean: Vec<f64>,
    components: Vec<Vec<f64>>,
    explained_variance: Vec<f64>,
    explained_variance_ratio: Vec<f64>,
    singular_values: Vec<f64>,
    noise_variance: f64,
    every: usize,
    projected: Vec<Vec<f64>>,
    back: Vec<Vec<f64>>,
    names: Vec<String>,
}

fn every(data: ArrayView2<'_, f64>, stride: usize) -> Array2<f64> {
    data.slice(ndarray::s![..;stride, ..]).to_owned()
}

fn features(name: &str) -> Array2<f64> {
    let data: Dataset<'_, f64> = match name {
        "iris" => datasets::iris(),
        "wine" => datasets::wine(),
        _ => datasets::digits(),
    }
    .unwrap();
    data.to_arrays().0
}

/// Equal to `allowed` of the largest number wanted.
#[track_caller]
fn close<'a>(got: impl IntoIterator<Item = &'a f64>, want: &[f64], allowed: f64, what: &str) {
    let got: Vec<f64> = got.into_iter().copied().collect();
    assert_eq!(got.len(), want.len(), "{what}");
    let largest = want.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    for (index, (got, want)) in got.iter().zip(want).enumerate() {
        let error = (got - want).abs();
        assert!(error <= allowed * largest, "{what}, {index}: got {got}, want {want}");
    }
}

#[test]
fn components_are_scikit_learns() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("parity/pca.json")).unwrap();
    for case in &cases {
        let name = format!("{} / {}, {:?}", case.data, case.stride, case.n_components);
        let data = every(features(&case.data).view(), case.stride);
        let components = match &case.n_components {
            None => Components::All,
            Some(number) => match number.as_u64() {
                Some(count) => Components::from(count as usize),
                None => Components::from(number.as_f64().unwrap()),
            },
        };
        let pca = Pca::new().n_components(components).whiten(case.whiten);
        let fitted = pca.fit(data.view()).unwrap();
        close(fitted.mean(), &case.mean, 1e-13, &name);
        close(fitted.explained_variance(), &case.explained_variance, 1e-10, &name);
        close(fitted.explained_variance_ratio(), &case.explained_variance_ratio, 1e-10, &name);
        close(fitted.singular_values(), &case.singular_values, 1e-10, &name);
        let noise = (fitted.noise_variance() - case.noise_variance).abs();
        assert!(noise <= 1e-10 * case.explained_variance[0], "{name}");
        close(fitted.components().iter(), &case.components.concat(), 1e-10, &name);
        assert_eq!(fitted.output_names(), case.names);
        let projected = fitted.transform(every(data.view(), case.every).view()).unwrap();
        close(projected.iter(), &case.projected.concat(), 1e-10, &name);
        let back = fitted.inverse_transform(projected.view()).unwrap();
        close(back.iter(), &case.back.concat(), 1e-10, &name);
    }
}

#[test]
fn whitened_outputs_are_uncorrelated_with_variance_one() {
    let data = features("wine");
    let fitted = Pca::new().whiten(true).fit(data.view()).unwrap();
    let white = fitted.transform(data.view()).unwrap();
    let covariance = white.t().dot(&white) / (data.nrows() - 1) as f64;
    let error = covariance - Array2::<f64>::eye(data.ncols());
    assert!(error.iter().all(|error| error.abs() < 1e-9));
    let back = fitted.inverse_transform(white.view()).unwrap();
    close(back.iter(), &data.iter().copied().collect::<Vec<_>>(), 1e-12, "all components kept");
}

#[test]
fn f32_is_computed_in_f64() {
    let data = features("iris");
    let narrow = data.mapv(|value| value as f32);
    let fitted = Pca::new().n_components(2).fit(narrow.view()).unwrap();
    let wide = Pca::new().n_components(2).fit(data.view()).unwrap();
    for (a, b) in fitted.components().iter().zip(wide.components()) {
        assert!((a - b).abs() < 1e-6);
    }
    assert_eq!(fitted.transform(narrow.view()).unwrap()[(3, 1)].as_f64() as f32, {
        fitted.transform(narrow.mapv(f64::from).view()).unwrap()[(3, 1)] as f32
    });
}

#[test]
fn what_has_no_components_is_refused() {
    let data = array![[1.0, 2.0, 3.0], [2.0, 0.0, 1.0]];
    for count in [0, 3, usize::MAX] {
        let refused = Pca::new().n_components(count).fit(data.view());
        assert!(matches!(refused, Err(Error::Param { name: "n_components", .. })), "{count}");
    }
    for share in [0.0, 1.0, -0.1, f64::NAN] {
        let refused = Pca::new().n_components(share).fit(data.view());
        assert!(matches!(refused, Err(Error::Param { name: "n_components", .. })), "{share}");
    }
    let single = Pca::new().fit(data.select(Axis(0), &[0]).view());
    assert!(matches!(single, Err(Error::Undefined { .. })));
    for huge in [f64::MAX, 1e200] {
        let overflowing = array![[huge], [-huge]];
        assert!(matches!(Pca::new().fit(overflowing.view()), Err(Error::Undefined { .. })));
    }
    let constant = Pca::new().n_components(0.5).fit(array![[5.0, 5.0], [5.0, 5.0]].view()).unwrap();
    assert_eq!(constant.explained_variance_ratio(), [0.0, 0.0]);
    assert_eq!(constant.transform(array![[5.0, 5.0]].view()).unwrap(), array![[0.0, 0.0]]);
}

#[test]
fn a_file_whose_parts_do_not_fit_is_refused() {
    let fitted = Pca::new().fit(features("iris").view()).unwrap();
    let json = serde_json::to_string(&fitted).unwrap();
    assert_eq!(serde_json::from_str::<FittedPca>(&json).unwrap(), fitted);
    let good = serde_json::to_value(&fitted).unwrap();
    for part in ["mean", "components", "explained_variance", "singular_values"] {
        let mut bad = good.clone();
        bad[part].as_array_mut().unwrap().pop();
        assert!(serde_json::from_value::<FittedPca>(bad).is_err(), "{part}");
        let mut none = good.clone();
        none[part] = serde_json::json!([]);
        assert!(serde_json::from_value::<FittedPca>(none).is_err(), "{part}");
    }
}
