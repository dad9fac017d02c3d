//! Which library computes the matrix products.

use std::fmt;

use crate::error::Result;

/// Which library computes the matrix products, and how. Prints itself on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlasInfo {
    /// "OpenBLAS" or "matrixmultiply (pure Rust)".
    pub vendor: &'static str,
    /// The version, "0.3.21"; of matrixmultiply the release series.
    pub version: String,
    /// The kernels chosen for this processor, by OpenBLAS's name: "Haswell", "Zen", "SkylakeX" …
    pub kernel: String,
    /// Threads that the library itself uses now for a product of the calling thread: 1, but within
    /// [`with_openblas_threads`](super::with_openblas_threads).
    pub threads: usize,
    /// What the library's own threads are made of.
    pub parallel: ParallelModel,
    /// OpenBLAS's own words on how it was built.
    pub config: String,
}

/// What a BLAS library's own threads are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParallelModel {
    /// The library has none.
    SingleThreaded,
    /// A pool of the library's own.
    Pthreads,
    /// The threads of the OpenMP runtime.
    OpenMp,
}

impl fmt::Display for ParallelModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ParallelModel::SingleThreaded => "single-threaded",
            ParallelModel::Pthreads => "pthreads",
            ParallelModel::OpenMp => "OpenMP",
        })
    }
}

impl fmt::Display for BlasInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { vendor, version, kernel, threads, parallel, config } = self;
        let plural = if *threads == 1 { "" } else { "s" };
        write!(
            f,
            "{vendor} {version}, kernel {kernel}, {threads} thread{plural}, {parallel} ({config})"
        )
    }
}

/// Tells which library computes the matrix products: vendor, version, kernels and threads.
///
/// The first call pins OpenBLAS to one thread, as training does.
///
/// ```
/// let info = blastrain::blas_info()?;
/// println!("{info}");
/// assert_eq!(info.threads, 1);
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// # Errors
/// [`Error::Unavailable`](crate::Error::Unavailable) if the OpenBLAS linked is not safe to call from several threads: older than 0.3.7,
/// single-threaded without reporting its `USE_LOCKING`, or built for 64-bit integers.
pub fn blas_info() -> Result<BlasInfo> {
    crate::native::info()
}
