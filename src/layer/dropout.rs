//! Dropout.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::spec::{parse_config, row_size};
use super::{AnyLayerSpec, Backward, Forward, Layer, LayerSpec, Needs, Pass};
use crate::error::{Result, fraction};
use crate::native::rows::{flat, flat_ref};
use crate::native::simd::vectorised;
use crate::network::Dims;
use crate::random::KeyedStream;
use crate::scalar::Scalar;

/// Drops values at random in training, and passes all of them on in prediction.
///
/// Each value becomes 0 with probability `rate` and is divided by `1 − rate` otherwise, so that its
/// expectation stays (inverted dropout). Srivastava et al. 2014.
///
/// Which values are dropped follows from the network's seed, the layer's position, the number of
/// the step and the row's position in the batch: neither threads nor shards change it, and a fit can
/// be repeated. A value that is no number stays so, dropped or not.
///
/// # Shapes
/// x `(rows, anything)` → y of the same shape; dx = dy times the same factors.
///
/// ```
/// use blastrain::Sequential;
/// use blastrain::layer::Dropout;
/// use blastrain::ndarray::array;
///
/// let network = Sequential::<f32>::input(3).layer(Dropout::new(0.5)).build()?;
/// let x = array![[1.0, 2.0, 3.0]];
/// assert_eq!(network.predict(x.view())?, x); // prediction drops nothing
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dropout {
    rate: f64,
}

impl Dropout {
    /// A layer that drops this share of the values, in [0, 1): checked when the network is built.
    pub fn new(rate: f64) -> Self {
        Self { rate }
    }

    pub(super) fn from_config(config: &Value) -> Result<Box<dyn AnyLayerSpec>> {
        Ok(Box::new(parse_config::<Self>("dropout", config)?))
    }
}

impl AnyLayerSpec for Dropout {
    fn kind(&self) -> &'static str {
        "dropout"
    }

    fn config(&self) -> Value {
        serde_json::json!(self)
    }

    fn describe(&self) -> String {
        format!("dropout ({})", self.rate)
    }
}

impl<F: Scalar> LayerSpec<F> for Dropout {
    fn build(&self, input: &Dims) -> Result<Box<dyn Layer<F>>> {
        fraction("rate", self.rate)?;
        Ok(Box::new(Built {
            size: row_size("dropout", input)?,
            dims: input.clone(),
            threshold: (self.rate * (1u64 << 32) as f64).round() as u32,
            scale: F::from_f64(1.0 / (1.0 - self.rate)),
        }))
    }
}

#[derive(Debug)]
struct Built<F> {
    dims: Dims,
    size: usize,
    /// Values whose random number is below are dropped.
    threshold: u32,
    scale: F,
}

impl<F: Scalar> Built<F> {
    /// Scales and drops the rows of `to`, which are those of `from` if it is given.
    fn apply(&self, pass: Pass, from: Option<&[F]>, to: &mut [F]) {
        let drops = pass.train && self.threshold > 0;
        for (i, row) in to.chunks_exact_mut(self.size).enumerate() {
            if let Some(from) = from {
                row.copy_from_slice(&from[i * self.size..(i + 1) * self.size]);
            }
            if drops {
                let position = (pass.first_row + i) as u64;
                let stream = KeyedStream::new(pass.seed, pass.layer, pass.step, position);
                drop_values(&stream, self.threshold, self.scale, row);
            }
        }
    }
}

impl<F: Scalar> Layer<F> for Built<F> {
    fn needs(&self) -> Needs {
        Needs::new(self.dims.clone()).in_place_if_free().output_unread()
    }

    fn forward(&self, pass: Pass, _params: &[F], io: Forward<'_, F>) {
        let Forward { x, mut y, .. } = io;
        self.apply(pass, x.as_ref().map(flat_ref), flat(&mut y));
    }

    fn backward(&self, pass: Pass, _params: &[F], io: Backward<'_, F>) {
        let Backward { mut dy, dx, .. } = io;
        match dx {
            Some(mut dx) => self.apply(pass, Some(flat(&mut dy)), flat(&mut dx)),
            None => self.apply(pass, None, flat(&mut dy)),
        }
    }
}

/// Random numbers drawn at a time; even, so that no word of the stream is computed twice.
const CHUNK: usize = 64;

