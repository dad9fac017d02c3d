//! The range of an axis, and its round ticks.

/// Beyond this nothing is drawn, so that no range overflows.
pub(super) const LARGEST: f64 = 1e300;
/// Ranges below this count as a point.
const SMALLEST: f64 = 1e-290;

/// One axis of a panel.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    log: bool,
    /// Values with their labels.
    pub(super) ticks: Vec<(f64, String)>,
    /// Values of faint grid lines between them.
    pub(super) minor: Vec<f64>,
}

impl Axis {
    /// For values up to `LARGEST` in size; 0 to 1 if there are none.
    pub(super) fn linear(values: impl Iterator<Item = f64>, most_ticks: usize) -> Self {
        let (low, high) = padded(extent(values).unwrap_or((0.0, 1.0)));
        Self {
            low,
            high,
            log: false,
            ticks: linear_ticks(low, high, most_ticks),
            minor: Vec::new(),
        }
    }

    /// For numbers such as epochs: ticks are whole.
    pub(super) fn counting(first: f64, last: f64, most_ticks: usize) -> Self {
        let padding = if first == last { 0.5 } else { 0.02 * (last - first) };
        let step = match round_step((last - first) / most_ticks as f64).max(1.0) {
            step if step.fract() == 0.0 => step,
            _ => 5.0,
        };
        let (from, to) = ((first / step).ceil() as u64, (last / step).floor() as u64);
        let values = (from..=to).map(|count| count as f64 * step);
        let ticks = values.map(|value| (value, group_thousands(&value.to_string()))).collect();
        Self { low: first - padding, high: last + padding, log: false, ticks, minor: Vec::new() }
    }

    /// For positive values.
    pub(super) fn logarithmic(values: impl Iterator<Item = f64>, most_ticks: usize) -> Self {
        let (low, high) = padded(extent(values.map(f64::log10)).unwrap_or((0.0, 1.0)));
        let (first, last) = (low.floor() as i32, high.floor() as i32);
        let digits: &[u32] = if high - low < 3.0 { &[1, 2, 5] } else { &[1] };
        let every = ((last - first) as usize).div_ceil(most_ticks).max(1) as i32;
        let inside = |value: f64| (low..=high).contains(&value.log10());
        let ticks = (first..=last)
            .filter(|decade| decade % every == 0)
            .flat_map(|decade| digits.iter().map(move |&digit| (digit, decade)))
            .map(|(digit, decade)| (f64::from(digit) * power(decade), log_label(digit, decade)))
            .filter(|tick| inside(tick.0))
            .collect();
        // Nine lines a decade say "logarithmic"; over many decades they would be a blur.
        let minor = (first..=last)
            .filter(|_| last - first <= 5)
            .flat_map(|decade| (2..=9).map(move |digit| f64::from(digit) * power(decade)))
            .filter(|&value| inside(value))
            .collect();
        Self { low, high, log: true, ticks, minor }
    }

    /// For names, at 0, 1, 2 …: every so many of them is a tick.
    pub(super) fn categories(names: impl ExactSizeIterator<Item = String>, every: usize) -> Self {
        let high = names.len() as f64 - 0.5;
        let ticks = names.enumerate().step_by(every.max(1)).map(|(i, name)| (i as f64, name));
        Self { low: -0.5, high, log: false, ticks: ticks.collect(), minor: Vec::new() }
    }

    /// Where a value lies: 0 at the axis's start, 1 at its end.
    pub(super) fn place(&self, value: f64) -> f64 {
        let value = if self.log { value.log10() } else { value };
        (value - self.low) / (self.high - self.low)
    }
}

/// The least and greatest of the finite values.
pub(super) fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |range, value| match range {
        None => Some((value, value)),
        Some((low, high)) => Some((value.min(low), value.max(high))),
    })
}

/// Some room above and below, more for a flat curve, which then lies in the middle.
fn padded((low, high): (f64, f64)) -> (f64, f64) {
    let size = low.abs().max(high.abs());
    if high - low > (1e-9 * size).max(SMALLEST) {
        let padding = 0.05 * (high - low);
        return (low - padding, high + padding);
    }
    let padding = if size > SMALLEST { 0.1 * size } else { 1.0 };
    (low - padding, high + padding)
}

/// Multiples of 1, 2, 2.5 or 5 times a power of ten.
fn linear_ticks(low: f64, high: f64, most: usize) -> Vec<(f64, String)> {
    let step = round_step((high - low) / most.max(1) as f64);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    let largest = low.abs().max(high.abs());
    (first..=last)
        .map(|count| {
            let value = count as f64 * step;
            (value, label(value, step, largest))
        })
        .collect()
}

/// The least round number that is not below `least`.
fn round_step(least: f64) -> f64 {
    let exponent = least.log10().floor();
    let unit = 10f64.powf(exponent);
    let digit = [1.0, 2.0, 2.5, 5.0].into_iter().find(|digit| digit * unit >= least * (1.0 - 1e-9));
    digit.unwrap_or(10.0) * unit
}

