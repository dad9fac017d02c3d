//! The fully connected layer.

mod sharing;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::spec::parse_config;
use super::{
    ActivationLayer, AnyLayerSpec, Backward, ColumnParallel, Forward, Layer, LayerSpec, Needs,
    OwnedGradient, Pass, SplitForward,
};
use crate::activation::{Activation, AnyActivation, Identity, Saved};
use crate::error::{Error, Result, positive};
use crate::linalg::elementwise;
use crate::native::rows::{flat, flat_ref, matrix};
use crate::network::{Dims, Initializer, Regularizer, TensorSpec};
use crate::scalar::Scalar;

/// A fully connected layer: `y = activation(x·W + b)`, W `(inputs, units)`, b `(units)`.
///
/// # Shapes
/// x `(rows, inputs)` → y `(rows, units)`. With z = x·W + b: dz = dy·activation'(z),
/// dW = xᵀ·dz, db = Σ dz over rows, dx = dz·Wᵀ.
///
/// ```
/// use blastrain::activation::Relu;
/// use blastrain::layer::Dense;
/// use blastrain::{Initializer, Sequential};
///
/// let network = Sequential::<f32>::input(4)
///     .layer(Dense::new(8).activation(Relu).kernel_initializer(Initializer::HeUniform))
///     .dense(3)
///     .build()?;
/// assert_eq!(network.parameter_count(), 4 * 8 + 8 + 8 * 3 + 3);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dense {
    units: usize,
    #[serde(default)]
    activation: Box<dyn AnyActivation>,
    kernel_initializer: Initializer,
    bias_initializer: Initializer,
    use_bias: bool,
    #[serde(default, skip_serializing_if = "Regularizer::is_none")]
    kernel_regularizer: Regularizer,
    #[serde(default, skip_serializing_if = "Regularizer::is_none")]
    bias_regularizer: Regularizer,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_norm: Option<f64>,
}

impl Dense {
    /// A layer of `units` outputs (at least 1), without activation; weights start Glorot-uniform,
    /// biases at zero.
    pub fn new(units: usize) -> Self {
        Self {
            units,
            activation: Box::new(Identity),
            kernel_initializer: Initializer::GlorotUniform,
            bias_initializer: Initializer::Zeros,
            use_bias: true,
            kernel_regularizer: Regularizer::NONE,
            bias_regularizer: Regularizer::NONE,
            max_norm: None,
        }
    }

    /// Applies an activation to the output.
    pub fn activation(mut self, activation: impl Into<Box<dyn AnyActivation>>) -> Self {
        self.activation = activation.into();
        self
    }

    /// How the weights start.
    pub fn kernel_initializer(mut self, initializer: Initializer) -> Self {
        self.kernel_initializer = initializer;
        self
    }

    /// How the biases start.
    pub fn bias_initializer(mut self, initializer: Initializer) -> Self {
        self.bias_initializer = initializer;
        self
    }

    /// Whether the layer has biases; it has unless told otherwise.
    pub fn use_bias(mut self, use_bias: bool) -> Self {
        self.use_bias = use_bias;
        self
    }

    /// A penalty on the weights, instead of the trainer's; none.
    pub fn kernel_regularizer(mut self, regularizer: Regularizer) -> Self {
        self.kernel_regularizer = regularizer;
        self
    }

    /// A penalty on the biases; none.
    pub fn bias_regularizer(mut self, regularizer: Regularizer) -> Self {
        self.bias_regularizer = regularizer;
        self
    }

    /// Scales the weights that enter a unit back to this Euclidean norm (> 0) whenever an update has
    /// made them longer. Srebro & Shraibman 2005; Srivastava et al. 2014, section 5.1.
    pub fn max_norm(mut self, max_norm: f64) -> Self {
        self.max_norm = Some(max_norm);
        self
    }

    pub(super) fn from_config(config: &Value) -> Result<Box<dyn AnyLayerSpec>> {
        Ok(Box::new(parse_config::<Self>("dense", config)?))
    }
}

impl AnyLayerSpec for Dense {
    fn kind(&self) -> &'static str {
        "dense"
    }

    fn config(&self) -> Value {
        serde_json::json!(self)
    }

    fn describe(&self) -> String {
        match self.activation.name() {
            "identity" => "dense".to_owned(),
            name => format!("dense ({name})"),
        }
    }

    fn own_activation(&self) -> Option<&dyn AnyActivation> {
        Some(&*self.activation)
    }

    fn fuse(&self, activation: &ActivationLayer) -> Option<Box<dyn AnyLayerSpec>> {
        (self.activation.name() == "identity").then(|| {
            let mut fused = self.clone();
            fused.activation = activation.activation().clone_box();
            Box::new(fused) as Box<dyn AnyLayerSpec>
        })
    }
}

