//! The next trial step of the line search, from values and slopes at three points.

/// A step length, with the value and the slope of the objective there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) step: f64,
    pub(super) value: f64,
    pub(super) slope: f64,
}

/// What the search knows: its best point, the other end, and whether a minimum lies between them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interval {
    pub(super) best: Point,
    pub(super) other: Point,
    pub(super) bracketed: bool,
}

/// How far a step towards the other end may go while the minimum is bracketed.
const SAFEGUARD: f64 = 0.66;

/// The minimiser of the cubic through two points' values and slopes, as a fraction of the way from
/// `from` to `to`, in the form whose rounding does no harm (Moré & Thuente 1994, section 4).
struct Cubic {
    fraction: f64,
    /// Zero where the cubic has no minimiser.
    root: f64,
}

impl Cubic {
    /// `side` is the sign of the root that is the minimiser; `clamped` takes the root of a negative
    /// number for 0; `flat` orders the sums for slopes that fall along the way.
    fn new(from: Point, to: Point, theta: f64, side: f64, clamped: bool) -> Self {
        let size = theta.abs().max(from.slope.abs()).max(to.slope.abs());
        let square = (theta / size).powi(2) - (from.slope / size) * (to.slope / size);
        let square = if clamped { square.max(0.0) } else { square };
        let root = side * size * square.sqrt();
        let above = (root - from.slope) + theta;
        let below = if clamped {
            (root + (to.slope - from.slope)) + root
        } else {
            ((root - from.slope) + root) + to.slope
        };
        Self { fraction: above / below, root }
    }
}

/// `3·(f(a) − f(b)) / (b − a) + f'(a) + f'(b)`.
fn theta(a: Point, b: Point) -> f64 {
    3.0 * (a.value - b.value) / (b.step - a.step) + a.slope + b.slope
}

fn sign(positive: bool) -> f64 {
    if positive { 1.0 } else { -1.0 }
}

/// Takes `trial` into the interval and returns the next step to try, within `[low, high]` while
/// nothing is bracketed (Moré & Thuente 1994, section 4: the four cases of trial values).
pub(super) fn next_step(interval: &mut Interval, trial: Point, low: f64, high: f64) -> f64 {
    let Interval { best, other, .. } = *interval;
    let turns = trial.slope * (best.slope / best.slope.abs()) < 0.0;
    let next = if trial.value > best.value {
        interval.bracketed = true;
        higher_value(best, trial)
    } else if turns {
        interval.bracketed = true;
        opposite_slope(best, trial)
    } else if trial.slope.abs() < best.slope.abs() {
        flatter_slope(interval, trial, low, high)
    } else if interval.bracketed {
        let side = sign(trial.step <= other.step);
        let cubic = Cubic::new(trial, other, theta(trial, other), side, false);
        trial.step + cubic.fraction * (other.step - trial.step)
    } else if trial.step > best.step {
        high
    } else {
        low
    };
    if trial.value > best.value {
        interval.other = trial;
    } else {
        if turns {
            interval.other = best;
        }
        interval.best = trial;
    }
    next
}

/// Case 1: the minimum lies between; the cubic's step if nearer to the best, else half way to
/// the quadratic's.
fn higher_value(best: Point, trial: Point) -> f64 {
    let length = trial.step - best.step;
    let side = sign(trial.step >= best.step);
    let cubic = Cubic::new(best, trial, theta(best, trial), side, false);
    let cubic = best.step + cubic.fraction * length;
    let secant = (best.value - trial.value) / length + best.slope;
    let quadratic = best.step + ((best.slope / secant) / 2.0) * length;
    if (cubic - best.step).abs() < (quadratic - best.step).abs() {
        cubic
    } else {
        cubic + (quadratic - cubic) / 2.0
    }
}

