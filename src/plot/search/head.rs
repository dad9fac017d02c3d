//! The title of a picture, and what its marks mean.

use plotters::style::text_anchor::{HPos, VPos};

use crate::error::Result;
use crate::plot::canvas::{Canvas, Font, GREY, shortened, text_width};
use crate::plot::{HEAD, MARGIN, draw_head};

const TITLE: f64 = 17.0;
const SMALL: f64 = 12.0;
/// The height of a line below the first.
const LINE: f64 = 16.0;
const SEPARATOR: &str = "; ";

pub(super) struct Head {
    title: String,
    lines: Vec<String>,
}

impl Head {
    /// For a picture with so much room across. The phrases stand below the title in as many lines as they
    /// need.
    pub(super) fn new(title: &str, phrases: impl IntoIterator<Item = String>, width: f64) -> Self {
        let mut lines: Vec<String> = Vec::new();
        for phrase in phrases {
            let phrase = shortened(&phrase, SMALL, width);
            match lines.last_mut() {
                Some(line) if text_width(&format!("{line}{SEPARATOR}{phrase}"), SMALL) <= width => {
                    line.push_str(SEPARATOR);
                    line.push_str(&phrase);
                }
                _ => lines.push(phrase),
            }
        }
        Self { title: shortened(title, TITLE, width), lines }
    }

    /// Where the picture begins.
    pub(super) fn bottom(&self) -> f64 {
        HEAD + LINE * self.lines.len().saturating_sub(1) as f64
    }

    pub(super) fn draw(&self, canvas: &Canvas<'_>) -> Result<()> {
        let mut lines = self.lines.iter();
        draw_head(canvas, &self.title, lines.next().map_or("", |line| line))?;
        let font = Font::new(SMALL, GREY, (HPos::Left, VPos::Center));
        lines.enumerate().try_for_each(|(i, line)| {
            canvas.text((MARGIN, 47.0 + LINE * (i + 1) as f64), line, font)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_wrapped_and_none_is_wider_than_the_picture() {
        let phrases = || ["one two", "three", "a phrase that is far too long for it"];
        let head = |width| Head::new("title", phrases().map(str::to_owned), width);
        let wide = head(1000.0);
        assert_eq!(wide.lines, ["one two; three; a phrase that is far too long for it"]);
        assert_eq!(wide.bottom(), HEAD);
        let narrow = head(100.0);
        assert_eq!(narrow.lines, ["one two; three", "a phrase that i…"]);
        assert_eq!(narrow.bottom(), HEAD + LINE);
        assert_eq!(Head::new("title", [], 100.0).bottom(), HEAD);
    }
}
