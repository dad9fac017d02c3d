//! How the work of a layer is shared out where row shards, each with all of the layer, do not do.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use super::Forward;
use crate::linalg::Gemm;
use crate::scalar::Scalar;

/// Statistics over all rows of a batch, for layers whose rows depend on each other.
///
/// In training, each shard collects a part before the layer's forward pass, parts are merged in
/// fixed order, and the merged numbers reach every shard as `stats`. Backward does the same with the
/// gradient, adding the parts up. In prediction nothing is collected.
pub trait WholeBatch<F: Scalar>: Send + Sync {
    /// The number of statistics, the same in both directions.
    fn stats(&self) -> usize;

    /// Overwrites `part` by the statistics of some rows of the input.
    fn collect(&self, x: ArrayView2<'_, F>, part: &mut [F]);

    /// Merges the statistics of further rows into `total`.
    fn merge(&self, total: &mut [F], part: &[F]);

    /// Turns the merged statistics into what the passes read, and updates the layer's buffers.
    fn settle(&self, total: &mut [F], buffers: &mut [F]);

    /// Overwrites `part` by sums over some rows that the gradient needs. `x` is the input that forward
    /// saw, unless the layer works in place; `cache` is what forward kept.
    fn collect_backward(
        &self,
        x: ArrayView2<'_, F>,
        cache: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        stats: &[F],
        part: &mut [F],
    );

    /// Overwrites the gradient by the layer's parameters from the sums over all rows.
    fn settle_backward(&self, total: &[F], dparams: &mut [F]);
}

/// A forward pass whose inputs can be shared out: each block of parameters gives its inputs' share of the sums, so that
/// weights stay with the worker that owns and updates them.
pub trait SplitForward<F: Scalar>: Send + Sync {
    /// The inputs, a range of columns of x, that the parameters of one of [`OwnedGradient::blocks`] multiply. The blocks'
    /// ranges cut the inputs in order, without gaps.
    fn inputs(&self, block: Range<usize>) -> Range<usize>;

    /// Overwrites `share` by the block's share of the sums, from all the layer's parameters and the block's inputs.
    fn share(
        &self,
        gemm: Gemm,
        block: Range<usize>,
        params: &[F],
        x: ArrayView2<'_, F>,
        share: ArrayViewMut2<'_, F>,
    );

    /// Turns the sum of all shares, which `y` holds, into the output, and keeps what forward keeps.
    fn finish(&self, params: &[F], io: Forward<'_, F>);
}

/// Products whose columns can be shared out: each worker computes some columns of the output, or of the gradient by the
/// input, for all rows of the batch, and reads no other weights than those columns'.
///
/// Used instead of row shards where there are so many weights that what each shard does to them (reading, copying for the
/// products) costs more than workers waiting for each other.
pub trait ColumnParallel<F: Scalar>: Send + Sync {
    /// Ranges that cut the columns of the output in order, without gaps: a function of shapes only. None where row shards
    /// do better.
    fn output_columns(&self) -> Vec<Range<usize>>;

    /// The same for the columns of the input.
    fn input_columns(&self) -> Vec<Range<usize>>;

    /// Overwrites some columns of the output, `y`, and of what forward keeps, `cache`, from all columns of the input.
    /// What forward keeps is as wide as the output, or nothing.
    fn forward_columns(
        &self,
        gemm: Gemm,
        columns: Range<usize>,
        params: &[F],
        x: ArrayView2<'_, F>,
        y: ArrayViewMut2<'_, F>,
        cache: ArrayViewMut2<'_, F>,
    );

    /// Overwrites some columns of the gradient by the input, `dx`, from `dy` as [`Layer::backward`](super::Layer::backward)
    /// left it, which was called without `dx`.
    fn backward_columns(
        &self,
        gemm: Gemm,
        columns: Range<usize>,
        params: &[F],
        dy: ArrayView2<'_, F>,
        dx: ArrayViewMut2<'_, F>,
    );
}

/// A weight gradient computed block by block over all rows of the batch, after every shard's
/// backward pass, so that one worker owns a block and can update it while it is in cache.
pub trait OwnedGradient<F: Scalar>: Send + Sync {
    /// Ranges that cut the layer's parameters in order, without gaps: a function of shapes only.
    fn blocks(&self) -> Vec<Range<usize>>;

    /// Overwrites `dblock`, the gradient by the parameters in `block`, from all rows' input `x`,
    /// `cache`, and `dy` as backward left it.
    fn gradient(
        &self,
        gemm: Gemm,
        block: Range<usize>,
        x: ArrayView2<'_, F>,
        cache: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dblock: &mut [F],
    );

    /// The gradient by the parameters in `block`, a part after the other: calls `done` with each part's range of
    /// the layer's parameters and its gradient, so that the update finds it in the cache. The parts, a function of
    /// shapes only, cut the block in order, without gaps. `room` is as long as the block; what it holds
    /// afterwards means nothing.
    ///
    /// Unless a layer knows better, the whole block is one part.
    #[allow(clippy::too_many_arguments)]
    fn gradient_by_parts(
        &self,
        gemm: Gemm,
        block: Range<usize>,
        x: ArrayView2<'_, F>,
        cache: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        room: &mut [F],
        done: &mut dyn FnMut(Range<usize>, &mut [F]),
    ) {
        self.gradient(gemm, block.clone(), x, cache, dy, room);
        done(block, room);
    }
}
