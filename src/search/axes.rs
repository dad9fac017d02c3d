//! The scores of a search by parameter: how each value did, and each pair of values.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::SearchResults;
use crate::error::{Error, Result};

/// The mean scores of several candidates.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ScoreSummary {
    /// How many there are.
    pub candidates: usize,
    /// The mean of their mean scores.
    pub mean: f64,
    /// The best of them: the greatest, or the least of a metric that falls.
    pub best: f64,
    /// The worst of them.
    pub worst: f64,
}

/// Scores for each pair of values of two parameters.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PairedScores<'r> {
    /// The values of the first parameter, in order of appearance.
    pub x: Vec<&'r Value>,
    /// The values of the second.
    pub y: Vec<&'r Value>,
    /// For each value of the second parameter, the scores by the value of the first; `None` where no
    /// candidate with both has a score.
    pub cells: Vec<Vec<Option<ScoreSummary>>>,
}

/// The values of a parameter, and for each candidate which of them it has.
type Places<'r> = (Vec<&'r Value>, Vec<Option<usize>>);

impl SearchResults {
    /// The parameters of the search, and the values that its candidates have of each, in order of
    /// appearance.
    ///
    /// ```
    /// use blastrain::prelude::*;
    ///
    /// let alpha = |mlp: MlpClassifier, alpha| mlp.alpha(alpha);
    /// let search = GridSearch::new(MlpClassifier::new().hidden_layer_sizes([4]).max_iter(5))
    ///     .axis("alpha", [0.1, 1.0], alpha)
    ///     .axis("solver", [Solver::Adam, Solver::Sgd], |mlp, solver| mlp.solver(solver))
    ///     .cv(StratifiedKFold::new(2))
    ///     .refit(false)
    ///     .fit(&datasets::iris::<f64>()?)?;
    /// let results = search.results();
    /// assert_eq!(results.axes()[0].0, "alpha");
    /// assert_eq!(results.axes()[0].1, [0.1, 1.0]);
    /// let by_alpha = results.means_by("alpha", "accuracy")?;
    /// assert_eq!(by_alpha[0].1.map(|scores| scores.candidates), Some(2));
    /// let table = results.means_over("alpha", "solver", "accuracy")?;
    /// assert_eq!(table.cells[1][0].map(|cell| cell.mean), Some(results.means("accuracy")?[1]));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn axes(&self) -> Vec<(&str, Vec<&Value>)> {
        self.axis_names().into_iter().map(|name| (name, self.places_of(name).0)).collect()
    }

    /// The scores of the candidates that have each value of a parameter, in order of appearance; `None`
    /// where no candidate has a score.
    ///
    /// Candidates whose mean score is not finite or of which a fit failed are left out, as are those without
    /// the parameter, where grids have different ones.
    ///
    /// # Errors
    /// [`Error::UnknownName`], with the parameters or metrics that there are.
    pub fn means_by(
        &self,
        axis: &str,
        metric: &str,
    ) -> Result<Vec<(&Value, Option<ScoreSummary>)>> {
        let (values, places) = self.places(axis)?;
        let summaries = self.summaries(&places, values.len(), metric)?;
        Ok(values.into_iter().zip(summaries).collect())
    }

    /// The scores of the candidates that have each pair of values of two parameters.
    ///
    /// Candidates are left out as by [`SearchResults::means_by`].
    ///
    /// # Errors
    /// As [`SearchResults::means_by`].
    pub fn means_over(&self, x: &str, y: &str, metric: &str) -> Result<PairedScores<'_>> {
        let ((x, columns), (y, rows)) = (self.places(x)?, self.places(y)?);
        let cell =
            |(column, row): (&Option<usize>, &Option<usize>)| Some((*row)? * x.len() + (*column)?);
        let places: Vec<Option<usize>> = columns.iter().zip(&rows).map(cell).collect();
        let summaries = self.summaries(&places, x.len() * y.len(), metric)?;
        let cells = summaries.chunks(x.len().max(1)).map(<[_]>::to_vec).collect();
        Ok(PairedScores { x, y, cells })
    }

    /// Whether higher values of a metric are better.
    ///
    /// # Errors
    /// [`Error::UnknownName`], with the metrics that there are.
    pub fn higher_is_better(&self, metric: &str) -> Result<bool> {
        self.metric(metric).map(|(_, higher)| higher)
    }

    /// The names of all parameters, in order of appearance.
    pub(super) fn axis_names(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        let names = self.candidates().iter().flat_map(|c| c.params.iter().map(|(name, _)| name));
        names.filter(|name| seen.insert(*name)).collect()
    }

    fn places(&self, axis: &str) -> Result<Places<'_>> {
        let known = self.axis_names();
        if !known.contains(&axis) {
            let got = axis.to_owned();
            return Err(Error::UnknownName { what: "parameter", got, known: known.join(", ") });
        }
        Ok(self.places_of(axis))
    }

    fn places_of(&self, axis: &str) -> Places<'_> {
        let (mut values, mut known) = (Vec::new(), HashMap::new());
        let mut place = |value| {
            *known.entry(value).or_insert_with(|| {
                values.push(value);
                values.len() - 1
            })
        };
        let candidates = self.candidates().iter();
        let places = candidates.map(|c| c.params.get(axis).map(&mut place)).collect();
        (values, places)
    }

    /// The scores of the candidates at each of `count` places.
    fn summaries(
        &self,
        places: &[Option<usize>],
        count: usize,
        metric: &str,
    ) -> Result<Vec<Option<ScoreSummary>>> {
        type Choice = fn(f64, f64) -> f64;
        let (better, worse): (Choice, Choice) = match self.higher_is_better(metric)? {
            true => (f64::max, f64::min),
            false => (f64::min, f64::max),
        };
        let mut summaries: Vec<Option<ScoreSummary>> = vec![None; count];
        for ((place, score), candidate) in
            places.iter().zip(self.means(metric)?).zip(self.candidates())
        {
            let counts = score.is_finite() && !candidate.failed();
            let Some(place) = place.filter(|_| counts) else { continue };
            let first = ScoreSummary { candidates: 0, mean: 0.0, best: score, worst: score };
            let summary = summaries[place].get_or_insert(first);
            (summary.best, summary.worst) =
                (better(summary.best, score), worse(summary.worst, score));
            summary.candidates += 1;
            // The sum, for now.
            summary.mean += score;
        }
        for summary in summaries.iter_mut().flatten() {
            summary.mean /= summary.candidates as f64;
        }
        Ok(summaries)
    }
}
