//! The crate's own matrix products.
//!
//! Small and narrow ones read their factors where they are, large ones from copies that suit the caches.

mod block;
mod by_rows;
mod columns;
mod large;
mod panels;
mod product;
mod room;
mod thin;
mod tiles;
mod vector;

use std::mem::MaybeUninit;
use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use self::block::block;
pub(crate) use self::by_rows::product_by_rows;
use self::large::{large, rows_times_panels};
use self::panels::copy_panels;
use self::product::{Product, Strided, input};
pub(crate) use self::room::{Key, reserve};
use self::thin::thin;
use self::tiles::PANEL;
use self::vector::column;
pub(crate) use self::vector::is_tiny_vector_product;
use super::lanes::{HasLanes, Lanes};
use crate::scalar::Scalar;

/// `c ← alpha·a·b + beta·c`; returns false, with nothing done, if both rows and columns of `c` have gaps.
#[inline(always)]
pub(crate) fn gemm<F: Scalar>(
    alpha: F,
    a: ArrayView2<'_, F>,
    b: ArrayView2<'_, F>,
    beta: F,
    c: &mut ArrayViewMut2<'_, F>,
) -> bool {
    product(alpha, a, b, beta, c, None)
}

/// `c ← a·b + bias`, the bias added to every row, as [`gemm`].
#[inline(always)]
pub(crate) fn affine<F: Scalar>(
    a: ArrayView2<'_, F>,
    b: ArrayView2<'_, F>,
    bias: &[F],
    c: &mut ArrayViewMut2<'_, F>,
) -> bool {
    assert_eq!(bias.len(), b.ncols(), "a bias for each column");
    product(F::one(), a, b, F::zero(), c, Some(bias))
}

#[inline(always)]
fn product<F: Scalar>(
    alpha: F,
    a: ArrayView2<'_, F>,
    b: ArrayView2<'_, F>,
    beta: F,
    c: &mut ArrayViewMut2<'_, F>,
    bias: Option<&[F]>,
) -> bool {
    let ((m, k), n) = (a.dim(), b.ncols());
    assert_eq!((b.nrows(), c.dim()), (k, (m, n)), "the matrices' shapes do not fit");
    let (mut a, mut b, mut rows, mut columns) = (input(a), input(b), m, n);
    let mut step = c.strides()[0];
    if c.strides()[1] != 1 && n > 1 {
        if step != 1 || bias.is_some() {
            return false;
        }
        // cᵀ = bᵀ·aᵀ.
        step = c.strides()[1];
        (a, b, rows, columns) = (b.transposed(), a.transposed(), n, m);
    }
    run(&Product {
        rows,
        columns,
        inner: k,
        alpha,
        beta,
        a,
        b,
        c: Strided { values: c.as_mut_ptr(), row: step, column: 1 },
        bias: bias.map_or(std::ptr::null(), <[F]>::as_ptr),
    });
    true
}

