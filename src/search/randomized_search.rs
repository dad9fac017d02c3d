//! Settings drawn at random.

use std::ops::RangeInclusive;
use std::sync::Arc;

use serde::Serialize;

use super::core::search;
use super::grid::{Axis, AxisValue, Candidate, axis_value, check_count, distinct};
use super::settings::{ErrorScore, Progress, SearchSettings, search_methods};
use super::strategy::Candidates;
use super::{FittedSearch, Grid};
use crate::data::{Dataset, Splitter};
use crate::error::{Error, Result};
use crate::estimator::{Estimator, FitContext};
use crate::metrics::Metric;
use crate::random::RandomState;
use crate::scalar::Scalar;

/// Tries so many candidates whose settings are drawn from lists and ranges, by cross-validation, and fits
/// the best to all rows.
///
/// Like scikit-learn's `RandomizedSearchCV`, it draws the axes in the order of their names; if all are
/// choices, no candidate comes twice, and if there are no more than asked for, all are tried. The same seed
/// gives the same candidates: scikit-learn's for an integer `random_state`, up to rounding of
/// [`RandomizedSearch::log_uniform`], and but for more than 99 % of the candidates of all-choice axes.
///
/// ```
/// use blastrain::data::StratifiedKFold;
/// use blastrain::datasets;
/// use blastrain::estimator::{MlpClassifier, Solver};
/// use blastrain::search::RandomizedSearch;
/// use blastrain::RandomState;
///
/// let data = datasets::iris::<f64>()?;
/// let search = RandomizedSearch::new(MlpClassifier::new().max_iter(40), 4)
///     .log_uniform("learning_rate_init", 1e-3..=1e-1, |mlp, rate| mlp.learning_rate_init(rate))
///     .integer("units", 4..=16, |mlp, units| mlp.hidden_layer_sizes([units]))
///     .choice("solver", [Solver::Adam, Solver::Sgd], |mlp, solver| mlp.solver(solver))
///     .random_state(RandomState::new(42))
///     .cv(StratifiedKFold::new(3))
///     .fit(&data)?;
/// assert_eq!(search.results().candidates().len(), 4);
/// println!("{}: {:.3}", search.best_params(), search.best_score());
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// Source: Bergstra & Bengio 2012.
pub struct RandomizedSearch<F, E> {
    estimator: E,
    n_iter: usize,
    axes: Vec<(String, Source<E>)>,
    random_state: RandomState,
    settings: SearchSettings<F>,
}

/// Draws a value.
type Draw<E> = Arc<dyn Fn(&mut RandomState) -> AxisValue<E> + Send + Sync>;

/// Where an axis has its values from.
enum Source<E> {
    Choice(Vec<AxisValue<E>>),
    Drawn(Draw<E>),
    /// A range that cannot be drawn from, and what could.
    Refused(String, &'static str),
}

impl<F: Scalar, E: Estimator<F> + Clone> RandomizedSearch<F, E> {
    /// A search around these settings of `n_iter` candidates, drawn with seed 0, by five folds.
    pub fn new(estimator: E, n_iter: usize) -> Self {
        let settings = SearchSettings::new();
        let random_state = RandomState::new(0);
        Self { estimator, n_iter, axes: Vec::new(), random_state, settings }
    }

    /// Adds an axis whose values are drawn from a list, all equally likely.
    pub fn choice<V: Serialize + Clone + Send + Sync + 'static>(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = V>,
        set: impl Fn(E, V) -> E + Send + Sync + 'static,
    ) -> Self {
        let grid = Grid::new().axis(name, values, set);
        let axes = grid.axes.into_iter().map(|axis| (axis.name, Source::Choice(axis.values)));
        self.axes.extend(axes);
        self
    }

