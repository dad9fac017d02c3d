//! Networks: layers in a row, with all parameters in one flat buffer.
//!
//! ```
//! use blastrain::prelude::*;
//! use blastrain::ndarray::array;
//!
//! let mut network = Sequential::<f64>::input(2).dense(3).tanh().dense(1).seed(7).build()?;
//! println!("{}", network.summary());
//! let names: Vec<&str> = network.tensors().iter().map(|tensor| &*tensor.name).collect();
//! assert_eq!(names, ["dense_1.weight", "dense_1.bias", "dense_2.weight", "dense_2.bias"]);
//! network.set_tensor("dense_2.bias", array![0.5].view().into_dyn())?;
//! assert_eq!(network.predict(array![[0.0, 0.0]])?, array![[0.5]]);
//!
//! let bytes = network.to_bytes()?; // or save(path)
//! assert_eq!(Sequential::<f64>::from_bytes(&bytes)?.parameters(), network.parameters());
//! # Ok::<(), Error>(())
//! ```

mod builder;
mod dims;
mod initializer;
mod link;
pub(crate) mod plan;
pub(crate) mod predict;
mod regularizer;
mod sequential;
mod summary;
mod tensor;

pub use builder::SequentialBuilder;
pub(crate) use builder::{TensorSource, assemble};
pub use dims::Dims;
pub use initializer::Initializer;
pub use link::Link;
pub(crate) use link::shift_by_max;
pub use regularizer::Regularizer;
pub use sequential::Sequential;
pub use summary::Summary;
pub use tensor::{TensorInfo, TensorSpec};
