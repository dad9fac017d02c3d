//! Matrix products.

mod info;
pub(crate) mod kernels;

pub use crate::native::with_openblas_threads;
pub use info::{BlasInfo, ParallelModel, blas_info};
