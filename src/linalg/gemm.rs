//! The one door to matrix products.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use super::{blocked, naive};
use crate::error::{Error, Result};
use crate::native;
use crate::native::gemm::Key;
use crate::native::rows::matrix_mut;
use crate::scalar::Scalar;

/// Who computes a matrix product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// OpenBLAS, on one thread a call.
    OpenBlas,
    /// The pure-Rust crate matrixmultiply, on one thread.
    MatrixMultiply,
    /// Plain Rust loops in an order that suits the caches. A baseline.
    Blocked,
    /// The triple loop. A baseline and the tests' oracle.
    Naive,
    /// The crate's own kernels, for AVX-512, AVX2 or whatever there is. [`Gemm`] calls them beside OpenBLAS: where the
    /// processor has AVX2 for nearly all products, else for those that are tiny or have few columns, inner indices or rows.
    Native,
}

impl Default for Backend {
    /// OpenBLAS where it is linked, else matrixmultiply.
    fn default() -> Self {
        if cfg!(feature = "openblas") { Backend::OpenBlas } else { Backend::MatrixMultiply }
    }
}

/// A matrix product on the calling thread, by a chosen backend.
///
/// ```
/// use blastrain::linalg::Gemm;
/// use blastrain::ndarray::{Array2, array};
///
/// let (a, b) = (array![[1.0, 2.0], [3.0, 4.0]], array![[0.5], [0.25]]);
/// let mut c = Array2::zeros((2, 1));
/// Gemm::default().product(1.0, a.view(), b.view(), 0.0, c.view_mut());
/// assert_eq!(c, array![[1.0], [2.5]]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gemm {
    backend: Backend,
    native_kernels: bool,
    /// The right factor that several calls of [`Gemm::product_by_rows`] have, if one is known.
    right: Option<Key>,
}

impl Default for Gemm {
    /// The default backend, with the crate's own kernels beside it.
    fn default() -> Self {
        Self { backend: Backend::default(), native_kernels: true, right: None }
    }
}

/// Bytes of a right factor stored by rows up to which the crate's own kernels are always the faster ones.
const HUGE: usize = 1 << 22;
/// Multiply-adds up to which they compute any product on processors that they are not written for …
const TINY: usize = 1 << 13;
/// … columns of the output up to which they compute larger ones …
const NARROW: usize = 32;
/// … and inner indices: OpenBLAS packs both factors for few uses of each value.
const SHALLOW: usize = 32;
/// Rows of the output, and bytes of the right factor, up to which it does so with one stored by rows: what few rows
/// read is not worth a copy, unless the caches cannot hold it.
const FEW: [(usize, usize); 2] = [(4, 1 << 21), (16, 1 << 19)];
/// Rows of the output from which the copy of a right factor stored by columns pays.
const COPIED: usize = 64;

impl Gemm {
    /// Products by `backend`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] for [`Backend::OpenBlas`] in a build without it.
    pub fn new(backend: Backend) -> Result<Self> {
        if backend == Backend::OpenBlas && !cfg!(feature = "openblas") {
            return Err(Error::Unavailable {
                what: "the backend OpenBlas".into(),
                why: "build with the feature openblas-system or openblas-static".into(),
            });
        }
        Ok(Self { backend, native_kernels: false, right: None })
    }

    /// Whether products go to the crate's own kernels where these are faster ([`Backend::Native`]); the default [`Gemm`]
    /// does so, one made by [`Gemm::new`] does not.
    pub fn native_kernels(mut self, native_kernels: bool) -> Self {
        self.native_kernels = native_kernels;
        self
    }

    /// Names a right factor that several calls of [`Gemm::product_by_rows`] have.
    pub(crate) fn same_right_factor(self, key: Option<Key>) -> Self {
        Self { right: key, ..self }
    }

    /// Who computes.
    pub fn backend(self) -> Backend {
        self.backend
    }

    /// `c ← alpha·a·b + beta·c` with a `(m, k)`, b `(k, n)` and c `(m, n)`; `beta` 0 overwrites c
    /// whatever it holds.
    ///
    /// OpenBLAS takes views whose rows or columns lie in memory without gaps between values (row
    /// shards, column blocks and transposes of row-major matrices do); others go through
    /// matrixmultiply. Nothing is allocated here.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[inline(always)]
    pub fn product<F: Scalar>(
        self,
        alpha: F,
        a: ArrayView2<'_, F>,
        b: ArrayView2<'_, F>,
        beta: F,
        mut c: ArrayViewMut2<'_, F>,
    ) {
        // Inlined: a call would copy the views, which takes longer than a tiny product.
        if !self.takes_native_kernels(&a, &b) {
            self.by_backend(alpha, a, b, beta, c);
        } else if native::gemm::gemm(alpha, a, b, beta, &mut c) {
            #[cfg(test)]
            calls::count(Backend::Native);
        } else {
            let backend = Backend::MatrixMultiply;
            Self { backend, ..self }.by_backend(alpha, a, b, beta, c);
        }
    }

