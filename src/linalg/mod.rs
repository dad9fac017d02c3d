//! Matrix products behind one door, and the vectorised functions of one variable.

mod blocked;
pub(crate) mod elementwise;
mod gemm;
pub(crate) mod kernels;
mod naive;

pub use gemm::{Backend, Gemm};

#[cfg(test)]
pub(crate) use gemm::calls;

/// Makes the matrix products ready: pins OpenBLAS to one thread a call.
///
/// # Errors
/// [`Error::Unavailable`](crate::Error::Unavailable) for a build of OpenBLAS that is not safe to call
/// from several threads.
pub(crate) fn ready() -> crate::Result<()> {
    #[cfg(feature = "openblas")]
    crate::native::openblas::ensure_ready()?;
    Ok(())
}
