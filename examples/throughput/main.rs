//! Training throughput over whole epochs of Fashion-MNIST, beside the bounds that the step's matrix
//! products set; and what a prediction takes.

mod bound;
mod memory;
mod prediction;
mod training;
mod workload;
mod xor;

use std::path::PathBuf;

use blastrain::{Result, Scalar, blas_info, datasets};
use clap::builder::RangedU64ValueParser;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum};
use serde_json::Value;
use workload::Workload;

/// Measures training throughput on Fashion-MNIST: one warm-up epoch, then the median of three; of xor, whole fits for a second.
///
/// The last line is JSON. samples_per_s counts training rows, final_loss is the last epoch's mean, test_accuracy a share of the test
/// rows. Two bounds, measured in the same run, say how many rows a second the step's matrix products alone would allow, each at the best
/// split found for it: library_bound_samples_per_s by a program that calls the library itself (OpenBLAS in the default build),
/// products_bound_samples_per_s by whichever of the library and the crate's own kernels is quicker; the fractions are
/// samples_per_s over them. memory.peak_mb is the most that the process held (Linux) since the data were loaded, in 10⁶ bytes,
/// memory.expected what the shapes say that a fit needs, peak_over_expected their ratio. What was not measured is null.
#[derive(Parser)]
#[command(name = "throughput")]
struct Options {
    /// The network, batch size and optimiser.
    workload: Workload,
    /// Threads that train or predict.
    #[arg(long, default_value_t = 2, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    threads: usize,
    /// The loss: cross-entropy unless given.
    #[arg(long)]
    loss: Option<LossKind>,
    /// Computes in f64 instead of f32, the bounds too.
    #[arg(long)]
    f64: bool,
    /// Measures prediction instead: calls of 1, 32, 1024 and 10,000 test rows, through the workload's network
    /// as it is before training; microseconds a call (us_per_call) and rows a second (rows_per_s).
    #[arg(long, conflicts_with_all = ["loss", "rows", "shards", "shard_gradients", "naive", "no_bound"])]
    predict: bool,
    /// Training rows, if fewer than the workload's.
    #[arg(long, value_parser = count())]
    rows: Option<usize>,
    /// Row shards of a batch; chosen by the crate unless given.
    #[arg(long)]
    shards: Option<usize>,
    /// Lets each shard own a gradient, instead of workers owning blocks of the weights.
    #[arg(long)]
    shard_gradients: bool,
    /// Computes products by the triple loop: give --rows too, or wait.
    #[arg(long)]
    naive: bool,
    /// Leaves the bounds out.
    #[arg(long)]
    no_bound: bool,
    /// Folder of Fashion-MNIST; that of Debian's package dataset-fashion-mnist unless given.
    #[arg(long)]
    data: Option<PathBuf>,
}

/// At least 1.
fn count() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..)
}

#[derive(Clone, Copy, ValueEnum)]
enum LossKind {
    /// Softmax cross-entropy of the classes.
    CrossEntropy,
    /// Mean squared error of ten outputs against one-hot targets: a regression of the same shapes, so that
    /// the bounds are the same.
    Mse,
}

impl LossKind {
    fn name(self) -> &'static str {
        match self {
            LossKind::CrossEntropy => "cross-entropy",
            LossKind::Mse => "mse",
        }
    }
}

impl Options {
    /// Whether something was asked for that exists on Fashion-MNIST only.
    fn needs_pictures(&self) -> bool {
        let Self {
            loss, predict, rows, shards, shard_gradients, naive, data, f64, no_bound, ..
        } = self;
        let flags = *predict || *shard_gradients || *naive || *f64 || *no_bound;
        flags || loss.is_some() || rows.is_some() || shards.is_some() || data.is_some()
    }
}

fn main() -> Result<()> {
    let options = Options::parse();
    let mut line = match options.workload {
        Workload::Xor if options.needs_pictures() => {
            let message = "xor takes no other option than --threads";
            Options::command().error(ErrorKind::ArgumentConflict, message).exit()
        }
        Workload::Xor => xor::measure(options.threads)?,
        _ if options.f64 => on_pictures::<f64>(&options)?,
        _ => on_pictures::<f32>(&options)?,
    };
    let blas = blas_info()?;
    line["blas"] = format!("{} {}, kernel {}", blas.vendor, blas.version, blas.kernel).into();
    println!("{line}");
    Ok(())
}

/// The last line of what is measured on Fashion-MNIST.
fn on_pictures<F: Scalar>(options: &Options) -> Result<Value> {
    let (train, test) = match &options.data {
        Some(folder) => datasets::fashion_mnist_from::<F>(folder)?,
        None => datasets::fashion_mnist::<F>()?,
    };
    match test.features_view() {
        Some(rows) if options.predict => {
            drop(train);
            prediction::measure(options.workload, rows, options.threads)
        }
        _ => training::measure(options, train, test),
    }
}

/// The middle of some times or rates, the upper one of two.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
