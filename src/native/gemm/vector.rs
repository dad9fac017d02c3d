//! Tiny products of a matrix and a vector.

use super::Product;
use crate::scalar::Scalar;

/// Multiply-adds up to which a loop over single values is done before a library's function has been called.
const TINY: usize = 128;

/// Whether a product of a matrix of this shape and a vector is as small.
pub(crate) fn is_tiny_vector_product(rows: usize, inner: usize) -> bool {
    rows.saturating_mul(inner) <= TINY
}

/// A product with one column.
pub(super) fn column<F: Scalar>(product: &Product<F>) {
    let Product { rows, inner, alpha, beta, a, b, c, bias, .. } = *product;
    // SAFETY: rows and inner indices are inside the matrices; the bias has a value for the column.
    unsafe {
        let start = if bias.is_null() { F::zero() } else { *bias };
        let mut row = a.values;
        for i in 0..rows {
            let (mut sum, mut left, mut right) = (start, row, b.values);
            for _ in 0..inner {
                sum += *left * *right;
                (left, right) = (left.wrapping_offset(a.column), right.wrapping_offset(b.row));
            }
            row = row.wrapping_offset(a.row);
            let to = c.values.wrapping_offset(i as isize * c.row);
            *to = match product.overwrites() {
                true => sum,
                false if beta == F::zero() => alpha * sum,
                false => alpha * sum + beta * *to,
            };
        }
    }
}
