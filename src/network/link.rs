//! From scores to probabilities.

use ndarray::ArrayViewMut2;
use serde::{Deserialize, Serialize};

use crate::linalg::elementwise;
use crate::native::simd::vectorised;
use crate::scalar::Scalar;

/// What turns a network's scores into what they stand for; chosen by the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Link {
    /// Scores are the prediction.
    #[default]
    Identity,
    /// Each score's 1 / (1 + exp(−z)).
    Sigmoid,
    /// exp(zᵢ) / Σ exp(zⱼ) over a row.
    Softmax,
    /// Each score's exp(z): an expected count.
    Exp,
}

impl Link {
    /// `scores ← link(scores)`, row by row `(rows, outputs)`.
    pub fn apply<F: Scalar>(self, scores: ArrayViewMut2<'_, F>) {
        let width = scores.ncols();
        let mut scores = scores;
        let Some(values) = scores.as_slice_mut() else {
            let mut copy = scores.to_owned();
            self.apply(copy.view_mut());
            scores.assign(&copy);
            return;
        };
        match self {
            Link::Identity => {}
            Link::Sigmoid => elementwise::sigmoid(values),
            Link::Softmax if width > 0 => {
                shift_by_max(width, values);
                elementwise::exp(values);
                divide_by_sum(width, values);
            }
            Link::Softmax => {}
            Link::Exp => elementwise::exp(values),
        }
    }
}

vectorised! {
    /// Subtracts from every row of `width` values its largest, so that exp cannot overflow.
    pub(crate) fn shift_by_max<F>(width: usize, values: &mut [F]) {
        // Rows of a few values are unrolled.
        match width {
            2 => shift_rows::<F>(2, values),
            3 => shift_rows::<F>(3, values),
            4 => shift_rows::<F>(4, values),
            _ => shift_rows::<F>(width, values),
        }
    }
}

#[inline(always)]
fn shift_rows<F: Scalar>(width: usize, values: &mut [F]) {
    for row in values.chunks_exact_mut(width) {
        let most = row.iter().fold(F::neg_infinity(), |most, &v| if v > most { v } else { most });
        for value in row {
            *value -= most;
        }
    }
}

vectorised! {
    fn divide_by_sum<F>(width: usize, values: &mut [F]) {
        for row in values.chunks_exact_mut(width) {
            let sum = row.iter().fold(F::zero(), |sum, &value| sum + value);
            for value in row {
                *value /= sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn softmax_of_huge_scores_is_finite_and_sums_to_one() {
        let mut scores = array![[1000.0, 1000.0, -1000.0], [0.0, 2f64.ln(), 5f64.ln()]];
        Link::Softmax.apply(scores.view_mut());
        let want = array![[0.5, 0.5, 0.0], [0.125, 0.25, 0.625]];
        assert!((scores - want).iter().all(|d| d.abs() < 1e-15));
    }

    #[test]
    fn expected_counts_are_powers_of_e() {
        let mut scores = array![[0.0, 1.0, -2.0]];
        Link::Exp.apply(scores.view_mut());
        let want = array![[1.0, std::f64::consts::E, (-2f64).exp()]];
        assert!((scores - want).iter().all(|d| d.abs() < 1e-15));
    }

    #[test]
    fn columns_of_a_larger_array_work_too() {
        let mut wide = Array2::<f32>::zeros((2, 4));
        Link::Sigmoid.apply(wide.slice_mut(ndarray::s![.., ..;2]));
        assert_eq!(wide, array![[0.5, 0.0, 0.5, 0.0], [0.5, 0.0, 0.5, 0.0]]);
    }
}
