//! What both multi-layer perceptrons can be told.

use std::any::Any;

use serde::{Deserialize, Serialize};

use crate::activation::{AnyActivation, Relu, Sigmoid};
use crate::error::{Error, Result, fraction, non_negative, positive};
use crate::random::RandomState;

/// What finds the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Solver {
    /// L-BFGS over all rows at once: a good choice for few rows.
    Lbfgs,
    /// Stochastic gradient descent with momentum.
    Sgd,
    /// Adam (Kingma & Ba 2015).
    #[default]
    Adam,
}

/// How [`Solver::Sgd`]'s learning rate changes from epoch to epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LearningRate {
    /// It stays `learning_rate_init`.
    #[default]
    Constant,
    /// After each epoch it becomes `learning_rate_init / (t + 1)^power_t`, with t the number of rows
    /// trained on so far.
    InvScaling,
    /// It is divided by 5 whenever the fit would else stop for lack of improvement, until it is 1e-6
    /// or less.
    Adaptive,
}

/// Rows of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BatchSize {
    /// 200, or all rows where there are fewer.
    #[default]
    Auto,
    /// This many, at least 1, or all rows where there are fewer.
    Rows(usize),
}

impl From<usize> for BatchSize {
    fn from(rows: usize) -> Self {
        BatchSize::Rows(rows)
    }
}

impl BatchSize {
    /// Rows of a batch out of `rows`.
    pub(super) fn of(self, rows: usize) -> usize {
        match self {
            BatchSize::Auto => rows.min(200),
            BatchSize::Rows(batch) => batch.min(rows),
        }
    }
}

/// Where an estimator's random numbers come from.
///
/// ```
/// use blastrain::RandomState;
/// use blastrain::estimator::MlpClassifier;
///
/// let by_seed = MlpClassifier::new().random_state(42);
/// let by_stream = MlpClassifier::new().random_state(RandomState::new(42));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RandomSource {
    /// Every fit, warm start and `partial_fit` starts a new generator with this seed, as scikit-learn
    /// does for an integer.
    Seed(u32),
    /// A fit starts with this generator, and a warm start or `partial_fit` of its model goes on where
    /// the last one left it, as in scikit-learn for an instance. The configuration itself keeps the
    /// generator as given, so that fits repeat.
    Stream(Box<RandomState>),
}

impl Default for RandomSource {
    /// A stream that starts with seed 0.
    fn default() -> Self {
        RandomState::new(0).into()
    }
}

impl From<u32> for RandomSource {
    fn from(seed: u32) -> Self {
        RandomSource::Seed(seed)
    }
}

impl From<RandomState> for RandomSource {
    fn from(random: RandomState) -> Self {
        RandomSource::Stream(Box::new(random))
    }
}

impl RandomSource {
    /// The generator of a first fit.
    pub(super) fn start(&self) -> RandomState {
        match self {
            RandomSource::Seed(seed) => RandomState::new(*seed),
            RandomSource::Stream(random) => (**random).clone(),
        }
    }

    /// A seed for what layers draw inside a step, such as dropout.
    pub(super) fn layer_seed(&self) -> u32 {
        match self {
            RandomSource::Seed(seed) => *seed,
            RandomSource::Stream(random) => random.clone().next_u32(),
        }
    }

    /// The generator of a fit that goes on from a model which left `last`.
    pub(super) fn resume(&self, last: &RandomState) -> RandomState {
        match self {
            RandomSource::Seed(seed) => RandomState::new(*seed),
            RandomSource::Stream(_) => last.clone(),
        }
    }
}

/// The settings that classifier and regressor share, with scikit-learn's names.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) hidden_layer_sizes: Vec<usize>,
    pub(super) activation: Box<dyn AnyActivation>,
    pub(super) solver: Solver,
    pub(super) alpha: f64,
    pub(super) batch_size: BatchSize,
    pub(super) learning_rate: LearningRate,
    pub(super) learning_rate_init: f64,
    pub(super) power_t: f64,
    pub(super) max_iter: usize,
    pub(super) shuffle: bool,
    pub(super) random_state: RandomSource,
    pub(super) tol: f64,
    pub(super) momentum: f64,
    pub(super) nesterovs_momentum: bool,
    pub(super) early_stopping: bool,
    pub(super) validation_fraction: f64,
    pub(super) beta_1: f64,
    pub(super) beta_2: f64,
    pub(super) epsilon: f64,
    pub(super) n_iter_no_change: usize,
    pub(super) max_fun: usize,
    pub(super) dropout: f64,
    pub(super) batch_norm: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hidden_layer_sizes: vec![100],
            activation: Box::new(Relu),
            solver: Solver::default(),
            alpha: 1e-4,
            batch_size: BatchSize::default(),
            learning_rate: LearningRate::default(),
            learning_rate_init: 1e-3,
            power_t: 0.5,
            max_iter: 200,
            shuffle: true,
            random_state: RandomSource::default(),
            tol: 1e-4,
            momentum: 0.9,
            nesterovs_momentum: true,
            early_stopping: false,
            validation_fraction: 0.1,
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            n_iter_no_change: 10,
            max_fun: 15_000,
            dropout: 0.0,
            batch_norm: false,
        }
    }
}

