//! Squares of values turned over in registers.

use std::arch::x86_64::*;

/// Pairs of values first, then pairs of pairs, then halves.
///
/// # Safety
/// As [`Lanes::transpose`](super::Lanes::transpose).
#[inline(always)]
pub(super) unsafe fn transpose_ps(
    from: *const f32,
    from_step: isize,
    to: *mut f32,
    to_step: usize,
) {
    // SAFETY: the caller's word.
    unsafe {
        let row = |i: isize| _mm256_loadu_ps(from.offset(i * from_step));
        let pairs = |i| {
            let (even, odd) = (row(i), row(i + 1));
            (_mm256_unpacklo_ps(even, odd), _mm256_unpackhi_ps(even, odd))
        };
        // Columns 0 to 3 of four rows in the low halves, 4 to 7 in the high ones.
        let fours = |i| {
            let ((a, b), (c, d)) = (pairs(i), pairs(i + 2));
            [
                _mm256_shuffle_ps::<0x44>(a, c),
                _mm256_shuffle_ps::<0xEE>(a, c),
                _mm256_shuffle_ps::<0x44>(b, d),
                _mm256_shuffle_ps::<0xEE>(b, d),
            ]
        };
        let (top, bottom) = (fours(0), fours(4));
        for j in 0..4 {
            let (low, high) = (to.add(j * to_step), to.add((j + 4) * to_step));
            _mm256_storeu_ps(low, _mm256_permute2f128_ps::<0x20>(top[j], bottom[j]));
            _mm256_storeu_ps(high, _mm256_permute2f128_ps::<0x31>(top[j], bottom[j]));
        }
    }
}

/// As [`transpose_ps`].
///
/// # Safety
/// As [`Lanes::transpose`](super::Lanes::transpose).
#[inline(always)]
pub(super) unsafe fn transpose_pd(
    from: *const f64,
    from_step: isize,
    to: *mut f64,
    to_step: usize,
) {
    // SAFETY: the caller's word.
    unsafe {
        let row = |i: isize| _mm256_loadu_pd(from.offset(i * from_step));
        let pairs = |i| {
            let (even, odd) = (row(i), row(i + 1));
            [_mm256_unpacklo_pd(even, odd), _mm256_unpackhi_pd(even, odd)]
        };
        let (top, bottom) = (pairs(0), pairs(2));
        for j in 0..2 {
            let (low, high) = (to.add(j * to_step), to.add((j + 2) * to_step));
            _mm256_storeu_pd(low, _mm256_permute2f128_pd::<0x20>(top[j], bottom[j]));
            _mm256_storeu_pd(high, _mm256_permute2f128_pd::<0x31>(top[j], bottom[j]));
        }
    }
}

/// Pairs, pairs of pairs, then quarters of the vectors.
///
/// # Safety
/// As [`Lanes::transpose`](super::Lanes::transpose).
#[inline(always)]
pub(super) unsafe fn transpose_wide_ps(
    from: *const f32,
    from_step: isize,
    to: *mut f32,
    to_step: usize,
) {
    // SAFETY: the caller's word.
    unsafe {
        let row = |i: isize| _mm512_loadu_ps(from.offset(i * from_step));
        let pairs = |i| {
            let (even, odd) = (row(i), row(i + 1));
            (_mm512_unpacklo_ps(even, odd), _mm512_unpackhi_ps(even, odd))
        };
        // Of four rows: in quarter `q` of vector `j` column 4q + j.
        let fours = |i| {
            let ((a, b), (c, d)) = (pairs(i), pairs(i + 2));
            [
                _mm512_shuffle_ps::<0x44>(a, c),
                _mm512_shuffle_ps::<0xEE>(a, c),
                _mm512_shuffle_ps::<0x44>(b, d),
                _mm512_shuffle_ps::<0xEE>(b, d),
            ]
        };
        let rows = [fours(0), fours(4), fours(8), fours(12)];
        let of = |i: usize, j: usize| (rows[i][j], rows[i + 1][j]);
        for j in 0..4 {
            // Quarters 0 and 1, and 2 and 3, of the upper and of the lower eight rows.
            let low = [of(0, j), of(2, j)].map(|(a, b)| _mm512_shuffle_f32x4::<0x44>(a, b));
            let high = [of(0, j), of(2, j)].map(|(a, b)| _mm512_shuffle_f32x4::<0xEE>(a, b));
            for (q, [upper, lower]) in [low, high].into_iter().enumerate() {
                let (even, odd) =
                    (to.add((8 * q + j) * to_step), to.add((8 * q + 4 + j) * to_step));
                _mm512_storeu_ps(even, _mm512_shuffle_f32x4::<0x88>(upper, lower));
                _mm512_storeu_ps(odd, _mm512_shuffle_f32x4::<0xDD>(upper, lower));
            }
        }
    }
}

/// As [`transpose_wide_ps`].
///
/// # Safety
/// As [`Lanes::transpose`](super::Lanes::transpose).
#[inline(always)]
pub(super) unsafe fn transpose_wide_pd(
    from: *const f64,
    from_step: isize,
    to: *mut f64,
    to_step: usize,
) {
    // SAFETY: the caller's word.
    unsafe {
        let row = |i: isize| _mm512_loadu_pd(from.offset(i * from_step));
        // In quarter `q` of vector `j` column 2q + j of two rows.
        let pairs = |i| {
            let (even, odd) = (row(i), row(i + 1));
            [_mm512_unpacklo_pd(even, odd), _mm512_unpackhi_pd(even, odd)]
        };
        let rows = [pairs(0), pairs(2), pairs(4), pairs(6)];
        let of = |i: usize, j: usize| (rows[i][j], rows[i + 1][j]);
        for j in 0..2 {
            let low = [of(0, j), of(2, j)].map(|(a, b)| _mm512_shuffle_f64x2::<0x44>(a, b));
            let high = [of(0, j), of(2, j)].map(|(a, b)| _mm512_shuffle_f64x2::<0xEE>(a, b));
            for (q, [upper, lower]) in [low, high].into_iter().enumerate() {
                let (even, odd) =
                    (to.add((4 * q + j) * to_step), to.add((4 * q + 2 + j) * to_step));
                _mm512_storeu_pd(even, _mm512_shuffle_f64x2::<0x88>(upper, lower));
                _mm512_storeu_pd(odd, _mm512_shuffle_f64x2::<0xDD>(upper, lower));
            }
        }
    }
}
