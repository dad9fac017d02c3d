//! Many fits: cross-validation.
//!
//! Fits run in parallel, each on one thread; the rows of a fold are an index view of the data, which is
//! never copied. Results do not depend on the number of threads.

mod cross_validation;
mod fit_and_score;
mod jobs;

pub use cross_validation::{CrossValidation, CrossValidationScores, cross_val_score};
