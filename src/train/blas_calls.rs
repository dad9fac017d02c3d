//! Proof that the hot path's products reach BLAS, one call for each shard or block and none besides.

use ndarray::Array2;

use super::{Trainer, WeightGradient};
use crate::data::Dataset;
use crate::linalg::{Backend, Gemm, calls};
use crate::loss::CrossEntropy;
use crate::parallelism::Parallelism;
use crate::random_matrix;
use crate::{Scalar, Sequential};

/// The calls of one step, by backend, on the calling thread.
fn calls_of_a_step<F: Scalar>(
    native: bool,
    shards: usize,
    mode: WeightGradient,
) -> Vec<(Backend, usize)> {
    let (rows, hidden) = (256, 300);
    let network = Sequential::<F>::input(784).dense(hidden).relu().dense(200).tanh().dense(10);
    let features: Array2<F> = random_matrix(rows, 784, 1);
    let data = Dataset::new(features, (0..rows).map(|row| row % 10).collect::<Vec<_>>()).unwrap();
    let mut trainer = Trainer::builder(network.build().unwrap(), CrossEntropy)
        .batch_size(rows)
        .shards(shards)
        .weight_gradient(mode)
        .gemm(Gemm::new(Backend::default()).unwrap().native_kernels(native))
        .parallelism(Parallelism::Serial)
        .build()
        .unwrap();
    calls::take();
    trainer.fit(&data).unwrap();
    let mut calls: Vec<_> = calls::take().into_iter().collect();
    calls.sort_by_key(|&(_, count)| count);
    calls
}

/// Blocks of the three layers: 784·300 weights make four, 300·200 one, 200·10 one.
const BLOCKS: usize = 4 + 1 + 1;

fn check<F: Scalar>() {
    let main = Backend::default();
    for shards in [1, 2, 4] {
        // Three layers: 3·3 − 1 logical products, of which five run over shards of rows.
        let owners = calls_of_a_step::<F>(false, shards, WeightGradient::Owners);
        assert_eq!(owners, [(main, 5 * shards + BLOCKS)]);
        let per_shard = calls_of_a_step::<F>(false, shards, WeightGradient::Shards);
        assert_eq!(per_shard, [(main, 8 * shards)]);
        let native = calls_of_a_step::<F>(true, shards, WeightGradient::Owners);
        if crate::native::gemm::suits_processor() {
            assert_eq!(native, [(Backend::Native, 5 * shards + BLOCKS)]);
        } else {
            // The last layer's scores and weight gradient have ten columns, its input gradient ten inner indices.
            assert_eq!(
                native,
                [(Backend::Native, 2 * shards + 1), (main, 3 * shards + BLOCKS - 1)]
            );
        }
    }
}

#[test]
fn a_step_makes_one_blas_call_for_each_shard_or_block() {
    check::<f32>();
    check::<f64>();
}
