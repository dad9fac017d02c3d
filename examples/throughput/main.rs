//! Training throughput over whole epochs of Fashion-MNIST, beside the bound that the step's matrix
//! products set.

mod bound;

use std::path::PathBuf;

use blastrain::loss::CrossEntropy;
use blastrain::network::SequentialBuilder;
use blastrain::optim::{Adam, Optimizer, Sgd};
use blastrain::train::{Trainer, WeightGradient};
use blastrain::{Parallelism, Sequential, datasets};
use clap::{Parser, ValueEnum};

/// Measures training throughput on Fashion-MNIST: one warm-up epoch, then the median of three.
///
/// Prints one line of JSON. The bound is the throughput of the step's matrix products alone, each
/// at the best split found for it, measured in the same run.
#[derive(Parser)]
struct Options {
    /// The network, batch size and optimiser.
    workload: Workload,
    /// Threads that train.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Row shards of a batch; chosen by the crate unless given.
    #[arg(long)]
    shards: Option<usize>,
    /// Lets each shard own a gradient, instead of workers owning blocks of the weights.
    #[arg(long)]
    shard_gradients: bool,
    /// Leaves the bound out.
    #[arg(long)]
    no_bound: bool,
    /// Folder of Fashion-MNIST; that of Debian's package dataset-fashion-mnist unless given.
    #[arg(long)]
    data: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Workload {
    /// 784-128-10, batch 32, Adam.
    Small,
    /// 784-512-512-10, batch 128, Adam.
    Medium,
    /// 784-512-256-10 with batch norm before and dropout of 0.5 behind each ReLU, batch 128, Adam.
    Regular,
    /// 784-2048-2048-10, batch 512, SGD with Nesterov momentum 0.9, 20,480 rows.
    Large,
}

impl Workload {
    /// Hidden layers, batch size and training rows.
    fn sizes(self) -> (&'static [usize], usize, usize) {
        match self {
            Workload::Small => (&[128], 32, 60_000),
            Workload::Medium => (&[512, 512], 128, 60_000),
            Workload::Regular => (&[512, 256], 128, 60_000),
            Workload::Large => (&[2048, 2048], 512, 20_480),
        }
    }

    /// Adds a hidden layer of so many units.
    fn hidden(self, network: SequentialBuilder<f32>, units: usize) -> SequentialBuilder<f32> {
        match self {
            Workload::Regular => network.dense(units).batch_norm().relu().dropout(0.5),
            _ => network.dense(units).relu(),
        }
    }

    fn optimizer(self) -> Box<dyn Optimizer<f32>> {
        match self {
            Workload::Large => Box::new(Sgd::new(0.01).momentum(0.9).nesterov(true)),
            _ => Box::new(Adam::default()),
        }
    }
}

fn main() -> blastrain::Result<()> {
    let options = Options::parse();
    let (train, test) = match &options.data {
        Some(folder) => datasets::fashion_mnist_from::<f32>(folder)?,
        None => datasets::fashion_mnist::<f32>()?,
    };
    let (hidden, batch_size, rows) = options.workload.sizes();
    let train = train.select(&(0..rows.min(train.len())).collect::<Vec<_>>())?;

    let mut network = Sequential::input(train.features()).seed(1);
    for &units in hidden {
        network = options.workload.hidden(network, units);
    }
    let mut trainer = Trainer::builder(network.dense(10).build()?, CrossEntropy)
        .boxed_optimizer(options.workload.optimizer())
        .batch_size(batch_size)
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
    let history = trainer.fit(&train)?;
    let mut rates: Vec<f64> = history.curve("samples_per_second")?.split_off(1);
    rates.sort_by(f64::total_cmp);
    let samples_per_s = rates[rates.len() / 2];

    let predicted = trainer.network().predict_classes(&test)?;
    let accuracy =
        blastrain::metrics::accuracy(&test.class_targets().unwrap_or_default(), &predicted, None)?;
    let mut sizes = vec![train.features()];
    sizes.extend(hidden);
    sizes.push(10);
    let bound = match options.no_bound {
        true => serde_json::Value::Null,
        false => bound::samples_per_second(&sizes, batch_size, options.threads).into(),
    };
    println!(
        "{}",
        serde_json::json!({
            "workload": options.workload.to_possible_value().map(|value| value.get_name().to_owned()),
            "threads": options.threads,
            "samples_per_s": samples_per_s.round(),
            "gemm_bound_samples_per_s": bound.as_f64().map(f64::round),
            "fraction": bound.as_f64().map(|bound| (1e4 * samples_per_s / bound).round() / 1e4),
            "final_loss": history.last().map(|epoch| epoch.loss),
            "test_accuracy": accuracy,
        })
    );
    Ok(())
}
