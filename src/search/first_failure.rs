//! The failure that ends a search, the same one whatever the threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::settings::ErrorScore;

/// The first of the fits, by their positions in a fixed order, that failed.
///
/// Once one has, only those before it still begin: then the first of all is found, at the cost of few fits more
/// than have to be.
pub(super) struct FirstFailure {
    ends_all: bool,
    position: AtomicUsize,
}

impl FirstFailure {
    pub(super) fn new(rule: ErrorScore) -> Self {
        Self { ends_all: rule == ErrorScore::Raise, position: AtomicUsize::new(usize::MAX) }
    }

    /// Whether the fit at a position need not begin.
    pub(super) fn is_before(&self, position: usize) -> bool {
        self.position.load(Ordering::Relaxed) < position
    }

    /// The fit at a position failed.
    pub(super) fn note(&self, position: usize) {
        if self.ends_all {
            self.position.fetch_min(position, Ordering::Relaxed);
        }
    }

    /// The position of the failure that ends the search, when all fits before it have run.
    pub(super) fn found(&self) -> Option<usize> {
        let position = self.position.load(Ordering::Relaxed);
        (position < usize::MAX).then_some(position)
    }
}
