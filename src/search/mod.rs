//! Many fits: cross-validation and the search for the best settings.
//!
//! Fits run in parallel, each on one thread; the rows of a fold are an index view of the data, which is
//! never copied. Results do not depend on the number of threads.

mod axes;
mod core;
mod cross_validation;
mod curves;
mod fingerprint;
mod fit_and_score;
mod fitted;
mod grid;
mod grid_search;
mod jobs;
mod journal;
mod params;
mod randomized_search;
mod reporter;
mod results;
mod settings;

pub use axes::{PairedScores, ScoreSummary};
pub use cross_validation::{CrossValidation, CrossValidationScores, cross_val_score};
pub use curves::Curves;
pub use fitted::FittedSearch;
pub use grid::Grid;
pub use grid_search::GridSearch;
pub use params::Params;
pub use randomized_search::RandomizedSearch;
pub use results::{CandidateResult, FoldResult, SearchResults};
pub use settings::{ErrorScore, Progress};
