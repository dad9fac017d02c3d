//! Training: the step, the loop around it, and what is recorded of it.

mod batch;
#[cfg(test)]
mod blas_calls;
mod builder;
mod evaluate;
mod event;
mod gradient;
mod gradient_check;
mod history;
mod lbfgs_trainer;
mod observer;
mod passes;
mod penalised;
mod plan;
mod step;
mod trainer;
mod update;

pub use builder::TrainerBuilder;
pub use event::Event;
pub use gradient::loss_and_gradient;
pub use gradient_check::{GradientCheck, TensorCheck, gradient_check};
pub use history::{EpochRecord, History, StopReason};
pub use lbfgs_trainer::LbfgsTrainer;
#[cfg(feature = "progress")]
pub use observer::ProgressBar;
pub use observer::{CsvLog, EpochLog, Observer};
pub use plan::WeightGradient;
pub use trainer::Trainer;
