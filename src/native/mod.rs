//! The one place with `unsafe`: calls into BLAS, rows of a buffer shared between threads, and the
//! run-time choice of vector instructions. Each has a safe face that checks what it relies on.
#![allow(unsafe_code)]

#[cfg(feature = "openblas")]
pub(crate) mod cblas;
pub(crate) mod matrix_multiply;
#[cfg(feature = "openblas")]
pub(crate) mod openblas;
pub(crate) mod rows;
#[macro_use]
pub(crate) mod simd;
