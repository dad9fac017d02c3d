//! Buffers whose rows several threads write at the same time, each its own.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, ShapeBuilder};

use super::aligned::{Aligned, whole_lines};
use super::crew::Crew;
use crate::scalar::Scalar;

/// Several row-major matrices ("slots") with the same number of rows in one allocation.
#[derive(Debug)]
pub(crate) struct RowBuffer<F> {
    pub(super) values: Aligned<F>,
    /// Offset in `values`, at a line of the caches, and width of each slot; ascending and disjoint.
    pub(super) slots: Vec<(usize, usize)>,
    pub(super) rows: usize,
}

impl<F: Scalar> RowBuffer<F> {
    /// A zeroed buffer of `rows` rows, with one slot for each width.
    pub(crate) fn new(rows: usize, widths: &[usize]) -> Self {
        let mut offset = 0;
        let slots = widths
            .iter()
            .map(|&width| {
                let slot = (offset, width);
                offset += whole_lines::<F>(rows * width);
                slot
            })
            .collect();
        Self { values: Aligned::zeros(offset), slots, rows }
    }

    /// The first `rows` rows of a slot.
    #[inline]
    pub(crate) fn view(&self, slot: usize, rows: usize) -> ArrayView2<'_, F> {
        assert!(rows <= self.rows, "{rows} rows of {}", self.rows);
        let (offset, width) = self.slots[slot];
        matrix(rows, width, &self.values[offset..offset + rows * width])
    }

    /// The values of the first `rows` rows of a slot, to write.
    pub(crate) fn values_mut(&mut self, slot: usize, rows: usize) -> &mut [F] {
        assert!(rows <= self.rows, "{rows} rows of {}", self.rows);
        let (offset, width) = self.slots[slot];
        &mut self.values[offset..offset + rows * width]
    }

    /// Calls `work(part, own, result)` for each of `results.len()` parts of the first `rows` rows. Part `i` has the rows that [`part_rows`] says,
    /// and row `i` of `own`.
    pub(crate) fn for_each_part<R: Send>(
        &mut self,
        own: &mut Self,
        rows: usize,
        crew: Crew<'_>,
        results: &mut [R],
        work: impl Fn(PartRows<'_, F>, PartRows<'_, F>, &mut R) + Sync,
    ) {
        let parts = results.len();
        let (shared, own) = (Shared::new(self, rows, parts), Shared::new(own, parts, parts));
        let results = Pointer(results.as_mut_ptr());
        crew.for_each(parts, &|i| {
            // SAFETY: `i` < parts, the length of `results`, and each comes once.
            let result = unsafe { &mut *results.at(i) };
            work(shared.part(i), own.part(i), result);
        });
    }
}

/// Where the last of `count` ranges ends.
///
/// # Panics
/// If they overlap, or do not ascend.
pub(super) fn end_of_ascending(count: usize, range: &impl Fn(usize) -> Range<usize>) -> usize {
    (0..count).map(range).fold(0, |end, range| {
        assert!(end <= range.start && range.start <= range.end, "ranges overlap at {range:?}");
        range.end
    })
}

/// Calls `work(i, parts, result)` for each of `results.len()` ranges, with the part of every buffer that
/// `range(i)` names; an empty buffer has empty parts.
///
/// # Panics
/// If the ranges overlap, do not ascend, or end behind a buffer.
pub(crate) fn for_each_range<F: Send, R: Send, const N: usize>(
    crew: Crew<'_>,
    results: &mut [R],
    range: impl Fn(usize) -> Range<usize> + Sync,
    buffers: [&mut [F]; N],
    work: impl Fn(usize, [&mut [F]; N], &mut R) + Sync,
) {
    let count = results.len();
    let results = Pointer(results.as_mut_ptr());
    let end = end_of_ascending(count, &range);
    let fits = |buffer: &&mut [F]| buffer.is_empty() || end <= buffer.len();
    assert!(buffers.iter().all(fits), "ranges end at {end}, behind a buffer");
    let buffers = buffers.map(|buffer| (Pointer(buffer.as_mut_ptr()), buffer.is_empty()));
    crew.for_each(count, &|i| {
        let range = range(i);
        let parts = std::array::from_fn(|n| {
            let (start, empty) = &buffers[n];
            match empty {
                true => &mut [][..],
                // SAFETY: the ranges were found to be disjoint and inside the buffers, which are
                // borrowed mutably, and each range is given out once.
                false => unsafe {
                    std::slice::from_raw_parts_mut(start.at(range.start), range.len())
                },
            }
        });
        // SAFETY: `i` < count, the length of `results`, and each comes once.
        let result = unsafe { &mut *results.at(i) };
        work(i, parts, result);
    });
}

/// A pointer into a mutably borrowed slice whose elements go to one thread each.
pub(super) struct Pointer<T>(pub(super) *mut T);

// SAFETY: elements move between threads (`T: Send`), and callers give out each one once.
unsafe impl<T: Send> Sync for Pointer<T> {}

