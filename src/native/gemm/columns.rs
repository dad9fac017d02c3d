//! Columns of the right factor, copied to where they have no gaps.

use std::mem::MaybeUninit;

use super::Strided;
use super::room::columns_room;
use crate::native::lanes::{Lanes, load, store};
use crate::scalar::Scalar;

/// Rows of `b` that are worked on at a time: with the widest tile 24 KiB of it.
pub(super) const DEPTH: usize = 256;
/// Rows of `a` from which a copy of `b`'s columns without gaps pays: it fits the first cache.
pub(super) const PACK_ROWS: usize = 64;
/// Vectors of the widest tile that may need a copy.
const WIDEST: usize = 3;
/// Bytes of the widest vectors.
const MOST_BYTES: usize = 64;
/// What the widest block of `b` takes.
pub(super) const COLUMNS_BYTES: usize = DEPTH * WIDEST * MOST_BYTES;

/// Copies the first `depth` rows of `from` in the columns that fill `V` vectors, the last one `last` lanes of it,
/// padded with zeros, to this thread's room: the next copy overwrites it.
///
/// # Safety
/// The processor can compute with `L`; the rows and columns are inside `from`.
#[inline(always)]
pub(super) unsafe fn whole_vectors<F: Scalar, L: Lanes<F>, const V: usize>(
    from: Strided<*const F>,
    depth: usize,
    last: usize,
) -> Strided<*const F> {
    let width = V * L::COUNT;
    let columns = width - L::COUNT + last;
    assert!(depth * width * size_of::<F>() <= COLUMNS_BYTES, "{depth} rows of {width} values");
    let room = columns_room().cast::<MaybeUninit<F>>();
    // SAFETY: the room has so many bytes, in lines whose alignment is enough, and is this thread's; nobody else on it
    // asks for it before the copy has been read.
    let packed = unsafe { std::slice::from_raw_parts_mut(room, depth * width) };
    for (l, row) in packed.chunks_exact_mut(width).take(depth).enumerate() {
        let values = from.values.wrapping_offset(l as isize * from.row);
        if from.column == 1 {
            // SAFETY: row `l` < depth is inside `from`, and `row` has `V` vectors.
            unsafe { store(load::<F, L, V>(values, last), row.as_mut_ptr().cast(), L::COUNT) };
            continue;
        }
        for (j, value) in row.iter_mut().enumerate() {
            value.write(match j < columns {
                // SAFETY: row `l` < depth and column `j` are inside `from`.
                true => unsafe { *values.wrapping_offset(j as isize * from.column) },
                false => F::zero(),
            });
        }
    }
    Strided { values: packed.as_ptr().cast(), row: width as isize, column: 1 }
}
