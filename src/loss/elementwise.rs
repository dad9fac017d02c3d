//! The frame of losses that treat every output alike.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::row_weight;
use crate::data::Targets;
use crate::native::rows::{flat, flat_ref};
use crate::scalar::Scalar;

/// Sums `factor·Σⱼ value(zᵢⱼ, tᵢⱼ)` over rows, weighted, and writes the scaled derivatives.
///
/// `point` returns the value and its derivative by z.
pub(super) fn value_and_grad<F: Scalar>(
    logits: ArrayView2<'_, F>,
    targets: Targets<'_, F>,
    weight: Option<&[F]>,
    (scale, factor): (F, f64),
    mut dlogits: ArrayViewMut2<'_, F>,
    point: impl Fn(F, F) -> (F, F),
) -> f64 {
    let width = logits.ncols();
    let values = flat(&mut dlogits);
    values.copy_from_slice(flat_ref(&logits));
    in_place(width, values, targets, weight, (scale, factor), point)
}

/// As [`value_and_grad`] on rows of `width` values, which the scaled derivatives overwrite: scores, or
/// what was made of them.
pub(crate) fn in_place<F: Scalar>(
    width: usize,
    values: &mut [F],
    targets: Targets<'_, F>,
    weight: Option<&[F]>,
    (scale, factor): (F, f64),
    point: impl Fn(F, F) -> (F, F),
) -> f64 {
    let mut total = 0.0;
    for (row, values) in values.chunks_exact_mut(width).enumerate() {
        let weight = row_weight(weight, row);
        let scaled = scale * weight * F::from_f64(factor);
        let mut sum = 0.0;
        for (column, place) in values.iter_mut().enumerate() {
            let target = target_at(targets, row, column);
            let (value, derivative) = point(*place, target);
            sum += value.as_f64();
            *place = scaled * derivative;
        }
        total += weight.as_f64() * factor * sum;
    }
    total
}

/// The target of an output: a value, or the class that a lone output stands for (more than one are refused
/// by the losses' checks).
#[inline(always)]
pub(crate) fn target_at<F: Scalar>(targets: Targets<'_, F>, row: usize, column: usize) -> F {
    match targets {
        Targets::Values(values) => values[(row, column)],
        Targets::Classes(classes) => F::from_f64(classes[row] as f64),
    }
}

/// Implements [`Loss`](super::Loss) for a regression loss whose outputs add up.
macro_rules! regression_loss {
    ($type:ident, $name:literal, |$loss:ident| $factor:expr, |$z:ident, $t:ident| $point:expr) => {
        impl<F: crate::Scalar> super::Loss<F> for $type {
            fn name(&self) -> &'static str {
                $name
            }

            fn link(&self) -> crate::network::Link {
                crate::network::Link::Identity
            }

            fn check(
                &self,
                outputs: usize,
                targets: &crate::data::TargetStorage<'_, F>,
            ) -> crate::Result<()> {
                super::check_values($name, outputs, targets)
            }

            fn value_and_grad(
                &self,
                logits: ndarray::ArrayView2<'_, F>,
                targets: crate::data::Targets<'_, F>,
                weight: Option<&[F]>,
                scale: F,
                dlogits: ndarray::ArrayViewMut2<'_, F>,
            ) -> f64 {
                let $loss = self;
                let factor: f64 = $factor * self.reduction.factor(logits.ncols());
                let scale = (scale, factor);
                super::elementwise::value_and_grad(
                    logits,
                    targets,
                    weight,
                    scale,
                    dlogits,
                    |$z, $t| $point,
                )
            }
        }
    };
}
pub(super) use regression_loss;
