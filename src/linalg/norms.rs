//! Sums of squares and of absolute values over slices, and what keeps to bounds on them.

use crate::native::simd::{mul_add, vectorised};
use crate::scalar::Scalar;

/// Values whose sum is taken in their own type before it joins the total in `f64`.
const CHUNK: usize = 1024;
/// Sums that run side by side, so that the loop vectorises.
const LANES: usize = 16;

/// `Σ term(vᵢ)` over a slice, in one fixed order.
#[inline(always)]
fn lane_sum<F: Scalar>(values: &[F], add: impl Fn(F, F) -> F) -> f64 {
    let mut total = 0.0;
    for chunk in values.chunks(CHUNK) {
        let mut lanes = [F::zero(); LANES];
        let (blocks, rest) = chunk.as_chunks::<LANES>();
        for block in blocks {
            for (lane, &value) in lanes.iter_mut().zip(block) {
                *lane = add(*lane, value);
            }
        }
        for (lane, &value) in lanes.iter_mut().zip(rest) {
            *lane = add(*lane, value);
        }
        total += lanes.iter().map(|lane| lane.as_f64()).sum::<f64>();
    }
    total
}

vectorised! {
    /// `Σ vᵢ²`.
    pub(crate) fn sum_squares<F>(values: &[F]) -> f64 {
        lane_sum(values, |sum, value| mul_add::<F, FMA>(value, value, sum))
    }
}

vectorised! {
    /// `Σ |vᵢ|`.
    pub(crate) fn sum_absolute<F>(values: &[F]) -> f64 {
        lane_sum(values, |sum, value| sum + value.abs())
    }
}

vectorised! {
    /// Whether no value is infinite or NaN.
    pub(crate) fn all_finite<F>(values: &[F]) -> bool {
        // Not one by one until the first: so many are compared at once.
        values.iter().fold(true, |finite, value| finite & value.is_finite())
    }
}

vectorised! {
    /// `gradient ← gradient + l1·sign(w) + l2·w`, with sign(0) = 0.
    pub(crate) fn add_penalty_gradient<F>(l1: F, l2: F, weights: &[F], gradient: &mut [F]) {
        for (g, &w) in gradient.iter_mut().zip(weights) {
            let sign = if w == F::zero() { F::zero() } else { l1.copysign(w) };
            *g += mul_add::<F, FMA>(l2, w, sign);
        }
    }
}

vectorised! {
    /// Clips each value to [−limit, limit]; NaN stays.
    pub(crate) fn clamp<F>(limit: F, values: &mut [F]) {
        for value in values {
            let lower = if *value > limit { limit } else { *value };
            *value = if lower < -limit { -limit } else { lower };
        }
    }
}

vectorised! {
    /// `v ← factor·v`.
    pub(crate) fn scale<F>(factor: F, values: &mut [F]) {
        for value in values {
            *value *= factor;
        }
    }
}

vectorised! {
    /// Scales columns of a row-major matrix of `norms.len()` columns down to Euclidean norm `limit`
    /// where they are longer. Overwrites `norms` by each column's factor.
    pub(crate) fn limit_column_norms<F>(limit: F, matrix: &mut [F], norms: &mut [F]) {
        norms.fill(F::zero());
        for row in matrix.chunks_exact(norms.len()) {
            for (norm, &value) in norms.iter_mut().zip(row) {
                *norm = mul_add::<F, FMA>(value, value, *norm);
            }
        }
        for norm in norms.iter_mut() {
            let length = norm.sqrt();
            *norm = if length > limit { limit / length } else { F::one() };
        }
        for row in matrix.chunks_exact_mut(norms.len()) {
            for (value, &factor) in row.iter_mut().zip(&*norms) {
                *value *= factor;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_equal_plain_ones() {
        for len in [0, 1, 15, 16, 17, 1023, 1024, 1025, 5000] {
            let values: Vec<f64> = (0..len).map(|i| f64::from(i % 7) - 3.0).collect();
            assert_eq!(sum_squares(&values), values.iter().map(|v| v * v).sum::<f64>());
            assert_eq!(sum_absolute(&values), values.iter().map(|v| v.abs()).sum::<f64>());
        }
        assert!(sum_squares(&[1.0, f64::NAN]).is_nan());
    }

    #[test]
    fn one_value_that_is_not_finite_is_found() {
        for len in [0, 1, 15, 16, 17, 1025, 2000] {
            let mut values = vec![f64::MAX; len];
            assert!(all_finite(&values));
            for place in [0, len / 2, len.saturating_sub(1)] {
                for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                    let Some(value) = values.get_mut(place) else { continue };
                    *value = bad;
                    assert!(!all_finite(&values), "{bad} at {place} of {len}");
                    values[place] = -1.0;
                }
            }
        }
    }

    #[test]
    fn a_penalty_gradient_has_no_sign_at_zero() {
        let mut gradient = [1.0, 1.0, 1.0];
        add_penalty_gradient(0.5, 0.25, &[2.0, 0.0, -4.0], &mut gradient);
        assert_eq!(gradient, [2.0, 1.0, -0.5]);
    }

    #[test]
    fn clamping_keeps_what_is_not_a_number() {
        let mut values = [-3.0, 0.5, 3.0, f64::NAN];
        clamp(1.0, &mut values);
        assert_eq!(values[..3], [-1.0, 0.5, 1.0]);
        assert!(values[3].is_nan());
    }

    #[test]
    fn only_long_columns_shrink() {
        let mut matrix = [3.0, 0.1, 4.0, 0.2];
        limit_column_norms(1.0, &mut matrix, &mut [0.0; 2]);
        assert_eq!(matrix, [0.6000000000000001, 0.1, 0.8, 0.2]);
    }
}
