//! The tutorial's data and its grid of 72 candidates.

use blastrain::activation::AnyActivation;
use blastrain::data::StratifiedKFold;
use blastrain::estimator::{LearningRate, Solver};
use blastrain::prelude::*;
use blastrain::search::GridSearch;
use clap::ValueEnum;

/// A perceptron, with or without a scaler before it.
pub type Perceptron<F> = Pipeline<F, MlpClassifier>;

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Data {
    Iris,
    BreastCancer,
    Digits,
    Wine,
}

impl Data {
    pub fn name(self) -> &'static str {
        match self {
            Data::Iris => "iris",
            Data::BreastCancer => "breast_cancer",
            Data::Digits => "digits",
            Data::Wine => "wine",
        }
    }

    fn load<F: Scalar>(self) -> Result<Dataset<'static, F>> {
        match self {
            Data::Iris => datasets::iris(),
            Data::BreastCancer => datasets::breast_cancer(),
            Data::Digits => datasets::digits(),
            Data::Wine => datasets::wine(),
        }
    }

    /// Training and test rows. The tutorial scales all rows before it splits them, so that the test rows
    /// have a say in the scale; where the scaler is a step of the pipeline they have none.
    pub fn split<F: Scalar>(
        self,
        pipeline: bool,
    ) -> Result<(Dataset<'static, F>, Dataset<'static, F>)> {
        let data = self.load::<F>()?;
        let data = match pipeline {
            true => data,
            false => MinMaxScaler::new().fit_dataset(&data)?.transform_dataset(&data)?,
        };
        train_test_split(&data, 0.2, RandomState::new(42))
    }
}

/// The settings that all candidates share.
pub fn perceptron<F: Scalar>(pipeline: bool) -> Perceptron<F> {
    let steps = match pipeline {
        true => Pipeline::new().step(MinMaxScaler::new()),
        false => Pipeline::new(),
    };
    steps.estimator(MlpClassifier::new().max_iter(1000).random_state(42))
}

/// The values of the axes.
pub struct Values {
    pub hidden_layer_sizes: Vec<Vec<usize>>,
    pub activations: Vec<Box<dyn AnyActivation>>,
    pub solvers: Vec<Solver>,
    pub alphas: Vec<f64>,
    pub learning_rates: Vec<LearningRate>,
}

impl Values {
    /// The tutorial's: 72 candidates.
    pub fn tutorial() -> Self {
        Self {
            hidden_layer_sizes: vec![vec![10], vec![20], vec![30]],
            activations: vec![Box::new(Tanh), Box::new(Relu)],
            solvers: vec![Solver::Sgd, Solver::Adam],
            alphas: vec![1e-4, 1e-3, 1e-2],
            learning_rates: vec![LearningRate::Constant, LearningRate::Adaptive],
        }
    }
}

/// Every combination of the values on three folds.
pub fn grid_search<F: Scalar>(
    perceptron: Perceptron<F>,
    values: Values,
) -> GridSearch<F, Perceptron<F>> {
    GridSearch::new(perceptron)
        .axis("hidden_layer_sizes", values.hidden_layer_sizes, |pipeline, sizes| {
            pipeline.map_estimator(|mlp| mlp.hidden_layer_sizes(sizes))
        })
        .axis("activation", values.activations, |pipeline, activation| {
            pipeline.map_estimator(|mlp| mlp.activation(activation))
        })
        .axis("solver", values.solvers, |pipeline, solver| {
            pipeline.map_estimator(|mlp| mlp.solver(solver))
        })
        .axis("alpha", values.alphas, |pipeline, alpha| {
            pipeline.map_estimator(|mlp| mlp.alpha(alpha))
        })
        .axis("learning_rate", values.learning_rates, |pipeline, rate| {
            pipeline.map_estimator(|mlp| mlp.learning_rate(rate))
        })
        .cv(StratifiedKFold::new(3))
}
