//! The triple loop: the oracle of the tests and the baseline of the benches.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::scalar::Scalar;

/// `c ← alpha·a·b + beta·c` by three nested loops over rows, columns and the inner dimension.
pub(super) fn gemm<F: Scalar>(
    alpha: F,
    a: ArrayView2<'_, F>,
    b: ArrayView2<'_, F>,
    beta: F,
    c: &mut ArrayViewMut2<'_, F>,
) {
    let ((m, k), n) = (a.dim(), b.ncols());
    assert_eq!((b.nrows(), c.dim()), (k, (m, n)), "the matrices' shapes do not fit");
    for i in 0..m {
        for j in 0..n {
            let mut sum = F::zero();
            for l in 0..k {
                sum += a[(i, l)] * b[(l, j)];
            }
            let old = if beta == F::zero() { F::zero() } else { beta * c[(i, j)] };
            c[(i, j)] = alpha * sum + old;
        }
    }
}
