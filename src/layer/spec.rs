//! Layers by name: what files store of them.

use std::any::Any;
use std::collections::BTreeMap;

use serde_json::Value;

use super::{ActivationLayer, Dense, LayerSpec};
use crate::activation::AnyActivation;
use crate::error::{Error, Result};

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
