//! The scores over two parameters, as colours.

use std::path::Path;

use plotters::style::RGBColor;
use plotters::style::text_anchor::{HPos, VPos};

use super::color_scale::ColorScale;
use super::parameter::Parameter;
use super::{best, candidates, score_text, scored};
use crate::error::{Error, Result};
use crate::plot::axis::LARGEST;
use crate::plot::canvas::{
    AXIS, COLORS, Canvas, FAINT_GRID, Font, GREY, INK, Place, picture, shortened, text_width,
};
use crate::plot::panel::{Area, Panel};
use crate::plot::{HEAD, MARGIN, draw_head, write};
use crate::search::{PairedScores, ScoreSummary, SearchResults};

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

/// Draws the scores over two parameters of a search: a cell for each pair of their values, with the mean
/// of the candidates that have both as its colour and number. The best cell is framed; a pair that no
/// candidate has is left grey.
///
/// The mean says how a pair does whatever the other parameters are;
/// [`SearchResults::means_over`] has the best of each pair too. Numbers ascend to the right and upwards,
/// other values stand in the order of the search, from left and top. Dark is good. Where a parameter's
/// values were drawn from a range, and so hardly a pair comes twice, the picture has a coloured dot for each
/// candidate instead.
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
    let both = results.candidates().iter();
    let both = both.filter(|c| c.params.get(x.name).is_some() && c.params.get(y.name).is_some());
    let count = both.count();
    if x.is_continuous(count) || y.is_continuous(count) {
        return Dots::new(results, &x, &y, metric)?.svg(&title);
    }
    Cells::new(results, &x, &y, metric)?.svg(&title)
}

fn nothing_to_draw() -> Error {
    Error::undefined("a heat map", "no candidate has both parameters and a score")
}

/// Pairs of values.
struct Cells<'r> {
    x: &'r Parameter<'r>,
    y: &'r Parameter<'r>,
    /// Column, row from the top, and scores.
    filled: Vec<(usize, usize, ScoreSummary)>,
    scale: ColorScale,
    higher_is_better: bool,
    /// The size of a cell.
    cell: (f64, f64),
    /// The upper left corner of the cells.
    corner: Place,
}

impl<'r> Cells<'r> {
    fn new(
        results: &'r SearchResults,
        x: &'r Parameter<'r>,
        y: &'r Parameter<'r>,
        metric: &str,
    ) -> Result<Self> {
        let table = results.means_over(x.name, y.name, metric)?;
        let filled = filled(&table, x, y);
        if filled.is_empty() {
            return Err(nothing_to_draw());
        }
        let higher_is_better = results.higher_is_better(metric)?;
        let scale = ColorScale::new(filled.iter().map(|cell| cell.2.mean), higher_is_better);
        let (columns, rows) = (x.values.len() as f64, y.values.len() as f64);
        // Few cells are larger, so that the names of the parameters have room.
        let width = (640.0 / columns).min(f64::max(92.0, 240.0 / columns));
        let height = (480.0 / rows).min(f64::max(46.0, 150.0 / rows));
        let corner = (MARGIN + 30.0 + y.label_width(150.0), HEAD);
        Ok(Self { x, y, filled, scale, higher_is_better, cell: (width, height), corner })
    }

    /// The size of all cells together.
    fn size(&self) -> (f64, f64) {
        (self.cell.0 * self.x.values.len() as f64, self.cell.1 * self.y.values.len() as f64)
    }

    fn svg(&self, title: &str) -> Result<String> {
        let (width, height) = self.size();
        let right = self.corner.0 + width + GAP + self.scale.width() + MARGIN;
        let title_width = (text_width(title, TITLE) + 2.0 * MARGIN).min(WIDEST_TITLE);
        let picture_width = right.max(title_width).max(NARROWEST);
        picture((picture_width, self.corner.1 + height + 58.0), |canvas| {
            let room = picture_width - 2.0 * MARGIN;
            let title = shortened(title, TITLE, room);
            draw_head(canvas, &title, &shortened(&self.subtitle(), LABEL, room))?;
            self.draw_cells(canvas)?;
            self.draw_labels(canvas)?;
            self.scale.draw(canvas, (self.corner.0 + width + GAP, self.corner.1), height)
        })
    }

