//! What every search does with its candidates: fit each on every fold, rank them, refit the best.

use std::sync::Arc;
use std::time::Instant;

use super::FittedSearch;
use super::fit_and_score::Scoring;
use super::grid::Candidate;
use super::results::SearchResults;
use super::run::{Run, STOPPED};
use super::rung::Rung;
use super::settings::SearchSettings;
use super::stop::{StopFlags, threads, with_settings};
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
) -> Result<FittedSearch<F, E>> {
    let once = |candidates, folds: &_| Ok(vec![Rung::only(candidates, folds)]);
    search_in_rungs(settings, candidates, data, context, once)
}

/// Fits the candidates rung by rung, as `plan` says for their number and the folds, and the best of the last
/// rung on all rows.
pub(super) fn search_in_rungs<F: Scalar, E: Estimator<F> + Clone>(
    settings: &SearchSettings<F>,
    mut candidates: Vec<Candidate<E>>,
    data: &Dataset<'_, F>,
    context: &mut FitContext<'_, F>,
    plan: impl FnOnce(usize, &Arc<[Fold]>) -> Result<Vec<Rung>>,
) -> Result<FittedSearch<F, E>> {
    let Some(first) = candidates.first() else {
        return Err(Error::empty("the candidates", "1 candidate"));
    };
    let metrics = settings.metrics_or(first.estimator.default_metric())?;
    let deciding = settings.deciding(&metrics)?;
    let workers = Workers::new(threads(settings, context))?;
    let folds = settings.folds(data)?.into();
    let rungs = plan(candidates.len(), &folds)?;
    let stop = StopFlags::new(settings, context);
    let scoring = Scoring {
        metrics: &metrics.iter().map(|metric| &**metric).collect::<Vec<&dyn Metric<F>>>(),
        train_scores: settings.train_scores,
        learning_curves: settings.learning_curves,
        stop: stop.of_fits(),
    };
    let run = Run {
        settings,
        candidates: &candidates,
        data,
        folds: &folds,
        rungs: &rungs,
        scoring: &scoring,
        stop: &stop,
        metric: deciding,
    };
    let (places, results): (Vec<usize>, _) = run.all(&workers)?.into_iter().unzip();
    let infos = metrics.iter().map(|m| (m.name().to_owned(), m.higher_is_better())).collect();
    let results = SearchResults::new(infos, deciding, results);
    let name = results.deciding_metric();
    let best_index = results.best_index(name)?;
    let best_score = results.means(name)?[best_index];
    let best = candidates.swap_remove(places[best_index]);
    let start = Instant::now();
    let epochs = rungs.last().and_then(|rung| rung.epochs);
    let best_model = match settings.refit {
        true => Some(refit(settings, &stop, &best, data, context, epochs)?),
        false => None,
    };
    if stop.raised() {
        return Err(STOPPED);
    }
    Ok(FittedSearch {
        results,
        best_index,
        best_score,
        best_estimator: best.estimator,
        best_model,
        metric: metrics[deciding].clone(),
        refit_seconds: start.elapsed().as_secs_f64(),
        schedule: None,
    })
}

/// Fits the best candidate to all rows.
fn refit<F: Scalar, E: Estimator<F>>(
    settings: &SearchSettings<F>,
    stop: &StopFlags,
    best: &Candidate<E>,
    data: &Dataset<'_, F>,
    context: &mut FitContext<'_, F>,
    epochs: Option<usize>,
) -> Result<E::Fitted> {
    let fitted = with_settings(settings, stop, context, |context| match epochs {
        Some(epochs) => best.estimator.fit_epochs(data, None, epochs, context),
        None => best.estimator.fit_with(data, context),
    });
    fitted.map_err(|error| match stop.raised() {
        true => STOPPED,
        false => Error::FitFailed {
            params: best.params.clone(),
            fold: None,
            round: None,
            all: None,
            source: Arc::new(error),
        },
    })
}
