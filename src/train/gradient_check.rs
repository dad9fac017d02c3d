//! Gradients against finite differences.

use std::fmt;

use super::gradient::FullBatch;
use super::plan::WeightGradient;
use crate::data::Dataset;
use crate::error::Result;
use crate::loss::Loss;
use crate::network::{Regularizer, Sequential, TensorInfo};

/// Step of the differences, relative to parameters above 1; a power of two, so that it is exact.
const STEP: f64 = 1.0 / 8192.0;
/// Gradients below this part of the loss drown in the differences' rounding errors.
const FLOOR: f64 = 1e-5;
/// The ways in which a step computes gradients, with the row shards of each.
const WAYS: [(WeightGradient, usize); 6] = [
    (WeightGradient::Owners, 1),
    (WeightGradient::Owners, 2),
    (WeightGradient::Owners, 3),
    (WeightGradient::Shards, 1),
    (WeightGradient::Shards, 2),
    (WeightGradient::Shards, 3),
];

/// One tensor's gradient against finite differences, in the way of computing it that came off worst.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TensorCheck {
    /// The tensor: "dense_1.weight".
    pub name: String,
    /// `|a − n| / max(|a| + |n|, floor)` with the norms of the whole tensor, a the gradient and n the
    /// differences; the floor is 10⁻⁵ of the loss, or 10⁻⁵ where the loss is below 1.
    pub relative_error: f64,
    /// Who computed the weight gradient.
    pub weight_gradient: WeightGradient,
    /// Where in the tensor, row-major, the two differ most.
    pub position: usize,
    /// The gradient there.
    pub computed: f64,
    /// The difference quotient there.
    pub expected: f64,
}

/// What [`gradient_check`] found. Prints as a line for each tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct GradientCheck {
    tensors: Vec<TensorCheck>,
}

impl GradientCheck {
    /// All tensors, in the order of [`Sequential::tensors`].
    pub fn tensors(&self) -> &[TensorCheck] {
        &self.tensors
    }

    /// The largest relative error of a tensor; NaN if one is. Below 10⁻⁶ all is well.
    pub fn worst(&self) -> f64 {
        self.tensors.iter().map(|tensor| tensor.relative_error).fold(0.0, larger)
    }
}

impl fmt::Display for GradientCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for tensor in &self.tensors {
            let TensorCheck { name, relative_error, position, computed, expected, .. } = tensor;
            writeln!(
                f,
                "{name}: relative error {relative_error:.1e}, worst at {position}: computed {computed}, expected {expected}"
            )?;
        }
        Ok(())
    }
}

/// Compares the gradient of the mean loss over `data` with central differences of the loss.
///
/// Checks every layer's and the loss's backward pass at once, in every way in which a step may
/// compute it: by [`WeightGradient::Owners`] and [`WeightGradient::Shards`], whole and in row shards.
/// It runs the network four times for each parameter: keep it small. The differences are right only
/// where the loss is smooth, so keep inputs of ReLU and its like away from 0. A layer's gradient by
/// its input shows in the tensors of layers before it: put a dense layer in front.
///
/// The difference quotient is the five-point one, `(f(−2h) − 8f(−h) + 8f(h) − f(2h)) / 12h`, whose
/// error is of the order h⁴.
///
/// ```
/// use blastrain::data::Dataset;
/// use blastrain::loss::CrossEntropy;
/// use blastrain::train::gradient_check;
/// use blastrain::Sequential;
/// use blastrain::ndarray::array;
///
/// let network = Sequential::<f64>::input(2).dense(4).tanh().dense(3).seed(1).build()?;
/// let data = Dataset::new(array![[0.5, -1.0], [2.0, 0.25], [-0.75, 1.0]], vec![0, 2, 1])?;
/// let check = gradient_check(&network, &CrossEntropy, &data)?;
/// assert!(check.worst() < 1e-6, "{check}");
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// # Errors
/// Features or targets that do not fit the network or the loss; weights that are all zero.
pub fn gradient_check(
    network: &Sequential<f64>,
    loss: &dyn Loss<f64>,
    data: &Dataset<'_, f64>,
) -> Result<GradientCheck> {
    let mut probe = network.clone();
    let (value, expected) = differences(&mut probe, loss, data)?;
    let floor = FLOOR * larger(1.0, value.abs());
    let mut found: Vec<TensorCheck> = Vec::new();
    for (mode, shards) in WAYS {
        let mut batch = FullBatch::new(network, loss, data, mode, Some(shards), Regularizer::NONE)?;
        batch.run(&mut probe);
        for (i, tensor) in network.tensors().iter().enumerate() {
            let check = compare(tensor, mode, batch.gradient(), &expected, floor);
            match found.get_mut(i) {
                None => found.push(check),
                Some(worst) if check.relative_error <= worst.relative_error => {}
                Some(worst) if worst.relative_error.is_nan() => {}
                Some(worst) => *worst = check,
            }
        }
    }
    Ok(GradientCheck { tensors: found })
}

