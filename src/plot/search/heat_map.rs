//! The scores over two parameters, as colours.

use std::path::Path;

use super::heat_map_cells::Cells;
use super::heat_map_dots::Dots;
use super::outcome::Outcome;
use super::parameter::Parameter;
use crate::error::{Error, Result};
use crate::plot::write;
use crate::search::SearchResults;

/// Draws the scores over two parameters of a search: a cell for each pair of their values, with the mean
/// of the candidates that have both as its colour and number. The cell of the best candidate is framed, whether
/// or not its mean is the best; a pair that no candidate has is left grey, one all of whose candidates failed is
/// crossed out.
///
/// The mean says how a pair does whatever the other parameters are;
/// [`SearchResults::means_over`] has the best of each pair too. Numbers ascend to the right and upwards,
/// other values stand in the order of the search, from left and top. Dark is good. Where a parameter's
/// values were drawn from a range, and so hardly one comes twice, the picture has a coloured dot for each
/// candidate instead, and a ring around the best.
///
/// Of successive halving each candidate is shown as it was in the last round it reached. Scores of different
/// rounds do not compare, as fewer rows or epochs give other scores: a cell's mean is that of its candidates
/// that came farthest, and cells and dots without a candidate of the last round are small.
///
/// ```
/// use blastrain::prelude::*;
///
/// let search = GridSearch::new(MlpClassifier::new().hidden_layer_sizes([4]).max_iter(5))
///     .axis("alpha", [0.01, 0.1, 1.0], |mlp: MlpClassifier, alpha| mlp.alpha(alpha))
///     .axis("solver", [Solver::Adam, Solver::Sgd], |mlp, solver| mlp.solver(solver))
///     .cv(StratifiedKFold::new(2))
///     .fit(&datasets::iris::<f64>()?)?;
/// let path = std::env::temp_dir().join(format!("doc-heat-map-{}.svg", std::process::id()));
/// blastrain::plot::search_heat_map(&path, search.results(), "alpha", "solver", "accuracy")?;
/// # std::fs::remove_file(&path).ok();
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::UnknownName`] for a parameter or a metric that the search has not; [`Error::Undefined`] if no
/// candidate has both parameters and a score; [`Error::Io`] if the file cannot be written, and then a file
/// that was there is left as it was.
pub fn search_heat_map(
    path: impl AsRef<Path>,
    results: &SearchResults,
    x: &str,
    y: &str,
    metric: &str,
) -> Result<()> {
    write(path.as_ref(), &svg(results, x, y, metric)?)
}

fn svg(results: &SearchResults, x: &str, y: &str, metric: &str) -> Result<String> {
    let title = format!("{metric} over {x} and {y}");
    let parameter = |name: &str| {
        let values = results.means_by(name, metric)?.into_iter().map(|(value, _)| value).collect();
        // The results' own name, which lives as long as they do.
        let name = results.axes().into_iter().map(|axis| axis.0).find(|known| *known == name);
        Ok(Parameter::new(name.unwrap_or_default(), values))
    };
    let (x, y) = (parameter(x)?, parameter(y)?);
    let outcome = Outcome::new(results, metric)?;
    match outcome.is_listed(&x) && outcome.is_listed(&y) {
        true => Cells::new(&outcome, &x, &y)?.svg(&title),
        false => Dots::new(&outcome, &x, &y)?.svg(&title),
    }
}

pub(super) fn nothing_to_draw() -> Error {
    Error::undefined("a heat map", "no candidate has both parameters and a finite score")
}
