//! k folds of consecutive or shuffled rows.

use super::{Fold, Splitter, check_folds, folds_by_row};
use crate::error::Result;
use crate::random::RandomState;

/// Cuts the rows into k folds; each is the test part once, the others together the training part.
///
/// Unless shuffled, a fold is consecutive rows. The first `rows % k` folds have one row more than
/// the others. Equal to scikit-learn's `KFold`.
///
/// ```
/// use blastrain::data::{KFold, Splitter};
///
/// let folds = KFold::new(2).split(5, None)?;
/// assert_eq!((&folds[0].train[..], &folds[0].test[..]), (&[3, 4][..], &[0, 1, 2][..]));
/// let folds = KFold::new(2).shuffle(42).split(5, None)?;
/// assert_eq!(folds[0].test, [1, 2, 4]);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KFold {
    n_splits: usize,
    seed: Option<u32>,
}

impl KFold {
    /// `n_splits` folds, at least 2 and at most as many as there are rows; checked by `split`.
    pub fn new(n_splits: usize) -> Self {
        Self { n_splits, seed: None }
    }

    /// Shuffles the rows before they are cut. scikit-learn: `shuffle=True, random_state=seed`.
    pub fn shuffle(mut self, seed: u32) -> Self {
        self.seed = Some(seed);
        self
    }
}

impl Default for KFold {
    /// Five folds, not shuffled.
    fn default() -> Self {
        Self::new(5)
    }
}

impl Splitter for KFold {
    fn n_splits(&self) -> usize {
        self.n_splits
    }

    /// Labels play no part.
    ///
    /// # Errors
    /// [`Error::Param`](crate::Error::Param) for fewer than 2 folds or more than rows; [`Error::Empty`](crate::Error::Empty) for no
    /// rows.
    fn split(&self, rows: usize, _labels: Option<&[usize]>) -> Result<Vec<Fold>> {
        check_folds(self.n_splits, rows)?;
        let order = match self.seed {
            Some(seed) => RandomState::new(seed).permutation(rows),
            None => (0..rows).collect(),
        };
        let (size, larger) = (rows / self.n_splits, rows % self.n_splits);
        let mut fold_of_row = vec![0; rows];
        let mut left = order.into_iter();
        for fold in 0..self.n_splits {
            for row in left.by_ref().take(size + usize::from(fold < larger)) {
                fold_of_row[row] = fold;
            }
        }
        Ok(folds_by_row(&fold_of_row, self.n_splits))
    }
}
