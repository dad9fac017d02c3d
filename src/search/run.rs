//! The fits of a search, rung by rung.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::fingerprint::Fingerprint;
use super::first_failure::FirstFailure;
use super::fit_and_score::{FoldScores, Scoring, fit_and_score};
use super::grid::Candidate;
use super::jobs::run_all;
use super::journal::{Extent, Finished, Journal};
use super::ranking::{order, ranks};
use super::reporter::{Reporter, ScoreRule, weights};
use super::results::{CandidateResult, FoldResult};
use super::rung::Rung;
use super::settings::{ErrorScore, SearchSettings};
use super::shared_preprocessing::SharedPreprocessing;
use super::stop::StopFlags;
use crate::data::{Dataset, Fold};
use crate::error::{Error, Result};
use crate::estimator::{Estimator, FitContext};
use crate::parallelism::Workers;
use crate::scalar::Scalar;

pub(super) const STOPPED: Error = Error::Stopped { what: "the search" };

/// A candidate's and a fold's number.
type Place = (usize, usize);

/// One fit's place, and what came of it; one that failed has no scores, and its error if it ran now.
type Outcome = (Place, FoldResult, Option<Arc<Error>>);

/// What the fits of a search have in common.
pub(super) struct Run<'r, 'd, F, E> {
    pub(super) settings: &'r SearchSettings<F>,
    pub(super) candidates: &'r [Candidate<E>],
    pub(super) data: &'r Dataset<'d, F>,
    pub(super) folds: &'r [Fold],
    pub(super) rungs: &'r [Rung],
    pub(super) scoring: &'r Scoring<'r, F>,
    pub(super) stop: &'r StopFlags,
    /// Which of the metrics says who goes on.
    pub(super) metric: usize,
}

/// What the fits of a rung have in common.
struct Round<'r, M> {
    number: usize,
    rung: &'r Rung,
    /// In the order of the search.
    candidates: Vec<usize>,
    /// Fits that another rung goes on with, each taken out while it does.
    models: Mutex<BTreeMap<Place, M>>,
    /// Whether there is another rung that will.
    keeps: bool,
}

