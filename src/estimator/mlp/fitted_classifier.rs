//! The fitted classifier.

use ndarray::{Array2, ArrayView2};

use super::class_weight::{ClassWeight, weigh};
use super::classes::ClassTargets;
use super::core::{Core, fitted_attributes};
use super::losses::{ClippedBinaryLogLoss, ClippedLogLoss};
use super::paused::Extent;
use super::train::Task;
use crate::data::{Dataset, FeatureStorage};
use crate::error::{Error, Result};
use crate::estimator::{FitContext, Predictor};
use crate::loss::{Loss, SharedLoss};
use crate::metrics::{Accuracy, Metric, SubsetAccuracy, first_largest};
use crate::scalar::Scalar;
use crate::train::History;

/// A fitted [`MlpClassifier`](super::MlpClassifier): predicts classes as `L`, class indices unless it was
/// fitted to labels.
///
/// ```
/// use blastrain::estimator::MlpClassifier;
/// use blastrain::datasets;
///
/// let data = datasets::wine::<f64>()?;
/// let data = blastrain::preprocessing::MinMaxScaler::new().fit_dataset(&data)?.transform_dataset(&data)?;
/// let mut model = MlpClassifier::new().learning_rate_init(0.01).max_iter(30).fit(&data)?;
/// assert_eq!((model.n_layers(), model.n_outputs(), model.out_activation()), (3, 3, "softmax"));
/// assert_eq!(model.coefs()[0].dim(), (13, 100));
/// assert_eq!(model.loss_curve().len(), 30);
/// model.partial_fit(&data)?; // one epoch more
/// assert_eq!(model.loss_curve().len(), 31);
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// `score`, by [`Predictor`], is the accuracy on a data set, which holds class indices whatever the labels
/// are; [`FittedMlpClassifier::score_labels`] takes labels:
///
/// ```
/// use blastrain::prelude::*;
///
/// let x = blastrain::ndarray::array![[0.0], [0.2], [0.8], [1.0]];
/// let fruit = ["pear", "pear", "apple", "apple"];
/// let settings = MlpClassifier::new().hidden_layer_sizes([4]).learning_rate_init(0.1);
/// let model = settings.fit_labels(&x, &fruit)?;
/// assert_eq!(model.score_labels(&x, &fruit)?, 1.0);
/// let data = Dataset::new(&x, model.class_indices(&fruit)?)?;
/// assert_eq!(model.score(&data)?, 1.0);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct FittedMlpClassifier<F, L = usize> {
    pub(super) core: Core<F>,
    /// In the order of the outputs; for flags their columns.
    pub(super) classes: Vec<L>,
    /// Whether each output is a flag of its own.
    pub(super) flags: bool,
    pub(super) class_weight: ClassWeight,
    pub(super) loss: Option<SharedLoss>,
}

impl<F: Scalar, L> FittedMlpClassifier<F, L> {
    fitted_attributes!();

    /// The classes, in the order of the probabilities' columns; for flags one for each column.
    pub fn classes(&self) -> &[L] {
        &self.classes
    }

    /// Whether the model was fitted to flags (multilabel).
    pub fn is_multilabel(&self) -> bool {
        self.flags
    }

