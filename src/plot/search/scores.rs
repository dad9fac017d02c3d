//! The candidates' scores against each parameter.

use std::collections::HashMap;
use std::path::Path;

use plotters::style::{Color, RGBColor};

use super::head::Head;
use super::outcome::{Outcome, Shown};
use super::parameter::{Parameter, settings};
use super::{score_axis, score_text};
use crate::error::{Error, Result};
use crate::plot::axis::Axis;
use crate::plot::canvas::{COLORS, Canvas, GREY, INK, Place, picture, shortened};
use crate::plot::panel::{Area, Drawn, Panel};
use crate::plot::{HEAD, MARGIN, MOST_POINTS, areas, write};
use crate::search::SearchResults;

/// Dots are moved apart by this much.
const DOT: f64 = 6.0;
/// And no farther than this from where they belong.
const REACH: f64 = 60.0;
/// From a dot's middle, or a cross's, to what it must not touch.
const RADIUS: f64 = 5.0;
/// The pale ones: candidates that successive halving dropped before its last round.
const PALE: RGBColor = RGBColor(176, 208, 228);

/// Draws the candidates' mean scores against each parameter of a search: a panel for each parameter, a
/// dot for each candidate, the best in orange, and the mean of the candidates that share a value.
///
/// Numbers lie on an axis of numbers, which is logarithmic where they spread over more than one and a half
/// decades and lie more evenly so; other values stand side by side in the order of the search. Dots that
/// would hide each other are moved sideways, as far as the next value and the panel's edges allow. Over numbers
/// a line joins the means if at least half of the numbers are shared by several candidates; those drawn from a
/// range, of which hardly one comes twice, have no means.
///
/// A candidate with a failed fit is a cross: at its score, if the search's
/// [`ErrorScore`](crate::search::ErrorScore) gave it one, else at the bottom, where those without a finite score
/// are too.
///
/// Of successive halving each candidate is shown as it was in the last round it reached. Scores of different
/// rounds do not compare, as fewer rows or epochs give other scores: candidates that were dropped before the
/// last round are pale, and there are no means.
///
/// The same results give the same file.
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
    let outcome = Outcome::new(results, metric)?;
    let parameters = Parameter::all(results);
    if parameters.is_empty() {
        return Err(Error::empty("the parameters of the search", "1 parameter"));
    }
    if outcome.scores().next().is_none() {
        return Err(Error::undefined("a picture of scores", "no candidate has a finite score"));
    }
    let y = score_axis(outcome.scores(), outcome.higher_is_better, 7);
    let stride = outcome.candidates.len().div_ceil((MOST_POINTS / parameters.len()).max(20));
    // The best is always there.
    let drawn = |&(i, candidate): &(usize, &Shown)| i % stride == 0 || outcome.is_best(candidate);
    let drawn: Vec<Shown> =
        outcome.candidates.iter().enumerate().filter(drawn).map(|(_, shown)| *shown).collect();
    let scatters: Vec<Scatter<'_>> =
        parameters.iter().map(|parameter| Scatter::new(&outcome, parameter)).collect();
    let (size, areas) = areas(parameters.len());
    let has_means = scatters.iter().any(|scatter| !scatter.means.is_empty());
    let phrases = phrases(&outcome, stride, has_means);
    let head = Head::new(&format!("{metric} by parameter"), phrases, size.0 - 2.0 * MARGIN);
    let lower = head.bottom() - HEAD;
    picture((size.0, size.1 + lower), |canvas| {
        head.draw(canvas)?;
        for (scatter, area) in scatters.iter().zip(areas) {
            scatter.draw(canvas, Area { top: area.top + lower, ..area }, &drawn, y.clone())?;
        }
        Ok(())
    })
}

/// What the marks are.
fn phrases(outcome: &Outcome<'_>, stride: usize, has_means: bool) -> Vec<String> {
    let mut phrases = vec![outcome.count(outcome.candidates.len())];
    if stride > 1 {
        phrases.push(format!("one in {stride} drawn"));
    }
    phrases.extend(outcome.failures().map(|failures| format!("crosses: {failures}")));
    phrases.extend(outcome.rounds("pale"));
    if has_means {
        phrases.push("black: the mean at a value".to_owned());
    }
    phrases.extend(outcome.best().map(|(best, score)| {
        let settings = settings(outcome.params(&best), |_| true);
        let of = if outcome.has_dropped() { " of the last round" } else { "" };
        format!("orange: the best{of}, {} ({settings})", score_text(score, score))
    }));
    phrases
}

/// One panel.
struct Scatter<'s> {
    outcome: &'s Outcome<'s>,
    parameter: &'s Parameter<'s>,
    /// Places on both axes.
    means: Vec<(f64, f64)>,
}

impl<'s> Scatter<'s> {
    fn new(outcome: &'s Outcome<'s>, parameter: &'s Parameter<'s>) -> Self {
        Self { outcome, parameter, means: means(outcome, parameter) }
    }

    fn draw(&self, canvas: &Canvas<'_>, area: Area, candidates: &[Shown], y: Axis) -> Result<()> {
        let parameter = self.parameter;
        let panel = Panel {
            x: parameter.across(area.width - 90.0),
            y,
            x_label: &shortened(parameter.name, 12.0, area.width - 90.0),
            y_label: &shortened(self.outcome.metric, 12.0, area.height - 60.0),
        };
        let panel = panel.draw(canvas, area, &[])?;
        let gap = parameter.places.windows(2).map(|pair| panel.distance(pair[0], pair[1]));
        let reach = (0.35 * gap.fold(f64::INFINITY, f64::min)).min(REACH);
        let (best, others): (Vec<_>, Vec<_>) =
            self.marks(&panel, candidates, reach).into_iter().partition(|(_, candidate)| {
                self.outcome.is_best(candidate) && candidate.score.is_some()
            });
        for (place, candidate) in others {
            draw_mark(canvas, place, candidate, candidates.len())?;
        }
        self.draw_means(canvas, &panel, reach)?;
        best.into_iter().try_for_each(|(place, _)| {
            canvas.dot(place, 5.2, RGBColor(255, 255, 255).to_rgba())?;
            canvas.dot(place, 4.2, COLORS[1].to_rgba())
        })
    }