impl Settings {
    /// Checks every setting, whether the solver reads it or not.
    pub(super) fn validate(&self) -> Result<()> {
        for (layer, &units) in self.hidden_layer_sizes.iter().enumerate() {
            if units == 0 {
                let got = format!("0 units in hidden layer {}", layer + 1);
                return Err(Error::param("hidden_layer_sizes", got, "at least 1 unit a layer"));
            }
        }
        self.activation.validate()?;
        non_negative("alpha", self.alpha)?;
        if self.batch_size == BatchSize::Rows(0) {
            return Err(Error::param("batch_size", 0, "at least 1"));
        }
        positive("learning_rate_init", self.learning_rate_init)?;
        non_negative("power_t", self.power_t)?;
        at_least_one("max_iter", self.max_iter)?;
        non_negative("tol", self.tol)?;
        if !(0.0..=1.0).contains(&self.momentum) {
            return Err(Error::param("momentum", self.momentum, "in [0, 1]"));
        }
        fraction("validation_fraction", self.validation_fraction)?;
        fraction("beta_1", self.beta_1)?;
        fraction("beta_2", self.beta_2)?;
        positive("epsilon", self.epsilon)?;
        at_least_one("n_iter_no_change", self.n_iter_no_change)?;
        at_least_one("max_fun", self.max_fun)?;
        fraction("dropout", self.dropout)
    }

    /// Roughly how long a fit takes: multiply-adds of its forward passes, if it runs to `max_iter`.
    pub(super) fn cost(&self, rows: usize, features: usize) -> f64 {
        let widths = [&[features], &self.hidden_layer_sizes[..], &[1]].concat();
        let weights: f64 = widths.windows(2).map(|pair| pair[0] as f64 * pair[1] as f64).sum();
        rows as f64 * self.max_iter as f64 * weights
    }

    /// The square of Glorot's bound times fan-in plus fan-out: 2 for the logistic function, else 6.
    pub(super) fn glorot_factor(&self) -> f64 {
        let activation: &dyn Any = &*self.activation;
        if activation.is::<Sigmoid>() { 2.0 } else { 6.0 }
    }
}

fn at_least_one(name: &'static str, value: usize) -> Result<()> {
    if value == 0 { Err(Error::param(name, 0, "at least 1")) } else { Ok(()) }
}

