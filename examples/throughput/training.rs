//! Whole epochs of training.

use blastrain::data::{Dataset, TargetStorage};
use blastrain::linalg::{Backend, Gemm};
use blastrain::loss::{CrossEntropy, MeanSquaredError};
use blastrain::train::{Trainer, TrainerBuilder, WeightGradient};
use blastrain::{Parallelism, Result, Scalar, Sequential};
use ndarray::Array2;
use serde_json::{Value, json};

use crate::memory::{self, Expected};
use crate::workload::CLASSES;
use crate::{LossKind, Options, bound, median};

/// The last line of a fit: a warm-up epoch, then the median of three.
pub fn measure<F: Scalar>(
    options: &Options,
    train: Dataset<'static, F>,
    test: Dataset<'static, F>,
) -> Result<Value> {
    let workload = options.workload;
    let loss = options.loss.unwrap_or(LossKind::CrossEntropy);
    let rows = options.rows.unwrap_or(workload.rows());
    let train = prepare(train, rows.min(workload.rows()), loss)?;
    let network = workload.network::<F>()?;
    let target = match loss {
        LossKind::CrossEntropy => size_of::<usize>(),
        LossKind::Mse => CLASSES * size_of::<F>(),
    };
    let rows = (train.len() + test.len(), target);
    let expected = Expected::new::<F>(workload, rows, network.parameter_count());

    let while_loading = memory::peak();
    memory::reset_peak();
    let mut trainer = trainer(options, network, loss)?;
    let history = trainer.fit(&train)?;
    let memory = expected.json(while_loading, memory::peak());

    let samples_per_s = median(history.curve("samples_per_second")?.split_off(1));
    let predicted = trainer.network().predict_classes(&test)?;
    let classes = test.class_targets().unwrap_or_default();
    let accuracy = blastrain::metrics::accuracy(&classes, &predicted, None)?;
    let bounds = (!options.no_bound)
        .then(|| bound::measure::<F>(&workload.sizes(), workload.batch_size(), options.threads))
        .transpose()?;
    let library = bounds.as_ref().map(|bounds| bounds.library);
    let products = bounds.as_ref().map(|bounds| bounds.products);
    let fraction = |bound: f64| (1e4 * samples_per_s / bound).round() / 1e4;
    Ok(json!({
        "workload": workload.name(),
        "loss": loss.name(),
        "scalar": F::NAME,
        "threads": options.threads,
        "samples_per_s": samples_per_s.round(),
        "library_bound_samples_per_s": library.map(f64::round),
        "fraction_of_library_bound": library.map(fraction),
        "products_bound_samples_per_s": products.map(f64::round),
        "fraction_of_products_bound": products.map(fraction),
        "final_loss": history.last().map(|epoch| epoch.loss),
        "test_accuracy": accuracy,
        "memory": memory,
    }))
}

fn trainer<F: Scalar>(
    options: &Options,
    network: Sequential<F>,
    loss: LossKind,
) -> Result<Trainer<'static, F>> {
    let mut trainer: TrainerBuilder<'static, F> = match loss {
        LossKind::CrossEntropy => Trainer::builder(network, CrossEntropy),
        LossKind::Mse => Trainer::builder(network, MeanSquaredError::default()),
    };
    trainer = trainer
        .boxed_optimizer(options.workload.optimizer())
        .batch_size(options.workload.batch_size())
        .epochs(4)
        .drop_last(true)
        .parallelism(Parallelism::Threads(options.threads));
    if let Some(shards) = options.shards {
        trainer = trainer.shards(shards);
    }
    if options.shard_gradients {
        trainer = trainer.weight_gradient(WeightGradient::Shards);
    }
    if options.naive {
        trainer = trainer.gemm(Gemm::new(Backend::Naive)?);
    }
    trainer.build()
}

/// The first `rows` rows, all others forgotten, with targets for the loss.
fn prepare<F: Scalar>(
    data: Dataset<'static, F>,
    rows: usize,
    loss: LossKind,
) -> Result<Dataset<'static, F>> {
    let data = if rows < data.len() {
        let (features, targets) = data.select(&(0..rows).collect::<Vec<_>>())?.to_arrays();
        Dataset::new(features, targets)?
    } else {
        data
    };
    match (loss, data.class_targets()) {
        (LossKind::Mse, Some(classes)) => {
            let one_hot = Array2::from_shape_fn((data.len(), CLASSES), |(row, class)| {
                if classes[row] == class { F::one() } else { F::zero() }
            });
            data.with_targets(TargetStorage::Values(one_hot.into_shared()))
        }
        _ => Ok(data),
    }
}
