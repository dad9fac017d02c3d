//! Layers: pure pairs of forward and backward passes.
//!
//! A [`LayerSpec`] such as [`Dense`] says what is wanted; `build` turns it into a [`Layer`] that
//! knows its shapes. A layer holds no run state: parameters, caches, scratch and outputs are
//! arguments, so that shards of a batch can run through one layer at the same time.
//!
//! | layer | what it does |
//! | --- | --- |
//! | [`Dense`] | `activation(x·W + b)` |
//! | [`ActivationLayer`] | an activation by itself |
//! | [`Dropout`] | drops values at random in training |
//! | [`BatchNorm`] | normalises each feature over the mini-batch |
//! | [`LayerNorm`] | normalises each row by itself |
//!
//! # Writing your own layer
//!
//! A description that implements [`LayerSpec`] for every scalar type and [`AnyLayerSpec`] joins a
//! network by [`SequentialBuilder::layer`](crate::network::SequentialBuilder::layer). The layer it
//! builds says what it [`Needs`] and computes the two passes, each over some rows of a batch. Behind a
//! `Dense` layer, the gradient check covers the gradient by its input too.
//!
//! ```
//! use blastrain::data::Dataset;
//! use blastrain::layer::{AnyLayerSpec, Backward, Forward, Layer, LayerSpec, Needs, Pass, Value};
//! use blastrain::loss::MeanSquaredError;
//! use blastrain::network::{Dims, Initializer, TensorSpec};
//! use blastrain::train::{Trainer, gradient_check};
//! use blastrain::{Error, Result, Scalar, Sequential};
//! use blastrain::ndarray::array;
//!
//! /// y = x·scale + shift, value by value: x `(rows, n)`, scale `(n)`, shift `(n)`.
//! #[derive(Debug)]
//! struct Affine;
//!
//! impl AnyLayerSpec for Affine {
//!     fn kind(&self) -> &'static str {
//!         "affine"
//!     }
//!
//!     fn config(&self) -> Value {
//!         Value::Null // no settings
//!     }
//! }
//!
//! impl<F: Scalar> LayerSpec<F> for Affine {
//!     fn build(&self, input: &Dims) -> Result<Box<dyn Layer<F>>> {
//!         Ok(Box::new(BuiltAffine { dims: input.clone() }))
//!     }
//! }
//!
//! #[derive(Debug)]
//! struct BuiltAffine {
//!     dims: Dims,
//! }
//!
//! impl<F: Scalar> Layer<F> for BuiltAffine {
//!     fn needs(&self) -> Needs {
//!         let size = self.dims.size();
//!         Needs::new(self.dims.clone())
//!             .param(TensorSpec::new("scale", [size], Initializer::Constant(1.0)))
//!             .param(TensorSpec::new("shift", [size], Initializer::Zeros).without_decay())
//!             .output_unread()
//!     }
//!
//!     fn forward(&self, _pass: Pass, params: &[F], io: Forward<'_, F>) {
//!         let Forward { x: Some(x), mut y, .. } = io else { return };
//!         let (scale, shift) = params.split_at(self.dims.size());
//!         for ((row, i), y) in y.indexed_iter_mut() {
//!             *y = x[(row, i)] * scale[i] + shift[i];
//!         }
//!     }
//!
//!     fn backward(&self, _pass: Pass, params: &[F], io: Backward<'_, F>) {
//!         let Backward { x, dy, dx, dparams, .. } = io;
//!         if let Some(dparams) = dparams {
//!             dparams.fill(F::zero());
//!             let (dscale, dshift) = dparams.split_at_mut(self.dims.size());
//!             for ((row, i), &dy) in dy.indexed_iter() {
//!                 dscale[i] += dy * x[(row, i)];
//!                 dshift[i] += dy;
//!             }
//!         }
//!         if let Some(mut dx) = dx {
//!             for ((row, i), dx) in dx.indexed_iter_mut() {
//!                 *dx = dy[(row, i)] * params[i];
//!             }
//!         }
//!     }
//! }
//!
//! let x = array![[0.0, 1.0], [1.0, 0.5], [2.0, -1.0], [-1.0, 0.0]];
//! let data = Dataset::new(x, vec![1.0, 2.0, 0.5, -1.0])?;
//! let network = Sequential::<f64>::input(2).dense(3).layer(Affine).tanh().dense(1).build()?;
//! let loss = MeanSquaredError::default();
//! assert!(gradient_check(&network, &loss, &data)?.worst() < 1e-6);
//! let mut trainer = Trainer::builder(network, loss).epochs(500).batch_size(2).build()?;
//! let losses = trainer.fit(&data)?.losses();
//! assert!(losses[499] < 0.1 * losses[0]);
//! # Ok::<(), Error>(())
//! ```

