//! Tiny products of a matrix and a vector.

use super::{Product, Strided};
use crate::scalar::Scalar;

/// Multiply-adds up to which a loop over single values is done before a library's function has been called.
const TINY: usize = 128;

/// Whether a product of a matrix of this shape and a vector is as small.
pub(crate) fn is_tiny_vector_product(rows: usize, inner: usize) -> bool {
    rows.saturating_mul(inner) <= TINY
}

impl<F: Scalar> Product<F> {
    /// The transpose of a product with one column, which whole vectors compute, if what they read and write has no gaps.
    pub(super) fn as_row(&self) -> Option<Self> {
        let Product { rows, columns, a, b, c, bias, .. } = *self;
        let gapless = a.row == 1 && c.row == 1 && bias.is_null();
        (columns == 1 && rows > 1 && gapless).then_some(Self {
            rows: 1,
            columns: rows,
            a: b.transposed(),
            b: a.transposed(),
            c: Strided { column: c.row, row: rows as isize, ..c },
            ..*self
        })
    }
}

/// Rows whose sums are computed together, so that none waits for the addition before.
const ROWS: usize = 4;

/// A product with one column.
pub(super) fn column<F: Scalar>(product: &Product<F>) {
    let whole = product.rows / ROWS * ROWS;
    // SAFETY: so many rows there are.
    unsafe {
        for row in (0..whole).step_by(ROWS) {
            rows::<F, ROWS>(product, row);
        }
        for row in whole..product.rows {
            rows::<F, 1>(product, row);
        }
    }
}

/// `R` rows from `first` on.
///
/// # Safety
/// The product has so many rows.
#[inline(always)]
unsafe fn rows<F: Scalar, const R: usize>(product: &Product<F>, first: usize) {
    let Product { inner, alpha, beta, a, b, c, bias, .. } = *product;
    // SAFETY: rows and inner indices are inside the matrices; the bias has a value for the column.
    unsafe {
        let start = if bias.is_null() { F::zero() } else { *bias };
        let mut sums = [start; R];
        let (mut left, mut right) = (a.at(first, 0), b.values);
        for _ in 0..inner {
            let factor = *right;
            for (r, sum) in sums.iter_mut().enumerate() {
                *sum += *left.wrapping_offset(r as isize * a.row) * factor;
            }
            (left, right) = (left.wrapping_offset(a.column), right.wrapping_offset(b.row));
        }
        let to = c.values.wrapping_offset(first as isize * c.row);
        for (r, sum) in sums.into_iter().enumerate() {
            let to = to.wrapping_offset(r as isize * c.row);
            *to = match product.overwrites() {
                true => sum,
                false if beta == F::zero() => alpha * sum,
                false => alpha * sum + beta * *to,
            };
        }
    }
}
