//! Independent random cuts, each with every class in proportion.

use super::{Fold, ShuffleSettings, SplitSize, Splitter, needed_labels, shuffle_setters};
use crate::data::split::Strata;
use crate::error::Result;

/// Cuts the rows at random into training and test part, several times anew, each class in
/// proportion.
///
/// Equal to scikit-learn's `StratifiedShuffleSplit`, the order of the rows included.
///
/// ```
/// use blastrain::data::{Splitter, StratifiedShuffleSplit};
///
/// let labels = [7, 7, 7, 7, 3, 3];
/// for fold in StratifiedShuffleSplit::new(4).test_size(0.5).split(6, Some(&labels))? {
///     assert_eq!(fold.test.iter().filter(|&&row| labels[row] == 7).count(), 2);
/// }
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct StratifiedShuffleSplit {
    settings: ShuffleSettings,
}

shuffle_setters!(StratifiedShuffleSplit);

impl Splitter for StratifiedShuffleSplit {
    fn n_splits(&self) -> usize {
        self.settings.n_splits
    }

    /// # Errors
    /// As [`ShuffleSplit`](super::ShuffleSplit); [`Error::Param`](crate::Error::Param) without labels, or if either part has fewer rows than
    /// there are classes; [`Error::Shape`](crate::Error::Shape) for another number of labels than rows, or a class of one row.
    fn split(&self, rows: usize, labels: Option<&[usize]>) -> Result<Vec<Fold>> {
        let sizes = self.settings.sizes(rows)?;
        let strata = Strata::new(needed_labels(rows, labels)?, sizes)?;
        self.settings.draw(|random| strata.draw(random))
    }
}
