//! Sums over vectors in double precision.

use crate::native::simd::{mul_add, vectorised};
use crate::scalar::Scalar;

/// Partial sums: enough to keep the processor's adders busy.
const LANES: usize = 16;

vectorised! {
    /// `Σ aᵢ·bᵢ`.
    pub(super) fn dot<F>(a: &[F], b: &[F]) -> f64 {
        let mut sums = [0.0f64; LANES];
        let (a, rest_a) = a.as_chunks::<LANES>();
        let (b, rest_b) = b.as_chunks::<LANES>();
        for (a, b) in a.iter().zip(b) {
            for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
                *sum = mul_add::<f64, FMA>(a.as_f64(), b.as_f64(), *sum);
            }
        }
        let rest = rest_a.iter().zip(rest_b);
        let rest: f64 = rest.map(|(&a, &b)| a.as_f64() * b.as_f64()).sum();
        sums.iter().sum::<f64>() + rest
    }
}

vectorised! {
    /// `y ← y + a·x`.
    pub(super) fn add_scaled<F>(a: F, x: &[F], y: &mut [F]) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y = mul_add::<F, FMA>(a, x, *y);
        }
    }
}

vectorised! {
    /// `x ← start + step·direction`; whether that changed `x`.
    pub(super) fn move_along<F>(start: &[F], step: F, direction: &[F], x: &mut [F]) -> bool {
        let mut changed = false;
        for ((x, &start), &direction) in x.iter_mut().zip(start).zip(direction) {
            let value = mul_add::<F, FMA>(step, direction, start);
            changed |= value != *x;
            *x = value;
        }
        changed
    }
}

/// The largest absolute value; NaN if there is one.
pub(super) fn max_norm<F: Scalar>(values: &[F]) -> f64 {
    let largest = values.iter().fold(F::zero(), |largest, &value| {
        let value = value.abs();
        // A comparison that a NaN passes, and that it stays behind.
        if value <= largest || largest.is_nan() { largest } else { value }
    });
    largest.as_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_in_double_precision_for_single_precision_numbers() {
        let a = vec![1.0f32 + f32::EPSILON; 1001];
        let exact = 1001.0 * f64::from(a[0]).powi(2);
        assert!((dot(&a, &a) / exact - 1.0).abs() < 1e-14);
        let mut y = vec![1.0f32; 1001];
        add_scaled(2.0, &a, &mut y);
        assert_eq!(y[1000], 3.0 + 2.0 * f32::EPSILON);
    }

    #[test]
    fn the_largest_value_keeps_nan() {
        assert_eq!(max_norm(&[1.0f64, -3.0, 2.0]), 3.0);
        for values in [[f64::NAN, 1.0, 2.0], [1.0, f64::NAN, 2.0], [1.0, 2.0, f64::NAN]] {
            assert!(max_norm(&values).is_nan());
        }
    }
}
