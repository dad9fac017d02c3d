//! Functions of sigmoid shape.

use super::{Activation, Saved};
use crate::linalg::elementwise;
use crate::native::simd::vectorised;
use crate::scalar::Scalar;

/// `f(z) = 1 / (1 + exp(−z))`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sigmoid;

vectorised! {
    fn sigmoid_backward<F>(y: &[F], dy: &mut [F]) {
        for (dy, &y) in dy.iter_mut().zip(y) {
            *dy *= y * (F::one() - y);
        }
    }
}

impl<F: Scalar> Activation<F> for Sigmoid {
    fn saved(&self) -> Saved {
        Saved::Output
    }

    fn forward(&self, z: &mut [F]) {
        elementwise::sigmoid(z);
    }

    fn backward(&self, y: &[F], dy: &mut [F]) {
        sigmoid_backward(y, dy);
    }
}

/// `f(z) = tanh(z)`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tanh;

vectorised! {
    fn tanh_backward<F>(y: &[F], dy: &mut [F]) {
        for (dy, &y) in dy.iter_mut().zip(y) {
            *dy *= F::one() - y * y;
        }
    }
}

impl<F: Scalar> Activation<F> for Tanh {
    fn saved(&self) -> Saved {
        Saved::Output
    }

    fn forward(&self, z: &mut [F]) {
        elementwise::tanh(z);
    }

    fn backward(&self, y: &[F], dy: &mut [F]) {
        tanh_backward(y, dy);
    }
}
