//! No activation.

use super::{Activation, Saved};
use crate::linalg::elementwise;
use crate::scalar::Scalar;

/// `f(z) = z`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Identity;

impl<F: Scalar> Activation<F> for Identity {
    fn saved(&self) -> Saved {
        Saved::Nothing
    }

    fn forward(&self, _z: &mut [F]) {}

    fn backward(&self, _saved: &[F], _dy: &mut [F]) {}

    fn forward_biased(&self, bias: &[F], z: &mut [F]) {
        elementwise::add_rows(bias, z);
    }
}
