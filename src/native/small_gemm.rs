//! Products that are too small or too narrow for a library call to pay.

use std::mem::MaybeUninit;
use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use super::simd::{mul_add, vectorised};
use crate::scalar::Scalar;

/// Rows of `b` that are packed at a time.
const DEPTH: usize = 128;
/// Columns of the widest tile: two AVX registers of f32.
const WIDEST: usize = 16;
/// Rows of a tile.
const TALL: usize = 4;

/// A matrix as a pointer and the steps between its rows and columns.
#[derive(Clone, Copy)]
struct Strided<P> {
    values: P,
    row: isize,
    column: isize,
}

/// The operands of a product whose shapes have been checked.
#[derive(Clone, Copy)]
struct Product<F> {
    rows: usize,
    columns: usize,
    inner: usize,
    alpha: F,
    beta: F,
    a: Strided<*const F>,
    b: Strided<*const F>,
    c: Strided<*mut F>,
}

/// `c ← alpha·a·b + beta·c`; returns false, with nothing done, if rows of `c` have gaps.
pub(crate) fn gemm<F: Scalar>(
    alpha: F,
    a: ArrayView2<'_, F>,
    b: ArrayView2<'_, F>,
    beta: F,
    c: &mut ArrayViewMut2<'_, F>,
) -> bool {
    let ((m, k), n) = (a.dim(), b.ncols());
    assert_eq!((b.nrows(), c.dim()), (k, (m, n)), "the matrices' shapes do not fit");
    if c.strides()[1] != 1 && n > 1 {
        return false;
    }
    let input = |view: ArrayView2<'_, F>| Strided {
        values: view.as_ptr(),
        row: view.strides()[0],
        column: view.strides()[1],
    };
    run(Product {
        rows: m,
        columns: n,
        inner: k,
        alpha,
        beta,
        a: input(a),
        b: input(b),
        c: Strided { values: c.as_mut_ptr(), row: c.strides()[0], column: 1 },
    });
    true
}

vectorised! {
    fn run<F>(product: Product<F>) {
        // Two AVX registers' worth of columns: a tile's sums fill eight, and more would spill.
        let widest = if size_of::<F>() == 4 { WIDEST } else { WIDEST / 2 };
        let mut first = 0;
        while first < product.columns {
            let columns = first..product.columns.min(first + widest);
            first = columns.end;
            match columns.len() {
                1..=4 => block::<F, FMA, 4>(&product, columns),
                5..=8 => block::<F, FMA, 8>(&product, columns),
                _ => block::<F, FMA, WIDEST>(&product, columns),
            }
        }
    }
}

/// Some columns of `c`, at most `W`.
#[inline(always)]
fn block<F: Scalar, const FMA: bool, const W: usize>(product: &Product<F>, columns: Range<usize>) {
    let Product { rows, inner, a, b, c, .. } = *product;
    let mut packed = [const { MaybeUninit::<F>::uninit() }; DEPTH * WIDEST];
    let mut from = 0;
    loop {
        let depth = DEPTH.min(inner - from);
        let corner =
            b.values.wrapping_offset(from as isize * b.row + columns.start as isize * b.column);
        let corner = Strided { values: corner, ..b };
        let b = if columns.len() == W && b.column == 1 {
            corner
        } else {
            pack::<F, W>(depth, columns.len(), corner, &mut packed)
        };
        let start = from == 0;
        let mut row = 0;
        while row < rows {
            let a_values =
                a.values.wrapping_offset(row as isize * a.row + from as isize * a.column);
            let c_values = c.values.wrapping_offset(row as isize * c.row + columns.start as isize);
            let (a, c) = (Strided { values: a_values, ..a }, Strided { values: c_values, ..c });
            if row + TALL <= rows {
                let sums = tile::<F, FMA, TALL, W>(depth, a, b);
                store(&sums, columns.len(), product, start, c);
                row += TALL;
            } else {
                let sums = tile::<F, FMA, 1, W>(depth, a, b);
                store(&sums, columns.len(), product, start, c);
                row += 1;
            }
        }
        from += depth;
        if from >= inner {
            return;
        }
    }
}

/// Copies `depth` rows of `width` values, each padded with zeros to `W`.
#[inline(always)]
fn pack<F: Scalar, const W: usize>(
    depth: usize,
    width: usize,
    from: Strided<*const F>,
    packed: &mut [MaybeUninit<F>; DEPTH * WIDEST],
) -> Strided<*const F> {
    for (l, row) in packed.chunks_exact_mut(W).take(depth).enumerate() {
        for (j, value) in row.iter_mut().enumerate() {
            let read = if j < width {
                // SAFETY: row `l` < depth and column `j` < width are inside `b`.
                unsafe { *from.values.offset(l as isize * from.row + j as isize * from.column) }
            } else {
                F::zero()
            };
            value.write(read);
        }
    }
    Strided { values: packed.as_ptr().cast(), row: W as isize, column: 1 }
}

/// The sums of `R` rows of `a` times `W` columns of `b`, inner index ascending.
#[inline(always)]
fn tile<F: Scalar, const FMA: bool, const R: usize, const W: usize>(
    depth: usize,
    a: Strided<*const F>,
    b: Strided<*const F>,
) -> [[F; W]; R] {
    let mut sums = [[F::zero(); W]; R];
    for l in 0..depth as isize {
        // SAFETY: `l` < depth: the block's rows have `W` values, packed or in `b` itself.
        let b = unsafe { *b.values.offset(l * b.row).cast::<[F; W]>() };
        for (r, sums) in sums.iter_mut().enumerate() {
            // SAFETY: the tile's rows and the inner indices are inside `a`.
            let factor = unsafe { *a.values.offset(r as isize * a.row + l * a.column) };
            for (sum, value) in sums.iter_mut().zip(b) {
                *sum = mul_add::<F, FMA>(factor, value, *sum);
            }
        }
    }
    sums
}

/// Writes a tile's first `width` columns: scales what is there at the start, else adds to it.
#[inline(always)]
fn store<F: Scalar, const R: usize, const W: usize>(
    sums: &[[F; W]; R],
    width: usize,
    product: &Product<F>,
    start: bool,
    c: Strided<*mut F>,
) {
    for (r, sums) in sums.iter().enumerate() {
        for (j, &sum) in sums.iter().take(width).enumerate() {
            // SAFETY: the tile's rows and columns are inside `c`, which is borrowed mutably.
            let to = unsafe { &mut *c.values.offset(r as isize * c.row + j as isize) };
            let scaled = product.alpha * sum;
            *to = match start {
                true if product.beta == F::zero() => scaled,
                true => scaled + product.beta * *to,
                false => scaled + *to,
            };
        }
    }
}
