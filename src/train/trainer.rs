//! The trainer: a network with what its fits need.

use super::builder::TrainerBuilder;
use super::fit::Fit;
use super::{History, TrainerState};
use crate::data::Dataset;
use crate::error::Result;
use crate::loss::Loss;
use crate::native::crew::Crew;
use crate::network::Sequential;
use crate::parallelism::Workers;
use crate::scalar::Scalar;

/// Trains a network by mini-batches.
///
/// A second `fit` goes on where the first ended: parameters, optimiser state and random stream.
///
/// ```
/// use blastrain::data::Dataset;
/// use blastrain::loss::BinaryCrossEntropy;
/// use blastrain::optim::Adam;
/// use blastrain::train::Trainer;
/// use blastrain::Sequential;
/// use blastrain::ndarray::array;
///
/// let x = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
/// let data = Dataset::new(x.clone(), vec![0, 1, 1, 0])?;
/// let network = Sequential::<f64>::input(2).dense(8).tanh().dense(1).seed(1).build()?;
/// let mut trainer = Trainer::builder(network, BinaryCrossEntropy::default())
///     .optimizer(Adam::new(0.05))
///     .epochs(200)
///     .build()?;
/// let history = trainer.fit(&data)?;
/// assert!(history.last().unwrap().loss < 0.1);
/// assert_eq!(trainer.network().predict_classes(x.view())?, [0, 1, 1, 0]);
/// # Ok::<(), blastrain::Error>(())
/// ```
pub struct Trainer<'a, F> {
    settings: TrainerBuilder<'a, F>,
    workers: Workers,
}

impl<'a, F: Scalar> Trainer<'a, F> {
    /// Starts a trainer for a network and a loss.
    pub fn builder(network: Sequential<F>, loss: impl Loss<F> + 'static) -> TrainerBuilder<'a, F> {
        TrainerBuilder::new(network, loss)
    }

    pub(super) fn new(workers: Workers, settings: TrainerBuilder<'a, F>) -> Self {
        Self { settings, workers }
    }

    /// The network as it is now.
    pub fn network(&self) -> &Sequential<F> {
        &self.settings.network
    }

    /// Gives the network back.
    pub fn into_network(self) -> Sequential<F> {
        self.settings.network
    }

    /// Gives back the network, and what [`TrainerBuilder::resume`] takes to go on from here.
    pub fn into_parts(self) -> (Sequential<F>, TrainerState<F>) {
        (self.settings.network, self.settings.state)
    }

    /// Sets the number of epochs of the fits to come.
    pub fn set_epochs(&mut self, epochs: usize) {
        self.settings.epochs = epochs;
    }

    /// The number of threads that work.
    pub fn threads(&self) -> usize {
        self.workers.threads()
    }

    /// Trains for the epochs set.
    ///
    /// The data set is neither copied nor reordered: each batch gathers its rows.
    ///
    /// # Errors
    /// Features or targets that do not fit the network or the loss; [`Error::Param`](crate::Error::Param) or
    /// [`Error::Shape`](crate::Error::Shape) if a batch would have fewer rows than a layer needs; [`Error::Param`](crate::Error::Param) for a
    /// batch whose weights are all zero; what a metric refuses; [`Error::Diverged`](crate::Error::Diverged) if the loss, a
    /// parameter or a buffer leaves the finite numbers. After the last three the parameters are those of
    /// the end of the last finished epoch of this fit (or of its start), and the optimiser starts
    /// afresh. An observer's error ([`Observer::take_error`](super::Observer::take_error)) ends the fit
    /// too, and undoes nothing.
    pub fn fit(&mut self, data: &Dataset<'_, F>) -> Result<History> {
        self.check(data)?;
        let mut fit = Fit::new(&mut self.settings, data)?;
        let result = match fit.is_tiny() {
            true => fit.run(Crew::Alone),
            false => self.workers.run_as_team(|crew| fit.run(crew)),
        };
        fit.finish();
        result
    }

    fn check(&self, data: &Dataset<'_, F>) -> Result<()> {
        let TrainerBuilder { network, loss, .. } = &self.settings;
        network.check_features(data.features())?;
        loss.check(network.outputs(), &data.targets_seen())
    }
}

impl<F: Scalar> std::fmt::Debug for Trainer<'_, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trainer")
            .field("settings", &self.settings)
            .field("state", &self.settings.state)
            .finish_non_exhaustive()
    }
}
