//! A loss for either scalar type.

use std::sync::Arc;

use ndarray::{ArrayView2, ArrayViewMut2};
use serde::{Serialize, Serializer};

use super::Loss;
use crate::data::{TargetStorage, Targets};
use crate::error::Result;
use crate::network::Link;
use crate::scalar::Scalar;

/// A loss that both scalar types can train with; whatever implements [`Loss`] for both is one.
pub trait AnyLoss: Loss<f32> + Loss<f64> + 'static {}

impl<L: Loss<f32> + Loss<f64> + 'static> AnyLoss for L {}

/// A loss that a configuration and its fits share.
#[derive(Debug, Clone)]
pub(crate) struct SharedLoss(Arc<dyn AnyLoss>);

impl SharedLoss {
    pub(crate) fn new(loss: impl AnyLoss) -> Self {
        Self(Arc::new(loss))
    }
}

/// As its `Debug`, which tells its settings: there may be losses from outside the crate.
impl Serialize for SharedLoss {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:?}", self.0))
    }
}

impl<F: Scalar> Loss<F> for SharedLoss {
    fn name(&self) -> &'static str {
        F::loss(&*self.0).name()
    }

    fn link(&self) -> Link {
        F::loss(&*self.0).link()
    }

    fn check(&self, outputs: usize, targets: &TargetStorage<'_, F>) -> Result<()> {
        F::loss(&*self.0).check(outputs, targets)
    }

    fn value_and_grad(
        &self,
        logits: ArrayView2<'_, F>,
        targets: Targets<'_, F>,
        weight: Option<&[F]>,
        scale: F,
        dlogits: ArrayViewMut2<'_, F>,
    ) -> f64 {
        F::loss(&*self.0).value_and_grad(logits, targets, weight, scale, dlogits)
    }
}
