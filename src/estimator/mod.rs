//! Estimators: a model's settings with `fit`, and the fitted model with `predict`.
//!
//! [`MlpClassifier`] and [`MlpRegressor`] are scikit-learn's multi-layer perceptrons, fit for fit.
//! [`Estimator`] and [`Predictor`] are what everything that can be fitted has in common.

mod context;
mod mlp;
mod pipeline;
mod traits;

pub use context::FitContext;
pub use mlp::{
    BatchSize, ClassWeight, FittedMlpClassifier, FittedMlpRegressor, LearningRate, MlpClassifier,
    MlpRegressor, RandomSource, RegressorLoss, Solver,
};
pub use pipeline::{FittedPipeline, Pipeline};
pub use traits::{Estimator, Predictor};
