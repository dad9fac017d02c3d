//! Layers in a row.

use std::sync::Arc;

use ndarray::{ArrayViewD, IxDyn};

use super::plan::Plan;
use super::{Dims, Link, SequentialBuilder, Summary, TensorInfo};
use crate::error::{Error, Result};
use crate::layer::{AnyLayerSpec, Layer};
use crate::native::aligned::Aligned;
use crate::scalar::Scalar;

/// A network whose layers feed each other in a row.
///
/// Parameters lie in one flat buffer, layer by layer, each layer's tensors in its own order
/// (`Dense`: W `(inputs, units)` row-major, then b).
///
/// ```
/// use blastrain::Sequential;
/// use blastrain::ndarray::array;
///
/// let network = Sequential::<f64>::input(2).dense(8).tanh().dense(1).seed(42).build()?;
/// assert_eq!(network.parameter_count(), 33);
/// let scores = network.predict(array![[0.0, 1.0], [1.0, 0.0]].view())?;
/// assert_eq!(scores.dim(), (2, 1));
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Sequential<F> {
    pub(super) input: Dims,
    pub(super) specs: Arc<[Box<dyn AnyLayerSpec>]>,
    pub(super) layers: Vec<Arc<dyn Layer<F>>>,
    pub(super) plan: Arc<Plan>,
    pub(super) tensors: Vec<TensorInfo>,
    pub(super) params: Aligned<F>,
    pub(super) buffer_tensors: Vec<TensorInfo>,
    pub(super) buffers: Vec<F>,
    pub(super) link: Link,
    pub(super) seed: u32,
}

impl<F: Scalar> Sequential<F> {
    /// Starts a network for rows of this shape: `784`, or `[28, 28, 1]`.
    pub fn input(dims: impl Into<Dims>) -> SequentialBuilder<F> {
        SequentialBuilder::new(dims.into())
    }

    /// The shape of one row of input.
    pub fn input_dims(&self) -> &Dims {
        &self.input
    }

    /// The number of scores that the network gives for a row.
    pub fn outputs(&self) -> usize {
        self.plan.widths[self.plan.output]
    }

    /// The number of trained parameters.
    pub fn parameter_count(&self) -> usize {
        self.params.len()
    }

    /// All parameters, tensor by tensor as [`Sequential::tensors`] says.
    pub fn parameters(&self) -> &[F] {
        &self.params
    }

    /// Overwrites all parameters.
    ///
    /// # Errors
    /// [`Error::Shape`] if the number differs; [`Error::NonFinite`] for a NaN or an infinity (the
    /// column is the position).
    pub fn set_parameters(&mut self, values: &[F]) -> Result<()> {
        if values.len() != self.params.len() {
            return Err(Error::shape("parameters", self.params.len(), values.len()));
        }
        check(values)?;
        self.params.copy_from_slice(values);
        Ok(())
    }

    /// Values kept beside the parameters, such as running statistics.
    pub fn buffers(&self) -> &[F] {
        &self.buffers
    }

    /// Names, shapes and places of the parameters.
    pub fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    /// Names, shapes and places of the buffers.
    pub fn buffer_tensors(&self) -> &[TensorInfo] {
        &self.buffer_tensors
    }

