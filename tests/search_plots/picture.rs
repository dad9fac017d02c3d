//! What is in an SVG file.

use std::str::FromStr;

/// Colours of the marks.
pub const BLUE: &str = "#0072B2";
pub const ORANGE: &str = "#D55E00";
pub const PALE: &str = "#B0D0E4";
pub const BLACK: &str = "#222222";
pub const GREY: &str = "#5F5F5F";
const WHITE: &str = "#FFFFFF";
const AXIS: &str = "#969696";

/// An element that has no text.
#[derive(Clone, Copy)]
pub struct Element<'s>(&'s str);

impl<'s> Element<'s> {
    pub fn text(self, name: &str) -> &'s str {
        let value = self.0.split(&format!(" {name}=\"")).nth(1);
        value.unwrap_or_else(|| panic!("{name} in {}", self.0)).split('"').next().unwrap()
    }

    pub fn number<T: FromStr>(self, name: &str) -> T {
        self.text(name).parse().ok().unwrap_or_else(|| panic!("{name} in {}", self.0))
    }

    fn is(self, kind: &str) -> bool {
        self.0.starts_with(&format!("<{kind} "))
    }

    /// The places along a line.
    pub fn places(self) -> Vec<(f64, f64)> {
        let place = |text: &str| {
            let (x, y) = text.split_once(',').unwrap();
            (x.parse().unwrap(), y.parse().unwrap())
        };
        self.text("points").split_whitespace().map(place).collect()
    }

    pub fn center(self) -> (f64, f64) {
        (self.number("cx"), self.number("cy"))
    }
}

fn elements<'s>(part: &'s str, kind: &str) -> Vec<Element<'s>> {
    part.lines().map(Element).filter(|element| element.is(kind)).collect()
}

pub fn circles<'s>(part: &'s str, fill: &str) -> Vec<Element<'s>> {
    elements(part, "circle").into_iter().filter(|circle| circle.text("fill") == fill).collect()
}

/// Circles that are not filled.
pub fn rings(part: &str) -> Vec<Element<'_>> {
    circles(part, "none")
}

pub fn lines<'s>(part: &'s str, color: &str) -> Vec<Element<'s>> {
    elements(part, "polyline").into_iter().filter(|line| line.text("stroke") == color).collect()
}

/// The sizes of the rectangles in colours that are no background's.
pub fn cells(svg: &str) -> Vec<(f64, f64)> {
    let rectangles = elements(svg, "rect").into_iter().filter(|rectangle| {
        // The bar of colours is 16 pixels wide.
        ![WHITE, "#F2F2F2"].contains(&rectangle.text("fill"))
            && rectangle.number::<f64>("width") != 64.0
    });
    rectangles.map(|rectangle| (rectangle.number("width"), rectangle.number("height"))).collect()
}

/// A pair of axes.
pub struct Panel<'s> {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    /// All that is drawn behind the axes.
    pub marks: &'s str,
}

/// The panels of a picture.
pub fn panels(svg: &str) -> Vec<Panel<'_>> {
    let axes: Vec<Element<'_>> =
        lines(svg, AXIS).into_iter().filter(|line| line.places().len() == 3).collect();
    let start = |axes: &Element<'_>| axes.0.as_ptr() as usize - svg.as_ptr() as usize;
    let ends = axes.iter().skip(1).map(start).chain([svg.len()]);
    axes.iter()
        .zip(ends)
        .map(|(axes, end)| {
            let [(left, top), _, (right, bottom)] = axes.places()[..] else { unreachable!() };
            Panel { left, right, top, bottom, marks: &svg[start(axes)..end] }
        })
        .collect()
}

/// The middles of the crosses.
pub fn crosses(part: &str) -> Vec<(f64, f64)> {
    let middle = |line: Element<'_>| {
        let places = line.places();
        (0.5 * (places[0].0 + places[1].0), 0.5 * (places[0].1 + places[1].1))
    };
    lines(part, GREY).chunks(2).map(|pair| middle(pair[0])).collect()
}