impl<T> Pointer<T> {
    /// # Safety
    /// The slice must be longer than `i`, or as long with nothing read there.
    pub(super) unsafe fn at(&self, i: usize) -> *mut T {
        // SAFETY: passed on to the caller.
        unsafe { self.0.add(i) }
    }
}

/// The rows of part `part` when `rows` rows are cut in `parts` parts as even as can be.
pub(crate) fn part_rows(rows: usize, parts: usize, part: usize) -> Range<usize> {
    match parts {
        // Without the divisions, which a tiny step notices.
        1 => 0..rows,
        _ => rows * part / parts..rows * (part + 1) / parts,
    }
}

struct Shared<'a, F> {
    values: *mut F,
    slots: &'a [(usize, usize)],
    rows: usize,
    parts: usize,
}

// SAFETY: the pointer is used only through `PartRows`, one for each part, and parts have no row in
// common; the buffer is borrowed mutably while `Shared` lives.
unsafe impl<F: Send> Sync for Shared<'_, F> {}

impl<'a, F: Scalar> Shared<'a, F> {
    fn new(buffer: &'a mut RowBuffer<F>, rows: usize, parts: usize) -> Self {
        assert!(rows <= buffer.rows, "{rows} rows of {}", buffer.rows);
        Self { values: buffer.values.as_mut_ptr(), slots: &buffer.slots, rows, parts }
    }

    /// Each part may be asked for once: `for_each_part` does so.
    fn part(&self, part: usize) -> PartRows<'_, F> {
        PartRows {
            values: self.values,
            slots: self.slots,
            rows: part_rows(self.rows, self.parts, part),
            borrow: std::marker::PhantomData,
        }
    }
}

/// One part's rows of every slot.
pub(crate) struct PartRows<'a, F> {
    values: *mut F,
    slots: &'a [(usize, usize)],
    rows: Range<usize>,
    borrow: std::marker::PhantomData<&'a mut F>,
}

impl<F: Scalar> PartRows<'_, F> {
    /// The rows that this part has.
    pub(crate) fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// The part's rows of some slots to read and of others to write; a slot to write must not be
    /// named twice.
    #[inline(always)]
    pub(crate) fn slots<const R: usize, const W: usize>(
        &mut self,
        read: [usize; R],
        write: [usize; W],
    ) -> ([ArrayView2<'_, F>; R], [ArrayViewMut2<'_, F>; W]) {
        for (i, name) in write.iter().enumerate() {
            let twice = write[..i].contains(name) || read.contains(name);
            assert!(!twice, "slot {name} is asked for twice");
        }
        let place = |name: usize| {
            let (offset, width) = self.slots[name];
            let shape = (self.rows.len(), width).strides((width.max(1), 1));
            // SAFETY: `RowBuffer::new` made room for all rows of every slot.
            (shape, unsafe { self.values.add(offset + self.rows.start * width) })
        };
        // SAFETY: slots don't overlap; rows of this part belong to it alone (`part_rows` are
        // disjoint, each part is given out once); a slot that is written is named once; and
        // `&mut self` keeps a second call away while the views live.
        let read = std::array::from_fn(|i| unsafe {
            let (shape, start) = place(read[i]);
            ArrayView2::from_shape_ptr(shape, start)
        });
        // SAFETY: as above.
        let write = std::array::from_fn(|i| unsafe {
            let (shape, start) = place(write[i]);
            ArrayViewMut2::from_shape_ptr(shape, start)
        });
        (read, write)
    }

    /// The values of the part's rows of some slots, to write; none may be named twice.
    #[inline(always)]
    pub(crate) fn values<const W: usize>(&mut self, names: [usize; W]) -> [&mut [F]; W] {
        let ([], views) = self.slots([], names);
        views.map(|mut view| {
            // SAFETY: rows of a slot follow each other without gaps, and the values are borrowed as the view is.
            unsafe { std::slice::from_raw_parts_mut(view.as_mut_ptr(), view.len()) }
        })
    }

    /// The part's rows of one slot, to write.
    #[inline]
    pub(crate) fn slot(&mut self, name: usize) -> ArrayViewMut2<'_, F> {
        let ([], [slot]) = self.slots([], [name]);
        slot
    }
}

/// A slice as a row-major matrix; its length must be `rows·columns`.
#[inline]
pub(crate) fn matrix<F>(rows: usize, columns: usize, values: &[F]) -> ArrayView2<'_, F> {
    assert_eq!(values.len(), rows * columns, "a matrix of {rows} by {columns}");
    // SAFETY: the slice has as many values as the shape reaches, and the view borrows it.
    unsafe { ArrayView2::from_shape_ptr((rows, columns), values.as_ptr()) }
}

/// As [`matrix`], to write.
#[inline]
pub(crate) fn matrix_mut<F>(rows: usize, columns: usize, values: &mut [F]) -> ArrayViewMut2<'_, F> {
    assert_eq!(values.len(), rows * columns, "a matrix of {rows} by {columns}");
    // SAFETY: as in `matrix`; the view borrows the slice mutably.
    unsafe { ArrayViewMut2::from_shape_ptr((rows, columns), values.as_mut_ptr()) }
}

