//! Sums over the rows of a matrix.

use super::lanes::{HasLanes, Lanes};
use crate::scalar::Scalar;

/// Vectors whose sums are kept in registers.
const VECTORS: usize = 8;

/// Overwrites `sums` by the sum of the rows of `sums.len()` values, first row first.
pub(crate) fn sum_rows<F: Scalar>(rows: &[F], sums: &mut [F]) {
    if sums.is_empty() {
        return;
    }
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,fma")]
        fn wide<F: Scalar>(rows: &[F], sums: &mut [F]) {
            // SAFETY: the processor has AVX2 and FMA, for so has this function.
            unsafe { all::<F, <F as HasLanes>::Wide>(rows, sums) }
        }
        if super::simd::has_avx2_fma() {
            // SAFETY: the processor has AVX2 and FMA, which is all that `wide` asks for.
            return unsafe { wide(rows, sums) };
        }
    }
    // SAFETY: every processor can compute with these vectors.
    unsafe { all::<F, <F as HasLanes>::Plain>(rows, sums) }
}

/// # Safety
/// The processor can compute with `L`; `sums` is not empty.
#[inline(always)]
unsafe fn all<F: Scalar, L: Lanes<F>>(rows: &[F], sums: &mut [F]) {
    let width = sums.len();
    let count = rows.len() / width;
    for (block, sums) in sums.chunks_mut(VECTORS * L::COUNT).enumerate() {
        let from = rows.as_ptr().wrapping_add(block * VECTORS * L::COUNT);
        // SAFETY: the caller's word; each of the `count` rows has `sums.len()` values behind `from`.
        unsafe {
            match sums.len().div_ceil(L::COUNT) {
                1 => columns::<F, L, 1>(from, width, count, sums),
                2 => columns::<F, L, 2>(from, width, count, sums),
                3 => columns::<F, L, 3>(from, width, count, sums),
                4 => columns::<F, L, 4>(from, width, count, sums),
                5 => columns::<F, L, 5>(from, width, count, sums),
                6 => columns::<F, L, 6>(from, width, count, sums),
                7 => columns::<F, L, 7>(from, width, count, sums),
                _ => columns::<F, L, VECTORS>(from, width, count, sums),
            }
        }
    }
}

/// Sums of `V` vectors, the last of which may be filled in part.
///
/// # Safety
/// The processor can compute with `L`; `sums` fills more than `V - 1` vectors and at most `V`; behind
/// `from`, every `width` values, are `count` rows of as many.
#[inline(always)]
unsafe fn columns<F: Scalar, L: Lanes<F>, const V: usize>(
    mut from: *const F,
    width: usize,
    count: usize,
    sums: &mut [F],
) {
    let last = sums.len() - (V - 1) * L::COUNT;
    // SAFETY: the caller's word.
    unsafe {
        let mask = L::mask(last);
        let one = L::splat(F::one());
        let mut totals = [L::splat(F::zero()); V];
        for _ in 0..count {
            for (v, total) in totals.iter_mut().enumerate() {
                let from = from.add(v * L::COUNT);
                let values = if v + 1 < V { L::load(from) } else { L::load_masked(from, mask) };
                *total = values.mul_add(one, *total);
            }
            from = from.wrapping_add(width);
        }
        for (v, total) in totals.into_iter().enumerate() {
            let to = sums.as_mut_ptr().add(v * L::COUNT);
            match v + 1 < V || last == L::COUNT {
                true => total.store(to),
                false => total.store_first(to, last),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain<F: Scalar>(rows: &[F], sums: &mut [F]) {
        // SAFETY: every processor can compute with these vectors; callers have sums.
        unsafe { all::<F, <F as HasLanes>::Plain>(rows, sums) }
    }

    fn check<F: Scalar>(sum_rows: fn(&[F], &mut [F])) {
        for width in 1..70 {
            for count in [0, 1, 2, 9] {
                let value = |i: usize| F::from_f64((i * i % 17) as f64 - 5.5);
                let rows: Vec<F> = (0..width * count).map(value).collect();
                let mut sums = vec![F::nan(); width];
                sum_rows(&rows, &mut sums);
                for (column, &sum) in sums.iter().enumerate() {
                    let column = rows.iter().skip(column).step_by(width);
                    assert_eq!(sum, column.fold(F::zero(), |sum, &v| sum + v), "{width}");
                }
            }
        }
    }

    #[test]
    fn sums_are_those_of_the_plain_loop() {
        check::<f32>(sum_rows);
        check::<f64>(sum_rows);
        check::<f32>(plain);
        check::<f64>(plain);
        sum_rows::<f32>(&[], &mut []);
    }
}
