//! Splits for cross-validation: the same rows cut several times into training and test rows.

mod k_fold;
mod shuffle_split;
mod stratified_k_fold;
mod stratified_shuffle_split;

use std::fmt::Debug;

pub use k_fold::KFold;
pub use shuffle_split::ShuffleSplit;
pub use stratified_k_fold::StratifiedKFold;
pub use stratified_shuffle_split::StratifiedShuffleSplit;

use super::Dataset;
use super::part_sizes::{PartSizes, SplitSize};
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// One cut into training and test rows, as positions in the data that was split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// The rows to fit on.
    pub train: Vec<usize>,
    /// The rows to score on; none of them is in `train`.
    pub test: Vec<usize>,
}

impl Fold {
    /// The (training, test) rows of `data`; its storage is shared, not copied.
    ///
    /// # Errors
    /// [`Error::Empty`] for a part without rows; [`Error::Param`] for a row that `data` does not have.
    pub fn of<'a, F: Scalar>(
        &self,
        data: &Dataset<'a, F>,
    ) -> Result<(Dataset<'a, F>, Dataset<'a, F>)> {
        Ok((data.select(&self.train)?, data.select(&self.test)?))
    }
}

/// A way to cut rows into training and test rows, several times.
///
/// [`Dataset::folds`] applies it to a data set. The crate's own splitters equal scikit-learn's of the same
/// name, index for index, for the same seed. One of your own:
///
/// ```
/// use blastrain::Result;
/// use blastrain::data::{Fold, Splitter};
///
/// /// The last rows are the test rows, once.
/// #[derive(Debug)]
/// struct HoldOut(usize);
///
/// impl Splitter for HoldOut {
///     fn n_splits(&self) -> usize {
///         1
///     }
///
///     fn split(&self, rows: usize, _labels: Option<&[usize]>) -> Result<Vec<Fold>> {
///         let train = rows.saturating_sub(self.0);
///         Ok(vec![Fold { train: (0..train).collect(), test: (train..rows).collect() }])
///     }
/// }
///
/// assert_eq!(HoldOut(2).split(5, None)?[0].test, [3, 4]);
/// # Ok::<(), blastrain::Error>(())
/// ```
pub trait Splitter: Debug + Send + Sync {
    /// How many folds `split` gives.
    fn n_splits(&self) -> usize;

    /// Cuts the rows `0..rows`; `labels` are their classes, any numbers, where they have such.
    ///
    /// The same arguments give the same folds.
    ///
    /// # Errors
    /// Settings out of range or not fit for so many rows, and missing labels where they are needed;
    /// named by each splitter.
    fn split(&self, rows: usize, labels: Option<&[usize]>) -> Result<Vec<Fold>>;
}

impl<S: Splitter + ?Sized> Splitter for Box<S> {
    fn n_splits(&self) -> usize {
        (**self).n_splits()
    }

    fn split(&self, rows: usize, labels: Option<&[usize]>) -> Result<Vec<Fold>> {
        (**self).split(rows, labels)
    }
}

impl<F: Scalar> Dataset<'_, F> {
    /// Cuts the rows of this data set by a splitter; class targets are the labels it may need.
    ///
    /// ```
    /// use blastrain::data::StratifiedKFold;
    /// use blastrain::datasets;
    ///
    /// let data = datasets::iris::<f64>()?;
    /// for fold in data.folds(&StratifiedKFold::new(5).shuffle(42))? {
    ///     let (train, test) = fold.of(&data)?;
    ///     assert_eq!((train.len(), test.len()), (120, 30));
    /// }
    /// # Ok::<(), blastrain::Error>(())
    /// ```
    ///
    /// # Errors
    /// As the splitter's [`split`](Splitter::split).
    pub fn folds(&self, splitter: &(impl Splitter + ?Sized)) -> Result<Vec<Fold>> {
        splitter.split(self.len(), self.class_targets().as_deref())
    }
}

