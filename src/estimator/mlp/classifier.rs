//! The classifier's settings, and its fits.

use super::class_weight::ClassWeight;
use super::classes::ClassTargets;
use super::core::Core;
use super::fitted_classifier::{FittedMlpClassifier, class_indices};
use super::paused::{Extent, check_epochs, check_same};
use super::settings::{BatchSize, LearningRate, RandomSource, Settings, Solver, setting_methods};
use crate::data::{Dataset, FeatureStorage};
use crate::error::{Error, Result};
use crate::estimator::{Estimator, FitContext};
use crate::loss::{AnyLoss, SharedLoss};
use crate::metrics::{Accuracy, Metric};
use crate::preprocessing::LabelEncoder;
use crate::scalar::Scalar;

/// A multi-layer perceptron that classifies.
///
/// In f64 a fit equals that of scikit-learn 1.9's `MLPClassifier` with the same settings and
/// `random_state`: initial weights, order of rows, loss curve and predictions. Every setting has
/// scikit-learn's name and default.
///
/// The targets decide what is fitted:
///
/// - class indices, two classes: one output through the sigmoid;
/// - class indices, more classes: an output for each through softmax. The number of classes is that of
///   the data set, which may name classes that do not occur;
/// - class indices, a single class: one output as for two; that class is predicted for every row;
/// - a matrix of 0 and 1 with several columns: flags (multilabel), each through a sigmoid.
///
/// # Formulas and shapes
/// From features x `(rows, features)`, layer by layer `h ← activation(h·W + b)`, W `(inputs, units)`, b
/// `(units)`; the last layer gives scores z `(rows, outputs)`, and sigmoid or softmax of z the probabilities p
/// (Rumelhart, Hinton & Williams 1986).
///
/// Minimised is the log loss `−Σ wᵢ·ln p(class of row i) / Σ wᵢ`, with the weights of row and class multiplied, plus
/// `alpha/2·Σ‖W‖² / Σ wᵢ`, both over a batch. Weights start uniform within Glorot's bound (Glorot & Bengio 2010,
/// eq. 16; with 2 instead of 6 under the logistic function). Adam: Kingma & Ba 2015; L-BFGS: Liu & Nocedal 1989.
///
/// # Examples
/// ```
/// use blastrain::prelude::*;
/// use blastrain::estimator::MlpClassifier;
///
/// let (train, test) = stratified_train_test_split(&datasets::iris::<f64>()?, 0.2, RandomState::new(42))?;
/// let model = MlpClassifier::new()
///     .hidden_layer_sizes([16])
///     .activation(Tanh)
///     .learning_rate_init(0.02)
///     .random_state(42)
///     .fit(&train)?;
/// assert!(model.accuracy(&test)? > 0.9);
/// assert_eq!(model.predict_proba(&test)?.dim(), (30, 3));
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// Labels of any ordered type come back as what they were:
///
/// ```
/// use blastrain::estimator::MlpClassifier;
/// use blastrain::ndarray::array;
///
/// let x = array![[0.0], [0.2], [0.8], [1.0]];
/// let fruit = ["pear", "pear", "apple", "apple"];
/// let settings = MlpClassifier::new().hidden_layer_sizes([4]).learning_rate_init(0.1);
/// let model = settings.fit_labels(&x, &fruit)?;
/// assert_eq!(model.classes(), ["apple", "pear"]);
/// assert_eq!(model.predict(&array![[0.1], [0.9]])?, ["pear", "apple"]);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct MlpClassifier {
    settings: Settings,
    pub(super) class_weight: ClassWeight,
    pub(super) loss: Option<SharedLoss>,
}

impl MlpClassifier {
    /// scikit-learn's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    setting_methods!();

    /// How much each class counts; [`ClassWeight::Uniform`].
    pub fn class_weight(mut self, class_weight: impl Into<ClassWeight>) -> Self {
        self.class_weight = class_weight.into();
        self
    }

