//! Products whose right factor is copied once for several of them.

use std::mem::MaybeUninit;
use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use super::large::DEPTH;
use super::room::{RIGHT_BYTES, with_right};
use super::{Product, Strided, input, multiply, pack, panel_width, run};
use crate::scalar::Scalar;

/// The shape of a right factor that is kept as a copy in panels: pieces of inner indices, in each panel by panel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PackedFactor {
    inner: usize,
    columns: usize,
}

impl PackedFactor {
    pub(crate) fn new(inner: usize, columns: usize) -> Self {
        Self { inner, columns }
    }

    /// Values of the copy.
    pub(crate) fn len<F: Scalar>(self) -> usize {
        self.inner * self.padded::<F>()
    }

    fn padded<F: Scalar>(self) -> usize {
        self.columns.next_multiple_of(panel_width::<F>())
    }

    /// The inner indices of each piece, as even as can be.
    fn pieces(self) -> impl Iterator<Item = Range<usize>> {
        let (inner, count) = (self.inner, self.inner.div_ceil(DEPTH));
        (0..count).map(move |i| inner * i / count..inner * (i + 1) / count)
    }

    /// Copies some rows of the factor, `rows` of it, to `packed`, which has [`PackedFactor::len`] values.
    pub(crate) fn pack_rows<F: Scalar>(
        self,
        rows: Range<usize>,
        b: ArrayView2<'_, F>,
        packed: &mut [F],
    ) {
        assert_eq!(b.dim(), (rows.len(), self.columns), "rows of the factor");
        let padded = self.padded::<F>();
        for piece in self.pieces() {
            let some = rows.start.max(piece.start)..rows.end.min(piece.end);
            if some.is_empty() {
                continue;
            }
            let b = input(b);
            let b = Strided { values: b.at(some.start - rows.start, 0), ..b };
            let to = &mut packed[piece.start * padded..piece.end * padded];
            let within = some.start - piece.start..some.end - piece.start;
            pack(b, self.columns, within, piece.len(), uninitialised(to));
        }
    }

    /// Copies some columns of the factor, a multiple of a panel's unless they are the last.
    pub(crate) fn pack_columns<F: Scalar>(
        self,
        columns: Range<usize>,
        b: ArrayView2<'_, F>,
        packed: &mut [F],
    ) {
        assert_eq!(b.dim(), (self.inner, columns.len()), "columns of the factor");
        let whole =
            |column: usize| column == self.columns || column.is_multiple_of(panel_width::<F>());
        assert!(whole(columns.start) && whole(columns.end), "columns {columns:?} cut a panel");
        let padded = self.padded::<F>();
        for piece in self.pieces() {
            let b = input(b);
            let b = Strided { values: b.at(piece.start, 0), ..b };
            let start = piece.start * padded + columns.start * piece.len();
            let to = &mut packed[start..piece.end * padded];
            pack(b, columns.len(), 0..piece.len(), piece.len(), uninitialised(to));
        }
    }

    /// `c ← a·b`, or `c ← c + a·b`, with the packed `b`; with `bias` added to every row, which then must overwrite.
    ///
    /// Rows of `c` must have no gaps.
    pub(crate) fn product<F: Scalar>(
        self,
        a: ArrayView2<'_, F>,
        packed: &[F],
        add: bool,
        bias: Option<&[F]>,
        c: &mut ArrayViewMut2<'_, F>,
    ) {
        let Self { inner, columns } = self;
        let rows = a.nrows();
        assert_eq!(
            (a.ncols(), c.dim()),
            (inner, (rows, columns)),
            "the matrices' shapes do not fit"
        );
        assert!(bias.is_none_or(|bias| bias.len() == columns && !add), "a bias for each column");
        assert!(packed.len() >= self.len::<F>() && (c.strides()[1] == 1 || columns == 1), "packed");
        let whole = input(a);
        for piece in self.pieces() {
            let first = piece.start == 0;
            let product = Product {
                rows,
                columns,
                inner: piece.len(),
                alpha: F::one(),
                beta: if first && !add { F::zero() } else { F::one() },
                a: Strided { values: whole.at(0, piece.start), ..whole },
                b: Strided { values: std::ptr::null(), row: 0, column: 1 },
                c: Strided { values: c.as_mut_ptr(), row: c.strides()[0], column: 1 },
                bias: bias.filter(|_| first).map_or(std::ptr::null(), <[F]>::as_ptr),
            };
            multiply(&product, packed[piece.start * self.padded::<F>()..].as_ptr());
        }
    }
}

