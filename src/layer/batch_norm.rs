//! Batch normalisation.

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::columns::{
    blend, input_gradient, inverse_deviations, merge_moments, normalise, sum_gradients, sum_squares,
};
use super::spec::{epsilon, last_axis, normalisation_methods, parse_config};
use super::{AnyLayerSpec, Backward, Forward, Layer, LayerSpec, Needs, Pass, WholeBatch};
use crate::error::{Error, Result};
use crate::native::column_sums::sum_rows;
use crate::native::rows::{flat, flat_ref};
use crate::network::{Dims, Initializer, TensorSpec};
use crate::scalar::Scalar;

/// Batch normalisation: `y = γ·(x − mean) / √(variance + ε) + β`, feature by feature.
///
/// In training mean and variance are those of the whole mini-batch, however it is cut in shards, and
/// every row counts once, whatever its weight. In prediction they are the running ones, which each
/// training batch moves: `running ← (1 − momentum)·running + momentum·batch`. The batch is normalised by
/// its biased variance (`Σ(x − mean)² / n`), while the running one takes the unbiased (`/ (n − 1)`), as in
/// PyTorch. Ioffe & Szegedy 2015.
///
/// A training batch of a single row has no variance. A fit whose batches include one, such as the last
/// of 33 rows in batches of 32, is refused before it starts: take another batch size or
/// [`drop_last`](crate::train::TrainerBuilder::drop_last). Prediction takes any number of rows.
///
/// # Shapes
/// x `(rows, features)` → y of the same shape; γ, β, mean and variance `(features)`. Where a row has
/// several axes, such as an image's height, width and channels, the features are the last one, and
/// the others count as rows.
///
/// Tensors: `gamma`, `beta` (without weight decay); buffers `running_mean`, `running_variance`.
///
/// ```
/// use blastrain::Sequential;
/// use blastrain::layer::BatchNorm;
///
/// let network = Sequential::<f32>::input(4)
///     .dense(8)
///     .layer(BatchNorm::new().momentum(0.01))
///     .relu()
///     .dense(3)
///     .build()?;
/// assert_eq!(network.buffer_tensors()[0].name, "batch_norm_1.running_mean");
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchNorm {
    momentum: f64,
    epsilon: f64,
    affine: bool,
}

impl Default for BatchNorm {
    fn default() -> Self {
        Self { momentum: 0.1, epsilon: 1e-5, affine: true }
    }
}

impl BatchNorm {
    /// A layer with a momentum of 0.1, an ε of 10⁻⁵, and γ and β, which start at 1 and 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// The share of a new batch in the running statistics, in [0, 1], as in PyTorch; 0.1. Keras'
    /// `momentum` is one minus this: its default of 0.99 is 0.01 here.
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    normalisation_methods!();

    pub(super) fn from_config(config: &Value) -> Result<Box<dyn AnyLayerSpec>> {
        Ok(Box::new(parse_config::<Self>("batch_norm", config)?))
    }
}

impl AnyLayerSpec for BatchNorm {
    fn kind(&self) -> &'static str {
        "batch_norm"
    }

    fn config(&self) -> Value {
        serde_json::json!(self)
    }
}

impl<F: Scalar> LayerSpec<F> for BatchNorm {
    fn build(&self, input: &Dims) -> Result<Box<dyn Layer<F>>> {
        if !(0.0..=1.0).contains(&self.momentum) {
            return Err(Error::param("momentum", self.momentum, "in [0, 1]"));
        }
        Ok(Box::new(Built {
            size: last_axis("batch_norm", input)?,
            dims: input.clone(),
            momentum: F::from_f64(self.momentum),
            epsilon: epsilon(self.epsilon)?,
            affine: self.affine,
        }))
    }
}

#[derive(Debug)]
struct Built<F> {
    dims: Dims,
    /// Features: the last axis.
    size: usize,
    momentum: F,
    epsilon: F,
    affine: bool,
}

impl<F: Scalar> Built<F> {
    /// Overwrites `scale` by `γ·inverse deviation`, starting from the latter.
    fn times_gamma(&self, params: &[F], scale: &mut [F]) {
        if self.affine {
            for (scale, &gamma) in scale.iter_mut().zip(params) {
                *scale *= gamma;
            }
        }
    }
}

impl<F: Scalar> Layer<F> for Built<F> {
    fn needs(&self) -> Needs {
        let tensor = |name, start| {
            TensorSpec::new(name, [self.size], Initializer::Constant(start)).without_decay()
        };
        let needs = Needs::new(self.dims.clone())
            .buffer(tensor("running_mean", 0.0))
            .buffer(tensor("running_variance", 1.0))
            .output_unread();
        match self.affine {
            true => needs.param(tensor("gamma", 1.0)).param(tensor("beta", 0.0)),
            false => needs,
        }
    }

    fn scratch(&self, _rows: usize) -> usize {
        3 * self.size
    }

    fn least_rows(&self) -> usize {
        // Other axes than the last count as rows.
        if self.dims.size() > self.size { 1 } else { 2 }
    }

    fn forward(&self, pass: Pass, params: &[F], io: Forward<'_, F>) {
        let Forward { x: Some(x), mut y, scratch, buffers, stats, .. } = io else { return };
        let (scale, rest) = scratch.split_at_mut(self.size);
        let means = if pass.train {
            let (means, inverses) = stats[1..].split_at(self.size);
            scale.copy_from_slice(inverses);
            means
        } else {
            let (means, variances) = buffers.split_at(self.size);
            scale.copy_from_slice(variances);
            inverse_deviations(F::one(), self.epsilon, scale);
            means
        };
        self.times_gamma(params, scale);
        let beta = if self.affine {
            &params[self.size..]
        } else {
            rest[..self.size].fill(F::zero());
            &rest[..self.size]
        };
        normalise(flat_ref(&x), means, scale, beta, flat(&mut y));
    }

