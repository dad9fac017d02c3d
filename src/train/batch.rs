//! A batch's targets and weights, gathered from the data set.

use ndarray::{Array2, s};

use crate::data::{Dataset, Targets};
use crate::scalar::Scalar;

/// Targets and weights of a batch, in the batch's order.
#[derive(Debug)]
pub(super) struct Batch<F> {
    classes: Vec<usize>,
    values: Array2<F>,
    weights: Vec<F>,
    weighted: bool,
    /// The storage rows, and the sum of their weights.
    rows: Vec<usize>,
    weight_sum: f64,
    is_new: bool,
}

impl<F: Scalar> Batch<F> {
    /// Room for `rows` rows of the data set's kind.
    pub(super) fn new(data: &Dataset<'_, F>, rows: usize) -> Self {
        let columns = data.outputs();
        Self {
            classes: Vec::with_capacity(if columns.is_none() { rows } else { 0 }),
            values: Array2::zeros((columns.map_or(0, |_| rows), columns.unwrap_or(0))),
            weights: Vec::with_capacity(if data.is_weighted() { rows } else { 0 }),
            weighted: data.is_weighted(),
            rows: Vec::with_capacity(rows),
            weight_sum: 0.0,
            is_new: false,
        }
    }

    /// Gathers the storage rows given, always of the same data set; returns the sum of their weights.
    pub(super) fn gather(&mut self, data: &Dataset<'_, F>, rows: &[usize]) -> f64 {
        self.is_new = self.rows != rows;
        if !self.is_new {
            return self.weight_sum;
        }
        self.rows.clear();
        self.rows.extend_from_slice(rows);
        let targets = data.storage_targets();
        if let Some(classes) = targets.classes() {
            self.classes.clear();
            self.classes.extend(rows.iter().map(|&row| classes[row]));
        } else if let Some(values) = targets.values() {
            for (mut to, &row) in self.values.outer_iter_mut().zip(rows) {
                to.assign(&values.row(row));
            }
        }
        self.weight_sum = match data.storage_weights() {
            None => rows.len() as f64,
            Some(weights) => {
                self.weights.clear();
                self.weights.extend(rows.iter().map(|&row| weights[row]));
                self.weights.iter().map(|weight| weight.as_f64()).sum()
            }
        };
        self.weight_sum
    }

    /// Whether the rows gathered are others than those before: the whole data set in its own order need not be gathered
    /// again for each step.
    pub(super) fn is_new(&self) -> bool {
        self.is_new
    }

    /// The targets of some of the rows gathered.
    pub(super) fn targets(&self, rows: std::ops::Range<usize>) -> Targets<'_, F> {
        if self.values.ncols() > 0 {
            Targets::Values(self.values.slice(s![rows, ..]))
        } else {
            Targets::Classes(&self.classes[rows])
        }
    }

    /// The weights of some of the rows gathered, if the data set has any.
    pub(super) fn weights(&self, rows: std::ops::Range<usize>) -> Option<&[F]> {
        self.weighted.then(|| &self.weights[rows])
    }
}
