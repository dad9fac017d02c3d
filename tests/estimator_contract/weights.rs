//! Weights of rows and classes, and that classes are learnt at all.

use blastrain::Scalar;
use blastrain::data::Dataset;
use ndarray::Array2;

use crate::listed::{COLUMNS, Entry, Kind, ROWS, classifiers, features};
use crate::predictions::assert_close;

/// Where each update sees all rows. Weights go from 0, which is absence, to 3.
pub fn weights_are_repeats_and_zero_is_absence<F: Scalar>(entry: &Entry<F>) {
    if !entry.counts_weights {
        return;
    }
    let data = entry.data();
    let allowed = if F::NAME == "f32" { 1e-4 } else { 1e-9 };
    for most in [2, 4] {
        let repeats: Vec<usize> = (0..ROWS).map(|row| (row * 5 + 1) % most).collect();
        let weights = repeats.iter().map(|&repeat| F::from_f64(repeat as f64)).collect();
        let weighted = entry.fit(&data.clone().with_weights(weights).unwrap()).unwrap();
        let rows: Vec<usize> =
            (0..ROWS).flat_map(|row| std::iter::repeat_n(row, repeats[row])).collect();
        let repeated = entry.fit(&data.select(&rows).unwrap()).unwrap();
        let x = features::<F>(ROWS, COLUMNS);
        let (got, want) = (weighted.predict_outputs(x.view()), repeated.predict_outputs(x.view()));
        assert_close(&got.unwrap(), &want.unwrap(), allowed, &entry.name);
        // They do make a difference.
        assert_ne!(weighted.bits(), entry.fitted().bits(), "{}", entry.name);
    }
}

fn class_weights<F: Scalar>() {
    let weights = [0.5, 1.0, 3.0];
    for (name, settings) in classifiers() {
        for count in [2, 3] {
            let data = Kind::Classes(count).dataset::<F>(features(ROWS, COLUMNS));
            let classes = data.class_targets().unwrap();
            let rows = classes.iter().map(|&class| F::from_f64(weights[class])).collect();
            let by_rows = settings.fit(&data.clone().with_weights(rows).unwrap()).unwrap();
            let by_class = settings.clone().class_weight(weights[..count].to_vec());
            let by_class = by_class.fit(&data).unwrap();
            let parameters = |network: &blastrain::Sequential<F>| network.parameters().to_vec();
            assert_eq!(parameters(by_rows.network()), parameters(by_class.network()), "{name}");
            let uniform = settings.fit(&data).unwrap();
            assert_ne!(parameters(uniform.network()), parameters(by_class.network()), "{name}");
        }
    }
}

#[test]
fn class_weights_are_row_weights() {
    class_weights::<f32>();
    class_weights::<f64>();
}

fn separable<F: Scalar>() {
    for count in [2, 3] {
        let middles = [(-1.0, 0.0), (1.0, 0.5), (0.0, 2.0)];
        let classes: Vec<usize> = (0..60).map(|row| row % count).collect();
        let x = Array2::from_shape_fn((60, 2), |(row, column)| {
            let (a, b) = middles[classes[row]];
            let noise = 0.3 * ((row * 13 + column * 5) as f64).sin();
            F::from_f64(if column == 0 { a } else { b } + noise)
        });
        let data = Dataset::new(x, classes).unwrap();
        for (name, settings) in classifiers() {
            let settings = settings.hidden_layer_sizes([16]).learning_rate_init(0.05).max_iter(60);
            let accuracy = settings.fit(&data).unwrap().accuracy(&data).unwrap();
            assert!(accuracy > 0.83, "{name}, {count} classes, {}: {accuracy}", F::NAME);
        }
    }
}

#[test]
fn separable_classes_are_learnt() {
    separable::<f32>();
    separable::<f64>();
}
