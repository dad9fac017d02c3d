//! What every search does with its candidates: fit each on every fold, rank them, refit the best.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::FittedSearch;
use super::fit_and_score::Scoring;
use super::grid::Candidate;
use super::results::SearchResults;
use super::run::{Run, STOPPED};
use super::rung::Rung;
use super::settings::SearchSettings;
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
    let once = |candidates, folds: &_| Ok(vec![Rung::only(candidates, folds)]);
    search_in_rungs(settings, candidates, data, context, once)
}

/// Fits the candidates rung by rung, as `plan` says for their number and the folds, and the best of the last
/// rung on all rows.
pub(super) fn search_in_rungs<F: Scalar, E: Estimator<F> + Clone>(
    settings: &SearchSettings<F>,
    candidates: Vec<Candidate<E>>,
    data: &Dataset<'_, F>,
    context: &mut FitContext<'_, F>,
    plan: impl FnOnce(usize, &Arc<[Fold]>) -> Result<Vec<Rung>>,
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
    let folds = folds.into();
    let rungs = plan(candidates.len(), &folds)?;
    let scoring = Scoring {
        metrics: &metrics,
        train_scores: settings.train_scores,
        learning_curves: settings.learning_curves,
        stop: &context.stop,
    };
    let (candidates, rungs) = (&candidates[..], &rungs[..]);
    let run =
        Run { settings, candidates, data, folds: &folds, rungs, scoring: &scoring, metric: refit };
    let (places, results): (Vec<usize>, _) = run.all(&workers)?.into_iter().unzip();
    let infos = metrics.iter().map(|m| (m.name().to_owned(), m.higher_is_better())).collect();
    let results = SearchResults::new(infos, results);
    let metric = metrics[refit].name();
    let best_index = results.best_index(metric)?;
    let best_score = results.means(metric)?[best_index];
    let start = Instant::now();
    let best = &candidates[places[best_index]].estimator;
    let best_model = match rungs.last().and_then(|rung| rung.epochs) {
        _ if !settings.refit => None,
        Some(epochs) => Some(best.fit_epochs(data, None, epochs, context)?),
        None => Some(best.fit_with(data, context)?),
    };
    if context.stop.load(Ordering::Relaxed) {
        return Err(STOPPED);
    }
    let refit_seconds = start.elapsed().as_secs_f64();
    let schedule = None;
    Ok(FittedSearch { results, best_index, best_score, best_model, refit_seconds, schedule })
}
