//! Pictures of a search.

mod color_scale;
mod curve_legend;
mod head;
mod heat_map;
mod heat_map_cells;
mod heat_map_dots;
mod learning_curves;
mod outcome;
mod parameter;
mod scores;

pub use heat_map::search_heat_map;
pub use learning_curves::learning_curves;
pub use scores::search_scores;

use super::axis::{Axis, extent};

/// The axis of a metric. An error that spans more than two decades gets a logarithmic one; scores that
/// should be high end at 1 or so, and lie evenly.
fn score_axis(values: impl Iterator<Item = f64> + Clone, higher: bool, ticks: usize) -> Axis {
    match extent(values.clone()) {
        Some((low, high)) if !higher && low > 0.0 && high / low > 100.0 => {
            Axis::logarithmic(values, ticks)
        }
        _ => Axis::linear(values, ticks),
    }
}

/// A score with four digits behind the largest one's first place: 0.9583, 12.35, 3021.
fn score_text(value: f64, largest: f64) -> String {
    if !(1e-3..1e5).contains(&largest.abs()) && largest != 0.0 {
        return format!("{value:.2e}");
    }
    let whole = if largest == 0.0 { 0.0 } else { largest.abs().log10().ceil() };
    let decimals = (4.0 - whole).clamp(0.0, 7.0) as usize;
    format!("{value:.decimals$}").replace('-', "−")
}

/// The picture's word for so many candidates.
fn candidates(count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} candidate{plural}", super::group_thousands(&count.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_have_four_digits() {
        for (value, largest, text) in [
            (0.958_333, 1.0, "0.9583"),
            (-0.5, 0.9, "−0.5000"),
            (12.345_6, 45.0, "12.35"),
            (3021.2, 3021.2, "3021"),
            (0.0, 0.0, "0.0000"),
            (0.012_345_6, 0.05, "0.01235"),
            (1.5e-9, 1.5e-9, "1.50e-9"),
        ] {
            assert_eq!(score_text(value, largest), text);
        }
    }

    #[test]
    fn only_errors_have_logarithmic_axes() {
        let wide = [0.001, 0.9];
        let lowest = |higher| score_axis(wide.into_iter(), higher, 6).ticks[0].1.clone();
        assert_eq!((lowest(true), lowest(false)), ("0.0".into(), "0.001".into()));
    }
}
