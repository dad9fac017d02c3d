//! Optimisers: pure rules on slices of parameters, gradients and state.
//!
//! [`Sgd`] (with momentum, Nesterov's too), [`Adam`], [`AdamW`] and [`RmsProp`] follow each mini-batch in a
//! [`Trainer`](crate::train::Trainer); [`Lbfgs`] minimises a loss over all rows, for networks through
//! [`LbfgsTrainer`](crate::train::LbfgsTrainer). Around the rules stand [`GradientClipping`] and the learning rates of
//! [`schedule`].

mod adam;
mod clip;
mod lbfgs;
mod rmsprop;
pub mod schedule;
mod sgd;

use std::fmt::Debug;

pub use adam::{Adam, AdamW};
pub use clip::GradientClipping;
pub(crate) use clip::norm_factor;
pub use lbfgs::{Iteration, Lbfgs, Minimum, Termination};
pub use rmsprop::RmsProp;
pub use sgd::Sgd;

use crate::error::Result;
use crate::scalar::Scalar;

/// The most state values a parameter that an optimiser may keep.
pub const MAX_SLOTS: usize = 4;

/// What an update is part of.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Step {
    /// Updates so far, this one included: 1 for the first.
    pub number: u64,
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// Whether weight decay applies to these parameters (weights: yes; biases: no).
    pub decay: bool,
}

impl Step {
    /// Step `number` (from 1) at this rate, for parameters to which weight decay applies.
    pub fn new(number: u64, learning_rate: f64) -> Self {
        Self { number, learning_rate, decay: true }
    }
}

/// A rule that changes parameters by their gradient.
///
/// A rule is its settings; state lies with the caller. It works value by value, so that any slice
/// of the parameters may be updated by itself.
///
/// ```
/// use blastrain::optim::{Adam, Optimizer, Step};
///
/// let adam = Adam::new(0.001);
/// let (mut params, grad) = ([1.0f64], [0.5]);
/// let (mut m, mut v) = ([0.0], [0.0]);
/// adam.update(Step::new(1, 0.001), &mut params, &grad, &mut [&mut m, &mut v]);
/// assert!((params[0] - 0.999).abs() < 1e-9);
/// ```
pub trait Optimizer<F: Scalar>: Debug + Send + Sync {
    /// The name in messages: "adam".
    fn name(&self) -> &'static str;

    /// The learning rate that the rule was made with.
    fn learning_rate(&self) -> f64;

    /// State values for each parameter, at most [`MAX_SLOTS`]; they start at zero.
    fn slots(&self) -> usize;

    /// Whether [`Step::decay`] makes a difference, as it does with weight decay; where it makes none, weights and biases
    /// are updated together.
    fn decays(&self) -> bool {
        true
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::Param`](crate::Error::Param) for the first that is out of range.
    fn validate(&self) -> Result<()>;

    /// Updates `params` by `grad`; `state` has [`Optimizer::slots`] slices of the same length.
    fn update(&self, step: Step, params: &mut [F], grad: &[F], state: &mut [&mut [F]]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_say_whether_weight_decay_makes_a_difference() {
        let rules: [(Box<dyn Optimizer<f64>>, bool); 9] = [
            (Box::new(Sgd::new(0.1)), false),
            (Box::new(Sgd::new(0.1).momentum(0.9)), false),
            (Box::new(Sgd::new(0.1).weight_decay(0.1)), true),
            (Box::new(Adam::new(0.1)), false),
            (Box::new(Adam::new(0.1).weight_decay(0.1)), true),
            (Box::new(AdamW::new(0.1, 0.0)), false),
            (Box::new(AdamW::new(0.1, 0.1)), true),
            (Box::new(RmsProp::new(0.1)), false),
            (Box::new(RmsProp::new(0.1).weight_decay(0.1)), true),
        ];
        for (rule, decays) in rules {
            // The second update: Adam's first one hardly depends on the gradient's size.
            let updated = |decay| {
                let (mut params, mut state) = ([1.0], vec![[0.0]; rule.slots()]);
                for number in 1..=2 {
                    let mut slots: Vec<&mut [f64]> = state.iter_mut().map(|s| &mut s[..]).collect();
                    let step = Step { decay, ..Step::new(number, 0.1) };
                    rule.update(step, &mut params, &[0.5 / number as f64], &mut slots);
                }
                params
            };
            assert_eq!(rule.decays(), decays, "{rule:?}");
            assert_eq!(updated(true) != updated(false), decays, "{rule:?}");
        }
    }
}
