//! Network, loss and settings that the example can train with.

use blastrain::datasets::FASHION_MNIST_CLASSES;
use blastrain::optim::schedule::{CosineAnnealing, LinearWarmup, Schedule};
use blastrain::prelude::*;
use blastrain::train::TrainerBuilder;
use clap::ValueEnum;

use super::{Options, Rule};

/// How to train.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum Recipe {
    /// Dense layers with ReLU, as the other options say.
    Plain,
    /// What scored best on validation rows, trained on all training pictures: the options for layers,
    /// optimiser, epochs and batches do not count.
    Best,
}

/// The settings of [`Recipe::Best`]; chosen on 10,000 rows held back from the training pictures.
mod best {
    pub const HIDDEN: [usize; 2] = [512, 512];
    pub const DROPOUT: f64 = 0.3;
    pub const LABEL_SMOOTHING: f64 = 0.1;
    pub const LEARNING_RATE: f64 = 0.004;
    pub const WEIGHT_DECAY: f64 = 0.05;
    pub const BATCH: usize = 128;
    pub const EPOCHS: usize = 60;
    /// Epochs in which the rate rises.
    pub const WARMUP: u64 = 3;
}

impl Recipe {
    /// The part of the training pictures to hold back.
    pub fn validation(self, options: &Options) -> f64 {
        match self {
            Recipe::Plain => options.validation,
            Recipe::Best => 0.0,
        }
    }

    /// A trainer for pictures of so many features.
    pub fn trainer<'a>(
        self,
        options: &Options,
        features: usize,
    ) -> Result<TrainerBuilder<'a, f32>> {
        match self {
            Recipe::Plain => plain(options, features),
            Recipe::Best => best(options, features),
        }
    }
}

fn plain<'a>(options: &Options, features: usize) -> Result<TrainerBuilder<'a, f32>> {
    let mut builder = Sequential::<f32>::input(features).seed(options.seed);
    for &units in &options.hidden {
        builder = builder.dense(units).relu();
    }
    let network = builder.dense(FASHION_MNIST_CLASSES.len()).build()?;
    Ok(Trainer::builder(network, CrossEntropy)
        .boxed_optimizer(optimizer(options.optimizer, options.rate))
        .batch_size(options.batch)
        .epochs(options.epochs))
}

fn best<'a>(options: &Options, features: usize) -> Result<TrainerBuilder<'a, f32>> {
    let mut builder = Sequential::<f32>::input(features).seed(options.seed);
    for units in best::HIDDEN {
        builder = builder.dense(units).batch_norm().relu().dropout(best::DROPOUT);
    }
    let network = builder.dense(FASHION_MNIST_CLASSES.len()).build()?;
    let cosine = CosineAnnealing::new(best::EPOCHS as u64 - best::WARMUP);
    let schedule = LinearWarmup::new(best::WARMUP).then(best::WARMUP, cosine);
    Ok(Trainer::builder(network, CrossEntropy.label_smoothing(best::LABEL_SMOOTHING)?)
        .optimizer(AdamW::new(best::LEARNING_RATE, best::WEIGHT_DECAY))
        .schedule(schedule)
        .batch_size(best::BATCH)
        .drop_last(true)
        .epochs(best::EPOCHS))
}

fn optimizer(rule: Rule, rate: Option<f64>) -> Box<dyn Optimizer<f32>> {
    let momentum = || Sgd::new(rate.unwrap_or(0.05)).momentum(0.9);
    match rule {
        Rule::Sgd => Box::new(Sgd::new(rate.unwrap_or(0.2))),
        Rule::Momentum => Box::new(momentum()),
        Rule::Nesterov => Box::new(momentum().nesterov(true)),
        Rule::Adam => Box::new(Adam::new(rate.unwrap_or(0.0005))),
        Rule::Adamw => Box::new(AdamW::new(rate.unwrap_or(0.0005), 0.01)),
        Rule::Rmsprop => Box::new(RmsProp::new(rate.unwrap_or(0.0005))),
    }
}
