//! What every estimator can do, before and after its fit.

use std::fmt::Debug;

use ndarray::{Array2, ArrayView2};

use super::{FitContext, Preprocessed};
use crate::data::{Dataset, FeatureStorage, Targets};
use crate::error::{Error, Result};
use crate::metrics::Metric;
use crate::scalar::Scalar;
use crate::train::History;

/// A configuration that can be fitted to data: a model's settings, or a pipeline's steps.
///
/// Configurations are never changed by a fit: the same configuration fitted twice to the same data
/// gives the same model.
///
/// ```
/// use blastrain::estimator::{Estimator, MlpClassifier, Predictor};
/// use blastrain::datasets;
///
/// fn training_score<E: Estimator<f64>>(estimator: &E) -> blastrain::Result<f64> {
///     let data = datasets::iris()?;
///     estimator.fit(&data)?.score(&data)
/// }
///
/// let settings = MlpClassifier::new().hidden_layer_sizes([8]).learning_rate_init(0.05);
/// assert!(training_score(&settings)? > 0.9);
/// # Ok::<(), blastrain::Error>(())
/// ```
pub trait Estimator<F: Scalar>: Debug + Send + Sync {
    /// What a fit gives.
    type Fitted: Predictor<F>;

    /// Fits to `data` under `context`: on its threads, told to its observers, ended by its stop flag.
    ///
    /// # Errors
    /// Settings out of range, data of the wrong kind, and what the fit itself meets, such as
    /// [`Error::Diverged`](crate::Error::Diverged).
    fn fit_with(
        &self,
        data: &Dataset<'_, F>,
        context: &mut FitContext<'_, F>,
    ) -> Result<Self::Fitted>;

    /// What is equal for two estimators of this type whose [`fit_preprocessing`](Estimator::fit_preprocessing)
    /// gives the same for the same data, as long as both live; none without preprocessing.
    ///
    /// In a search, candidates of equal keys share one fit of it a fold.
    fn preprocessing_key(&self) -> Option<String> {
        None
    }

    /// The first part of a fit: learns the preprocessing and applies it to the rows. Without preprocessing
    /// the rows stay as they are, uncopied.
    ///
    /// # Errors
    /// What a step refuses.
    fn fit_preprocessing<'d>(&self, data: &Dataset<'d, F>) -> Result<Preprocessed<'d, F>> {
        Ok(Preprocessed::new(data.clone()))
    }

    /// The second part of a fit: to rows from the [`fit_preprocessing`](Estimator::fit_preprocessing) of an
    /// estimator of the same [key](Estimator::preprocessing_key). Both parts give what
    /// [`fit_with`](Estimator::fit_with) gives.
    ///
    /// # Errors
    /// As [`Estimator::fit_with`].
    fn fit_preprocessed(
        &self,
        preprocessed: &Preprocessed<'_, F>,
        context: &mut FitContext<'_, F>,
    ) -> Result<Self::Fitted> {
        self.fit_with(preprocessed.rows(), context)
    }

    /// Fits to `data` on the current threads, with nobody watching.
    ///
    /// # Errors
    /// As [`Estimator::fit_with`].
    fn fit(&self, data: &Dataset<'_, F>) -> Result<Self::Fitted> {
        self.fit_with(data, &mut FitContext::new())
    }

    /// Fits to `data` for `epochs` epochs in all (at least 1), going on from `model` if there is one.
    ///
    /// `model` is one that these settings gave for the same data, through this method, for no more epochs.
    /// What comes out equals, bit for bit, an unbroken fit whose settings ask for so many epochs; how many
    /// these settings ask for does not count. A model whose fit ended by itself (converged, or stopped
    /// early) comes back as it is.
    ///
    /// ```
    /// use blastrain::datasets;
    /// use blastrain::estimator::{Estimator, FitContext, MlpClassifier};
    ///
    /// let data = datasets::iris::<f64>()?;
    /// let settings = MlpClassifier::new();
    /// let context = &mut FitContext::new();
    /// let model = settings.fit_epochs(&data, None, 5, context)?;
    /// let model = settings.fit_epochs(&data, Some(model), 20, context)?;
    /// let unbroken = settings.max_iter(20).fit(&data)?;
    /// assert_eq!(model.loss_curve(), unbroken.loss_curve());
    /// assert_eq!(model.coefs(), unbroken.coefs());
    /// # Ok::<(), blastrain::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Estimator::fit_with`]; [`Error::Param`] for a model that cannot be gone on with or has had more
    /// epochs, [`Error::Shape`] for one of other data. Unless an estimator says otherwise it cannot
    /// do this: [`Error::Unavailable`].
    fn fit_epochs(
        &self,
        data: &Dataset<'_, F>,
        model: Option<Self::Fitted>,
        epochs: usize,
        context: &mut FitContext<'_, F>,
    ) -> Result<Self::Fitted> {
        let _ = (data, model, epochs, context);
        let why = "this estimator's fits cannot be continued";
        Err(Error::Unavailable { what: "training by epochs".into(), why: why.into() })
    }

    /// [`Estimator::fit_epochs`] behind a preprocessing, as [`Estimator::fit_preprocessed`] is
    /// [`Estimator::fit_with`].
    ///
    /// # Errors
    /// As [`Estimator::fit_epochs`].
    fn fit_epochs_preprocessed(
        &self,
        preprocessed: &Preprocessed<'_, F>,
        model: Option<Self::Fitted>,
        epochs: usize,
        context: &mut FitContext<'_, F>,
    ) -> Result<Self::Fitted> {
        self.fit_epochs(preprocessed.rows(), model, epochs, context)
    }

    /// Roughly how long a fit to so many rows takes, in any unit: searches start the longest first. It
    /// changes the time, not the result.
    fn cost(&self, rows: usize, features: usize) -> f64 {
        (rows * features) as f64
    }

    /// What the quality of a fit is measured by unless one says otherwise: accuracy, or R².
    fn default_metric(&self) -> Box<dyn Metric<F>>;
}

