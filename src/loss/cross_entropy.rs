//! Cross-entropy of classes that exclude each other.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::{LogSum, Loss, check_classes, check_probabilities, check_values, row_weight};
use crate::data::{TargetStorage, Targets};
use crate::error::{Error, Result, fraction};
use crate::linalg::elementwise;
use crate::native::rows::{flat, flat_ref};
use crate::network::{Link, shift_by_max};
use crate::scalar::Scalar;

/// `−Σⱼ tⱼ·ln pⱼ` with p the softmax of the logits, mean over rows; gradient `p·Σt − t`.
///
/// Targets: a class index a row, or numbers in [0, 1], one for each class (one-hot or soft).
/// Computed as `ln Σ exp(zⱼ − max z) − Σ tⱼ·(zⱼ − max z)`, so that nothing overflows.
#[derive(Debug, Clone, Copy, Default)]
pub struct CrossEntropy;

impl CrossEntropy {
    /// The loss for targets that are moved towards the uniform distribution over the K classes:
    /// `t ← (1 − smoothing)·t + smoothing/K`. Szegedy et al. 2016, section 7; PyTorch's formula.
    ///
    /// ```
    /// use blastrain::loss::CrossEntropy;
    ///
    /// let loss = CrossEntropy.label_smoothing(0.1)?;
    /// # Ok::<(), blastrain::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Param`] if `smoothing` is not in [0, 1).
    pub fn label_smoothing(self, smoothing: f64) -> Result<SmoothedCrossEntropy> {
        fraction("label_smoothing", smoothing)?;
        Ok(SmoothedCrossEntropy { smoothing })
    }
}

/// [`CrossEntropy`] of smoothed targets, made by [`CrossEntropy::label_smoothing`].
#[derive(Debug, Clone, Copy)]
pub struct SmoothedCrossEntropy {
    pub(super) smoothing: f64,
}

macro_rules! cross_entropy {
    ($type:ty, |$loss:ident| $smoothing:expr) => {
        impl<F: Scalar> Loss<F> for $type {
            fn name(&self) -> &'static str {
                "cross_entropy"
            }

            fn link(&self) -> Link {
                Link::Softmax
            }

            fn check(&self, outputs: usize, targets: &TargetStorage<'_, F>) -> Result<()> {
                check(outputs, targets)
            }

            fn value_and_grad(
                &self,
                logits: ArrayView2<'_, F>,
                targets: Targets<'_, F>,
                weight: Option<&[F]>,
                scale: F,
                dlogits: ArrayViewMut2<'_, F>,
            ) -> f64 {
                let $loss = self;
                value_and_grad($smoothing, logits, targets, weight, scale, dlogits)
            }
        }
    };
}
cross_entropy!(CrossEntropy, |_loss| 0.0);
cross_entropy!(SmoothedCrossEntropy, |loss| loss.smoothing);

fn check<F: Scalar>(outputs: usize, targets: &TargetStorage<'_, F>) -> Result<()> {
    if outputs < 2 {
        let want = "at least 2; BinaryCrossEntropy takes one";
        return Err(Error::shape("outputs of cross_entropy", want, outputs));
    }
    if targets.classes().is_some() {
        return check_classes(outputs, targets);
    }
    check_values("cross_entropy", outputs, targets)?;
    check_probabilities("cross_entropy", targets)
}

fn value_and_grad<F: Scalar>(
    smoothing: f64,
    logits: ArrayView2<'_, F>,
    targets: Targets<'_, F>,
    weight: Option<&[F]>,
    scale: F,
    mut dlogits: ArrayViewMut2<'_, F>,
) -> f64 {
    let width = logits.ncols();
    let uniform = smoothing / width as f64;
    let values = flat(&mut dlogits);
    values.copy_from_slice(flat_ref(&logits));
    shift_by_max(width, values);
    // The targets' part needs the shifted logits, which exp is about to overwrite.
    let mut total = 0.0;
    for (row, shifted) in values.chunks_exact(width).enumerate() {
        let dot: f64 = match targets {
            Targets::Classes(classes) => shifted[classes[row]].as_f64(),
            Targets::Values(soft) => {
                soft.row(row).iter().zip(shifted).map(|(&t, &z)| soft_term(t, z)).sum()
            }
        };
        let mut dot = (1.0 - smoothing) * dot;
        if uniform > 0.0 {
            dot += uniform * shifted.iter().map(|z| z.as_f64()).sum::<f64>();
        }
        total -= row_weight(weight, row).as_f64() * dot;
    }
    elementwise::exp(values);
    let mut logs = LogSum::new();
    let (keep, uniform) = (F::from_f64(1.0 - smoothing), F::from_f64(uniform));
    for (row, exps) in values.chunks_exact_mut(width).enumerate() {
        let weight = row_weight(weight, row);
        let sum = exps.iter().fold(F::zero(), |sum, &value| sum + value);
        let target_sum = match targets {
            Targets::Classes(_) => F::one(),
            Targets::Values(soft) => keep * soft.row(row).sum() + F::from_f64(smoothing),
        };
        logs.add((weight * target_sum).as_f64(), sum.as_f64());
        let factor = scale * weight;
        let (normalise, uniform) = (factor * target_sum / sum, factor * uniform);
        for value in exps.iter_mut() {
            *value = *value * normalise - uniform;
        }
        let factor = factor * keep;
        match targets {
            Targets::Classes(classes) => exps[classes[row]] -= factor,
            Targets::Values(soft) => {
                exps.iter_mut().zip(soft.row(row)).for_each(|(dz, &t)| *dz -= factor * t);
            }
        }
    }
    total + logs.total()
}

/// `t·z`, and 0 for t = 0 even where z has run to −∞.
fn soft_term<F: Scalar>(target: F, shifted: F) -> f64 {
    if target == F::zero() && !shifted.is_nan() { 0.0 } else { (target * shifted).as_f64() }
}