    /// One parameter tensor or buffer by name ("dense_1.weight").
    ///
    /// # Errors
    /// [`Error::UnknownName`], with the names that there are.
    pub fn tensor(&self, name: &str) -> Result<ArrayViewD<'_, F>> {
        let (info, values) = if let Some(info) = find(&self.tensors, name) {
            (info, &*self.params)
        } else if let Some(info) = find(&self.buffer_tensors, name) {
            (info, &*self.buffers)
        } else {
            return Err(self.unknown_tensor(name));
        };
        ArrayViewD::from_shape(IxDyn(&info.shape), &values[info.range.clone()])
            .map_err(|error| Error::shape(name, "the tensor's shape", error))
    }

    /// Overwrites one parameter tensor or buffer by name.
    ///
    /// ```
    /// use blastrain::Sequential;
    /// use blastrain::ndarray::array;
    ///
    /// let mut network = Sequential::<f64>::input(2).dense(1).build()?;
    /// network.set_tensor("dense_1.weight", array![[1.0], [-1.0]].into_dyn().view())?;
    /// assert_eq!(network.parameters(), [1.0, -1.0, 0.0]);
    /// # Ok::<(), blastrain::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnknownName`], [`Error::Shape`], and [`Error::NonFinite`] for a NaN or an infinity.
    pub fn set_tensor(&mut self, name: &str, values: ArrayViewD<'_, F>) -> Result<()> {
        let (info, into) = if let Some(info) = find(&self.tensors, name) {
            (info, &mut *self.params)
        } else if let Some(info) = find(&self.buffer_tensors, name) {
            (info, &mut *self.buffers)
        } else {
            return Err(self.unknown_tensor(name));
        };
        if values.shape() != info.shape {
            return Err(Error::shape(
                name,
                format!("shape {:?}", info.shape),
                format!("{:?}", values.shape()),
            ));
        }
        let values: Vec<F> = values.iter().copied().collect();
        check(&values)?;
        into[info.range.clone()].copy_from_slice(&values);
        Ok(())
    }

    /// What turns scores into probabilities; a trainer sets it to its loss's.
    pub fn link(&self) -> Link {
        self.link
    }

    /// Sets what turns scores into probabilities.
    pub fn set_link(&mut self, link: Link) {
        self.link = link;
    }

    /// The seed that the network was built with.
    pub fn seed(&self) -> u32 {
        self.seed
    }

    /// The layers' descriptions, in order.
    pub fn specs(&self) -> &[Box<dyn AnyLayerSpec>] {
        &self.specs
    }

    /// Layers, shapes and parameter counts, to be printed.
    pub fn summary(&self) -> Summary {
        Summary::new(self)
    }

    /// Floating-point operations of the matrix products of training on one row: forward, weight
    /// gradients, and input gradients but for the first layer with parameters.
    pub(crate) fn training_flops(&self) -> usize {
        let products = |layer: &Arc<dyn Layer<F>>| layer.needs().multiply_adds;
        let all: usize = self.layers.iter().map(products).sum();
        let first = self.layers.iter().map(products).find(|&count| count > 0).unwrap_or(0);
        2 * (3 * all - first)
    }

    /// The built layers, in order.
    pub(crate) fn layers(&self) -> &[Arc<dyn Layer<F>>] {
        &self.layers
    }

    /// Where a pass over the layers keeps what.
    pub(crate) fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The built layers, and the parameters to be updated in place.
    pub(crate) fn layers_and_parameters_mut(&mut self) -> (&[Arc<dyn Layer<F>>], &mut [F]) {
        (&self.layers, &mut self.params)
    }

    /// Parameters and buffers, to be updated in place.
    pub(crate) fn state_mut(&mut self) -> (&mut [F], &mut [F]) {
        (&mut self.params, &mut self.buffers)
    }

    /// Scores or feature counts that do not fit are found before anything runs.
    pub(crate) fn check_features(&self, features: usize) -> Result<()> {
        if features == self.input.size() {
            return Ok(());
        }
        Err(Error::shape(
            "features",
            format!("{} columns, as the network takes", self.input.size()),
            format!("{features} columns"),
        ))
    }

    /// Checks that training batches of `batch_size` of `rows` rows, the last one of `last`, are large
    /// enough for every layer.
    pub(crate) fn check_batches(&self, rows: usize, batch_size: usize, last: usize) -> Result<()> {
        let Some(layer) = self.layers.iter().position(|layer| layer.least_rows() > last) else {
            return Ok(());
        };
        let (kind, least) = (self.specs[layer].kind(), self.layers[layer].least_rows());
        let number = self.specs[..=layer].iter().filter(|spec| spec.kind() == kind).count();
        if rows < least {
            let want = format!("at least {least} for {kind}_{number}");
            return Err(Error::shape("training rows", want, rows));
        }
        if batch_size < least {
            let want = format!("at least {least} for {kind}_{number}");
            return Err(Error::param("batch_size", batch_size, want));
        }
        let got = format!("{batch_size}, which leaves {last} of {rows} rows for the last batch");
        let want = format!(
            "such that {kind}_{number} sees at least {least} rows in every batch; take another, or drop_last(true)"
        );
        Err(Error::param("batch_size", got, want))
    }

    fn unknown_tensor(&self, name: &str) -> Error {
        let names: Vec<&str> =
            self.tensors.iter().chain(&self.buffer_tensors).map(|info| &*info.name).collect();
        Error::UnknownName { what: "tensor", got: name.to_owned(), known: names.join(", ") }
    }
}

fn find<'a>(tensors: &'a [TensorInfo], name: &str) -> Option<&'a TensorInfo> {
    tensors.iter().find(|info| info.name == name)
}

fn check<F: Scalar>(values: &[F]) -> Result<()> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(column) => {
            let value = values[column].as_f64();
            Err(Error::NonFinite { what: "parameter", value, row: 0, column })
        }
    }
}
