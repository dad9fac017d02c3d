//! Data sets: in memory, from files, split into parts.

mod csv_dataset;
mod csv_fields;
mod csv_table;
mod dataset;
pub mod datasets;
mod features;
mod folds;
mod idx;
mod npy;
mod npy_header;
mod npz;
mod part_sizes;
mod source;
mod split;
mod targets;

pub use csv_table::{CsvReader, CsvTable};
pub use dataset::Dataset;
pub use features::FeatureStorage;
pub use folds::{Fold, KFold, ShuffleSplit, Splitter, StratifiedKFold, StratifiedShuffleSplit};
pub use idx::{IdxArray, IdxValues, read_idx, read_idx_from};
pub use npy::{NpyArray, read_npy, read_npy_from, write_npy, write_npy_to};
pub use npz::{NpzReader, NpzWriter};
pub use part_sizes::SplitSize;
pub use split::{
    stratified_train_test_indices, stratified_train_test_split, train_test_indices,
    train_test_split,
};
pub use targets::{TargetStorage, Targets};

pub(crate) use csv_fields::known_column;
pub(crate) use csv_table::{Column, Task};
pub(crate) use features::check_finite;
