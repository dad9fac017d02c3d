//! What the tests fit, and how they compare.

use std::sync::LazyLock;

use blastrain::activation::{AnyActivation, Identity};
use blastrain::prelude::*;
use ndarray::{Array2, Axis, array, s};

pub fn activations() -> [Box<dyn AnyActivation>; 4] {
    [Box::new(Identity), Box::new(Sigmoid), Box::new(Tanh), Box::new(Relu)]
}

/// The first rows of the digits below `classes`, scaled over the first 200 of them.
pub fn digits(classes: usize, rows: usize) -> Dataset<'static, f64> {
    let all = datasets::digits::<f64>().unwrap();
    let targets = all.class_targets().unwrap();
    let chosen: Vec<usize> = (0..all.len()).filter(|&row| targets[row] < classes).collect();
    let (x, _) = all.select(&chosen[..200]).unwrap().to_arrays();
    let data =
        Dataset::new(x, chosen[..200].iter().map(|&row| targets[row]).collect::<Vec<_>>()).unwrap();
    let data = MinMaxScaler::new().fit_dataset(&data).unwrap().transform_dataset(&data).unwrap();
    part(&data, 0..rows)
}

pub fn part(data: &Dataset<'static, f64>, rows: std::ops::Range<usize>) -> Dataset<'static, f64> {
    data.select(&rows.collect::<Vec<_>>()).unwrap()
}

/// scikit-learn's `make_regression`: linear targets of normal features, ten of which matter, with noise.
pub fn make_regression(
    (rows, features, outputs): (usize, usize, usize),
    noise: f64,
    seed: u32,
) -> (Array2<f64>, Array2<f64>) {
    let mut random = RandomState::new(seed);
    let x = random.randn(rows, features);
    let mut slopes = Array2::zeros((features, outputs));
    for slope in slopes.slice_mut(s![..features.min(10), ..]) {
        *slope = 100.0 * random.double();
    }
    let mut y = x.dot(&slopes);
    if noise > 0.0 {
        y += &(random.randn(rows, outputs) * noise);
    }
    let order = random.permutation(rows);
    let columns = random.permutation(features);
    let (x, y) = (x.select(Axis(0), &order), y.select(Axis(0), &order));
    (x.select(Axis(1), &columns), y)
}

/// What scikit-learn's tests of regression fit, its targets standardised.
pub static REGRESSION: LazyLock<Dataset<'static, f64>> = LazyLock::new(|| {
    let (x, mut y) = make_regression((200, 10, 1), 100.0, 7);
    let (mean, deviation) = (y.mean().unwrap(), y.std(0.0));
    y.mapv_inplace(|value| (value - mean) / deviation);
    Dataset::new(x, y).unwrap()
});

/// 20 counts and 5 flags a row.
pub fn multilabel() -> (Array2<f64>, Array2<f64>) {
    let stored: serde_json::Value =
        serde_json::from_str(include_str!("../parity/mlp_multilabel.json")).unwrap();
    let matrix = |name: &str| {
        let rows = stored[name].as_array().unwrap();
        let columns = rows[0].as_array().unwrap().len();
        Array2::from_shape_fn((rows.len(), columns), |(i, j)| rows[i][j].as_f64().unwrap())
    };
    (matrix("features"), matrix("flags"))
}

pub fn iris() -> Dataset<'static, f64> {
    datasets::iris().unwrap()
}

/// Iris with its classes as numbers.
pub fn iris_numbers() -> Dataset<'static, f64> {
    let data = iris();
    let y: Vec<f64> = data.class_targets().unwrap().iter().map(|&class| class as f64).collect();
    Dataset::new(data.to_arrays().0, y).unwrap()
}

pub fn close(got: impl IntoIterator<Item = f64>, want: &[f64], tolerance: f64) {
    let got: Vec<f64> = got.into_iter().collect();
    assert_eq!(got.len(), want.len());
    let right = got.iter().zip(want).all(|(got, want)| (got - want).abs() < tolerance);
    assert!(right, "{got:?} is not {want:?}");
}

pub fn two_rows() -> Dataset<'static, f64> {
    Dataset::new(array![[3.0, 2.0], [1.0, 6.0]], vec![1, 0]).unwrap()
}

/// Digits 0 and 1 as they are, in single precision too: all rows and the first 300.
pub fn raw_digits<F: Scalar>() -> (Dataset<'static, F>, Array2<F>) {
    let all = datasets::digits::<F>().unwrap();
    let targets = all.class_targets().unwrap();
    let chosen: Vec<usize> = (0..all.len()).filter(|&row| targets[row] < 2).collect();
    let x = all.select(&chosen).unwrap().to_arrays().0;
    let y: Vec<usize> = chosen[..300].iter().map(|&row| targets[row]).collect();
    let rest = x.slice(s![300.., ..]).to_owned();
    (Dataset::new(x.slice(s![..300, ..]).to_owned(), y).unwrap(), rest)
}
