//! Pictures: SVG files that any browser shows, drawn without fonts of the system.

mod axis;
mod canvas;
mod compare;
mod panel;
mod search;
mod thin;

use std::io::Write;
use std::path::Path;

use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, RGBColor};

use axis::{Axis, LARGEST, extent, group_thousands};
use canvas::{AXIS, COLORS, Canvas, Font, GREY, INK, picture};
pub use compare::histories;
use panel::{Area, Curve, Panel};
pub use search::{learning_curves, search_heat_map, search_scores};
use thin::thin;

use crate::error::{Error, Result};
use crate::train::{EpochRecord, History};

/// Room around the panels, in pixels.
const MARGIN: f64 = 22.0;
/// Room for the title and a line below it.
const HEAD: f64 = 70.0;
/// Points in a picture over all its curves; more would not show, but fill the file.
const MOST_POINTS: usize = 10_000;
/// Points of a scatter.
const MOST_DOTS: usize = 1_500;

impl History {
    /// Draws the loss and every metric over the epochs, training and validation, as an SVG picture.
    ///
    /// A curve that falls over more than two decades gets a logarithmic axis. Values that are not
    /// finite are gaps. Long fits are thinned to what can be seen; spikes remain.
    ///
    /// ```
    /// use blastrain::data::Dataset;
    /// use blastrain::loss::MeanSquaredError;
    /// use blastrain::train::Trainer;
    /// use blastrain::Sequential;
    /// use blastrain::ndarray::array;
    ///
    /// let data = Dataset::new(array![[0.0], [1.0]], array![[1.0], [3.0]])?;
    /// let network = Sequential::<f64>::input(1).dense(1).build()?;
    /// let mut trainer = Trainer::builder(network, MeanSquaredError::default()).epochs(20).build()?;
    /// let history = trainer.fit(&data)?;
    /// let path = std::env::temp_dir().join(format!("doc-{}.svg", std::process::id()));
    /// history.plot(&path)?;
    /// # std::fs::remove_file(&path).ok();
    /// # Ok::<(), blastrain::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`] without an epoch; [`Error::Io`] if the file cannot be written, and then a
    /// file that was there is left as it was.
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.to_svg()?)
    }

    /// The picture that [`History::plot`] writes, as text.
    ///
    /// # Errors
    /// [`Error::Empty`] without an epoch.
    pub fn to_svg(&self) -> Result<String> {
        let (Some(first), Some(last)) = (self.epochs().first(), self.last()) else {
            return Err(Error::empty("the history", "1 epoch"));
        };
        let mut panels = self.panels(1);
        panels.retain(|(_, curves)| !curves.is_empty());
        let (size, areas) = areas(panels.len());
        let x = Axis::counting(number(first), number(last), 10);
        picture(size, |canvas| {
            draw_head(canvas, "Training history", &self.subtitle())?;
            for ((name, curves), area) in panels.iter().zip(areas) {
                let axes = (x.clone(), y_axis(curves.iter()));
                draw_curves(canvas, area, axes, ("epoch", name), curves)?;
            }
            Ok(())
        })
    }

    fn subtitle(&self) -> String {
        let epochs = self.epochs();
        let seconds: f64 = epochs.iter().map(|epoch| epoch.seconds).sum();
        let rate = epochs.iter().map(|e| e.samples_per_second * e.seconds).sum::<f64>() / seconds;
        let plural = if epochs.len() == 1 { "" } else { "s" };
        let count = group_thousands(&epochs.len().to_string());
        if !rate.is_finite() {
            return format!("{count} epoch{plural}");
        }
        let rate = group_thousands(&format!("{rate:.0}"));
        let time = if seconds < 1.0 {
            format!("{:.0} ms", 1e3 * seconds)
        } else {
            format!("{seconds:.1} s")
        };
        format!("{count} epoch{plural}, {time} of training, {rate} samples/s")
    }

    /// The curves of the loss and of each metric, in a picture of this many fits.
    fn panels(&self, fits: usize) -> Vec<(&str, Vec<Curve>)> {
        let most = (MOST_POINTS / (2 * fits * (self.metrics().len() + 1))).max(20);
        let mut panels =
            vec![self.curves_of("loss", most, |e| Some(e.loss), |e| e.validation_loss)];
        for (i, name) in self.metrics().iter().enumerate() {
            let train = move |epoch: &EpochRecord| epoch.metrics.get(i).copied();
            let validation = move |epoch: &EpochRecord| epoch.validation_metrics.get(i).copied();
            panels.push(self.curves_of(name, most, train, validation));
        }
        panels
    }

    /// The curves of one panel, of at most about `most` points: those that have values.
    fn curves_of<'a>(
        &self,
        name: &'a str,
        most: usize,
        train: impl Fn(&EpochRecord) -> Option<f64>,
        validation: impl Fn(&EpochRecord) -> Option<f64>,
    ) -> (&'a str, Vec<Curve>) {
        let curve = |name: &str, color, value: &dyn Fn(&EpochRecord) -> Option<f64>| {
            let points = self.epochs().iter().map(|epoch| {
                let value = value(epoch).filter(|value| value.abs() <= LARGEST);
                (number(epoch), value.unwrap_or(f64::NAN))
            });
            let points: Vec<(f64, f64)> = points.collect();
            let has_value = points.iter().any(|point| !point.1.is_nan());
            has_value.then(|| Curve { name: name.to_owned(), color, points: thin(&points, most) })
        };
        let curves =
            [curve("training", COLORS[0], &train), curve("validation", COLORS[1], &validation)];
        (name, curves.into_iter().flatten().collect())
    }
}

