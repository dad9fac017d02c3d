//! Penalties and clipping equal PyTorch's (`parity/clipping.py`).

use std::ops::ControlFlow;

use blastrain::data::Dataset;
use blastrain::loss::MeanSquaredError;
use blastrain::network::Regularizer;
use blastrain::optim::{Adam, GradientClipping, Optimizer, Sgd};
use blastrain::train::{Event, Trainer, WeightGradient};
use blastrain::{Parallelism, Sequential};
use ndarray::Array2;
use serde::Deserialize;

#[derive(Deserialize)]
struct Numbers {
    x: Vec<Vec<f64>>,
    targets: Vec<Vec<f64>>,
    start: Vec<f64>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    optimizer: String,
    l1: f64,
    l2: f64,
    value: Option<f64>,
    norm: Option<f64>,
    losses: Vec<f64>,
    parameters: Vec<f64>,
}

fn numbers() -> Numbers {
    serde_json::from_str(include_str!("parity/clipping.json")).unwrap()
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(row, column)| rows[row][column])
}

/// Losses of five steps, in batches of eight and four rows, and the parameters after them.
fn run(
    numbers: &Numbers,
    case: &Case,
    (shards, mode): (usize, WeightGradient),
    per_layer: bool,
) -> (Vec<f64>, Vec<f64>) {
    let penalty = Regularizer::l1_l2(case.l1, case.l2);
    let own = if per_layer { penalty } else { Regularizer::NONE };
    let dense = |units| blastrain::layer::Dense::new(units).kernel_regularizer(own);
    let mut network =
        Sequential::<f64>::input(3).layer(dense(4)).tanh().layer(dense(2)).build().unwrap();
    network.set_parameters(&numbers.start).unwrap();
    let optimizer: Box<dyn Optimizer<f64>> = match &*case.optimizer {
        "adam" => Box::new(Adam::new(0.05)),
        _ => Box::new(Sgd::new(0.05).momentum(0.9)),
    };
    let mut losses = Vec::new();
    let mut builder = Trainer::builder(network, MeanSquaredError::default())
        .boxed_optimizer(optimizer)
        .batch_size(8)
        .epochs(3)
        .shuffle(false)
        .shards(shards)
        .weight_gradient(mode)
        .parallelism(Parallelism::Threads(shards))
        .observer(|event: &Event<'_>| {
            if let Event::BatchEnd { loss, .. } = event {
                losses.push(*loss);
            }
            // The sixth batch is one too many.
            if losses.len() == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    if !per_layer {
        builder = builder.regularizer(penalty);
    }
    if let Some(value) = case.value {
        builder = builder.clip_gradient(GradientClipping::Value(value));
    }
    if let Some(norm) = case.norm {
        builder = builder.clip_gradient(GradientClipping::GlobalNorm(norm));
    }
    let mut trainer = builder.build().unwrap();
    let data = Dataset::new(matrix(&numbers.x), matrix(&numbers.targets)).unwrap();
    trainer.fit(&data).unwrap();
    let parameters = trainer.network().parameters().to_vec();
    drop(trainer);
    (losses, parameters)
}

fn assert_close(got: &[f64], want: &[f64], what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() <= 1e-11 * want.abs().max(1.0), "{what}: {got} for {want}");
    }
}

#[test]
fn penalties_and_clipping_equal_pytorch() {
    let numbers = numbers();
    for (i, case) in numbers.cases.iter().enumerate() {
        for way in
            [(1, WeightGradient::Owners), (2, WeightGradient::Owners), (3, WeightGradient::Shards)]
        {
            for per_layer in [false, true] {
                let (losses, parameters) = run(&numbers, case, way, per_layer);
                assert_close(&losses, &case.losses, &format!("losses of case {i}, {way:?}"));
                assert_close(&parameters, &case.parameters, &format!("case {i}, {way:?}"));
            }
        }
    }
}
