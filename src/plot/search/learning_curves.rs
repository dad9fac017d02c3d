//! The learning curves of a search's best candidates.

use std::path::Path;

use plotters::style::RGBColor;
use plotters::style::text_anchor::{HPos, VPos};

use super::color_scale::shade;
use super::parameter::settings;
use super::{candidates, score_text};
use crate::error::{Error, Result};
use crate::plot::axis::{Axis, LARGEST};
use crate::plot::canvas::{COLORS, Canvas, Font, GREY, picture, shortened};
use crate::plot::panel::{Area, Curve, Panel, draw_legend_row};
use crate::plot::{HEAD, MARGIN, MOST_POINTS, areas, draw_head, thin, write, y_axis};
use crate::search::{CandidateResult, SearchResults};

/// The height of a row of the legend.
const ROW: f64 = 20.0;
/// Up to so many candidates have colours of their own.
const COLORED: usize = COLORS.len();
/// Candidates that the legend names.
const NAMED: usize = 12;

/// Draws the learning curves of the `k` best candidates of a search by a metric: the training loss epoch by
/// epoch, and whatever else the fits recorded, such as the validation loss and score of early stopping.
///
/// The search must have been told `learning_curves(true)`. Each curve is the mean over the folds. Where folds
/// trained for different numbers of epochs, one that has ended counts with its last value, as its model stays
/// what it was: from the end of the shortest fold on, the curve is thin. Candidates without score or curves
/// are passed over. Up to seven candidates have a colour each; more go from dark for the best to pale, and
/// the legend names the first twelve. What all have in common stands below them.
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
    let best = best(results, metric, k)?;
    let (panels, longest) = panels(&best);
    if panels.is_empty() {
        let why = "no candidate has a score and a curve; the search must be told learning_curves(true), \
                   of an estimator that records its epochs";
        return Err(Error::undefined("a picture of learning curves", why));
    }
    let legend = legend(results, metric, &best)?;
    let (size, areas) = areas(panels.len());
    let (more, width) = (legend.len() as f64 * ROW, size.0 - 2.0 * MARGIN);
    let x = Axis::counting(1.0, longest as f64, 10);
    picture((size.0, size.1 + more), |canvas| {
        let shown = candidates(best.len());
        let title =
            if best.len() == 1 { "the best candidate".into() } else { format!("the best {shown}") };
        let of = format!("of {}, by {metric}: mean over the folds", results.candidates().len());
        let title = format!("Learning curves of {title}");
        draw_head(canvas, &title, &shortened(&of, 12.0, width))?;
        for (i, (name, color)) in legend.iter().enumerate() {
            let place = (MARGIN, HEAD + 4.0 + ROW * i as f64);
            let name = shortened(name, 12.0, width - 30.0);
            match color {
                Some(color) => draw_legend_row(canvas, place, &[(&name, *color)])?,
                None => {
                    let font = Font::new(12.0, GREY, (HPos::Left, VPos::Center));
                    canvas.text((MARGIN + 30.0, place.1), &name, font)?;
                }
            }
        }
        for (panel, area) in panels.iter().zip(areas) {
            panel.draw(canvas, Area { top: area.top + more, ..area }, x.clone())?;
        }
        Ok(())
    })
}

/// The best candidates that have curves, best first, with their positions.
fn best<'r>(
    results: &'r SearchResults,
    metric: &str,
    k: usize,
) -> Result<Vec<(usize, &'r CandidateResult)>> {
    let (means, ranks) = (results.means(metric)?, results.ranks(metric)?);
    let has_curve = |candidate: &CandidateResult| {
        let curves = candidate.folds.iter().flat_map(|fold| &fold.curves);
        curves.flatten().any(|(_, curve)| !curve.is_empty())
    };
    let candidates = results.candidates().iter().enumerate();
    let mut best: Vec<_> =
        candidates.filter(|(i, candidate)| !means[*i].is_nan() && has_curve(candidate)).collect();
    // Stable: equals stay in the order of the search.
    best.sort_by_key(|(i, _)| ranks[*i]);
    best.truncate(k);
    Ok(best)
}

