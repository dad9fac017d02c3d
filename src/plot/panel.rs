//! One pair of axes with what is drawn in it.

use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, RGBColor};

use super::axis::Axis;
use super::canvas::{AXIS, Canvas, FAINT_GRID, Font, GREY, GRID, INK, Place, text_width};
use crate::error::Result;

const LABEL: f64 = 12.0;
const TICK: f64 = 11.0;
/// Room for the legend above the axes, for each of its rows.
const LEGEND: f64 = 22.0;
/// Curves of up to this many points show them.
const MARKED: usize = 30;

/// A named line.
pub(super) struct Curve {
    pub(super) name: String,
    pub(super) color: RGBColor,
    /// Where y is NaN, the line has a gap.
    pub(super) points: Vec<(f64, f64)>,
}

/// Part of the picture, in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Two axes with their labels.
pub(super) struct Panel<'a> {
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) x_label: &'a str,
    pub(super) y_label: &'a str,
}

/// A panel whose axes are drawn.
pub(super) struct Drawn<'a> {
    panel: &'a Panel<'a>,
    inner: Area,
}

impl<'a> Panel<'a> {
    /// Draws the legend, the grid and the axes.
    pub(super) fn draw(
        &'a self,
        canvas: &Canvas<'_>,
        area: Area,
        legend: &[(&str, RGBColor)],
    ) -> Result<Drawn<'a>> {
        let widths = self.y.ticks.iter().map(|tick| text_width(&tick.1, TICK));
        let left = 34.0 + widths.fold(0.0, f64::max);
        let rows = legend_rows(legend, area.width - left);
        let top = 8.0 + LEGEND * rows.len() as f64;
        let inner = Area {
            left: area.left + left,
            top: area.top + top,
            width: area.width - left - 14.0,
            height: area.height - top - 48.0,
        };
        let drawn = Drawn { panel: self, inner };
        for (i, row) in rows.iter().enumerate() {
            let middle = area.top + 8.0 + LEGEND * i as f64;
            draw_legend_row(canvas, (inner.left, middle), row)?;
        }
        drawn.grid(canvas)?;
        drawn.labels(canvas, area)?;
        Ok(drawn)
    }
}

impl Drawn<'_> {
    /// The place of a point.
    pub(super) fn place(&self, (x, y): (f64, f64)) -> Place {
        let Area { left, top, width, height } = self.inner;
        let (x, y) = (self.panel.x.place(x), self.panel.y.place(y));
        (left + x * width, top + (1.0 - y) * height)
    }

    /// The corners of the rectangle between the axes, the upper left and the lower right.
    pub(super) fn corners(&self) -> [Place; 2] {
        let Area { left, top, width, height } = self.inner;
        [(left, top), (left + width, top + height)]
    }

    /// The pixels between two values across.
    pub(super) fn distance(&self, a: f64, b: f64) -> f64 {
        (self.place((b, 0.0)).0 - self.place((a, 0.0)).0).abs()
    }

    /// Draws a curve of this width, with its points if they are few; those without neighbours always show.
    pub(super) fn curve(&self, canvas: &Canvas<'_>, curve: &Curve, width: f64) -> Result<()> {
        let marked = curve.points.len() <= MARKED;
        for run in curve.points.split(|point| point.1.is_nan()) {
            let places: Vec<Place> = run.iter().map(|&point| self.place(point)).collect();
            if places.len() > 1 {
                canvas.line(&places, curve.color, width)?;
            }
            if marked || places.len() == 1 {
                for &place in &places {
                    canvas.dot(place, 1.0 + width, curve.color.to_rgba())?;
                }
            }
        }
        Ok(())
    }

    fn grid(&self, canvas: &Canvas<'_>) -> Result<()> {
        let Area { left, top, width, height } = self.inner;
        let (right, bottom) = (left + width, top + height);
        let across = |y: f64, color, thick| {
            let y = top + (1.0 - self.panel.y.place(y)) * height;
            canvas.line(&[(left, y), (right, y)], color, thick)
        };
        for &value in &self.panel.y.minor {
            across(value, FAINT_GRID, 0.75)?;
        }
        for (value, _) in &self.panel.y.ticks {
            across(*value, GRID, 0.75)?;
        }
        for (value, _) in &self.panel.x.ticks {
            let x = left + self.panel.x.place(*value) * width;
            canvas.line(&[(x, top), (x, bottom)], GRID, 0.75)?;
            canvas.line(&[(x, bottom), (x, bottom + 4.0)], AXIS, 1.0)?;
        }
        canvas.line(&[(left, top), (left, bottom), (right, bottom)], AXIS, 1.0)
    }

    fn labels(&self, canvas: &Canvas<'_>, area: Area) -> Result<()> {
        let Area { left, top, width, height } = self.inner;
        let bottom = top + height;
        let below = Font::new(TICK, GREY, (HPos::Center, VPos::Top));
        for (value, text) in &self.panel.x.ticks {
            canvas.text((left + self.panel.x.place(*value) * width, bottom + 7.0), text, below)?;
        }
        let beside = Font::new(TICK, GREY, (HPos::Right, VPos::Center));
        for (value, text) in &self.panel.y.ticks {
            let y = top + (1.0 - self.panel.y.place(*value)) * height;
            canvas.text((left - 7.0, y), text, beside)?;
        }
        let font = Font::new(LABEL, INK, (HPos::Center, VPos::Top));
        canvas.text((left + width / 2.0, bottom + 25.0), self.panel.x_label, font)?;
        let font = Font { upwards: true, ..font };
        canvas.text((area.left + 6.0, top + height / 2.0), self.panel.y_label, font)
    }
}

/// A legend's entry: line, gap, name, gap.
fn entry_width(name: &str) -> f64 {
    24.0 + 6.0 + text_width(name, LABEL) + 18.0
}

/// Legend entries in rows no wider than `width`, unless one alone is.
fn legend_rows<'a>(legend: &[(&'a str, RGBColor)], width: f64) -> Vec<Vec<(&'a str, RGBColor)>> {
    let mut rows: Vec<Vec<(&str, RGBColor)>> = Vec::new();
    let mut used = f64::INFINITY;
    for &(name, color) in legend {
        used += entry_width(name);
        if used > width {
            rows.push(Vec::new());
            used = entry_width(name);
        }
        if let Some(row) = rows.last_mut() {
            row.push((name, color));
        }
    }
    rows
}

fn draw_legend_row(
    canvas: &Canvas<'_>,
    (mut left, middle): Place,
    row: &[(&str, RGBColor)],
) -> Result<()> {
    let font = Font::new(LABEL, INK, (HPos::Left, VPos::Center));
    for &(name, color) in row {
        canvas.line(&[(left, middle), (left + 22.0, middle)], color, 2.5)?;
        canvas.text((left + 30.0, middle), name, font)?;
        left += entry_width(name);
    }
    Ok(())
}