/// A fitted model: what it gives for new rows, and how good that is.
///
/// ```
/// use blastrain::prelude::*;
/// use blastrain::metrics::LogLoss;
///
/// let data = datasets::iris::<f64>()?;
/// let model = MlpClassifier::new().learning_rate_init(0.02).random_state(1).fit(&data)?;
/// let outputs = model.predict_outputs(data.features_view().unwrap())?;
/// assert_eq!(outputs.dim(), (150, 3)); // probabilities
/// assert!(model.score(&data)? > 0.9); // accuracy
/// assert!(model.evaluate(&data, &LogLoss)? < 0.3);
/// # Ok::<(), Error>(())
/// ```
pub trait Predictor<F: Scalar>: Debug + Send + Sync {
    /// The outputs for rows of features, as [`Metric::evaluate`] takes them: probabilities of a
    /// classifier, values of a regressor.
    ///
    /// `(rows, features)` → `(rows, outputs)`. A classifier of two classes has one output, the
    /// probability of class 1.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for another number of features than the model was
    /// fitted to, [`Error::NonFinite`](crate::Error::NonFinite) for a NaN or an infinity.
    fn predict_outputs(&self, features: ArrayView2<'_, F>) -> Result<Array2<F>>;

    /// What [`Predictor::score`] measures.
    fn default_metric(&self) -> Box<dyn Metric<F>>;

    /// A metric's value for a data set, with the weights of its rows.
    ///
    /// # Errors
    /// As [`Predictor::predict_outputs`], and what the metric refuses.
    fn evaluate(&self, data: &Dataset<'_, F>, metric: &dyn Metric<F>) -> Result<f64> {
        Ok(self.evaluate_all(data, &[metric])?[0])
    }

    /// The values of several metrics for a data set, from one prediction.
    ///
    /// # Errors
    /// As [`Predictor::evaluate`].
    fn evaluate_all(&self, data: &Dataset<'_, F>, metrics: &[&dyn Metric<F>]) -> Result<Vec<f64>> {
        let features = FeatureStorage::from(data);
        let outputs = self.predict_outputs(features.view())?;
        measure(&outputs, data, metrics)
    }

    /// The default metric's value for a data set, with the weights of its rows: the accuracy of a classifier,
    /// R² of a regressor. The larger the better.
    ///
    /// The data set of a classifier holds class indices, also where the model's labels are strings or numbers.
    ///
    /// # Errors
    /// As [`Predictor::evaluate`].
    fn score(&self, data: &Dataset<'_, F>) -> Result<f64> {
        self.evaluate(data, &*self.default_metric())
    }

    /// What the last fit recorded epoch by epoch; `None` for a model that is not trained in epochs, was not
    /// trained yet or comes from a file.
    fn history(&self) -> Option<&History> {
        None
    }
}

/// The metrics of outputs for the rows of a data set, with their weights.
pub(super) fn measure<F: Scalar>(
    outputs: &Array2<F>,
    data: &Dataset<'_, F>,
    metrics: &[&dyn Metric<F>],
) -> Result<Vec<f64>> {
    let (classes, values) = (data.class_targets(), data.value_targets());
    let targets = match (&classes, &values) {
        (Some(classes), _) => Targets::Classes(classes),
        (None, Some(values)) => Targets::Values(values.view()),
        (None, None) => return Err(Error::empty("the targets", "1 row")),
    };
    let weights = data.row_weights();
    let value =
        |metric: &&dyn Metric<F>| metric.evaluate(outputs.view(), targets, weights.as_deref());
    metrics.iter().map(value).collect()
}
