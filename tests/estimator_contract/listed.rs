//! The estimators under contract, behind one face, and the rows that they are fitted to.

use std::fmt::Debug;

use blastrain::data::{Dataset, TargetStorage};
use blastrain::estimator::{
    Estimator, FitContext, FittedMlpClassifier, FittedMlpRegressor, FittedPipeline, InFile,
    MlpClassifier, MlpRegressor, Pipeline, Predictor, RegressorLoss, Solver,
};
use blastrain::preprocessing::{MinMaxScaler, Pca, StandardScaler, Transformer};
use blastrain::{Result, Scalar, Sequential};
use ndarray::{Array2, ArrayView2};

pub const ROWS: usize = 24;
pub const COLUMNS: usize = 4;

/// An estimator of any type.
pub trait Listed<F: Scalar>: Debug + Send + Sync {
    fn fit_with(
        &self,
        data: &Dataset<'_, F>,
        context: &mut FitContext<'_, F>,
    ) -> Result<Box<dyn Fitted<F>>>;

    /// The same behind no steps.
    fn in_empty_pipeline(&self) -> Box<dyn Listed<F>>;

    fn clone_box(&self) -> Box<dyn Listed<F>>;
}

/// A fitted model of any type.
pub trait Fitted<F: Scalar>: Predictor<F> {
    fn network(&self) -> &Sequential<F>;

    /// The epochs, or iterations, of the last fit.
    fn n_iter(&self) -> usize;

