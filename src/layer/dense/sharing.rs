//! How the work of a fully connected layer is shared out.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, s};

use super::BuiltDense;
use crate::layer::{Forward, OwnedGradient, SplitForward};
use crate::linalg::Gemm;
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

/// A block has at least this many weights …
const BLOCK_WEIGHTS: usize = 48 << 10;
/// … and rows of them …
const BLOCK_ROWS: usize = 192;
/// … and a layer is cut in no more blocks than this, since each packs dz anew.
const MOST_BLOCKS: usize = 8;
/// About the weights of a part of a block: gradient, parameters and the optimiser's slots stay in the second cache.
const PART_WEIGHTS: usize = 24 << 10;
/// A part's rows are a multiple of this, and of the rows that the products' kernels compute together: fewer would read
/// the copy of dz too often for what they compute of it.
const PART_ROWS: usize = 48;

impl<F: Scalar> BuiltDense<F> {
    /// The inputs whose weights a block has.
    fn block_rows(&self, block: &Range<usize>) -> Range<usize> {
        let units = self.spec.units;
        block.start / units..block.end.min(self.weight_count()) / units
    }
}

/// Some columns of a layer's input; where all are asked for, a tiny layer is spared the cost of a slice.
fn inputs<F>(x: ArrayView2<'_, F>, columns: Range<usize>) -> ArrayView2<'_, F> {
    if columns == (0..x.ncols()) { x } else { x.slice_move(s![.., columns]) }
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
        let step = (PART_WEIGHTS / units / PART_ROWS).max(1) * PART_ROWS;
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