fn power(decade: i32) -> f64 {
    10f64.powi(decade)
}

/// A tick's value with as many digits as its neighbours need.
fn label(value: f64, step: f64, largest: f64) -> String {
    let unit = (step.log10() + 1e-9).floor() as i32;
    // 2.5 has a digit more.
    let digit = step / power(unit);
    let last_digit = unit - i32::from((digit - digit.round()).abs() > 0.1);
    if (1e-3..1e7).contains(&largest) {
        let decimals = usize::try_from(-last_digit).unwrap_or(0);
        return group_thousands(&format!("{value:.decimals$}"));
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let exponent = (value.abs().log10() + 1e-9).floor() as i32;
    let digits = usize::try_from(exponent - last_digit).unwrap_or(0);
    format!("{value:.digits$e}")
}

fn log_label(digit: u32, decade: i32) -> String {
    let value = f64::from(digit) * power(decade);
    match decade {
        0..=6 => group_thousands(&format!("{value:.0}")),
        -4..0 => format!("{value:.*}", decade.unsigned_abs() as usize),
        _ => format!("{digit}e{decade}"),
    }
}

/// 10000 as "10,000"; four digits stay as they are.
pub(super) fn group_thousands(text: &str) -> String {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("−", rest));
    let (whole, fraction) = rest.find('.').map_or((rest, ""), |dot| rest.split_at(dot));
    let mut grouped = String::from(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && whole.len() > 4 && (whole.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.1.as_str()).collect()
    }

    fn linear(low: f64, high: f64) -> Axis {
        Axis::linear([low, high].into_iter(), 6)
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(&linear(0.0, 1.0)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&linear(0.81, 0.92)), ["0.825", "0.850", "0.875", "0.900", "0.925"]);
        assert_eq!(labels(&linear(-3.0, 20.0)), ["0", "5", "10", "15", "20"]);
        assert_eq!(labels(&linear(-41e3, 41e3)), ["−40,000", "−20,000", "0", "20,000", "40,000"]);
        assert_eq!(labels(&linear(0.0, 2e-5)), ["0", "5e-6", "1.0e-5", "1.5e-5", "2.0e-5"]);
        assert_eq!(labels(&linear(2e8, 4e8)), ["2.0e8", "2.5e8", "3.0e8", "3.5e8", "4.0e8"]);
    }

    #[test]
    fn epochs_are_whole_and_start_at_the_first() {
        assert_eq!(labels(&Axis::counting(1.0, 1.0, 10)), ["1"]);
        assert_eq!(labels(&Axis::counting(1.0, 3.0, 10)), ["1", "2", "3"]);
        let long = Axis::counting(1.0, 10_000.0, 8);
        assert_eq!(labels(&long), ["2000", "4000", "6000", "8000", "10,000"]);
        assert_eq!(labels(&Axis::counting(1.0, 20.0, 8)), ["5", "10", "15", "20"]);
    }

    #[test]
    fn decades_are_labelled_and_lie_evenly() {
        let axis = Axis::logarithmic([0.0004, 3.0].into_iter(), 6);
        assert_eq!(labels(&axis), ["0.001", "0.01", "0.1", "1"]);
        let gap = |i: usize| axis.place(axis.ticks[i + 1].0) - axis.place(axis.ticks[i].0);
        assert!((gap(0) - gap(2)).abs() < 1e-12);
        assert!(
            axis.minor.contains(&0.5)
                && axis.minor.iter().all(|v| (0.0..=1.0).contains(&axis.place(*v)))
        );
        let short = Axis::logarithmic([0.03, 4.0].into_iter(), 7);
        assert_eq!(labels(&short), ["0.05", "0.1", "0.2", "0.5", "1", "2", "5"]);
        let axis = Axis::logarithmic([1e-300, 1e300].into_iter(), 6);
        assert!((2..=7).contains(&axis.ticks.len()), "{:?}", axis.ticks);
    }

    #[test]
    fn any_range_has_ticks_in_it() {
        let ends = [0.0, -0.0, 1e-310, 1e-300, 1e-9, 0.5, 0.5 + 1e-16, 1.0, 7e12, LARGEST];
        for low in ends {
            for high in ends {
                for (low, high) in [(low, high), (-low, high), (-high, -low)] {
                    let axis = linear(low, high);
                    assert!(
                        !axis.ticks.is_empty() && axis.ticks.len() <= 10,
                        "{low} {high} {axis:?}"
                    );
                    for value in [low, high].into_iter().chain(axis.ticks.iter().map(|t| t.0)) {
                        assert!(
                            (-1e-6..=1.0 + 1e-6).contains(&axis.place(value)),
                            "{value} {axis:?}"
                        );
                    }
                }
            }
        }
    }
}
