//! What every search does with its candidates: fit each on every fold, rank them, refit the best.

use std::cmp::Ordering as Order;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::fit_and_score::{Scoring, fit_and_score};
use super::grid::Candidate;
use super::jobs::run_all;
use super::results::{CandidateResult, FoldResult, SearchResults};
use super::settings::{ErrorScore, Progress, SearchSettings};
use super::{FittedSearch, Params};
use crate::data::{Dataset, Fold};
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
    let folds = data.folds(&*settings.splitter)?;
    let scoring =
        Scoring { metrics: &metrics, train_scores: settings.train_scores, stop: &context.stop };
    let results = run_fits(settings, &candidates, data, &folds, &scoring, &workers);
    if context.stop.load(Ordering::Relaxed) {
        return Err(Error::Stopped { what: "the search" });
    }
    let results = by_candidate(settings, &candidates, results, folds.len())?;
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
    let refit_seconds = start.elapsed().as_secs_f64();
    Ok(FittedSearch { results, best_index, best_score, best_model, refit_seconds })
}

/// One fit's place, and what came of it.
type Outcome = ((usize, usize), Result<FoldResult>);

fn run_fits<F: Scalar, E: Estimator<F>>(
    settings: &SearchSettings<F>,
    candidates: &[Candidate<E>],
    data: &Dataset<'_, F>,
    folds: &[Fold],
    scoring: &Scoring<'_, F>,
    workers: &Workers,
) -> Vec<Outcome> {
    let cost = |&(candidate, fold): &(usize, usize)| {
        candidates[candidate].estimator.cost(folds[fold].train.len(), data.features())
    };
    let places = (0..candidates.len()).flat_map(|c| (0..folds.len()).map(move |fold| (c, fold)));
    let mut jobs: Vec<(usize, usize)> = places.collect();
    // The longest first, so that none is left to run alone at the end.
    jobs.sort_by(|a, b| cost(b).partial_cmp(&cost(a)).unwrap_or(Order::Equal));
    let (done, start) = (AtomicUsize::new(0), Instant::now());
    let best = std::sync::Mutex::new(None);
    run_all(workers, &jobs, |&(candidate, fold)| {
        let Candidate { params, estimator } = &candidates[candidate];
        let scores = folds[fold]
            .of(data)
            .and_then(|(train, test)| fit_and_score(estimator, (&train, &test), scoring));
        let outcome = scores.map(|scores| FoldResult {
            test: scores.test,
            train: scores.train,
            fit_seconds: scores.fit_seconds,
            score_seconds: scores.score_seconds,
            error: None,
        });
        report(settings, scoring, (&done, jobs.len(), start), &best, (params, fold, &outcome));
        ((candidate, fold), outcome)
    })
}

/// Tells the progress to whoever asked for it.
fn report<F: Scalar>(
    settings: &SearchSettings<F>,
    scoring: &Scoring<'_, F>,
    (done, fits, start): (&AtomicUsize, usize, Instant),
    best: &std::sync::Mutex<Option<f64>>,
    (params, fold, outcome): (&Params, usize, &Result<FoldResult>),
) {
    let Some(observer) = &settings.progress else { return };
    let Ok(mut best) = best.lock() else { return };
    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
    let score = outcome.as_ref().ok().and_then(|result| result.test.first().copied());
    if let Some(score) = score.filter(|score| !score.is_nan()) {
        let higher = scoring.metrics[0].higher_is_better();
        let better = best.is_none_or(|best| if higher { score > best } else { score < best });
        if better {
            *best = Some(score);
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let seconds_left = seconds / done as f64 * (fits - done) as f64;
    observer(&Progress {
        done,
        fits,
        params,
        fold,
        score,
        best_fold: *best,
        seconds,
        seconds_left,
    });
}

/// Sorts the fits by candidate; what failed gets the error score.
fn by_candidate<F: Scalar, E>(
    settings: &SearchSettings<F>,
    candidates: &[Candidate<E>],
    mut outcomes: Vec<Outcome>,
    folds: usize,
) -> Result<Vec<CandidateResult>> {
    outcomes.sort_by_key(|(place, _)| *place);
    let all_failed = outcomes.iter().all(|(_, outcome)| outcome.is_err());
    let metrics = settings.metrics.len().max(1);
    let mut results: Vec<CandidateResult> = candidates
        .iter()
        .map(|candidate| CandidateResult {
            params: candidate.params.clone(),
            folds: Vec::with_capacity(folds),
        })
        .collect();
    for ((candidate, _), outcome) in outcomes {
        let result = match (outcome, settings.error_score) {
            (Ok(result), _) => result,
            (Err(error), _) if all_failed => return Err(error),
            (Err(error), ErrorScore::Raise) => return Err(error),
            (Err(error), ErrorScore::Value(score)) => FoldResult {
                test: vec![score; metrics],
                train: if settings.train_scores { vec![score; metrics] } else { Vec::new() },
                fit_seconds: f64::NAN,
                score_seconds: f64::NAN,
                error: Some(error.to_string()),
            },
        };
        results[candidate].folds.push(result);
    }
    Ok(results)
}