/// The builder methods for [`Settings`] in the field `settings`.
macro_rules! setting_methods {
    () => {
        /// Units of each hidden layer, first to last, at least 1 each; none at all for a linear model;
        /// `[100]`.
        pub fn hidden_layer_sizes(mut self, sizes: impl Into<Vec<usize>>) -> Self {
            self.settings.hidden_layer_sizes = sizes.into();
            self
        }

        /// What every hidden layer applies, an activation or a box with one;
        /// [`Relu`](crate::activation::Relu). scikit-learn's "logistic" is
        /// [`Sigmoid`](crate::activation::Sigmoid) here.
        pub fn activation(
            mut self,
            activation: impl Into<Box<dyn crate::activation::AnyActivation>>,
        ) -> Self {
            self.settings.activation = activation.into();
            self
        }

        /// What finds the weights; [`Solver::Adam`].
        pub fn solver(mut self, solver: Solver) -> Self {
            self.settings.solver = solver;
            self
        }

        /// Strength of the L2 penalty, >= 0: a batch's loss grows by `alpha/2·Σ‖W‖²` over its weight sum
        /// (biases are exempt); 1e-4.
        pub fn alpha(mut self, alpha: f64) -> Self {
            self.settings.alpha = alpha;
            self
        }

        /// Rows of a batch, a number or [`BatchSize::Auto`]; the latter. L-BFGS takes all rows at once.
        pub fn batch_size(mut self, batch_size: impl Into<BatchSize>) -> Self {
            self.settings.batch_size = batch_size.into();
            self
        }

        /// How SGD's learning rate changes; [`LearningRate::Constant`].
        pub fn learning_rate(mut self, learning_rate: LearningRate) -> Self {
            self.settings.learning_rate = learning_rate;
            self
        }

        /// The learning rate at the start, > 0, of SGD and Adam; 0.001.
        pub fn learning_rate_init(mut self, learning_rate_init: f64) -> Self {
            self.settings.learning_rate_init = learning_rate_init;
            self
        }

        /// The exponent of [`LearningRate::InvScaling`], >= 0; 0.5.
        pub fn power_t(mut self, power_t: f64) -> Self {
            self.settings.power_t = power_t;
            self
        }

        /// The most epochs (L-BFGS: iterations), at least 1; 200.
        pub fn max_iter(mut self, max_iter: usize) -> Self {
            self.settings.max_iter = max_iter;
            self
        }

        /// Whether each epoch takes the rows in a new random order; yes.
        pub fn shuffle(mut self, shuffle: bool) -> Self {
            self.settings.shuffle = shuffle;
            self
        }

        /// A seed or a generator for initial weights, then the split for early stopping, then the order
        /// of rows; a generator with seed 0. (scikit-learn's default differs from run to run.)
        pub fn random_state(mut self, random_state: impl Into<RandomSource>) -> Self {
            self.settings.random_state = random_state.into();
            self
        }

        /// What counts as an improvement of loss or validation score, >= 0; 1e-4. L-BFGS ends where no
        /// component of the gradient is larger.
        pub fn tol(mut self, tol: f64) -> Self {
            self.settings.tol = tol;
            self
        }

        /// The part of its velocity that SGD keeps, in [0, 1]; 0.9.
        pub fn momentum(mut self, momentum: f64) -> Self {
            self.settings.momentum = momentum;
            self
        }

        /// Whether SGD looks ahead along its velocity (Nesterov); yes.
        pub fn nesterovs_momentum(mut self, nesterovs_momentum: bool) -> Self {
            self.settings.nesterovs_momentum = nesterovs_momentum;
            self
        }

        /// Whether the score on rows held out, not the training loss, says when SGD and Adam stop, and
        /// the weights of the best epoch are kept; no.
        pub fn early_stopping(mut self, early_stopping: bool) -> Self {
            self.settings.early_stopping = early_stopping;
            self
        }

        /// The part of the training rows that early stopping holds out, in [0, 1) and enough for 2 rows;
        /// 0.1. Not used if the fit's context has validation rows.
        pub fn validation_fraction(mut self, validation_fraction: f64) -> Self {
            self.settings.validation_fraction = validation_fraction;
            self
        }

        /// How fast Adam's mean of the gradients forgets, in [0, 1); 0.9.
        pub fn beta_1(mut self, beta_1: f64) -> Self {
            self.settings.beta_1 = beta_1;
            self
        }

        /// How fast Adam's mean of the squared gradients forgets, in [0, 1); 0.999.
        pub fn beta_2(mut self, beta_2: f64) -> Self {
            self.settings.beta_2 = beta_2;
            self
        }

        /// Keeps Adam's division from zero, > 0; 1e-8.
        pub fn epsilon(mut self, epsilon: f64) -> Self {
            self.settings.epsilon = epsilon;
            self
        }

        /// Epochs in a row without improvement after which, at the next such epoch, SGD and Adam stop, at
        /// least 1; 10. `usize::MAX` never stops.
        pub fn n_iter_no_change(mut self, n_iter_no_change: usize) -> Self {
            self.settings.n_iter_no_change = n_iter_no_change;
            self
        }

        /// The part of every hidden layer's outputs that is zeroed in training, in [0, 1); none. Not in
        /// scikit-learn.
        pub fn dropout(mut self, rate: f64) -> Self {
            self.settings.dropout = rate;
            self
        }

        /// Whether every hidden layer normalises what enters its activation over the batch; no. Not in
        /// scikit-learn.
        pub fn batch_norm(mut self, batch_norm: bool) -> Self {
            self.settings.batch_norm = batch_norm;
            self
        }

        /// The most evaluations of the loss by L-BFGS, at least 1; 15,000.
        pub fn max_fun(mut self, max_fun: usize) -> Self {
            self.settings.max_fun = max_fun;
            self
        }
    };
}
pub(super) use setting_methods;
