//! Making data fit for a network: scaling features, encoding labels.
//!
//! A scaler is a configuration; its `fit` gives a fitted scaler, which transforms any data with the same
//! columns. Fit on the training rows only, and use the fitted scaler on the others:
//!
//! ```
//! use blastrain::data::Dataset;
//! use blastrain::preprocessing::StandardScaler;
//! use blastrain::ndarray::array;
//!
//! let train = Dataset::new(array![[1.0, 10.0], [3.0, 30.0]], vec![0, 1])?;
//! let test = Dataset::new(array![[2.0, 40.0]], vec![1])?;
//! let scaler = StandardScaler::new().fit_dataset(&train)?;
//! let (train, test) = (scaler.transform_dataset(&train)?, scaler.transform_dataset(&test)?);
//! assert_eq!(train.to_arrays().0, array![[-1.0, -1.0], [1.0, 1.0]]);
//! assert_eq!(test.to_arrays().0, array![[0.0, 2.0]]);
//! # Ok::<(), blastrain::Error>(())
//! ```
//!
//! [`TableEncoder`] makes features of CSV tables that mix numbers and texts. [`Transformer`] and
//! [`FittedTransformer`] are the common face of what maps features to features. In a
//! [`Pipeline`](crate::estimator::Pipeline) they are fitted together with the model.

mod categories;
mod features;
mod fitted_table_encoder;
mod label_encoder;
mod min_max;
mod one_hot;
mod one_hot_encoder;
mod ordinal_encoder;
mod pca;
mod standard;
mod table_encoder;
mod table_target;
mod transformer;

pub use fitted_table_encoder::FittedTableEncoder;
pub use label_encoder::LabelEncoder;
pub use min_max::{FittedMinMaxScaler, MinMaxScaler};
pub use one_hot::{from_one_hot, one_hot};
pub use one_hot_encoder::{FittedOneHotEncoder, OneHotEncoder};
pub use ordinal_encoder::{FittedOrdinalEncoder, OrdinalEncoder};
pub use pca::{Components, FittedPca, Pca};
pub use standard::{FittedStandardScaler, StandardScaler};
pub use table_encoder::{FillNumbers, TableEncoder, TextEncoder};
pub use transformer::{
    FittedTransformer, Transformer, TransformerConstructor, TransformerRegistry,
};
