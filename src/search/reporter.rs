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
    /// Fits that a journal had: they took no time now.
    known: usize,
    higher_is_better: bool,
    start: Instant,
    state: Mutex<State>,
}

struct State {
    done: usize,
    best: Option<f64>,
}

impl<'r> Reporter<'r> {
    /// For a search of so many fits, of which these are known already.
    pub(super) fn new<'k>(
        observer: Option<&'r ProgressObserver>,
        fits: usize,
        known: impl ExactSizeIterator<Item = &'k FoldResult>,
        higher_is_better: bool,
    ) -> Self {
        let done = known.len();
        let best = known
            .filter_map(|result| result.test.first().copied())
            .fold(None, |best, score| better(best, score, higher_is_better));
        let state = Mutex::new(State { done, best });
        Self { observer, fits, known: done, higher_is_better, start: Instant::now(), state }
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
        let (now, left) = (state.done - self.known, self.fits.saturating_sub(state.done));
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
