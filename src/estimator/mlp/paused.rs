//! Fits that go on, as if they had never been interrupted.

use std::fmt::Debug;

use super::core::Core;
use super::progress::Progress;
use crate::error::{Error, Result};
use crate::network::Sequential;
use crate::random::RandomState;
use crate::scalar::Scalar;
use crate::train::{Snapshot, TrainerState};

/// How far a fit goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// To the end, from a new optimiser.
    Whole,
    /// One epoch, on the optimiser's state so far.
    OneEpoch,
    /// To so many epochs, those before a pause included; it may then be gone on with.
    UpTo(usize),
}

/// What an unbroken fit would still hold between two epochs, beside what every model keeps.
#[derive(Debug, Clone)]
pub(super) struct Paused<F> {
    /// The generator from which validation rows were held out.
    split: RandomState,
    /// The rate to the bit: the trainer keeps its ratio to the first.
    pub(super) learning_rate: f64,
    /// Whether the fit ended by itself.
    pub(super) finished: bool,
    /// The weights of the last epoch, where the model has those of the best; else empty.
    pub(super) last: Snapshot<F>,
}

/// What the first epoch of a fit finds.
pub(super) struct Start<F> {
    pub(super) network: Sequential<F>,
    pub(super) progress: Progress,
    pub(super) state: Option<TrainerState<F>>,
    /// Holds out validation rows and, unless the fit goes on, orders the rows.
    pub(super) random: RandomState,
    pub(super) learning_rate: f64,
    pub(super) best: Snapshot<F>,
    pub(super) epochs: usize,
    /// Whether this is the same fit as before a pause.
    pub(super) goes_on: bool,
    extent: Extent,
}

impl<F: Scalar> Core<F> {
    pub(super) fn start(&self, extent: Extent) -> Start<F> {
        let settings = &self.settings;
        let mut start = Start {
            network: self.network.clone(),
            progress: self.progress.clone(),
            state: None,
            random: self.random.clone(),
            learning_rate: settings.learning_rate_init,
            best: Snapshot::default(),
            epochs: settings.max_iter,
            goes_on: false,
            extent,
        };
        match (extent, &self.paused, &self.state) {
            (Extent::UpTo(epochs), Some(paused), Some(state)) => {
                start.best = paused.swap(&mut start.network);
                start.random = paused.split.clone();
                start.learning_rate = paused.learning_rate;
                start.state = Some(state.clone());
                start.epochs = epochs.saturating_sub(start.progress.n_iter);
                start.goes_on = true;
                return start;
            }
            (Extent::UpTo(epochs), ..) => start.epochs = epochs,
            (Extent::OneEpoch, _, Some(state)) => {
                let mut state = state.clone();
                state.forget_order();
                start.random = settings.random_state.resume(&self.random);
                start.learning_rate *= state.rate_factor();
                (start.state, start.epochs) = (Some(state), 1);
            }
            (Extent::OneEpoch, ..) => start.epochs = 1,
            (Extent::Whole, ..) => {}
        }
        start.progress.n_iter = 0;
        start
    }

    /// Whether a fit up to so many epochs has nothing left to do; the model then counts as one of them.
    ///
    /// # Errors
    /// [`Error::Param`] if the model had more epochs, or comes from another kind of fit or a file.
    pub(super) fn is_done(&mut self, epochs: usize) -> Result<bool> {
        let Some(paused) = &self.paused else {
            let want = "one that `fit_epochs` gave, not a file or another kind of fit";
            return Err(Error::param("model", "one that cannot be gone on with", want));
        };
        let done = self.progress.n_iter;
        if epochs < done {
            let want = format!("at least the {done} that the model had");
            return Err(Error::param("epochs", epochs, want));
        }
        self.settings.max_iter = epochs;
        Ok(paused.finished || epochs == done)
    }
}

/// Checks how far a fit by epochs is to go.
pub(super) fn check_epochs(epochs: usize) -> Result<()> {
    if epochs == 0 { Err(Error::param("epochs", 0, "at least 1")) } else { Ok(()) }
}

/// Checks that a model has the settings that are to go on with it.
pub(super) fn check_same(own: &impl Debug, given: &impl Debug) -> Result<()> {
    // All of them are in there, the bits of numbers and the state of generators, too.
    if format!("{own:?}") == format!("{given:?}") {
        return Ok(());
    }
    Err(Error::param("model", "one of other settings", "one that these settings began"))
}

impl<F: Scalar> Start<F> {
    /// Where the fit may be gone on with, what it keeps to that end.
    pub(super) fn pause(&self) -> Option<Box<Paused<F>>> {
        let pause = || Paused {
            split: self.random.clone(),
            learning_rate: self.learning_rate,
            finished: false,
            last: Snapshot::default(),
        };
        matches!(self.extent, Extent::UpTo(_)).then(|| Box::new(pause()))
    }

    /// Checks that a fit goes on with as many rows as it began with.
    pub(super) fn check_rows(&self, rows: usize) -> Result<()> {
        match self.state.as_ref().filter(|_| self.goes_on).map(TrainerState::rows) {
            Some(before) if before != rows => {
                let want = format!("the {before} that the fit began with");
                Err(Error::shape("the training rows", want, rows))
            }
            _ => Ok(()),
        }
    }
}

impl<F: Scalar> Paused<F> {
    /// Puts the weights of the last epoch into the model's network, and gives those of the best epoch.
    fn swap(&self, network: &mut Sequential<F>) -> Snapshot<F> {
        let mut best = Snapshot::default();
        if !self.last.is_empty() {
            best.take(network);
            self.last.put_back(network);
        }
        best
    }
}
