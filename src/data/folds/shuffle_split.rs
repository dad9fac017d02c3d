//! Independent random cuts.

use super::{Fold, ShuffleSettings, SplitSize, Splitter, shuffle_setters};
use crate::error::Result;

/// Cuts the rows at random into training and test part, several times anew.
///
/// Unlike the parts of [`KFold`](super::KFold), test parts may overlap, and both parts together may leave rows out.
/// Equal to scikit-learn's `ShuffleSplit`, the order of the rows included.
///
/// ```
/// use blastrain::data::{ShuffleSplit, Splitter};
///
/// let folds = ShuffleSplit::new(3).test_size(0.25).train_size(4).random_state(42).split(10, None)?;
/// assert_eq!(folds.len(), 3);
/// assert_eq!((&folds[0].test[..], &folds[0].train[..]), (&[8, 1, 5][..], &[0, 7, 2, 9][..]));
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ShuffleSplit {
    settings: ShuffleSettings,
}

shuffle_setters!(ShuffleSplit);

impl Splitter for ShuffleSplit {
    fn n_splits(&self) -> usize {
        self.settings.n_splits
    }

    /// Labels play no part.
    ///
    /// # Errors
    /// [`Error::Param`](crate::Error::Param) for no splits, a fraction that is not between 0 and 1, or sizes that leave a part
    /// without rows or exceed the rows; [`Error::Empty`](crate::Error::Empty) for no rows.
    fn split(&self, rows: usize, _labels: Option<&[usize]>) -> Result<Vec<Fold>> {
        let sizes = self.settings.sizes(rows)?;
        self.settings.draw(|random| {
            let mut test = random.permutation(rows);
            let mut train = test.split_off(sizes.test);
            train.truncate(sizes.train);
            (train, test)
        })
    }
}
