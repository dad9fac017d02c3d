//! The one place of the crate where `unsafe` is allowed: calls into BLAS, rows of a buffer shared
//! between threads, and the run-time choice of vector instructions.
//!
//! Every `unsafe` block says why it is sound and is reached by a test. What this module exports is safe.
#![allow(unsafe_code)]

#[cfg(not(feature = "openblas"))]
mod absent;
pub(crate) mod aligned;
#[cfg(feature = "openblas")]
pub(crate) mod cblas;
mod column_blocks;
pub(crate) mod column_sums;
pub(crate) mod crew;
pub(crate) mod gather;
pub(crate) mod gemm;
pub(crate) mod lanes;
pub(crate) mod matrix_multiply;
#[cfg(feature = "openblas")]
mod openblas;
pub(crate) mod rows;
pub(crate) mod simd;

#[cfg(not(feature = "openblas"))]
use absent as backend;
#[cfg(feature = "openblas")]
use openblas as backend;

pub(crate) use backend::{ensure_ready, has_wide_kernels, info, pin_this_thread};

use crate::error::{Error, Result};

/// Runs `work` while OpenBLAS may use `threads` threads of its own; afterwards, also by a panic, it is back at one.
///
/// For benches that compare with OpenBLAS's own threads: the crate itself always runs it on one and
/// parallelises above it. With a pthreads build the number counts for the whole process, so products of
/// other threads take part (and lose the bits that one thread gives); with an OpenMP build it counts
/// for the calling thread.
///
/// ```
/// let threads = blastrain::linalg::with_openblas_threads(1, || {
///     blastrain::blas_info().map(|info| info.threads)
/// })??;
/// assert_eq!(threads, 1);
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// # Errors
/// [`Error::Param`] if `threads` is 0 or more than this OpenBLAS can use (without OpenBLAS: more than 1);
/// [`Error::Unavailable`] while another call runs, also one further up the stack, and for an OpenBLAS that [`blas_info`](crate::blas_info) refuses.
pub fn with_openblas_threads<R>(threads: usize, work: impl FnOnce() -> R) -> Result<R> {
    if threads == 0 {
        return Err(Error::param("threads", threads, "at least 1"));
    }
    // First, so that no product inside turns the number back.
    ensure_ready()?;
    pin_this_thread();
    let _until_dropped = backend::OwnThreads::start(threads)?;
    Ok(work())
}
