//! What a callback can do to a fit.

use super::{Curve, Curves};
use crate::error::Result;
use crate::network::Sequential;
use crate::scalar::Scalar;
use crate::train::history::Action;

/// A network's parameters and buffers at some time, to be put back later.
#[derive(Debug, Clone)]
pub struct Snapshot<F> {
    params: Vec<F>,
    buffers: Vec<F>,
}

impl<F> Default for Snapshot<F> {
    /// Of no network yet.
    fn default() -> Self {
        Self { params: Vec::new(), buffers: Vec::new() }
    }
}

impl<F: Scalar> Snapshot<F> {
    /// Overwrites the snapshot by the network as it is; allocates the first time only.
    pub fn take(&mut self, network: &Sequential<F>) {
        self.params.clear();
        self.params.extend_from_slice(network.parameters());
        self.buffers.clear();
        self.buffers.extend_from_slice(network.buffers());
    }

    /// Puts the snapshot back into its network; an empty one, or that of another, changes nothing.
    pub(crate) fn put_back(&self, network: &mut Sequential<F>) {
        let (params, buffers) = network.state_mut();
        if params.len() == self.params.len() && buffers.len() == self.buffers.len() {
            params.copy_from_slice(&self.params);
            buffers.copy_from_slice(&self.buffers);
        }
    }

    /// Whether nothing has been taken yet.
    pub fn is_empty(&self) -> bool {
        self.params.is_empty()
    }
}

/// What a [`Callback`](super::Callback) sees of a fit, and how it acts on it.
pub struct FitControl<'c, F> {
    pub(in crate::train) network: &'c mut Sequential<F>,
    pub(in crate::train) curves: &'c Curves,
    pub(in crate::train) epoch: usize,
    pub(in crate::train) learning_rate: f64,
    pub(in crate::train) rate_factor: &'c mut f64,
    pub(in crate::train) stop: &'c mut Option<String>,
    pub(in crate::train) actions: &'c mut Vec<Action>,
}

impl<F: Scalar> FitControl<'_, F> {
    /// The network as it is now.
    pub fn network(&self) -> &Sequential<F> {
        self.network
    }

    /// Epochs finished so far by the trainer, over all its fits.
    pub fn epochs(&self) -> usize {
        self.epoch
    }

    /// The learning rate of the last step, all factors included; before the first, the optimiser's.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// Multiplies the learning rate of all steps to come, on top of what a schedule says.
    pub fn scale_learning_rate(&mut self, factor: f64) {
        *self.rate_factor *= factor;
        self.note(format!("learning rate times {factor}"));
    }

    /// Sets what the learning rate of all steps to come is multiplied by, without a note.
    pub(crate) fn set_rate_factor(&mut self, factor: f64) {
        *self.rate_factor = factor;
    }

    /// Ends the fit after this batch or epoch; the history says that this callback did, and why.
    pub fn stop(&mut self, reason: impl Into<String>) {
        let reason = reason.into();
        self.note(format!("stop: {reason}"));
        self.stop.get_or_insert(reason);
    }

    /// Puts a snapshot of this network back; the optimiser's state stays. An empty one changes nothing.
    pub fn restore(&mut self, snapshot: &Snapshot<F>) {
        snapshot.put_back(self.network);
    }

    /// Writes down in the history what the callback did.
    pub fn note(&mut self, what: impl Into<String>) {
        let epoch = self.epoch.saturating_sub(1);
        // The caller knows the callback's name.
        self.actions.push(Action { epoch, callback: String::new(), what: what.into() });
    }

    /// The curve of this name: "loss", "validation_loss", a metric's name, or that with
    /// "validation_" before it.
    ///
    /// # Errors
    /// [`Error::UnknownName`](crate::Error::UnknownName), with the names that this fit has.
    pub fn curve(&self, name: &str) -> Result<Curve> {
        self.curves.find(name)
    }
}

impl<F> std::fmt::Debug for FitControl<'_, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FitControl")
            .field("epoch", &self.epoch)
            .field("learning_rate", &self.learning_rate)
            .finish_non_exhaustive()
    }
}
