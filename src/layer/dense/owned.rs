//! The weight gradient, block by block.

use std::ops::Range;

use ndarray::{ArrayView2, s};

use super::BuiltDense;
use crate::layer::OwnedGradient;
use crate::linalg::Gemm;
use crate::native::column_sums::sum_rows;
use crate::native::rows::{flat_ref, matrix_mut, part_rows};
use crate::scalar::Scalar;

/// A block has at least this many weights …
const BLOCK_WEIGHTS: usize = 48 << 10;
/// … and rows of them …
const BLOCK_ROWS: usize = 192;
/// … and a layer is cut in no more blocks than this, since each packs dz anew.
const MOST_BLOCKS: usize = 8;
/// Weights of a part of a block: gradient, parameters and the optimiser's slots stay in the second cache.
const PART_WEIGHTS: usize = 24 << 10;
/// Units up to which the rows of a part are a multiple of all panels' and tiles' widths …
pub(super) const MOST_PACKED_UNITS: usize = 1024;
const PACKED_STEP: usize = 48;
/// … and else of a tile's, and no fewer than this.
const STEP: usize = 24;
impl<F: Scalar> BuiltDense<F> {
    pub(super) fn block_count(&self) -> usize {
        let most = MOST_BLOCKS.min(self.inputs.div_ceil(BLOCK_ROWS)).max(1);
        (self.weight_count() / BLOCK_WEIGHTS).clamp(1, most)
    }

    /// The inputs whose weights a block has.
    pub(super) fn block_rows(&self, block: &Range<usize>) -> Range<usize> {
        let units = self.spec.units;
        block.start / units..block.end.min(self.weight_count()) / units
    }
}

impl<F: Scalar> OwnedGradient<F> for BuiltDense<F> {
    fn blocks(&self) -> Vec<Range<usize>> {
        let (units, count) = (self.spec.units, self.block_count());
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
        let x = x.slice_move(s![.., rows]);
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
        if rows.len() * units < 2 * PART_WEIGHTS {
            self.gradient(gemm, block.clone(), x, cache, dy, room);
            return done(block, room);
        }
        let multiple = if units <= MOST_PACKED_UNITS { PACKED_STEP } else { STEP };
        let step = (PART_WEIGHTS / units / multiple).max(1) * multiple;
        let weights = rows.len() * units;
        let x = x.slice_move(s![.., rows]).reversed_axes();
        let place =
            |rows: Range<usize>| block.start + rows.start * units..block.start + rows.end * units;
        gemm.product_by_rows(x, dy, step, &mut room[..weights], &mut |rows, values| {
            done(place(rows), values);
        });
        let bias = &mut room[weights..];
        if !bias.is_empty() {
            sum_rows(flat_ref(&dy), bias);
            done(block.start + weights..block.end, bias);
        }
    }

    fn packed_len(&self, gemm: Gemm, block: Range<usize>, input_gradient: bool) -> usize {
        self.copies_len(gemm, block, input_gradient)
    }

    fn pack(&self, block: Range<usize>, part: Range<usize>, params: &[F], packed: &mut [F]) {
        self.copy_part(&block, &part, params, packed);
    }
}
