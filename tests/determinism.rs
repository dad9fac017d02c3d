//! The same bits on any number of threads, and for the same seed.

mod witness;

use std::sync::Arc;

use blastrain::data::Dataset;
use blastrain::loss::CrossEntropy;
use blastrain::optim::Adam;
use blastrain::train::{History, Trainer, WeightGradient};
use blastrain::{Parallelism, RandomState, Scalar, Sequential};
use ndarray::Array2;
use witness::{WatchedAdam, WatchedTanh, Witness};

/// The last batch of 48 has 8 rows.
const ROWS: usize = 200;
const BATCH: usize = 48;

fn data<F: Scalar>(weighted: bool) -> Dataset<'static, F>
where
    Array2<F>: Into<blastrain::data::FeatureStorage<'static, F>>,
{
    let mut random = RandomState::new(5);
    let x = Array2::from_shape_simple_fn((ROWS, 300), || F::from_f64(random.uniform(-1.0, 1.0)));
    let classes: Vec<usize> = (0..ROWS).map(|row| (row * row + row / 7) % 10).collect();
    let data = Dataset::new(x, classes).unwrap();
    if !weighted {
        return data;
    }
    let weight = |row: usize| F::from_f64([0.0, 1.0, 0.3, 2.5][row % 4]);
    data.with_weights((0..ROWS).map(weight).collect()).unwrap()
}

/// What a fit leaves, bit by bit.
#[derive(Debug, PartialEq)]
struct Bits {
    parameters: Vec<u64>,
    losses: Vec<u64>,
    scores: Vec<u64>,
}

fn bits<'a, F: Scalar>(values: impl IntoIterator<Item = &'a F>) -> Vec<u64> {
    values.into_iter().map(|value| value.as_f64().to_bits()).collect()
}

fn losses(history: &History) -> Vec<u64> {
    let validation = history.epochs().iter().map(|epoch| epoch.validation_loss.unwrap());
    bits(&history.losses().into_iter().chain(validation).collect::<Vec<f64>>())
}

/// Where and how a fit runs.
#[derive(Debug, Clone, Copy)]
struct Setting {
    weighted: bool,
    mode: WeightGradient,
    parallelism: Parallelism,
    seed: u32,
}

/// Fits 300-500-10: four row shards, and 150,000 weights in two blocks; returns the workers of the
/// backward passes and of the updates.
fn fit<F: Scalar>(setting: Setting) -> (Bits, [Vec<isize>; 2])
where
    Array2<F>: Into<blastrain::data::FeatureStorage<'static, F>>,
{
    let data = data::<F>(setting.weighted);
    let (passes, updates) = (Arc::<Witness>::default(), Arc::<Witness>::default());
    let network = Sequential::<F>::input(300)
        .dense(500)
        .activation(WatchedTanh(passes.clone()))
        .dense(10)
        .seed(setting.seed)
        .build()
        .unwrap();
    let mut trainer = Trainer::builder(network, CrossEntropy)
        .optimizer(WatchedAdam(Adam::new(0.002), updates.clone()))
        .validation(&data)
        .batch_size(BATCH)
        .epochs(2)
        .shards(4)
        .seed(setting.seed)
        .weight_gradient(setting.mode)
        .parallelism(setting.parallelism)
        .build()
        .unwrap();
    let history = trainer.fit(&data).unwrap();
    let x = data.features_view().unwrap();
    let scores = trainer.network().predict_with(x, setting.parallelism).unwrap();
    let parameters = bits(trainer.network().parameters());
    let bits = Bits { parameters, losses: losses(&history), scores: bits(&scores) };
    (bits, [passes.workers(), updates.workers()])
}

fn in_pool<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

fn every_number_of_threads<F: Scalar>(mode: WeightGradient, weighted: bool)
where
    Array2<F>: Into<blastrain::data::FeatureStorage<'static, F>>,
{
    let setting = Setting { weighted, mode, parallelism: Parallelism::Serial, seed: 3 };
    let (serial, workers) = fit::<F>(setting);
    assert_eq!(workers, [[-1], [-1]], "the calling thread alone");
    for threads in [1, 2, 4, 8] {
        let parallelism = Parallelism::Threads(threads);
        let (bits, workers) = fit::<F>(Setting { parallelism, ..setting });
        assert!(bits == serial, "{mode:?}, {threads} threads, {}: other bits", F::NAME);
        let several = workers.iter().all(|workers| workers.len() >= 2);
        assert_eq!(several, threads > 1, "{threads} threads, workers {workers:?}");
    }
    for threads in [1, 3] {
        let parallelism = Parallelism::Auto;
        let run = || fit::<F>(Setting { parallelism, ..setting });
        let (bits, workers) = in_pool(threads, run);
        assert!(bits == serial, "{mode:?}, in a pool of {threads}, {}: other bits", F::NAME);
        let several = workers.iter().all(|workers| workers.len() >= 2);
        assert_eq!(several, threads > 1, "in a pool of {threads}, workers {workers:?}");
    }
}

#[test]
fn owners_give_the_same_bits_on_any_number_of_threads() {
    every_number_of_threads::<f32>(WeightGradient::Owners, true);
    every_number_of_threads::<f64>(WeightGradient::Owners, false);
}

#[test]
fn shard_gradients_give_the_same_bits_on_any_number_of_threads() {
    every_number_of_threads::<f32>(WeightGradient::Shards, false);
    every_number_of_threads::<f64>(WeightGradient::Shards, true);
}

