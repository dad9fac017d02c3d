//! Penalties on large weights.

use serde::{Deserialize, Serialize};

use crate::error::{Result, non_negative};
use crate::linalg::norms;
use crate::scalar::Scalar;

/// A penalty `l1·Σ|w| + l2·Σw²` on a tensor's values, added to the loss; its gradient is
/// `l1·sign(w) + 2·l2·w`.
///
/// That is Keras' `L1L2`. PyTorch's `weight_decay` is twice `l2` under SGD.
///
/// ```
/// use blastrain::Sequential;
/// use blastrain::layer::Dense;
/// use blastrain::network::Regularizer;
///
/// let network = Sequential::<f32>::input(30)
///     .layer(Dense::new(64).kernel_regularizer(Regularizer::l2(0.001)))
///     .relu()
///     .dense(1)
///     .build()?;
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regularizer {
    pub(crate) l1: f64,
    pub(crate) l2: f64,
}

impl Regularizer {
    /// No penalty.
    pub const NONE: Self = Self { l1: 0.0, l2: 0.0 };

    /// `l1·Σ|w|` (>= 0): drives weights to zero exactly.
    pub fn l1(l1: f64) -> Self {
        Self { l1, ..Self::NONE }
    }

    /// `l2·Σw²` (>= 0): keeps weights small.
    pub fn l2(l2: f64) -> Self {
        Self { l2, ..Self::NONE }
    }

    /// Both (each >= 0).
    pub fn l1_l2(l1: f64, l2: f64) -> Self {
        Self { l1, l2 }
    }

    /// Whether there is no penalty.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// The penalty on these values.
    pub fn penalty<F: Scalar>(&self, values: &[F]) -> f64 {
        let l1 = if self.l1 > 0.0 { self.l1 * norms::sum_absolute(values) } else { 0.0 };
        let l2 = if self.l2 > 0.0 { self.l2 * norms::sum_squares(values) } else { 0.0 };
        l1 + l2
    }

    /// Checks the coefficients.
    ///
    /// # Errors
    /// [`Error::Param`](crate::Error::Param) for one that is negative or not finite.
    pub fn validate(&self) -> Result<()> {
        non_negative("l1", self.l1)?;
        non_negative("l2", self.l2)
    }
}
