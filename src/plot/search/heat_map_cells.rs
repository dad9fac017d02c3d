//! A cell for each pair of values.

use std::collections::BTreeMap;

use plotters::style::RGBColor;
use plotters::style::text_anchor::{HPos, VPos};

use super::color_scale::ColorScale;
use super::head::Head;
use super::heat_map::nothing_to_draw;
use super::outcome::{Outcome, Shown};
use super::parameter::Parameter;
use super::{candidates, score_text};
use crate::error::Result;
use crate::plot::MARGIN;
use crate::plot::canvas::{
    AXIS, COLORS, Canvas, FAINT_GRID, Font, GREY, INK, Place, picture, shortened, text_width,
};

/// The scores and the labels of ticks.
const TICK: f64 = 11.0;
const LABEL: f64 = 12.0;
const TITLE: f64 = 17.0;
/// Between the cells and the colours.
const GAP: f64 = 24.0;
/// The narrowest picture.
const NARROWEST: f64 = 440.0;
/// A picture is made wider for its title up to this.
const WIDEST_TITLE: f64 = 720.0;
/// What is left free on each side, in cells, of those that successive halving dropped.
const SMALLER: f64 = 0.16;

/// Column, and row from the top.
type Position = (usize, usize);

/// A pair of values that candidates with a score have.
struct Cell {
    position: Position,
    /// How many candidates its mean is of.
    candidates: usize,
    /// Whether there are others that came less far.
    passed_over: bool,
    mean: f64,
    /// Whether none of them is in the last round.
    dropped: bool,
}

/// Pairs of values.
pub(super) struct Cells<'r> {
    outcome: &'r Outcome<'r>,
    x: &'r Parameter<'r>,
    y: &'r Parameter<'r>,
    filled: Vec<Cell>,
    /// Where candidates have no score.
    failed: Vec<Position>,
    best: Option<Position>,
    scale: ColorScale,
    /// The size of a cell.
    cell: (f64, f64),
}

impl<'r> Cells<'r> {
    pub(super) fn new(
        outcome: &'r Outcome<'r>,
        x: &'r Parameter<'r>,
        y: &'r Parameter<'r>,
    ) -> Result<Self> {
        let position = |candidate: &Shown| {
            let column = x.position(outcome.value(candidate, x.name))?;
            Some((column, row(y, y.position(outcome.value(candidate, y.name))?)))
        };
        let mut members: BTreeMap<Position, Vec<&Shown>> = BTreeMap::new();
        for candidate in &outcome.candidates {
            if let Some(position) = position(candidate) {
                members.entry(position).or_default().push(candidate);
            }
        }
        let (mut filled, mut failed) = (Vec::new(), Vec::new());
        for (position, members) in members {
            match cell(position, &members) {
                Some(cell) => filled.push(cell),
                None => failed.push(position),
            }
        }
        if filled.is_empty() {
            return Err(nothing_to_draw());
        }
        let scale = ColorScale::new(filled.iter().map(|cell| cell.mean), outcome.higher_is_better);
        let (columns, rows) = (x.values.len() as f64, y.values.len() as f64);
        // Few cells are larger, so that the names of the parameters have room.
        let width = (640.0 / columns).min(f64::max(92.0, 240.0 / columns));
        let height = (480.0 / rows).min(f64::max(46.0, 150.0 / rows));
        let best = outcome.best().and_then(|(best, _)| position(&best));
        Ok(Self { outcome, x, y, filled, failed, best, scale, cell: (width, height) })
    }

    /// The size of all cells together.
    fn size(&self) -> (f64, f64) {
        (self.cell.0 * self.x.values.len() as f64, self.cell.1 * self.y.values.len() as f64)
    }

    pub(super) fn svg(&self, title: &str) -> Result<String> {
        let (width, height) = self.size();
        let left = MARGIN + 30.0 + self.y.label_width(150.0);
        let right = left + width + GAP + self.scale.width() + MARGIN;
        let title_width = (text_width(title, TITLE) + 2.0 * MARGIN).min(WIDEST_TITLE);
        let picture_width = right.max(title_width).max(NARROWEST);
        let head = Head::new(title, self.phrases(), picture_width - 2.0 * MARGIN);
        let corner = (left, head.bottom());
        picture((picture_width, corner.1 + height + 58.0), |canvas| {
            head.draw(canvas)?;
            self.draw_cells(canvas, corner)?;
            self.draw_labels(canvas, corner)?;
            self.scale.draw(canvas, (left + width + GAP, corner.1), height)
        })
    }

