//! Products of which both factors are read many times.

use std::mem::MaybeUninit;
use std::ops::Range;

use super::panels::copy_tiles;
use super::room::{LEFT_BYTES, RIGHT_BYTES, with_left, with_right};
use super::tiles::{PANEL, Tiles, tile_rows};
use super::{Product, Strided, multiply_block, pack, panel_width};
use crate::native::lanes::Lanes;
use crate::scalar::Scalar;

/// Inner indices that are worked on at a time, and bytes of `b`: a panel of so many rows fills the first cache, and half of
/// a second cache of 512 KiB holds the block.
const PIECE: (usize, usize) = (512, 1 << 18);
/// The same with AVX-512: such processors have second caches of 1 MiB or more, and read panels from there as quickly.
const PIECE_WIDEST: (usize, usize) = (MOST_DEPTH, 1 << 19);
/// The most inner indices of the two.
const MOST_DEPTH: usize = 1024;
/// Rows of `a` that are worked on at a time.
const ROWS: usize = 128;
/// Bytes of `b` where rows of `a` are copied for each of its blocks.
const WIDE_BLOCK: usize = 1 << 20;
/// Inner indices up to which a left factor stored by columns is read where it is.
const NEAR: usize = 64;

const _: () = assert!(RIGHT_BYTES >= WIDE_BLOCK && WIDE_BLOCK >= MOST_DEPTH * 16 * 8);
const _: () = assert!(LEFT_BYTES >= (ROWS.next_multiple_of(6) * MOST_DEPTH + 8) * 8);

fn piece() -> (usize, usize) {
    #[cfg(target_arch = "x86_64")]
    if crate::native::simd::has_avx512() {
        return PIECE_WIDEST;
    }
    PIECE
}

/// Inner indices that are worked on at a time on this processor.
pub(super) fn depth() -> usize {
    piece().0
}

impl<F: Scalar> Product<F> {
    /// Whether rows of `a` are copied.
    fn copies_rows(&self) -> bool {
        self.a.row == 1 && self.a.column != 1 && self.inner > NEAR
    }
}

/// Blocks of columns, for each all rows. In `c` each sum grows by pieces of at most [`depth`] inner indices, in
/// ascending order.
pub(super) fn large<F: Scalar>(product: &Product<F>) {
    let Product { columns, inner, a, b, c, .. } = *product;
    let (depth, block) = piece();
    let pieces = inner.div_ceil(depth);
    let bytes = if product.copies_rows() { WIDE_BLOCK } else { block };
    let row_bytes = inner.div_ceil(pieces) * panel_width::<F>() * size_of::<F>();
    let block_columns = (bytes / row_bytes).max(1) * panel_width::<F>();
    with_right(|room| {
        for column in (0..columns).step_by(block_columns) {
            for piece in 0..pieces {
                let depths = inner * piece / pieces..inner * (piece + 1) / pieces;
                let first = piece == 0;
                let bias = match first && !product.bias.is_null() {
                    true => product.bias.wrapping_add(column),
                    false => std::ptr::null(),
                };
                let part = Product {
                    columns: block_columns.min(columns - column),
                    inner: depths.len(),
                    a: Strided { values: a.at(0, depths.start), ..a },
                    b: Strided { values: b.at(depths.start, column), ..b },
                    c: Strided { values: c.values.wrapping_add(column), ..c },
                    beta: if first { product.beta } else { F::one() },
                    bias,
                    ..*product
                };
                pack(part.b, part.columns, 0..part.inner, part.inner, room);
                multiply(&part, room.as_ptr().cast());
            }
        }
    });
}

