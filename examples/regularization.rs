//! Dropout, batch normalisation and an L2 penalty against overfitting, on breast cancer.

use blastrain::prelude::*;
use clap::Parser;

/// Rows of a batch.
const BATCH: usize = 32;
/// scikit-learn's `alpha`.
const ALPHA: f64 = 0.001;

/// Trains three networks on breast cancer and shows how training and validation curves differ.
///
/// The first two are Keras networks with Keras' defaults; the third has the L2 penalty of scikit-learn's
/// MLPClassifier(alpha=0.001).
#[derive(Parser)]
struct Options {
    /// Passes over the training rows.
    #[arg(long, default_value_t = 10)]
    epochs: usize,
    /// Seed of the weights, of dropout and of the order of rows.
    #[arg(long, default_value_t = 42)]
    seed: u32,
    /// Where the picture of all curves goes.
    #[cfg(feature = "plot")]
    #[arg(long, default_value = "target/regularization.svg")]
    plot: std::path::PathBuf,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let (train, validation) =
        train_test_split(&datasets::breast_cancer::<f32>()?, 0.2, RandomState::new(42))?;
    // Mean and deviation of the training rows only.
    let scaler = StandardScaler::new().fit_dataset(&train)?;
    let train = scaler.transform_dataset(&train)?;
    let validation = scaler.transform_dataset(&validation)?;

    let input = || Sequential::<f32>::input(30).seed(options.seed);
    // The sigmoid at the end is part of the loss. Keras' momentum of 0.99 is 0.01 here.
    let batch_norm = BatchNorm::new().momentum(0.01).epsilon(1e-3);
    let dropout = input().dense(64).relu().dropout(0.5).dense(32).relu().dense(1).build()?;
    let normalised =
        input().dense(64).relu().layer(batch_norm).dense(32).relu().dense(1).build()?;
    let plain = input().dense(64).relu().dense(32).relu().dense(1).build()?;
    // The penalty alpha/2·Σw² over the rows of a batch.
    let l2 = Regularizer::l2(ALPHA / 2.0 / BATCH as f64);
    let networks = [
        ("dropout 0.5", dropout, Regularizer::NONE),
        ("batch norm", normalised, Regularizer::NONE),
        ("L2, alpha 0.001", plain, l2),
    ];

    println!("                  loss                  accuracy");
    println!("network           training  validation  training  validation");
    let mut fits = Vec::new();
    for (name, network, penalty) in networks {
        let history = fit(network, penalty, &train, &validation, &options)?;
        if let Some(last) = history.last() {
            let validation_loss = last.validation_loss.unwrap_or(f64::NAN);
            let (accuracy, validation_accuracy) = (last.metrics[0], last.validation_metrics[0]);
            println!(
                "{name:16}  {:8.4}  {validation_loss:10.4}  {accuracy:8.4}  {validation_accuracy:10.4}",
                last.loss
            );
        }
        fits.push((name, history));
    }
    #[cfg(feature = "plot")]
    draw(&options, &fits)?;
    Ok(())
}

fn fit(
    network: Sequential<f32>,
    penalty: Regularizer,
    train: &Dataset<'_, f32>,
    validation: &Dataset<'_, f32>,
    options: &Options,
) -> Result<History> {
    Trainer::builder(network, BinaryCrossEntropy::default())
        .optimizer(Adam::new(0.001).epsilon(1e-7))
        .regularizer(penalty)
        .batch_size(BATCH)
        .epochs(options.epochs)
        .seed(options.seed)
        .metric(Accuracy)
        .validation(validation)
        .build()?
        .fit(train)
}

#[cfg(feature = "plot")]
fn draw(options: &Options, fits: &[(&str, History)]) -> Result<()> {
    let fits: Vec<(&str, &History)> = fits.iter().map(|(name, fit)| (*name, fit)).collect();
    if let Some(folder) = options.plot.parent() {
        // If that fails, writing the picture says why.
        std::fs::create_dir_all(folder).ok();
    }
    let title = "Breast cancer: three ways against overfitting";
    blastrain::plot::histories(&options.plot, title, &fits)?;
    println!("curves: {}", options.plot.display());
    Ok(())
}
