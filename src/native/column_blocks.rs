//! Buffers whose columns several threads write at the same time, each its own.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, ShapeBuilder};

use super::crew::Crew;
use super::rows::{Pointer, RowBuffer, end_of_ascending};
use crate::scalar::Scalar;

/// Columns of a slot and a result that go together, see [`RowBuffer::for_each_block`].
pub(crate) type BlockOfColumns<'a, F> = (ArrayViewMut2<'a, F>, ArrayViewMut2<'a, F>);

impl<F: Scalar> RowBuffer<F> {
    /// Calls `work(i, columns, own)` for each of `count` blocks: `columns` are the first `rows` rows of slot `slot` in the
    /// columns that `range(i)` names, `own` the first `rows` rows of slot `i` of `others`.
    ///
    /// # Panics
    /// If the ranges overlap, do not ascend, or end behind the slot.
    pub(crate) fn for_each_block(
        &mut self,
        (slot, rows): (usize, usize),
        others: &mut Self,
        (crew, count): (Crew<'_>, usize),
        range: impl Fn(usize) -> Range<usize> + Sync,
        work: impl Fn(usize, BlockOfColumns<'_, F>) + Sync,
    ) {
        let width = self.slots[slot].1;
        assert!(rows <= self.rows && rows <= others.rows, "{rows} rows of {}", self.rows);
        let end = end_of_ascending(count, &range);
        assert!(end <= width && count <= others.slots.len(), "ranges end at {end} of {width}");
        let (values, slots) = (Pointer(self.values.as_mut_ptr()), &self.slots);
        let (own_values, own_slots) = (Pointer(others.values.as_mut_ptr()), &others.slots);
        crew.for_each(count, &|i| {
            // SAFETY: the ranges were found to be disjoint and inside the slot, which is borrowed mutably, and
            // each block comes once; so for the others' slots, each of which has at least so many rows.
            let (columns, own) = unsafe {
                let own = columns(&own_values, own_slots[i], rows, 0..own_slots[i].1);
                (columns(&values, slots[slot], rows, range(i)), own)
            };
            work(i, (columns, own));
        });
    }

    /// Calls `work(i, x, columns)` for each of `blocks`, ranges of columns: `x` are the first `rows` rows of slot `read`,
    /// `columns` those of the slots `write` in the block's columns. A slot without columns has none in any block.
    ///
    /// # Panics
    /// If the ranges overlap, do not ascend, or end behind a slot; if a slot is named twice.
    pub(crate) fn for_each_column_block<const W: usize>(
        &mut self,
        (read, rows): (usize, usize),
        write: [usize; W],
        crew: Crew<'_>,
        blocks: &[Range<usize>],
        work: impl Fn(usize, ArrayView2<'_, F>, [ArrayViewMut2<'_, F>; W]) + Sync,
    ) {
        assert!(rows <= self.rows, "{rows} rows of {}", self.rows);
        let end = end_of_ascending(blocks.len(), &|i| blocks[i].clone());
        for (i, name) in write.iter().enumerate() {
            let twice = write[..i].contains(name) || read == *name;
            assert!(!twice, "slot {name} is asked for twice");
            let width = self.slots[*name].1;
            assert!(width == 0 || end <= width, "ranges end at {end} of {width}");
        }
        let (slots, values) = (&self.slots, Pointer(self.values.as_mut_ptr()));
        crew.for_each(blocks.len(), &|i| {
            let (offset, width) = slots[read];
            // SAFETY: `RowBuffer::new` made room for all rows of every slot; this one is not written, since no
            // slot is named twice and slots do not overlap.
            let x = unsafe { ArrayView2::from_shape_ptr((rows, width), values.at(offset)) };
            let columns = write.map(|name| {
                let range = if slots[name].1 == 0 { 0..0 } else { blocks[i].clone() };
                // SAFETY: the ranges were found to be disjoint and inside the slots, the buffer is borrowed
                // mutably, and each block comes once.
                unsafe { columns(&values, slots[name], rows, range) }
            });
            work(i, x, columns);
        });
    }
}

/// Some columns of a slot, given by its offset and width.
///
/// # Safety
/// The slot has so many rows and the columns lie inside it, are borrowed mutably for as long as the view lives, and are
/// nobody else's meanwhile.
unsafe fn columns<'a, F>(
    values: &Pointer<F>,
    (offset, width): (usize, usize),
    rows: usize,
    range: Range<usize>,
) -> ArrayViewMut2<'a, F> {
    let shape = (rows, range.len()).strides((width.max(1), 1));
    // SAFETY: the caller's word.
    unsafe { ArrayViewMut2::from_shape_ptr(shape, values.at(offset + range.start)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_writes_its_columns_only() {
        for crew in [Crew::Alone, Crew::Join] {
            let mut buffer = RowBuffer::<f64>::new(5, &[3, 4, 0]);
            buffer.values.fill(7.0);
            buffer.for_each_column_block(
                (0, 4),
                [1, 2],
                crew,
                &[0..1, 1..3],
                |i, x, [mut y, empty]| {
                    assert_eq!((x.dim(), x.sum(), empty.len()), ((4, 3), 84.0, 0));
                    y.fill(i as f64);
                },
            );
            let y = buffer.view(1, 5);
            for row in 0..4 {
                assert_eq!(y.row(row).to_vec(), [0.0, 1.0, 1.0, 7.0]);
            }
            assert_eq!((y.row(4).sum(), buffer.view(0, 5).sum()), (28.0, 105.0));
        }
    }

    #[test]
    #[should_panic(expected = "ranges end at 5 of 4")]
    fn columns_behind_the_end_are_refused() {
        let mut buffer = RowBuffer::<f64>::new(2, &[3, 4]);
        buffer.for_each_column_block((0, 2), [1], Crew::Alone, &[0..1, 1..5], |_, _, _| {});
    }

    #[test]
    #[should_panic(expected = "asked for twice")]
    fn a_slot_is_not_read_and_written() {
        let mut buffer = RowBuffer::<f64>::new(2, &[3, 4]);
        buffer.for_each_column_block((1, 2), [1], Crew::Alone, &[0..1, 1..2], |_, _, _| {});
    }
}
