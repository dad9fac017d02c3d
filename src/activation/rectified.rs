//! Rectified linear units.

use super::{Activation, Saved};
use crate::native::simd::vectorised;
use crate::scalar::Scalar;

/// `f(z) = max(z, 0)`. Nair & Hinton 2010.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Relu;

/// The comparison keeps NaN, where `max` would swallow it.
#[inline(always)]
fn rectify<F: Scalar>(z: F) -> F {
    if z < F::zero() { F::zero() } else { z }
}

vectorised! {
    fn relu<F>(z: &mut [F]) {
        for z in z {
            // The sum makes it a new value: writing some of the old ones is a slow masked store.
            *z = rectify(*z) + F::zero();
        }
    }
}

vectorised! {
    fn relu_biased<F>(bias: &[F], z: &mut [F]) {
        for row in z.chunks_exact_mut(bias.len()) {
            for (z, &bias) in row.iter_mut().zip(bias) {
                *z = rectify(*z + bias);
            }
        }
    }
}

vectorised! {
    fn relu_backward<F>(y: &[F], dy: &mut [F]) {
        for (dy, &y) in dy.iter_mut().zip(y) {
            // A product, for the same reason as above.
            *dy *= if y == F::zero() { F::zero() } else { F::one() };
        }
    }
}

impl<F: Scalar> Activation<F> for Relu {
    fn saved(&self) -> Saved {
        Saved::Output
    }

    fn forward(&self, z: &mut [F]) {
        relu(z);
    }

    fn backward(&self, y: &[F], dy: &mut [F]) {
        relu_backward(y, dy);
    }

    fn forward_biased(&self, bias: &[F], z: &mut [F]) {
        if bias.is_empty() { relu(z) } else { relu_biased(bias, z) }
    }
}

/// `f(z) = z` where positive, else `slope·z`. Maas, Hannun & Ng 2013.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeakyRelu {
    slope: f64,
}

impl LeakyRelu {
    /// A unit with this slope below zero; finite and >= 0 (0.01 is usual).
    pub fn new(slope: f64) -> Self {
        Self { slope }
    }

    pub(super) fn slope(self) -> f64 {
        self.slope
    }
}

impl Default for LeakyRelu {
    /// A slope of 0.01.
    fn default() -> Self {
        Self::new(0.01)
    }
}

vectorised! {
    fn leaky<F>(slope: F, z: &mut [F]) {
        for z in z {
            *z = if *z < F::zero() { slope * *z } else { *z };
        }
    }
}

vectorised! {
    fn leaky_backward<F>(slope: F, z: &[F], dy: &mut [F]) {
        for (dy, &z) in dy.iter_mut().zip(z) {
            *dy *= if z > F::zero() { F::one() } else { slope };
        }
    }
}

impl<F: Scalar> Activation<F> for LeakyRelu {
    /// The input: with a slope of 0 the output's sign would not tell.
    fn saved(&self) -> Saved {
        Saved::Input
    }

    fn forward(&self, z: &mut [F]) {
        leaky(F::from_f64(self.slope), z);
    }

    fn backward(&self, z: &[F], dy: &mut [F]) {
        leaky_backward(F::from_f64(self.slope), z, dy);
    }
}
