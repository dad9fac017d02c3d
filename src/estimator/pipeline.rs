//! Preprocessing and model as one estimator.

use std::any::{Any, type_name};
use std::sync::Arc;

use super::fitted_pipeline::{FittedPipeline, through};
use super::{Estimator, FitContext, Preprocessed};
use crate::data::{Dataset, FeatureStorage};
use crate::error::{Error, Result};
use crate::metrics::Metric;
use crate::preprocessing::{FittedTransformer, Transformer};
use crate::scalar::Scalar;

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
    /// A step that was to be changed and could not be: fits are refused.
    wrong_step: Option<WrongStep>,
    estimator: E,
}

/// What an axis asked for and a pipeline does not have.
#[derive(Debug, Clone)]
struct WrongStep {
    got: String,
    want: String,
}

impl<F: Scalar> Default for Pipeline<F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F: Scalar> Pipeline<F> {
    /// No steps, and no estimator yet.
    pub fn new() -> Self {
        Self { steps: Vec::new(), wrong_step: None, estimator: () }
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

    /// Changes a step's settings, the step counted from 0: what a search's axis over a step calls, as
    /// [`map_estimator`](Pipeline::map_estimator) is for the estimator; scikit-learn's `minmaxscaler__clip`.
    ///
    /// A step that is not there or of another type makes every fit an [`Error::Param`].
    ///
    /// ```
    /// use blastrain::prelude::*;
    ///
    /// let pipeline = Pipeline::new()
    ///     .step(StandardScaler::new())
    ///     .step(MinMaxScaler::new())
    ///     .estimator(MlpClassifier::new().hidden_layer_sizes([6]).max_iter(30));
    /// let search = GridSearch::new(pipeline)
    ///     .axis("with_std", [true, false], |pipeline, with_std| {
    ///         pipeline.map_step(0, |scaler: StandardScaler| scaler.with_std(with_std))
    ///     })
    ///     .axis("high", [0.1, 1.0, 10.0], |pipeline, high| {
    ///         pipeline.map_step(1, |scaler: MinMaxScaler| scaler.feature_range(0.0, high))
    ///     })
    ///     .cv(StratifiedKFold::new(2));
    /// let found = search.fit(&datasets::wine::<f64>()?)?;
    /// assert_eq!(found.best_params().get("high").unwrap(), 10.0);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn map_step<T: Transformer<F> + Clone>(
        mut self,
        index: usize,
        change: impl FnOnce(T) -> T,
    ) -> Self {
        let step: Option<&dyn Any> = self.steps.get(index).map(|step| &**step as _);
        match step.map(|step| step.downcast_ref::<T>()) {
            Some(Some(step)) => self.steps[index] = Arc::new(change(step.clone())),
            Some(None) => self.wrong_step = Some(self.other_type(index, type_name::<T>())),
            None => self.wrong_step = Some(self.no_step(index)),
        }
        self
    }

    /// Puts another step, of any type, in the place of one, counted from 0.
    ///
    /// A step that is not there makes every fit an [`Error::Param`].
    ///
    /// ```
    /// use blastrain::prelude::*;
    ///
    /// let pipeline = Pipeline::new().step(StandardScaler::new()).estimator(MlpClassifier::new().max_iter(30));
    /// let search = GridSearch::new(pipeline)
    ///     .axis("scaler", ["standard", "min_max"], |pipeline, scaler| match scaler {
    ///         "standard" => pipeline.replace_step(0, StandardScaler::new()),
    ///         _ => pipeline.replace_step(0, MinMaxScaler::new()),
    ///     })
    ///     .cv(StratifiedKFold::new(2));
    /// println!("{}", search.fit(&datasets::iris::<f64>()?)?.best_params());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn replace_step(mut self, index: usize, step: impl Transformer<F>) -> Self {
        match self.steps.get_mut(index) {
            Some(place) => *place = Arc::new(step),
            None => self.wrong_step = Some(self.no_step(index)),
        }
        self
    }

    fn no_step(&self, index: usize) -> WrongStep {
        let want = match self.steps.len() {
            0 => "one of the pipeline, which has none".to_owned(),
            steps => format!("from 0 to {}", steps - 1),
        };
        WrongStep { got: format!("number {index}"), want }
    }

    fn other_type(&self, index: usize, want: &str) -> WrongStep {
        WrongStep { got: format!("number {index}, {:?}", self.steps[index]), want: want.to_owned() }
    }

    /// Sets the estimator at the end.
    pub fn estimator<M: Estimator<F>>(self, estimator: M) -> Pipeline<F, M> {
        Pipeline { steps: self.steps, wrong_step: self.wrong_step, estimator }
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
        let wrong = &self.wrong_step;
        (!steps.is_empty() || inner.is_some()).then(|| format!("{steps:?} {inner:?} {wrong:?}"))
    }

    fn fit_preprocessing<'d>(&self, data: &Dataset<'d, F>) -> Result<Preprocessed<'d, F>> {
        if let Some(WrongStep { got, want }) = &self.wrong_step {
            return Err(Error::param("step", got, want));
        }
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
