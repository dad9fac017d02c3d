//! Products over few inner indices.

use std::ops::Range;

use super::columns::whole_vectors;
use super::{Product, Strided};
use crate::native::lanes::{Lanes, load, store};
use crate::scalar::Scalar;

/// Inner indices up to which all of a block's columns of `b` stay in registers.
pub(super) const THIN: usize = 4;

/// A product over at most [`THIN`] inner indices, whose sums are written as they are; its blocks are one to three
/// vectors wide, the last one comes first, as in [`small`](super::small).
///
/// # Safety
/// The processor can compute with `L`.
#[inline(always)]
pub(super) unsafe fn thin<F: Scalar, L: Lanes<F>>(product: &Product<F>) {
    let mut left = product.columns.div_ceil(L::COUNT);
    let mut end = product.columns;
    // SAFETY: the caller's word, and as many vectors as the columns fill.
    unsafe {
        if left % 2 == 1 {
            let width = left.min(3);
            left -= width;
            let columns = left * L::COUNT..end;
            match width {
                1 => thin_block::<F, L, 1>(product, columns),
                _ => thin_block::<F, L, 3>(product, columns),
            }
            end = left * L::COUNT;
        }
        while left > 0 {
            left -= 2;
            thin_block::<F, L, 2>(product, left * L::COUNT..end);
            end = left * L::COUNT;
        }
    }
}

/// # Safety
/// As [`block`](super::block::block), and the product is as [`thin`] wants it.
#[inline(always)]
unsafe fn thin_block<F: Scalar, L: Lanes<F>, const V: usize>(
    product: &Product<F>,
    columns: Range<usize>,
) {
    // SAFETY: the caller's word.
    unsafe {
        match product.inner {
            0 => thin_rows::<F, L, V, 0>(product, columns),
            1 => thin_rows::<F, L, V, 1>(product, columns),
            2 => thin_rows::<F, L, V, 2>(product, columns),
            3 => thin_rows::<F, L, V, 3>(product, columns),
            _ => thin_rows::<F, L, V, THIN>(product, columns),
        }
    }
}

/// # Safety
/// As [`block`](super::block::block), and `K` is the number of inner indices.
#[inline(always)]
unsafe fn thin_rows<F: Scalar, L: Lanes<F>, const V: usize, const K: usize>(
    product: &Product<F>,
    columns: Range<usize>,
) {
    let Product { rows, a, c, .. } = *product;
    let last = columns.len() - (V - 1) * L::COUNT;
    // SAFETY: the caller's word; `last` lanes of the last vector lie inside `b`, `c` and the bias.
    unsafe {
        let b = Strided { values: product.b.at(0, columns.start), ..product.b };
        let b = match b.column {
            1 => b,
            _ => whole_vectors::<F, L, V>(b, K, last),
        };
        let b: [[L; V]; K] =
            std::array::from_fn(|l| load(b.values.wrapping_offset(l as isize * b.row), last));
        let bias = match product.bias.is_null() {
            true => [L::splat(F::zero()); V],
            false => load(product.bias.wrapping_add(columns.start), last),
        };
        // Rows that have a whole vector's room behind them; only the last one has nothing.
        let roomy = match (last == L::COUNT, product.can_spill(L::COUNT - last)) {
            (true, _) => rows,
            (false, true) => rows.saturating_sub(1),
            (false, false) => 0,
        };
        let (mut from, mut to) = (a.values, c.values.wrapping_add(columns.start));
        for _ in 0..roomy {
            store(row_sums(&b, bias, from, a.column), to, L::COUNT);
            (from, to) = (from.wrapping_offset(a.row), to.wrapping_offset(c.row));
        }
        for _ in roomy..rows {
            store(row_sums(&b, bias, from, a.column), to, last);
            (from, to) = (from.wrapping_offset(a.row), to.wrapping_offset(c.row));
        }
    }
}

/// `start` and the products of a row of `a` with the rows of `b`.
///
/// # Safety
/// The processor can compute with `L`, and the row has `K` values.
#[inline(always)]
unsafe fn row_sums<F: Scalar, L: Lanes<F>, const V: usize, const K: usize>(
    b: &[[L; V]; K],
    start: [L; V],
    row: *const F,
    column: isize,
) -> [L; V] {
    let mut sums = start;
    for (l, b) in b.iter().enumerate() {
        // SAFETY: the caller's word.
        unsafe {
            let factor = L::splat(*row.wrapping_offset(l as isize * column));
            for (sum, &b) in sums.iter_mut().zip(b) {
                *sum = b.mul_add(factor, *sum);
            }
        }
    }
    sums
}
