//! Multi-layer perceptrons as scikit-learn has them.

mod class_weight;
mod classes;
mod classifier;
mod core;
mod fitted_classifier;
mod initial;
mod losses;
mod paused;
mod progress;
mod regressor;
mod rules;
mod settings;
mod stored;
mod train;

pub use class_weight::ClassWeight;
pub use classifier::MlpClassifier;
pub use fitted_classifier::FittedMlpClassifier;
pub use regressor::{CustomLoss, FittedMlpRegressor, MlpRegressor, RegressorLoss};
pub use settings::{BatchSize, LearningRate, RandomSource, Solver};
