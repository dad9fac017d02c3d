//! The learning curves of a search's best candidates.

use std::path::Path;

use super::candidates;
use super::curve_legend::{COLORED, color, draw_end, legend, line_width};
use super::head::Head;
use super::outcome::{Outcome, Shown};
use crate::error::{Error, Result};
use crate::plot::axis::{Axis, LARGEST};
use crate::plot::canvas::{Canvas, picture, shortened};
use crate::plot::panel::{Area, Curve, Panel};
use crate::plot::{HEAD, MARGIN, MOST_POINTS, areas, thin, write, y_axis};
use crate::search::{CandidateResult, SearchResults};

/// The height of a row of the legend.
const ROW: f64 = 20.0;

/// Draws the learning curves of the `k` best candidates of a search by a metric: the training loss epoch by
/// epoch, and whatever else the fits recorded, such as the validation loss and score of early stopping.
///
/// The search must have been told `learning_curves(true)`. Each curve is the mean over the folds. Where folds
/// trained for different numbers of epochs, one that has ended counts with its last value, as its model stays
/// what it was: a circle on the curve is where the first fold ended. Candidates without score or curves
/// are passed over. Up to seven candidates have a colour each, and the better, the wider its curve, so that equal
/// ones show; more go from dark for the best to pale, and the legend names the first twelve. What all have in
/// common stands below them.
///
/// Of successive halving each candidate is shown as it was in the last round it reached, and those that came
/// farther count as better. Where candidates of different rounds are shown, the legend has the rows or
/// epochs of each as `n_resources`.
///
/// A curve that falls over more than two decades gets a logarithmic axis. Values that are not finite are
/// gaps.
///
/// ```
/// use blastrain::prelude::*;
///
/// let search = GridSearch::new(MlpClassifier::new().hidden_layer_sizes([4]).max_iter(5))
///     .axis("alpha", [0.01, 0.1, 1.0], |mlp: MlpClassifier, alpha| mlp.alpha(alpha))
///     .cv(StratifiedKFold::new(2))
///     .learning_curves(true)
///     .fit(&datasets::iris::<f64>()?)?;
/// let path = std::env::temp_dir().join(format!("doc-curves-{}.svg", std::process::id()));
/// blastrain::plot::learning_curves(&path, search.results(), "accuracy", 2)?;
/// # std::fs::remove_file(&path).ok();
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::Param`] for a `k` of 0; [`Error::UnknownName`] for a metric that the search has not;
/// [`Error::Undefined`] if no candidate has a score and a curve; [`Error::Io`] if the file cannot be
/// written, and then a file that was there is left as it was.
pub fn learning_curves(
    path: impl AsRef<Path>,
    results: &SearchResults,
    metric: &str,
    k: usize,
) -> Result<()> {
    write(path.as_ref(), &svg(results, metric, k)?)
}

fn svg(results: &SearchResults, metric: &str, k: usize) -> Result<String> {
    if k == 0 {
        return Err(Error::param("k", 0, "at least 1"));
    }
    let outcome = Outcome::new(results, metric)?;
    let best = best(&outcome, k)?;
    let (panels, longest) = panels(&best);
    if panels.is_empty() {
        let why = "no candidate has a score and a curve; the search must be told learning_curves(true), \
                   of an estimator that records its epochs";
        return Err(Error::undefined("a picture of learning curves", why));
    }
    let ends = panels.iter().flat_map(|panel| &panel.curves).any(|curve| curve.end.is_some());
    let legend = legend(&outcome, &best, ends)?;
    let (size, areas) = areas(panels.len());
    let width = size.0 - 2.0 * MARGIN;
    let head = head(&outcome, best.len(), width);
    let lower = head.bottom() - HEAD + legend.len() as f64 * ROW;
    let x = Axis::counting(1.0, longest as f64, 10);
    picture((size.0, size.1 + lower), |canvas| {
        head.draw(canvas)?;
        for (i, (sample, text)) in legend.iter().enumerate() {
            let place = (MARGIN, head.bottom() + 4.0 + ROW * i as f64);
            sample.draw(canvas, place, &shortened(text, 12.0, width - 30.0))?;
        }
        for (panel, area) in panels.iter().zip(areas) {
            panel.draw(canvas, Area { top: area.top + lower, ..area }, x.clone())?;
        }
        Ok(())
    })
}

fn head(outcome: &Outcome<'_>, shown: usize, width: f64) -> Head {
    let title = match shown {
        1 => "Learning curves of the best candidate".to_owned(),
        _ => format!("Learning curves of the best {}", candidates(shown)),
    };
    let of = format!("of {}, by {}", outcome.count(outcome.candidates.len()), outcome.metric);
    let wide = match shown {
        1 => None,
        2..=COLORED => Some("lines narrow from the best to the last"),
        _ => Some("the wide line: the best"),
    };
    let phrases = [Some(of), Some("mean over the folds".to_owned()), wide.map(str::to_owned)];
    Head::new(&title, phrases.into_iter().flatten(), width)
}

/// The best candidates that have curves, best first.
fn best<'r>(outcome: &Outcome<'r>, k: usize) -> Result<Vec<(Shown, &'r CandidateResult)>> {
    let means = outcome.results.means(outcome.metric)?;
    let ranks = outcome.results.ranks(outcome.metric)?;
    let has_curve = |candidate: &CandidateResult| {
        let curves = candidate.folds.iter().flat_map(|fold| &fold.curves);
        curves.flatten().any(|(_, curve)| !curve.is_empty())
    };
    let entries = outcome.results.candidates();
    let candidates = outcome.candidates.iter().map(|shown| (*shown, &entries[shown.index]));
    let mut best: Vec<_> = candidates
        .filter(|(shown, candidate)| !means[shown.index].is_nan() && has_curve(candidate))
        .collect();
    // Stable: equals stay in the order of the search.
    best.sort_by_key(|(shown, _)| (std::cmp::Reverse(shown.round), ranks[shown.index]));
    best.truncate(k);
    Ok(best)
}

/// The curves of one name.
struct CurvesPanel {
    label: String,
    /// How many candidates there are, curves or not.
    candidates: usize,
    /// For each candidate that has one: its place, curve, and where the first fold ends if others do not.
    curves: Vec<CandidateCurve>,
}

struct CandidateCurve {
    place: usize,
    curve: Curve,
    end: Option<(f64, f64)>,
}

/// A panel for each recorded name, the loss first, and the number of epochs of the longest.
fn panels(best: &[(Shown, &CandidateResult)]) -> (Vec<CurvesPanel>, usize) {
    let folds = || best.iter().flat_map(|(_, candidate)| &candidate.folds);
    let mut names: Vec<&str> =
        folds().flat_map(|fold| &fold.curves).flatten().map(|(name, _)| &**name).collect();
    names.sort_unstable_by_key(|name| {
        let plain = name.strip_prefix("validation_").unwrap_or(name);
        (plain != "loss", plain, plain != *name)
    });
    names.dedup();
    let most = (MOST_POINTS / (best.len() * names.len()).max(1)).clamp(20, 2_000);
    let mut longest = 0;
    let mut panels = Vec::new();
    for name in names {
        let mut curves = Vec::new();
        for (place, (_, candidate)) in best.iter().enumerate() {
            let Some((points, shortest)) = mean_curve(candidate, name) else { continue };
            longest = longest.max(points.len());
            let end = points[shortest - 1];
            let end = Some(end).filter(|end| shortest < points.len() && !end.1.is_nan());
            let (name, color) = (String::new(), color(place, best.len()));
            let curve = Curve { name, color, points: thin(&points, most) };
            curves.push(CandidateCurve { place, curve, end });
        }
        let has_value = |curve: &Curve| curve.points.iter().any(|point| !point.1.is_nan());
        if curves.iter().any(|curve| has_value(&curve.curve)) {
            panels.push(CurvesPanel { label: label(name), candidates: best.len(), curves });
        }
    }
    (panels, longest)
}

fn label(name: &str) -> String {
    match name.strip_prefix("validation_") {
        Some(name) => format!("validation {name}"),
        None => format!("training {name}"),
    }
}

/// The mean over the folds, each with its last value behind its end, and the length of the shortest.
fn mean_curve(candidate: &CandidateResult, name: &str) -> Option<(Vec<(f64, f64)>, usize)> {
    let curves = candidate.folds.iter().filter_map(|fold| fold.curves.as_ref()?.get(name));
    let curves: Vec<&[f64]> = curves.map(|curve| &curve[..]).filter(|c| !c.is_empty()).collect();
    let lengths = || curves.iter().map(|curve| curve.len());
    let (shortest, longest) = (lengths().min()?, lengths().max()?);
    let mean = |epoch: usize| {
        let values = curves.iter().map(|curve| curve[epoch.min(curve.len() - 1)]);
        let mean = values.sum::<f64>() / curves.len() as f64;
        ((epoch + 1) as f64, if mean.abs() <= LARGEST { mean } else { f64::NAN })
    };
    Some(((0..longest).map(mean).collect(), shortest))
}

impl CurvesPanel {
    fn draw(&self, canvas: &Canvas<'_>, area: Area, x: Axis) -> Result<()> {
        let all = self.curves.iter().map(|curve| &curve.curve);
        let label = shortened(&self.label, 12.0, area.height - 60.0);
        let panel = Panel { x, y: y_axis(all), x_label: "epoch", y_label: &label };
        let drawn = panel.draw(canvas, area, &[])?;
        let mut curves: Vec<&CandidateCurve> = self.curves.iter().collect();
        if self.candidates > COLORED {
            curves.reverse();
        }
        for CandidateCurve { place, curve, .. } in &curves {
            drawn.curve(canvas, curve, line_width(*place, self.candidates))?;
        }
        for CandidateCurve { place, curve, end } in &curves {
            if let Some(end) = end {
                let width = line_width(*place, self.candidates);
                draw_end(canvas, drawn.place(*end), curve.color, width)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::{Curves, FoldResult};

    fn fold(curve: &[f64]) -> FoldResult {
        FoldResult {
            test: vec![1.0],
            train: Vec::new(),
            fit_seconds: 0.0,
            score_seconds: 0.0,
            curves: Some(Curves::from([("loss".to_owned(), curve.to_vec())])),
            error: None,
        }
    }

    #[test]
    fn a_fold_that_has_ended_counts_with_its_last_value() {
        let folds = vec![
            fold(&[8.0, 4.0]),
            fold(&[6.0, f64::INFINITY, 2.0, 0.0]),
            fold(&[]),
            FoldResult { curves: None, ..fold(&[]) },
        ];
        let candidate =
            CandidateResult { params: Default::default(), folds, iter: None, n_resources: None };
        let (points, shortest) = mean_curve(&candidate, "loss").unwrap();
        assert_eq!(shortest, 2);
        assert!(points[1].1.is_nan());
        assert_eq!((points[0], points[2], points[3]), ((1.0, 7.0), (3.0, 3.0), (4.0, 2.0)));
        assert!(mean_curve(&candidate, "validation_loss").is_none());
        let shown = Shown { index: 0, score: Some(1.0), failed: false, round: 0, dropped: false };
        let (panels, longest) = panels(&[(shown, &candidate)]);
        assert_eq!((panels.len(), longest), (1, 4));
        // An infinity has no place for the circle.
        let CandidateCurve { curve, end, .. } = &panels[0].curves[0];
        assert_eq!((curve.points.len(), *end), (4, None));
    }

    #[test]
    fn the_end_of_the_first_fold_is_marked_and_the_width_stays() {
        let folds = vec![fold(&[8.0, 4.0]), fold(&[6.0, 4.0, 2.0, 0.0])];
        let candidate =
            CandidateResult { params: Default::default(), folds, iter: None, n_resources: None };
        let shown = Shown { index: 0, score: Some(1.0), failed: false, round: 0, dropped: false };
        let ends = |count: usize| -> Vec<Option<(f64, f64)>> {
            let (panels, _) = panels(&vec![(shown, &candidate); count]);
            panels[0].curves.iter().map(|curve| curve.end).collect()
        };
        assert_eq!(ends(2), [Some((2.0, 4.0)); 2]);
        let widths: Vec<f64> = (0..7).map(|place| line_width(place, 7)).collect();
        assert!(widths.is_sorted_by(|better, worse| better > worse), "{widths:?}");
    }
}
