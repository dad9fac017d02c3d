//! Predictions: shapes, ranges, and that each row is predicted by itself.

use blastrain::Scalar;
use ndarray::{Array2, Axis};

use crate::listed::{COLUMNS, Entry, Kind, ROWS, features};

/// How far predictions of a row may be apart that stands among others.
pub fn batch_error<F: Scalar>() -> f64 {
    if F::NAME == "f32" { 1e-5 } else { 1e-7 }
}

/// Equal in shape, and number by number to `allowed` of the larger of the number and 1.
#[track_caller]
pub fn assert_close<F: Scalar>(got: &Array2<F>, want: &Array2<F>, allowed: f64, name: &str) {
    assert_eq!(got.dim(), want.dim(), "{name}");
    for (got, want) in got.iter().zip(want) {
        let (got, want) = (got.as_f64(), want.as_f64());
        assert!((got - want).abs() <= allowed * want.abs().max(1.0), "{name}: {got} {want}");
    }
}

pub fn predictions_have_a_row_for_each_row<F: Scalar>(entry: &Entry<F>) {
    let model = entry.fitted();
    let outputs = match entry.kind {
        Kind::Classes(2) | Kind::Counts => 1,
        Kind::Classes(count) | Kind::Numbers(count) => count,
        Kind::Flags => 3,
    };
    for rows in [0, 1, 2, ROWS, 300] {
        let predicted = model.predict_outputs(features(rows, COLUMNS).view()).unwrap();
        assert_eq!(predicted.dim(), (rows, outputs), "{}", entry.name);
        assert!(predicted.iter().all(|value| value.is_finite()), "{}", entry.name);
    }
    assert!(model.score(&entry.data()).unwrap().is_finite(), "{}", entry.name);
}

pub fn order_of_prediction_does_not_matter<F: Scalar>(entry: &Entry<F>) {
    let (model, x) = (entry.fitted(), features::<F>(ROWS, COLUMNS));
    let order: Vec<usize> = (0..ROWS).map(|row| (row * 7 + 5) % ROWS).collect();
    let want = model.predict_outputs(x.view()).unwrap().select(Axis(0), &order);
    let got = model.predict_outputs(x.select(Axis(0), &order).view()).unwrap();
    // scikit-learn allows 1e-9 in f64.
    assert_close(&got, &want, batch_error::<F>() * 1e-2, &entry.name);
}

/// One row, blocks of rows, and every second row by a view.
pub fn rows_are_predicted_alone_as_together<F: Scalar>(entry: &Entry<F>) {
    let (model, x) = (entry.fitted(), features::<F>(ROWS, COLUMNS));
    let all = model.predict_outputs(x.view()).unwrap();
    for block in [1, 5] {
        let chunks = x.axis_chunks_iter(Axis(0), block).zip(all.axis_chunks_iter(Axis(0), block));
        for (rows, want) in chunks {
            let got = model.predict_outputs(rows).unwrap();
            assert_close(&got, &want.to_owned(), batch_error::<F>(), &entry.name);
        }
    }
    let got = model.predict_outputs(x.slice(ndarray::s![..;2, ..])).unwrap();
    let want = all.slice(ndarray::s![..;2, ..]).to_owned();
    assert_close(&got, &want, batch_error::<F>(), &entry.name);
}

pub fn probabilities_are_probabilities<F: Scalar>(entry: &Entry<F>) {
    let model = entry.fitted();
    // Far from what was fitted, too.
    for scale in [1.0, 1e3] {
        let x = features::<F>(ROWS, COLUMNS).mapv(|value| value * F::from_f64(scale));
        let Some(probabilities) = model.probabilities(x.view()) else {
            assert!(matches!(entry.kind, Kind::Numbers(_) | Kind::Counts), "{}", entry.name);
            return;
        };
        let probabilities = probabilities.unwrap();
        let columns = if let Kind::Classes(count) = entry.kind { count } else { 3 };
        assert_eq!(probabilities.dim(), (ROWS, columns), "{}", entry.name);
        let (zero, one) = (F::zero(), F::one());
        assert!(probabilities.iter().all(|p| (zero..=one).contains(p)), "{}", entry.name);
        if entry.kind.is_classes() {
            for row in probabilities.outer_iter() {
                let sum: f64 = row.iter().map(|p| p.as_f64()).sum();
                assert!((sum - 1.0).abs() < batch_error::<F>(), "{}: {sum}", entry.name);
            }
        }
    }
}

/// Boxes of models are `Send + Sync + 'static` by the trait; what each thread gets is the same to the bit.
pub fn several_threads_predict_at_once<F: Scalar>(entry: &Entry<F>) {
    fn assert_sendable<T: Send + Sync + 'static>(_: &T) {}
    let (model, x) = (entry.fitted(), features::<F>(ROWS, COLUMNS));
    assert_sendable(&model);
    let want = model.predict_outputs(x.view()).unwrap();
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..3).map(|_| scope.spawn(|| model.predict_outputs(x.view()).unwrap())).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), want, "{}", entry.name);
        }
    });
}
