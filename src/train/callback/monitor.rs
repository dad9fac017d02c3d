//! The number that a callback watches.

use super::FitControl;
use crate::error::{Error, Result};
use crate::scalar::Scalar;
use crate::train::EpochRecord;

/// Whether a smaller or a larger number is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Mode {
    /// What the metric says of itself; for losses smaller.
    #[default]
    Auto,
    /// Smaller is better.
    Min,
    /// Larger is better.
    Max,
}

/// One number of every epoch of a fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Curve {
    place: Place,
    higher_is_better: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Loss,
    ValidationLoss,
    Metric(usize),
    ValidationMetric(usize),
}

impl Curve {
    /// The number of an epoch.
    pub fn value(&self, record: &EpochRecord) -> f64 {
        let value = match self.place {
            Place::Loss => Some(record.loss),
            Place::ValidationLoss => record.validation_loss,
            Place::Metric(i) => record.metrics.get(i).copied(),
            Place::ValidationMetric(i) => record.validation_metrics.get(i).copied(),
        };
        value.unwrap_or(f64::NAN)
    }

    /// Whether a larger number is better.
    pub fn higher_is_better(&self) -> bool {
        self.higher_is_better
    }
}

/// The curves that a fit has.
#[derive(Debug)]
pub(in crate::train) struct Curves(Vec<(String, Curve)>);

impl Curves {
    /// `metrics`: names, and whether higher is better.
    pub(in crate::train) fn new(
        metrics: &[(String, bool)],
        train_metrics: bool,
        validation: bool,
    ) -> Self {
        let loss = |place| Curve { place, higher_is_better: false };
        let mut curves = vec![("loss".to_owned(), loss(Place::Loss))];
        if validation {
            curves.push(("validation_loss".to_owned(), loss(Place::ValidationLoss)));
        }
        for (i, (name, higher_is_better)) in metrics.iter().enumerate() {
            let curve = |place| Curve { place, higher_is_better: *higher_is_better };
            if train_metrics {
                curves.push((name.clone(), curve(Place::Metric(i))));
            }
            if validation {
                curves.push((format!("validation_{name}"), curve(Place::ValidationMetric(i))));
            }
        }
        Self(curves)
    }

    pub(super) fn find(&self, name: &str) -> Result<Curve> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|&(_, curve)| curve).ok_or_else(|| {
            let mut known = self.0.iter().map(|(name, _)| &**name).collect::<Vec<_>>().join(", ");
            let has_validation = self.0.iter().any(|(name, _)| name == "validation_loss");
            if name.starts_with("validation_") && !has_validation {
                known.push_str("; curves of validation rows need TrainerBuilder::validation");
            }
            Error::UnknownName { what: "curve", got: name.to_owned(), known }
        })
    }
}

/// A curve to be watched, and its best value so far.
#[derive(Debug, Clone)]
pub(super) struct Monitor {
    name: String,
    pub(super) mode: Mode,
    pub(super) min_delta: f64,
    curve: Option<Curve>,
    pub(super) best: Option<f64>,
}

impl Monitor {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), mode: Mode::Auto, min_delta: 0.0, curve: None, best: None }
    }

    /// Watches another curve.
    pub(super) fn watch(&mut self, name: impl Into<String>) {
        self.name = name.into();
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Finds the curve; the best value so far is forgotten.
    pub(super) fn start<F: Scalar>(&mut self, control: &FitControl<'_, F>) -> Result<()> {
        let mut curve = control.curve(&self.name)?;
        match self.mode {
            Mode::Auto => {}
            mode => curve.higher_is_better = mode == Mode::Max,
        }
        (self.curve, self.best) = (Some(curve), None);
        Ok(())
    }

    /// Whether a larger number is better.
    pub(super) fn higher_is_better(&self) -> bool {
        self.curve.is_some_and(|curve| curve.higher_is_better)
    }

    /// The epoch's number.
    pub(super) fn value(&self, record: &EpochRecord) -> f64 {
        self.curve.map_or(f64::NAN, |curve| curve.value(record))
    }

    /// Whether a number is better than another by more than `min_delta`.
    pub(super) fn is_better(&self, value: f64, than: f64) -> bool {
        match self.higher_is_better() {
            true => value - self.min_delta > than,
            false => value + self.min_delta < than,
        }
    }

    /// Takes the epoch's number if it is the best so far, and says whether it was.
    pub(super) fn improves(&mut self, value: f64) -> bool {
        let better = !value.is_nan() && self.best.is_none_or(|best| self.is_better(value, best));
        if better {
            self.best = Some(value);
        }
        better
    }
}
