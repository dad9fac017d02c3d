//! Tells how far a search is.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::Params;
use super::results::FoldResult;
use super::rung::Rung;
use super::settings::{Progress, ProgressObserver};

/// Counts fits and tells an observer.
pub(super) struct Reporter<'r> {
    observer: Option<&'r ProgressObserver>,
    rule: ScoreRule,
    fits: usize,
    /// What all fits weigh together.
    weight: f64,
    start: Instant,
    state: Mutex<State>,
}

/// How a candidate's score comes from its fits, and which is better.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScoreRule {
    /// The position of the metric that the best candidate is chosen by.
    pub(super) metric: usize,
    pub(super) higher_is_better: bool,
    pub(super) folds: usize,
}

struct State {
    done: usize,
    /// What the fits weigh that ran now: those that a journal had took no time.
    worked: f64,
    /// What the fits weigh that are done, those of the journal included.
    weight_done: f64,
    /// What a fit of this round weighs.
    weight: f64,
    /// The scores of each candidate of this round, by fold, until all are there.
    scores: BTreeMap<usize, BTreeMap<usize, f64>>,
    best: Option<f64>,
}

impl<'r> Reporter<'r> {
    /// For a search of these rungs.
    pub(super) fn new(
        observer: Option<&'r ProgressObserver>,
        rungs: &[Rung],
        rule: ScoreRule,
    ) -> Self {
        let state = State {
            done: 0,
            worked: 0.0,
            weight_done: 0.0,
            weight: 1.0,
            scores: BTreeMap::new(),
            best: None,
        };
        let fits = rungs.iter().map(Rung::fits).sum();
        let weight = weights(rungs).zip(rungs).map(|(weight, rung)| weight * rung.fits() as f64);
        let (weight, state) = (weight.sum(), Mutex::new(state));
        Self { observer, rule, fits, weight, start: Instant::now(), state }
    }

    /// Begins a round whose fits weigh so much each, with those that a journal had, by candidate and fold.
    pub(super) fn round(&self, weight: f64, known: &BTreeMap<(usize, usize), FoldResult>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.done += known.len();
        state.weight_done += weight * known.len() as f64;
        state.weight = weight;
        (state.best, state.scores) = (None, BTreeMap::new());
        for (&place, result) in known {
            state.add(self.rule, place, result);
        }
    }

    /// One fit more. The observer is called by one thread at a time, so that its counts rise.
    pub(super) fn finished(&self, place: (usize, usize), params: &Params, result: &FoldResult) {
        let Some(observer) = self.observer else { return };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.done += 1;
        state.worked += state.weight;
        state.weight_done += state.weight;
        state.add(self.rule, place, result);
        let seconds = self.start.elapsed().as_secs_f64();
        let left = (self.weight - state.weight_done).max(0.0);
        observer(&Progress {
            done: state.done,
            fits: self.fits,
            params,
            fold: place.1,
            score: result.test.get(self.rule.metric).copied(),
            best_score: state.best,
            seconds,
            seconds_left: seconds / state.worked * left,
        });
    }
}

impl State {
    fn add(&mut self, rule: ScoreRule, (candidate, fold): (usize, usize), result: &FoldResult) {
        // A candidate of which a fit failed is not the best.
        let score = result.test.get(rule.metric).copied().unwrap_or(f64::NAN);
        let scores = self.scores.entry(candidate).or_default();
        scores.insert(fold, score);
        if scores.len() < rule.folds {
            return;
        }
        // In the order of the folds, as the results sum them.
        let mean = scores.values().sum::<f64>() / rule.folds as f64;
        self.scores.remove(&candidate);
        let beats = |best: f64| if rule.higher_is_better { mean > best } else { mean < best };
        if !mean.is_nan() && self.best.is_none_or(beats) {
            self.best = Some(mean);
        }
    }
}

/// What a fit of each rung weighs in the time: the rows or epochs that it has beyond what was done before.
pub(super) fn weights(rungs: &[Rung]) -> impl Iterator<Item = f64> {
    let mut before = 0;
    rungs.iter().map(move |rung| {
        let Some(resources) = rung.resources else { return 1.0 };
        let more = match rung.epochs {
            Some(epochs) => epochs - std::mem::replace(&mut before, epochs).min(epochs),
            None => resources,
        };
        more.max(1) as f64
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_weigh_what_their_fits_have_more() {
        let rung = |resources, epochs| Rung { candidates: 1, folds: [].into(), epochs, resources };
        let of = |rungs: &[Rung]| weights(rungs).collect::<Vec<f64>>();
        assert_eq!(of(&[rung(None, None)]), [1.0]);
        let rows = [rung(Some(10), None), rung(Some(30), None), rung(Some(90), None)];
        assert_eq!(of(&rows), [10.0, 30.0, 90.0]);
        let epochs = [5, 5, 15, 45].map(|epochs| rung(Some(epochs), Some(epochs)));
        // A round on what its fits had before only scores again.
        assert_eq!(of(&epochs), [5.0, 1.0, 10.0, 30.0]);
    }
}
