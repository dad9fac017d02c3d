//! A rate that falls when a value stops improving.

use crate::error::{Error, Result, non_negative};

/// How much better than the best a value must be.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Threshold {
    /// By this part of the best.
    Relative(f64),
    /// By this much.
    Absolute(f64),
}

/// Lowers the rate when a value has not improved for some epochs: PyTorch's `ReduceLROnPlateau`.
///
/// It is told the value after each epoch, and remembers; so it is no
/// [`Schedule`](super::Schedule).
///
/// ```
/// use blastrain::optim::schedule::ReduceOnPlateau;
///
/// let mut plateau = ReduceOnPlateau::new().factor(0.5).patience(1);
/// plateau.validate()?;
/// let mut rate = 0.1;
/// for loss in [1.0, 0.9, 0.9, 0.9] {
///     rate = plateau.observe(loss, rate).unwrap_or(rate);
/// }
/// assert_eq!(rate, 0.05); // two epochs without improvement: one more than its patience
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ReduceOnPlateau {
    higher_is_better: bool,
    factor: f64,
    patience: usize,
    threshold: Threshold,
    cooldown: usize,
    min_rate: f64,
    min_change: f64,
    best: Option<f64>,
    bad: usize,
    cooling: usize,
}

impl Default for ReduceOnPlateau {
    fn default() -> Self {
        Self::new()
    }
}

impl ReduceOnPlateau {
    /// PyTorch's defaults, for a value that should fall.
    pub fn new() -> Self {
        Self {
            higher_is_better: false,
            factor: 0.1,
            patience: 10,
            threshold: Threshold::Relative(1e-4),
            cooldown: 0,
            min_rate: 0.0,
            min_change: 1e-8,
            best: None,
            bad: 0,
            cooling: 0,
        }
    }

    /// Whether the value should rise; no.
    pub fn higher_is_better(mut self, higher_is_better: bool) -> Self {
        self.higher_is_better = higher_is_better;
        self
    }

    /// What the rate is multiplied by, in (0, 1); 0.1.
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// Epochs without improvement that are let pass; 10.
    pub fn patience(mut self, patience: usize) -> Self {
        self.patience = patience;
        self
    }

    /// Counts as better only what is better than `best·(1 ∓ threshold)` (>= 0); 1e-4.
    pub fn relative_threshold(mut self, threshold: f64) -> Self {
        self.threshold = Threshold::Relative(threshold);
        self
    }

    /// Counts as better only what is better than `best ∓ threshold` (>= 0).
    pub fn absolute_threshold(mut self, threshold: f64) -> Self {
        self.threshold = Threshold::Absolute(threshold);
        self
    }

    /// Epochs after a reduction in which none is counted as bad; 0.
    pub fn cooldown(mut self, cooldown: usize) -> Self {
        self.cooldown = cooldown;
        self
    }

    /// The lowest rate (>= 0); 0.
    pub fn min_rate(mut self, min_rate: f64) -> Self {
        self.min_rate = min_rate;
        self
    }

    /// A reduction by no more than this is not made (>= 0); 1e-8.
    pub fn min_change(mut self, min_change: f64) -> Self {
        self.min_change = min_change;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::Param`] for the first that is out of range.
    pub fn validate(&self) -> Result<()> {
        if !(self.factor > 0.0 && self.factor < 1.0) {
            return Err(Error::param("factor", self.factor, "in (0, 1)"));
        }
        let (Threshold::Relative(threshold) | Threshold::Absolute(threshold)) = self.threshold;
        non_negative("threshold", threshold)?;
        non_negative("min_rate", self.min_rate)?;
        non_negative("min_change", self.min_change)
    }

    /// Takes note of an epoch's value; returns the new rate if `rate` is to change.
    ///
    /// A NaN is no improvement.
    pub fn observe(&mut self, value: f64, rate: f64) -> Option<f64> {
        if self.is_better(value) {
            (self.best, self.bad) = (Some(value), 0);
        } else {
            self.bad += 1;
        }
        if self.cooling > 0 {
            self.cooling -= 1;
            self.bad = 0;
        }
        if self.bad <= self.patience {
            return None;
        }
        (self.cooling, self.bad) = (self.cooldown, 0);
        let lower = (rate * self.factor).max(self.min_rate);
        (rate - lower > self.min_change).then_some(lower)
    }

    /// Forgets what it was told.
    pub fn reset(&mut self) {
        (self.best, self.bad, self.cooling) = (None, 0, 0);
    }

    /// The best value so far, if there was one.
    pub fn best(&self) -> Option<f64> {
        self.best
    }

    fn is_better(&self, value: f64) -> bool {
        let sign = if self.higher_is_better { 1.0 } else { -1.0 };
        let best = self.best.unwrap_or(-sign * f64::INFINITY);
        let bound = match self.threshold {
            Threshold::Relative(threshold) => best * (1.0 + sign * threshold),
            Threshold::Absolute(threshold) => best + sign * threshold,
        };
        if self.higher_is_better { value > bound } else { value < bound }
    }
}
