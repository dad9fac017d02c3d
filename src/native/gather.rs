//! Rows of a matrix collected in an order of their own.

use ndarray::{ArrayView2, ArrayViewMut2};

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
    for (i, (mut to, &row)) in to.outer_iter_mut().zip(rows).enumerate() {
        if let Some(&next) = rows.get(i + AHEAD) {
            fetch(from, next);
        }
        let row = from.row(row);
        match (to.as_slice_mut(), row.to_slice()) {
            (Some(to), Some(row)) => to.copy_from_slice(row),
            _ => to.assign(&row),
        }
    }
}

/// Asks for the start of a row of a matrix whose rows have no gaps.
#[inline(always)]
fn fetch<F: Scalar>(from: ArrayView2<'_, F>, row: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let start = from.as_ptr().wrapping_offset(row as isize * from.strides()[0]).cast::<i8>();
        for line in (0..(from.ncols() * size_of::<F>()).min(FETCHED)).step_by(64) {
            // SAFETY: fetching ahead reads nothing, whatever the address.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(line)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (from, row, FETCHED);
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
        let mut none = array![[1.0f64]];
        gather_rows(array![[2.0]].view(), &[], none.view_mut());
        assert_eq!(none, array![[1.0]]);
    }
}
