//! Trains neural networks on the CPU.
#![deny(missing_docs)]
#![deny(unsafe_code)]

pub mod data;
mod error;
pub mod linalg;
mod native;
mod scalar;

pub use error::{Error, Result};
pub use linalg::{BlasInfo, blas_info};
pub use scalar::Scalar;
