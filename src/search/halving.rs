//! Many candidates on little, the best of them on more, and so on.

use std::sync::Arc;

use super::core::search_in_rungs;
use super::halving_rows::GrowingFolds;
use super::halving_schedule::{HalvingRule, HalvingSchedule, MinResources};
use super::rung::Rung;
use super::{FittedSearch, SearchStrategy};
use crate::data::{Dataset, Fold};
use crate::error::{Error, Result};
use crate::estimator::{Estimator, FitContext};
use crate::metrics::Metric;
use crate::random::RandomState;
use crate::scalar::Scalar;

/// What candidates get more of from round to round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Resource {
    /// Training rows.
    #[default]
    Rows,
    /// Epochs of training on all rows.
    Epochs,
}

/// A search that begins with little for each candidate, rows or epochs, and goes on with the best of them on
/// more, until few are left.
///
/// Around a [`GridSearch`](super::GridSearch) or a [`RandomizedSearch`](super::RandomizedSearch), it is scikit-learn's
/// `HalvingGridSearchCV` or `HalvingRandomSearchCV`: the same numbers of candidates and of resources in each round
/// ([`HalvingSchedule`]). Splitter, metrics, journal, progress, threads and so on are those of the search inside. A
/// round's best are those by the metric that the search goes by; the first of equals go on, failed and NaN
/// scores are last. (scikit-learn, at a tie, keeps what its sort puts last.)
///
/// Every candidate has an entry in the results for each of its rounds, with its
/// [`iter`](super::CandidateResult::iter) and [`n_resources`](super::CandidateResult::n_resources); ranks are over all
/// entries, and the best candidate is that of the last round. Results do not depend on the number of threads.
///
/// # Rows
/// `n_resources` counts rows of all data, of which each fold trains on its share: of n rows, `⌊n_resources / n · r⌋`
/// of a fold's r training rows. They are drawn in the proportion of the classes, the same for all
/// candidates, and each round's contain those of the one before. (scikit-learn draws anew in each round,
/// regardless of classes.) Test rows are all scored in every round, where scikit-learn cuts them like the
/// training rows: what decides who goes on should not be the noise of a few rows, and a score costs little
/// beside a fit. The best candidate is fitted to all rows.
///
/// ```
/// use blastrain::prelude::*;
/// use blastrain::search::SuccessiveHalving;
///
/// let data = datasets::digits::<f64>()?;
/// let mlp = MlpClassifier::new().hidden_layer_sizes([16]).max_iter(8);
/// let search = RandomizedSearch::new(mlp, 9)
///     .log_uniform("learning_rate_init", 1e-4..=1e-1, |mlp, rate| mlp.learning_rate_init(rate))
///     .cv(StratifiedKFold::new(3));
/// let found = SuccessiveHalving::new(search).fit(&data)?;
/// let schedule = found.schedule().unwrap();
/// assert_eq!((schedule.n_candidates(), schedule.n_resources()), (&[9, 3, 1][..], &[199, 597, 1791][..]));
/// println!("{}", found.best_params());
/// # Ok::<(), Error>(())
/// ```
///
/// # Epochs
/// `n_resources` counts epochs on all of a fold's training rows, whatever the estimators' own settings say
/// (`max_iter`), and those of a round include those of the rounds before: the fits of the candidates that are left go
/// on where they were, and come to the same bits as unbroken ones ([`Estimator::fit_epochs`]). L-BFGS starts
/// anew, and so does, to the same bits, a fit of which only a journal knows.
/// The most there are must be given by [`SuccessiveHalving::max_resources`]; the best candidate is fitted to
/// all rows for as many epochs as the last round had.
///
/// ```
/// use blastrain::prelude::*;
/// use blastrain::search::{Resource, SuccessiveHalving};
///
/// let data = datasets::wine::<f64>()?;
/// let pipeline = Pipeline::new().step(StandardScaler::new()).estimator(MlpClassifier::new());
/// let search = GridSearch::new(pipeline)
///     .axis("alpha", [1e-4, 1e-2, 1.0], |pipeline, alpha| pipeline.map_estimator(|mlp| mlp.alpha(alpha)))
///     .axis("learning_rate_init", [1e-4, 1e-3, 1e-2], |pipeline, rate| {
///         pipeline.map_estimator(|mlp| mlp.learning_rate_init(rate))
///     })
///     .cv(StratifiedKFold::new(3));
/// let found = SuccessiveHalving::new(search)
///     .resource(Resource::Epochs)
///     .max_resources(45)
///     .fit(&data)?;
/// assert_eq!(found.schedule().unwrap().n_resources(), [5, 15, 45]);
/// assert_eq!(found.results().candidates().len(), 9 + 3 + 1);
/// assert_eq!(found.best_model()?.model().n_iter(), 45);
/// # Ok::<(), Error>(())
/// ```
///
/// # Memory
/// By epochs, each fit that may go on keeps its model until its candidate drops out: candidates times
/// folds of the first round. By rows none is kept.
///
/// Source: Jamieson & Talwalkar 2016; Karnin, Koren & Somekh 2013.
#[derive(Debug, Clone)]
pub struct SuccessiveHalving<S> {
    search: S,
    factor: f64,
    resource: Resource,
    min_resources: MinResources,
    max_resources: Option<usize>,
    aggressive_elimination: bool,
    random_state: RandomState,
}

