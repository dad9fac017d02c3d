//! Training: the step, the loop around it, and what is recorded of it.
//!
//! [`Trainer`] runs mini-batches, [`LbfgsTrainer`] takes all rows at once. A [`Callback`] steers a fit
//! ([`EarlyStopping`], [`KeepBest`], [`TerminateOnNan`]), an [`Observer`] watches it ([`EpochLog`], [`CsvLog`], with the
//! feature `progress` a progress bar, or any closure), and [`History`] is what remains.
//!
//! ```
//! use blastrain::optim::schedule::CosineAnnealing;
//! use blastrain::prelude::*;
//!
//! let (train, valid) = stratified_train_test_split(&datasets::iris()?, 0.2, RandomState::new(42))?;
//! let network = Sequential::<f32>::input(4).dense(32).relu().dense(3).seed(42).build()?;
//! let mut trainer = Trainer::builder(network, CrossEntropy)
//!     .optimizer(Adam::new(0.02))
//!     .schedule(CosineAnnealing::new(50))
//!     .clip_gradient(GradientClipping::GlobalNorm(1.0))
//!     .epochs(50)
//!     .metric(Accuracy)
//!     .validation(&valid)
//!     .callback(KeepBest::new("validation_accuracy"))
//!     .observer(EpochLog::stderr().every(10))
//!     .build()?;
//! let history = trainer.fit(&train)?;
//! for action in history.actions() {
//!     println!("{}: {}", action.callback, action.what); // keep_best: …
//! }
//! # assert!(history.last().unwrap().learning_rate < 0.001);
//! # Ok::<(), Error>(())
//! ```

mod batch;
#[cfg(test)]
mod blas_calls;
mod builder;
mod callback;
mod columns;
mod epoch;
mod evaluate;
mod event;
mod fit;
mod gradient;
mod gradient_check;
mod history;
mod lbfgs_trainer;
mod objective;
mod observer;
mod passes;
mod plan;
mod state;
mod step;
mod step_methods;
mod trainer;
mod update;

pub use builder::TrainerBuilder;
pub use callback::{
    BatchRecord, Callback, Curve, EarlyStopping, FitControl, KeepBest, Mode, Snapshot,
    TerminateOnNan,
};
pub use event::Event;
pub use gradient::loss_and_gradient;
pub use gradient_check::{GradientCheck, TensorCheck, gradient_check};
pub use history::{Action, EpochRecord, History, StopReason};
pub use lbfgs_trainer::LbfgsTrainer;
#[cfg(feature = "progress")]
pub use observer::ProgressBar;
pub use observer::{CsvLog, EpochLog, Observer};
pub use plan::WeightGradient;
pub(crate) use state::SavedTrainerState;
pub use state::TrainerState;
pub use trainer::Trainer;
