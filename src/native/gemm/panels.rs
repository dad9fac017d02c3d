//! Copies of parts of the factors, in the order in which tiles read them.

use std::mem::MaybeUninit;
use std::ops::Range;

use super::Strided;
use super::tiles::{PANEL, tile_rows};
use crate::native::lanes::Lanes;
use crate::native::simd::fetch;
use crate::scalar::Scalar;

/// Rows fetched ahead of the one that is copied.
const AHEAD: isize = 24;

/// Copies `b`, which has so many columns, to the rows `rows` of panels of `depth` rows. The panels come one behind the
/// other, each by rows; in the last one there are zeros behind the last column.
///
/// # Safety
/// The processor can compute with `L`; `b` has the rows and columns.
#[inline(always)]
pub(super) unsafe fn copy_panels<F: Scalar, L: Lanes<F>>(
    b: Strided<*const F>,
    columns: usize,
    rows: Range<usize>,
    depth: usize,
    to: &mut [MaybeUninit<F>],
) {
    let width = PANEL * L::COUNT;
    assert!(
        rows.end <= depth && columns.next_multiple_of(width) * depth <= to.len(),
        "no room for the panels"
    );
    let to = to.as_mut_ptr().cast::<F>().wrapping_add(rows.start * width);
    let rows = rows.len();
    let corner = b.values;
    let whole = columns / width;
    // SAFETY: the caller's word; panel `p` starts at `p·width·depth`.
    unsafe {
        match (b.row, b.column) {
            // Whole rows of the block, which lie on the same page.
            (_, 1) => {
                for l in 0..rows {
                    let row = corner.offset(l as isize * b.row);
                    fetch(row.wrapping_offset(AHEAD * b.row), columns * size_of::<F>());
                    for p in 0..whole {
                        let (values, to) = (row.add(p * width), to.add((p * depth + l) * width));
                        for v in (0..width).step_by(L::COUNT) {
                            L::load(values.add(v)).store(to.add(v));
                        }
                    }
                }
            }
            (1, _) => {
                for p in 0..whole {
                    let values = corner.offset((p * width) as isize * b.column);
                    transpose::<F, L>(values, b.column, rows, to.add(p * width * depth));
                }
            }
            _ => {
                for p in 0..whole {
                    let values = corner.offset((p * width) as isize * b.column);
                    copy_each::<F, L>(
                        Strided { values, ..b },
                        0..rows,
                        width,
                        to.add(p * width * depth),
                    );
                }
            }
        }
        if !columns.is_multiple_of(width) {
            let values = corner.offset((whole * width) as isize * b.column);
            let to = to.add(whole * width * depth);
            copy_each::<F, L>(Strided { values, ..b }, 0..rows, columns % width, to);
        }
    }
}

/// Copies a panel whose columns have no gaps; they are `step` apart.
///
/// # Safety
/// As [`copy_panels`].
#[inline(always)]
unsafe fn transpose<F: Scalar, L: Lanes<F>>(from: *const F, step: isize, depth: usize, to: *mut F) {
    let width = PANEL * L::COUNT;
    let squares = depth / L::COUNT * L::COUNT;
    // SAFETY: the caller's word.
    unsafe {
        for l in (0..squares).step_by(L::COUNT) {
            for half in (0..width).step_by(L::COUNT) {
                let values = from.offset(half as isize * step).add(l);
                L::transpose(values, step, to.add(l * width + half), width);
            }
        }
        let from = Strided { values: from, row: 1, column: step };
        copy_each::<F, L>(from, squares..depth, width, to);
    }
}

/// Copies some rows of a panel value by value, of each row so many, and zeros behind them.
///
/// # Safety
/// As [`copy_panels`].
#[inline(always)]
unsafe fn copy_each<F: Scalar, L: Lanes<F>>(
    from: Strided<*const F>,
    rows: Range<usize>,
    columns: usize,
    to: *mut F,
) {
    let width = PANEL * L::COUNT;
    for l in rows {
        for j in 0..width {
            // SAFETY: the caller's word.
            unsafe {
                *to.add(l * width + j) = match j < columns {
                    true => *from.at(l, j),
                    false => F::zero(),
                };
            }
        }
    }
}

/// Copies some rows and columns of `a`, those of each tile together, by columns.
///
/// # Safety
/// The processor can compute with `L`; `a.row` is 1; the rows and columns are inside `a`; `to` has room for them
/// and one more vector.
#[inline(always)]
pub(super) unsafe fn copy_tiles<F: Scalar, L: Lanes<F>>(
    a: Strided<*const F>,
    rows: Range<usize>,
    columns: Range<usize>,
    to: &mut [MaybeUninit<F>],
) {
    assert!(rows.len() * columns.len() + L::COUNT <= to.len(), "no room for the tiles");
    let mut to = to.as_mut_ptr().cast::<F>();
    let mut row = rows.start;
    while row < rows.end {
        let count = tile_rows::<F, L>(PANEL, rows.end - row);
        let mut values = a.at(row, columns.start);
        // Whole vectors where they end inside the rows: what is too much is written over.
        let vectors = count.div_ceil(L::COUNT);
        let whole = row + vectors * L::COUNT <= rows.end;
        for _ in columns.clone() {
            // SAFETY: the caller's word.
            unsafe {
                if whole {
                    for v in 0..vectors {
                        L::load(values.add(v * L::COUNT)).store(to.add(v * L::COUNT));
                    }
                } else {
                    std::ptr::copy_nonoverlapping(values, to, count);
                }
            }
            (values, to) = (values.wrapping_offset(a.column), to.wrapping_add(count));
        }
        row += count;
    }
}