impl<F: Scalar> LayerSpec<F> for Dense {
    fn build(&self, input: &Dims) -> Result<Box<dyn Layer<F>>> {
        if self.units == 0 {
            return Err(Error::param("units", 0, "at least 1"));
        }
        // A count that fits an allocation, so that no product of sizes below can overflow.
        let most = isize::MAX as usize / size_of::<F>();
        if input.size().saturating_mul(self.units) > most - self.units.min(most) {
            let want = format!("small enough for weights to count at most {most}");
            return Err(Error::param("units", self.units, want));
        }
        self.activation.validate()?;
        self.kernel_initializer.validate()?;
        self.bias_initializer.validate()?;
        self.kernel_regularizer.validate()?;
        self.bias_regularizer.validate()?;
        if let Some(max_norm) = self.max_norm {
            positive("max_norm", max_norm)?;
        }
        Ok(Box::new(BuiltDense {
            inputs: input.size(),
            spec: self.clone(),
            activation: F::activation(&*self.activation),
        }))
    }
}

#[derive(Debug)]
struct BuiltDense<F> {
    inputs: usize,
    spec: Dense,
    activation: Box<dyn Activation<F>>,
}

impl<F: Scalar> BuiltDense<F> {
    fn weight_count(&self) -> usize {
        self.inputs * self.spec.units
    }

    fn weights<'a>(&self, params: &'a [F]) -> ArrayView2<'a, F> {
        matrix(self.inputs, self.spec.units, &params[..self.weight_count()])
    }

    fn saves_input(&self) -> bool {
        self.activation.saved() == Saved::Input
    }

    /// Adds the biases, unless there are none, and applies the activation.
    fn activate(&self, bias: &[F], y: &mut [F], cache: &mut [F]) {
        if self.saves_input() {
            elementwise::add_rows(bias, y);
            cache.copy_from_slice(y);
            self.activation.forward(y);
        } else {
            self.activation.forward_biased(bias, y);
        }
    }
}

impl<F: Scalar> Layer<F> for BuiltDense<F> {
    fn needs(&self) -> Needs {
        let Dense { units, kernel_initializer, bias_initializer, use_bias, .. } = &self.spec;
        let weight = TensorSpec::new("weight", [self.inputs, *units], *kernel_initializer)
            .regularizer(self.spec.kernel_regularizer)
            .max_norm(self.spec.max_norm);
        let mut needs =
            Needs::new(Dims::flat(*units)).param(weight).multiply_adds(self.weight_count());
        if *use_bias {
            let bias = TensorSpec::new("bias", [*units], *bias_initializer)
                .without_decay()
                .regularizer(self.spec.bias_regularizer);
            needs = needs.param(bias);
        }
        match self.activation.saved() {
            Saved::Output => needs,
            Saved::Input => needs.cache(*units).output_unread(),
            Saved::Nothing => needs.output_unread(),
        }
    }

    fn forward(&self, pass: Pass, params: &[F], io: Forward<'_, F>) {
        let Forward { x: Some(x), mut y, mut cache, .. } = io else { return };
        let bias = &params[self.weight_count()..];
        let biased = pass.gemm.product_with_bias(x, self.weights(params), bias, y.view_mut());
        let bias = if biased { &[] } else { bias };
        self.activate(bias, flat(&mut y), flat(&mut cache));
    }

    fn backward(&self, pass: Pass, params: &[F], io: Backward<'_, F>) {
        let Backward { x, y, mut cache, mut dy, dx, dparams, .. } = io;
        let saved = match self.activation.saved() {
            Saved::Input => &*flat(&mut cache),
            _ => flat_ref(&y),
        };
        if self.activation.saved() != Saved::Nothing {
            self.activation.backward(saved, flat(&mut dy));
        }
        if let Some(dx) = dx {
            let transposed = self.weights(params).reversed_axes();
            pass.gemm.product(F::one(), dy.view(), transposed, F::zero(), dx);
        }
        if let Some(dparams) = dparams {
            self.gradient(pass.gemm, 0..dparams.len(), x, cache.view(), dy.view(), dparams);
        }
    }

    fn owned(&self) -> Option<&dyn OwnedGradient<F>> {
        Some(self)
    }

    fn split_forward(&self) -> Option<&dyn SplitForward<F>> {
        Some(self)
    }

    fn column_parallel(&self) -> Option<&dyn ColumnParallel<F>> {
        self.has_parallel_columns().then_some(self)
    }
}
