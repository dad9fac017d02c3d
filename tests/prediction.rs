//! Predictions for any number of rows in any layout: the values of a plain loop, the same bits on any threads.

use blastrain::ndarray::{Array2, ArrayView1, ArrayView2, s};
use blastrain::{Error, Parallelism, Sequential};

/// Row counts around the edges of shards and chunks.
const ROWS: [usize; 14] = [1, 2, 3, 4, 5, 63, 64, 127, 128, 300, 1023, 1025, 2048, 4211];
const FEATURES: usize = 37;

fn features(rows: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, FEATURES), |(i, j)| ((i * 31 + j * 17) % 97) as f64 / 97.0 - 0.5)
}

fn network() -> Sequential<f64> {
    Sequential::input(FEATURES).dense(19).tanh().dense(3).seed(5).build().unwrap()
}

/// A row through the network, value by value.
fn plain(network: &Sequential<f64>, row: ArrayView1<'_, f64>) -> Vec<f64> {
    let tensor = |name: &str| network.tensor(name).unwrap();
    let layer = |number: usize, x: &[f64]| -> Vec<f64> {
        let (weight, bias) =
            (tensor(&format!("dense_{number}.weight")), tensor(&format!("dense_{number}.bias")));
        let sum = |unit| x.iter().enumerate().map(|(i, x)| x * weight[[i, unit]]).sum::<f64>();
        (0..bias.len()).map(|unit| sum(unit) + bias[[unit]]).collect()
    };
    let hidden: Vec<f64> = layer(1, &row.to_vec()).into_iter().map(f64::tanh).collect();
    layer(2, &hidden)
}

#[test]
fn rows_in_any_number_and_layout_are_a_plain_loops() {
    let network = network();
    for rows in ROWS {
        let x = features(rows);
        let scores = network.predict(&x).unwrap();
        for (row, scores) in x.outer_iter().zip(scores.outer_iter()) {
            for (score, want) in scores.iter().zip(plain(&network, row)) {
                assert!((score - want).abs() < 1e-13, "{rows} rows: {score}, not {want}");
            }
        }
        let by_columns = x.t().as_standard_layout().into_owned();
        assert_eq!(network.predict(by_columns.t()).unwrap(), scores, "{rows} rows");
        let mut wide = Array2::from_elem((2 * rows, 2 * FEATURES), f64::NAN);
        wide.slice_mut(s![..;2, ..;2]).assign(&x);
        assert_eq!(network.predict(wide.slice(s![..;2, ..;2])).unwrap(), scores, "{rows} rows");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits_and_leaves_the_features() {
    let first_layers = [
        network(),
        // First layers that work in place where they may.
        Sequential::input(FEATURES).dropout(0.5).dense(3).seed(5).build().unwrap(),
        Sequential::input(FEATURES).batch_norm().relu().dense(3).seed(5).build().unwrap(),
    ];
    for network in &first_layers {
        for rows in [1, 64, 1025, 4211] {
            let x = features(rows);
            let bits = |parallelism| {
                let scores = network.predict_with(x.view(), parallelism).unwrap();
                scores.mapv(f64::to_bits)
            };
            let alone = bits(Parallelism::Serial);
            for threads in [2, 3, 8] {
                assert_eq!(bits(Parallelism::Threads(threads)), alone, "{rows} rows, {threads}");
            }
            assert_eq!(x, features(rows));
        }
    }
}

#[test]
fn the_first_value_that_is_not_finite_is_named_wherever_it_is() {
    let network = network();
    let found = |x: ArrayView2<'_, f64>| match network.predict(x) {
        Err(Error::NonFinite { what: "feature", row, column, .. }) => (row, column),
        other => panic!("{other:?}"),
    };
    for (row, column) in [(0, 0), (63, 36), (2047, 5), (2048, 0), (4210, 36)] {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut x = features(4211);
            x[(row, column)] = value;
            assert_eq!(found(x.view()), (row, column));
            assert_eq!(found(x.slice(s![row.., ..])), (0, column));
            let by_columns = x.t().as_standard_layout().into_owned();
            assert_eq!(found(by_columns.t()), (row, column));
        }
    }
}

#[test]
fn no_rows_give_no_scores() {
    assert_eq!(network().predict(features(0)).unwrap().dim(), (0, 3));
}
