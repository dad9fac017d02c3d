//! Training: the step, the loop around it, and what is recorded of it.

mod batch;
#[cfg(test)]
mod blas_calls;
mod builder;
mod callback;
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
