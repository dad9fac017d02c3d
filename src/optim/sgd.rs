//! Stochastic gradient descent.

use super::{Optimizer, Step};
use crate::error::{Error, Result, fraction, non_negative, positive};
use crate::native::simd::{flush_subnormal, mul_add, vectorised};
use crate::scalar::Scalar;

/// Stochastic gradient descent, with momentum (Polyak 1964) and Nesterov's variant
/// (Sutskever et al. 2013) on request.
///
/// `v ← momentum·v + g`, `p ← p − rate·v`; Nesterov: `p ← p − rate·(g + momentum·v)`. As in PyTorch,
/// the velocity does not contain the rate.
///
/// ```
/// use blastrain::optim::{Optimizer, Sgd, Step};
///
/// let (mut weight, mut velocity) = ([1.0f64], [0.0]);
/// let rule = Sgd::new(0.1).momentum(0.9);
/// rule.update(Step::new(1, 0.1), &mut weight, &[2.0], &mut [&mut velocity]);
/// assert!((weight[0] - 0.8).abs() < 1e-12 && velocity == [2.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgd {
    learning_rate: f64,
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
}

impl Sgd {
    /// Plain descent at this rate (> 0).
    pub fn new(learning_rate: f64) -> Self {
        Self { learning_rate, momentum: 0.0, nesterov: false, weight_decay: 0.0 }
    }

    /// Keeps this part of the velocity, in [0, 1).
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// Looks ahead along the velocity; needs momentum.
    pub fn nesterov(mut self, nesterov: bool) -> Self {
        self.nesterov = nesterov;
        self
    }

    /// Adds `weight_decay·p` to the gradient of weights, not of biases (>= 0).
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }
}

vectorised! {
    fn plain<F>(rate: F, decay: F, params: &mut [F], grad: &[F]) {
        for (p, &g) in params.iter_mut().zip(grad) {
            let g = mul_add::<F, FMA>(decay, *p, g);
            *p = mul_add::<F, FMA>(-rate, g, *p);
        }
    }
}

vectorised! {
    fn with_momentum<F>(
        rate: F, decay: F, momentum: F, nesterov: bool, params: &mut [F], grad: &[F], velocity: &mut [F],
    ) {
        for ((p, &g), v) in params.iter_mut().zip(grad).zip(velocity) {
            let g = mul_add::<F, FMA>(decay, *p, g);
            *v = flush_subnormal(mul_add::<F, FMA>(momentum, *v, g));
            let direction = if nesterov { mul_add::<F, FMA>(momentum, *v, g) } else { *v };
            *p = mul_add::<F, FMA>(-rate, direction, *p);
        }
    }
}

impl<F: Scalar> Optimizer<F> for Sgd {
    fn name(&self) -> &'static str {
        "sgd"
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn slots(&self) -> usize {
        usize::from(self.momentum > 0.0)
    }

    fn decays(&self) -> bool {
        self.weight_decay > 0.0
    }

    fn validate(&self) -> Result<()> {
        positive("learning_rate", self.learning_rate)?;
        fraction("momentum", self.momentum)?;
        if self.nesterov && self.momentum == 0.0 {
            return Err(Error::param("momentum", self.momentum, "above 0 for nesterov"));
        }
        non_negative("weight_decay", self.weight_decay)
    }

    fn update(&self, step: Step, params: &mut [F], grad: &[F], state: &mut [&mut [F]]) {
        let rate = F::from_f64(step.learning_rate);
        let decay = F::from_f64(if step.decay { self.weight_decay } else { 0.0 });
        match state {
            [velocity, ..] => {
                let momentum = F::from_f64(self.momentum);
                with_momentum(rate, decay, momentum, self.nesterov, params, grad, velocity);
            }
            [] => plain(rate, decay, params, grad),
        }
    }
}
