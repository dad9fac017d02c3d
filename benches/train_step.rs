//! One training step of three networks: on the triple loop, on OpenBLAS alone, and with the crate's own kernels beside it, each on
//! one thread and in row shards.
//!
//! A step is timed inside a fit of the `Trainer`, from the end of one batch to the end of the next: gather, forward,
//! loss, backward and update. The rows are random numbers. Throughput is in rows: Kelem/s are
//! thousands of rows a second.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use blastrain::data::Dataset;
use blastrain::linalg::{Backend, Gemm};
use blastrain::loss::CrossEntropy;
use blastrain::optim::{Adam, Optimizer, Sgd};
use blastrain::train::{Event, Trainer};
use blastrain::{Parallelism, RandomState, Sequential};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array2;

const INPUTS: usize = 784;
const CLASSES: usize = 10;
/// More rows than the caches hold, as in training.
const ROWS: usize = 8192;

/// A network and how it is trained.
struct Workload {
    name: &'static str,
    hidden: &'static [usize],
    batch: usize,
    optimizer: fn() -> Box<dyn Optimizer<f32>>,
}

const WORKLOADS: [Workload; 3] = [
    Workload {
        name: "small 784-128-10 batch 32 Adam",
        hidden: &[128],
        batch: 32,
        optimizer: || Box::new(Adam::default()),
    },
    Workload {
        name: "medium 784-512-512-10 batch 128 Adam",
        hidden: &[512, 512],
        batch: 128,
        optimizer: || Box::new(Adam::default()),
    },
    Workload {
        name: "large 784-2048-2048-10 batch 512 Nesterov",
        hidden: &[2048, 2048],
        batch: 512,
        optimizer: || Box::new(Sgd::new(0.01).momentum(0.9).nesterov(true)),
    },
];

/// Who computes the products, and on how many threads.
#[derive(Clone, Copy)]
enum Way {
    Naive,
    Serial(Gemm),
    Sharded(Gemm, usize),
}

/// A trainer that notes when a fit starts and when its batches end.
struct TimedTrainer {
    trainer: Trainer<'static, f32>,
    times: Arc<Mutex<Vec<Instant>>>,
    batch: usize,
}

impl TimedTrainer {
    fn new(workload: &Workload, way: Way) -> blastrain::Result<Self> {
        let mut builder = Sequential::input(INPUTS).seed(1);
        for &units in workload.hidden {
            builder = builder.dense(units).relu();
        }
        let times = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&times);
        let note = move |event: &Event<'_>| {
            if let Event::FitStart { .. } | Event::BatchEnd { .. } = event {
                noted.lock().expect("nobody panics with the lock").push(Instant::now());
            }
            ControlFlow::Continue(())
        };
        let builder = Trainer::builder(builder.dense(CLASSES).build()?, CrossEntropy)
            .boxed_optimizer((workload.optimizer)())
            .batch_size(workload.batch)
            .observer(note);
        let builder = match way {
            Way::Naive => builder.gemm(Gemm::new(Backend::Naive)?).parallelism(Parallelism::Serial),
            Way::Serial(gemm) => builder.gemm(gemm).parallelism(Parallelism::Serial).shards(1),
            Way::Sharded(gemm, threads) => {
                builder.gemm(gemm).parallelism(Parallelism::Threads(threads))
            }
        };
        Ok(Self { trainer: builder.build()?, times, batch: workload.batch })
    }

    /// The time of this many steps, after `before` others, which touch the fit's new buffers.
    fn steps(
        &mut self,
        data: &Dataset<'static, f32>,
        before: usize,
        steps: u64,
    ) -> blastrain::Result<Duration> {
        let batches = before + steps as usize;
        let rows: Vec<usize> = (0..ROWS).cycle().take(batches * self.batch).collect();
        self.times.lock().expect("nobody panics with the lock").clear();
        self.trainer.fit(&data.select(&rows)?)?;
        let times = self.times.lock().expect("nobody panics with the lock");
        Ok(times[batches] - times[before])
    }
}

fn random_data() -> blastrain::Result<Dataset<'static, f32>> {
    let mut random = RandomState::new(1);
    let features = Array2::from_shape_simple_fn((ROWS, INPUTS), || random.double() as f32);
    Dataset::new(features, (0..ROWS).map(|row| row % CLASSES).collect::<Vec<_>>())
}

fn train_step(criterion: &mut Criterion) {
    let data = random_data().expect("the data set is sound");
    let threads = available_parallelism().map_or(1, usize::from);
    let backend = Backend::default();
    let blas = match backend {
        Backend::OpenBlas => "OpenBLAS",
        _ => "matrixmultiply",
    };
    let library = Gemm::new(backend).expect("the default is there");
    for workload in &WORKLOADS {
        let mut group = criterion.benchmark_group(workload.name);
        group.throughput(Throughput::Elements(workload.batch as u64));
        for (name, way) in [
            ("naive".to_owned(), Way::Naive),
            (format!("{blas} serial"), Way::Serial(library)),
            (format!("{blas} sharded, {threads} threads"), Way::Sharded(library, threads)),
            ("default serial".to_owned(), Way::Serial(Gemm::default())),
            (format!("default sharded, {threads} threads"), Way::Sharded(Gemm::default(), threads)),
        ] {
            // Seconds a step: one is measured, and stands for all samples.
            let slow = matches!(way, Way::Naive) && workload.batch == 512;
            let mut one_step = None;
            group.bench_function(name, |bencher| {
                let mut trainer = TimedTrainer::new(workload, way).expect("the settings are sound");
                let mut time =
                    |before, steps| trainer.steps(&data, before, steps).expect("the fit is sound");
                bencher.iter_custom(|steps| match slow {
                    false => time(1, steps),
                    true => *one_step.get_or_insert_with(|| time(0, 1)) * steps as u32,
                });
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .nresamples(2000)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    targets = train_step
}
criterion_main!(benches);
