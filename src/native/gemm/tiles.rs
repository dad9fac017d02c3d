//! Tiles of sums that stay in registers.

use super::{Product, Strided};
use crate::native::lanes::{Lanes, load, store};
use crate::native::simd::fetch;
use crate::scalar::Scalar;

/// Rows of `b` fetched ahead of the one that is worked on, where it is read once.
const AHEAD: isize = 4;
/// Inner indices from which the rows of `c` are fetched while the tile is computed.
const DEEP: usize = 128;
/// Inner indices that a loop's turn takes where rows of `a` lie apart: the compiler finds their addresses anew in each turn.
const TURN: usize = 4;

/// Vectors of a row of a panel.
pub(super) const PANEL: usize = 2;

/// Rows of the next tile of so many vectors when `left` are left: as many as have their sums in registers, beside
/// the vectors of `b` and one of `a`. Few have the registers wait for each other, so the last tiles are about even.
#[inline(always)]
pub(super) fn tile_rows<F, L: Lanes<F>>(vectors: usize, left: usize) -> usize {
    let even = |most: usize| left.div_ceil(left.div_ceil(most).max(1));
    match (L::REGISTERS > 16, vectors, left) {
        (true, 1 | 2, 9 | 11) => left.div_ceil(2),
        (true, 1 | 2, _) => match even(12) {
            // Tiles of more than eight rows are even.
            count @ (9 | 11) => count + 1,
            count => count,
        },
        (true, 3, _) => even(8),
        (true, 4, _) => even(6),
        (true, ..) => even(3),
        (false, 1, 8..) => 8,
        (false, 1 | 2, 7 | 8) => 4,
        (false, 1 | 2, _) => left.min(6),
        (false, 3, _) => left.min(3),
        (false, 4, _) => left.min(2),
        (false, ..) => left.min(1),
    }
}

/// What the tiles of a block have in common.
pub(super) struct Tiles<'p, F> {
    pub(super) product: &'p Product<F>,
    pub(super) depth: usize,
    pub(super) b: Strided<*const F>,
    /// Whether behind the columns of the last row of `b` there may be nothing: behind all others the next row
    /// follows, whose values may be read as well.
    pub(super) masked: bool,
    /// What the sums start in, or null.
    pub(super) bias: *const F,
    /// Lanes of the last vector that are columns.
    pub(super) last: usize,
    /// Whether behind a row's last vector there is room for all of its lanes, but for the last row.
    pub(super) spills: bool,
    /// Whether these are the first rows of `b`.
    pub(super) start: bool,
    /// Whether sums are written as they are.
    pub(super) overwrites: bool,
}

impl<F: Scalar> Tiles<'_, F> {
    /// All rows of the block: as many at a time as fill the registers with sums.
    ///
    /// # Safety
    /// As `block`.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes<F>, const V: usize>(
        &self,
        rows: usize,
        mut a: Strided<*const F>,
        mut c: Strided<*mut F>,
    ) {
        let mut left = rows;
        while left > 0 {
            let count = tile_rows::<F, L>(V, left);
            // SAFETY: so many rows are left; only the last one has nothing behind it.
            unsafe { self.rows::<L, V>(count, (a, c), self.spills && left > count) };
            left -= count;
            a.values = a.values.wrapping_offset(count as isize * a.row);
            c.values = c.values.wrapping_offset(count as isize * c.row);
        }
    }

    /// A tile of `count` rows, at most so many as fill the registers with sums.
    ///
    /// # Safety
    /// As [`Tiles::tile`].
    #[inline(always)]
    pub(super) unsafe fn rows<L: Lanes<F>, const V: usize>(
        &self,
        count: usize,
        (a, c): (Strided<*const F>, Strided<*mut F>),
        whole: bool,
    ) {
        // SAFETY: the caller's word.
        unsafe {
            match (L::REGISTERS > 16, V, count) {
                (true, 1 | 2, 12) => self.tile::<L, 12, V>(a, c, whole),
                (true, 1 | 2, 10) => self.tile::<L, 10, V>(a, c, whole),
                (true, 1..=3, 8) | (false, 1, 8) => self.tile::<L, 8, V>(a, c, whole),
                (true, 1..=3, 7) => self.tile::<L, 7, V>(a, c, whole),
                (true, 1..=4, 6) | (false, 1 | 2, 6) => self.tile::<L, 6, V>(a, c, whole),
                (true, 1..=4, 5) | (false, 1 | 2, 5) => self.tile::<L, 5, V>(a, c, whole),
                (true, 1..=4, 4) | (false, 1 | 2, 4) => self.tile::<L, 4, V>(a, c, whole),
                (true, _, 3) | (false, 1..=3, 3) => self.tile::<L, 3, V>(a, c, whole),
                (true, _, 2) | (false, 1..=4, 2) => self.tile::<L, 2, V>(a, c, whole),
                _ => self.tile::<L, 1, V>(a, c, whole),
            }
        }
    }

    /// `R` rows of `a` times the block's columns of `b`, inner index ascending. With `whole`, values behind the
    /// block's columns may be written over.
    ///
    /// # Safety
    /// As `block`, and `a` and `c` have `R` rows; with `whole` there is one more.
    #[inline(always)]
    unsafe fn tile<L: Lanes<F>, const R: usize, const V: usize>(
        &self,
        a: Strided<*const F>,
        c: Strided<*mut F>,
        whole: bool,
    ) {
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
            let to = |r: usize| c.values.wrapping_offset(r as isize * c.row);
            if self.depth >= DEEP {
                for r in 0..R {
                    fetch(to(r), V * L::COUNT * size_of::<F>());
                }
            }
            let (mut offset, mut b_values) = (0, self.b.values);
            let mut left = self.depth - usize::from(self.masked);
            if L::REGISTERS > 16 && R > 6 && a.row != 1 {
                while left >= TURN {
                    for turn in 0..TURN as isize {
                        let values = b_values.wrapping_offset(turn * self.b.row);
                        let b = std::array::from_fn(|v| L::load(values.add(v * L::COUNT)));
                        let offset = offset + turn * a.column;
                        add_products::<F, L, R, V>(&mut sums, b, a_rows, offset);
                    }
                    offset += TURN as isize * a.column;
                    b_values = b_values.wrapping_offset(TURN as isize * self.b.row);
                    left -= TURN;
                }
            }
            for _ in 0..left {
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
                let b = load(b_values, self.last);
                add_products::<F, L, R, V>(&mut sums, b, a_rows, offset);
            }
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
