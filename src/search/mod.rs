//! Many fits: cross-validation and the search for the best settings.
//!
//! Fits run in parallel, each on one thread; the rows of a fold are an index view of the data, which is
//! never copied. Results do not depend on the number of threads.
//!
//! # Preprocessing
//!
//! It is fitted inside the folds, to their training rows alone: in a search once for all candidates
//! of the same [key](crate::estimator::Estimator::preprocessing_key). The transformed rows are a copy, freed
//! when the last of these candidates is done; at most two such copies a thread exist at a time. Test rows are
//! transformed by each candidate's model as it is scored.

mod axes;
mod core;
mod cross_validation;
mod curves;
mod export;
mod fingerprint;
mod first_failure;
mod fit_and_score;
mod fitted;
mod grid;
mod grid_search;
mod halving;
mod halving_rows;
mod halving_schedule;
mod jobs;
mod journal;
mod params;
mod randomized_search;
mod ranking;
mod reporter;
mod results;
mod run;
mod rung;
mod settings;
mod shared_preprocessing;
mod stop;
mod strategy;
mod table;

pub use axes::{PairedScores, ScoreSummary};
pub use cross_validation::{CrossValidation, CrossValidationScores, cross_val_score};
pub use curves::Curves;
pub use fitted::FittedSearch;
pub use grid::Grid;
pub use grid_search::GridSearch;
pub use halving::{Resource, SuccessiveHalving};
pub use halving_schedule::{HalvingSchedule, MinResources};
pub use params::Params;
pub use randomized_search::RandomizedSearch;
pub use results::{CandidateResult, FoldResult, SearchResults};
pub use settings::{ErrorScore, Progress};
pub use strategy::SearchStrategy;