/// Defines a function that calls another one, generic over vectors, with the widest that the processor has. What is
/// called must not hold closures: they would not be compiled for them.
macro_rules! by_widest_vectors {
    ($(#[$meta:meta])* fn $name:ident<F>($($arg:ident: $type:ty),* $(,)?) => $body:ident) => {
        $(#[$meta])*
        fn $name<F: Scalar>($($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx2,fma")]
                fn widest<F: Scalar>($($arg: $type),*) {
                    // SAFETY: as in `wide`, for AVX-512.
                    unsafe { $body::<F, <F as HasLanes>::Widest>($($arg),*) }
                }
                if crate::native::simd::has_avx512() {
                    // SAFETY: the processor has AVX-512, AVX2 and FMA, which is all that `widest` asks for.
                    return unsafe { widest::<F>($($arg),*) };
                }
                #[target_feature(enable = "avx2,fma")]
                fn wide<F: Scalar>($($arg: $type),*) {
                    // SAFETY: the processor has AVX2 and FMA, for so has this function; operands are inside
                    // the matrices, for so this module's functions make them.
                    unsafe { $body::<F, <F as HasLanes>::Wide>($($arg),*) }
                }
                if crate::native::simd::has_avx2_fma() {
                    // SAFETY: the processor has AVX2 and FMA, which is all that `wide` asks for.
                    return unsafe { wide::<F>($($arg),*) };
                }
            }
            // SAFETY: every processor can compute with these vectors; operands as above.
            unsafe { $body::<F, <F as HasLanes>::Plain>($($arg),*) }
        }
    };
}

by_widest_vectors! {
    /// A product that reads its factors where they are.
    fn run_small<F>(product: &Product<F>) => small
}

by_widest_vectors! {
    /// See [`thin`].
    fn run_thin<F>(product: &Product<F>) => thin
}

by_widest_vectors! {
    /// See [`copy_panels`].
    fn pack<F>(
        b: Strided<*const F>, columns: usize, rows: Range<usize>, depth: usize, to: &mut [MaybeUninit<F>],
    ) => copy_panels
}

by_widest_vectors! {
    /// See [`rows_times_panels`].
    fn multiply_block<F>(
        product: &Product<F>, panels: *const F, room: &mut [MaybeUninit<F>],
    ) => rows_times_panels
}

fn run<F: Scalar>(product: &Product<F>) {
    match product.is_large() {
        true => large(product),
        false if product.columns == 1 && is_tiny_vector_product(product.rows, product.inner) => {
            match product.as_row() {
                Some(row) => run(&row),
                None => column(product),
            }
        }
        false if product.is_thin() => run_thin(product),
        false => run_small(product),
    }
}

/// Columns of a panel on this processor.
fn panel_width<F: Scalar>() -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        use super::simd::{has_avx2_fma, has_avx512};
        if has_avx512() {
            return PANEL * <F as HasLanes>::Widest::COUNT;
        }
        if has_avx2_fma() {
            return PANEL * <F as HasLanes>::Wide::COUNT;
        }
    }
    PANEL * <F as HasLanes>::Plain::COUNT
}

/// Rows of a product that should be computed together, where few of them read a copy of the right factor: fewer would read
/// it too often for what they compute of it.
pub(crate) fn rows_worth_copies() -> usize {
    #[cfg(target_arch = "x86_64")]
    if super::simd::has_avx512() {
        return 96;
    }
    48
}