/// Draws curves of any kind, each value over its position, counted from 1.
///
/// If all values are positive, and the first curve falls, over more than two decades, the axis is
/// logarithmic. Colours repeat after seven curves.
///
/// ```
/// let path = std::env::temp_dir().join(format!("doc-lines-{}.svg", std::process::id()));
/// let (adam, sgd) = ([0.9, 0.4, 0.2], [0.9, 0.8, 0.7]);
/// let curves = [("Adam", &adam[..]), ("SGD", &sgd[..])];
/// blastrain::plot::lines(&path, "Optimisers on XOR", "epoch", "loss", &curves)?;
/// # std::fs::remove_file(&path).ok();
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without a value; [`Error::NonFinite`] for a NaN, an infinity or a value beyond
/// 1e300 (the row is the position in the curve, the column the curve); [`Error::Io`] if the file
/// cannot be written.
pub fn lines(
    path: impl AsRef<Path>,
    title: &str,
    x_label: &str,
    y_label: &str,
    curves: &[(&str, &[f64])],
) -> Result<()> {
    let longest = curves.iter().map(|curve| curve.1.len()).max().unwrap_or(0);
    if longest == 0 {
        return Err(Error::empty("the picture's curves", "1 value"));
    }
    let most = (MOST_POINTS / curves.len()).clamp(20, 2_000);
    let mut drawn = Vec::with_capacity(curves.len());
    for (i, (name, values)) in curves.iter().enumerate() {
        for (row, &value) in values.iter().enumerate() {
            check(value, row, i)?;
        }
        let points = values.iter().enumerate().map(|(x, &y)| ((x + 1) as f64, y));
        let points = thin(&points.collect::<Vec<_>>(), most);
        drawn.push(Curve { name: (*name).to_owned(), color: COLORS[i % COLORS.len()], points });
    }
    let x = Axis::counting(1.0, longest as f64, 10);
    let (size, area) = single(720.0, 420.0, "");
    let svg = picture(size, |canvas| {
        draw_head(canvas, title, "")?;
        draw_curves(canvas, area, (x, y_axis(drawn.iter())), (x_label, y_label), &drawn)
    })?;
    write(path.as_ref(), &svg)
}

/// Draws points `(x, y)` over equal axes with the diagonal, such as true and predicted values.
///
/// Of more than 1,500 points evenly chosen ones are drawn, and the picture says so.
///
/// ```
/// let path = std::env::temp_dir().join(format!("doc-scatter-{}.svg", std::process::id()));
/// let points = [(1.0, 1.2), (2.0, 1.7), (3.0, 3.1)];
/// blastrain::plot::scatter(&path, "Test rows", "true value", "predicted value", &points)?;
/// # std::fs::remove_file(&path).ok();
/// # Ok::<(), blastrain::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without a point; [`Error::NonFinite`] for a NaN, an infinity or a value beyond
/// 1e300; [`Error::Io`] if the file cannot be written.
pub fn scatter(
    path: impl AsRef<Path>,
    title: &str,
    x_label: &str,
    y_label: &str,
    points: &[(f64, f64)],
) -> Result<()> {
    if points.is_empty() {
        return Err(Error::empty("the picture's points", "1 point"));
    }
    for (row, &(x, y)) in points.iter().enumerate() {
        check(x, row, 0)?;
        check(y, row, 1)?;
    }
    let stride = points.len().div_ceil(MOST_DOTS);
    let shown: Vec<(f64, f64)> = points.iter().copied().step_by(stride).collect();
    let count = |count: usize| group_thousands(&count.to_string());
    let subtitle = match stride {
        1 => String::new(),
        _ => format!("{} of {} points", count(shown.len()), count(points.len())),
    };
    let ends = || shown.iter().flat_map(|&(x, y)| [x, y]);
    let axis = Axis::linear(ends(), 7);
    let panel = Panel { x: axis.clone(), y: axis, x_label, y_label };
    let (size, area) = single(540.0, 520.0, &subtitle);
    let svg = picture(size, |canvas| {
        draw_head(canvas, title, &subtitle)?;
        let drawn = panel.draw(canvas, area, &[])?;
        let (low, high) = extent(ends()).unwrap_or((0.0, 1.0));
        canvas.line(&[drawn.place((low, low)), drawn.place((high, high))], AXIS, 1.25)?;
        let opacity = if shown.len() > 300 { 0.4 } else { 0.6 };
        for &point in &shown {
            canvas.dot(drawn.place(point), 3.5, COLORS[0].mix(opacity))?;
        }
        Ok(())
    })?;
    write(path.as_ref(), &svg)
}

