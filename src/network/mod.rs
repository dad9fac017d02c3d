//! Networks: layers in a row, with all parameters in one flat buffer.

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
