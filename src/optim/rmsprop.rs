//! RMSprop.

use super::{Optimizer, Step};
use crate::error::{Result, fraction, non_negative, positive};
use crate::native::simd::{flush_subnormal, mul_add, vectorised};
use crate::scalar::Scalar;

/// RMSprop: steps divided by the root of a running mean of squared gradients. Tieleman & Hinton
/// 2012 (lecture 6.5 of "Neural networks for machine learning"); centred: Graves 2013, eq. 38–45.
///
/// `s ← alpha·s + (1 − alpha)·g²`, `p ← p − rate·g / (√s + epsilon)`, as in PyTorch (epsilon outside
/// the root); momentum accumulates the quotient.
///
/// ```
/// use blastrain::optim::{Optimizer, RmsProp, Step};
///
/// let (rule, mut weight, mut square) = (RmsProp::new(0.01), [1.0f64], [0.0]);
/// rule.update(Step::new(1, 0.01), &mut weight, &[2.0], &mut [&mut square]);
/// assert!((square[0] - 0.01 * 4.0).abs() < 1e-12);
/// assert!((weight[0] - 0.9).abs() < 1e-6); // 1 − 0.01·2/√0.04
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RmsProp {
    learning_rate: f64,
    alpha: f64,
    epsilon: f64,
    momentum: f64,
    centered: bool,
    weight_decay: f64,
}

impl RmsProp {
    /// RMSprop at this rate (> 0; 0.001 is usual), with alpha 0.99 and epsilon 1e-8.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            alpha: 0.99,
            epsilon: 1e-8,
            momentum: 0.0,
            centered: false,
            weight_decay: 0.0,
        }
    }

    /// How fast the mean of squares forgets, in [0, 1). Keras calls it rho and takes 0.9.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// Keeps the division from zero, >= 0.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Keeps this part of the last step, in [0, 1).
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// Divides by the gradient's standard deviation instead of its root mean square.
    pub fn centered(mut self, centered: bool) -> Self {
        self.centered = centered;
        self
    }

    /// Adds `weight_decay·p` to the gradient of weights, not of biases (>= 0).
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }
}

vectorised! {
    /// `mean` and `velocity` are empty where the rule keeps none.
    fn rmsprop<F>(
        rate: F, decay: F, alpha: F, epsilon: F, momentum: F,
        params: &mut [F], grad: &[F], squares: &mut [F], mean: &mut [F], velocity: &mut [F],
    ) {
        let rest = F::one() - alpha;
        for (i, ((p, &g), s)) in params.iter_mut().zip(grad).zip(squares).enumerate() {
            let g = mul_add::<F, FMA>(decay, *p, g);
            *s = flush_subnormal(mul_add::<F, FMA>(alpha, *s, rest * g * g));
            let variance = match mean.get_mut(i) {
                None => *s,
                Some(m) => {
                    *m = flush_subnormal(mul_add::<F, FMA>(alpha, *m, rest * g));
                    let variance = mul_add::<F, FMA>(-*m, *m, *s);
                    // Equal gradients leave rounding errors, of either sign. NaN stays.
                    if variance < F::zero() { F::zero() } else { variance }
                }
            };
            let quotient = g / (variance.sqrt() + epsilon);
            let direction = match velocity.get_mut(i) {
                None => quotient,
                Some(v) => {
                    *v = flush_subnormal(mul_add::<F, FMA>(momentum, *v, quotient));
                    *v
                }
            };
            *p = mul_add::<F, FMA>(-rate, direction, *p);
        }
    }
}

impl<F: Scalar> Optimizer<F> for RmsProp {
    fn name(&self) -> &'static str {
        "rmsprop"
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn slots(&self) -> usize {
        1 + usize::from(self.centered) + usize::from(self.momentum > 0.0)
    }

    fn decays(&self) -> bool {
        self.weight_decay > 0.0
    }

    fn validate(&self) -> Result<()> {
        positive("learning_rate", self.learning_rate)?;
        fraction("alpha", self.alpha)?;
        non_negative("epsilon", self.epsilon)?;
        fraction("momentum", self.momentum)?;
        non_negative("weight_decay", self.weight_decay)
    }

    fn update(&self, step: Step, params: &mut [F], grad: &[F], state: &mut [&mut [F]]) {
        let [squares, rest @ ..] = state else { return };
        let (mean, velocity): (&mut [F], &mut [F]) = match rest {
            [mean, velocity, ..] => (mean, velocity),
            [mean] if self.centered => (mean, &mut []),
            [velocity] => (&mut [], velocity),
            [] => (&mut [], &mut []),
        };
        let decay = if step.decay { self.weight_decay } else { 0.0 };
        let [rate, decay, alpha, epsilon, momentum] =
            [step.learning_rate, decay, self.alpha, self.epsilon, self.momentum].map(F::from_f64);
        rmsprop(rate, decay, alpha, epsilon, momentum, params, grad, squares, mean, velocity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_gradients_keep_the_centred_rule_finite() {
        let rule = RmsProp::new(1e-6).alpha(0.7).epsilon(1e-3).centered(true);
        for g in (1..60).map(|i| 0.1 * i as f32) {
            let (mut p, mut s, mut m) = ([0.0f32], [0.0], [0.0]);
            for number in 1..200 {
                let step = Step::new(number, 1e-6);
                rule.update(step, &mut p, &[g], &mut [&mut s, &mut m]);
                assert!(p[0].is_finite(), "gradient {g}, step {number}");
            }
        }
    }
}