    /// The probability of each class for each row, `(rows, classes)`, in the order of
    /// [`FittedMlpClassifier::classes`]; of each flag for a model of flags.
    ///
    /// Two classes have two columns that add up to 1, and so has a single class.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of features than the model was fitted to,
    /// [`Error::NonFinite`] for a NaN or an infinity.
    pub fn predict_proba<'x>(&self, x: impl Into<FeatureStorage<'x, F>>) -> Result<Array2<F>> {
        let outputs = self.core.outputs(x)?;
        if self.flags || outputs.ncols() > 1 {
            return Ok(outputs);
        }
        Ok(Array2::from_shape_fn((outputs.nrows(), 2), |(row, column)| {
            let second = outputs[(row, 0)];
            if column == 0 { F::one() - second } else { second }
        }))
    }

    /// The natural logarithm of [`FittedMlpClassifier::predict_proba`]; −∞ where that is 0.
    ///
    /// # Errors
    /// As [`FittedMlpClassifier::predict_proba`].
    pub fn predict_log_proba<'x>(&self, x: impl Into<FeatureStorage<'x, F>>) -> Result<Array2<F>> {
        Ok(self.predict_proba(x)?.mapv_into(F::ln))
    }

    /// The position of each row's class in [`FittedMlpClassifier::classes`]: the first of the most
    /// probable; of two, the second if its probability is above 0.5.
    ///
    /// # Errors
    /// As [`FittedMlpClassifier::predict_proba`]; [`Error::Undefined`] for a model of flags.
    pub fn predict_indices<'x>(&self, x: impl Into<FeatureStorage<'x, F>>) -> Result<Vec<usize>> {
        if self.flags {
            return Err(Error::undefined("the class of a row", "the model was fitted to flags"));
        }
        let outputs = self.core.outputs(x)?;
        let most = self.classes.len().saturating_sub(1);
        let half = F::from_f64(0.5);
        let class = |row: ndarray::ArrayView1<'_, F>| match row.len() {
            // A model that knows a single class has one output, too.
            1 => usize::from(row[0] > half).min(most),
            _ => first_largest(row),
        };
        Ok(outputs.outer_iter().map(class).collect())
    }

    /// Which flags each row has, `(rows, flags)`: those with a probability above 0.5.
    ///
    /// # Errors
    /// As [`FittedMlpClassifier::predict_proba`]; [`Error::Undefined`] for a model of classes.
    pub fn predict_flags<'x>(&self, x: impl Into<FeatureStorage<'x, F>>) -> Result<Array2<bool>> {
        if !self.flags {
            return Err(Error::undefined("the flags of a row", "the model was fitted to classes"));
        }
        let half = F::from_f64(0.5);
        Ok(self.core.outputs(x)?.mapv(|probability| probability > half))
    }

    /// The share of rows predicted right, weighted as the data set says; for flags, of rows with every
    /// flag right. The data set has class indices, positions in [`FittedMlpClassifier::classes`].
    ///
    /// # Errors
    /// As [`FittedMlpClassifier::predict_proba`]; targets of another kind than the model's.
    pub fn accuracy(&self, data: &Dataset<'_, F>) -> Result<f64>
    where
        L: std::fmt::Debug + Send + Sync,
    {
        self.score(data)
    }

    /// Trains for one epoch more, on the optimiser's state so far.
    ///
    /// The data set has class indices, positions in [`FittedMlpClassifier::classes`]; they need not all
    /// occur. If this fails, the model stays as it was.
    ///
    /// # Errors
    /// As [`MlpClassifier::partial_fit`](super::MlpClassifier::partial_fit); [`Error::Shape`] for another
    /// number of features.
    pub fn partial_fit(&mut self, data: &Dataset<'_, F>) -> Result<()> {
        let targets = ClassTargets::of(data)?;
        targets.check_known(self.classes.len(), self.flags)?;
        self.train(data, &targets, Extent::OneEpoch, &mut FitContext::new())
    }

    /// The same model with other names for its classes, in their order.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is one a class.
    pub fn with_labels<M: Clone>(self, classes: &[M]) -> Result<FittedMlpClassifier<F, M>> {
        if classes.len() != self.classes.len() {
            let want = format!("{}, one a class", self.classes.len());
            return Err(Error::shape("labels", want, classes.len()));
        }
        let Self { core, flags, class_weight, loss, .. } = self;
        Ok(FittedMlpClassifier { core, classes: classes.to_vec(), flags, class_weight, loss })
    }

    /// Trains the model on targets that fit it.
    pub(super) fn train(
        &mut self,
        data: &Dataset<'_, F>,
        targets: &ClassTargets,
        extent: Extent,
        context: &mut FitContext<'_, F>,
    ) -> Result<()> {
        if extent == Extent::OneEpoch && self.class_weight == ClassWeight::Balanced {
            return Err(Error::param("class_weight", "Balanced", "given for partial_fit"));
        }
        let indices = targets.indices();
        let weights = match indices {
            Some(indices) => self.class_weight.resolve(indices, self.classes.len())?,
            None if self.class_weight == ClassWeight::Uniform => None,
            None => return Err(Error::param("class_weight", "set", "Uniform for flags")),
        };
        let (mut weighed, given) = (data.reborrow(), context.validation.clone());
        let mut validation = given.as_ref().map(Dataset::reborrow);
        if let (Some(weights), Some(indices)) = (&weights, indices) {
            weighed = weigh(&weighed, indices, weights)?;
            if let Some(rows) = &mut validation {
                let held_out = ClassTargets::of(rows)?;
                held_out.check_known(self.classes.len(), self.flags)?;
                *rows = weigh(rows, held_out.indices().unwrap_or_default(), weights)?;
            }
        }
        let several = self.core.network.outputs() > 1;
        let loss: Box<dyn Loss<F>> = match &self.loss {
            Some(loss) => Box::new(loss.clone()),
            None if several && !self.flags => Box::new(ClippedLogLoss),
            None => Box::new(ClippedBinaryLogLoss),
        };
        let task = Task {
            loss,
            metric: context.metric_or(metric(self.flags)),
            strata: indices.filter(|_| !several),
            validation: validation.as_ref(),
            extent,
        };
        self.core.train(&weighed, task, context)
    }
}