/// Calls `done(rows, values)` with the rows of `a·b`, some after others: `step` of them, the last ones fewer, in
/// `room`, where the next ones overwrite them.
///
/// # Panics
/// If the room has fewer than `step` rows.
pub(crate) fn product_by_rows<F: Scalar>(
    a: ArrayView2<'_, F>,
    b: ArrayView2<'_, F>,
    step: usize,
    room: &mut [F],
    done: &mut dyn FnMut(Range<usize>, &mut [F]),
) {
    let (rows, (inner, columns)) = (a.nrows(), b.dim());
    assert_eq!(a.ncols(), inner, "the matrices' shapes do not fit");
    let (left, right) = (input(a), input(b));
    let part = |some: &Range<usize>, c: &mut [F]| {
        assert!(c.len() == some.len() * columns, "no room for {some:?}");
        Product {
            rows: some.len(),
            columns,
            inner,
            alpha: F::one(),
            beta: F::zero(),
            a: Strided { values: left.at(some.start, 0), ..left },
            b: right,
            c: Strided { values: c.as_mut_ptr(), row: columns as isize, column: 1 },
            bias: std::ptr::null(),
        }
    };
    let whole = inner * columns.next_multiple_of(panel_width::<F>());
    let packs = inner <= DEPTH && whole <= RIGHT_BYTES / size_of::<F>();
    let mut each = |run: &dyn Fn(Product<F>)| {
        for start in (0..rows).step_by(step) {
            let some = start..rows.min(start + step);
            let values = &mut room[..some.len() * columns];
            run(part(&some, values));
            done(some, values);
        }
    };
    if packs && part(&(0..0), &mut []).worth_copies(rows) {
        with_right(|panels| {
            pack(right, columns, 0..inner, inner, panels);
            let panels = panels.as_ptr().cast();
            each(&|product| multiply(&product, panels));
        });
    } else {
        each(&run);
    }
}

