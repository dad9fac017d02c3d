//! Weights of classes.

use serde::{Deserialize, Serialize};

use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// How much each class counts, in losses, validation and scores; multiplies the weights of the rows.
///
/// ```
/// use blastrain::estimator::{ClassWeight, MlpClassifier};
///
/// let balanced = MlpClassifier::new().class_weight(ClassWeight::Balanced);
/// let given = MlpClassifier::new().class_weight([1.0, 5.0]); // class 0, class 1
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClassWeight {
    /// Every row counts alike.
    #[default]
    Uniform,
    /// A class's weight is `rows / (classes·rows of the class)`, over the classes that occur, so that
    /// all weigh the same together.
    Balanced,
    /// A weight for each class, in the order of the classes: finite, >= 0, one of them above zero.
    Given(Vec<f64>),
}

impl From<Vec<f64>> for ClassWeight {
    fn from(weights: Vec<f64>) -> Self {
        ClassWeight::Given(weights)
    }
}

impl<const N: usize> From<[f64; N]> for ClassWeight {
    fn from(weights: [f64; N]) -> Self {
        ClassWeight::Given(weights.to_vec())
    }
}

impl ClassWeight {
    /// Checks weights that were given.
    pub(super) fn validate(&self) -> Result<()> {
        let ClassWeight::Given(weights) = self else { return Ok(()) };
        if let Some(weight) = weights.iter().find(|weight| !weight.is_finite() || **weight < 0.0) {
            return Err(Error::param("class_weight", weight, "finite and >= 0"));
        }
        if weights.iter().all(|&weight| weight == 0.0) {
            let want = "above zero for at least one class";
            return Err(Error::param("class_weight", "all zero", want));
        }
        Ok(())
    }

    /// The weight of each class for these training rows; `None` if all count alike.
    pub(super) fn resolve(&self, indices: &[usize], classes: usize) -> Result<Option<Vec<f64>>> {
        match self {
            ClassWeight::Uniform => Ok(None),
            ClassWeight::Given(weights) if weights.len() != classes => {
                let (want, got) = (format!("{classes}, one a class"), weights.len());
                Err(Error::shape("class_weight", want, got))
            }
            ClassWeight::Given(weights) => Ok(Some(weights.clone())),
            ClassWeight::Balanced => {
                let mut counts = vec![0usize; classes];
                for &class in indices {
                    counts[class] += 1;
                }
                let present = counts.iter().filter(|&&count| count > 0).count();
                let weight = |&count: &usize| match count {
                    0 => 0.0,
                    count => indices.len() as f64 / (present * count) as f64,
                };
                Ok(Some(counts.iter().map(weight).collect()))
            }
        }
    }
}

/// The data set with its rows' weights multiplied by those of their classes, which lie below
/// `weights.len()`.
pub(super) fn weigh<'a, F: Scalar>(
    data: &Dataset<'a, F>,
    indices: &[usize],
    weights: &[f64],
) -> Result<Dataset<'a, F>> {
    let rows = data.row_weights();
    let weight = |(row, &class): (usize, &usize)| {
        let own = rows.as_ref().map_or(F::one(), |rows| rows[row]);
        own * F::from_f64(weights[class])
    };
    data.clone().with_weights(indices.iter().enumerate().map(weight).collect())
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn balanced_classes_weigh_the_same_together() {
        let weights = ClassWeight::Balanced.resolve(&[0, 0, 0, 2], 3).unwrap().unwrap();
        assert_eq!(weights, [4.0 / 6.0, 0.0, 2.0]);
    }

    #[test]
    fn class_weights_multiply_row_weights() {
        let data = Dataset::new(Array2::<f64>::zeros((3, 1)), vec![0, 1, 1]).unwrap();
        let data = data.with_weights(vec![1.0, 2.0, 3.0]).unwrap();
        let weighed = weigh(&data, &[0, 1, 1], &[10.0, 0.5]).unwrap();
        assert_eq!(weighed.row_weights(), Some(vec![10.0, 1.0, 1.5]));
    }

    #[test]
    fn wrong_weights_are_refused() {
        assert!(ClassWeight::from([1.0, -1.0]).validate().is_err());
        assert!(ClassWeight::from([0.0, 0.0]).validate().is_err());
        assert!(ClassWeight::from([1.0, f64::NAN]).validate().is_err());
        assert!(ClassWeight::from([1.0, 2.0]).resolve(&[0], 3).is_err());
    }
}
