//! The vectors of AVX2 and of AVX-512, by intrinsics.

use std::arch::x86_64::*;

use super::Lanes;
use super::transpose::{transpose_pd, transpose_ps, transpose_wide_pd, transpose_wide_ps};

/// Implements [`Lanes`]. A mask is made by `mask`, and `store_first` writes some lanes.
macro_rules! lanes {
    ($float:ty, $vector:ident, $count:literal, $registers:literal, $mask_type:ty, $mask:ident, $set:ident, $load:ident,
     $masked:ident, $mul_add:ident, $mul:ident, $store:ident, $store_first:ident, $transpose:ident) => {
        impl Lanes<$float> for $vector {
            const COUNT: usize = $count;
            const REGISTERS: usize = $registers;
            type Mask = $mask_type;

            #[inline(always)]
            unsafe fn mask(count: usize) -> Self::Mask {
                // SAFETY: the caller's word.
                unsafe { $mask(count) }
            }

            #[inline(always)]
            unsafe fn splat(value: $float) -> Self {
                // SAFETY: the caller's word.
                unsafe { $set(value) }
            }

            #[inline(always)]
            unsafe fn load(from: *const $float) -> Self {
                // SAFETY: the caller's word.
                unsafe { $load(from) }
            }

            #[inline(always)]
            unsafe fn load_masked(from: *const $float, mask: Self::Mask) -> Self {
                // SAFETY: the caller's word; lanes without the mask are not read.
                unsafe { $masked(from, mask) }
            }

            #[inline(always)]
            unsafe fn mul_add(self, factor: Self, sum: Self) -> Self {
                // SAFETY: the caller's word.
                unsafe { $mul_add(self, factor, sum) }
            }

            #[inline(always)]
            unsafe fn mul(self, factor: Self) -> Self {
                // SAFETY: the caller's word.
                unsafe { $mul(self, factor) }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $float) {
                // SAFETY: the caller's word.
                unsafe { $store(to, self) }
            }

            #[inline(always)]
            unsafe fn store_first(self, to: *mut $float, count: usize) {
                // SAFETY: the caller's word.
                unsafe { $store_first(self, to, count) }
            }

            #[inline(always)]
            unsafe fn transpose(
                from: *const $float,
                from_step: isize,
                to: *mut $float,
                to_step: usize,
            ) {
                // SAFETY: the caller's word.
                unsafe { $transpose(from, from_step, to, to_step) }
            }
        }
    };
}

lanes!(
    f32,
    __m256,
    8,
    16,
    __m256i,
    mask_ps,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_maskload_ps,
    _mm256_fmadd_ps,
    _mm256_mul_ps,
    _mm256_storeu_ps,
    store_first_ps,
    transpose_ps
);
lanes!(
    f64,
    __m256d,
    4,
    16,
    __m256i,
    mask_pd,
    _mm256_set1_pd,
    _mm256_loadu_pd,
    _mm256_maskload_pd,
    _mm256_fmadd_pd,
    _mm256_mul_pd,
    _mm256_storeu_pd,
    store_first_pd,
    transpose_pd
);
lanes!(
    f32,
    __m512,
    16,
    32,
    __mmask16,
    first_16,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    load_masked_ps,
    _mm512_fmadd_ps,
    _mm512_mul_ps,
    _mm512_storeu_ps,
    store_masked_ps,
    transpose_wide_ps
);
lanes!(
    f64,
    __m512d,
    8,
    32,
    __mmask8,
    first_8,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    load_masked_pd,
    _mm512_fmadd_pd,
    _mm512_mul_pd,
    _mm512_storeu_pd,
    store_masked_pd,
    transpose_wide_pd
);

/// Integers of which the first `count` have all bits set.
///
/// # Safety
/// The processor has AVX; so for the functions below, those of AVX-512 for the others.
#[inline(always)]
unsafe fn mask_ps(count: usize) -> __m256i {
    const WINDOW: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
    let start = &WINDOW[8 - count.min(8)..];
    // SAFETY: eight integers lie behind `start`; the caller's word for AVX.
    unsafe { _mm256_loadu_si256(start.as_ptr().cast()) }
}

/// As [`mask_ps`].
///
/// # Safety
/// As [`mask_ps`].
#[inline(always)]
unsafe fn mask_pd(count: usize) -> __m256i {
    const WINDOW: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];
    let start = &WINDOW[4 - count.min(4)..];
    // SAFETY: four integers lie behind `start`; the caller's word for AVX.
    unsafe { _mm256_loadu_si256(start.as_ptr().cast()) }
}

/// Halves by halves: AVX2's masked store takes many times as long.
///
/// # Safety
/// As [`Lanes::store_first`].
#[inline(always)]
unsafe fn store_first_ps(values: __m256, mut to: *mut f32, count: usize) {
    // SAFETY: the caller's word; each step writes what the count has left.
    unsafe {
        if count >= 8 {
            return _mm256_storeu_ps(to, values);
        }
        let mut rest = _mm256_castps256_ps128(values);
        if count & 4 != 0 {
            _mm_storeu_ps(to, rest);
            rest = _mm256_extractf128_ps(values, 1);
            to = to.add(4);
        }
        if count & 2 != 0 {
            _mm_storel_pd(to.cast(), _mm_castps_pd(rest));
            rest = _mm_movehl_ps(rest, rest);
            to = to.add(2);
        }
        if count & 1 != 0 {
            _mm_store_ss(to, rest);
        }
    }
}

/// As [`store_first_ps`].
///
/// # Safety
/// As [`Lanes::store_first`].
#[inline(always)]
unsafe fn store_first_pd(values: __m256d, mut to: *mut f64, count: usize) {
    // SAFETY: the caller's word; each step writes what the count has left.
    unsafe {
        if count >= 4 {
            return _mm256_storeu_pd(to, values);
        }
        let mut rest = _mm256_castpd256_pd128(values);
        if count & 2 != 0 {
            _mm_storeu_pd(to, rest);
            rest = _mm256_extractf128_pd(values, 1);
            to = to.add(2);
        }
        if count & 1 != 0 {
            _mm_store_sd(to, rest);
        }
    }
}

/// A bit for each of the first `count` lanes.
#[inline(always)]
unsafe fn first_16(count: usize) -> __mmask16 {
    ((1_u32 << count.min(16)) - 1) as u16
}

/// As [`first_16`].
#[inline(always)]
unsafe fn first_8(count: usize) -> __mmask8 {
    ((1_u32 << count.min(8)) - 1) as u8
}

/// # Safety
/// As [`Lanes::load_masked`].
#[inline(always)]
unsafe fn load_masked_ps(from: *const f32, mask: __mmask16) -> __m512 {
    // SAFETY: the caller's word.
    unsafe { _mm512_maskz_loadu_ps(mask, from) }
}

/// # Safety
/// As [`Lanes::load_masked`].
#[inline(always)]
unsafe fn load_masked_pd(from: *const f64, mask: __mmask8) -> __m512d {
    // SAFETY: the caller's word.
    unsafe { _mm512_maskz_loadu_pd(mask, from) }
}

/// # Safety
/// As [`Lanes::store_first`].
#[inline(always)]
unsafe fn store_masked_ps(values: __m512, to: *mut f32, count: usize) {
    // SAFETY: the caller's word.
    unsafe { _mm512_mask_storeu_ps(to, first_16(count), values) }
}

/// # Safety
/// As [`Lanes::store_first`].
#[inline(always)]
unsafe fn store_masked_pd(values: __m512d, to: *mut f64, count: usize) {
    // SAFETY: the caller's word.
    unsafe { _mm512_mask_storeu_pd(to, first_8(count), values) }
}
