//! scikit-learn's losses, where they differ from the crate's: clipped probabilities, a gradient that is
//! not the reported loss's, and the Poisson deviance.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::data::{TargetStorage, Targets};
use crate::error::Result;
use crate::linalg::elementwise;
use crate::loss::elementwise::{in_place, target_at};
use crate::loss::{
    BinaryCrossEntropy, CrossEntropy, LogSum, Loss, MeanSquaredError, Poisson, row_weight,
};
use crate::native::rows::{flat, flat_ref};
use crate::native::simd::vectorised;
use crate::network::{Link, shift_by_max};
use crate::scalar::Scalar;

/// Cross-entropy of classes that exclude each other, from probabilities clipped to [ε, 1 − ε] with ε the
/// scalar type's; the gradient is that of the unclipped loss.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClippedLogLoss;

impl<F: Scalar> Loss<F> for ClippedLogLoss {
    fn name(&self) -> &'static str {
        "log_loss"
    }

    fn link(&self) -> Link {
        Link::Softmax
    }

    fn check(&self, outputs: usize, targets: &TargetStorage<'_, F>) -> Result<()> {
        CrossEntropy.check(outputs, targets)
    }

    fn value_and_grad(
        &self,
        logits: ArrayView2<'_, F>,
        targets: Targets<'_, F>,
        weight: Option<&[F]>,
        scale: F,
        mut dlogits: ArrayViewMut2<'_, F>,
    ) -> f64 {
        // A classifier's own targets are class indices whenever its outputs exclude each other.
        let Targets::Classes(classes) = targets else {
            return CrossEntropy.value_and_grad(logits, targets, weight, scale, dlogits);
        };
        let width = logits.ncols();
        let values = flat(&mut dlogits);
        values.copy_from_slice(flat_ref(&logits));
        shift_by_max(width, values);
        elementwise::exp(values);
        let mut total = LogSum::new();
        weigh_softmax(width, values, classes, weight, scale, &mut total);
        -total.total()
    }
}

vectorised! {
    /// From exponentials to the loss and its derivatives; adds the logarithms.
    fn weigh_softmax<F>(
        width: usize, values: &mut [F], classes: &[usize], weight: Option<&[F]>, scale: F, total: &mut LogSum,
    ) {
        // Rows of a few values are unrolled.
        match width {
            2 => weigh_rows::<F>(2, values, classes, weight, scale, total),
            3 => weigh_rows::<F>(3, values, classes, weight, scale, total),
            4 => weigh_rows::<F>(4, values, classes, weight, scale, total),
            _ => weigh_rows::<F>(width, values, classes, weight, scale, total),
        }
    }
}

#[inline(always)]
fn weigh_rows<F: Scalar>(
    width: usize,
    values: &mut [F],
    classes: &[usize],
    weight: Option<&[F]>,
    scale: F,
    total: &mut LogSum,
) {
    for ((row, exps), &class) in values.chunks_exact_mut(width).enumerate().zip(classes) {
        let weight = row_weight(weight, row);
        let sum = exps.iter().fold(F::zero(), |sum, &value| sum + value);
        let inverse = F::one() / sum;
        total.add(weight.as_f64(), clipped(exps[class] * inverse).as_f64());
        let factor = scale * weight;
        let normalise = factor * inverse;
        for value in exps.iter_mut() {
            *value *= normalise;
        }
        exps[class] -= factor;
    }
}

/// Defines a loss whose outputs add up: what turns a copy of the scores into derivatives and gives the
/// reported sum.
macro_rules! loss_of_outputs {
    (
        $(#[$doc:meta])* $type:ident, $name:literal, $link:expr, $checked_as:expr,
        |$values:ident, $width:ident, $targets:ident, $weight:ident, $scale:ident| $body:expr
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub(super) struct $type;

        impl<F: Scalar> Loss<F> for $type {
            fn name(&self) -> &'static str {
                $name
            }

            fn link(&self) -> Link {
                $link
            }

            fn check(&self, outputs: usize, targets: &TargetStorage<'_, F>) -> Result<()> {
                $checked_as.check(outputs, targets)
            }

            fn value_and_grad(
                &self,
                logits: ArrayView2<'_, F>,
                $targets: Targets<'_, F>,
                $weight: Option<&[F]>,
                $scale: F,
                mut dlogits: ArrayViewMut2<'_, F>,
            ) -> f64 {
                let $width = logits.ncols();
                let $values = flat(&mut dlogits);
                $values.copy_from_slice(flat_ref(&logits));
                $body
            }
        }
    };
}

loss_of_outputs!(
    /// Cross-entropy of yes-or-no outputs, summed over them, from probabilities clipped as in
    /// [`ClippedLogLoss`]; the gradient is that of the unclipped loss.
    ClippedBinaryLogLoss, "binary_log_loss", Link::Sigmoid, BinaryCrossEntropy::default(),
    |values, width, targets, weight, scale| {
        elementwise::sigmoid(values);
        let mut total = LogSum::new();
        for (row, probabilities) in values.chunks_exact_mut(width).enumerate() {
            let weight = row_weight(weight, row);
            for (column, place) in probabilities.iter_mut().enumerate() {
                let target = target_at(targets, row, column);
                add_cross_entropy(&mut total, weight, clipped(*place), target);
                *place = scale * weight * (*place - target);
            }
        }
        -total.total()
    }
);

