//! What a trainer carries from one fit to the next.

use serde::{Deserialize, Serialize};

use crate::native::aligned::{Aligned, joined};
use crate::random::RandomState;
use crate::scalar::Scalar;

/// What a trainer knows beside its network: the optimiser's state, the random stream and order of rows,
/// and how far it is.
#[derive(Debug, Clone)]
pub struct TrainerState<F> {
    /// Orders the rows.
    pub(super) random: RandomState,
    /// The data set's positions in the last epoch's order, which the next shuffles on.
    pub(super) order: Vec<usize>,
    /// The optimiser's state, a slot behind the other; of a file in one.
    pub(super) optimizer: Vec<Aligned<F>>,
    /// Updates so far.
    pub(super) step: u64,
    /// Epochs so far.
    pub(super) epoch: usize,
    /// Rows trained on in the epochs so far.
    pub(super) rows_seen: u64,
    /// What callbacks multiplied the learning rate by.
    pub(super) rate_factor: f64,
}

/// What files hold of a [`TrainerState`] beside the optimiser's values.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedTrainerState {
    random: RandomState,
    step: u64,
    epoch: usize,
    rows_seen: u64,
    rate_factor: f64,
}

impl<F: Scalar> TrainerState<F> {
    /// What is saved, and the optimiser's values: one slot of all parameters behind the other.
    pub(crate) fn to_saved(&self) -> (SavedTrainerState, Vec<F>) {
        let Self { step, epoch, rows_seen, rate_factor, .. } = *self;
        let random = self.random.clone();
        (SavedTrainerState { random, step, epoch, rows_seen, rate_factor }, joined(&self.optimizer))
    }

    /// A state from its file; the order of rows starts anew.
    pub(crate) fn from_saved(saved: SavedTrainerState, optimizer: Vec<F>) -> Self {
        let SavedTrainerState { random, step, epoch, rows_seen, rate_factor } = saved;
        let optimizer = vec![Aligned::from(&*optimizer)];
        Self { random, order: Vec::new(), optimizer, step, epoch, rows_seen, rate_factor }
    }

    pub(super) fn new(random: RandomState) -> Self {
        let (order, optimizer) = (Vec::new(), Vec::new());
        Self { random, order, optimizer, step: 0, epoch: 0, rows_seen: 0, rate_factor: 1.0 }
    }

    pub(super) fn set_random(&mut self, random: RandomState) {
        self.random = random;
    }

    /// Updates so far.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// Epochs so far.
    pub fn epochs(&self) -> usize {
        self.epoch
    }

    /// The generator that orders the rows, as it is now.
    pub fn random_state(&self) -> &RandomState {
        &self.random
    }

    /// What callbacks multiplied the learning rate by.
    pub(crate) fn rate_factor(&self) -> f64 {
        self.rate_factor
    }

    /// The number of rows that the last fit put in order.
    pub(crate) fn rows(&self) -> usize {
        self.order.len()
    }

    /// The next fit shuffles `0..rows` rather than the last epoch's order.
    pub(crate) fn forget_order(&mut self) {
        self.order.clear();
    }
}
