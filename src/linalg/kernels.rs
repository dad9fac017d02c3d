//! What each floating-point type brings to the matrix products.

/// The per-type kernels. Sealed: implemented for `f32` and `f64` alone.
pub trait Kernels {}

impl Kernels for f32 {}
impl Kernels for f64 {}
