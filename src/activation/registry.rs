//! Activations by name: what files store, and the list that contract tests run over.

use std::any::Any;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Activation, Elu, Gelu, Identity, LeakyRelu, Relu, Sigmoid, Silu, Softplus, Tanh};
use crate::error::{Error, Result, non_negative, positive};

/// An activation for either scalar type, with its name and setting.
///
/// A type that implements [`Activation`] for every scalar joins by implementing this trait; saved
/// networks know the crate's own activations only.
pub trait AnyActivation: Activation<f32> + Activation<f64> + Any {
    /// The name: "relu". The crate's own names are taken: a network with another activation of such a
    /// name cannot be saved.
    fn name(&self) -> &'static str;

    /// The one number that some activations take.
    fn setting(&self) -> Option<f64> {
        None
    }

    /// Checks the setting.
    ///
    /// # Errors
    /// [`Error::Param`] if it is out of range.
    fn validate(&self) -> Result<()> {
        Ok(())
    }

    /// A copy in a box.
    fn clone_box(&self) -> Box<dyn AnyActivation>;
}

macro_rules! plain {
    ($($type:ident $name:literal),*) => {$(
        impl AnyActivation for $type {
            fn name(&self) -> &'static str {
                $name
            }

            fn clone_box(&self) -> Box<dyn AnyActivation> {
                Box::new(*self)
            }
        }
    )*};
}
plain!(
    Identity "identity", Relu "relu", Sigmoid "sigmoid", Tanh "tanh", Gelu "gelu", Silu "silu",
    Softplus "softplus"
);

impl AnyActivation for LeakyRelu {
    fn name(&self) -> &'static str {
        "leaky_relu"
    }

    fn setting(&self) -> Option<f64> {
        Some(self.slope())
    }

    fn validate(&self) -> Result<()> {
        non_negative("slope", self.slope())
    }

    fn clone_box(&self) -> Box<dyn AnyActivation> {
        Box::new(*self)
    }
}

impl AnyActivation for Elu {
    fn name(&self) -> &'static str {
        "elu"
    }

    fn setting(&self) -> Option<f64> {
        Some(self.alpha())
    }

    fn validate(&self) -> Result<()> {
        positive("alpha", self.alpha())
    }

    fn clone_box(&self) -> Box<dyn AnyActivation> {
        Box::new(*self)
    }
}

/// Every activation of the crate, with its usual setting.
pub fn all() -> Vec<Box<dyn AnyActivation>> {
    vec![
        Box::new(Identity),
        Box::new(Sigmoid),
        Box::new(Tanh),
        Box::new(Relu),
        Box::new(LeakyRelu::default()),
        Box::new(Elu::default()),
        Box::new(Gelu),
        Box::new(Silu),
        Box::new(Softplus),
    ]
}

/// The activation of a name, with its setting if it takes one.
///
/// # Errors
/// [`Error::UnknownName`]; [`Error::Param`] for a setting out of range.
pub fn from_name(name: &str, setting: Option<f64>) -> Result<Box<dyn AnyActivation>> {
    let activation: Box<dyn AnyActivation> = match (name, setting) {
        ("leaky_relu", Some(slope)) => Box::new(LeakyRelu::new(slope)),
        ("elu", Some(alpha)) => Box::new(Elu::new(alpha)),
        _ => {
            let known = all();
            let names = known.iter().map(|a| a.name()).collect::<Vec<_>>().join(", ");
            known.into_iter().find(|activation| activation.name() == name).ok_or_else(|| {
                Error::UnknownName { what: "activation", got: name.to_owned(), known: names }
            })?
        }
    };
    activation.validate()?;
    Ok(activation)
}

impl Clone for Box<dyn AnyActivation> {
    fn clone(&self) -> Self {
        (**self).clone_box()
    }
}

impl<A: AnyActivation> From<A> for Box<dyn AnyActivation> {
    fn from(activation: A) -> Self {
        Box::new(activation)
    }
}

impl Default for Box<dyn AnyActivation> {
    fn default() -> Self {
        Box::new(Identity)
    }
}

/// How a file stores an activation.
#[derive(Serialize, Deserialize)]
struct Stored {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    setting: Option<f64>,
}

impl Serialize for dyn AnyActivation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Stored { name: self.name().to_owned(), setting: self.setting() }.serialize(serializer)
    }
}

/// By name and setting, as files and searches show them.
macro_rules! serialised {
    ($($type:ident),*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                (self as &dyn AnyActivation).serialize(serializer)
            }
        }
    )*};
}
serialised!(Identity, Relu, Sigmoid, Tanh, Gelu, Silu, Softplus, LeakyRelu, Elu);

impl<'de> Deserialize<'de> for Box<dyn AnyActivation> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Stored::deserialize(deserializer)?;
        from_name(&stored.name, stored.setting).map_err(D::Error::custom)
    }
}
