//! Numbers in one or more columns, as scores and regression metrics read them.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

/// Borrowed numbers `(rows, columns)`; one-dimensional numbers are one column.
///
/// Made by `From` from slices, vectors, arrays and views; nothing is copied.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a, F>(ArrayView2<'a, F>);

impl<'a, F> Columns<'a, F> {
    /// The numbers as a view `(rows, columns)`.
    pub fn view(self) -> ArrayView2<'a, F> {
        self.0
    }
}

impl<'a, F> From<ArrayView2<'a, F>> for Columns<'a, F> {
    fn from(view: ArrayView2<'a, F>) -> Self {
        Columns(view)
    }
}

impl<'a, F> From<&'a Array2<F>> for Columns<'a, F> {
    fn from(array: &'a Array2<F>) -> Self {
        Columns(array.view())
    }
}

impl<'a, F> From<ArrayView1<'a, F>> for Columns<'a, F> {
    fn from(view: ArrayView1<'a, F>) -> Self {
        Columns(view.insert_axis(Axis(1)))
    }
}

impl<'a, F> From<&'a Array1<F>> for Columns<'a, F> {
    fn from(array: &'a Array1<F>) -> Self {
        array.view().into()
    }
}

impl<'a, F> From<&'a [F]> for Columns<'a, F> {
    fn from(numbers: &'a [F]) -> Self {
        ArrayView1::from(numbers).into()
    }
}

impl<'a, F> From<&'a Vec<F>> for Columns<'a, F> {
    fn from(numbers: &'a Vec<F>) -> Self {
        numbers.as_slice().into()
    }
}

impl<'a, F, const N: usize> From<&'a [F; N]> for Columns<'a, F> {
    fn from(numbers: &'a [F; N]) -> Self {
        numbers.as_slice().into()
    }
}
