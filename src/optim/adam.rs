//! Adam and its variant with decoupled weight decay.

use super::{Optimizer, Step};
use crate::error::{Result, fraction, non_negative, positive};
use crate::native::simd::{flush_subnormal, mul_add, vectorised};
use crate::scalar::Scalar;

/// What both rules share.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Settings {
    learning_rate: f64,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    weight_decay: f64,
}

impl Settings {
    fn new(learning_rate: f64, weight_decay: f64) -> Self {
        Self { learning_rate, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8, weight_decay }
    }

    fn validate(&self) -> Result<()> {
        positive("learning_rate", self.learning_rate)?;
        fraction("beta_1", self.beta_1)?;
        fraction("beta_2", self.beta_2)?;
        non_negative("epsilon", self.epsilon)?;
        non_negative("weight_decay", self.weight_decay)
    }

    /// `shrink` multiplies the parameters; `added` times them joins the gradient.
    fn update<F: Scalar>(
        &self,
        step: Step,
        [shrink, added]: [f64; 2],
        params: &mut [F],
        grad: &[F],
        state: &mut [&mut [F]],
    ) {
        let [first, second, ..] = state else { return };
        let power = step.number.min(i32::MAX as u64) as i32;
        let correct_1 = 1.0 - self.beta_1.powi(power);
        let correct_2 = 1.0 - self.beta_2.powi(power);
        let [shrink, added, beta_1, beta_2, rate, root, epsilon] = [
            shrink,
            added,
            self.beta_1,
            self.beta_2,
            step.learning_rate / correct_1,
            correct_2.sqrt().recip(),
            self.epsilon,
        ]
        .map(F::from_f64);
        adam(shrink, added, beta_1, beta_2, rate, root, epsilon, params, grad, first, second);
    }
}

vectorised! {
    fn adam<F>(
        shrink: F, added: F, beta_1: F, beta_2: F, rate: F, root: F, epsilon: F,
        params: &mut [F], grad: &[F], first: &mut [F], second: &mut [F],
    ) {
        let (rest_1, rest_2) = (F::one() - beta_1, F::one() - beta_2);
        for (((p, &g), m), v) in params.iter_mut().zip(grad).zip(first).zip(second) {
            let g = mul_add::<F, FMA>(added, *p, g);
            *m = flush_subnormal(mul_add::<F, FMA>(beta_1, *m, rest_1 * g));
            *v = flush_subnormal(mul_add::<F, FMA>(beta_2, *v, rest_2 * g * g));
            let deviation = mul_add::<F, FMA>(v.sqrt(), root, epsilon);
            *p = mul_add::<F, FMA>(shrink, *p, -rate * *m / deviation);
        }
    }
}

macro_rules! rule {
    ($type:ident, $name:literal) => {
        impl $type {
            /// How fast the mean of the gradients forgets, in [0, 1); 0.9 unless told otherwise.
            pub fn beta_1(mut self, beta_1: f64) -> Self {
                self.0.beta_1 = beta_1;
                self
            }

            /// How fast the mean of their squares forgets, in [0, 1); 0.999 unless told otherwise.
            pub fn beta_2(mut self, beta_2: f64) -> Self {
                self.0.beta_2 = beta_2;
                self
            }

            /// Keeps the division from zero, >= 0; 1e-8 unless told otherwise.
            pub fn epsilon(mut self, epsilon: f64) -> Self {
                self.0.epsilon = epsilon;
                self
            }
        }

        impl<F: Scalar> Optimizer<F> for $type {
            fn name(&self) -> &'static str {
                $name
            }

            fn learning_rate(&self) -> f64 {
                self.0.learning_rate
            }

            fn slots(&self) -> usize {
                2
            }

            fn decays(&self) -> bool {
                self.0.weight_decay > 0.0
            }

            fn validate(&self) -> Result<()> {
                self.0.validate()
            }

            fn update(&self, step: Step, params: &mut [F], grad: &[F], state: &mut [&mut [F]]) {
                self.0.update(step, self.decay(step), params, grad, state);
            }
        }
    };
}

/// Adam: steps scaled by running means of the gradient and of its square, both corrected for their
/// start at zero. Kingma & Ba 2015, algorithm 1.
///
/// In step t, with gradient g: `m ← β₁·m + (1 − β₁)·g`, `v ← β₂·v + (1 − β₂)·g²`,
/// `p ← p − rate·(m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + epsilon)`, as in PyTorch. Means that have decayed below the least
/// normal number are set to zero, so for the other optimisers: processors are slow with what is subnormal.
///
/// ```
/// use blastrain::optim::{Adam, Optimizer};
///
/// let adam = Adam::new(0.001).beta_1(0.95).epsilon(1e-7).weight_decay(1e-4);
/// assert!(Optimizer::<f32>::validate(&adam).is_ok());
/// assert!(Optimizer::<f32>::validate(&Adam::new(-1.0)).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam(Settings);

impl Adam {
    /// Adam at this rate (> 0; 0.001 is usual).
    pub fn new(learning_rate: f64) -> Self {
        Self(Settings::new(learning_rate, 0.0))
    }

    /// Adds `weight_decay·p` to the gradient of weights, not of biases (>= 0).
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.0.weight_decay = weight_decay;
        self
    }

    fn decay(self, step: Step) -> [f64; 2] {
        [1.0, if step.decay { self.0.weight_decay } else { 0.0 }]
    }
}

impl Default for Adam {
    /// A rate of 0.001.
    fn default() -> Self {
        Self::new(0.001)
    }
}

/// Adam with decoupled weight decay: weights (not biases) shrink by `rate·weight_decay` of
/// themselves each step, beside Adam's rule. Loshchilov & Hutter 2019, algorithm 2.
///
/// ```
/// use blastrain::optim::{AdamW, Optimizer, Step};
///
/// let (mut weight, mut m, mut v) = ([2.0f64], [0.0], [0.0]);
/// let rule = AdamW::new(0.1, 0.01);
/// rule.update(Step::new(1, 0.1), &mut weight, &[0.0], &mut [&mut m, &mut v]);
/// assert!((weight[0] - 2.0 * (1.0 - 0.1 * 0.01)).abs() < 1e-12); // decay alone
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW(Settings);

impl AdamW {
    /// AdamW at this rate (> 0) with this decay (>= 0; 0.01 is usual).
    pub fn new(learning_rate: f64, weight_decay: f64) -> Self {
        Self(Settings::new(learning_rate, weight_decay))
    }

    fn decay(self, step: Step) -> [f64; 2] {
        let decay = if step.decay { self.0.weight_decay } else { 0.0 };
        [1.0 - step.learning_rate * decay, 0.0]
    }
}

rule!(Adam, "adam");
rule!(AdamW, "adamw");
