//! Functions of one variable over slices, vectorised: exp, sigmoid, tanh.
//!
//! Relative errors stay within 2 units in the last place of the exact value (sigmoid and tanh:
//! 4); the tests compare with the standard library. NaN gives NaN.

use crate::native::simd::{mul_add, vectorised};
use crate::scalar::Scalar;

/// The argument beyond which exp is 0 (below) or infinite (above) for both parts to stay exact.
#[inline(always)]
fn exp_one<F: Scalar, const FMA: bool>(x: F) -> F {
    let (low, high) = F::exp_range();
    // Comparisons that keep NaN, unlike min and max.
    let clamped = if x < low { low } else { x };
    let clamped = if clamped > high { high } else { clamped };
    let (scale, poly) = clamped.exp_parts::<FMA>();
    let value = mul_add::<F, FMA>(scale, poly, scale);
    let value = if x < low { F::zero() } else { value };
    if x > high { F::infinity() } else { value }
}

/// exp(x) − 1 for x ≤ 0.
#[inline(always)]
fn exp_m1_negative<F: Scalar, const FMA: bool>(x: F) -> F {
    let (low, _) = F::exp_range();
    let clamped = if x < low { low } else { x };
    let (scale, poly) = clamped.exp_parts::<FMA>();
    mul_add::<F, FMA>(scale, poly, scale - F::one())
}

/// 1 / (1 + exp(−x)).
#[inline(always)]
pub(crate) fn sigmoid_one<F: Scalar, const FMA: bool>(x: F) -> F {
    F::one() / (F::one() + exp_one::<F, FMA>(-x))
}

/// ln(1 + exp(x)), without overflow.
pub(crate) fn softplus<F: Scalar>(x: F) -> F {
    positive_part(x) + (-x.abs()).exp().ln_1p()
}

/// The value, or zero where it is negative. NaN stays.
pub(crate) fn positive_part<F: Scalar>(x: F) -> F {
    if x < F::zero() { F::zero() } else { x }
}

vectorised! {
    /// Adds `bias` to every row of `bias.len()` values; nothing if it is empty.
    pub(crate) fn add_rows<F>(bias: &[F], rows: &mut [F]) {
        if bias.is_empty() {
            return;
        }
        for row in rows.chunks_exact_mut(bias.len()) {
            for (value, &bias) in row.iter_mut().zip(bias) {
                *value += bias;
            }
        }
    }
}

vectorised! {
    /// `to ← to + from`.
    pub(crate) fn add<F>(from: &[F], to: &mut [F]) {
        for (to, &from) in to.iter_mut().zip(from) {
            *to += from;
        }
    }
}

vectorised! {
    /// `x ← exp(x)`.
    pub(crate) fn exp<F>(values: &mut [F]) {
        for value in values {
            *value = exp_one::<F, FMA>(*value);
        }
    }
}

vectorised! {
    /// `x ← 1 / (1 + exp(−x))`.
    pub(crate) fn sigmoid<F>(values: &mut [F]) {
        for value in values {
            *value = sigmoid_one::<F, FMA>(*value);
        }
    }
}

vectorised! {
    /// `x ← tanh(x) = −t / (t + 2)` with `t = exp(−2|x|) − 1`, and x's sign.
    pub(crate) fn tanh<F>(values: &mut [F]) {
        let two = F::one() + F::one();
        for value in values {
            let t = exp_m1_negative::<F, FMA>(-two * value.abs());
            *value = (-t / (t + two)).copysign(*value);
        }
    }
}

vectorised! {
    /// `x ← x` where positive, else `alpha·(exp(x) − 1)`.
    pub(crate) fn elu<F>(alpha: F, values: &mut [F]) {
        for value in values {
            let negative = if *value < F::zero() { *value } else { F::zero() };
            let below = alpha * exp_m1_negative::<F, FMA>(negative);
            *value = if *value <= F::zero() { below } else { *value };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest relative error against the standard library's f64 over a range.
    fn worst<F: Scalar>(f: fn(&mut [F]), exact: fn(f64) -> f64, low: f64, high: f64) -> f64 {
        let steps = 200_003;
        let xs: Vec<F> = (0..steps)
            .map(|i| F::from_f64(low + (high - low) * f64::from(i) / f64::from(steps - 1)))
            .collect();
        let mut ys = xs.clone();
        f(&mut ys);
        xs.iter().zip(&ys).fold(0.0, |worst: f64, (x, y)| {
            let want = exact(x.as_f64());
            let error =
                if want == 0.0 { y.as_f64().abs() } else { (y.as_f64() / want - 1.0).abs() };
            worst.max(error)
        })
    }

    fn logistic(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    #[test]
    fn double_precision_is_within_a_few_last_places() {
        let ulp = f64::EPSILON;
        assert!(worst::<f64>(exp, f64::exp, -708.0, 709.0) <= 2.0 * ulp);
        assert!(worst::<f64>(exp, f64::exp, -1.0, 1.0) <= 2.0 * ulp);
        assert!(worst::<f64>(sigmoid, logistic, -700.0, 700.0) <= 4.0 * ulp);
        assert!(worst::<f64>(tanh, f64::tanh, -20.0, 20.0) <= 4.0 * ulp);
        assert!(worst::<f64>(tanh, f64::tanh, -1e-3, 1e-3) <= 4.0 * ulp);
    }

    #[test]
    fn single_precision_is_within_a_few_last_places() {
        let ulp = f64::from(f32::EPSILON);
        assert!(worst::<f32>(exp, f64::exp, -87.0, 88.0) <= 2.0 * ulp);
        assert!(worst::<f32>(sigmoid, logistic, -80.0, 80.0) <= 4.0 * ulp);
        assert!(worst::<f32>(tanh, f64::tanh, -10.0, 10.0) <= 4.0 * ulp);
    }

    fn edges<F: Scalar>() {
        let (nan, inf, zero, one) = (F::nan(), F::infinity(), F::zero(), F::one());
        let run = |f: fn(&mut [F]), x: F| {
            let mut values = [x; 17];
            f(&mut values);
            assert!(values.iter().all(|v| *v == values[0] || v.is_nan()), "same in every lane");
            values[16]
        };
        assert!(run(exp, nan).is_nan() && run(tanh, nan).is_nan() && run(sigmoid, nan).is_nan());
        assert_eq!((run(exp, -inf), run(exp, inf), run(exp, zero)), (zero, inf, one));
        assert_eq!((run(tanh, -inf), run(tanh, inf), run(tanh, zero)), (-one, one, zero));
        assert_eq!((run(sigmoid, -inf), run(sigmoid, inf)), (zero, one));
        assert_eq!(run(exp, F::from_f64(1e6)), inf);
        assert_eq!(run(exp, F::from_f64(-1e6)), zero);
    }

    #[test]
    fn nan_infinities_and_overflow() {
        edges::<f32>();
        edges::<f64>();
    }
}
