//! Puts networks together.

use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;
use std::sync::Arc;

use super::plan::Plan;
use super::{Dims, Link, Sequential, TensorInfo, TensorSpec};
use crate::activation::{AnyActivation, Elu, Gelu, LeakyRelu, Relu, Sigmoid, Silu, Softplus, Tanh};
use crate::error::{Error, Result};
use crate::layer::{ActivationLayer, AnyLayerSpec, BatchNorm, Dense, Dropout, Layer, LayerNorm};
use crate::native::aligned::Aligned;
use crate::random::RandomState;
use crate::scalar::Scalar;

/// Builds a [`Sequential`] network layer by layer; [`Sequential::input`] starts one.
///
/// ```
/// use blastrain::prelude::*;
///
/// let network = Sequential::<f32>::input(784)
///     .layer(Dense::new(128).kernel_initializer(Initializer::HeUniform))
///     .relu() // taken over by the dense layer
///     .dropout(0.2)
///     .dense(10)
///     .seed(42)
///     .build()?;
/// println!("{}", network.summary());
/// assert_eq!((network.specs().len(), network.parameter_count()), (3, 784 * 128 + 128 + 128 * 10 + 10));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct SequentialBuilder<F> {
    input: Dims,
    specs: Vec<Box<dyn AnyLayerSpec>>,
    seed: u32,
    scalar: PhantomData<F>,
}

macro_rules! activations {
    ($($method:ident $type:expr, $doc:literal;)*) => {$(
        #[doc = $doc]
        pub fn $method(self) -> Self {
            self.activation($type)
        }
    )*};
}

impl<F: Scalar> SequentialBuilder<F> {
    pub(super) fn new(input: Dims) -> Self {
        Self { input, specs: Vec::new(), seed: 0, scalar: PhantomData }
    }

    /// Adds a layer.
    pub fn layer(self, spec: impl AnyLayerSpec + 'static) -> Self {
        self.boxed_layer(Box::new(spec))
    }

    /// Adds a layer that is in a box already.
    pub fn boxed_layer(mut self, spec: Box<dyn AnyLayerSpec>) -> Self {
        self.specs.push(spec);
        self
    }

    /// Adds a fully connected layer of `units` outputs with the usual settings.
    pub fn dense(self, units: usize) -> Self {
        self.layer(Dense::new(units))
    }

    /// Adds a layer that drops this share of the values in training, in [0, 1).
    pub fn dropout(self, rate: f64) -> Self {
        self.layer(Dropout::new(rate))
    }

    /// Adds batch normalisation with the usual settings. A training batch of one row is then an error.
    pub fn batch_norm(self) -> Self {
        self.layer(BatchNorm::new())
    }

    /// Adds layer normalisation with the usual settings.
    pub fn layer_norm(self) -> Self {
        self.layer(LayerNorm::new())
    }

    /// Applies an activation; a [`Dense`] layer without one takes it over.
    pub fn activation(self, activation: impl Into<Box<dyn AnyActivation>>) -> Self {
        self.layer(ActivationLayer::new(activation))
    }

    activations! {
        relu Relu, "Applies max(z, 0).";
        sigmoid Sigmoid, "Applies 1 / (1 + exp(−z)); at the end of a classifier leave it to the loss.";
        tanh Tanh, "Applies tanh(z).";
        leaky_relu LeakyRelu::default(), "Applies z where positive, else 0.01·z.";
        elu Elu::default(), "Applies z where positive, else exp(z) − 1.";
        gelu Gelu, "Applies z·Φ(z).";
        silu Silu, "Applies z / (1 + exp(−z)).";
        softplus Softplus, "Applies ln(1 + exp(z)).";
    }

    /// Seeds the weights and, in training, dropout; 0 unless told otherwise.
    pub fn seed(mut self, seed: u32) -> Self {
        self.seed = seed;
        self
    }

    /// Builds the network and draws its parameters, layer by layer, in the order of the tensors.
    ///
    /// # Errors
    /// [`Error::Empty`] without layers or with inputs of size 0; what a layer's settings get wrong;
    /// [`Error::Unavailable`] for more parameters than there is memory.
    pub fn build(self) -> Result<Sequential<F>> {
        if self.specs.is_empty() {
            return Err(Error::empty("the network", "1 layer"));
        }
        assemble(self.input, fuse(self.specs), self.seed, &mut RandomState::new(self.seed))
    }
}

/// Where a network's values come from.
pub(crate) trait TensorSource<F> {
    /// Refuses a tensor before room is made for it, and before the layers behind it are built.
    fn check(&mut self, tensor: &TensorInfo) -> Result<()>;

    /// Overwrites a tensor's values.
    fn fill(&mut self, tensor: &TensorInfo, spec: &TensorSpec, values: &mut [F]) -> Result<()>;
}

impl<F: Scalar> TensorSource<F> for RandomState {
    fn check(&mut self, _tensor: &TensorInfo) -> Result<()> {
        Ok(())
    }

    fn fill(&mut self, _tensor: &TensorInfo, spec: &TensorSpec, values: &mut [F]) -> Result<()> {
        spec.init.fill(&spec.shape, self, values)
    }
}

