//! Which rows a fit trains on while successive halving does not give it all.

use std::sync::Arc;

use crate::data::{Dataset, Fold};
use crate::error::{Error, Result};
use crate::random::RandomState;
use crate::scalar::Scalar;

/// The training rows of each fold in the order in which they come in: more rows contain fewer.
pub(super) struct GrowingFolds {
    folds: Arc<[Fold]>,
    /// For each fold, positions in its training rows.
    orders: Vec<Vec<usize>>,
    /// Rows of all data.
    rows: usize,
}

impl GrowingFolds {
    pub(super) fn new<F: Scalar>(
        data: &Dataset<'_, F>,
        folds: &Arc<[Fold]>,
        mut random: RandomState,
    ) -> Self {
        let classes = data.class_targets();
        let order = |fold: &Fold| {
            let shuffled = random.permutation(fold.train.len());
            match &classes {
                Some(classes) => stratified(shuffled, |position| {
                    // A fold of a splitter of one's own may name any row; using it fails later.
                    classes.get(fold.train[position]).copied().unwrap_or(0)
                }),
                None => shuffled,
            }
        };
        let orders = folds.iter().map(order).collect();
        Self { folds: folds.clone(), orders, rows: data.len() }
    }

    /// The folds with the share of their training rows that `resources` are of all rows, rounded down.
    pub(super) fn at(&self, resources: usize) -> Result<Arc<[Fold]>> {
        if resources == self.rows {
            return Ok(self.folds.clone());
        }
        let cut = |(fold, order): (&Fold, &Vec<usize>)| {
            let count = self.share(resources, order.len());
            if count == 0 {
                let want = format!("at least {}, for a training row in each fold", self.least());
                return Err(Error::param("min_resources", resources, want));
            }
            let mut positions = order[..count].to_vec();
            positions.sort_unstable();
            let train = positions.into_iter().map(|position| fold.train[position]).collect();
            Ok(Fold { train, test: fold.test.clone() })
        };
        self.folds.iter().zip(&self.orders).map(cut).collect()
    }

    /// How many of a fold's training rows it has of so many resources.
    fn share(&self, resources: usize, training_rows: usize) -> usize {
        (resources as f64 / self.rows as f64 * training_rows as f64) as usize
    }

    /// The least resources of which each fold has a training row.
    fn least(&self) -> usize {
        let fewest = self.orders.iter().map(Vec::len).min().unwrap_or(0);
        (1..self.rows).find(|&n| self.share(n, fewest) > 0).unwrap_or(self.rows)
    }
}

/// Puts positions in an order whose every beginning has the classes in their proportion, within a row each.
fn stratified(shuffled: Vec<usize>, class: impl Fn(usize) -> usize) -> Vec<usize> {
    let mut members: Vec<Vec<usize>> = Vec::new();
    for position in shuffled {
        let class = class(position);
        if class >= members.len() {
            members.resize(class + 1, Vec::new());
        }
        members[class].push(position);
    }
    let spread = |members: Vec<usize>| {
        let count = members.len() as f64;
        let place = move |(i, position)| ((i as f64 + 0.5) / count, position);
        members.into_iter().enumerate().map(place).collect::<Vec<_>>()
    };
    let mut places: Vec<(f64, usize)> = members.into_iter().flat_map(spread).collect();
    // Classes that come in at the same time do so in their order.
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    places.into_iter().map(|(_, position)| position).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::data::{KFold, StratifiedKFold};

    fn data(targets: Vec<usize>) -> Dataset<'static, f64> {
        Dataset::new(Array2::zeros((targets.len(), 1)), targets).unwrap()
    }

    #[test]
    fn fewer_rows_are_among_more_in_the_folds_order() {
        let classes: Vec<usize> = (0..90).map(|row| usize::from(row % 9 < 2)).collect();
        let data = data(classes.clone());
        let folds: Arc<[Fold]> = data.folds(&StratifiedKFold::new(3)).unwrap().into();
        let growing = GrowingFolds::new(&data, &folds, RandomState::new(5));
        let mut smaller: Vec<Vec<usize>> = vec![Vec::new(); 3];
        for resources in [5, 9, 10, 27, 45, 81, 89, 90] {
            let cut = growing.at(resources).unwrap();
            for ((fold, whole), smaller) in cut.iter().zip(&*folds).zip(&mut smaller) {
                assert_eq!(fold.test, whole.test);
                assert_eq!(fold.train.len(), resources * 60 / 90);
                assert!(fold.train.is_sorted(), "as the fold has them");
                assert!(fold.train.iter().all(|row| whole.train.contains(row)));
                assert!(smaller.iter().all(|row| fold.train.contains(row)));
                let second = fold.train.iter().filter(|&&row| classes[row] == 1).count() as f64;
                let want = fold.train.len() as f64 * 2.0 / 9.0;
                assert!((second - want).abs() <= 1.0, "{second} of class 1, not {want}");
                smaller.clone_from(&fold.train);
            }
        }
        assert_eq!(growing.at(90).unwrap(), folds);
        let again = GrowingFolds::new(&data, &folds, RandomState::new(5));
        assert_eq!(again.at(27).unwrap(), growing.at(27).unwrap());
        let other = GrowingFolds::new(&data, &folds, RandomState::new(6));
        assert_ne!(other.at(27).unwrap(), growing.at(27).unwrap());
    }

    #[test]
    fn no_row_at_all_is_refused() {
        let data = data(vec![0; 100]);
        let folds: Arc<[Fold]> = data.folds(&KFold::new(2)).unwrap().into();
        let growing = GrowingFolds::new(&data, &folds, RandomState::new(0));
        let refused = growing.at(1).unwrap_err();
        assert!(matches!(refused, Error::Param { name: "min_resources", .. }));
        assert!(refused.to_string().contains("at least 2, for a training row"), "{refused}");
        assert_eq!(growing.at(2).unwrap()[0].train.len(), 1);
    }
}