vectorised! {
    /// `x ← 0` where the stream's number is below the threshold, else `x ← scale·x`.
    fn drop_values<F>(stream: &KeyedStream, threshold: u32, scale: F, values: &mut [F]) {
        let mut numbers = [0; CHUNK];
        let mut start = 0;
        for values in values.chunks_mut(CHUNK) {
            let numbers = &mut numbers[..values.len()];
            stream.fill_u32(start, numbers);
            for (value, &number) in values.iter_mut().zip(&*numbers) {
                // A product rather than a choice, so that NaN stays NaN.
                *value *= if number < threshold { F::zero() } else { scale };
            }
            start += CHUNK as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::test_pass;
    use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, array};

    fn built(rate: f64, size: usize) -> Box<dyn Layer<f64>> {
        LayerSpec::<f64>::build(&Dropout::new(rate), &Dims::flat(size)).unwrap()
    }

    fn forward(layer: &dyn Layer<f64>, pass: Pass, x: ArrayView2<'_, f64>) -> Array2<f64> {
        let (mut y, mut cache) = (Array2::zeros(x.dim()), Array2::zeros((x.nrows(), 0)));
        let (y_view, cache) = (y.view_mut(), cache.view_mut());
        let (scratch, buffers, stats) = (&mut [][..], &[][..], &[][..]);
        layer.forward(pass, &[], Forward { x: Some(x), y: y_view, cache, scratch, buffers, stats });
        y
    }

    #[test]
    fn the_share_kept_and_the_mean_are_right() {
        for rate in [0.1, 0.5, 0.9] {
            let (layer, x) = (built(rate, 250), Array2::from_elem((64, 250), 3.0));
            let (mut sum, mut kept, mut squares) = (Array2::<f64>::zeros(x.dim()), 0, 0.0);
            let steps = 200;
            for step in 0..steps {
                let y = forward(&*layer, test_pass(step, 0), x.view());
                kept += y.iter().filter(|&&value| value != 0.0).count();
                sum += &y;
                let factor = 3.0 / (1.0 - rate);
                assert!(y.iter().all(|&v| v == 0.0 || (v - factor).abs() < 1e-12), "{rate}");
                squares += (y.mean().unwrap() - 3.0).powi(2);
            }
            let count = (x.len() * steps as usize) as f64;
            let deviation = (rate * (1.0 - rate) / count).sqrt();
            assert!((kept as f64 / count - (1.0 - rate)).abs() < 4.0 * deviation, "{rate}");
            assert!((sum.mean().unwrap() / steps as f64 / 3.0 - 1.0).abs() < 0.005, "{rate}");
            // No column or row is favoured: their means scatter as those of free draws.
            let one = 3.0 * (rate / (1.0 - rate) / steps as f64).sqrt();
            for (axis, len) in [(Axis(0), 64.0_f64), (Axis(1), 250.0)] {
                let means = sum.mean_axis(axis).unwrap() / steps as f64;
                assert!(means.iter().all(|m| (m - 3.0).abs() < 5.0 * one / len.sqrt()), "{rate}");
            }
            let spread = squares / steps as f64 / (9.0 * rate / (1.0 - rate) / x.len() as f64);
            assert!((0.6..1.5).contains(&spread), "steps are alike or tied: {spread}");
        }
    }

    #[test]
    fn backward_drops_what_forward_dropped_in_shards_or_whole() {
        let layer = built(0.4, 33);
        let x = Array2::from_elem((7, 33), 1.0);
        let whole = forward(&*layer, test_pass(5, 0), x.view());
        let other = [
            test_pass(6, 0),
            Pass { layer: 3, ..test_pass(5, 0) },
            Pass { seed: 8, ..test_pass(5, 0) },
            test_pass(5, 1),
        ];
        for pass in other {
            assert_ne!(whole, forward(&*layer, pass, x.view()), "{pass:?}");
        }
        for cut in [0, 1, 3] {
            let rows = x.slice(ndarray::s![cut.., ..]);
            let part = forward(&*layer, test_pass(5, cut), rows);
            assert_eq!(part, whole.slice(ndarray::s![cut.., ..]));
            for in_place in [false, true] {
                let (mut dy, mut dx) = (rows.to_owned(), Array2::zeros(rows.dim()));
                let io = Backward {
                    x: rows,
                    y: rows,
                    cache: ArrayViewMut2::from_shape((rows.nrows(), 0), &mut []).unwrap(),
                    scratch: &mut [],
                    stats: &[],
                    back_stats: &[],
                    dy: dy.view_mut(),
                    dx: (!in_place).then(|| dx.view_mut()),
                    dparams: None,
                };
                layer.backward(test_pass(5, cut), &[], io);
                assert_eq!(if in_place { dy } else { dx }, part);
            }
        }
    }

    #[test]
    fn prediction_and_a_rate_of_zero_change_nothing_and_nan_stays() {
        let x = array![[1.0, -2.0, f64::INFINITY]];
        let predicting = Pass { train: false, ..test_pass(0, 0) };
        assert_eq!(forward(&*built(0.9, 3), predicting, x.view()), x);
        assert_eq!(forward(&*built(0.0, 3), test_pass(0, 0), x.view()), x);
        let nan = Array2::from_elem((3, 50), f64::NAN);
        let dropped = forward(&*built(0.9, 50), test_pass(0, 0), nan.view());
        assert!(dropped.iter().all(|value| value.is_nan()));
    }
}
