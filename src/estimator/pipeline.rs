//! Preprocessing and model as one estimator.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2};

use super::preprocessed::FittedSteps;
use super::{
    Estimator, FitContext, FittedMlpClassifier, FittedMlpRegressor, Predictor, Preprocessed,
};
use crate::data::{Dataset, FeatureStorage};
use crate::error::{Error, Result};
use crate::metrics::Metric;
use crate::preprocessing::{FittedTransformer, Transformer};
use crate::scalar::Scalar;
use crate::train::History;

/// Steps that transform features, and the estimator that sees what they give.
///
/// A fit learns each step from the training rows alone, so that nothing of test rows leaks into it when a
/// pipeline is cross-validated or searched.
///
/// ```
/// use blastrain::prelude::*;
/// use blastrain::estimator::{MlpClassifier, Pipeline};
///
/// let (train, test) = stratified_train_test_split(&datasets::wine::<f64>()?, 0.2, RandomState::new(42))?;
/// let pipeline = Pipeline::new()
///     .step(StandardScaler::new())
///     .estimator(MlpClassifier::new().hidden_layer_sizes([16]).max_iter(300));
/// let model = pipeline.fit(&train)?;
/// assert!(model.score(&test)? > 0.9);
/// assert_eq!(model.predict(&test)?.len(), test.len());
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pipeline<F: Scalar, E = ()> {
    /// Shared by clones, so that a search sees that they are the same.
    steps: Vec<Arc<dyn Transformer<F>>>,
    estimator: E,
}

impl<F: Scalar> Default for Pipeline<F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F: Scalar> Pipeline<F> {
    /// No steps, and no estimator yet.
    pub fn new() -> Self {
        Self { steps: Vec::new(), estimator: () }
    }
}

impl<F: Scalar, E> Pipeline<F, E> {
    /// Adds a step behind those that there are.
    pub fn step(mut self, step: impl Transformer<F> + 'static) -> Self {
        self.steps.push(Arc::new(step));
        self
    }

    /// Adds a step that is in a box already.
    pub fn boxed_step(mut self, step: Box<dyn Transformer<F>>) -> Self {
        self.steps.push(step.into());
        self
    }

    /// Sets the estimator at the end.
    pub fn estimator<M: Estimator<F>>(self, estimator: M) -> Pipeline<F, M> {
        Pipeline { steps: self.steps, estimator }
    }

    /// The estimator at the end.
    pub fn get_estimator(&self) -> &E {
        &self.estimator
    }

    /// Changes the estimator's settings: what a search's axis calls.
    ///
    /// ```
    /// use blastrain::estimator::{MlpClassifier, Pipeline};
    /// use blastrain::preprocessing::MinMaxScaler;
    ///
    /// let pipeline = Pipeline::<f64>::new().step(MinMaxScaler::new()).estimator(MlpClassifier::new());
    /// let regularised = pipeline.clone().map_estimator(|classifier| classifier.alpha(0.01));
    /// ```
    pub fn map_estimator(self, change: impl FnOnce(E) -> E) -> Self {
        Self { estimator: change(self.estimator), ..self }
    }
}

impl<F: Scalar, E: Estimator<F>> Pipeline<F, E> {
    /// Fits the steps one behind the other, each to what those before it give, then the estimator.
    ///
    /// # Errors
    /// What a step or the estimator refuses.
    pub fn fit(&self, data: &Dataset<'_, F>) -> Result<FittedPipeline<F, E::Fitted>> {
        Estimator::fit(self, data)
    }
}

impl<F: Scalar, E: Estimator<F>> Estimator<F> for Pipeline<F, E> {
    type Fitted = FittedPipeline<F, E::Fitted>;

    /// Validation rows of the context go through the steps, which do not learn from them.
    fn fit_with(
        &self,
        data: &Dataset<'_, F>,
        context: &mut FitContext<'_, F>,
    ) -> Result<Self::Fitted> {
        self.fit_preprocessed(&self.fit_preprocessing(data)?, context)
    }

