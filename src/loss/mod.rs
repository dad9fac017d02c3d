//! Losses on logits, with their gradients.
//!
//! Losses take the network's raw scores: softmax and sigmoid are part of them, so that log(0)
//! cannot happen. The loss of a batch is `Σ wᵢ·lossᵢ / Σ wᵢ` over its rows, with weight 1 where a
//! data set carries none.

mod absolute_error;
mod binary_cross_entropy;
mod cross_entropy;
mod elementwise;
mod huber;
mod squared_error;

use std::fmt::Debug;

use ndarray::{ArrayView2, ArrayViewMut2};

pub use absolute_error::MeanAbsoluteError;
pub use binary_cross_entropy::BinaryCrossEntropy;
pub use cross_entropy::CrossEntropy;
pub use huber::Huber;
pub use squared_error::MeanSquaredError;

use crate::data::{TargetStorage, Targets};
use crate::error::{Error, Result};
use crate::network::Link;
use crate::scalar::Scalar;

/// A number that training makes small, and its gradient.
pub trait Loss<F: Scalar>: Debug + Send + Sync {
    /// The name in messages: "cross_entropy".
    fn name(&self) -> &'static str;

    /// What turns scores into predictions.
    fn link(&self) -> Link;

    /// Checks that the loss can be computed for these targets and a network of `outputs` scores.
    ///
    /// # Errors
    /// Targets of the wrong kind, width or range.
    fn check(&self, outputs: usize, targets: &TargetStorage<'_, F>) -> Result<()>;

    /// Returns `Σ wᵢ·lossᵢ` over these rows and overwrites `dlogits` `(rows, outputs)` by
    /// `scale·wᵢ·∂lossᵢ/∂logits`.
    ///
    /// `logits` is `(rows, outputs)`; `weight` has a value a row, 1 each if `None`. A shard cannot
    /// know the batch's weight sum, so the caller gives `scale`, one over it. Targets have passed
    /// [`Loss::check`].
    fn value_and_grad(
        &self,
        logits: ArrayView2<'_, F>,
        targets: Targets<'_, F>,
        weight: Option<&[F]>,
        scale: F,
        dlogits: ArrayViewMut2<'_, F>,
    ) -> f64;
}

/// How a row's loss is made of its outputs' losses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OutputReduction {
    /// Their mean, as PyTorch and Keras do.
    #[default]
    Mean,
    /// Their sum.
    Sum,
}

impl OutputReduction {
    fn factor(self, outputs: usize) -> f64 {
        match self {
            OutputReduction::Mean => 1.0 / outputs as f64,
            OutputReduction::Sum => 1.0,
        }
    }
}

/// Gives a loss the method that chooses its reduction.
macro_rules! choose_reduction {
    ($type:ident) => {
        impl $type {
            /// Chooses mean or sum over a row's outputs.
            pub fn reduction(mut self, reduction: super::OutputReduction) -> Self {
                self.reduction = reduction;
                self
            }
        }
    };
}
use choose_reduction;

/// The weight of a row.
fn row_weight<F: Scalar>(weight: Option<&[F]>, row: usize) -> F {
    weight.map_or(F::one(), |weight| weight[row])
}

/// Checks for targets that are numbers, one for each output.
fn check_values<F: Scalar>(
    loss: &'static str,
    outputs: usize,
    targets: &TargetStorage<'_, F>,
) -> Result<()> {
    let Some(values) = targets.values() else {
        return Err(Error::param("targets", "class indices", format!("numbers, for {loss}")));
    };
    if values.ncols() == outputs {
        return Ok(());
    }
    Err(Error::shape(
        format!("targets of {loss}"),
        format!("{outputs} columns, one an output"),
        format!("{} columns", values.ncols()),
    ))
}

/// Checks that target numbers are in [0, 1].
fn check_probabilities<F: Scalar>(loss: &str, targets: &TargetStorage<'_, F>) -> Result<()> {
    let Some(values) = targets.values() else { return Ok(()) };
    match values.iter().find(|&&value| !(F::zero()..=F::one()).contains(&value)) {
        None => Ok(()),
        Some(value) => Err(Error::param("target", value, format!("in [0, 1] for {loss}"))),
    }
}

/// Checks that class indices are below `classes`.
fn check_classes<F: Scalar>(classes: usize, targets: &TargetStorage<'_, F>) -> Result<()> {
    let Some(indices) = targets.classes() else { return Ok(()) };
    match indices.iter().enumerate().find(|&(_, &class)| class >= classes) {
        None => Ok(()),
        Some((row, &class)) => Err(Error::ClassIndex { class, row, classes }),
    }
}