    /// Adds an axis of numbers in a range, all equally likely: scipy's `uniform(low, high - low)`. The bounds and
    /// their difference are finite.
    pub fn uniform(
        self,
        name: impl Into<String>,
        range: RangeInclusive<f64>,
        set: impl Fn(E, f64) -> E + Send + Sync + 'static,
    ) -> Self {
        let (low, high) = range.clone().into_inner();
        if !(low <= high && (high - low).is_finite()) {
            let want = "from the lower bound to the upper one, both and their difference finite";
            return self.refused(name, format!("{range:?}"), want);
        }
        self.sampled(name, move |random| random.uniform(low, high), set)
    }

    /// Adds an axis of numbers in a range above 0 whose logarithms are all equally likely: as many
    /// between 0.001 and 0.01 as between 0.01 and 0.1. scipy's `loguniform(low, high)`.
    pub fn log_uniform(
        self,
        name: impl Into<String>,
        range: RangeInclusive<f64>,
        set: impl Fn(E, f64) -> E + Send + Sync + 'static,
    ) -> Self {
        let (low, high) = range.clone().into_inner();
        if !(low > 0.0 && high.is_finite() && low <= high) {
            let want = "from the lower bound to the upper one, both finite and > 0";
            return self.refused(name, format!("{range:?}"), want);
        }
        let draw = move |random: &mut RandomState| {
            random.uniform(low.ln(), high.ln()).exp().clamp(low, high)
        };
        self.sampled(name, draw, set)
    }

    /// Adds an axis of whole numbers, both bounds included, all equally likely: scipy's
    /// `randint(low, high + 1)`.
    pub fn integer(
        self,
        name: impl Into<String>,
        range: RangeInclusive<usize>,
        set: impl Fn(E, usize) -> E + Send + Sync + 'static,
    ) -> Self {
        let (low, high) = range.clone().into_inner();
        if low > high {
            let want = "from the lower bound to the upper one";
            return self.refused(name, format!("{range:?}"), want);
        }
        let draw =
            move |random: &mut RandomState| low + random.interval((high - low) as u64) as usize;
        self.sampled(name, draw, set)
    }

    /// Adds an axis whose values are drawn by a function of your own, from this generator alone.
    pub fn sampled<V: Serialize + Clone + Send + Sync + 'static>(
        mut self,
        name: impl Into<String>,
        draw: impl Fn(&mut RandomState) -> V + Send + Sync + 'static,
        set: impl Fn(E, V) -> E + Send + Sync + 'static,
    ) -> Self {
        let set = Arc::new(set);
        let drawn: Draw<E> = Arc::new(move |random| {
            let set = set.clone();
            axis_value(draw(random), move |estimator, value| set(estimator, value))
        });
        self.axes.push((name.into(), Source::Drawn(drawn)));
        self
    }

    fn refused(mut self, name: impl Into<String>, got: String, want: &'static str) -> Self {
        self.axes.push((name.into(), Source::Refused(got, want)));
        self
    }

    /// What settings are drawn from; seed 0. Every fit starts with the generator as given.
    pub fn random_state(mut self, random_state: RandomState) -> Self {
        self.random_state = random_state;
        self
    }

    search_methods!();

    /// Runs the search, on all threads unless [`parallelism`](Self::parallelism) says otherwise.
    ///
    /// # Errors
    /// What the splitter refuses; [`Error::Param`] for no candidate, a range without numbers, a name used
    /// or a metric given twice; [`Error::Empty`] for a choice of nothing; [`Error::FitFailed`] if all fits failed
    /// or [`ErrorScore::Raise`] says so, or if the last one did; [`Error::Stopped`].
    pub fn fit(&self, data: &Dataset<'_, F>) -> Result<FittedSearch<F, E>> {
        Estimator::fit(self, data)
    }

    /// A candidate, axis by axis.
    fn draw(
        &self,
        axes: &[&(String, Source<E>)],
        random: &mut RandomState,
    ) -> Result<Candidate<E>> {
        let start = Candidate { params: Default::default(), estimator: self.estimator.clone() };
        axes.iter().try_fold(start, |candidate, (name, source)| match source {
            Source::Choice(values) => {
                let chosen = random.interval(values.len() as u64 - 1) as usize;
                candidate.with(name, &values[chosen])
            }
            Source::Drawn(draw) => candidate.with(name, &draw(random)),
            Source::Refused(..) => Ok(candidate),
        })
    }
}

