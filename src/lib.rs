//! Trains neural networks on the CPU.
#![deny(missing_docs)]
#![deny(unsafe_code)]

pub mod activation;
pub mod data;
mod error;
mod file;
pub mod layer;
pub mod linalg;
pub mod loss;
pub mod metrics;
mod native;
pub mod network;
pub mod optim;
mod parallelism;
pub mod preprocessing;
pub mod random;
mod scalar;
pub mod train;

pub use data::datasets;
pub use error::{Error, Result};
pub use linalg::{BlasInfo, blas_info};
pub use network::{Initializer, Sequential};
pub use parallelism::Parallelism;
pub use random::RandomState;
pub use scalar::Scalar;

/// Numbers in [-1, 1) that depend on the arguments only.
#[cfg(test)]
pub(crate) fn random_matrix<F: Scalar>(
    rows: usize,
    columns: usize,
    seed: u64,
) -> ndarray::Array2<F> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    ndarray::Array2::from_shape_simple_fn((rows, columns), || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        F::from_f64((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
    })
}