impl<F: Scalar, L: Ord + Clone> FittedMlpClassifier<F, L> {
    /// The class of each row.
    ///
    /// `x` is an array, a view, or a data set.
    ///
    /// # Errors
    /// As [`FittedMlpClassifier::predict_indices`].
    pub fn predict<'x>(&self, x: impl Into<FeatureStorage<'x, F>>) -> Result<Vec<L>> {
        let indices = self.predict_indices(x)?;
        Ok(indices.into_iter().map(|index| self.classes[index].clone()).collect())
    }

    /// The share of rows whose label is predicted.
    ///
    /// # Errors
    /// As [`FittedMlpClassifier::predict`]; [`Error::Shape`] if there is not one label a row,
    /// [`Error::Empty`] for none.
    pub fn score_labels<'x>(
        &self,
        x: impl Into<FeatureStorage<'x, F>>,
        labels: &[L],
    ) -> Result<f64> {
        let predictions = self.predict(x)?;
        if predictions.len() != labels.len() {
            let want = format!("{} rows, as the features have", predictions.len());
            return Err(Error::shape("labels", want, format!("{} rows", labels.len())));
        }
        if labels.is_empty() {
            return Err(Error::empty("the list of labels", "1 label"));
        }
        let right = predictions.iter().zip(labels).filter(|(got, want)| got == want).count();
        Ok(right as f64 / labels.len() as f64)
    }

    /// [`FittedMlpClassifier::partial_fit`] for labels.
    ///
    /// # Errors
    /// As there; [`Error::Param`] for a label that is not among the classes.
    pub fn partial_fit_labels<'x>(
        &mut self,
        x: impl Into<FeatureStorage<'x, F>>,
        labels: &[L],
    ) -> Result<()> {
        self.partial_fit(&Dataset::new(x, self.class_indices(labels)?)?)
    }

    /// The position of each label among the classes: what data sets for this model hold.
    ///
    /// # Errors
    /// [`Error::Param`] for a label that is not among the classes.
    pub fn class_indices(&self, labels: &[L]) -> Result<Vec<usize>> {
        class_indices(&self.classes, labels)
    }
}

/// The position of each label among the classes.
pub(super) fn class_indices<L: Ord>(classes: &[L], labels: &[L]) -> Result<Vec<usize>> {
    let place = |(row, label)| {
        classes.iter().position(|class| class == label).ok_or_else(|| {
            let got = format!("unknown at row {row}");
            Error::param("label", got, format!("one of the {} classes", classes.len()))
        })
    };
    labels.iter().enumerate().map(place).collect()
}

/// What validation rows and scores are measured by.
fn metric<F: Scalar>(flags: bool) -> Box<dyn Metric<F>> {
    if flags { Box::new(SubsetAccuracy) } else { Box::new(Accuracy) }
}

impl<F, L> Predictor<F> for FittedMlpClassifier<F, L>
where
    F: Scalar,
    L: std::fmt::Debug + Send + Sync,
{
    fn predict_outputs(&self, features: ArrayView2<'_, F>) -> Result<Array2<F>> {
        let mut outputs = self.core.outputs(features)?;
        // Of a single class, the one output is the probability of a second, which there is not: scores
        // shall say what `predict` says.
        if self.classes.len() == 1 && !self.flags {
            outputs.fill(F::zero());
        }
        Ok(outputs)
    }

    fn default_metric(&self) -> Box<dyn Metric<F>> {
        metric(self.flags)
    }

    fn history(&self) -> Option<&History> {
        self.core.recorded()
    }
}
