//! What the fits of a search recorded, epoch by epoch.

use std::collections::BTreeMap;

use crate::train::{EpochRecord, History};

/// Names and values of curves: a value for each epoch.
pub type Curves = BTreeMap<String, Vec<f64>>;

/// The loss and the metrics of a history, training and validation: what does not depend on the machine.
pub(super) fn curves_of(history: &History) -> Curves {
    let values = |value: &dyn Fn(&EpochRecord) -> Option<f64>| -> Vec<f64> {
        history.epochs().iter().map(|epoch| value(epoch).unwrap_or(f64::NAN)).collect()
    };
    let mut curves = Curves::new();
    let Some(first) = history.epochs().first() else { return curves };
    for (i, name) in history.metrics().iter().enumerate() {
        if i < first.metrics.len() {
            curves.insert(name.clone(), values(&|epoch| epoch.metrics.get(i).copied()));
        }
        if i < first.validation_metrics.len() {
            let validation = values(&|epoch| epoch.validation_metrics.get(i).copied());
            curves.insert(format!("validation_{name}"), validation);
        }
    }
    // Behind the metrics, so that one of the same name does not hide the loss.
    curves.insert("loss".to_owned(), values(&|epoch| Some(epoch.loss)));
    if first.validation_loss.is_some() {
        curves.insert("validation_loss".to_owned(), values(&|epoch| epoch.validation_loss));
    }
    curves
}
