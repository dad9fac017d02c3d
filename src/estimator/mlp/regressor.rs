//! The regressor, before and after its fit.

use ndarray::{Array2, ArrayView2};
use serde::Serialize;

use super::core::{Core, fitted_attributes};
use super::losses::{HalfPoissonDeviance, HalfSquaredError};
use super::paused::{Extent, check_epochs, check_same};
use super::settings::{BatchSize, LearningRate, RandomSource, Settings, Solver, setting_methods};
use super::train::Task;
use crate::data::{Dataset, FeatureStorage};
use crate::error::{Error, Result};
use crate::estimator::{Estimator, FitContext, Predictor};
use crate::loss::{AnyLoss, Loss, SharedLoss};
use crate::metrics::{Metric, R2};
use crate::scalar::Scalar;
use crate::train::History;

/// What [`MlpRegressor`] minimises.
///
/// Serialised, as a search shows it, by name: "squared_error"; a custom one by its `Debug`.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RegressorLoss {
    /// Half the squared error. Of several outputs the loss reported is their mean, but the gradient is
    /// that of their sum, as in scikit-learn.
    #[default]
    SquaredError,
    /// Half the Poisson deviance: outputs go through exp, and targets are >= 0.
    Poisson,
    /// Any loss for both scalar types: [`From`] makes it of the loss itself.
    #[serde(untagged)]
    Custom(CustomLoss),
}

/// A loss for both scalar types, shared by a configuration and its fits.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct CustomLoss(SharedLoss);

impl<A: AnyLoss> From<A> for RegressorLoss {
    fn from(loss: A) -> Self {
        RegressorLoss::Custom(CustomLoss(SharedLoss::new(loss)))
    }
}

impl RegressorLoss {
    fn boxed<F: Scalar>(&self) -> Box<dyn Loss<F>> {
        match self {
            RegressorLoss::SquaredError => Box::new(HalfSquaredError),
            RegressorLoss::Poisson => Box::new(HalfPoissonDeviance),
            RegressorLoss::Custom(CustomLoss(loss)) => Box::new(loss.clone()),
        }
    }
}

/// A multi-layer perceptron that predicts numbers, one or several a row.
///
/// In f64 a fit equals that of scikit-learn 1.9's `MLPRegressor` with the same settings and
/// `random_state`: initial weights, order of rows, loss curve and predictions. Every setting has
/// scikit-learn's name and default.
///
/// # Formulas and shapes
/// From features x `(rows, features)`, layer by layer `h ← activation(h·W + b)`, W `(inputs, units)`, b
/// `(units)`; the last layer gives z `(rows, outputs)`, and the prediction is z, or exp(z) with
/// [`RegressorLoss::Poisson`] (Rumelhart, Hinton & Williams 1986).
///
/// Minimised is `Σ wᵢ·lossᵢ / Σ wᵢ`, with the [`RegressorLoss`] and the weight of each row, plus
/// `alpha/2·Σ‖W‖² / Σ wᵢ`, both over a batch. Weights start uniform within Glorot's bound (Glorot & Bengio 2010,
/// eq. 16; with 2 instead of 6 under the logistic function). Adam: Kingma & Ba 2015; L-BFGS: Liu & Nocedal 1989.
///
/// # Examples
/// ```
/// use blastrain::prelude::*;
/// use blastrain::estimator::MlpRegressor;
///
/// let data = datasets::diabetes::<f64>()?;
/// let data = StandardScaler::new().fit_dataset(&data)?.transform_dataset(&data)?;
/// let (train, test) = train_test_split(&data, 0.2, RandomState::new(42))?;
/// let model = MlpRegressor::new()
///     .hidden_layer_sizes([16])
///     .alpha(1.0)
///     .learning_rate_init(0.05)
///     .random_state(42)
///     .fit(&train)?;
/// assert!(model.r2(&test)? > 0.4);
/// assert_eq!(model.predict(&test)?.dim(), (89, 1));
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct MlpRegressor {
    settings: Settings,
    loss: RegressorLoss,
}

impl MlpRegressor {
    /// scikit-learn's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    setting_methods!();

