//! How far diabetes has gone a year later, from ten measures of a patient.

use blastrain::metrics;
use blastrain::prelude::*;
use clap::Parser;

/// Estimates the progression of diabetes and compares with the true values of rows held back.
#[derive(Parser)]
struct Options {
    /// Passes over the training rows.
    #[arg(long, default_value_t = 100)]
    epochs: usize,
    /// Seed of the weights and of the order of rows.
    #[arg(long, default_value_t = 42)]
    seed: u32,
    /// Where the picture of predicted against true values goes.
    #[cfg(feature = "plot")]
    #[arg(long, default_value = "regression.svg")]
    plot: std::path::PathBuf,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let data = datasets::diabetes::<f64>()?;
    let (train, test) = train_test_split(&data, 0.2, RandomState::new(42))?;
    let scaler = StandardScaler::new().fit_dataset(&train)?;
    let (train, test) = (scaler.transform_dataset(&train)?, scaler.transform_dataset(&test)?);

    let network = Sequential::<f64>::input(train.features())
        .dense(16)
        .relu()
        .dense(1)
        .seed(options.seed)
        .build()?;
    let mut trainer = Trainer::builder(network, MeanSquaredError::default())
        .optimizer(Adam::new(0.01))
        .batch_size(32)
        .epochs(options.epochs)
        .seed(options.seed)
        .build()?;
    let history = trainer.fit(&train)?;
    for record in history.epochs().iter().step_by(20) {
        println!("epoch {:3}: mean squared error {:.1}", record.epoch + 1, record.loss);
    }

    let predicted = trainer.network().predict(&test)?;
    let targets = test.value_targets().unwrap_or_default();
    println!(
        "test mean squared error {:.1}",
        metrics::mean_squared_error(&targets, &predicted, None)?
    );
    println!("test R² {:.4}", metrics::r2(&targets, &predicted, None)?);
    #[cfg(feature = "plot")]
    {
        let points: Vec<_> = targets.iter().copied().zip(predicted.iter().copied()).collect();
        let (x, y) = ("true progression", "predicted progression");
        blastrain::plot::scatter(&options.plot, "Diabetes, test rows", x, y, &points)?;
        println!("predicted against true values: {}", options.plot.display());
    }
    Ok(())
}