/// A product whose right factor is a copy in panels, some rows at a time.
pub(super) fn multiply<F: Scalar>(product: &Product<F>, panels: *const F) {
    // As even as can be, in whole tiles.
    let rows = product.rows;
    let step = rows.div_ceil(rows.div_ceil(ROWS).max(1)).next_multiple_of(6).max(6);
    with_left(|room| {
        for row in (0..rows).step_by(step) {
            let Product { a, c, .. } = *product;
            let c_values = c.values.wrapping_offset(row as isize * c.row);
            let part = Product {
                rows: step.min(rows - row),
                a: Strided { values: a.at(row, 0), ..a },
                c: Strided { values: c_values, ..c },
                ..*product
            };
            multiply_block(&part, panels, room);
        }
    });
}

/// At most [`ROWS`] rows, rounded up to whole tiles.
///
/// # Safety
/// The processor can compute with `L`; the panels have all inner indices and columns; there is room for the rows.
#[inline(always)]
pub(super) unsafe fn rows_times_panels<F: Scalar, L: Lanes<F>>(
    product: &Product<F>,
    panels: *const F,
    room: &mut [MaybeUninit<F>],
) {
    let Product { rows, columns, inner, a, .. } = *product;
    let copied = product.copies_rows();
    let a = match copied {
        true => {
            // SAFETY: `a.row` is 1, and the ranges are inside of it.
            unsafe { copy_tiles::<F, L>(a, 0..rows, 0..inner, room) };
            Strided { values: room.as_ptr().cast(), ..a }
        }
        false => a,
    };
    let width = PANEL * L::COUNT;
    for (p, column) in (0..columns).step_by(width).enumerate() {
        let panel = panels.wrapping_add(p * width * inner);
        let some = column..columns.min(column + width);
        // SAFETY: the caller's word; the vectors hold the columns.
        unsafe {
            match some.len() > L::COUNT {
                true => one_panel::<F, L, 2>(product, (a, copied), some, panel),
                false => one_panel::<F, L, 1>(product, (a, copied), some, panel),
            }
        }
    }
}