/// Checks that `folds` folds can be cut from so many rows.
fn check_folds(folds: usize, rows: usize) -> Result<()> {
    if folds < 2 {
        return Err(Error::param("n_splits", folds, "at least 2"));
    }
    if rows == 0 {
        return Err(Error::empty("the data set to split", format!("{folds} rows")));
    }
    if folds > rows {
        return Err(Error::param("n_splits", folds, format!("at most the {rows} rows there are")));
    }
    Ok(())
}

/// The labels that a stratified splitter needs.
fn needed_labels(rows: usize, labels: Option<&[usize]>) -> Result<&[usize]> {
    let labels = labels.ok_or_else(|| {
        Error::param("targets", "numbers", "class indices for a stratified split")
    })?;
    if labels.len() != rows {
        let got = format!("{} labels", labels.len());
        return Err(Error::shape("labels", format!("{rows} labels, one a row"), got));
    }
    Ok(labels)
}

/// The folds of which the `i`-th tests on the rows with `fold_of_row[row] == i`; rows ascend.
fn folds_by_row(fold_of_row: &[usize], folds: usize) -> Vec<Fold> {
    let rows = |keep: &dyn Fn(usize) -> bool| {
        (0..fold_of_row.len()).filter(|&row| keep(fold_of_row[row])).collect()
    };
    (0..folds)
        .map(|fold| Fold { train: rows(&|other| other != fold), test: rows(&|own| own == fold) })
        .collect()
}

/// What both shuffle splitters are told.
#[derive(Debug, Clone, PartialEq)]
struct ShuffleSettings {
    n_splits: usize,
    test_size: Option<SplitSize>,
    train_size: Option<SplitSize>,
    random_state: u32,
}

impl ShuffleSettings {
    fn new(n_splits: usize) -> Self {
        Self { n_splits, test_size: None, train_size: None, random_state: 0 }
    }

    /// Checks the number of splits, and computes the sizes of the parts.
    fn sizes(&self, rows: usize) -> Result<PartSizes> {
        if self.n_splits == 0 {
            return Err(Error::param("n_splits", self.n_splits, "at least 1"));
        }
        PartSizes::of(rows, self.test_size, self.train_size)
    }

    /// Draws every fold, from one generator.
    fn draw(
        &self,
        mut draw: impl FnMut(&mut crate::random::RandomState) -> (Vec<usize>, Vec<usize>),
    ) -> Result<Vec<Fold>> {
        let mut random = crate::random::RandomState::new(self.random_state);
        let mut folds = Vec::new();
        folds.try_reserve_exact(self.n_splits).map_err(|_| {
            Error::param("n_splits", self.n_splits, "a number of folds that fits into memory")
        })?;
        for _ in 0..self.n_splits {
            let (train, test) = draw(&mut random);
            folds.push(Fold { train, test });
        }
        Ok(folds)
    }
}

/// The setters that both shuffle splitters have.
macro_rules! shuffle_setters {
    ($splitter:ty) => {
        impl Default for $splitter {
            /// Ten splits, a tenth of the rows for testing, seed 0.
            fn default() -> Self {
                Self::new(10)
            }
        }

        impl $splitter {
            /// So many splits, with a tenth of the rows for testing and seed 0. scikit-learn's default is 10.
            pub fn new(n_splits: usize) -> Self {
                Self { settings: ShuffleSettings::new(n_splits) }
            }

            /// Sets the test part: a fraction (rounded up to rows) or a number of rows. Unless set, what the training
            /// part leaves; a tenth if that is not set either.
            pub fn test_size(mut self, size: impl Into<SplitSize>) -> Self {
                self.settings.test_size = Some(size.into());
                self
            }

            /// Sets the training part: a fraction (rounded down) or a number of rows. Unless set, what the test part
            /// leaves.
            pub fn train_size(mut self, size: impl Into<SplitSize>) -> Self {
                self.settings.train_size = Some(size.into());
                self
            }

            /// Sets the seed of the draws.
            pub fn random_state(mut self, seed: u32) -> Self {
                self.settings.random_state = seed;
                self
            }
        }
    };
}
use shuffle_setters;
