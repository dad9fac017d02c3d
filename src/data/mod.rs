//! Data sets: in memory, from files, split into parts.

mod dataset;
mod split;
mod targets;

pub use dataset::{Dataset, FeatureStorage};
pub use split::{
    stratified_train_test_indices, stratified_train_test_split, train_test_indices,
    train_test_split,
};
pub use targets::{TargetStorage, Targets};

pub(crate) use dataset::check_finite;