    /// What is minimised: a [`RegressorLoss`], or a loss for both scalar types;
    /// [`RegressorLoss::SquaredError`].
    pub fn loss(mut self, loss: impl Into<RegressorLoss>) -> Self {
        self.loss = loss.into();
        self
    }

    /// Fits to numbers, `(rows, outputs)`.
    ///
    /// # Errors
    /// [`Error::Param`] for a setting out of range, for class targets, and for a `validation_fraction` that
    /// leaves less than 2 rows; [`Error::Diverged`] if loss or weights leave the finite numbers.
    pub fn fit<F: Scalar>(&self, data: &Dataset<'_, F>) -> Result<FittedMlpRegressor<F>> {
        self.fit_with(data, &mut FitContext::new())
    }

    /// [`MlpRegressor::fit`] under a context.
    ///
    /// # Errors
    /// As [`MlpRegressor::fit`].
    pub fn fit_with<F: Scalar>(
        &self,
        data: &Dataset<'_, F>,
        context: &mut FitContext<'_, F>,
    ) -> Result<FittedMlpRegressor<F>> {
        let mut model = self.start(data)?;
        model.train(data, Extent::Whole, context)?;
        Ok(model)
    }

    /// Warm start: fits on from a model's weights, with a new optimiser.
    ///
    /// Loss curve, best loss and the count of epochs without improvement go on from the model's.
    ///
    /// # Errors
    /// As [`MlpRegressor::fit`]; [`Error::Param`] if the model has other hidden layers or another
    /// activation; [`Error::Shape`] for another number of features or outputs.
    pub fn fit_from<F: Scalar>(
        &self,
        model: &FittedMlpRegressor<F>,
        data: &Dataset<'_, F>,
    ) -> Result<FittedMlpRegressor<F>> {
        self.fit_from_with(model, data, &mut FitContext::new())
    }

    /// [`MlpRegressor::fit_from`] under a context.
    ///
    /// # Errors
    /// As [`MlpRegressor::fit_from`].
    pub fn fit_from_with<F: Scalar>(
        &self,
        model: &FittedMlpRegressor<F>,
        data: &Dataset<'_, F>,
        context: &mut FitContext<'_, F>,
    ) -> Result<FittedMlpRegressor<F>> {
        self.settings.validate()?;
        let mut model = model.clone();
        model.core.continue_with(&self.settings)?;
        model.loss = self.loss.clone();
        model.train(data, Extent::Whole, context)?;
        Ok(model)
    }

    /// Starts a model and trains it for one epoch; [`FittedMlpRegressor::partial_fit`] goes on.
    ///
    /// # Errors
    /// As [`MlpRegressor::fit`]; [`Error::Param`] for [`Solver::Lbfgs`] and for early stopping.
    pub fn partial_fit<F: Scalar>(&self, data: &Dataset<'_, F>) -> Result<FittedMlpRegressor<F>> {
        let mut model = self.start(data)?;
        model.train(data, Extent::OneEpoch, &mut FitContext::new())?;
        Ok(model)
    }

    /// A model with its first weights.
    fn start<F: Scalar>(&self, data: &Dataset<'_, F>) -> Result<FittedMlpRegressor<F>> {
        self.settings.validate()?;
        let outputs = data
            .outputs()
            .ok_or_else(|| Error::param("targets", "class indices", "numbers, for a regressor"))?;
        let core = Core::new(self.settings.clone(), data, outputs)?;
        Ok(FittedMlpRegressor { core, loss: self.loss.clone() })
    }
}

impl<F: Scalar> Estimator<F> for MlpRegressor {
    type Fitted = FittedMlpRegressor<F>;

    fn fit_with(
        &self,
        data: &Dataset<'_, F>,
        context: &mut FitContext<'_, F>,
    ) -> Result<Self::Fitted> {
        MlpRegressor::fit_with(self, data, context)
    }

