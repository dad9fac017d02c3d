//! Fits: what they leave alone, what does not matter to them, and who is told.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use blastrain::estimator::FitContext;
use blastrain::train::Event;
use blastrain::{Parallelism, Scalar};
use ndarray::ShapeBuilder;

use crate::listed::{COLUMNS, Entry, ROWS, features};
use crate::predictions::{assert_close, batch_error};

pub fn fitting_changes_neither_settings_nor_data<F: Scalar>(entry: &Entry<F>) {
    let weights: Vec<F> = (0..ROWS).map(|row| F::from_f64((1 + row % 3) as f64)).collect();
    let data = entry.data().with_weights(weights.clone()).unwrap();
    let settings = format!("{:?}", entry.estimator);
    let (x, targets) = data.to_arrays();
    entry.fit(&data).unwrap();
    let (x_after, targets_after) = data.to_arrays();
    assert_eq!(format!("{:?}", entry.estimator), settings, "{}", entry.name);
    assert_eq!(x_after, x, "{}", entry.name);
    assert_eq!(targets_after.values(), targets.values(), "{}", entry.name);
    assert_eq!(targets_after.classes(), targets.classes(), "{}", entry.name);
    assert_eq!(data.row_weights(), Some(weights), "{}", entry.name);
}

/// Also by a copy of the settings, and behind a fit to something else.
pub fn a_refit_is_equal_to_the_bit<F: Scalar>(entry: &Entry<F>) {
    let first = entry.fitted();
    entry.fit(&entry.kind.dataset(features(ROWS - 1, COLUMNS + 1))).unwrap();
    let copy = entry.estimator.clone_box();
    let again = copy.fit_with(&entry.data(), &mut FitContext::new()).unwrap();
    assert_eq!(again.bits(), first.bits(), "{}", entry.name);
    assert_eq!(again.to_bytes(), first.to_bytes(), "{}", entry.name);
}

pub fn the_order_in_memory_does_not_matter<F: Scalar>(entry: &Entry<F>) {
    let x = features::<F>(ROWS, COLUMNS);
    let mut columns_first = ndarray::Array2::zeros((ROWS, COLUMNS).f());
    columns_first.assign(&x);
    let data = entry.data().with_features(columns_first.clone()).unwrap();
    let (want, got) = (entry.fitted(), entry.fit(&data).unwrap());
    let (want, got) = (want.predict_outputs(x.view()), got.predict_outputs(columns_first.view()));
    assert_close(&got.unwrap(), &want.unwrap(), batch_error::<F>(), &entry.name);
}

pub fn the_number_of_threads_does_not_change_bits<F: Scalar>(entry: &Entry<F>) {
    let data = entry.kind.dataset(features(160, COLUMNS));
    let fit = |parallelism| {
        let mut context = FitContext::new().parallelism(parallelism);
        entry.estimator.fit_with(&data, &mut context).unwrap().bits()
    };
    let serial = fit(Parallelism::Serial);
    for threads in [1, 2, 4] {
        let bits = fit(Parallelism::Threads(threads));
        assert_eq!(bits, serial, "{}, {threads} threads", entry.name);
    }
}

pub fn a_raised_flag_stops_the_fit<F: Scalar>(entry: &Entry<F>) {
    let mut context = FitContext::new().stop_flag(Arc::new(AtomicBool::new(true)));
    let model = entry.estimator.fit_with(&entry.data(), &mut context).unwrap();
    assert_eq!(model.n_iter(), 0, "{}", entry.name);
    let outputs = model.predict_outputs(features(3, COLUMNS).view()).unwrap();
    assert!(outputs.iter().all(|value| value.is_finite()), "{}", entry.name);
}

pub fn observers_see_every_epoch<F: Scalar>(entry: &Entry<F>) {
    let (mut starts, mut epochs, mut ends) = (0, 0, 0);
    let mut context = FitContext::new().observer(|event: &Event<'_>| {
        match event {
            Event::FitStart { .. } => starts += 1,
            Event::EpochEnd { .. } => epochs += 1,
            Event::FitEnd { .. } => ends += 1,
            _ => {}
        }
        ControlFlow::Continue(())
    });
    let model = entry.estimator.fit_with(&entry.data(), &mut context).unwrap();
    drop(context);
    assert!(model.n_iter() >= 1, "{}", entry.name);
    assert_eq!((starts, epochs, ends), (1, model.n_iter(), 1), "{}", entry.name);
}

pub fn a_pipeline_without_steps_is_its_estimator<F: Scalar>(entry: &Entry<F>) {
    let piped = entry.estimator.in_empty_pipeline();
    let piped = piped.fit_with(&entry.data(), &mut FitContext::new()).unwrap();
    let alone = entry.fitted();
    assert_eq!(piped.bits(), alone.bits(), "{}", entry.name);
    let x = features::<F>(ROWS, COLUMNS);
    let (got, want) = (piped.predict_outputs(x.view()), alone.predict_outputs(x.view()));
    assert_eq!(got.unwrap(), want.unwrap(), "{}", entry.name);
    let data = entry.data();
    assert_eq!(piped.score(&data).unwrap(), alone.score(&data).unwrap(), "{}", entry.name);
}

pub fn files_bring_back_the_same_model<F: Scalar>(entry: &Entry<F>) {
    let model = entry.fitted();
    let read = model.reloaded();
    assert_eq!(read.to_bytes(), model.to_bytes(), "{}", entry.name);
    assert_eq!(read.bits(), model.bits(), "{}", entry.name);
    let x = features::<F>(ROWS + 3, COLUMNS);
    let (got, want) = (read.predict_outputs(x.view()), model.predict_outputs(x.view()));
    assert_eq!(got.unwrap(), want.unwrap(), "{}", entry.name);
    let data = entry.data();
    assert_eq!(read.score(&data).unwrap(), model.score(&data).unwrap(), "{}", entry.name);
}

/// A clone is the same model, and what is done to it is not done to the other.
pub fn clones_go_their_own_way<F: Scalar>(entry: &Entry<F>) {
    let model = entry.fitted();
    let bytes = model.to_bytes();
    let mut clone = model.clone_box();
    assert_eq!(clone.to_bytes(), bytes, "{}", entry.name);
    if let Some(Ok(())) = clone.partial_fit(&entry.data()) {
        assert_ne!(clone.bits(), model.bits(), "{}", entry.name);
    }
    assert_eq!(model.to_bytes(), bytes, "{}", entry.name);
}