/// `k` different numbers below `n`, or all of them in order if there are no more, as scikit-learn draws them.
fn without_replacement(n: usize, k: usize, random: &mut RandomState) -> Result<Vec<usize>> {
    if k >= n {
        return Ok((0..n).collect());
    }
    if k as f64 / n as f64 > 0.01 {
        return random.choice(n, k);
    }
    let mut numbers = Vec::with_capacity(k);
    let mut seen = std::collections::HashSet::with_capacity(k);
    while numbers.len() < k {
        let number = random.interval(n as u64 - 1) as usize;
        if seen.insert(number) {
            numbers.push(number);
        }
    }
    Ok(numbers)
}

impl<F: Scalar, E: Estimator<F> + Clone> Candidates<F> for RandomizedSearch<F, E> {
    type Estimator = E;

    fn estimator(&self) -> &E {
        &self.estimator
    }

    fn candidates(&self) -> Result<Vec<Candidate<E>>> {
        if self.n_iter == 0 {
            return Err(Error::param("n_iter", 0, "at least 1"));
        }
        let mut axes: Vec<&(String, Source<E>)> = self.axes.iter().collect();
        axes.sort_by(|a, b| a.0.cmp(&b.0));
        distinct(axes.iter().map(|axis| &*axis.0))?;
        let mut grid = Grid::new();
        for (name, source) in &axes {
            match source {
                Source::Refused(got, want) => {
                    return Err(Error::param("range", format!("{got} for axis \"{name}\""), *want));
                }
                Source::Choice(values) if values.is_empty() => {
                    return Err(Error::empty(format!("the axis \"{name}\""), "1 value"));
                }
                Source::Choice(values) => {
                    grid.axes.push(Axis { name: name.clone(), values: values.clone() });
                }
                Source::Drawn(_) => {}
            }
        }
        let mut random = self.random_state.clone();
        // More than can be counted are drawn axis by axis, too: hardly twice the same.
        if grid.axes.len() == axes.len() && grid.len() < usize::MAX {
            check_count(self.n_iter.min(grid.len()))?;
            let numbers = without_replacement(grid.len(), self.n_iter, &mut random)?;
            return grid.candidates_at(&numbers, &self.estimator);
        }
        check_count(self.n_iter)?;
        (0..self.n_iter).map(|_| self.draw(&axes, &mut random)).collect()
    }

    fn settings(&self) -> &SearchSettings<F> {
        &self.settings
    }
}

impl<F: Scalar, E: Estimator<F> + Clone> Estimator<F> for RandomizedSearch<F, E> {
    type Fitted = FittedSearch<F, E>;

    /// The context's threads share the fits; its observers and validation rows are for the last one.
    fn fit_with(
        &self,
        data: &Dataset<'_, F>,
        context: &mut FitContext<'_, F>,
    ) -> Result<Self::Fitted> {
        search(&self.settings, self.candidates()?, data, context)
    }

    /// The metric that the best candidate is chosen by.
    fn default_metric(&self) -> Box<dyn Metric<F>> {
        self.settings.deciding_metric().unwrap_or_else(|| self.estimator.default_metric())
    }
}

impl<F: Scalar, E: std::fmt::Debug> std::fmt::Debug for RandomizedSearch<F, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let axes: Vec<&str> = self.axes.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("RandomizedSearch")
            .field("estimator", &self.estimator)
            .field("n_iter", &self.n_iter)
            .field("axes", &axes)
            .field("random_state", &self.random_state)
            .field("settings", &self.settings)
            .finish()
    }
}
