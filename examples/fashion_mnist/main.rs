//! Trains a dense network on Fashion-MNIST.

mod recipe;

use std::path::PathBuf;
use std::time::Instant;

use blastrain::blas_info;
use blastrain::prelude::*;
use blastrain::train::{EpochLog, TrainerBuilder};
use clap::{Parser, ValueEnum};
use recipe::Recipe;

/// Trains a dense network on Fashion-MNIST and reports how good it is on the test pictures.
#[derive(Parser)]
struct Options {
    /// How to train.
    #[arg(long, value_enum, default_value_t = Recipe::Plain)]
    recipe: Recipe,
    /// Units of the hidden layers.
    #[arg(long, value_delimiter = ',', default_value = "256,128")]
    hidden: Vec<usize>,
    /// Passes over the training pictures.
    #[arg(long, default_value_t = 10)]
    epochs: usize,
    /// Pictures in a batch.
    #[arg(long, default_value_t = 64)]
    batch: usize,
    /// Learning rate; unless given, one that suits the optimiser.
    #[arg(long)]
    rate: Option<f64>,
    /// Optimiser.
    #[arg(long, value_enum, default_value_t = Rule::Adam)]
    optimizer: Rule,
    /// Threads; unless given, one for each core. The result does not depend on it.
    #[arg(long)]
    threads: Option<usize>,
    /// Seed of the weights, of the validation rows and of the order of rows.
    #[arg(long, default_value_t = 0)]
    seed: u32,
    /// Part of the training pictures that is held back to watch the training; 0 for none.
    #[arg(long, default_value_t = 0.1)]
    validation: f64,
    /// Folder with the four files; unless given, that of Debian's package dataset-fashion-mnist.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Where the picture of loss and accuracy over the epochs goes.
    #[cfg(feature = "plot")]
    #[arg(long, default_value = "loss.svg")]
    plot: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Rule {
    Sgd,
    Momentum,
    Nesterov,
    Adam,
    Adamw,
    Rmsprop,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let start = Instant::now();
    let (train, test) = match &options.data {
        Some(folder) => datasets::fashion_mnist_from::<f32>(folder)?,
        None => datasets::fashion_mnist::<f32>()?,
    };
    let held_back = options.recipe.validation(&options);
    let (train, validation) = if held_back > 0.0 {
        let random = RandomState::new(options.seed);
        let (train, validation) = stratified_train_test_split(&train, held_back, random)?;
        (train, Some(validation))
    } else {
        (train, None)
    };

    let mut builder = options
        .recipe
        .trainer(&options, train.features())?
        .metric(Accuracy)
        .train_metrics(validation.is_some())
        .seed(options.seed)
        .parallelism(options.threads.map_or(Parallelism::Auto, Parallelism::Threads));
    if let Some(validation) = &validation {
        builder = builder.validation(validation);
    }
    let mut trainer = watched(builder).build()?;
    println!("{}\n\n{}\n", blas_info()?, trainer.network().summary());
    let history = trainer.fit(&train)?;
    #[cfg(feature = "plot")]
    {
        history.plot(&options.plot)?;
        println!("loss and accuracy over the epochs: {}", options.plot.display());
    }
    let seconds: f64 = history.epochs().iter().map(|epoch| epoch.seconds).sum();
    let total = start.elapsed().as_secs_f64();
    println!("trained in {seconds:.1} s, {total:.1} s with reading and validation\n");

    let predicted = trainer.network().predict_classes(&test)?;
    let targets = test.class_targets().unwrap_or_default();
    let report = classification_report(&targets, &predicted, test.class_names(), None)?;
    println!("{report}");
    println!("test accuracy {:.4}", report.accuracy);
    Ok(())
}

/// A bar where there is a terminal to show it, else a line for every epoch.
fn watched(builder: TrainerBuilder<'_, f32>) -> TrainerBuilder<'_, f32> {
    #[cfg(feature = "progress")]
    if std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        return builder.observer(blastrain::train::ProgressBar::new());
    }
    builder.observer(EpochLog::new(std::io::stdout()))
}
