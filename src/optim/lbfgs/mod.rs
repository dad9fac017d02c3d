//! Limited-memory BFGS for objectives computed whole, such as a full-batch loss.

mod descent;
mod inner_product;
mod line_search;
mod pairs;
mod trial_step;

use std::fmt;
use std::ops::ControlFlow;

use descent::Descent;

use crate::error::{Error, Result, non_negative};
use crate::scalar::Scalar;

/// Correction pairs beyond which a direction costs more than it gains.
const MOST_PAIRS: usize = 1000;

/// Limited-memory BFGS (Nocedal 1980; Liu & Nocedal 1989) with the line search of Moré & Thuente
/// (1994).
///
/// It takes the steps of SciPy's `minimize(method="L-BFGS-B")` without bounds (Byrd, Lu, Nocedal &
/// Zhu 1995; Zhu et al. 1997; Morales & Nocedal 2011), with the same defaults, limits and stopping
/// rules; the direction comes from the two-loop recursion instead of the compact matrices, which is the
/// same but for rounding. The first step has length 1 along the gradient, later searches start
/// from the whole quasi-Newton step; a search that fails throws the memory away and tries the
/// gradient once more.
///
/// ```
/// use blastrain::optim::{Lbfgs, Termination};
/// use std::ops::ControlFlow;
///
/// // (1 − a)² + 100(b − a²)², Rosenbrock's valley
/// let mut x = [-1.2, 1.0];
/// let valley = |x: &[f64], gradient: &mut [f64]| {
///     let miss = x[1] - x[0] * x[0];
///     gradient[0] = -2.0 * (1.0 - x[0]) - 400.0 * x[0] * miss;
///     gradient[1] = 200.0 * miss;
///     (1.0 - x[0]).powi(2) + 100.0 * miss * miss
/// };
/// let minimum = Lbfgs::new().minimize(&mut x, valley, |_| ControlFlow::Continue(()))?;
/// assert!(minimum.termination.converged(), "{}", minimum.termination);
/// assert!((x[0] - 1.0).abs() < 1e-4 && minimum.loss < 1e-8);
/// # Ok::<(), blastrain::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lbfgs {
    memory: usize,
    max_iter: usize,
    max_fun: usize,
    max_line_search: usize,
    gradient_tolerance: f64,
    relative_tolerance: f64,
}

impl Default for Lbfgs {
    fn default() -> Self {
        Self {
            memory: 10,
            max_iter: 15_000,
            max_fun: 15_000,
            max_line_search: 20,
            gradient_tolerance: 1e-5,
            relative_tolerance: 1e7 * f64::EPSILON,
        }
    }
}

impl Lbfgs {
    /// SciPy's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Pairs of steps and gradient changes that the curvature is known by (1 to 1000); 10.
    pub fn memory(mut self, memory: usize) -> Self {
        self.memory = memory;
        self
    }

    /// Iterations, at least 1; 15,000.
    pub fn max_iter(mut self, max_iter: usize) -> Self {
        self.max_iter = max_iter;
        self
    }

    /// Evaluations of the objective. Looked at after each iteration, so that the last one may pass
    /// the limit by a line search; 15,000.
    pub fn max_fun(mut self, max_fun: usize) -> Self {
        self.max_fun = max_fun;
        self
    }

    /// Evaluations of one line search, at least 1; 20.
    pub fn max_line_search(mut self, max_line_search: usize) -> Self {
        self.max_line_search = max_line_search;
        self
    }

    /// Ends where no value of the gradient is larger than this (>= 0); 1e-5.
    pub fn gradient_tolerance(mut self, gradient_tolerance: f64) -> Self {
        self.gradient_tolerance = gradient_tolerance;
        self
    }

    /// Ends where `(f − f') / max(|f|, |f'|, 1)` of an iteration is not larger than this (>= 0);
    /// 2.220446049250313e-9.
    pub fn relative_tolerance(mut self, relative_tolerance: f64) -> Self {
        self.relative_tolerance = relative_tolerance;
        self
    }

