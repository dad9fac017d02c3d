//! Trains neural networks on the CPU.
#![deny(missing_docs)]
#![deny(unsafe_code)]

pub mod data;
mod error;
pub mod linalg;
mod scalar;

pub use data::datasets;
pub use error::{Error, Result};
pub use scalar::Scalar;
