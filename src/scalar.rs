//! The two floating-point types that networks are made of.

use ndarray::NdFloat;

use crate::activation::{Activation, AnyActivation};
use crate::layer::{AnyLayerSpec, LayerSpec};
use crate::linalg::kernels::Kernels;
use crate::loss::{AnyLoss, Loss};

/// `f32` or `f64`: the type of a network's numbers. Sealed.
pub trait Scalar: NdFloat + Default + std::iter::Sum + Kernels {
    /// The type's name: "f32" or "f64".
    const NAME: &'static str;

    /// The nearest number of this type.
    fn from_f64(value: f64) -> Self;

    /// The number as `f64`, exactly.
    fn as_f64(self) -> f64;

    /// The face of a layer description for this type.
    fn layer_spec(spec: &dyn AnyLayerSpec) -> &dyn LayerSpec<Self>;

    /// The face of an activation for this type.
    fn activation(activation: &dyn AnyActivation) -> Box<dyn Activation<Self>>;

    /// The face of a loss for this type.
    fn loss(loss: &dyn AnyLoss) -> &dyn Loss<Self>;
}

impl Scalar for f32 {
    const NAME: &'static str = "f32";

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }

    #[inline(always)]
    fn as_f64(self) -> f64 {
        f64::from(self)
    }

    fn layer_spec(spec: &dyn AnyLayerSpec) -> &dyn LayerSpec<Self> {
        spec
    }

    fn activation(activation: &dyn AnyActivation) -> Box<dyn Activation<Self>> {
        activation.clone_box()
    }

    fn loss(loss: &dyn AnyLoss) -> &dyn Loss<Self> {
        loss
    }
}

impl Scalar for f64 {
    const NAME: &'static str = "f64";

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn as_f64(self) -> f64 {
        self
    }

    fn layer_spec(spec: &dyn AnyLayerSpec) -> &dyn LayerSpec<Self> {
        spec
    }

    fn activation(activation: &dyn AnyActivation) -> Box<dyn Activation<Self>> {
        activation.clone_box()
    }

    fn loss(loss: &dyn AnyLoss) -> &dyn Loss<Self> {
        loss
    }
}
