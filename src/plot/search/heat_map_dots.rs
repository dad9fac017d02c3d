//! A dot for each candidate over two parameters.

use super::color_scale::ColorScale;
use super::head::Head;
use super::heat_map::nothing_to_draw;
use super::outcome::{Outcome, Shown};
use super::parameter::Parameter;
use crate::error::Result;
use crate::plot::MARGIN;
use crate::plot::canvas::{AXIS, COLORS, GREY, picture, shortened};
use crate::plot::panel::{Area, Panel};

const LABEL: f64 = 12.0;
/// The panel.
const SIZE: (f64, f64) = (620.0, 430.0);
/// Between the panel and the colours.
const GAP: f64 = 24.0;

pub(super) struct Dots<'r> {
    outcome: &'r Outcome<'r>,
    x: &'r Parameter<'r>,
    y: &'r Parameter<'r>,
    /// Places on the axes, and scores.
    points: Vec<((f64, f64), f64, Shown)>,
    /// Those without a score.
    failed: Vec<(f64, f64)>,
    best: Option<(f64, f64)>,
    scale: ColorScale,
}

impl<'r> Dots<'r> {
    pub(super) fn new(
        outcome: &'r Outcome<'r>,
        x: &'r Parameter<'r>,
        y: &'r Parameter<'r>,
    ) -> Result<Self> {
        let higher = outcome.higher_is_better;
        let place = |candidate: &Shown| {
            let across = x.place(outcome.value(candidate, x.name))?;
            Some((across, y.height(outcome.value(candidate, y.name))?))
        };
        let (mut points, mut failed) = (Vec::new(), Vec::new());
        for candidate in &outcome.candidates {
            match (place(candidate), candidate.score) {
                (Some(place), Some(score)) => points.push((place, score, *candidate)),
                (Some(place), None) => failed.push(place),
                (None, _) => {}
            }
        }
        if points.is_empty() {
            return Err(nothing_to_draw());
        }
        // The better lie on top, and those of later rounds.
        let sign = if higher { 1.0 } else { -1.0 };
        points.sort_by(|(_, a, one), (_, b, other)| {
            one.round.cmp(&other.round).then((sign * a).total_cmp(&(sign * b)))
        });
        points.sort_by_key(|(.., candidate)| outcome.is_best(candidate));
        let best = outcome.best().and_then(|(best, _)| place(&best));
        let scale = ColorScale::new(points.iter().map(|point| point.1), higher);
        Ok(Self { outcome, x, y, points, failed, best, scale })
    }

    pub(super) fn svg(&self, title: &str) -> Result<String> {
        let (width, height) = (SIZE.0 - 90.0, SIZE.1 - 60.0);
        let panel = Panel {
            x: self.x.across(width),
            y: self.y.upwards(height),
            x_label: &shortened(self.x.name, LABEL, width),
            y_label: &shortened(self.y.name, LABEL, height),
        };
        let right = MARGIN + SIZE.0 + GAP;
        let picture_width = right + self.scale.width() + MARGIN;
        let head = Head::new(title, self.phrases(), picture_width - 2.0 * MARGIN);
        let area = Area { left: MARGIN, top: head.bottom(), width: SIZE.0, height: SIZE.1 };
        picture((picture_width, area.top + SIZE.1 + 8.0), |canvas| {
            head.draw(canvas)?;
            let drawn = panel.draw(canvas, area, &[])?;
            for &place in &self.failed {
                canvas.cross(drawn.place(place), (3.5, 3.5), GREY, 1.25)?;
            }
            for &(place, score, candidate) in &self.points {
                let radius = if candidate.dropped { 3.0 } else { 4.75 };
                canvas.dot(drawn.place(place), radius + 0.75, AXIS.into())?;
                canvas.dot(drawn.place(place), radius, self.scale.color(score).into())?;
            }
            if let Some(best) = self.best {
                canvas.ring(drawn.place(best), 7.5, COLORS[1], 2.0)?;
            }
            self.scale.draw(canvas, (right, area.top + 8.0), SIZE.1 - 56.0)
        })
    }

    /// What the dots are.
    fn phrases(&self) -> Vec<String> {
        let failed = self.failed.len();
        let mut phrases = vec![self.outcome.count(self.points.len() + failed)];
        if failed > 0 {
            phrases.push(format!("crosses: {failed} without a score"));
        }
        phrases.extend(self.outcome.rounds("small"));
        phrases.extend(self.best.map(|_| "ringed: the best".to_owned()));
        phrases
    }
}
