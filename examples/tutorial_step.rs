//! One training step of a 3-5-2 sigmoid network, by hand and by the crate.

use blastrain::data::{Dataset, Targets};
use blastrain::loss::{BinaryCrossEntropy, Loss, MeanSquaredError, OutputReduction};
use blastrain::optim::Sgd;
use blastrain::train::{Trainer, loss_and_gradient};
use blastrain::{Initializer, Sequential, layer::Dense};
use clap::Parser;
use ndarray::{Array1, Array2, Axis, Ix1, Ix2, array};

/// Computes one training step by hand and compares it with the crate's.
#[derive(Parser)]
struct Options {
    /// Learning rate of the step.
    #[arg(long, default_value_t = 0.5)]
    rate: f64,
    /// Seed of the weights.
    #[arg(long, default_value_t = 42)]
    seed: u32,
}

fn main() -> blastrain::Result<()> {
    let options = Options::parse();
    let (x, y) = (array![[0.5, -1.0, 2.0]], array![[1.0, 0.0]]);

    // The cross-entropy −Σ y·ln p + (1 − y)·ln(1 − p), from the logits of p.
    let logits = array![[0.8f64, 0.2]].mapv(|p| (p / (1.0 - p)).ln());
    let loss = BinaryCrossEntropy::default().reduction(OutputReduction::Sum);
    let mut gradient = Array2::zeros((1, 2));
    let targets = Targets::Values(y.view());
    let value = loss.value_and_grad(logits.view(), targets, None, 1.0, gradient.view_mut());
    println!("cross-entropy of p = [0.8, 0.2] for y = [1, 0]: {value:.6}");

    let dense = |units| Dense::new(units).kernel_initializer(Initializer::Normal(1.0));
    let network = Sequential::<f64>::input(3)
        .layer(dense(5))
        .sigmoid()
        .layer(dense(2))
        .sigmoid()
        .seed(options.seed)
        .build()?;
    let data = Dataset::new(&x, &y)?;
    let loss = MeanSquaredError::default().halved().reduction(OutputReduction::Sum);
    let hand = Hand::compute(&network, x.row(0).to_owned(), y.row(0).to_owned())?;
    println!("outputs: p = {:.6}", hand.p);
    println!("squared error ½·Σ(p − y)²: {:.6}", hand.loss);
    println!("output delta (p − y)·p·(1 − p) = {:.6}", hand.output_delta);

    let (value, gradient) = loss_and_gradient(&network, &loss, &data)?;
    // The last parameters are the output biases, whose gradient is the delta itself.
    println!(
        "the crate's output delta       = {:.6}",
        Array1::from(gradient[gradient.len() - 2..].to_vec())
    );
    println!("loss, by hand and by the crate, differ by {:.1e}", (value - hand.loss).abs());
    println!("gradients differ by at most {:.1e}", largest_difference(&gradient, &hand.gradient));

    let stepped: Vec<f64> = network
        .parameters()
        .iter()
        .zip(&hand.gradient)
        .map(|(parameter, slope)| parameter - options.rate * slope)
        .collect();
    let mut trainer =
        Trainer::builder(network, loss).optimizer(Sgd::new(options.rate)).batch_size(1).build()?;
    trainer.fit(&data)?;
    let difference = largest_difference(trainer.network().parameters(), &stepped);
    println!("parameters after one step differ by at most {difference:.1e}");
    let (after, _) = loss_and_gradient(trainer.network(), &loss, &data)?;
    println!("squared error after the step: {after:.6}");
    Ok(())
}

/// The step's numbers, each by its formula.
struct Hand {
    p: Array1<f64>,
    loss: f64,
    output_delta: Array1<f64>,
    /// W1 (3, 5), b1, W2 (5, 2), b2, as the network keeps its parameters.
    gradient: Vec<f64>,
}

impl Hand {
    fn compute(
        network: &Sequential<f64>,
        x: Array1<f64>,
        y: Array1<f64>,
    ) -> blastrain::Result<Self> {
        let shape = "a dense layer's tensors are matrices and vectors";
        let matrix = |name| Ok(network.tensor(name)?.into_dimensionality::<Ix2>().expect(shape));
        let vector = |name| Ok(network.tensor(name)?.into_dimensionality::<Ix1>().expect(shape));
        let (w1, b1) = (matrix("dense_1.weight")?, vector("dense_1.bias")?);
        let (w2, b2) = (matrix("dense_2.weight")?, vector("dense_2.bias")?);
        let hidden = sigmoid(x.dot(&w1) + b1);
        let p = sigmoid(hidden.dot(&w2) + b2);
        let output_delta = (&p - &y) * &p * (1.0 - &p);
        let hidden_delta = w2.dot(&output_delta) * &hidden * (1.0 - &hidden);
        let outer = |a: &Array1<f64>, b: &Array1<f64>| {
            a.view().insert_axis(Axis(1)).dot(&b.view().insert_axis(Axis(0)))
        };
        let (dw1, dw2) = (outer(&x, &hidden_delta), outer(&hidden, &output_delta));
        let gradient = dw1.iter().chain(&hidden_delta).chain(&dw2).chain(&output_delta);
        Ok(Self {
            loss: 0.5 * (&p - &y).mapv(|difference| difference * difference).sum(),
            gradient: gradient.copied().collect(),
            p,
            output_delta,
        })
    }
}

fn sigmoid(z: Array1<f64>) -> Array1<f64> {
    z.mapv(|z| 1.0 / (1.0 + (-z).exp()))
}

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}
