//! Axes of settings, and the candidates that they span.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::Params;
use super::params::named;
use crate::error::{Error, Result};

/// Sets one value.
type Setter<E> = Arc<dyn Fn(E) -> E + Send + Sync>;

/// A value as it is shown, or why it cannot be, and what gives it to an estimator.
pub(super) type AxisValue<E> = (Result<Value, String>, Setter<E>);

/// One setting and the values to try.
pub(super) struct Axis<E> {
    pub(super) name: String,
    pub(super) values: Vec<AxisValue<E>>,
}

/// One value of an axis.
pub(super) fn axis_value<E, V: Serialize + Clone + Send + Sync + 'static>(
    value: V,
    set: impl Fn(E, V) -> E + Send + Sync + 'static,
) -> AxisValue<E> {
    let shown = serde_json::to_value(&value).map(named).map_err(|error| error.to_string());
    (shown, Arc::new(move |estimator| set(estimator, value.clone())))
}

impl<E> Clone for Axis<E> {
    fn clone(&self) -> Self {
        Self { name: self.name.clone(), values: self.values.clone() }
    }
}

/// All combinations of the values of some axes.
///
/// ```
/// use blastrain::estimator::MlpClassifier;
/// use blastrain::search::Grid;
///
/// let grid = Grid::new()
///     .axis("alpha", [1e-4, 1e-2], |mlp: MlpClassifier, alpha| mlp.alpha(alpha))
///     .axis("hidden_layer_sizes", [vec![8], vec![8, 8]], |mlp, sizes| mlp.hidden_layer_sizes(sizes));
/// assert_eq!(grid.len(), 4);
/// ```
pub struct Grid<E> {
    pub(super) axes: Vec<Axis<E>>,
}

impl<E> Default for Grid<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> Clone for Grid<E> {
    fn clone(&self) -> Self {
        Self { axes: self.axes.clone() }
    }
}

impl<E> std::fmt::Debug for Grid<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |axis: &Axis<E>| -> Vec<_> {
            axis.values.iter().map(|(shown, _)| shown.clone()).collect()
        };
        let axes = self.axes.iter().map(|axis| (&axis.name, shown(axis)));
        f.debug_map().entries(axes).finish()
    }
}

impl<E> Grid<E> {
    /// No axis: one candidate, the estimator as it is.
    pub fn new() -> Self {
        Self { axes: Vec::new() }
    }

    /// Adds an axis: `set` gives an estimator one of the values.
    pub fn axis<V: Serialize + Clone + Send + Sync + 'static>(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = V>,
        set: impl Fn(E, V) -> E + Send + Sync + 'static,
    ) -> Self {
        let set = Arc::new(set);
        let values = values.into_iter().map(|value| {
            let set = set.clone();
            axis_value(value, move |estimator, value| set(estimator, value))
        });
        self.axes.push(Axis { name: name.into(), values: values.collect() });
        self
    }

    /// The number of candidates.
    pub fn len(&self) -> usize {
        self.axes.iter().fold(1, |len, axis| len.saturating_mul(axis.values.len()))
    }

    /// Whether an axis has no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The candidates as scikit-learn's `ParameterGrid` orders them: axes by name, the last fastest.
    pub(super) fn candidates(&self, estimator: &E) -> Result<Vec<Candidate<E>>>
    where
        E: Clone,
    {
        let axes = self.sorted_axes()?;
        (0..self.len()).map(|number| candidate(&axes, number, estimator)).collect()
    }

    /// Those of [`Grid::candidates`] at these positions.
    pub(super) fn candidates_at(
        &self,
        numbers: &[usize],
        estimator: &E,
    ) -> Result<Vec<Candidate<E>>>
    where
        E: Clone,
    {
        let axes = self.sorted_axes()?;
        numbers.iter().map(|&number| candidate(&axes, number, estimator)).collect()
    }

    /// The axes by name, each with a name of its own and a value.
    fn sorted_axes(&self) -> Result<Vec<&Axis<E>>> {
        let mut axes: Vec<&Axis<E>> = self.axes.iter().collect();
        axes.sort_by(|a, b| a.name.cmp(&b.name));
        distinct(axes.iter().map(|axis| &*axis.name))?;
        if let Some(axis) = axes.iter().find(|axis| axis.values.is_empty()) {
            return Err(Error::empty(format!("the axis \"{}\"", axis.name), "1 value"));
        }
        Ok(axes)
    }
}

/// Checks that no two of the sorted names are equal.
pub(super) fn distinct<'n>(names: impl Iterator<Item = &'n str>) -> Result<()> {
    let names: Vec<&str> = names.collect();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(twice) => {
            Err(Error::param("axis", format!("\"{}\", twice", twice[0]), "a name of its own"))
        }
        None => Ok(()),
    }
}

fn candidate<E: Clone>(axes: &[&Axis<E>], number: usize, estimator: &E) -> Result<Candidate<E>> {
    let mut rest = number;
    let mut places = vec![0; axes.len()];
    for (place, axis) in places.iter_mut().zip(axes).rev() {
        *place = rest % axis.values.len();
        rest /= axis.values.len();
    }
    let mut made = Candidate { params: Params::default(), estimator: estimator.clone() };
    for (axis, place) in axes.iter().zip(places) {
        made = made.with(&axis.name, &axis.values[place])?;
    }
    Ok(made)
}

/// An estimator with the settings that make it differ from the others of a search.
#[derive(Debug, Clone)]
pub struct Candidate<E> {
    pub(super) params: Params,
    pub(super) estimator: E,
}

impl<E> Candidate<E> {
    /// One setting more.
    pub(super) fn with(mut self, name: &str, (shown, set): &AxisValue<E>) -> Result<Self> {
        let shown = shown.clone().map_err(|error| {
            let want = "a value that can be written as JSON";
            Error::param("axis", format!("\"{name}\": {error}"), want)
        })?;
        self.params.0.push((name.to_owned(), shown));
        self.estimator = set(self.estimator);
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_sorted_and_the_last_is_fastest() {
        let grid = Grid::new().axis("b", ["x", "y"], |text: String, value| text + value).axis(
            "a",
            [1, 2, 3],
            |text, value| format!("{text}{value}"),
        );
        let candidates = grid.candidates(&String::new()).unwrap();
        let made: Vec<&str> = candidates.iter().map(|c| &*c.estimator).collect();
        assert_eq!(made, ["1x", "1y", "2x", "2y", "3x", "3y"]);
        assert_eq!(candidates[3].params.to_string(), "a=2, b=y");
        assert_eq!(serde_json::to_string(&candidates[3].params).unwrap(), r#"{"a":2,"b":"y"}"#);
        assert_eq!(Grid::<String>::new().candidates(&String::new()).unwrap().len(), 1);
    }

    #[test]
    fn what_cannot_be_tried_is_named() {
        let twice = Grid::new().axis("a", [1], |e: u8, _| e).axis("a", [2], |e, _| e);
        assert!(matches!(twice.candidates(&0), Err(Error::Param { name: "axis", .. })));
        let empty = Grid::new().axis("a", [0u8; 0], |e: u8, _| e);
        assert!(matches!(empty.candidates(&0), Err(Error::Empty { .. })));
    }
}