/// Case 2: the minimum lies between; the farther of the cubic's and the secant's step.
fn opposite_slope(best: Point, trial: Point) -> f64 {
    let back = best.step - trial.step;
    let side = sign(trial.step <= best.step);
    let cubic = Cubic::new(trial, best, theta(best, trial), side, false);
    let cubic = trial.step + cubic.fraction * back;
    let secant = trial.step + (trial.slope / (trial.slope - best.slope)) * back;
    if (cubic - trial.step).abs() > (secant - trial.step).abs() { cubic } else { secant }
}

/// Case 3: lower, and less steep in the same direction; the cubic counts only if it grows along the
/// step or its minimum lies beyond it.
fn flatter_slope(interval: &Interval, trial: Point, low: f64, high: f64) -> f64 {
    let Interval { best, other, bracketed } = *interval;
    let back = best.step - trial.step;
    let side = sign(trial.step <= best.step);
    let cubic = Cubic::new(trial, best, theta(best, trial), side, true);
    let cubic = if cubic.fraction < 0.0 && cubic.root != 0.0 {
        trial.step + cubic.fraction * back
    } else if trial.step > best.step {
        high
    } else {
        low
    };
    let secant = trial.step + (trial.slope / (trial.slope - best.slope)) * back;
    let cubic_is_nearer = (cubic - trial.step).abs() < (secant - trial.step).abs();
    let secant_is_nearer = (cubic - trial.step).abs() > (secant - trial.step).abs();
    if !bracketed {
        let farther = if secant_is_nearer { cubic } else { secant };
        return farther.min(high).max(low);
    }
    let nearer = if cubic_is_nearer { cubic } else { secant };
    let most = trial.step + SAFEGUARD * (other.step - trial.step);
    if trial.step > best.step { nearer.min(most) } else { nearer.max(most) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `f(t) = (t − 2)²·(1 + (t − 2)/8)`: a cubic with its minimum at 2.
    fn cubic(step: f64) -> Point {
        let u = step - 2.0;
        Point { step, value: u * u * (1.0 + u / 8.0), slope: 2.0 * u + 3.0 * u * u / 8.0 }
    }

    fn step(best: f64, other: f64, trial: f64, bracketed: bool) -> (f64, Interval) {
        let mut interval = Interval { best: cubic(best), other: cubic(other), bracketed };
        let next = next_step(&mut interval, cubic(trial), 0.0, 10.0);
        (next, interval)
    }

    #[test]
    fn a_slope_that_turns_takes_the_farther_of_cubic_and_secant() {
        let (next, interval) = step(0.0, 0.0, 2.5, false);
        let (best, trial) = (cubic(0.0), cubic(2.5));
        let secant = 2.5 - 2.5 * trial.slope / (trial.slope - best.slope);
        assert!((next - secant).abs() < 1e-12 && secant < 2.0 && interval.bracketed, "{next}");
        assert_eq!((interval.best.step, interval.other.step), (2.5, 0.0));
        let (next, _) = step(4.0, 4.0, 1.0, false);
        assert!((next - 2.0).abs() < 1e-12, "the cubic is minimised: {next}");
    }

    #[test]
    fn a_flatter_slope_extrapolates_to_the_cubics_minimum_or_beyond() {
        let (next, interval) = step(0.0, 0.0, 1.0, false);
        assert!((2.0 - 1e-12..3.5).contains(&next) && !interval.bracketed, "{next}");
        assert_eq!(interval.best.step, 1.0);
    }

    #[test]
    fn a_higher_trial_becomes_the_other_end() {
        let (next, interval) = step(1.0, 0.0, 6.0, false);
        assert!(interval.bracketed && next > 1.0 && next < 6.0, "{next}");
        assert_eq!((interval.best.step, interval.other.step), (1.0, 6.0));
    }

    #[test]
    fn a_steeper_descent_goes_to_the_limit() {
        // Concave left of −2/3: steeper and lower as the step grows.
        let (next, interval) = step(-3.0, -3.0, -2.0, false);
        assert_eq!((next, interval.bracketed), (10.0, false));
        let (next, _) = step(-3.0, 4.0, -2.0, true);
        assert!((next - 2.0).abs() < 1e-12, "{next}");
    }
}
