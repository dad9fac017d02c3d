//! Products of which some rows are wanted after others.

use std::ops::Range;

use ndarray::ArrayView2;

use super::large::{depth, multiply};
use super::room::{Key, RIGHT_BYTES, with_right_of};
use super::{Product, Strided, input, pack, panel_width, run};
use crate::scalar::Scalar;

/// Calls `done(rows, values)` with the rows of `a·b`, some after others: `step` of them, the last ones fewer, in
/// `room`, where the next ones may overwrite them. A thread copies the `b` whose key it is once for several calls in a
/// row; a key of another matrix is none.
///
/// # Panics
/// If there is no room for all rows.
pub(crate) fn product_by_rows<F: Scalar>(
    a: ArrayView2<'_, F>,
    b: ArrayView2<'_, F>,
    key: Option<Key>,
    step: usize,
    room: &mut [F],
    done: &mut dyn FnMut(Range<usize>, &mut [F]),
) {
    let (rows, (inner, columns)) = (a.nrows(), b.dim());
    assert_eq!(a.ncols(), inner, "the matrices' shapes do not fit");
    assert!(room.len() >= rows * columns, "no room for {rows} rows of {columns}");
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
    let packs = inner <= depth() && whole <= RIGHT_BYTES / size_of::<F>();
    let copies_pay = part(&(0..0), &mut []).worth_copies(rows);
    let mut each = |run: &dyn Fn(Product<F>)| {
        for start in (0..rows).step_by(step) {
            let some = start..rows.min(start + step);
            let values = &mut room[..some.len() * columns];
            run(part(&some, values));
            done(some, values);
        }
    };
    if packs && copies_pay {
        let key = key.and_then(|key| key.copy_of(&b));
        with_right_of(key, |panels, held| {
            if !held {
                pack(right, columns, 0..inner, inner, panels);
            }
            let panels = panels.as_ptr().cast();
            each(&|product| multiply(&product, panels));
        });
    } else if copies_pay {
        // Else each part would copy `b` again, piece by piece.
        let values = &mut room[..rows * columns];
        run(&part(&(0..rows), values));
        for start in (0..rows).step_by(step) {
            let some = start..rows.min(start + step);
            done(some.clone(), &mut values[some.start * columns..some.end * columns]);
        }
    } else {
        each(&|product| run(&product));
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, s};

    use super::*;
    use crate::random_matrix;

    fn close<F: Scalar>(got: &Array2<F>, want: &Array2<F>, inner: usize, what: &str) {
        let error = (got - want).iter().fold(0.0f64, |worst, d| worst.max(d.as_f64().abs()));
        let unit = if F::NAME == "f32" { 1e-6 } else { 1e-15 };
        assert!(error <= unit * (inner + 2) as f64, "{what}: {error}");
    }

    fn shapes() -> impl Iterator<Item = (usize, usize, usize)> {
        let shapes = [(1, 1, 1), (5, 7, 3), (6, 64, 64), (13, 100, 70), (133, 96, 33)];
        shapes.into_iter().chain([(64, 513, 100), (31, 1100, 40), (100, 1100, 70), (260, 130, 161)])
    }

    fn check_by_rows<F: Scalar>() {
        for (m, k, n) in shapes() {
            let what = format!("{} {m}x{k}x{n}", F::NAME);
            let (a, b) = (random_matrix::<F>(k, m, 1), random_matrix::<F>(k, n, 2));
            let want = Array2::from_shape_fn((m, n), |(i, j)| {
                (0..k).fold(F::zero(), |sum, l| sum + a[(l, i)] * b[(l, j)])
            });
            for step in [1, 24, 48, 1000] {
                let mut got = Array2::zeros((m, n));
                let mut room = vec![F::nan(); m * n];
                let mut next = 0;
                product_by_rows(a.t(), b.view(), None, step, &mut room, &mut |rows, values| {
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
    fn a_right_factor_is_copied_once_for_a_key() {
        let (a, mut b) = (random_matrix::<f64>(70, 80, 1), random_matrix::<f64>(70, 200, 2));
        let product = |b: &Array2<f64>, key| {
            let (mut got, mut room) = (Array2::zeros((80, 200)), vec![0.0; 80 * 200]);
            product_by_rows(a.t(), b.view(), key, 24, &mut room, &mut |rows, values| {
                let values = ArrayView2::from_shape((rows.len(), 200), values).unwrap();
                got.slice_mut(s![rows, ..]).assign(&values);
            });
            got
        };
        let numbers = [Key::new_number(), Key::new_number()];
        let [first, second] = numbers.map(|number| Key::new(number, &b.view()));
        assert_ne!(first, second);
        let old = product(&b, Some(first));
        b *= 2.0;
        let new = 2.0 * &old;
        // Nobody may change it under the same key: what is computed shows that the copy was kept.
        assert_eq!(product(&b, Some(first)), old);
        for key in [None, Some(second), Some(first)] {
            assert_eq!(product(&b, key), new);
        }
        // A layer may pass the key on with a matrix of its own: that is another one.
        let other = &b * 0.5;
        assert_eq!(product(&other, Some(first)), old);
        assert_eq!(product(&b, Some(first)), new);
        // So is a part of the same memory in another shape.
        let part = b.slice(s![.., ..]).into_shape_with_order((140, 100)).unwrap();
        assert!(first.copy_of(&part) != first.copy_of(&b.view()) && first.copy_of(&part).is_some());
        assert_eq!(first.copy_of(&b.slice(s![.., 1..])), None);
        assert_eq!(first.copy_of(&b.slice(s![.., ..9])), None);
        // Another product in between takes the room.
        b /= 2.0;
        crate::native::gemm::gemm(
            1.0,
            a.t(),
            a.view(),
            0.0,
            &mut Array2::zeros((80, 80)).view_mut(),
        );
        assert_eq!(product(&b, Some(first)), old);
    }

    #[test]
    fn rows_come_some_after_others() {
        check_by_rows::<f32>();
        check_by_rows::<f64>();
    }
}
