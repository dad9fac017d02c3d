//! An activation as a layer of its own.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::spec::parse_config;
use super::{AnyLayerSpec, Backward, Forward, Layer, LayerSpec, Needs, Pass};
use crate::activation::{Activation, AnyActivation, Saved};
use crate::error::Result;
use crate::native::rows::{flat, flat_ref};
use crate::network::Dims;
use crate::scalar::Scalar;

/// Applies an activation to every value, in place where the network allows it.
///
/// Behind a [`Dense`](super::Dense) layer without activation the network's builder joins the two.
///
/// # Shapes
/// x `(rows, anything)` → y of the same shape; dx = dy·activation'(x).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivationLayer {
    activation: Box<dyn AnyActivation>,
}

impl ActivationLayer {
    /// A layer that applies `activation`.
    pub fn new(activation: impl Into<Box<dyn AnyActivation>>) -> Self {
        Self { activation: activation.into() }
    }

    /// The activation applied.
    pub fn activation(&self) -> &dyn AnyActivation {
        &*self.activation
    }

    pub(super) fn from_config(config: &Value) -> Result<Box<dyn AnyLayerSpec>> {
        Ok(Box::new(parse_config::<Self>("activation", config)?))
    }
}

impl AnyLayerSpec for ActivationLayer {
    fn kind(&self) -> &'static str {
        "activation"
    }

    fn config(&self) -> Value {
        serde_json::json!(self)
    }

    fn describe(&self) -> String {
        self.activation.name().to_owned()
    }

    fn own_activation(&self) -> Option<&dyn AnyActivation> {
        Some(&*self.activation)
    }
}

impl<F: Scalar> LayerSpec<F> for ActivationLayer {
    fn build(&self, input: &Dims) -> Result<Box<dyn Layer<F>>> {
        self.activation.validate()?;
        let activation = F::activation(&*self.activation);
        Ok(Box::new(Built { dims: input.clone(), activation }))
    }
}

#[derive(Debug)]
struct Built<F> {
    dims: Dims,
    activation: Box<dyn Activation<F>>,
}

impl<F: Scalar> Layer<F> for Built<F> {
    fn needs(&self) -> Needs {
        let needs = Needs::new(self.dims.clone()).in_place();
        match self.activation.saved() {
            Saved::Output => needs,
            Saved::Input => needs.cache(self.dims.size()).output_unread(),
            Saved::Nothing => needs.output_unread(),
        }
    }

    fn forward(&self, _pass: Pass, _params: &[F], io: Forward<'_, F>) {
        let Forward { mut y, mut cache, .. } = io;
        let y = flat(&mut y);
        if self.activation.saved() == Saved::Input {
            flat(&mut cache).copy_from_slice(y);
        }
        self.activation.forward(y);
    }

    fn backward(&self, _pass: Pass, _params: &[F], io: Backward<'_, F>) {
        let Backward { y, cache, mut dy, .. } = io;
        let saved = match self.activation.saved() {
            Saved::Nothing => return,
            Saved::Input => flat_ref(&cache.view()),
            Saved::Output => flat_ref(&y),
        };
        self.activation.backward(saved, flat(&mut dy));
    }
}
