//! Rows that have been through a preprocessing, and what it learnt.

use std::sync::Arc;

use crate::data::Dataset;
use crate::preprocessing::FittedTransformer;
use crate::scalar::Scalar;

/// Fitted steps, first to last; shared by the models behind them.
pub(super) type FittedSteps<F> = Arc<[Box<dyn FittedTransformer<F>>]>;

/// The first half of a fit: fitted preprocessing, and the training rows as the model sees them.
///
/// [`Estimator::fit_preprocessing`](super::Estimator::fit_preprocessing) gives it, and several models can be
/// fitted to it:
///
/// ```
/// use blastrain::prelude::*;
///
/// let data = datasets::iris::<f64>()?;
/// let network = MlpClassifier::new().hidden_layer_sizes([8]).max_iter(5);
/// let pipeline = Pipeline::new().step(StandardScaler::new()).estimator(network);
/// let preprocessed = pipeline.fit_preprocessing(&data)?;
/// assert_eq!((preprocessed.steps().len(), preprocessed.rows().len()), (1, 150));
/// for alpha in [1e-4, 1.0] {
///     let pipeline = pipeline.clone().map_estimator(|network| network.alpha(alpha));
///     let model = pipeline.fit_preprocessed(&preprocessed, &mut FitContext::new())?;
///     assert_eq!(model.predict_proba(&data)?, pipeline.fit(&data)?.predict_proba(&data)?);
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Preprocessed<'d, F: Scalar>(Stage<'d, F>);

#[derive(Debug, Clone)]
enum Stage<'d, F: Scalar> {
    Rows(Dataset<'d, F>),
    /// A pipeline's steps, and what comes behind them.
    Behind(FittedSteps<F>, Box<Preprocessed<'d, F>>),
}

impl<'d, F: Scalar> Preprocessed<'d, F> {
    /// Rows for a model, with no steps before it.
    pub fn new(rows: Dataset<'d, F>) -> Self {
        Self(Stage::Rows(rows))
    }

    /// The same behind these steps, which the rows have been through: a level for each pipeline.
    pub fn behind(self, steps: Vec<Box<dyn FittedTransformer<F>>>) -> Self {
        Self(Stage::Behind(steps.into(), Box::new(self)))
    }

    /// The rows as the innermost model sees them.
    pub fn rows(&self) -> &Dataset<'d, F> {
        match &self.0 {
            Stage::Rows(rows) => rows,
            Stage::Behind(_, rest) => rest.rows(),
        }
    }

    /// The steps of the outermost pipeline, first to last.
    pub fn steps(&self) -> &[Box<dyn FittedTransformer<F>>] {
        self.split().map_or(&[], |(steps, _)| steps)
    }

    /// The outermost steps and what is behind them.
    pub(super) fn split(&self) -> Option<(&FittedSteps<F>, &Self)> {
        match &self.0 {
            Stage::Rows(_) => None,
            Stage::Behind(steps, rest) => Some((steps, rest)),
        }
    }
}
