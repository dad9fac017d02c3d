//! Training throughput over whole epochs of Fashion-MNIST.

use std::path::PathBuf;
use std::time::Instant;

use blastrain::data::Dataset;
use blastrain::loss::CrossEntropy;
use blastrain::optim::{Adam, Optimizer, Sgd};
use blastrain::train::{Trainer, WeightGradient};
use blastrain::{Parallelism, Sequential, datasets};
use clap::Parser;

/// Measures training throughput on Fashion-MNIST.
#[derive(Parser)]
struct Options {
    /// small, medium or large.
    workload: String,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    #[arg(long)]
    shards: Option<usize>,
    #[arg(long)]
    shard_gradients: bool,
    #[arg(long)]
    data: Option<PathBuf>,
}

fn main() -> blastrain::Result<()> {
    let options = Options::parse();
    let (train, test) = match &options.data {
        Some(folder) => datasets::fashion_mnist_from::<f32>(folder)?,
        None => datasets::fashion_mnist::<f32>()?,
    };
    let sgd = Sgd::new(0.01).momentum(0.9).nesterov(true);
    let (hidden, batch, optimizer, rows): (&[usize], _, Box<dyn Optimizer<f32>>, _) =
        match &*options.workload {
            "small" => (&[128], 32, Box::new(Adam::default()), 60_000),
            "medium" => (&[512, 512], 128, Box::new(Adam::default()), 60_000),
            "large" => (&[2048, 2048], 512, Box::new(sgd), 20_480),
            _ => panic!("unknown workload"),
        };
    let train: Dataset<'_, f32> = train.select(&(0..rows).collect::<Vec<_>>())?;
    let mut builder = Sequential::input(784).seed(1);
    for &units in hidden {
        builder = builder.dense(units).relu();
    }
    let network = builder.dense(10).build()?;
    let mut trainer = Trainer::builder(network, CrossEntropy)
        .boxed_optimizer(optimizer)
        .batch_size(batch)
        .epochs(4)
        .drop_last(true)
        .parallelism(Parallelism::Threads(options.threads));
    if let Some(shards) = options.shards {
        trainer = trainer.shards(shards);
    }
    if options.shard_gradients {
        trainer = trainer.weight_gradient(WeightGradient::Shards);
    }
    let mut trainer = trainer.build()?;
    let start = Instant::now();
    let history = trainer.fit(&train)?;
    for epoch in history.epochs() {
        println!(
            "{} loss {:.4} {:.0} samples/s {:.1} GFLOP/s",
            epoch.epoch, epoch.loss, epoch.samples_per_second, epoch.gflops
        );
    }
    let classes = trainer.network().predict_classes(test.features_view().unwrap())?;
    let right =
        classes.iter().zip(test.class_targets().unwrap()).filter(|(a, b)| **a == *b).count();
    println!(
        "test accuracy {:.4} {:.1} s",
        right as f64 / classes.len() as f64,
        start.elapsed().as_secs_f64()
    );
    Ok(())
}
