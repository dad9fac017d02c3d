//! How the work of a fully connected layer is shared out.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, s};

use super::BuiltDense;
use crate::layer::{ColumnParallel, Forward, OwnedGradient, SplitForward};
use crate::linalg::Gemm;
use crate::native;
use crate::native::column_sums::sum_rows;
use crate::native::rows::{flat, flat_ref, matrix_mut, part_rows};
use crate::scalar::Scalar;

impl<F: Scalar> SplitForward<F> for BuiltDense<F> {
    fn inputs(&self, block: Range<usize>) -> Range<usize> {
        self.block_rows(&block)
    }

    fn share(
        &self,
        gemm: Gemm,
        block: Range<usize>,
        params: &[F],
        x: ArrayView2<'_, F>,
        share: ArrayViewMut2<'_, F>,
    ) {
        let weights = self.weights(params).slice_move(s![self.block_rows(&block), ..]);
        gemm.product(F::one(), x, weights, F::zero(), share);
    }

    fn finish(&self, params: &[F], io: Forward<'_, F>) {
        let Forward { mut y, mut cache, .. } = io;
        self.activate(&params[self.weight_count()..], flat(&mut y), flat(&mut cache));
    }
}

/// Weights from which columns are shared out instead of rows.
const PARALLEL_WEIGHTS: usize = 1 << 18;
/// Columns that are computed together: what the products copy of the weights at a time.
const PARALLEL_COLUMNS: usize = 128;
/// Blocks of columns are multiples of this, so that vectors are full.
const VECTORS: usize = 32;
/// And there are no more of them than this.
const MOST_COLUMN_BLOCKS: usize = 32;

impl<F: Scalar> BuiltDense<F> {
    pub(super) fn has_parallel_columns(&self) -> bool {
        self.weight_count() >= PARALLEL_WEIGHTS
            && self.spec.units.min(self.inputs) >= 2 * PARALLEL_COLUMNS
    }
}

/// Blocks of columns for [`ColumnParallel`].
fn column_blocks(columns: usize) -> Vec<Range<usize>> {
    let count = columns.div_ceil(PARALLEL_COLUMNS).clamp(1, MOST_COLUMN_BLOCKS);
    let border = |vectors: usize| columns.min(vectors * VECTORS);
    (0..count)
        .map(|i| part_rows(columns.div_ceil(VECTORS), count, i))
        .map(|vectors| border(vectors.start)..border(vectors.end))
        .collect()
}

impl<F: Scalar> ColumnParallel<F> for BuiltDense<F> {
    fn output_columns(&self) -> Vec<Range<usize>> {
        column_blocks(self.spec.units)
    }

    fn input_columns(&self) -> Vec<Range<usize>> {
        column_blocks(self.inputs)
    }

    fn forward_columns(
        &self,
        gemm: Gemm,
        columns: Range<usize>,
        params: &[F],
        x: ArrayView2<'_, F>,
        mut y: ArrayViewMut2<'_, F>,
        mut cache: ArrayViewMut2<'_, F>,
    ) {
        let bias = &params[self.weight_count()..];
        let bias = if bias.is_empty() { bias } else { &bias[columns.clone()] };
        let weights = self.weights(params).slice_move(s![.., columns]);
        let biased = gemm.product_with_bias(x, weights, bias, y.view_mut());
        let bias = if biased { &[] } else { bias };
        for (mut y, mut cache) in y.rows_mut().into_iter().zip(cache.rows_mut()) {
            let gapless = "rows of a slot have no gaps";
            self.activate(
                bias,
                y.as_slice_mut().expect(gapless),
                cache.as_slice_mut().expect(gapless),
            );
        }
    }

    fn backward_columns(
        &self,
        gemm: Gemm,
        columns: Range<usize>,
        params: &[F],
        dy: ArrayView2<'_, F>,
        dx: ArrayViewMut2<'_, F>,
    ) {
        let weights = self.weights(params).slice_move(s![columns, ..]);
        gemm.product(F::one(), dy, weights.reversed_axes(), F::zero(), dx);
    }
}

/// A block has at least this many weights …
const BLOCK_WEIGHTS: usize = 48 << 10;
/// … and rows of them …
const BLOCK_ROWS: usize = 192;
/// … and a layer is cut in no more blocks than this, since each packs dz anew.
const MOST_BLOCKS: usize = 8;
/// About the weights of a part of a block: gradient, parameters and the optimiser's slots stay in the second cache.
const PART_WEIGHTS: usize = 24 << 10;

impl<F: Scalar> BuiltDense<F> {
    /// The inputs whose weights a block has.
    fn block_rows(&self, block: &Range<usize>) -> Range<usize> {
        let units = self.spec.units;
        if block.start == 0 && block.end >= self.weight_count() {
            return 0..self.inputs;
        }
        block.start / units..block.end.min(self.weight_count()) / units
    }
}

/// Some columns of a layer's input; where all are asked for, a tiny layer is spared the cost of a slice.
fn inputs<F>(x: ArrayView2<'_, F>, columns: Range<usize>) -> ArrayView2<'_, F> {
    if columns == (0..x.ncols()) { x } else { x.slice_move(s![.., columns]) }
}

/// The rows of a part of a block of so many.
fn part_step(rows: usize, units: usize) -> usize {
    let least = native::gemm::rows_worth_copies();
    let most = (PART_WEIGHTS / units / least).max(1) * least;
    // As even as can be, in whole tiles of the products' kernels.
    rows.div_ceil(rows.div_ceil(most).max(1)).next_multiple_of(12)
}

impl<F: Scalar> OwnedGradient<F> for BuiltDense<F> {
    fn blocks(&self) -> Vec<Range<usize>> {
        let units = self.spec.units;
        let most = MOST_BLOCKS.min(self.inputs.div_ceil(BLOCK_ROWS)).max(1);
        let count = (self.weight_count() / BLOCK_WEIGHTS).clamp(1, most);
        let total = self.weight_count() + if self.spec.use_bias { units } else { 0 };
        (0..count)
            .map(|i| {
                let rows = part_rows(self.inputs, count, i);
                // The biases lie behind the weights, so the last block takes them.
                let end = if i + 1 == count { total } else { rows.end * units };
                rows.start * units..end
            })
            .collect()
    }

    fn gradient(
        &self,
        gemm: Gemm,
        block: Range<usize>,
        x: ArrayView2<'_, F>,
        _cache: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dblock: &mut [F],
    ) {
        let (units, rows) = (self.spec.units, self.block_rows(&block));
        let (weights, bias) = dblock.split_at_mut(rows.len() * units);
        let dweights = matrix_mut(rows.len(), units, weights);
        let x = inputs(x, rows);
        gemm.product(F::one(), x.reversed_axes(), dy, F::zero(), dweights);
        if !bias.is_empty() {
            sum_rows(flat_ref(&dy), bias);
        }
    }

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
        let (units, rows) = (self.spec.units, self.block_rows(&block));
        let weights = rows.len() * units;
        if weights < 2 * PART_WEIGHTS {
            self.gradient(gemm, block.clone(), x, cache, dy, room);
            return done(block, room);
        }
        let step = part_step(rows.len(), units);
        let x = inputs(x, rows).reversed_axes();
        let (room, bias) = room.split_at_mut(weights);
        gemm.product_by_rows(x, dy, step, room, &mut |rows, values| {
            let first = block.start + rows.start * units;
            done(first..first + values.len(), values);
        });
        if !bias.is_empty() {
            sum_rows(flat_ref(&dy), bias);
            done(block.start + weights..block.end, bias);
        }
    }
}
