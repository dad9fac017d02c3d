//! Trains neural networks on the CPU.
#![deny(missing_docs)]
#![deny(unsafe_code)]

pub mod data;
mod error;
pub mod linalg;
pub mod random;
mod scalar;

pub use error::{Error, Result};
pub use random::RandomState;
pub use scalar::Scalar;
