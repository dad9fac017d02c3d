//! The iterations of a descent.

use std::ops::ControlFlow;

use super::inner_product::{dot, max_norm, move_along};
use super::line_search::{LONGEST, LineSearch};
use super::pairs::Pairs;
use super::{Iteration, Lbfgs, Minimum, Termination};
use crate::scalar::Scalar;

/// A descent in progress.
pub(super) struct Descent<'a, F, O> {
    settings: &'a Lbfgs,
    objective: O,
    x: &'a mut [F],
    gradient: Vec<F>,
    direction: Vec<F>,
    /// Where the line search started.
    start: Vec<F>,
    start_gradient: Vec<F>,
    pairs: Pairs<F>,
    loss: f64,
    gradient_norm: f64,
    iterations: usize,
    evaluations: usize,
}

/// What a line search came to.
struct Searched {
    step: f64,
    /// The slope where it started, and at the step taken.
    slopes: [f64; 2],
    /// The loss where it started.
    start_loss: f64,
}

impl<'a, F: Scalar, O: FnMut(&[F], &mut [F]) -> f64> Descent<'a, F, O> {
    pub(super) fn new(settings: &'a Lbfgs, x: &'a mut [F], objective: O) -> Self {
        let zeros = || vec![F::zero(); x.len()];
        Self {
            gradient: zeros(),
            direction: zeros(),
            start: zeros(),
            start_gradient: zeros(),
            pairs: Pairs::new(settings.memory.min(settings.max_iter), x.len()),
            settings,
            objective,
            x,
            loss: f64::NAN,
            gradient_norm: f64::NAN,
            iterations: 0,
            evaluations: 0,
        }
    }

    pub(super) fn run(
        mut self,
        observer: &mut dyn FnMut(&Iteration<'_, F>) -> ControlFlow<()>,
    ) -> Minimum {
        let termination = self.descend(observer);
        Minimum {
            loss: self.loss,
            gradient_norm: self.gradient_norm,
            iterations: self.iterations,
            evaluations: self.evaluations,
            termination,
        }
    }

    fn descend(
        &mut self,
        observer: &mut dyn FnMut(&Iteration<'_, F>) -> ControlFlow<()>,
    ) -> Termination {
        self.evaluate();
        if !self.is_finite() {
            return Termination::NotFinite;
        }
        if self.gradient_norm <= self.settings.gradient_tolerance {
            return Termination::Gradient;
        }
        loop {
            self.pairs.direction(&self.gradient, &mut self.direction);
            let searched = match self.search() {
                Ok(searched) => searched,
                Err(failure) if self.pairs.is_empty() => return failure,
                Err(_) => {
                    self.pairs.clear();
                    continue;
                }
            };
            self.iterations += 1;
            if let Some(limit) = self.limit(searched.step, observer) {
                return limit;
            }
            if let Some(converged) = self.converged(searched.start_loss) {
                return converged;
            }
            self.remember(&searched);
        }
    }

    /// Evaluates the objective and its gradient at `x`.
    fn evaluate(&mut self) {
        self.loss = (self.objective)(self.x, &mut self.gradient);
        self.evaluations += 1;
        self.gradient_norm = max_norm(&self.gradient);
    }

    fn is_finite(&self) -> bool {
        self.loss.is_finite() && self.gradient_norm.is_finite()
    }

    /// Moves `x` along the direction; on failure it is where it was.
    fn search(&mut self) -> Result<Searched, Termination> {
        let slope = dot(&self.gradient, &self.direction);
        // Not a direction of descent, or not a number.
        if slope.partial_cmp(&0.0) != Some(std::cmp::Ordering::Less) {
            return Err(Termination::LineSearch);
        }
        let (start_loss, start_norm) = (self.loss, self.gradient_norm);
        self.start.copy_from_slice(self.x);
        self.start_gradient.copy_from_slice(&self.gradient);
        let length = dot(&self.direction, &self.direction).sqrt();
        let first = if self.iterations == 0 { (1.0 / length).min(LONGEST) } else { 1.0 };
        let mut search = LineSearch::new(start_loss, slope, first);
        let mut failure = Termination::LineSearch;
        for _ in 0..self.settings.max_line_search {
            let step = search.step();
            let moved = move_along(&self.start, F::from_f64(step), &self.direction, self.x);
            // A search that cannot improve comes back to its best step, which may be the last one.
            if moved {
                self.evaluate();
            }
            let slope_there = dot(&self.gradient, &self.direction);
            if !self.is_finite() || !slope_there.is_finite() {
                failure = Termination::NotFinite;
                search.retreat();
            } else if search.advance(self.loss, slope_there) {
                return Ok(Searched { step, slopes: [slope, slope_there], start_loss });
            } else {
                failure = Termination::LineSearch;
            }
        }
        self.x.copy_from_slice(&self.start);
        self.gradient.copy_from_slice(&self.start_gradient);
        (self.loss, self.gradient_norm) = (start_loss, start_norm);
        Err(failure)
    }

    /// Tells the observer; why to end, if a limit is reached. Limits come before convergence, as in
    /// SciPy.
    fn limit(
        &self,
        step: f64,
        observer: &mut dyn FnMut(&Iteration<'_, F>) -> ControlFlow<()>,
    ) -> Option<Termination> {
        let stop = observer(&Iteration {
            number: self.iterations,
            loss: self.loss,
            gradient_norm: self.gradient_norm,
            evaluations: self.evaluations,
            step,
            x: self.x,
        });
        if self.iterations >= self.settings.max_iter {
            Some(Termination::MaxIter)
        } else if self.evaluations > self.settings.max_fun {
            Some(Termination::MaxFun)
        } else {
            stop.is_break().then_some(Termination::Observer)
        }
    }

    fn converged(&self, previous: f64) -> Option<Termination> {
        if self.gradient_norm <= self.settings.gradient_tolerance {
            return Some(Termination::Gradient);
        }
        let size = previous.abs().max(self.loss.abs()).max(1.0);
        (previous - self.loss <= self.settings.relative_tolerance * size)
            .then_some(Termination::RelativeReduction)
    }

    /// Adds the last step to the memory, unless the curvature along it is lost in rounding.
    fn remember(&mut self, searched: &Searched) {
        let &Searched { step, slopes: [before, after], .. } = searched;
        let curvature = (after - before) * step;
        if curvature <= F::epsilon().as_f64() * -before * step {
            return;
        }
        for (before, &after) in self.start_gradient.iter_mut().zip(&self.gradient) {
            *before = after - *before;
        }
        self.pairs.push(step, &self.direction, &self.start_gradient, curvature);
    }
}