    /// As [`Gemm::product`], but for the crate's own kernels.
    #[inline(never)]
    fn by_backend<F: Scalar>(
        self,
        alpha: F,
        a: ArrayView2<'_, F>,
        b: ArrayView2<'_, F>,
        beta: F,
        mut c: ArrayViewMut2<'_, F>,
    ) {
        let takes_views = self.backend == Backend::OpenBlas;
        let backend = match takes_views && F::openblas_gemm(alpha, a, b, beta, &mut c) {
            false if takes_views => Backend::MatrixMultiply,
            _ => self.backend,
        };
        match backend {
            // Done.
            Backend::OpenBlas | Backend::Native => {}
            Backend::MatrixMultiply => F::matrix_multiply_gemm(alpha, a, b, beta, &mut c),
            Backend::Blocked => blocked::gemm(alpha, a, b, beta, &mut c),
            Backend::Naive => naive::gemm(alpha, a, b, beta, &mut c),
        }
        #[cfg(test)]
        calls::count(backend);
    }

    /// `c ← a·b`, with `bias` (a value for each column) added to every row if that costs nothing; returns
    /// whether it has been.
    #[inline(always)]
    pub(crate) fn product_with_bias<F: Scalar>(
        self,
        a: ArrayView2<'_, F>,
        b: ArrayView2<'_, F>,
        bias: &[F],
        mut c: ArrayViewMut2<'_, F>,
    ) -> bool {
        let small = !bias.is_empty() && self.takes_native_kernels(&a, &b);
        if !(small && native::gemm::affine(a, b, bias, &mut c)) {
            self.product(F::one(), a, b, F::zero(), c);
            return false;
        }
        #[cfg(test)]
        calls::count(Backend::Native);
        true
    }

    /// Calls `done(rows, values)` for some rows of `a·b` after others, `step` of them, the last ones fewer, each time
    /// in the first values of `room`, which holds all of `a·b`.
    pub(crate) fn product_by_rows<F: Scalar>(
        self,
        a: ArrayView2<'_, F>,
        b: ArrayView2<'_, F>,
        step: usize,
        room: &mut [F],
        done: &mut dyn FnMut(Range<usize>, &mut [F]),
    ) {
        if self.takes_native_kernels(&a, &b) {
            native::gemm::product_by_rows(a, b, self.right, step, room, done);
            #[cfg(test)]
            calls::count(Backend::Native);
            return;
        }
        let (rows, columns) = (a.nrows(), b.ncols());
        self.product(F::one(), a, b, F::zero(), matrix_mut(rows, columns, room));
        for start in (0..rows).step_by(step.max(1)) {
            let some = start..rows.min(start + step);
            done(some.clone(), &mut room[some.start * columns..some.end * columns]);
        }
    }

    #[inline(always)]
    fn takes_native_kernels<F>(self, a: &ArrayView2<'_, F>, b: &ArrayView2<'_, F>) -> bool {
        self.backend == Backend::Native || self.native_kernels && suits_native_kernels(a, b)
    }
}

/// A function of shape, layout, processor and the kernels that OpenBLAS has for it, so that the same product has the same bits everywhere on a machine.
#[inline(always)]
fn suits_native_kernels<F>(a: &ArrayView2<'_, F>, b: &ArrayView2<'_, F>) -> bool {
    let (m, (k, n)) = (a.nrows(), b.dim());
    let by_rows = b.strides()[1] == 1;
    let bytes = b.len().saturating_mul(size_of::<F>());
    if n == 1 || m == 1 && !by_rows {
        // OpenBLAS's larger products of a matrix and a vector are as quick as any.
        return n == 1 && native::gemm::is_tiny_vector_product(m, k);
    }
    if native::gemm::suits_processor() {
        let left_by_rows = a.strides()[1] == 1;
        let huge = by_rows && left_by_rows && m > 1 && bytes > HUGE;
        return !(huge && native::has_wide_kernels());
    }
    m.saturating_mul(b.len()) <= TINY
        || n <= NARROW
        || k <= SHALLOW && (by_rows || m >= COPIED)
        || by_rows && FEW.iter().any(|&(rows, most)| m <= rows && bytes <= most)
}

