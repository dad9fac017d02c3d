//! Loops compiled twice, for the baseline processor and for AVX2 with FMA, chosen at run time.

/// Defines a function whose body is compiled for the baseline and for AVX2 with FMA.
///
/// In the body, `F` is the scalar type and the constant `FMA` says whether `mul_add` is one
/// instruction: see [`mul_add`].
macro_rules! vectorised {
    ($(#[$meta:meta])* $vis:vis fn $name:ident<F>($($arg:ident: $type:ty),* $(,)?) $(-> $out:ty)? $body:block) => {
        $(#[$meta])*
        #[allow(unsafe_code)]
        #[allow(clippy::too_many_arguments)]
        $vis fn $name<F: $crate::scalar::Scalar>($($arg: $type),*) $(-> $out)? {
            #[inline(always)]
            #[allow(clippy::too_many_arguments, clippy::extra_unused_type_parameters)]
            fn body<F: $crate::scalar::Scalar, const FMA: bool>($($arg: $type),*) $(-> $out)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                #[allow(clippy::too_many_arguments)]
                fn wide<F: $crate::scalar::Scalar>($($arg: $type),*) $(-> $out)? {
                    body::<F, true>($($arg),*)
                }
                if $crate::native::simd::has_avx2_fma() {
                    // SAFETY: the processor has AVX2 and FMA, which is all that `wide` asks for.
                    return unsafe { wide::<F>($($arg),*) };
                }
            }
            #[cfg(target_arch = "aarch64")]
            return body::<F, true>($($arg),*);
            #[cfg(not(target_arch = "aarch64"))]
            body::<F, false>($($arg),*)
        }
    };
}
pub(crate) use vectorised;

/// Whether the processor has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn has_avx2_fma() -> bool {
    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
}

/// Whether it has the vectors of 64 bytes of AVX-512.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn has_avx512() -> bool {
    std::arch::is_x86_feature_detected!("avx512f") && has_avx2_fma()
}

/// `a * b + c`, fused where that is one instruction (elsewhere it would be a slow library call).
#[inline(always)]
pub(crate) fn mul_add<F: crate::scalar::Scalar, const FMA: bool>(a: F, b: F, c: F) -> F {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// The value, or zero where it is subnormal: many processors compute with such values a hundred times slower, and what
/// decays by a factor in each step would stay one for ever, for rounding keeps it from zero.
#[inline(always)]
pub(crate) fn flush_subnormal<F: crate::scalar::Scalar>(value: F) -> F {
    if value.abs() < F::min_positive_value() { F::zero() } else { value }
}

/// Asks for so many bytes from `start` on to be brought into the first cache. Reads nothing.
#[inline(always)]
pub(crate) fn fetch<T>(start: *const T, bytes: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..bytes).step_by(64) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: fetching ahead reads nothing, whatever the address.
        #[allow(unsafe_code)]
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(start.cast::<i8>().wrapping_add(line))
        };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (start, bytes);
}

#[cfg(test)]
mod tests {
    vectorised! {
        fn dot<F>(a: &[F], b: &[F]) -> F {
            a.iter().zip(b).fold(F::zero(), |sum, (&a, &b)| super::mul_add::<F, FMA>(a, b, sum))
        }
    }

    #[test]
    fn subnormal_values_are_flushed_and_no_others() {
        let least = f64::MIN_POSITIVE;
        for value in [least, -least, 1.0, f64::INFINITY, 0.0] {
            assert_eq!(super::flush_subnormal(value), value);
        }
        assert_eq!([least / 2.0, -least / 2.0, 5e-324].map(super::flush_subnormal), [0.0; 3]);
        assert!(super::flush_subnormal(f64::NAN).is_nan());
    }

    #[test]
    fn both_paths_compute_the_same_sum_of_integers() {
        let a: Vec<f64> = (0..1000).map(f64::from).collect();
        assert_eq!(dot(&a, &a), (0..1000u32).map(|i| f64::from(i * i)).sum::<f64>());
    }
}
