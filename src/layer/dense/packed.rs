//! Copies of the weights in the order in which products read them.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, s};

use super::BuiltDense;
use super::owned::MOST_PACKED_UNITS;
use crate::linalg::Gemm;
use crate::native::gemm::PackedFactor;
use crate::native::rows::{matrix, part_rows};
use crate::scalar::Scalar;

/// Weights up to which copies of them stay in the caches.
const MOST_PACKED: usize = 1 << 20;
/// Inputs and units from which copies pay.
const LEAST_PACKED: usize = 64;

impl<F: Scalar> BuiltDense<F> {
    /// Each block's inputs, with its copies: for forward, and for backward if it has one.
    fn packed_blocks<'p>(
        &self,
        mut packed: &'p [F],
    ) -> impl Iterator<Item = (Range<usize>, &'p [F], &'p [F])> {
        let (inputs, count, units) = (self.inputs, self.block_count(), self.spec.units);
        let rows = move |i| part_rows(inputs, count, i);
        let forward = move |i| PackedFactor::new(rows(i).len(), units).len::<F>();
        let both = packed.len() > (0..count).map(forward).sum();
        (0..count).map(move |i| {
            let (here, rest) = packed.split_at(forward(i));
            let len = if both { PackedFactor::new(units, rows(i).len()).len::<F>() } else { 0 };
            let (back, rest) = rest.split_at(len);
            packed = rest;
            (rows(i), here, back)
        })
    }

    /// `y ← x·W + b`, the products of the blocks' inputs added up in order.
    pub(super) fn forward_packed(
        &self,
        gemm: Gemm,
        packed: &[F],
        bias: &[F],
        x: ArrayView2<'_, F>,
        mut y: ArrayViewMut2<'_, F>,
    ) {
        for (rows, packed, _) in self.packed_blocks(packed) {
            let factor = PackedFactor::new(rows.len(), self.spec.units);
            let first = rows.start == 0;
            let bias = (first && !bias.is_empty()).then_some(bias);
            let x = x.slice(s![.., rows]);
            gemm.product_with_packed(x, (factor, packed), !first, bias, y.view_mut());
        }
    }

    /// `dx ← dz·Wᵀ`, the inputs of a block at a time.
    pub(super) fn backward_packed(
        &self,
        gemm: Gemm,
        packed: &[F],
        dz: ArrayView2<'_, F>,
        mut dx: ArrayViewMut2<'_, F>,
    ) {
        for (rows, _, packed) in self.packed_blocks(packed) {
            let factor = PackedFactor::new(self.spec.units, rows.len());
            let dx = dx.slice_mut(s![.., rows]);
            gemm.product_with_packed(dz, (factor, packed), false, None, dx);
        }
    }

    /// Values of the copies of a block, see [`OwnedGradient::packed_len`](crate::layer::OwnedGradient::packed_len).
    pub(super) fn copies_len(
        &self,
        gemm: Gemm,
        block: Range<usize>,
        input_gradient: bool,
    ) -> usize {
        let (rows, units) = (self.block_rows(&block).len(), self.spec.units);
        let pays = (LEAST_PACKED..=MOST_PACKED_UNITS).contains(&units)
            && self.inputs >= LEAST_PACKED
            && self.weight_count() <= MOST_PACKED;
        if !(pays && gemm.packs()) {
            return 0;
        }
        let back = if input_gradient { PackedFactor::new(units, rows).len::<F>() } else { 0 };
        PackedFactor::new(rows, units).len::<F>() + back
    }

    /// Writes the copies of the weights in `part` of a block.
    pub(super) fn copy_part(
        &self,
        block: &Range<usize>,
        part: &Range<usize>,
        params: &[F],
        packed: &mut [F],
    ) {
        let (units, all, some) = (self.spec.units, self.block_rows(block), self.block_rows(part));
        if some.is_empty() {
            return;
        }
        let within = some.start - all.start..some.end - all.start;
        let weights = matrix(some.len(), units, &params[..some.len() * units]);
        let forward = PackedFactor::new(all.len(), units);
        let (packed, back) = packed.split_at_mut(forward.len::<F>());
        forward.pack_rows(within.clone(), weights, packed);
        if !back.is_empty() {
            PackedFactor::new(units, all.len()).pack_columns(within, weights.t(), back);
        }
    }
}
