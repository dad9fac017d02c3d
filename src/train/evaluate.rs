//! Loss and metrics of a data set.

use ndarray::{Array2, s};

use crate::data::{Dataset, Targets};
use crate::error::{Error, Result};
use crate::linalg::Gemm;
use crate::loss::Loss;
use crate::metrics::Metric;
use crate::native::crew::Crew;
use crate::network::Sequential;
use crate::network::predict::ForwardPass;
use crate::scalar::Scalar;

use super::batch::Batch;

/// Rows whose loss is computed at a time; bounds the gradient that comes with it.
const CHUNK: usize = 1024;

/// Evaluates a network on one data set again and again, with buffers made once.
#[derive(Debug)]
pub(super) struct Evaluation<F> {
    forward: ForwardPass<F>,
    scores: Array2<F>,
    spare: Array2<F>,
    batch: Batch<F>,
    weight_sum: f64,
}

impl<F: Scalar> Evaluation<F> {
    /// # Errors
    /// [`Error::Param`] if the rows seen weigh nothing.
    pub(super) fn new(network: &Sequential<F>, data: &Dataset<'_, F>) -> Result<Self> {
        let mut batch = Batch::new(data, data.len());
        let rows: Vec<usize> = (0..data.len()).map(|position| data.row(position)).collect();
        let weight_sum = batch.gather(data, &rows);
        if weight_sum <= 0.0 {
            return Err(Error::param("weights", "all zero", "above zero for at least one row"));
        }
        let outputs = network.outputs();
        let in_place = data.features_view().is_some_and(|view| view.is_standard_layout());
        Ok(Self {
            forward: ForwardPass::new(network, data.len(), !in_place),
            scores: Array2::zeros((data.len(), outputs)),
            spare: Array2::zeros((data.len().min(CHUNK), outputs)),
            batch,
            weight_sum,
        })
    }

    /// The mean loss, and the metrics of the linked scores in `values`.
    pub(super) fn run(
        &mut self,
        network: &Sequential<F>,
        (gemm, crew): (Gemm, Crew<'_>),
        loss: Option<&dyn Loss<F>>,
        metrics: &[Box<dyn Metric<F>>],
        data: &Dataset<'_, F>,
        values: &mut Vec<f64>,
    ) -> Result<f64> {
        let (workers, scores) = ((gemm, crew), &mut self.scores);
        // Whether the features are finite was found when the data set was made.
        let _ = match data.features_view() {
            Some(view) => self.forward.run(network, workers, view, scores),
            None => {
                let row = |position| data.row(position);
                let features = data.storage_features();
                self.forward.run_rows(network, workers, data.len(), row, features, scores)
            }
        };
        let mut total = 0.0;
        if let Some(loss) = loss {
            for start in (0..data.len()).step_by(CHUNK) {
                let rows = start..(start + CHUNK).min(data.len());
                let spare = self.spare.slice_mut(s![..rows.len(), ..]);
                let scores = self.scores.slice(s![rows.clone(), ..]);
                let (targets, weights) =
                    (self.batch.targets(rows.clone()), self.batch.weights(rows));
                total += loss.value_and_grad(scores, targets, weights, F::one(), spare);
            }
        }
        values.clear();
        if !total.is_finite() {
            // A divergence: metrics would only complain of the predictions.
            return Ok(total / self.weight_sum);
        }
        if !metrics.is_empty() {
            network.link().apply(self.scores.view_mut());
            let all = 0..data.len();
            let targets: Targets<'_, F> = self.batch.targets(all.clone());
            for metric in metrics {
                let weights = self.batch.weights(all.clone());
                values.push(metric.evaluate(self.scores.view(), targets, weights)?);
            }
        }
        Ok(total / self.weight_sum)
    }
}