    /// The places of the candidates that have the parameter.
    fn marks<'c>(
        &self,
        panel: &Drawn<'_>,
        candidates: &'c [Shown],
        reach: f64,
    ) -> Vec<(Place, &'c Shown)> {
        let [(left, _), (right, bottom)] = panel.corners();
        let place = |candidate: &'c Shown| {
            let x = self.parameter.place(self.outcome.value(candidate, self.parameter.name))?;
            let (x, y) = panel.place((x, candidate.score.unwrap_or(0.0)));
            let y = candidate.score.map_or(bottom - RADIUS - 1.0, |_| y);
            Some(((x, y), candidate))
        };
        let mut marks: Vec<(Place, &Shown)> = candidates.iter().filter_map(place).collect();
        // The best first: it stays next to where its value is.
        marks.sort_by_key(|(_, candidate)| !self.outcome.is_best(candidate));
        let places: Vec<Place> = marks.iter().map(|mark| mark.0).collect();
        let places = apart(&places, reach, (left + RADIUS, right - RADIUS));
        places.into_iter().zip(marks.into_iter().map(|mark| mark.1)).collect()
    }

    /// The mean score at each value: a bar beside others, a line over numbers.
    fn draw_means(&self, canvas: &Canvas<'_>, panel: &Drawn<'_>, reach: f64) -> Result<()> {
        let means: Vec<Place> = self.means.iter().map(|&mean| panel.place(mean)).collect();
        if self.parameter.numeric {
            if means.len() > 1 {
                canvas.line(&means, INK, 1.5)?;
            }
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

/// A candidate that is not the best, one of so many.
fn draw_mark(canvas: &Canvas<'_>, place: Place, candidate: &Shown, count: usize) -> Result<()> {
    if candidate.failed || candidate.score.is_none() {
        return canvas.cross(place, (3.0, 3.0), GREY, 1.25);
    }
    if candidate.dropped {
        return canvas.dot(place, 3.2, PALE.to_rgba());
    }
    canvas.dot(place, 3.2, COLORS[0].mix(if count > 300 { 0.4 } else { 0.6 }))
}

/// Values of a parameter and the mean scores of their candidates: of numbers all, if they are listed, of others
/// those that candidates share. None where scores do not compare.
fn means(outcome: &Outcome<'_>, parameter: &Parameter<'_>) -> Vec<(f64, f64)> {
    if outcome.has_dropped() || !outcome.is_listed(parameter) {
        return Vec::new();
    }
    let mut scores = vec![(0.0, 0.0); parameter.values.len()];
    for candidate in &outcome.candidates {
        let position = parameter.position(outcome.value(candidate, parameter.name));
        if let Some((position, score)) = position.zip(candidate.score) {
            scores[position].0 += score;
            scores[position].1 += 1.0;
        }
    }
    let wanted = |shared: bool| parameter.numeric || shared;
    let places = parameter.places.iter().zip(outcome.shared(parameter)).zip(scores);
    let has_mean = places.filter(|((_, shared), (_, count))| wanted(*shared) && *count > 0.0);
    has_mean.map(|((&place, _), (sum, count))| (place, sum / count)).collect()
}

/// Moves dots at the same value and about the same height apart, to both sides by turns, and not beyond the
/// edges.
fn apart(places: &[Place], reach: f64, (left, right): (f64, f64)) -> Vec<Place> {
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
        // As far to either side, so that the dots' middle is where they belong.
        let reach = reach.min(place.0 - left).min(right - place.0).max(0.0);
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

    const FAR: (f64, f64) = (0.0, 500.0);

    #[test]
    fn dots_move_apart_within_their_reach() {
        let same = vec![(100.0, 50.0); 5];
        let xs: Vec<f64> = apart(&same, 60.0, FAR).iter().map(|place| place.0).collect();
        assert_eq!(xs, [100.0, 106.0, 94.0, 112.0, 88.0]);
        assert_eq!(apart(&same, 3.0, FAR), same);
        let many = vec![(100.0, 50.0); 1000];
        assert!(apart(&many, 20.0, FAR).iter().all(|place| (place.0 - 100.0).abs() <= 20.0 + 1e-9));
        let pair: Vec<f64> = apart(&same[..2], 60.0, FAR).iter().map(|place| place.0).collect();
        assert_eq!(pair, [97.0, 103.0]);
        let far = [(100.0, 50.0), (100.0, 90.0), (200.0, 50.0)];
        assert_eq!(apart(&far, 20.0, FAR), far);
    }

    #[test]
    fn dots_stay_between_the_edges() {
        for (x, edges) in [(20.0, (8.0, 400.0)), (390.0, (8.0, 400.0)), (5.0, (8.0, 400.0))] {
            let ties = vec![(x, 50.0); 36];
            let reach = f64::min(x - edges.0, edges.1 - x).max(0.0);
            let xs: Vec<f64> = apart(&ties, 60.0, edges).iter().map(|place| place.0).collect();
            assert!(xs.iter().all(|moved| (moved - x).abs() <= reach + 1e-9), "{xs:?}");
            let spread = xs.iter().copied().fold(f64::NEG_INFINITY, f64::max) - x;
            assert!(spread > 0.9 * reach - 1e-9, "{spread}: all the room there is");
        }
    }
}