/// The columns of one panel. Where `a` is a copy, each of its tiles is stored by columns.
///
/// # Safety
/// As [`rows_times_panels`]; the columns fill more than `V - 1` vectors and at most `V`.
#[inline(always)]
unsafe fn one_panel<F: Scalar, L: Lanes<F>, const V: usize>(
    product: &Product<F>,
    (mut a, copied): (Strided<*const F>, bool),
    columns: Range<usize>,
    panel: *const F,
) {
    let Product { inner, bias, c, .. } = *product;
    let tiles = Tiles {
        product,
        depth: inner,
        b: Strided { values: panel, row: (PANEL * L::COUNT) as isize, column: 1 },
        masked: false,
        bias: if bias.is_null() { bias } else { bias.wrapping_add(columns.start) },
        last: columns.len() - (V - 1) * L::COUNT,
        spills: false,
        start: true,
        overwrites: product.overwrites(),
    };
    let mut c = Strided { values: c.values.wrapping_add(columns.start), ..c };
    let mut left = product.rows;
    while left > 0 {
        let count = tile_rows::<F, L>(PANEL, left);
        let tile = match copied {
            true => Strided { row: 1, column: count as isize, ..a },
            false => a,
        };
        // SAFETY: the caller's word.
        unsafe { tiles.rows::<L, V>(count, (tile, c), false) };
        let step = if copied { inner as isize } else { a.row };
        a.values = a.values.wrapping_offset(count as isize * step);
        c.values = c.values.wrapping_offset(count as isize * c.row);
        left -= count;
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, ArrayView2, s};

    use super::super::input;
    use super::super::panels::copy_panels;
    use super::*;
    use crate::random_matrix;

    /// A block of a product: the panels, and the rows times them, by what is called.
    fn product<F: Scalar, L: Lanes<F>>(
        a: ArrayView2<'_, F>,
        b: ArrayView2<'_, F>,
        run: impl FnOnce(&Product<F>, &mut [MaybeUninit<F>], &mut [MaybeUninit<F>]),
    ) -> Array2<F> {
        let (rows, (inner, columns)) = (a.nrows(), b.dim());
        let mut c = Array2::from_elem((rows, columns), F::nan());
        let product = Product {
            rows,
            columns,
            inner,
            alpha: F::one(),
            beta: F::zero(),
            a: input(a),
            b: input(b),
            c: Strided { values: c.as_mut_ptr(), row: columns as isize, column: 1 },
            bias: std::ptr::null(),
        };
        let width = PANEL * L::COUNT;
        let mut panels = vec![MaybeUninit::uninit(); inner * columns.next_multiple_of(width)];
        let mut room = vec![MaybeUninit::uninit(); (rows + 1) * inner + 8];
        run(&product, &mut panels, &mut room);
        c
    }

    /// # Safety
    /// The processor can compute with `L`.
    #[inline(always)]
    unsafe fn block<F: Scalar, L: Lanes<F>>(
        product: &Product<F>,
        panels: &mut [MaybeUninit<F>],
        room: &mut [MaybeUninit<F>],
    ) {
        let Product { inner, columns, b, .. } = *product;
        // SAFETY: the caller's word, and there is room.
        unsafe {
            copy_panels::<F, L>(b, columns, 0..inner, inner, panels);
            rows_times_panels::<F, L>(product, panels.as_ptr().cast(), room);
        }
    }

    fn check<F: Scalar>(unit: f64, run: fn(ArrayView2<'_, F>, ArrayView2<'_, F>) -> Array2<F>) {
        for (m, k, n) in [(1, 3, 2), (13, 70, 33), (29, 101, 16), (40, 9, 50)] {
            let (a, b) = (random_matrix::<F>(m, k, 1), random_matrix::<F>(k, n, 2));
            let (at, bt) = (a.t().to_owned(), b.t().to_owned());
            let gaps = Array2::from_shape_fn((k, 2 * n), |(i, j)| b[(i, j / 2)]);
            let want = Array2::from_shape_fn((m, n), |(i, j)| {
                (0..k).fold(F::zero(), |sum, l| sum + a[(i, l)] * b[(l, j)])
            });
            for a in [a.view(), at.t()] {
                for b in [b.view(), bt.t(), gaps.slice(s![.., ..;2])] {
                    let error = &run(a, b) - &want;
                    let worst = error.iter().fold(0.0f64, |worst, d| worst.max(d.as_f64().abs()));
                    assert!(worst <= unit * k as f64, "{} {m}x{k}x{n}: {worst}", F::NAME);
                }
            }
        }
    }

    #[test]
    fn blocks_without_wide_vectors_equal_the_triple_loop() {
        fn plain<F: Scalar>(a: ArrayView2<'_, F>, b: ArrayView2<'_, F>) -> Array2<F> {
            product::<F, F::Plain>(a, b, |product, panels, room| {
                // SAFETY: every processor can compute with these vectors.
                unsafe { block::<F, F::Plain>(product, panels, room) }
            })
        }
        check::<f32>(1e-6, plain);
        check::<f64>(1e-15, plain);
    }

    /// Also where the processor has wider ones, for which alone all other tests run then.
    #[cfg(target_arch = "x86_64")]
    #[test]
    fn so_do_those_of_avx2() {
        #[target_feature(enable = "avx2,fma")]
        fn wide<F: Scalar>(
            product: &Product<F>,
            panels: &mut [MaybeUninit<F>],
            room: &mut [MaybeUninit<F>],
        ) {
            // SAFETY: this function has AVX2 and FMA.
            unsafe { block::<F, F::Wide>(product, panels, room) }
        }
        fn run<F: Scalar>(a: ArrayView2<'_, F>, b: ArrayView2<'_, F>) -> Array2<F> {
            product::<F, F::Wide>(a, b, |product, panels, room| {
                // SAFETY: asked for below.
                unsafe { wide(product, panels, room) }
            })
        }
        if crate::native::simd::has_avx2_fma() {
            check::<f32>(1e-6, run);
            check::<f64>(1e-15, run);
        }
    }
}
