//! Colours for scores, from pale for the worst to dark for the best.

use plotters::style::RGBColor;
use plotters::style::text_anchor::{HPos, VPos};

use super::{score_axis, score_text};
use crate::error::Result;
use crate::plot::axis::{Axis, extent};
use crate::plot::canvas::{Canvas, Font, GREY, INK, Place, text_width};

/// Ever darker, so that the order shows in grey and to the colour-blind too.
const SHADES: [(f64, f64, f64); 5] = [
    (250.0, 243.0, 205.0),
    (176.0, 218.0, 180.0),
    (70.0, 163.0, 185.0),
    (36.0, 92.0, 156.0),
    (14.0, 36.0, 86.0),
];
const TICK: f64 = 11.0;
/// The bar's width, in pixels.
const BAR: f64 = 16.0;
/// Steps of colour in the bar.
const STEPS: u32 = 64;

/// The colour at a place from 0, pale, to 1, dark.
pub(super) fn shade(place: f64) -> RGBColor {
    let last = SHADES.len() - 1;
    let place = place.clamp(0.0, 1.0) * last as f64;
    let first = (place as usize).min(last - 1);
    let (from, to, part) = (SHADES[first], SHADES[first + 1], place - first as f64);
    let mix = |from: f64, to: f64| (from + part * (to - from)).round() as u8;
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

pub(super) struct ColorScale {
    axis: Axis,
    low: f64,
    high: f64,
    higher_is_better: bool,
}

impl ColorScale {
    pub(super) fn new(scores: impl Iterator<Item = f64> + Clone, higher_is_better: bool) -> Self {
        let (low, high) = extent(scores.clone()).unwrap_or((0.0, 1.0));
        Self { axis: score_axis(scores, higher_is_better, 6), low, high, higher_is_better }
    }

    /// A score's place between the lowest and the highest; 0.5 if they are equal.
    fn place(&self, score: f64) -> f64 {
        let (low, high) = (self.axis.place(self.low), self.axis.place(self.high));
        // What differs by less would not be seen on the axis either.
        if high - low < 1e-6 { 0.5 } else { (self.axis.place(score) - low) / (high - low) }
    }

    fn shade_at(&self, place: f64) -> RGBColor {
        shade(if self.higher_is_better { place } else { 1.0 - place })
    }

    pub(super) fn color(&self, score: f64) -> RGBColor {
        self.shade_at(self.place(score))
    }

    /// A colour that can be read on a score's.
    pub(super) fn ink(&self, score: f64) -> RGBColor {
        let RGBColor(red, green, blue) = self.color(score);
        let light = 0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue);
        if light > 140.0 { INK } else { RGBColor(255, 255, 255) }
    }

    /// Ticks with their labels: the axis's between the ends, or the ends themselves if those are fewer.
    fn ticks(&self) -> Vec<(f64, String)> {
        let inside = |tick: &&(f64, String)| (self.low..=self.high).contains(&tick.0);
        let ticks: Vec<(f64, String)> = self.axis.ticks.iter().filter(inside).cloned().collect();
        if ticks.len() > 1 && self.place(self.high) > 0.5 {
            return ticks;
        }
        let largest = self.low.abs().max(self.high.abs());
        let mut ends = vec![(self.low, score_text(self.low, largest))];
        if self.place(self.high) > 0.5 {
            ends.push((self.high, score_text(self.high, largest)));
        }
        ends
    }

    /// The width of the bar with its labels.
    pub(super) fn width(&self) -> f64 {
        let labels = self.ticks().into_iter().map(|tick| text_width(&tick.1, TICK));
        BAR + 8.0 + labels.fold(0.0, f64::max)
    }

    /// Draws the bar from its upper left corner down.
    pub(super) fn draw(&self, canvas: &Canvas<'_>, (left, top): Place, height: f64) -> Result<()> {
        let step = height / f64::from(STEPS);
        for i in 0..STEPS {
            let y = top + f64::from(i) * step;
            // Each reaches below the next, so that no seam shows.
            let bottom = (y + 2.0 * step).min(top + height);
            let color = self.shade_at(1.0 - (f64::from(i) + 0.5) / f64::from(STEPS));
            canvas.rectangle([(left, y), (left + BAR, bottom)], color)?;
        }
        let font = Font::new(TICK, GREY, (HPos::Left, VPos::Center));
        for (value, text) in self.ticks() {
            let y = top + (1.0 - self.place(value)) * height;
            canvas.line(&[(left + BAR, y), (left + BAR + 4.0, y)], GREY, 1.0)?;
            canvas.text((left + BAR + 8.0, y), &text, font)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_is_dark_and_equal_scores_lie_in_the_middle() {
        let scale = |higher| ColorScale::new([0.2, 0.8].into_iter(), higher);
        assert_eq!((scale(true).color(0.8), scale(true).color(0.2)), (shade(1.0), shade(0.0)));
        assert_eq!((scale(false).color(0.8), scale(false).color(0.2)), (shade(0.0), shade(1.0)));
        assert_eq!(scale(true).ink(0.2), INK);
        assert_ne!(scale(true).ink(0.8), INK);
        let same = ColorScale::new([0.7, 0.7].into_iter(), true);
        assert_eq!((same.color(0.7), same.ticks().len()), (shade(0.5), 1));
        let losses = ColorScale::new([0.001, 0.1, 10.0].into_iter(), false);
        assert_eq!(losses.color(0.1), shade(0.5));
    }
}