    /// What the cells are.
    fn phrases(&self) -> Vec<String> {
        let counts = || self.filled.iter().map(|cell| cell.candidates);
        let (least, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
        let farthest = match self.filled.iter().any(|cell| cell.passed_over) {
            true => " that came farthest",
            false => "",
        };
        let mut phrases = vec![match (least, most) {
            (1, 1) => format!("a candidate{farthest} in each cell"),
            _ if least == most => {
                format!("the mean of {}{farthest} in each cell", candidates(most))
            }
            _ => format!("the mean of {least} to {}{farthest} in each cell", candidates(most)),
        }];
        phrases.extend(self.outcome.rounds("small"));
        if !self.failed.is_empty() {
            phrases.push("crossed out: no score".to_owned());
        }
        if let Some((_, score)) = self.outcome.best().filter(|_| self.best.is_some()) {
            let score = score_text(score, score);
            phrases.push(match most {
                1 => "framed: the best".to_owned(),
                _ => format!("framed: the cell of the best candidate, {score}"),
            });
        }
        phrases
    }

    /// The corners of a cell, or of the smaller rectangle in it.
    fn corners(&self, corner: Place, (column, row): Position, smaller: bool) -> [Place; 2] {
        let (width, height) = self.cell;
        let (left, top) = (corner.0 + column as f64 * width, corner.1 + row as f64 * height);
        let free = if smaller { SMALLER } else { 0.0 };
        let (across, down) = (free * width, free * height);
        [(left + across, top + down), (left + width - across, top + height - down)]
    }

    fn draw_cells(&self, canvas: &Canvas<'_>, corner: Place) -> Result<()> {
        let (width, height) = self.size();
        canvas.rectangle([corner, (corner.0 + width, corner.1 + height)], FAINT_GRID)?;
        let means = || self.filled.iter().map(|cell| cell.mean);
        let largest = means().fold(0.0, |largest: f64, mean| largest.max(mean.abs()));
        let texts: Vec<String> = means().map(|mean| score_text(mean, largest)).collect();
        let widest = texts.iter().map(|text| text_width(text, TICK)).fold(0.0, f64::max);
        let share = if self.outcome.has_dropped() { 1.0 - 2.0 * SMALLER } else { 1.0 };
        let readable = widest + 4.0 <= share * self.cell.0 && TICK + 2.0 <= share * self.cell.1;
        for (cell, text) in self.filled.iter().zip(&texts) {
            let corners = self.corners(corner, cell.position, cell.dropped);
            canvas.rectangle(corners, self.scale.color(cell.mean))?;
            if readable {
                let font = Font::new(TICK, self.scale.ink(cell.mean), (HPos::Center, VPos::Center));
                canvas.text(middle(corners), text, font)?;
            }
        }
        for &position in &self.failed {
            let half = (0.25 * self.cell.0.min(self.cell.1)).min(7.0);
            let place = middle(self.corners(corner, position, false));
            canvas.cross(place, (half, half), AXIS, 1.5)?;
        }
        self.draw_lines(canvas, corner)?;
        self.draw_frame(canvas, corner)
    }

    /// White lines between the cells, where these are large enough.
    fn draw_lines(&self, canvas: &Canvas<'_>, (left, top): Place) -> Result<()> {
        const WHITE: RGBColor = RGBColor(255, 255, 255);
        let (width, height) = self.size();
        if self.cell.0.min(self.cell.1) < 8.0 {
            return Ok(());
        }
        for column in 1..self.x.values.len() {
            let x = left + column as f64 * self.cell.0;
            canvas.line(&[(x, top), (x, top + height)], WHITE, 1.5)?;
        }
        for row in 1..self.y.values.len() {
            let y = top + row as f64 * self.cell.1;
            canvas.line(&[(left, y), (left + width, y)], WHITE, 1.5)?;
        }
        Ok(())
    }

    /// A frame around the best candidate's cell.
    fn draw_frame(&self, canvas: &Canvas<'_>, corner: Place) -> Result<()> {
        let Some(position) = self.best else { return Ok(()) };
        let [(left, top), (right, bottom)] = self.corners(corner, position, false);
        let frame = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        canvas.line(&frame, COLORS[1], 3.0)
    }

    fn draw_labels(&self, canvas: &Canvas<'_>, (left, top): Place) -> Result<()> {
        let (width, height) = self.size();
        let every = (30.0 / self.cell.0).ceil().max(1.0);
        let labels = self.x.labels(self.cell.0 * every - 6.0);
        let font = Font::new(TICK, GREY, (HPos::Center, VPos::Top));
        for (column, label) in labels.iter().enumerate().step_by(every as usize) {
            let x = left + (column as f64 + 0.5) * self.cell.0;
            canvas.text((x, top + height + 7.0), label, font)?;
        }
        let every = (14.0 / self.cell.1).ceil().max(1.0) as usize;
        let labels = self.y.labels(150.0);
        let font = Font::new(TICK, GREY, (HPos::Right, VPos::Center));
        for (position, label) in labels.iter().enumerate().step_by(every) {
            let y = top + (row(self.y, position) as f64 + 0.5) * self.cell.1;
            canvas.text((left - 7.0, y), label, font)?;
        }
        let font = Font::new(LABEL, INK, (HPos::Center, VPos::Top));
        let name = shortened(self.x.name, LABEL, width);
        canvas.text((left + width / 2.0, top + height + 27.0), &name, font)?;
        let name = shortened(self.y.name, LABEL, height);
        let font = Font { upwards: true, ..font };
        canvas.text((MARGIN, top + height / 2.0), &name, font)
    }
}

/// The row, from the top, of a value: numbers ascend upwards.
fn row(y: &Parameter<'_>, position: usize) -> usize {
    if y.numeric { y.values.len() - 1 - position } else { position }
}

/// The mean of the candidates with a score that came farthest.
fn cell(position: Position, members: &[&Shown]) -> Option<Cell> {
    let scored = || members.iter().filter_map(|candidate| Some((candidate, candidate.score?)));
    let farthest = scored().map(|(candidate, _)| candidate.round).max()?;
    let farthest = scored().filter(|(candidate, _)| candidate.round == farthest);
    let scores: Vec<f64> = farthest.clone().map(|(_, score)| score).collect();
    Some(Cell {
        position,
        candidates: scores.len(),
        passed_over: scores.len() < scored().count(),
        mean: scores.iter().sum::<f64>() / scores.len() as f64,
        dropped: farthest.clone().all(|(candidate, _)| candidate.dropped),
    })
}

fn middle([(left, top), (right, bottom)]: [Place; 2]) -> Place {
    (0.5 * (left + right), 0.5 * (top + bottom))
}
