//! The shapes, and the time of a step of each.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use blastrain::data::Dataset;
use blastrain::loss::CrossEntropy;
use blastrain::train::{Event, Trainer};
use blastrain::{Error, Parallelism, Result, Sequential};

pub const INPUTS: usize = 784;
pub const CLASSES: usize = 10;

/// Steps before the clock runs: they touch new buffers.
const WARM_UP: usize = 2;
/// Steps that are measured even if time is up.
const LEAST_STEPS: usize = 3;

/// What varies along a curve.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    Batch,
    Width,
    Depth,
}

impl Axis {
    pub const ALL: [Self; 3] = [Axis::Batch, Axis::Width, Axis::Depth];

    pub fn name(self) -> &'static str {
        match self {
            Axis::Batch => "batch",
            Axis::Width => "width",
            Axis::Depth => "depth",
        }
    }

    pub fn values(self) -> &'static [usize] {
        match self {
            Axis::Batch => &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096],
            Axis::Width => &[16, 32, 64, 128, 256, 512, 1024, 2048, 4096],
            Axis::Depth => &[1, 2, 3, 4, 6, 8, 12, 16],
        }
    }

    /// The workload medium, with this value along the axis.
    pub fn shape(self, value: usize) -> Shape {
        let medium = Shape { batch: 128, width: 512, depth: 2 };
        match self {
            Axis::Batch => Shape { batch: value, ..medium },
            Axis::Width => Shape { width: value, ..medium },
            Axis::Depth => Shape { depth: value, ..medium },
        }
    }
}

/// A network with hidden layers of equal width, and the rows of its batches.
#[derive(Clone, Copy)]
pub struct Shape {
    pub batch: usize,
    pub width: usize,
    pub depth: usize,
}

impl Shape {
    /// Of all layers, biases left out.
    fn weights(self) -> usize {
        INPUTS * self.width + (self.depth - 1) * self.width * self.width + self.width * CLASSES
    }

    pub fn parameters(self) -> usize {
        self.weights() + self.depth * self.width + CLASSES
    }

    /// Floating-point operations of a row's matrix products in a step: forward, weight gradients, and
    /// input gradients but the first layer's.
    fn flops(self) -> f64 {
        2.0 * (3 * self.weights() - INPUTS * self.width) as f64
    }

    /// The value of the axis.
    #[cfg(feature = "plot")]
    pub fn along(self, axis: Axis) -> usize {
        match axis {
            Axis::Batch => self.batch,
            Axis::Width => self.width,
            Axis::Depth => self.depth,
        }
    }
}

/// How fast steps are, by the median of their times.
#[derive(Clone, Copy)]
pub struct Speed {
    /// Steps measured.
    pub steps: usize,
    pub samples_per_s: f64,
    /// 10⁹ floating-point operations of matrix products a second.
    pub gflops: f64,
}

/// Trains for about this time. The ends of epochs, which a median passes over, are not counted.
pub fn speed(
    data: &Dataset<'static, f32>,
    shape: Shape,
    threads: usize,
    time: Duration,
) -> Result<Speed> {
    let mut network = Sequential::input(INPUTS).seed(1);
    for _ in 0..shape.depth {
        network = network.dense(shape.width).relu();
    }
    let mut ends: Vec<Instant> = Vec::new();
    let note = |event: &Event<'_>| {
        if let Event::BatchEnd { .. } = event {
            ends.push(Instant::now());
            let measured = ends.get(WARM_UP - 1).map_or(Duration::ZERO, Instant::elapsed);
            if measured >= time && ends.len() >= WARM_UP + LEAST_STEPS {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    };
    Trainer::builder(network.dense(CLASSES).build()?, CrossEntropy)
        .batch_size(shape.batch)
        .drop_last(true)
        .epochs(usize::MAX)
        .parallelism(Parallelism::Threads(threads))
        .observer(note)
        .build()?
        .fit(data)?;
    let behind_warm_up = &ends[(WARM_UP - 1).min(ends.len())..];
    let mut times: Vec<Duration> =
        behind_warm_up.windows(2).map(|pair| pair[1] - pair[0]).collect();
    times.sort();
    let step = times.get(times.len() / 2).ok_or_else(|| Error::empty("the fit", "3 steps"))?;
    let samples_per_s = shape.batch as f64 / step.as_secs_f64();
    let gflops = 1e-9 * samples_per_s * shape.flops();
    Ok(Speed { steps: times.len(), samples_per_s, gflops })
}