    /// A loss instead of the log loss. It is given one output for two classes.
    pub fn loss(mut self, loss: impl AnyLoss) -> Self {
        self.loss = Some(SharedLoss::new(loss));
        self
    }

    /// Fits to class indices, or to flags.
    ///
    /// # Errors
    /// [`Error::Param`] for a setting out of range, for targets that are neither, and for a
    /// `validation_fraction` that leaves less than 2 rows; [`Error::Shape`] for a class that early stopping
    /// on two classes cannot split; [`Error::Diverged`] if loss or weights leave the finite numbers.
    pub fn fit<F: Scalar>(&self, data: &Dataset<'_, F>) -> Result<FittedMlpClassifier<F>> {
        self.fit_with(data, &mut FitContext::new())
    }

    /// [`MlpClassifier::fit`] under a context.
    ///
    /// # Errors
    /// As [`MlpClassifier::fit`].
    pub fn fit_with<F: Scalar>(
        &self,
        data: &Dataset<'_, F>,
        context: &mut FitContext<'_, F>,
    ) -> Result<FittedMlpClassifier<F>> {
        let targets = ClassTargets::of(data)?;
        let mut model = self.start(data, &targets, targets.count())?;
        model.train(data, &targets, Extent::Whole, context)?;
        Ok(model)
    }

    /// Fits to labels, one a row: strings, integers, booleans, whatever has an order.
    ///
    /// `features` is an array, a view, or a data set whose targets are not looked at. For row weights or a
    /// context encode the labels by a [`LabelEncoder`], fit to the data set, and give the model its labels
    /// back by [`FittedMlpClassifier::with_labels`].
    ///
    /// # Errors
    /// As [`MlpClassifier::fit`], and [`Error::Shape`] if there is not one label a row.
    pub fn fit_labels<'x, F: Scalar, L: Ord + Clone>(
        &self,
        features: impl Into<FeatureStorage<'x, F>>,
        labels: &[L],
    ) -> Result<FittedMlpClassifier<F, L>> {
        let (encoder, indices) = LabelEncoder::fit_transform(labels)?;
        self.fit(&Dataset::new(features, indices)?)?.with_labels(encoder.classes())
    }

    /// Warm start: fits on from a model's weights, with a new optimiser.
    ///
    /// Loss curve, best loss and the count of epochs without improvement go on from the model's.
    ///
    /// # Errors
    /// As [`MlpClassifier::fit`]; [`Error::Param`] if the model has other hidden layers or another
    /// activation; [`Error::Shape`] for another number of features or classes.
    pub fn fit_from<F: Scalar, L: Clone>(
        &self,
        model: &FittedMlpClassifier<F, L>,
        data: &Dataset<'_, F>,
    ) -> Result<FittedMlpClassifier<F, L>> {
        self.fit_from_with(model, data, &mut FitContext::new())
    }

    /// [`MlpClassifier::fit_from`] under a context.
    ///
    /// # Errors
    /// As [`MlpClassifier::fit_from`].
    pub fn fit_from_with<F: Scalar, L: Clone>(
        &self,
        model: &FittedMlpClassifier<F, L>,
        data: &Dataset<'_, F>,
        context: &mut FitContext<'_, F>,
    ) -> Result<FittedMlpClassifier<F, L>> {
        self.validate()?;
        let targets = ClassTargets::of(data)?;
        check_all(model, &targets)?;
        let mut model = model.clone();
        model.core.continue_with(&self.settings)?;
        (model.class_weight, model.loss) = (self.class_weight.clone(), self.loss.clone());
        model.train(data, &targets, Extent::Whole, context)?;
        Ok(model)
    }

    /// Starts a model for `classes` classes (for flags: columns) and trains it for one epoch;
    /// [`FittedMlpClassifier::partial_fit`] goes on.
    ///
    /// # Errors
    /// As [`MlpClassifier::fit`]; [`Error::ClassIndex`] for a class that is not below `classes`;
    /// [`Error::Param`] for [`Solver::Lbfgs`], early stopping and balanced classes, which need all rows.
    pub fn partial_fit<F: Scalar>(
        &self,
        data: &Dataset<'_, F>,
        classes: usize,
    ) -> Result<FittedMlpClassifier<F>> {
        let targets = ClassTargets::of(data)?;
        targets.check_known(classes, targets.is_flags())?;
        let mut model = self.start(data, &targets, classes)?;
        model.train(data, &targets, Extent::OneEpoch, &mut FitContext::new())?;
        Ok(model)
    }

    /// [`MlpClassifier::partial_fit`] for labels, with all labels that there will be.
    ///
    /// # Errors
    /// As [`MlpClassifier::partial_fit`]; [`Error::Param`] for a label that is not among `classes`.
    pub fn partial_fit_labels<'x, F: Scalar, L: Ord + Clone>(
        &self,
        features: impl Into<FeatureStorage<'x, F>>,
        labels: &[L],
        classes: &[L],
    ) -> Result<FittedMlpClassifier<F, L>> {
        let encoder = LabelEncoder::fit(classes)?;
        let indices = class_indices(encoder.classes(), labels)?;
        let data = Dataset::new(features, indices)?;
        self.partial_fit(&data, encoder.classes().len())?.with_labels(encoder.classes())
    }

    fn validate(&self) -> Result<()> {
        self.settings.validate()?;
        self.class_weight.validate()
    }

    /// A model with its first weights.
    fn start<F: Scalar>(
        &self,
        data: &Dataset<'_, F>,
        targets: &ClassTargets,
        classes: usize,
    ) -> Result<FittedMlpClassifier<F>> {
        self.validate()?;
        let flags = targets.is_flags();
        let outputs = if flags || classes > 2 { classes } else { 1 };
        Ok(FittedMlpClassifier {
            core: Core::new(self.settings.clone(), data, outputs)?,
            classes: (0..classes).collect(),
            flags,
            class_weight: self.class_weight.clone(),
            loss: self.loss.clone(),
        })
    }
}

