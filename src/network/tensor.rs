//! Names, shapes and places of parameters.

use std::ops::Range;

use super::{Initializer, Regularizer};

/// A tensor that a layer wants: trained, or kept beside the parameters.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TensorSpec {
    /// Name within the layer: "weight".
    pub name: &'static str,
    /// Shape, row-major.
    pub shape: Vec<usize>,
    /// How the values start.
    pub init: Initializer,
    /// Whether weight decay and L1/L2 penalties apply (weights: yes; biases: no).
    pub decay: bool,
    /// The layer's own penalty on the tensor.
    pub regularizer: Regularizer,
    /// The largest Euclidean norm of a column of the matrix (all sizes but the last, last size), kept
    /// after every update: for weights, of what enters one unit.
    pub max_norm: Option<f64>,
}

impl TensorSpec {
    /// A tensor to which weight decay applies.
    pub fn new(name: &'static str, shape: impl Into<Vec<usize>>, init: Initializer) -> Self {
        let regularizer = Regularizer::NONE;
        Self { name, shape: shape.into(), init, decay: true, regularizer, max_norm: None }
    }

    /// Exempts the tensor from weight decay.
    pub fn without_decay(mut self) -> Self {
        self.decay = false;
        self
    }

    /// Gives the tensor a penalty of its own.
    pub fn regularizer(mut self, regularizer: Regularizer) -> Self {
        self.regularizer = regularizer;
        self
    }

    /// Bounds the norm of each column.
    pub fn max_norm(mut self, max_norm: Option<f64>) -> Self {
        self.max_norm = max_norm;
        self
    }

    /// The number of values; `usize::MAX` if it is more.
    pub fn len(&self) -> usize {
        self.shape.iter().fold(1, |len, &size| len.saturating_mul(size))
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Where a tensor of a network lies.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TensorInfo {
    /// Name within the network: "dense_1.weight".
    pub name: String,
    /// The layer's position, counted from 0.
    pub layer: usize,
    /// Shape, row-major.
    pub shape: Vec<usize>,
    /// Place in [`Sequential::parameters`](super::Sequential::parameters) or
    /// [`Sequential::buffers`](super::Sequential::buffers).
    pub range: Range<usize>,
    /// Whether weight decay applies.
    pub decay: bool,
    /// The layer's own penalty on the tensor.
    pub regularizer: Regularizer,
    /// The largest norm of a column, as [`TensorSpec::max_norm`] says.
    pub max_norm: Option<f64>,
}

impl TensorInfo {
    /// A vector that is no layer's.
    pub(crate) fn whole(name: &str, len: usize) -> Self {
        Self {
            name: name.to_owned(),
            layer: 0,
            shape: vec![len],
            range: 0..len,
            decay: false,
            regularizer: Regularizer::NONE,
            max_norm: None,
        }
    }
}