    /// L-BFGS, which cannot be gone on with, starts anew.
    fn fit_epochs(
        &self,
        data: &Dataset<'_, F>,
        model: Option<Self::Fitted>,
        epochs: usize,
        context: &mut FitContext<'_, F>,
    ) -> Result<Self::Fitted> {
        check_epochs(epochs)?;
        let settings = self.clone().max_iter(epochs);
        let mut model = match model.filter(|_| self.settings.solver != Solver::Lbfgs) {
            None => settings.start(data)?,
            Some(mut model) => {
                settings.settings.validate()?;
                let done = model.core.is_done(epochs)?;
                let own = (&model.core.settings, &model.loss);
                check_same(&own, &(&settings.settings, &self.loss))?;
                if done {
                    return Ok(model);
                }
                model
            }
        };
        model.train(data, Extent::UpTo(epochs), context)?;
        Ok(model)
    }

    fn cost(&self, rows: usize, features: usize) -> f64 {
        self.settings.cost(rows, features)
    }

    fn default_metric(&self) -> Box<dyn Metric<F>> {
        Box::new(R2)
    }
}

/// A fitted [`MlpRegressor`]: predicts numbers.
///
/// ```
/// use blastrain::prelude::*;
/// use blastrain::ndarray::array;
///
/// let x = array![[0.0f64], [1.0], [2.0], [3.0]];
/// let data = Dataset::new(x.clone(), array![[1.0, 0.0], [3.0, -1.0], [5.0, -2.0], [7.0, -3.0]])?;
/// // No hidden layer: a linear model, fitted by L-BFGS.
/// let settings = MlpRegressor::new().hidden_layer_sizes([]).solver(Solver::Lbfgs).alpha(0.0);
/// let model = settings.fit(&data)?;
/// assert_eq!((model.n_layers(), model.n_outputs(), model.out_activation()), (2, 2, "identity"));
/// assert!((model.coefs()[0][(0, 0)] - 2.0).abs() < 0.01);
/// assert_eq!(model.predict(&x)?.dim(), (4, 2));
/// assert!(model.r2(&data)? > 0.999);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct FittedMlpRegressor<F> {
    pub(super) core: Core<F>,
    pub(super) loss: RegressorLoss,
}

impl<F: Scalar> FittedMlpRegressor<F> {
    fitted_attributes!();

    /// The predicted numbers, `(rows, features)` → `(rows, outputs)`.
    ///
    /// `x` is an array, a view, or a data set.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of features than the model was fitted to,
    /// [`Error::NonFinite`] for a NaN or an infinity.
    pub fn predict<'x>(&self, x: impl Into<FeatureStorage<'x, F>>) -> Result<Array2<F>> {
        self.core.outputs(x)
    }

    /// R² of the predictions, the mean of that of each output, with the weights of the rows.
    ///
    /// # Errors
    /// As [`FittedMlpRegressor::predict`]; targets of another kind or width than the model's.
    pub fn r2(&self, data: &Dataset<'_, F>) -> Result<f64> {
        self.score(data)
    }

    /// Trains for one epoch more, on the optimiser's state so far. If this fails, the model stays as it
    /// was.
    ///
    /// # Errors
    /// As [`MlpRegressor::partial_fit`]; [`Error::Shape`] for another number of features or outputs.
    pub fn partial_fit(&mut self, data: &Dataset<'_, F>) -> Result<()> {
        self.train(data, Extent::OneEpoch, &mut FitContext::new())
    }

    fn train(
        &mut self,
        data: &Dataset<'_, F>,
        extent: Extent,
        context: &mut FitContext<'_, F>,
    ) -> Result<()> {
        let validation = context.validation.clone();
        let validation = validation.as_ref().map(Dataset::reborrow);
        let task = Task {
            loss: self.loss.boxed(),
            metric: context.metric_or(Box::new(R2)),
            strata: None,
            validation: validation.as_ref(),
            extent,
        };
        self.core.train(data, task, context)
    }
}

impl<F: Scalar> Predictor<F> for FittedMlpRegressor<F> {
    fn predict_outputs(&self, features: ArrayView2<'_, F>) -> Result<Array2<F>> {
        self.core.outputs(features)
    }

    fn default_metric(&self) -> Box<dyn Metric<F>> {
        Box::new(R2)
    }

    fn history(&self) -> Option<&History> {
        self.core.recorded()
    }
}
