//! Poisson loss of counts.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::{Loss, OutputReduction, check_values, choose_reduction, elementwise};
use crate::data::{TargetStorage, Targets};
use crate::error::{Error, Result};
use crate::network::Link;
use crate::scalar::Scalar;

/// `exp(z) − t·z` with z the logarithm of the expected count, mean (or sum) over outputs, mean over
/// rows; gradient `exp(z) − t`.
///
/// It is the negative logarithm of the Poisson likelihood without its part that no network changes,
/// `ln t!`, and what PyTorch's `PoissonNLLLoss` computes unless told `full=True` (which adds Stirling's
/// approximation of that part). scikit-learn's multi-layer perceptron reports half the deviance,
/// which is this plus `t·ln t − t`, summed over outputs.
///
/// Targets: numbers that are not negative, one for each output.
///
/// ```
/// use blastrain::prelude::*;
/// use blastrain::ndarray::array;
///
/// let data = Dataset::new(array![[0.0], [1.0]], vec![2.0, 6.0])?;
/// let network = Sequential::<f64>::input(1).dense(1).build()?;
/// let mut trainer =
///     Trainer::builder(network, Poisson::default()).optimizer(Sgd::new(0.1)).epochs(2000).build()?;
/// trainer.fit(&data)?;
/// let counts = trainer.network().predict_proba(&data)?; // exp of the scores
/// assert!((counts[(0, 0)] - 2.0).abs() < 1e-3 && (counts[(1, 0)] - 6.0).abs() < 1e-3);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Poisson {
    reduction: OutputReduction,
}

choose_reduction!(Poisson);

impl<F: Scalar> Loss<F> for Poisson {
    fn name(&self) -> &'static str {
        "poisson"
    }

    fn link(&self) -> Link {
        Link::Exp
    }

    fn check(&self, outputs: usize, targets: &TargetStorage<'_, F>) -> Result<()> {
        check_values("poisson", outputs, targets)?;
        match targets.values().and_then(|values| values.iter().copied().find(|&t| t < F::zero())) {
            None => Ok(()),
            Some(value) => Err(Error::param("target", value, ">= 0 for poisson")),
        }
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
        elementwise::value_and_grad(logits, targets, weight, scale, dlogits, |z, t| {
            let mean = z.exp();
            (mean - t * z, mean - t)
        })
    }
}
