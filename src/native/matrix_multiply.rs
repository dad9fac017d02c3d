//! Matrix products by the pure-Rust crate `matrixmultiply`, for any strides.

use ndarray::{ArrayView2, ArrayViewMut2};

/// One floating-point type's GEMM routine: dimensions, scale, inputs and output with their strides.
pub(crate) trait Routine: Sized {
    /// # Safety
    /// Pointers, dimensions and strides must describe valid matrices.
    unsafe fn gemm(
        dims: [usize; 3],
        scale: [Self; 2],
        inputs: [(*const Self, isize, isize); 2],
        output: (*mut Self, isize, isize),
    );
}

macro_rules! routine {
    ($float:ty, $gemm:path) => {
        impl Routine for $float {
            unsafe fn gemm(
                [m, k, n]: [usize; 3],
                [alpha, beta]: [Self; 2],
                [(a, a_row, a_column), (b, b_row, b_column)]: [(*const Self, isize, isize); 2],
                (c, c_row, c_column): (*mut Self, isize, isize),
            ) {
                // SAFETY: passed on to the caller.
                unsafe {
                    $gemm(
                        m, k, n, alpha, a, a_row, a_column, b, b_row, b_column, beta, c, c_row,
                        c_column,
                    )
                }
            }
        }
    };
}
routine!(f32, matrixmultiply::sgemm);
routine!(f64, matrixmultiply::dgemm);

/// `c ← alpha·a·b + beta·c`.
pub(crate) fn gemm<F: Routine>(
    alpha: F,
    a: ArrayView2<'_, F>,
    b: ArrayView2<'_, F>,
    beta: F,
    c: &mut ArrayViewMut2<'_, F>,
) {
    let ((m, k), n) = (a.dim(), b.ncols());
    assert_eq!((b.nrows(), c.dim()), (k, (m, n)), "the matrices' shapes do not fit");
    let inputs = [
        (a.as_ptr(), a.strides()[0], a.strides()[1]),
        (b.as_ptr(), b.strides()[0], b.strides()[1]),
    ];
    let (row, column) = (c.strides()[0], c.strides()[1]);
    // SAFETY: the shapes were compared above; views reach only what they borrow, and `c` is
    // borrowed mutably, so it overlaps neither input.
    unsafe { F::gemm([m, k, n], [alpha, beta], inputs, (c.as_mut_ptr(), row, column)) }
}
