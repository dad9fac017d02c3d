//! What every search does with its candidates: fit each on every fold, rank them, refit the best.

use std::cmp::Ordering as Order;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::FittedSearch;
use super::fingerprint::Fingerprint;
use super::fit_and_score::{FoldScores, Scoring, fit_and_score};
use super::grid::Candidate;
use super::jobs::run_all;
use super::journal::{Extent, Finished, Journal};
use super::reporter::Reporter;
use super::results::{CandidateResult, FoldResult, SearchResults};
use super::settings::{ErrorScore, SearchSettings};
use crate::data::{Dataset, Fold, KFold, StratifiedKFold};
use crate::error::{Error, Result};
use crate::estimator::{Estimator, FitContext};
use crate::metrics::Metric;
use crate::parallelism::Workers;
use crate::scalar::Scalar;

/// Fits every candidate on every fold, and the best on all rows.
pub(super) fn search<F: Scalar, E: Estimator<F> + Clone>(
    settings: &SearchSettings<F>,
    candidates: Vec<Candidate<E>>,
    data: &Dataset<'_, F>,
    context: &mut FitContext<'_, F>,
) -> Result<FittedSearch<E::Fitted>> {
    let Some(first) = candidates.first() else {
        return Err(Error::empty("the candidates", "1 candidate"));
    };
    let default = [first.estimator.default_metric()];
    let metrics = if settings.metrics.is_empty() { &default[..] } else { &settings.metrics };
    let metrics: Vec<&dyn Metric<F>> = metrics.iter().map(|metric| &**metric).collect();
    let refit = settings.refit_metric(&metrics)?;
    let workers = Workers::new(context.parallelism)?;
    let folds = match (&settings.splitter, data.classes()) {
        (Some(splitter), _) => data.folds(splitter)?,
        (None, Some(_)) => data.folds(&StratifiedKFold::new(5))?,
        (None, None) => data.folds(&KFold::new(5))?,
    };
    let scoring = Scoring {
        metrics: &metrics,
        train_scores: settings.train_scores,
        learning_curves: settings.learning_curves,
        stop: &context.stop,
    };
    let run = Run { settings, candidates: &candidates, data, folds: &folds, scoring: &scoring };
    let (journal, known) = run.open_journal()?;
    let outcomes = run.fits(&workers, journal.as_ref(), known);
    journal.map_or(Ok(()), Journal::close)?;
    if outcomes.len() < candidates.len() * folds.len() {
        return Err(STOPPED);
    }
    let results = run.by_candidate(outcomes)?;
    let infos = metrics.iter().map(|m| (m.name().to_owned(), m.higher_is_better())).collect();
    let results = SearchResults::new(infos, results);
    let metric = metrics[refit].name();
    let best_index = results.best_index(metric)?;
    let best_score = results.means(metric)?[best_index];
    let start = Instant::now();
    let best_model = match settings.refit {
        true => Some(candidates[best_index].estimator.fit_with(data, context)?),
        false => None,
    };
    if context.stop.load(Ordering::Relaxed) {
        return Err(STOPPED);
    }
    let refit_seconds = start.elapsed().as_secs_f64();
    Ok(FittedSearch { results, best_index, best_score, best_model, refit_seconds })
}

const STOPPED: Error = Error::Stopped { what: "the search" };

/// One fit's place, and what came of it; one that failed has no scores, and its error if it ran now.
type Outcome = ((usize, usize), FoldResult, Option<Error>);

/// What the fits of a search have in common.
struct Run<'r, 'd, F, E> {
    settings: &'r SearchSettings<F>,
    candidates: &'r [Candidate<E>],
    data: &'r Dataset<'d, F>,
    folds: &'r [Fold],
    scoring: &'r Scoring<'r, F>,
}

impl<F: Scalar, E: Estimator<F>> Run<'_, '_, F, E> {
    /// The journal, if one was asked for, and the fits that it has.
    fn open_journal(&self) -> Result<(Option<Journal>, Finished)> {
        let Some(path) = &self.settings.journal else { return Ok((None, Finished::new())) };
        let metrics = self.scoring.metrics.len();
        let extent = Extent {
            candidates: self.candidates.len(),
            folds: self.folds.len(),
            test_scores: metrics,
            train_scores: if self.scoring.train_scores { metrics } else { 0 },
        };
        let search = Fingerprint::new(self.candidates, self.data, self.folds, self.scoring);
        let (journal, mut known) = Journal::open(path, search, extent)?;
        // Where failures can end the search they run again: a journal has their words only.
        if self.settings.error_score == ErrorScore::Raise
            || known.values().all(|result| result.error.is_some())
        {
            known.retain(|_, result| result.error.is_none());
        }
        Ok((Some(journal), known))
    }

