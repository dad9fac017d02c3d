//! From a CSV file to a classification report.

use std::path::PathBuf;

use blastrain::prelude::*;
use clap::Parser;

/// Trains a classifier on a CSV file with a header and reports how good it is on rows held back.
#[derive(Parser)]
struct Options {
    /// The file.
    #[arg(default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/src/data/datasets/files/iris.csv"))]
    csv: PathBuf,
    /// The column to predict.
    #[arg(long, default_value = "species")]
    target: String,
    /// Passes over the training rows.
    #[arg(long, default_value_t = 100)]
    epochs: usize,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let table = CsvReader::new().target(options.target).classification().read(options.csv)?;
    let data = table.into_dataset::<f32>()?;
    let (train, test) = stratified_train_test_split(&data, 0.3, RandomState::new(42))?;
    // The scaler sees the training rows only, or the test would not be one.
    let scaler = StandardScaler::new().fit_dataset(&train)?;
    let (train, test) = (scaler.transform_dataset(&train)?, scaler.transform_dataset(&test)?);

    let network = Sequential::<f32>::input(train.features())
        .dense(16)
        .relu()
        .dense(train.classes().unwrap_or(0))
        .seed(42)
        .build()?;
    println!("{}\n", network.summary());
    let mut trainer = Trainer::builder(network, CrossEntropy)
        .optimizer(Adam::new(0.01))
        .batch_size(16)
        .epochs(options.epochs)
        .build()?;
    let history = trainer.fit(&train)?;
    if let Some(last) = history.last() {
        println!("loss {:.4} after {} epochs\n", last.loss, history.epochs().len());
    }

    let predicted = trainer.network().predict_classes(&test)?;
    let targets = test.class_targets().unwrap_or_default();
    let report = classification_report(&targets, &predicted, test.class_names(), None)?;
    print!("{report}");
    Ok(())
}
