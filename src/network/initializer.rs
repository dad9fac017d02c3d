//! How weights start.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, positive};
use crate::random::RandomState;
use crate::scalar::Scalar;

/// How a tensor's values start.
///
/// `fan_in` and `fan_out` come from the shape: the last two sizes are inputs and outputs, sizes
/// before them (a convolution's window) multiply both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Initializer {
    /// All 0.
    Zeros,
    /// All this value (finite).
    Constant(f64),
    /// Normal with mean 0 and this standard deviation (> 0).
    Normal(f64),
    /// Uniform in [−limit, limit) (limit > 0).
    Uniform(f64),
    /// Normal with variance 2 / (fan_in + fan_out). Glorot & Bengio 2010, section 4.2.
    GlorotNormal,
    /// Uniform with limit √(6 / (fan_in + fan_out)). Glorot & Bengio 2010, eq. 16.
    GlorotUniform,
    /// Normal with variance 2 / fan_in. He et al. 2015, eq. 10.
    HeNormal,
    /// Uniform with limit √(6 / fan_in). He et al. 2015, eq. 10.
    HeUniform,
    /// Normal with variance 1 / fan_in. LeCun et al. 1998, section 4.6.
    LecunNormal,
    /// Uniform with limit √(3 / fan_in). LeCun et al. 1998, section 4.6.
    LecunUniform,
    /// Orthonormal rows or columns, whichever are fewer, times this gain (> 0), over the matrix
    /// (all sizes but the last, last size). Saxe, McClelland & Ganguli 2014. Needs LAPACK.
    Orthogonal(f64),
}

impl Initializer {
    /// Checks the initialiser's number.
    ///
    /// # Errors
    /// [`Error::Param`] if it is out of range.
    pub fn validate(&self) -> Result<()> {
        match *self {
            Initializer::Constant(value) if !value.is_finite() => {
                Err(Error::param("constant", value, "finite"))
            }
            Initializer::Normal(deviation) => positive("standard deviation", deviation),
            Initializer::Uniform(limit) => positive("limit", limit),
            Initializer::Orthogonal(gain) => positive("gain", gain),
            _ => Ok(()),
        }
    }

    /// Overwrites `values`, a tensor of this shape, drawing in row-major order.
    ///
    /// # Errors
    /// As [`Initializer::validate`]; [`Error::Unavailable`] for [`Initializer::Orthogonal`] in a
    /// build without LAPACK.
    pub fn fill<F: Scalar>(
        &self,
        shape: &[usize],
        random: &mut RandomState,
        values: &mut [F],
    ) -> Result<()> {
        self.validate()?;
        let (fan_in, fan_out) = fans(shape);
        match *self {
            Initializer::Zeros => values.fill(F::zero()),
            Initializer::Constant(value) => values.fill(F::from_f64(value)),
            Initializer::Normal(deviation) => normal(deviation, random, values),
            Initializer::Uniform(limit) => uniform(limit, random, values),
            Initializer::GlorotNormal => {
                normal((2.0 / (fan_in + fan_out)).sqrt(), random, values);
            }
            Initializer::GlorotUniform => {
                uniform((6.0 / (fan_in + fan_out)).sqrt(), random, values);
            }
            Initializer::HeNormal => normal((2.0 / fan_in).sqrt(), random, values),
            Initializer::HeUniform => uniform((6.0 / fan_in).sqrt(), random, values),
            Initializer::LecunNormal => normal((1.0 / fan_in).sqrt(), random, values),
            Initializer::LecunUniform => uniform((3.0 / fan_in).sqrt(), random, values),
            Initializer::Orthogonal(gain) => orthogonal(gain, shape, random, values)?,
        }
        Ok(())
    }
}

/// Inputs and outputs of a tensor; a vector counts as both.
fn fans(shape: &[usize]) -> (f64, f64) {
    match shape {
        [] => (1.0, 1.0),
        [size] => (*size as f64, *size as f64),
        [window @ .., inputs, outputs] => {
            let window: usize = window.iter().product();
            ((window * inputs) as f64, (window * outputs) as f64)
        }
    }
}

fn normal<F: Scalar>(deviation: f64, random: &mut RandomState, values: &mut [F]) {
    for value in values {
        *value = F::from_f64(random.standard_normal() * deviation);
    }
}