mod activation;
mod batch_norm;
mod columns;
mod dense;
mod dropout;
mod layer_norm;
mod sharing;
mod spec;

use std::fmt::Debug;

use ndarray::{ArrayView2, ArrayViewMut2};

pub use activation::ActivationLayer;
pub use batch_norm::BatchNorm;
pub use dense::Dense;
pub use dropout::Dropout;
pub use layer_norm::LayerNorm;
/// Settings of a layer, as files store them.
pub use serde_json::Value;
pub use sharing::{ColumnParallel, OwnedGradient, SplitForward, WholeBatch};
pub use spec::{AnyLayerSpec, LayerRegistry};

use crate::error::Result;
use crate::linalg::Gemm;
use crate::network::{Dims, TensorSpec};
use crate::scalar::Scalar;

/// A description of a layer, without type or input shape, that builds the layer.
///
/// Implement it for every `F: Scalar` and the layer can be used in any network; with
/// [`AnyLayerSpec`] beside it, networks that hold it can be saved.
pub trait LayerSpec<F: Scalar>: Debug + Send + Sync {
    /// Builds the layer for rows of shape `input`.
    ///
    /// # Errors
    /// Settings out of range, or an input shape that the layer cannot take.
    fn build(&self, input: &Dims) -> Result<Box<dyn Layer<F>>>;
}

/// What a built layer needs from its network.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Needs {
    /// The shape of one row of the output.
    pub output: Dims,
    /// Trained tensors, in the order in which they lie in the layer's slice of the parameters.
    pub params: Vec<TensorSpec>,
    /// Tensors that are kept but not trained, such as running statistics.
    pub buffers: Vec<TensorSpec>,
    /// Values kept for each row between forward and backward.
    pub cache: usize,
    /// Forward finds its input in `y`, and backward turns `dy` into the input's gradient.
    pub in_place: bool,
    /// As `in_place` where nobody reads the input's place later; elsewhere the layer reads `x` and
    /// writes `y`, and `dx` from `dy`. Which of the two it is shows in [`Forward::x`] and
    /// [`Backward::dx`].
    pub in_place_if_free: bool,
    /// Backward reads `y`, so nobody may overwrite it before.
    pub reads_output: bool,
    /// Multiply-adds of the forward pass's matrix products for one row, for the record's GFLOP/s.
    pub multiply_adds: usize,
}

impl Needs {
    /// A layer with this output, no parameters, no cache, not in place, that reads its output.
    pub fn new(output: Dims) -> Self {
        Self {
            output,
            params: Vec::new(),
            buffers: Vec::new(),
            cache: 0,
            in_place: false,
            in_place_if_free: false,
            reads_output: true,
            multiply_adds: 0,
        }
    }

    /// Adds a trained tensor.
    pub fn param(mut self, tensor: TensorSpec) -> Self {
        self.params.push(tensor);
        self
    }

    /// Adds a tensor that is kept but not trained.
    pub fn buffer(mut self, tensor: TensorSpec) -> Self {
        self.buffers.push(tensor);
        self
    }

    /// Sets the number of values kept for each row.
    pub fn cache(mut self, values: usize) -> Self {
        self.cache = values;
        self
    }

    /// Sets the multiply-adds of the forward pass's matrix products for one row.
    pub fn multiply_adds(mut self, count: usize) -> Self {
        self.multiply_adds = count;
        self
    }

    /// Says that the layer works in place.
    pub fn in_place(mut self) -> Self {
        self.in_place = true;
        self
    }

    /// Says that the layer can work in place, and otherwise too.
    pub fn in_place_if_free(mut self) -> Self {
        self.in_place_if_free = true;
        self
    }

    /// Says that backward does not read the output.
    pub fn output_unread(mut self) -> Self {
        self.reads_output = false;
        self
    }
}

