//! Losses on logits, with their gradients.
//!
//! Losses take the network's raw scores: softmax and sigmoid are part of them, so that log(0)
//! cannot happen. The loss of a batch is `Σ wᵢ·lossᵢ / Σ wᵢ` over its rows, with weight 1 where a
//! data set carries none.
//!
//! | loss of a row | targets | probabilities through |
//! | --- | --- | --- |
//! | [`CrossEntropy`] `−Σ tⱼ·ln pⱼ` | class indices, or a row of probabilities | softmax |
//! | [`BinaryCrossEntropy`] `−t·ln p − (1 − t)·ln(1 − p)` | classes 0 and 1, or flags in [0, 1] | sigmoid |
//! | [`MeanSquaredError`] `(z − t)²` | numbers | nothing |
//! | [`MeanAbsoluteError`] <code>\|z − t\|</code> | numbers | nothing |
//! | [`Huber`]: squared near 0, absolute far away | numbers | nothing |
//! | [`Poisson`] `exp(z) − t·z` | counts >= 0 | exp |
//!
//! ```
//! use blastrain::data::Targets;
//! use blastrain::loss::{CrossEntropy, Loss};
//! use blastrain::ndarray::array;
//!
//! // Scores of one row for three classes; its class is 0. The gradient is p − t.
//! let (scores, mut gradient) = (array![[2.0f64, 0.0, 0.0]], array![[0.0; 3]]);
//! let targets = Targets::Classes(&[0]);
//! let loss = CrossEntropy.value_and_grad(scores.view(), targets, None, 1.0, gradient.view_mut());
//! let p = 2f64.exp() / (2f64.exp() + 2.0);
//! assert!((loss + p.ln()).abs() < 1e-12);
//! assert!((gradient[(0, 0)] - (p - 1.0)).abs() < 1e-12);
//! ```
//!
//! # Writing your own loss
//!
//! Implement [`Loss`] for every scalar type, and any network trains with it. Each call sees some rows
//! of a batch: it returns their weighted sum and writes the gradient, already divided by the batch's
//! weight sum through `scale`. The gradient check compares it with finite differences.
//!
//! ```
//! use blastrain::data::{Dataset, TargetStorage, Targets};
//! use blastrain::loss::Loss;
//! use blastrain::network::Link;
//! use blastrain::train::{Trainer, gradient_check};
//! use blastrain::{Error, Result, Scalar, Sequential};
//! use blastrain::ndarray::{ArrayView2, ArrayViewMut2, array};
//!
//! /// ln cosh(z − t), summed over outputs: quadratic near 0, linear far away; gradient tanh(z − t).
//! #[derive(Debug)]
//! struct LogCosh;
//!
//! impl<F: Scalar> Loss<F> for LogCosh {
//!     fn name(&self) -> &'static str {
//!         "log_cosh"
//!     }
//!
//!     fn link(&self) -> Link {
//!         Link::Identity
//!     }
//!
//!     fn check(&self, outputs: usize, targets: &TargetStorage<'_, F>) -> Result<()> {
//!         match targets.values() {
//!             Some(values) if values.ncols() == outputs => Ok(()),
//!             Some(values) => Err(Error::shape("targets of log_cosh", outputs, values.ncols())),
//!             None => Err(Error::param("targets", "class indices", "numbers, for log_cosh")),
//!         }
//!     }
//!
//!     fn value_and_grad(
//!         &self,
//!         logits: ArrayView2<'_, F>,
//!         targets: Targets<'_, F>,
//!         weight: Option<&[F]>,
//!         scale: F,
//!         mut dlogits: ArrayViewMut2<'_, F>,
//!     ) -> f64 {
//!         // `check` has refused everything else.
//!         let Targets::Values(values) = targets else { return f64::NAN };
//!         let mut total = 0.0;
//!         for ((row, column), &z) in logits.indexed_iter() {
//!             let weight = weight.map_or(F::one(), |weight| weight[row]);
//!             let distance = (z - values[(row, column)]).abs();
//!             // ln cosh d = d + ln(1 + exp(−2d)) − ln 2, which cannot overflow.
//!             let two = F::from_f64(2.0);
//!             let value = distance + (-two * distance).exp().ln_1p() - two.ln();
//!             total += (weight * value).as_f64();
//!             dlogits[(row, column)] = scale * weight * (z - values[(row, column)]).tanh();
//!         }
//!         total
//!     }
//! }
//!
//! let data = Dataset::new(array![[0.0], [1.0], [2.0], [3.0]], vec![1.0, 3.0, 5.0, 7.0])?;
//! let network = Sequential::<f64>::input(1).dense(1).seed(1).build()?;
//! assert!(gradient_check(&network, &LogCosh, &data)?.worst() < 1e-6);
//! let mut trainer = Trainer::builder(network, LogCosh).epochs(2000).batch_size(4).build()?;
//! assert!(trainer.fit(&data)?.last().unwrap().loss < 0.5);
//! # Ok::<(), Error>(())
//! ```

mod absolute_error;
mod any_loss;
mod binary_cross_entropy;
mod cross_entropy;
pub(crate) mod elementwise;
mod huber;
mod log_sum;
mod poisson;
mod squared_error;

use std::fmt::Debug;

use ndarray::{ArrayView2, ArrayViewMut2};

pub use absolute_error::MeanAbsoluteError;
pub use any_loss::AnyLoss;
pub(crate) use any_loss::SharedLoss;
pub use binary_cross_entropy::BinaryCrossEntropy;
pub use cross_entropy::{CrossEntropy, SmoothedCrossEntropy};
pub use huber::Huber;
pub(crate) use log_sum::LogSum;
pub use poisson::Poisson;
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

impl<F: Scalar, L: Loss<F> + ?Sized> Loss<F> for Box<L> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn link(&self) -> Link {
        (**self).link()
    }

    fn check(&self, outputs: usize, targets: &TargetStorage<'_, F>) -> Result<()> {
        (**self).check(outputs, targets)
    }

    fn value_and_grad(
        &self,
        logits: ArrayView2<'_, F>,
        targets: Targets<'_, F>,
        weight: Option<&[F]>,
        scale: F,
        dlogits: ArrayViewMut2<'_, F>,
    ) -> f64 {
        (**self).value_and_grad(logits, targets, weight, scale, dlogits)
    }
}

/// Every loss of the crate with each of its reductions, with label smoothing and without: the list that contract tests run over.
pub fn all<F: Scalar>() -> Vec<Box<dyn Loss<F>>> {
    let sum = OutputReduction::Sum;
    vec![
        Box::new(MeanSquaredError::default()),
        Box::new(MeanSquaredError::default().reduction(sum).halved()),
        Box::new(MeanAbsoluteError::default()),
        Box::new(MeanAbsoluteError::default().reduction(sum)),
        Box::new(Huber::default()),
        Box::new(Huber::default().reduction(sum)),
        Box::new(BinaryCrossEntropy::default()),
        Box::new(BinaryCrossEntropy::default().reduction(sum)),
        Box::new(BinaryCrossEntropy { reduction: sum, smoothing: 0.1 }),
        Box::new(CrossEntropy),
        Box::new(SmoothedCrossEntropy { smoothing: 0.1 }),
        Box::new(Poisson::default()),
        Box::new(Poisson::default().reduction(sum)),
    ]
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
pub(crate) fn row_weight<F: Scalar>(weight: Option<&[F]>, row: usize) -> F {
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
