//! The best settings of a perceptron by grid search: 72 candidates on 3 folds, 216 fits.

use std::time::Instant;

use blastrain::activation::AnyActivation;
use blastrain::data::StratifiedKFold;
use blastrain::estimator::{LearningRate, Solver};
use blastrain::prelude::*;
use blastrain::search::GridSearch;
use clap::{Parser, ValueEnum};
use serde_json::json;

/// Searches sizes, activation, solver, penalty and learning rate of a perceptron.
#[derive(Parser)]
struct Options {
    /// The data.
    dataset: Data,
    /// Fit the scaler inside each fold, instead of to all rows before the split.
    #[arg(long)]
    pipeline: bool,
    /// Compute in f32 instead of f64.
    #[arg(long)]
    f32: bool,
    /// Threads; all that there are unless told otherwise.
    #[arg(long)]
    threads: Option<usize>,
    /// Print every candidate's mean score as JSON.
    #[arg(long)]
    scores: bool,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Data {
    Iris,
    BreastCancer,
    Digits,
    Wine,
}

impl Data {
    fn name(self) -> &'static str {
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
}

fn main() -> Result<()> {
    let options = Options::parse();
    if options.f32 { run::<f32>(&options) } else { run::<f64>(&options) }
}

fn run<F: Scalar>(options: &Options) -> Result<()> {
    let data = options.dataset.load::<F>()?;
    // The tutorial scales all rows before the split; --pipeline keeps test rows out of it.
    let data = match options.pipeline {
        true => data,
        false => MinMaxScaler::new().fit_dataset(&data)?.transform_dataset(&data)?,
    };
    let (train, test) = train_test_split(&data, 0.2, RandomState::new(42))?;
    let mut pipeline = Pipeline::new();
    if options.pipeline {
        pipeline = pipeline.step(MinMaxScaler::new());
    }
    let search = grid(pipeline.estimator(MlpClassifier::new().max_iter(1000).random_state(42)));
    let mut context = blastrain::estimator::FitContext::new();
    if let Some(threads) = options.threads {
        context = context.parallelism(Parallelism::Threads(threads));
    }
    let start = Instant::now();
    let found = search.fit_with(&train, &mut context)?;
    let seconds = start.elapsed().as_secs_f64();
    println!("{}", found.results());
    if options.scores {
        println!("{}", json!(found.results().means("accuracy")?));
    }
    let line = json!({
        "dataset": options.dataset.name(),
        "fits": found.results().candidates().iter().map(|c| c.folds.len()).sum::<usize>(),
        "seconds": (seconds * 1e3).round() / 1e3,
        "best_score": found.best_score(),
        "best_params": found.best_params(),
        "test_score": found.score(&test)?,
    });
    println!("{line}");
    Ok(())
}

type Perceptron<F> = Pipeline<F, MlpClassifier>;

/// The tutorial's grid.
fn grid<F: Scalar>(pipeline: Perceptron<F>) -> GridSearch<F, Perceptron<F>> {
    let activations: [Box<dyn AnyActivation>; 2] = [Box::new(Tanh), Box::new(Relu)];
    let rates = [LearningRate::Constant, LearningRate::Adaptive];
    GridSearch::new(pipeline)
        .axis("hidden_layer_sizes", [vec![10], vec![20], vec![30]], |pipeline, sizes| {
            pipeline.map_estimator(|mlp| mlp.hidden_layer_sizes(sizes))
        })
        .axis("activation", activations, |pipeline, activation| {
            pipeline.map_estimator(|mlp| mlp.activation(activation))
        })
        .axis("solver", [Solver::Sgd, Solver::Adam], |pipeline, solver| {
            pipeline.map_estimator(|mlp| mlp.solver(solver))
        })
        .axis("alpha", [1e-4, 1e-3, 1e-2], |pipeline, alpha| {
            pipeline.map_estimator(|mlp| mlp.alpha(alpha))
        })
        .axis("learning_rate", rates, |pipeline, rate| {
            pipeline.map_estimator(|mlp| mlp.learning_rate(rate))
        })
        .cv(StratifiedKFold::new(3))
}