/// What a pass through a layer is part of.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Pass {
    /// Whether this is training (dropout drops, batch norm uses the batch) or prediction.
    pub train: bool,
    /// The network's seed, for keyed random streams.
    pub seed: u64,
    /// Global step, counted from 0 over all epochs.
    pub step: u64,
    /// The layer's position in its network.
    pub layer: u32,
    /// The position in the batch of the first row seen, for keyed random streams.
    pub first_row: usize,
    /// Computes the matrix products.
    pub gemm: Gemm,
}

/// What a forward pass reads and writes, for some rows of a batch.
#[derive(Debug)]
#[non_exhaustive]
pub struct Forward<'a, F> {
    /// Input `(rows, inputs)`; `None` if the layer works in place.
    pub x: Option<ArrayView2<'a, F>>,
    /// Output `(rows, outputs)`, overwritten; holds the input if the layer works in place.
    pub y: ArrayViewMut2<'a, F>,
    /// Values kept for backward, `(rows, cache)`.
    pub cache: ArrayViewMut2<'a, F>,
    /// As many values as [`Layer::scratch`] says, of no particular content.
    pub scratch: &'a mut [F],
    /// The layer's untrained tensors.
    pub buffers: &'a [F],
    /// What [`WholeBatch::collect`] found over the whole batch; empty for other layers, and in
    /// prediction.
    pub stats: &'a [F],
}

/// What a backward pass reads and writes, for some rows of a batch.
#[derive(Debug)]
#[non_exhaustive]
pub struct Backward<'a, F> {
    /// The input that forward saw `(rows, inputs)`; of no use if the layer works in place.
    pub x: ArrayView2<'a, F>,
    /// The output that forward gave `(rows, outputs)`; valid if the layer said that it reads it.
    pub y: ArrayView2<'a, F>,
    /// What forward kept, `(rows, cache)`.
    pub cache: ArrayViewMut2<'a, F>,
    /// As many values as [`Layer::scratch`] says, of no particular content.
    pub scratch: &'a mut [F],
    /// What [`WholeBatch::collect`] found over the whole batch; empty for other layers.
    pub stats: &'a [F],
    /// What [`WholeBatch::collect_backward`] found over the whole batch; empty for other layers.
    pub back_stats: &'a [F],
    /// Gradient of the loss by the output `(rows, outputs)`; may be overwritten, and must become
    /// the gradient by the input if the layer works in place.
    pub dy: ArrayViewMut2<'a, F>,
    /// Gradient by the input `(rows, inputs)`, overwritten; `None` if nobody needs it, or the layer
    /// works in place.
    pub dx: Option<ArrayViewMut2<'a, F>>,
    /// Gradient by the parameters, summed over the rows, overwritten; `None` where
    /// [`OwnedGradient`] computes it: then leave in `dy` or `cache` what that reads.
    pub dparams: Option<&'a mut [F]>,
}

/// A layer that knows its shapes.
pub trait Layer<F: Scalar>: Debug + Send + Sync {
    /// What the layer needs from its network.
    fn needs(&self) -> Needs;

    /// Scratch values for a pass over `rows` rows.
    fn scratch(&self, rows: usize) -> usize {
        let _ = rows;
        0
    }

    /// The fewest rows that a training batch must have. A fit whose smallest batch has fewer is refused.
    fn least_rows(&self) -> usize {
        1
    }

    /// Computes `y` (and `cache`) from `x`.
    fn forward(&self, pass: Pass, params: &[F], io: Forward<'_, F>);

    /// Computes `dx` and `dparams` from `dy`.
    fn backward(&self, pass: Pass, params: &[F], io: Backward<'_, F>);

    /// The layer's statistics over the whole batch, if it needs such.
    fn whole_batch(&self) -> Option<&dyn WholeBatch<F>> {
        None
    }

    /// The layer's way to compute its weight gradient over all rows by blocks, if it has one.
    fn owned(&self) -> Option<&dyn OwnedGradient<F>> {
        None
    }

    /// The layer's way to share out its products by columns, if it has one.
    fn column_parallel(&self) -> Option<&dyn ColumnParallel<F>> {
        None
    }

    /// The layer's way to share out its forward pass by the blocks of its owned gradient, if it has one.
    fn split_forward(&self) -> Option<&dyn SplitForward<F>> {
        None
    }
}

/// A pass in training over a part of a batch, for the layers' tests.
#[cfg(test)]
fn test_pass(step: u64, first_row: usize) -> Pass {
    Pass { train: true, seed: 9, step, layer: 2, first_row, gemm: Gemm::default() }
}
