//! Weighted counts of hits, predictions and truths, for each class or each row.

use ndarray::Axis;

use super::labels::{Pair, check_classes};
use super::weights::RowWeights;
use crate::error::{Error, Result};

/// What precision and recall are made of; one entry a class (or a row).
#[derive(Debug, Clone)]
pub(super) struct Counts {
    /// The classes counted, ascending.
    pub(super) classes: Vec<usize>,
    /// Weight of the rows that are of the class and predicted so.
    pub(super) hits: Vec<f64>,
    /// Weight of the rows predicted to be of the class.
    pub(super) predicted: Vec<f64>,
    /// Weight of the rows that are of the class.
    pub(super) actual: Vec<f64>,
}

impl Counts {
    /// Counts for each class: all below `classes`, or those that occur in targets or predictions.
    pub(super) fn by_class(
        pair: Pair<'_>,
        classes: Option<usize>,
        weights: RowWeights<'_>,
    ) -> Result<Self> {
        match pair {
            Pair::Classes(targets, predictions) => {
                Self::of_indices(targets, predictions, classes, weights)
            }
            Pair::Flags(targets, predictions) => {
                if let Some(classes) = classes.filter(|&classes| classes != targets.ncols()) {
                    return Err(Error::shape(
                        "flags",
                        format!("{classes} columns"),
                        targets.ncols(),
                    ));
                }
                let mut counts = Self::zero((0..targets.ncols()).collect());
                for ((row, column), &target) in targets.indexed_iter() {
                    counts.add(column, target, predictions[(row, column)], weights.of(row));
                }
                Ok(counts)
            }
        }
    }

    /// Counts for each row, over its flags; weights do not enter.
    pub(super) fn by_row(pair: Pair<'_>) -> Result<Self> {
        let Pair::Flags(targets, predictions) = pair else {
            return Err(Error::param("average", "samples", "another, unless labels are flags"));
        };
        let mut counts = Self::zero((0..targets.nrows()).collect());
        let lines = targets.axis_iter(Axis(0)).zip(predictions.axis_iter(Axis(0)));
        for (row, (target, prediction)) in lines.enumerate() {
            for (&target, &prediction) in target.iter().zip(prediction) {
                counts.add(row, target, prediction, 1.0);
            }
        }
        Ok(counts)
    }

    fn of_indices(
        targets: &[usize],
        predictions: &[usize],
        classes: Option<usize>,
        weights: RowWeights<'_>,
    ) -> Result<Self> {
        let listed = match classes {
            Some(classes) => {
                check_classes(targets, classes)?;
                check_classes(predictions, classes)?;
                all_below(classes)?
            }
            None => occurring(targets, predictions),
        };
        let mut counts = Self::zero(listed);
        // Every class is listed, so that neither search can miss.
        let place = |counts: &Self, class| counts.classes.partition_point(|&known| known < class);
        for (row, (&target, &prediction)) in targets.iter().zip(predictions).enumerate() {
            let (at, to) = (place(&counts, target), place(&counts, prediction));
            let weight = weights.of(row);
            counts.actual[at] += weight;
            counts.predicted[to] += weight;
            if at == to {
                counts.hits[at] += weight;
            }
        }
        Ok(counts)
    }

    fn zero(classes: Vec<usize>) -> Self {
        let zeros = vec![0.0; classes.len()];
        Self { classes, hits: zeros.clone(), predicted: zeros.clone(), actual: zeros }
    }

    fn add(&mut self, index: usize, target: bool, prediction: bool, weight: f64) {
        if target {
            self.actual[index] += weight;
        }
        if prediction {
            self.predicted[index] += weight;
        }
        if target && prediction {
            self.hits[index] += weight;
        }
    }

    /// All classes in one.
    pub(super) fn total(&self) -> Self {
        Self {
            classes: vec![0],
            hits: vec![self.hits.iter().sum()],
            predicted: vec![self.predicted.iter().sum()],
            actual: vec![self.actual.iter().sum()],
        }
    }
}

/// The classes that occur, ascending.
fn occurring(targets: &[usize], predictions: &[usize]) -> Vec<usize> {
    let mut classes: Vec<usize> = targets.iter().chain(predictions).copied().collect();
    classes.sort_unstable();
    classes.dedup();
    classes
}

/// `0..classes`, unless that does not fit into memory.
fn all_below(classes: usize) -> Result<Vec<usize>> {
    let mut listed = Vec::new();
    // Four vectors of this length follow.
    listed.try_reserve_exact(classes.saturating_mul(4)).map_err(|_| {
        Error::param("classes", classes, "a number of classes that fits into memory")
    })?;
    listed.extend(0..classes);
    listed.shrink_to_fit();
    Ok(listed)
}
