//! Smooth relatives of the rectified linear unit.

use super::{Activation, Saved};
use crate::linalg::elementwise;
use crate::native::simd::vectorised;
use crate::scalar::Scalar;

/// `f(z) = z` where positive, else `alpha·(exp(z) − 1)`. Clevert, Unterthiner & Hochreiter 2016.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elu {
    alpha: f64,
}

impl Elu {
    /// A unit that goes to `−alpha` far below zero; finite and > 0 (1 is usual).
    pub fn new(alpha: f64) -> Self {
        Self { alpha }
    }

    pub(super) fn alpha(self) -> f64 {
        self.alpha
    }
}

impl Default for Elu {
    /// An alpha of 1.
    fn default() -> Self {
        Self::new(1.0)
    }
}

vectorised! {
    fn elu_backward<F>(alpha: F, y: &[F], dy: &mut [F]) {
        for (dy, &y) in dy.iter_mut().zip(y) {
            *dy *= if y > F::zero() { F::one() } else { y + alpha };
        }
    }
}

impl<F: Scalar> Activation<F> for Elu {
    fn saved(&self) -> Saved {
        Saved::Output
    }

    fn forward(&self, z: &mut [F]) {
        elementwise::elu(F::from_f64(self.alpha), z);
    }

    fn backward(&self, y: &[F], dy: &mut [F]) {
        elu_backward(F::from_f64(self.alpha), y, dy);
    }
}

/// `f(z) = ln(1 + exp(z))`, computed as `max(z, 0) + ln(1 + exp(−|z|))`. Dugas et al. 2001.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Softplus;

impl<F: Scalar> Activation<F> for Softplus {
    fn saved(&self) -> Saved {
        Saved::Input
    }

    fn forward(&self, z: &mut [F]) {
        for z in z {
            *z = elementwise::softplus(*z);
        }
    }

    fn backward(&self, z: &[F], dy: &mut [F]) {
        for (dy, &z) in dy.iter_mut().zip(z) {
            *dy *= F::one() / (F::one() + (-z).exp());
        }
    }
}