    /// Runs the fits that are not known; fewer come back if the search was stopped.
    fn fits(&self, workers: &Workers, journal: Option<&Journal>, known: Finished) -> Vec<Outcome> {
        let folds = self.folds.len();
        let cost = |&(candidate, fold): &(usize, usize)| {
            let rows = self.folds[fold].train.len();
            self.candidates[candidate].estimator.cost(rows, self.data.features())
        };
        let places = (0..self.candidates.len()).flat_map(|c| (0..folds).map(move |fold| (c, fold)));
        let mut jobs: Vec<_> = places.filter(|place| !known.contains_key(place)).collect();
        // The longest first, so that none is left to run alone at the end.
        jobs.sort_by(|a, b| cost(b).partial_cmp(&cost(a)).unwrap_or(Order::Equal));
        let higher = self.scoring.metrics[0].higher_is_better();
        let fits = jobs.len() + known.len();
        let observer = self.settings.progress.as_ref();
        let reporter = Reporter::new(observer, fits, known.values(), higher);
        let stopped = || self.scoring.stop.load(Ordering::Relaxed);
        let outcomes = run_all(workers, &jobs, |&place| {
            if stopped() || journal.is_some_and(Journal::has_failed) {
                return None;
            }
            let (result, error) = self.fit(place);
            // A fit cut short looks finished, but is not.
            if stopped() {
                return None;
            }
            if let Some(journal) = journal {
                journal.append(place, &result);
            }
            reporter.finished(&self.candidates[place.0].params, place.1, &result);
            Some((place, result, error))
        });
        let known = known.into_iter().map(|(place, result)| (place, result, None));
        known.chain(outcomes.into_iter().flatten()).collect()
    }

    /// One candidate on one fold.
    fn fit(&self, (candidate, fold): (usize, usize)) -> (FoldResult, Option<Error>) {
        let estimator = &self.candidates[candidate].estimator;
        let scores = self.folds[fold]
            .of(self.data)
            .and_then(|(train, test)| fit_and_score(estimator, (&train, &test), self.scoring));
        match scores {
            Ok(FoldScores { test, train, fit_seconds, score_seconds, curves }) => {
                (FoldResult { test, train, fit_seconds, score_seconds, curves, error: None }, None)
            }
            Err(error) => {
                let failed = FoldResult {
                    test: Vec::new(),
                    train: Vec::new(),
                    fit_seconds: f64::NAN,
                    score_seconds: f64::NAN,
                    curves: None,
                    error: Some(error.to_string()),
                };
                (failed, Some(error))
            }
        }
    }

    /// Sorts the fits by candidate; what failed gets the error score.
    fn by_candidate(&self, mut outcomes: Vec<Outcome>) -> Result<Vec<CandidateResult>> {
        outcomes.sort_by_key(|(place, ..)| *place);
        let all_failed = outcomes.iter().all(|(_, result, _)| result.error.is_some());
        let score = match self.settings.error_score {
            ErrorScore::Value(score) if !all_failed => score,
            _ => match outcomes.iter_mut().find_map(|(.., error)| error.take()) {
                Some(error) => return Err(error),
                // Nothing failed.
                None => f64::NAN,
            },
        };
        let metrics = self.scoring.metrics.len();
        let empty = |candidate: &Candidate<E>| CandidateResult {
            params: candidate.params.clone(),
            folds: Vec::with_capacity(self.folds.len()),
        };
        let mut results: Vec<CandidateResult> = self.candidates.iter().map(empty).collect();
        for ((candidate, _), mut result, _) in outcomes {
            if result.error.is_some() {
                result.test = vec![score; metrics];
                result.train = vec![score; if self.scoring.train_scores { metrics } else { 0 }];
            }
            results[candidate].folds.push(result);
        }
        Ok(results)
    }
}