/// What each candidate is and came to, with its colour; without one, what they share and how many more there
/// are.
fn legend(
    results: &SearchResults,
    metric: &str,
    best: &[(usize, &CandidateResult)],
) -> Result<Vec<(String, Option<RGBColor>)>> {
    let (means, deviations) = (results.means(metric)?, results.deviations(metric)?);
    let largest = best.iter().map(|(i, _)| means[*i].abs()).fold(0.0, f64::max);
    let text = |score: f64| score_text(score, largest);
    let Some((_, first)) = best.first() else { return Ok(Vec::new()) };
    let same = |name: &str| {
        let value = first.params.get(name);
        best.iter().all(|(_, candidate)| candidate.params.get(name) == value)
    };
    let shared = |name: &str| best.len() > 1 && same(name);
    let entry = |(place, (i, candidate)): (usize, &(usize, &CandidateResult))| {
        let own = settings(&candidate.params, |name| !shared(name));
        let separator = if own.is_empty() { "" } else { ":  " };
        let score = format!("{} ± {}", text(means[*i]), text(deviations[*i]));
        (format!("{score}{separator}{own}"), Some(color(place, best.len())))
    };
    let mut legend: Vec<_> = best.iter().enumerate().take(NAMED).map(entry).collect();
    if best.len() > NAMED {
        legend.push((format!("and {} more, the paler the worse", best.len() - NAMED), None));
    }
    let shared = settings(&first.params, shared);
    if !shared.is_empty() {
        legend.push((format!("all with {shared}"), None));
    }
    Ok(legend)
}

/// The colour of a candidate among so many.
fn color(place: usize, count: usize) -> RGBColor {
    match count {
        0..=COLORED => COLORS[place % COLORS.len()],
        _ => shade(1.0 - 0.75 * place as f64 / (count - 1) as f64),
    }
}

/// The curves of one name.
struct CurvesPanel {
    label: String,
    /// For each candidate: what all folds have, and the rest.
    curves: Vec<(Curve, Option<Curve>)>,
}

/// A panel for each recorded name, the loss first, and the number of epochs of the longest.
fn panels(best: &[(usize, &CandidateResult)]) -> (Vec<CurvesPanel>, usize) {
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
            let curve = |points: &[(f64, f64)]| Curve {
                name: String::new(),
                color: color(place, best.len()),
                points: thin(points, most),
            };
            // The rest begins where the first part ends.
            let rest = (shortest < points.len()).then(|| curve(&points[shortest - 1..]));
            curves.push((curve(&points[..shortest]), rest));
        }
        let has_value = |curve: &Curve| curve.points.iter().any(|point| !point.1.is_nan());
        if curves
            .iter()
            .any(|(first, rest)| has_value(first) || rest.as_ref().is_some_and(has_value))
        {
            panels.push(CurvesPanel { label: label(name), curves });
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
        let all = self.curves.iter().flat_map(|(curve, rest)| [Some(curve), rest.as_ref()]);
        let label = shortened(&self.label, 12.0, area.height - 60.0);
        let panel = Panel { x, y: y_axis(all.flatten()), x_label: "epoch", y_label: &label };
        let drawn = panel.draw(canvas, area, &[])?;
        // Of few, the best lies below and is the widest, so that equal ones show all; of many, on top.
        let last = self.curves.len().saturating_sub(1);
        let drawn_as = |i: usize| match last {
            0 => (0, 2.25),
            1..COLORED => (i, 4.0 - 2.75 * i as f64 / last as f64),
            _ => (last - i, if i == last { 2.25 } else { 1.25 }),
        };
        for (i, width) in (0..=last).map(drawn_as) {
            let Some((curve, rest)) = self.curves.get(i) else { continue };
            if let Some(rest) = rest {
                drawn.line(canvas, rest, 0.4 * width, false)?;
            }
            drawn.curve(canvas, curve, width)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::{Curves, FoldResult};

    #[test]
    fn a_fold_that_has_ended_counts_with_its_last_value() {
        let fold = |curve: &[f64]| FoldResult {
            test: vec![1.0],
            train: Vec::new(),
            fit_seconds: 0.0,
            score_seconds: 0.0,
            curves: Some(Curves::from([("loss".to_owned(), curve.to_vec())])),
            error: None,
        };
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
        let (panels, longest) = panels(&[(0, &candidate)]);
        assert_eq!((panels.len(), longest), (1, 4));
        // Solid as far as all folds go; the rest joins it.
        let (first, rest) = &panels[0].curves[0];
        assert_eq!((first.points.len(), rest.as_ref().unwrap().points.len()), (2, 3));
    }
}