/// Builds the layers as described, and takes their values from `source`: parameters first.
pub(crate) fn assemble<F: Scalar>(
    input: Dims,
    specs: Vec<Box<dyn AnyLayerSpec>>,
    seed: u32,
    source: &mut impl TensorSource<F>,
) -> Result<Sequential<F>> {
    if checked_size("the network's input", &input)? == 0 {
        return Err(Error::empty("the network's input", "1 feature"));
    }
    let mut layers: Vec<Arc<dyn Layer<F>>> = Vec::new();
    let (mut tensors, mut buffer_tensors) = (Layout::new::<F>(), Layout::new::<F>());
    let mut dims = input.clone();
    let mut seen = HashMap::new();
    for (i, spec) in specs.iter().enumerate() {
        let layer: Arc<dyn Layer<F>> = F::layer_spec(&**spec).build(&dims)?.into();
        let needs = layer.needs();
        let number = seen.entry(spec.kind()).and_modify(|n| *n += 1).or_insert(1);
        let name = format!("{}_{number}", spec.kind());
        check_names(&name, needs.params.iter().chain(&needs.buffers))?;
        checked_size(&name, &needs.output)?;
        for (layout, specs) in
            [(&mut tensors, &needs.params), (&mut buffer_tensors, &needs.buffers)]
        {
            for tensor in layout.add(i, &name, specs)? {
                source.check(tensor)?;
            }
        }
        dims = needs.output;
        layers.push(layer);
    }
    Ok(Sequential {
        plan: Arc::new(Plan::new(input.size(), &layers)),
        input,
        specs: specs.into(),
        layers,
        params: tensors.fill(source)?,
        tensors: tensors.infos,
        buffers: buffer_tensors.fill(source)?.to_vec(),
        buffer_tensors: buffer_tensors.infos,
        link: Link::default(),
        seed,
    })
}

/// The number of values in a row, unless it is beyond counting.
fn checked_size(what: &str, dims: &Dims) -> Result<usize> {
    dims.checked_size().ok_or_else(|| Error::shape(what, "a size that fits into memory", dims))
}

/// Tensors are found by name, in the network and in files.
fn check_names<'a>(layer: &str, tensors: impl Iterator<Item = &'a TensorSpec>) -> Result<()> {
    let mut names = HashSet::new();
    for tensor in tensors {
        if !names.insert(tensor.name) {
            let got = format!("{layer}.{}, twice", tensor.name);
            return Err(Error::param("tensor name", got, "unique within its layer"));
        }
    }
    Ok(())
}

/// Lets layers take over the activations behind them.
fn fuse(specs: Vec<Box<dyn AnyLayerSpec>>) -> Vec<Box<dyn AnyLayerSpec>> {
    let mut fused: Vec<Box<dyn AnyLayerSpec>> = Vec::with_capacity(specs.len());
    for spec in specs {
        let joined = (&*spec as &dyn std::any::Any)
            .downcast_ref::<ActivationLayer>()
            .and_then(|activation| fused.last()?.fuse(activation));
        match joined {
            Some(joined) => {
                fused.pop();
                fused.push(joined);
            }
            None => fused.push(spec),
        }
    }
    fused
}

/// Tensors one behind the other in a flat buffer.
struct Layout {
    infos: Vec<TensorInfo>,
    specs: Vec<TensorSpec>,
    len: usize,
    /// The most values that one buffer can address.
    most: usize,
}

impl Layout {
    fn new<F>() -> Self {
        let most = isize::MAX as usize / size_of::<F>();
        Self { infos: Vec::new(), specs: Vec::new(), len: 0, most }
    }

    /// Adds a layer's tensors and returns them.
    fn add(
        &mut self,
        layer: usize,
        layer_name: &str,
        tensors: &[TensorSpec],
    ) -> Result<&[TensorInfo]> {
        let first = self.infos.len();
        for tensor in tensors {
            let name = format!("{layer_name}.{}", tensor.name);
            let len = tensor.shape.iter().try_fold(1usize, |len, &size| len.checked_mul(size));
            let end = len.and_then(|len| self.len.checked_add(len));
            let Some(end) = end.filter(|&end| end <= self.most) else {
                let got = format!("shape {:?}", tensor.shape);
                return Err(Error::shape(name, "a size that fits into memory", got));
            };
            self.infos.push(TensorInfo {
                name,
                layer,
                shape: tensor.shape.clone(),
                range: self.len..end,
                decay: tensor.decay,
                regularizer: tensor.regularizer,
                max_norm: tensor.max_norm,
            });
            self.len = end;
            self.specs.push(tensor.clone());
        }
        Ok(&self.infos[first..])
    }

    fn fill<F: Scalar>(&self, source: &mut impl TensorSource<F>) -> Result<Aligned<F>> {
        let mut values = Aligned::try_zeros(self.len).map_err(|error| Error::Unavailable {
            what: format!("memory for {} parameters", self.len),
            why: error.to_string(),
        })?;
        for (info, spec) in self.infos.iter().zip(&self.specs) {
            source.fill(info, spec, &mut values[info.range.clone()])?;
        }
        Ok(values)
    }
}
