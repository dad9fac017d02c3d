//! Activations: functions applied to every value, with their derivatives.
//!
//! All of them propagate NaN, so that a divergence shows in the loss.

mod exponential;
mod gated;
mod identity;
mod rectified;
mod registry;
mod sigmoidal;

use std::fmt::Debug;

pub use exponential::{Elu, Softplus};
pub use gated::{Gelu, Silu};
pub use identity::Identity;
pub use rectified::{LeakyRelu, Relu};
pub use registry::{AnyActivation, all, from_name};
pub use sigmoidal::{Sigmoid, Tanh};

use crate::linalg::elementwise;
use crate::scalar::Scalar;

/// What an activation's derivative is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Saved {
    /// The activation's output, which the network holds anyway.
    Output,
    /// The activation's input, which is kept beside it.
    Input,
    /// Nothing: the derivative is 1.
    Nothing,
}

/// A function applied to every value.
pub trait Activation<F: Scalar>: Debug + Send + Sync {
    /// What [`Activation::backward`] wants to read.
    fn saved(&self) -> Saved;

    /// `z ← activation(z)`.
    fn forward(&self, z: &mut [F]);

    /// `dy ← dy·activation'`, from the output or the input as [`Activation::saved`] says.
    fn backward(&self, saved: &[F], dy: &mut [F]);

    /// `z ← activation(z + bias)` over rows of `bias.len()` values; no biases if it is empty.
    fn forward_biased(&self, bias: &[F], z: &mut [F]) {
        elementwise::add_rows(bias, z);
        self.forward(z);
    }
}
