//! Layer normalisation.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::spec::{epsilon, last_axis, normalisation_methods, parse_config};
use super::{AnyLayerSpec, Backward, Forward, Layer, LayerSpec, Needs, Pass};
use crate::error::Result;
use crate::native::rows::{flat, flat_ref};
use crate::native::simd::{mul_add, vectorised};
use crate::network::{Dims, Initializer, TensorSpec};
use crate::scalar::Scalar;

/// Layer normalisation: `y = γ·(x − mean) / √(variance + ε) + β`, with mean and (biased) variance of
/// each row by itself. Ba, Kiros & Hinton 2016, eq. 4.
///
/// Training and prediction do the same, and a batch may have any number of rows.
///
/// # Shapes
/// x `(rows, features)` → y of the same shape; γ and β `(features)`. Where a row has several axes, the
/// features are the last one, and each vector along it is normalised by itself, as in Keras.
///
/// Tensors: `gamma`, `beta` (without weight decay).
///
/// ```
/// use blastrain::Sequential;
/// use blastrain::ndarray::array;
///
/// let network = Sequential::<f64>::input(4).layer_norm().build()?;
/// let y = network.predict(array![[0.0, 0.0, 2.0, 2.0]])?;
/// assert!((y - array![[-1.0, -1.0, 1.0, 1.0]]).iter().all(|d| d.abs() < 1e-5));
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerNorm {
    epsilon: f64,
    affine: bool,
}

impl Default for LayerNorm {
    fn default() -> Self {
        Self { epsilon: 1e-5, affine: true }
    }
}

impl LayerNorm {
    /// A layer with an ε of 10⁻⁵, and γ and β, which start at 1 and 0.
    pub fn new() -> Self {
        Self::default()
    }

    normalisation_methods!();

    pub(super) fn from_config(config: &Value) -> Result<Box<dyn AnyLayerSpec>> {
        Ok(Box::new(parse_config::<Self>("layer_norm", config)?))
    }
}

impl AnyLayerSpec for LayerNorm {
    fn kind(&self) -> &'static str {
        "layer_norm"
    }

    fn config(&self) -> Value {
        serde_json::json!(self)
    }
}

impl<F: Scalar> LayerSpec<F> for LayerNorm {
    fn build(&self, input: &Dims) -> Result<Box<dyn Layer<F>>> {
        let size = last_axis("layer_norm", input)?;
        let (dims, epsilon) = (input.clone(), epsilon(self.epsilon)?);
        Ok(Box::new(Built { dims, size, epsilon, affine: self.affine }))
    }
}

#[derive(Debug)]
struct Built<F> {
    dims: Dims,
    /// Features: the last axis.
    size: usize,
    epsilon: F,
    affine: bool,
}

impl<F: Scalar> Built<F> {
    /// γ and β, from scratch space where they are not trained.
    fn gamma_and_beta<'a>(&self, params: &'a [F], scratch: &'a mut [F]) -> (&'a [F], &'a [F]) {
        if self.affine {
            return params.split_at(self.size);
        }
        let (gamma, beta) = scratch.split_at_mut(self.size);
        gamma.fill(F::one());
        beta.fill(F::zero());
        (gamma, &beta[..self.size])
    }
}

impl<F: Scalar> Layer<F> for Built<F> {
    /// The cache keeps each vector's mean and `1 / √(variance + ε)`.
    fn needs(&self) -> Needs {
        let needs =
            Needs::new(self.dims.clone()).cache(2 * (self.dims.size() / self.size)).output_unread();
        let tensor = |name, start| {
            TensorSpec::new(name, [self.size], Initializer::Constant(start)).without_decay()
        };
        match self.affine {
            true => needs.param(tensor("gamma", 1.0)).param(tensor("beta", 0.0)),
            false => needs,
        }
    }

    fn scratch(&self, _rows: usize) -> usize {
        if self.affine { 0 } else { 2 * self.size }
    }

    fn forward(&self, _pass: Pass, params: &[F], io: Forward<'_, F>) {
        let Forward { x: Some(x), mut y, mut cache, scratch, .. } = io else { return };
        let (gamma, beta) = self.gamma_and_beta(params, scratch);
        let (x, moments) = (flat_ref(&x), flat(&mut cache));
        normalise_rows(self.epsilon, x, gamma, beta, flat(&mut y), moments);
    }

    /// With x̂ the normalised input, g = dy·γ and n features: dx = (g − Σg/n − x̂·Σ(g·x̂)/n) / √(variance + ε);
    /// over rows dγ = Σ dy·x̂, dβ = Σ dy.
    fn backward(&self, _pass: Pass, params: &[F], io: Backward<'_, F>) {
        let Backward { x, cache, scratch, dy, dx, dparams, .. } = io;
        let (cache, dy) = (cache.view(), dy.view());
        let (x, moments, dy) = (flat_ref(&x), flat_ref(&cache), flat_ref(&dy));
        if let Some(dparams) = dparams.filter(|_| self.affine) {
            dparams.fill(F::zero());
            let (dgamma, dbeta) = dparams.split_at_mut(self.size);
            sum_gradients(x, moments, dy, dgamma, dbeta);
        }
        if let Some(mut dx) = dx {
            let (gamma, _) = self.gamma_and_beta(params, scratch);
            input_gradient(x, moments, dy, gamma, flat(&mut dx));
        }
    }
}

