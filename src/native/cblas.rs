//! Matrix products by OpenBLAS.

use cblas_sys::{
    CBLAS_LAYOUT, CBLAS_TRANSPOSE, cblas_dgemm, cblas_dgemv, cblas_sgemm, cblas_sgemv,
};
use ndarray::{ArrayView2, ArrayViewMut2};

use crate::scalar::Scalar;

// The library that these symbols come from.
extern crate blas_src as _;

/// How BLAS sees a matrix: whether it is stored by columns, and the step between rows (columns).
#[derive(Clone, Copy)]
struct Stored {
    transposed: bool,
    step: i32,
}

/// What BLAS can make of a matrix's strides; `None` if nothing.
fn stored((rows, columns): (usize, usize), strides: &[isize]) -> Option<Stored> {
    let fits = |inner: isize, inner_len: usize, outer: isize, outer_len: usize| {
        let contiguous = inner == 1 || inner_len <= 1;
        let step = if outer_len <= 1 { inner_len.max(1) as isize } else { outer };
        (contiguous && step >= inner_len.max(1) as isize).then_some(step)
    };
    if let Some(step) = fits(strides[1], columns, strides[0], rows) {
        return Some(Stored { transposed: false, step: step.try_into().ok()? });
    }
    let step = fits(strides[0], rows, strides[1], columns)?;
    Some(Stored { transposed: true, step: step.try_into().ok()? })
}

/// One floating-point type's GEMM and GEMV routines.
pub(crate) trait Routine: Sized {
    /// # Safety
    /// As the C function: pointers, dimensions and steps must describe valid matrices.
    unsafe fn gemm(
        transposes: [CBLAS_TRANSPOSE; 2],
        dims: [i32; 3],
        scale: [Self; 2],
        inputs: [(*const Self, i32); 2],
        output: (*mut Self, i32),
    );

    /// # Safety
    /// As the C function: pointers, dimensions and steps must describe a valid matrix and vectors.
    unsafe fn gemv(
        transpose: CBLAS_TRANSPOSE,
        dims: [i32; 2],
        scale: [Self; 2],
        matrix: (*const Self, i32),
        x: (*const Self, i32),
        y: (*mut Self, i32),
    );
}

macro_rules! routine {
    ($float:ty, $gemm:ident, $gemv:ident) => {
        impl Routine for $float {
            #[inline(always)]
            unsafe fn gemm(
                transposes: [CBLAS_TRANSPOSE; 2],
                [m, n, k]: [i32; 3],
                [alpha, beta]: [Self; 2],
                [(a, a_step), (b, b_step)]: [(*const Self, i32); 2],
                (c, c_step): (*mut Self, i32),
            ) {
                let [ta, tb] = transposes;
                let order = CBLAS_LAYOUT::CblasRowMajor;
                // SAFETY: passed on to the caller.
                unsafe {
                    $gemm(order, ta, tb, m, n, k, alpha, a, a_step, b, b_step, beta, c, c_step)
                }
            }

            #[inline(always)]
            unsafe fn gemv(
                transpose: CBLAS_TRANSPOSE,
                [rows, columns]: [i32; 2],
                [alpha, beta]: [Self; 2],
                (a, step): (*const Self, i32),
                (x, x_step): (*const Self, i32),
                (y, y_step): (*mut Self, i32),
            ) {
                let order = CBLAS_LAYOUT::CblasRowMajor;
                // SAFETY: passed on to the caller.
                unsafe {
                    $gemv(
                        order, transpose, rows, columns, alpha, a, step, x, x_step, beta, y, y_step,
                    )
                }
            }
        }
    };
}
routine!(f32, cblas_sgemm, cblas_sgemv);
routine!(f64, cblas_dgemm, cblas_dgemv);

