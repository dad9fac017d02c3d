//! Plain Rust with loops ordered and cut for the caches: what one can do without a library.

use ndarray::{ArrayView2, ArrayViewMut2, s};

use crate::native::simd::{mul_add, vectorised};
use crate::scalar::Scalar;

/// Rows of `b` in one block: with `COLUMNS` values of f64 each, they fit a 256 KiB cache.
const INNER: usize = 128;
const COLUMNS: usize = 256;

vectorised! {
    fn add_scaled<F>(factor: F, from: &[F], to: &mut [F]) {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = mul_add::<F, FMA>(factor, from, *to);
        }
    }
}

/// `c ← alpha·a·b + beta·c` by the row-times-scalar loop (i, k, j) over blocks of `b`.
pub(super) fn gemm<F: Scalar>(
    alpha: F,
    a: ArrayView2<'_, F>,
    b: ArrayView2<'_, F>,
    beta: F,
    c: &mut ArrayViewMut2<'_, F>,
) {
    let ((m, k), n) = (a.dim(), b.ncols());
    assert_eq!((b.nrows(), c.dim()), (k, (m, n)), "the matrices' shapes do not fit");
    match beta == F::zero() {
        true => c.fill(F::zero()),
        false => c.mapv_inplace(|value| value * beta),
    }
    for l0 in (0..k).step_by(INNER) {
        for j0 in (0..n).step_by(COLUMNS) {
            let columns = j0..(j0 + COLUMNS).min(n);
            // A copy in row order serves transposed views too.
            let block = b.slice(s![l0..(l0 + INNER).min(k), columns.clone()]);
            let block = block.as_standard_layout();
            let (values, width) = (block.as_slice().unwrap_or(&[]), columns.len());
            for i in 0..m {
                let mut row = c.slice_mut(s![i, columns.clone()]);
                for (l, from) in values.chunks_exact(width).enumerate() {
                    let factor = alpha * a[(i, l0 + l)];
                    match row.as_slice_mut() {
                        Some(to) => add_scaled(factor, from, to),
                        None => {
                            row.iter_mut().zip(from).for_each(|(to, &from)| *to += factor * from)
                        }
                    }
                }
            }
        }
    }
}
