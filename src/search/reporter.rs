//! Tells how far a search is.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::Params;
use super::results::FoldResult;
use super::settings::{ErrorScore, Progress, ProgressObserver};

/// Counts fits and tells an observer.
pub(super) struct Reporter<'r> {
    observer: Option<&'r ProgressObserver>,
    rule: ScoreRule,
    fits: usize,
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
    pub(super) error_score: ErrorScore,
}

struct State {
    done: usize,
    /// Fits of them that a journal had: they took no time now.
    known: usize,
    /// The scores of each candidate of this round, by fold, until all are there.
    scores: BTreeMap<usize, BTreeMap<usize, f64>>,
    best: Option<f64>,
}

impl<'r> Reporter<'r> {
    /// For a search of so many fits.
    pub(super) fn new(
        observer: Option<&'r ProgressObserver>,
        fits: usize,
        rule: ScoreRule,
    ) -> Self {
        let state = State { done: 0, known: 0, scores: BTreeMap::new(), best: None };
        Self { observer, rule, fits, start: Instant::now(), state: Mutex::new(state) }
    }

    /// Begins a round with the fits that a journal had, by candidate and fold.
    pub(super) fn round(&self, known: &BTreeMap<(usize, usize), FoldResult>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.done += known.len();
        state.known += known.len();
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
        state.add(self.rule, place, result);
        let seconds = self.start.elapsed().as_secs_f64();
        let (now, left) = (state.done - state.known, self.fits.saturating_sub(state.done));
        observer(&Progress {
            done: state.done,
            fits: self.fits,
            params,
            fold: place.1,
            score: result.test.get(self.rule.metric).copied(),
            best_score: state.best,
            seconds,
            seconds_left: seconds / now as f64 * left as f64,
        });
    }
}

impl State {
    fn add(&mut self, rule: ScoreRule, (candidate, fold): (usize, usize), result: &FoldResult) {
        let failed = match rule.error_score {
            ErrorScore::Value(score) => score,
            ErrorScore::Raise => f64::NAN,
        };
        let score = result.test.get(rule.metric).copied().unwrap_or(failed);
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
