//! Tiles of sums that stay in registers.

use std::ops::Range;

use super::packed::{DEPTH, PACK_ROWS, room, whole_vectors};
use super::{Product, Strided};
use crate::native::lanes::{Lanes, load, store};
use crate::native::simd::fetch;
use crate::scalar::Scalar;

/// Rows of `b` fetched ahead of the one that is worked on, where it is read once.
const AHEAD: isize = 4;

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
            // So many values of the next row are read behind each.
            let in_place = b.column == 1 && !pays && b.row >= (L::COUNT - last) as isize;
            let b = match in_place {
                true => b,
                false => whole_vectors::<F, L, V>(b, depth, last, &mut packed),
            };
            let masked = in_place && last < L::COUNT && depth > 0 && from + depth == inner;
            let tiles = Tiles { product, depth, b, masked, bias, last, start, overwrites };
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
    /// Whether behind the columns of the last row of `b` there may be nothing: behind all others the next row
    /// follows, whose values may be read as well.
    masked: bool,
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
                    (1..=3, 3..) => self.tile::<L, 3, V>(a, c, whole && left > 3),
                    (1..=4, 2..) => self.tile::<L, 2, V>(a, c, whole && left > 2),
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
            for _ in 0..self.depth - usize::from(self.masked) {
                if R == 1 && V > 4 {
                    // One row asks for nothing but `b`.
                    let ahead = b_values.wrapping_offset(AHEAD * self.b.row);
                    fetch(ahead, V * L::COUNT * size_of::<F>());
                }
                let b = std::array::from_fn(|v| L::load(b_values.add(v * L::COUNT)));
                add_products::<F, L, R, V>(&mut sums, b, a_rows, offset);
                offset += a.column;
                b_values = b_values.wrapping_offset(self.b.row);
            }
            if self.masked {
                add_products::<F, L, R, V>(&mut sums, load(b_values, self.last), a_rows, offset);
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

/// Adds the products of `R` rows of `a`, each at `offset`, with a row of `b`.
///
/// # Safety
/// The processor can compute with `L`, and the rows of `a` reach to `offset`.
#[inline(always)]
unsafe fn add_products<F: Scalar, L: Lanes<F>, const R: usize, const V: usize>(
    sums: &mut [[L; V]; R],
    b: [L; V],
    a_rows: [*const F; R],
    offset: isize,
) {
    for (sums, a) in sums.iter_mut().zip(a_rows) {
        // SAFETY: the caller's word.
        unsafe {
            let factor = L::splat(*a.offset(offset));
            for (sum, &b) in sums.iter_mut().zip(&b) {
                *sum = b.mul_add(factor, *sum);
            }
        }
    }
}
