//! Data sets: in memory, from files, split into parts.

mod dataset;
mod targets;

pub use dataset::{Dataset, FeatureStorage};
pub use targets::{TargetStorage, Targets};

pub(crate) use dataset::check_finite;