/// The values of a view of a batch buffer, whose rows have no gaps between them.
pub(crate) fn flat<'a, F>(view: &'a mut ArrayViewMut2<'_, F>) -> &'a mut [F] {
    view.as_slice_mut().expect("rows of a slot have no gaps")
}

/// As [`flat`], for a view that is only read.
pub(crate) fn flat_ref<'a, F>(view: &ArrayView2<'a, F>) -> &'a [F] {
    view.to_slice().expect("rows of a slot have no gaps")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_all_rows_once() {
        for rows in 0..40 {
            for parts in 1..9 {
                let all: Vec<usize> = (0..parts).flat_map(|i| part_rows(rows, parts, i)).collect();
                assert_eq!(all, (0..rows).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn values_are_those_of_the_views() {
        let (mut buffer, mut own) = (RowBuffer::<f64>::new(5, &[3, 0, 2]), RowBuffer::new(2, &[1]));
        buffer.for_each_part(&mut own, 4, Crew::Alone, &mut [(); 2], |mut part, _, ()| {
            let first = part.rows().start as f64;
            let [last, empty, wide] = part.values([2, 1, 0]);
            assert_eq!((last.len(), empty.len(), wide.len()), (4, 0, 6));
            last.fill(first);
            wide.fill(-first);
        });
        assert_eq!(buffer.view(2, 5).column(1).to_vec(), [0.0, 0.0, 2.0, 2.0, 0.0]);
        assert_eq!(buffer.view(0, 5).column(2).to_vec(), [0.0, 0.0, -2.0, -2.0, 0.0]);
        buffer.values_mut(2, 3).fill(7.0);
        assert_eq!(buffer.view(2, 5).column(0).to_vec(), [7.0, 7.0, 7.0, 2.0, 0.0]);
        assert_eq!(buffer.view(0, 5).row(0).sum(), 0.0);
    }

    #[test]
    #[should_panic(expected = "6 rows of 5")]
    fn values_of_rows_behind_the_end_are_refused() {
        RowBuffer::<f64>::new(5, &[1]).values_mut(0, 6);
    }

    #[test]
    fn every_part_writes_its_rows_only() {
        for crew in [Crew::Alone, Crew::Join] {
            let mut buffer = RowBuffer::<f64>::new(7, &[2, 0, 3]);
            let mut results = vec![0; 3];
            let mut own = RowBuffer::new(3, &[1]);
            buffer.for_each_part(&mut own, 6, crew, &mut results, |mut rows, mut own, result| {
                let part = rows.rows().start / 2;
                let ([empty], [mut a, mut b]) = rows.slots([1], [0, 2]);
                assert_eq!(empty.len(), 0);
                own.slot(0).fill(part as f64);
                a.fill(part as f64 + 1.0);
                b.fill(-(part as f64) - 1.0);
                *result = rows.rows().len();
            });
            assert_eq!(results, [2, 2, 2]);
            assert_eq!(own.view(0, 3).column(0).to_vec(), [0.0, 1.0, 2.0]);
            for row in 0..6 {
                assert!(buffer.view(0, 6).row(row).iter().all(|&v| v == (row / 2 + 1) as f64));
                assert!(buffer.view(2, 6).row(row).iter().all(|&v| v == -((row / 2 + 1) as f64)));
            }
            assert_eq!(buffer.view(2, 7).row(6).sum(), 0.0);
        }
    }

    #[test]
    #[should_panic(expected = "asked for twice")]
    fn a_slot_is_not_given_twice() {
        let mut buffer = RowBuffer::<f32>::new(2, &[2, 2]);
        let mut own = RowBuffer::new(1, &[0]);
        buffer.for_each_part(&mut own, 2, Crew::Alone, &mut [()], |mut rows, _, _| {
            let _ = rows.slots([1], [1]);
        });
    }

    #[test]
    fn ranges_reach_every_buffer_once() {
        let (mut a, mut b) = (vec![0; 10], vec![0; 12]);
        let range = |i: usize| 3 * i..3 * i + 3;
        let mut results = [0; 3];
        for_each_range(
            Crew::Join,
            &mut results,
            range,
            [&mut a, &mut b, &mut []],
            |i, [a, b, empty], result| {
                a.fill(i + 1);
                b[0] += i;
                *result = 10 * i;
                assert!(empty.is_empty());
            },
        );
        assert_eq!(results, [0, 10, 20]);
        assert_eq!(a, [1, 1, 1, 2, 2, 2, 3, 3, 3, 0]);
        assert_eq!(b, [0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 0, 0]);
    }

    #[test]
    #[should_panic(expected = "overlap")]
    fn overlapping_ranges_are_refused() {
        for_each_range(Crew::Alone, &mut [(); 2], |i| i..i + 2, [&mut [0; 4]], |_, _, _| {});
    }

    #[test]
    #[should_panic(expected = "behind a buffer")]
    fn ranges_behind_the_end_are_refused() {
        for_each_range(Crew::Alone, &mut [()], |_| 0..5, [&mut [0; 4]], |_, _, _| {});
    }
}