/// Whether the processor has vectors that these kernels are written for.
pub(crate) fn suits_processor() -> bool {
    #[cfg(target_arch = "x86_64")]
    return super::simd::has_avx2_fma();
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Cuts the columns of `c` in blocks that a tile's sums can hold in registers.
///
/// The last block comes first: where rows of `c` follow each other without gaps, its last vectors are
/// written whole, over the next row's first values, which are computed after them.
///
/// # Safety
/// The processor can compute with `L`.
#[inline(always)]
unsafe fn small<F: Scalar, L: Lanes<F>>(product: &Product<F>) {
    let mut left = product.columns.div_ceil(L::COUNT);
    let mut end = product.columns;
    while left > 0 {
        // Wider ones, whose columns are read where they are.
        let wide = end.is_multiple_of(L::COUNT) && product.b.column == 1;
        let width = match product.rows {
            1 if wide => [8, 1, 2, 3, 4, 1, 2, 3][left % 8],
            2 if wide => [4, 1, 2, 3][left % 4],
            // Two, whose tile has the most rows; an odd number ends with three.
            _ => left.min(2 + left % 2),
        };
        left -= width;
        let columns = left * L::COUNT..end;
        // SAFETY: the caller's word, and as many vectors as the columns fill.
        unsafe {
            match width {
                1 => block::<F, L, 1>(product, columns),
                2 => block::<F, L, 2>(product, columns),
                3 => block::<F, L, 3>(product, columns),
                4 => block::<F, L, 4>(product, columns),
                _ => block::<F, L, 8>(product, columns),
            }
        }
        end = left * L::COUNT;
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, s};

    use super::*;
    use crate::random_matrix;

    /// # Safety
    /// The processor can compute with `L`.
    #[inline(always)]
    unsafe fn thin_or_small<F: Scalar, L: Lanes<F>>(product: &Product<F>) {
        // SAFETY: the caller's word.
        unsafe {
            match product.is_thin() {
                true => thin::<F, L>(product),
                false => small::<F, L>(product),
            }
        }
    }

    fn plain<F: Scalar>(product: &Product<F>) {
        // SAFETY: every processor can compute with these vectors.
        unsafe { thin_or_small::<F, <F as HasLanes>::Plain>(product) }
    }

    /// Products of all small shapes, into the middle of a larger array whose other values must stay.
    fn check<F: Scalar>(run: fn(&Product<F>), tolerance: f64) {
        for (m, n, k) in shapes() {
            let (a, b) = (random_matrix::<F>(m, k, 1), random_matrix::<F>(k, n, 2));
            let bias = random_matrix::<F>(1, n, 3);
            for (alpha, beta, biased) in [(1.0, 0.0, false), (1.0, 0.0, true), (0.5, -2.0, false)] {
                let (alpha, beta) = (F::from_f64(alpha), F::from_f64(beta));
                for transposed in [false, true] {
                    let bt = b.t().to_owned();
                    let b = if transposed { bt.t() } else { b.view() };
                    let mut values = random_matrix::<F>(1, m * n + 16, 4);
                    let before = values.clone();
                    let row = |view: ArrayView2<'_, F>| (view.strides()[0], view.strides()[1]);
                    let input = |view: ArrayView2<'_, F>| Strided {
                        values: view.as_ptr(),
                        row: row(view).0,
                        column: row(view).1,
                    };
                    let bias_values = if biased { bias.as_ptr() } else { std::ptr::null() };
                    let c = values.as_mut_ptr().wrapping_add(8);
                    run(&Product {
                        rows: m,
                        columns: n,
                        inner: k,
                        alpha,
                        beta,
                        a: input(a.view()),
                        b: input(b),
                        c: Strided { values: c, row: n as isize, column: 1 },
                        bias: bias_values,
                    });
                    let old = before.slice(s![0, 8..8 + m * n]);
                    let old = Array2::from_shape_vec((m, n), old.to_vec()).unwrap();
                    for ((i, j), &old) in old.indexed_iter() {
                        let start = if biased { bias[(0, j)] } else { F::zero() };
                        let sum = (0..k).fold(start, |sum, l| sum + a[(i, l)] * b[(l, j)]);
                        let want = alpha * sum + if beta == F::zero() { beta } else { beta * old };
                        let error = (values[(0, 8 + i * n + j)] - want).as_f64().abs();
                        assert!(error <= tolerance * (k + 2) as f64, "{m}x{k}x{n}: {error}");
                    }
                    assert_eq!(values.slice(s![0, ..8]), before.slice(s![0, ..8]), "{m}x{k}x{n}");
                    let behind = s![0, 8 + m * n..];
                    assert_eq!(values.slice(behind), before.slice(behind), "{m}x{k}x{n}");
                }
            }
        }
    }

    fn shapes() -> impl Iterator<Item = (usize, usize, usize)> {
        let depths = [0, 1, 2, 3, 4, 5, 9, 257];
        let rows = [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 17];
        let columns = (1..28).chain([31, 32, 33, 40, 64, 97]);
        columns.flat_map(move |n| rows.into_iter().flat_map(move |m| depths.map(|k| (m, n, k))))
    }

    #[test]
    fn every_small_shape_equals_the_triple_loop_and_nothing_else_is_written() {
        check::<f32>(run, 1e-6);
        check::<f64>(run, 1e-15);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn so_with_narrower_vectors_than_the_processor_has() {
        #[target_feature(enable = "avx2,fma")]
        fn wide<F: Scalar>(product: &Product<F>) {
            // SAFETY: this function has AVX2 and FMA.
            unsafe { thin_or_small::<F, <F as HasLanes>::Wide>(product) }
        }
        fn run<F: Scalar>(product: &Product<F>) {
            // SAFETY: asked for below.
            unsafe { wide(product) }
        }
        if crate::native::simd::has_avx2_fma() {
            check::<f32>(run, 1e-6);
            check::<f64>(run, 1e-15);
        }
    }

    #[test]
    fn so_without_wide_vectors() {
        check::<f32>(plain, 1e-6);
        check::<f64>(plain, 1e-15);
    }
}
