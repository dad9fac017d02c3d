//! What both fitted multi-layer perceptrons hold.

use ndarray::{Array2, ArrayView1, ArrayView2};

use super::paused::Paused;
use super::progress::Progress;
use super::settings::Settings;
use crate::data::{Dataset, FeatureStorage};
use crate::error::{Error, Result};
use crate::network::{Link, Sequential};
use crate::random::RandomState;
use crate::scalar::Scalar;
use crate::train::{History, TrainerState};

/// A network with all that its next epoch needs.
#[derive(Debug, Clone)]
pub(super) struct Core<F> {
    pub(super) settings: Settings,
    pub(super) network: Sequential<F>,
    pub(super) progress: Progress,
    pub(super) random: RandomState,
    /// What the trainer keeps between epochs; `None` before the first epoch and behind L-BFGS.
    pub(super) state: Option<TrainerState<F>>,
    /// What a fit by epochs goes on from; `None` behind all others.
    pub(super) paused: Option<Box<Paused<F>>>,
    pub(super) history: History,
    pub(super) feature_names: Option<Vec<String>>,
}

impl<F: Scalar> Core<F> {
    /// A network with its first weights.
    pub(super) fn new(settings: Settings, data: &Dataset<'_, F>, outputs: usize) -> Result<Self> {
        let mut random = settings.random_state.start();
        let network = super::initial::network(&settings, data.features(), outputs, &mut random)?;
        Ok(Self {
            settings,
            network,
            progress: Progress::default(),
            random,
            state: None,
            paused: None,
            history: History::default(),
            feature_names: data.feature_names().map(<[String]>::to_vec),
        })
    }

    /// Takes over the settings of a warm start.
    ///
    /// # Errors
    /// [`Error::Param`] if they describe another network.
    pub(super) fn continue_with(&mut self, settings: &Settings) -> Result<()> {
        for ((name, got), (_, own)) in
            network_settings(settings).into_iter().zip(network_settings(&self.settings))
        {
            if got != own {
                return Err(Error::param(name, got, format!("{own}, as the model")));
            }
        }
        self.random = settings.random_state.resume(&self.random);
        self.settings = settings.clone();
        Ok(())
    }

    /// Predictions: scores through the loss's link.
    pub(super) fn outputs<'x>(&self, x: impl Into<FeatureStorage<'x, F>>) -> Result<Array2<F>> {
        self.network.predict_proba(x)
    }

    /// The weights of the dense layers.
    pub(super) fn coefs(&self) -> Vec<ArrayView2<'_, F>> {
        self.dense("weight")
            .into_iter()
            .filter_map(|view| view.into_dimensionality().ok())
            .collect()
    }

    /// The biases of the dense layers.
    pub(super) fn intercepts(&self) -> Vec<ArrayView1<'_, F>> {
        self.dense("bias").into_iter().filter_map(|view| view.into_dimensionality().ok()).collect()
    }

    fn dense(&self, tensor: &str) -> Vec<ndarray::ArrayViewD<'_, F>> {
        let is_dense = |layer: usize| self.network.specs()[layer].kind() == "dense";
        let infos = self.network.tensors().iter().filter(|info| is_dense(info.layer));
        let wanted = infos.filter(|info| info.name.ends_with(tensor));
        wanted.filter_map(|info| self.network.tensor(&info.name).ok()).collect()
    }

    /// The rate of the next epoch's first update, as scikit-learn's solvers hold it.
    pub(super) fn learning_rate(&self) -> Option<f64> {
        let state = self.state.as_ref()?;
        Some(state.rate_factor() * self.settings.learning_rate_init)
    }

    /// The history, if it has an epoch.
    pub(super) fn recorded(&self) -> Option<&History> {
        (!self.history.epochs().is_empty()).then_some(&self.history)
    }

    /// scikit-learn's name of what the last layer's scores go through.
    pub(super) fn out_activation(&self) -> &'static str {
        match self.network.link() {
            Link::Identity => "identity",
            Link::Sigmoid => "logistic",
            Link::Softmax => "softmax",
            Link::Exp => "exp",
        }
    }
}

/// What describes the network, as its builder spells it.
fn network_settings(settings: &Settings) -> [(&'static str, String); 4] {
    [
        ("hidden_layer_sizes", format!("{:?}", settings.hidden_layer_sizes)),
        ("activation", format!("{:?}", settings.activation)),
        ("dropout", settings.dropout.to_string()),
        ("batch_norm", settings.batch_norm.to_string()),
    ]
}

/// The methods that tell what a fit came to, for a type with a [`Core`] in the field `core`.
macro_rules! fitted_attributes {
    () => {
        /// The weights of each dense layer, `(inputs, units)`, first to last.
        pub fn coefs(&self) -> Vec<ndarray::ArrayView2<'_, F>> {
            self.core.coefs()
        }

        /// The biases of each dense layer, `(units)`, first to last.
        pub fn intercepts(&self) -> Vec<ndarray::ArrayView1<'_, F>> {
            self.core.intercepts()
        }

        /// The training loss, penalty included, of the last epoch; behind L-BFGS that of the end. NaN if
        /// the fit was stopped before its first epoch.
        pub fn loss(&self) -> f64 {
            self.core.progress.loss.unwrap_or(f64::NAN)
        }

        /// The training loss of every epoch, or L-BFGS's iteration, warm starts and calls of `partial_fit` included.
        pub fn loss_curve(&self) -> &[f64] {
            &self.core.progress.loss_curve
        }

        /// The least loss of all epochs; `None` behind early stopping, which does not go by it.
        pub fn best_loss(&self) -> Option<f64> {
            self.core.progress.best_loss
        }

        /// The score on the validation rows after every epoch, if there were any; by L-BFGS at its end.
        pub fn validation_scores(&self) -> Option<&[f64]> {
            let scores = &self.core.progress.validation_scores;
            (!scores.is_empty()).then_some(scores)
        }

        /// The best of the validation scores, behind early stopping.
        pub fn best_validation_score(&self) -> Option<f64> {
            self.core.progress.best_validation_score
        }

        /// The epochs, or L-BFGS's iterations, of the last fit; 1 behind `partial_fit`.
        pub fn n_iter(&self) -> usize {
            self.core.progress.n_iter
        }

        /// Rows trained on, counted once an epoch.
        pub fn t(&self) -> u64 {
            self.core.progress.t
        }

        /// The number of layers, that of the features included.
        pub fn n_layers(&self) -> usize {
            self.core.coefs().len() + 1
        }

        /// The number of the network's outputs; 1 for two classes.
        pub fn n_outputs(&self) -> usize {
            self.core.network.outputs()
        }

        /// scikit-learn's name of what the outputs go through: "softmax", "logistic", "identity" or
        /// "exp".
        pub fn out_activation(&self) -> &'static str {
            self.core.out_activation()
        }

        /// The number of features.
        pub fn n_features_in(&self) -> usize {
            self.core.network.input_dims().size()
        }

        /// The names of the features, if the training data had any.
        pub fn feature_names_in(&self) -> Option<&[String]> {
            self.core.feature_names.as_deref()
        }

        /// The learning rate that another epoch would have; `None` behind L-BFGS. Adam's corrections for
        /// its start come on top.
        pub fn learning_rate(&self) -> Option<f64> {
            self.core.learning_rate()
        }

        /// The trained network.
        pub fn network(&self) -> &crate::network::Sequential<F> {
            &self.core.network
        }

        /// What the last fit recorded, and why it ended; empty behind L-BFGS and in a loaded model.
        pub fn history(&self) -> &crate::train::History {
            &self.core.history
        }
    };
}
pub(super) use fitted_attributes;