    /// Iterations allowed.
    pub(crate) fn iteration_limit(&self) -> usize {
        self.max_iter
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::Param`] for the first that is out of range.
    pub fn validate(&self) -> Result<()> {
        if !(1..=MOST_PAIRS).contains(&self.memory) {
            return Err(Error::param("memory", self.memory, format!("1 to {MOST_PAIRS}")));
        }
        let at_least_one = |name, value| match value {
            0 => Err(Error::param(name, value, "at least 1")),
            _ => Ok(()),
        };
        at_least_one("max_iter", self.max_iter)?;
        at_least_one("max_fun", self.max_fun)?;
        at_least_one("max_line_search", self.max_line_search)?;
        non_negative("gradient_tolerance", self.gradient_tolerance)?;
        non_negative("relative_tolerance", self.relative_tolerance)
    }

    /// Minimises `objective` from `x`, which is left at the last iterate.
    ///
    /// `objective(x, gradient)` returns the value at `x` and overwrites `gradient`; it must be a
    /// function of `x` alone. `observer` is called after each iteration and may end the descent.
    /// A trial step with a value or a gradient that is not finite is halved, up to the limit of its
    /// search. Nothing is allocated after the start: `2·memory + 4` vectors of `x`'s length.
    ///
    /// Inner products and step lengths are in double precision for either scalar type.
    ///
    /// # Errors
    /// [`Error::Param`] for a setting out of range, [`Error::Empty`] for an empty `x`.
    pub fn minimize<F: Scalar>(
        &self,
        x: &mut [F],
        objective: impl FnMut(&[F], &mut [F]) -> f64,
        mut observer: impl FnMut(&Iteration<'_, F>) -> ControlFlow<()>,
    ) -> Result<Minimum> {
        self.validate()?;
        if x.is_empty() {
            return Err(Error::empty("x", "1 value"));
        }
        Ok(Descent::new(self, x, objective).run(&mut observer))
    }
}

/// An iteration that has ended, as an observer sees it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Iteration<'a, F> {
    /// Counted from 1.
    pub number: usize,
    /// The objective at `x`.
    pub loss: f64,
    /// The largest absolute value of the gradient at `x`.
    pub gradient_norm: f64,
    /// Evaluations so far.
    pub evaluations: usize,
    /// The step's length, in units of the quasi-Newton direction (of the gradient at first).
    pub step: f64,
    /// The new iterate.
    pub x: &'a [F],
}

/// Where a descent ended, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Minimum {
    /// The objective at the last iterate.
    pub loss: f64,
    /// The largest absolute value of the gradient there.
    pub gradient_norm: f64,
    /// Iterations done.
    pub iterations: usize,
    /// Evaluations of the objective and its gradient.
    pub evaluations: usize,
    /// Why it ended.
    pub termination: Termination,
}

/// Why a descent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Termination {
    /// Converged: the gradient is within its tolerance.
    Gradient,
    /// Converged: the objective fell by no more than the relative tolerance.
    RelativeReduction,
    /// All iterations allowed were done.
    MaxIter,
    /// More evaluations were made than allowed.
    MaxFun,
    /// The observer asked for the end.
    Observer,
    /// A line search along the gradient found no lower point: the gradient is wrong, or
    /// rounding errors are as large as what is left to gain.
    LineSearch,
    /// The objective or its gradient is not finite at the start, or at every step tried in the last
    /// line search; the iterate is the last good one.
    NotFinite,
}

impl Termination {
    /// Whether a tolerance was met.
    pub fn converged(self) -> bool {
        matches!(self, Termination::Gradient | Termination::RelativeReduction)
    }
}

impl fmt::Display for Termination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Termination::Gradient => "converged: the gradient is within its tolerance",
            Termination::RelativeReduction => {
                "converged: the loss falls by no more than its tolerance"
            }
            Termination::MaxIter => "the limit of iterations is reached",
            Termination::MaxFun => "the limit of evaluations is passed",
            Termination::Observer => "an observer asked for the end",
            Termination::LineSearch => "the line search found no lower point",
            Termination::NotFinite => "the loss or its gradient is not finite",
        })
    }
}
