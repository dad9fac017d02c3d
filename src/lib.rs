//! Trains neural networks on the CPU.
#![deny(missing_docs)]
#![deny(unsafe_code)]

pub mod data;
mod error;
pub mod linalg;
pub mod metrics;
pub mod preprocessing;
mod scalar;

pub use error::{Error, Result};
pub use scalar::Scalar;