    /// The keys of the steps and of the estimator's own preprocessing, if there is any. A step without a key is
    /// known by its place in memory, which clones of the pipeline share.
    fn preprocessing_key(&self) -> Option<String> {
        let key = |step: &Arc<dyn Transformer<F>>| {
            step.settings_key().ok_or_else(|| Arc::as_ptr(step).addr())
        };
        let steps: Vec<Result<String, usize>> = self.steps.iter().map(key).collect();
        let inner = self.estimator.preprocessing_key();
        (!steps.is_empty() || inner.is_some()).then(|| format!("{steps:?} {inner:?}"))
    }

    fn fit_preprocessing<'d>(&self, data: &Dataset<'d, F>) -> Result<Preprocessed<'d, F>> {
        let (mut rows, mut steps) = (data.clone(), Vec::with_capacity(self.steps.len()));
        for step in &self.steps {
            let fitted = step.fit_boxed(&rows)?;
            rows = fitted.transform_dataset(&rows)?;
            steps.push(fitted);
        }
        Ok(self.estimator.fit_preprocessing(&rows)?.behind(steps))
    }

    fn fit_preprocessed(
        &self,
        preprocessed: &Preprocessed<'_, F>,
        context: &mut FitContext<'_, F>,
    ) -> Result<Self::Fitted> {
        let Some((steps, rest)) = preprocessed.split() else {
            return self.fit_with(preprocessed.rows(), context);
        };
        let model =
            fit_behind(steps, context, |context| self.estimator.fit_preprocessed(rest, context))?;
        Ok(FittedPipeline { steps: steps.clone(), model })
    }

    /// The steps stay those of the model that is gone on with.
    fn fit_epochs(
        &self,
        data: &Dataset<'_, F>,
        model: Option<Self::Fitted>,
        epochs: usize,
        context: &mut FitContext<'_, F>,
    ) -> Result<Self::Fitted> {
        let Some(FittedPipeline { steps, model }) = model else {
            let preprocessed = self.fit_preprocessing(data)?;
            return self.fit_epochs_preprocessed(&preprocessed, None, epochs, context);
        };
        if steps.len() != self.steps.len() {
            let want = format!("{}, as this pipeline has", self.steps.len());
            return Err(Error::shape("the model's steps", want, steps.len()));
        }
        let mut rows = data.clone();
        for step in &*steps {
            rows = step.transform_dataset(&rows)?;
        }
        let model = fit_behind(&steps, context, |context| {
            self.estimator.fit_epochs(&rows, Some(model), epochs, context)
        })?;
        Ok(FittedPipeline { steps, model })
    }

    fn fit_epochs_preprocessed(
        &self,
        preprocessed: &Preprocessed<'_, F>,
        model: Option<Self::Fitted>,
        epochs: usize,
        context: &mut FitContext<'_, F>,
    ) -> Result<Self::Fitted> {
        let Some((steps, rest)) = preprocessed.split() else {
            return self.fit_epochs(preprocessed.rows(), model, epochs, context);
        };
        let model = model.map(|model| model.model);
        let model = fit_behind(steps, context, |context| {
            self.estimator.fit_epochs_preprocessed(rest, model, epochs, context)
        })?;
        Ok(FittedPipeline { steps: steps.clone(), model })
    }

    fn cost(&self, rows: usize, features: usize) -> f64 {
        self.estimator.cost(rows, features)
    }

    fn default_metric(&self) -> Box<dyn Metric<F>> {
        self.estimator.default_metric()
    }
}

/// Runs a fit while the context's validation rows are as the steps give them.
fn fit_behind<'c, F: Scalar, M>(
    steps: &[Box<dyn FittedTransformer<F>>],
    context: &mut FitContext<'c, F>,
    fit: impl FnOnce(&mut FitContext<'c, F>) -> Result<M>,
) -> Result<M> {
    if steps.is_empty() {
        return fit(context);
    }
    let validation = context.validation.take();
    let mapped = validation.as_ref().map(|validation| {
        let features = through(steps, &FeatureStorage::from(validation).view())?;
        validation.with_features(features)
    });
    let model = mapped.transpose().and_then(|mapped| {
        context.validation = mapped;
        fit(context)
    });
    context.validation = validation;
    model
}

/// Features as the last step gives them.
fn through<F: Scalar>(
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

/// A [`Pipeline`] that has been fitted: takes features as the first step took them.
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
