//! Data sets: in memory, from files, split into parts.
//!
//! A [`Dataset`] holds features `(rows, features)` with a target for each row (a class index, or numbers), and weights of the
//! rows if there are any. Parts of it share its storage.
//!
//! - **From memory**: [`Dataset::new`] takes arrays, views and vectors. **From files**: [`CsvReader`], [`read_npy`],
//!   [`NpzReader`], [`read_idx`]. **To try things**: [`datasets`].
//! - **Into two parts**: [`train_test_split`], [`stratified_train_test_split`]. **Into folds**: a [`Splitter`] such as
//!   [`StratifiedKFold`], through [`Dataset::folds`].
//!
//! ```
//! use blastrain::RandomState;
//! use blastrain::data::{Dataset, KFold, train_test_split};
//! use blastrain::ndarray::Array2;
//!
//! let features = Array2::from_shape_fn((10, 3), |(row, column)| (row * column) as f32);
//! let data = Dataset::new(features, vec![0, 1, 0, 1, 0, 1, 0, 1, 0, 1])?;
//! let (train, test) = train_test_split(&data, 0.2, RandomState::new(42))?;
//! assert_eq!((train.len(), test.len(), test.classes()), (8, 2, Some(2)));
//! for fold in train.folds(&KFold::new(4))? {
//!     let (train, validation) = fold.of(&train)?;
//!     assert_eq!((train.len(), validation.len()), (6, 2));
//! }
//! # Ok::<(), blastrain::Error>(())
//! ```

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
mod storage;
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
