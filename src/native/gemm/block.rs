//! A few columns of a product, over all of its rows.

use std::ops::Range;

use super::columns::{DEPTH, PACK_ROWS, whole_vectors};
use super::tiles::Tiles;
use super::{Product, Strided};
use crate::native::lanes::Lanes;
use crate::scalar::Scalar;

/// Some columns of `c`, those of `V` vectors, of which the last may be filled in part.
///
/// # Safety
/// The processor can compute with `L`; the columns fill more than `V - 1` vectors and at most `V`.
#[inline(always)]
pub(super) unsafe fn block<F: Scalar, L: Lanes<F>, const V: usize>(
    product: &Product<F>,
    columns: Range<usize>,
) {
    let Product { rows, inner, a, c, .. } = *product;
    let last = columns.len() - (V - 1) * L::COUNT;
    let mut from = 0;
    loop {
        let depth = DEPTH.min(inner - from);
        let start = from == 0;
        let bias = match start && !product.bias.is_null() {
            true => product.bias.wrapping_add(columns.start),
            false => std::ptr::null(),
        };
        let overwrites = start && product.overwrites();
        let a_values = a.values.wrapping_offset(from as isize * a.column);
        let c_values = c.values.wrapping_add(columns.start);
        let (a, c) = (Strided { values: a_values, ..a }, Strided { values: c_values, ..c });
        // SAFETY: `last` lanes of the last vector lie inside `b` and `c`, as do all of the others.
        unsafe {
            let b = Strided { values: product.b.at(from, columns.start), ..product.b };
            let pays = rows >= PACK_ROWS && b.row as usize > columns.len();
            // So many values of the next row are read behind each.
            let in_place = b.column == 1 && !pays && b.row >= (L::COUNT - last) as isize;
            let b = match in_place {
                true => b,
                false => whole_vectors::<F, L, V>(b, depth, last),
            };
            let masked = in_place && last < L::COUNT && depth > 0 && from + depth == inner;
            let spills = product.can_spill(L::COUNT - last);
            let tiles = Tiles { product, depth, b, masked, bias, last, spills, start, overwrites };
            tiles.run::<L, V>(rows, a, c);
        }
        from += depth;
        if from >= inner {
            return;
        }
    }
}
