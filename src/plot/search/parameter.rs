//! A parameter of a search, and the axis that its values lie on.

use std::collections::HashMap;

use serde_json::Value;

use crate::plot::axis::{Axis, LARGEST, extent};
use crate::plot::canvas::{shortened, text_width};
use crate::search::{Params, SearchResults};

/// The size of the labels of ticks.
const TICK: f64 = 11.0;
/// Values that span less lie on a linear axis.
const LOGARITHMIC: f64 = 30.0;

pub(super) struct Parameter<'r> {
    pub(super) name: &'r str,
    /// The values; numbers in ascending order, others in order of appearance.
    pub(super) values: Vec<&'r Value>,
    /// The places of the values on the axis: themselves if all are numbers, else 0, 1, 2 …
    pub(super) places: Vec<f64>,
    pub(super) numeric: bool,
    /// Where the values stand in `values`.
    positions: HashMap<&'r Value, usize>,
}

impl<'r> Parameter<'r> {
    /// All parameters of a search.
    pub(super) fn all(results: &'r SearchResults) -> Vec<Self> {
        results.axes().into_iter().map(|(name, values)| Self::new(name, values)).collect()
    }

    pub(super) fn new(name: &'r str, mut values: Vec<&'r Value>) -> Self {
        let number = |value: &&Value| value.as_f64().filter(|number| number.abs() <= LARGEST);
        let numbers: Option<Vec<f64>> = values.iter().map(number).collect();
        // A single value needs no scale.
        let numbers = numbers.filter(|numbers| numbers.len() > 1);
        let numeric = numbers.is_some();
        let places = match numbers {
            Some(mut numbers) => {
                numbers.sort_by(f64::total_cmp);
                values.sort_by(|a, b| {
                    a.as_f64().unwrap_or(0.0).total_cmp(&b.as_f64().unwrap_or(0.0))
                });
                numbers
            }
            None => (0..values.len()).map(|i| i as f64).collect(),
        };
        let positions = values.iter().enumerate().map(|(i, &value)| (value, i)).collect();
        Self { name, values, places, numeric, positions }
    }

    /// The place of a value on the axis.
    pub(super) fn place(&self, value: Option<&Value>) -> Option<f64> {
        self.position(value).map(|position| self.places[position])
    }

    /// The position of a value among all.
    pub(super) fn position(&self, value: Option<&Value>) -> Option<usize> {
        self.positions.get(value?).copied()
    }

    /// An axis from left to right, of so many pixels.
    pub(super) fn across(&self, width: f64) -> Axis {
        if self.numeric {
            return self.number_axis(8);
        }
        let slot = width / self.values.len().max(1) as f64;
        let every = (30.0 / slot).ceil().max(1.0);
        Axis::categories(self.labels(slot * every - 8.0).into_iter(), every as usize)
    }

    /// The place of a value on an axis upwards, where names stand from the top.
    pub(super) fn height(&self, value: Option<&Value>) -> Option<f64> {
        let place = self.place(value)?;
        Some(if self.numeric { place } else { (self.values.len() - 1) as f64 - place })
    }

    /// An axis upwards, of so many pixels.
    pub(super) fn upwards(&self, height: f64) -> Axis {
        if self.numeric {
            return self.number_axis(7);
        }
        let slot = height / self.values.len().max(1) as f64;
        let labels = self.labels(130.0).into_iter().rev();
        Axis::categories(labels, (14.0 / slot).ceil() as usize)
    }

    fn number_axis(&self, ticks: usize) -> Axis {
        let numbers = self.places.iter().copied();
        match is_logarithmic(&self.places) {
            true => Axis::logarithmic(numbers, ticks),
            false => Axis::linear(numbers, ticks),
        }
    }

    /// The values as text, none wider than this.
    pub(super) fn labels(&self, widest: f64) -> Vec<String> {
        self.values.iter().map(|value| shortened(&label(value), TICK, widest)).collect()
    }

    /// The width of the widest label, or `most`.
    pub(super) fn label_width(&self, most: f64) -> f64 {
        let widths = self.labels(most).into_iter().map(|label| text_width(&label, TICK));
        widths.fold(0.0, f64::max)
    }
}

/// Whether sorted numbers lie more evenly by their logarithms.
fn is_logarithmic(numbers: &[f64]) -> bool {
    let Some((low, high)) = extent(numbers.iter().copied()) else { return false };
    if low <= 0.0 || high / low < LOGARITHMIC {
        return false;
    }
    let median = numbers[numbers.len() / 2];
    let off = |low: f64, median: f64, high: f64| ((median - low) / (high - low) - 0.5).abs();
    off(low.ln(), median.ln(), high.ln()) <= off(low, median, high)
}

/// Settings as text with few digits: those whose name is wanted.
pub(super) fn settings(params: &Params, wanted: impl Fn(&str) -> bool) -> String {
    let wanted = params.iter().filter(|(name, _)| wanted(name));
    let texts: Vec<String> =
        wanted.map(|(name, value)| format!("{name}={}", label(value))).collect();
    texts.join(", ")
}

/// A value as a person would write it, with few digits.
fn label(value: &Value) -> String {
    match (value, value.as_f64()) {
        (Value::String(text), _) => text.clone(),
        (Value::Number(number), Some(float)) if number.is_f64() => {
            // Three digits, without the zeros that they end in.
            let rounded = format!("{float:.2e}").parse::<f64>().unwrap_or(float);
            match rounded.abs() {
                0.0 | 1e-4..1e6 => rounded.to_string(),
                _ => format!("{rounded:e}"),
            }
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_sorted_and_others_keep_their_order() {
        let values = [json!(3), json!(0.5), json!(20)];
        let numbers = Parameter::new("n", values.iter().collect());
        assert_eq!((numbers.numeric, &numbers.places[..]), (true, &[0.5, 3.0, 20.0][..]));
        assert_eq!(numbers.position(Some(&json!(20))), Some(2));
        assert_eq!((numbers.position(Some(&json!(21))), numbers.position(None)), (None, None));
        let values = [json!(3), json!("auto"), json!(null), json!([1, 2])];
        let mixed = Parameter::new("m", values.iter().collect());
        assert_eq!((mixed.numeric, &mixed.places[..]), (false, &[0.0, 1.0, 2.0, 3.0][..]));
        assert_eq!(mixed.labels(100.0), ["3", "auto", "null", "[1,2]"]);
        assert_eq!(mixed.labels(20.0), ["3", "au…", "nu…", "[1…"]);
    }

    #[test]
    fn what_lies_evenly_by_its_logarithm_is_drawn_so() {
        for (numbers, logarithmic) in [
            (vec![1e-4, 1e-3, 1e-2], true),
            (vec![1e-4, 1e-2], true),
            (vec![10.0, 20.0, 30.0], false),
            (vec![0.0, 1e-4, 1.0], false),
            (vec![0.01, 0.3, 0.5, 0.7, 0.99], false),
            (vec![8.0, 16.0, 32.0, 64.0, 128.0, 256.0], true),
        ] {
            assert_eq!(is_logarithmic(&numbers), logarithmic, "{numbers:?}");
        }
    }

    #[test]
    fn labels_have_few_digits() {
        for (value, text) in [
            (json!(0.001_234_567), "0.00123"),
            (json!(1e-4), "0.0001"),
            (json!(1.239_9e-7), "1.24e-7"),
            (json!(123_456), "123456"),
            (json!(0.0), "0"),
            (json!(2.0), "2"),
        ] {
            assert_eq!(label(&value), text);
        }
    }
}
