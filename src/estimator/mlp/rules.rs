//! The updates of scikit-learn's solvers, where they differ from the crate's optimisers.

use crate::error::{Result, fraction, positive};
use crate::native::simd::{mul_add, vectorised};
use crate::optim::{Optimizer, Step};
use crate::scalar::Scalar;

/// Gradient descent whose velocity contains the learning rate.
///
/// `v ← momentum·v − rate·g`, `p ← p + v`; Nesterov: `p ← p + momentum·v − rate·g`. Where the rate
/// changes, this differs from [`Sgd`](crate::optim::Sgd). The settings have been checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct VelocitySgd {
    pub(super) learning_rate: f64,
    pub(super) momentum: f64,
    pub(super) nesterov: bool,
}

vectorised! {
    fn descend<F>(rate: F, params: &mut [F], grad: &[F]) {
        for (p, &g) in params.iter_mut().zip(grad) {
            *p = mul_add::<F, FMA>(-rate, g, *p);
        }
    }
}

vectorised! {
    fn descend_with_velocity<F>(
        rate: F, momentum: F, nesterov: bool, params: &mut [F], grad: &[F], velocity: &mut [F],
    ) {
        for ((p, &g), v) in params.iter_mut().zip(grad).zip(velocity) {
            let step = -rate * g;
            *v = mul_add::<F, FMA>(momentum, *v, step);
            *p += if nesterov { mul_add::<F, FMA>(momentum, *v, step) } else { *v };
        }
    }
}

impl<F: Scalar> Optimizer<F> for VelocitySgd {
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
        false
    }

    fn validate(&self) -> Result<()> {
        positive("learning_rate_init", self.learning_rate)
    }

    fn update(&self, step: Step, params: &mut [F], grad: &[F], state: &mut [&mut [F]]) {
        let rate = F::from_f64(step.learning_rate);
        match state {
            [velocity, ..] => {
                let momentum = F::from_f64(self.momentum);
                descend_with_velocity(rate, momentum, self.nesterov, params, grad, velocity);
            }
            [] => descend(rate, params, grad),
        }
    }
}

/// Adam with both corrections folded into the rate, so that epsilon goes uncorrected: Kingma & Ba
/// 2015, the end of section 2. The settings have been checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct FoldedAdam {
    pub(super) learning_rate: f64,
    pub(super) beta_1: f64,
    pub(super) beta_2: f64,
    pub(super) epsilon: f64,
}

impl FoldedAdam {
    /// The rate of an update, counted from 1.
    pub(super) fn rate(&self, learning_rate: f64, number: u64) -> f64 {
        let t = number.min(i32::MAX as u64) as i32;
        learning_rate * (1.0 - self.beta_2.powi(t)).sqrt() / (1.0 - self.beta_1.powi(t))
    }
}

vectorised! {
    fn adam<F>(
        beta_1: F, beta_2: F, rate: F, epsilon: F,
        params: &mut [F], grad: &[F], first: &mut [F], second: &mut [F],
    ) {
        let (rest_1, rest_2) = (F::one() - beta_1, F::one() - beta_2);
        for (((p, &g), m), v) in params.iter_mut().zip(grad).zip(first).zip(second) {
            *m = mul_add::<F, FMA>(beta_1, *m, rest_1 * g);
            *v = mul_add::<F, FMA>(beta_2, *v, rest_2 * (g * g));
            *p -= rate * *m / (v.sqrt() + epsilon);
        }
    }
}

impl<F: Scalar> Optimizer<F> for FoldedAdam {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn slots(&self) -> usize {
        2
    }

    fn decays(&self) -> bool {
        false
    }

    fn validate(&self) -> Result<()> {
        positive("learning_rate_init", self.learning_rate)?;
        fraction("beta_1", self.beta_1)?;
        fraction("beta_2", self.beta_2)?;
        positive("epsilon", self.epsilon)
    }

    fn update(&self, step: Step, params: &mut [F], grad: &[F], state: &mut [&mut [F]]) {
        let [first, second, ..] = state else { return };
        let rate = self.rate(step.learning_rate, step.number);
        let [beta_1, beta_2, rate, epsilon] =
            [self.beta_1, self.beta_2, rate, self.epsilon].map(F::from_f64);
        adam(beta_1, beta_2, rate, epsilon, params, grad, first, second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a rule on one parameter; the rates are those of the steps.
    fn run(rule: &dyn Optimizer<f64>, rates: &[f64], gradients: &[f64]) -> f64 {
        let mut param = [1.0];
        let mut state = vec![[0.0]; rule.slots()];
        for (i, (&rate, &gradient)) in rates.iter().zip(gradients).enumerate() {
            let mut slots: Vec<&mut [f64]> = state.iter_mut().map(|s| s.as_mut_slice()).collect();
            rule.update(Step::new(i as u64 + 1, rate), &mut param, &[gradient], &mut slots);
        }
        param[0]
    }

    fn close(got: f64, want: f64) {
        assert!((got - want).abs() < 1e-15, "{got} is not {want}");
    }

    #[test]
    fn a_falling_rate_leaves_the_velocity_as_it_was() {
        let mut rule = VelocitySgd { learning_rate: 0.1, momentum: 0.5, nesterov: false };
        // v = −0.1·2 = −0.2; then v = 0.5·(−0.2) − 0.01·3 = −0.13.
        close(run(&rule, &[0.1, 0.01], &[2.0, 3.0]), 1.0 - 0.2 - 0.13);
        rule.nesterov = true;
        // The same velocities; steps 0.5·(−0.2) − 0.2 = −0.3, then 0.5·(−0.13) − 0.03 = −0.095.
        close(run(&rule, &[0.1, 0.01], &[2.0, 3.0]), 1.0 - 0.3 - 0.095);
        rule.momentum = 0.0;
        close(run(&rule, &[0.1, 0.01], &[2.0, 3.0]), 1.0 - 0.2 - 0.03);
    }

    #[test]
    fn epsilon_is_not_corrected() {
        let rule = FoldedAdam { learning_rate: 0.1, beta_1: 0.5, beta_2: 0.75, epsilon: 1.0 };
        // m = 0.5·2 = 1, v = 0.25·4 = 1, rate = 0.1·√0.25/0.5 = 0.1: step 0.1·1/(1 + 1).
        close(run(&rule, &[0.1], &[2.0]), 0.95);
        // m = 0.5 + 0.5·4 = 2.5, v = 0.75 + 0.25·16 = 4.75, rate = 0.1·√(1 − 0.75²)/0.75.
        let rate = 0.1 * (1.0f64 - 0.5625).sqrt() / 0.75;
        close(run(&rule, &[0.1, 0.1], &[2.0, 4.0]), 0.95 - rate * 2.5 / (4.75f64.sqrt() + 1.0));
    }
}
