//! The loss and its gradient, without an update.

use super::plan::WeightGradient;
use super::step::{StepOptions, StepSettings, StepWorkspace};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::linalg::Gemm;
use crate::loss::Loss;
use crate::native::crew::Crew;
use crate::network::{Regularizer, Sequential};
use crate::scalar::Scalar;

/// The mean loss over all rows of `data` taken as one batch, with the layers' penalties, and its
/// gradient by the parameters, in the order of [`Sequential::parameters`]. On the calling thread.
///
/// This is what a training step computes before its update: for checks of layers and losses, and
/// for optimisers that live outside the crate.
///
/// ```
/// use blastrain::data::Dataset;
/// use blastrain::loss::MeanSquaredError;
/// use blastrain::train::loss_and_gradient;
/// use blastrain::Sequential;
/// use blastrain::ndarray::array;
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
/// Features or targets that do not fit the network or the loss; weights that are all zero; fewer rows
/// than a layer needs.
pub fn loss_and_gradient<F: Scalar>(
    network: &Sequential<F>,
    loss: &dyn Loss<F>,
    data: &Dataset<'_, F>,
) -> Result<(f64, Vec<F>)> {
    let mode = WeightGradient::default();
    let mut batch = FullBatch::new(network, loss, data, mode, None, Regularizer::NONE)?;
    let mean = batch.run(&mut network.clone());
    Ok((mean, batch.gradient().to_vec()))
}

/// All rows of a data set as one batch, to be run again and again.
pub(super) struct FullBatch<'a, 'd, F> {
    loss: &'a dyn Loss<F>,
    data: &'a Dataset<'d, F>,
    rows: Vec<usize>,
    workspace: StepWorkspace<F>,
    /// The network's buffers, which layers with statistics of the batch move.
    buffers: Vec<F>,
}

impl<'a, 'd, F: Scalar> FullBatch<'a, 'd, F> {
    /// # Errors
    /// As [`loss_and_gradient`].
    pub(super) fn new(
        network: &Sequential<F>,
        loss: &'a dyn Loss<F>,
        data: &'a Dataset<'d, F>,
        mode: WeightGradient,
        shards: Option<usize>,
        regularizer: Regularizer,
    ) -> Result<Self> {
        network.check_features(data.features())?;
        loss.check(network.outputs(), &data.targets_seen())?;
        let rows: Vec<usize> = (0..data.len()).map(|position| data.row(position)).collect();
        let weightless = |weights: &[F]| rows.iter().all(|&row| weights[row] == F::zero());
        if data.storage_weights().is_some_and(weightless) {
            return Err(Error::param("weights", "all zero", "above zero for at least one row"));
        }
        network.check_batches(rows.len(), rows.len(), rows.len())?;
        let options =
            StepOptions { shards, mode, regularizer, decays: true, penalty_per_row: false };
        let workspace = StepWorkspace::new(network, data, rows.len(), options, 0);
        Ok(Self { loss, data, rows, workspace, buffers: network.buffers().to_vec() })
    }

    /// The mean loss with its penalties; [`FullBatch::gradient`] has its gradient.
    ///
    /// The parameters are left as they were. Dropout draws the same mask in every run: what is
    /// computed is a function of the parameters.
    pub(super) fn run_with(
        &mut self,
        network: &mut Sequential<F>,
        (gemm, crew): (Gemm, Crew<'_>),
    ) -> f64 {
        let settings = StepSettings {
            gemm,
            crew,
            seed: u64::from(network.seed()),
            step: 0,
            learning_rate: 0.0,
            clipping: None,
        };
        let Self { loss, data, rows, workspace, .. } = self;
        workspace.gradient_only(network, *loss, data, rows, &settings).mean()
    }

    /// As [`FullBatch::run_with`], on the calling thread; leaves the buffers as they were too.
    pub(super) fn run(&mut self, network: &mut Sequential<F>) -> f64 {
        let mean = self.run_with(network, (Gemm::default(), Crew::Alone));
        network.state_mut().1.copy_from_slice(&self.buffers);
        mean
    }

    /// The gradient that the last run computed.
    pub(super) fn gradient(&self) -> &[F] {
        self.workspace.gradient()
    }
    /// The rows of the batch.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The name of the first layer whose output was not finite in the last run.
    pub(super) fn divergent_output(&self, network: &Sequential<F>) -> Option<String> {
        self.workspace.divergent_output(network, self.rows.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::MeanSquaredError;
    use ndarray::array;

    #[test]
    fn running_statistics_stay_what_they_were() {
        let mut network = Sequential::<f64>::input(1).batch_norm().dense(1).build().unwrap();
        let data = Dataset::new(array![[1.0], [5.0], [3.0]], vec![0.0, 1.0, 2.0]).unwrap();
        let loss = MeanSquaredError::default();
        let mode = WeightGradient::default();
        let mut batch =
            FullBatch::new(&network, &loss, &data, mode, Some(2), Regularizer::NONE).unwrap();
        let first = batch.run(&mut network);
        assert_eq!(network.buffers(), [0.0, 1.0]);
        assert_eq!(batch.run(&mut network), first);
    }
}
