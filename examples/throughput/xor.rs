//! An iteration of the network of the example xor: a step on all its four rows.

use std::time::Instant;

use blastrain::prelude::*;
use ndarray::array;
use serde_json::{Value, json};

/// Iterations of a fit.
const ITERATIONS: usize = 10_000;

/// Seconds of fits of which none counts, and of those that do: in a process's first moments its caches are cold, the
/// clock is low, and OpenBLAS's threads look for work.
const SECONDS: [f64; 2] = [0.2, 1.0];

/// The last line for so many threads: the median fit of a second, behind a warm-up.
pub fn measure(threads: usize) -> Result<Value> {
    let inputs = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    let data = Dataset::new(inputs, vec![0, 1, 1, 0])?;
    let (mut times, mut loss) = (Vec::new(), None);
    let begin = Instant::now();
    while begin.elapsed().as_secs_f64() < SECONDS[0] + SECONDS[1] {
        let mut trainer = trainer(threads)?;
        let start = Instant::now();
        let history = trainer.fit(&data)?;
        if begin.elapsed().as_secs_f64() > SECONDS[0] {
            times.push(start.elapsed().as_secs_f64() / ITERATIONS as f64);
        }
        loss = history.last().map(|epoch| epoch.loss);
    }
    let seconds = crate::median(times);
    Ok(json!({
        "workload": "xor",
        "scalar": f64::NAME,
        "threads": threads,
        "us_per_iteration": (1e9 * seconds).round() / 1e3,
        "final_loss": loss,
    }))
}

fn trainer(threads: usize) -> Result<Trainer<'static, f64>> {
    let dense = |units| Dense::new(units).kernel_initializer(Initializer::HeNormal);
    let network = Sequential::input(2).layer(dense(10)).relu().layer(dense(1)).seed(42).build()?;
    Trainer::builder(network, BinaryCrossEntropy::default())
        .optimizer(Sgd::new(0.01))
        .epochs(ITERATIONS)
        .batch_size(4)
        .shuffle(false)
        .parallelism(Parallelism::Threads(threads))
        .build()
}
