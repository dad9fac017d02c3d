//! Layers by name: what files store of them.

use std::any::Any;
use std::collections::BTreeMap;

use serde_json::Value;

use super::{ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm, LayerSpec};
use crate::activation::AnyActivation;
use crate::error::{Error, Result};
use crate::network::Dims;
use crate::scalar::Scalar;

/// A layer description for either scalar type, with what a file needs to store it.
pub trait AnyLayerSpec: LayerSpec<f32> + LayerSpec<f64> + Any {
    /// The kind's name: "dense", "dropout" …; unique among the kinds of a registry.
    fn kind(&self) -> &'static str;

    /// The settings, as the kind's constructor in the [`LayerRegistry`] takes them.
    fn config(&self) -> Value;

    /// One line for [`Sequential::summary`](crate::Sequential::summary): "dense (relu)".
    fn describe(&self) -> String {
        self.kind().to_owned()
    }

    /// The activation that the layer applies itself, if it does.
    fn own_activation(&self) -> Option<&dyn AnyActivation> {
        None
    }

    /// This layer with `activation` behind it, if it can apply one itself.
    fn fuse(&self, activation: &ActivationLayer) -> Option<Box<dyn AnyLayerSpec>> {
        let _ = activation;
        None
    }
}

/// Makes a description from its settings.
pub type LayerConstructor = fn(&Value) -> Result<Box<dyn AnyLayerSpec>>;

/// The kinds of layers that a saved network may hold.
#[derive(Debug, Clone)]
pub struct LayerRegistry {
    kinds: BTreeMap<String, LayerConstructor>,
}

impl Default for LayerRegistry {
    /// The crate's own layers.
    fn default() -> Self {
        let mut registry = Self { kinds: BTreeMap::new() };
        registry.register("dense", Dense::from_config);
        registry.register("activation", ActivationLayer::from_config);
        registry.register("dropout", Dropout::from_config);
        registry.register("batch_norm", BatchNorm::from_config);
        registry.register("layer_norm", LayerNorm::from_config);
        registry
    }
}

impl LayerRegistry {
    /// Adds a kind, or replaces the one of this name.
    pub fn register(&mut self, kind: &str, constructor: LayerConstructor) {
        self.kinds.insert(kind.to_owned(), constructor);
    }

    /// The names known.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }

    /// Makes a layer description.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a kind that is not registered; settings that it does not take.
    pub fn create(&self, kind: &str, config: &Value) -> Result<Box<dyn AnyLayerSpec>> {
        let constructor = self.kinds.get(kind).ok_or_else(|| Error::UnknownName {
            what: "layer",
            got: kind.to_owned(),
            known: self.kinds().collect::<Vec<_>>().join(", "),
        })?;
        constructor(config)
    }
}

/// Reads a description's settings with serde.
pub(crate) fn parse_config<T: serde::de::DeserializeOwned>(
    kind: &'static str,
    config: &Value,
) -> Result<T> {
    T::deserialize(config)
        .map_err(|error| Error::param(kind, config, format!("settings of a saved layer ({error})")))
}

/// The number of values in a row, which must not be 0.
pub(super) fn row_size(kind: &str, input: &Dims) -> Result<usize> {
    match input.size() {
        0 => Err(Error::empty(format!("the input of {kind}"), "1 feature")),
        size => Ok(size),
    }
}

/// The size of the last axis; no axis may be empty.
pub(super) fn last_axis(kind: &str, input: &Dims) -> Result<usize> {
    row_size(kind, input)?;
    Ok(input.sizes().last().copied().unwrap_or(1))
}

/// A number that keeps a division away from 0, which must be one in the network's type too.
pub(super) fn epsilon<F: Scalar>(epsilon: f64) -> Result<F> {
    let number = F::from_f64(epsilon);
    match number.is_finite() && number > F::zero() {
        true => Ok(number),
        false => Err(Error::param("epsilon", epsilon, format!("finite and > 0 in {}", F::NAME))),
    }
}

/// The builder methods that layers which normalise share.
macro_rules! normalisation_methods {
    () => {
        /// What is added to the variance, above 0; 10⁻⁵ (Keras takes 10⁻³).
        pub fn epsilon(mut self, epsilon: f64) -> Self {
            self.epsilon = epsilon;
            self
        }

        /// Whether there are γ and β; yes.
        pub fn affine(mut self, affine: bool) -> Self {
            self.affine = affine;
            self
        }
    };
}
pub(super) use normalisation_methods;