/// Checks that targets are of the model's kind and have its number of classes.
fn check_all<F: Scalar, L>(
    model: &FittedMlpClassifier<F, L>,
    targets: &ClassTargets,
) -> Result<()> {
    let (want, got) = (model.classes().len(), targets.count());
    targets.check_known(want, model.flags)?;
    if got == want {
        return Ok(());
    }
    let want = format!("{want} classes, as the model has");
    Err(Error::shape("targets", want, format!("{got} classes")))
}

impl<F: Scalar> Estimator<F> for MlpClassifier {
    type Fitted = FittedMlpClassifier<F>;

    fn fit_with(
        &self,
        data: &Dataset<'_, F>,
        context: &mut FitContext<'_, F>,
    ) -> Result<Self::Fitted> {
        MlpClassifier::fit_with(self, data, context)
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
        let targets = ClassTargets::of(data)?;
        let mut model = match model.filter(|_| self.settings.solver != Solver::Lbfgs) {
            None => settings.start(data, &targets, targets.count())?,
            Some(mut model) => {
                settings.validate()?;
                check_all(&model, &targets)?;
                let done = model.core.is_done(epochs)?;
                let FittedMlpClassifier { core, class_weight, loss, .. } = &model;
                let own = (&core.settings, class_weight, loss);
                check_same(&own, &(&settings.settings, &self.class_weight, &self.loss))?;
                if done {
                    return Ok(model);
                }
                model
            }
        };
        model.train(data, &targets, Extent::UpTo(epochs), context)?;
        Ok(model)
    }

    fn cost(&self, rows: usize, features: usize) -> f64 {
        self.settings.cost(rows, features)
    }

    fn default_metric(&self) -> Box<dyn Metric<F>> {
        Box::new(Accuracy)
    }
}
