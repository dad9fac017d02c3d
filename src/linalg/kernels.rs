//! What each floating-point type brings: its matrix products and its exponential function.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::native::matrix_multiply;

/// The per-type kernels. Sealed: implemented for `f32` and `f64` alone.
pub trait Kernels: Sized {
    /// GEMM by OpenBLAS; false if it is not linked or cannot take the layouts.
    #[doc(hidden)]
    fn openblas_gemm(
        alpha: Self,
        a: ArrayView2<'_, Self>,
        b: ArrayView2<'_, Self>,
        beta: Self,
        c: &mut ArrayViewMut2<'_, Self>,
    ) -> bool;

    /// GEMM by matrixmultiply.
    #[doc(hidden)]
    fn matrix_multiply_gemm(
        alpha: Self,
        a: ArrayView2<'_, Self>,
        b: ArrayView2<'_, Self>,
        beta: Self,
        c: &mut ArrayViewMut2<'_, Self>,
    );

    /// `exp(x) - 1 = scale·(1 + poly) - 1`: the parts `(scale, poly)` with `scale` a power of two.
    #[doc(hidden)]
    fn exp_parts<const FMA: bool>(self) -> (Self, Self);

    /// Arguments below the first give an exponential of zero here, above the second infinity.
    #[doc(hidden)]
    fn exp_range() -> (Self, Self);

    /// Error function.
    #[doc(hidden)]
    fn erf(self) -> Self;
}

#[inline(always)]
fn horner<const FMA: bool, const N: usize, F: crate::scalar::Scalar>(
    x: F,
    coefficients: [F; N],
) -> F {
    let mut sum = coefficients[0];
    for &coefficient in &coefficients[1..] {
        sum = crate::native::simd::mul_add::<F, FMA>(sum, x, coefficient);
    }
    sum
}

macro_rules! kernels {
    ($float:ty, $erf:path, $constants:ident) => {
        impl Kernels for $float {
            #[cfg(feature = "openblas")]
            #[inline]
            fn openblas_gemm(
                alpha: Self,
                a: ArrayView2<'_, Self>,
                b: ArrayView2<'_, Self>,
                beta: Self,
                c: &mut ArrayViewMut2<'_, Self>,
            ) -> bool {
                crate::native::cblas::gemm(alpha, a, b, beta, c)
            }

            #[cfg(not(feature = "openblas"))]
            fn openblas_gemm(
                _: Self,
                _: ArrayView2<'_, Self>,
                _: ArrayView2<'_, Self>,
                _: Self,
                _: &mut ArrayViewMut2<'_, Self>,
            ) -> bool {
                false
            }

            fn matrix_multiply_gemm(
                alpha: Self,
                a: ArrayView2<'_, Self>,
                b: ArrayView2<'_, Self>,
                beta: Self,
                c: &mut ArrayViewMut2<'_, Self>,
            ) {
                matrix_multiply::gemm(alpha, a, b, beta, c);
            }

            #[inline(always)]
            fn exp_parts<const FMA: bool>(self) -> (Self, Self) {
                use $constants::*;
                // x = n·ln 2 + r with |r| ≤ ln 2 / 2. Adding 1.5·2^mantissa rounds to an integer
                // and leaves it in the low bits, which vectorises where a cast does not.
                let shifted = crate::native::simd::mul_add::<Self, FMA>(self, LOG2_E, ROUND);
                let n = shifted - ROUND;
                let r = crate::native::simd::mul_add::<Self, FMA>(n, -LN2_HIGH, self);
                let r = crate::native::simd::mul_add::<Self, FMA>(n, -LN2_LOW, r);
                let poly = r * horner::<FMA, { TAYLOR.len() }, Self>(r, TAYLOR);
                let exponent = shifted.to_bits().wrapping_add(BIAS) << MANTISSA;
                (Self::from_bits(exponent), poly)
            }

            #[inline(always)]
            fn exp_range() -> (Self, Self) {
                $constants::RANGE
            }

            fn erf(self) -> Self {
                $erf(self)
            }
        }
    };
}
kernels!(f32, libm::erff, single);
kernels!(f64, libm::erf, double);

/// Reciprocal factorials are the Taylor series of (eʳ − 1)/r, highest power first. On |r| ≤ ln 2 / 2
/// the first term left out is below a tenth of a unit in the last place.
mod single {
    pub(super) const LOG2_E: f32 = std::f32::consts::LOG2_E;
    /// ln 2 in two parts; the high one has trailing zeros so that its multiples are exact.
    pub(super) const LN2_HIGH: f32 = 0.693_359_4;
    pub(super) const LN2_LOW: f32 = -2.121_944_4e-4;
    pub(super) const ROUND: f32 = 12_582_912.0;
    /// The range whose results are normal numbers: 126·ln 2 and ln of the largest f32.
    pub(super) const RANGE: (f32, f32) = (-87.336_54, 88.722_83);
    pub(super) const BIAS: u32 = 127;
    pub(super) const MANTISSA: u32 = 23;
    pub(super) const TAYLOR: [f32; 7] =
        [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0];
}

mod double {
    pub(super) const LOG2_E: f64 = std::f64::consts::LOG2_E;
    pub(super) const LN2_HIGH: f64 = 0.693_145_751_953_125;
    pub(super) const LN2_LOW: f64 = 1.428_606_820_309_417_3e-6;
    pub(super) const ROUND: f64 = 6_755_399_441_055_744.0;
    pub(super) const RANGE: (f64, f64) = (-708.396_418_532_264_1, 709.782_712_893_384);
    pub(super) const BIAS: u64 = 1023;
    pub(super) const MANTISSA: u32 = 52;
    pub(super) const TAYLOR: [f64; 13] = [
        1.0 / 6_227_020_800.0,
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
    ];
}