/// Values that are to be overwritten.
fn uninitialised<F: Copy>(values: &mut [F]) -> &mut [MaybeUninit<F>] {
    // SAFETY: the same layout; whoever gets this writes values only.
    unsafe { &mut *(std::ptr::from_mut(values) as *mut [MaybeUninit<F>]) }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, s};

    use super::*;
    use crate::random_matrix;

    /// `start + a·b` by the triple loop.
    fn naive<F: Scalar>(a: &Array2<F>, b: &Array2<F>, start: &Array2<F>) -> Array2<F> {
        Array2::from_shape_fn((a.nrows(), b.ncols()), |(i, j)| {
            (0..b.nrows()).fold(start[(i, j)], |sum, l| sum + a[(i, l)] * b[(l, j)])
        })
    }

    fn close<F: Scalar>(got: &Array2<F>, want: &Array2<F>, inner: usize, what: &str) {
        let error = (got - want).iter().fold(0.0f64, |worst, d| worst.max(d.as_f64().abs()));
        let unit = if F::NAME == "f32" { 1e-6 } else { 1e-15 };
        assert!(error <= unit * (inner + 2) as f64, "{what}: {error}");
    }

    fn shapes() -> impl Iterator<Item = (usize, usize, usize)> {
        let shapes = [(1, 1, 1), (5, 7, 3), (6, 64, 64), (13, 100, 70), (133, 96, 33)];
        shapes.into_iter().chain([(64, 513, 100), (31, 1100, 40), (260, 130, 161)])
    }

    /// A copy made of some rows after others and one made of some columns after others.
    fn check_packed<F: Scalar>() {
        for (m, k, n) in shapes() {
            let what = format!("{} {m}x{k}x{n}", F::NAME);
            let (a, b) = (random_matrix::<F>(m, k, 1), random_matrix::<F>(k, n, 2));
            let (bias, old) = (random_matrix::<F>(1, n, 3), random_matrix::<F>(m, n, 4));
            let factor = PackedFactor::new(k, n);
            let mut by_rows = vec![F::nan(); factor.len::<F>()];
            for row in (0..k).step_by(48) {
                let some = row..k.min(row + 48);
                factor.pack_rows(some.clone(), b.slice(s![some, ..]), &mut by_rows);
            }
            let mut by_columns = vec![F::nan(); factor.len::<F>()];
            let transposed = b.t().to_owned();
            for column in (0..n).step_by(48) {
                let some = column..n.min(column + 48);
                let columns = transposed.slice(s![some.clone(), ..]).reversed_axes();
                factor.pack_columns(some, columns, &mut by_columns);
            }
            assert_eq!(by_rows, by_columns, "{what}");
            let zeros = Array2::zeros((m, n));
            let biases = bias.broadcast((m, n)).unwrap().to_owned();
            for (add, bias, start) in
                [(false, None, &zeros), (true, None, &old), (false, bias.as_slice(), &biases)]
            {
                // In the middle of wider rows, which keep their other values.
                let mut wide = Array2::from_elem((m, n + 9), F::from_f64(9.0));
                wide.slice_mut(s![.., 4..n + 4]).assign(&old);
                let mut c = wide.slice_mut(s![.., 4..n + 4]);
                factor.product(a.view(), &by_rows, add, bias, &mut c);
                close(&c.to_owned(), &naive(&a, &b, start), k, &what);
                assert!(wide.slice(s![.., ..4]).iter().all(|&value| value.as_f64() == 9.0));
                assert!(wide.slice(s![.., n + 4..]).iter().all(|&value| value.as_f64() == 9.0));
            }
        }
    }

    #[test]
    fn products_with_copies_are_those_with_the_factor() {
        check_packed::<f32>();
        check_packed::<f64>();
    }

    fn check_by_rows<F: Scalar>() {
        for (m, k, n) in shapes() {
            let what = format!("{} {m}x{k}x{n}", F::NAME);
            let (a, b) = (random_matrix::<F>(k, m, 1), random_matrix::<F>(k, n, 2));
            let want = naive(&a.t().to_owned(), &b, &Array2::zeros((m, n)));
            for step in [1, 24, 48, 1000] {
                let mut got = Array2::zeros((m, n));
                let mut room = vec![F::nan(); m * n];
                let mut next = 0;
                product_by_rows(a.t(), b.view(), step, &mut room, &mut |rows, values| {
                    assert_eq!((rows.start, rows.len()), (next, step.min(m - next)));
                    next = rows.end;
                    let values = ArrayView2::from_shape((rows.len(), n), values).unwrap();
                    got.slice_mut(s![rows, ..]).assign(&values);
                });
                assert_eq!(next, m);
                close(&got, &want, k, &what);
            }
        }
    }

    #[test]
    fn rows_come_some_after_others() {
        check_by_rows::<f32>();
        check_by_rows::<f64>();
    }

    #[test]
    #[should_panic(expected = "cut a panel")]
    fn columns_that_cut_a_panel_are_refused() {
        let (factor, b) = (PackedFactor::new(2, 40), Array2::<f64>::zeros((2, 3)));
        factor.pack_columns(0..3, b.view(), &mut vec![0.0; factor.len::<f64>()]);
    }
}
