//! How learning curves look, and the legend that says so.

use plotters::style::RGBColor;
use plotters::style::text_anchor::{HPos, VPos};

use super::color_scale::shade;
use super::outcome::{Outcome, Shown};
use super::parameter::settings;
use super::score_text;
use crate::error::Result;
use crate::plot::canvas::{COLORS, Canvas, Font, GREY, INK, Place};
use crate::search::CandidateResult;

/// Up to so many candidates have colours of their own.
pub(super) const COLORED: usize = COLORS.len();
/// Candidates that the legend names.
const NAMED: usize = 12;
/// What a circle is.
const END: &str = "the first fold has ended, and counts on with its last value";

/// The colour of a candidate among so many.
pub(super) fn color(place: usize, count: usize) -> RGBColor {
    match count {
        0..=COLORED => COLORS[place % COLORS.len()],
        _ => shade(1.0 - 0.75 * place as f64 / (count - 1) as f64),
    }
}

/// The width of a candidate's curve among so many. Of few, the best lies below and is the widest, so that equal
/// ones all show; of many, on top.
pub(super) fn line_width(place: usize, count: usize) -> f64 {
    match count {
        2..=COLORED => 4.0 - 2.75 * place as f64 / (count - 1) as f64,
        _ if place == 0 => 2.25,
        _ => 1.25,
    }
}

/// What stands before a text of the legend.
pub(super) enum Sample {
    Nothing,
    Line(RGBColor, f64),
    /// The end of the first fold.
    End,
}

impl Sample {
    pub(super) fn draw(
        &self,
        canvas: &Canvas<'_>,
        (left, middle): Place,
        text: &str,
    ) -> Result<()> {
        let color = match self {
            Sample::Line(..) => INK,
            _ => GREY,
        };
        let font = Font::new(12.0, color, (HPos::Left, VPos::Center));
        canvas.text((left + 30.0, middle), text, font)?;
        match *self {
            Sample::Nothing => Ok(()),
            Sample::Line(color, width) => {
                canvas.line(&[(left, middle), (left + 22.0, middle)], color, width)
            }
            Sample::End => draw_end(canvas, (left + 11.0, middle), GREY, 2.25),
        }
    }
}

/// A circle on a curve of this width.
pub(super) fn draw_end(
    canvas: &Canvas<'_>,
    place: Place,
    color: RGBColor,
    width: f64,
) -> Result<()> {
    canvas.dot(place, 2.5 + width, RGBColor(255, 255, 255).into())?;
    canvas.ring(place, 2.5 + width, color, 1.5)
}

/// What each candidate is and came to, with its line; without one, what they share and how many more there
/// are; and what a circle is, if there are any.
pub(super) fn legend(
    outcome: &Outcome<'_>,
    best: &[(Shown, &CandidateResult)],
    ends: bool,
) -> Result<Vec<(Sample, String)>> {
    let results = outcome.results;
    let (means, deviations) = (results.means(outcome.metric)?, results.deviations(outcome.metric)?);
    let Some((_, first)) = best.first() else { return Ok(Vec::new()) };
    let same = |name: &str| {
        let value = first.params.get(name);
        best.iter().all(|(_, candidate)| candidate.params.get(name) == value)
    };
    let shared = |name: &str| best.len() > 1 && same(name);
    let largest = best.iter().map(|(shown, _)| means[shown.index].abs()).fold(0.0, f64::max);
    let text = |score: f64| score_text(score, largest);
    let rounds = best.iter().any(|(shown, _)| shown.dropped);
    let entry = |(place, (shown, candidate)): (usize, &(Shown, &CandidateResult))| {
        let own = settings(&candidate.params, |name| !shared(name));
        let resources = candidate.n_resources.filter(|_| rounds);
        let resources = resources.map_or(String::new(), |count| format!("n_resources={count}"));
        let parts = [own, resources].into_iter().filter(|part| !part.is_empty());
        let own = parts.collect::<Vec<_>>().join(", ");
        let separator = if own.is_empty() { "" } else { ":  " };
        let score = format!("{} ± {}", text(means[shown.index]), text(deviations[shown.index]));
        let line = Sample::Line(color(place, best.len()), line_width(place, best.len()));
        (line, format!("{score}{separator}{own}"))
    };
    let mut legend: Vec<_> = best.iter().enumerate().take(NAMED).map(entry).collect();
    let shared = settings(&first.params, shared);
    let more = best.len().saturating_sub(NAMED);
    let notes = [
        (more > 0).then(|| (Sample::Nothing, format!("and {more} more, the paler the worse"))),
        (!shared.is_empty()).then(|| (Sample::Nothing, format!("all with {shared}"))),
        ends.then(|| (Sample::End, END.to_owned())),
    ];
    legend.extend(notes.into_iter().flatten());
    Ok(legend)
}
