//! The networks that are measured, and how each is trained.

use blastrain::network::SequentialBuilder;
use blastrain::optim::{Adam, Optimizer, Sgd};
use blastrain::{Result, Scalar, Sequential};
use clap::ValueEnum;

/// Pixels of a picture of Fashion-MNIST.
pub const INPUTS: usize = 784;
/// Kinds of clothes.
pub const CLASSES: usize = 10;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Workload {
    /// 784-128-10, batch 32, Adam.
    Small,
    /// 784-512-512-10, batch 128, Adam.
    Medium,
    /// 784-512-256-10 with batch norm before and dropout of 0.5 behind each ReLU, batch 128, Adam.
    Regular,
    /// 784-2048-2048-10, batch 512, SGD with Nesterov momentum 0.9, 20,480 rows.
    Large,
    /// The network of the example xor, 2-10-1 in f64, all four rows a step: microseconds an iteration.
    Xor,
}

impl Workload {
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Units of the hidden layers.
    pub fn hidden(self) -> &'static [usize] {
        match self {
            Workload::Small => &[128],
            Workload::Medium => &[512, 512],
            Workload::Regular => &[512, 256],
            Workload::Large => &[2048, 2048],
            Workload::Xor => &[10],
        }
    }

    /// Rows of a batch.
    pub fn batch_size(self) -> usize {
        match self {
            Workload::Small => 32,
            Workload::Medium | Workload::Regular => 128,
            Workload::Large => 512,
            Workload::Xor => 4,
        }
    }

    /// Training rows.
    pub fn rows(self) -> usize {
        match self {
            Workload::Small | Workload::Medium | Workload::Regular => 60_000,
            Workload::Large => 20_480,
            Workload::Xor => 4,
        }
    }

    /// Sizes of all layers on Fashion-MNIST, input and output included.
    pub fn sizes(self) -> Vec<usize> {
        [&[INPUTS], self.hidden(), &[CLASSES]].concat()
    }

    /// Matrices of a hidden layer's width that a step keeps: of the dense layer with its ReLU, or of
    /// dense layer, normalisation, ReLU and dropout.
    pub fn kept_per_layer(self) -> usize {
        if self == Workload::Regular { 4 } else { 1 }
    }

    /// The network for Fashion-MNIST.
    pub fn network<F: Scalar>(self) -> Result<Sequential<F>> {
        let mut network = Sequential::input(INPUTS).seed(1);
        for &units in self.hidden() {
            network = self.add_hidden(network, units);
        }
        network.dense(CLASSES).build()
    }

    fn add_hidden<F: Scalar>(
        self,
        network: SequentialBuilder<F>,
        units: usize,
    ) -> SequentialBuilder<F> {
        match self {
            Workload::Regular => network.dense(units).batch_norm().relu().dropout(0.5),
            _ => network.dense(units).relu(),
        }
    }

    pub fn optimizer<F: Scalar>(self) -> Box<dyn Optimizer<F>> {
        match self {
            Workload::Large => Box::new(Sgd::new(0.01).momentum(0.9).nesterov(true)),
            _ => Box::new(Adam::default()),
        }
    }
}
