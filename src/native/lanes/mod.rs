//! Vectors of a few values that the processor computes with at once.

#[cfg(target_arch = "x86_64")]
mod transpose;
#[cfg(target_arch = "x86_64")]
mod wide;

use crate::native::simd::mul_add;
use crate::scalar::Scalar;

/// A vector of [`Lanes::COUNT`] values. The methods of the wide ones may only run where the processor has
/// their instructions.
pub trait Lanes<F>: Copy {
    /// Values in a vector.
    const COUNT: usize;
    /// Vectors that the processor holds in registers.
    const REGISTERS: usize;
    /// Says which lanes of a vector are read: the first few.
    type Mask: Copy;

    /// The mask of the first `count` lanes, 1 ≤ `count` ≤ [`Lanes::COUNT`].
    ///
    /// # Safety
    /// The processor can compute with these vectors; so for all methods.
    unsafe fn mask(count: usize) -> Self::Mask;

    /// The value in all lanes.
    ///
    /// # Safety
    /// As [`Lanes::mask`].
    unsafe fn splat(value: F) -> Self;

    /// The values from `from` on.
    ///
    /// # Safety
    /// As [`Lanes::mask`], and all lanes can be read.
    unsafe fn load(from: *const F) -> Self;

    /// The masked lanes from `from` on, and zeros.
    ///
    /// # Safety
    /// As [`Lanes::mask`], and the masked lanes can be read.
    unsafe fn load_masked(from: *const F, mask: Self::Mask) -> Self;

    /// `self·factor + sum`.
    ///
    /// # Safety
    /// As [`Lanes::mask`].
    unsafe fn mul_add(self, factor: Self, sum: Self) -> Self;

    /// `self·factor`.
    ///
    /// # Safety
    /// As [`Lanes::mask`].
    unsafe fn mul(self, factor: Self) -> Self;

    /// Writes all lanes.
    ///
    /// # Safety
    /// As [`Lanes::mask`], and all lanes can be written.
    unsafe fn store(self, to: *mut F);

    /// Writes the first `count` lanes.
    ///
    /// # Safety
    /// As [`Lanes::mask`], `count` ≤ [`Lanes::COUNT`], and so many lanes can be written.
    unsafe fn store_first(self, to: *mut F, count: usize);

    /// Copies a square of [`Lanes::COUNT`] rows, `from_step` apart, its rows to columns; those of the copy are `to_step` apart.
    ///
    /// # Safety
    /// As [`Lanes::mask`], and the squares can be read and written.
    unsafe fn transpose(from: *const F, from_step: isize, to: *mut F, to_step: usize);
}

/// `V` vectors from `from` on, of the last one `last` lanes.
///
/// # Safety
/// The processor can compute with `L`, and so many values can be read.
#[inline(always)]
pub(crate) unsafe fn load<F: Scalar, L: Lanes<F>, const V: usize>(
    from: *const F,
    last: usize,
) -> [L; V] {
    // SAFETY: the caller's word.
    unsafe {
        let mut vectors = [L::splat(F::zero()); V];
        for (v, vector) in vectors.iter_mut().enumerate() {
            let from = from.add(v * L::COUNT);
            *vector = if v + 1 < V { L::load(from) } else { L::load_masked(from, L::mask(last)) };
        }
        vectors
    }
}

/// Writes vectors, of the last one `last` lanes.
///
/// # Safety
/// The processor can compute with `L`, and so many values can be written.
#[inline(always)]
pub(crate) unsafe fn store<F: Scalar, L: Lanes<F>, const V: usize>(
    vectors: [L; V],
    to: *mut F,
    last: usize,
) {
    for (v, vector) in vectors.into_iter().enumerate() {
        // SAFETY: the caller's word.
        unsafe {
            let to = to.add(v * L::COUNT);
            match v + 1 < V || last == L::COUNT {
                true => vector.store(to),
                false => vector.store_first(to, last),
            }
        }
    }
}

/// The vectors of a floating-point type.
pub trait HasLanes: Sized {
    /// Those of AVX-512, where that can be.
    type Widest: Lanes<Self>;
    /// Those of AVX2 with FMA, where that can be.
    type Wide: Lanes<Self>;
    /// Those that every processor of the target has.
    type Plain: Lanes<Self>;
}

/// `N` values, 16 bytes, left to the compiler.
#[derive(Debug, Clone, Copy)]
#[repr(transparent)]
pub struct Plain<F, const N: usize>([F; N]);

impl<F: Scalar, const N: usize> Lanes<F> for Plain<F, N> {
    const COUNT: usize = N;
    const REGISTERS: usize = 16;
    type Mask = usize;

    #[inline(always)]
    unsafe fn mask(count: usize) -> usize {
        count
    }

    #[inline(always)]
    unsafe fn splat(value: F) -> Self {
        Self([value; N])
    }

    #[inline(always)]
    unsafe fn load(from: *const F) -> Self {
        // SAFETY: the caller's word; values of an array need the alignment of one.
        Self(unsafe { *from.cast::<[F; N]>() })
    }

    #[inline(always)]
    unsafe fn load_masked(from: *const F, mask: usize) -> Self {
        // SAFETY: the caller's word for the first `mask` values.
        Self(std::array::from_fn(|i| if i < mask { unsafe { *from.add(i) } } else { F::zero() }))
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, sum: Self) -> Self {
        const FUSED: bool = cfg!(target_arch = "aarch64");
        Self(std::array::from_fn(|i| mul_add::<F, FUSED>(self.0[i], factor.0[i], sum.0[i])))
    }

    #[inline(always)]
    unsafe fn mul(self, factor: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] * factor.0[i]))
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut F) {
        // SAFETY: the caller's word; values of an array need the alignment of one.
        unsafe { *to.cast::<[F; N]>() = self.0 }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut F, count: usize) {
        for (i, value) in self.0.into_iter().enumerate().take(count) {
            // SAFETY: the caller's word.
            unsafe { *to.add(i) = value }
        }
    }

    #[inline(always)]
    unsafe fn transpose(from: *const F, from_step: isize, to: *mut F, to_step: usize) {
        for i in 0..N {
            for j in 0..N {
                // SAFETY: the caller's word.
                unsafe { *to.add(j * to_step + i) = *from.offset(i as isize * from_step).add(j) }
            }
        }
    }
}

impl HasLanes for f32 {
    #[cfg(target_arch = "x86_64")]
    type Widest = std::arch::x86_64::__m512;
    #[cfg(not(target_arch = "x86_64"))]
    type Widest = Plain<f32, 4>;
    #[cfg(target_arch = "x86_64")]
    type Wide = std::arch::x86_64::__m256;
    #[cfg(not(target_arch = "x86_64"))]
    type Wide = Plain<f32, 4>;
    type Plain = Plain<f32, 4>;
}

impl HasLanes for f64 {
    #[cfg(target_arch = "x86_64")]
    type Widest = std::arch::x86_64::__m512d;
    #[cfg(not(target_arch = "x86_64"))]
    type Widest = Plain<f64, 2>;
    #[cfg(target_arch = "x86_64")]
    type Wide = std::arch::x86_64::__m256d;
    #[cfg(not(target_arch = "x86_64"))]
    type Wide = Plain<f64, 2>;
    type Plain = Plain<f64, 2>;
}