    fn subtitle(&self) -> String {
        let counts = || self.filled.iter().map(|cell| cell.2.candidates);
        let (least, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
        let what = match (least, most) {
            (1, 1) => "a candidate in each cell".to_owned(),
            _ if least == most => format!("the mean of {} in each cell", candidates(most)),
            _ => format!("the mean of {least} to {} in each cell", candidates(most)),
        };
        format!("{what}; framed: the best")
    }

    /// The corners of a cell.
    fn corners(&self, column: usize, row: usize) -> [Place; 2] {
        let (width, height) = self.cell;
        let (left, top) =
            (self.corner.0 + column as f64 * width, self.corner.1 + row as f64 * height);
        [(left, top), (left + width, top + height)]
    }

    fn draw_cells(&self, canvas: &Canvas<'_>) -> Result<()> {
        let (left, top) = self.corner;
        let (width, height) = self.size();
        canvas.rectangle([self.corner, (left + width, top + height)], FAINT_GRID)?;
        let scores = || self.filled.iter().map(|cell| cell.2.mean);
        let largest = scores().fold(0.0, |largest: f64, score| largest.max(score.abs()));
        let texts: Vec<String> = scores().map(|score| score_text(score, largest)).collect();
        let widest = texts.iter().map(|text| text_width(text, TICK)).fold(0.0, f64::max);
        let readable = widest + 4.0 <= self.cell.0 && TICK + 2.0 <= self.cell.1;
        for ((column, row, scores), text) in self.filled.iter().zip(&texts) {
            let corners = self.corners(*column, *row);
            canvas.rectangle(corners, self.scale.color(scores.mean))?;
            if readable {
                let font =
                    Font::new(TICK, self.scale.ink(scores.mean), (HPos::Center, VPos::Center));
                canvas.text(middle(corners), text, font)?;
            }
        }
        self.draw_lines(canvas)?;
        self.draw_frame(canvas)
    }

    /// White lines between the cells, where these are large enough.
    fn draw_lines(&self, canvas: &Canvas<'_>) -> Result<()> {
        const WHITE: RGBColor = RGBColor(255, 255, 255);
        let ((left, top), (width, height)) = (self.corner, self.size());
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

    /// A frame around the best cell; the first of equals.
    fn draw_frame(&self, canvas: &Canvas<'_>) -> Result<()> {
        let scores: Vec<_> = self
            .filled
            .iter()
            .map(|(column, row, scores)| ((*column, *row), scores.mean))
            .collect();
        let Some(((column, row), _)) = best(&scores, self.higher_is_better) else { return Ok(()) };
        let [(left, top), (right, bottom)] = self.corners(column, row);
        let frame = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        canvas.line(&frame, COLORS[1], 3.0)
    }

    fn draw_labels(&self, canvas: &Canvas<'_>) -> Result<()> {
        let ((left, top), (width, height)) = (self.corner, self.size());
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

/// The cells that have a score.
fn filled(
    table: &PairedScores<'_>,
    x: &Parameter<'_>,
    y: &Parameter<'_>,
) -> Vec<(usize, usize, ScoreSummary)> {
    let mut filled = Vec::new();
    for (&y_value, cells) in table.y.iter().zip(&table.cells) {
        for (&x_value, scores) in table.x.iter().zip(cells) {
            let places = x.position(Some(x_value)).zip(y.position(Some(y_value)));
            let scores = scores.filter(|scores| scores.mean.abs() <= LARGEST);
            if let Some(((column, position), scores)) = places.zip(scores) {
                filled.push((column, row(y, position), scores));
            }
        }
    }
    filled
}

fn middle([(left, top), (right, bottom)]: [Place; 2]) -> Place {
    (0.5 * (left + right), 0.5 * (top + bottom))
}

/// A dot for each candidate.
struct Dots<'r> {
    x: &'r Parameter<'r>,
    y: &'r Parameter<'r>,
    /// Places on the axes, and scores.
    points: Vec<((f64, f64), f64)>,
    scale: ColorScale,
    best: (f64, f64),
}

impl<'r> Dots<'r> {
    fn new(
        results: &'r SearchResults,
        x: &'r Parameter<'r>,
        y: &'r Parameter<'r>,
        metric: &str,
    ) -> Result<Self> {
        let higher = results.higher_is_better(metric)?;
        let point = |(candidate, score): (usize, f64)| {
            let params = &results.candidates()[candidate].params;
            Some(((x.place(params.get(x.name))?, y.height(params.get(y.name))?), score))
        };
        let mut points: Vec<_> = scored(results, metric)?.into_iter().filter_map(point).collect();
        // The best lie on top.
        let sign = if higher { 1.0 } else { -1.0 };
        points.sort_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1)));
        let Some(&(best, _)) = points.last() else { return Err(nothing_to_draw()) };
        let scale = ColorScale::new(points.iter().map(|point| point.1), higher);
        Ok(Self { x, y, points, scale, best })
    }

    fn svg(&self, title: &str) -> Result<String> {
        let area = Area { left: MARGIN, top: HEAD, width: 620.0, height: 430.0 };
        let (width, height) = (area.width - 90.0, area.height - 60.0);
        let panel = Panel {
            x: self.x.across(width),
            y: self.y.upwards(height),
            x_label: &shortened(self.x.name, LABEL, width),
            y_label: &shortened(self.y.name, LABEL, height),
        };
        let right = MARGIN + area.width + GAP;
        let size = (right + self.scale.width() + MARGIN, HEAD + area.height + 8.0);
        let room = size.0 - 2.0 * MARGIN;
        let subtitle = format!("{}; ringed: the best", candidates(self.points.len()));
        picture(size, |canvas| {
            draw_head(canvas, &shortened(title, TITLE, room), &subtitle)?;
            let drawn = panel.draw(canvas, area, &[])?;
            for &(point, score) in &self.points {
                canvas.dot(drawn.place(point), 5.5, AXIS.into())?;
                canvas.dot(drawn.place(point), 4.75, self.scale.color(score).into())?;
            }
            canvas.ring(drawn.place(self.best), 7.5, COLORS[1], 2.0)?;
            self.scale.draw(canvas, (right, HEAD + 8.0), area.height - 56.0)
        })
    }
}