/// Adds `weight·(t·ln p + (1 − t)·ln(1 − p))`.
#[inline(always)]
fn add_cross_entropy<F: Scalar>(total: &mut LogSum, weight: F, p: F, target: F) {
    let rest = F::one() - p;
    if target == F::zero() || target == F::one() {
        // A choice, not a branch: the targets' order cannot be guessed.
        let of_target = if target == F::one() { p } else { rest };
        total.add(weight.as_f64(), of_target.as_f64());
    } else {
        total.add((weight * target).as_f64(), p.as_f64());
        total.add((weight * (F::one() - target)).as_f64(), rest.as_f64());
    }
}

loss_of_outputs!(
    /// Half the squared error: the reported loss is the mean over a row's outputs, but the gradient is
    /// that of their sum.
    HalfSquaredError, "squared_error", Link::Identity, MeanSquaredError::default(),
    |values, width, targets, weight, scale| {
        let point = |output, target| {
            let difference: F = output - target;
            (difference * difference, difference)
        };
        0.5 * in_place(width, values, targets, weight, (scale, 1.0), point) / width as f64
    }
);

loss_of_outputs!(
    /// Half the Poisson deviance of outputs exp(z), summed over a row's outputs:
    /// `t·ln(t / exp(z)) − t + exp(z)`, with gradient `exp(z) − t`.
    HalfPoissonDeviance, "poisson", Link::Exp, Poisson::default(),
    |values, width, targets, weight, scale| {
        elementwise::exp(values);
        let point = |mean: F, target: F| {
            let log = if target == F::zero() { F::zero() } else { target * (target / mean).ln() };
            (log - target + mean, mean - target)
        };
        in_place(width, values, targets, weight, (scale, 1.0), point)
    }
);

/// The probability, kept from 0 and 1 by the scalar type's rounding step; NaN stays.
fn clipped<F: Scalar>(probability: F) -> F {
    let (least, most) = (F::epsilon(), F::one() - F::epsilon());
    if probability < least {
        least
    } else if probability > most {
        most
    } else {
        probability
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    /// Value and gradient of two rows of weights 1 and 3.
    fn run(loss: &dyn Loss<f64>, z: &Array2<f64>, targets: Targets<'_, f64>) -> (f64, Array2<f64>) {
        let mut gradient = Array2::zeros(z.dim());
        let weights = [1.0, 3.0];
        let rows = Some(&weights[..z.nrows()]);
        let value = loss.value_and_grad(z.view(), targets, rows, 0.25, gradient.view_mut());
        (value, gradient)
    }

    /// Finite differences of a quarter of the value agree with `factor` times the gradient.
    fn check(loss: &dyn Loss<f64>, z: &Array2<f64>, targets: Targets<'_, f64>, factor: f64) {
        let (_, gradient) = run(loss, z, targets);
        for (place, &slope) in gradient.indexed_iter() {
            let [above, below] = [1e-6, -1e-6].map(|step| {
                let mut moved = z.clone();
                moved[place] += step;
                run(loss, &moved, targets).0
            });
            let numeric = 0.25 * (above - below) / 2e-6 * factor;
            assert!((numeric - slope).abs() < 1e-8, "{}: {numeric} {slope}", loss.name());
        }
    }

    #[test]
    fn gradients_are_those_of_the_losses() {
        let z = array![[0.5, -1.0], [2.0, 0.3]];
        let numbers = array![[1.0, 0.0], [3.0, 0.5]];
        let flags = array![[1.0, 0.0], [1.0, 1.0]];
        for width in 2..7 {
            let scores =
                Array2::from_shape_fn((2, width), |(i, j)| (i + 1) as f64 - 0.3 * j as f64);
            check(&ClippedLogLoss, &scores, Targets::Classes(&[1, width - 1]), 1.0);
        }
        check(&ClippedBinaryLogLoss, &z, Targets::Values(flags.view()), 1.0);
        check(&HalfPoissonDeviance, &z, Targets::Values(numbers.view()), 1.0);
        // The quirk: two outputs, twice the gradient.
        check(&HalfSquaredError, &z, Targets::Values(numbers.view()), 2.0);
    }

    #[test]
    fn probabilities_are_clipped_in_the_value_only() {
        let wrong = -f64::EPSILON.ln();
        let (value, gradient) =
            run(&ClippedBinaryLogLoss, &array![[800.0]], Targets::Classes(&[0]));
        assert_eq!((value, gradient), (wrong, array![[0.25]]));
        let z = array![[800.0, 0.0]];
        let (value, gradient) = run(&ClippedLogLoss, &z, Targets::Classes(&[1]));
        assert_eq!((value, gradient), (wrong, array![[0.25, -0.25]]));
        let (value, _) = run(&ClippedLogLoss, &z, Targets::Classes(&[0]));
        assert_eq!(value, -(1.0 - f64::EPSILON).ln());
        let (value, _) = run(&ClippedLogLoss, &array![[f64::NAN, 0.0]], Targets::Classes(&[0]));
        assert!(value.is_nan());
    }

    #[test]
    fn poisson_takes_zero_counts_and_no_negative_ones() {
        let counts = array![[0.0]];
        let (value, _) = run(&HalfPoissonDeviance, &array![[0.0]], Targets::Values(counts.view()));
        assert_eq!(value, 1.0);
        let negative = TargetStorage::from(vec![1.0, -1.0]);
        assert!(Loss::<f64>::check(&HalfPoissonDeviance, 1, &negative).is_err());
    }
}
