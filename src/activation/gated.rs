//! Inputs weighted by how large they are.

use super::{Activation, Saved};
use crate::linalg::elementwise;
use crate::native::simd::vectorised;
use crate::scalar::Scalar;

/// `f(z) = z·Φ(z)` with the normal distribution's Φ, exactly (no tanh in its place).
/// Hendrycks & Gimpel 2016, section 2.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Gelu;

/// The standard normal distribution function.
fn normal_cdf<F: Scalar>(z: F) -> F {
    let half = F::from_f64(0.5);
    half * (F::one() + (z * F::from_f64(std::f64::consts::FRAC_1_SQRT_2)).erf())
}

impl<F: Scalar> Activation<F> for Gelu {
    fn saved(&self) -> Saved {
        Saved::Input
    }

    fn forward(&self, z: &mut [F]) {
        for z in z {
            *z *= normal_cdf(*z);
        }
    }

    fn backward(&self, z: &[F], dy: &mut [F]) {
        let root = F::from_f64((2.0 * std::f64::consts::PI).sqrt().recip());
        let half = F::from_f64(0.5);
        for (dy, &z) in dy.iter_mut().zip(z) {
            *dy *= normal_cdf(z) + z * root * (-half * z * z).exp();
        }
    }
}

/// `f(z) = z / (1 + exp(−z))`, also called swish. Elfwing, Uchibe & Doya 2018.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Silu;

vectorised! {
    fn silu<F>(z: &mut [F]) {
        for z in z {
            *z *= elementwise::sigmoid_one::<F, FMA>(*z);
        }
    }
}

vectorised! {
    fn silu_backward<F>(z: &[F], dy: &mut [F]) {
        for (dy, &z) in dy.iter_mut().zip(z) {
            let s = elementwise::sigmoid_one::<F, FMA>(z);
            *dy *= s * (F::one() + z * (F::one() - s));
        }
    }
}

impl<F: Scalar> Activation<F> for Silu {
    fn saved(&self) -> Saved {
        Saved::Input
    }

    fn forward(&self, z: &mut [F]) {
        silu(z);
    }

    fn backward(&self, z: &[F], dy: &mut [F]) {
        silu_backward(z, dy);
    }
}