    /// The probability of each class, or flag, of a classifier.
    fn probabilities(&self, x: ArrayView2<'_, F>) -> Option<Result<Array2<F>>>;

    /// One epoch more, of a model that can.
    fn partial_fit(&mut self, data: &Dataset<'_, F>) -> Option<Result<()>>;

    fn to_bytes(&self) -> Vec<u8>;

    /// The model that its file holds.
    fn reloaded(&self) -> Box<dyn Fitted<F>>;

    fn clone_box(&self) -> Box<dyn Fitted<F>>;

    /// What the network learnt, to the bit.
    fn bits(&self) -> Vec<u64> {
        let network = self.network();
        let values = network.parameters().iter().chain(network.buffers());
        values.map(|value| value.as_f64().to_bits()).collect()
    }
}

/// An estimator without steps before it.
#[derive(Debug, Clone)]
struct Alone<E>(E);

impl<F, E> Listed<F> for Alone<E>
where
    F: Scalar,
    E: Estimator<F> + Clone + 'static,
    E::Fitted: Fitted<F> + InFile<F> + Clone + 'static,
{
    fn fit_with(
        &self,
        data: &Dataset<'_, F>,
        context: &mut FitContext<'_, F>,
    ) -> Result<Box<dyn Fitted<F>>> {
        Ok(Box::new(self.0.fit_with(data, context)?))
    }

    fn in_empty_pipeline(&self) -> Box<dyn Listed<F>> {
        Box::new(Piped(Pipeline::new().estimator(self.0.clone())))
    }

    fn clone_box(&self) -> Box<dyn Listed<F>> {
        Box::new(self.clone())
    }
}

/// A pipeline: a listed type of its own, as a pipeline in a pipeline has no file.
#[derive(Debug, Clone)]
struct Piped<F: Scalar, E>(Pipeline<F, E>);

impl<F, E> Listed<F> for Piped<F, E>
where
    F: Scalar,
    E: Estimator<F> + Clone + 'static,
    FittedPipeline<F, E::Fitted>: Fitted<F>,
    E::Fitted: 'static,
{
    fn fit_with(
        &self,
        data: &Dataset<'_, F>,
        context: &mut FitContext<'_, F>,
    ) -> Result<Box<dyn Fitted<F>>> {
        Ok(Box::new(self.0.fit_with(data, context)?))
    }

    fn in_empty_pipeline(&self) -> Box<dyn Listed<F>> {
        self.clone_box()
    }

    fn clone_box(&self) -> Box<dyn Listed<F>> {
        Box::new(Self(self.0.clone()))
    }
}

/// What a fitted type does by its own methods; `$probabilities` is what it has for probabilities.
macro_rules! fitted {
    ($type:ty, $probabilities:expr) => {
        impl<F: Scalar> Fitted<F> for $type {
            fn network(&self) -> &Sequential<F> {
                <$type>::network(self)
            }

            fn n_iter(&self) -> usize {
                <$type>::n_iter(self)
            }

            fn probabilities(&self, x: ArrayView2<'_, F>) -> Option<Result<Array2<F>>> {
                let probabilities: fn(&Self, ArrayView2<'_, F>) -> Option<Result<Array2<F>>> =
                    $probabilities;
                probabilities(self, x)
            }

            fn partial_fit(&mut self, data: &Dataset<'_, F>) -> Option<Result<()>> {
                Some(<$type>::partial_fit(self, data))
            }

            fn to_bytes(&self) -> Vec<u8> {
                <$type>::to_bytes(self).unwrap()
            }

            fn reloaded(&self) -> Box<dyn Fitted<F>> {
                Box::new(<$type>::from_bytes(&Fitted::to_bytes(self)).unwrap())
            }

            fn clone_box(&self) -> Box<dyn Fitted<F>> {
                Box::new(self.clone())
            }
        }
    };
}

fitted!(FittedMlpClassifier<F>, |model, x| Some(model.predict_proba(x)));
fitted!(FittedMlpRegressor<F>, |_, _| None);

impl<F, M> Fitted<F> for FittedPipeline<F, M>
where
    F: Scalar,
    M: Fitted<F> + InFile<F> + Clone + 'static,
{
    fn network(&self) -> &Sequential<F> {
        self.model().network()
    }

    fn n_iter(&self) -> usize {
        self.model().n_iter()
    }

    fn probabilities(&self, x: ArrayView2<'_, F>) -> Option<Result<Array2<F>>> {
        match self.transform(x) {
            Ok(x) => self.model().probabilities(x.view()),
            Err(error) => Some(Err(error)),
        }
    }

    fn partial_fit(&mut self, _data: &Dataset<'_, F>) -> Option<Result<()>> {
        None
    }

    fn to_bytes(&self) -> Vec<u8> {
        FittedPipeline::to_bytes(self).unwrap()
    }

    fn reloaded(&self) -> Box<dyn Fitted<F>> {
        Box::new(Self::from_bytes(&Fitted::to_bytes(self)).unwrap())
    }

    fn clone_box(&self) -> Box<dyn Fitted<F>> {
        Box::new(self.clone())
    }
}

/// What an estimator predicts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    Classes(usize),
    Flags,
    Numbers(usize),
    Counts,
}

/// An estimator, and what the checks need to know about it.
pub struct Entry<F: Scalar> {
    pub name: String,
    pub estimator: Box<dyn Listed<F>>,
    pub kind: Kind,
    /// Whether each update sees all rows, in order, and nothing else does: a weight is then a number of repeats.
    pub counts_weights: bool,
    /// Whether it learns from a single row; else it says that it cannot.
    pub from_one_row: bool,
}

impl<F: Scalar> Entry<F> {
    pub fn fit(&self, data: &Dataset<'_, F>) -> Result<Box<dyn Fitted<F>>> {
        self.estimator.fit_with(data, &mut FitContext::new())
    }

    /// The model of the rows that all entries are fitted to.
    pub fn fitted(&self) -> Box<dyn Fitted<F>> {
        self.fit(&self.data()).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    pub fn data(&self) -> Dataset<'static, F> {
        self.kind.dataset(features(ROWS, COLUMNS))
    }
}

impl Kind {
    pub fn is_classes(self) -> bool {
        matches!(self, Kind::Classes(_))
    }

    /// Rows with targets of this kind, which depend on the row's number only.
    pub fn dataset<F: Scalar>(self, x: Array2<F>) -> Dataset<'static, F> {
        let rows = x.nrows();
        let wave = |row: usize, output: usize| ((row * (output + 2)) as f64 * 0.8).sin();
        let values = |columns: usize, value: &dyn Fn(usize, usize) -> f64| {
            let number = |(row, column)| F::from_f64(value(row, column));
            TargetStorage::Values(Array2::from_shape_fn((rows, columns), number).into_shared())
        };
        let data = match self {
            Kind::Classes(classes) => {
                let indices: Vec<usize> = (0..rows).map(|row| row % classes).collect();
                let names = (0..classes).map(|class| format!("class {class}"));
                return Dataset::new(x, indices).unwrap().with_class_names(names).unwrap();
            }
            Kind::Flags => {
                Dataset::new(x, values(3, &|row, flag| f64::from(wave(row, flag) > 0.1)))
            }
            Kind::Numbers(outputs) => Dataset::new(x, values(outputs, &wave)),
            Kind::Counts => Dataset::new(x, values(1, &|row, _| (row % 4) as f64)),
        };
        data.unwrap()
    }
}

/// Columns of different size and middle.
pub fn features<F: Scalar>(rows: usize, columns: usize) -> Array2<F> {
    Array2::from_shape_fn((rows, columns), |(row, column)| {
        let (x, c) = (row as f64, column as f64);
        F::from_f64((0.5 * c + 1.0) * (0.7 * x + c * x * 0.31).sin() + 0.4 * c)
    })
}

/// A way to fit that both perceptrons have.
struct Way<S> {
    name: &'static str,
    settings: S,
    counts_weights: bool,
    from_one_row: bool,
}

/// Every way to fit, from settings; classifier and regressor have methods of the same names.
macro_rules! ways {
    ($settings:expr) => {{
        let quick = || {
            $settings
                .hidden_layer_sizes([5])
                .learning_rate_init(0.01)
                .batch_size(8)
                .max_iter(6)
                .random_state(3)
        };
        let way = |name, settings, counts_weights, from_one_row| Way {
            name,
            settings,
            counts_weights,
            from_one_row,
        };
        let whole = quick().solver(Solver::Sgd).batch_size(100_000).shuffle(false);
        vec![
            way("adam", quick(), false, true),
            way("sgd", quick().solver(Solver::Sgd), false, true),
            way("full-batch sgd", whole, true, true),
            way("lbfgs", quick().solver(Solver::Lbfgs), true, true),
            way(
                "early stopping",
                quick().early_stopping(true).validation_fraction(0.25),
                false,
                false,
            ),
            way("dropout and batch norm", quick().dropout(0.3).batch_norm(true), false, false),
        ]
    }};
}

/// Each classifier that is listed, by name.
pub fn classifiers() -> Vec<(&'static str, MlpClassifier)> {
    ways!(MlpClassifier::new()).into_iter().map(|way| (way.name, way.settings)).collect()
}

fn push<F, E>(entries: &mut Vec<Entry<F>>, kind: Kind, way: Way<E>)
where
    F: Scalar,
    E: Estimator<F> + Clone + 'static,
    E::Fitted: Fitted<F> + InFile<F> + Clone + 'static,
{
    let Way { name, settings, counts_weights, from_one_row } = way;
    let mut steps: Vec<(&str, bool, Box<dyn Transformer<F>>)> = vec![
        ("standard scaler", true, Box::new(StandardScaler::new())),
        ("min-max scaler", true, Box::new(MinMaxScaler::new())),
    ];
    if cfg!(feature = "openblas") {
        steps.push(("pca", false, Box::new(Pca::new())));
    }
    for (step, learns_from_one_row, transformer) in steps {
        let pipeline = Pipeline::new().boxed_step(transformer).estimator(settings.clone());
        entries.push(Entry {
            name: format!("{step} and {name}, {kind:?}, {}", F::NAME),
            estimator: Box::new(Piped(pipeline)),
            kind,
            // Scalers do not look at weights.
            counts_weights: false,
            from_one_row: from_one_row && learns_from_one_row,
        });
    }
    entries.push(Entry {
        name: format!("{name}, {kind:?}, {}", F::NAME),
        estimator: Box::new(Alone(settings)),
        kind,
        counts_weights,
        from_one_row,
    });
}

/// All estimators under contract.
pub fn estimators<F: Scalar>() -> Vec<Entry<F>> {
    let mut entries = Vec::new();
    for kind in [Kind::Classes(2), Kind::Classes(3), Kind::Flags] {
        for way in ways!(MlpClassifier::new()) {
            push(&mut entries, kind, way);
        }
    }
    for kind in [Kind::Numbers(1), Kind::Numbers(3)] {
        for way in ways!(MlpRegressor::new()) {
            push(&mut entries, kind, way);
        }
    }
    for way in ways!(MlpRegressor::new().loss(RegressorLoss::Poisson)) {
        push(&mut entries, Kind::Counts, way);
    }
    entries
}
