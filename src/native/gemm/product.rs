//! What a product is of, and which way it is computed.

use ndarray::ArrayView2;

use super::thin::THIN;
use crate::scalar::Scalar;

/// A matrix as a pointer and the steps between its rows and columns.
#[derive(Clone, Copy)]
// In this order, so that nobody reads two steps of a view at once which have just been written one by one: the processor
// would wait.
#[repr(C)]
pub(super) struct Strided<P> {
    pub(super) row: isize,
    pub(super) values: P,
    pub(super) column: isize,
}

impl<P> Strided<P> {
    pub(super) fn transposed(self) -> Self {
        Self { row: self.column, column: self.row, ..self }
    }
}

impl<F> Strided<*const F> {
    /// The address of a value. Reading it is up to the caller.
    #[inline(always)]
    pub(super) fn at(self, row: usize, column: usize) -> *const F {
        self.values.wrapping_offset(row as isize * self.row + column as isize * self.column)
    }
}

#[inline(always)]
pub(super) fn input<F>(view: ArrayView2<'_, F>) -> Strided<*const F> {
    Strided { values: view.as_ptr(), row: view.strides()[0], column: view.strides()[1] }
}

/// The operands of a product whose shapes have been checked.
#[derive(Clone, Copy)]
pub(super) struct Product<F> {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) inner: usize,
    pub(super) alpha: F,
    pub(super) beta: F,
    pub(super) a: Strided<*const F>,
    pub(super) b: Strided<*const F>,
    pub(super) c: Strided<*mut F>,
    /// A value for each column, in which the sums start, or null.
    pub(super) bias: *const F,
}

/// Multiply-adds up to which a product is small.
const TINY: usize = 1 << 13;
/// Columns of the output up to which it is.
const NARROW: usize = 32;
/// Inner indices up to which it is.
const SHALLOW: usize = 32;
/// Rows of the output, and bytes of the right factor, up to which it is with one stored by rows: what few rows
/// read is not worth a copy, unless the caches cannot hold it.
const FEW: [(usize, usize); 2] = [(4, 1 << 21), (16, 1 << 19)];
/// The same with AVX-512, whose tiles have twice the rows and read each value half as often.
const FEW_WIDEST: [(usize, usize); 1] = [(64, 1 << 21)];

fn few() -> &'static [(usize, usize)] {
    #[cfg(target_arch = "x86_64")]
    if crate::native::simd::has_avx512() {
        return &FEW_WIDEST;
    }
    &FEW
}

impl<F: Scalar> Product<F> {
    /// Whether copies of the factors pay.
    pub(super) fn is_large(&self) -> bool {
        self.worth_copies(self.rows)
    }

    /// Whether they do for so many rows.
    #[inline]
    pub(super) fn worth_copies(&self, rows: usize) -> bool {
        let Product { columns, inner, .. } = *self;
        let bytes = (inner * columns).saturating_mul(size_of::<F>());
        let is_few = |&(most_rows, most): &(usize, usize)| rows <= most_rows && bytes <= most;
        inner > SHALLOW
            && columns > NARROW
            && rows.saturating_mul(inner * columns) > TINY
            && !(self.b.column == 1 && few().iter().any(is_few))
    }

    /// Whether so few inner indices are summed up that a block's right factor stays in registers.
    pub(super) fn is_thin(&self) -> bool {
        self.inner <= THIN && self.overwrites()
    }

    /// Whether what `c` holds does not matter, and sums are written as they are.
    pub(super) fn overwrites(&self) -> bool {
        self.alpha == F::one() && self.beta == F::zero()
    }

    /// Whether `spilled` values behind a row of `c` are the first ones of the next row.
    pub(super) fn can_spill(&self, spilled: usize) -> bool {
        self.c.row == self.columns as isize && spilled <= self.columns
    }
}
