//! Matrix products by OpenBLAS.

use cblas_sys::{CBLAS_LAYOUT, CBLAS_TRANSPOSE, cblas_dgemm, cblas_sgemm};
use ndarray::{ArrayView2, ArrayViewMut2};

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

/// One floating-point type's GEMM routine.
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
}

macro_rules! routine {
    ($float:ty, $gemm:ident) => {
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
        }
    };
}
routine!(f32, cblas_sgemm);
routine!(f64, cblas_dgemm);

/// `c ← alpha·a·b + beta·c`; returns false, with nothing done, if BLAS cannot take the layouts.
#[inline]
pub(crate) fn gemm<F: Routine + Copy>(
    alpha: F,
    a: ArrayView2<'_, F>,
    b: ArrayView2<'_, F>,
    beta: F,
    c: &mut ArrayViewMut2<'_, F>,
) -> bool {
    let ((m, k), n) = (a.dim(), b.ncols());
    assert_eq!((b.nrows(), c.dim()), (k, (m, n)), "the matrices' shapes do not fit");
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
