//! The line search of Moré & Thuente (1994): sufficient decrease and a flat enough slope.

use super::trial_step::{Interval, Point, next_step};

/// Part of the first slope by which the value must fall, per unit of step.
const DECREASE: f64 = 1e-3;
/// Part of the first slope that may be left.
const CURVATURE: f64 = 0.9;
/// Relative width of a bracket that is narrow enough.
const WIDTH: f64 = 0.1;
/// The longest step.
pub(super) const LONGEST: f64 = 1e10;
/// How far a step may be stretched while nothing is bracketed.
const STRETCH: [f64; 2] = [1.1, 4.0];

/// A search for a step length along a direction of descent.
#[derive(Debug)]
pub(super) struct LineSearch {
    first: Point,
    /// The step to be tried.
    step: f64,
    interval: Interval,
    /// Bounds of the next step.
    low: f64,
    high: f64,
    /// Width of the interval now, and one trial earlier.
    widths: [f64; 2],
    /// Whether the value is below the line of sufficient decrease at a rising slope: the search is for
    /// the objective's own minimum from then on, before that for one of its distance to the line.
    second_stage: bool,
}

impl LineSearch {
    /// A search from a point with this value and slope (< 0), whose first trial is `step`.
    pub(super) fn new(value: f64, slope: f64, step: f64) -> Self {
        let first = Point { step: 0.0, value, slope };
        Self {
            first,
            step,
            interval: Interval { best: first, other: first, bracketed: false },
            low: 0.0,
            high: step + STRETCH[1] * step,
            widths: [LONGEST, 2.0 * LONGEST],
            second_stage: false,
        }
    }

    /// The step to be tried.
    pub(super) fn step(&self) -> f64 {
        self.step
    }

    /// Goes half way back to the best step, from one where the objective is not finite.
    pub(super) fn retreat(&mut self) {
        let best = self.interval.best.step;
        self.step = best + 0.5 * (self.step - best);
    }

    /// Takes note of value and slope at [`LineSearch::step`]; returns whether that step is the one, and
    /// chooses the next to try if it is not.
    ///
    /// A search that cannot improve ends at its best step as well.
    pub(super) fn advance(&mut self, value: f64, slope: f64) -> bool {
        let trial = Point { step: self.step, value, slope };
        let least = DECREASE * self.first.slope;
        let line = self.first.value + trial.step * least;
        if value <= line && slope >= 0.0 {
            self.second_stage = true;
        }
        let at_end = trial.step == LONGEST && value <= line && slope <= least;
        let at_start = trial.step == 0.0 && (value > line || slope >= least);
        let found = value <= line && slope.abs() <= CURVATURE * -self.first.slope;
        if self.exhausted() || at_end || at_start || found {
            return true;
        }
        let next = if !self.second_stage && value <= self.interval.best.value && value > line {
            self.step_by_distance(trial, least)
        } else {
            next_step(&mut self.interval, trial, self.low, self.high)
        };
        self.bound(next);
        false
    }

    /// Whether the bracket leaves no room.
    fn exhausted(&self) -> bool {
        let outside = self.step <= self.low || self.step >= self.high;
        self.interval.bracketed && (outside || self.high - self.low <= WIDTH * self.high)
    }

    /// The next step for the objective less its line of sufficient decrease.
    fn step_by_distance(&mut self, trial: Point, least: f64) -> f64 {
        let shift = |point: &mut Point, by: f64| {
            point.value += by * point.step;
            point.slope += by;
        };
        let mut trial = trial;
        shift(&mut trial, -least);
        shift(&mut self.interval.best, -least);
        shift(&mut self.interval.other, -least);
        let next = next_step(&mut self.interval, trial, self.low, self.high);
        shift(&mut self.interval.best, least);
        shift(&mut self.interval.other, least);
        next
    }

