//! The fully connected layer.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, s};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::spec::parse_config;
use super::{
    ActivationLayer, AnyLayerSpec, Backward, Forward, Layer, LayerSpec, Needs, OwnedGradient, Pass,
    SplitForward,
};
use crate::activation::{Activation, AnyActivation, Identity, Saved};
use crate::error::{Error, Result, positive};
use crate::linalg::{Gemm, elementwise};
use crate::native::column_sums::sum_rows;
use crate::native::rows::{flat, flat_ref, matrix, matrix_mut, part_rows};
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
}

impl<F: Scalar> SplitForward<F> for BuiltDense<F> {
    fn inputs(&self, block: Range<usize>) -> Range<usize> {
        self.block_rows(&block)
    }

    fn share(
        &self,
        gemm: Gemm,
        block: Range<usize>,
        params: &[F],
        x: ArrayView2<'_, F>,
        share: ArrayViewMut2<'_, F>,
    ) {
        let weights = self.weights(params).slice_move(s![self.block_rows(&block), ..]);
        gemm.product(F::one(), x, weights, F::zero(), share);
    }

    fn finish(&self, params: &[F], io: Forward<'_, F>) {
        let Forward { mut y, mut cache, .. } = io;
        self.activate(&params[self.weight_count()..], flat(&mut y), flat(&mut cache));
    }
}

/// A block has at least this many weights …
const BLOCK_WEIGHTS: usize = 48 << 10;
/// … and rows of them …
const BLOCK_ROWS: usize = 192;
/// … and a layer is cut in no more blocks than this, since each packs dz anew.
const MOST_BLOCKS: usize = 8;
/// About the weights of a part of a block: gradient, parameters and the optimiser's slots stay in the second cache.
const PART_WEIGHTS: usize = 24 << 10;
/// A part's rows are a multiple of this, and of the rows that the products' kernels compute together: fewer would read
/// the copy of dz too often for what they compute of it.
const PART_ROWS: usize = 48;

impl<F: Scalar> BuiltDense<F> {
    /// The inputs whose weights a block has.
    fn block_rows(&self, block: &Range<usize>) -> Range<usize> {
        let units = self.spec.units;
        block.start / units..block.end.min(self.weight_count()) / units
    }
}

/// Some columns of a layer's input; where all are asked for, a tiny layer is spared the cost of a slice.
fn inputs<F>(x: ArrayView2<'_, F>, columns: Range<usize>) -> ArrayView2<'_, F> {
    if columns == (0..x.ncols()) { x } else { x.slice_move(s![.., columns]) }
}

impl<F: Scalar> OwnedGradient<F> for BuiltDense<F> {
    fn blocks(&self) -> Vec<Range<usize>> {
        let units = self.spec.units;
        let most = MOST_BLOCKS.min(self.inputs.div_ceil(BLOCK_ROWS)).max(1);
        let count = (self.weight_count() / BLOCK_WEIGHTS).clamp(1, most);
        let total = self.weight_count() + if self.spec.use_bias { units } else { 0 };
        (0..count)
            .map(|i| {
                let rows = part_rows(self.inputs, count, i);
                // The biases lie behind the weights, so the last block takes them.
                let end = if i + 1 == count { total } else { rows.end * units };
                rows.start * units..end
            })
            .collect()
    }

    fn gradient(
        &self,
        gemm: Gemm,
        block: Range<usize>,
        x: ArrayView2<'_, F>,
        _cache: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dblock: &mut [F],
    ) {
        let (units, rows) = (self.spec.units, self.block_rows(&block));
        let (weights, bias) = dblock.split_at_mut(rows.len() * units);
        let dweights = matrix_mut(rows.len(), units, weights);
        let x = inputs(x, rows);
        gemm.product(F::one(), x.reversed_axes(), dy, F::zero(), dweights);
        if !bias.is_empty() {
            sum_rows(flat_ref(&dy), bias);
        }
    }

    fn gradient_by_parts(
        &self,
        gemm: Gemm,
        block: Range<usize>,
        x: ArrayView2<'_, F>,
        cache: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        room: &mut [F],
        done: &mut dyn FnMut(Range<usize>, &mut [F]),
    ) {
        let (units, rows) = (self.spec.units, self.block_rows(&block));
        let weights = rows.len() * units;
        if weights < 2 * PART_WEIGHTS {
            self.gradient(gemm, block.clone(), x, cache, dy, room);
            return done(block, room);
        }
        let step = (PART_WEIGHTS / units / PART_ROWS).max(1) * PART_ROWS;
        let x = inputs(x, rows).reversed_axes();
        let (room, bias) = room.split_at_mut(weights);
        gemm.product_by_rows(x, dy, step, room, &mut |rows, values| {
            let first = block.start + rows.start * units;
            done(first..first + values.len(), values);
        });
        if !bias.is_empty() {
            sum_rows(flat_ref(&dy), bias);
            done(block.start + weights..block.end, bias);
        }
    }
}
