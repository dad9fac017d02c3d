//! Tiles of sums that stay in registers.

use std::ops::Range;

use super::packed::{DEPTH, PACK_ROWS, room, whole_vectors};
use super::{Product, Strided};
use crate::native::lanes::{Lanes, load, store};
use crate::scalar::Scalar;

/// Some columns of `c`, those of `V` vectors, of which the last may be filled in part.
///
/// # Safety
/// The processor can compute with `L`; the columns fill more than `V - 1` vectors and at most `V`.
#[inline(always)]
pub(super) unsafe fn block<F: Scalar, L: Lanes<F>, const V: usize>(
    product: &Product<F>,
    columns: Range<usize>,
) {
    let Product { rows, inner, a, c, .. } = *product;
    let mut packed = room();
    let last = columns.len() - (V - 1) * L::COUNT;
    let mut from = 0;
    loop {
        let depth = DEPTH.min(inner - from);
        let start = from == 0;
        let bias = match start && !product.bias.is_null() {
            true => product.bias.wrapping_add(columns.start),
            false => std::ptr::null(),
        };
        let overwrites = start && product.overwrites();
        let a_values = a.values.wrapping_offset(from as isize * a.column);
        let c_values = c.values.wrapping_add(columns.start);
        let (a, c) = (Strided { values: a_values, ..a }, Strided { values: c_values, ..c });
        // SAFETY: `last` lanes of the last vector lie inside `b` and `c`, as do all of the others.
        unsafe {
            let b = product.corner_of_b(from, columns.start);
            let pays = rows >= PACK_ROWS && b.row as usize > columns.len();
            let b = whole_vectors::<F, L, V>(b, depth, last, pays, &mut packed);
            let tiles = Tiles { product, depth, b, bias, last, start, overwrites };
            tiles.run::<L, V>(rows, a, c);
        }
        from += depth;
        if from >= inner {
            return;
        }
    }
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
    /// Whether sums are written as they are.
    overwrites: bool,
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
        let whole = self.product.can_spill(L::COUNT - self.last);
        while left > 0 {
            // SAFETY: so many rows are left; only the last one has nothing behind it.
            let done = unsafe {
                match (V, left) {
                    (1, 8..) => self.tile::<L, 8, V>(a, c, whole && left > 8),
                    (2, 6..) => self.tile::<L, 6, V>(a, c, whole && left > 6),
                    (1 | 2, 5..) => self.tile::<L, 5, V>(a, c, whole && left > 5),
                    (1 | 2, 4..) => self.tile::<L, 4, V>(a, c, whole && left > 4),
                    (_, 3..) => self.tile::<L, 3, V>(a, c, whole && left > 3),
                    (_, 2) => self.tile::<L, 2, V>(a, c, false),
                    _ => self.tile::<L, 1, V>(a, c, false),
                }
            };
            left -= done;
            a.values = a.values.wrapping_offset(done as isize * a.row);
            c.values = c.values.wrapping_offset(done as isize * c.row);
        }
    }

    /// `R` rows of `a` times the block's columns of `b`, inner index ascending; returns `R`. With `whole`,
    /// values behind the block's columns may be written over.
    ///
    /// # Safety
    /// As `block`, and `a` and `c` have `R` rows; with `whole` there is one more.
    #[inline(always)]
    unsafe fn tile<L: Lanes<F>, const R: usize, const V: usize>(
        &self,
        a: Strided<*const F>,
        c: Strided<*mut F>,
        whole: bool,
    ) -> usize {
        // SAFETY: the caller's word: rows, columns and inner indices are inside the matrices.
        unsafe {
            let start = match self.bias.is_null() {
                true => [L::splat(F::zero()); V],
                false => load(self.bias, self.last),
            };
            let mut sums = [start; R];
            // A pointer a row, moved by one offset: else each address waits for the one before.
            let a_rows: [_; R] =
                std::array::from_fn(|r| a.values.wrapping_offset(r as isize * a.row));
            let (mut offset, mut b_values) = (0, self.b.values);
            for _ in 0..self.depth {
                let mut b = [L::splat(F::zero()); V];
                for (v, b) in b.iter_mut().enumerate() {
                    *b = L::load(b_values.add(v * L::COUNT));
                }
                for (r, sums) in sums.iter_mut().enumerate() {
                    let factor = L::splat(*a_rows[r].offset(offset));
                    for (sum, &b) in sums.iter_mut().zip(&b) {
                        *sum = b.mul_add(factor, *sum);
                    }
                }
                offset += a.column;
                b_values = b_values.wrapping_offset(self.b.row);
            }
            let to = |r: usize| c.values.wrapping_offset(r as isize * c.row);
            if self.overwrites && (whole || self.last == L::COUNT) {
                for (r, sums) in sums.into_iter().enumerate() {
                    store(sums, to(r), L::COUNT);
                }
            } else {
                for (r, sums) in sums.into_iter().enumerate() {
                    store(self.combined::<L, V>(sums, to(r)), to(r), self.last);
                }
            }
        }
        R
    }

    /// What a row of a tile comes to: what is there is scaled at the start, else added to.
    ///
    /// # Safety
    /// As `tile`.
    #[inline(always)]
    unsafe fn combined<L: Lanes<F>, const V: usize>(&self, sums: [L; V], c: *const F) -> [L; V] {
        if self.overwrites {
            return sums;
        }
        let Product { alpha, beta, .. } = *self.product;
        // SAFETY: the caller's word; what is not wanted is not read.
        unsafe {
            let (alpha, zero) = (L::splat(alpha), L::splat(F::zero()));
            let (old, factor) = match self.start {
                true if beta == F::zero() => ([zero; V], zero),
                true => (load(c, self.last), L::splat(beta)),
                false => (load(c, self.last), L::splat(F::one())),
            };
            let mut combined = sums;
            for (sum, old) in combined.iter_mut().zip(old) {
                *sum = old.mul_add(factor, sum.mul(alpha));
            }
            combined
        }
    }
}
