//! Tells how far a search is.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::Params;
use super::results::FoldResult;
use super::settings::{Progress, ProgressObserver};

/// Counts fits and tells an observer.
pub(super) struct Reporter<'r> {
    observer: Option<&'r ProgressObserver>,
    fits: usize,
    higher_is_better: bool,
    start: Instant,
    state: Mutex<State>,
}

struct State {
    done: usize,
    /// Fits of them that a journal had: they took no time now.
    known: usize,
    best: Option<f64>,
}

impl<'r> Reporter<'r> {
    /// For a search of so many fits.
    pub(super) fn new(
        observer: Option<&'r ProgressObserver>,
        fits: usize,
        higher_is_better: bool,
    ) -> Self {
        let state = Mutex::new(State { done: 0, known: 0, best: None });
        Self { observer, fits, higher_is_better, start: Instant::now(), state }
    }

    /// Counts fits that a journal had.
    pub(super) fn known<'k>(&self, results: impl ExactSizeIterator<Item = &'k FoldResult>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.done += results.len();
        state.known += results.len();
        let scores = results.filter_map(|result| result.test.first().copied());
        state.best =
            scores.fold(state.best, |best, score| better(best, score, self.higher_is_better));
    }

    /// One fit more. The observer is called by one thread at a time, so that its counts rise.
    pub(super) fn finished(&self, params: &Params, fold: usize, result: &FoldResult) {
        let Some(observer) = self.observer else { return };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.done += 1;
        let score = result.test.first().copied();
        if let Some(score) = score {
            state.best = better(state.best, score, self.higher_is_better);
        }
        let seconds = self.start.elapsed().as_secs_f64();
        let (now, left) = (state.done - state.known, self.fits.saturating_sub(state.done));
        observer(&Progress {
            done: state.done,
            fits: self.fits,
            params,
            fold,
            score,
            best_fold: state.best,
            seconds,
            seconds_left: seconds / now as f64 * left as f64,
        });
    }
}

fn better(best: Option<f64>, score: f64, higher_is_better: bool) -> Option<f64> {
    let beats = |best: f64| if higher_is_better { score > best } else { score < best };
    if !score.is_nan() && best.is_none_or(beats) { Some(score) } else { best }
}
