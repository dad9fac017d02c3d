//! Products that are too small or too narrow for a library call to pay.

use std::mem::MaybeUninit;
use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use super::lanes::{HasLanes, Lanes};
use crate::scalar::Scalar;

/// Rows of `b` that are worked on at a time: with the widest tile 24 KiB of it.
const DEPTH: usize = 256;
/// Rows of `a` from which a copy of `b`'s columns without gaps pays: it fits the first cache.
const PACK_ROWS: usize = 16;
/// Vectors of the widest tile.
const WIDEST: usize = 3;
/// Values of the widest vectors.
const MOST_LANES: usize = 8;

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
    /// A value for each column, in which the sums start, or null.
    bias: *const F,
}

/// `c ← alpha·a·b + beta·c`; returns false, with nothing done, if rows of `c` have gaps.
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
pub(crate) fn affine<F: Scalar>(
    a: ArrayView2<'_, F>,
    b: ArrayView2<'_, F>,
    bias: &[F],
    c: &mut ArrayViewMut2<'_, F>,
) -> bool {
    assert_eq!(bias.len(), b.ncols(), "a bias for each column");
    product(F::one(), a, b, F::zero(), c, Some(bias))
}

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
        bias: bias.map_or(std::ptr::null(), <[F]>::as_ptr),
    });
    true
}

fn run<F: Scalar>(product: Product<F>) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,fma")]
        fn wide<F: Scalar>(product: &Product<F>) {
            // SAFETY: the processor has AVX2 and FMA, for so has this function.
            unsafe { all::<F, <F as HasLanes>::Wide>(product) }
        }
        if super::simd::has_avx2_fma() {
            // SAFETY: the processor has AVX2 and FMA, which is all that `wide` asks for.
            return unsafe { wide(&product) };
        }
    }
    // SAFETY: every processor can compute with these vectors.
    unsafe { all::<F, <F as HasLanes>::Plain>(&product) }
}

/// Cuts the columns of `c` in blocks that a tile's sums can hold in registers.
///
/// # Safety
/// The processor can compute with `L`.
#[inline(always)]
unsafe fn all<F: Scalar, L: Lanes<F>>(product: &Product<F>) {
    let mut first = 0;
    while first < product.columns {
        let vectors = match (product.columns - first).div_ceil(L::COUNT) {
            left @ (1 | 3) => left,
            // Two, whose tile has the most rows; an odd number ends with three.
            _ => 2,
        };
        let columns = first..product.columns.min(first + vectors * L::COUNT);
        first = columns.end;
        // SAFETY: the caller's word, and as many vectors as the columns fill.
        unsafe {
            match vectors {
                1 => block::<F, L, 1>(product, columns),
                2 => block::<F, L, 2>(product, columns),
                _ => block::<F, L, 3>(product, columns),
            }
        }
    }
}

/// Some columns of `c`, those of `V` vectors, of which the last may be filled in part.
///
/// # Safety
/// The processor can compute with `L`; the columns fill more than `V - 1` vectors and at most `V`.
#[inline(always)]
unsafe fn block<F: Scalar, L: Lanes<F>, const V: usize>(
    product: &Product<F>,
    columns: Range<usize>,
) {
    let Product { rows, inner, a, b, c, .. } = *product;
    let mut packed = [const { MaybeUninit::<F>::uninit() }; DEPTH * WIDEST * MOST_LANES];
    let last = columns.len() - (V - 1) * L::COUNT;
    let mut from = 0;
    loop {
        let depth = DEPTH.min(inner - from);
        let corner =
            b.values.wrapping_offset(from as isize * b.row + columns.start as isize * b.column);
        let mut b = Strided { values: corner, ..b };
        if b.column != 1 {
            b = pack(depth, columns.len(), b, &mut packed);
        } else if rows >= PACK_ROWS && b.row as usize > columns.len() {
            // SAFETY: `last` lanes of the last vector lie inside `b`.
            b = unsafe { pack_rows::<F, L, V>(depth, last, b, &mut packed) };
        }
        let bias = match from == 0 && !product.bias.is_null() {
            true => product.bias.wrapping_add(columns.start),
            false => std::ptr::null(),
        };
        let tiles = Tiles { product, depth, b, bias, last, start: from == 0 };
        let a_values = a.values.wrapping_offset(from as isize * a.column);
        let c_values = c.values.wrapping_add(columns.start);
        let (a, c) = (Strided { values: a_values, ..a }, Strided { values: c_values, ..c });
        // SAFETY: `last` lanes of the last vector lie inside `b` and `c`, as do all of the others.
        unsafe { tiles.run::<L, V>(rows, a, c) };
        from += depth;
        if from >= inner {
            return;
        }
    }
}

/// Copies `depth` rows of `width` values behind each other.
#[inline(always)]
fn pack<F: Scalar>(
    depth: usize,
    width: usize,
    from: Strided<*const F>,
    packed: &mut [MaybeUninit<F>; DEPTH * WIDEST * MOST_LANES],
) -> Strided<*const F> {
    for (l, row) in packed.chunks_exact_mut(width).take(depth).enumerate() {
        for (j, value) in row.iter_mut().enumerate() {
            // SAFETY: row `l` < depth and column `j` < width are inside `b`.
            value.write(unsafe {
                *from.values.offset(l as isize * from.row + j as isize * from.column)
            });
        }
    }
    Strided { values: packed.as_ptr().cast(), row: width as isize, column: 1 }
}

