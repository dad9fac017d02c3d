//! What a network is to predict.

use ndarray::{ArcArray1, ArcArray2, Array1, Array2, ArrayView1, ArrayView2, Axis};

/// Targets of some rows, borrowed: what losses and metrics read.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Targets<'a, F> {
    /// One class index a row, counted from 0.
    Classes(&'a [usize]),
    /// Numbers `(rows, outputs)`: regression values, 0/1 flags, one-hot or soft class probabilities.
    Values(ArrayView2<'a, F>),
}

impl<F> Targets<'_, F> {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Targets::Classes(classes) => classes.len(),
            Targets::Values(values) => values.nrows(),
        }
    }
}

/// Targets of a whole data set, owned (shared) or borrowed.
///
/// Made by `From` from arrays, views, vectors and slices: see [`Dataset::new`](super::Dataset::new).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum TargetStorage<'a, F> {
    /// One class index a row, shared.
    Classes(ArcArray1<usize>),
    /// One class index a row, borrowed.
    ClassesView(ArrayView1<'a, usize>),
    /// Numbers `(rows, outputs)`, shared.
    Values(ArcArray2<F>),
    /// Numbers `(rows, outputs)`, borrowed.
    ValuesView(ArrayView2<'a, F>),
}

impl<'a, F> TargetStorage<'a, F> {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        match self {
            TargetStorage::Classes(classes) => classes.len(),
            TargetStorage::ClassesView(classes) => classes.len(),
            TargetStorage::Values(values) => values.nrows(),
            TargetStorage::ValuesView(values) => values.nrows(),
        }
    }

    /// Class indices, where the targets are such.
    pub fn classes(&self) -> Option<ArrayView1<'_, usize>> {
        match self {
            TargetStorage::Classes(classes) => Some(classes.view()),
            TargetStorage::ClassesView(classes) => Some(classes.view()),
            _ => None,
        }
    }

    /// Numbers `(rows, outputs)`, where the targets are such.
    pub fn values(&self) -> Option<ArrayView2<'_, F>> {
        match self {
            TargetStorage::Values(values) => Some(values.view()),
            TargetStorage::ValuesView(values) => Some(values.view()),
            _ => None,
        }
    }
}

impl<F> TargetStorage<'_, F> {
    /// The targets as losses and metrics read them, if they lie in memory in order.
    pub fn as_targets(&self) -> Option<Targets<'_, F>> {
        match self {
            TargetStorage::Classes(classes) => classes.as_slice().map(Targets::Classes),
            TargetStorage::ClassesView(classes) => classes.as_slice().map(Targets::Classes),
            TargetStorage::Values(values) => Some(Targets::Values(values.view())),
            TargetStorage::ValuesView(values) => Some(Targets::Values(values.view())),
        }
    }
}

impl<F> From<Array1<usize>> for TargetStorage<'_, F> {
    fn from(classes: Array1<usize>) -> Self {
        TargetStorage::Classes(classes.into_shared())
    }
}

impl<F> From<Vec<usize>> for TargetStorage<'_, F> {
    fn from(classes: Vec<usize>) -> Self {
        Array1::from(classes).into()
    }
}

impl<'a, F> From<ArrayView1<'a, usize>> for TargetStorage<'a, F> {
    fn from(classes: ArrayView1<'a, usize>) -> Self {
        TargetStorage::ClassesView(classes)
    }
}

impl<'a, F> From<&'a [usize]> for TargetStorage<'a, F> {
    fn from(classes: &'a [usize]) -> Self {
        TargetStorage::ClassesView(classes.into())
    }
}

impl<'a, F> From<&'a Array1<usize>> for TargetStorage<'a, F> {
    fn from(classes: &'a Array1<usize>) -> Self {
        TargetStorage::ClassesView(classes.view())
    }
}

macro_rules! from_floats {
    ($($float:ty),*) => {$(
        impl From<Array2<$float>> for TargetStorage<'_, $float> {
            fn from(values: Array2<$float>) -> Self {
                TargetStorage::Values(values.into_shared())
            }
        }
        impl From<ArcArray2<$float>> for TargetStorage<'_, $float> {
            fn from(values: ArcArray2<$float>) -> Self {
                TargetStorage::Values(values)
            }
        }
        impl<'a> From<ArrayView2<'a, $float>> for TargetStorage<'a, $float> {
            fn from(values: ArrayView2<'a, $float>) -> Self {
                TargetStorage::ValuesView(values)
            }
        }
        impl<'a> From<&'a Array2<$float>> for TargetStorage<'a, $float> {
            fn from(values: &'a Array2<$float>) -> Self {
                TargetStorage::ValuesView(values.view())
            }
        }
        impl From<Array1<$float>> for TargetStorage<'_, $float> {
            fn from(values: Array1<$float>) -> Self {
                TargetStorage::Values(values.insert_axis(Axis(1)).into_shared())
            }
        }
        impl From<Vec<$float>> for TargetStorage<'_, $float> {
            fn from(values: Vec<$float>) -> Self {
                Array1::from(values).into()
            }
        }
        impl<'a> From<ArrayView1<'a, $float>> for TargetStorage<'a, $float> {
            fn from(values: ArrayView1<'a, $float>) -> Self {
                TargetStorage::ValuesView(values.insert_axis(Axis(1)))
            }
        }
        impl<'a> From<&'a Array1<$float>> for TargetStorage<'a, $float> {
            fn from(values: &'a Array1<$float>) -> Self {
                values.view().into()
            }
        }
    )*};
}
from_floats!(f32, f64);
