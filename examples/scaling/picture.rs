//! The curves as an SVG picture: samples/s above, GFLOP/s below.

use std::iter::once;
use std::path::Path;

use blastrain::{Error, Result};
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::Point;
use crate::measure::{Axis, Speed};

const SIZE: (u32, u32) = (1320, 800);
const COLORS: [RGBColor; 4] =
    [RGBColor(213, 94, 0), RGBColor(0, 114, 178), RGBColor(0, 158, 115), RGBColor(204, 121, 167)];

type Panel<'p> = DrawingArea<SVGBackend<'p>, Shift>;
/// What drawing may fail with.
type Failure = Box<dyn std::error::Error>;

/// One of the two rows of panels.
struct Quantity {
    name: &'static str,
    of: fn(&Speed) -> f64,
    from_zero: bool,
}

const QUANTITIES: [Quantity; 2] = [
    Quantity { name: "samples/s", of: |speed| speed.samples_per_s, from_zero: false },
    Quantity { name: "GFLOP/s", of: |speed| speed.gflops, from_zero: true },
];

/// Writes the picture, with a curve for each number of threads.
pub fn draw(file: &Path, points: &[Point], threads: &[usize]) -> Result<()> {
    panels(file, points, threads).map_err(|error| Error::Unavailable {
        what: file.display().to_string(),
        why: format!("drawing failed: {error}"),
    })
}

fn panels(file: &Path, points: &[Point], threads: &[usize]) -> std::result::Result<(), Failure> {
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let title = "A training step of 784-512-512-10, batch 128, as one size varies";
    let areas = root.titled(title, ("sans-serif", 22))?.split_evenly((2, 3));
    let wanted = QUANTITIES.iter().flat_map(|quantity| Axis::ALL.map(|axis| (quantity, axis)));
    for (area, (quantity, axis)) in areas.iter().zip(wanted) {
        let curves: Vec<(usize, Vec<(f64, f64)>)> = threads
            .iter()
            .map(|&threads| {
                let own = points.iter().filter(|p| p.axis == axis && p.threads == threads);
                let place = |p: &Point| (p.shape.along(axis) as f64, (quantity.of)(&p.speed));
                (threads, own.map(place).collect())
            })
            .collect();
        panel(area, quantity, axis, &curves)?;
    }
    root.present()?;
    Ok(())
}

fn panel(
    area: &Panel<'_>,
    quantity: &Quantity,
    axis: Axis,
    curves: &[(usize, Vec<(f64, f64)>)],
) -> std::result::Result<(), Failure> {
    let all = || curves.iter().flat_map(|curve| &curve.1);
    let low = all().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let high = 1.1 * all().map(|point| point.1).fold(0.0, f64::max);
    let ends = axis.values().first().zip(axis.values().last());
    let (first, last) = ends.map_or((1.0, 2.0), |(&first, &last)| (first as f64, last as f64));
    let x = (first..1.05 * last).log_scale().base(2.0);
    let mut builder = ChartBuilder::on(area);
    builder.margin(14).x_label_area_size(44).y_label_area_size(70);
    // Where no curve is: samples/s fall with width and depth.
    let legend = match (axis, quantity.from_zero) {
        (Axis::Batch, _) | (_, true) => SeriesLabelPosition::LowerRight,
        _ => SeriesLabelPosition::LowerLeft,
    };
    // The two kinds of vertical axis are different types.
    macro_rules! draw {
        ($y:expr) => {{
            let mut chart = builder.build_cartesian_2d(x, $y)?;
            chart
                .configure_mesh()
                .x_desc(axis.name())
                .y_desc(quantity.name)
                .x_labels(13)
                .y_labels(8)
                .x_label_formatter(&|value| format!("{value:.0}"))
                .y_label_formatter(&|value| format!("{value:.0}"))
                .light_line_style(TRANSPARENT)
                .label_style(("sans-serif", 12))
                .draw()?;
            for (i, (threads, points)) in curves.iter().enumerate() {
                let color = COLORS[i % COLORS.len()];
                let line = PathElement::new(points.clone(), color.stroke_width(2));
                let plural = if *threads == 1 { "" } else { "s" };
                chart
                    .draw_series(once(line))?
                    .label(format!("{threads} thread{plural}"))
                    .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], color));
                chart.draw_series(points.iter().map(|&p| Circle::new(p, 3, color.filled())))?;
            }
            chart
                .configure_series_labels()
                .position(legend)
                .background_style(WHITE)
                .border_style(BLACK.mix(0.3))
                .draw()?;
        }};
    }
    match quantity.from_zero {
        true => draw!(0.0..high),
        false => draw!((0.8 * low..high).log_scale().with_key_points(round_numbers(low, high))),
    }
    Ok(())
}

/// 1, 2 and 5 times the powers of ten, from `low` to `high`.
fn round_numbers(low: f64, high: f64) -> Vec<f64> {
    let decades = 0..=high.log10().ceil() as i32;
    let all = decades.flat_map(|decade| [1.0, 2.0, 5.0].map(|digit| digit * 10f64.powi(decade)));
    all.filter(|value| (low..=high).contains(value)).collect()
}
