//! Trains neural networks on the CPU: matrix products through OpenBLAS and own kernels, mini-batches sharded over
//! rayon, and the same bits for any number of threads.
//!
//! As in scikit-learn, an estimator that is fitted and predicts:
//!
//! ```
//! use blastrain::prelude::*;
//!
//! let (train, test) = stratified_train_test_split(&datasets::iris()?, 0.2, RandomState::new(42))?;
//! let pipeline = Pipeline::<f64>::new()
//!     .step(MinMaxScaler::new())
//!     .estimator(MlpClassifier::new().hidden_layer_sizes([16]).learning_rate_init(0.01));
//! let scores = cross_val_score(&pipeline, &train, &StratifiedKFold::new(3))?; // three accuracies
//!
//! let model = pipeline.fit(&train)?;
//! let classes = model.predict(&test)?;
//! println!("{}", classification_report(&test.class_targets().unwrap(), &classes, None, None)?);
//! # assert!(scores.iter().all(|&score| score > 0.85) && model.score(&test)? > 0.85);
//! # Ok::<(), blastrain::Error>(())
//! ```
//!
//! As in Keras, a network of layers and its training:
//!
//! ```
//! use blastrain::prelude::*;
//!
//! let (train, test) = stratified_train_test_split(&datasets::iris()?, 0.2, RandomState::new(42))?;
//! let scaler = MinMaxScaler::new().fit_dataset(&train)?;
//! let (train, test) = (scaler.transform_dataset(&train)?, scaler.transform_dataset(&test)?);
//!
//! let network = Sequential::<f32>::input(4).dense(32).relu().dropout(0.2).dense(3).seed(42).build()?;
//! let mut trainer = Trainer::builder(network, CrossEntropy)
//!     .optimizer(Adam::new(0.01))
//!     .batch_size(16)
//!     .epochs(100)
//!     .metric(Accuracy)
//!     .validation(&test)
//!     .early_stopping(EarlyStopping::patience(10).restore_best())
//!     .build()?;
//! let history = trainer.fit(&train)?;
//! println!("{:?}", history.curve("validation_accuracy")?.last());
//! let probabilities = trainer.network().predict_proba(&test)?; // 30 rows, 3 classes
//! # assert!(history.last().unwrap().validation_metrics[0] > 0.85);
//! # assert_eq!(probabilities.dim(), (30, 3));
//! # Ok::<(), blastrain::Error>(())
//! ```
//!
//! Both stand on the same layers and the same step, and [`prelude`] has what they need. The guides in [`docs`] map
//! the names of scikit-learn, Keras and PyTorch to this crate's.
//!
//! # Where things are
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`data`], [`datasets`] | data sets, readers for CSV, IDX, NPY and NPZ, splits and folds, small real data |
//! | [`preprocessing`] | scalers, principal components, encoders of labels, categories and mixed tables |
//! | [`estimator`] | scikit-learn's multi-layer perceptrons, [pipelines](estimator::Pipeline), and what all estimators have in common |
//! | [`search`] | cross-validation, and the best settings [from a grid](search::GridSearch) or [drawn at random](search::RandomizedSearch), at once or [by halving](search::SuccessiveHalving) |
//! | [`network`], [`layer`], [`activation`] | [`Sequential`] networks and what they are made of |
//! | [`loss`], [`optim`] | losses on logits, optimisers, clipping |
//! | [`optim::schedule`] | learning rates that change as training goes on |
//! | [`train`] | the [`Trainer`](train::Trainer), its [callbacks](train::Callback) and [observers](train::Observer), its [`History`](train::History), L-BFGS, the gradient check |
//! | [`metrics`] | classification and regression metrics, the classification report |
//! | `plot` (feature `plot`) | SVG pictures of curves, fits side by side, searches, predicted against true values |
//! | [`linalg`] | the door to matrix products, and what is known of the BLAS behind it |
//! | [`random`] | NumPy's legacy generator, and keyed streams for use inside a step |
//! | [`docs`] | guides: coming from scikit-learn, Keras, PyTorch |
//!
//! Your own [layer], [activation], [loss], [metric](metrics::Metric), [callback](train::Callback),
//! [schedule](optim::schedule::Schedule), [optimiser](optim::Optimizer), [transformer](preprocessing::Transformer),
//! [estimator](estimator::Estimator) and [splitter](data::Splitter): each is a trait.
//!
//! # BLAS and threads
//!
//! The crate links BLAS itself: `openblas-system` (the default feature) takes the system's OpenBLAS,
//! `openblas-static` downloads and compiles it, and `default-features = false` goes without, by the
//! pure-Rust crate matrixmultiply and without LAPACK. [`blas_info`] says what is in use. OpenBLAS runs
//! on one thread a call and the crate works in parallel above it; [`Parallelism`] chooses by how many
//! threads, and never changes a result.
//!
//! # Many cores
//!
//! A batch is cut in two shards of rows, doubled as long as each keeps 128 rows, and the weight
//! gradients in at most eight blocks a layer: a batch of 128 keeps two cores busy in its forward and
//! backward passes, however many there are. [`train::TrainerBuilder::shards`] asks for more.
#![deny(missing_docs)]
#![deny(unsafe_code)]

pub mod activation;
pub mod data;
pub mod docs;
mod error;
pub mod estimator;
mod file;
pub mod layer;
pub mod linalg;
pub mod loss;
pub mod metrics;
mod model_file;
mod native;
pub mod network;
pub mod optim;
mod parallelism;
#[cfg(feature = "plot")]
pub mod plot;
pub mod prelude;
pub mod preprocessing;
pub mod random;
mod scalar;
pub mod search;
pub mod train;

pub use data::datasets;
pub use error::{Error, Result};
pub use linalg::{BlasInfo, blas_info};
/// The arrays that data go in and out by.
pub use ndarray;
pub use network::{Initializer, Sequential};
pub use parallelism::Parallelism;
pub use random::RandomState;
pub use scalar::Scalar;

/// Numbers in [-1, 1) that depend on the arguments only.
#[cfg(test)]
pub(crate) fn random_matrix<F: Scalar>(
    rows: usize,
    columns: usize,
    seed: u64,
) -> ndarray::Array2<F> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    ndarray::Array2::from_shape_simple_fn((rows, columns), || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        F::from_f64((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
    })
}

/// Compiles the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