/// Counts this thread's calls by backend, in test builds.
#[cfg(test)]
pub(crate) mod calls {
    use std::cell::RefCell;
    use std::collections::HashMap;

    use super::Backend;

    thread_local! {
        static CALLS: RefCell<HashMap<Backend, usize>> = RefCell::default();
    }

    pub(super) fn count(backend: Backend) {
        CALLS.with_borrow_mut(|calls| *calls.entry(backend).or_default() += 1);
    }

    /// The calls since the last time asked.
    pub(crate) fn take() -> HashMap<Backend, usize> {
        CALLS.take()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, s};

    use super::*;
    use crate::random_matrix;

    fn check<F: Scalar>(tolerance: f64) {
        for &(m, k, n) in &[
            (1, 1, 1),
            (4, 2, 10),
            (10, 4, 1),
            (32, 7, 1),
            (1, 300, 5),
            (33, 130, 259),
            (8, 9, 8),
            (7, 257, 16),
            (10, 128, 24),
            (70, 32, 100),
            (3, 300, 64),
            (16, 90, 128),
            (70, 600, 100),
            (70, 2100, 70),
            (200, 70, 300),
            (130, 130, 40),
        ] {
            // Wider storage, so that shards and blocks have gaps.
            let (a, b) = (random_matrix::<F>(m, k + 3, 1), random_matrix::<F>(k, n + 2, 2));
            let at = a.slice(s![.., 1..k + 1]).t().to_owned();
            let bt = b.slice(s![.., 2..]).t().to_owned();
            let start = random_matrix::<F>(m, n, 3);
            let mut want = start.clone();
            let naive = Gemm::new(Backend::Naive).unwrap();
            let (alpha, beta) = (F::from_f64(0.5), F::from_f64(-2.0));
            naive.product(
                alpha,
                a.slice(s![.., 1..k + 1]),
                b.slice(s![.., 2..]),
                beta,
                want.view_mut(),
            );
            for backend in
                [Backend::default(), Backend::MatrixMultiply, Backend::Blocked, Backend::Native]
            {
                let gemm = Gemm::new(backend).unwrap();
                for transposed in 0..8 {
                    let a = if transposed & 1 == 0 { a.slice(s![.., 1..k + 1]) } else { at.t() };
                    let b = if transposed & 2 == 0 { b.slice(s![.., 2..]) } else { bt.t() };
                    let mut c = start.clone();
                    if transposed & 4 != 0 {
                        let mut ct = start.t().to_owned();
                        gemm.product(alpha, a, b, beta, ct.view_mut().reversed_axes());
                        c.assign(&ct.t());
                    } else {
                        gemm.product(alpha, a, b, beta, c.view_mut());
                    }
                    let worst = (&c - &want).iter().fold(0.0f64, |w, d| w.max(d.as_f64().abs()));
                    assert!(worst <= tolerance * k as f64, "{backend:?} {m}x{k}x{n}: {worst}");
                }
            }
        }
    }

    #[test]
    fn every_backend_and_layout_equals_the_triple_loop() {
        check::<f64>(1e-14);
        check::<f32>(1e-5);
    }

    #[test]
    fn beta_zero_overwrites_nan() {
        for backend in
            [Backend::default(), Backend::MatrixMultiply, Backend::Blocked, Backend::Naive]
        {
            let mut c = Array2::from_elem((9, 9), f64::NAN);
            let a = Array2::ones((9, 9));
            Gemm::new(backend).unwrap().product(1.0, a.view(), a.view(), 0.0, c.view_mut());
            assert_eq!(c, Array2::from_elem((9, 9), 9.0));
        }
    }

    #[test]
    fn strides_that_blas_cannot_take_are_counted_elsewhere() {
        calls::take();
        let wide = Array2::<f32>::ones((10, 20));
        let mut c = Array2::zeros((10, 10));
        let (gaps, block) = (wide.slice(s![.., ..;2]), wide.slice(s![.., 5..15]));
        let gemm = Gemm::default().native_kernels(false);
        for (gemm, a, backend) in [
            (gemm, gaps, Backend::MatrixMultiply),
            (gemm, block, Backend::default()),
            (gemm.native_kernels(true), gaps, Backend::Native),
        ] {
            gemm.product(1.0, a, block, 0.0, c.view_mut());
            assert_eq!(calls::take(), [(backend, 1)].into());
        }
    }
}
