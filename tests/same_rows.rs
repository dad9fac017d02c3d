//! A batch that holds the rows of the one before is not gathered again: the steps are those of one that is.

use blastrain::data::Dataset;
use blastrain::loss::{CrossEntropy, MeanSquaredError};
use blastrain::optim::Adam;
use blastrain::train::{Trainer, TrainerBuilder, WeightGradient};
use blastrain::{Parallelism, Sequential};
use ndarray::Array2;

const CLASSES: usize = 3;

/// `copies` times the same rows, one after the other.
fn data(rows: usize, inputs: usize, copies: usize, classes: bool) -> Dataset<'static, f64> {
    let all = rows * copies;
    let value = |(i, j)| ((i % rows * 37 + j * 11 + i % rows * j) % 23) as f64 / 23.0 - 0.4;
    let features = Array2::from_shape_fn((all, inputs), value);
    if classes {
        let classes: Vec<usize> = (0..all).map(|i| i % rows * 7 % CLASSES).collect();
        return Dataset::new(features, classes).unwrap();
    }
    let weights = (0..all).map(|i| (i % rows % 3) as f64).collect();
    let values = Array2::from_shape_fn((all, CLASSES), value);
    Dataset::new(features, values).unwrap().with_weights(weights).unwrap()
}

/// The parameters after six steps over batches of `rows` rows in order.
fn six_steps(
    trainer: TrainerBuilder<'static, f64>,
    data: &Dataset<'_, f64>,
    rows: usize,
    (mode, threads): (WeightGradient, usize),
) -> Vec<f64> {
    let mut trainer = trainer
        .optimizer(Adam::new(0.01))
        .weight_gradient(mode)
        .parallelism(Parallelism::Threads(threads))
        .batch_size(rows)
        .epochs(6 * rows / data.len())
        .shuffle(false)
        .build()
        .unwrap();
    trainer.fit(data).unwrap();
    trainer.network().parameters().to_vec()
}

#[track_caller]
fn check(rows: usize, inputs: usize, network: impl Fn() -> Sequential<f64>) {
    let trainer = |classes| match classes {
        true => Trainer::builder(network(), CrossEntropy),
        false => Trainer::builder(network(), MeanSquaredError::default()),
    };
    for classes in [true, false] {
        for mode in [WeightGradient::Owners, WeightGradient::Shards] {
            // One copy: the same batch six times. Two: each other batch is the other copy.
            let steps = |copies, threads| {
                let data = data(rows, inputs, copies, classes);
                six_steps(trainer(classes), &data, rows, (mode, threads))
            };
            let gathered = steps(2, 1);
            assert!(gathered != network().parameters() && gathered.iter().all(|p| p.is_finite()));
            for threads in [1, 2] {
                assert_eq!(steps(1, threads), gathered, "{classes} {mode:?} {threads}");
            }
        }
    }
}

#[test]
fn of_a_tiny_network() {
    check(4, 2, || Sequential::input(2).dense(10).relu().dense(CLASSES).seed(1).build().unwrap());
}

#[test]
fn where_the_first_layer_is_shared_out_by_its_inputs() {
    check(20, 784, || {
        Sequential::input(784).dense(128).relu().dense(CLASSES).seed(1).build().unwrap()
    });
}

#[test]
fn in_shards_with_whole_batch_statistics_and_dropout() {
    check(300, 9, || {
        let builder = Sequential::input(9).batch_norm().dropout(0.3);
        builder.dense(40).batch_norm().relu().dense(CLASSES).seed(1).build().unwrap()
    });
}

#[test]
fn where_columns_are_shared_out() {
    check(40, 530, || {
        Sequential::input(530).dense(520).relu().dense(CLASSES).seed(1).build().unwrap()
    });
}

/// Views that name rows of the same storage more than once, beside copies whose rows are all others.
#[test]
fn rows_that_change_are_gathered() {
    let network = || Sequential::input(2).dense(4).relu().dense(CLASSES).seed(1).build().unwrap();
    let all = data(7, 2, 1, true);
    let fit = |data: &Dataset<'_, f64>| {
        let trainer = Trainer::builder(network(), CrossEntropy).batch_size(3).epochs(2);
        let mut trainer = trainer.shuffle(false).parallelism(Parallelism::Serial).build().unwrap();
        trainer.fit(data).unwrap();
        trainer.network().parameters().to_vec()
    };
    for order in [&[0, 1, 2, 0, 1, 3][..], &[0, 1, 2, 0, 1], &[0, 1, 2, 0, 1, 2, 1, 0, 2]] {
        let view = all.select(order).unwrap();
        let (features, targets) = view.to_arrays();
        assert_eq!(fit(&view), fit(&Dataset::new(features, targets).unwrap()), "{order:?}");
    }
}
