//! Cross-entropy of yes-or-no outputs.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::{
    Loss, OutputReduction, check_classes, check_probabilities, check_values, choose_reduction,
    elementwise,
};
use crate::data::{TargetStorage, Targets};
use crate::error::{Error, Result, fraction};
use crate::linalg::elementwise::positive_part;
use crate::network::Link;
use crate::scalar::Scalar;

/// `−t·ln p − (1 − t)·ln(1 − p)` with `p = 1/(1 + exp(−z))`, computed from the logit as
/// `max(z, 0) − z·t + ln(1 + e^−|z|)`; mean (or sum) over outputs, mean over rows; gradient `p − t`.
///
/// Targets: numbers in [0, 1], one for each output; or class indices 0 and 1 for one output.
#[derive(Debug, Clone, Copy, Default)]
pub struct BinaryCrossEntropy {
    pub(super) reduction: OutputReduction,
    pub(super) smoothing: f64,
}

impl BinaryCrossEntropy {
    /// Moves targets towards one half: `t ← (1 − smoothing)·t + smoothing/2`, as Keras does; 0.
    ///
    /// # Errors
    /// [`Error::Param`] if `smoothing` is not in [0, 1).
    pub fn label_smoothing(mut self, smoothing: f64) -> Result<Self> {
        fraction("label_smoothing", smoothing)?;
        self.smoothing = smoothing;
        Ok(self)
    }
}

choose_reduction!(BinaryCrossEntropy);

impl<F: Scalar> Loss<F> for BinaryCrossEntropy {
    fn name(&self) -> &'static str {
        "binary_cross_entropy"
    }

    fn link(&self) -> Link {
        Link::Sigmoid
    }

    fn check(&self, outputs: usize, targets: &TargetStorage<'_, F>) -> Result<()> {
        if targets.classes().is_some() {
            if outputs != 1 {
                let want = "1 for class targets; CrossEntropy takes more";
                return Err(Error::shape("outputs of binary_cross_entropy", want, outputs));
            }
            return check_classes(2, targets);
        }
        check_values("binary_cross_entropy", outputs, targets)?;
        check_probabilities("binary_cross_entropy", targets)
    }

    fn value_and_grad(
        &self,
        logits: ArrayView2<'_, F>,
        targets: Targets<'_, F>,
        weight: Option<&[F]>,
        scale: F,
        dlogits: ArrayViewMut2<'_, F>,
    ) -> f64 {
        let scale = (scale, self.reduction.factor(logits.ncols()));
        let (keep, half) = (1.0 - self.smoothing, 0.5 * self.smoothing);
        let (keep, half) = (F::from_f64(keep), F::from_f64(half));
        elementwise::value_and_grad(logits, targets, weight, scale, dlogits, |z, t| {
            let t = keep * t + half;
            // One exponential, which cannot overflow, is enough for both.
            let small = (-z.abs()).exp();
            let probability = if z < F::zero() { small } else { F::one() } / (F::one() + small);
            // −ln p = softplus(−z) and −ln(1 − p) = softplus(z) differ by z: softplus(z) − z·t.
            // For t = 1 that subtracts nearly equal numbers where z is large, hence −z there.
            let part = match t == F::one() {
                true => positive_part(-z),
                false => positive_part(z) - z * t,
            };
            (part + small.ln_1p(), probability - t)
        })
    }
}