#[test]
fn the_seed_decides() {
    let parallelism = Parallelism::Threads(2);
    let mode = WeightGradient::Owners;
    let setting = Setting { weighted: true, mode, parallelism, seed: 3 };
    let (first, _) = fit::<f32>(setting);
    assert!(fit::<f32>(setting).0 == first);
    assert!(fit::<f32>(Setting { seed: 4, ..setting }).0 != first);
    assert!(fit::<f32>(Setting { weighted: false, ..setting }).0 != first);
}

fn small_trainer(epochs: usize, shuffle: bool) -> Trainer<'static, f64> {
    let network = Sequential::<f64>::input(300).dense(8).tanh().dense(10).seed(1).build().unwrap();
    Trainer::builder(network, CrossEntropy)
        .epochs(epochs)
        .batch_size(BATCH)
        .shuffle(shuffle)
        .parallelism(Parallelism::Serial)
        .build()
        .unwrap()
}

/// Losses and parameters of `fits` fits of `epochs` epochs each.
fn in_turn(fits: usize, epochs: usize, shuffle: bool) -> (Vec<f64>, Vec<f64>, Vec<usize>) {
    let data = data::<f64>(false);
    let mut trainer = small_trainer(epochs, shuffle);
    let (mut losses, mut numbers) = (Vec::new(), Vec::new());
    for _ in 0..fits {
        let history = trainer.fit(&data).unwrap();
        losses.extend(history.losses());
        numbers.extend(history.epochs().iter().map(|epoch| epoch.epoch));
    }
    (losses, trainer.network().parameters().to_vec(), numbers)
}

#[test]
fn two_fits_equal_one_of_twice_the_epochs() {
    for shuffle in [false, true] {
        let whole = in_turn(1, 4, shuffle);
        assert_eq!(whole.2, [0, 1, 2, 3]);
        assert!(in_turn(2, 2, shuffle) == whole, "shuffle: {shuffle}");
        assert!(in_turn(4, 1, shuffle) == whole, "shuffle: {shuffle}");
    }
}

#[test]
fn rows_through_an_index_view_give_the_bits_of_a_copy() {
    let data = data::<f64>(true);
    let rows: Vec<usize> = (0..ROWS).rev().step_by(3).collect();
    let view = data.select(&rows).unwrap();
    let (x, targets) = view.to_arrays();
    let copy = Dataset::new(x, targets).unwrap().with_weights(view.row_weights().unwrap()).unwrap();
    let train = |data: &Dataset<'_, f64>| {
        let mut trainer = small_trainer(2, true);
        let losses = trainer.fit(data).unwrap().losses();
        (losses, trainer.into_network().parameters().to_vec())
    };
    assert!(train(&view) == train(&copy));
}

/// A network with every layer that treats rows together or by their place.
fn regular<F: Scalar>(parallelism: Parallelism, mode: WeightGradient) -> Bits
where
    Array2<F>: Into<blastrain::data::FeatureStorage<'static, F>>,
{
    let data = data::<F>(true);
    let builder = Sequential::<F>::input(300).batch_norm().dense(200).batch_norm().relu();
    let builder = builder.dropout(0.5).dense(40).layer_norm().tanh().dropout(0.2).dense(10);
    let mut trainer = Trainer::builder(builder.seed(3).build().unwrap(), CrossEntropy)
        .optimizer(Adam::new(0.002))
        .validation(&data)
        .batch_size(BATCH)
        .epochs(2)
        .shards(4)
        .weight_gradient(mode)
        .parallelism(parallelism)
        .build()
        .unwrap();
    let history = trainer.fit(&data).unwrap();
    let network = trainer.network();
    let x = data.features_view().unwrap();
    let scores = bits(&network.predict_with(x, parallelism).unwrap());
    let parameters = bits(network.parameters().iter().chain(network.buffers()));
    Bits { parameters, losses: losses(&history), scores }
}

#[test]
fn batch_norm_and_dropout_give_the_same_bits_on_any_number_of_threads() {
    for mode in [WeightGradient::Owners, WeightGradient::Shards] {
        let serial =
            (regular::<f32>(Parallelism::Serial, mode), regular::<f64>(Parallelism::Serial, mode));
        for threads in [1, 2, 4, 8] {
            let parallelism = Parallelism::Threads(threads);
            let found = (regular::<f32>(parallelism, mode), regular::<f64>(parallelism, mode));
            assert!(found == serial, "{mode:?}, {threads} threads: other bits");
        }
        let pool = in_pool(3, || regular::<f32>(Parallelism::Auto, mode));
        assert!(pool == serial.0, "{mode:?}, in a pool of 3: other bits");
    }
}

/// Shards change the last bits of sums, but not which values are dropped nor what a statistic is of.
#[test]
fn the_number_of_shards_changes_the_last_bits_only() {
    let data = data::<f64>(false);
    let fit = |shards: usize| {
        let builder = Sequential::<f64>::input(300).dense(30).batch_norm().tanh().dropout(0.5);
        let network = builder.dense(10).batch_norm().seed(3).build().unwrap();
        let mut trainer = Trainer::builder(network, CrossEntropy)
            .optimizer(blastrain::optim::Sgd::new(0.1))
            .batch_size(BATCH)
            .shards(shards)
            .build()
            .unwrap();
        trainer.fit(&data).unwrap();
        let network = trainer.into_network();
        [network.parameters(), network.buffers()].concat()
    };
    let whole = fit(1);
    for shards in [2, 3, 8] {
        let distance =
            fit(shards).iter().zip(&whole).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(distance < 1e-12, "{shards} shards: {distance}");
    }
}
