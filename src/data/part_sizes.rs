//! How many rows the training part and the test part of a split get.

use std::fmt;

use crate::error::{Error, Result};

/// The size of one part of a split: a fraction of the rows, or a number of rows.
///
/// Made from `0.2` (a fraction above 0 and below 1) or from `30` (rows).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum SplitSize {
    /// A fraction of the rows, above 0 and below 1.
    Fraction(f64),
    /// A number of rows, at least 1 and fewer than there are.
    Rows(usize),
}

impl From<f64> for SplitSize {
    fn from(fraction: f64) -> Self {
        SplitSize::Fraction(fraction)
    }
}

impl From<usize> for SplitSize {
    fn from(rows: usize) -> Self {
        SplitSize::Rows(rows)
    }
}

impl fmt::Display for SplitSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SplitSize::Fraction(fraction) => fraction.fmt(f),
            SplitSize::Rows(rows) => write!(f, "{rows} rows"),
        }
    }
}

/// How many rows each part gets.
#[derive(Debug, Clone, Copy)]
pub(super) struct PartSizes {
    pub(super) train: usize,
    pub(super) test: usize,
    /// The setting that the sizes follow from, for messages.
    setting: (&'static str, SplitSize),
}

impl PartSizes {
    /// The test part gets its share rounded up, the training part the rest.
    pub(super) fn new(rows: usize, test_fraction: f64) -> Result<Self> {
        Self::of_rest(rows, "test_fraction", SplitSize::Fraction(test_fraction))
    }

    /// By scikit-learn's rules: a fraction is rounded up for the test part and down for the training
    /// part, a part without a size gets the rest, and the test part a tenth where neither has one.
    pub(super) fn of(
        rows: usize,
        test: Option<SplitSize>,
        train: Option<SplitSize>,
    ) -> Result<Self> {
        let Some(train) = train else {
            let test = test.unwrap_or(SplitSize::Fraction(0.1));
            return Self::of_rest(rows, "test_size", test);
        };
        let setting = ("train_size", train);
        let for_train = part("train_size", train, rows, f64::floor)?;
        if for_train == 0 {
            let want = format!("large enough for 1 of {rows} rows");
            return Err(Error::param("train_size", train, want));
        }
        let Some(test) = test else {
            return match rows.checked_sub(for_train).filter(|&rest| rest > 0) {
                Some(rest) => Ok(Self { train: for_train, test: rest, setting }),
                None => {
                    let want = format!("small enough to leave 1 of {rows} rows for the test part");
                    Err(Error::param("train_size", train, want))
                }
            };
        };
        let for_test = part("test_size", test, rows, f64::ceil)?;
        let too_large = match (train, test) {
            (SplitSize::Fraction(train), SplitSize::Fraction(test)) => train + test > 1.0,
            _ => false,
        };
        if too_large || for_test > rows - for_train {
            let want = format!("at most what test_size ({test}) leaves of {rows} rows");
            return Err(Error::param("train_size", train, want));
        }
        Ok(Self { train: for_train, test: for_test, setting })
    }

    fn of_rest(rows: usize, name: &'static str, size: SplitSize) -> Result<Self> {
        let test = part(name, size, rows, f64::ceil)?;
        let train = rows.saturating_sub(test);
        if train == 0 {
            let want = format!("small enough to leave 1 of {rows} rows for training");
            return Err(Error::param(name, size, want));
        }
        Ok(Self { train, test, setting: (name, size) })
    }

    /// Checks that each part has a row for each class.
    pub(super) fn check_room_for(&self, classes: usize) -> Result<()> {
        for (part, rows) in [("training", self.train), ("test", self.test)] {
            if rows < classes {
                let (name, size) = self.setting;
                let want = format!(
                    "such that the {part} part, now {rows} rows, has 1 for each of the {classes} classes"
                );
                return Err(Error::param(name, size, want));
            }
        }
        Ok(())
    }
}

/// The rows of one part, at most all.
fn part(name: &'static str, size: SplitSize, rows: usize, round: fn(f64) -> f64) -> Result<usize> {
    match size {
        SplitSize::Fraction(fraction) if !(fraction > 0.0 && fraction < 1.0) => {
            Err(Error::param(name, size, "above 0 and below 1"))
        }
        _ if rows == 0 => Err(Error::empty("the data set to split", "2 rows")),
        SplitSize::Fraction(fraction) => Ok((round(fraction * rows as f64) as usize).min(rows)),
        SplitSize::Rows(wanted) if wanted == 0 || wanted >= rows => {
            Err(Error::param(name, size, format!("at least 1 and below the {rows} rows there are")))
        }
        SplitSize::Rows(wanted) => Ok(wanted),
    }
}
