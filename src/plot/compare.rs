//! Several fits side by side.

use std::path::Path;

use plotters::style::text_anchor::{HPos, VPos};

use super::axis::{Axis, extent};
use super::canvas::{Font, INK, picture};
use super::panel::{Area, Curve};
use super::{HEAD, MARGIN, draw_curves, draw_head, number, write, y_axis};
use crate::error::{Error, Result};
use crate::train::History;

/// One panel, in pixels.
const PANEL: (f64, f64) = (340.0, 270.0);
const GAP: f64 = 20.0;
/// From a panel's top up to the middle of its fit's name.
const NAME: f64 = 12.0;
/// Room beside the axes for the labels of the upright one, about.
const LABELS: f64 = 40.0;

/// Draws the curves of several fits in one picture: a column for each fit, a row for the loss and one
/// for each metric, training and validation in each panel.
///
/// The axes are the same along a row, so that fits can be compared; a row's axis is logarithmic where
/// [`History::plot`]'s would be for its first fit.
///
/// ```
/// use blastrain::prelude::*;
///
/// let (train, test) = train_test_split(&datasets::iris()?, 0.2, RandomState::new(42))?;
/// let fit = |rate| {
///     let network = Sequential::<f64>::input(4).dense(8).relu().dense(3).build()?;
///     let trainer = Trainer::builder(network, CrossEntropy).optimizer(Sgd::new(rate));
///     trainer.epochs(5).metric(Accuracy).validation(&test).build()?.fit(&train)
/// };
/// let (slow, fast) = (fit(0.01)?, fit(0.1)?);
/// let path = std::env::temp_dir().join(format!("doc-histories-{}.svg", std::process::id()));
/// blastrain::plot::histories(&path, "Two rates", &[("0.01", &slow), ("0.1", &fast)])?;
/// # std::fs::remove_file(&path).ok();
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without an epoch in any fit; [`Error::Param`] if the fits' metrics differ;
/// [`Error::Io`] if the file cannot be written, and then a file that was there is left as it was.
pub fn histories(path: impl AsRef<Path>, title: &str, fits: &[(&str, &History)]) -> Result<()> {
    write(path.as_ref(), &svg(title, fits)?)
}

fn svg(title: &str, fits: &[(&str, &History)]) -> Result<String> {
    let epochs = fits.iter().flat_map(|(_, history)| history.epochs()).map(number);
    let (Some((first, last)), Some((_, model))) = (extent(epochs), fits.first()) else {
        return Err(Error::empty("the histories", "1 epoch"));
    };
    for (name, history) in fits {
        if history.metrics() != model.metrics() {
            let got = format!("{} for {name}", history.metrics().join(", "));
            let want = format!("the first fit's: {}", model.metrics().join(", "));
            return Err(Error::param("metrics", got, want));
        }
    }
    let columns: Vec<Vec<(&str, Vec<Curve>)>> =
        fits.iter().map(|(_, history)| history.panels(fits.len())).collect();
    let filled = |row: &usize| columns.iter().any(|column| !column[*row].1.is_empty());
    let rows: Vec<usize> = (0..=model.metrics().len()).filter(filled).collect();
    let x = Axis::counting(first, last, 8);
    picture(size(fits.len(), rows.len()), |canvas| {
        draw_head(canvas, title, "")?;
        for (i, (name, _)) in fits.iter().enumerate() {
            let Area { left, top, width, .. } = area(i, 0);
            let font = Font::new(13.0, INK, (HPos::Center, VPos::Center));
            let place = (left + (LABELS + width) / 2.0, top - NAME);
            canvas.text(place, name, Font { bold: true, ..font })?;
        }
        for (j, &row) in rows.iter().enumerate() {
            let y = y_axis(columns.iter().flat_map(|column| &column[row].1));
            for (i, column) in columns.iter().enumerate() {
                let (label, curves) = &column[row];
                let axes = (x.clone(), y.clone());
                draw_curves(canvas, area(i, j), axes, ("epoch", label), curves)?;
            }
        }
        Ok(())
    })
}

fn size(columns: usize, rows: usize) -> (f64, f64) {
    let last = area(columns.saturating_sub(1), rows.saturating_sub(1));
    (last.left + last.width + MARGIN, last.top + last.height + 8.0)
}

fn area(column: usize, row: usize) -> Area {
    let (width, height) = PANEL;
    Area {
        left: MARGIN + column as f64 * (width + GAP),
        top: HEAD + row as f64 * (height + GAP),
        width,
        height,
    }
}