fn uniform<F: Scalar>(limit: f64, random: &mut RandomState, values: &mut [F]) {
    for value in values {
        *value = F::from_f64(random.uniform(-limit, limit));
    }
}

#[cfg(feature = "openblas")]
fn orthogonal<F: Scalar>(
    gain: f64,
    shape: &[usize],
    random: &mut RandomState,
    values: &mut [F],
) -> Result<()> {
    use ndarray_linalg::QR;

    let columns = shape.last().copied().unwrap_or(1).max(1);
    let rows = values.len() / columns;
    let (tall, wide) = (rows.max(columns), rows.min(columns));
    let failed = |error: ndarray_linalg::error::LinalgError| Error::Unavailable {
        what: "the orthogonal initializer's QR decomposition".into(),
        why: error.to_string(),
    };
    let (mut q, r) = random.randn(tall, wide).qr().map_err(failed)?;
    // The factorisation is unique, and q uniformly distributed, once r's diagonal is positive.
    for (mut column, &pivot) in q.columns_mut().into_iter().zip(r.diag()) {
        let sign = if pivot < 0.0 { -gain } else { gain };
        column.mapv_inplace(|value| value * sign);
    }
    let oriented = if rows >= columns { q.view() } else { q.t() };
    for (value, &from) in values.iter_mut().zip(oriented) {
        *value = F::from_f64(from);
    }
    Ok(())
}

#[cfg(not(feature = "openblas"))]
fn orthogonal<F: Scalar>(
    _gain: f64,
    _shape: &[usize],
    _random: &mut RandomState,
    _values: &mut [F],
) -> Result<()> {
    Err(Error::Unavailable {
        what: "the initializer Orthogonal".into(),
        why: "it needs LAPACK: build with the feature openblas-system".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(initializer: Initializer, shape: &[usize]) -> Vec<f64> {
        let mut values = vec![f64::NAN; shape.iter().product()];
        initializer.fill(shape, &mut RandomState::new(1), &mut values).unwrap();
        values
    }

    #[test]
    fn spread_follows_the_fans() {
        let shape = [3, 20, 50];
        let (fan_in, fan_out): (f64, f64) = (60.0, 150.0);
        let cases = [
            (Initializer::GlorotNormal, 2.0 / (fan_in + fan_out)),
            (Initializer::GlorotUniform, 2.0 / (fan_in + fan_out)),
            (Initializer::HeNormal, 2.0 / fan_in),
            (Initializer::HeUniform, 2.0 / fan_in),
            (Initializer::LecunNormal, 1.0 / fan_in),
            (Initializer::LecunUniform, 1.0 / fan_in),
            (Initializer::Normal(0.3), 0.09),
            (Initializer::Uniform(0.6), 0.12),
        ];
        for (initializer, variance) in cases {
            let values = draw(initializer, &shape);
            let found = values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64;
            assert!((found / variance - 1.0).abs() < 0.1, "{initializer:?}: {found} {variance}");
        }
        assert_eq!(draw(Initializer::Constant(0.5), &[2]), [0.5, 0.5]);
        assert_eq!(draw(Initializer::Zeros, &[2]), [0.0, 0.0]);
    }

    #[cfg(feature = "openblas")]
    #[test]
    fn orthogonal_is_orthogonal_either_way() {
        for (rows, columns) in [(20, 7), (7, 20), (5, 5)] {
            let values = draw(Initializer::Orthogonal(2.0), &[rows, columns]);
            let matrix = ndarray::Array2::from_shape_vec((rows, columns), values).unwrap();
            let small =
                if rows >= columns { matrix.t().dot(&matrix) } else { matrix.dot(&matrix.t()) };
            let error = small - ndarray::Array2::<f64>::eye(rows.min(columns)) * 4.0;
            assert!(error.iter().all(|e| e.abs() < 1e-12));
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        for bad in [
            Initializer::Constant(f64::NAN),
            Initializer::Normal(0.0),
            Initializer::Uniform(-1.0),
            Initializer::Orthogonal(f64::INFINITY),
        ] {
            assert!(matches!(bad.validate(), Err(Error::Param { .. })), "{bad:?}");
        }
    }
}
