//! The categories of columns, learned or given: what the encoders share.

use std::fmt::Display;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The categories of one column; a code is a position among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<T>", into = "Vec<T>")]
#[serde(bound(
    serialize = "T: Ord + Clone + Serialize",
    deserialize = "T: Ord + Clone + Deserialize<'de>"
))]
pub(super) struct Categories<T> {
    values: Vec<T>,
    /// The codes in ascending order of their categories, for the search.
    ascending: Vec<usize>,
}

impl<T: Ord + Clone> Categories<T> {
    pub(super) fn learn<'t>(values: impl Iterator<Item = &'t T>) -> Self
    where
        T: 't,
    {
        let values = sorted_distinct(values);
        Self { ascending: (0..values.len()).collect(), values }
    }

    pub(super) fn values(&self) -> &[T] {
        &self.values
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn code(&self, value: &T) -> Option<usize> {
        let place = self.ascending.binary_search_by(|&code| self.values[code].cmp(value));
        place.ok().map(|place| self.ascending[place])
    }
}

impl<T: Ord> TryFrom<Vec<T>> for Categories<T> {
    type Error = Error;

    /// From the categories themselves, in any order.
    ///
    /// # Errors
    /// [`Error::Empty`] for none; [`Error::Param`] if one comes twice.
    fn try_from(values: Vec<T>) -> Result<Self> {
        if values.is_empty() {
            return Err(Error::empty("a column's list of categories", "1 category"));
        }
        let mut ascending: Vec<usize> = (0..values.len()).collect();
        ascending.sort_by(|&a, &b| values[a].cmp(&values[b]));
        if let Some(pair) = ascending.windows(2).find(|pair| values[pair[0]] == values[pair[1]]) {
            let got = format!("the same at positions {} and {}", pair[0], pair[1]);
            return Err(Error::param("categories", got, "each category once"));
        }
        Ok(Self { values, ascending })
    }
}

impl<T> From<Categories<T>> for Vec<T> {
    fn from(categories: Categories<T>) -> Self {
        categories.values
    }
}

/// The different values, ascending.
pub(super) fn sorted_distinct<'t, T: Ord + Clone + 't>(
    values: impl Iterator<Item = &'t T>,
) -> Vec<T> {
    let mut found: Vec<&T> = values.collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().cloned().collect()
}

/// Names for a message, the first twenty of them.
pub(super) fn listed<T: Display>(values: &[T]) -> String {
    const SHOWN: usize = 20;
    let mut names: Vec<String> = values.iter().take(SHOWN).map(ToString::to_string).collect();
    if let Some(more) = values.len().checked_sub(SHOWN).filter(|&more| more > 0) {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}

/// The categories of each column of `values` `(rows, columns)`: those found, or those given.
pub(super) fn fit_columns<T: Ord + Clone>(
    given: Option<&Vec<Vec<T>>>,
    values: ArrayView2<'_, T>,
) -> Result<Vec<Categories<T>>> {
    if values.nrows() == 0 {
        return Err(Error::empty("the matrix of categories", "1 row"));
    }
    if values.ncols() == 0 {
        return Err(Error::empty("the matrix of categories", "1 column"));
    }
    let Some(given) = given else {
        return Ok(values
            .columns()
            .into_iter()
            .map(|column| Categories::learn(column.iter()))
            .collect());
    };
    if given.len() != values.ncols() {
        let want = format!("{} lists, one a column", values.ncols());
        return Err(Error::shape("categories", want, format!("{} lists", given.len())));
    }
    given.iter().cloned().map(Categories::try_from).collect()
}

/// Checks that a matrix has the columns fitted on.
pub(super) fn check_width(what: &str, found: usize, fitted: usize) -> Result<()> {
    if found == fitted {
        return Ok(());
    }
    let want = format!("{fitted} columns, as fitted");
    Err(Error::shape(what, want, format!("{found} columns")))
}

/// Row and column of the first value that is not among its column's categories.
pub(super) fn first_unknown<T: Ord + Clone>(
    columns: &[Categories<T>],
    values: ArrayView2<'_, T>,
) -> Option<(usize, usize)> {
    let unknown = |&((_, column), value): &((usize, usize), &T)| {
        columns.get(column).is_none_or(|categories| categories.code(value).is_none())
    };
    values.indexed_iter().find(unknown).map(|(place, _)| place)
}

/// Checks the columns' number, and that every value is among its column's categories.
pub(super) fn check_known<T: Ord + Clone + Display>(
    columns: &[Categories<T>],
    values: ArrayView2<'_, T>,
    unknown_allowed: bool,
) -> Result<()> {
    check_width("the matrix of categories", values.ncols(), columns.len())?;
    match first_unknown(columns, values).filter(|_| !unknown_allowed) {
        None => Ok(()),
        Some((row, column)) => Err(Error::UnknownName {
            what: "category",
            got: values[(row, column)].to_string(),
            known: listed(columns[column].values()),
        }),
    }
}