/// `y ← alpha·a·x + beta·y` with vectors as one-column matrices; false, with nothing done, if BLAS
/// cannot take the layouts.
#[inline]
pub(crate) fn gemv<F: Routine + Scalar>(
    alpha: F,
    a: ArrayView2<'_, F>,
    x: ArrayView2<'_, F>,
    beta: F,
    y: &mut ArrayViewMut2<'_, F>,
) -> bool {
    let (m, k) = a.dim();
    assert_eq!((x.dim(), y.dim()), ((k, 1), (m, 1)), "the matrix and vectors do not fit");
    let Some(matrix) = stored(a.dim(), a.strides()) else { return false };
    let (rows, columns) = if matrix.transposed { (k, m) } else { (m, k) };
    let (Ok(rows), Ok(columns)) = (rows.try_into(), columns.try_into()) else { return false };
    // A lone value's step is never taken, but BLAS wants it above zero.
    let step = |len: usize, step: isize| if len > 1 { step.try_into().unwrap_or(0) } else { 1 };
    let (x_step, y_step): (i32, i32) = (step(k, x.strides()[0]), step(m, y.strides()[0]));
    if x_step < 1 || y_step < 1 {
        return false;
    }
    let transpose = match matrix.transposed {
        true => CBLAS_TRANSPOSE::CblasTrans,
        false => CBLAS_TRANSPOSE::CblasNoTrans,
    };
    super::pin_this_thread();
    let (a, x, y) = ((a.as_ptr(), matrix.step), (x.as_ptr(), x_step), (y.as_mut_ptr(), y_step));
    // SAFETY: the shapes were compared above, the matrix is stored with inner stride 1 and a step of
    // at least its inner length, and `y` is borrowed mutably, so it overlaps neither input.
    unsafe { F::gemv(transpose, [rows, columns], [alpha, beta], a, x, y) }
    true
}

/// `c ← alpha·a·b + beta·c`; returns false, with nothing done, if BLAS cannot take the layouts.
#[inline]
pub(crate) fn gemm<F: Routine + Scalar>(
    alpha: F,
    a: ArrayView2<'_, F>,
    b: ArrayView2<'_, F>,
    beta: F,
    c: &mut ArrayViewMut2<'_, F>,
) -> bool {
    let ((m, k), n) = (a.dim(), b.ncols());
    assert_eq!((b.nrows(), c.dim()), (k, (m, n)), "the matrices' shapes do not fit");
    if n == 1 {
        return gemv(alpha, a, b, beta, c);
    }
    if m == 1 {
        // cᵀ = bᵀ·aᵀ.
        let mut column = c.view_mut().reversed_axes();
        return gemv(alpha, b.reversed_axes(), a.reversed_axes(), beta, &mut column);
    }
    let (Some(a_stored), Some(b_stored), Some(c_stored)) =
        (stored(a.dim(), a.strides()), stored(b.dim(), b.strides()), stored(c.dim(), c.strides()))
    else {
        return false;
    };
    let (Ok(m), Ok(n), Ok(k)) = (m.try_into(), n.try_into(), k.try_into()) else {
        return false;
    };
    let flag = |transposed| match transposed {
        true => CBLAS_TRANSPOSE::CblasTrans,
        false => CBLAS_TRANSPOSE::CblasNoTrans,
    };
    super::pin_this_thread();
    // OpenBLAS adds to the output after scaling it, and its scaling by zero takes far longer than
    // filling with zeros: 54 against 42 µs for 392x32x128 in all. The bits are the same.
    let beta = if beta == F::zero() {
        c.fill(F::zero());
        F::one()
    } else {
        beta
    };
    let (a, b, out) = ((a.as_ptr(), a_stored.step), (b.as_ptr(), b_stored.step), c.as_mut_ptr());
    // SAFETY: the shapes were compared above, each step is at least its inner length with inner
    // stride 1, and views point to as many values as shape and strides reach. `c` is borrowed
    // mutably, so it overlaps neither input. A `c` stored by columns is a row-major cᵀ = bᵀ·aᵀ.
    unsafe {
        if c_stored.transposed {
            let flags = [flag(!b_stored.transposed), flag(!a_stored.transposed)];
            F::gemm(flags, [n, m, k], [alpha, beta], [b, a], (out, c_stored.step));
        } else {
            let flags = [flag(a_stored.transposed), flag(b_stored.transposed)];
            F::gemm(flags, [m, n, k], [alpha, beta], [a, b], (out, c_stored.step));
        }
    }
    true
}
