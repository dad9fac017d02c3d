//! Matrix products behind one door, and the vectorised functions of one variable.

mod blocked;
pub(crate) mod elementwise;
mod gemm;
pub(crate) mod kernels;
mod naive;

pub use gemm::{Backend, Gemm};

#[cfg(test)]
pub(crate) use gemm::calls;
