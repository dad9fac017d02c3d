//! Axes of settings, and the candidates that they span.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::Params;
use super::params::shown;
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
    (shown(&value), Arc::new(move |estimator| set(estimator, value.clone())))
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

    /// Adds an axis: `set` gives an estimator one of the values, which the results show as they are serialised.
    ///
    /// Settings of this crate serialise by their names. Those of different types go into boxes; of what
    /// does not serialise, let the axis be of names:
    ///
    /// ```
    /// use blastrain::activation::AnyActivation;
    /// use blastrain::estimator::RegressorLoss;
    /// use blastrain::loss::Huber;
    /// use blastrain::prelude::*;
    /// use blastrain::search::Grid;
    ///
    /// let activations: [Box<dyn AnyActivation>; 2] = [Tanh.into(), LeakyRelu::new(0.2).into()];
    /// let losses = [RegressorLoss::SquaredError, RegressorLoss::from(Huber::new(1.0)?)];
    /// let grid = Grid::new()
    ///     .axis("activation", activations, |mlp: MlpRegressor, activation| mlp.activation(activation))
    ///     .axis("loss", losses, |mlp, loss| mlp.loss(loss))
    ///     .axis("batch", ["auto", "all"], |mlp, batch| match batch {
    ///         "all" => mlp.batch_size(usize::MAX),
    ///         _ => mlp.batch_size(BatchSize::Auto),
    ///     });
    /// assert_eq!(grid.len(), 8);
    /// # Ok::<(), Error>(())
    /// ```
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
        check_count(self.len())?;
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

/// More candidates than any search will ever fit: a slip of the pen would fill the memory.
const MOST_CANDIDATES: usize = 1_000_000;

/// Checks that a search has not too many candidates.
pub(super) fn check_count(count: usize) -> Result<()> {
    match count <= MOST_CANDIDATES {
        true => Ok(()),
        false => Err(Error::param("candidates", count, format!("at most {MOST_CANDIDATES}"))),
    }
}

/// Checks that there is a name, and that no two of the sorted ones are equal.
pub(super) fn distinct<'n>(names: impl Iterator<Item = &'n str>) -> Result<()> {
    let names: Vec<&str> = names.collect();
    if names.contains(&"") {
        return Err(Error::param("axis name", "\"\"", "one character or more"));
    }
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(twice) => {
            let got = format!("\"{}\" for two axes", twice[0]);
            Err(Error::param("axis name", got, "given to one of them only"))
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
            let got = format!("one of axis \"{name}\" that does not serialise ({error})");
            Error::param("axis value", got, "one that can be written as JSON")
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
    fn too_many_candidates_are_refused_before_any_is_made() {
        let grid =
            (0..30).fold(Grid::new(), |grid, i| grid.axis(format!("a{i}"), 0..10, |e: u8, _| e));
        let refused = grid.candidates(&0).unwrap_err();
        assert!(matches!(refused, Error::Param { name: "candidates", .. }), "{refused}");
    }

    #[test]
    fn what_cannot_be_tried_is_named() {
        let twice = Grid::new().axis("a", [1], |e: u8, _| e).axis("a", [2], |e, _| e);
        assert_eq!(
            twice.candidates(&0).unwrap_err().to_string(),
            "axis name is \"a\" for two axes, but must be given to one of them only"
        );
        let nameless = Grid::new().axis("", [1], |e: u8, _| e);
        assert!(matches!(nameless.candidates(&0), Err(Error::Param { name: "axis name", .. })));
        // A map without text keys is no JSON.
        let map = std::collections::BTreeMap::from([((1, 2), 3)]);
        let unserialisable = Grid::new().axis("m", [map], |e: u8, _| e);
        let refused = unserialisable.candidates(&0).unwrap_err();
        assert!(refused.to_string().contains("axis \"m\""), "{refused}");
        let empty = Grid::new().axis("a", [0u8; 0], |e: u8, _| e);
        assert!(matches!(empty.candidates(&0), Err(Error::Empty { .. })));
    }
}
