//! Rows of a matrix collected in an order of their own.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::simd::fetch;
use crate::scalar::Scalar;

/// Rows fetched ahead of the one that is copied …
const AHEAD: usize = 4;
/// … and bytes of each, behind which the processor follows by itself.
const FETCHED: usize = 1024;

/// Overwrites row `i` of `to` by row `rows[i]` of `from`. The widths must be equal, and so the lengths.
pub(crate) fn gather_rows<F: Scalar>(
    from: ArrayView2<'_, F>,
    rows: &[usize],
    mut to: ArrayViewMut2<'_, F>,
) {
    let width = from.ncols();
    assert_eq!(to.ncols(), width, "rows of the same width");
    if let (Some(values), Some(to)) = (from.to_slice(), to.as_slice_mut()) {
        if let Some(first) = first_of_consecutive(rows) {
            return to.copy_from_slice(&values[first * width..][..rows.len() * width]);
        }
        for (i, (to, &row)) in to.chunks_exact_mut(width.max(1)).zip(rows).enumerate() {
            if let Some(&next) = rows.get(i + AHEAD) {
                let start = values.as_ptr().wrapping_add(next * width);
                fetch(start, (width * size_of::<F>()).min(FETCHED));
            }
            to.copy_from_slice(&values[row * width..][..width]);
        }
        return;
    }
    for (i, (mut to, &row)) in to.outer_iter_mut().zip(rows).enumerate() {
        let from_row = from.row(row);
        if let Some(&next) = rows.get(i + AHEAD) {
            fetch(from.row(next).as_ptr(), (width * size_of::<F>()).min(FETCHED));
        }
        match (from_row.to_slice(), to.as_slice_mut()) {
            (Some(from), Some(to)) => to.copy_from_slice(from),
            _ => to.assign(&from_row),
        }
    }
}

/// The first row, if the others follow it one by one.
fn first_of_consecutive(rows: &[usize]) -> Option<usize> {
    let (&first, rest) = rows.split_first()?;
    let follow = rest.iter().zip(first + 1..).all(|(&row, next)| row == next);
    follow.then_some(first)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Axis, array, s};

    use super::*;

    #[test]
    fn rows_come_in_the_order_asked_for() {
        let from = Array2::from_shape_fn((9, 40), |(i, j)| (100 * i + j) as f32);
        let rows = [8, 0, 3, 3, 7, 1, 2];
        for view in [from.view(), from.slice(s![.., ..;2]), from.slice(s![.., 3..3])] {
            let mut to = Array2::zeros((rows.len(), view.ncols()));
            gather_rows(view, &rows, to.view_mut());
            assert_eq!(to, view.select(Axis(0), &rows));
        }
        let some = from.slice(s![3..7, ..]);
        let mut to = Array2::zeros((4, 40));
        gather_rows(from.view(), &[3, 4, 5, 6], to.view_mut());
        assert_eq!(to, some);
        for width in 1..40 {
            let from = Array2::from_shape_fn((5, width), |(i, j)| (100 * i + j) as f64);
            let mut to = Array2::zeros((3, width));
            gather_rows(from.view(), &[4, 0, 2], to.view_mut());
            assert_eq!(to, from.select(Axis(0), &[4, 0, 2]));
        }
        let mut none = array![[1.0f64]];
        gather_rows(array![[2.0]].view(), &[], none.view_mut());
        assert_eq!(none, array![[1.0]]);
    }
}