impl<'d, F: Scalar, E: Estimator<F>> Run<'_, 'd, F, E> {
    /// All fits: the results of each candidate in each of its rungs, with its number.
    pub(super) fn all(&self, workers: &Workers) -> Result<Vec<(usize, CandidateResult)>> {
        let (journal, known) = self.open_journal()?;
        let results = self.climb(workers, journal.as_ref(), known);
        journal.map_or(Ok(()), Journal::close)?;
        results
    }

    fn climb(
        &self,
        workers: &Workers,
        journal: Option<&Journal>,
        mut known: Finished,
    ) -> Result<Vec<(usize, CandidateResult)>> {
        let rule = ScoreRule {
            metric: self.metric,
            higher_is_better: self.scoring.metrics[self.metric].higher_is_better(),
            folds: self.folds.len(),
        };
        let reporter = Reporter::new(self.settings.progress.as_ref(), self.rungs, rule);
        let mut left: Vec<usize> = (0..self.candidates.len()).collect();
        let (mut results, mut models) = (Vec::new(), BTreeMap::new());
        for ((number, rung), weight) in self.rungs.iter().enumerate().zip(weights(self.rungs)) {
            let keeps = rung.epochs.is_some() && number + 1 < self.rungs.len();
            let round = Round { number, rung, candidates: left, models: Mutex::new(models), keeps };
            let known = self.known(&round, &mut known);
            reporter.round(weight, &known);
            let outcomes = self.fits(&round, workers, (journal, &reporter), known)?;
            let of_rung = self.by_candidate(&round, outcomes)?;
            let next = self.rungs.get(number + 1).map_or(0, |next| next.candidates);
            left = self.best(&of_rung, next).map(|position| round.candidates[position]).collect();
            models = round.models.into_inner().unwrap_or_else(PoisonError::into_inner);
            models.retain(|(candidate, _), _| left.binary_search(candidate).is_ok());
            results.extend(round.candidates.into_iter().zip(of_rung));
        }
        Ok(results)
    }

    /// The positions of the best, in order; the first of equals.
    fn best(&self, results: &[CandidateResult], count: usize) -> impl Iterator<Item = usize> {
        let higher_is_better = self.scoring.metrics[self.metric].higher_is_better();
        let mut order = order(results, &ranks(results, self.metric, higher_is_better));
        order.truncate(count);
        order.sort_unstable();
        order.into_iter()
    }

    /// The journal, if one was asked for, and the fits that it has.
    fn open_journal(&self) -> Result<(Option<Journal>, Finished)> {
        let Some(path) = &self.settings.journal else { return Ok((None, Finished::new())) };
        let metrics = self.scoring.metrics.len();
        let extent = Extent {
            rungs: self.rungs.len(),
            candidates: self.candidates.len(),
            folds: self.folds.len(),
            test_scores: metrics,
            train_scores: if self.scoring.train_scores { metrics } else { 0 },
        };
        let cuts = (self.folds, self.rungs);
        let search = Fingerprint::new(self.candidates, self.data, cuts, self.scoring);
        let (journal, known) = Journal::open(path, search, extent)?;
        Ok((Some(journal), known))
    }

    /// Those fits of a rung that the journal has.
    fn known(
        &self,
        round: &Round<'_, E::Fitted>,
        finished: &mut Finished,
    ) -> BTreeMap<Place, FoldResult> {
        let known = |place: Place| {
            finished.remove(&(round.number, place.0, place.1)).map(|result| (place, result))
        };
        let mut known: BTreeMap<_, _> = round.places().filter_map(known).collect();
        // Where failures can end the search they run again: a journal has their words only.
        if self.settings.error_score == ErrorScore::Raise
            || known.values().all(|result| result.error.is_some())
        {
            known.retain(|_, result| result.error.is_none());
        }
        known
    }

    /// Runs the fits that are not known.
    fn fits(
        &self,
        round: &Round<'_, E::Fitted>,
        workers: &Workers,
        (journal, reporter): (Option<&Journal>, &Reporter<'_>),
        known: BTreeMap<Place, FoldResult>,
    ) -> Result<Vec<Outcome>> {
        let fixed = self.longest_first(round, &known);
        let positions: BTreeMap<Place, usize> =
            fixed.iter().enumerate().map(|(position, &place)| (place, position)).collect();
        let mut jobs = fixed.clone();
        let shared = SharedPreprocessing::prepare(self.candidates, &mut jobs, workers.threads());
        let (failure, cut) = (FirstFailure::new(self.settings.error_score), AtomicBool::new(false));
        let stopped = || {
            let stopped = self.stop.raised() || journal.is_some_and(Journal::has_failed);
            cut.fetch_or(stopped, Ordering::Relaxed) || stopped
        };
        let outcomes = run_all(workers, &jobs, |&place| {
            let position = positions.get(&place).copied().unwrap_or(0);
            if failure.is_before(position) || stopped() {
                return None;
            }
            let (result, error) = self.fit(round, place, &shared);
            // A fit cut short looks finished, but is not.
            if self.stop.raised() {
                cut.store(true, Ordering::Relaxed);
                return None;
            }
            if let Some(journal) = journal {
                journal.append((round.number, place.0, place.1), &result);
            }
            if error.is_some() {
                failure.note(position);
            }
            reporter.finished(place, &self.candidates[place.0].params, &result);
            Some((place, result, error))
        });
        if cut.into_inner() {
            return Err(STOPPED);
        }
        let mut outcomes = outcomes.into_iter().flatten();
        if let Some(first) = failure.found().map(|position| fixed[position]) {
            let error = outcomes.find_map(|(place, _, error)| error.filter(|_| place == first));
            return Err(error.map_or(STOPPED, |error| self.failed(round, first, None, error)));
        }
        let known = known.into_iter().map(|(place, result)| (place, result, None));
        Ok(known.chain(outcomes).collect())
    }

    /// The fits that are not known, the longest first, so that none is left to run alone at the end; of equals
    /// in the order of the search.
    fn longest_first(
        &self,
        round: &Round<'_, E::Fitted>,
        known: &BTreeMap<Place, FoldResult>,
    ) -> Vec<Place> {
        let cost = |(candidate, fold): Place| {
            let rows = round.rung.folds[fold].train.len();
            self.candidates[candidate].estimator.cost(rows, self.data.features())
        };
        let jobs = round.places().filter(|place| !known.contains_key(place));
        let mut jobs: Vec<(Place, f64)> = jobs.map(|place| (place, cost(place))).collect();
        jobs.sort_by(|a, b| b.1.total_cmp(&a.1));
        jobs.into_iter().map(|(place, _)| place).collect()
    }

    /// A failure with its place; of `all` fits if all failed.
    fn failed(
        &self,
        round: &Round<'_, E::Fitted>,
        (candidate, fold): Place,
        all: Option<usize>,
        source: Arc<Error>,
    ) -> Error {
        Error::FitFailed {
            params: self.candidates[candidate].params.clone(),
            fold: Some(fold),
            round: round.rung.resources.map(|_| round.number),
            all,
            source,
        }
    }

    /// One candidate on one fold.
    fn fit(
        &self,
        round: &Round<'_, E::Fitted>,
        place: Place,
        shared: &SharedPreprocessing<'d, F>,
    ) -> (FoldResult, Option<Arc<Error>>) {
        match self.fold_scores(round, place, shared) {
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

    fn fold_scores(
        &self,
        round: &Round<'_, E::Fitted>,
        place: Place,
        shared: &SharedPreprocessing<'d, F>,
    ) -> Result<FoldScores, Arc<Error>> {
        let cell = shared.take(place);
        let (candidate, fold) = place;
        let estimator = &self.candidates[candidate].estimator;
        let (train, test) = round.rung.folds[fold].of(self.data)?;
        let (rows, model) = ((&train, &test), round.take(place));
        let (scores, model) = match cell {
            None => {
                let fit = |context: &mut FitContext<'_, F>| match round.rung.epochs {
                    Some(epochs) => estimator.fit_epochs(&train, model, epochs, context),
                    None => estimator.fit_with(&train, context),
                };
                fit_and_score(fit, rows, self.scoring)?
            }
            Some(cell) => {
                let (rows_seen, seconds) = cell.get(estimator, &train)?;
                let fit = |context: &mut FitContext<'_, F>| match round.rung.epochs {
                    Some(epochs) => {
                        estimator.fit_epochs_preprocessed(rows_seen, model, epochs, context)
                    }
                    None => estimator.fit_preprocessed(rows_seen, context),
                };
                let (mut scores, model) = fit_and_score(fit, rows, self.scoring)?;
                scores.fit_seconds += seconds;
                (scores, model)
            }
        };
        round.keep(place, model);
        Ok(scores)
    }

    /// Sorts the fits of a rung by candidate; what failed gets the error score.
    fn by_candidate(
        &self,
        round: &Round<'_, E::Fitted>,
        mut outcomes: Vec<Outcome>,
    ) -> Result<Vec<CandidateResult>> {
        outcomes.sort_by_key(|(place, ..)| *place);
        if outcomes.iter().all(|(_, result, _)| result.error.is_some()) {
            let fits = outcomes.len();
            let first = outcomes.into_iter().find_map(|(place, _, error)| Some((place, error?)));
            let error = |(place, error)| self.failed(round, place, Some(fits), error);
            return Err(first.map_or(STOPPED, error));
        }
        let score = match self.settings.error_score {
            ErrorScore::Value(score) => score,
            // Nothing failed.
            ErrorScore::Raise => f64::NAN,
        };
        let metrics = self.scoring.metrics.len();
        let mut results: BTreeMap<usize, CandidateResult> = BTreeMap::new();
        for ((candidate, _), mut result, _) in outcomes {
            if result.error.is_some() {
                result.test = vec![score; metrics];
                result.train = vec![score; if self.scoring.train_scores { metrics } else { 0 }];
            }
            let of_candidate = results.entry(candidate).or_insert_with(|| CandidateResult {
                iter: round.rung.resources.map(|_| round.number),
                n_resources: round.rung.resources,
                params: self.candidates[candidate].params.clone(),
                folds: Vec::with_capacity(round.rung.folds.len()),
            });
            of_candidate.folds.push(result);
        }
        Ok(results.into_values().collect())
    }
}

impl<M> Round<'_, M> {
    fn places(&self) -> impl Iterator<Item = Place> {
        let folds = self.rung.folds.len();
        self.candidates.iter().flat_map(move |&candidate| (0..folds).map(move |f| (candidate, f)))
    }

    /// What an earlier rung left of a fit; nothing if only a journal knows of it.
    fn take(&self, place: Place) -> Option<M> {
        self.models.lock().unwrap_or_else(PoisonError::into_inner).remove(&place)
    }

    fn keep(&self, place: Place, model: M) {
        if self.keeps {
            self.models.lock().unwrap_or_else(PoisonError::into_inner).insert(place, model);
        }
    }
}
