//! Metrics for use inside training.

use ndarray::ArrayView2;

use crate::data::Targets;
use crate::error::Result;
use crate::scalar::Scalar;

/// A number that says how good predictions are, computed at the end of an epoch.
pub trait Metric<F: Scalar>: std::fmt::Debug + Send + Sync {
    /// Name in the history and on screen, e.g. "accuracy".
    fn name(&self) -> &str;
    /// Whether a larger value is better.
    fn higher_is_better(&self) -> bool;
    /// The metric.
    ///
    /// # Errors
    /// Bad shapes.
    fn evaluate(
        &self,
        predictions: ArrayView2<'_, F>,
        targets: Targets<'_, F>,
        weights: Option<&[F]>,
    ) -> Result<f64>;
}
