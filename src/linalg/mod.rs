//! Matrix products behind one door, and the vectorised functions of one variable.

mod blocked;
pub(crate) mod elementwise;
mod gemm;
mod info;
pub(crate) mod kernels;
mod naive;
pub(crate) mod norms;

pub use crate::native::with_openblas_threads;
pub use gemm::{Backend, Gemm};
pub use info::{BlasInfo, ParallelModel, blas_info};

#[cfg(test)]
pub(crate) use gemm::calls;