impl<S> SuccessiveHalving<S> {
    /// By rows, a third of the candidates going on to three times as many, on as many rows in the end
    /// as can be.
    pub fn new(search: S) -> Self {
        Self {
            search,
            factor: 3.0,
            resource: Resource::default(),
            min_resources: MinResources::default(),
            max_resources: None,
            aggressive_elimination: false,
            random_state: RandomState::new(0),
        }
    }

    /// One candidate in so many goes on, to so many times the resources; finite and > 1; 3.
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// What candidates get more of; [`Resource::Rows`].
    pub fn resource(mut self, resource: Resource) -> Self {
        self.resource = resource;
        self
    }

    /// The resources of the first round, a number or a rule; [`MinResources::Exhaust`].
    pub fn min_resources(mut self, min_resources: impl Into<MinResources>) -> Self {
        self.min_resources = min_resources.into();
        self
    }

    /// The most resources of a round, at least 1 and no fewer than the least. Of rows all, unless told
    /// otherwise, and never more; of epochs it must be given.
    pub fn max_resources(mut self, max_resources: usize) -> Self {
        self.max_resources = Some(max_resources);
        self
    }

    /// Whether, where there are too many candidates for the resources, more rounds on the least resources leave
    /// so few that the last round has fewer than the factor; no.
    pub fn aggressive_elimination(mut self, aggressive_elimination: bool) -> Self {
        self.aggressive_elimination = aggressive_elimination;
        self
    }

    /// Draws the rows of the rounds that do not have all; seed 0. Every fit starts with the generator as
    /// given.
    pub fn random_state(mut self, random_state: RandomState) -> Self {
        self.random_state = random_state;
        self
    }

    /// Runs the search, on all threads unless the search inside says otherwise.
    ///
    /// # Errors
    /// As the search inside, where a round all of whose fits failed counts as all; [`Error::Param`] for a
    /// factor or resources out of range; with [`Resource::Epochs`], [`Error::FitFailed`] with
    /// [`Error::Unavailable`] as its source if the estimator cannot be trained by epochs.
    pub fn fit<F: Scalar>(&self, data: &Dataset<'_, F>) -> Result<FittedSearch<F, S::Estimator>>
    where
        S: SearchStrategy<F>,
    {
        Estimator::fit(self, data)
    }

    /// The rounds for so many candidates, as numbers and as folds.
    fn rungs<F: Scalar>(
        &self,
        data: &Dataset<'_, F>,
        candidates: usize,
        folds: &Arc<[Fold]>,
    ) -> Result<(HalvingSchedule, Vec<Rung>)> {
        let (smallest, max_resources) = match self.resource {
            Resource::Rows => (smallest_rows(data, folds.len()), self.most_rows(data.len())?),
            Resource::Epochs => (1, self.most_epochs()?),
        };
        let &Self { factor, min_resources, aggressive_elimination, .. } = self;
        let rule =
            HalvingRule { factor, min_resources, smallest, max_resources, aggressive_elimination };
        let schedule = rule.schedule(candidates)?;
        let growing = match self.resource {
            Resource::Rows => Some(GrowingFolds::new(data, folds, self.random_state.clone())),
            Resource::Epochs => None,
        };
        let rung = |(&candidates, &resources): (&usize, &usize)| {
            let (folds, epochs) = match &growing {
                Some(growing) => (growing.at(resources)?, None),
                None => (folds.clone(), Some(resources)),
            };
            Ok(Rung { candidates, folds, epochs, resources: Some(resources) })
        };
        let numbers = schedule.n_candidates().iter().zip(schedule.n_resources());
        let rungs = numbers.map(rung).collect::<Result<_>>()?;
        Ok((schedule, rungs))
    }

    fn most_rows(&self, rows: usize) -> Result<usize> {
        match self.max_resources {
            Some(most) if most > rows => {
                let want = format!("at most the {rows} rows that there are");
                Err(Error::param("max_resources", most, want))
            }
            most => Ok(most.unwrap_or(rows)),
        }
    }

    fn most_epochs(&self) -> Result<usize> {
        self.max_resources.ok_or_else(|| {
            Error::param(
                "max_resources",
                "not set",
                "the most epochs of a fit, by Resource::Epochs",
            )
        })
    }
}

/// Two rows for each fold and class that occurs.
fn smallest_rows<F: Scalar>(data: &Dataset<'_, F>, folds: usize) -> usize {
    let classes = data.class_targets().map(|mut classes| {
        classes.sort_unstable();
        classes.dedup();
        classes.len()
    });
    2 * folds * classes.unwrap_or(1)
}

impl<F: Scalar, S: SearchStrategy<F>> Estimator<F> for SuccessiveHalving<S> {
    type Fitted = FittedSearch<F, S::Estimator>;

    /// The context's threads share the fits; its observers and validation rows are for the last one.
    fn fit_with(
        &self,
        data: &Dataset<'_, F>,
        context: &mut FitContext<'_, F>,
    ) -> Result<Self::Fitted> {
        let (settings, candidates) = (self.search.settings(), self.search.candidates()?);
        let mut schedule = None;
        let plan = |candidates, folds: &_| {
            let (numbers, rungs) = self.rungs(data, candidates, folds)?;
            schedule = Some(numbers);
            Ok(rungs)
        };
        let found = search_in_rungs(settings, candidates, data, context, plan)?;
        Ok(FittedSearch { schedule, ..found })
    }

    /// The metric that the best candidate is chosen by.
    fn default_metric(&self) -> Box<dyn Metric<F>> {
        let deciding = self.search.settings().deciding_metric();
        deciding.unwrap_or_else(|| self.search.estimator().default_metric())
    }
}
