//! What stands in for OpenBLAS's thread control in the pure-Rust build: there is nothing to pin.

use crate::error::{Error, Result};
use crate::linalg::{BlasInfo, ParallelModel};

/// Nothing to refuse.
pub(crate) fn ensure_ready() -> Result<()> {
    Ok(())
}

/// Nothing to pin: matrixmultiply runs on the thread that calls it.
#[inline(always)]
pub(crate) fn pin_this_thread() {}

/// There are none.
pub(crate) fn has_wide_kernels() -> bool {
    false
}

/// The products of this build.
pub(crate) fn info() -> Result<BlasInfo> {
    Ok(BlasInfo {
        vendor: "matrixmultiply (pure Rust)",
        version: "0.3".to_owned(),
        kernel: "chosen at run time".to_owned(),
        threads: 1,
        parallel: ParallelModel::SingleThreaded,
        config: "no BLAS linked".to_owned(),
    })
}

/// Stands for OpenBLAS's own threads, of which there are none.
pub(super) struct OwnThreads;

impl OwnThreads {
    pub(super) fn start(threads: usize) -> Result<Self> {
        if threads > 1 {
            return Err(Error::param("threads", threads, "1: this build has no OpenBLAS"));
        }
        Ok(Self)
    }
}
