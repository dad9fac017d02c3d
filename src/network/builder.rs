//! Puts networks together.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use super::{Dims, Link, Sequential, TensorInfo, TensorSpec};
use crate::activation::{AnyActivation, Elu, Gelu, LeakyRelu, Relu, Sigmoid, Silu, Softplus, Tanh};
use crate::error::{Error, Result};
use crate::layer::{ActivationLayer, AnyLayerSpec, Dense, Layer};
use crate::random::RandomState;
use crate::scalar::Scalar;

/// Builds a [`Sequential`] network layer by layer.
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

    /// Applies an activation; a [`Dense`] layer without one takes it over.
    pub fn activation(self, activation: impl AnyActivation) -> Self {
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
        if self.input.size() == 0 {
            return Err(Error::empty("the network's input", "1 feature"));
        }
        if self.specs.is_empty() {
            return Err(Error::empty("the network", "1 layer"));
        }
        let specs = fuse(self.specs);
        let mut layers: Vec<Arc<dyn Layer<F>>> = Vec::new();
        let (mut tensors, mut buffer_tensors) = (Layout::default(), Layout::default());
        let mut dims = self.input.clone();
        let mut seen = HashMap::new();
        for (i, spec) in specs.iter().enumerate() {
            let layer: Arc<dyn Layer<F>> = F::layer_spec(&**spec).build(&dims)?.into();
            let needs = layer.needs();
            let number = seen.entry(spec.kind()).and_modify(|n| *n += 1).or_insert(1);
            let name = format!("{}_{number}", spec.kind());
            tensors.add(i, &name, &needs.params);
            buffer_tensors.add(i, &name, &needs.buffers);
            dims = needs.output;
            layers.push(layer);
        }
        let mut random = RandomState::new(self.seed);
        Ok(Sequential {
            input: self.input,
            specs: specs.into(),
            layers,
            params: tensors.draw(&mut random)?,
            tensors: tensors.infos,
            buffers: buffer_tensors.draw(&mut random)?,
            buffer_tensors: buffer_tensors.infos,
            link: Link::default(),
            seed: self.seed,
        })
    }
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
#[derive(Default)]
struct Layout {
    infos: Vec<TensorInfo>,
    specs: Vec<TensorSpec>,
    len: usize,
}

impl Layout {
    fn add(&mut self, layer: usize, layer_name: &str, tensors: &[TensorSpec]) {
        for tensor in tensors {
            let range = self.len..self.len.saturating_add(tensor.len());
            self.len = range.end;
            self.infos.push(TensorInfo {
                name: format!("{layer_name}.{}", tensor.name),
                layer,
                shape: tensor.shape.clone(),
                range,
                decay: tensor.decay,
            });
            self.specs.push(tensor.clone());
        }
    }

    fn draw<F: Scalar>(&self, random: &mut RandomState) -> Result<Vec<F>> {
        let mut values = Vec::new();
        values.try_reserve_exact(self.len).map_err(|error| Error::Unavailable {
            what: format!("memory for {} parameters", self.len),
            why: error.to_string(),
        })?;
        values.resize(self.len, F::zero());
        for (info, spec) in self.infos.iter().zip(&self.specs) {
            spec.init.fill(&spec.shape, random, &mut values[info.range.clone()])?;
        }
        Ok(values)
    }
}
