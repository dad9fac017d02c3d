//! k folds, each with every class in proportion.

use std::collections::HashMap;

use super::{Fold, Splitter, check_folds, folds_by_row, needed_labels};
use crate::error::{Error, Result};
use crate::random::RandomState;

/// Cuts the rows into k folds such that every class is spread over them as evenly as can be.
///
/// Each fold is the test part once. The sizes of the folds differ by one row at most. Unless shuffled,
/// the rows of a class go to the folds in their order. Equal to scikit-learn's `StratifiedKFold`,
/// but for its warning: a class with fewer rows than there are folds, which some folds then
/// lack, is no error as long as another class has enough.
///
/// ```
/// use blastrain::data::{Splitter, StratifiedKFold};
///
/// let labels = [0, 0, 1, 1, 0, 0];
/// let folds = StratifiedKFold::new(2).split(6, Some(&labels))?;
/// assert_eq!((&folds[0].test[..], &folds[1].test[..]), (&[0, 1, 2][..], &[3, 4, 5][..]));
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StratifiedKFold {
    n_splits: usize,
    seed: Option<u32>,
}

impl StratifiedKFold {
    /// `n_splits` folds, at least 2 and at most as many as the largest class has rows; checked by
    /// `split`.
    pub fn new(n_splits: usize) -> Self {
        Self { n_splits, seed: None }
    }

    /// Shuffles which rows of a class go to which fold. scikit-learn: `shuffle=True,
    /// random_state=seed`.
    pub fn shuffle(mut self, seed: u32) -> Self {
        self.seed = Some(seed);
        self
    }
}

impl Default for StratifiedKFold {
    /// Five folds, not shuffled.
    fn default() -> Self {
        Self::new(5)
    }
}

impl Splitter for StratifiedKFold {
    fn n_splits(&self) -> usize {
        self.n_splits
    }

    /// # Errors
    /// [`Error::Param`] for fewer than 2 folds, more than rows, more than the rows of every class, or
    /// without labels; [`Error::Shape`] for another number of labels than rows; [`Error::Empty`]
    /// for no rows.
    fn split(&self, rows: usize, labels: Option<&[usize]>) -> Result<Vec<Fold>> {
        check_folds(self.n_splits, rows)?;
        let classes = rows_by_first_appearance(needed_labels(rows, labels)?);
        let largest = classes.iter().map(Vec::len).max().unwrap_or(0);
        if self.n_splits > largest {
            let want = format!("at most {largest}, the rows of the largest class");
            return Err(Error::param("n_splits", self.n_splits, want));
        }
        let mut random = self.seed.map(RandomState::new);
        let mut fold_of_row = vec![0; rows];
        let mut start = 0;
        for class in &classes {
            // Were the rows sorted by class and dealt to the folds in turn, this class would get these.
            let end = start + class.len();
            let mut folds: Vec<usize> = (start..end).map(|place| place % self.n_splits).collect();
            folds.sort_unstable();
            if let Some(random) = &mut random {
                random.shuffle(&mut folds);
            }
            for (&row, fold) in class.iter().zip(folds) {
                fold_of_row[row] = fold;
            }
            start = end;
        }
        Ok(folds_by_row(&fold_of_row, self.n_splits))
    }
}

/// The rows of each class, classes in the order in which they first appear.
fn rows_by_first_appearance(labels: &[usize]) -> Vec<Vec<usize>> {
    let mut place_of_label = HashMap::new();
    let mut classes: Vec<Vec<usize>> = Vec::new();
    for (row, &label) in labels.iter().enumerate() {
        let place = *place_of_label.entry(label).or_insert(classes.len());
        match classes.get_mut(place) {
            Some(rows) => rows.push(row),
            None => classes.push(vec![row]),
        }
    }
    classes
}