    /// With x̂ the normalised input: dβ = Σ dy, dγ = Σ dy·x̂, and
    /// dx = γ / √(variance + ε) · (dy − dβ/n − x̂·dγ/n).
    fn backward(&self, _pass: Pass, params: &[F], io: Backward<'_, F>) {
        let Backward { x, dy, dx: Some(mut dx), scratch, stats, back_stats, .. } = io else {
            return;
        };
        let (means, inverses) = stats[1..].split_at(self.size);
        let (dgamma, dbeta) = back_stats[1..].split_at(self.size);
        let (scale, rest) = scratch.split_at_mut(self.size);
        let (slope, shift) = rest.split_at_mut(self.size);
        scale.copy_from_slice(inverses);
        self.times_gamma(params, scale);
        let share = F::one() / stats[0];
        for i in 0..self.size {
            slope[i] = scale[i] * inverses[i] * dgamma[i] * share;
            shift[i] = scale[i] * dbeta[i] * share;
        }
        let (x, dy) = (flat_ref(&x), dy.view());
        input_gradient(x, flat_ref(&dy), means, scale, slope, &shift[..self.size], flat(&mut dx));
    }

    fn whole_batch(&self) -> Option<&dyn WholeBatch<F>> {
        Some(self)
    }
}

/// Statistics: the number of rows, then for each feature the mean, then for each the sum of squared
/// distances from it, which settling turns into `1 / √(variance + ε)`. Backward: nothing, `Σ dy·x̂`, `Σ dy`.
impl<F: Scalar> WholeBatch<F> for Built<F> {
    fn stats(&self) -> usize {
        1 + 2 * self.size
    }

    fn collect(&self, x: ArrayView2<'_, F>, part: &mut [F]) {
        let x = flat_ref(&x);
        let count = F::from_f64((x.len() / self.size) as f64);
        part[0] = count;
        let (means, squares) = part[1..].split_at_mut(self.size);
        sum_rows(x, means);
        for mean in means.iter_mut() {
            *mean /= count;
        }
        sum_squares(x, means, squares);
    }

    /// Chan, Golub & LeVeque 1979, eq. 2.1.
    fn merge(&self, total: &mut [F], part: &[F]) {
        let (before, more) = (total[0], part[0]);
        total[0] = before + more;
        let share = more / total[0];
        let (means, squares) = total[1..].split_at_mut(self.size);
        let (part_means, part_squares) = part[1..].split_at(self.size);
        merge_moments(share, before * share, part_means, part_squares, means, squares);
    }

    fn settle(&self, total: &mut [F], buffers: &mut [F]) {
        let count = total[0];
        let (means, squares) = total[1..].split_at_mut(self.size);
        let (running_means, running_variances) = buffers.split_at_mut(self.size);
        blend(self.momentum, F::one(), means, running_means);
        blend(self.momentum, F::one() / (count - F::one()), squares, running_variances);
        inverse_deviations(F::one() / count, self.epsilon, squares);
    }

    fn collect_backward(
        &self,
        x: ArrayView2<'_, F>,
        _cache: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        stats: &[F],
        part: &mut [F],
    ) {
        let (means, inverses) = stats[1..].split_at(self.size);
        part.fill(F::zero());
        let (products, sums) = part[1..].split_at_mut(self.size);
        sum_gradients(flat_ref(&x), flat_ref(&dy), means, products, sums);
        for (product, &inverse) in products.iter_mut().zip(inverses) {
            *product *= inverse;
        }
    }

    fn settle_backward(&self, total: &[F], dparams: &mut [F]) {
        if self.affine {
            dparams.copy_from_slice(&total[1..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random_matrix;

    #[test]
    fn merged_moments_are_those_of_all_rows() {
        let layer = Built::<f64> {
            dims: Dims::flat(3),
            size: 3,
            momentum: 0.25,
            epsilon: 1e-5,
            affine: false,
        };
        let stats = |x: ArrayView2<'_, f64>| {
            let mut part = vec![f64::NAN; layer.stats()];
            layer.collect(x, &mut part);
            part
        };
        // Far from 0, where sums of squares would lose everything.
        let x = random_matrix::<f64>(17, 3, 4) + 1e6;
        let whole = stats(x.view());
        for cuts in [vec![0, 1, 17], vec![0, 8, 9, 17], vec![0, 5, 16, 17]] {
            let mut parts =
                cuts.windows(2).map(|cut| stats(x.slice(ndarray::s![cut[0]..cut[1], ..])));
            let mut total = parts.next().unwrap();
            parts.for_each(|part| layer.merge(&mut total, &part));
            assert_eq!(total[0], 17.0);
            for (i, (got, want)) in total.iter().zip(&whole).enumerate() {
                assert!((got - want).abs() <= 1e-9 * want.abs().max(1.0), "{i}: {got} {want}");
            }
        }
        let mut buffers = [1.0, 1.0, 1.0, 2.0, 2.0, 2.0];
        let (mut total, means) = (whole.clone(), x.mean_axis(ndarray::Axis(0)).unwrap());
        layer.settle(&mut total, &mut buffers);
        for i in 0..3 {
            let column = x.column(i);
            let biased = column.iter().map(|v| (v - means[i]).powi(2)).sum::<f64>() / 17.0;
            assert!((buffers[i] - (0.75 + 0.25 * means[i])).abs() < 1e-6);
            assert!((buffers[3 + i] - (1.5 + 0.25 * biased * 17.0 / 16.0)).abs() < 1e-9);
            assert!((total[4 + i] - 1.0 / (biased + 1e-5).sqrt()).abs() < 1e-9);
        }
    }
}
