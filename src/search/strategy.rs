//! What a search by cross-validation is, whichever way its candidates are found.

use std::fmt::Debug;

use super::grid::Candidate;
use super::settings::SearchSettings;
use crate::error::Result;
use crate::estimator::Estimator;
use crate::scalar::Scalar;

/// A way to find candidates: what [`SuccessiveHalving`](super::SuccessiveHalving) can be put around.
///
/// [`GridSearch`](super::GridSearch) and [`RandomizedSearch`](super::RandomizedSearch) are such; the crate alone can
/// add more.
pub trait SearchStrategy<F: Scalar>: Candidates<F> {}

impl<F: Scalar, S: Candidates<F>> SearchStrategy<F> for S {}

/// Candidates and how they are compared.
pub trait Candidates<F: Scalar>: Debug + Send + Sync {
    /// What the candidates are.
    type Estimator: Estimator<F> + Clone;

    /// The estimator that the candidates are variations of.
    fn estimator(&self) -> &Self::Estimator;

    /// All candidates, in the order of the search.
    fn candidates(&self) -> Result<Vec<Candidate<Self::Estimator>>>;

    /// Splitter, metrics and so on.
    fn settings(&self) -> &SearchSettings<F>;
}
