//! The training loop allocates nothing after its first batch.
//!
//! With OpenBLAS, which keeps its buffers: matrixmultiply allocates one in each product.
#![cfg(feature = "openblas")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use blastrain::data::Dataset;
use blastrain::layer::{BatchNorm, LayerNorm};
use blastrain::loss::{CrossEntropy, Loss, MeanSquaredError, Poisson};
use blastrain::network::Regularizer;
use blastrain::optim::{Adam, Lbfgs, Optimizer, RmsProp, Sgd};
use blastrain::train::{Event, LbfgsTrainer, Trainer, WeightGradient};
use blastrain::{Parallelism, Scalar, Sequential};
use ndarray::Array2;

/// The system's allocator, counting while told to.
struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);
static ON: AtomicBool = AtomicBool::new(false);

fn note() {
    if ON.load(Ordering::Relaxed) {
        COUNT.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        // SAFETY: as the caller promised.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of all threads between the first batch and the last, over two epochs.
fn allocations<F: Scalar>(
    (data, network): (&Dataset<'_, F>, Sequential<F>),
    loss: impl Loss<F> + 'static,
    optimizer: impl Optimizer<F> + 'static,
    (mode, parallelism): (WeightGradient, Parallelism),
) -> usize {
    let (batches, epochs) = (data.len().div_ceil(64), 2);
    let mut seen = 0;
    let mut trainer = Trainer::builder(network, loss)
        .optimizer(optimizer)
        .batch_size(64)
        .epochs(epochs)
        .weight_gradient(mode)
        .parallelism(parallelism)
        .observer(|event: &Event<'_>| {
            if let Event::BatchEnd { .. } = event {
                seen += 1;
                ON.store(seen < batches * epochs, Ordering::Relaxed);
            }
            ControlFlow::Continue(())
        })
        .build()
        .unwrap();
    COUNT.store(0, Ordering::Relaxed);
    trainer.fit(data).unwrap();
    drop(trainer);
    assert_eq!(seen, batches * epochs);
    COUNT.load(Ordering::Relaxed)
}

fn plain<F: Scalar>(outputs: usize) -> Sequential<F> {
    let builder = Sequential::input(100).dense(300).relu().dense(64).gelu();
    builder.dense(outputs).build().unwrap()
}

fn regular<F: Scalar>(outputs: usize) -> Sequential<F> {
    let builder = Sequential::input(100).layer(BatchNorm::new().affine(false)).dense(300);
    let builder = builder.batch_norm().relu().dropout(0.5).dense(64).layer_norm().dropout(0.2);
    builder.layer(LayerNorm::new().affine(false)).dense(outputs).build().unwrap()
}

/// Allocations of all threads between the first iteration of L-BFGS and the last of fifteen: its
/// memory is full by then.
fn allocations_of_lbfgs(data: &Dataset<'_, f32>, parallelism: Parallelism) -> usize {
    let network = Sequential::<f32>::input(100).dense(300).tanh().dense(10).build();
    let mut iterations = 0;
    let mut trainer = LbfgsTrainer::new(Lbfgs::new().max_iter(15))
        .regularizer(Regularizer::l2(1e-4))
        .parallelism(parallelism)
        .observer(|event: &Event<'_>| {
            if let Event::EpochEnd { .. } = event {
                iterations += 1;
                ON.store(iterations < 15, Ordering::Relaxed);
            }
            ControlFlow::Continue(())
        });
    COUNT.store(0, Ordering::Relaxed);
    trainer.fit(&mut network.unwrap(), &CrossEntropy, data).unwrap();
    drop(trainer);
    assert_eq!(iterations, 15);
    COUNT.load(Ordering::Relaxed)
}

/// Makes both threads of the current pool take work from each other once: at that, rayon sets a
/// thread up, whenever it comes to pass.
fn take_turns() {
    let wait = |flag: &AtomicBool| {
        while !flag.load(Ordering::Acquire) {
            std::hint::spin_loop();
        }
    };
    let (there, back) = (AtomicBool::new(false), AtomicBool::new(false));
    rayon::join(
        || wait(&there),
        || {
            there.store(true, Ordering::Release);
            rayon::join(|| wait(&back), || back.store(true, Ordering::Release))
        },
    );
}

/// One test, since the count is the process's.
#[test]
fn nothing_is_allocated_after_the_first_batch() {
    let features =
        Array2::from_shape_fn((500, 100), |(i, j)| ((i * 31 + j * 17) % 23) as f32 / 23.0);
    let classes = Dataset::new(features.clone(), (0..500).map(|i| i % 10).collect::<Vec<_>>());
    let classes = classes.unwrap().with_weights((0..500).map(|i| (i % 3) as f32 + 0.5).collect());
    let classes = classes.unwrap();
    let values = Dataset::new(features.mapv(f64::from), Array2::<f64>::ones((500, 3))).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    pool.install(take_turns);
    for parallelism in [Parallelism::Serial, Parallelism::Auto] {
        let count = pool.install(|| allocations_of_lbfgs(&classes, parallelism));
        assert_eq!(count, 0, "L-BFGS, {parallelism:?}");
        for mode in [WeightGradient::Owners, WeightGradient::Shards] {
            let how = (mode, parallelism);
            let momentum = Sgd::new(0.01).momentum(0.9).nesterov(true);
            let rmsprop = RmsProp::new(0.001).centered(true).momentum(0.5);
            let smoothed = CrossEntropy.label_smoothing(0.1).unwrap();
            let counts = pool.install(|| {
                [
                    allocations((&classes, plain(10)), CrossEntropy, Adam::default(), how),
                    allocations((&classes, plain(10)), CrossEntropy, momentum, how),
                    allocations((&values, plain(3)), MeanSquaredError::default(), rmsprop, how),
                    allocations((&classes, regular(10)), CrossEntropy, Adam::default(), how),
                    allocations((&values, regular(3)), Poisson::default(), Adam::default(), how),
                    allocations((&classes, regular(10)), smoothed, Adam::default(), how),
                ]
            });
            assert_eq!(counts, [0; 6], "{how:?}");
        }
    }
}
