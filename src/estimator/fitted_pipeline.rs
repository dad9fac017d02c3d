//! Fitted preprocessing and model as one predictor.

use ndarray::{Array2, ArrayView2};

use super::preprocessed::FittedSteps;
use super::{FittedMlpClassifier, FittedMlpRegressor, Predictor};
use crate::data::FeatureStorage;
use crate::error::Result;
use crate::metrics::Metric;
use crate::preprocessing::FittedTransformer;
use crate::scalar::Scalar;
use crate::train::History;

/// Features as the last step gives them.
pub(super) fn through<F: Scalar>(
    steps: &[Box<dyn FittedTransformer<F>>],
    features: &ArrayView2<'_, F>,
) -> Result<Array2<F>> {
    let Some((first, rest)) = steps.split_first() else { return Ok(features.to_owned()) };
    let mut mapped = first.transform(*features)?;
    for step in rest {
        mapped = step.transform(mapped.view())?;
    }
    Ok(mapped)
}

/// A [`Pipeline`](super::Pipeline) that has been fitted: takes features as the first step took them.
///
/// [`Predictor::score`] measures it on a data set: accuracy of a classifier, R² of a regressor. Where classes
/// have labels, [`FittedPipeline::with_labels`] says what they are:
///
/// ```
/// use blastrain::prelude::*;
///
/// let x = blastrain::ndarray::array![[10.0, 0.2], [12.0, 0.1], [90.0, 0.8], [88.0, 0.9]];
/// let fruit = ["pear", "pear", "apple", "apple"];
/// let (encoder, classes) = LabelEncoder::fit_transform(&fruit)?;
/// let data = Dataset::new(&x, classes)?;
/// let settings = MlpClassifier::new().hidden_layer_sizes([4]).learning_rate_init(0.1);
/// let model = Pipeline::new().step(StandardScaler::new()).estimator(settings).fit(&data)?;
/// assert_eq!(model.score(&data)?, 1.0);
/// let model = model.with_labels(encoder.classes())?;
/// assert_eq!(model.predict(&x)?, fruit);
/// assert_eq!(model.score_labels(&x, &fruit)?, 1.0);
/// assert_eq!(model.score(&data)?, 1.0); // the data set still holds class indices
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// A file holds the steps and the model, and so all that another process needs to predict from raw
/// features:
///
/// ```
/// use blastrain::prelude::*;
/// use blastrain::estimator::{FittedMlpClassifier, FittedPipeline};
///
/// let data = datasets::wine::<f64>()?;
/// let settings = MlpClassifier::new().hidden_layer_sizes([8]).max_iter(20);
/// let model = Pipeline::new().step(StandardScaler::new()).estimator(settings).fit(&data)?;
/// let path = std::env::temp_dir().join(format!("wine-{}.safetensors", std::process::id()));
/// model.save(&path)?;
/// let loaded = FittedPipeline::<f64, FittedMlpClassifier<f64>>::load(&path)?;
/// assert_eq!(loaded.predict_proba(&data)?, model.predict_proba(&data)?);
/// # std::fs::remove_file(&path).ok();
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct FittedPipeline<F: Scalar, M> {
    pub(super) steps: FittedSteps<F>,
    pub(super) model: M,
}

impl<F: Scalar, M> FittedPipeline<F, M> {
    /// The fitted steps, first to last.
    pub fn steps(&self) -> &[Box<dyn FittedTransformer<F>>] {
        &self.steps
    }

    /// The fitted estimator; it takes what [`FittedPipeline::transform`] gives.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// Features as the model sees them.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for another number of columns than fitted on,
    /// [`Error::NonFinite`](crate::Error::NonFinite) for a NaN or an infinity.
    pub fn transform<'x>(&self, features: impl Into<FeatureStorage<'x, F>>) -> Result<Array2<F>>
    where
        F: 'x,
    {
        through(&self.steps, &features.into().view())
    }
}

impl<F: Scalar, M: Predictor<F>> Predictor<F> for FittedPipeline<F, M> {
    fn predict_outputs(&self, features: ArrayView2<'_, F>) -> Result<Array2<F>> {
        match self.steps.is_empty() {
            true => self.model.predict_outputs(features),
            false => self.model.predict_outputs(through(&self.steps, &features)?.view()),
        }
    }

    fn default_metric(&self) -> Box<dyn Metric<F>> {
        self.model.default_metric()
    }

    fn history(&self) -> Option<&History> {
        self.model.history()
    }
}

impl<F: Scalar, L> FittedPipeline<F, FittedMlpClassifier<F, L>> {
    /// The same model with other names for its classes, as [`FittedMlpClassifier::with_labels`].
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) unless there is one a class.
    pub fn with_labels<M: Clone>(
        self,
        classes: &[M],
    ) -> Result<FittedPipeline<F, FittedMlpClassifier<F, M>>> {
        Ok(FittedPipeline { steps: self.steps, model: self.model.with_labels(classes)? })
    }
}

impl<F: Scalar, L: Clone + Ord> FittedPipeline<F, FittedMlpClassifier<F, L>> {
    /// The class of each row, as [`FittedMlpClassifier::predict`].
    ///
    /// # Errors
    /// As [`FittedPipeline::transform`], and for a model of flags.
    pub fn predict<'x>(&self, x: impl Into<FeatureStorage<'x, F>>) -> Result<Vec<L>>
    where
        F: 'x,
    {
        self.model.predict(self.transform(x)?)
    }

    /// The share of rows whose label is predicted, as [`FittedMlpClassifier::score_labels`].
    ///
    /// # Errors
    /// As [`FittedPipeline::transform`], and as there.
    pub fn score_labels<'x>(&self, x: impl Into<FeatureStorage<'x, F>>, labels: &[L]) -> Result<f64>
    where
        F: 'x,
    {
        self.model.score_labels(self.transform(x)?, labels)
    }

    /// Probabilities `(rows, classes)`, as [`FittedMlpClassifier::predict_proba`].
    ///
    /// # Errors
    /// As [`FittedPipeline::transform`].
    pub fn predict_proba<'x>(&self, x: impl Into<FeatureStorage<'x, F>>) -> Result<Array2<F>>
    where
        F: 'x,
    {
        self.model.predict_proba(self.transform(x)?)
    }
}

impl<F: Scalar> FittedPipeline<F, FittedMlpRegressor<F>> {
    /// Values `(rows, outputs)`, as [`FittedMlpRegressor::predict`].
    ///
    /// # Errors
    /// As [`FittedPipeline::transform`].
    pub fn predict<'x>(&self, x: impl Into<FeatureStorage<'x, F>>) -> Result<Array2<F>>
    where
        F: 'x,
    {
        self.model.predict(self.transform(x)?)
    }
}
