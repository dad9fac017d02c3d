//! The shape of one row.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The shape of one row of a batch, channels last: `[784]`, or `[28, 28, 1]` for an image.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Dims(Vec<usize>);

impl Dims {
    /// A row of `size` numbers.
    pub fn flat(size: usize) -> Self {
        Self(vec![size])
    }

    /// The number of values in a row; `usize::MAX` if it is more.
    pub fn size(&self) -> usize {
        self.0.iter().fold(1, |size, &next| size.saturating_mul(next))
    }

    /// The number of values in a row, or `None` if it is more than a `usize` counts.
    pub(crate) fn checked_size(&self) -> Option<usize> {
        self.0.iter().try_fold(1usize, |size, &next| size.checked_mul(next))
    }

    /// The sizes, outermost first.
    pub fn sizes(&self) -> &[usize] {
        &self.0
    }
}

impl From<usize> for Dims {
    fn from(size: usize) -> Self {
        Dims::flat(size)
    }
}

impl<const N: usize> From<[usize; N]> for Dims {
    fn from(sizes: [usize; N]) -> Self {
        Self(sizes.to_vec())
    }
}

impl From<Vec<usize>> for Dims {
    fn from(sizes: Vec<usize>) -> Self {
        Self(sizes)
    }
}

impl fmt::Display for Dims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<String> = self.0.iter().map(usize::to_string).collect();
        f.write_str(&sizes.join("×"))
    }
}
