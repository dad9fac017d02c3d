//! The loss and its gradient, without an update.

use super::plan::WeightGradient;
use super::step::{StepSettings, StepWorkspace};
use crate::data::Dataset;
use crate::error::Result;
use crate::linalg::Gemm;
use crate::loss::Loss;
use crate::network::Sequential;
use crate::scalar::Scalar;

/// The mean loss over all rows of `data` taken as one batch, and its gradient by the parameters, in
/// the order of [`Sequential::parameters`]. On the calling thread.
///
/// This is what a training step computes before its update: for checks of layers and losses, and
/// for optimisers that live outside the crate.
///
/// ```
/// use blastrain::data::Dataset;
/// use blastrain::loss::MeanSquaredError;
/// use blastrain::train::loss_and_gradient;
/// use blastrain::Sequential;
/// use ndarray::array;
///
/// let mut network = Sequential::<f64>::input(1).dense(1).build()?;
/// network.set_parameters(&[2.0, 0.0])?; // z = 2x
/// let data = Dataset::new(array![[3.0]], vec![5.0])?;
/// let (loss, gradient) = loss_and_gradient(&network, &MeanSquaredError::default(), &data)?;
/// assert_eq!((loss, gradient), (1.0, vec![6.0, 2.0])); // (6 − 5)², 2·(6 − 5)·[3, 1]
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// # Errors
/// Features or targets that do not fit the network or the loss.
pub fn loss_and_gradient<F: Scalar>(
    network: &Sequential<F>,
    loss: &dyn Loss<F>,
    data: &Dataset<'_, F>,
) -> Result<(f64, Vec<F>)> {
    network.check_features(data.features())?;
    loss.check(network.outputs(), data.storage_targets())?;
    let rows: Vec<usize> = (0..data.len()).map(|position| data.row(position)).collect();
    let mode = WeightGradient::default();
    let mut network = network.clone();
    let mut workspace = StepWorkspace::new(&network, data, rows.len(), None, mode, 0);
    let settings = StepSettings {
        gemm: Gemm::default(),
        parallel: false,
        seed: u64::from(network.seed()),
        step: 0,
        learning_rate: 0.0,
    };
    let (total, weight) = workspace.gradient_only(&mut network, loss, data, &rows, settings);
    Ok((total / weight, workspace.gradient().to_vec()))
}
