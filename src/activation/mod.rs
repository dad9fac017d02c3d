//! Activations: functions applied to every value, with their derivatives.
//!
//! All of them propagate NaN, so that a divergence shows in the loss.
//!
//! | activation | f(z) |
//! | --- | --- |
//! | [`Identity`] | z |
//! | [`Relu`] | max(z, 0) |
//! | [`LeakyRelu`] | z where positive, else slope·z |
//! | [`Elu`] | z where positive, else alpha·(exp(z) − 1) |
//! | [`Sigmoid`] | 1 / (1 + exp(−z)) |
//! | [`Tanh`] | tanh(z) |
//! | [`Gelu`] | z·Φ(z) |
//! | [`Silu`] | z / (1 + exp(−z)) |
//! | [`Softplus`] | ln(1 + exp(z)) |
//!
//! ```
//! use blastrain::activation::{Activation, LeakyRelu};
//!
//! let mut z = [-2.0, 0.0, 3.0];
//! LeakyRelu::new(0.5).forward(&mut z);
//! assert_eq!(z, [-1.0, 0.0, 3.0]);
//! ```
//!
//! # Writing your own activation
//!
//! Implement [`Activation`] for every scalar type, and [`AnyActivation`] beside it: networks, layers and
//! estimators then take it where they take the crate's own. Both passes work in place on a slice of values.
//! The gradient check compares the backward pass with finite differences.
//!
//! ```
//! use blastrain::activation::{Activation, AnyActivation, Saved};
//! use blastrain::loss::CrossEntropy;
//! use blastrain::train::gradient_check;
//! use blastrain::{Scalar, Sequential, datasets};
//!
//! /// y = z / (1 + |z|), with the derivative (1 − |y|)².
//! #[derive(Debug, Clone)]
//! struct Softsign;
//!
//! impl<F: Scalar> Activation<F> for Softsign {
//!     fn saved(&self) -> Saved {
//!         Saved::Output // what `backward` reads; `Saved::Input` keeps the input as well
//!     }
//!
//!     fn forward(&self, z: &mut [F]) {
//!         for z in z {
//!             *z = *z / (F::one() + z.abs());
//!         }
//!     }
//!
//!     fn backward(&self, y: &[F], dy: &mut [F]) {
//!         for (dy, y) in dy.iter_mut().zip(y) {
//!             let slope = F::one() - y.abs();
//!             *dy *= slope * slope;
//!         }
//!     }
//! }
//!
//! impl AnyActivation for Softsign {
//!     fn name(&self) -> &'static str {
//!         "softsign"
//!     }
//!
//!     fn clone_box(&self) -> Box<dyn AnyActivation> {
//!         Box::new(self.clone())
//!     }
//! }
//!
//! let network = Sequential::<f64>::input(4).dense(8).activation(Softsign).dense(3).build()?;
//! assert!(gradient_check(&network, &CrossEntropy, &datasets::iris()?)?.worst() < 1e-6);
//! assert!(network.to_bytes().is_err());
//! # Ok::<(), blastrain::Error>(())
//! ```
//!
//! Model files know the crate's own activations only: saving a network with one of yours is
//! [`Error::Unavailable`](crate::Error::Unavailable).

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

/// A function applied to every value. How to write one: see the [module](self).
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