/// Sums that run side by side, so that the processor can add several values at once.
const LANES: usize = 16;

/// `Σ point(values)` over the places of some columns of one length, in a fixed order.
#[inline(always)]
fn lane_sum<F: Scalar, const N: usize>(columns: [&[F]; N], point: impl Fn([F; N]) -> F) -> F {
    let mut lanes = [F::zero(); LANES];
    let chunks = columns.map(|column| column.as_chunks::<LANES>());
    for i in 0..chunks[0].0.len() {
        let values = chunks.map(|(whole, _)| &whole[i]);
        for (lane, sum) in lanes.iter_mut().enumerate() {
            *sum += point(values.map(|values| values[lane]));
        }
    }
    for (i, sum) in lanes.iter_mut().enumerate().take(chunks[0].1.len()) {
        *sum += point(chunks.map(|(_, rest)| rest[i]));
    }
    lanes.iter().fold(F::zero(), |sum, &lane| sum + lane)
}

vectorised! {
    /// `y ← γ·(x − mean) / √(variance + ε) + β` for each vector of γ's length, and `moments` keeps the
    /// means and inverse deviations in turn.
    fn normalise_rows<F>(
        epsilon: F,
        x: &[F],
        gamma: &[F],
        beta: &[F],
        y: &mut [F],
        moments: &mut [F],
    ) {
        let size = gamma.len();
        let share = F::one() / F::from_f64(size as f64);
        let rows = x.chunks_exact(size).zip(y.chunks_exact_mut(size));
        for ((x, y), moments) in rows.zip(moments.chunks_exact_mut(2)) {
            let mean = lane_sum([x], |[x]| x) * share;
            let squares = lane_sum([x], |[x]| (x - mean) * (x - mean));
            let inverse = F::one() / (squares * share + epsilon).sqrt();
            moments.copy_from_slice(&[mean, inverse]);
            for ((y, &x), (&gamma, &beta)) in y.iter_mut().zip(x).zip(gamma.iter().zip(beta)) {
                *y = mul_add::<F, FMA>((x - mean) * inverse, gamma, beta);
            }
        }
    }
}

vectorised! {
    /// Adds up each column's `dy·x̂` and `dy`.
    fn sum_gradients<F>(x: &[F], moments: &[F], dy: &[F], dgamma: &mut [F], dbeta: &mut [F]) {
        let size = dgamma.len();
        let rows = x.chunks_exact(size).zip(dy.chunks_exact(size));
        for ((x, dy), moments) in rows.zip(moments.chunks_exact(2)) {
            let (mean, inverse) = (moments[0], moments[1]);
            let columns = dgamma.iter_mut().zip(dbeta.iter_mut());
            for ((&x, &dy), (dgamma, dbeta)) in x.iter().zip(dy).zip(columns) {
                *dgamma = mul_add::<F, FMA>((x - mean) * inverse, dy, *dgamma);
                *dbeta += dy;
            }
        }
    }
}

vectorised! {
    fn input_gradient<F>(x: &[F], moments: &[F], dy: &[F], gamma: &[F], dx: &mut [F]) {
        let size = gamma.len();
        let share = F::one() / F::from_f64(size as f64);
        let rows = x.chunks_exact(size).zip(dy.chunks_exact(size)).zip(dx.chunks_exact_mut(size));
        for (((x, dy), dx), moments) in rows.zip(moments.chunks_exact(2)) {
            let (mean, inverse) = (moments[0], moments[1]);
            let level = lane_sum([dy, gamma], |[dy, gamma]| dy * gamma) * share;
            let products =
                lane_sum([dy, gamma, x], |[dy, gamma, x]| dy * gamma * (x - mean));
            let slope = products * inverse * inverse * share;
            for ((dx, &x), (&dy, &gamma)) in dx.iter_mut().zip(x).zip(dy.iter().zip(gamma)) {
                let rest = mul_add::<F, FMA>(dy, gamma, -level);
                *dx = inverse * mul_add::<F, FMA>(-slope, x - mean, rest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_by_lanes_count_every_value_once() {
        for len in 0..70usize {
            let values: Vec<f64> = (0..len).map(|i| i as f64).collect();
            let squares: usize = (0..len).map(|i| i * i).sum();
            assert_eq!(lane_sum([&values, &values], |[a, b]| a * b), squares as f64, "{len}");
        }
    }
}
