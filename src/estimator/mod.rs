//! Estimators: a model's settings with `fit`, and the fitted model with `predict`.
//!
//! [`MlpClassifier`] and [`MlpRegressor`] are scikit-learn's multi-layer perceptrons.
//! [`Estimator`] and [`Predictor`] are what everything that can be fitted has in common, and what pipelines,
//! cross-validation and searches work on. [`Pipeline`] puts preprocessing before a model.
//!
//! ```
//! use blastrain::estimator::{MlpRegressor, Pipeline};
//! use blastrain::preprocessing::StandardScaler;
//! use blastrain::{RandomState, data, datasets};
//!
//! let (train, test) = data::train_test_split(&datasets::diabetes::<f64>()?, 0.2, RandomState::new(42))?;
//! let perceptron = MlpRegressor::new().hidden_layer_sizes([16]).alpha(1.0).learning_rate_init(0.05);
//! let model = Pipeline::new().step(StandardScaler::new()).estimator(perceptron).fit(&train)?;
//! assert_eq!(model.predict(&test)?.dim(), (89, 1));
//! # Ok::<(), blastrain::Error>(())
//! ```
//!
//! [Coming from scikit-learn](crate::docs::coming_from_scikit_learn) maps its other names.
//!
//! # scikit-learn's fits
//!
//! In `f64`, with the same settings and the same `random_state`, a fit takes scikit-learn 1.9's steps: initial
//! weights, rows held out, order of rows, updates, learning rates and the epoch of the end. Tests compare
//! SGD with three schedules and Adam, under four activations, on five data sets: the losses of the first 50
//! epochs agree to 1e-9 and predictions are equal. L-BFGS agrees to 1e-6 over its first 20 iterations; later
//! ones magnify rounding, in scikit-learn as here.
//!
//! To that end the estimators do some things otherwise than the crate's [`Trainer`](crate::train::Trainer)
//! would on its own:
//!
//! - Adam folds both corrections into its rate and leaves epsilon uncorrected; SGD's velocity contains the
//!   learning rate.
//! - The penalty `alpha/2·Σ‖W‖²` is divided by each batch's weight sum, and is part of the loss reported.
//! - The loss reported of several outputs' squared error is their mean, but the gradient is that of the sum.
//! - The log loss is computed of probabilities clipped by the scalar type's rounding step.
//! - Biases are drawn as weights are, within Glorot's bound.
//! - With row weights, an epoch's loss is still the mean of its batches' losses by their number of rows.
//!
//! | scikit-learn | here |
//! | --- | --- |
//! | `MLPClassifier(hidden_layer_sizes=(20,), activation="logistic")` | `MlpClassifier::new().hidden_layer_sizes([20]).activation(Sigmoid)` |
//! | `fit(X, y, sample_weight=w)` | `fit(&Dataset::new(x, y)?.with_weights(w)?)`, or `fit_labels(&x, &labels)` |
//! | `warm_start=True` and a second `fit` | `settings.fit_from(&model, &data)` |
//! | the first `partial_fit(X, y, classes=…)` | `settings.partial_fit(&data, classes)` |
//! | later calls of `partial_fit` | `model.partial_fit(&data)` |
//! | `random_state=42`, `RandomState(42)`, `None` | `random_state(42)`, `random_state(RandomState::new(42))`, a stream with seed 0 |
//! | `coefs_`, `loss_curve_`, `n_iter_` … | methods of the fitted model without the underscore |
//! | `predict` of flags | `predict_flags` |
//! | `score` | `accuracy`, `r2`, or [`Predictor::score`] |
//! | `verbose` | an [`Observer`](crate::train::Observer) in the [`FitContext`] |
//! | `ConvergenceWarning` | [`history().stop_reason()`](FittedMlpClassifier::history) |
//! | `joblib.dump` | `model.save(path)` |
//!
//! Where they differ on purpose:
//!
//! - A loss or a weight that leaves the finite numbers is an error, not NaN.
//! - A batch whose rows all weigh nothing is an error.
//! - The classes are those that the data set knows, also where one does not occur in its rows.
//! - Targets of a Poisson fit are checked to be >= 0.
//! - `loss_curve` has L-BFGS's iterations, too.
//!
//! # scikit-learn's tests
//!
//! `tests/test_mlp.rs` has a test under the name of each of scikit-learn's `test_mlp.py`, on the same data
//! where it draws them with NumPy's legacy generator, but for:
//!
//! | scikit-learn's test | here |
//! | --- | --- |
//! | `test_sparse_matrices` | none: there are no sparse data sets |
//! | `test_mlp_param_dtypes` | none: the type of weights and predictions is that of the data by the compiler's word |
//! | `test_fit` | the step is worked out from the weights drawn, which cannot be set before a fit |
//! | `test_gradient` | by two epochs of descent; the losses' gradients have unit tests with finite differences |
//! | `test_verbose_sgd` | an observer sees every epoch |
//! | `test_mlp_loading_from_joblib_partial_fit` | by the crate's own files |
//! | `test_mlp_diverging_loss`, `test_nonfinite_params` | the error is [`Error::Diverged`](crate::Error::Diverged) |
//! | `test_mlp_vs_poisson_glm_equivalent` | by the equations that a Poisson regression solves; there is none here to compare with |

mod context;
mod fitted_pipeline;
mod mlp;
mod pipeline;
mod pipeline_file;
mod preprocessed;
mod traits;

pub use context::FitContext;
pub use fitted_pipeline::FittedPipeline;
pub use mlp::{
    BatchSize, ClassWeight, CustomLoss, FittedMlpClassifier, FittedMlpRegressor, LearningRate,
    MlpClassifier, MlpRegressor, RandomSource, RegressorLoss, Solver,
};
pub use pipeline::Pipeline;
pub use pipeline_file::InFile;
pub use preprocessed::Preprocessed;
pub use traits::{Estimator, Predictor};
