//! The candidates' scores against each parameter.

use std::collections::HashMap;
use std::path::Path;

use plotters::style::{Color, RGBColor};

use super::parameter::{Parameter, settings};
use super::{best, candidates, score_axis, score_text, scored};
use crate::error::{Error, Result};
use crate::plot::axis::LARGEST;
use crate::plot::canvas::{COLORS, Canvas, INK, Place, picture, shortened};
use crate::plot::panel::{Area, Drawn, Panel};
use crate::plot::{MARGIN, MOST_POINTS, areas, draw_head, write};
use crate::search::SearchResults;

/// Dots are moved apart by this much.
const DOT: f64 = 6.0;
/// And no farther than this from where they belong.
const REACH: f64 = 60.0;

/// Draws the candidates' mean scores against each parameter of a search: a panel for each parameter, a
/// dot for each candidate, and the mean of the candidates that share a value.
///
/// Numbers lie on an axis of numbers, which is logarithmic where they spread over more than one and a half
/// decades and lie more evenly so; other values stand side by side in the order of the search. Dots that
/// would hide each other are moved sideways, as far as the next value allows. A line joins the means of
/// numbers from a list; numbers drawn from a range have no means.
///
/// Candidates that failed are left out. The same results give the same file.
///
/// ```
/// use blastrain::prelude::*;
///
/// let search = RandomizedSearch::new(MlpClassifier::new().max_iter(5), 8)
///     .log_uniform("learning_rate_init", 1e-3..=1e-1, |mlp, rate| mlp.learning_rate_init(rate))
///     .choice("solver", [Solver::Adam, Solver::Sgd], |mlp, solver| mlp.solver(solver))
///     .cv(StratifiedKFold::new(2))
///     .fit(&datasets::iris::<f64>()?)?;
/// let path = std::env::temp_dir().join(format!("doc-scores-{}.svg", std::process::id()));
/// blastrain::plot::search_scores(&path, search.results(), "accuracy")?;
/// # std::fs::remove_file(&path).ok();
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::UnknownName`] for a metric that the search has not; [`Error::Empty`] without a parameter;
/// [`Error::Undefined`] if no candidate has a score; [`Error::Io`] if the file cannot be written, and then
/// a file that was there is left as it was.
pub fn search_scores(path: impl AsRef<Path>, results: &SearchResults, metric: &str) -> Result<()> {
    write(path.as_ref(), &svg(results, metric)?)
}

fn svg(results: &SearchResults, metric: &str) -> Result<String> {
    let scores = scored(results, metric)?;
    let parameters = Parameter::all(results);
    if parameters.is_empty() {
        return Err(Error::empty("the parameters of the search", "1 parameter"));
    }
    let higher = results.higher_is_better(metric)?;
    let Some((best, best_score)) = best(&scores, higher) else {
        return Err(Error::undefined("a picture of scores", "no candidate has a score"));
    };
    let all = || scores.iter().map(|score| score.1);
    let y = score_axis(all(), higher, 7);
    let (size, areas) = areas(parameters.len());
    let width = size.0 - 2.0 * MARGIN;
    let largest = all().fold(0.0, |largest: f64, score| largest.max(score.abs()));
    let subtitle = format!(
        "{}; black: the mean at a value; orange: the best, {} ({})",
        candidates(scores.len()),
        score_text(best_score, largest),
        settings(&results.candidates()[best].params, |_| true)
    );
    // The best is always there.
    let stride = scores.len().div_ceil((MOST_POINTS / parameters.len()).max(20));
    let drawn: Vec<(usize, f64)> = scores.iter().copied().step_by(stride).collect();
    picture(size, |canvas| {
        let title = shortened(&format!("{metric} by parameter"), 17.0, width);
        draw_head(canvas, &title, &shortened(&subtitle, 12.0, width))?;
        for (parameter, area) in parameters.iter().zip(areas) {
            let scatter = Scatter { results, metric, parameter, best: (best, best_score) };
            scatter.draw(canvas, area, &drawn, y.clone())?;
        }
        Ok(())
    })
}

/// One panel.
struct Scatter<'s> {
    results: &'s SearchResults,
    metric: &'s str,
    parameter: &'s Parameter<'s>,
    best: (usize, f64),
}

impl Scatter<'_> {
    fn draw(
        &self,
        canvas: &Canvas<'_>,
        area: Area,
        scores: &[(usize, f64)],
        y: crate::plot::axis::Axis,
    ) -> Result<()> {
        let parameter = self.parameter;
        let panel = Panel {
            x: parameter.across(area.width - 90.0),
            y,
            x_label: &shortened(parameter.name, 12.0, area.width - 90.0),
            y_label: &shortened(self.metric, 12.0, area.height - 60.0),
        };
        let panel = panel.draw(canvas, area, &[])?;
        let gap = parameter.places.windows(2).map(|pair| panel.distance(pair[0], pair[1]));
        let reach = (0.35 * gap.fold(f64::INFINITY, f64::min)).min(REACH);
        let point = |&(candidate, score): &(usize, f64)| {
            let value = self.results.candidates()[candidate].params.get(parameter.name);
            parameter.place(value).map(|x| panel.place((x, score)))
        };
        // The best first: it stays next to where its value is.
        let others = scores.iter().filter(|(candidate, _)| *candidate != self.best.0);
        let places: Vec<Place> = [&self.best].into_iter().chain(others).filter_map(point).collect();
        let apart = apart(&places, reach);
        let opacity = if places.len() > 300 { 0.4 } else { 0.6 };
        let has_best = point(&self.best).is_some();
        for &place in apart.iter().skip(usize::from(has_best)) {
            canvas.dot(place, 3.2, COLORS[0].mix(opacity))?;
        }
        self.draw_means(canvas, &panel, reach)?;
        match apart.first().filter(|_| has_best) {
            Some(&place) => {
                canvas.dot(place, 5.2, RGBColor(255, 255, 255).to_rgba())?;
                canvas.dot(place, 4.2, COLORS[1].to_rgba())
            }
            None => Ok(()),
        }
    }

    /// The mean score at each value: a bar beside others, a line over numbers.
    fn draw_means(&self, canvas: &Canvas<'_>, panel: &Drawn<'_>, reach: f64) -> Result<()> {
        let parameter = self.parameter;
        let with_value =
            |name| self.results.candidates().iter().filter(move |c| c.params.get(name).is_some());
        let count = with_value(parameter.name).count();
        if parameter.is_continuous(count) {
            return Ok(());
        }
        let means = self.results.means_by(parameter.name, self.metric)?;
        let place = |(value, scores): (_, Option<crate::search::ScoreSummary>)| {
            let mean = scores.map(|scores| scores.mean).filter(|mean| mean.abs() <= LARGEST);
            Some((parameter.place(Some(value))?, mean?))
        };
        let mut means: Vec<(f64, f64)> = means.into_iter().filter_map(place).collect();
        means.sort_by(|a, b| a.0.total_cmp(&b.0));
        let means: Vec<Place> = means.into_iter().map(|mean| panel.place(mean)).collect();
        if parameter.numeric {
            canvas.line(&means, INK, 1.5)?;
            return means.iter().try_for_each(|&place| canvas.dot(place, 2.75, INK.to_rgba()));
        }
        // Wider than a dot, narrower than the space to the next.
        let half = (0.5 * reach).clamp(4.0, 18.0);
        for &(x, y) in &means {
            canvas.line(&[(x - half, y), (x + half, y)], INK, 2.5)?;
        }
        Ok(())
    }
}

/// Moves dots at the same value and about the same height apart, to both sides by turns.
fn apart(places: &[Place], reach: f64) -> Vec<Place> {
    if reach < DOT {
        return places.to_vec();
    }
    let bin = |&(x, y): &Place| ((4.0 * x).round() as i64, (y / (0.9 * DOT)).round() as i64);
    let mut sizes: HashMap<(i64, i64), usize> = HashMap::new();
    for place in places {
        *sizes.entry(bin(place)).or_default() += 1;
    }
    let mut used: HashMap<(i64, i64), usize> = HashMap::new();
    let moved = |place: &Place| {
        let size = sizes.get(&bin(place)).copied().unwrap_or(1);
        let step = (2.0 * reach / size as f64).min(DOT);
        let turn = used.entry(bin(place)).or_default();
        let side = if turn.is_multiple_of(2) { -1.0 } else { 1.0 };
        // An even number has no dot in the middle.
        let middle = if size.is_multiple_of(2) { 0.5 } else { 0.0 };
        let offset = (side * turn.div_ceil(2) as f64 - middle) * step;
        *turn += 1;
        (place.0 + offset, place.1)
    };
    places.iter().map(moved).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_move_apart_within_their_reach() {
        let same = vec![(100.0, 50.0); 5];
        let xs: Vec<f64> = apart(&same, 60.0).iter().map(|place| place.0).collect();
        assert_eq!(xs, [100.0, 106.0, 94.0, 112.0, 88.0]);
        assert_eq!(apart(&same, 3.0), same);
        let many = vec![(100.0, 50.0); 1000];
        assert!(apart(&many, 20.0).iter().all(|place| (place.0 - 100.0).abs() <= 20.0 + 1e-9));
        let pair: Vec<f64> = apart(&same[..2], 60.0).iter().map(|place| place.0).collect();
        assert_eq!(pair, [97.0, 103.0]);
        let far = [(100.0, 50.0), (100.0, 90.0), (200.0, 50.0)];
        assert_eq!(apart(&far, 20.0), far);
    }
}
