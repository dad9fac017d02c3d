//! Matrix products.

pub(crate) mod kernels;