/// An epoch as people count.
fn number(epoch: &EpochRecord) -> f64 {
    (epoch.epoch + 1) as f64
}

fn check(value: f64, row: usize, column: usize) -> Result<()> {
    if value.abs() <= LARGEST {
        return Ok(());
    }
    Err(Error::NonFinite { what: "plotted value", value, row, column })
}

fn draw_curves(
    canvas: &Canvas<'_>,
    area: Area,
    (x, y): (Axis, Axis),
    (x_label, y_label): (&str, &str),
    curves: &[Curve],
) -> Result<()> {
    let legend: Vec<(&str, RGBColor)> = curves.iter().map(|c| (&*c.name, c.color)).collect();
    let drawn = Panel { x, y, x_label, y_label };
    let drawn = drawn.draw(canvas, area, &legend)?;
    // Later curves lie on top, and are thinner so that equal ones show both.
    let dense = curves.iter().any(|curve| curve.points.len() > 500);
    curves.iter().enumerate().try_for_each(|(i, curve)| {
        let width = if i == 0 { 2.5 } else { 1.75 };
        drawn.curve(canvas, curve, if dense { 0.7 * width } else { width })
    })
}

/// The vertical axis for these curves.
fn y_axis<'c>(curves: impl Iterator<Item = &'c Curve> + Clone) -> Axis {
    let logarithmic = is_logarithmic(curves.clone());
    let values = curves.flat_map(|curve| curve.points.iter().map(|point| point.1));
    if logarithmic { Axis::logarithmic(values, 7) } else { Axis::linear(values, 7) }
}

/// Whether the first curve falls and all of them together span more than two decades.
fn is_logarithmic<'c>(curves: impl Iterator<Item = &'c Curve> + Clone) -> bool {
    let values = curves.clone().flat_map(|curve| curve.points.iter().map(|point| point.1));
    let Some((low, high)) = extent(values) else { return false };
    let values: Vec<f64> = curves.take(1).flat_map(|c| c.points.iter().map(|p| p.1)).collect();
    let ends = values.iter().rfind(|value| !value.is_nan());
    let falls = values.first().zip(ends).is_some_and(|(start, end)| end < start);
    low > 0.0 && high.log10() - low.log10() > 2.0 && falls
}

fn draw_head(canvas: &Canvas<'_>, title: &str, subtitle: &str) -> Result<()> {
    let font = Font::new(17.0, INK, (HPos::Left, VPos::Center));
    canvas.text((MARGIN, 26.0), title, Font { bold: true, ..font })?;
    if subtitle.is_empty() {
        return Ok(());
    }
    canvas.text((MARGIN, 47.0), subtitle, Font { size: 12.0, color: GREY, ..font })
}

/// The size of a picture with one panel of this size, and the panel's place.
fn single(width: f64, height: f64, subtitle: &str) -> ((f64, f64), Area) {
    let top = if subtitle.is_empty() { HEAD - 18.0 } else { HEAD };
    let area = Area { left: MARGIN, top, width, height };
    ((width + 2.0 * MARGIN, height + top + 8.0), area)
}

/// The size of a picture with this many panels, and their places: two a row, and where the number
/// is odd the first takes a row of its own.
fn areas(count: usize) -> ((f64, f64), Vec<Area>) {
    if count <= 1 {
        let (size, area) = single(720.0, 400.0, "of the fit");
        return (size, vec![area]);
    }
    const GAP: f64 = 24.0;
    let (width, height) = (480.0, 340.0);
    let both = 2.0 * width + GAP;
    let place = |i: usize| {
        // An odd first panel takes two places.
        let cell = if count % 2 == 1 && i > 0 { i + 1 } else { i };
        let (row, column) = ((cell / 2) as f64, (cell % 2) as f64);
        let wide = count % 2 == 1 && i == 0;
        Area {
            left: MARGIN + column * (width + GAP),
            top: HEAD + row * (height + GAP),
            width: if wide { both } else { width },
            height,
        }
    };
    let rows = count.div_ceil(2) as f64;
    let size = (both + 2.0 * MARGIN, HEAD + rows * (height + GAP) - GAP + 8.0);
    (size, (0..count).map(place).collect())
}

fn write(path: &Path, svg: &str) -> Result<()> {
    crate::file::write_atomically(path, |file| file.write_all(svg.as_bytes()))
}