/// As [`pack`], for rows without gaps; each is padded with zeros to `V` vectors.
///
/// # Safety
/// The processor can compute with `L`; the last of the `V` vectors has `last` values.
#[inline(always)]
unsafe fn pack_rows<F: Scalar, L: Lanes<F>, const V: usize>(
    depth: usize,
    last: usize,
    from: Strided<*const F>,
    packed: &mut [MaybeUninit<F>; DEPTH * WIDEST * MOST_LANES],
) -> Strided<*const F> {
    for (l, row) in packed.chunks_exact_mut(V * L::COUNT).take(depth).enumerate() {
        // SAFETY: row `l` < depth is inside `b`, as far as the caller says; `row` has `V` vectors.
        unsafe {
            let mask = L::mask(last);
            let from = from.values.offset(l as isize * from.row);
            for v in 0..V {
                let values = from.add(v * L::COUNT);
                let values = if v + 1 < V { L::load(values) } else { L::load_masked(values, mask) };
                values.store(row.as_mut_ptr().add(v * L::COUNT).cast());
            }
        }
    }
    Strided { values: packed.as_ptr().cast(), row: (V * L::COUNT) as isize, column: 1 }
}

/// What the tiles of a block have in common.
struct Tiles<'p, F> {
    product: &'p Product<F>,
    depth: usize,
    b: Strided<*const F>,
    /// What the sums start in, or null.
    bias: *const F,
    /// Lanes of the last vector that are columns.
    last: usize,
    /// Whether these are the first rows of `b`.
    start: bool,
}

impl<F: Scalar> Tiles<'_, F> {
    /// All rows of the block: as many at a time as fill the registers with sums.
    ///
    /// # Safety
    /// As `block`.
    #[inline(always)]
    unsafe fn run<L: Lanes<F>, const V: usize>(
        &self,
        rows: usize,
        mut a: Strided<*const F>,
        mut c: Strided<*mut F>,
    ) {
        let mut left = rows;
        while left > 0 {
            // SAFETY: so many rows are left.
            let done = unsafe {
                match (V, left) {
                    (1, 8..) => self.tile::<L, 8, V>(a, c),
                    (2, 6..) => self.tile::<L, 6, V>(a, c),
                    (1 | 2, 5..) => self.tile::<L, 5, V>(a, c),
                    (1 | 2, 4..) => self.tile::<L, 4, V>(a, c),
                    (_, 3..) => self.tile::<L, 3, V>(a, c),
                    (_, 2) => self.tile::<L, 2, V>(a, c),
                    _ => self.tile::<L, 1, V>(a, c),
                }
            };
            left -= done;
            a.values = a.values.wrapping_offset(done as isize * a.row);
            c.values = c.values.wrapping_offset(done as isize * c.row);
        }
    }

    /// `R` rows of `a` times the block's columns of `b`, inner index ascending; returns `R`.
    ///
    /// # Safety
    /// As `block`, and `a` and `c` have `R` rows.
    #[inline(always)]
    unsafe fn tile<L: Lanes<F>, const R: usize, const V: usize>(
        &self,
        a: Strided<*const F>,
        c: Strided<*mut F>,
    ) -> usize {
        // SAFETY: the caller's word: rows, columns and inner indices are inside the matrices.
        unsafe {
            let mask = L::mask(self.last);
            let mut sums = [[L::splat(F::zero()); V]; R];
            if !self.bias.is_null() {
                let mut bias = [L::splat(F::zero()); V];
                for (v, bias) in bias.iter_mut().enumerate() {
                    let from = self.bias.add(v * L::COUNT);
                    *bias = if v + 1 < V { L::load(from) } else { L::load_masked(from, mask) };
                }
                sums = [bias; R];
            }
            let (mut a_values, mut b_values) = (a.values, self.b.values);
            for _ in 0..self.depth {
                let mut b = [L::splat(F::zero()); V];
                for (v, b) in b.iter_mut().enumerate() {
                    let from = b_values.add(v * L::COUNT);
                    *b = if v + 1 < V { L::load(from) } else { L::load_masked(from, mask) };
                }
                for (r, sums) in sums.iter_mut().enumerate() {
                    let factor = L::splat(*a_values.offset(r as isize * a.row));
                    for (sum, &b) in sums.iter_mut().zip(&b) {
                        *sum = b.mul_add(factor, *sum);
                    }
                }
                a_values = a_values.wrapping_offset(a.column);
                b_values = b_values.wrapping_offset(self.b.row);
            }
            for (r, sums) in sums.into_iter().enumerate() {
                self.store::<L, V>(sums, mask, c.values.wrapping_offset(r as isize * c.row));
            }
        }
        R
    }

    /// Writes a row of a tile: scales what is there at the start, else adds to it.
    ///
    /// # Safety
    /// As `tile`.
    #[inline(always)]
    unsafe fn store<L: Lanes<F>, const V: usize>(&self, sums: [L; V], mask: L::Mask, c: *mut F) {
        let Product { alpha, beta, .. } = *self.product;
        for (v, sum) in sums.into_iter().enumerate() {
            let full = v + 1 < V || self.last == L::COUNT;
            // SAFETY: the caller's word: all lanes are columns of `c`, or the first `last` are.
            unsafe {
                let to = c.add(v * L::COUNT);
                let mut sum = if alpha == F::one() { sum } else { sum.mul(L::splat(alpha)) };
                if !self.start || beta != F::zero() {
                    let factor = L::splat(if self.start { beta } else { F::one() });
                    let old = if full { L::load(to) } else { L::load_masked(to, mask) };
                    sum = old.mul_add(factor, sum);
                }
                match full {
                    true => sum.store(to),
                    false => sum.store_first(to, self.last),
                }
            }
        }
    }
}