/// The mean loss and its difference quotients by every parameter.
fn differences(
    probe: &mut Sequential<f64>,
    loss: &dyn Loss<f64>,
    data: &Dataset<'_, f64>,
) -> Result<(f64, Vec<f64>)> {
    let mut batch =
        FullBatch::new(probe, loss, data, WeightGradient::default(), None, Regularizer::NONE)?;
    let value = batch.run(probe);
    let quotients = (0..probe.parameter_count())
        .map(|i| {
            let start = probe.parameters()[i];
            let step = STEP * larger(1.0, start.abs());
            let mut at = |steps: f64| {
                probe.state_mut().0[i] = start + steps * step;
                batch.run(probe)
            };
            let quotient = (8.0 * (at(1.0) - at(-1.0)) - (at(2.0) - at(-2.0))) / (12.0 * step);
            probe.state_mut().0[i] = start;
            quotient
        })
        .collect();
    Ok((value, quotients))
}

fn compare(
    tensor: &TensorInfo,
    weight_gradient: WeightGradient,
    computed: &[f64],
    expected: &[f64],
    floor: f64,
) -> TensorCheck {
    let (computed, expected) = (&computed[tensor.range.clone()], &expected[tensor.range.clone()]);
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let distances = || computed.iter().zip(expected).map(|(a, n)| (a - n).abs());
    let size = norm(&mut computed.iter().copied()) + norm(&mut expected.iter().copied());
    let position = distances().enumerate().fold((0, -1.0), |worst, (i, distance)| {
        if distance <= worst.1 || f64::is_nan(worst.1) { worst } else { (i, distance) }
    });
    TensorCheck {
        name: tensor.name.clone(),
        relative_error: norm(&mut distances()) / larger(size, floor),
        weight_gradient,
        position: position.0,
        computed: computed.get(position.0).copied().unwrap_or_default(),
        expected: expected.get(position.0).copied().unwrap_or_default(),
    }
}

/// The larger of two numbers, or NaN if one is NaN.
fn larger(a: f64, b: f64) -> f64 {
    if a >= b || a.is_nan() { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{TargetStorage, Targets};
    use crate::loss::MeanSquaredError;
    use crate::network::Link;
    use ndarray::{ArrayView2, ArrayViewMut2, array};

    /// Squared error whose gradient is multiplied by a factor.
    #[derive(Debug)]
    struct Wrong(f64);

    impl Loss<f64> for Wrong {
        fn name(&self) -> &'static str {
            "wrong"
        }

        fn link(&self) -> Link {
            Link::Identity
        }

        fn check(&self, outputs: usize, targets: &TargetStorage<'_, f64>) -> Result<()> {
            MeanSquaredError::default().check(outputs, targets)
        }

        fn value_and_grad(
            &self,
            logits: ArrayView2<'_, f64>,
            targets: Targets<'_, f64>,
            weight: Option<&[f64]>,
            scale: f64,
            dlogits: ArrayViewMut2<'_, f64>,
        ) -> f64 {
            let loss = MeanSquaredError::default();
            loss.value_and_grad(logits, targets, weight, scale * self.0, dlogits)
        }
    }

    #[test]
    fn a_wrong_gradient_is_found_and_a_right_one_passes() {
        let network = Sequential::<f64>::input(2).dense(3).tanh().dense(1).seed(3).build().unwrap();
        let x = array![[0.5, -1.0], [2.0, 0.25], [-0.75, 1.0]];
        let data = Dataset::new(x, vec![0.5, -2.0, 1.0]).unwrap();
        let worst = |factor| gradient_check(&network, &Wrong(factor), &data).unwrap().worst();
        assert!(worst(1.0) < 1e-9);
        assert!((worst(1.002) - 0.001).abs() < 1e-4);
        assert!(worst(f64::NAN).is_nan());
    }
}
