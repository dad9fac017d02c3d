//! Lines, dots and text on an SVG picture.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::error::{Error, Result};

/// The backend takes whole numbers, so drawings are this much larger than the picture: lines then
/// lie on fractions of a pixel.
const SCALE: f64 = 4.0;
/// Names a viewer is likely to have; the last always works.
const FONT: &str = "Helvetica Neue, Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif";
/// The average character's width, in font sizes.
const CHARACTER: f64 = 0.54;

/// Okabe & Ito's colours, which the colour-blind can tell apart, without the yellow: it is too
/// pale on white.
pub(super) const COLORS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];
pub(super) const INK: RGBColor = RGBColor(34, 34, 34);
pub(super) const GREY: RGBColor = RGBColor(95, 95, 95);
pub(super) const AXIS: RGBColor = RGBColor(150, 150, 150);
pub(super) const GRID: RGBColor = RGBColor(226, 226, 226);
pub(super) const FAINT_GRID: RGBColor = RGBColor(242, 242, 242);

/// A place, in pixels from the upper left.
pub(super) type Place = (f64, f64);

/// How text looks.
#[derive(Clone, Copy)]
pub(super) struct Font {
    /// Height in pixels.
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) color: RGBColor,
    /// Which point of the text is at the place given.
    pub(super) anchor: (HPos, VPos),
    /// Whether the text runs upwards.
    pub(super) upwards: bool,
}

impl Font {
    pub(super) fn new(size: f64, color: RGBColor, anchor: (HPos, VPos)) -> Self {
        Self { size, bold: false, color, anchor, upwards: false }
    }
}

/// About the width of a text, in pixels: only the viewer knows the font.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * CHARACTER
}

/// As much of a text as has room in `width` pixels; what is cut ends in "…".
pub(super) fn shortened(text: &str, size: f64, width: f64) -> String {
    // Text of many small letters is narrower than the estimate.
    let width = 1.06 * width;
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let room = (width / (size * CHARACTER)).max(1.0) as usize;
    text.chars().take(room - 1).chain(['…']).collect()
}

/// Draws a picture of this size in pixels, and returns the SVG text.
pub(super) fn picture(
    size: (f64, f64),
    draw: impl FnOnce(&Canvas<'_>) -> Result<()>,
) -> Result<String> {
    let scaled = (scaled(size.0) as u32, scaled(size.1) as u32);
    let mut svg = String::new();
    {
        let canvas = Canvas(SVGBackend::with_string(&mut svg, scaled).into_drawing_area());
        done(canvas.0.fill(&WHITE))?;
        draw(&canvas)?;
        done(canvas.0.present())?;
    }
    let drawn = format!("<svg width=\"{}\" height=\"{}\"", scaled.0, scaled.1);
    let shown = format!(
        "<svg width=\"{}\" height=\"{}\" stroke-linejoin=\"round\" stroke-linecap=\"round\"",
        size.0, size.1
    );
    Ok(svg.replacen(&drawn, &shown, 1))
}

/// Where things are drawn.
pub(super) struct Canvas<'a>(DrawingArea<SVGBackend<'a>, plotters::coord::Shift>);

impl Canvas<'_> {
    /// Straight lines from place to place.
    pub(super) fn line(&self, places: &[Place], color: RGBColor, width: f64) -> Result<()> {
        let places: Vec<(i32, i32)> = places.iter().map(|&place| on_grid(place)).collect();
        let style = color.stroke_width(scaled(width) as u32);
        done(self.0.draw(&PathElement::new(places, style)))
    }

    /// A filled circle.
    pub(super) fn dot(&self, place: Place, radius: f64, color: RGBAColor) -> Result<()> {
        done(self.0.draw(&Circle::new(on_grid(place), scaled(radius), color.filled())))
    }

    /// A circle.
    pub(super) fn ring(
        &self,
        place: Place,
        radius: f64,
        color: RGBColor,
        width: f64,
    ) -> Result<()> {
        let style = color.stroke_width(scaled(width) as u32);
        done(self.0.draw(&Circle::new(on_grid(place), scaled(radius), style)))
    }

    /// Two lines that cross.
    pub(super) fn cross(
        &self,
        (x, y): Place,
        (half_width, half_height): (f64, f64),
        color: RGBColor,
        width: f64,
    ) -> Result<()> {
        for down in [half_height, -half_height] {
            self.line(&[(x - half_width, y - down), (x + half_width, y + down)], color, width)?;
        }
        Ok(())
    }

    /// A filled rectangle between two corners.
    pub(super) fn rectangle(&self, corners: [Place; 2], color: RGBColor) -> Result<()> {
        done(self.0.draw(&Rectangle::new(corners.map(on_grid), color.filled())))
    }

    pub(super) fn text(&self, place: Place, text: &str, font: Font) -> Result<()> {
        let weight = if font.bold { FontStyle::Bold } else { FontStyle::Normal };
        // The backend divides by 1.24.
        let size = font.size * SCALE * 1.24;
        let turn = if font.upwards { FontTransform::Rotate270 } else { FontTransform::None };
        let style = FontDesc::new(FontFamily::Name(FONT), size, weight)
            .transform(turn)
            .color(&font.color)
            .pos(Pos::new(font.anchor.0, font.anchor.1));
        // XML knows no control characters.
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        done(self.0.draw(&Text::new(text, on_grid(place), style)))
    }
}

fn scaled(pixels: f64) -> i32 {
    (pixels * SCALE).round() as i32
}

fn on_grid(place: Place) -> (i32, i32) {
    (scaled(place.0), scaled(place.1))
}

fn done<E: std::error::Error + Send + Sync>(
    result: Result<(), DrawingAreaErrorKind<E>>,
) -> Result<()> {
    result.map_err(|error| Error::Unavailable {
        what: "the picture".into(),
        why: format!("drawing failed: {error}"),
    })
}