    /// Sets the next step and its bounds; bisects a bracket that shrinks too slowly.
    fn bound(&mut self, next: f64) {
        let Interval { best, other, bracketed } = self.interval;
        // Values near the largest number overflow on the way to a step.
        self.step = if next.is_finite() { next } else { best.step + 0.5 * (self.step - best.step) };
        if bracketed {
            let width = (other.step - best.step).abs();
            if width >= 0.66 * self.widths[1] {
                self.step = best.step + 0.5 * (other.step - best.step);
            }
            self.widths = [width, self.widths[0]];
            self.low = best.step.min(other.step);
            self.high = best.step.max(other.step);
        } else {
            self.low = self.step + STRETCH[0] * (self.step - best.step);
            self.high = self.step + STRETCH[1] * (self.step - best.step);
        }
        self.step = self.step.clamp(0.0, LONGEST);
        if self.exhausted() {
            self.step = best.step;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches along a function of the step; the steps tried, the last of which was taken.
    fn search(f: impl Fn(f64) -> (f64, f64), first: f64) -> Vec<f64> {
        let (value, slope) = f(0.0);
        let mut search = LineSearch::new(value, slope, first);
        let mut tried = Vec::new();
        while tried.len() < 50 {
            tried.push(search.step());
            let (value, slope) = f(search.step());
            if search.advance(value, slope) {
                break;
            }
        }
        tried
    }

    #[derive(serde::Deserialize)]
    struct Golden {
        cases: Vec<Case>,
    }

    /// A parabola with waves on it.
    #[derive(serde::Deserialize)]
    struct Case {
        slope: f64,
        bend: f64,
        /// Height, frequency and phase of each wave.
        waves: Vec<[f64; 3]>,
        first: f64,
        steps: Vec<f64>,
    }

    impl Case {
        fn at(&self, t: f64) -> (f64, f64) {
            let mut found = (self.slope * t + self.bend * t * t, self.slope + 2.0 * self.bend * t);
            for [height, frequency, phase] in &self.waves {
                found.0 += height * (frequency * t + phase).sin();
                found.1 += height * frequency * (frequency * t + phase).cos();
            }
            found
        }
    }

    #[test]
    fn steps_equal_scipys() {
        let golden = include_str!("../../../tests/parity/line_search.json");
        let golden: Golden = serde_json::from_str(golden).unwrap();
        for case in &golden.cases {
            let tried = search(|t| case.at(t), case.first);
            for (got, want) in tried.iter().zip(&case.steps) {
                assert!((got / want - 1.0).abs() < 1e-9, "{tried:?}, not {:?}", case.steps);
            }
            assert!(tried.len() == case.steps.len(), "{tried:?}, not {:?}", case.steps);
        }
    }

    /// The first test function of Moré & Thuente: −t / (t² + 2).
    fn valley(t: f64) -> (f64, f64) {
        let below = t * t + 2.0;
        (-t / below, (t * t - 2.0) / (below * below))
    }

    #[test]
    fn steps_satisfy_both_conditions_from_steps_far_too_short_and_too_long() {
        let slope = valley(0.0).1;
        for first in [1e-3, 0.1, 10.0, 1e3] {
            let tried = search(valley, first);
            let taken = *tried.last().unwrap();
            let (value, slope_there) = valley(taken);
            assert!(value <= 1e-3 * taken * slope, "from {first}: {tried:?}");
            assert!(slope_there.abs() <= 0.9 * slope.abs(), "from {first}: {tried:?}");
            assert!(tried.len() < 10, "from {first}: {tried:?}");
        }
    }

    #[test]
    fn a_search_without_end_stops_at_the_longest_step() {
        let tried = search(|t| (-t, -1.0), 1.0);
        assert_eq!(tried.last(), Some(&LONGEST));
    }

    #[test]
    fn a_slope_of_the_wrong_sign_shortens_the_step_again_and_again() {
        // The value rises where the slope says that it falls.
        let tried = search(|t| (t, -1.0), 1.0);
        assert!(tried.windows(2).all(|pair| pair[1] < pair[0]), "{tried:?}");
        assert!(*tried.last().unwrap() < 1e-9);
    }

    #[test]
    fn a_retreat_goes_half_way_to_the_best_step() {
        let mut search = LineSearch::new(0.0, -1.0, 1.0);
        assert!(!search.advance(-1.0, -1.0));
        let (next, mut steps) = (search.step(), Vec::new());
        for _ in 0..3 {
            search.retreat();
            steps.push(search.step());
        }
        let far = next - 1.0;
        assert_eq!(steps, [1.0 + far / 2.0, 1.0 + far / 4.0, 1.0 + far / 8.0]);
    }
}
