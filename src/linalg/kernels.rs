//! What each floating-point type brings: its matrix products and its exponential function.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::native::lanes::HasLanes;
use crate::native::matrix_multiply;

/// The per-type kernels. Sealed: implemented for `f32` and `f64` alone.
pub trait Kernels: HasLanes {
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

/// The polynomial with these coefficients, lowest power first: even and odd powers apart, which halves the
/// chain of operations that wait for each other.
#[inline(always)]
fn polynomial<const FMA: bool, const N: usize, F: crate::scalar::Scalar>(
    x: F,
    coefficients: [F; N],
) -> F {
    use crate::native::simd::mul_add;
    let square = x * x;
    let (mut even, mut odd) = (F::zero(), F::zero());
    for (i, &coefficient) in coefficients.iter().enumerate().rev() {
        let sum = if i % 2 == 0 { &mut even } else { &mut odd };
        let highest = i + 2 >= N;
        *sum = if highest { coefficient } else { mul_add::<F, FMA>(*sum, square, coefficient) };
    }
    mul_add::<F, FMA>(odd, x, even)
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
                let poly = r * polynomial::<FMA, { EXP_M1.len() }, Self>(r, EXP_M1);
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

/// Polynomials of (eʳ − 1)/r, lowest power first, that equal it at the zeros of a Chebyshev polynomial on
/// |r| ≤ 1.001·ln 2 / 2, where they are off by at most 1.2e-8 (single) and 1.9e-17 (double).
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
    pub(super) const EXP_M1: [f32; 6] =
        [1.0, 0.5, 0.166_665_05, 0.041_666_463, 0.008_369_22, 0.001_393_373_1];
}

mod double {
    pub(super) const LOG2_E: f64 = std::f64::consts::LOG2_E;
    pub(super) const LN2_HIGH: f64 = 0.693_145_751_953_125;
    pub(super) const LN2_LOW: f64 = 1.428_606_820_309_417_3e-6;
    pub(super) const ROUND: f64 = 6_755_399_441_055_744.0;
    pub(super) const RANGE: (f64, f64) = (-708.396_418_532_264_1, 709.782_712_893_384);
    pub(super) const BIAS: u64 = 1023;
    pub(super) const MANTISSA: u32 = 52;
    pub(super) const EXP_M1: [f64; 11] = [
        1.0,
        0.500_000_000_000_000_6,
        0.166_666_666_666_666_7,
        0.041_666_666_666_572_39,
        0.008_333_333_333_326_084,
        0.001_388_888_893_275_1,
        0.000_198_412_698_750_022_8,
        2.480_150_401_442_690_6e-5,
        2.755_725_517_000_089e-6,
        2.762_649_554_643_219_6e-7,
        2.510_531_272_962_210_3e-8,
    ];
}
