//! Trains a dense network on Fashion-MNIST.

use std::path::PathBuf;
use std::time::Instant;

use blastrain::blas_info;
use blastrain::prelude::*;
use blastrain::train::{EpochLog, TrainerBuilder};
use clap::{Parser, ValueEnum};

/// Trains a dense network on Fashion-MNIST and reports how good it is on the test pictures.
#[derive(Parser)]
struct Options {
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
    /// Part of the training pictures that is held back to watch the training.
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

impl Rule {
    fn optimizer(self, rate: Option<f64>) -> Box<dyn Optimizer<f32>> {
        let momentum = || Sgd::new(rate.unwrap_or(0.05)).momentum(0.9);
        match self {
            Rule::Sgd => Box::new(Sgd::new(rate.unwrap_or(0.2))),
            Rule::Momentum => Box::new(momentum()),
            Rule::Nesterov => Box::new(momentum().nesterov(true)),
            Rule::Adam => Box::new(Adam::new(rate.unwrap_or(0.0005))),
            Rule::Adamw => Box::new(AdamW::new(rate.unwrap_or(0.0005), 0.01)),
            Rule::Rmsprop => Box::new(RmsProp::new(rate.unwrap_or(0.0005))),
        }
    }
}

fn main() -> Result<()> {
    let options = Options::parse();
    let start = Instant::now();
    let (train, test) = match &options.data {
        Some(folder) => datasets::fashion_mnist_from::<f32>(folder)?,
        None => datasets::fashion_mnist::<f32>()?,
    };
    let (train, validation) =
        stratified_train_test_split(&train, options.validation, RandomState::new(options.seed))?;

    let mut builder = Sequential::<f32>::input(train.features()).seed(options.seed);
    for &units in &options.hidden {
        builder = builder.dense(units).relu();
    }
    let network = builder.dense(datasets::FASHION_MNIST_CLASSES.len()).build()?;
    println!("{}\n\n{}\n", blas_info()?, network.summary());

    let builder = Trainer::builder(network, CrossEntropy)
        .boxed_optimizer(options.optimizer.optimizer(options.rate))
        .metric(Accuracy)
        .validation(&validation)
        .batch_size(options.batch)
        .epochs(options.epochs)
        .seed(options.seed)
        .parallelism(options.threads.map_or(Parallelism::Auto, Parallelism::Threads));
    let mut trainer = watched(builder).build()?;
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
