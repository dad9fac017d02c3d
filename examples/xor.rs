//! The tutorial network that learns exclusive or: 2-10-1, ReLU, sigmoid, binary cross-entropy.

use std::time::Instant;

use blastrain::prelude::*;
use clap::Parser;
use ndarray::array;

/// Learns exclusive or by gradient descent on all four rows at once.
#[derive(Parser)]
struct Options {
    /// Updates, each on all four rows.
    #[arg(long, default_value_t = 10_000)]
    iterations: usize,
    /// Learning rate.
    #[arg(long, default_value_t = 0.01)]
    rate: f64,
    /// Seed of the weights.
    #[arg(long, default_value_t = 42)]
    seed: u32,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let inputs = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    let data = Dataset::new(&inputs, vec![0, 1, 1, 0])?;

    // He's initialisation draws randn(inputs, units)·√(2/inputs), layer by layer, from one generator.
    let dense = |units| Dense::new(units).kernel_initializer(Initializer::HeNormal);
    let network = Sequential::<f64>::input(2)
        .layer(dense(10))
        .relu()
        .layer(dense(1))
        .seed(options.seed)
        .build()?;
    let mut trainer = Trainer::builder(network, BinaryCrossEntropy::default())
        .optimizer(Sgd::new(options.rate))
        .epochs(options.iterations)
        .batch_size(4)
        .shuffle(false)
        .build()?;

    let start = Instant::now();
    let history = trainer.fit(&data)?;
    let taken = start.elapsed();

    for (iteration, loss) in history.losses().iter().enumerate().step_by(1000) {
        println!("Loss after iteration {iteration}: {loss}");
    }
    let classes = trainer.network().predict_classes(inputs.view())?;
    let classes: Vec<String> = classes.iter().map(ToString::to_string).collect();
    println!("Predictions: {}", classes.join(" "));
    println!("Trained in {:.1} ms", 1e3 * taken.as_secs_f64());
    Ok(())
}
